//! The command line of silences and of the routing file.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::Reading;

/// Silences.
#[derive(Debug, Subcommand)]
pub enum SilenceCommand {
    /// Keep from being told what matches, for a time; its end tells in one line what it held back
    #[command(
        after_help = "Examples:\n  conftrail silence add 'team=\"pay\"' --for 2h --comment 'moving the database'\n  conftrail silence add alertname=limit-changed 'resource_env=~\"test|dev\"' --for 1d --comment 'load test' --author alice"
    )]
    Add(NewSilence),
    /// List silences, the last made first
    List {
        /// Also those that are over
        #[arg(long)]
        expired: bool,
        /// Where to read.
        #[command(flatten)]
        reading: Reading,
    },
    /// End a silence now
    Expire {
        /// The silence's id
        id: String,
        /// Where to act.
        #[command(flatten)]
        reading: Reading,
    },
}

/// What `silence add` is told.
#[derive(Debug, Args)]
pub struct NewSilence {
    /// Matchers on labels, all of which must hold: name="value", also != =~ !~
    #[arg(required = true, value_name = "MATCHER")]
    pub matchers: Vec<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub comment: String,
    /// How long, such as 2h; at most 30d
    #[arg(long = "for", value_name = "PERIOD", required_unless_present = "until", conflicts_with = "until")]
    pub period: Option<String>,
    /// Until when: RFC 3339, or a day
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Since when, RFC 3339 [default: now]
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Who wants it [default: the user of this terminal]
    #[arg(long, value_name = "NAME")]
    pub author: Option<String>,
    /// Where to act.
    #[command(flatten)]
    pub reading: Reading,
}

/// The routing file.
#[derive(Debug, Subcommand)]
pub enum RoutesCommand {
    /// Print the routes as a tree, with everything they inherit
    Show {
        /// Which file.
        #[command(flatten)]
        file: RoutingFile,
    },
    /// Print the receivers that a set of labels takes
    #[command(
        after_help = "Examples:\n  conftrail routes test severity=critical team=pay\n  conftrail routes test team=pay --verify.receivers pay-mail,audit\nExit codes: 0 done, 1 the receivers are others than --verify.receivers says"
    )]
    Test {
        /// Labels, as name=value
        #[arg(value_name = "LABEL")]
        labels: Vec<String>,
        /// The receivers that it must be, in this order
        #[arg(long = "verify.receivers", value_delimiter = ',', value_name = "NAMES")]
        verify: Vec<String>,
        /// Which file.
        #[command(flatten)]
        file: RoutingFile,
    },
    /// Print the file as Alertmanager reads it, without the keys that it does not know
    #[command(
        after_help = "Examples:\n  conftrail routes export > alertmanager.yml && amtool check-config alertmanager.yml"
    )]
    Export {
        /// Which file.
        #[command(flatten)]
        file: RoutingFile,
    },
}

/// Which routing file.
#[derive(Debug, Args)]
pub struct RoutingFile {
    /// The routing file [default: rules.routing of the configuration]
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}
