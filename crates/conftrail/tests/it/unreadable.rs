//! What cannot be read, or not be compared, reaches people: through every stage of the real program.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Stdio;

use conftrail_testkit::wait::until;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::cli::{Instance, SOON, conftrail, finished, serving};

const CONFIG: &str = "data_dir: data
sources: [{ name: etc, kind: files, path: config, interval: 100ms }]
rules: { dir: rules, routing: rules/routing.yaml }
api: { listen: '127.0.0.1:0' }
";
const ROUTING: &str = "global: { smtp_from: conftrail@example.com }
route: { receiver: on-call, group_wait: 0s, group_interval: 1s }
receivers:
  - name: on-call
    email_configs: [{ to: oncall@example.com, x-directory: ../mail }]
";
const RULES: &str = "version: 1
name: test
rules:
  - { id: key-changed, match: 'resource.name:key.bin', severity: warning }
";

/// Starts an instance that mails into `mail`, and waits until it has learned the directory.
async fn start(directory: &Path) -> Instance {
    std::fs::create_dir(directory.join("rules")).expect("written");
    for (name, text) in
        [("conftrail.yaml", CONFIG), ("rules/routing.yaml", ROUTING), ("rules/test.yaml", RULES)]
    {
        std::fs::write(directory.join(name), text).expect("written");
    }
    let started = conftrail(directory, &["run"]).stderr(Stdio::null()).spawn();
    let instance = Instance(started.expect("the program can be started"));
    serving(directory).await;
    until(SOON, "the files to be learned", async || {
        metrics(directory).await?.contains("conftrail_source_watermark_seconds{source=\"etc\"}").then_some(())
    })
    .await;
    instance
}

/// Returns what the instance answers to a scraper.
async fn metrics(directory: &Path) -> Option<String> {
    let address = std::fs::read_to_string(directory.join("data/local.address")).ok()?;
    let host = address.trim().strip_prefix("http://")?;
    let mut stream = tokio::net::TcpStream::connect(host).await.ok()?;
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    Some(answer)
}

/// Waits until the metric has this value.
async fn unreadable(directory: &Path, count: u64) {
    let line = format!("conftrail_source_unreadable{{source=\"etc\"}} {count}");
    until(SOON, &line, async || metrics(directory).await?.contains(&line).then_some(())).await;
}

/// Waits until a query finds something and returns it as `log -p` shows it.
async fn shown(directory: &Path, query: &str) -> String {
    until(SOON, query, async || {
        let (_, stdout, _) = finished(directory, &["--lang", "en", "log", query, "-p"]);
        (!stdout.is_empty()).then_some(stdout)
    })
    .await
}

/// Waits for a mail that holds a text and returns it, its lines unfolded.
async fn mail(directory: &Path, text: &str) -> String {
    until(SOON, &format!("a mail about {text}"), async || {
        let mails = std::fs::read_dir(directory.join("mail")).ok()?;
        let read =
            |entry: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(entry.ok()?.path()).ok();
        let unfolded = |mail: String| mail.replace("=\r\n", "").replace("\r\n ", " ");
        mails.filter_map(read).map(unfolded).find(|mail| mail.contains(text))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_read_is_on_record_in_the_metrics_and_in_the_mail_until_it_can_be() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let directory = directory.path();
    let file = directory.join("config/app.yaml");
    std::fs::create_dir(directory.join("config")).expect("written");
    std::fs::write(&file, "limit: 100\n").expect("written");
    let _instance = start(directory).await;
    unreadable(directory, 0).await;

    // A link that leads in circles in its place, in one step: not even root can read it.
    symlink("app.yaml", directory.join("config/.app.tmp~")).expect("a link");
    std::fs::rename(directory.join("config/.app.tmp~"), &file).expect("renamed");
    let said = shown(directory, "kind:health and after.state:unreadable and after.path:app.yaml").await;
    assert!(said.contains("state: + unreadable") && said.contains("error: + Too many levels"), "{said}");
    unreadable(directory, 1).await;
    mail(directory, "etc: app.yaml cannot be read: Too many levels of symbolic links").await;
    until(SOON, "the ledger to add up", async || {
        let (_, ledger, _) = finished(directory, &["ledger", "--output", "json"]);
        (ledger.contains("\"delivered\":1") && ledger.contains("\"unaccounted\":0")).then_some(())
    })
    .await;
    let (_, deleted, _) = finished(directory, &["search", "source.name:etc and action:delete"]);
    assert_eq!(deleted, "", "what cannot be read is not deleted");

    std::fs::write(directory.join("config/new~"), "limit: 500\n").expect("written");
    std::fs::rename(directory.join("config/new~"), &file).expect("renamed");
    shown(directory, "kind:health and after.state:ok and after.path:app.yaml").await;
    let said = shown(directory, "kind:file and action:update").await;
    assert!(said.contains("limit: 100 → 500"), "{said}");
    unreadable(directory, 0).await;
    mail(directory, "etc: app.yaml can be read again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_text_says_why_it_has_no_diff() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let directory = directory.path();
    std::fs::create_dir(directory.join("config")).expect("written");
    std::fs::write(directory.join("config/key.bin"), b"\xc9\xcf: 100\n").expect("written");
    let _instance = start(directory).await;
    std::fs::write(directory.join("config/key.bin"), b"\xc9\xcf: 500\n").expect("written");
    let sentence = "not UTF-8 text (binary, or another encoding), so size and fingerprint are all that is kept and there is no diff";
    let said = shown(directory, "flags:not_text").await;
    assert!(said.contains(sentence), "{said}");
    let id = said.lines().nth(1).and_then(|line| line.split_whitespace().next()).expect("an id").to_owned();
    let (_, _, stderr) = finished(directory, &["--lang", "en", "show", &id]);
    assert!(stderr.contains(sentence), "{stderr}");
    mail(directory, sentence).await;
}
