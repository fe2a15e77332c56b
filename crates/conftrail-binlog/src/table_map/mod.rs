//! TABLE_MAP_EVENT: which table the rows that follow belong to, and how their columns are stored.

mod column_type;
mod event;
mod metadata;

pub use column_type::ColumnType;
pub use event::{TableMap, TableMapError};
pub use metadata::{KeyPart, Metadata};

pub(crate) use column_type::code;
