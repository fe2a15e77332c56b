//! The command line: what can be asked for, in the words of the documentation.

mod questions;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use conftrail_core::own::Role;

pub(crate) use questions::{
    BlameArgs, ExportArgs, ExportFormat, LogArgs, Range, SearchArgs, TrailArgs, WhoArgs,
};

use crate::commands::{RulesCommand, SchemaArgs, WhyArgs, WhyNotArgs};
use crate::output::Zone;

/// Records every change to configuration, says who made it and how that is known, and alerts by rules.
#[derive(Debug, Parser)]
#[command(name = "conftrail", version, max_term_width = 120)]
#[command(after_help = "Start with:  conftrail demo\nThen:        conftrail run --watch /etc/app")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Options of every command.
    #[command(flatten)]
    pub common: Common,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
pub struct Common {
    /// The configuration file [default: ./conftrail.yaml, if it exists]
    #[arg(short = 'c', long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Text for people, one JSON object a line, or for `tail` Maxwell's JSON
    #[arg(long, global = true, value_enum, default_value_t)]
    pub output: Output,
    /// Print times in UTC instead of the local zone
    #[arg(long, global = true)]
    pub utc: bool,
    /// Print times in this zone, such as Asia/Shanghai
    #[arg(long, global = true, value_name = "ZONE", conflicts_with = "utc", value_parser = Zone::named)]
    pub tz: Option<Zone>,
    /// Language of the output [default: by locale]
    #[arg(long, global = true, value_enum)]
    pub lang: Option<Language>,
}

/// The form of output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
    /// Maxwell's JSON, one change a line; of `tail` alone.
    Maxwell,
}

/// The languages of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// English.
    En,
    /// Chinese.
    Zh,
}

/// Where reading commands read.
#[derive(Clone, Debug, Default, Args)]
pub struct Reading {
    /// The running instance, such as http://127.0.0.1:8350
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// A file that holds the token [default: local.token in the data directory]
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Open the store directly, also while `run` writes; this reading is not audited
    #[arg(long)]
    pub offline: bool,
}

