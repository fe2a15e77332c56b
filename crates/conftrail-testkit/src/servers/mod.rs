//! Handles to real servers, started by the scripts of `.ci/servers`. A server dies with the test binary that started it.

mod mysql;
mod process;
mod smtp;
mod tls;

pub use mysql::{MysqlOptions, MysqlServer};
pub use smtp::{Mail, SmtpOptions, SmtpSink, SmtpTls};
pub use tls::Certificates;
