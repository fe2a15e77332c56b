//! The source against real servers of MySQL and MariaDB.

mod access;
mod by_statement;
mod context;
mod control;
mod definitions;
mod failover;
mod gtid_sets;
mod json_differences;
mod kept;
mod made_up;
mod many_tables;
mod mariadb;
mod old_servers;
mod outcomes;
mod packets;
mod preflight;
mod reading;
mod resume;
mod schema;
mod sessions;
mod source;
mod statements;
mod support;
mod types;
mod wire;
