//! Contract suites for the ports, scripted faults, builders and handles to real servers.
