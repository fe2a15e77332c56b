//! HTTP to servers that other people name: guarded addresses, no redirects, bounded answers, and secrets that stay secret.

mod answer;
mod client;
mod guard;
mod login;
mod retry_after;
mod secret;

pub(crate) use answer::{Answer, permanent, retry};
pub use client::OpenError;
pub(crate) use client::{Client, Exchange};
pub(crate) use guard::{Guard, Internal};
pub(crate) use login::Login;
pub(crate) use secret::{Kept, read_text};
