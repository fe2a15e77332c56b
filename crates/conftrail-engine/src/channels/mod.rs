//! Receivers beside mail as the routing file has them. Keys that Alertmanager has mean what they mean there; ours begin
//! with `x-`, but within entries that Alertmanager lacks altogether.

mod http;
mod problems;
mod webhook;
mod wecom;

pub use http::{AllowInternal, Authorization, BasicAuth, HttpConfig};
pub use webhook::{Signing, WebhookConfig, WebhookFormat};
pub use wecom::{MessageType, WecomConfig, WecomRobotConfig};

pub(crate) use problems::problems;