/// What conftrail can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the whole path on sample configuration: changes, an alert, a mail, and what to type next
    #[command(after_help = "Examples:\n  conftrail demo\n  conftrail demo /tmp/try-conftrail")]
    Demo {
        /// An empty or absent directory to work in [default: ./conftrail-demo]
        directory: Option<PathBuf>,
        /// End when the mail has arrived instead of keeping the API up
        #[arg(long)]
        once: bool,
    },
    /// Capture, record and alert until told to stop
    #[command(
        after_help = "Examples:\n  conftrail run --watch /etc/app\n  conftrail run -c conftrail.yaml\n  conftrail run -c conftrail.yaml --roles collect,audit"
    )]
    Run {
        /// Watch a directory, beside the configured sources; may be given more than once
        #[arg(long, value_name = "DIR")]
        watch: Vec<PathBuf>,
        /// Only these: collect, audit, detect, alert, notify, keep, api
        #[arg(long, value_delimiter = ',', value_enum, value_name = "ROLES")]
        roles: Vec<RoleName>,
    },
    /// Ask the sources what is there and print a conftrail.yaml for them
    #[command(
        after_help = "Examples:\n  conftrail init --mysql mysql://root@127.0.0.1:3306 > conftrail.yaml\n  conftrail init --watch /etc/app > conftrail.yaml"
    )]
    Init {
        /// A MySQL or MariaDB server, such as mysql://user@host:3306
        #[arg(long, value_name = "URL")]
        mysql: Option<String>,
        /// A file that holds the password for --mysql
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        /// A directory of configuration files
        #[arg(long, value_name = "DIR")]
        watch: Vec<PathBuf>,
    },
    /// Find everything that can be known to be wrong before running
    #[command(after_help = "Examples:\n  conftrail check\n  conftrail check -c conftrail.yaml --output json")]
    Check,
    /// Print the changes of one source as they come; keeps nothing but its position
    #[command(
        after_help = "Examples:\n  conftrail tail --watch /etc/app\n  conftrail tail --source orders-db --state orders.state --output json\n  conftrail tail --mysql mysql://cdc@db1:3306 --include 'shop.*'\n  conftrail tail --source orders-db --output maxwell --with-query"
    )]
    Tail(TailArgs),
    /// List events, newest first
    #[command(
        after_help = "Examples:\n  conftrail log -n 1 -p\n  conftrail log 'env:prod and action:delete' --since 7d\n  conftrail log 超时 -p\n  conftrail log --follow -n 5"
    )]
    Log(LogArgs),
    /// Show one event whole
    #[command(after_help = "Examples:\n  conftrail show 01M7W6C3BVM8V4T0R9C5X7B1ND")]
    Show {
        /// The event's id
        id: String,
        /// Where to read.
        #[command(flatten)]
        reading: Reading,
    },
    /// Find events, and count them by field
    #[command(
        after_help = "Examples:\n  conftrail search 'after.limit > 100'\n  conftrail search 'actor:alice' --facet resource.group,action\n  conftrail search '*' --count\n  conftrail search 'env:prod' --histogram 1d --since 30d\n  conftrail search 'ticket:CHG-1' --all"
    )]
    Search(SearchArgs),
    /// Write events to stdout, oldest first, for other programs
    #[command(
        after_help = "Examples:\n  conftrail export > events.jsonl\n  conftrail export 'env:prod' --since 30d > prod.jsonl\n  conftrail export 'ticket:CHG-1' --format csv > chg-1.csv\n  conftrail export --format maxwell --since 2026-11-20 > changes.jsonl"
    )]
    Export(ExportArgs),
    /// Show what an event changed
    #[command(after_help = "Examples:\n  conftrail diff 01M7W6C3BVM8V4T0R9C5X7B1ND")]
    Diff {
        /// The event's id
        id: String,
        /// Where to read.
        #[command(flatten)]
        reading: Reading,
    },
    /// List the changes of one resource, newest first
    #[command(after_help = "Examples:\n  conftrail timeline mysql:orders-db/shop/flags/42 -p")]
    Timeline {
        /// The resource's id
        resource: String,
        /// At most this many
        #[arg(short = 'n', long, default_value_t = 50, value_name = "N")]
        limit: usize,
        /// With the diff of each event
        #[arg(short = 'p', long)]
        patch: bool,
        /// Where to read.
        #[command(flatten)]
        reading: Reading,
    },
    /// Print the current values of resources
    #[command(
        after_help = "Examples:\n  conftrail current mysql:orders-db/shop/\n  conftrail current files:etc/ --output json"
    )]
    Current {
        /// What the resources' ids start with
        prefix: String,
        /// At most this many; 0 is all
        #[arg(short = 'n', long, default_value_t = 0, value_name = "N")]
        limit: usize,
        /// Where to read.
        #[command(flatten)]
        reading: Reading,
    },
    /// Print how resources stood at a time, and how far that is known
    #[command(
        after_help = "The time is that of the source's commit; what was committed at it counts.\nExamples:\n  conftrail at 2026-11-21T10:00:00Z mysql:orders-db/shop/flags/\n  conftrail at 7d files:etc/ --output json\n  conftrail at 2026-11-21 mysql:orders-db/ --utc"
    )]
    At {
        /// The time: 7d, 12h, 2026-11-20 (its first moment) or RFC 3339
        time: String,
        /// What the resources' ids start with
        prefix: String,
        /// At most this many; 0 is all
        #[arg(short = 'n', long, default_value_t = 0, value_name = "N")]
        limit: usize,
        /// Where to read.
        #[command(flatten)]
        reading: Reading,
    },
    /// Say who set each column, key or line of a resource, when and on which ticket
    #[command(
        after_help = "Examples:\n  conftrail blame mysql:orders-db/shop/flags/42\n  conftrail blame files:etc/app.yaml --path spring.datasource\n  conftrail blame files:etc/app.yaml --at 2026-11-20"
    )]
    Blame(BlameArgs),
    /// Say what one person did, to which resources, by which logins, and how that is known
    #[command(
        after_help = "Examples:\n  conftrail who alice --since 7d\n  conftrail who alice --output json"
    )]
    Who(WhoArgs),
    /// List all events of one ticket, audit id, transaction or trace, oldest first
    #[command(
        after_help = "Examples:\n  conftrail trail CHG-1234 -p\n  conftrail trail c9f06a51-0000-11f1-8888-0242ac110002:60233\n  conftrail trail 4bf92f3577b34da6a3ce929d0e0e4736"
    )]
    Trail(TrailArgs),
    /// Add up what was detected and what was announced
    #[command(after_help = "Examples:\n  conftrail ledger --since 1d\n  conftrail ledger --output json")]
    Ledger {
        /// Detections and notifications made at or after this
        #[arg(long, default_value = "30d", value_name = "TIME")]
        since: String,
        /// Where to read.
        #[command(flatten)]
        reading: Reading,
    },
    /// Verify that the record is what was recorded
    #[command(
        after_help = "Examples:\n  conftrail verify\n  conftrail verify --print-public-key > trail.pub\n  conftrail verify --derived\n  conftrail verify --data-dir /mnt/copy --public-key trail.pub\n  conftrail verify --proof 01M7W6C3BVM8V4T0R9C5X7B1ND > event.tlog-proof\n  conftrail verify --check-proof event.tlog-proof --public-key trail.pub\nExit codes: 0 all is as it was recorded, 1 something is not"
    )]
    Verify(VerifyArgs),
    /// Make anew what searches, counts and present values are read from
    #[command(
        after_help = "Everything is made from the recorded events, which are not touched, while no instance runs.\nExamples:\n  conftrail verify --derived\n  conftrail rebuild"
    )]
    Rebuild,
    /// List what could not be delivered, or try it again
    #[command(name = "dead-letters", subcommand)]
    DeadLetters(DeadLetters),
    /// Silence what nobody wants to be told for a while
    #[command(subcommand)]
    Silence(crate::cli_routing::SilenceCommand),
    /// Look at the routing file: who is told what
    #[command(subcommand)]
    Routes(crate::cli_routing::RoutesCommand),
    /// Work on rules: find what is wrong with them, and run the cases beside them
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Print the JSON Schema of a kind of file, for editors
    Schema(SchemaArgs),
    /// Show why an alert was raised, and whom it was told to
    Why(WhyArgs),
    /// Show why an event was told to nobody, or to whom: each rule that found it or came near
    #[command(name = "why-not")]
    WhyNot(WhyNotArgs),
    /// Try the receivers of the routing file
    #[command(subcommand)]
    Receivers(ReceiversCommand),
    /// Manage the tokens that read the API
    #[command(subcommand)]
    Token(TokenCommand),
    /// Find the masked form of a value
    #[command(subcommand)]
    Mask(MaskCommand),
}

