//! Servers of old releases, played by one of today behind a proxy: it says another version and knows fewer variables.

use conftrail_binlog::Config;
use conftrail_binlog::preflight::{Severity, preflight};
use conftrail_binlog::wire::{Tls, TlsMode};
use conftrail_testkit::servers::MysqlServer;

use crate::packets::PacketProxy;
use crate::reading::{Reading, config};

/// What stands for what, in bytes of the same length.
type Swap = (&'static str, &'static str);

/// A server that says it is of another release.
struct OldServer {
    config: Config,
    _proxy: PacketProxy,
}

impl OldServer {
    /// `says` is what becomes of its words, `unknown` a variable that it does not know.
    async fn start(server: &MysqlServer, says: Swap, unknown: Swap) -> Self {
        let proxy = PacketProxy::start(server.port(), swapped(unknown), swapped(says)).await;
        let config = Config {
            url: format!("mysql://root@127.0.0.1:{}", proxy.port).parse().expect("a url"),
            tls: Tls { mode: TlsMode::Disabled, ..Tls::default() },
            ..config(server, "d.*")
        };
        Self { config, _proxy: proxy }
    }
}

/// Changes every `old` of a packet.
fn swapped((old, new): Swap) -> impl FnMut(&mut Vec<u8>) -> bool {
    assert_eq!(old.len(), new.len());
    move |content| {
        for place in 0..content.len().saturating_sub(old.len() - 1) {
            if content[place..].starts_with(old.as_bytes()) {
                content[place..place + old.len()].copy_from_slice(new.as_bytes());
            }
        }
        true
    }
}

/// The beginning of the real server's version, and of another one.
fn release(server: &MysqlServer, other: &'static str) -> Swap {
    assert!(server.version().starts_with("9.7."), "{}", server.version());
    ("9.7.", other)
}

#[tokio::test]
async fn a_server_that_is_too_old_is_refused_by_its_version_whatever_it_does_not_know() {
    let server = MysqlServer::shared().await;
    let unknown = ("binlog_row_metadata", "binlog_row_metadatX");
    let old = OldServer::start(server, release(server, "5.7."), unknown).await;
    let findings = preflight(&old.config).await;
    let [refused] = &findings[..] else { panic!("{findings:?}") };
    assert_eq!(refused.severity, Severity::Fatal);
    assert!(refused.what.contains("MySQL 5.7.") && refused.what.contains("too old"), "{}", refused.what);
    let error = Reading::open(old.config.clone(), None).await.err().expect("it is refused");
    assert!(!error.is_retryable() && error.to_string().contains("too old"), "{error}");
}

#[tokio::test]
async fn a_release_of_8_0_that_compresses_no_transactions_yet_is_read() {
    let server = MysqlServer::shared().await;
    let unknown = ("binlog_transaction_compression", "binlog_transaction_compressioX");
    let old = OldServer::start(server, release(server, "8.0."), unknown).await;
    let findings = preflight(&old.config).await;
    assert!(findings.iter().all(|finding| finding.severity < Severity::Fatal), "{findings:?}");
    assert!(Reading::open(old.config.clone(), None).await.is_ok());
}
