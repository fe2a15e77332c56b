//! Every column type with its edge values: what the server selects is what the event's after image says.

use conftrail_binlog::decode::Charset;
use conftrail_core::{Action, Value};
use conftrail_testkit::servers::{MysqlOptions, MysqlServer, Product};

use crate::reading::{Reading, config};

/// A column, its values as SQL, and how the server selects one in the form of the event format: as JSON text, from
/// which the event's value is compared. `{}` stands for the column.
struct Case {
    column: &'static str,
    values: &'static [&'static str],
    select: &'static str,
}

const PLAIN: &str = "{}";
const TEXT: &str = "CAST({} AS CHAR)";
const UTF8: &str = "CONVERT({} USING utf8mb4)";
const BASE64: &str = "JSON_OBJECT('$b64', REPLACE(TO_BASE64({}), '\\n', ''))";

const fn case(column: &'static str, select: &'static str, values: &'static [&'static str]) -> Case {
    Case { column, values, select }
}

const CASES: &[Case] = &[
    case("TINYINT", PLAIN, &["-128", "127", "0", "NULL"]),
    case("TINYINT UNSIGNED", PLAIN, &["0", "255"]),
    case("SMALLINT", PLAIN, &["-32768", "32767"]),
    case("SMALLINT UNSIGNED", PLAIN, &["65535"]),
    case("MEDIUMINT", PLAIN, &["-8388608", "-1", "-5", "8388607"]),
    case("MEDIUMINT UNSIGNED", PLAIN, &["16777215"]),
    case("INT", PLAIN, &["-2147483648", "2147483647"]),
    case("INT UNSIGNED", PLAIN, &["4294967295"]),
    case("BIGINT", PLAIN, &["-9223372036854775808", "9223372036854775807"]),
    case("BIGINT UNSIGNED", PLAIN, &["18446744073709551615", "9223372036854775808"]),
    case("BOOLEAN", PLAIN, &["TRUE", "FALSE"]),
    case("DECIMAL(10,2)", TEXT, &["-99999999.99", "0.01", "0", "-0.10"]),
    case(
        "DECIMAL(65,30)",
        TEXT,
        &["-99999999999999999999999999999999999.999999999999999999999999999999", "1e-30"],
    ),
    case("DECIMAL(9,0)", TEXT, &["123456789", "-1"]),
    case("FLOAT", "CAST(CAST({} AS CHAR) AS JSON)", &["0.1", "-1.5", "3.4e38", "1e-10"]),
    case("DOUBLE", PLAIN, &["0.1", "-1.7976931348623157e308", "5e-324", "123456.789"]),
    case("YEAR", "CAST({} AS UNSIGNED)", &["0", "1901", "2155"]),
    case("DATE", TEXT, &["'0000-00-00'", "'1000-01-01'", "'9999-12-31'", "'2026-00-00'"]),
    case("TIME", TEXT, &["'-838:59:59'", "'838:59:59'", "'00:00:00'"]),
    case("TIME(3)", TEXT, &["'-00:00:00.001'", "'12:34:56.780'", "'-838:59:58.999'"]),
    case("TIME(6)", TEXT, &["'-01:02:03.000001'", "'01:02:03.999999'"]),
    case("DATETIME", TEXT, &["'0000-00-00 00:00:00'", "'1000-01-01 00:00:00'", "'9999-12-31 23:59:59'"]),
    case("DATETIME(1)", TEXT, &["'2026-11-20 10:00:00.1'"]),
    case("DATETIME(6)", TEXT, &["'2026-11-20 10:00:00.000001'", "'0000-00-00 00:00:00'"]),
    case(
        "TIMESTAMP",
        "DATE_FORMAT({}, '%Y-%m-%dT%H:%i:%sZ')",
        &["'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'"],
    ),
    case(
        "TIMESTAMP(4)",
        "CONCAT(LEFT(DATE_FORMAT({}, '%Y-%m-%dT%H:%i:%s.%f'), 24), 'Z')",
        &["'2026-11-20 10:00:00.1230'"],
    ),
    case("TIMESTAMP(6)", "DATE_FORMAT({}, '%Y-%m-%dT%H:%i:%s.%fZ')", &["'2026-11-20 10:00:00.000001'"]),
    case("CHAR(10)", PLAIN, &["'a'", "''", "'ü世界'", "'x  y'"]),
    case("CHAR(255)", PLAIN, &["REPEAT('世', 255)"]),
    case("VARCHAR(300)", PLAIN, &["''", "'a\\nb'", "REPEAT('é', 300)"]),
    case("VARCHAR(20) CHARACTER SET latin1", PLAIN, &["'é€ÿ'"]),
    case("VARCHAR(20) CHARACTER SET gbk", PLAIN, &["'中文配置'"]),
    case("VARCHAR(20) CHARACTER SET gb18030", PLAIN, &["'中文€'"]),
    case("VARCHAR(20) CHARACTER SET big5", PLAIN, &["'中文'"]),
    case("VARCHAR(20) CHARACTER SET sjis", PLAIN, &["'日本語'"]),
    case("VARCHAR(20) CHARACTER SET ujis", PLAIN, &["'日本語'"]),
    case("VARCHAR(20) CHARACTER SET euckr", PLAIN, &["'한국어'"]),
    case("VARCHAR(20) CHARACTER SET utf16", UTF8, &["'a世😀'"]),
    case("VARCHAR(20) CHARACTER SET utf32", UTF8, &["'a世😀'"]),
    case("VARCHAR(20) CHARACTER SET ucs2", UTF8, &["'a世'"]),
    case("VARCHAR(20) CHARACTER SET utf8mb3", PLAIN, &["'a世'"]),
    case("VARCHAR(20) CHARACTER SET cp1251", PLAIN, &["'Привет'"]),
    case("TINYTEXT", PLAIN, &["'t'"]),
    case("TEXT", PLAIN, &["REPEAT('t', 65535)"]),
    case("MEDIUMTEXT", PLAIN, &["REPEAT('m', 70000)"]),
    case("LONGTEXT", PLAIN, &["'l'"]),
    case("BINARY(5)", BASE64, &["x'0100'", "x'00'", "x'0102030405'"]),
    case("VARBINARY(300)", BASE64, &["x'00ff00'", "''"]),
    case("TINYBLOB", BASE64, &["x'ff'"]),
    case("BLOB", BASE64, &["x'00ff'"]),
    case("MEDIUMBLOB", BASE64, &["REPEAT(x'fe', 70000)"]),
    case("LONGBLOB", BASE64, &["x'01'"]),
    case("BIT(1)", "{} + 0", &["b'1'", "b'0'"]),
    case("BIT(10)", "{} + 0", &["b'1000000001'"]),
    case("BIT(64)", "{} + 0", &["18446744073709551615", "b'1'"]),
    case("ENUM('','a','it''s','ü')", PLAIN, &["''", "'a'", "'it''s'", "'ü'"]),
    case("ENUM('x') CHARACTER SET gbk", PLAIN, &["'x'"]),
    case(
        "SET('a','b','c d')",
        "IF({} IS NULL, NULL, CAST(CONCAT('[', IF({}='', '', CONCAT('\"', REPLACE({}, ',', '\",\"'), '\"')), ']') AS JSON))",
        &["''", "'a,b'", "'b'"],
    ),
    case(
        "JSON",
        PLAIN,
        &[
            "'null'",
            "'{}'",
            "'[]'",
            "'{\"a\": {\"b\": [1, -2, 2.5, true, false, null, \"ü\"]}}'",
            "'18446744073709551615'",
            "'-9223372036854775808'",
            "JSON_OBJECT('k', REPEAT('v', 70000))",
            "'\"\"'",
            "'{\"\": 1}'",
            "JSON_ARRAY(REPEAT('a', 40000), 70000, -70000, 5000000000)",
            "'1e100'",
            "'{\"empty\": {\"x\": [[]]}}'",
        ],
    ),
    case(
        "POINT",
        "JSON_OBJECT('srid', ST_SRID({}), 'wkt', INSERT(ST_AsText({}), 6, 0, ' '))",
        &["POINT(3, 2)", "POINT(-1.5, 0)"],
    ),
    case("VECTOR(3)", "CAST(VECTOR_TO_STRING({}) AS JSON)", &["TO_VECTOR('[1,-2.5,0.5]')"]),
];

