//! A real SMTP server that keeps what it receives.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use rustix::process::Signal;
use tempfile::TempDir;

use super::process::ServerProcess;
use super::tls::Certificates;

/// How the server speaks TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SmtpTls {
    /// Not at all.
    #[default]
    None,
    /// After STARTTLS, without which mail is refused (530).
    Starttls,
    /// From the first byte.
    Implicit,
}

/// What the server asks for, and the faults it plays.
#[derive(Debug, Clone, Default)]
pub struct SmtpOptions {
    /// How it speaks TLS.
    pub tls: SmtpTls,
    /// The user and password that a sender must give (530 without, 535 when wrong).
    pub login: Option<(String, String)>,
    /// Recipients that are refused for good (550).
    pub reject: Vec<String>,
    /// Recipients that are refused for now (451): always, or the first so many times.
    pub tempfail: Vec<(String, Option<u32>)>,
    /// Greylisting: so many first attempts for each recipient get 451.
    pub defer: u32,
    /// So many first mails are kept but never answered.
    pub hang_after_data: u32,
}

/// A mail as the server received it.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Mail {
    /// Counts up from 1.
    pub seq: u64,
    /// When it was received, in seconds since 1970.
    pub time: f64,
    /// Whether the sender heard that it was accepted.
    pub answered: bool,
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipients that were accepted.
    pub to: Vec<String>,
    /// Whether it came over TLS.
    pub tls: bool,
    /// The user that the sender authenticated as.
    pub auth: Option<String>,
    /// The name that the sender greeted with.
    pub helo: String,
    /// Names and decoded values, in order.
    pub headers: Vec<(String, String)>,
    /// The decoded text part.
    pub text: Option<String>,
    /// The decoded HTML part.
    pub html: Option<String>,
    raw: String,
}

impl Mail {
    /// The decoded value of the first header of this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The bytes as received.
    pub fn raw(&self) -> Vec<u8> {
        base64::engine::general_purpose::STANDARD.decode(&self.raw).expect("the sink writes base64")
    }
}

/// A running SMTP server on 127.0.0.1 (its certificate names `localhost` too). It is gone when the handle is dropped or
/// the test binary ends.
#[derive(Debug)]
pub struct SmtpSink {
    process: ServerProcess,
    options: SmtpOptions,
    port: u16,
    certificates: Option<Certificates>,
    dir: TempDir,
}

#[derive(Debug, serde::Deserialize)]
struct SmtpReady {}

impl SmtpSink {
    /// Starts a server: under a second. Panics when it cannot be had.
    pub async fn start(options: SmtpOptions) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("conftrail-smtp-")
            .tempdir()
            .expect("make a directory for a server");
        let certificates = (options.tls != SmtpTls::None).then(Certificates::for_this_machine);
        let (process, port) = launch(dir.path(), 0, &options, certificates.as_ref()).await;
        Self { process, options, port, certificates, dir }
    }

    /// The port on 127.0.0.1; the same after [`SmtpSink::start_again`].
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The certificate of the authority that a sender must trust, as a PEM file. Panics on a server without TLS.
    pub fn ca_file(&self) -> &Path {
        self.certificates.as_ref().expect("only a server with TLS has certificates").ca_file()
    }

    /// Every mail so far, in the order received; those from before a stop included.
    pub fn mails(&self) -> Vec<Mail> {
        // No file: nothing came yet.
        let text = std::fs::read_to_string(out_file(self.dir.path())).unwrap_or_default();
        let whole_lines = text.rfind('\n').map_or("", |end| &text[..end]);
        whole_lines
            .lines()
            .map(|line| serde_json::from_str(line).expect("the sink writes mails as JSON"))
            .collect()
    }

    /// Waits until there are at least `count` mails and returns them all; panics when `deadline` has passed.
    pub async fn wait_for(&self, count: usize, deadline: Duration) -> Vec<Mail> {
        crate::wait::until(deadline, &format!("{count} mails at the SMTP server"), async || {
            let mails = self.mails();
            (mails.len() >= count).then_some(mails)
        })
        .await
    }

    /// Stops the server: connections are refused from now on.
    pub async fn stop(&mut self) {
        self.process.end_with(Signal::KILL).await;
    }

    /// Starts the stopped server again on the same port; it forgets what it counted for its faults.
    pub async fn start_again(&mut self) {
        let options = self.options.clone();
        self.start_again_with(options).await;
    }

    /// As [`SmtpSink::start_again`], with other faults; TLS stays as it was.
    pub async fn start_again_with(&mut self, options: SmtpOptions) {
        assert!(!self.process.is_running(), "the server still runs: stop it first");
        self.options = SmtpOptions { tls: self.options.tls, ..options };
        (self.process, self.port) =
            launch(self.dir.path(), self.port, &self.options, self.certificates.as_ref()).await;
    }

    /// Freezes the server: connections are taken by the kernel and never answered.
    pub fn sigstop(&mut self) {
        self.process.signal(Signal::STOP);
    }

    /// Lets a frozen server go on.
    pub fn sigcont(&mut self) {
        self.process.signal(Signal::CONT);
    }
}

fn out_file(dir: &Path) -> PathBuf {
    dir.join("mails.jsonl")
}

async fn launch(
    dir: &Path,
    port: u16,
    options: &SmtpOptions,
    certificates: Option<&Certificates>,
) -> (ServerProcess, u16) {
    let mut arguments: Vec<String> =
        ["--out", &out_file(dir).display().to_string(), "--port", &port.to_string(), "--"]
            .map(str::to_owned)
            .to_vec();
    let mut add = |name: &str, value: String| arguments.push(format!("{name}={value}"));
    if let Some(certificates) = certificates {
        let kind = if options.tls == SmtpTls::Implicit { "implicit" } else { "starttls" };
        add("--tls", kind.to_owned());
        add("--cert", certificates.cert_file().display().to_string());
        add("--key", certificates.key_file().display().to_string());
    }
    if let Some((user, password)) = &options.login {
        add("--user", user.clone());
        add("--password", password.clone());
    }
    for address in &options.reject {
        add("--reject", address.clone());
    }
    for (address, times) in &options.tempfail {
        add("--tempfail", times.map_or(address.clone(), |times| format!("{address}:{times}")));
    }
    add("--defer", options.defer.to_string());
    add("--hang-after-data", options.hang_after_data.to_string());
    let (process, ready) = ServerProcess::start::<SmtpReady>("smtp", arguments).await;
    (process, ready.port)
}
