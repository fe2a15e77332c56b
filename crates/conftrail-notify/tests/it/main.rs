//! Receivers against servers: a real one for mail, small ones of our own for HTTP.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod delivery;
mod faults;
mod golden;
mod harmless;
mod http_server;
mod injection;
mod mailbox;
mod samples;
mod scripted;
mod webhook;
mod webhook_body;
mod webhook_guard;
mod wecom;
mod wecom_text;