/// Options of `tail`.
#[derive(Debug, Args)]
pub struct TailArgs {
    /// A source of the configuration file
    #[arg(long, value_name = "NAME", conflicts_with_all = ["mysql", "watch"])]
    pub source: Option<String>,
    /// A MySQL or MariaDB server, such as mysql://user@host:3306
    #[arg(long, value_name = "URL", conflicts_with = "watch")]
    pub mysql: Option<String>,
    /// A file that holds the password for --mysql
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Tables to capture with --mysql, such as 'shop.*'
    #[arg(long, value_delimiter = ',', value_name = "GLOBS")]
    pub include: Vec<String>,
    /// Where to start without a state: latest, earliest, gtid:SET or file:NAME:POSITION
    #[arg(long, value_name = "START")]
    pub start: Option<String>,
    /// A directory of configuration files
    #[arg(long, value_name = "DIR")]
    pub watch: Option<PathBuf>,
    /// Keep the position here and go on from it
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Print the masked statement of each change, where the source has it
    #[arg(long)]
    pub with_query: bool,
    /// End once this many changes are printed; what was read together with the last one is printed too
    #[arg(short = 'n', long, value_name = "N")]
    pub limit: Option<u64>,
}

/// Options of `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The data directory, or a copy of it [default: data_dir of the configuration]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// A file that holds the public key, one key a line [default: signing.pub in the data directory]
    #[arg(long, value_name = "FILE")]
    pub public_key: Option<PathBuf>,
    /// A checkpoint that was kept elsewhere, or a copy of trail.checkpoints; may be given more than once
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Vec<PathBuf>,
    /// Also compare what searches read with the events: full text, counts, present values, indices
    #[arg(long, conflicts_with_all = ["proof", "check_proof", "print_public_key"])]
    pub derived: bool,
    /// Print the proof of one event, to be checked anywhere with the public key
    #[arg(long, value_name = "ID", conflicts_with_all = ["public_key", "checkpoint", "check_proof", "print_public_key"])]
    pub proof: Option<String>,
    /// Check such a proof
    #[arg(long, value_name = "FILE", conflicts_with_all = ["checkpoint", "print_public_key"])]
    pub check_proof: Option<PathBuf>,
    /// Print the public keys of the data directory
    #[arg(long, conflicts_with_all = ["public_key", "checkpoint"])]
    pub print_public_key: bool,
}

