//! `mysql://user@host:3306`, checked where it is read.

use std::fmt;
use std::str::FromStr;

use conftrail_core::Secret;
use serde::{Deserialize, Serialize};

/// MySQL's port.
const DEFAULT_PORT: u16 = 3306;

/// Where the server is and who we are to it. Prints without the password.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Url {
    /// The login.
    pub user: String,
    /// The password, where the URL holds one; a `password_file` is better.
    pub password: Option<Secret<String>>,
    /// Host name or address; empty in a URL that was not given.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// Says why a text is no such URL. Holds nothing of the text: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected mysql://user@host:port, with %-escapes for special characters in user and password: {0}")]
pub struct InvalidUrl(&'static str);

impl FromStr for Url {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        let rest = text.strip_prefix("mysql://").ok_or(InvalidUrl("it does not start with mysql://"))?;
        if rest.contains(['?', '#']) {
            return Err(InvalidUrl("options belong into the configuration's own keys"));
        }
        let (login, place) = rest.rsplit_once('@').ok_or(InvalidUrl("there is no user"))?;
        let place = place.strip_suffix('/').unwrap_or(place);
        if place.contains('/') {
            return Err(InvalidUrl("databases are named in `include`"));
        }
        let (user, password) = match login.split_once(':') {
            Some((user, password)) => (user, Some(Secret::new(unescaped(password)?))),
            None => (login, None),
        };
        let user = unescaped(user)?;
        if user.is_empty() {
            return Err(InvalidUrl("there is no user"));
        }
        let (host, port) = split_port(place)?;
        Ok(Self { user, password, host: host.to_owned(), port })
    }
}

/// Splits `host`, `host:port`, `[v6]` and `[v6]:port`.
fn split_port(place: &str) -> Result<(&str, u16), InvalidUrl> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, behind) = rest.split_once(']').ok_or(InvalidUrl("a [ is not closed"))?;
            (host, behind.strip_prefix(':').or((!behind.is_empty()).then_some(behind)))
        }
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    if host.is_empty() {
        return Err(InvalidUrl("there is no host"));
    }
    let port = match port {
        Some(port) => port.parse().ok().filter(|port| *port != 0).ok_or(InvalidUrl("the port is no port"))?,
        None => DEFAULT_PORT,
    };
    Ok((host, port))
}

/// Undoes %-escapes.
fn unescaped(text: &str) -> Result<String, InvalidUrl> {
    const BAD: InvalidUrl = InvalidUrl("a %-escape is wrong");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16)).ok_or(BAD);
        let value = digit()? * 16 + digit()?;
        bytes.push(u8::try_from(value).map_err(|_| BAD)?);
    }
    String::from_utf8(bytes).map_err(|_| BAD)
}

impl fmt::Display for Url {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.is_empty() {
            return Ok(());
        }
        let secret = if self.password.is_some() { ":***" } else { "" };
        let user = self.user.replace('%', "%25").replace('@', "%40").replace(':', "%3A").replace('/', "%2F");
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        write!(formatter, "mysql://{user}{secret}@{host}:{}", self.port)
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl From<Url> for String {
    fn from(url: Url) -> Self {
        url.to_string()
    }
}

impl TryFrom<String> for Url {
    type Error = InvalidUrl;

    fn try_from(text: String) -> Result<Self, InvalidUrl> {
        if text.is_empty() { Ok(Self::default()) } else { text.parse() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_and_escapes_undone() {
        let check = |text: &str, user: &str, password: Option<&str>, host: &str, port: u16| {
            let url: Url = text.parse().unwrap();
            assert_eq!((url.user.as_str(), url.host.as_str(), url.port), (user, host, port));
            assert_eq!(url.password.as_ref().map(|password| password.expose().as_str()), password);
        };
        check("mysql://cdc@db1:3307", "cdc", None, "db1", 3307);
        check("mysql://cdc:p%40ss%3A@db1/", "cdc", Some("p@ss:"), "db1", 3306);
        check("mysql://c%25@[::1]:3308", "c%", None, "::1", 3308);
        check("mysql://cdc:@db1", "cdc", Some(""), "db1", 3306);
    }

    #[test]
    fn what_is_no_url_is_refused_without_showing_it() {
        for text in [
            "postgres://a@b",
            "mysql://db1",
            "mysql://@db1",
            "mysql://a:hunter2@",
            "mysql://a@b:0",
            "mysql://a@b:99999",
            "mysql://a@b/shop",
            "mysql://a%2@b",
            "mysql://a@b?ssl=1",
            "mysql://a@[::1",
        ] {
            let error = text.parse::<Url>().unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_url_prints_without_its_password() {
        let url: Url = "mysql://c%40d:hunter2@[::1]:3308".parse().unwrap();
        assert_eq!(url.to_string(), "mysql://c%40d:***@[::1]:3308");
        assert_eq!(format!("{url:?}"), url.to_string());
    }
}
