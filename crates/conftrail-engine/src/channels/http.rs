//! How a server is spoken to over HTTP.

use std::fmt;
use std::path::{Path, PathBuf};

use conftrail_core::Secret;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::routing::TlsConfig;

/// How a server is spoken to; the subset of Alertmanager's that is built.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpConfig {
    /// The `Authorization` header.
    pub authorization: Option<Authorization>,
    /// User and password.
    pub basic_auth: Option<BasicAuth>,
    /// A file that holds a bearer token, read for each message.
    pub bearer_token_file: Option<PathBuf>,
    /// How the server's certificate is checked.
    pub tls_config: TlsConfig,
    /// Redirects are never followed: `false` is accepted for Alertmanager's sake.
    pub follow_redirects: Option<bool>,
    #[serde(deserialize_with = "not_yet")]
    oauth2: (),
    #[serde(deserialize_with = "not_yet")]
    proxy_url: (),
    #[serde(deserialize_with = "not_yet")]
    proxy_from_environment: (),
    #[serde(deserialize_with = "not_yet")]
    no_proxy: (),
    #[serde(deserialize_with = "not_yet")]
    proxy_connect_header: (),
    #[serde(deserialize_with = "not_yet")]
    http_headers: (),
    #[serde(deserialize_with = "not_yet")]
    enable_http2: (),
    #[serde(deserialize_with = "not_yet")]
    bearer_token: (),
}

/// The `Authorization` header: a type and credentials.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authorization {
    /// The scheme.
    #[serde(default = "bearer", rename = "type")]
    pub scheme: String,
    /// The credentials; better in a file.
    #[serde(default)]
    pub credentials: Option<Secret<String>>,
    /// A file that holds the credentials, read for each message.
    #[serde(default)]
    pub credentials_file: Option<PathBuf>,
}

/// User and password.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BasicAuth {
    /// The user.
    pub username: String,
    /// The password; better in a file.
    #[serde(default)]
    pub password: Option<Secret<String>>,
    /// A file that holds the password, read for each message.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
}

/// Says which addresses of this machine and its networks may be connected to. By default none: whoever may write a
/// routing file, or answer for a name in it, could otherwise make conftrail speak to what only conftrail reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AllowInternal {
    /// None.
    #[default]
    None,
    /// All.
    All,
    /// Those in these networks, such as `10.1.0.0/16`, as they are written.
    Networks(Vec<String>),
}

impl HttpConfig {
    /// Makes relative paths relative to a directory.
    pub(crate) fn anchor(&mut self, directory: &Path) {
        let anchored = |path: &mut Option<PathBuf>| {
            if let Some(path) = path {
                *path = directory.join(&*path);
            }
        };
        anchored(&mut self.bearer_token_file);
        anchored(&mut self.tls_config.ca_file);
        if let Some(authorization) = &mut self.authorization {
            anchored(&mut authorization.credentials_file);
        }
        if let Some(basic) = &mut self.basic_auth {
            anchored(&mut basic.password_file);
        }
    }
}

fn bearer() -> String {
    "Bearer".to_owned()
}

/// Refuses a key of Alertmanager that is not built, where it stands.
pub(super) fn not_yet<'de, T, D: Deserializer<'de>>(_: D) -> Result<T, D::Error> {
    Err(D::Error::custom("this key is not supported yet"))
}

impl<'de> Deserialize<'de> for AllowInternal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Allowed;
        impl<'de> Visitor<'de> for Allowed {
            type Value = AllowInternal;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("true, false or a list of networks such as 10.1.0.0/16")
            }

            fn visit_bool<E>(self, all: bool) -> Result<AllowInternal, E> {
                Ok(if all { AllowInternal::All } else { AllowInternal::None })
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<AllowInternal, A::Error> {
                let mut networks = Vec::new();
                while let Some(network) = items.next_element()? {
                    networks.push(network);
                }
                Ok(AllowInternal::Networks(networks))
            }
        }
        deserializer.deserialize_any(Allowed)
    }
}
