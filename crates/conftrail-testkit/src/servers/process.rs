//! One running server script: its process, what it said when it was ready, and the signals it can be sent.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde::de::DeserializeOwned;

/// A script of `.ci/servers`. It ends its server when its stdin ends, thus at the latest with the test binary.
#[derive(Debug)]
pub(crate) struct ServerProcess {
    script: Child,
    // Held open for as long as the server shall run.
    stdin: Option<ChildStdin>,
    server: Pid,
}

/// What every script prints when its server is ready; the server's own fields stand beside it.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Ready<T> {
    pub(crate) port: u16,
    pid: i32,
    #[serde(flatten)]
    pub(crate) more: T,
}

/// The path of a script of `.ci/servers`.
pub(crate) fn script(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.ci/servers")).join(name)
}

impl ServerProcess {
    /// Runs `.ci/servers/NAME start ARGUMENTS` and waits until the server is ready. Panics when it does not get ready: a
    /// test never skips because a server is missing. The script's own words are on stderr then.
    pub(crate) async fn start<T>(name: &'static str, arguments: Vec<String>) -> (Self, Ready<T>)
    where
        T: DeserializeOwned + Send + 'static,
    {
        tokio::task::spawn_blocking(move || Self::start_blocking(name, &arguments))
            .await
            .expect("the thread that starts a server panics only with its message")
    }

    fn start_blocking<T: DeserializeOwned>(name: &str, arguments: &[String]) -> (Self, Ready<T>) {
        let path = script(name);
        let mut script = Command::new(&path)
            .arg("start")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("run {}: {error}", path.display()));
        let stdout = script.stdout.take().expect("stdout was asked to be a pipe");
        let mut line = String::new();
        let read = BufReader::new(stdout).read_line(&mut line);
        let ready: Ready<T> = match (read, serde_json::from_str(&line)) {
            (Ok(_), Ok(ready)) => ready,
            (read, _) => {
                let ended = script.wait();
                panic!(
                    "the server {name} did not start: {ended:?}, {read:?}, it printed {line:?}; its messages are on stderr"
                )
            }
        };
        let server = Pid::from_raw(ready.pid).expect("a script prints the pid of its server, never 0");
        let stdin = script.stdin.take();
        (Self { script, stdin, server }, ready)
    }

    /// Whether the server still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.script.try_wait(), Ok(None))
    }

    /// Sends a signal to the server. One that is gone already is no error.
    pub(crate) fn signal(&mut self, signal: Signal) {
        if self.is_running() {
            let _gone_in_the_meantime = kill_process(self.server, signal);
        }
    }

    /// Sends `signal` and waits until the server is gone.
    pub(crate) async fn end_with(&mut self, signal: Signal) {
        self.signal(signal);
        crate::wait::until(std::time::Duration::from_secs(60), "the server ends", async || {
            (!self.is_running()).then_some(())
        })
        .await;
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // A stopped server would not notice the end of its stdin.
        self.signal(Signal::CONT);
        drop(self.stdin.take());
        let _status = self.script.wait();
    }
}
