//! The commands: each turns its arguments into one call and prints the answer.

mod at;
mod blame;
mod check;
mod current;
mod dead_letters;
mod demo;
mod export;
mod follow;
mod init;
mod ledger;
mod list;
mod mask;
mod rebuild;
mod receivers;
mod routes;
mod rules;
mod run;
mod schema;
mod search;
mod show;
mod silence;
mod tail;
mod token;
mod trail;
mod verify;
mod who;
mod why;

use std::process::ExitCode;

pub(crate) use rules::RulesCommand;
pub(crate) use schema::SchemaArgs;
pub(crate) use why::{WhyArgs, WhyNotArgs};

use crate::WrongUsage;
use crate::cli::{Cli, Command, Output};

/// Runs a command; the exit code is 0 done, 1 failed or findings, 2 wrong usage.
///
/// # Errors
/// Whatever the command could not do.
pub(crate) async fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    let common = cli.common;
    if common.output == Output::Maxwell && !matches!(cli.command, Command::Tail(_)) {
        let said = "maxwell is a form of `conftrail tail` alone; what is on record: `conftrail export --format maxwell`";
        return Err(WrongUsage(said.to_owned()).into());
    }
    match cli.command {
        Command::Demo { directory, once } => demo::run(&common, directory, once).await,
        Command::Run { watch, roles } => run::run(&common, watch, roles).await,
        Command::Init { mysql, password_file, watch } => init::run(mysql, password_file, watch).await,
        Command::Check => check::run(&common).await,
        Command::Tail(arguments) => tail::run(&common, arguments).await,
        Command::Log(arguments) => list::log(&common, arguments).await,
        Command::Timeline { resource, limit, patch, reading } => {
            list::timeline(&common, &resource, limit, patch, &reading).await
        }
        Command::Search(arguments) => search::run(&common, arguments).await,
        Command::Blame(arguments) => blame::run(&common, arguments).await,
        Command::Who(arguments) => who::run(&common, arguments).await,
        Command::Trail(arguments) => trail::run(&common, arguments).await,
        Command::Export(arguments) => export::run(&common, arguments).await,
        Command::Show { id, reading } => show::show(&common, &id, &reading).await,
        Command::Diff { id, reading } => show::diff(&common, &id, &reading).await,
        Command::Current { prefix, limit, reading } => current::run(&common, &prefix, limit, &reading).await,
        Command::At { time, prefix, limit, reading } => {
            at::run(&common, &time, &prefix, limit, &reading).await
        }
        Command::Ledger { since, reading } => ledger::run(&common, &since, &reading).await,
        Command::DeadLetters(command) => dead_letters::run(&common, command).await,
        Command::Verify(arguments) => verify::run(&common, arguments).await,
        Command::Rebuild => rebuild::run(&common).await,
        Command::Silence(command) => silence::run(&common, command).await,
        Command::Routes(command) => routes::run(&common, command),
        Command::Rules(command) => rules::run(&common, command).await,
        Command::Schema(SchemaArgs { of }) => schema::run(of),
        Command::Why(WhyArgs { alert }) => why::why(&common, &alert).await,
        Command::WhyNot(WhyNotArgs { event, rule }) => why::why_not(&common, &event, rule.as_deref()).await,
        Command::Receivers(command) => receivers::run(&common, command).await,
        Command::Token(command) => token::run(&common, command).await,
        Command::Mask(command) => mask::run(&common, command),
    }
}
