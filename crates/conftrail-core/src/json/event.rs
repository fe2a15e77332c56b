//! Events, as their `Serialize` writes them: most of what conftrail writes, so their names are joined with what stands
//! around them.

use super::AppendJson;
use super::text::{append, append_whole};
use crate::{
    Actor, Change, ChangeOp, Correlation, Event, Map, Order, Origin, Record, Resource, SmolStr, Timestamp,
    Transaction, Value,
};

/// Appends a literal; short ones become a few moves.
macro_rules! put {
    ($json:expr, $literal:literal) => {
        $json.extend_from_slice($literal)
    };
}

impl AppendJson for Event {
    fn append_json(&self, json: &mut Vec<u8>) {
        // Most events fit.
        json.reserve(2048);
        put!(json, b"{");
        self.append_fields(json);
        put!(json, b"}");
    }
}

impl AppendJson for Record {
    fn append_json(&self, json: &mut Vec<u8>) {
        match self {
            Self::Change(event) => {
                put!(json, b"{\"record\":\"change\",");
                event.append_fields(json);
                put!(json, b"}");
            }
            Self::Progress(_) => plain(self, json),
        }
    }
}

impl AppendJson for Value {
    fn append_json(&self, json: &mut Vec<u8>) {
        value(self, json);
    }
}

impl Event {
    fn append_fields(&self, json: &mut Vec<u8>) {
        // Names every field, so that a new one cannot be forgotten here; the types below do the same.
        let Self {
            v: _,
            id: _,
            time: _,
            observed: _,
            action: _,
            source: _,
            resource: _,
            actor: _,
            reason: _,
            correlation: _,
            detail: _,
            format: _,
            before: _,
            after: _,
            changes: _,
            masked: _,
            flags: _,
            truncated: _,
            position: _,
            tx: _,
            trace: _,
            labels: _,
            log: _,
        } = self;
        put!(json, b"\"v\":");
        append_whole(self.v, json);
        put!(json, b",\"id\":\"");
        json.extend_from_slice(self.id.as_str().as_bytes());
        put!(json, b"\",\"time\":");
        time(self.time, json);
        put!(json, b",\"observed\":");
        time(self.observed, json);
        put!(json, b",\"action\":\"");
        json.extend_from_slice(self.action.as_str().as_bytes());
        put!(json, b"\",\"source\":");
        origin(&self.source, json);
        put!(json, b",\"resource\":");
        resource(&self.resource, json);
        put!(json, b",\"actor\":");
        actor(&self.actor, json);
        if let Some(why) = &self.reason {
            put!(json, b",\"reason\":");
            plain(why, json);
        }
        if let Some(Correlation { id, via }) = &self.correlation {
            put!(json, b",\"correlation\":{\"id\":");
            append(id, json);
            put!(json, b",\"via\":");
            append(via, json);
            put!(json, b"}");
        }
        if let Some(detail) = &self.detail {
            put!(json, b",\"detail\":");
            map(detail, json);
        }
        optional(b",\"format\":", self.format.as_ref(), json);
        if let Some(before) = &self.before {
            put!(json, b",\"before\":");
            value(before, json);
        }
        if let Some(after) = &self.after {
            put!(json, b",\"after\":");
            value(after, json);
        }
        put!(json, b",\"changes\":");
        list(&self.changes, json, change);
        put!(json, b",\"masked\":");
        list(&self.masked, json, |path, json| append(path, json));
        put!(json, b",\"flags\":");
        list(&self.flags, json, |flag, json| append(flag, json));
        put!(json, b",\"truncated\":");
        truth(self.truncated, json);
        if let Some(position) = &self.position {
            put!(json, b",\"position\":");
            map(position, json);
        }
        if let Some(tx) = &self.tx {
            put!(json, b",\"tx\":");
            transaction(tx, json);
        }
        optional(b",\"trace\":", self.trace.as_ref(), json);
        for (index, (name, label)) in self.labels.iter().enumerate() {
            json.extend_from_slice(if index == 0 { b",\"labels\":{" } else { b"," });
            append(name, json);
            put!(json, b":");
            append(label, json);
        }
        if !self.labels.is_empty() {
            put!(json, b"}");
        }
        if let Some(order) = &self.log {
            put!(json, b",\"log\":");
            place(order, json);
        }
    }
}

fn time(time: Timestamp, json: &mut Vec<u8>) {
    put!(json, b"\"");
    time.append_to(json);
    put!(json, b"\"");
}

fn truth(truth: bool, json: &mut Vec<u8>) {
    json.extend_from_slice(if truth { b"true" } else { b"false" });
}

