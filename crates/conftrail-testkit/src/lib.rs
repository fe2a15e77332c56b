//! Contract suites for the ports, scripted faults, builders and handles to real servers.

pub mod contract;
pub mod queries;
pub mod script;
pub mod servers;
pub mod wait;
