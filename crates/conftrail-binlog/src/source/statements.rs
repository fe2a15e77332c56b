//! QUERY events, incidents and compressed transactions.

use std::fmt::Write;

use conftrail_core::mask::Masker;
use conftrail_core::{Action, Map, PortResult, Resource, ResourceKind, flag};
use sha2::{Digest, Sha256};

use super::payload::Payload;
use super::position::Place;
use super::query_event::QueryEvent;
use super::reader::Reader;
use super::statement::{ObjectName, Statement, classify};
use crate::wire::{RawEvent, kind};

/// Returns a statement as events carry it: masked, and its digest.
pub(super) fn text_detail(masker: &Masker, sql: &str) -> Map {
    let text = masker.sql(sql);
    let mut digest = "sha256:".to_owned();
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing to a string does not fail.
        let _never_fails = write!(digest, "{byte:02x}");
    }
    let mut detail = Map::with_capacity(2);
    detail.insert("text", text);
    detail.insert("digest", digest);
    detail
}

impl Reader {
    /// Takes in a QUERY event.
    pub(super) fn query(&mut self, event: &RawEvent<'_>) -> PortResult<()> {
        let Some(query) = QueryEvent::read(event.body) else {
            self.undecoded(event, "the statement is cut short");
            return Ok(());
        };
        let statement = classify(&query.sql);
        self.transaction_at(event).session(query.thread_id, query.dialect);
        match statement {
            Statement::Begin => self.transaction_at(event).is_open = true,
            Statement::XaStart(xid) => {
                let transaction = self.transaction_at(event);
                transaction.is_open = true;
                transaction.xid = Some(xid);
            }
            Statement::Savepoint | Statement::XaEnd => {}
            Statement::Commit => self.end(Place::end_of(event)),
            Statement::Rollback => {
                self.rolled_back(event);
                self.end(Place::end_of(event));
            }
            other => {
                self.change_without_rows(event, &query, other)?;
                // A statement outside of BEGIN is a transaction by itself.
                if self.transaction.as_ref().is_some_and(|transaction| !transaction.is_open) {
                    self.end(Place::end_of(event));
                }
            }
        }
        Ok(())
    }

    fn change_without_rows(
        &mut self,
        event: &RawEvent<'_>,
        query: &QueryEvent<'_>,
        statement: Statement,
    ) -> PortResult<()> {
        match statement {
            Statement::Truncate(name) => {
                let (schema, table) = qualified(&name, query);
                if self.tables.filter().captures(schema, table) {
                    let resource = self.table(schema, table);
                    self.statement_event(event, Action::Truncate, resource, query);
                } else {
                    self.pass_over(event);
                }
            }
            Statement::Schema(names) => self.schema_change(event, query, &names)?,
            Statement::Database(schema) => {
                self.tables.schema_changed(&schema);
                if self.tables.filter().concerns(&schema) {
                    let resource = self.resource(ResourceKind::Schema, None, &schema);
                    self.statement_event(event, Action::Schema, resource, query);
                } else {
                    self.pass_over(event);
                }
            }
            Statement::Access => {
                let resource = self.resource(ResourceKind::Account, None, "accounts");
                self.statement_event(event, Action::Access, resource, query);
            }
            Statement::XaOutcome { xid, committed } => self.xa_outcome(event, &xid, committed),
            Statement::Dml(Some(name)) => {
                let (schema, table) = qualified(&name, query);
                if self.tables.filter().captures(schema, table) {
                    let resource = self.table(schema, table);
                    self.statement_event(event, Action::Statement, resource, query);
                } else {
                    self.pass_over(event);
                }
            }
            // What it changes cannot be told: reported where the session's database is one of ours.
            Statement::Dml(None) | Statement::Unknown => {
                if self.tables.filter().concerns(&query.schema) {
                    let resource = self.resource(ResourceKind::Schema, None, &query.schema);
                    self.statement_event(event, Action::Statement, resource, query);
                } else {
                    self.pass_over(event);
                }
            }
            // The marks of transactions were handled before.
            _ => self.pass_over(event),
        }
        Ok(())
    }

    /// A statement that concerns nothing captured counts all the same: ids do not depend on filters.
    fn pass_over(&mut self, event: &RawEvent<'_>) {
        self.transaction_at(event).next_ordinal();
    }