/// Appends a field that may be absent, its name with the comma before it.
fn optional(name: &'static [u8], value: Option<&SmolStr>, json: &mut Vec<u8>) {
    if let Some(value) = value {
        json.extend_from_slice(name);
        append(value, json);
    }
}

fn list<T>(items: &[T], json: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
    put!(json, b"[");
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            put!(json, b",");
        }
        write(item, json);
    }
    put!(json, b"]");
}

fn origin(origin: &Origin, json: &mut Vec<u8>) {
    let Origin { kind: _, name: _, channel: _, version: _ } = origin;
    put!(json, b"{\"kind\":");
    append(&origin.kind, json);
    put!(json, b",\"name\":");
    append(&origin.name, json);
    put!(json, b",\"channel\":");
    append(&origin.channel, json);
    if let Some(version) = &origin.version {
        put!(json, b",\"version\":");
        append(version, json);
    }
    put!(json, b"}");
}

fn resource(resource: &Resource, json: &mut Vec<u8>) {
    let Resource {
        id: _,
        kind: _,
        env: _,
        namespace: _,
        group: _,
        name: _,
        renamed_to: _,
        service: _,
        owner: _,
    } = resource;
    put!(json, b"{\"id\":");
    append(&resource.id, json);
    put!(json, b",\"kind\":\"");
    json.extend_from_slice(resource.kind.as_str().as_bytes());
    put!(json, b"\"");
    optional(b",\"env\":", resource.env.as_ref(), json);
    optional(b",\"namespace\":", resource.namespace.as_ref(), json);
    optional(b",\"group\":", resource.group.as_ref(), json);
    put!(json, b",\"name\":");
    append(&resource.name, json);
    optional(b",\"renamed_to\":", resource.renamed_to.as_ref(), json);
    optional(b",\"service\":", resource.service.as_ref(), json);
    optional(b",\"owner\":", resource.owner.as_ref(), json);
    put!(json, b"}");
}

fn actor(actor: &Actor, json: &mut Vec<u8>) {
    let Actor { name: _, kind: _, ip: _, binding: _, authority: _, via: _, login: _, client: _, claimed: _ } =
        actor;
    put!(json, b"{");
    for (name, known) in
        [(&b"\"name\":"[..], &actor.name), (b"\"kind\":", &actor.kind), (b"\"ip\":", &actor.ip)]
    {
        if let Some(known) = known {
            json.extend_from_slice(name);
            append(known, json);
            put!(json, b",");
        }
    }
    put!(json, b"\"binding\":\"");
    json.extend_from_slice(actor.binding.as_str().as_bytes());
    put!(json, b"\",\"authority\":\"");
    json.extend_from_slice(actor.authority.as_str().as_bytes());
    put!(json, b"\"");
    optional(b",\"via\":", actor.via.as_ref(), json);
    optional(b",\"login\":", actor.login.as_ref(), json);
    optional(b",\"client\":", actor.client.as_ref(), json);
    if let Some(claimed) = &actor.claimed {
        put!(json, b",\"claimed\":");
        plain(claimed, json);
    }
    put!(json, b"}");
}

/// What is rare is left to the general writer.
fn plain<T: serde::Serialize>(value: &T, json: &mut Vec<u8>) {
    super::append_json(value, json).expect("a struct of texts is always written");
}

fn change(change: &Change, json: &mut Vec<u8>) {
    let Change { path: _, op: _, before: _, after: _, sensitive: _ } = change;
    put!(json, b"{\"path\":");
    append(&change.path, json);
    match change.op {
        ChangeOp::Add => put!(json, b",\"op\":\"add\""),
        ChangeOp::Remove => put!(json, b",\"op\":\"remove\""),
        ChangeOp::Replace => put!(json, b",\"op\":\"replace\""),
    }
    if let Some(before) = &change.before {
        put!(json, b",\"before\":");
        value(before, json);
    }
    if let Some(after) = &change.after {
        put!(json, b",\"after\":");
        value(after, json);
    }
    if change.sensitive {
        put!(json, b",\"sensitive\":true}");
    } else {
        put!(json, b",\"sensitive\":false}");
    }
}

fn transaction(tx: &Transaction, json: &mut Vec<u8>) {
    let Transaction { id: _, seq: _, statement: _ } = tx;
    put!(json, b"{\"id\":");
    append(&tx.id, json);
    put!(json, b",\"seq\":");
    append_whole(tx.seq, json);
    put!(json, b",\"statement\":");
    append_whole(tx.statement, json);
    put!(json, b"}");
}

