//! What is MariaDB's own, on both of its releases.

mod checks;
mod contents;
mod going_on;
mod who_and_when;

use conftrail_core::Value;
use conftrail_testkit::servers::{MysqlOptions, MysqlServer};

fn column<'a>(row: Option<&'a Value>, name: &str) -> Option<&'a Value> {
    row?.as_map()?.get(name)
}

/// A server of a test's own with the table `d.t`.
async fn with_table(options: MysqlOptions) -> MysqlServer {
    let server = MysqlServer::start(options).await;
    server.query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, v INT)").await;
    server
}
