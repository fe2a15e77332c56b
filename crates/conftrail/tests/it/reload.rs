//! Rules and routes change while an instance runs, and a broken file stops nothing.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use conftrail_core::own::Act;
use conftrail_core::ports::{OwnAudit as _, RuleSets as _};
use conftrail_sqlite::{ControlStore, Options};
use conftrail_testkit::wait::until;

const SOON: Duration = Duration::from_secs(30);
const GOOD: &str = "version: 1\nname: shop\nrules: [{ id: limit, match: 'path:limit' }]\n";
const OTHER: &str = "version: 1\nname: shop\nrules: [{ id: limit, match: 'path:other' }]\n";
const BROKEN: &str = "version: 1\nname: shop\nrules: [{ id: limit, mtach: 'path:limit' }]\n";

/// An installation with a directory as its source.
struct Home(tempfile::TempDir);

/// A running instance, which ends with its test.
struct Running(Child);

impl Home {
    fn new(rules: &str) -> Self {
        let home = Self(tempfile::tempdir().expect("a temporary directory"));
        std::fs::create_dir_all(home.at("config")).expect("made");
        std::fs::create_dir_all(home.at("rules")).expect("made");
        home.write("rules/shop.yaml", rules);
        home.write(
            "conftrail.yaml",
            "data_dir: data\nrules: { dir: rules, reload: 100ms }\napi: { listen: '127.0.0.1:0' }\n\
             sources: [{ name: etc, kind: files, path: config }]\n",
        );
        home
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.at(name), text).expect("a temporary directory can be written");
    }

    fn command(&self, argument: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_conftrail"));
        command.arg(argument).current_dir(self.0.path()).stdin(Stdio::null());
        command
    }

    fn start(&self) -> Running {
        let log = std::fs::File::options().create(true).append(true).open(self.at("log")).expect("a log");
        let mut command = self.command("run");
        Running(command.stderr(log).stdout(Stdio::null()).spawn().expect("the program can be started"))
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.at("log")).unwrap_or_default()
    }

    fn control(&self) -> Option<ControlStore> {
        ControlStore::open_read_only(&self.at("data"), &Options::default()).ok()
    }

    /// Returns the digest that is published, once it is another than `before`.
    async fn published(&self, before: Option<&str>) -> String {
        until(SOON, "another set to be published", async || {
            let digest = self.control()?.published_digest().await.ok()??;
            (Some(digest.as_str()) != before).then_some(digest)
        })
        .await
    }

    async fn acts(&self) -> Vec<Act> {
        let control = self.control().expect("a control store");
        control.acts_after(0, 1000).await.expect("acts").into_iter().map(|(_, act)| act).collect()
    }

    /// Returns how often it was recorded that the files were refused.
    async fn refusals(&self) -> usize {
        let refused = |act: &Act| {
            let state = act.after.as_ref()?.as_map()?.get("state")?.as_text()?.to_owned();
            (state == "rules_refused").then_some(())
        };
        self.acts().await.iter().filter_map(refused).count()
    }
}

impl Running {
    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.0.id().to_string()]).status();
        assert!(status.expect("kill can be run").success());
    }

    fn stop(mut self) {
        self.signal("-TERM");
        assert!(self.0.wait().expect("it ends").success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn rules_change_while_running_and_a_broken_file_changes_nothing_and_is_told_once() {
    let home = Home::new(GOOD);
    let running = home.start();
    let first = home.published(None).await;
    home.write("rules/shop.yaml", OTHER);
    let second = home.published(Some(&first)).await;

    home.write("rules/shop.yaml", BROKEN);
    until(SOON, "the refusal", async || (home.refusals().await == 1).then_some(())).await;
    running.signal("-HUP");
    until(SOON, "the refusal that was asked for", async || {
        (home.log().matches("has no key `mtach`; did you mean `match`?").count() >= 2).then_some(())
    })
    .await;
    assert_eq!(home.refusals().await, 1, "once for each content");
    assert_eq!(home.published(None).await, second, "what was good stays");
    assert!(home.log().contains("rules/shop.yaml:3:"), "{}", home.log());
    running.stop();

    // A start with the same broken file goes on with what was good and tells nothing twice.
    let running = home.start();
    until(SOON, "a start with the last good set", async || {
        home.log().contains("started with the last good set").then_some(())
    })
    .await;
    assert_eq!(home.refusals().await, 1);
    let check = home.command("check").output().expect("check runs");
    let said = String::from_utf8_lossy(&check.stdout);
    assert!(!check.status.success() && said.contains("shop.yaml:3:"), "{said}");
    assert!(said.contains("the last good set, of "), "{said}");

    home.write("rules/shop.yaml", GOOD);
    assert_eq!(home.published(Some(&second)).await, first, "the same texts have the same digest");
    until(SOON, "the end of the refusal on record", async || {
        let last = home.acts().await.into_iter().rev().find(|act| act.name == "rules")?;
        (last.message.as_deref() == Some("the files of rules and routes are in force")).then_some(())
    })
    .await;
    running.stop();
}

#[tokio::test]
async fn a_broken_routing_file_holds_back_good_rules_too() {
    let home = Home::new(GOOD);
    let routing = "route: { receiver: ops }\nreceivers: [{ name: ops, email_configs: [{ to: a@b.c, from: f@b.c, x-directory: mail }] }]\n";
    std::fs::create_dir(home.at("mail")).expect("made");
    home.write("who.yaml", routing);
    let config = std::fs::read_to_string(home.at("conftrail.yaml")).expect("written above");
    home.write("conftrail.yaml", &config.replace("dir: rules,", "dir: rules, routing: who.yaml,"));
    let running = home.start();
    let first = home.published(None).await;
    home.write("who.yaml", &routing.replace("receiver: ops }", "receiver: opps }"));
    home.write("rules/shop.yaml", OTHER);
    until(SOON, "the refusal", async || (home.refusals().await >= 1).then_some(())).await;
    assert_eq!(home.published(None).await, first, "rules and routes are one set");
    home.write("who.yaml", routing);
    home.published(Some(&first)).await;
    running.stop();
    assert!(is_private(&home.at("data")), "a routing file may hold a password");
}

fn is_private(directory: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = directory.metadata().expect("it is there").permissions().mode();
    mode & 0o077 == 0
}
