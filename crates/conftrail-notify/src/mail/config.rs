//! What mail needs to know.

use std::net::IpAddr;
use std::path::PathBuf;

use conftrail_core::alerting::Pace;
use conftrail_core::{Period, Secret};
use lettre::message::Mailbox;
use serde::{Deserialize, Serialize};

/// Says how the connection to the mail server is kept secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TlsMode {
    /// Begins in clear and must change to TLS before anything is said (port 587). A server that does not offer it gets no mail.
    #[default]
    Starttls,
    /// TLS from the first byte (port 465).
    Implicit,
    /// In clear.
    None,
}

/// One mail server, or one directory, with the people who are told through it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The receiver's name.
    pub name: String,
    /// `host:port` of the mail server; an IPv6 address in brackets. Not needed with `file`.
    pub smarthost: String,
    /// The sender, `conftrail@example.com` or `Conftrail <conftrail@example.com>`; its domain is part of the message ids.
    pub from: String,
    /// The recipients; each gets a message of its own.
    pub to: Vec<String>,
    /// How the connection is kept secret.
    pub tls: TlsMode,
    /// Whether `tls: none` is accepted for a server on another machine. Passwords are never sent there in clear.
    pub allow_cleartext: bool,
    /// Certificates of the authorities to trust, as a PEM file; default: the system's.
    pub ca_file: Option<PathBuf>,
    /// The login; absent means none.
    pub username: Option<String>,
    /// The password; better in a file.
    pub password: Option<Secret<String>>,
    /// A file that holds the password, read at each new connection; a line break at its end does not count.
    pub password_file: Option<PathBuf>,
    /// The name we greet with; default: this machine's.
    pub hello: Option<String>,
    /// The longest wait for each of: the connection with its login, the envelope, the answer to the message.
    pub timeout: Period,
    /// A directory that takes each message as an `.eml` file, instead of a server.
    pub file: Option<PathBuf>,
    /// How fast each recipient may be told; absent means as fast as the server takes it.
    #[serde(skip)]
    pub pace: Option<Pace>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: "mail".to_owned(),
            smarthost: String::new(),
            from: String::new(),
            to: Vec::new(),
            tls: TlsMode::Starttls,
            allow_cleartext: false,
            ca_file: None,
            username: None,
            password: None,
            password_file: None,
            hello: None,
            timeout: Period::seconds(30),
            file: None,
            pace: None,
        }
    }
}

/// A field of [`Config`] that can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Name,
    From,
    /// `to` as a whole.
    Recipients,
    /// One of the recipients, from 0.
    To(usize),
    Password,
    Username,
    Timeout,
    Smarthost,
    CaFile,
    Tls,
}

impl std::fmt::Display for Field {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Name => "name",
            Self::From => "from",
            Self::Recipients => "to",
            Self::To(index) => return write!(formatter, "to[{index}]"),
            Self::Password => "password",
            Self::Username => "username",
            Self::Timeout => "timeout",
            Self::Smarthost => "smarthost",
            Self::CaFile => "ca_file",
            Self::Tls => "tls",
        })
    }
}

impl Config {
    /// Returns every problem that can be seen without asking anyone, each as `field: what and the way out`.
    pub fn validate(&self) -> Vec<String> {
        self.problems().iter().map(|(field, said)| format!("{field}: {said}")).collect()
    }

    /// Returns the same by field.
    pub(super) fn problems(&self) -> Vec<(Field, &'static str)> {
        let mut problems = Vec::new();
        let mut problem = |field: Field, said: &'static str| problems.push((field, said));
        if self.name.is_empty() {
            problem(Field::Name, "give the receiver a name");
        }
        if self.from.parse::<Mailbox>().is_err() {
            problem(Field::From, "must be an address such as `conftrail@example.com`");
        }
        if self.to.is_empty() {
            problem(Field::Recipients, "at least one address is needed");
        }
        for (index, address) in self.to.iter().enumerate() {
            if address.parse::<Mailbox>().is_err() {
                problem(Field::To(index), "must be an address such as `ops@example.com`");
            }
        }
        if self.password.is_some() && self.password_file.is_some() {
            problem(Field::Password, "give it or its file, not both");
        }
        let has_password = self.password.is_some() || self.password_file.is_some();
        match (&self.username, has_password) {
            (Some(_), false) => problem(Field::Username, "a login needs a password file too"),
            (None, true) => problem(Field::Password, "a password needs the login's name too"),
            _ => {}
        }
        if self.timeout.0.is_zero() {
            problem(Field::Timeout, "must be longer than 0");
        }
        if self.file.is_none() {
            problems.extend(self.server_problems());
        }
        problems
    }

