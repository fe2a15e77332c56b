//! The source against real MySQL servers.

mod control;
mod support;
mod wire;
