//! `log --follow` and `search --follow`: what is recorded, as it comes.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use conftrail_core::ports::{AuditReader, Cursor, FollowRequest, SearchRequest};
use conftrail_core::query::Query;
use conftrail_core::{Event, EventId, Timestamp, explain};

use super::list;
use crate::output::{Printer, event_line, event_with_diff};
use crate::say;

/// How often a store that does not wait by itself is asked.
const POLL: Duration = Duration::from_millis(250);
/// How long is waited after an instance could not be reached.
const AGAIN: Duration = Duration::from_secs(1);
/// Events asked for in one go.
const PAGE: usize = 500;

/// What is followed.
pub(crate) struct Following {
    /// What must hold.
    pub(crate) query: Query,
    /// Of what is there, only what is not older.
    pub(crate) since: Option<Timestamp>,
    /// How many of the newest events that are there come first.
    pub(crate) first: usize,
    /// With the diff of each event.
    pub(crate) patch: bool,
}

/// Prints the newest events that are there, oldest first, and then what comes, without an end. Nothing is missed or
/// printed twice in between, and when the instance is started anew.
///
/// # Errors
/// The trail refuses, or stdout is closed.
pub(crate) async fn run(
    trail: &dyn AuditReader,
    following: Following,
    printer: &Printer,
) -> anyhow::Result<()> {
    let Following { query, since, first, patch } = following;
    let ask = |after: Option<Cursor>| FollowRequest { query: query.clone(), after, limit: PAGE };
    // The place first: what comes between it and the search is in both, and printed once.
    let end = trail.follow(ask(None)).await.map_err(|error| anyhow!(explain(&error)))?;
    let mut newest = list::newest(first, |limit, cursor| {
        trail.search(SearchRequest { query: query.clone(), since, until: None, limit, cursor })
    })
    .await?;
    newest.reverse();
    let mut known: HashSet<EventId> = newest.iter().map(|event| event.id).collect();
    newest.iter().try_for_each(|event| print(event, patch, printer))?;
    let mut next = end.next;
    let mut lost = false;
    loop {
        let asked = Instant::now();
        match trail.follow(ask(Some(next.clone()))).await {
            Ok(found) => {
                if std::mem::take(&mut lost) {
                    say(printer.language.pick("going on where it was", "已从断点继续"));
                }
                for recorded in found.events.iter().filter(|recorded| !known.contains(&recorded.event.id)) {
                    print(&recorded.event, patch, printer)?;
                }
                if !found.more {
                    // What was there at the beginning has come by.
                    known.clear();
                }
                next = found.next;
                if !found.more && asked.elapsed() < POLL {
                    tokio::time::sleep(POLL).await;
                }
            }
            Err(error) if error.is_retryable() => {
                if !std::mem::replace(&mut lost, true) {
                    let said =
                        printer.language.pick("the connection is lost, trying again", "连接中断，正在重试");
                    say(&format!("{said}: {}", explain(&error)));
                }
                tokio::time::sleep(AGAIN).await;
            }
            Err(error) => return Err(anyhow!(explain(&error))),
        }
    }
}

fn print(event: &Arc<Event>, patch: bool, printer: &Printer) -> anyhow::Result<()> {
    printer.print(event, |printer| match patch {
        true => event_with_diff(event, printer),
        false => event_line(event, printer),
    })
}
