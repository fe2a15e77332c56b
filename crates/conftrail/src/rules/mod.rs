//! The rules and routes in force: read from files, checked whole, published, and replaced while running.

mod checked;
mod files;
mod refusal;
mod reload;

pub(crate) use checked::{Checked, load, load_routing};
pub(crate) use files::read;
pub(crate) use reload::{Reload, Reloader};
