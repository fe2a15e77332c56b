//! Logging in to MariaDB, and what preflight says of it.

use conftrail_binlog::Config;
use conftrail_binlog::preflight::{Severity, preflight};
use conftrail_binlog::wire::TlsMode;
use conftrail_core::Action;
use conftrail_testkit::servers::{Certificates, MysqlOptions, MysqlServer, Product};

use crate::preflight::mended;
use crate::reading::{Reading, config};
use crate::support::verifying;

#[tokio::test]
async fn ed25519_and_native_passwords_read_and_a_socket_login_is_refused_with_the_way_out() {
    let server = MysqlServer::start(MysqlOptions::recommended_of(Product::Mariadb10)).await;
    server
        .query(
            "INSTALL SONAME 'auth_ed25519'; CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY); \
             CREATE USER e@127.0.0.1 IDENTIFIED VIA ed25519 USING PASSWORD('pw'); \
             CREATE USER n@127.0.0.1 IDENTIFIED VIA mysql_native_password USING PASSWORD('pw'); \
             CREATE USER s@127.0.0.1 IDENTIFIED VIA unix_socket",
        )
        .await;
    let as_user = |user: &str, password: &str| Config {
        url: server.url(user, password).parse().expect("a url"),
        ..config(&server, "d.*")
    };
    for user in ["e", "n"] {
        let grants = format!(
            "GRANT REPLICATION SLAVE, BINLOG MONITOR, PROCESS ON *.* TO {user}@127.0.0.1; \
             GRANT SELECT ON d.* TO {user}@127.0.0.1"
        );
        server.query(&grants).await;
        let findings = preflight(&as_user(user, "pw")).await;
        assert!(findings.iter().all(|finding| finding.severity == Severity::Info), "{findings:?}");
        let mut reading = Reading::latest(as_user(user, "pw")).await;
        let before = reading.events().len();
        server.query("REPLACE INTO d.t VALUES (1)").await;
        reading.events_until(before + 1).await;
        server.query("DELETE FROM d.t").await;
        let wrong = preflight(&as_user(user, "wrong")).await;
        assert_eq!((wrong.len(), wrong[0].place.as_str()), (1, "password_file"), "{wrong:?}");
    }
    let socket = preflight(&as_user("s", "pw")).await;
    assert_eq!((socket.len(), socket[0].severity), (1, Severity::Fatal), "{socket:?}");
    assert!(
        socket[0].what.contains("Unix socket") && socket[0].what.contains("ALTER USER"),
        "{}",
        socket[0].what
    );
}

#[tokio::test]
async fn with_certificates_everything_goes_through_tls() {
    for product in Product::MARIADB {
        let certificates = Certificates::for_this_machine();
        let server = MysqlServer::start(MysqlOptions::recommended_of(product).with_tls(&certificates)).await;
        server
            .query("CREATE DATABASE d; CREATE USER t@127.0.0.1 REQUIRE SSL; GRANT ALL ON *.* TO t@127.0.0.1")
            .await;
        let with = |mode| Config {
            url: server.url("t", "").parse().expect("a url"),
            tls: verifying(mode, &certificates),
            ..config(&server, "d.*")
        };
        for mode in [TlsMode::VerifyCa, TlsMode::VerifyFull] {
            let mut reading = Reading::latest(with(mode)).await;
            server.query("CREATE OR REPLACE TABLE d.t (id INT)").await;
            assert_eq!(reading.events_until(1).await[0].action, Action::Schema);
        }
        assert!(Reading::open(config(&server, "d.*"), None).await.is_ok(), "root needs none");
        let without = Config { url: server.url("t", "").parse().expect("a url"), ..config(&server, "d.*") };
        assert!(Reading::open(without, None).await.is_err(), "this account does");
    }
}

#[tokio::test]
async fn the_lines_that_preflight_prints_mend_what_it_found() {
    for product in Product::MARIADB {
        let server = MysqlServer::start(
            MysqlOptions::of(product)
                .with("--binlog-row-image=MINIMAL")
                .with("--binlog-annotate-row-events=OFF")
                .with("--binlog-expire-logs-seconds=3600")
                .with("--secure-timestamp=REPLICATION"),
        )
        .await;
        server.query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY)").await;
        server.query("CREATE USER 'o''neil'@'127.0.0.1' IDENTIFIED BY 'pw'").await;
        let poor =
            Config { url: server.url("o'neil", "pw").parse().expect("a url"), ..config(&server, "d.*") };
        let findings = mended(&server, &poor).await;
        assert!(findings.iter().all(|finding| finding.severity == Severity::Info), "{findings:?}");
        assert!(findings.iter().any(|finding| finding.what.starts_with("MariaDB 1")), "{findings:?}");
    }
}

#[tokio::test]
async fn as_the_vendor_ships_it_preflight_names_the_format_and_the_time() {
    let server = MysqlServer::start(MysqlOptions::of(Product::Mariadb11)).await;
    let findings = preflight(&config(&server, "d.*")).await;
    let found =
        |place: &str| findings.iter().find(|finding| finding.place == place).map(|finding| finding.severity);
    assert_eq!(found("binlog_format"), Some(Severity::Fatal));
    for place in ["binlog_row_metadata", "gtid_strict_mode", "secure_timestamp"] {
        assert_eq!(found(place), Some(Severity::Warning), "{place}");
    }
    assert_eq!(found("binlog_annotate_row_events"), None, "it is on");
}
