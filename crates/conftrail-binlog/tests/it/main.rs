//! The source against real servers of MySQL and MariaDB.

mod control;
mod mariadb;
mod preflight;
mod reading;
mod resume;
mod source;
mod statements;
mod support;
mod types;
mod wire;
