//! Receivers: mail, webhooks, and WeCom.

pub mod mail;
pub mod webhook;
pub mod wecom;

mod bounds;
mod http;
mod layout;
mod template;

pub use http::OpenError as HttpError;