/// Dead letters.
#[derive(Debug, Subcommand)]
pub enum DeadLetters {
    /// List notifications that were given up, oldest first
    List {
        /// Where to read.
        #[command(flatten)]
        reading: Reading,
    },
    /// Put one back into the queue
    Retry {
        /// The notification's id
        id: String,
        /// Where to act.
        #[command(flatten)]
        reading: Reading,
    },
}

/// Receivers.
#[derive(Debug, Subcommand)]
pub enum ReceiversCommand {
    /// Send a message that says it is a test through every integration of a receiver
    #[command(
        after_help = "Examples:\n  conftrail receivers test ops\n  conftrail receivers test ops --lang zh --output json\nExit codes: 0 every integration took it, 1 one did not"
    )]
    Test {
        /// The receiver's name in the routing file
        name: String,
    },
}

/// Tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token and print its secret, once
    #[command(
        after_help = "Examples:\n  conftrail token create grafana --role viewer\n  conftrail token create ci --role auditor --expires 90d\n  conftrail token create pay-team --role viewer --filter 'service:pay and env:prod'"
    )]
    Create {
        /// A name, unique among valid tokens
        name: String,
        /// What it may do: viewer, operator, auditor, admin
        #[arg(long, value_parser = parse_role, default_value = "viewer")]
        role: Role,
        /// The only events that it may see, in the query language [default: all that the role may]
        #[arg(long, value_name = "QUERY")]
        filter: Option<String>,
        /// How long it is valid, such as 90d
        #[arg(long, value_name = "PERIOD")]
        expires: Option<String>,
        /// Where to act.
        #[command(flatten)]
        reading: Reading,
    },
    /// List tokens
    List {
        /// Where to read.
        #[command(flatten)]
        reading: Reading,
    },
    /// Revoke a token
    Revoke {
        /// Its name
        name: String,
        /// Where to act.
        #[command(flatten)]
        reading: Reading,
    },
}

/// Masks.
#[derive(Debug, Subcommand)]
pub enum MaskCommand {
    /// Print what stands in the trail for a secret, to search for it. Reads the value from stdin when it is `-`
    Hash {
        /// The value, or - for stdin, which keeps it out of the shell's history
        value: String,
    },
}

/// Parts of the pipeline that a process can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoleName {
    Collect,
    Audit,
    Detect,
    Alert,
    Notify,
    Keep,
    Api,
}

fn parse_role(text: &str) -> Result<Role, String> {
    Role::ALL
        .into_iter()
        .find(|role| role.as_str() == text)
        .ok_or_else(|| "the roles are viewer, operator, auditor, admin".to_owned())
}
