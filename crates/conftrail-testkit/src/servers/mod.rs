//! Handles to real servers, started by the scripts of `.ci/servers`. A server dies with the test binary that started it.

mod mysql;
mod process;
mod product;
mod smtp;
mod tls;

pub use mysql::MysqlServer;
pub use product::{MysqlOptions, Product};
pub use smtp::{Mail, SmtpOptions, SmtpSink, SmtpTls};
pub use tls::Certificates;
