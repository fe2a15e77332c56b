//! `api` in the configuration file.

use std::net::{Ipv4Addr, SocketAddr};

use axum::http::Uri;
use serde::{Deserialize, Serialize};

/// Where the API answers. A token is needed from the first day, whatever the address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Address and port to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How people reach this instance, such as `https://ops.example.com/conftrail`; its path is the prefix of all
    /// routes.
    pub external_url: Option<String>,
    /// How often each token may ask.
    pub rate: RateLimit,
}

impl Default for Config {
    fn default() -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 8350));
        Self { listen, external_url: None, rate: RateLimit::default() }
    }
}

/// How often one token may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RateLimit {
    /// Requests a second, in the long run.
    pub per_second: u32,
    /// Requests at once.
    pub burst: u32,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self { per_second: 50, burst: 500 }
    }
}

impl Config {
    /// Returns every problem, each with its key.
    pub fn validate(&self) -> Vec<String> {
        let said = match &self.external_url {
            Some(url) => prefix_of(url).err(),
            None => None,
        };
        let mut problems: Vec<String> =
            said.map(|said| format!("external_url: {said}")).into_iter().collect();
        for (key, number) in [("per_second", self.rate.per_second), ("burst", self.rate.burst)] {
            if number == 0 {
                problems.push(format!("rate.{key}: must be at least 1"));
            }
        }
        problems
    }

    /// Returns the prefix of all routes, such as `/conftrail`; empty when there is none.
    pub fn prefix(&self) -> String {
        self.external_url.as_deref().and_then(|url| prefix_of(url).ok()).unwrap_or_default()
    }
}

fn prefix_of(url: &str) -> Result<String, String> {
    let wanted = || "must be a URL such as https://ops.example.com/conftrail".to_owned();
    let uri: Uri = url.parse().map_err(|_| wanted())?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none_or(str::is_empty) {
        return Err(wanted());
    }
    if uri.query().is_some() {
        return Err("must not have a query (`?`)".to_owned());
    }
    let prefix = uri.path().trim_end_matches('/');
    let plain = |segment: &str| {
        let characters = segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
        characters && !segment.is_empty() && !matches!(segment, "." | "..")
    };
    if prefix.split('/').skip(1).all(plain) {
        Ok(prefix.to_owned())
    } else {
        Err("the path may hold letters, digits and -._~ between single slashes".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(url: &str) -> Config {
        Config { external_url: Some(url.to_owned()), ..Config::default() }
    }

    #[test]
    fn the_path_of_the_external_url_is_the_prefix() {
        for (url, prefix) in [
            ("https://ops.example.com", ""),
            ("https://ops.example.com/", ""),
            ("http://10.0.0.5:8350/conftrail/", "/conftrail"),
            ("https://ops.example.com/a/b-c_d.e~f", "/a/b-c_d.e~f"),
        ] {
            assert_eq!(with(url).validate(), Vec::<String>::new());
            assert_eq!(with(url).prefix(), prefix);
        }
        assert_eq!(Config::default().prefix(), "");
    }

    #[test]
    fn a_rate_of_nothing_is_refused() {
        let rate = RateLimit { per_second: 0, burst: 0 };
        let said = Config { rate, ..Config::default() }.validate();
        assert_eq!(said, ["rate.per_second: must be at least 1", "rate.burst: must be at least 1"]);
    }

    #[test]
    fn what_is_no_prefix_is_said_before_it_is_served() {
        for url in [
            "",
            "ops.example.com/x",
            "ftp://ops.example.com",
            "https:///x",
            "https://h/a?b",
            "https://h/{id}",
            "https://h/a//b",
            "https://h/../b",
            "https://h/%41",
        ] {
            assert_eq!(with(url).validate().len(), 1, "{url}");
            assert_eq!(with(url).prefix(), "");
        }
    }
}
