//! notify: due notifications are sent, each integration on its own; intent first, then the message.

mod fallback;
mod lanes;
mod overflow;
mod policy;
mod worker;

pub use policy::{DeliveryPolicy, Fallback};
pub use worker::NotifyWorker;
