//! Control queries.

use conftrail_binlog::control::Control;
use conftrail_binlog::wire::{Target, Tls, TlsMode};
use conftrail_testkit::servers::{Certificates, MysqlServer};

use crate::support::{RIGHTS, root, target, verifying};

#[tokio::test]
async fn the_facts_are_those_of_the_server() {
    let server = MysqlServer::shared().await;
    let mut control = Control::open(&root(server)).await.expect("a connection");
    let facts = control.facts().await.expect("facts");
    assert!(facts.version.starts_with(server.version()), "{}", facts.version);
    assert_eq!((facts.binlog_format.as_str(), facts.row_metadata.as_str()), ("ROW", "FULL"));
    assert!(facts.log_bin && facts.query_events && facts.has_gtids() && facts.performance_schema);
    assert_eq!(vec![vec![facts.server_uuid]], server.query("SELECT @@server_uuid").await);
    assert!(control.sees_sessions().await.expect("an answer"));
    control.close().await;
}

#[tokio::test]
async fn the_clock_stands_before_the_end_of_the_log() {
    let server = MysqlServer::shared().await;
    let database = server.create_database().await;
    let mut control = Control::open(&root(server)).await.expect("a connection");
    let (earlier, _) = control.clock_and_log_end().await.expect("a clock");
    server.query(&format!("CREATE TABLE {database}.t (id INT PRIMARY KEY)")).await;
    let (later, end) = control.clock_and_log_end().await.expect("a clock");
    assert!(earlier < later);
    let files = control.log_files().await.expect("files");
    assert_eq!(files.last().map(|file| &file.name), Some(&end.file));
    assert!(control.gtid_subset("", &end.gtid_executed).await.expect("an answer"));
    let rest = control.gtid_subtract(&end.gtid_executed, &end.gtid_executed).await.expect("an answer");
    assert_eq!(rest, "");
    assert!(control.gtid_subset("no set", "").await.is_err());
}

#[tokio::test]
async fn columns_and_keys_come_in_their_own_orders() {
    let server = MysqlServer::shared().await;
    let database = server.create_database().await;
    server
        .query(&format!(
            "CREATE TABLE {database}.t (b INT UNSIGNED, a VARCHAR(9) CHARACTER SET latin1, h INT INVISIBLE, \
             e ENUM('x','it''s'), PRIMARY KEY (a, b)); CREATE TABLE {database}.keyless (v INT)"
        ))
        .await;
    let mut control = Control::open(&root(server)).await.expect("a connection");
    let facts = control.table_facts(&database, "t").await.expect("an answer").expect("a table");
    let names: Vec<&str> = facts.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["b", "a", "h", "e"]);
    assert_eq!(facts.key, ["a", "b"]);
    assert_eq!(facts.columns[1].charset.as_deref(), Some("latin1"));
    assert!(facts.columns[2].invisible && !facts.columns[0].invisible);
    assert_eq!(facts.columns[3].column_type, "enum('x','it''s')");
    assert!(control.table_facts(&database, "gone").await.expect("an answer").is_none());
    server.query(&format!("CREATE VIEW {database}.v AS SELECT * FROM {database}.t")).await;
    let mut names = control.table_names().await.expect("names");
    names.retain(|(schema, _)| *schema == database);
    assert_eq!(names.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>(), ["keyless", "t", "v"]);
    let ours = control.tables(&names).await.expect("tables");
    assert_eq!(
        ours.iter().map(|table| (table.name.as_str(), table.has_key)).collect::<Vec<_>>(),
        [("keyless", false), ("t", true)]
    );
    assert_eq!(ours[1].columns, "b,a,h,e");
}

#[tokio::test]
async fn a_login_without_rights_learns_which_and_no_more() {
    let server = MysqlServer::shared().await;
    server.create_user("cdc_poor", "pw", "REPLICATION SLAVE").await;
    server.create_user("cdc_rich", "pw", RIGHTS).await;
    let mut poor = Control::open(&target(server, "cdc_poor", "pw")).await.expect("a connection");
    assert_eq!(poor.account().await.expect("an account"), "cdc_poor@127.0.0.1");
    assert_eq!(poor.log_end().await.expect_err("no right").code(), Some(1227));
    assert!(!poor.sees_sessions().await.expect("an answer"));
    assert!(poor.grants().await.expect("grants").concat().contains("REPLICATION SLAVE"));
    let mut rich = Control::open(&target(server, "cdc_rich", "pw")).await.expect("a connection");
    assert!(rich.log_end().await.is_ok() && rich.replicas().await.is_ok());
}

#[tokio::test]
async fn verify_ca_compares_the_authority_and_no_name() {
    // The server's own certificate names no host.
    let server = MysqlServer::shared().await;
    let with = |tls| Target { tls, ..root(server) };
    let own = |mode| Tls { mode, ca_file: Some(server.data_dir().join("ca.pem")), ..Tls::default() };
    let control = Control::open(&with(own(TlsMode::VerifyCa))).await.expect("a connection");
    control.close().await;
    assert!(Control::open(&with(own(TlsMode::VerifyFull))).await.is_err(), "the name is compared");
    let others = Certificates::for_this_machine();
    assert!(Control::open(&with(verifying(TlsMode::VerifyCa, &others))).await.is_err(), "another authority");
}
