//! What cannot be read is never taken for deleted.

use std::fs;
use std::os::unix::fs::symlink;

use conftrail_core::{Action, Checkpoint, ErrorKind, ResourceKind, StateChange, Value, explain};
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
    let error = failure(&mut watch).await;
    assert!(matches!(error.kind(), ErrorKind::Unavailable { .. }));
    let said = explain(&error);
    assert!(said.starts_with(&format!("read directory {}: No such file", root.display())), "{said}");
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
async fn a_file_that_cannot_be_read_is_told_and_neither_changed_nor_deleted() {
    let mut watch = Watch::new();
    watch.write("a.yaml", "v: 1\n");
    watch.write("b.yaml", "v: 1\n");
    watch.open().await;
    // A link that leads in circles cannot be looked at, whoever asks: root may read what permissions forbid.
    fs::rename(watch.path("a.yaml"), watch.path("a.yaml~")).unwrap();
    symlink("a.yaml", watch.path("a.yaml")).unwrap();
    assert_eq!(watch.health().await, ["unreadable a.yaml"]);
    assert_eq!(watch.unreadable(), Some(1));
    assert!(watch.settle().await.is_empty(), "it is told once");
    watch.write("b.yaml", "v: 2\n");
    assert_eq!(watch.event().await.resource.name, "b.yaml");
    fs::remove_file(watch.path("a.yaml")).unwrap();
    fs::rename(watch.path("a.yaml~"), watch.path("a.yaml")).unwrap();
    assert_eq!(watch.health().await, ["ok a.yaml"]);
    assert_eq!(watch.unreadable(), Some(0));
    assert!(watch.settle().await.is_empty());
    assert_eq!(watch.checkpoint.as_ref().unwrap().state.len(), 2, "nothing but the two files is kept");
}

#[tokio::test]
async fn what_is_said_of_an_unreadable_path_names_it_and_the_systems_reason() {
    let mut watch = Watch::new();
    watch.open().await;
    fs::create_dir(watch.path("app")).unwrap();
    symlink("/proc/self/mem", watch.path("app/a.yaml")).unwrap();
    let event = watch.event().await;
    assert_eq!((event.action, event.resource.kind), (Action::Update, ResourceKind::Health));
    assert_eq!(event.resource.id, "files:etc/health/path%2Fapp%2Fa.yaml");
    let said = event.reason.as_ref().unwrap().message.as_deref().unwrap();
    assert_eq!(said, "app/a.yaml cannot be read: Input/output error (os error 5)");
    assert_eq!(event.actor.name.as_deref(), Some("conftrail"));
    let paths: Vec<&str> = event.changes.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(paths, ["state", "path", "error"]);
    fs::remove_dir_all(watch.path("app")).unwrap();
    let events = watch.events().await;
    let ended = events.iter().find(|event| event.resource.kind == ResourceKind::Health).unwrap();
    assert_eq!(ended.resource.id, event.resource.id);
    let after = ended.after.as_ref().unwrap().as_map().unwrap();
    assert_eq!(after.get("state"), Some(&Value::from("gone")));
}

#[tokio::test]
async fn a_directory_that_cannot_be_read_is_one_event_and_its_files_are_not_deleted() {
    let mut watch = Watch::new();
    let elsewhere = tempfile::TempDir::new_in(watch.directory.path().parent().unwrap()).unwrap();
    watch.write("app/a.yaml", "v: 1\n");
    watch.write("app/b.yaml", "v: 1\n");
    watch.open().await;
    watch.close();
    fs::rename(watch.path("app"), elsewhere.path().join("app")).unwrap();
    fs::write(elsewhere.path().join("app/c.yaml"), "v: 1\n").unwrap();
    symlink("app", watch.path("app")).unwrap();
    watch.try_open().await.unwrap();
    assert_eq!(watch.health().await, ["unreadable app"]);
    // Whoever goes on does not tell it again.
    watch.open().await;
    assert_eq!(watch.unreadable(), Some(1));
    watch.close();
    fs::remove_file(watch.path("app")).unwrap();
    fs::rename(elsewhere.path().join("app"), watch.path("app")).unwrap();
    watch.try_open().await.unwrap();
    let events = watch.events().await;
    let mut told: Vec<(Action, &str)> =
        events.iter().map(|event| (event.action, event.resource.name.as_str())).collect();
    told.sort();
    // Nobody is said to have created what may have been there all the time.
    assert_eq!(told, [(Action::Update, "path/app"), (Action::Snapshot, "c.yaml")]);
}

#[tokio::test]
async fn what_nobody_asked_for_may_be_unreadable() {
    let mut watch = Watch::new();
    watch.config.include = vec!["app/**/*.yaml".to_owned()];
    watch.config.exclude = vec!["app/private/**".to_owned()];
    symlink("loop", watch.path("loop")).unwrap();
    fs::create_dir(watch.path("app")).unwrap();
    symlink("private", watch.path("app/private")).unwrap();
    watch.open().await;
    assert_eq!(watch.unreadable(), Some(0));
    symlink("loop", watch.path("app/loop")).unwrap();
    assert_eq!(watch.health().await, ["unreadable app/loop"]);
}

#[tokio::test]
async fn a_file_that_becomes_readable_later_is_seen_for_the_first_time() {
    let mut watch = Watch::new();
    // Reading this from its start fails for everyone, also for root.
    symlink("/proc/self/mem", watch.path("a.yaml")).unwrap();
    watch.try_open().await.unwrap();
    assert_eq!(watch.health().await, ["unreadable a.yaml"]);
    fs::remove_file(watch.path("a.yaml")).unwrap();
    watch.write("a.yaml", "v: 1\n");
    let events = watch.events().await;
    let event = events.iter().find(|event| event.resource.kind == ResourceKind::File).unwrap();
    assert_eq!((event.action, event.before.is_some(), event.changes.len()), (Action::Snapshot, false, 0));
    fs::remove_file(watch.path("a.yaml")).unwrap();
    symlink("/proc/self/mem", watch.path("a.yaml")).unwrap();
    assert_eq!(watch.health().await, ["unreadable a.yaml"]);
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
