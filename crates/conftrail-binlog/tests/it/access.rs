//! Accounts and rights: an event of each account that a statement names, without any credential, and by whom.

use std::sync::Arc;

use conftrail_binlog::Config;
use conftrail_core::{Action, Authority, Binding, Event, ResourceKind};
use conftrail_testkit::servers::{MysqlOptions, MysqlServer, Product};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder};

use crate::reading::{Reading, config};
use crate::statements::detail;

/// Every planted password holds this.
const PLANTED: &str = "S3CRET";

/// Statements that MySQL and MariaDB both know, with the accounts they are about.
const COMMON: &[(&str, &[&str])] = &[
    ("CREATE USER 'u1'@'%' IDENTIFIED BY 'S3CRET-01'", &["u1@%"]),
    ("CREATE USER u2 IDENTIFIED BY 'S3CRET-02', 'u3'@'10.%' IDENTIFIED BY 'S3CRET-03'", &["u2@%", "u3@10.%"]),
    (
        "CREATE USER IF NOT EXISTS `u4`@`localhost` IDENTIFIED BY 'S3CRET-04' REQUIRE SSL WITH MAX_QUERIES_PER_HOUR 5",
        &["u4@localhost"],
    ),
    ("/*!50000 CREATE USER */ u5 /*!50000 IDENTIFIED BY */ 'S3CRET-05'", &["u5@%"]),
    ("CREATE /* password='S3CRET-06' */ USER u6 IDENTIFIED BY 'S3CRET-07' /* ticket='CHG-1' */", &["u6@%"]),
    ("ALTER USER u2 IDENTIFIED BY 'it''s \\' S3CRET-08'", &["u2@%"]),
    ("ALTER USER u2 ACCOUNT LOCK", &["u2@%"]),
    ("GRANT SELECT, INSERT ON d.* TO 'u1'@'%'", &["u1@%"]),
    ("GRANT SELECT ON *.* TO u1, u2 WITH GRANT OPTION", &["u1@%", "u2@%"]),
    ("CREATE ROLE r1, r2", &["r1@%", "r2@%"]),
    ("GRANT r1 TO u1 WITH ADMIN OPTION", &["u1@%"]),
    ("REVOKE r1 FROM u1", &["u1@%"]),
    ("DROP ROLE r1, r2", &["r1@%", "r2@%"]),
    ("GRANT PROXY ON 'u2'@'%' TO 'u1'@'%'", &["u1@%"]),
    ("REVOKE INSERT ON d.* FROM 'u1'@'%'", &["u1@%"]),
    ("REVOKE ALL PRIVILEGES, GRANT OPTION FROM u1, u2", &["u1@%", "u2@%"]),
    ("RENAME USER u2 TO u7, 'u3'@'10.%' TO 'u3'@'11.%'", &["u2@%", "u7@%", "u3@10.%", "u3@11.%"]),
    ("SET sql_mode = 'ANSI_QUOTES'; CREATE USER \"u8\"@'h' IDENTIFIED BY 'S3CRET-09'", &["u8@h"]),
    (
        "SET sql_mode = 'NO_BACKSLASH_ESCAPES'; CREATE USER n1 IDENTIFIED BY 'S3CRET\\', n2 IDENTIFIED BY 'S3CRET-10'",
        &["n1@%", "n2@%"],
    ),
    ("DROP USER u1, 'u3'@'11.%'", &["u1@%", "u3@11.%"]),
];

const MYSQL: &[(&str, &[&str])] = &[
    ("SET PASSWORD FOR u7 = 'S3CRET-20'", &["u7@%"]),
    ("CREATE USER m1 IDENTIFIED BY RANDOM PASSWORD", &["m1@%"]),
    ("CREATE USER m2 IDENTIFIED WITH caching_sha2_password BY 'S3CRET-21' COMMENT 'of shop'", &["m2@%"]),
    ("ALTER USER m2 IDENTIFIED BY 'S3CRET-22' RETAIN CURRENT PASSWORD", &["m2@%"]),
    ("ALTER USER m2 ATTRIBUTE '{\"password\": \"S3CRET-23\", \"team\": \"a\"}'", &["m2@%"]),
    ("CREATE ROLE r3, r4; GRANT r3, r4 TO m1, m2", &["r3@%", "r4@%", "m1@%", "m2@%"]),
    ("SET DEFAULT ROLE r3, r4 TO m1", &["m1@%"]),
    ("ALTER USER m1 DEFAULT ROLE r3, r4", &["m1@%"]),
    ("ALTER USER m1 PASSWORD EXPIRE INTERVAL 90 DAY FAILED_LOGIN_ATTEMPTS 3", &["m1@%"]),
];

