//! QUERY events: statements that leave no rows become events of what they name.

use std::borrow::Cow;
use std::fmt::Write;

use conftrail_core::mask::Masker;
use conftrail_core::{Action, Map, PortResult, Resource, ResourceKind};
use sha2::{Digest, Sha256};

use super::dialect::Dialect;
use super::position::Place;
use super::query_event::QueryEvent;
use super::reader::Reader;
use super::sql::Grammar;
use super::statement::{Account, ObjectName, Statement, classify};
use crate::who::Login;
use crate::wire::RawEvent;

/// Of a longer statement events carry the beginning, in bytes: most of it is values.
const MOST_TEXT: usize = 64 << 10;

/// Returns a statement as events carry it: masked, and its digest; `bytes` is its length where it was cut.
pub(super) fn text_detail(masker: &Masker, dialect: Dialect, sql: &str) -> Map {
    let beginning = sql.get(..sql.floor_char_boundary(MOST_TEXT)).unwrap_or_default();
    let is_cut = beginning.len() < sql.len();
    let escapes = dialect.backslash_escapes();
    let text = if is_cut { masker.sql_beginning(beginning, escapes) } else { masker.sql_in(sql, escapes) };
    let mut detail = with_text(Map::default(), text);
    if is_cut {
        detail.insert("bytes", sql.len() as u64);
    }
    detail
}

/// Puts a masked text and its digest into a detail.
pub(super) fn with_text(mut detail: Map, text: String) -> Map {
    let mut digest = "sha256:".to_owned();
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing to a string does not fail.
        let _never_fails = write!(digest, "{byte:02x}");
    }
    detail.insert("text", text);
    detail.insert("digest", digest);
    detail
}

/// What a statement did to one thing that it names: the event's action, and its resource where it is captured.
type Effect = (Action, Option<Resource>);

impl Reader {
    /// Takes in a QUERY event.
    pub(super) fn query(&mut self, event: &RawEvent<'_>) -> PortResult<()> {
        self.statement(event, QueryEvent::read(event.body))
    }

    /// Takes in the end of a LOAD DATA by statement. What it loads stands in events before it, and is no statement.
    pub(super) fn load_query(&mut self, event: &RawEvent<'_>) -> PortResult<()> {
        self.statement(event, QueryEvent::read_load(event.body))
    }

