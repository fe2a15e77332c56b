//! Change log, audit store and control store on local disk.

mod body;
mod control;
mod database;
mod error;
mod files;
mod log;
mod migrate;
mod trail;
mod writer;

pub use control::ControlStore;
pub use database::Options;
pub use error::Error;
pub use log::ChangeLog;
pub use trail::{Expected, Rebuilt, Trail, prove, rebuild, verify};
