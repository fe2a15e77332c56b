//! Source over a directory of configuration files, with author and commit where it is a Git checkout.
//!
//! The directory is swept by content: any editor, any way of replacing files, and Kubernetes' swap of symbolic links
//! look alike. Files that exist at the first start are learned without events; from then on every difference is one,
//! also what changed while nothing ran.

mod commit;
mod config;
mod content;
mod git;
mod known;
mod owner;
mod report;
mod settle;
mod source;
mod sweep;
mod unreadable;
mod walk;

pub use config::Config;
pub use source::Source;
