//! WeCom (企业微信): messages of an application, and of a robot in a group.

use std::path::{Path, PathBuf};

use conftrail_core::alerting::{Overflow, RateLimit};
use conftrail_core::{Period, Secret};
use serde::Deserialize;

use super::http::not_yet;
use super::webhook::thirty_seconds;
use super::{AllowInternal, HttpConfig};

/// Messages of an application, to people, departments and tags. Alertmanager's `wechat_configs`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WecomConfig {
    /// The enterprise; default `global.wechat_api_corp_id`.
    #[serde(default)]
    pub corp_id: Option<String>,
    /// The application.
    #[serde(default)]
    pub agent_id: Option<String>,
    /// The application's secret; better in a file.
    #[serde(default)]
    pub api_secret: Option<Secret<String>>,
    /// A file that holds the application's secret, read for each token.
    #[serde(default, rename = "x-api_secret_file")]
    pub api_secret_file: Option<PathBuf>,
    /// Where the API is, with its `/cgi-bin/`.
    #[serde(default)]
    pub api_url: Option<String>,
    /// People, separated by `|`; `@all` is everybody.
    #[serde(default)]
    pub to_user: Option<String>,
    /// Departments, separated by `|`.
    #[serde(default)]
    pub to_party: Option<String>,
    /// Tags, separated by `|`.
    #[serde(default)]
    pub to_tag: Option<String>,
    /// The form of messages.
    #[serde(default)]
    pub message_type: MessageType,
    /// How the server is spoken to.
    #[serde(default)]
    pub http_config: HttpConfig,
    /// Accepted for Alertmanager's sake; events are occurrences and never resolve.
    #[serde(default)]
    pub send_resolved: Option<bool>,
    /// The message as a template.
    #[serde(default, rename = "x-template")]
    pub template: Option<String>,
    /// The longest wait for an answer.
    #[serde(default = "thirty_seconds", rename = "x-timeout")]
    pub timeout: Period,
    /// Which addresses of this machine and its networks may be connected to.
    #[serde(default, rename = "x-allow-internal")]
    pub allow_internal: AllowInternal,
    /// How fast it may be told; WeCom takes about 30 messages a minute for each member.
    #[serde(default = "thirty_a_minute", rename = "x-rate_limit")]
    pub rate_limit: RateLimit,
    /// What becomes of what is more.
    #[serde(default, rename = "x-overflow")]
    pub overflow: Overflow,
    /// Its name among the receiver's integrations; default: `agent_id`.
    #[serde(default, rename = "x-name")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "not_yet")]
    message: Option<()>,
}

/// Messages of a robot in a group. Alertmanager has no such thing.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WecomRobotConfig {
    /// The key of the robot's address, which is its only secret; better in a file.
    #[serde(default)]
    pub key: Option<Secret<String>>,
    /// A file that holds the key, or the robot's whole address, read for each message.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
    /// Where robots are spoken to, without the key.
    #[serde(default)]
    pub url: Option<String>,
    /// The form of messages; default markdown.
    #[serde(default = "markdown")]
    pub message_type: MessageType,
    /// How the server is spoken to.
    #[serde(default)]
    pub http_config: HttpConfig,
    /// The message as a template.
    #[serde(default)]
    pub template: Option<String>,
    /// The longest wait for an answer.
    #[serde(default = "thirty_seconds")]
    pub timeout: Period,
    /// Which addresses of this machine and its networks may be connected to.
    #[serde(default)]
    pub allow_internal: AllowInternal,
    /// How fast it may be told; WeCom takes 20 messages a minute.
    #[serde(default = "twenty_a_minute")]
    pub rate_limit: RateLimit,
    /// What becomes of what is more.
    #[serde(default)]
    pub overflow: Overflow,
    /// Its name among the receiver's integrations; default: the key file's.
    #[serde(default)]
    pub name: Option<String>,
    /// Accepted for Alertmanager's sake; events are occurrences and never resolve.
    #[serde(default)]
    pub send_resolved: Option<bool>,
}

/// The form of WeCom's messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageType {
    /// Plain text, as Alertmanager has it.
    #[default]
    Text,
    /// WeCom's own small markdown.
    Markdown,
}

impl WecomConfig {
    /// Makes relative paths relative to a directory.
    pub(crate) fn anchor(&mut self, directory: &Path) {
        if let Some(path) = &mut self.api_secret_file {
            *path = directory.join(&*path);
        }
        self.http_config.anchor(directory);
    }
}

impl WecomRobotConfig {
    /// Makes relative paths relative to a directory.
    pub(crate) fn anchor(&mut self, directory: &Path) {
        if let Some(path) = &mut self.key_file {
            *path = directory.join(&*path);
        }
        self.http_config.anchor(directory);
    }
}

fn thirty_a_minute() -> RateLimit {
    RateLimit::per_minute(30)
}

fn twenty_a_minute() -> RateLimit {
    RateLimit::per_minute(20)
}

fn markdown() -> MessageType {
    MessageType::Markdown
}
