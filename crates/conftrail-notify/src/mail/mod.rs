//! Mail: one message for each recipient, over SMTP or into a directory.

mod config;
mod failure;
mod lines;
mod mailbox;
mod message;
mod outlet;
mod receiver;
mod render;
mod routing;
mod session;

pub use config::{Config, TlsMode};
pub use message::plain_text;
pub use receiver::{OpenError, Receiver};
pub use routing::problems;