/// Types that only MariaDB has, and collations of its own.
const MARIADB_CASES: &[Case] = &[
    case(
        "UUID",
        PLAIN,
        &[
            "'123e4567-2f5c-41be-8ab2-382c4abdabab'",
            "'00000000-0000-0000-0000-000000000000'",
            "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
            "'018f0000-0000-7001-8002-000000000000'",
            "'6ccd780c-baba-1026-9564-5b8c65602400'",
            "UUID()",
            "NULL",
        ],
    ),
    case(
        "INET6",
        PLAIN,
        &[
            "'::'",
            "'::1'",
            "'2001:db8::'",
            "'::ffff:10.0.0.5'",
            "'::1.2.3.4'",
            "'::0.2.0.0'",
            "'fe80::1:0:0:1'",
            "'1:0:2:0:3:0:4:5'",
            "'1:0:0:2:0:0:0:3'",
            "'0:0:1:0:0:0:1:0'",
            "'1:2:3:4:5:6:7:0'",
            "'1:2:3:4:5:6:7:8'",
            "'::ffff:0:0'",
            "'::2:0:0'",
            "'::1:0'",
        ],
    ),
    case("INET4", PLAIN, &["'10.0.0.5'", "'0.0.0.0'", "'255.255.255.255'", "'10.0.0.0'"]),
    case("BINARY(16)", BASE64, &["x'00'", "x'0102030405060708090a0b0c0d0e0f00'"]),
    case("VARCHAR(20) COLLATE uca1400_ai_ci", PLAIN, &["'a世😀'"]),
    case("VARCHAR(20) COLLATE utf8mb4_croatian_ci", PLAIN, &["'Čć'"]),
    case("VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_nopad_bin", PLAIN, &["'é€ÿ'"]),
];

