//! The dump connection.

use std::time::Duration;

use conftrail_binlog::wire::{
    Connection, DumpRequest, DumpStart, EventHeader, EventStream, Target, Tls, TlsMode, WireError, kind,
};
use conftrail_testkit::servers::{Certificates, MysqlOptions, MysqlServer};
use conftrail_testkit::wait::until;

use crate::support::{RIGHTS, blocking, root, target, verifying};

async fn open(target: &Target) -> Result<Connection, WireError> {
    let target = target.clone();
    blocking(move || Connection::open(&target)).await
}

async fn open_with(target: &Target, tls: Tls) -> Result<Connection, WireError> {
    open(&Target { tls, ..target.clone() }).await
}

fn from_file(name: &str, until_end: bool) -> DumpRequest {
    DumpRequest {
        server_id: 77_001,
        start: DumpStart::File { name: name.to_owned(), position: 4 },
        heartbeat: Duration::from_millis(500),
        patience: Duration::from_millis(1_500),
        until_end,
    }
}

async fn dump(target: &Target, request: DumpRequest) -> EventStream {
    let target = target.clone();
    blocking(move || Connection::open(&target).and_then(|connection| connection.dump(&request)))
        .await
        .expect("the dump starts")
}

/// Reads to the end: each event with the file and the offset where it ends.
async fn read_all(mut stream: EventStream) -> Vec<(EventHeader, usize, String, u64)> {
    blocking(move || {
        let mut events = Vec::new();
        while let Some(event) = stream.next_event().expect("an event") {
            let (header, size) = (event.header, event.body.len());
            events.push((header, size, stream.file().to_owned(), stream.end()));
        }
        events
    })
    .await
}

#[tokio::test]
async fn each_tls_mode_accepts_what_it_should_and_no_more() {
    let ours = Certificates::for_this_machine();
    let elsewhere = Certificates::for_hosts(&["db.example.org"]);
    let server = MysqlServer::start(MysqlOptions::default().with_tls(&ours)).await;
    let named_elsewhere = MysqlServer::start(MysqlOptions::default().with_tls(&elsewhere)).await;
    let (good, bad) = (root(&server), root(&named_elsewhere));

    for mode in [TlsMode::VerifyCa, TlsMode::VerifyFull] {
        assert!(open_with(&good, verifying(mode, &ours)).await.is_ok(), "{mode:?}");
        let wrong_authority = open_with(&good, verifying(mode, &elsewhere)).await;
        assert!(matches!(wrong_authority, Err(WireError::Tls(_))), "{mode:?}: {wrong_authority:?}");
    }
    assert!(open_with(&bad, verifying(TlsMode::VerifyCa, &elsewhere)).await.is_ok());
    let wrong_name = open_with(&bad, verifying(TlsMode::VerifyFull, &elsewhere)).await;
    assert!(matches!(wrong_name, Err(WireError::Tls(_))), "{wrong_name:?}");
    assert!(open_with(&bad, Tls { mode: TlsMode::Required, ..Tls::default() }).await.is_ok());
    assert!(open_with(&bad, Tls { mode: TlsMode::Disabled, ..Tls::default() }).await.is_ok());
}

#[tokio::test]
async fn the_certificate_that_mysql_made_by_itself_passes_verify_ca_only() {
    let server = MysqlServer::shared().await;
    let own = |mode| Tls { mode, ca_file: Some(server.data_dir().join("ca.pem")), ..Tls::default() };
    let target = root(server);
    assert!(open_with(&target, own(TlsMode::VerifyCa)).await.is_ok());
    assert!(matches!(open_with(&target, own(TlsMode::VerifyFull)).await, Err(WireError::Tls(_))));
}

#[tokio::test]
async fn an_account_that_wants_a_client_certificate_gets_one() {
    let certificates = Certificates::for_this_machine();
    let server = MysqlServer::start(MysqlOptions::default().with_tls(&certificates)).await;
    server.create_user("strict", "pw", RIGHTS).await;
    server.query("ALTER USER 'strict'@'127.0.0.1' REQUIRE X509").await;
    let target = target(&server, "strict", "pw");
    let without = verifying(TlsMode::VerifyFull, &certificates);
    let refused = open_with(&target, without.clone()).await;
    assert!(matches!(refused, Err(WireError::Server { code: 1045, .. })), "{refused:?}");
    let with = Tls {
        cert_file: Some(certificates.client_cert_file().to_owned()),
        key_file: Some(certificates.client_key_file().to_owned()),
        ..without
    };
    assert!(open_with(&target, with).await.is_ok());
}

