//! Mail against real servers.

mod delivery;
mod faults;
mod golden;
mod injection;
mod mailbox;
mod samples;
mod scripted;
