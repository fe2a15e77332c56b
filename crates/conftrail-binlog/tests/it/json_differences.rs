//! JSON columns whose changes the server logs as differences (`binlog_row_value_options=PARTIAL_JSON`).

use std::sync::Arc;

use conftrail_core::{Action, Event, Value, flag};
use conftrail_testkit::servers::{MysqlOptions, MysqlServer};

use crate::reading::{Reading, actions, config, ids};

/// Long enough that a difference is shorter than the document.
const PAD: &str = "REPEAT('p', 200)";

/// A document and the expression that changes it.
const CASES: &[(&str, &str)] = &[
    (r#"{"a": 1}"#, "JSON_SET(doc, '$.a', 2)"),
    (r#"{"a": 1}"#, "JSON_SET(doc, '$.a', NULL)"),
    (r#"{"a": 1}"#, "JSON_SET(doc, '$.b', 2, '$.a', 3, '$.c', TRUE)"),
    (r#"{"a": 1}"#, "JSON_SET(doc, '$.a', 1)"),
    (r#"{"a": 1}"#, "JSON_REPLACE(doc, '$.nothere', 2)"),
    (r#"{"a": {"b": {"c": [1, 2, 3]}}}"#, "JSON_REPLACE(doc, '$.a.b.c[1]', 'two')"),
    (r#"{"a": {"b": {"c": [1, 2, 3]}}}"#, "JSON_REMOVE(doc, '$.a.b.c[0]', '$.a.b.c[0]')"),
    (r#"{"a": {"b": {"c": [1, 2, 3]}}}"#, "JSON_SET(doc, '$.a.b.c[3]', 4, '$.a.b.c[9]', 5)"),
    (r#"{"a": {"b": {"c": [1, 2, 3]}}}"#, "JSON_SET(doc, '$.a.b.c[last]', 'l', '$.a.b.c[last-1]', 'm')"),
    (r#"{"a": {"b": {"c": [1, 2, 3]}}}"#, "JSON_REMOVE(doc, '$.a.b.c[last]')"),
    (r#"{"a": {"b": {"c": [1, 2, 3]}}}"#, "JSON_REMOVE(JSON_SET(doc, '$.a.x', 1), '$.a.b')"),
    (r#"{"a": 1, "b": 2, "cc": 3}"#, "JSON_REMOVE(doc, '$.a', '$.b')"),
    (r#"{"a": 1, "b": 2, "cc": 3}"#, "JSON_SET(doc, '$.aa', 0, '$.ccc', 0, '$.a0', 0)"),
    (r#"{"x.y": 1, "x[0]": 2, "\"q\"": 3, "": 4, "b\\s": 5}"#, r#"JSON_SET(doc, '$."x.y"', 'dot')"#),
    (r#"{"x.y": 1, "x[0]": 2, "\"q\"": 3, "": 4, "b\\s": 5}"#, r#"JSON_SET(doc, '$."x[0]"', 'index')"#),
    (r#"{"x.y": 1, "x[0]": 2, "\"q\"": 3, "": 4, "b\\s": 5}"#, r#"JSON_SET(doc, '$."\\"q\\""', 'quote')"#),
    (r#"{"x.y": 1, "x[0]": 2, "\"q\"": 3, "": 4, "b\\s": 5}"#, r#"JSON_SET(doc, '$.""', 'empty')"#),
    (r#"{"x.y": 1, "x[0]": 2, "\"q\"": 3, "": 4, "b\\s": 5}"#, r#"JSON_REMOVE(doc, '$."b\\\\s"')"#),
    (r#"{"ключ": 1, "中 文": {"é": [0]}}"#, r#"JSON_SET(doc, '$."ключ"', 'да', '$."中 文"."é"[0]', '世')"#),
    (r#"{"line\nbreak": 1, "tab\t": 2}"#, r#"JSON_SET(doc, '$."line\\nbreak"', 7, '$."tab\\t"', 8)"#),
    (r#"{"a": [1]}"#, "JSON_SET(doc, '$.a[0][0]', 'wrapped')"),
    (r#"{"a": 1}"#, "JSON_SET(doc, '$.a[1]', 'made an array')"),
    (r#"{"a": 1}"#, "JSON_SET(doc, '$.a', CAST('{\"deep\": [[{}]], \"n\": null}' AS JSON))"),
    (
        r#"{"a": 1}"#,
        "JSON_SET(doc, '$.d', CAST(12.34 AS DECIMAL(6,3)), '$.t', TIMESTAMP('2026-11-20 10:00:00.5'))",
    ),
    (
        r#"{"a": 1}"#,
        "JSON_SET(doc, '$.big', 18446744073709551615, '$.small', -9223372036854775808, '$.f', 1.5e0)",
    ),
    (r#"{"a": 1}"#, "JSON_SET(doc, '$.long', REPEAT('v', 70))"),
    (r#"{"a": {"b": 1}}"#, "JSON_SET(doc, '$.a.b', 2, '$.a.c', doc->'$.a')"),
    (r#"{"password": "hunter2"}"#, "JSON_SET(doc, '$.n', 1)"),
];

fn column<'e>(row: Option<&'e Value>, name: &str) -> &'e Value {
    row.and_then(Value::as_map).and_then(|row| row.get(name)).expect("a column")
}

fn paths(event: &Event) -> Vec<&str> {
    event.changes.iter().map(|change| change.path.as_str()).collect()
}

/// Compares with the server's text of a document, where decimals are numbers and times have their form.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Text(decimal), Value::Float(number)) => decimal.parse() == Ok(*number),
        (Value::List(ours), Value::List(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().zip(theirs.iter()).all(|(ours, theirs)| same(ours, theirs))
        }
        (Value::Map(ours), Value::Map(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .zip(theirs.iter())
                    .all(|((name, ours), (other, theirs))| name == other && same(ours, theirs))
        }
        _ => ours == theirs,
    }
}

async fn with_table(columns: &str) -> MysqlServer {
    let server = MysqlServer::start(MysqlOptions::recommended()).await;
    server.query(&format!("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, {columns})")).await;
    server
}

/// How many updates the server logged that may tell differences.
async fn partial_events(server: &MysqlServer) -> usize {
    let file = server.data_dir().join("binlog.000001").display().to_string();
    server.mysqlbinlog(&[&file]).await.matches("Update_rows_partial").count()
}

#[tokio::test]
async fn differences_are_applied_to_the_document_before_them() {
    let server = with_table("doc JSON").await;
    let mut script = String::new();
    for (id, (document, _)) in CASES.iter().enumerate() {
        let document = document.replace('\\', "\\\\").replace('\'', "''");
        script.push_str(&format!(
            "INSERT INTO d.t VALUES ({id}, JSON_MERGE_PRESERVE('{document}', JSON_OBJECT('zzzzzz', {PAD}))); "
        ));
    }
    server.query(&script).await;
    let mut reading = Reading::latest(config(&server, "d.*")).await;
    let updates: String = CASES
        .iter()
        .enumerate()
        .map(|(id, (_, change))| format!("UPDATE d.t SET doc = {change} WHERE id = {id}; "))
        .collect();
    let before = server.query("SELECT id, doc FROM d.t").await;
    server.query(&format!("SET binlog_row_value_options = PARTIAL_JSON; {updates}")).await;
    let events = reading.catch_up(&server).await;
    assert!(actions(&events).iter().all(|action| *action == Action::Update), "{:?}", actions(&events));
    let after = server.query("SELECT id, doc FROM d.t").await;
    let document = |rows: &[Vec<String>], id: usize| -> Value {
        let row = rows.iter().find(|row| row[0] == id.to_string()).expect("a row");
        serde_json::from_str(&row[1]).expect("json")
    };
    let mut told = 0;
    for (id, (_, change)) in CASES.iter().enumerate() {
        let resource = format!("mysql:orders-db/d/t/{id}");
        let (was, is) = (document(&before, id), document(&after, id));
        let Some(event) = events.iter().find(|event| event.resource.id == resource) else {
            assert_eq!(was, is, "{change}: no event");
            continue;
        };
        told += 1;
        let ours = column(event.after.as_ref(), "doc");
        if change.contains("$.n'") {
            assert!(event.masked == ["doc.password"] && paths(event) == ["doc.n"], "{:?}", event.masked);
            continue;
        }
        assert!(same(ours, &is), "{change}: {} is not {}", ours.display(), is.display());
        assert!(same(column(event.before.as_ref(), "doc"), &was), "{change}");
    }
    assert!(told >= CASES.len() - 2, "{told} of {}", CASES.len());
    assert!(partial_events(&server).await >= told);
}

#[tokio::test]
async fn of_several_json_columns_each_has_its_own_differences() {
    let server = with_table("a JSON, n INT, b JSON, c JSON NULL, t TEXT, e JSON").await;
    server
        .query(&format!(
            "INSERT INTO d.t VALUES (1, JSON_OBJECT('v', 1, 'p', {PAD}), 1, JSON_OBJECT('v', 1, 'p', {PAD}), NULL, 't', \
             JSON_ARRAY(1, {PAD})); INSERT INTO d.t SELECT 2, a, n, b, a, t, e FROM d.t"
        ))
        .await;
    let mut reading = Reading::latest(config(&server, "d.*")).await;
    let expected = [
        ("SET b = JSON_SET(b, '$.v', 2)", vec!["b.v"]),
        ("SET a = JSON_SET(a, '$.v', 3), n = 2, e = JSON_SET(e, '$[0]', 4)", vec!["a.v", "n", "e[0]"]),
        ("SET c = JSON_OBJECT('new', 1), b = JSON_REMOVE(b, '$.v')", vec!["b.v", "c"]),
        ("SET c = NULL, a = JSON_SET(a, '$.w', 1)", vec!["a.w", "c"]),
        ("SET n = 9", vec!["n"]),
    ];
    let updates: String =
        expected.iter().map(|(change, _)| format!("UPDATE d.t {change} WHERE id = 1; ")).collect();
    server
        .query(&format!(
            "SET binlog_row_value_options = PARTIAL_JSON; {updates} \
             UPDATE d.t SET e = JSON_SET(e, '$[0]', id), c = JSON_SET(c, '$.v', id), id = id + 10 ORDER BY id; \
             DELETE FROM d.t WHERE id = 11"
        ))
        .await;
    let events = reading.catch_up(&server).await;
    for (event, (change, paths_changed)) in events.iter().zip(&expected) {
        assert_eq!(paths(event), *paths_changed, "{change}");
        // A session that ended before anybody looked tells no login, which is not the question here.
        let of_content = event.flags.iter().filter(|set| *set != flag::LOGIN_UNKNOWN);
        assert_eq!(of_content.count(), 0, "{:?}", event.flags);
    }
    assert_eq!(actions(&events[5..]), [Action::Rename, Action::Rename, Action::Delete]);
    let row = server.query("SELECT JSON_ARRAY(id, a, n, b, c, t, e) FROM d.t").await;
    let theirs: Vec<Value> = serde_json::from_str(&row[0][0]).expect("json");
    let last: &Arc<Event> = &events[6];
    let ours = last.after.as_ref().and_then(Value::as_map).expect("a row");
    assert_eq!(ours.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>(), theirs);
}

/// Logs two changes of a document and one of a number with an image.
async fn updates_with_image(image: &str) -> Vec<Arc<Event>> {
    let server = with_table("doc JSON, n INT").await;
    server.query(&format!("INSERT INTO d.t VALUES (1, JSON_OBJECT('a', 1, 'p', {PAD}), 1)")).await;
    let mut reading = Reading::latest(config(&server, "d.*")).await;
    server
        .query(&format!(
            "SET binlog_row_image = {image}, binlog_row_value_options = PARTIAL_JSON; \
             UPDATE d.t SET doc = JSON_SET(doc, '$.a', 2); UPDATE d.t SET n = 2; UPDATE d.t SET doc = '[]'"
        ))
        .await;
    assert!(partial_events(&server).await > 0);
    reading.catch_up(&server).await
}

#[tokio::test]
async fn differences_without_the_document_before_them_are_undecoded_and_never_silent() {
    let events = updates_with_image("MINIMAL").await;
    assert_eq!(actions(&events), [Action::Undecoded, Action::Update, Action::Update]);
    let detail = events[0].detail.as_ref().expect("a detail");
    let error = detail.get("error").and_then(Value::as_text).expect("an error");
    assert!(error.contains("without the document before them"), "{error}");
    assert_eq!(events[0].resource.id, "mysql:orders-db/d/t");
    assert_eq!(paths(&events[1]), ["n"]);
    assert!(events[2].has_flag("partial_image"));
}

#[tokio::test]
async fn with_noblob_images_the_server_logs_the_document_that_differences_need() {
    let events = updates_with_image("NOBLOB").await;
    assert_eq!(actions(&events), [Action::Update; 3]);
    assert_eq!(paths(&events[0]), ["doc.a"]);
    assert_eq!(paths(&events[1]), ["n"]);
}

#[tokio::test]
async fn differences_of_tables_that_are_not_captured_count_each_row() {
    let server = with_table("doc JSON").await;
    server
        .query(&format!(
            "CREATE TABLE d.x LIKE d.t; INSERT INTO d.t VALUES (1, JSON_OBJECT('a', 1, 'p', {PAD})), \
             (2, JSON_OBJECT('a', 1, 'p', {PAD})); INSERT INTO d.x SELECT * FROM d.t"
        ))
        .await;
    let mut whole = Reading::latest(config(&server, "d.*")).await;
    let mut one = Reading::latest(config(&server, "d.t")).await;
    server
        .query(
            "SET binlog_row_value_options = PARTIAL_JSON, binlog_transaction_compression = ON; BEGIN; \
             UPDATE d.x SET doc = JSON_SET(doc, '$.a', 2); UPDATE d.t SET doc = JSON_SET(doc, '$.a', 2); COMMIT",
        )
        .await;
    let whole = whole.catch_up(&server).await;
    let one = one.catch_up(&server).await;
    assert_eq!((whole.len(), one.len()), (4, 2));
    assert_eq!(ids(&one), ids(&whole[2..]), "ids do not depend on what is captured");
}