const MARIADB: &[(&str, &[&str])] = &[
    ("SET PASSWORD FOR u7 = PASSWORD('S3CRET-30')", &["u7@%"]),
    (
        "CREATE USER m1 IDENTIFIED VIA mysql_native_password USING PASSWORD('S3CRET-31') OR unix_socket",
        &["m1@%"],
    ),
    ("CREATE USER m2 IDENTIFIED BY PASSWORD '*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4'", &["m2@%"]),
    ("CREATE OR REPLACE USER m2 IDENTIFIED BY \"S3CRET-32\"", &["m2@%"]),
    ("GRANT SELECT ON d.* TO m3 IDENTIFIED BY 'S3CRET-33', m4 IDENTIFIED BY 'S3CRET-34'", &["m3@%", "m4@%"]),
    ("CREATE ROLE r3; GRANT r3 TO m1; SET DEFAULT ROLE r3 FOR m1", &["r3@%", "m1@%", "m1@%"]),
    ("/*M!100101 CREATE USER m5 IDENTIFIED BY 'S3CRET-35' */", &["m5@%"]),
    ("SET STATEMENT max_statement_time=10 FOR CREATE USER m6 IDENTIFIED BY 'S3CRET-36'", &["m6@%"]),
    (
        "ALTER USER m1 IDENTIFIED VIA mysql_native_password USING '*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4'",
        &["m1@%"],
    ),
];

