//! The commands that ask the trail.

use clap::{Args, ValueEnum};

use super::Reading;

/// What `export` writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// Whole events, one JSON object a line.
    #[default]
    Jsonl,
    /// One row for each change, for spreadsheets; docs/query.md has the columns.
    Csv,
    /// Changes of MySQL and MariaDB in Maxwell's JSON, one a line.
    Maxwell,
}

/// Bounds and size of a result.
#[derive(Clone, Debug, Args)]
pub struct Range {
    /// Events at or after this: 7d, 12h, 2026-11-20 or RFC 3339
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Events before this
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// At most this many; 0 is all
    #[arg(short = 'n', long, default_value_t = 50, value_name = "N")]
    pub limit: usize,
    /// All of them, however many
    #[arg(long, conflicts_with = "limit")]
    pub all: bool,
}

impl Range {
    /// Returns how many events are wanted at most.
    pub(crate) fn most(&self) -> usize {
        if self.all || self.limit == 0 { usize::MAX } else { self.limit }
    }
}

/// Options of `log`.
#[derive(Debug, Args)]
pub struct LogArgs {
    /// What must hold, in the query language [default: everything but the record of who read what]
    pub query: Option<String>,
    /// Bounds.
    #[command(flatten)]
    pub range: Range,
    /// With the diff of each event
    #[arg(short = 'p', long)]
    pub patch: bool,
    /// Go on with what is recorded from now on; of what is there, the newest come first (-n 0: none)
    #[arg(short = 'f', long, conflicts_with = "until")]
    pub follow: bool,
    /// Where to read.
    #[command(flatten)]
    pub reading: Reading,
}

/// Options of `search`.
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// What must hold, in the query language
    pub query: String,
    /// Bounds.
    #[command(flatten)]
    pub range: Range,
    /// Count by these fields
    #[arg(long, value_delimiter = ',', value_name = "FIELDS")]
    pub facet: Vec<String>,
    /// Count per slice of time, such as 1h or 1d
    #[arg(long, value_name = "WIDTH")]
    pub histogram: Option<String>,
    /// Only the number of events
    #[arg(long)]
    pub count: bool,
    /// Go on with what is recorded from now on; of what is there, the newest come first (-n 0: none)
    #[arg(short = 'f', long, conflicts_with_all = ["until", "facet", "histogram", "count"])]
    pub follow: bool,
    /// Where to read.
    #[command(flatten)]
    pub reading: Reading,
}

/// Options of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// What must hold, in the query language [default: everything but the record of who read what]
    pub query: Option<String>,
    /// What to write
    #[arg(long, value_enum, default_value_t)]
    pub format: ExportFormat,
    /// Events at or after this: 7d, 12h, 2026-11-20 or RFC 3339
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Events before this
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Begin CSV with a byte order mark, by which Excel knows UTF-8
    #[arg(long)]
    pub bom: bool,
    /// Where to read.
    #[command(flatten)]
    pub reading: Reading,
}

/// Options of `blame`.
#[derive(Debug, Args)]
pub struct BlameArgs {
    /// The resource's id
    pub resource: String,
    /// Only this column, or what stands at or below this path
    #[arg(long, value_name = "PATH")]
    pub path: Option<String>,
    /// As it stood then: 7d, 12h, 2026-11-20 (its first moment) or RFC 3339
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Where to read.
    #[command(flatten)]
    pub reading: Reading,
}

/// Options of `who`.
#[derive(Debug, Args)]
pub struct WhoArgs {
    /// The name, as in `actor.name`
    pub actor: String,
    /// Changes at or after this: 7d, 12h, 2026-11-20 or RFC 3339
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Changes before this
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// The latest changes that are listed, too
    #[arg(short = 'n', long, default_value_t = 10, value_name = "N")]
    pub limit: usize,
    /// Where to read.
    #[command(flatten)]
    pub reading: Reading,
}

/// Options of `trail`.
#[derive(Debug, Args)]
pub struct TrailArgs {
    /// A ticket, audit id, transaction (GTID) or trace; or an event, for what belongs to the same operation
    pub id: String,
    /// With the diff of each event
    #[arg(short = 'p', long)]
    pub patch: bool,
    /// At most this many, the newest; 0 is all
    #[arg(short = 'n', long, default_value_t = 1000, value_name = "N")]
    pub limit: usize,
    /// Where to read.
    #[command(flatten)]
    pub reading: Reading,
}
