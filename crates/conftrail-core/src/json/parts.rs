//! What an event has besides its content.

use std::sync::Arc;

use super::Json;
use super::buffer::Again;
use crate::{Actor, BinlogPlace, Order, Origin, Resource, SmolStr, Transaction};

/// Appends a field that may be absent, its name with the comma before it.
pub(super) fn optional(name: &'static [u8], value: Option<&SmolStr>, json: &mut Json) {
    if let Some(value) = value {
        json.put(name);
        json.put_text(value);
    }
}

/// Appends what events share; the last of its kind is kept as it was written.
pub(super) fn shared<T>(
    known: &Arc<T>,
    json: &mut Json,
    last: impl Fn(&mut Json) -> &mut Again<T>,
    write: impl Fn(&T, &mut Json),
) {
    let mut again = std::mem::take(last(json));
    match again.json(known) {
        Some(written) => json.put(written),
        None => {
            let start = json.as_bytes().len();
            write(known, json);
            again.learn(known, &json.as_bytes()[start..]);
        }
    }
    *last(json) = again;
}

pub(super) fn origin(origin: &Origin, json: &mut Json) {
    let Origin { kind: _, name: _, channel: _, version: _ } = origin;
    json.put_literal(b"{\"kind\":");
    json.put_text(&origin.kind);
    json.put_literal(b",\"name\":");
    json.put_text(&origin.name);
    json.put_literal(b",\"channel\":");
    json.put_text(&origin.channel);
    if let Some(version) = &origin.version {
        json.put_literal(b",\"version\":");
        json.put_text(version);
    }
    json.put_literal(b"}");
}

pub(super) fn resource(resource: &Resource, json: &mut Json) {
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
    json.put_literal(b"{\"id\":");
    json.put_text(&resource.id);
    json.put_literal(b",\"kind\":\"");
    json.put(resource.kind.as_str().as_bytes());
    json.put_literal(b"\"");
    optional(b",\"env\":", resource.env.as_ref(), json);
    optional(b",\"namespace\":", resource.namespace.as_ref(), json);
    optional(b",\"group\":", resource.group.as_ref(), json);
    json.put_literal(b",\"name\":");
    json.put_text(&resource.name);
    optional(b",\"renamed_to\":", resource.renamed_to.as_ref(), json);
    optional(b",\"service\":", resource.service.as_ref(), json);
    optional(b",\"owner\":", resource.owner.as_ref(), json);
    json.put_literal(b"}");
}

pub(super) fn actor(actor: &Actor, json: &mut Json) {
    let Actor { name: _, kind: _, ip: _, binding: _, authority: _, via: _, login: _, client: _, claimed: _ } =
        actor;
    json.put_literal(b"{");
    for (name, known) in
        [(&b"\"name\":"[..], &actor.name), (b"\"kind\":", &actor.kind), (b"\"ip\":", &actor.ip)]
    {
        if let Some(known) = known {
            json.put(name);
            json.put_text(known);
            json.put_literal(b",");
        }
    }
    json.put_literal(b"\"binding\":\"");
    json.put(actor.binding.as_str().as_bytes());
    json.put_literal(b"\",\"authority\":\"");
    json.put(actor.authority.as_str().as_bytes());
    json.put_literal(b"\"");
    optional(b",\"via\":", actor.via.as_ref(), json);
    optional(b",\"login\":", actor.login.as_ref(), json);
    optional(b",\"client\":", actor.client.as_ref(), json);
    if let Some(claimed) = &actor.claimed {
        json.put_literal(b",\"claimed\":");
        json.put_plainly(claimed);
    }
    json.put_literal(b"}");
}

pub(super) fn transaction(tx: &Transaction, json: &mut Json) {
    let Transaction { id: _, seq: _, statement: _ } = tx;
    json.put_literal(b"{\"id\":");
    json.put_text(&tx.id);
    json.put_literal(b",\"seq\":");
    json.put_whole(tx.seq);
    json.put_literal(b",\"statement\":");
    json.put_whole(tx.statement);
    json.put_literal(b"}");
}

pub(super) fn binlog(place: &BinlogPlace, json: &mut Json) {
    let BinlogPlace { gtid, file, pos, row } = place;
    json.put_literal(b"{");
    if let Some(gtid) = gtid {
        json.put_literal(b"\"gtid\":");
        json.put_text(gtid);
        json.put_literal(b",");
    }
    json.put_literal(b"\"file\":");
    json.put_text(file);
    json.put_literal(b",\"pos\":");
    json.put_whole(*pos);
    json.put_literal(b",\"row\":");
    json.put_whole(*row);
    json.put_literal(b"}");
}

pub(super) fn place(order: &Order, json: &mut Json) {
    let Order { epoch: _, partition: _, offset: _ } = order;
    json.put_literal(b"{\"epoch\":");
    json.put_whole(order.epoch);
    json.put_literal(b",\"partition\":");
    json.put_whole(order.partition);
    json.put_literal(b",\"offset\":");
    json.put_whole(order.offset);
    json.put_literal(b"}");
}
