//! Webhooks.

use std::path::{Path, PathBuf};

use conftrail_core::alerting::{Overflow, RateLimit};
use conftrail_core::{Period, Secret};
use serde::Deserialize;

use super::http::not_yet;
use super::{AllowInternal, HttpConfig};

/// A webhook: each message is a POST of JSON.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// The address; a secret, because many carry one.
    #[serde(default)]
    pub url: Option<Secret<String>>,
    /// A file that holds the address, read for each message.
    #[serde(default)]
    pub url_file: Option<PathBuf>,
    /// How the server is spoken to.
    #[serde(default)]
    pub http_config: HttpConfig,
    /// The most changes that a message holds; 0 is all that it has.
    #[serde(default)]
    pub max_alerts: usize,
    /// Accepted for Alertmanager's sake; events are occurrences and never resolve.
    #[serde(default)]
    pub send_resolved: Option<bool>,
    /// The form of the body.
    #[serde(default, rename = "x-format")]
    pub format: WebhookFormat,
    /// The body as a template, in place of a form.
    #[serde(default, rename = "x-template")]
    pub template: Option<String>,
    /// How messages are signed.
    #[serde(default, rename = "x-signing")]
    pub signing: Option<Signing>,
    /// A file that holds the secrets to sign with, one a line, read for each message: while a secret is changed, both.
    #[serde(default, rename = "x-secret_file")]
    pub secret_file: Option<PathBuf>,
    /// The longest wait for an answer.
    #[serde(default = "thirty_seconds", rename = "x-timeout")]
    pub timeout: Period,
    /// Which addresses of this machine and its networks may be connected to.
    #[serde(default, rename = "x-allow-internal")]
    pub allow_internal: AllowInternal,
    /// How fast it may be told.
    #[serde(default, rename = "x-rate_limit")]
    pub rate_limit: Option<RateLimit>,
    /// What becomes of what is more.
    #[serde(default, rename = "x-overflow")]
    pub overflow: Overflow,
    /// Its name among the receiver's integrations; default: the host of `url`.
    #[serde(default, rename = "x-name")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "not_yet")]
    payload: Option<()>,
}

/// The form of a webhook's body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WebhookFormat {
    /// conftrail's own, with everything a message has.
    #[default]
    Native,
    /// Version 4 of Alertmanager's, for bridges that exist.
    Alertmanager,
    /// CloudEvents 1.0, structured, with conftrail's own form as data.
    Cloudevents,
}

/// How webhooks are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signing {
    /// As the Standard Webhooks specification has it: HMAC-SHA256 over id, time and body.
    StandardWebhooks,
}

impl WebhookConfig {
    /// Makes relative paths relative to a directory.
    pub(crate) fn anchor(&mut self, directory: &Path) {
        for path in [&mut self.url_file, &mut self.secret_file].into_iter().flatten() {
            *path = directory.join(&*path);
        }
        self.http_config.anchor(directory);
    }
}

pub(super) fn thirty_seconds() -> Period {
    Period::seconds(30)
}
