//! Preflight and discovery against real servers.

use conftrail_binlog::Config;
use conftrail_binlog::preflight::{Finding, Severity, discover, preflight};
use conftrail_binlog::wire::{Tls, TlsMode};
use conftrail_testkit::servers::{MysqlOptions, MysqlServer};

use crate::reading::config;
use crate::support::RIGHTS;

fn at<'a>(findings: &'a [Finding], place: &str) -> Vec<&'a Finding> {
    findings.iter().filter(|finding| finding.place == place).collect()
}

fn worst(findings: &[Finding]) -> Severity {
    findings.iter().map(|finding| finding.severity).max().expect("findings")
}

/// Runs the lines that preflight prints until it prints none, and returns what it then finds.
pub(crate) async fn mended(server: &MysqlServer, config: &Config) -> Vec<Finding> {
    let mut rounds = 0;
    loop {
        let findings = preflight(config).await;
        let mends: Vec<&str> = findings.iter().filter_map(|finding| finding.mend.as_deref()).collect();
        if mends.is_empty() {
            assert!(rounds > 0, "there was nothing to mend");
            return findings;
        }
        rounds += 1;
        assert!(rounds < 5, "{findings:?}");
        server.query(&mends.concat()).await;
    }
}

fn as_user(server: &MysqlServer, user: &str, password: &str, include: &str) -> Config {
    Config { url: server.url(user, password).parse().expect("a url"), ..config(server, include) }
}

#[tokio::test]
async fn a_server_as_the_documentation_asks_has_nothing_to_mend() {
    let server = MysqlServer::shared().await;
    let database = server.create_database().await;
    server
        .query(&format!("CREATE TABLE {database}.t (id INT PRIMARY KEY); CREATE TABLE {database}.k (v INT)"))
        .await;
    server.create_user("cdc_good", "pw", RIGHTS).await;
    let findings = preflight(&as_user(server, "cdc_good", "pw", &format!("{database}.t"))).await;
    assert_eq!(worst(&findings), Severity::Info, "{findings:?}");
    assert!(at(&findings, "include")[0].what.starts_with("1 of "), "{findings:?}");
    let keyless = preflight(&as_user(server, "cdc_good", "pw", &format!("{database}.*"))).await;
    assert!(
        at(&keyless, "include").iter().any(|finding| finding.what.contains("primary key")),
        "{keyless:?}"
    );
}

#[tokio::test]
async fn the_lines_that_preflight_prints_mend_what_it_found() {
    let server = MysqlServer::start(
        MysqlOptions::default()
            .with("--binlog-format=MIXED")
            .with("--binlog-row-image=MINIMAL")
            .with("--binlog-expire-logs-seconds=3600"),
    )
    .await;
    server.query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY)").await;
    server.query("CREATE USER 'o''neil'@'127.0.0.1' IDENTIFIED BY 'pw'").await;
    let poor = as_user(&server, "o'neil", "pw", "d.*");
    let findings = mended(&server, &poor).await;
    assert_eq!(worst(&findings), Severity::Info, "{findings:?}");
}

#[tokio::test]
async fn query_events_that_are_off_come_with_the_line_that_turns_them_on() {
    let server = MysqlServer::start(MysqlOptions::default()).await;
    let findings = preflight(&config(&server, "d.*")).await;
    let found = at(&findings, "binlog_rows_query_log_events");
    assert_eq!(found[0].mend.as_deref(), Some("SET PERSIST binlog_rows_query_log_events=ON;"));
    assert_eq!(worst(&findings), Severity::Warning, "{findings:?}");
}

#[tokio::test]
async fn missing_rights_wrong_passwords_and_wrong_places_are_one_clear_finding_each() {
    let server = MysqlServer::shared().await;
    let database = server.create_database().await;
    server.create_user("cdc_client", "pw", "REPLICATION CLIENT, SELECT").await;
    server.create_user("cdc_slave", "pw", "REPLICATION SLAVE, SELECT").await;
    let fatal = |findings: Vec<Finding>| -> Vec<Finding> {
        findings.into_iter().filter(|finding| finding.severity == Severity::Fatal).collect()
    };
    let include = format!("{database}.*");
    for (user, missing) in [("cdc_client", "REPLICATION SLAVE"), ("cdc_slave", "REPLICATION CLIENT")] {
        let found = fatal(preflight(&as_user(server, user, "pw", &include)).await);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].what.ends_with(&format!("has no {missing}")), "{}", found[0].what);
        let grant = format!("GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO '{user}'@'127.0.0.1';");
        assert_eq!(found[0].mend.as_deref(), Some(grant.as_str()));
    }
    let wrong = fatal(preflight(&as_user(server, "cdc_client", "wrong", &include)).await);
    assert_eq!((wrong.len(), wrong[0].place.as_str()), (1, "password_file"));
    let mut nowhere = config(server, &include);
    nowhere.url.port = 1;
    assert_eq!(fatal(preflight(&nowhere).await).len(), 1);
    let ca_file = Some("/nowhere/ca.pem".into());
    let lost = Config {
        tls: Tls { mode: TlsMode::VerifyFull, ca_file, ..Tls::default() },
        ..config(server, &include)
    };
    let lost = fatal(preflight(&lost).await);
    assert!(lost[0].place == "tls" && lost[0].what.contains("/nowhere/ca.pem"), "{lost:?}");
    let unset = fatal(preflight(&Config::default()).await);
    assert_eq!(
        unset.iter().map(|finding| finding.place.as_str()).collect::<Vec<_>>(),
        ["name", "url", "include"]
    );
}

#[tokio::test]
async fn our_number_must_not_be_the_servers_own() {
    let server = MysqlServer::shared().await;
    let own = server.query("SELECT @@server_id").await[0][0].parse().expect("a number");
    let findings = preflight(&Config { server_id: Some(own), ..config(server, "d.*") }).await;
    assert_eq!(at(&findings, "server_id")[0].severity, Severity::Fatal);
}

#[tokio::test]
async fn discovery_proposes_what_looks_like_configuration() {
    let server = MysqlServer::start(MysqlOptions::default()).await;
    server
        .query(
            "CREATE DATABASE shop; CREATE TABLE shop.feature_flags (id INT PRIMARY KEY); \
             CREATE TABLE shop.orders (id INT PRIMARY KEY); CREATE DATABASE cfg; \
             CREATE TABLE cfg.app_settings (id INT PRIMARY KEY); CREATE TABLE cfg.kv (`key` INT, `value` INT)",
        )
        .await;
    let found = discover(&config(&server, "unused.*")).await.expect("a discovery");
    assert_eq!(found.include, ["cfg.*", "shop.feature_flags"]);
    assert_eq!(found.tables.len(), 4);
    assert!(found.settings.iter().any(|(line, _)| line == "SET PERSIST binlog_row_metadata=FULL;"));
    assert!(found.grants.iter().all(|line| line.starts_with("GRANT ")));
    let mut taken = config(&server, &found.include[0]);
    taken.include = found.include;
    assert_eq!(worst(&preflight(&taken).await), Severity::Warning);
}
