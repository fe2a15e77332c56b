//! Every way in which files change, seen as one event each.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, SystemTime};

use conftrail_core::{Action, ChangeOp, Value};

use super::watch::Watch;

#[tokio::test]
async fn what_exists_at_the_start_is_learned_and_what_changes_is_an_event() {
    let mut watch = Watch::new();
    watch.write("app/db.yaml", "pool: 10\npassword: geheim7x9\n");
    watch.open().await;
    watch.write("app/db.yaml", "pool: 50\npassword: geheim7x9\n");
    let event = watch.event().await;
    assert_eq!(event.action, Action::Update);
    assert_eq!(event.resource.id, "files:etc/app/db.yaml");
    assert_eq!((event.resource.namespace.as_deref(), event.resource.name.as_str()), (Some("app"), "db.yaml"));
    assert_eq!(event.format.as_deref(), Some("yaml"));
    assert_eq!(event.changes.len(), 1);
    let change = &event.changes[0];
    assert_eq!((change.path.as_str(), change.op), ("pool", ChangeOp::Replace));
    assert_eq!((&change.before, &change.after), (&Some(Value::Int(10)), &Some(Value::Int(50))));
    assert_eq!(event.masked, ["password"]);
    let printed = serde_json::to_string(&event).unwrap();
    assert!(!printed.contains("geheim7x9"), "{printed}");
    assert!(!serde_json::to_string(&watch.checkpoint).unwrap().contains("geheim7x9"));
}

#[tokio::test]
async fn a_new_file_and_a_deleted_one_are_told_with_their_content() {
    let mut watch = Watch::new();
    watch.open().await;
    watch.write("支付/限额.properties", "上限=100\n");
    let created = watch.event().await;
    assert_eq!(created.action, Action::Create);
    assert_eq!(created.resource.id, "files:etc/支付/限额.properties");
    assert_eq!(created.changes[0].path, "上限");
    fs::remove_dir_all(watch.path("支付")).unwrap();
    let deleted = watch.event().await;
    assert_eq!(deleted.action, Action::Delete);
    assert_eq!(deleted.changes[0].op, ChangeOp::Remove);
    assert!(deleted.before.is_some() && deleted.after.is_none());
    assert!(watch.checkpoint.as_ref().unwrap().state.is_empty());
}

/// A way of saving a text to `a.yaml` in a directory.
type Save = fn(&Path, &str) -> io::Result<()>;

const WAYS: [(&str, Save); 6] = [
    ("truncate and write", |directory, text| fs::write(directory.join("a.yaml"), text)),
    ("write a new file and rename it over", |directory, text| {
        fs::write(directory.join(".a.yaml.swp"), text)?;
        fs::rename(directory.join(".a.yaml.swp"), directory.join("a.yaml"))
    }),
    ("rename to a backup and write anew", |directory, text| {
        fs::rename(directory.join("a.yaml"), directory.join("a.yaml~"))?;
        fs::write(directory.join("a.yaml"), text)?;
        fs::remove_file(directory.join("a.yaml~"))
    }),
    ("delete and write anew", |directory, text| {
        fs::remove_file(directory.join("a.yaml"))?;
        fs::write(directory.join("a.yaml"), text)
    }),
    ("overwrite in place", |directory, text| {
        fs::OpenOptions::new().write(true).open(directory.join("a.yaml"))?.write_all(text.as_bytes())
    }),
    ("write piece by piece", |directory, text| {
        let mut file = fs::File::create(directory.join("a.yaml"))?;
        for byte in text.bytes() {
            file.write_all(&[byte])?;
            file.sync_data()?;
        }
        Ok(())
    }),
];

#[tokio::test]
async fn every_editors_way_of_saving_is_one_update() {
    let mut watch = Watch::new();
    watch.write("a.yaml", "v: 100\n");
    watch.open().await;
    for (round, (way, save)) in (101..).zip(WAYS) {
        save(watch.directory.path(), &format!("v: {round}\n")).unwrap();
        let event = watch.event().await;
        assert_eq!(event.action, Action::Update, "{way}");
        assert_eq!(event.changes[0].before, Some(Value::Int(round - 1)), "{way}");
        assert_eq!(event.changes[0].after, Some(Value::Int(round)), "{way}");
    }
}

#[tokio::test]
async fn content_decides_and_not_the_files_times() {
    let mut watch = Watch::new();
    watch.write("a.yaml", "v: 100\n");
    watch.open().await;
    let times = fs::metadata(watch.path("a.yaml")).unwrap();
    let file = watch.path("a.yaml");
    let set = |time| fs::File::options().write(true).open(&file).unwrap().set_modified(time).unwrap();
    // Touched and left as it was: nothing.
    set(SystemTime::now());
    assert!(watch.settle().await.is_empty());
    // Changed with the old time and size restored: an event, at the time the system knows.
    watch.write("a.yaml", "v: 200\n");
    set(times.modified().unwrap() - Duration::from_secs(86_400));
    let event = watch.event().await;
    assert_eq!(event.changes[0].after, Some(Value::Int(200)));
    assert!(event.observed.since(event.time) < Duration::from_secs(60), "{} {}", event.time, event.observed);
}

