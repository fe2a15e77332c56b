//! Events, as their `Serialize` writes them: most of what conftrail writes, so their names are joined with what stands
//! around them.

use super::content::{Written, change, image, list, map, truth, whole_row};
use super::parts::{actor, binlog, optional, origin, place, resource, shared, transaction};
use super::{AppendJson, Json};
use crate::{Correlation, Event, Record};

impl AppendJson for Event {
    fn append_json(&self, json: &mut Json) {
        json.put_literal(b"{");
        self.append_fields(json);
        json.put_literal(b"}");
    }
}

impl AppendJson for Record {
    fn append_json(&self, json: &mut Json) {
        match self {
            Self::Change(event) => {
                json.put_literal(b"{\"record\":\"change\",");
                event.append_fields(json);
                json.put_literal(b"}");
            }
            Self::Progress(_) => json.put_plainly(self),
        }
    }
}

impl Event {
    fn append_fields(&self, json: &mut Json) {
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
        json.put_literal(b"\"v\":");
        json.put_whole(self.v);
        json.put_literal(b",\"id\":\"");
        json.put_literal(self.id.as_bytes());
        json.put_literal(b"\",\"time\":");
        json.put_time(self.time);
        json.put_literal(b",\"observed\":");
        json.put_time(self.observed);
        json.put_literal(b",\"action\":\"");
        json.put(self.action.as_str().as_bytes());
        json.put_literal(b"\",\"source\":");
        shared(&self.source, json, |json| &mut json.origin, origin);
        json.put_literal(b",\"resource\":");
        resource(&self.resource, json);
        json.put_literal(b",\"actor\":");
        shared(&self.actor, json, |json| &mut json.actor, actor);
        if let Some(why) = &self.reason {
            json.put_literal(b",\"reason\":");
            json.put_plainly(why);
        }
        if let Some(Correlation { id, via }) = &self.correlation {
            json.put_literal(b",\"correlation\":{\"id\":");
            json.put_text(id);
            json.put_literal(b",\"via\":");
            json.put_text(via);
            json.put_literal(b"}");
        }
        if let Some(detail) = &self.detail {
            json.put_literal(b",\"detail\":");
            map(detail, json);
        }
        optional(b",\"format\":", self.format.as_ref(), json);
        let mut written = Written::default();
        if let Some(before) = &self.before {
            json.put_literal(b",\"before\":");
            image(before, &self.changes, json, &mut written);
        }
        if let Some(after) = &self.after {
            json.put_literal(b",\"after\":");
            image(after, &self.changes, json, &mut written);
        }
        json.put_literal(b",\"changes\":");
        match self.changes.whole_row() {
            Some((op, row)) if written.has_entries => whole_row(op, row, json),
            _ => list(&self.changes, json, |each, json| change(each, json, &mut written)),
        }
        json.put_literal(b",\"masked\":");
        list(&self.masked, json, |path, json| json.put_text(path));
        json.put_literal(b",\"flags\":");
        list(&self.flags, json, |flag, json| json.put_text(flag));
        json.put_literal(b",\"truncated\":");
        truth(self.truncated, json);
        if let Some(position) = &self.position {
            json.put_literal(b",\"position\":");
            match position.binlog() {
                Some(place) => binlog(place, json),
                None => map(position, json),
            }
        }
        if let Some(tx) = &self.tx {
            json.put_literal(b",\"tx\":");
            transaction(tx, json);
        }
        optional(b",\"trace\":", self.trace.as_ref(), json);
        for (index, (name, label)) in self.labels.iter().enumerate() {
            json.put(if index == 0 { b",\"labels\":{" } else { b"," });
            json.put_text(name);
            json.put_literal(b":");
            json.put_text(label);
        }
        if !self.labels.is_empty() {
            json.put_literal(b"}");
        }
        if let Some(order) = &self.log {
            json.put_literal(b",\"log\":");
            place(order, json);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{AppendJson, Json};
    use crate::diff;
    use crate::{
        BinlogPlace, Change, ChangeOp, Event, Map, Position, Progress, Record, SmolStr, Timestamp, Value,
    };

    fn check(text: &str) {
        let event: Event = serde_json::from_str(text).unwrap();
        same(&event);
        same(&Record::Change(Arc::new(event)));
    }

    fn same<T: AppendJson + serde::Serialize>(value: &T) {
        let mut written = Json::default();
        value.append_json(&mut written);
        assert_eq!(String::from_utf8(written.into_bytes()).unwrap(), serde_json::to_string(value).unwrap());
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
    fn a_row_that_came_or_went_is_written_as_serde_writes_it() {
        let inner = Map::from_unique([("n\"".into(), Value::Int(1)), ("é".into(), Value::Null)]);
        let long = "a text that is longer than what is moved at once";
        let mask = "hmac-sha256:01234567:0123456789ab";
        let row: Map = [Value::Map(inner), long.into(), mask.into(), Value::from("\\"), Value::Float(0.5)]
            .into_iter()
            .enumerate()
            .map(|(number, value)| (SmolStr::from(format!("column \"{number}\"")), value))
            .collect();
        let mut event: Event = serde_json::from_str(LEAST).unwrap();
        for rooms in 0..80 {
            // What is written before moves the place where the room ends.
            event.flags = vec![SmolStr::from("x".repeat(rooms * 8))];
            event.changes = diff::rows(None, Some(&row)).changes;
            (event.before, event.after) = (None, Some(Value::Map(row.clone())));
            same(&event);
            event.changes = diff::rows(Some(&row), None).changes;
            (event.before, event.after) = (Some(Value::Map(row.clone())), None);
            same(&event);
            // Of another row, or with none.
            event.before = Some(Value::Map(Map::default()));
            same(&event);
            event.before = None;
            same(&event);
        }
    }

    #[test]
    fn a_place_in_a_binlog_is_written_as_serde_writes_it() {
        let mut event: Event = serde_json::from_str(LEAST).unwrap();
        for gtid in [None, Some(SmolStr::from("3e11fa47-71ca-11e1-9e33-c80aa9429562:tag\":23"))] {
            let place = BinlogPlace { gtid, file: "日志.000001".into(), pos: u64::MAX, row: 7 };
            event.position = Some(place.into());
            same(&event);
        }
    }

    #[test]
    fn what_events_share_is_written_anew_where_it_differs() {
        let of = |name: &str, version: &str| -> Event {
            let mut event: Event = serde_json::from_str(LEAST).unwrap();
            Arc::make_mut(&mut event.actor).name = Some(name.into());
            Arc::make_mut(&mut event.source).version = Some(version.into());
            event
        };
        let (one, two) = (of("alice", "1"), of("bob", "2"));
        let third = Event { actor: one.actor.clone(), ..two.clone() };
        let mut json = Json::default();
        for event in [&one, &one, &two, &third, &one, &two] {
            json.clear();
            event.append_json(&mut json);
            assert_eq!(std::str::from_utf8(json.as_bytes()).unwrap(), serde_json::to_string(event).unwrap());
        }
    }

    #[test]
    fn documents_that_images_and_changes_share_are_written_as_serde_writes_them() {
        let documents = (0..6).map(|number| {
            let inner = Map::from_unique([("n\"".into(), Value::Int(number)), ("é".into(), Value::Null)]);
            (SmolStr::from(format!("c{number}")), Value::Map(inner))
        });
        let row: Map = documents.collect();
        let mut event: Event = serde_json::from_str(LEAST).unwrap();
        (event.before, event.after) = (Some(Value::Map(row.clone())), Some(Value::Map(row.clone())));
        event.changes = row
            .iter()
            .map(|(name, value)| Change {
                path: name.clone(),
                op: ChangeOp::Replace,
                before: Some(value.clone()),
                after: row.at(0).map(|(_, first)| first.clone()),
                sensitive: false,
            })
            .collect();
        same(&event);
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