impl Case {
    /// Says whether a product has this type.
    fn is_known_to(&self, product: Product) -> bool {
        product == Product::Mysql || !["VECTOR", "gb18030"].iter().any(|word| self.column.contains(word))
    }

    /// How a product selects the value as JSON.
    fn select_of(&self, product: Product) -> String {
        match self.column {
            _ if product == Product::Mysql => self.select.to_owned(),
            // An alias for LONGTEXT there: what is stored is the text, with its spaces.
            "JSON" => "CONCAT({}, '')".to_owned(),
            "FLOAT" => "JSON_COMPACT(CAST({} AS CHAR))".to_owned(),
            column if column.starts_with("SET(") => {
                r#"JSON_COMPACT(CONCAT('[', IF({}='', '', CONCAT('"', REPLACE({}, ',', '","'), '"')), ']'))"#
                    .to_owned()
            }
            column if column.contains("CHARACTER SET") => UTF8.to_owned(),
            _ => self.select.to_owned(),
        }
    }
}

/// Values with a JSON number of the same value are the same: `1.0` and `1`, `1e2` and `100.0`.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Float(a), Value::Float(b)) => a == b || ((a - b) / b).abs() < 1e-5,
        (Value::Int(a), Value::Float(b)) => *a as f64 == *b,
        (Value::Float(a), Value::Int(b)) => *a == *b as f64,
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len()
                && a.iter().all(|(name, value)| b.get(name).is_some_and(|other| same(value, other)))
        }
        _ => ours == theirs,
    }
}

