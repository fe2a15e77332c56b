//! What searches, counts and present values are read from is compared with the events, and made anew from them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use conftrail_core::integrity::{FindingKind, Report, SigningKey};
use conftrail_core::ports::{AuditReader as _, AuditWriter as _, Sealer as _, SearchRequest};
use conftrail_core::query::Query;
use conftrail_core::{Action, Event, EventId, Resource, ResourceKind, Timestamp};
use conftrail_sqlite::{Expected, Options, Rebuilt, Trail, rebuild, verify};
use conftrail_testkit::contract::events::{about, event, order, row_id, without_content};
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::task::JoinSet;

/// Updates of one row each, before the events of other kinds.
const UPDATES: u64 = 300;
/// All events of [`filled`].
const EVENTS: u64 = UPDATES + 6;

fn key() -> SigningKey {
    SigningKey::from_seed("conftrail/trail/test", [1; 32]).unwrap()
}

fn opened(directory: &Path) -> Trail {
    let trail = Trail::open(directory, &Options::default()).unwrap();
    trail.with_key(directory, key()).unwrap().0
}

/// An event about the whole of something.
fn wide(action: Action, kind: ResourceKind, name: &str, number: u64) -> Event {
    let resource = Resource::new("mysql", "orders-db", kind, Some("shop"), None, name);
    without_content(action, resource, number)
}

/// One event of each kind that moves present values, and two that come late: one into a slice of time that is there.
fn others() -> Vec<Event> {
    let mut renamed = Event { action: Action::Rename, ..about("6", event(UPDATES + 1)) };
    renamed.resource.renamed_to = Some(row_id("sixth").into());
    renamed.flags = vec!["late".into(), "no_key".into()];
    let late = |time: Timestamp, number: u64| {
        let id = EventId::derive(time, "orders-db", "late", number);
        Event { id, time, log: Some(order(number)), ..about("8", event(number)) }
    };
    let before = Timestamp::from_micros(event(10).time.micros() - 1);
    vec![
        Event { action: Action::Delete, after: None, ..about("5", event(UPDATES)) },
        renamed,
        wide(Action::Truncate, ResourceKind::Table, "flags", UPDATES + 2),
        wide(Action::Gap, ResourceKind::Source, "orders-db", UPDATES + 3),
        late(before, UPDATES + 4),
        late(event(20).time.plus(Duration::from_millis(500)), UPDATES + 5),
    ]
}

/// A trail of [`EVENTS`] events, closed.
async fn filled() -> TempDir {
    let directory = TempDir::new().unwrap();
    let trail = opened(directory.path());
    let updates: Vec<Arc<Event>> = (0..UPDATES).map(|number| Arc::new(event(number))).collect();
    for batch in updates.chunks(100) {
        trail.write(batch).await.unwrap();
    }
    for other in others() {
        trail.write(&[Arc::new(other)]).await.unwrap();
    }
    trail.seal().await.unwrap();
    directory
}

fn copied(from: &Path) -> TempDir {
    let to = TempDir::new().unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, to.path().join(path.file_name().unwrap())).unwrap();
    }
    to
}

fn report(directory: &Path, derived: bool) -> Report {
    let keys = vec![key().verifying_key().clone()];
    let expected = Expected { keys, pinned: true, checkpoints: Vec::new(), derived };
    verify(directory, &expected, &mut |_, _| {}).unwrap()
}

