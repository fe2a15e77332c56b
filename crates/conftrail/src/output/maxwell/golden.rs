//! Golden lines: what an event becomes, byte for byte.

use std::sync::Arc;

use conftrail_core::{AppendJson as _, Event, Json};

use super::MaxwellLine;

/// An event with what differs from one to the next.
fn event(rest: &str) -> Event {
    let text = format!(
        r#"{{"v":1,"id":"01M7W6C3BVM8V4T0R9C5X7B1ND","time":"2026-11-20T10:00:00.123456Z",
        "observed":"2026-11-20T10:00:00.187Z","source":{{"kind":"mysql","name":"orders-db","channel":"binlog"}},
        "position":{{"gtid":"c9f06a51-0000-0000-0000-000000000001:60233","file":"binlog.000003","pos":73184263,"row":2}},
        "tx":{{"id":"c9f06a51-0000-0000-0000-000000000001:60233","seq":2,"statement":0}},{rest}}}"#
    );
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

const ROW: &str = r#""resource":{"id":"mysql:orders-db/shop/flags/42","kind":"row","namespace":"shop","group":"flags","name":"42"},"format":"row""#;
const TABLE: &str =
    r#""resource":{"id":"mysql:orders-db/shop/flags","kind":"table","namespace":"shop","name":"flags"}"#;

fn check(rest: &str, expected: &str) {
    let mut json = Json::default();
    MaxwellLine(Arc::new(event(rest))).append_json(&mut json);
    let line = String::from_utf8(json.into_bytes()).unwrap();
    assert_eq!(line, expected);
    serde_json::from_str::<serde_json::Value>(&line).unwrap();
}

#[test]
fn rows_have_maxwells_members_in_its_order() {
    let place = r#""ts":1763632800,"xoffset":2,"position":"binlog.000003:73184263","gtid":"c9f06a51-0000-0000-0000-000000000001:60233""#;
    let place = place.replace("1763632800", &1_795_168_800_i64.to_string());
    check(
        &format!(
            r#""action":"create",{ROW},"after":{{"id":42,"v":100,"at":"2026-11-20T10:00:00Z","b":{{"$b64":"AA=="}}}}"#
        ),
        &format!(
            r#"{{"database":"shop","table":"flags","type":"insert",{place},"data":{{"id":42,"v":100,"at":"2026-11-20 10:00:00","b":"AA=="}}}}"#
        ),
    );
    check(
        &format!(
            r#""action":"update",{ROW},"detail":{{"text":"update flags set v = 500","digest":"sha256:00"}},"before":{{"id":42,"v":100,"n":null}},"after":{{"id":42,"v":500,"n":null}}"#
        ),
        &format!(
            r#"{{"database":"shop","table":"flags","query":"update flags set v = 500","type":"update",{place},"data":{{"id":42,"v":500,"n":null}},"old":{{"v":100}}}}"#
        ),
    );
    check(
        &format!(r#""action":"rename",{ROW},"before":{{"id":42,"v":1}},"after":{{"id":43,"v":1}}"#),
        &format!(
            r#"{{"database":"shop","table":"flags","type":"update",{place},"data":{{"id":43,"v":1}},"old":{{"id":42}}}}"#
        ),
    );
    check(
        &format!(
            r#""action":"delete",{ROW},"before":{{"id":42,"v":"hmac-sha256:k1:0123456789ab"}},"masked":["v"]"#
        ),
        &format!(
            r#"{{"database":"shop","table":"flags","type":"delete",{place},"data":{{"id":42,"v":"hmac-sha256:k1:0123456789ab"}}}}"#
        ),
    );
}

#[test]
fn of_partial_images_old_has_only_what_is_known_on_both_sides() {
    let line = |before: &str, after: &str| {
        let rest =
            format!(r#""action":"update",{ROW},"before":{before},"after":{after},"flags":["partial_image"]"#);
        let mut json = Json::default();
        MaxwellLine(Arc::new(event(&rest))).append_json(&mut json);
        String::from_utf8(json.into_bytes()).unwrap()
    };
    let minimal = line(r#"{"id":7}"#, r#"{"id":7,"v":2}"#);
    assert!(minimal.ends_with(r#""data":{"id":7,"v":2}}"#), "{minimal}");
    let without_blob = line(r#"{"id":7,"v":1}"#, r#"{"b":"x","id":7,"v":2}"#);
    assert!(without_blob.ends_with(r#""old":{"v":1}}"#), "{without_blob}");
}

#[test]
fn definitions_have_milliseconds_and_what_maxwell_does_not_tell_is_marked_as_ours() {
    check(
        &format!(r#""action":"schema",{TABLE},"detail":{{"text":"ALTER TABLE flags ADD w INT"}}"#),
        r#"{"type":"table-alter","database":"shop","table":"flags","ts":1795168800123,"sql":"ALTER TABLE flags ADD w INT","position":"binlog.000003:73184263","gtid":"c9f06a51-0000-0000-0000-000000000001:60233"}"#,
    );
    check(
        &format!(r#""action":"truncate",{TABLE},"detail":{{"text":"TRUNCATE flags"}}"#),
        r#"{"database":"shop","table":"flags","type":"conftrail-truncate","ts":1795168800,"position":"binlog.000003:73184263","gtid":"c9f06a51-0000-0000-0000-000000000001:60233","detail":{"text":"TRUNCATE flags"}}"#,
    );
    check(
        r#""action":"gap","resource":{"id":"mysql:orders-db/binlog","kind":"source","name":"binlog"},"detail":{"cause":"purged"}"#,
        r#"{"type":"conftrail-gap","ts":1795168800,"position":"binlog.000003:73184263","gtid":"c9f06a51-0000-0000-0000-000000000001:60233","detail":{"cause":"purged"}}"#,
    );
}
