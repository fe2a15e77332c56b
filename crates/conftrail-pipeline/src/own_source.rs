//! The built-in source `conftrail`: its own acts are part of its own trail.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use conftrail_core::own::Act;
use conftrail_core::ports::{ControlStore, Source, SourceBatch, SourceStream};
use conftrail_core::{
    Action, Actor, Authority, Binding, Checkpoint, Event, EventId, FORMAT_VERSION, Map, Origin, PortError,
    PortResult, Position, Reason, Resource, ResourceKind, Value, diff,
};
use futures_util::StreamExt;

use crate::{Nudge, now};

/// The name of the source, which no configured source may take.
const NAME: &str = "conftrail";
/// Acts in one batch.
const BATCH: usize = 500;
/// How long an act of another process may wait to be read.
const POLL: Duration = Duration::from_secs(1);

/// Reads conftrail's own acts from the control store.
pub struct OwnSource {
    origin: Origin,
    control: Arc<dyn ControlStore>,
    nudge: Nudge,
}

impl OwnSource {
    /// Makes the source; `nudge` wakes it after an act of this process.
    pub fn new(control: Arc<dyn ControlStore>, nudge: Nudge, version: &str) -> Self {
        let origin = Origin {
            kind: Arc::from(NAME),
            name: Arc::from(NAME),
            channel: Arc::from("own"),
            version: Some(Arc::from(version)),
        };
        Self { origin, control, nudge }
    }
}

#[async_trait]
impl Source for OwnSource {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    async fn open(&self, after: Option<Checkpoint>) -> PortResult<SourceStream> {
        let read = match after.map(|checkpoint| checkpoint.position.0) {
            None => 0,
            Some(Value::Int(sequence)) => u64::try_from(sequence).unwrap_or(0),
            Some(_) => return Err(PortError::corrupt("read the checkpoint of the source conftrail")),
        };
        let (control, nudge, origin) = (self.control.clone(), self.nudge.clone(), self.origin.clone());
        let batches = futures_util::stream::try_unfold(read, move |read| {
            let (control, nudge, origin) = (control.clone(), nudge.clone(), origin.clone());
            async move {
                let asked = now();
                let acts = control.acts_after(read, BATCH).await?;
                if acts.is_empty() {
                    nudge.wait(POLL).await;
                }
                let last = acts.last().map_or(read, |(sequence, _)| *sequence);
                let caught_up = acts.len() < BATCH;
                let batch = SourceBatch {
                    events: acts
                        .into_iter()
                        .map(|(sequence, act)| Arc::new(event(&origin, sequence, act)))
                        .collect(),
                    position: Position(Value::from(last)),
                    state: Vec::new(),
                    watermark: caught_up.then_some(asked),
                };
                Ok(Some((batch, last)))
            }
        });
        Ok(batches.boxed())
    }
}

fn event(origin: &Origin, sequence: u64, act: Act) -> Event {
    let (time, _) = act.time.clamped();
    let changes = diff::rows(columns(&act.before).as_ref(), columns(&act.after).as_ref());
    let detail = changes.truncated.then(|| {
        let mut detail = Map::default();
        detail.insert("changes_cut_at", diff::MAX_CHANGES as u64);
        detail
    });
    let mut position = Map::default();
    position.insert("sequence", Value::from(sequence));
    Event {
        v: FORMAT_VERSION,
        id: EventId::derive(time, NAME, &sequence.to_string(), 0),
        time,
        observed: now(),
        action: act.action,
        source: Arc::new(origin.clone()),
        resource: Resource::new(NAME, NAME, act.kind, None, Some(act.kind.as_str()), &act.name),
        actor: Arc::new(Actor {
            authority: if act.via == "token" { Authority::Authenticated } else { Authority::Claimed },
            name: Some(act.actor.into()),
            binding: Binding::Exact,
            via: Some(act.via.into()),
            ..Actor::default()
        }),
        reason: act.message.map(|message| Reason { message: Some(message.into()), ..Reason::default() }),
        correlation: None,
        detail,
        format: Some("row".into()),
        changes: changes.changes,
        before: act.before,
        after: act.after,
        masked: Vec::new(),
        flags: Vec::new(),
        truncated: false,
        position: Some(position.into()),
        tx: None,
        trace: None,
        labels: Default::default(),
        log: None,
    }
}

/// Returns a side of an act as a row; what is no map stands in the column `value`.
fn columns(side: &Option<Value>) -> Option<Map> {
    match side.as_ref()? {
        Value::Map(map) => Some(map.clone()),
        single => {
            let mut map = Map::default();
            map.insert("value", single.clone());
            Some(map)
        }
    }
}

/// Returns the act by which conftrail tells of its own health: `name` is the part, `state` a word rules can match.
pub(crate) fn health_act(name: String, state: &str, message: String) -> Act {
    let mut after = Map::default();
    after.insert("state", state);
    Act {
        time: now(),
        actor: NAME.to_owned(),
        via: "process".to_owned(),
        action: Action::Update,
        kind: ResourceKind::Health,
        name,
        before: None,
        after: Some(Value::Map(after)),
        message: Some(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the changes of an act as `path op`.
    fn changes(before: Option<Value>, after: Option<Value>) -> Vec<String> {
        let origin =
            Origin { kind: Arc::from(NAME), name: Arc::from(NAME), channel: Arc::from("own"), version: None };
        let mut act = health_act("source/etc".to_owned(), "ok", String::new());
        (act.before, act.after) = (before, after);
        let event = event(&origin, 1, act);
        event.changes.iter().map(|change| format!("{} {}", change.path, change.op.as_str())).collect()
    }

    fn value(json: &str) -> Option<Value> {
        Some(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn an_act_names_each_key_that_it_changed() {
        let (before, after) = (
            value(r#"{"role":"viewer","until":"2027","rules":{"a":1,"b":2}}"#),
            value(r#"{"role":"admin","by":"bob","rules":{"a":1,"b":3}}"#),
        );
        assert_eq!(
            changes(before.clone(), after.clone()),
            ["role replace", "by add", "rules.b replace", "until remove"]
        );
        assert_eq!(changes(None, after), ["role add", "by add", "rules add"]);
        assert_eq!(changes(before.clone(), None), ["role remove", "until remove", "rules remove"]);
        assert_eq!(changes(before.clone(), before), [""; 0]);
    }

    #[test]
    fn a_single_value_is_a_column_of_its_own() {
        assert_eq!(changes(value("1"), value("2")), ["value replace"]);
        assert_eq!(changes(None, value(r#""x""#)), ["value add"]);
        assert_eq!(changes(None, None), [""; 0]);
    }
}
