//! The command line of `rules`.

use std::path::PathBuf;

use clap::Subcommand;

use crate::cli::Reading;

/// Works on rules.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Find what is wrong with rules and what a person should look at, each with its place and a code
    #[command(
        after_help = "Examples:\n  conftrail rules lint\n  conftrail rules lint rules --fatal\n  conftrail rules lint --output json\nExit codes: 0 nothing but warnings, 1 errors, 3 warnings under --fatal"
    )]
    Lint {
        /// A directory of rules [default: rules.dir of the configuration, or ./rules]
        directory: Option<PathBuf>,
        /// Exit with 3 when there are warnings
        #[arg(long)]
        fatal: bool,
    },
    /// Show why a rule finds an event or does not: each part with the values that made it so
    #[command(
        after_help = "Examples:\n  conftrail rules explain --rule production/secret-touched --event 01M7W6C3BVM8V4T0R9C5X7B1ND"
    )]
    Explain {
        /// The rule: <set>/<id>, or an id that only one set has
        #[arg(long)]
        rule: String,
        /// The event's id
        #[arg(long, value_name = "ID")]
        event: String,
        /// Where to read.
        #[command(flatten)]
        reading: Reading,
    },
    /// Print a rule with its two cases, made of a search and the newest event that it finds
    #[command(
        after_help = "Examples:\n  conftrail rules new --id limit-changed --from-search 'path:*limit* and env:prod'\n  conftrail rules new --id limit-changed --from-search 'path:*limit*' --into rules"
    )]
    New {
        /// What the rule finds, in the query language
        #[arg(long, value_name = "QUERY")]
        from_search: String,
        /// The rule's id, and the name of its files
        #[arg(long, default_value = "new-rule", value_name = "ID")]
        id: String,
        /// Write both files into this directory instead of printing them
        #[arg(long, value_name = "DIR")]
        into: Option<PathBuf>,
        /// Where to read.
        #[command(flatten)]
        reading: Reading,
    },
    /// List the rules of the configured files, or show one as it is in force
    #[command(
        after_help = "Examples:\n  conftrail rules show\n  conftrail rules show conftrail/gap\n  conftrail rules show --effective --output json"
    )]
    Show {
        /// One rule: <set>/<id>, or an id that only one set has
        rule: Option<String>,
        /// Every rule whole, built-in ones included, with what other files changed of them
        #[arg(long)]
        effective: bool,
    },
    /// Run the cases beside the rules (*.test.yaml) on a virtual clock
    #[command(
        after_help = "Examples:\n  conftrail rules test\n  conftrail rules test rules/production.test.yaml\n  conftrail rules test --junit results.xml\nExit codes: 0 every case holds, 1 one does not"
    )]
    Test {
        /// A directory of rules or a file of cases [default: rules.dir of the configuration, or ./rules]
        path: Option<PathBuf>,
        /// Also write the results as JUnit's XML
        #[arg(long, value_name = "FILE")]
        junit: Option<PathBuf>,
        /// Write what came into the cases that do not hold, for you to look at
        #[arg(long)]
        update: bool,
    },
}