#[tokio::test]
async fn files_that_are_missing_or_hold_something_else_are_named() {
    let server = MysqlServer::shared().await;
    let dir = tempfile::tempdir().expect("a directory");
    let junk = dir.path().join("junk.pem");
    std::fs::write(&junk, "no certificate").expect("a file");
    for path in [junk, dir.path().join("missing.pem")] {
        let tls = Tls { mode: TlsMode::VerifyCa, ca_file: Some(path.clone()), ..Tls::default() };
        let error = open_with(&root(server), tls).await.expect_err("no authority");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_the_servers_own_error() {
    let server = MysqlServer::shared().await;
    server.create_user("cdc_wrong", "right", RIGHTS).await;
    let refused = open(&target(server, "cdc_wrong", "wrong")).await;
    assert!(matches!(refused, Err(WireError::Server { code: 1045, .. })), "{refused:?}");
    assert!(open(&target(server, "cdc_wrong", "right")).await.is_ok());
}

#[tokio::test]
async fn without_tls_the_password_goes_out_only_where_that_was_allowed() {
    let server = MysqlServer::shared().await;
    server.create_user("cdc_rsa", "päss", RIGHTS).await;
    let target = target(server, "cdc_rsa", "päss");
    let plain = Tls { mode: TlsMode::Disabled, ..Tls::default() };
    let refused = open_with(&target, plain.clone()).await;
    assert!(matches!(refused, Err(WireError::KeyNotAllowed)), "{refused:?}");
    let allowed = Tls { get_server_public_key: true, ..plain.clone() };
    assert!(open_with(&target, allowed).await.is_ok());
    // The server has the hash in its cache now and asks for no password.
    assert!(open_with(&target, plain).await.is_ok());
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_tls_is_wanted() {
    let server = MysqlServer::start(MysqlOptions::default().with("--tls-version=")).await;
    assert!(matches!(open(&root(&server)).await, Err(WireError::NoTls)));
}

#[tokio::test]
async fn every_event_of_every_file_ends_where_the_next_one_begins() {
    let server = MysqlServer::start(MysqlOptions::recommended()).await;
    server.query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, v LONGBLOB)").await;
    server.query("SET GLOBAL max_allowed_packet = 1073741824").await;
    // One event below, one across and one far beyond the size of a chunk, and two exact multiples of it.
    for (id, size) in [(1, 600_000), (2, 16_777_215), (3, 40_000_000)] {
        server.query(&format!("INSERT INTO d.t VALUES ({id}, REPEAT('x', {size}))")).await;
    }
    server.query("FLUSH BINARY LOGS").await;
    server.query("INSERT INTO d.t VALUES (4, 'last')").await;
    let events = read_all(dump(&root(&server), from_file("binlog.000001", true)).await).await;

    let mut end = 4;
    let mut file = "binlog.000001".to_owned();
    for (header, _, name, after) in &events {
        if header.is_artificial() || header.kind == kind::HEARTBEAT {
            continue;
        }
        if header.kind == kind::ROTATE {
            assert_eq!(
                end + u64::from(header.size),
                std::fs::metadata(server.data_dir().join(&file)).unwrap().len()
            );
            (file, end) = (name.clone(), 4);
            assert_eq!(*after, 4);
            continue;
        }
        end += u64::from(header.size);
        assert_eq!((name, *after), (&file, end), "{header:?}");
        assert_eq!(header.log_pos as u64, end);
    }
    assert_eq!(file, "binlog.000002");
    assert_eq!(end, std::fs::metadata(server.data_dir().join(&file)).unwrap().len());
    let sizes: Vec<usize> =
        events.iter().filter(|event| event.0.kind == kind::WRITE_ROWS).map(|event| event.1).collect();
    let grown_by = |index: usize, size: usize| sizes[index].abs_diff(size) < 100;
    assert!(grown_by(0, 600_000) && grown_by(1, 16_777_215) && grown_by(2, 40_000_000), "{sizes:?}");
}

#[tokio::test]
async fn checksums_may_be_off() {
    let server = MysqlServer::start(MysqlOptions::recommended().with("--binlog-checksum=NONE")).await;
    server.query("CREATE DATABASE d").await;
    let events = read_all(dump(&root(&server), from_file("binlog.000001", true)).await).await;
    assert!(events.iter().any(|event| event.0.kind == kind::QUERY));
}

#[tokio::test]
async fn a_file_that_is_not_there_is_error_1236() {
    let server = MysqlServer::shared().await;
    let mut stream = dump(&root(server), from_file("binlog.999999", false)).await;
    let outcome = blocking(move || stream.next_event().map(|event| event.is_some())).await;
    assert!(matches!(outcome, Err(WireError::Server { code: 1236, .. })), "{outcome:?}");
}

#[tokio::test]
async fn an_idle_server_beats_and_a_frozen_one_is_noticed() {
    let mut server = MysqlServer::start(MysqlOptions::default()).await;
    let mut stream = dump(&root(&server), from_file("binlog.000001", false)).await;
    let mut stream = blocking(move || {
        let mut beats = 0;
        while beats < 2 {
            let event = stream.next_event().expect("an event").expect("no end");
            beats += usize::from(event.header.kind == kind::HEARTBEAT);
        }
        stream
    })
    .await;
    server.sigstop();
    let outcome = blocking(move || {
        loop {
            match stream.next_event() {
                Ok(_) => {}
                Err(error) => return error,
            }
        }
    })
    .await;
    server.sigcont();
    assert!(
        matches!(outcome, WireError::Silent(patience) if patience == Duration::from_millis(1500)),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_killed_connection_and_a_closed_one_end_the_dump() {
    let server = MysqlServer::start(MysqlOptions::default()).await;
    for by_the_server in [true, false] {
        let mut stream = dump(&root(&server), from_file("binlog.000001", false)).await;
        let closer = stream.closer().expect("a closer");
        let reading = tokio::task::spawn_blocking(move || {
            loop {
                match stream.next_event() {
                    Ok(Some(_)) => {}
                    Ok(None) => return None,
                    Err(error) => return Some(error),
                }
            }
        });
        if by_the_server {
            let list = "SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND = 'Binlog Dump'";
            let id = until(Duration::from_secs(10), "the dump in the process list", async || {
                server.query(list).await.first().map(|row| row[0].clone())
            })
            .await;
            server.query(&format!("KILL {id}")).await;
        } else {
            closer.close();
        }
        let outcome = reading.await.expect("no panic");
        assert!(
            matches!(outcome, None | Some(WireError::Closed | WireError::Server { .. })),
            "by the server {by_the_server}: {outcome:?}"
        );
    }
}