    fn server_problems(&self) -> Vec<(Field, &'static str)> {
        let Some((host, _)) = self.host_and_port() else {
            return vec![(Field::Smarthost, "must be `host:port`, such as `smtp.example.com:587`")];
        };
        if self.tls != TlsMode::None {
            return Vec::new();
        }
        let mut problems = Vec::new();
        if self.ca_file.is_some() {
            problems.push((Field::CaFile, "has no effect without TLS"));
        }
        if is_this_machine(host) {
            return problems;
        }
        if self.username.is_some() {
            let said =
                "a password is never sent in clear to another machine: require STARTTLS, or use implicit TLS";
            problems.push((Field::Tls, said));
        } else if !self.allow_cleartext {
            let said = "no TLS is for a server on this machine: use `starttls` or `implicit`, or set `allow_cleartext: true`";
            problems.push((Field::Tls, said));
        }
        problems
    }

    /// Splits `smarthost`; the host comes without brackets.
    pub(crate) fn host_and_port(&self) -> Option<(&str, u16)> {
        let (host, port) = self.smarthost.rsplit_once(':')?;
        let bare = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
        if host.is_empty() || host.contains(char::is_whitespace) || (bare.is_none() && host.contains(':')) {
            return None;
        }
        let port: u16 = port.parse().ok().filter(|port| *port != 0)?;
        Some((bare.unwrap_or(host), port))
    }
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Config {
        Config {
            smarthost: "smtp.example.com:587".to_owned(),
            from: "Conftrail <conftrail@example.com>".to_owned(),
            to: vec!["ops@example.com".to_owned()],
            ..Config::default()
        }
    }

    fn paths(config: &Config) -> Vec<String> {
        let path = |said: &String| said.split(':').next().unwrap_or_default().to_owned();
        config.validate().iter().map(path).collect()
    }

    #[test]
    fn every_problem_is_named_with_its_path() {
        assert!(good().validate().is_empty());
        let empty = Config { name: String::new(), timeout: Period::default(), ..Config::default() };
        assert_eq!(paths(&empty), ["name", "from", "to", "timeout", "smarthost"]);
        let bad_address = Config { to: vec!["ops@example.com".to_owned(), "ops at x".to_owned()], ..good() };
        assert_eq!(paths(&bad_address), ["to[1]"]);
        let half_a_login = Config { username: Some("u".to_owned()), ..good() };
        assert_eq!(paths(&half_a_login), ["username"]);
    }

    #[test]
    fn a_directory_needs_no_server() {
        let local = Config { smarthost: String::new(), file: Some(PathBuf::from("mail")), ..good() };
        assert!(local.validate().is_empty());
    }

    #[test]
    fn clear_text_is_for_this_machine_unless_allowed_and_never_with_a_password() {
        let clear = |host: &str| Config { smarthost: host.to_owned(), tls: TlsMode::None, ..good() };
        for host in ["localhost:25", "127.0.0.1:25", "[::1]:25"] {
            assert!(clear(host).validate().is_empty(), "{host}");
        }
        assert_eq!(paths(&clear("relay.example.com:25")), ["tls"]);
        let allowed = Config { allow_cleartext: true, ..clear("relay.example.com:25") };
        assert!(allowed.validate().is_empty());
        let login =
            Config { username: Some("u".to_owned()), password: Some(Secret::new("p".to_owned())), ..allowed };
        assert_eq!(paths(&login), ["tls"]);
    }

    #[test]
    fn a_mail_server_is_a_host_and_a_port() {
        let split = |text: &str| {
            let config = Config { smarthost: text.to_owned(), ..good() };
            config.host_and_port().map(|(host, port)| (host.to_owned(), port))
        };
        assert_eq!(split("mail:25"), Some(("mail".to_owned(), 25)));
        assert_eq!(split("[2001:db8::1]:587"), Some(("2001:db8::1".to_owned(), 587)));
        for text in ["", "mail", "mail:", ":25", "mail:x", "mail:0", "mail:70000", "::1:25", "a b:25"] {
            assert_eq!(split(text), None, "{text}");
        }
    }
}