    fn schema_change(
        &mut self,
        event: &RawEvent<'_>,
        query: &QueryEvent<'_>,
        names: &[ObjectName],
    ) -> PortResult<()> {
        let mut first_captured = None;
        for name in names {
            let (schema, table) = qualified(name, query);
            self.tables.changed(schema, table, &mut self.lookup)?;
            if first_captured.is_none() && self.tables.filter().captures(schema, table) {
                first_captured = Some(self.table(schema, table));
            }
        }
        match first_captured {
            Some(resource) => self.statement_event(event, Action::Schema, resource, query),
            None => self.pass_over(event),
        }
        Ok(())
    }

    /// Adds the event of a statement; its comment claims who, as that of rows does.
    fn statement_event(
        &mut self,
        event: &RawEvent<'_>,
        action: Action,
        resource: Resource,
        query: &QueryEvent<'_>,
    ) {
        let detail = text_detail(&self.settings.masker, &query.sql);
        self.statements += 1;
        self.transaction_at(event).set_query(query.statement, false);
        self.report(event, action, resource, detail);
        self.transaction_at(event).end_statement();
        self.statements += 1;
    }

    /// Rows before a ROLLBACK were those of tables that cannot take them back, or of a table that can: say so.
    fn rolled_back(&mut self, event: &RawEvent<'_>) {
        let transaction = self.transaction_at(event);
        if !transaction.has_events {
            return;
        }
        let mut detail = Map::with_capacity(2);
        detail.insert("of", &*transaction.identity);
        detail.insert("result", "rolled_back");
        self.outcome(event, detail, false);
    }

    fn xa_outcome(&mut self, event: &RawEvent<'_>, xid: &str, committed: bool) {
        let Some(of) = self.xa.decided(xid) else { return self.pass_over(event) };
        let mut detail = Map::with_capacity(3);
        detail.insert("xid", xid);
        detail.insert("of", of);
        detail.insert("result", if committed { "committed" } else { "rolled_back" });
        self.outcome(event, detail, committed);
    }

    fn outcome(&mut self, event: &RawEvent<'_>, detail: Map, committed: bool) {
        let resource = self.whole_source();
        self.report(event, Action::Outcome, resource, detail);
        if !committed {
            self.batch.flag_last(flag::ROLLED_BACK);
        }
    }

    /// The server says itself that its log lacks something.
    pub(super) fn incident(&mut self, event: &RawEvent<'_>) {
        let mut detail = Map::with_capacity(3);
        let place = format!("{}:{}", event.file, event.start);
        detail.insert("from", place.as_str());
        detail.insert("to", place.as_str());
        detail.insert("cause", "the server reports an incident: its binlog lacks changes");
        let resource = self.whole_source();
        self.report(event, Action::Gap, resource, detail);
    }

    /// Takes in a compressed transaction, event by event.
    pub(super) fn payload(&mut self, event: &RawEvent<'_>) -> PortResult<()> {
        let mut inner = match Payload::open(event.body) {
            Ok(inner) => inner,
            Err(error) => {
                self.undecoded(event, &error.to_string());
                self.end(Place::end_of(event));
                return Ok(());
            }
        };
        loop {
            match inner.next_event() {
                Ok(Some((header, body))) => {
                    self.within(&RawEvent { header, body, ..*event })?;
                    if header.kind == kind::XID || self.transaction.is_none() {
                        break;
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    self.undecoded(event, &error.to_string());
                    break;
                }
            }
        }
        self.end(Place::end_of(event));
        Ok(())
    }

    fn table(&self, schema: &str, table: &str) -> Resource {
        self.resource(ResourceKind::Table, Some(schema), table)
    }

    fn resource(&self, kind: ResourceKind, namespace: Option<&str>, name: &str) -> Resource {
        let origin = &self.settings.origin;
        Resource::new(&origin.kind, &origin.name, kind, namespace, None, name)
    }
}

/// A name's database is the session's where the statement names none.
fn qualified<'a>(name: &'a ObjectName, query: &'a QueryEvent<'_>) -> (&'a str, &'a str) {
    (name.schema.as_deref().unwrap_or(&query.schema), &name.name)
}
