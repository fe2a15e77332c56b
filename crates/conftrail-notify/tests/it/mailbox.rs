//! The directory that takes mail without a server.

use std::os::unix::fs::PermissionsExt as _;

use conftrail_core::ports::Receiver as _;
use conftrail_notify::mail::Config;

use crate::samples::{clear, notification, receiver};

#[tokio::test]
async fn each_message_becomes_one_readable_file_and_a_repeat_replaces_it() {
    let directory = tempfile::tempdir().unwrap();
    let mailbox = directory.path().join("mail");
    let receiver = receiver(Config { smarthost: String::new(), file: Some(mailbox.clone()), ..clear(1) });
    receiver.probe().await.unwrap();
    let notification = notification(&receiver);
    for _ in 0..2 {
        receiver.deliver(&notification).await.unwrap();
    }
    let files: Vec<_> =
        std::fs::read_dir(&mailbox).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files, ["20261120T100010000Z-4f6b0c0d9e8a.eml"]);
    let mode = std::fs::metadata(mailbox.join(&files[0])).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read_to_string(mailbox.join(&files[0])).unwrap();
    for expected in
        ["Subject: [CRITICAL] alice changed", "limit: 100", "Content-Type: text/html; charset=utf-8"]
    {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_is_a_retry() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("in-the-way");
    std::fs::write(&file, "").unwrap();
    let receiver = receiver(Config { file: Some(file.join("mail")), ..clear(1) });
    let reason = crate::delivery::retried(receiver.deliver(&notification(&receiver)).await.unwrap_err());
    assert!(reason.contains("mail directory"), "{reason}");
}
