//! The commands as people type them: exit codes, and one clear sentence for what is wrong.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use conftrail_testkit::wait::until;

pub(crate) const SOON: Duration = Duration::from_secs(60);

pub(crate) fn conftrail(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_conftrail"));
    command.current_dir(directory).args(arguments).env_remove("CONFTRAIL_FAILPOINT").stdin(Stdio::null());
    command
}

pub(crate) fn finished(directory: &Path, arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } =
        conftrail(directory, arguments).output().expect("the program can be started");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    (status.code().expect("it was not killed"), text(stdout), text(stderr))
}

/// A running instance, killed when its test fails.
pub(crate) struct Instance(pub(crate) Child);

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Writes a configuration that watches `config` and starts it.
fn start(directory: &Path) -> Instance {
    std::fs::create_dir_all(directory.join("config")).expect("a temporary directory can be written");
    let text = "data_dir: data\nsources: [{ name: etc, kind: files, path: config }]\napi: { listen: '127.0.0.1:0' }\n";
    std::fs::write(directory.join("conftrail.yaml"), text).expect("a temporary directory can be written");
    let started = conftrail(directory, &["run"]).stderr(Stdio::piped()).spawn();
    Instance(started.expect("the program can be started"))
}

pub(crate) async fn serving(directory: &Path) {
    until(SOON, "the instance to serve", async || {
        finished(directory, &["ledger", "--output", "json"]).1.contains("unaccounted").then_some(())
    })
    .await;
}

pub(crate) fn terminate(mut instance: Instance) -> String {
    let child = &mut instance.0;
    let pid = child.id().to_string();
    let told = Command::new("kill").args(["-TERM", &pid]).status().expect("kill can be started");
    assert!(told.success());
    assert!(child.wait().expect("the program can be waited for").success(), "SIGTERM is an orderly end");
    let lines = BufReader::new(child.stderr.take().expect("stderr is a pipe")).lines();
    lines.map_while(Result::ok).collect::<Vec<_>>().join("\n")
}

#[test]
fn without_a_source_run_names_three_ways_to_get_one() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let (code, stdout, stderr) = finished(directory.path(), &["run"]);
    assert_eq!((code, stdout.as_str()), (2, ""));
    for way in ["conftrail run --watch", "conftrail init --mysql", "sources:"] {
        assert!(stderr.contains(way), "{way} in {stderr}");
    }
}

#[test]
fn reading_without_an_instance_says_where_the_token_was_looked_for() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let (code, _, stderr) = finished(directory.path(), &["log"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("local.token") && stderr.contains("--offline"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_is_on_record_online_and_offline_alike() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let directory = directory.path();
    let instance = start(directory);
    serving(directory).await;
    std::fs::write(directory.join("config/app.yaml"), "limit: 100\n").expect("written");
    let query = ["search", "source.name:etc", "--output", "json", "--utc"];
    let found = until(SOON, "the change on record", async || {
        let (_, stdout, _) = finished(directory, &query);
        (!stdout.is_empty()).then_some(stdout)
    })
    .await;
    let offline = [query.as_slice(), &["--offline"]].concat();
    assert_eq!(finished(directory, &offline).1, found);
    let said = terminate(instance);
    assert!(said.contains("events stored") && said.contains("changes appended"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_and_another_mask_key_are_refused_in_one_sentence() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let directory = directory.path();
    let instance = start(directory);
    serving(directory).await;
    let (code, _, stderr) = finished(directory, &["run"]);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("log.db") && stderr.contains("in use by another conftrail process"), "{stderr}");
    terminate(instance);
    let key = directory.join("data/mask.key");
    std::fs::write(&key, "00".repeat(32)).expect("written");
    let (code, _, stderr) = finished(directory, &["run"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("put that key back"), "{stderr}");
    std::fs::remove_file(&key).expect("removed");
    let (code, _, stderr) = finished(directory, &["run"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("is lost: put it back at"), "{stderr}");
    let (code, stdout, _) = finished(directory, &["check"]);
    assert_eq!(code, 1);
    assert!(stdout.contains("is lost"), "{stdout}");
}
