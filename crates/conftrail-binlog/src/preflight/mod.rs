//! Preflight: everything about a server that can be known before its binlog is read.

mod refusal;

pub(crate) use refusal::refusal;
