//! Definitions: an event of each captured table or database that one names, and of nothing else.

use conftrail_binlog::Config;
use conftrail_core::{Action, Event};
use conftrail_testkit::servers::{MysqlOptions, MysqlServer, Product};

use crate::reading::{Reading, actions, config};
use crate::statements::detail;

/// Runs the statements and compares what each was reported as: action, and the resource's id without the source.
async fn reported(server: &MysqlServer, reading: &mut Reading, statements: &[(&str, &str)]) {
    for (sql, _) in statements {
        server.query(sql).await;
    }
    let mut events = reading.catch_up(server).await.into_iter();
    for (sql, expected) in statements {
        let expected: Vec<&str> = expected.split_whitespace().collect();
        let found: Vec<_> = events.by_ref().take(expected.len()).collect();
        let as_shown: Vec<String> = found.iter().map(|event| shown(event)).collect();
        assert_eq!(as_shown, expected, "{:?}: {sql}", server.product());
        assert!(
            found.iter().all(|event| event.action == Action::Create || detail(event, "digest").is_some())
        );
    }
    assert_eq!(events.next().map(|event| shown(&event)), None, "{:?}", server.product());
}

fn shown(event: &Event) -> String {
    let resource = event.resource.id.strip_prefix("mysql:orders-db/").expect("this source");
    // What has no key is named by its content.
    let resource = resource.split('#').next().unwrap_or_default();
    let action = serde_json::to_value(event.action).expect("a word");
    format!("{}:{resource}", action.as_str().expect("a word"))
}

fn captured(server: &MysqlServer) -> Config {
    Config {
        include: ["d.*", "odd*.*"].map(str::to_owned).to_vec(),
        exclude: vec!["*.x*".to_owned()],
        ..config(server, "d.*")
    }
}

#[tokio::test]
async fn every_definition_is_an_event_of_what_it_names() {
    let statements = [
        ("CREATE DATABASE d", "schema:d"),
        ("CREATE DATABASE hr", ""),
        ("USE d; CREATE TABLE IF NOT EXISTS `t` (id INT PRIMARY KEY, v INT)", "schema:d/t"),
        ("CREATE TABLE d.t2 LIKE d.t", "schema:d/t2"),
        ("CREATE TABLE d.x1 LIKE d.t; CREATE TABLE hr.t LIKE d.t; DROP TABLE hr.t", ""),
        ("USE hr; ALTER /* a */ TABLE d . t -- b\n ADD c INT", "schema:d/t"),
        ("ALTER TABLE d.t RENAME COLUMN c TO c2, ADD e INT", "schema:d/t"),
        ("USE d; ALTER TABLE t2 RENAME t3, ADD e INT", "schema:d/t2 schema:d/t3"),
        ("RENAME TABLE d.t TO d.t9, d.t3 TO d.t2", "schema:d/t schema:d/t9 schema:d/t3 schema:d/t2"),
        ("RENAME TABLE d.t9 TO d.x9, d.x1 TO d.t, d.x9 TO d.x1", "schema:d/t9 schema:d/t"),
        ("USE d; CREATE UNIQUE INDEX i ON t2 (v, id)", "schema:d/t2"),
        ("USE d; DROP INDEX i ON t2", "schema:d/t2"),
        ("CREATE INDEX i ON d.x1 (v); ALTER TABLE d.x1 ADD f INT", ""),
        ("USE d; CREATE VIEW v AS SELECT id FROM t", "schema:d/v"),
        ("USE hr; CREATE OR REPLACE VIEW d.v AS SELECT v FROM d.t", "schema:d/v"),
        ("DROP VIEW IF EXISTS d.v", "schema:d/v"),
        ("USE d; CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.v = 1", "schema:d/t"),
        ("DROP TRIGGER d.g", "schema:d"),
        (
            "CREATE PROCEDURE d.p() SELECT 1; ALTER PROCEDURE d.p COMMENT 'c'; DROP PROCEDURE d.p",
            "schema:d schema:d schema:d",
        ),
        ("CREATE PROCEDURE d.xp() SELECT 1; CREATE PROCEDURE hr.p() SELECT 1", ""),
        ("CREATE EVENT d.e ON SCHEDULE EVERY 1 DAY DO DELETE FROM d.t; DROP EVENT d.e", "schema:d schema:d"),
        ("TRUNCATE d.t2; USE d; TRUNCATE TABLE t2", "truncate:d/t2 truncate:d/t2"),
        ("TRUNCATE d.x1", ""),
        ("ALTER TABLE d.t PARTITION BY HASH(id) PARTITIONS 2", "schema:d/t"),
        ("ALTER TABLE d.t TRUNCATE PARTITION p0", "truncate:d/t"),
        (
            "CREATE DATABASE `odd-name``/x`; CREATE TABLE `odd-name``/x`.`a.b` (id INT PRIMARY KEY)",
            "schema:odd-name`%2Fx schema:odd-name`%2Fx/a.b",
        ),
        ("ALTER DATABASE `odd-name``/x` CHARACTER SET latin1", "schema:odd-name`%2Fx"),
        ("USE d; DROP TABLE t2, x1, `odd-name``/x`.`a.b`", "schema:d/t2 schema:odd-name`%2Fx/a.b"),
        (
            "USE d; INSERT INTO t VALUES (1, 1); CREATE TABLE copy AS SELECT id FROM t",
            "create:d/t/1 schema:d/copy create:d/copy/",
        ),
        (
            "CREATE TEMPORARY TABLE d.tmp (id INT); DROP TEMPORARY TABLE d.tmp; ANALYZE TABLE d.t; FLUSH TABLES",
            "",
        ),
        ("DROP DATABASE `odd-name``/x`; DROP DATABASE hr; DROP DATABASE d", "schema:odd-name`%2Fx schema:d"),
    ];
    for product in Product::ALL {
        let server = MysqlServer::start(MysqlOptions::recommended_of(product)).await;
        let mut reading = Reading::latest(captured(&server)).await;
        reported(&server, &mut reading, &statements).await;
    }
}