/// Alters the file as somebody would who knows it well.
fn alter(directory: &Path, sql: &str) {
    let file = Connection::open(directory.join("trail.db")).unwrap();
    file.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Returns statements with the keys of events in the place of `:N`.
fn with_keys(directory: &Path, sql: &str) -> String {
    let file = Connection::open(directory.join("trail.db")).unwrap();
    let mut select = file.prepare("SELECT leaf, key FROM leaves ORDER BY leaf DESC").unwrap();
    let keys = select.query_map([], |row| Ok((row.get::<_, u64>(0)?, row.get::<_, i64>(1)?))).unwrap();
    keys.map(Result::unwrap)
        .fold(sql.to_owned(), |sql, (leaf, key)| sql.replace(&format!(":{leaf} "), &format!("{key} ")))
}

fn found(report: &Report) -> Vec<(FindingKind, String)> {
    report.findings.iter().map(|one| (one.kind, one.row.clone().unwrap_or_default())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_events_make_is_found_as_they_make_it_also_beside_the_writer() {
    let directory = filled().await;
    let found = report(directory.path(), true);
    assert_eq!((found.ok, found.derived, found.size), (true, Some(0), EVENTS), "{:?}", found.findings);
    let noted: u64 = Connection::open(directory.path().join("trail.db"))
        .unwrap()
        .query_row("SELECT count(*) FROM unordered_slices", [], |row| row.get(0))
        .unwrap();
    assert_eq!(noted, 1);
    assert_eq!(report(directory.path(), false).derived, None);

    let trail = opened(directory.path());
    let mut writing = JoinSet::new();
    writing.spawn(async move {
        for number in EVENTS..EVENTS + 200 {
            trail.write(&[Arc::new(event(number))]).await.unwrap();
        }
    });
    for _ in 0..5 {
        let found = tokio::task::block_in_place(|| report(directory.path(), true));
        assert_eq!(found.derived, Some(0), "{:?}", found.findings);
    }
    writing.join_next().await.unwrap().unwrap();
    assert_eq!(report(directory.path(), true).size, EVENTS + 200);
}

/// The statement, and what must be said of it: the kind, and what the row begins with.
const ALTERATIONS: &[(&str, FindingKind, &str)] = &[
    // Full text: one word taken away, all of them, one put in, one moved, words of nothing.
    ("INSERT INTO words (words, rowid, text) VALUES ('delete', :7 , 'alice')", FindingKind::Changed, "words :7 "),
    (
        "CREATE VIRTUAL TABLE temp.v USING fts5vocab (main, words, instance);
         INSERT INTO words (words, rowid, text) SELECT 'delete', :7 , (SELECT group_concat(term, ' ') FROM v WHERE doc = :7 )",
        FindingKind::Removed,
        "words :7 ",
    ),
    ("INSERT INTO words (rowid, text) VALUES (:7 , 'mallory')", FindingKind::Changed, "words :7 "),
    (
        "INSERT INTO words (words, rowid, text) VALUES ('delete', :7 , 'alice');
         INSERT INTO words (rowid, text) VALUES (:7 , 'alice')",
        FindingKind::Changed,
        "words :7 ",
    ),
    ("INSERT INTO words (rowid, text) VALUES (77, 'mallory')", FindingKind::Added, "words 77 "),
    // Counts.
    (
        "UPDATE hourly SET count = count + 1 WHERE hour = (SELECT min(hour) FROM hourly)",
        FindingKind::Changed,
        "hourly ",
    ),
    ("DELETE FROM hourly WHERE hour = (SELECT min(hour) FROM hourly)", FindingKind::Removed, "hourly "),
    ("INSERT INTO hourly VALUES (1, 1)", FindingKind::Added, "hourly 1 "),
    ("UPDATE daily SET count = count - 1 WHERE value = 'alice'", FindingKind::Changed, "daily actor.name "),
    ("DELETE FROM daily WHERE value = 'no_key'", FindingKind::Removed, "daily flags "),
    (
        "INSERT INTO daily SELECT field, day, 'mallory', 3 FROM daily WHERE value = 'alice'",
        FindingKind::Added,
        "daily actor.name ",
    ),
    ("INSERT INTO daily VALUES ('action', 3, 'update', 1)", FindingKind::Added, "daily action 3 update "),
    ("INSERT INTO daily VALUES ('nothing', 20777, 'x', 1)", FindingKind::Added, "daily nothing 20777 x "),
    // Present values.
    (
        "UPDATE current SET deleted = 1 WHERE resource LIKE '%/flags/7'",
        FindingKind::Changed,
        "current mysql:orders-db/shop/flags/7 ",
    ),
    (
        "DELETE FROM current WHERE resource LIKE '%/flags/7'",
        FindingKind::Removed,
        "current mysql:orders-db/shop/flags/7 ",
    ),
    (
        "INSERT INTO current SELECT 'mysql:x/y/z/1', epoch, partition, offset, time, key, 0 FROM current WHERE key = :7 ",
        FindingKind::Added,
        "current mysql:x/y/z/1 ",
    ),
    (
        "UPDATE current SET offset = offset + 1000 WHERE resource LIKE '%/flags/7'",
        FindingKind::Changed,
        "current mysql:orders-db/shop/flags/7 ",
    ),
    ("UPDATE current SET key = :9 WHERE key = :7 ", FindingKind::Changed, "current mysql:orders-db/shop/flags/7 "),
    // Back to the value of before the deletion.
    (
        "UPDATE current SET (epoch, partition, offset, time, key) =
             (SELECT epoch, partition, offset, time, key FROM events WHERE key = :5 ), deleted = 0
         WHERE resource LIKE '%/flags/5'",
        FindingKind::Changed,
        "current mysql:orders-db/shop/flags/5 ",
    ),
    (
        "DELETE FROM unknown_since WHERE prefix LIKE '%/flags/'",
        FindingKind::Removed,
        "unknown_since mysql:orders-db/shop/flags/ ",
    ),
    (
        "UPDATE unknown_since SET time = time + 1 WHERE prefix LIKE '%/flags/'",
        FindingKind::Changed,
        "unknown_since mysql:orders-db/shop/flags/ ",
    ),
    (
        "INSERT INTO unknown_since SELECT 'mysql:', epoch, partition, offset, time, key FROM unknown_since LIMIT 1",
        FindingKind::Added,
        "unknown_since mysql: ",
    ),
    // The order of pages.
    ("DELETE FROM unordered_slices", FindingKind::Removed, "unordered_slices "),
    ("INSERT INTO unordered_slices VALUES (:9 >> 27)", FindingKind::Added, "unordered_slices "),
    ("INSERT INTO unordered_slices VALUES (1)", FindingKind::Added, "unordered_slices 1 "),
    // An index that leaves a row out, under the definition of before.
    (
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = replace(sql, 'IS NOT NULL', 'IS NULL') WHERE name = 'events_by_actor';
         PRAGMA writable_schema = RESET; REINDEX events_by_actor; PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = replace(sql, 'IS NULL', 'IS NOT NULL') WHERE name = 'events_by_actor'",
        FindingKind::Changed,
        "",
    ),
];

#[tokio::test]
async fn each_alteration_of_what_is_derived_is_named_and_a_rebuild_mends_it() {
    let intact = filled().await;
    for (sql, kind, row) in ALTERATIONS {
        let directory = copied(intact.path());
        let directory = directory.path();
        let (sql, row) = (with_keys(directory, sql), with_keys(directory, row));
        alter(directory, &sql);
        // The record itself is what was recorded, and nobody else looks at this.
        assert!(report(directory, false).ok, "{sql}");
        let altered = report(directory, true);
        let rows = found(&altered);
        let named =
            |(found, at): &(FindingKind, String)| *found == *kind && format!("{at} ").starts_with(&row);
        assert!(!altered.ok && !rows.is_empty() && rows.iter().all(named), "{sql}: {:?}", altered.findings);
        assert_eq!(altered.derived, Some(rows.len() as u64));
        assert!(row.is_empty() || rows.len() == 1, "{sql}: {:?}", altered.findings);

        let rebuilt = rebuild(directory, &mut |_, _| {}).unwrap();
        assert_eq!(rebuilt, Rebuilt { events: EVENTS, rows: 0, left_out: 0 });
        let mended = report(directory, true);
        assert!(mended.ok, "{sql}: {:?}", mended.findings);
    }
}

#[tokio::test]
async fn definitions_that_are_not_the_trails_own_are_named_without_being_asked_for() {
    let intact = filled().await;
    let table = [
        ("DROP INDEX events_by_actor", FindingKind::Removed, "sqlite_schema events_by_actor"),
        (
            "DROP INDEX events_by_actor; CREATE INDEX events_by_actor ON events (actor) WHERE actor <> 'alice'",
            FindingKind::Changed,
            "sqlite_schema events_by_actor",
        ),
        (
            "CREATE TRIGGER quiet AFTER INSERT ON events BEGIN DELETE FROM bodies WHERE key = new.key; END",
            FindingKind::Added,
            "sqlite_schema quiet",
        ),
    ];
    for (sql, kind, row) in table {
        let directory = copied(intact.path());
        alter(directory.path(), sql);
        assert_eq!(found(&report(directory.path(), false)), [(kind, row.to_owned())], "{sql}");
    }
}

#[tokio::test]
async fn what_was_altered_of_the_record_is_named_once_and_not_again_by_what_was_made_of_it() {
    let directory = filled().await;
    let sql = "UPDATE bodies SET body = x'00' WHERE key = :7 ; UPDATE events SET offset = offset + 1 WHERE key = :8 ;
               UPDATE events SET time = time - 1000 WHERE key = :9 ; DELETE FROM events WHERE key = :11 ;
               DELETE FROM bodies WHERE key = :11 ; DELETE FROM events WHERE key = :12 ;
               UPDATE events SET actor = 'mallory' WHERE key = :13 ";
    alter(directory.path(), &with_keys(directory.path(), sql));
    let altered = report(directory.path(), true);
    assert_eq!((altered.findings.len(), altered.derived), (6, Some(0)), "{:?}", altered.findings);

    // The columns can be made anew; what is gone of the record cannot, and is still named.
    let rebuilt = rebuild(directory.path(), &mut |_, _| {}).unwrap();
    assert_eq!(rebuilt, Rebuilt { events: EVENTS - 2, rows: 4, left_out: 2 });
    let mended = report(directory.path(), true);
    assert_eq!((mended.findings.len(), mended.derived), (2, Some(0)), "{:?}", mended.findings);
}

#[tokio::test]
async fn an_event_under_a_key_of_another_time_is_named() {
    let directory = filled().await;
    let moved: String = ["leaves", "bodies", "events", "current"]
        .iter()
        .map(|table| format!("UPDATE {table} SET key = key + (100000 << 27) WHERE key = :7 ;"))
        .collect();
    alter(directory.path(), &with_keys(directory.path(), &moved));
    assert!(report(directory.path(), false).ok);
    let altered = report(directory.path(), true);
    let named = |text: &str| altered.findings.iter().any(|finding| finding.text.contains(text));
    assert!(named("under a key of another time"), "{:?}", altered.findings);
}

#[tokio::test]
async fn a_full_text_that_is_gone_is_told_in_part_and_comes_back_whole() {
    let directory = filled().await;
    alter(directory.path(), "INSERT INTO words (words) VALUES ('delete-all')");
    let altered = report(directory.path(), true);
    let removed = found(&altered).into_iter().filter(|(kind, _)| *kind == FindingKind::Removed).count();
    assert!(removed >= 200, "{:?}", altered.findings);
    rebuild(directory.path(), &mut |_, _| {}).unwrap();
    assert!(report(directory.path(), true).ok);
    let trail = opened(directory.path());
    let query = Query::parse("alice").unwrap();
    let request = SearchRequest { query, since: None, until: None, limit: 1_000, cursor: None };
    assert_eq!(trail.search(request).await.unwrap().events.len() as u64, EVENTS);
}

#[tokio::test]
async fn a_rebuild_refuses_a_trail_that_is_not_there_or_in_use() {
    let directory = TempDir::new().unwrap();
    let said = |directory: &Path| {
        let error = rebuild(directory, &mut |_, _| {}).unwrap_err();
        conftrail_core::explain(&error)
    };
    assert!(said(directory.path()).contains("trail.db"));
    assert!(!directory.path().join("trail.db").exists());
    let trail = opened(directory.path());
    assert!(said(directory.path()).contains("in use by another conftrail process"));
    drop(trail);
}
