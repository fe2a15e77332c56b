//! The testkit tests itself against the servers it hands out.

mod mysql;
mod smtp;