#[tokio::test]
async fn what_only_one_product_knows_is_an_event_too() {
    let mysql: &[(&str, &str)] = &[
        ("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY)", "schema:d schema:d/t"),
        // To MySQL this is a comment, whatever MariaDB would read in it.
        ("/*M!100000 FLUSH */ ALTER TABLE d.t ADD a INT", "schema:d/t"),
        ("/*!99999 FLUSH */ ALTER TABLE d.t ADD b INT", "schema:d/t"),
        ("/*!50000 ALTER */ TABLE d.t ADD c INT", "schema:d/t"),
        ("CREATE TABLESPACE s ADD DATAFILE 's.ibd'", "schema:binlog"),
        ("SET sql_mode = 'ANSI_QUOTES'; ALTER TABLE \"d\".\"t\" ADD e INT", "schema:d/t"),
    ];
    let mariadb: &[(&str, &str)] = &[
        ("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY)", "schema:d schema:d/t"),
        ("/*!99999 FLUSH */ ALTER TABLE d.t ADD b INT", "schema:d/t"),
        ("/*M!100000 ALTER */ TABLE d.t ADD c INT", "schema:d/t"),
        ("SET STATEMENT max_statement_time=10 FOR ALTER TABLE d.t ADD e INT", "schema:d/t"),
        ("RENAME TABLE d.t WAIT 5 TO d.u", "schema:d/t schema:d/u"),
        ("CREATE OR REPLACE TABLE d.t (id INT PRIMARY KEY)", "schema:d/t"),
        (
            "CREATE SEQUENCE d.q; ALTER SEQUENCE d.q RESTART 5; DROP SEQUENCE d.q",
            "schema:d/q schema:d/q schema:d/q",
        ),
    ];
    for (product, statements) in
        [(Product::Mysql, mysql), (Product::Mariadb10, mariadb), (Product::Mariadb11, mariadb)]
    {
        let server = MysqlServer::start(MysqlOptions::recommended_of(product)).await;
        let mut reading = Reading::latest(config(&server, "d.*")).await;
        reported(&server, &mut reading, statements).await;
    }
}

#[tokio::test]
async fn secrets_in_definitions_are_masked_and_the_rest_stays_readable() {
    for product in Product::ALL {
        let server = MysqlServer::start(MysqlOptions::recommended_of(product)).await;
        let mut reading = Reading::latest(config(&server, "d.*")).await;
        server
            .query(
                "CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, password VARCHAR(20) DEFAULT 'hunter2'); \
                 ALTER TABLE d.t COMMENT='password=hunter2'; \
                 ALTER TABLE d.t ADD v INT COMMENT 'a limit', CONNECTION='mysql://app:hunter2@db/d/t'; \
                 CREATE PROCEDURE d.p() ALTER USER root IDENTIFIED BY 'hunter2'; \
                 ALTER TABLE d.t ADD w INT /* token=hunter2hunter2 */ /*!50000 , ADD secret INT DEFAULT '42' */",
            )
            .await;
        let events = reading.catch_up(&server).await;
        assert_eq!(actions(&events), [Action::Schema; 6]);
        let printed = serde_json::to_string(&events).expect("json");
        assert!(!printed.contains("hunter2"), "{printed}");
        let text = detail(&events[3], "text").expect("a statement");
        assert!(text.contains("COMMENT 'a limit'") && text.contains("mysql://app:hmac-sha256:"), "{text}");
    }
}

#[tokio::test]
async fn an_alter_that_is_logged_in_two_phases_is_one_change_and_none_when_it_fails() {
    for product in Product::MARIADB {
        let options = MysqlOptions::recommended_of(product).with("--binlog-alter-two-phase=ON");
        let server = MysqlServer::start(options).await;
        server
            .query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, v INT); INSERT INTO d.t VALUES (1, 1), (2, 1)")
            .await;
        let mut reading = Reading::latest(config(&server, "d.*")).await;
        server.query("ALTER TABLE d.t ADD w INT, ALGORITHM=COPY").await;
        server
            .try_query("ALTER TABLE d.t ADD UNIQUE (v), ALGORITHM=COPY")
            .await
            .expect_err("the values are not unique");
        let events = reading.catch_up(&server).await;
        assert_eq!(actions(&events), [Action::Schema], "{product:?}");
        assert!(detail(&events[0], "text").is_some_and(|text| text.contains("ADD w")));
    }
}
