//! What is altered in the trail's file is found and named; what is not altered is proven.

use std::path::Path;
use std::sync::Arc;

use conftrail_core::Event;
use conftrail_core::integrity::{Bundle, Checkpoint, FindingKind, Report, SigningKey, VerifyingKey};
use conftrail_core::ports::{AuditWriter as _, Sealer as _};
use conftrail_sqlite::{Expected, Options, Trail, prove, verify};
use conftrail_testkit::contract::events::event;
use rusqlite::{Connection, params};
use tempfile::TempDir;

/// More than two stored subtrees, and an end that is in none.
const EVENTS: u64 = 700;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed("conftrail/trail/test", [seed; 32]).unwrap()
}

fn expected(seeds: &[u8]) -> Expected {
    let keys = seeds.iter().map(|seed| key(*seed).verifying_key().clone()).collect();
    Expected { keys, pinned: true, ..Expected::default() }
}

fn opened(directory: &Path, seed: u8) -> Trail {
    let trail = Trail::open(directory, &Options::default()).unwrap();
    let (trail, complaint) = trail.with_key(directory, key(seed)).unwrap();
    assert_eq!(complaint, None);
    trail
}

async fn write(trail: &Trail, numbers: std::ops::Range<u64>) {
    let events: Vec<Arc<Event>> = numbers.map(|number| Arc::new(event(number))).collect();
    for batch in events.chunks(100) {
        trail.write(batch).await.unwrap();
    }
}

/// A trail of [`EVENTS`] events, closed.
async fn filled() -> TempDir {
    let directory = TempDir::new().unwrap();
    let trail = opened(directory.path(), 1);
    write(&trail, 0..EVENTS).await;
    trail.seal().await.unwrap();
    directory
}

fn report(directory: &Path, expected: &Expected) -> Report {
    verify(directory, expected, &mut |_, _| {}).unwrap()
}

/// Alters the file as somebody would who knows it well.
fn alter(directory: &Path, alter: impl FnOnce(&Connection)) {
    let connection = Connection::open(directory.join("trail.db")).unwrap();
    alter(&connection);
}

/// Returns the findings about an event, as `kind table`.
fn about(report: &Report, number: u64) -> Vec<String> {
    let of_event = report.findings.iter().filter(|finding| finding.event == Some(event(number).id));
    of_event.map(|finding| format!("{} {}", finding.kind.as_str(), table(finding.row.as_deref()))).collect()
}

fn table(row: Option<&str>) -> &str {
    row.and_then(|row| row.split_once(' ')).map_or("", |(table, _)| table)
}

fn kinds(report: &Report) -> Vec<FindingKind> {
    report.findings.iter().map(|finding| finding.kind).collect()
}