/// Writes every value and compares; returns how many values there were.
async fn check(options: MysqlOptions, of_case: fn(&Case) -> bool) -> usize {
    let server = MysqlServer::start(options).await;
    let product = server.product();
    let own = if product == Product::Mysql { &[] } else { MARIADB_CASES };
    let cases: Vec<&Case> =
        CASES.iter().chain(own).filter(|case| case.is_known_to(product) && of_case(case)).collect();
    let mut script =
        "SET SESSION sql_mode = '', time_zone = '+00:00'; CREATE DATABASE d CHARACTER SET utf8mb4; "
            .to_owned();
    let mut rows = 0;
    for (table, case) in cases.iter().enumerate() {
        script.push_str(&format!("CREATE TABLE d.t{table} (id INT PRIMARY KEY, c {} NULL); ", case.column));
        for (id, value) in case.values.iter().enumerate() {
            // The value comes by an update: then both images and both of their bitmaps are decoded.
            script.push_str(&format!("INSERT INTO d.t{table} VALUES ({id}, NULL); "));
            script.push_str(&format!("UPDATE d.t{table} SET c = {value} WHERE id = {id}; "));
            rows += 1;
        }
    }
    let mut reading = Reading::latest(config(&server, "d.*")).await;
    server.query(&script).await;
    let events = reading.catch_up(&server).await;
    let undecoded: Vec<_> = events.iter().filter(|event| event.action == Action::Undecoded).collect();
    assert!(undecoded.is_empty(), "{undecoded:?}");

    let mut right = 0;
    let mut wrong = Vec::new();
    for (table, case) in cases.iter().enumerate() {
        let value = case.select_of(product).replace("{}", "c");
        // One row a line, and the whole value as one JSON text.
        let select =
            format!("SET time_zone = '+00:00'; SELECT id, JSON_ARRAY({value}) FROM d.t{table} ORDER BY id");
        for row in server.query(&select).await {
            let id = &row[0];
            let theirs: Vec<Value> = serde_json::from_str(&row[1]).expect("json");
            let name = format!("mysql:orders-db/d/t{table}/{id}");
            let last = events.iter().rev().find(|event| event.resource.id == name).expect("an event");
            let ours =
                last.after.as_ref().and_then(Value::as_map).and_then(|map| map.get("c")).expect("a column");
            let theirs = theirs.first().cloned().unwrap_or_default();
            if same(ours, &theirs) {
                right += 1;
            } else {
                let cut = |value: &Value| value.display().chars().take(80).collect::<String>();
                wrong.push(format!("{} row {id}: {} is not {}", case.column, cut(ours), cut(&theirs)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {rows} are right, wrong are:\n{}", right, wrong.join("\n"));
    assert_eq!(right, rows);
    rows
}

#[tokio::test]
async fn with_full_metadata_every_value_is_what_the_server_selects() {
    check(MysqlOptions::recommended(), |_| true).await;
}

#[tokio::test]
async fn with_the_vendors_metadata_every_value_is_what_the_server_selects() {
    check(MysqlOptions::default(), |_| true).await;
}

#[tokio::test]
async fn on_mariadb_with_full_metadata_every_value_is_what_the_server_selects() {
    for product in Product::MARIADB {
        check(MysqlOptions::recommended_of(product), |_| true).await;
    }
}

#[tokio::test]
async fn on_mariadb_with_the_vendors_metadata_every_value_is_what_the_server_selects() {
    for product in Product::MARIADB {
        check(MysqlOptions::of(product).with("--binlog-format=ROW"), |_| true).await;
    }
}

#[tokio::test]
async fn times_in_the_formats_of_before_mariadb_10_1_are_what_the_server_selects() {
    let is_time = |case: &Case| case.column.starts_with("TIME") || case.column.starts_with("DATETIME");
    for options in [
        MysqlOptions::recommended_of(Product::Mariadb10),
        MysqlOptions::of(Product::Mariadb11).with("--binlog-format=ROW"),
    ] {
        let values = check(options.with("--mysql56-temporal-format=OFF"), is_time).await;
        assert!(values > 15, "{values}");
    }
}

#[tokio::test]
async fn every_collation_of_mariadb_belongs_to_its_character_set() {
    for product in Product::MARIADB {
        let server = MysqlServer::shared_of(product).await;
        let collations = server
            .query(
                "SELECT id, character_set_name FROM information_schema.collation_character_set_applicability \
                 WHERE id IS NOT NULL AND character_set_name IS NOT NULL",
            )
            .await;
        assert!(collations.len() > 300, "{}", collations.len());
        let wrong: Vec<_> = collations
            .iter()
            .filter(|row| {
                let found = Charset::of_collation(row[0].parse().expect("a number"));
                format!("{found:?}") != format!("{:?}", Charset::by_name(&row[1]))
            })
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}

#[tokio::test]
async fn wide_and_odd_tables_are_read() {
    let server = MysqlServer::start(MysqlOptions::recommended()).await;
    let columns: Vec<String> = (0..300).map(|column| format!("c{column} INT")).collect();
    let mut reading = Reading::latest(config(&server, "*.*")).await;
    server
        .query(&format!(
            "CREATE DATABASE d; CREATE TABLE d.wide (id INT PRIMARY KEY, {}); \
             INSERT INTO d.wide (id, c0, c299) VALUES (1, 10, 309); CREATE DATABASE `o d/d`; \
             CREATE TABLE `o d/d`.`t.\"表` (`b` INT, `a 1` INT, g INT AS (b + 1) STORED, h INT INVISIBLE DEFAULT 5, \
             PRIMARY KEY (`a 1`, b)); INSERT INTO `o d/d`.`t.\"表` (b, `a 1`) VALUES (2, 1)",
            columns.join(", ")
        ))
        .await;
    let events = reading.catch_up(&server).await;
    let rows: Vec<_> = events.iter().filter(|event| event.action == Action::Create).collect();
    let wide = rows[0].after.as_ref().and_then(Value::as_map).expect("a row");
    assert_eq!(
        (wide.len(), wide.get("c299"), wide.get("c1")),
        (301, Some(&Value::Int(309)), Some(&Value::Null))
    );
    assert_eq!(rows[1].resource.id, "mysql:orders-db/o%20d%2Fd/t.%22表/1,2");
    let odd = rows[1].after.as_ref().and_then(Value::as_map).expect("a row");
    assert_eq!((odd.get("g"), odd.get("h")), (Some(&Value::Int(3)), Some(&Value::Int(5))));
}
