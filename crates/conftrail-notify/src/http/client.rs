//! The client: one exchange for one attempt, and what it means when that breaks.

use std::error::Error as _;
use std::path::Path;
use std::time::Duration;

use conftrail_core::ports::DeliveryError;
use conftrail_engine::channels::{AllowInternal, HttpConfig};
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{Method, Url};

use super::guard::Internal;
use super::{Answer, Guard, retry};

/// How we name ourselves.
const USER_AGENT: &str = concat!("conftrail/", env!("CARGO_PKG_VERSION"));
/// The longest wait for a connection and its TLS handshake.
const LONGEST_CONNECT: Duration = Duration::from_secs(10);
/// How a certificate begins in a PEM file (RFC 7468).
const BEGIN_CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";
/// Longest text of an error that is kept, in characters.
const LONGEST_CAUSE: usize = 200;

/// Why a client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The configuration is wrong.
    #[error("{0}")]
    Invalid(String),
    /// `ca_file` cannot be read.
    #[error("read the certificates of ca_file")]
    ReadCa {
        /// Why.
        source: std::io::Error,
    },
    /// `ca_file` holds no certificate.
    #[error("find a PEM certificate in ca_file")]
    NoCertificate,
    /// The certificates cannot be used.
    #[error("prepare TLS")]
    Tls {
        /// Why.
        source: reqwest::Error,
    },
}

/// Speaks to one server.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    client: reqwest::Client,
    guard: Guard,
    /// How the entry's key is named that allows internal addresses.
    allow_key: &'static str,
}

/// What is sent.
pub(crate) struct Exchange {
    /// The method.
    pub(crate) method: Method,
    /// The address, which may hold a secret.
    pub(crate) url: Url,
    /// Headers.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Vec<u8>,
    /// How much of the answer's body is wanted, in bytes.
    pub(crate) wanted: usize,
}

impl Client {
    /// Makes a client; connects to nothing. `timeout` is the longest wait for the whole of an exchange.
    pub(crate) fn new(
        http: &HttpConfig,
        allow: &AllowInternal,
        allow_key: &'static str,
        timeout: Duration,
    ) -> Result<Self, OpenError> {
        let guard = Guard::new(allow)
            .map_err(|_| OpenError::Invalid(format!("{allow_key}: not a list of networks")))?;
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(Policy::none())
            // A proxy of the environment would connect in our place, past the guard.
            .no_proxy()
            // A connection that is used again may have been closed meanwhile, and nobody could tell then what arrived.
            .pool_max_idle_per_host(0)
            .connect_timeout(LONGEST_CONNECT.min(timeout))
            .timeout(timeout)
            .dns_resolver(std::sync::Arc::new(guard.clone()));
        if let Some(file) = &http.tls_config.ca_file {
            builder = builder.tls_built_in_root_certs(false);
            for certificate in certificates(file)? {
                builder = builder.add_root_certificate(certificate);
            }
        }
        let client = builder.build().map_err(|source| OpenError::Tls { source: source.without_url() })?;
        Ok(Self { client, guard, allow_key })
    }

    /// Sends, and returns what was answered.
    ///
    /// # Errors
    /// `Retry` when nothing was sent, `Unknown` when something was and no answer came.
    pub(crate) async fn exchange(&self, exchange: Exchange) -> Result<Answer, DeliveryError> {
        if let Some(address) = self.guard.refused_literal(&exchange.url) {
            return Err(retry(Internal(address.to_string(), self.allow_key).to_string()));
        }
        let Exchange { method, url, headers, body, wanted } = exchange;
        let request = self.client.request(method, url).headers(headers).body(body);
        let mut response = request.send().await.map_err(|error| self.failure(&error))?;
        let mut body = Vec::new();
        while body.len() < wanted {
            match response.chunk().await.map_err(|error| self.failure(&error))? {
                Some(chunk) => body
                    .extend_from_slice(chunk.get(..chunk.len().min(wanted - body.len())).unwrap_or(&chunk)),
                None => break,
            }
        }
        Ok(Answer::new(response.status(), response.headers(), body))
    }

    /// Says what it means that an exchange broke. The error's own text names the address, which may hold a secret.
    fn failure(&self, error: &reqwest::Error) -> DeliveryError {
        if let Some(Internal(address, _)) = internal(error) {
            return retry(Internal(address.clone(), self.allow_key).to_string());
        }
        let said = cause(error);
        if error.is_connect() {
            let hint = if said.contains("certificate") {
                "; if its certificate is of your own authority, name that in `ca_file`"
            } else {
                ""
            };
            return retry(match error.is_timeout() {
                true => "connect to the server: it did not answer in time".to_owned(),
                false => format!("connect to the server: {said}{hint}"),
            });
        }
        if error.is_builder() {
            return retry(format!("make the request: {said}"));
        }
        DeliveryError::Unknown {
            reason: match error.is_timeout() {
                true => "the server did not answer in time to a message that it may have".to_owned(),
                false => format!("the answer to the message was lost: {said}"),
            },
        }
    }
}

fn certificates(file: &Path) -> Result<Vec<reqwest::Certificate>, OpenError> {
    let pem = std::fs::read(file).map_err(|source| OpenError::ReadCa { source })?;
    if !pem.windows(BEGIN_CERTIFICATE.len()).any(|part| part == BEGIN_CERTIFICATE) {
        return Err(OpenError::NoCertificate);
    }
    reqwest::Certificate::from_pem_bundle(&pem).map_err(|source| OpenError::Tls { source })
}

/// Returns our own refusal of an address, which reqwest wraps several times.
fn internal(error: &reqwest::Error) -> Option<&Internal> {
    let mut next = error.source();
    while let Some(source) = next {
        if let Some(found) = source.downcast_ref::<Internal>() {
            return Some(found);
        }
        next = source.source();
    }
    None
}

/// Returns the deepest cause in one line: what the system or TLS said, which knows no URL.
fn cause(error: &reqwest::Error) -> String {
    let Some(mut deepest) = error.source() else { return "no reason was given".to_owned() };
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    let text = deepest.to_string();
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(LONGEST_CAUSE).collect::<String>().trim().to_owned()
}
