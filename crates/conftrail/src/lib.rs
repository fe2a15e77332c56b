//! The program as a library: configuration, assembly and commands.

pub mod assemble;
pub mod config;

mod app;
mod cli;
mod cli_routing;
mod commands;
mod local_token;
mod mask_key;
mod output;
mod reader;
mod rule_cases;
mod rules;
mod signing_key;
mod startup;
mod telemetry;

use std::io::Write as _;
use std::process::ExitCode;

pub use cli::Cli;

use cli::Common;
use config::Config;

/// Runs a command and returns its exit code: 0 done, 1 failed or findings, 2 wrong usage.
pub async fn run(cli: Cli) -> ExitCode {
    match commands::dispatch(cli).await {
        Ok(code) => code,
        // `conftrail log | head` closes our stdout on purpose.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            if error.downcast_ref::<WrongUsage>().is_some() { ExitCode::from(2) } else { ExitCode::from(1) }
        }
    }
}

/// Talks to the person at the terminal; data goes to stdout.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Marks an error that another command line would not have.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WrongUsage(pub String);

/// Reads the configuration of a command.
fn configured(common: &Common) -> anyhow::Result<Config> {
    config::load(common.config.as_deref()).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(config::Problem::shown).collect();
        WrongUsage(lines.join("\n")).into()
    })
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    io.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
