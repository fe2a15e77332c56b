//! What commands print: stdout is data, in text or as one JSON object a line.

mod blame;
mod csv;
mod event;
mod maxwell;
mod person;
mod state;
mod verification;
mod zone;

use std::cell::RefCell;
use std::io::{IsTerminal as _, Write as _};

use conftrail_core::{AppendJson, Json};
use conftrail_engine::Language;
use serde::Serialize;

use crate::cli::{self, Common, Output};

pub(crate) use blame::blame;
pub(crate) use csv::{append_header as append_csv_header, append_rows as append_csv};
pub(crate) use event::{event_diff, event_line, event_with_diff};
pub(crate) use maxwell::MaxwellLine;
pub(crate) use person::{bars, person};
pub(crate) use state::{content, state};
pub(crate) use verification::verification;
pub(crate) use zone::Zone;
pub(crate) use zone::parse_time;

/// Lines are written together up to this many bytes.
const WRITTEN_AT_ONCE: usize = 64 << 10;

/// Room for the line with which they become that many.
const LAST_LINE: usize = 16 << 10;

/// Prints to stdout in the form the caller asked for.
pub(crate) struct Printer {
    /// Text or JSON.
    pub(crate) output: Output,
    /// The language of the words.
    pub(crate) language: Language,
    /// The time zone of printed times.
    pub(crate) zone: Zone,
    /// Whether colours are shown.
    pub(crate) colour: bool,
    /// What was written last: its room is used again.
    lines: RefCell<Json>,
}

impl Printer {
    /// Makes a printer from the options of every command.
    pub(crate) fn new(common: &Common) -> Self {
        let language = match common.lang {
            Some(cli::Language::Zh) => Language::Chinese,
            Some(cli::Language::En) => Language::English,
            None => locale(),
        };
        Self {
            output: common.output,
            language,
            zone: common.tz.unwrap_or(if common.utc { Zone::Utc } else { Zone::Local }),
            colour: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
            lines: RefCell::new(Json::with_capacity(WRITTEN_AT_ONCE + LAST_LINE)),
        }
    }

    /// Prints one thing: as JSON, or as the text that `text` makes of it.
    ///
    /// # Errors
    /// stdout is closed.
    pub(crate) fn print<T: Serialize>(
        &self,
        value: &T,
        text: impl FnOnce(&Self) -> String,
    ) -> anyhow::Result<()> {
        let mut lines = Vec::new();
        match self.output {
            Output::Json | Output::Maxwell => serde_json::to_writer(&mut lines, value)?,
            Output::Text => lines.extend_from_slice(text(self).as_bytes()),
        }
        lines.push(b'\n');
        write(&lines)
    }

    /// Prints many things, of which all are out when this returns; a line never waits for a later call.
    ///
    /// # Errors
    /// stdout is closed.
    pub(crate) fn print_all<T: AppendJson>(
        &self,
        values: impl IntoIterator<Item = T>,
        text: impl Fn(&T, &Self) -> String,
    ) -> anyhow::Result<()> {
        match self.output {
            Output::Json | Output::Maxwell => self.print_json(values),
            Output::Text => self.print_each(values, |value, lines| lines.put(text(value, self).as_bytes())),
        }
    }

    /// Prints one JSON object a line, of which all are out when this returns.
    ///
    /// # Errors
    /// stdout is closed.
    pub(crate) fn print_json<T: AppendJson>(
        &self,
        values: impl IntoIterator<Item = T>,
    ) -> anyhow::Result<()> {
        self.print_each(values, |value, lines| value.append_json(lines))
    }

    /// Prints lines that `append` writes without their end, of which all are out when this returns.
    ///
    /// # Errors
    /// stdout is closed.
    pub(crate) fn print_each<T>(
        &self,
        values: impl IntoIterator<Item = T>,
        append: impl Fn(&T, &mut Json),
    ) -> anyhow::Result<()> {
        let mut lines = self.lines.take();
        lines.clear();
        for value in values {
            append(&value, &mut lines);
            lines.put(b"\n");
            if lines.as_bytes().len() >= WRITTEN_AT_ONCE {
                write(lines.as_bytes())?;
                lines.clear();
            }
        }
        write(lines.as_bytes())?;
        self.lines.replace(lines);
        Ok(())
    }

    /// Returns text in a colour (an SGR number), where colours are shown.
    pub(crate) fn paint(&self, colour: u8, text: &str) -> String {
        if self.colour { format!("\u{1b}[{colour}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Prints text that is data in itself, whatever form was asked for.
///
/// # Errors
/// stdout is closed.
pub(crate) fn print_text(text: &str) -> anyhow::Result<()> {
    write(text.as_bytes())
}

fn write(lines: &[u8]) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(lines)?;
    stdout.flush()?;
    Ok(())
}

/// Returns the language of the environment.
fn locale() -> Language {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(|name| std::env::var(name).ok());
    match set {
        Some(locale) if locale.starts_with("zh") => Language::Chinese,
        _ => Language::English,
    }
}
