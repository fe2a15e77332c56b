//! Targets and logins for the tests' servers.

use conftrail_binlog::wire::{Target, Tls, TlsMode};
use conftrail_core::Secret;
use conftrail_testkit::servers::{Certificates, MysqlServer};

pub(crate) const RIGHTS: &str = "REPLICATION SLAVE, REPLICATION CLIENT, SELECT";

/// A target with the server's own certificate unchecked.
pub(crate) fn target(server: &MysqlServer, user: &str, password: &str) -> Target {
    Target {
        host: "127.0.0.1".to_owned(),
        port: server.port(),
        user: user.to_owned(),
        password: Secret::new(password.to_owned()),
        tls: Tls { mode: crate::reading::tls_mode(server), ..Tls::default() },
    }
}

/// As root, which has no password.
pub(crate) fn root(server: &MysqlServer) -> Target {
    target(server, "root", "")
}

/// Settings that verify against these certificates' authority.
pub(crate) fn verifying(mode: TlsMode, certificates: &Certificates) -> Tls {
    Tls { mode, ca_file: Some(certificates.ca_file().to_owned()), ..Tls::default() }
}

/// Runs blocking work off the async threads.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("the work does not panic")
}