    fn statement(&mut self, event: &RawEvent<'_>, query: Option<QueryEvent<'_>>) -> PortResult<()> {
        let Some(query) = query else {
            self.unread(event, "the statement is cut short");
            return Ok(());
        };
        let backslash_escapes = query.dialect.backslash_escapes().unwrap_or(true);
        let grammar = Grammar { backslash_escapes, product: self.position.executed.product() };
        let statement = if query.is_no_change { Statement::Harmless } else { classify(&query.sql, grammar) };
        self.transaction_at(event).session(query.thread_id, query.dialect, query.invoker.as_ref());
        match statement {
            Statement::Begin => self.transaction_at(event).is_open = true,
            Statement::XaStart(xid) => {
                let transaction = self.transaction_at(event);
                transaction.is_open = true;
                transaction.xid = Some(xid);
            }
            Statement::Savepoint(name) => self.transaction_at(event).savepoint(&name),
            Statement::RollbackTo(name) => self.rolled_back_to(event, &name),
            Statement::Released | Statement::XaEnd => {}
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
        let effects = match statement {
            Statement::XaOutcome { xid, committed } => {
                self.xa_outcome(event, &xid, committed);
                return Ok(());
            }
            Statement::Truncate(name) => vec![(Action::Truncate, self.table(&name, query))],
            Statement::Dml(names) if !names.is_empty() => {
                names.iter().map(|name| (Action::Statement, self.table(name, query))).collect()
            }
            Statement::Schema(names) => {
                for name in &names {
                    self.forget(name, query)?;
                }
                names.iter().map(|name| (Action::Schema, self.table(name, query))).collect()
            }
            Statement::Filled(name) => {
                self.forget(&name, query)?;
                let resource = self.table(&name, query);
                vec![(Action::Schema, resource.clone()), (Action::Statement, resource)]
            }
            Statement::Program(name) => vec![(Action::Schema, self.program(&name, query))],
            Statement::Database(name) => {
                let schema =
                    self.tables.filter().folded(name.as_deref().unwrap_or(&query.schema)).into_owned();
                self.tables.schema_changed(&schema);
                vec![(Action::Schema, self.database(&schema))]
            }
            Statement::ServerWide => vec![(Action::Schema, Some(self.whole_source()))],
            Statement::Access(accounts) => {
                let resources = self.accounts(accounts, query).into_iter();
                resources.map(|resource| (Action::Access, Some(resource))).collect()
            }
            Statement::Dml(_) | Statement::Unknown => vec![(Action::Statement, self.anything(query))],
            // The marks of transactions were handled before.
            _ => vec![(Action::Statement, None)],
        };
        self.effects(event, query, effects);
        Ok(())
    }

    /// Adds an event for each effect on what is captured; the statement's comment claims who, as that of rows does. The
    /// others count all the same: ids do not depend on filters.
    fn effects(&mut self, event: &RawEvent<'_>, query: &QueryEvent<'_>, effects: Vec<Effect>) {
        if effects.iter().all(|(_, resource)| resource.is_none()) {
            effects.iter().for_each(|_| self.pass_over(event));
            return;
        }
        let mut detail = text_detail(&self.settings.masker, query.dialect, &query.sql);
        if let Some(invoker) = &query.invoker {
            detail.insert("invoker", invoker.account());
        }
        if query.error_code != 0 {
            detail.insert("server_error", i64::from(query.error_code));
        }
        self.statements += 1;
        self.transaction_at(event).set_query(query.statement, false);
        for (action, resource) in effects {
            match resource {
                Some(resource) => {
                    self.report(event, action, resource, detail.clone());
                }
                None => self.pass_over(event),
            }
        }
        self.transaction_at(event).end_statement();
        self.statements += 1;
    }

    /// A statement that concerns nothing captured counts all the same: ids do not depend on filters.
    pub(super) fn pass_over(&mut self, event: &RawEvent<'_>) {
        self.transaction_at(event).next_ordinal();
    }

    fn forget(&mut self, name: &ObjectName, query: &QueryEvent<'_>) -> PortResult<()> {
        let (schema, table) = self.qualified(name, query);
        let by = self.transaction.as_ref().and_then(|transaction| transaction.gtid.as_ref()?.mysql());
        self.tables.changed(&schema, &table, by, &mut self.lookup)
    }

    fn table(&self, name: &ObjectName, query: &QueryEvent<'_>) -> Option<Resource> {
        let (schema, table) = self.qualified(name, query);
        let captures = self.tables.filter().captures(&schema, &table);
        captures.then(|| self.resource(ResourceKind::Table, Some(&schema), &table))
    }

    /// A database's routines, events and triggers by name: they belong to it as a whole.
    fn program(&self, name: &ObjectName, query: &QueryEvent<'_>) -> Option<Resource> {
        let (schema, program) = self.qualified(name, query);
        let concerns = self.tables.filter().concerns_program(&schema, &program);
        concerns.then(|| self.resource(ResourceKind::Schema, None, &schema))
    }

    fn database(&self, schema: &str) -> Option<Resource> {
        let schema = self.tables.filter().folded(schema);
        let concerns = self.tables.filter().concerns(&schema);
        concerns.then(|| self.resource(ResourceKind::Schema, None, &schema))
    }

    /// What a statement changes cannot be told: reported where one of its databases, or the session's, is captured, and of
    /// the whole source where it has none.
    fn anything(&self, query: &QueryEvent<'_>) -> Option<Resource> {
        let named = query.databases.iter().map(String::as_str);
        let mut databases = named.chain([&*query.schema]).filter(|schema| !schema.is_empty()).peekable();
        if databases.peek().is_none() {
            return Some(self.whole_source());
        }
        databases.find_map(|schema| self.database(schema))
    }

    fn accounts(&self, named: Vec<Account>, query: &QueryEvent<'_>) -> Vec<Resource> {
        const NOT_TOLD: &str = "*@*";
        let account = |name: &str| self.resource(ResourceKind::Account, None, name);
        if named.is_empty() {
            return vec![account(NOT_TOLD)];
        }
        let invoker = query.invoker.as_ref().map(Login::account);
        let name_of = |named: Account| match named {
            Account::Named(name) => name,
            Account::Current => invoker.clone().unwrap_or_else(|| NOT_TOLD.to_owned()),
        };
        named.into_iter().map(|named| account(&name_of(named))).collect()
    }

    fn resource(&self, kind: ResourceKind, namespace: Option<&str>, name: &str) -> Resource {
        let origin = &self.settings.origin;
        Resource::new(&origin.kind, &origin.name, kind, namespace, None, name)
    }

    /// A name's database is the session's where the statement names none.
    fn qualified<'a>(&self, name: &'a ObjectName, query: &'a QueryEvent<'_>) -> (Cow<'a, str>, Cow<'a, str>) {
        let filter = self.tables.filter();
        (filter.folded(name.schema.as_deref().unwrap_or(&query.schema)), filter.folded(&name.name))
    }
}
