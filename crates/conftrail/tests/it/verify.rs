//! `verify` as people type it: an intact record, an altered one, a copy, one proof, a lost key.

use std::path::Path;

use conftrail_testkit::wait::until;
use serde_json::Value as Json;

use crate::cli::{Instance, SOON, conftrail, finished, serving, terminate};

fn start(directory: &Path) -> Instance {
    std::fs::create_dir_all(directory.join("config")).expect("a temporary directory can be written");
    let text = "data_dir: data\nsources: [{ name: etc, kind: files, path: config }]\napi: { listen: '127.0.0.1:0' }\n";
    std::fs::write(directory.join("conftrail.yaml"), text).expect("a temporary directory can be written");
    let started = conftrail(directory, &["run"]).stderr(std::process::Stdio::piped()).spawn();
    Instance(started.expect("the program can be started"))
}

/// Runs an instance until it has recorded what a file holds, and returns what it said.
async fn record(directory: &Path, content: &str) -> String {
    let instance = start(directory);
    serving(directory).await;
    std::fs::write(directory.join("config/app.yaml"), format!("limit: {content}\n"))
        .expect("a temporary directory can be written");
    until(SOON, "the file to be recorded", async || {
        let (_, found, _) = finished(directory, &["search", content, "--count", "--offline"]);
        (found.trim() == "1").then_some(())
    })
    .await;
    terminate(instance)
}

fn verified(directory: &Path, more: &[&str]) -> (i32, Json) {
    let (code, out, error) = finished(directory, &[&["verify", "--output", "json"], more].concat());
    (code, serde_json::from_str(&out).unwrap_or_else(|_| panic!("{error}")))
}

#[tokio::test]
async fn an_intact_record_is_verified_and_an_altered_one_is_not() {
    let directory = tempfile::TempDir::new().expect("a temporary directory can be made");
    let directory = directory.path();
    record(directory, "apples").await;
    let (code, report) = verified(directory, &[]);
    assert_eq!(
        (code, &report["ok"], &report["newest"]["agrees"]),
        (0, &Json::Bool(true), &Json::Bool(true)),
        "{report}"
    );
    let (_, key, _) = finished(directory, &["verify", "--print-public-key"]);
    std::fs::write(directory.join("trail.pub"), key).expect("a temporary directory can be written");

    // One event's proof, with the key and nothing else.
    let (_, found, _) = finished(directory, &["search", "name:app.yaml", "--offline", "--output", "json"]);
    let event: Json =
        serde_json::from_str(found.lines().next().expect("it was recorded")).expect("it is JSON");
    let id = event["id"].as_str().expect("an event has an id");
    let (code, proof, _) = finished(directory, &["verify", "--proof", id]);
    assert_eq!(code, 0);
    std::fs::write(directory.join("event.tlog-proof"), proof).expect("a temporary directory can be written");
    let check =
        ["verify", "--check-proof", "event.tlog-proof", "--public-key", "trail.pub", "--data-dir", "none"];
    let (code, proven, _) = finished(directory, &check);
    assert!(code == 0 && proven.contains(id), "{proven}");

    // A bit of the stored file, wherever the event stands in it.
    let path = directory.join("data/trail.db");
    let mut bytes = std::fs::read(&path).expect("the trail is a file");
    let needle = b"files:etc/app.yaml";
    let places: Vec<usize> = bytes
        .windows(needle.len())
        .enumerate()
        .filter(|(_, window)| window == needle)
        .map(|(at, _)| at)
        .collect();
    places.iter().for_each(|at| bytes[at + 7] ^= 1);
    std::fs::write(&path, bytes).expect("a temporary directory can be written");
    let (code, report) = verified(directory, &["--data-dir", "data", "--public-key", "trail.pub"]);
    assert!(code == 1 && report["findings"][0]["kind"] == "changed", "{report}");
    let (code, shown, _) = finished(directory, &["verify"]);
    assert!(code == 1 && shown.contains("NOT WHAT WAS RECORDED") && shown.contains(id), "{shown}");
}

#[tokio::test]
async fn a_lost_signing_key_is_one_sentence_and_the_record_goes_on_and_says_so() {
    let directory = tempfile::TempDir::new().expect("a temporary directory can be made");
    let directory = directory.path();
    record(directory, "apples").await;
    std::fs::remove_file(directory.join("data/signing.key")).expect("it was made at the start");
    let said = record(directory, "pears").await;
    assert_eq!(said.lines().filter(|line| line.contains("the signing key")).count(), 1, "{said}");
    let (code, report) = verified(directory, &[]);
    assert_eq!((code, report["keys"].as_array().map(Vec::len)), (0, Some(2)), "{report}");
    let (code, shown, _) = finished(directory, &["verify"]);
    assert!(code == 0 && shown.contains("new key"), "{shown}");
}

#[test]
fn without_a_trail_or_a_key_verify_says_what_is_missing() {
    let directory = tempfile::TempDir::new().expect("a temporary directory can be made");
    let (code, _, said) = finished(directory.path(), &["verify", "--data-dir", "none"]);
    assert!(code == 1 && said.contains("signing.pub") && said.contains("--public-key"), "{said}");
    std::fs::write(directory.path().join("key"), "no key\n").expect("a temporary directory can be written");
    let (code, _, said) =
        finished(directory.path(), &["verify", "--data-dir", "none", "--public-key", "key"]);
    assert!(code == 1 && said.contains("holds no public key"), "{said}");
}

#[tokio::test]
async fn what_searches_read_is_named_when_it_is_asked_for_and_a_rebuild_makes_it_anew() {
    let directory = tempfile::TempDir::new().expect("a temporary directory can be made");
    let directory = directory.path();
    let instance = start(directory);
    serving(directory).await;
    let (code, _, said) = finished(directory, &["rebuild"]);
    assert!(code == 1 && said.contains("in use by another conftrail process"), "{said}");
    terminate(instance);
    record(directory, "apples").await;
    let (code, report) = verified(directory, &["--derived"]);
    assert_eq!((code, &report["derived"]), (0, &Json::from(0)), "{report}");

    let file = rusqlite::Connection::open(directory.join("data/trail.db")).expect("the trail is a database");
    file.execute_batch("INSERT INTO words (words) VALUES ('delete-all'); DELETE FROM current")
        .expect("nobody else writes");
    drop(file);
    let hits = || finished(directory, &["search", "apples", "--count", "--offline"]).1.trim().to_owned();
    assert_eq!(hits(), "0");
    let (code, shown, _) = finished(directory, &["verify"]);
    assert!(code == 0 && shown.contains("not looked at: full text"), "{shown}");
    let (code, shown, _) = finished(directory, &["verify", "--derived"]);
    let told = shown.contains("WHAT SEARCHES READ IS NOT MADE OF IT")
        && shown.contains("row current files:etc/app.yaml");
    assert!(code == 1 && told && !shown.contains("NOT WHAT WAS RECORDED"), "{shown}");

    let (code, shown, said) = finished(directory, &["rebuild"]);
    assert!(code == 0 && shown.contains("made anew"), "{shown}{said}");
    assert_eq!(hits(), "1");
    assert_eq!(verified(directory, &["--derived"]).0, 0);
    // It is an act of conftrail's own, and recorded as one at the next start.
    let instance = start(directory);
    serving(directory).await;
    until(SOON, "the rebuild to be recorded", async || {
        let query = "resource.kind:health and name:trail and after.derived:*";
        let (_, found, _) = finished(directory, &["search", query, "--count", "--offline"]);
        (found.trim() == "1").then_some(())
    })
    .await;
    terminate(instance);
}
