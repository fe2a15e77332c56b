//! What the events themselves tell: how far each source reaches, what it missed, and which keys sign.

use std::collections::BTreeMap;

use conftrail_core::integrity::{Gap, KeyChange, SourceSpan};
use conftrail_core::{Event, Timestamp, Value};

use crate::trail::row::Row;

/// The resource under which conftrail records its signing key.
const SIGNING_KEY: &str = "conftrail:conftrail/account/signing-key";
/// More gaps or keys than these are counted and not listed.
const MOST_LISTED: usize = 1_000;

/// What events tell.
#[derive(Default)]
pub(super) struct Seen {
    /// By kind, then by name: so an event needs no text of its own to find its source.
    spans: BTreeMap<String, BTreeMap<String, Span>>,
    keys: Vec<KeyChange>,
}

#[derive(Default)]
struct Span {
    events: u64,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    gaps: Vec<Gap>,
}

impl Seen {
    /// Notes what an event tells.
    pub(super) fn add(&mut self, row: &Row<'_>, json: &[u8]) {
        let span = self.span(&row.source.kind, &row.source.name);
        span.events += 1;
        span.reaches(row.time);
        if matches!(&*row.action, "gap" | "source_changed")
            && span.gaps.len() < MOST_LISTED
            && let Ok(event) = serde_json::from_slice::<Event>(json)
        {
            let action = event.action.as_str().to_owned();
            let detail = event.detail.map(Value::Map);
            span.gaps.push(Gap { event: event.id, time: event.time, action, detail });
        }
        if row.resource.id == SIGNING_KEY
            && self.keys.len() < MOST_LISTED
            && let Ok(event) = serde_json::from_slice::<Event>(json)
        {
            self.keys.push(key_change(event));
        }
    }

    /// Takes over what the events of a later part tell.
    pub(super) fn merge(&mut self, later: Self) {
        for (kind, names) in later.spans {
            for (name, span) in names {
                let known = self.span(&kind, &name);
                known.events += span.events;
                span.from.into_iter().chain(span.to).for_each(|time| known.reaches(time));
                known.gaps.extend(span.gaps);
                known.gaps.truncate(MOST_LISTED);
            }
        }
        self.keys.extend(later.keys);
        self.keys.truncate(MOST_LISTED);
    }

    /// Returns the sources by name, and the changes of the signing key in their order.
    pub(super) fn told(self) -> (Vec<SourceSpan>, Vec<KeyChange>) {
        let mut sources = Vec::new();
        for (kind, names) in self.spans {
            for (name, span) in names {
                let (Some(from), Some(to)) = (span.from, span.to) else { continue };
                let source = format!("{kind}:{name}");
                sources.push(SourceSpan { source, events: span.events, from, to, gaps: span.gaps });
            }
        }
        (sources, self.keys)
    }

    fn span(&mut self, kind: &str, name: &str) -> &mut Span {
        if !self.spans.contains_key(kind) {
            self.spans.insert(kind.to_owned(), BTreeMap::new());
        }
        let names = self.spans.get_mut(kind).expect("it was inserted when it was missing");
        if !names.contains_key(name) {
            names.insert(name.to_owned(), Span::default());
        }
        names.get_mut(name).expect("it was inserted when it was missing")
    }
}

impl Span {
    fn reaches(&mut self, time: Timestamp) {
        self.from = Some(self.from.map_or(time, |from| from.min(time)));
        self.to = Some(self.to.map_or(time, |to| to.max(time)));
    }
}

fn key_change(event: Event) -> KeyChange {
    let id = |side: &Option<Value>| {
        let members = side.as_ref()?.as_map()?;
        members.get("key_id").and_then(Value::as_text).map(str::to_owned)
    };
    let message = event.reason.as_ref().and_then(|reason| reason.message.as_deref().map(str::to_owned));
    KeyChange { event: event.id, time: event.time, was: id(&event.before), is: id(&event.after), message }
}
