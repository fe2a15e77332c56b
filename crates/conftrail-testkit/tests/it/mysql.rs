//! The MySQL handle against a real server.

use std::path::Path;

use conftrail_testkit::servers::{Certificates, MysqlOptions, MysqlServer, Product};

#[tokio::test]
async fn the_shared_server_is_configured_as_the_documentation_asks() {
    let server = MysqlServer::shared().await;
    let rows = server
        .query("SELECT @@binlog_row_metadata, @@binlog_rows_query_log_events, @@gtid_mode, @@log_bin")
        .await;
    assert_eq!(rows, [["FULL", "1", "ON", "1"]]);
    assert!(server.version().starts_with("9."), "{}", server.version());
}

#[tokio::test]
async fn a_server_of_ones_own_is_as_the_vendor_ships_it() {
    let server = MysqlServer::start(MysqlOptions::default()).await;
    let rows =
        server.query("SELECT @@binlog_row_metadata, @@binlog_rows_query_log_events, @@gtid_executed").await;
    assert_eq!(rows, [["MINIMAL", "0", ""]]);
}

#[tokio::test]
async fn both_releases_of_mariadb_run_as_the_vendor_ships_them_and_as_the_documentation_asks() {
    for (product, release) in [(Product::Mariadb10, "10.11."), (Product::Mariadb11, "11.4.")] {
        let mut server = MysqlServer::start(MysqlOptions::of(product)).await;
        assert!(server.version().starts_with(release), "{}", server.version());
        let settings = "SELECT @@binlog_row_metadata, @@binlog_format, @@gtid_strict_mode, @@log_bin";
        assert_eq!(server.query(settings).await, [["NO_LOG", "MIXED", "0", "1"]]);
        server.query("CREATE DATABASE marker_of_this_test").await;
        server.kill_9().await;
        server.start_again_with(MysqlOptions::recommended_of(product)).await;
        assert_eq!(server.query(settings).await, [["FULL", "ROW", "1", "1"]]);
        let file = server.data_dir().join("binlog.000001");
        let log = server.mysqlbinlog(&[&file.display().to_string()]).await;
        assert!(log.contains("marker_of_this_test"), "{log}");
    }
}

#[tokio::test]
async fn rows_come_back_as_text_with_their_special_characters() {
    let server = MysqlServer::shared().await;
    let rows = server.query(r"SELECT 'a\tb\nc\\d', NULL, 'ü 世界'; SELECT 2").await;
    assert_eq!(rows, [vec!["a\tb\nc\\d", "NULL", "ü 世界"], vec!["2"]]);
}

#[tokio::test]
async fn a_failing_statement_says_why() {
    let server = MysqlServer::shared().await;
    let message = server.try_query("SELECT * FROM nowhere.nothing").await.unwrap_err();
    assert!(message.contains("Unknown database"), "{message}");
}

#[tokio::test]
async fn data_and_port_survive_kill_9() {
    let mut server = MysqlServer::start(MysqlOptions::default()).await;
    let (port, database) = (server.port(), server.create_database().await);
    server
        .query(&format!(
            "CREATE TABLE {database}.t (id INT PRIMARY KEY); INSERT INTO {database}.t VALUES (7)"
        ))
        .await;
    server.kill_9().await;
    assert!(server.try_query("SELECT 1").await.is_err());
    server.start_again().await;
    assert_eq!(server.port(), port);
    assert_eq!(server.query(&format!("SELECT id FROM {database}.t")).await, [["7"]]);
}

#[tokio::test]
async fn mysqlbinlog_reads_what_was_written_from_the_file_and_from_the_server() {
    let server = MysqlServer::shared().await;
    let database = server.create_database().await;
    server.query(&format!("CREATE TABLE {database}.marker_of_this_test (id INT PRIMARY KEY)")).await;
    let file = server.data_dir().join("binlog.000001");
    let from_file = server.mysqlbinlog(&[&file.display().to_string()]).await;
    assert!(from_file.contains("marker_of_this_test"));

    let connect = server.remote_arguments();
    let mut arguments: Vec<&str> = connect.iter().map(String::as_str).collect();
    arguments.extend(["--read-from-remote-server", "binlog.000001"]);
    assert!(server.mysqlbinlog(&arguments).await.contains("marker_of_this_test"));
}

#[tokio::test]
async fn a_user_with_few_privileges_can_be_made_and_two_servers_have_two_identities() {
    let server =
        MysqlServer::start(MysqlOptions::default().with_tls(&Certificates::for_this_machine())).await;
    server.create_user("cdc", "pw", "REPLICATION SLAVE, REPLICATION CLIENT").await;
    let grants = server.query("SHOW GRANTS FOR 'cdc'@'127.0.0.1'").await.concat().concat();
    assert!(grants.contains("REPLICATION SLAVE") && !grants.contains("SELECT"), "{grants}");
    let shared = MysqlServer::shared().await;
    assert_ne!(server.query("SELECT @@server_uuid").await, shared.query("SELECT @@server_uuid").await);
    assert_eq!(server.url("cdc", "pw"), format!("mysql://cdc:pw@127.0.0.1:{}", server.port()));
}

#[tokio::test]
async fn a_dropped_server_leaves_nothing_behind() {
    let server = MysqlServer::start(MysqlOptions::default()).await;
    let pid_file = server.data_dir().parent().unwrap().join("pid");
    let pid = std::fs::read_to_string(&pid_file).unwrap().trim().to_owned();
    let dir = server.data_dir();
    drop(server);
    assert!(!dir.exists(), "{}", dir.display());
    assert!(!Path::new("/proc").join(&pid).exists(), "process {pid} still runs");
}
