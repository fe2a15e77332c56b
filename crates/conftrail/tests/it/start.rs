//! The order of a start: what people wrote is judged before anything is read.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;

use conftrail_core::ports::Checkpoints as _;
use conftrail_sqlite::{ControlStore, Options};

#[tokio::test]
async fn a_broken_rule_ends_the_start_before_any_source_is_opened() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let directory = directory.path();
    // Whoever connects to it is seen.
    let server = TcpListener::bind("127.0.0.1:0").expect("a free port");
    server.set_nonblocking(true).expect("a listener");
    let port = server.local_addr().expect("a bound listener").port();
    for (path, text) in [
        ("config/app.yaml", "limit: 100\n".to_owned()),
        (
            "rules/shop.yaml",
            "version: 1\nname: shop\nrules: [{ id: limit, match: 'pth:limit' }]\n".to_owned(),
        ),
        (
            "conftrail.yaml",
            format!(
                "data_dir: data\nrules: {{ dir: rules }}\napi: {{ listen: '127.0.0.1:0' }}\nsources:\n\
                 \x20 - {{ name: etc, kind: files, path: config }}\n\
                 \x20 - {{ name: orders-db, kind: mysql, url: 'mysql://root@127.0.0.1:{port}', include: ['shop.*'] }}\n"
            ),
        ),
    ] {
        let path = directory.join(path);
        std::fs::create_dir_all(path.parent().expect("it is in a directory")).expect("made");
        std::fs::write(path, text).expect("a temporary directory can be written");
    }

    let mut run = Command::new(env!("CARGO_BIN_EXE_conftrail"));
    let run = run.arg("run").current_dir(directory).stdin(Stdio::null()).output();
    let ended = run.expect("the program can be started");
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert_eq!((ended.status.code(), ended.stdout.as_slice()), (Some(1), &b""[..]), "{stderr}");
    assert!(stderr.contains("shop.yaml:3") && stderr.contains("pth"), "{stderr}");
    assert!(server.accept().is_err_and(|error| error.kind() == ErrorKind::WouldBlock), "nobody connected");
    let control = ControlStore::open(&directory.join("data"), Duration::MAX, &Options::default());
    let control = control.expect("a start leaves a control store that can be opened");
    let positions = control.checkpointed_sources().await.expect("a list");
    assert!(positions.is_empty(), "no position was written: {positions:?}");
}
