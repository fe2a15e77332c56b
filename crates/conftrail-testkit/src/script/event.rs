//! A plain event, for tests that are not about its content.

use std::sync::Arc;

use conftrail_core::capture::{Draft, Payload};
use conftrail_core::{Action, Change, ChangeOp, Event, Origin, Resource, ResourceKind, Timestamp, Value};

/// Returns the `number`-th update of `file` of the files source `source`, at `time`: `limit: number-1 → number`.
pub fn file_event(source: &str, file: &str, number: u64, time: Timestamp) -> Arc<Event> {
    let text = |text: &str| Arc::<str>::from(text);
    let origin = Origin { kind: text("files"), name: text(source), channel: text("files"), version: None };
    let resource = Resource::new("files", source, ResourceKind::File, None, None, file);
    let change = Change {
        path: "limit".into(),
        op: ChangeOp::Replace,
        before: Some(Value::from(number.saturating_sub(1))),
        after: Some(Value::from(number)),
        sensitive: false,
    };
    let payload = Payload {
        format: Some("row".into()),
        after: change.after.clone(),
        before: change.before.clone(),
        changes: vec![change].into(),
        ..Payload::default()
    };
    let draft = Draft::new(origin, time, time, format!("{file}#{number}").into(), 0);
    draft.finish(Action::Update, resource, payload)
}
