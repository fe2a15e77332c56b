//! Change log, audit store and control store on local disk.

mod database;
mod error;
mod files;
mod migrate;
mod writer;

pub use database::Options;
pub use error::Error;
