//! Change log, audit store and control store on local disk.

mod control;
mod database;
mod error;
mod files;
mod migrate;
mod writer;

pub use control::ControlStore;
pub use database::Options;
pub use error::Error;
