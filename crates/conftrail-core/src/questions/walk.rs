//! Walking back through the versions of a content until each of its parts has its event.

use std::collections::HashMap;
use std::ops::ControlFlow;

use super::blame::{Blame, BlameForm, BlameLine, How, Touch};
use super::content::Content;
use super::lines::Lines;
use crate::{Action, Event, SmolStr, Timestamp, Value, flag};

/// The walk, from the newest event to the oldest.
pub(super) struct Walk<'a> {
    resource: &'a str,
    path: Option<&'a str>,
    at: Option<Timestamp>,
    found: Option<Found>,
}

/// What is known since the newest event that counts.
struct Found {
    form: BlameForm,
    removed: Option<Touch>,
    /// The parts, each with its event once it is known.
    parts: Vec<(Part, Option<(How, Touch)>)>,
    open: Open,
    /// The oldest event walked over.
    last: Touch,
}

struct Part {
    path: Option<SmolStr>,
    line: Option<u64>,
    value: Value,
}

/// The parts without an event.
enum Open {
    /// By path, their places among the parts.
    Keys(HashMap<SmolStr, usize>),
    Lines(Lines),
}

impl<'a> Walk<'a> {
    pub(super) fn new(resource: &'a str, path: Option<&'a str>, at: Option<Timestamp>) -> Self {
        Self { resource, path, at, found: None }
    }

    /// Takes the next older event; breaks when every part has its event.
    pub(super) fn step(&mut self, event: &Event) -> ControlFlow<()> {
        match &mut self.found {
            None if self.at.is_some_and(|at| event.time > at) => ControlFlow::Continue(()),
            None if !sets_content(event.action) => ControlFlow::Continue(()),
            None => {
                let found = Found::new(event, self.resource, self.path);
                let found = self.found.insert(found);
                found.step(event)
            }
            Some(_) if !sets_content(event.action) => ControlFlow::Continue(()),
            // The event that renamed the resource away, or the life of another one under the same id.
            Some(found) if gone(event, self.resource) => {
                found.close_all(How::Seen);
                ControlFlow::Break(())
            }
            Some(found) => found.step(event),
        }
    }

    /// Ends the walk: what is left stood before the oldest event.
    pub(super) fn end(self, left: How) -> Option<Blame> {
        let mut found = self.found?;
        found.close_all(left);
        let lines = found.parts.into_iter().filter_map(|(part, by)| {
            let (how, by) = by?;
            Some(BlameLine { path: part.path, line: part.line, value: part.value, how, by })
        });
        Some(Blame {
            resource: self.resource.to_owned(),
            at: self.at,
            form: found.form,
            removed: found.removed,
            lines: lines.collect(),
        })
    }
}

fn sets_content(action: Action) -> bool {
    matches!(action, Action::Create | Action::Update | Action::Delete | Action::Rename | Action::Snapshot)
}

/// Says whether an event left nothing under this id.
fn gone(event: &Event, resource: &str) -> bool {
    match event.action {
        Action::Delete => true,
        Action::Rename => event.resource.renamed_to.as_deref().is_some_and(|renamed| renamed != resource),
        _ => false,
    }
}

impl Found {
    /// Begins with the newest event that counts.
    fn new(event: &Event, resource: &str, path: Option<&str>) -> Self {
        let last = Touch::of(event);
        if gone(event, resource) {
            let open = Open::Keys(HashMap::new());
            let removed = Some(last.clone());
            return Self { form: BlameForm::Keys, removed, parts: Vec::new(), open, last };
        }
        let is_meant = |name: &str| path.is_none_or(|path| is_at_or_below(name, path));
        let mut parts = Vec::new();
        let (form, open) = match Content::of(event, event.after.as_ref(), false) {
            Content::Keys(keys) => {
                let mut open = HashMap::new();
                for (name, value) in keys.into_iter().filter(|(name, _)| is_meant(name)) {
                    open.insert(name.clone(), parts.len());
                    parts.push((Part { path: Some(name), line: None, value }, None));
                }
                (BlameForm::Keys, Open::Keys(open))
            }
            Content::Lines(lines) => {
                let numbered = (1..).zip(&lines).map(|(number, text)| {
                    let value = Value::Text(text.as_str().into());
                    (Part { path: None, line: Some(number), value }, None)
                });
                // A text has no paths: what is asked for by one is not there.
                parts.extend(numbered.filter(|_| path.is_none()));
                let places = 0..parts.len();
                (BlameForm::Lines, Open::Lines(Lines::new(lines, places)))
            }
            Content::Nothing | Content::NotKept => (BlameForm::Keys, Open::Keys(HashMap::new())),
        };
        Self { form, removed: None, parts, open, last }
    }

    /// Takes an event that set the content.
    fn step(&mut self, event: &Event) -> ControlFlow<()> {
        let by_lines = matches!(self.open, Open::Lines(_));
        let after = Content::of(event, event.after.as_ref(), by_lines);
        // A snapshot is the sight of something that was there: it changed nothing.
        let before = match event.action {
            Action::Snapshot => after.clone(),
            _ => Content::of(event, event.before.as_ref(), by_lines),
        };
        let touch = Touch::of(event);
        let known = match &mut self.open {
            Open::Keys(open) => {
                let sides = after.by_name().zip(before.by_name());
                sides.map(|(after, before)| {
                    let partial = event.has_flag(flag::PARTIAL_IMAGE);
                    let mut closed = Vec::new();
                    open.retain(|name, place| {
                        let value = &self.parts[*place].0.value;
                        let how = if after.get(name.as_str()) != Some(&value) {
                            // What this event left is not what the next one found: a change between is not on record.
                            None
                        } else if before.get(name.as_str()) == Some(&value) {
                            return true;
                        } else if partial && !before.contains_key(name.as_str()) {
                            Some(How::Seen)
                        } else {
                            Some(How::Changed)
                        };
                        closed.push((*place, how));
                        false
                    });
                    closed
                })
            }
            Open::Lines(lines) => match (after.as_lines(), before.as_lines()) {
                (Some(after), Some(before)) => Some(lines.step(after, before)),
                _ => None,
            },
        };
        let Some(known) = known else {
            // This version is not kept: how it stood is not known, and neither is what came before.
            self.close_all(How::Seen);
            return ControlFlow::Break(());
        };
        for (place, how) in known {
            self.parts[place].1 = Some(match how {
                Some(how) => (how, touch.clone()),
                None => (How::Seen, self.last.clone()),
            });
        }
        self.last = touch;
        let is_done = match &self.open {
            Open::Keys(open) => open.is_empty(),
            Open::Lines(lines) => lines.is_empty(),
        };
        if is_done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Gives the oldest event to all parts that have none.
    fn close_all(&mut self, how: How) {
        for (_, by) in self.parts.iter_mut().filter(|(_, by)| by.is_none()) {
            *by = Some((how, self.last.clone()));
        }
    }
}

/// Says whether a path is another one or lies below it.
fn is_at_or_below(name: &str, path: &str) -> bool {
    name.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
