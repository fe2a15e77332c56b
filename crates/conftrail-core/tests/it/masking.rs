//! Masking of names, texts and statements.

use std::borrow::Cow;

use conftrail_core::mask::{MaskKey, MaskRules, Masker, holds_mask};
use conftrail_core::{Map, Value};

use super::masker;

/// Stands for a generated secret; every `§` of a sample becomes one.
const SECRET: &str = "x8Kq2mPz91Lw";

/// Checks that a sample's secrets are gone, that the rest of it stands, and that masking again changes nothing.
fn check_text(sample: &str, kept: &[&str]) {
    let masker = masker();
    let clear = sample.replace('§', SECRET);
    let masked = masker.text(&clear);
    assert!(!masked.contains(SECRET), "left in clear: {clear}\n{masked}");
    assert!(holds_mask(&masked), "{clear}\n{masked}");
    for kept in kept {
        assert!(masked.contains(kept), "{kept:?} should stay: {clear}\n{masked}");
    }
    assert_eq!(masker.text(&masked), masked, "masking again changed: {clear}");
}

#[test]
fn secrets_in_free_text_are_masked_and_their_surroundings_stay() {
    check_text("password=§", &["password="]);
    check_text("db.password = § and more\nlimit=5", &["db.password = ", "\nlimit=5"]);
    check_text("# old password: §", &["# old password: "]);
    check_text("the password was § until May", &["the password was ", "until May"]);
    check_text("数据库密码是§,请勿外传", &["数据库密码是"]);
    check_text("密码：§", &["密码："]);
    check_text("export DB_PASSWORD='§'; run", &["export DB_PASSWORD='", "'; run"]);
    check_text("mysql -h db -u root -p§ shop", &["mysql -h db -u root -p", " shop"]);
    check_text("tool --password § --limit 5", &["--password ", "--limit 5"]);
    check_text("tool --token=§ --limit 5", &["--token=", "--limit 5"]);
    check_text(
        "[\"--password\", \"§\", \"--limit\", \"5\"]",
        &["[\"--password\", \"", "\"--limit\", \"5\"]"],
    );
    check_text("{\\\"args\\\": [\\\"--password\\\", \\\"§\\\", \\\"5\\\"]}", &["\\\"5\\\"]"]);
    check_text("- --db.password\n- §\n- --limit\n- 5", &["- --limit\n- 5"]);
    check_text("- --token\n- '§'\n- x\n# password: b§", &["- --token\n- '", "\n- x\n"]);
    check_text("curl -u admin:§ https://host/x", &["curl -u admin:", "https://host/x"]);
    check_text("Authorization: Bearer §", &["Authorization: "]);
    check_text("-H 'Authorization: Basic §=='", &["Authorization: "]);
    check_text(
        "jdbc:mysql://db:3306/shop?user=app&password=§&useSSL=true",
        &["user=app&password=", "&useSSL=true"],
    );
    check_text("Server=db;Uid=app;Pwd=§;Port=3306", &["Uid=app;Pwd=", ";Port=3306"]);
    check_text("mongodb://app:§@h1:27017,h2:27017/x", &["mongodb://app:", "@h1:27017,h2:27017/x"]);
    check_text(r#"{"user": "bob", "password": "§", "limit": 5"#, &[r#""user": "bob""#, r#""limit": 5"#]);
    check_text(r#"{"name": "DB_PASSWORD", "value": "§"}"#, &[r#""name": "DB_PASSWORD""#]);
    check_text(r#"{\"password\": \"§\", \"limit\": 5}"#, &[r#"\"limit\": 5"#]);
    check_text(r#""tokens": ["§", "b§"], "limit": 5"#, &[r#""limit": 5"#]);
    check_text(
        "- name: DB_PASSWORD\n  value: §\n- name: LIMIT\n  value: 5",
        &["name: DB_PASSWORD", "value: 5"],
    );
    check_text(
        "- value: §\n  name: DB_PASSWORD\n- value: 5\n  name: LIMIT",
        &["name: DB_PASSWORD", "value: 5"],
    );
    check_text(
        r#"{"value": "§", "key": "db.password", "limit": 5"#,
        &[r#""key": "db.password", "limit": 5"#],
    );
    check_text("? password\n: §\n? limit\n: 5", &["? password\n: ", "? limit\n: 5"]);
    check_text("password: |\n  one §\n  two\nlimit: 5", &["password: |", "\nlimit: 5"]);
    check_text("passwords:\n  - §\n  - b§\nlimit: 5", &["passwords:\n  - ", "\nlimit: 5"]);
    check_text("secrets:\n  alice: §\n  bob: b§\nlimit: 5", &["alice: ", "bob: ", "\nlimit: 5"]);
    check_text("<password>§</password><limit>5</limit>", &["<password>", "</password><limit>5</limit>"]);
    check_text("<c password=\"§\" limit=\"5\"/>", &["password=\"", "\" limit=\"5\"/>"]);
    check_text(
        "<property name=\"db.password\" value=\"§\"/>",
        &["<property name=\"db.password\" value=\"", "\"/>"],
    );
    check_text("<entry key=\"db.password\">§</entry>", &["<entry key=\"db.password\">", "</entry>"]);
    check_text("<name>db.password</name>\n<value>§</value>", &["<name>db.password</name>", "</value>"]);
    check_text("<password><![CDATA[§]]></password>", &["<![CDATA[", "]]>"]);
    check_text("define('DB_PASSWORD', '§');", &["define('DB_PASSWORD', '", "');"]);
    check_text("setPassword(\"§\")", &["setPassword(\""]);
    check_text("machine h login bob password §", &["machine h login bob password "]);
    check_text("requirepass §", &["requirepass "]);
}

#[test]
fn tokens_are_known_by_their_shape() {
    for token in [
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuv",
        "glpat-zYxWvUtSrQpOnMlKjIhG",
        "xoxb-123456789012-abcdefGHIJKL",
        "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
        "AIzaSyA1234567890abcdefghijklmnopqrstuv",
        "npm_abcdefghijklmnopqrstuvwxyz0123456789",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N",
        "$2y$10$abcdefghijklmnopqrstuvwxyz012345",
        "LTAI5tAbCdEfGhIjKlMn",
    ] {
        let masker = masker();
        let text = format!("用 {token} 访问");
        let masked = masker.text(&text);
        assert!(!masked.contains(token), "{masked}");
        assert_eq!(masked, format!("用 {} 访问", masker.hash(token)));
    }
}

#[test]
fn private_keys_are_masked_whole_however_they_are_written() {
    let masker = masker();
    let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQC7\n";
    let key = format!("-----BEGIN RSA PRIVATE KEY-----\n{body}-----END RSA PRIVATE KEY-----");
    for text in [
        format!("key:\n{key}\nend"),
        format!("# {}\nlimit: 5", key.replace('\n', "\n# ")),
        format!("{{\"k\": \"{}\"}}", key.replace('\n', "\\n")),
        format!("cut short: {}", key.split("-----END").next().unwrap()),
    ] {
        let masked = masker.text(&text);
        assert!(!masked.contains("MIIEvQ") && !masked.contains("BKcwgg"), "{masked}");
        assert_eq!(masker.text(&masked), masked);
    }
}

#[test]
fn a_comment_and_a_sentence_go_on_behind_a_masked_value() {
    check_text(
        "<!-- password: § --> <timeout>5</timeout>",
        &["<!-- password: ", " --> <timeout>5</timeout>"],
    );
    check_text("<!--\n  password = §\n--> <limit>5</limit>", &["<limit>5</limit>"]);
    check_text("密码：§，请尽快修改", &["密码：", "，请尽快修改"]);
    check_text("# 数据库密码: §；勿外传。", &["；勿外传。"]);
    check_text("密码：§，旧密码：b§", &["密码："]);
}

#[test]
fn one_private_key_has_one_mask_wherever_it_stands() {
    let masker = masker();
    let key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----";
    let mask = masker.hash(key);
    for depth in [0, 2, 8] {
        let lines: Vec<String> = key.lines().map(|line| format!("{}{line}", " ".repeat(depth))).collect();
        let masked = masker.text(&lines.join("\n")).into_owned();
        assert_eq!(masked.trim(), mask);
    }
}

#[test]
fn ordinary_texts_are_borrowed() {
    let masker = masker();
    for text in [
        "",
        "raise the limit",
        "2026-11-20 10:00:00",
        "https://example.com/a?b=c",
        "支付超时时间调整为 5 秒",
        "shop.orders.timeout=500",
        "task done by make",
        "jdbc:mysql://db:3306/shop?useSSL=true",
        "basic settings",
        "password: null",
        "token:",
    ] {
        assert!(matches!(masker.text(text), Cow::Borrowed(_)), "{text}: {}", masker.text(text));
    }
}

#[test]
fn values_are_masked_by_name_by_neighbour_and_by_shape() {
    let masker = masker();
    let mut value: Value = serde_json::from_str(
        r#"{"limit": 5, "password": "a", "pin_password": 1234, "token": null, "use_token": true,
            "secrets": {"alice": ["a", 1, {"b": "c"}], "3f2a9b1c77de41": "bob"},
            "env": [{"name": "DB_PASSWORD", "value": "x"}, {"name": "LIMIT", "value": "5"}],
            "args": ["--limit", "5", "--db-sk", "x", "--token", "--verbose", "-password", "y"],
            "url": "mysql://a:hunter2@db/x", "ghp_16C7e42F292c6912E7710c838347Ae178B4a": 1,
            "nested": "{\"password\": \"x\"}"}"#,
    )
    .unwrap();
    let mut paths = Vec::new();
    masker.value(&mut value, "", &mut paths);
    let token = masker.hash("ghp_16C7e42F292c6912E7710c838347Ae178B4a");
    let key = masker.hash("3f2a9b1c77de41");
    let expected = [
        "password".to_owned(),
        "pin_password".into(),
        "secrets.alice[0]".into(),
        "secrets.alice[1]".into(),
        "secrets.alice[2].b".into(),
        format!("secrets.{key}"),
        format!("secrets.{key}"),
        "env[0].value".into(),
        "args[3]".into(),
        "args[7]".into(),
        "url".into(),
        token.clone(),
        "nested".into(),
    ];
    assert_eq!(paths, expected);
    let map = value.as_map().unwrap();
    assert_eq!(map.get("password"), Some(&Value::Text(masker.hash("a").into())));
    assert_eq!(map.get("pin_password"), Some(&Value::Text(masker.hash("1234").into())));
    assert_eq!(map.get("limit"), Some(&Value::Int(5)));
    assert_eq!(map.get("token"), Some(&Value::Null));
    assert_eq!(map.get(&token), Some(&Value::Int(1)));
    let once = value.clone();
    let mut again = Vec::new();
    masker.value(&mut value, "", &mut again);
    assert_eq!((value, again), (once, Vec::new()));
}

#[test]
fn a_kubernetes_secret_is_secret_whatever_its_keys_are_called() {
    let mut value: Value = serde_json::from_str(
        r#"{"kind": "Secret", "data": {"a": "Zm9v"}, "stringData": {"b": "bar"}, "type": "Opaque"}"#,
    )
    .unwrap();
    let mut paths = Vec::new();
    masker().value(&mut value, "", &mut paths);
    assert_eq!(paths, ["data.a", "stringData.b"]);
}

fn check_sql(sample: &str, kept: &[&str]) {
    let masker = masker();
    let clear = sample.replace('§', SECRET);
    let masked = masker.sql(&clear);
    assert!(!masked.contains(SECRET), "left in clear: {clear}\n{masked}");
    for kept in kept {
        assert!(masked.contains(kept), "{kept:?} should stay: {clear}\n{masked}");
    }
    assert_eq!(masker.sql(&masked), masked, "masking again changed: {clear}");
}

#[test]
fn statements_lose_their_secrets_and_keep_what_they_say() {
    check_sql(
        "update shop.users set name='bob', password='§' where id=42 /*user='alice'*/",
        &["name='bob'", "where id=42", "/*user='alice'*/"],
    );
    check_sql(
        "UPDATE u SET `pwd` = CONCAT('a', '§'), v=1 WHERE name='bob' AND token='§'",
        &["v=1", "name='bob'"],
    );
    check_sql(
        "insert into users (name, password, note) values ('bob', '§', 'hi'), ('eve', 'b§', 'ho')",
        &["'bob'", "'hi'", "'eve'", "'ho'"],
    );
    check_sql("insert into users values (1, '§')", &["values (1, "]);
    check_sql("replace into t(`k`, api_key) values ('a', x'§')", &["'a'"]);
    check_sql("insert into t set a='x', secret='§' on duplicate key update secret='§'", &["a='x'"]);
    check_sql("create user 'bob'@'10.%' identified by '§'", &["'bob'@'10.%'"]);
    check_sql("ALTER USER bob IDENTIFIED WITH mysql_native_password AS '§'", &["mysql_native_password"]);
    check_sql("set password for 'bob'@'%' = '§'", &["'bob'@'%'"]);
    check_sql("change replication source to source_host='h', source_password='§'", &["source_host='h'"]);
    check_sql(
        "update c set doc=json_set(doc, '$.db.password', '§') where k='a'",
        &["'$.db.password'", "k='a'"],
    );
    check_sql("update c set doc='{\"password\": \"§\", \"limit\": 5}'", &["\"limit\": 5"]);
    check_sql("update t set v=1 -- password is §\nwhere id=2", &["v=1", "where id=2"]);
    check_sql("update t set v=1 /*!50000 , token='§' */", &["v=1", "/*!50000 , token="]);
    check_sql("select '§' as password, 'x' from t where a in ('b')", &["'b'"]);
    check_sql("update t set url='mysql://a:§@db/x'", &["mysql://a:"]);
    check_sql("update t set password='it''s \\' §' where id=1", &["where id=1"]);
    check_sql("update t set password='§", &["update t set password="]);
    check_sql("update t set password=\"§\", b=\"c\"", &["b=\"c\""]);
}

#[test]
fn credentials_of_accounts_servers_and_replication_are_masked_wherever_they_stand() {
    check_sql("SET PASSWORD FOR bob = '§'", &["FOR bob = "]);
    check_sql("SET PASSWORD FOR `bob`@`%`='§' REPLACE 'b§'", &["`bob`@`%`="]);
    check_sql("SET STATEMENT max_statement_time=10 FOR SET PASSWORD FOR bob = PASSWORD('§')", &["=10 FOR"]);
    check_sql(
        "/*!50000 create user */ bob /*!50000 identified by */ '§'",
        &["bob /*!50000 identified by */"],
    );
    check_sql("/*M!100101 create user 'bob'@'%' identified by '§' */", &["'bob'@'%' identified by"]);
    check_sql("create user bob identified by /* ' */ '§*/', eve identified by 'b§'", &["eve identified by"]);
    check_sql(
        "create user bob identified via ed25519 using password('§') or mysql_native_password using '*b§' or unix_socket",
        &["identified via ed25519", "or unix_socket"],
    );
    check_sql("create user bob identified by password '*§', eve identified with 'p' as 'b§'", &["eve"]);
    check_sql("create user bob identified with caching_sha2_password as 0x§", &["caching_sha2_password"]);
    check_sql("create user bob identified by _binary'§' comment 'of shop'", &["comment 'of shop'"]);
    check_sql(
        "alter user user() identified by '§' replace 'b§' retain current password",
        &["retain current"],
    );
    check_sql("alter user bob identified by random password", &["identified by random password"]);
    check_sql("alter user bob attribute '{\\\"password\\\": \\\"§\\\", \\\"team\\\": \\\"a\\\"}'", &["team"]);
    check_sql("grant select on d.* to bob identified by '§', eve identified by 'b§'", &["on d.* to bob"]);
    check_sql(
        "create server s foreign data wrapper mysql options (host 'h', user 'u', password '§')",
        &["host"],
    );
    check_sql("start replica user='repl' password='§'", &["user='repl'"]);
    check_sql(
        "change master to master_host='h', master_password='§', master_port=3306",
        &["master_host='h'"],
    );
    check_sql("start group_replication user='repl', password='§'", &["user='repl'"]);
    check_sql("create table t (id int) connection='mysql://app:§@db/d/t'", &["mysql://app:", "@db/d/t"]);
}

#[test]
fn a_value_beside_the_name_of_a_secret_is_masked_in_every_form_of_statement() {
    check_sql(
        "insert into p (id, name, value) values (1, 'limit', '5'), (2, 'db.password', '§'), (3, 'url', 'x')",
        &["(1, 'limit', '5'), (2, 'db.password', ", "(3, 'url', 'x')"],
    );
    check_sql("insert into p (value, `key`, n) values ('§', 'api.token', 7)", &["'api.token', 7"]);
    check_sql("update p set value='§', n=1 where name='db.password'", &["n=1 where name='db.password'"]);
    check_sql("update p set p.value=_utf8mb4'§' where p.item_key in ('db.password', 'limit')", &["'limit')"]);
    check_sql(
        "insert into p set name='db.password', value='§' on duplicate key update value='b§'",
        &["name='db.password'"],
    );
    check_sql(
        "insert into p (name, value) values ('db.password', '§') on duplicate key update value='§'",
        &["'db.password'"],
    );
    check_sql("update p set value='500' where name='limit' and password='§'", &["value='500'", "'limit'"]);
}

#[test]
fn where_literals_end_is_read_as_the_session_has_it_and_both_ways_where_nobody_knows() {
    let masker = masker();
    let plain = r"create user bob identified by 'it\', eve identified by 'hunter2' comment 'of shop'";
    for backslash_escapes in [Some(false), None] {
        let masked = masker.sql_in(plain, backslash_escapes);
        assert!(!masked.contains("hunter2") && masked.contains("comment 'of shop'"), "{masked}");
        assert_eq!(masked.contains("eve identified by"), backslash_escapes.is_some(), "{masked}");
    }
    let escaped = r"create user bob identified by 'it\', eve identified by hunter2 '";
    assert!(!masker.sql_in(escaped, None).contains("hunter2"));
}

#[test]
fn of_a_statement_that_was_cut_what_may_be_secret_is_masked() {
    let masker = masker();
    let whole = "update t set v='open', w=concat('hunter2', 'x') where id=7 and note='hunter3 and more' and password='x'";
    let cut = &whole[..whole.find(" and more").unwrap()];
    let masked = masker.sql_beginning(cut, Some(true));
    assert!(!masked.contains("hunter"), "{masked}");
    assert!(masked.contains("set v='open'") && masked.contains("id=7"), "{masked}");
    assert_eq!(masker.sql_beginning(&masked, Some(true)), masked);
}

#[test]
fn a_literal_masks_as_the_row_image_does() {
    let masker = masker();
    let sql = masker.sql(r"update t set password='it''s\n' where pin_token=1234");
    assert!(sql.contains(&masker.hash("it's\n")), "{sql}");
    assert!(sql.contains(&masker.hash("1234")), "{sql}");
}

#[test]
fn masks_of_another_key_stay() {
    let other = Masker::new(MaskKey::new([8; 32]), &MaskRules::default()).unwrap();
    let mask = other.hash("hunter2");
    assert_eq!(masker().hash(&mask), mask);
    assert_eq!(masker().text(&format!("password={mask}")), format!("password={mask}"));
    let mut row = Map::default();
    row.insert("password", mask.as_str());
    let mut value = Value::Map(row.clone());
    masker().value(&mut value, "", &mut Vec::new());
    assert_eq!(value, Value::Map(row));
}
