//! Receivers: mail.

pub mod mail;
