//! Receivers and their defaults as the routing file has them.

use std::path::PathBuf;

use conftrail_core::alerting::{Overflow, RateLimit};
use conftrail_core::{Period, Secret};
use serde::Deserialize;

use crate::channels::{WebhookConfig, WecomConfig, WecomRobotConfig};

/// Defaults for all receivers.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Global {
    /// `host:port` of the mail server.
    pub smtp_smarthost: Option<String>,
    /// The sender.
    pub smtp_from: Option<String>,
    /// The name we greet with.
    pub smtp_hello: Option<String>,
    /// The login.
    pub smtp_auth_username: Option<String>,
    /// The password; better in a file.
    pub smtp_auth_password: Option<Secret<String>>,
    /// A file that holds the password.
    pub smtp_auth_password_file: Option<PathBuf>,
    /// Whether STARTTLS is required; default true.
    pub smtp_require_tls: Option<bool>,
    /// Where WeCom's API is.
    pub wechat_api_url: Option<String>,
    /// The enterprise at WeCom.
    pub wechat_api_corp_id: Option<String>,
    /// The secret of the application at WeCom; better in a file.
    pub wechat_api_secret: Option<Secret<String>>,
    /// A file that holds the secret of the application at WeCom.
    #[serde(rename = "x-wechat_api_secret_file")]
    pub wechat_api_secret_file: Option<PathBuf>,
    /// Accepted for Alertmanager's sake; events are occurrences and never resolve.
    pub resolve_timeout: Option<Period>,
}

/// A receiver with its integrations.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiverConfig {
    /// Its name.
    pub name: String,
    /// Its mail integrations.
    #[serde(default)]
    pub email_configs: Vec<EmailConfig>,
    /// Its webhooks.
    #[serde(default)]
    pub webhook_configs: Vec<WebhookConfig>,
    /// Its applications at WeCom.
    #[serde(default)]
    pub wechat_configs: Vec<WecomConfig>,
    /// Its robots in groups at WeCom.
    #[serde(default, rename = "x-wecom_robot_configs")]
    pub wecom_robot_configs: Vec<WecomRobotConfig>,
    /// The receiver that is told what this one's integrations cannot be.
    #[serde(default, rename = "x-fallback")]
    pub fallback: Option<String>,
    /// How long an integration is tried before the fallback is told.
    #[serde(default, rename = "x-fallback-after")]
    pub fallback_after: Option<Period>,
}

/// A mail integration; what is absent comes from `global`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailConfig {
    /// Addresses, separated by commas; each is delivered to on its own.
    pub to: String,
    /// The sender.
    #[serde(default)]
    pub from: Option<String>,
    /// `host:port` of the mail server.
    #[serde(default)]
    pub smarthost: Option<String>,
    /// The name we greet with.
    #[serde(default)]
    pub hello: Option<String>,
    /// The login.
    #[serde(default)]
    pub auth_username: Option<String>,
    /// The password; better in a file.
    #[serde(default)]
    pub auth_password: Option<Secret<String>>,
    /// A file that holds the password.
    #[serde(default)]
    pub auth_password_file: Option<PathBuf>,
    /// Whether STARTTLS is required.
    #[serde(default)]
    pub require_tls: Option<bool>,
    /// How the server's certificate is checked.
    #[serde(default)]
    pub tls_config: TlsConfig,
    /// TLS from the first byte, as port 465 has it, instead of STARTTLS.
    #[serde(default, rename = "x-implicit-tls")]
    pub implicit_tls: bool,
    /// A directory that takes the messages as files instead of a server, for a first try.
    #[serde(default, rename = "x-directory")]
    pub directory: Option<PathBuf>,
    /// Accepted for Alertmanager's sake; events are occurrences and never resolve.
    #[serde(default)]
    pub send_resolved: Option<bool>,
    /// How fast each address may be told.
    #[serde(default, rename = "x-rate_limit")]
    pub rate_limit: Option<RateLimit>,
    /// What becomes of what is more.
    #[serde(default, rename = "x-overflow")]
    pub overflow: Overflow,
}

/// How a server's certificate is checked.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsConfig {
    /// Certificates of the authorities to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
}

impl EmailConfig {
    /// Returns the addresses of `to`.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.to.split(',').map(str::trim).filter(|address| !address.is_empty())
    }
}
