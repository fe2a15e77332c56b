//! The source against real servers of MySQL and MariaDB.

mod access;
mod by_statement;
mod control;
mod definitions;
mod json_differences;
mod failover;
mod gtid_sets;
mod mariadb;
mod outcomes;
mod preflight;
mod reading;
mod resume;
mod schema;
mod source;
mod statements;
mod support;
mod types;
mod wire;
