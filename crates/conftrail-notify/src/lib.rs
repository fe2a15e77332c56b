//! Receivers: mail.