#[tokio::test]
async fn a_configmaps_swap_changes_the_visible_files() {
    let mut watch = Watch::new();
    let swap = |watch: &Watch, version: &str, files: &[(&str, &str)]| {
        for (name, text) in files {
            watch.write(&format!("..{version}/{name}"), text);
        }
        symlink(format!("..{version}"), watch.path("..data_tmp")).unwrap();
        fs::rename(watch.path("..data_tmp"), watch.path("..data")).unwrap();
    };
    swap(&watch, "2026_11_20_1", &[("a.yaml", "v: 1\n"), ("b.yaml", "w: 1\n")]);
    for name in ["a.yaml", "b.yaml"] {
        symlink(format!("..data/{name}"), watch.path(name)).unwrap();
    }
    watch.open().await;
    assert_eq!(watch.checkpoint.as_ref().unwrap().state.keys().collect::<Vec<_>>(), ["a.yaml", "b.yaml"]);
    swap(&watch, "2026_11_20_2", &[("a.yaml", "v: 2\n"), ("b.yaml", "w: 1\n")]);
    fs::remove_dir_all(watch.path("..2026_11_20_1")).unwrap();
    let event = watch.event().await;
    assert_eq!((event.resource.id.as_str(), event.action), ("files:etc/a.yaml", Action::Update));
    // A key taken out of the map leaves a link to nowhere, which is then removed.
    swap(&watch, "2026_11_20_3", &[("a.yaml", "v: 2\n")]);
    fs::remove_file(watch.path("b.yaml")).unwrap();
    let event = watch.event().await;
    assert_eq!((event.resource.id.as_str(), event.action), ("files:etc/b.yaml", Action::Delete));
}

#[tokio::test]
async fn big_files_are_kept_by_size_and_fingerprint() {
    let mut watch = Watch::new();
    watch.config.max_bytes = 1000;
    watch.write("big.yaml", format!("a: {}\n", "x".repeat(2000)));
    watch.open().await;
    watch.write("big.yaml", format!("a: {}\n", "y".repeat(2001)));
    let event = watch.event().await;
    assert!(event.truncated && event.changes.is_empty());
    let after = event.after.as_ref().unwrap().as_map().unwrap();
    assert_eq!(after.get("bytes"), Some(&Value::Int(2005)));
    assert!(after.get("text").is_none() && after.get("fingerprint").is_some());
    assert_eq!(event.flags, [""; 0]);
    // Within the limit again: the new content is there, the old one never was.
    watch.write("big.yaml", "a: 1\n");
    let event = watch.event().await;
    assert!(event.truncated && event.after.as_ref().unwrap().as_map().unwrap().get("text").is_some());
}

#[tokio::test]
async fn what_is_not_utf_8_is_kept_by_size_and_fingerprint_and_says_so() {
    let mut watch = Watch::new();
    let encodings: [(&str, [&[u8]; 2]); 5] = [
        ("binary", [b"\x00\xff\x01", b"\x00\xff\x02"]),
        ("latin-1", [b"name: M\xfcller\n", b"name: M\xf6ller\n"]),
        ("gbk", [b"\xc9\xcf\xcf\xde: 100\n", b"\xc9\xcf\xcf\xde: 500\n"]),
        ("utf-16 with a mark", [b"\xff\xfev\x00:\x00 \x001\x00", b"\xff\xfev\x00:\x00 \x002\x00"]),
        ("utf-16 without one", [b"v\x00:\x00 \x001\x00", b"v\x00:\x00 \x002\x00"]),
    ];
    for (name, [before, _]) in encodings {
        watch.write(name, before);
    }
    watch.open().await;
    for (name, [_, after]) in encodings {
        watch.write(name, after);
        let event = watch.event().await;
        assert_eq!((event.action, event.resource.name.as_str()), (Action::Update, name));
        assert_eq!((event.flags.as_slice(), event.truncated), (&["not_text".into()][..], false), "{name}");
        assert!(event.changes.is_empty() && event.before != event.after);
        let after = event.after.as_ref().unwrap().as_map().unwrap();
        assert!(after.get("text").is_none() && after.get("fingerprint").is_some());
    }
    // The change to text has no diff either: the old content was never kept.
    watch.write("gbk", "上限: 500\n");
    let event = watch.event().await;
    assert_eq!((event.flags.as_slice(), event.changes.len()), (&["not_text".into()][..], 0));
    assert!(event.after.as_ref().unwrap().as_map().unwrap().get("text").is_some());
    watch.write("gbk", "上限: 600\n");
    assert_eq!(watch.event().await.flags, [""; 0]);
    // What is not kept is known across restarts.
    watch.close();
    watch.open().await;
    fs::remove_file(watch.path("binary")).unwrap();
    let event = watch.event().await;
    assert_eq!((event.action, event.flags.as_slice()), (Action::Delete, &["not_text".into()][..]));
}

#[tokio::test]
async fn what_does_not_parse_is_masked_and_says_so() {
    let mut watch = Watch::new();
    watch.open().await;
    watch.write("a.yaml", "{{ if }}\npassword: geheim7x9\n");
    let event = watch.event().await;
    assert_eq!(event.flags, ["unparsed"]);
    assert!(!serde_json::to_string(&event).unwrap().contains("geheim7x9"));
}

#[tokio::test]
async fn a_secret_in_a_files_name_does_not_become_its_id() {
    let mut watch = Watch::new();
    watch.open().await;
    watch.write("ghp_16C7e42F292c6912E7710c838347Ae178B4a.yaml", "a: 1\n");
    let event = watch.event().await;
    assert!(event.resource.name.starts_with("hmac-sha256:"), "{}", event.resource.name);
    watch.close();
    watch.open().await;
}

#[tokio::test]
async fn many_files_at_once_come_complete_and_once_each() {
    let mut watch = Watch::new();
    for number in 0..450 {
        watch.write(&format!("{number}.properties"), "a=1\n");
    }
    watch.open().await;
    for number in 0..450 {
        watch.write(&format!("{number}.properties"), "a=2\n");
    }
    let mut names = Vec::new();
    while names.len() < 450 {
        names.extend(watch.events().await.iter().map(|event| event.resource.name.clone()));
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 450);
}
