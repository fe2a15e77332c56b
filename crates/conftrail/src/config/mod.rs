//! The configuration file, `conftrail.yaml`.

mod load;
mod problem;

use std::path::PathBuf;
use std::time::Duration;

use conftrail_core::Period;
use conftrail_core::mask::MaskRules;
use conftrail_pipeline::ClassifyRule;
use serde::{Deserialize, Serialize};

pub use load::{DEFAULT_FILE, load, load_text};
pub use problem::Problem;

/// Everything that can be configured. Every key has a default; unknown keys are errors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the embedded engines, the mask key and the local token live.
    pub data_dir: PathBuf,
    /// The change log.
    pub log: LogConfig,
    /// The audit store.
    pub store: EngineConfig,
    /// The control store.
    pub control: EngineConfig,
    /// What is captured.
    pub sources: Vec<SourceConfig>,
    /// What belongs to which environment, service and team.
    pub classify: Vec<ClassifyRule>,
    /// What is secret.
    pub mask: MaskConfig,
    /// How long things are kept.
    pub keep: KeepConfig,
    /// Where the rules are.
    pub rules: RulesConfig,
    /// The HTTP listener.
    pub api: conftrail_api::Config,
    /// Logs.
    pub telemetry: TelemetryConfig,
}

/// Names an engine. Only the embedded ones exist yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// A SQLite file in `data_dir`.
    #[default]
    Embedded,
}

/// An engine without options.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EngineConfig {
    /// Which engine.
    pub kind: EngineKind,
}

/// The change log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// Which engine.
    pub kind: EngineKind,
    /// How long records are kept that every consumer group has read.
    pub retain: Period,
}

/// One source; its `kind` says which.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum SourceConfig {
    /// A directory of configuration files.
    Files(conftrail_files::Config),
    /// A MySQL server's binlog.
    Mysql(Box<conftrail_binlog::Config>),
}

impl SourceConfig {
    /// Returns the logical source's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Files(config) => &config.name,
            Self::Mysql(config) => &config.name,
        }
    }
}

/// What is secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MaskConfig {
    /// 32 random bytes in hex. Default: `mask.key` in `data_dir`, made at the very first start.
    pub key_file: Option<PathBuf>,
    /// Globs on key and column names; they replace the built-in list when given.
    pub names: Vec<String>,
    /// Globs on names that are never secret by their name.
    pub except: Vec<String>,
    /// Globs on `schema.table.column`.
    pub columns: Vec<String>,
}

impl MaskConfig {
    /// Returns the rules without the key.
    pub fn rules(&self) -> MaskRules {
        MaskRules { names: self.names.clone(), except: self.except.clone(), columns: self.columns.clone() }
    }
}

/// How long things are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeepConfig {
    /// Settled notifications, alerts and detections.
    pub control: Period,
}

/// Where the rules are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RulesConfig {
    /// A directory of rule files; absent means only the built-in rules.
    pub dir: Option<PathBuf>,
    /// The routing file; absent means that alerts are recorded and nobody is told.
    pub routing: Option<PathBuf>,
    /// How often the files are looked at; what changed in them and has no error is put in force.
    pub reload: Period,
    /// What is detected longer than this after it happened is told in one message for each source.
    pub late_after: Period,
}

impl RulesConfig {
    /// Returns every problem with its key.
    fn validate(&self) -> Vec<String> {
        let least = [
            ("reload", self.reload, Period(Duration::from_millis(100))),
            ("late_after", self.late_after, Period::seconds(1)),
        ];
        let short = |(key, period, least): (&str, Period, Period)| {
            (period < least).then(|| format!("{key}: at least {least}"))
        };
        least.into_iter().filter_map(short).collect()
    }
}

/// Logs go to stderr.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetryConfig {
    /// The log.
    pub log: TelemetryLogConfig,
}

/// How much is logged, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetryLogConfig {
    /// `error`, `warn`, `info` or `debug`, or a filter such as `info,conftrail_binlog=debug`.
    pub level: String,
    /// `text` or `json`.
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For collectors.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("conftrail-data"),
            log: LogConfig::default(),
            store: EngineConfig::default(),
            control: EngineConfig::default(),
            sources: Vec::new(),
            classify: Vec::new(),
            mask: MaskConfig::default(),
            keep: KeepConfig::default(),
            rules: RulesConfig::default(),
            api: conftrail_api::Config::default(),
            telemetry: TelemetryConfig::default(),
        }
    }
}

impl Default for MaskConfig {
    fn default() -> Self {
        let MaskRules { names, except, columns } = MaskRules::default();
        Self { key_file: None, names, except, columns }
    }
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { kind: EngineKind::Embedded, retain: Period::seconds(7 * 86_400) }
    }
}

impl Default for KeepConfig {
    fn default() -> Self {
        Self { control: Period::seconds(30 * 86_400) }
    }
}

impl Default for RulesConfig {
    fn default() -> Self {
        let late_after = conftrail_engine::Timing::default().late_after;
        Self { dir: None, routing: None, reload: Period::seconds(10), late_after }
    }
}

impl Default for TelemetryLogConfig {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Text }
    }
}
