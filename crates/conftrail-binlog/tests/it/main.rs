//! The source against real MySQL servers.

mod control;
mod reading;
mod source;
mod support;
mod wire;