#[tokio::test]
async fn every_statement_on_accounts_is_an_event_of_each_account_and_shows_no_credential() {
    for product in Product::ALL {
        let server = MysqlServer::start(MysqlOptions::recommended_of(product)).await;
        // Accounts are the server's: what tables are captured does not matter.
        let mut reading = Reading::latest(config(&server, "elsewhere.*")).await;
        let own = if product == Product::Mysql { MYSQL } else { MARIADB };
        let mut expected = Vec::new();
        let mut session = login(&server, "root", "").await;
        for (sql, accounts) in COMMON.iter().chain(own) {
            for statement in sql.split("; ") {
                session.query_drop(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
            }
            session.query_drop("SET sql_mode = ''").await.expect("the usual mode");
            expected.extend(accounts.iter().copied());
        }
        let events = reading.catch_up(&server).await;
        let named: Vec<&str> = events.iter().map(|event| event.resource.name.as_str()).collect();
        assert_eq!(named, expected, "{product:?}");
        for event in &events {
            assert_eq!((event.action, event.resource.kind), (Action::Access, ResourceKind::Account));
            assert!(detail(event, "digest").is_some_and(|digest| digest.starts_with("sha256:")));
            let text = detail(event, "text").expect("a statement");
            let has_credential =
                text.contains("IDENTIFIED") && !text.contains("RANDOM") || text.contains("SET PASSWORD");
            assert!(!has_credential || text.contains("hmac-sha256:"), "{text}");
        }
        let printed = serde_json::to_string(&events).expect("json");
        assert_no_credential(&server, &printed).await;
    }
}

/// No planted password, and no hash that the server keeps.
async fn assert_no_credential(server: &MysqlServer, printed: &str) {
    assert!(!printed.contains(PLANTED), "a password: {printed}");
    let kept = match server.product() {
        Product::Mysql => "SELECT authentication_string FROM mysql.user",
        _ => "SELECT JSON_VALUE(priv, '$.authentication_string') FROM mysql.global_priv",
    };
    let hashes = server.query(kept).await;
    let mut known = 0;
    for hash in hashes.iter().map(|row| row[0].as_str()).filter(|hash| hash.len() > 30) {
        // Salts hold quotes and control characters, which a statement escapes; digests do not.
        let digest: String = hash.chars().skip(hash.chars().count() - 30).collect();
        assert!(!printed.contains(&digest), "a hash: {printed}");
        known += 1;
    }
    assert!(known > 4 && !printed.contains("$A$") && !printed.contains("6C8989366EAF75"), "{printed}");
}

#[tokio::test]
async fn who_changed_rights_is_told_by_the_statement_itself_when_the_session_is_gone() {
    for product in Product::ALL {
        let server = MysqlServer::start(MysqlOptions::recommended_of(product)).await;
        server
            .query("CREATE DATABASE d; CREATE USER al IDENTIFIED BY 'al'; GRANT ALL ON *.* TO al WITH GRANT OPTION; CREATE USER b")
            .await;
        let mut al = login(&server, "al", "al").await;
        al.query_drop("GRANT SELECT ON d.* TO b /*user='alice'*/").await.expect("a grant");
        al.disconnect().await.expect("the session ends");
        while server.query("SELECT id FROM information_schema.processlist WHERE user = 'al'").await
            != [[""; 0]; 0]
        {}
        // Read from the beginning, long after: no session tells anything any more.
        let trusting = trusting(&server, &["al@%"]);
        let mut reading = Reading::earliest(trusting).await;
        let events = reading.catch_up(&server).await;
        let grant = events.last().expect("the grant");
        assert_eq!(detail(grant, "invoker"), Some("al@%"), "{product:?}");
        let actor = &grant.actor;
        assert_eq!((actor.name.as_deref(), actor.login.as_deref()), (Some("al"), Some("al@%")));
        assert_eq!((actor.via.as_deref(), actor.binding), (Some("invoker"), Binding::Correlated));
        assert_eq!(actor.authority, Authority::Authenticated);
        // MySQL writes the statement anew, without its comment. The text may be a routine's: it speaks for nobody else.
        let claimed = actor.claimed.as_ref().and_then(|claimed| claimed.name.as_deref());
        assert_eq!(claimed, (product != Product::Mysql).then_some("alice"));
        assert_eq!(grant.has_flag("untrusted_claim"), claimed.is_some());
    }
}

#[tokio::test]
async fn rights_that_a_routine_changes_are_not_put_on_its_definer() {
    for product in Product::ALL {
        let server = MysqlServer::start(MysqlOptions::recommended_of(product)).await;
        server
            .query(
                "CREATE DATABASE d; CREATE USER al IDENTIFIED BY 'al'; GRANT EXECUTE, CREATE ON d.* TO al; CREATE USER b; \
                 CREATE PROCEDURE d.p() SQL SECURITY DEFINER GRANT SELECT ON d.* TO b",
            )
            .await;
        let mut al = login(&server, "al", "al").await;
        until_the_next_second(&server).await;
        let mut reading = Reading::latest(config(&server, "d.*")).await;
        // While a routine runs MariaDB lists its session as the definer's: it has to be known from before.
        al.query_drop("CREATE TABLE d.own (id INT PRIMARY KEY)").await.expect("a table");
        let own = reading.events_until(1).await.remove(0);
        assert_eq!(own.actor.name.as_deref(), Some("al"), "{:?}", own.actor);
        al.query_drop("CALL d.p()").await.expect("the procedure");
        let grant = reading.events_until(2).await.remove(1);
        assert_eq!(grant.resource.name, "b@%");
        assert_eq!(detail(&grant, "invoker"), Some("root@127.0.0.1"));
        match product {
            // The server itself tells whose transaction it was.
            Product::Mysql => assert_eq!(grant.actor.name.as_deref(), Some("al")),
            _ => {
                assert_eq!(
                    (&grant.actor.name, grant.actor.binding),
                    (&None, Binding::None),
                    "{:?}",
                    grant.actor
                );
                assert!(grant.has_flag("login_unknown"));
            }
        }
    }
}

#[tokio::test]
async fn a_statement_that_did_a_part_says_so() {
    let server = MysqlServer::start(MysqlOptions::recommended_of(Product::Mariadb11)).await;
    server.query("CREATE USER a").await;
    let mut reading = Reading::latest(config(&server, "d.*")).await;
    server.try_query("DROP USER a, nobody").await.expect_err("one of them is not there");
    let events: Vec<Arc<Event>> = reading.catch_up(&server).await;
    let names: Vec<&str> = events.iter().map(|event| event.resource.name.as_str()).collect();
    assert_eq!(names, ["a@%", "nobody@%"]);
    let error = events[0].detail.as_ref().and_then(|detail| detail.get("server_error"));
    assert_eq!(error, Some(&conftrail_core::Value::Int(1396)));
}

/// MariaDB tells times in whole seconds: a session of this second was perhaps not there yet.
async fn until_the_next_second(server: &MysqlServer) {
    let clock = "SELECT UNIX_TIMESTAMP()";
    let now = server.query(clock).await;
    while server.query(clock).await == now {}
}

fn trusting(server: &MysqlServer, logins: &[&str]) -> Config {
    let mut config = config(server, "d.*");
    config.actor.trust = logins.iter().map(|login| (*login).to_owned()).collect();
    config
}

async fn login(server: &MysqlServer, user: &str, password: &str) -> Conn {
    let options = OptsBuilder::default()
        .ip_or_hostname("127.0.0.1")
        .tcp_port(server.port())
        .user(Some(user))
        .pass(Some(password).filter(|password| !password.is_empty()));
    Conn::new(options).await.expect("a session")
}