fn key_of(connection: &Connection, number: u64) -> i64 {
    let id = event(number).id;
    connection.query_row("SELECT key FROM leaves WHERE id = ?1", [id.as_str()], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn an_intact_trail_agrees_with_its_newest_checkpoint_and_with_any_older_one() {
    let directory = filled().await;
    let found = report(directory.path(), &expected(&[1]));
    assert!(found.ok, "{:?}", found.findings);
    let newest = found.newest.unwrap();
    assert_eq!((found.size, newest.size, newest.agrees), (EVENTS, EVENTS, true));
    assert_eq!(Some(newest.root), found.root);
    let span = &found.sources[0];
    assert_eq!((span.source.as_str(), span.events, span.gaps.len()), ("mysql:orders-db", EVENTS, 0));
    assert_eq!((span.from, span.to), (event(0).time, event(EVENTS - 1).time));

    let trail = opened(directory.path(), 1);
    write(&trail, EVENTS..EVENTS + 50).await;
    // Beside the writer, and with a checkpoint that somebody kept.
    let kept = Expected { checkpoints: vec![newest.note], ..expected(&[1]) };
    let found = report(directory.path(), &kept);
    assert!(found.ok && found.size == EVENTS + 50, "{:?}", found.findings);
}

#[tokio::test]
async fn a_changed_body_is_named_and_so_is_any_changed_column() {
    let directory = filled().await;
    alter(directory.path(), |file| {
        let mut body: Vec<u8> = file
            .query_row("SELECT body FROM bodies WHERE key = ?1", [key_of(file, 5)], |row| row.get(0))
            .unwrap();
        let middle = body.len() / 2;
        body[middle] ^= 1;
        file.execute("UPDATE bodies SET body = ?2 WHERE key = ?1", params![key_of(file, 5), body]).unwrap();
        for (number, set) in [
            (10, "actor = 'mallory'"),
            (11, "time = time + 1"),
            (12, "flags = ' late '"),
            (13, "ticket = 'CHG-1'"),
            (14, "offset = offset + 1"),
        ] {
            let sql = format!("UPDATE events SET {set} WHERE key = ?1");
            file.execute(&sql, [key_of(file, number)]).unwrap();
        }
    });
    let found = report(directory.path(), &expected(&[1]));
    assert_eq!(about(&found, 5), ["changed bodies"]);
    for number in 10..15 {
        assert_eq!(about(&found, number), ["changed events"]);
    }
    assert_eq!(found.findings.len(), 6, "{:?}", found.findings);
    assert!(found.newest.unwrap().agrees);
}

#[tokio::test]
async fn an_event_rewritten_with_its_columns_is_named_and_with_its_leaf_is_narrowed_down() {
    let directory = filled().await;
    let forged = |number: u64, also: &str| {
        // What another trail would hold, had alice never been there.
        let other = tempfile::TempDir::new().unwrap();
        let trail = Trail::open(other.path(), &Options::default()).unwrap();
        let mut event = event(number);
        Arc::make_mut(&mut event.actor).name = Some("nobody".into());
        let also = also.to_owned();
        let (directory, id) = (directory.path().to_owned(), event.id);
        async move {
            trail.write(&[Arc::new(event)]).await.unwrap();
            drop(trail);
            alter(&directory, |file| {
                file.execute("ATTACH ?1 AS other", [other.path().join("trail.db").to_str().unwrap()])
                    .unwrap();
                let sql = format!(
                    "UPDATE bodies SET body = (SELECT body FROM other.bodies) WHERE key = {key};
                     UPDATE events SET actor = 'nobody' WHERE key = {key}; {also}",
                    key = key_of(file, number)
                );
                file.execute_batch(&sql.replace(":id", &format!("'{id}'"))).unwrap();
            });
        }
    };
    forged(20, "").await;
    let found = report(directory.path(), &expected(&[1]));
    assert_eq!(about(&found, 20), ["changed bodies"]);
    assert_eq!(found.findings.len(), 1, "{:?}", found.findings);

    forged(300, "UPDATE leaves SET hash = (SELECT hash FROM other.leaves) WHERE id = :id;").await;
    let found = report(directory.path(), &expected(&[1]));
    assert_eq!(about(&found, 20), ["changed bodies"]);
    // The subtree of 256 leaves, the state, and the signed checkpoint.
    let texts: Vec<&str> = found.findings.iter().map(|finding| finding.text.as_str()).collect();
    assert!(texts.iter().any(|text| text.contains("leaves 256 to 511")), "{texts:?}");
    assert!(texts.iter().any(|text| text.contains("exchanged together with their leaves")), "{texts:?}");
    assert!(!found.newest.unwrap().agrees);
}

#[tokio::test]
async fn rows_that_were_removed_or_added_are_named() {
    let directory = filled().await;
    alter(directory.path(), |file| {
        for number in [30, 31] {
            file.execute("DELETE FROM events WHERE key = ?1", [key_of(file, number)]).unwrap();
        }
        for number in [30, 32] {
            file.execute("DELETE FROM bodies WHERE key = ?1", [key_of(file, number)]).unwrap();
        }
        file.execute_batch(&format!(
            "CREATE TEMP TABLE one AS SELECT * FROM events WHERE key = {key};
             UPDATE one SET key = key + 1000, id = '{foreign}';
             INSERT INTO events SELECT * FROM one;
             INSERT INTO bodies SELECT key + 1000, body FROM bodies WHERE key = {key};",
            key = key_of(file, 40),
            foreign = event(9_999).id,
        ))
        .unwrap();
    });
    let found = report(directory.path(), &expected(&[1]));
    assert_eq!(about(&found, 30), ["removed bodies"]);
    assert_eq!(about(&found, 31), ["removed events"]);
    assert_eq!(about(&found, 32), ["removed bodies"]);
    assert_eq!(about(&found, 9_999), ["added events"]);
    let foreign: Vec<&str> = found
        .findings
        .iter()
        .filter(|finding| finding.event.is_none())
        .map(|f| table(f.row.as_deref()))
        .collect();
    assert_eq!(foreign, ["bodies"]);
    assert_eq!(found.findings.len(), 5, "{:?}", found.findings);
}

#[tokio::test]
async fn leaves_and_subtrees_that_were_touched_are_told_from_events() {
    let directory = filled().await;
    alter(directory.path(), |file| {
        file.execute("UPDATE leaves SET hash = zeroblob(32) WHERE leaf = 50", []).unwrap();
        file.execute("UPDATE nodes SET hash = zeroblob(32) WHERE number = 1", []).unwrap();
    });
    let found = report(directory.path(), &expected(&[1]));
    assert_eq!(about(&found, 50), ["changed leaves"]);
    assert!(found.findings.iter().any(|finding| finding.text.contains("the event itself is intact")));
    assert!(kinds(&found).contains(&FindingKind::Changed) && !found.ok);

    let directory = filled().await;
    alter(directory.path(), |file| {
        file.execute("DELETE FROM leaves WHERE leaf = 60", []).unwrap();
    });
    let found = report(directory.path(), &expected(&[1]));
    assert!(found.findings.iter().any(|finding| finding.leaf == Some(60)));
    assert_eq!(about(&found, 60), ["added events"]);
}

#[tokio::test]
async fn an_end_that_is_gone_is_told_by_the_file_of_checkpoints_or_by_one_that_was_kept() {
    let directory = TempDir::new().unwrap();
    let trail = opened(directory.path(), 1);
    write(&trail, 0..100).await;
    trail.seal().await.unwrap();
    drop(trail);
    let older = TempDir::new().unwrap();
    std::fs::copy(directory.path().join("trail.db"), older.path().join("trail.db")).unwrap();
    let trail = opened(directory.path(), 1);
    write(&trail, 100..130).await;
    trail.seal().await.unwrap();
    drop(trail);
    let note = report(directory.path(), &expected(&[1])).newest.unwrap().note;

    std::fs::copy(older.path().join("trail.db"), directory.path().join("trail.db")).unwrap();
    let found = report(directory.path(), &expected(&[1]));
    assert_eq!(kinds(&found), [FindingKind::RolledBack]);
    assert!(
        found.findings[0].text.contains("the last 30, from leaf 100 on, are gone"),
        "{:?}",
        found.findings
    );
    assert_eq!(found.findings[0].leaf, Some(100));
    // A start on it complains, once, and goes on.
    let trail = Trail::open(directory.path(), &Options::default()).unwrap();
    let (trail, complaint) = trail.with_key(directory.path(), key(1)).unwrap();
    assert!(complaint.unwrap().contains("older copy"));
    drop(trail);

    // With the file rolled back too, only a checkpoint that was kept elsewhere tells.
    assert!(report(older.path(), &expected(&[1])).ok);
    let kept = Expected { checkpoints: vec![note], ..expected(&[1]) };
    assert_eq!(kinds(&report(older.path(), &kept)), [FindingKind::RolledBack]);
}

#[tokio::test]
async fn rows_that_were_appended_without_a_signature_are_named() {
    let directory = filled().await;
    // The same program without the key: all it writes is consistent, and nothing of it is signed.
    let trail = Trail::open(directory.path(), &Options::default()).unwrap();
    write(&trail, EVENTS..EVENTS + 2).await;
    drop(trail);
    let found = report(directory.path(), &expected(&[1]));
    assert_eq!(about(&found, EVENTS), ["added leaves"]);
    assert_eq!(about(&found, EVENTS + 1), ["added leaves"]);
    assert_eq!(found.findings.len(), 2);
    let trail = Trail::open(directory.path(), &Options::default()).unwrap();
    let (_, complaint) = trail.with_key(directory.path(), key(1)).unwrap();
    assert!(complaint.unwrap().contains("was altered"));
}

#[tokio::test]
async fn another_key_is_told_and_counts_only_when_it_is_given() {
    let directory = filled().await;
    let trail = opened(directory.path(), 2);
    trail.seal().await.unwrap();
    write(&trail, EVENTS..EVENTS + 1).await;
    drop(trail);
    let found = report(directory.path(), &expected(&[1]));
    assert_eq!(kinds(&found), [FindingKind::Key]);
    assert!(found.findings[0].text.contains(&key(2).verifying_key().id_text()));
    // Given, and its change is not recorded by any event.
    let found = report(directory.path(), &expected(&[1, 2]));
    assert_eq!(kinds(&found), [FindingKind::Key]);
    let ids: Vec<&str> = found.keys.iter().map(|key| key.id.as_str()).collect();
    assert_eq!(ids, [key(1).verifying_key().id_text(), key(2).verifying_key().id_text()]);
    // A key that has signed nothing proves nothing.
    let found = report(directory.path(), &expected(&[3]));
    assert!(kinds(&found).contains(&FindingKind::Checkpoint) && found.newest.is_none());
}

#[tokio::test]
async fn forged_checkpoints_and_those_of_another_trail_do_not_count() {
    let directory = filled().await;
    let other = filled().await;
    let note = report(directory.path(), &expected(&[1])).newest.unwrap().note;
    let foreign = Expected { checkpoints: vec![note.clone()], ..expected(&[1]) };
    let found = report(other.path(), &foreign);
    assert_eq!(kinds(&found), [FindingKind::Checkpoint]);
    assert!(found.findings[0].text.contains("of another trail"));
    let forged = note.replacen("\n700\n", "\n701\n", 1);
    let found = report(directory.path(), &Expected { checkpoints: vec![forged], ..expected(&[1]) });
    assert_eq!(kinds(&found), [FindingKind::Checkpoint]);
    assert!(Checkpoint::unverified(&note).is_some());
}

#[tokio::test]
async fn every_event_has_a_proof_that_needs_the_key_only() {
    let directory = filled().await;
    let keys: Vec<VerifyingKey> = expected(&[1]).keys;
    for number in [0, 255, 256, 511, 512, EVENTS - 1] {
        let id = event(number).id;
        let bundle = prove(directory.path(), id).unwrap().unwrap();
        let read = Bundle::parse(&bundle.to_string()).unwrap();
        let (proven, checkpoint, _) = read.verify(&keys).unwrap();
        assert_eq!((proven, checkpoint.size), (id, EVENTS));
    }
    assert_eq!(prove(directory.path(), event(EVENTS).id).unwrap(), None);
}

#[tokio::test]
async fn events_of_before_the_tree_get_their_leaves_once() {
    let directory = filled().await;
    // As the version before left it: no tree, and bodies in the order of the fields.
    alter(directory.path(), |file| {
        file.execute_batch(
            "DROP TABLE leaves; DROP TABLE nodes; DROP TABLE tree; DROP TABLE checkpoints; DROP TABLE captured;
             DROP INDEX events_of_sources; PRAGMA user_version = 1",
        )
        .unwrap();
        let keys: Vec<i64> = file
            .prepare("SELECT key FROM bodies ORDER BY key")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        for (number, key) in (0..).zip(keys) {
            let plain = [b"\0".to_vec(), serde_json::to_vec(&event(number)).unwrap()].concat();
            file.execute("UPDATE bodies SET body = ?2 WHERE key = ?1", params![key, plain]).unwrap();
        }
    });
    std::fs::remove_file(directory.path().join("trail.checkpoints")).unwrap();
    let trail = opened(directory.path(), 1);
    trail.seal().await.unwrap();
    let found = report(directory.path(), &expected(&[1]));
    assert!(found.ok && found.size == EVENTS, "{:?}", found.findings);
    write(&trail, EVENTS - 10..EVENTS + 10).await;
    drop(trail);
    // What comes to be in the file afterwards never gets a leaf.
    alter(directory.path(), |file| {
        file.execute("INSERT INTO bodies SELECT key + 1, body FROM bodies ORDER BY key DESC LIMIT 1", [])
            .unwrap();
    });
    drop(opened(directory.path(), 1));
    let found = report(directory.path(), &expected(&[1]));
    assert_eq!((found.size, kinds(&found)), (EVENTS + 10, vec![FindingKind::Added]));
}

#[tokio::test]
async fn a_damaged_state_of_the_tree_is_named_and_does_not_stop_the_recording() {
    let directory = filled().await;
    alter(directory.path(), |file| {
        file.execute("UPDATE tree SET peaks = x'00'", []).unwrap();
    });
    assert_eq!(kinds(&report(directory.path(), &expected(&[1]))), [FindingKind::Tree]);
    let trail = opened(directory.path(), 1);
    write(&trail, EVENTS..EVENTS + 10).await;
    let found = report(directory.path(), &expected(&[1]));
    assert!(found.ok && found.size == EVENTS + 10, "{:?}", found.findings);
}

#[tokio::test]
async fn a_damaged_page_is_named_by_what_stood_on_it() {
    let directory = filled().await;
    let path = directory.path().join("trail.db");
    let page: i64 = {
        let file = Connection::open(&path).unwrap();
        // The root page of bodies is an inner one; its cells name the pages below.
        file.query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'bodies'", [], |row| row.get(0))
            .unwrap()
    };
    let mut bytes = std::fs::read(&path).unwrap();
    let size = 16_384;
    let root = usize::try_from(page - 1).unwrap() * size;
    let below = u32::from_be_bytes(bytes[root + 8..root + 12].try_into().unwrap()) as usize;
    let damaged = (below - 1) * size;
    bytes[damaged] ^= 0xff;
    std::fs::write(&path, bytes).unwrap();
    let found = report(directory.path(), &expected(&[1]));
    assert!(!found.ok);
    assert!(kinds(&found).contains(&FindingKind::Unreadable), "{:?}", found.findings);
}
