//! What cannot be read is never taken for deleted.

use std::fs;
use std::os::unix::fs::symlink;

use conftrail_core::{Action, Checkpoint, ErrorKind, StateChange, Value};
use conftrail_files::Source;

use super::watch::{Watch, masker};

/// Waits for the error that ends the stream.
async fn failure(watch: &mut Watch) -> conftrail_core::PortError {
    loop {
        if let Err(error) = watch.batch().await {
            return error;
        }
    }
}

#[tokio::test]
async fn a_directory_that_vanishes_is_unavailable_and_its_files_are_not_deleted() {
    let mut watch = Watch::new();
    let root = watch.path("root");
    watch.config.path = root.clone();
    watch.write("root/a.yaml", "v: 1\n");
    watch.open().await;
    fs::rename(&root, watch.path("away")).unwrap();
    assert!(matches!(failure(&mut watch).await.kind(), ErrorKind::Unavailable { .. }));
    assert!(watch.try_open().await.is_err_and(|error| error.is_retryable()));
    // An empty directory in its place, as an unmounted volume leaves it.
    fs::create_dir(&root).unwrap();
    assert!(watch.try_open().await.is_err_and(|error| error.is_retryable()));
    fs::remove_dir(&root).unwrap();
    fs::rename(watch.path("away"), &root).unwrap();
    watch.open().await;
    // The same directory, emptied by someone.
    fs::remove_file(root.join("a.yaml")).unwrap();
    assert_eq!(watch.event().await.action, Action::Delete);
}

#[tokio::test]
async fn a_file_in_place_of_the_directory_is_a_mistake_of_the_configuration() {
    let mut watch = Watch::new();
    watch.write("file", "");
    watch.config.path = watch.path("file");
    assert!(watch.try_open().await.is_err_and(|error| error.kind() == ErrorKind::Misconfigured));
    watch.config.path = std::path::PathBuf::new();
    assert!(Source::new(watch.config.clone(), masker()).is_err());
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_neither_changed_nor_deleted() {
    let mut watch = Watch::new();
    watch.write("a.yaml", "v: 1\n");
    watch.write("b.yaml", "v: 1\n");
    watch.open().await;
    // A link that leads in circles cannot be looked at, whoever asks: root may read what permissions forbid.
    fs::rename(watch.path("a.yaml"), watch.path("a.yaml~")).unwrap();
    symlink("a.yaml", watch.path("a.yaml")).unwrap();
    assert!(watch.settle().await.is_empty());
    watch.write("b.yaml", "v: 2\n");
    assert_eq!(watch.event().await.resource.name, "b.yaml");
    fs::remove_file(watch.path("a.yaml")).unwrap();
    fs::rename(watch.path("a.yaml~"), watch.path("a.yaml")).unwrap();
    assert!(watch.settle().await.is_empty());
}

#[tokio::test]
async fn a_file_that_becomes_readable_later_is_seen_for_the_first_time() {
    let mut watch = Watch::new();
    // Reading this from its start fails for everyone, also for root.
    symlink("/proc/self/mem", watch.path("a.yaml")).unwrap();
    watch.open().await;
    assert_eq!(watch.checkpoint.as_ref().unwrap().state.len(), 1);
    fs::remove_file(watch.path("a.yaml")).unwrap();
    watch.write("a.yaml", "v: 1\n");
    let event = watch.event().await;
    assert_eq!((event.action, event.before.is_some(), event.changes.len()), (Action::Snapshot, false, 0));
    fs::remove_file(watch.path("a.yaml")).unwrap();
    symlink("/proc/self/mem", watch.path("a.yaml")).unwrap();
    assert!(watch.settle().await.is_empty());
}

#[tokio::test]
async fn links_that_lead_back_up_are_followed_once() {
    let mut watch = Watch::new();
    watch.write("a/b.yaml", "v: 1\n");
    symlink("..", watch.path("a/up")).unwrap();
    symlink(".", watch.path("self")).unwrap();
    watch.open().await;
    assert_eq!(watch.checkpoint.as_ref().unwrap().state.len(), 1);
}

#[tokio::test]
async fn a_checkpoint_of_another_key_or_another_source_is_refused() {
    let mut watch = Watch::new();
    let mut checkpoint = Checkpoint::default();
    let mut entry = conftrail_core::Map::default();
    entry.insert("fingerprint", "hmac:00000000:00000000000000000000000000000000");
    entry.insert("bytes", 1_i64);
    let state = |value: Value| vec![StateChange { key: "a.yaml".to_owned(), value: Some(value) }];
    checkpoint.advance(Default::default(), state(Value::Map(entry)));
    watch.checkpoint = Some(checkpoint.clone());
    assert!(watch.try_open().await.is_err_and(|error| error.kind() == ErrorKind::Misconfigured));
    checkpoint.advance(Default::default(), state(Value::Int(1)));
    watch.checkpoint = Some(checkpoint);
    assert!(watch.try_open().await.is_err_and(|error| error.kind() == ErrorKind::Corrupt));
}
