//! The source against real MySQL servers.

mod control;
mod preflight;
mod reading;
mod resume;
mod source;
mod statements;
mod support;
mod types;
mod wire;
