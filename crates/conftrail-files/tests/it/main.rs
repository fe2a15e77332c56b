//! A real directory, changed as people and programs change it.

mod attribution;
mod changes;
mod faults;
mod restart;
mod watch;
