//! Webhooks: a POST of JSON for each message.

mod alertmanager;
mod body;
mod receiver;
mod routing;
mod signature;

pub use receiver::Receiver;
pub use routing::problems;

pub(crate) use receiver::{named, web_address};
pub(crate) use routing::{of_literal, of_networks, of_template, unique};