fn place(order: &Order, json: &mut Vec<u8>) {
    let Order { epoch: _, partition: _, offset: _ } = order;
    put!(json, b"{\"epoch\":");
    append_whole(order.epoch, json);
    put!(json, b",\"partition\":");
    append_whole(order.partition, json);
    put!(json, b",\"offset\":");
    append_whole(order.offset, json);
    put!(json, b"}");
}

fn value(value: &Value, json: &mut Vec<u8>) {
    match value {
        Value::Null => put!(json, b"null"),
        Value::Bool(known) => truth(*known, json),
        Value::Int(number) => append_whole(*number, json),
        Value::Uint(number) => append_whole(*number, json),
        Value::Float(number) => {
            serde_json::to_writer(json, number).expect("writing to memory cannot fail");
        }
        Value::Text(text) => append(text, json),
        Value::List(values) => list(values, json, self::value),
        Value::Map(entries) => map(entries, json),
    }
}

fn map(map: &Map, json: &mut Vec<u8>) {
    put!(json, b"{");
    for (index, (name, entry)) in map.iter().enumerate() {
        if index > 0 {
            put!(json, b",");
        }
        append(name, json);
        put!(json, b":");
        value(entry, json);
    }
    put!(json, b"}");
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::AppendJson;
    use crate::{Event, Position, Progress, Record, Timestamp};

    fn check(text: &str) {
        let event: Event = serde_json::from_str(text).unwrap();
        same(&event);
        same(&Record::Change(Arc::new(event)));
    }

    fn same<T: AppendJson + serde::Serialize>(value: &T) {
        let mut written = Vec::new();
        value.append_json(&mut written);
        assert_eq!(String::from_utf8(written).unwrap(), serde_json::to_string(value).unwrap());
    }

    #[test]
    fn progress_is_written_as_serde_writes_it() {
        let (source, watermark) = (Arc::from("a"), Timestamp::from_seconds(1));
        same(&Record::Progress(Progress { source, watermark, position: Position::default() }));
    }

    const LEAST: &str = r#"{"v":1,"id":"01M7W6C3BVM8V4T0R9C5X7B1ND","time":"2026-11-20T10:00:00.120Z",
        "observed":"2026-11-20T10:00:01Z","action":"source_changed","source":{"kind":"mysql","name":"a\"b","channel":"binlog"},
        "resource":{"id":"mysql:a/b","kind":"row","name":"键\n"}}"#;

    #[test]
    fn the_least_event_is_written_as_serde_writes_it() {
        check(LEAST);
    }

    #[test]
    fn an_event_with_everything_is_written_as_serde_writes_it() {
        check(
            r#"{"v":1,"id":"01M7W6C3BVM8V4T0R9C5X7B1ND","time":"2026-11-20T10:00:00.123456Z","observed":"2026-11-20T10:00:01Z",
            "action":"rename","source":{"kind":"mysql","name":"db","channel":"binlog","version":"9.7"},
            "resource":{"id":"mysql:db/s/t/1","kind":"row","env":"prod","namespace":"s","group":"t","name":"1",
                "renamed_to":"mysql:db/s/t/2","service":"pay","owner":"team"},
            "actor":{"name":"爱丽丝","kind":"human","ip":"10.0.0.5","binding":"exact","authority":"asserted","via":"comment",
                "login":"app@%","client":"console","claimed":{"name":"x","via":"comment","reason":"\\"}},
            "reason":{"ticket":"CHG-1","approver":"bob","message":"m","authority":"asserted"},
            "correlation":{"id":"CHG-1","via":"ticket"},"detail":{"a":1,"b":{"$b64":"AAE="}},"format":"row",
            "before":{"a":null,"b":[1,-2,0.5,1e300,18446744073709551615,true,false,"\u0001"],"c":{}},"after":null,
            "changes":[{"path":"a.b","op":"replace","before":null,"after":"x","sensitive":true},
                {"path":"c","op":"add","after":{"k":[]}},{"path":"d","op":"remove","before":1}],
            "masked":["a","b.c"],"flags":["late","no_key"],"truncated":true,
            "position":{"gtid":"u:1","pos":4},"tx":{"id":"u:1","seq":3,"statement":2},
            "trace":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01","labels":{"a":"b","c":"d\t"},
            "log":{"epoch":1,"partition":2,"offset":3}}"#,
        );
    }

    #[test]
    fn every_action_and_kind_is_written_as_serde_writes_it() {
        for action in crate::Action::ALL {
            check(&LEAST.replace("source_changed", action.as_str()));
        }
        for kind in ["config", "file", "table", "schema", "account", "source", "ruleset", "health", "view"] {
            check(&LEAST.replace(r#""kind":"row""#, &format!(r#""kind":"{kind}""#)));
        }
    }
}
