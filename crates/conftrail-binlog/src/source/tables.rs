//! The tables of the stream: which are captured, how their rows are decoded, how their events are made.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use conftrail_core::capture;
use conftrail_core::mask::{Masker, RowPlan};
use conftrail_core::{Origin, PortResult, SmolStr, Timestamp};

use super::filter::TableFilter;
use super::lookup::Lookup;
use super::position::Place;
use super::schema_facts::{DatedFacts, SchemaFacts};
use super::sight::Sight;
use super::working_tables::originals;
use crate::gtid::Gtid;
use crate::plan::{PlanCache, SchemaFrom, TablePlan};
use crate::product::Product;
use crate::table_map::{TableMap, TableMapError};
use crate::wire::RawEvent;

/// More table ids than this mean a server that opens tables anew all the time: what is known starts over.
const MOST_TABLES: usize = 20_000;

/// A table of the stream.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) plan: Arc<TablePlan>,
    /// Rows committed before this look may have had other column names; none where the log itself tells them.
    unverified_before: Option<Sight>,
    /// Whether its rows say who makes the transaction that they stand in.
    pub(super) is_context: bool,
    /// Absent for tables that are not captured; their rows are counted all the same.
    pub(super) captured: Option<Arc<Captured>>,
}

/// What making a captured table's events needs.
#[derive(Debug)]
pub(super) struct Captured {
    pub(super) table: capture::Table,
    /// For rows of which not all columns were logged: the masks by column, and a table whose key stands in front.
    pub(super) partial: Partial,
    /// The columns that name a row's last editor.
    pub(super) editors: Vec<SmolStr>,
}

/// How rows with some of the columns are masked and named.
#[derive(Debug)]
pub(super) struct Partial {
    pub(super) masks: RowPlan,
    /// Knows no columns but the key's, which stand first.
    pub(super) table: capture::Table,
}

/// What is known of columns beside the log.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) facts: SchemaFacts,
    /// Whether table maps lack something, so that tables are asked for before their rows come.
    pub(super) is_needed: bool,
    /// Where the log ended when the facts were compared with what the server showed; none once that was read.
    pub(super) compared_at: Option<Place>,
}

/// The tables by the ids of their table maps.
#[derive(Debug)]
pub(super) struct Tables {
    origin: Origin,
    masker: Arc<Masker>,
    product: Product,
    filter: TableFilter,
    /// What columns are called that name a row's last editor.
    editor_columns: Vec<String>,
    pub(super) schema: Schema,
    plans: PlanCache,
    /// Few tables change at a time: that needs no hash.
    known: BTreeMap<u64, Arc<Known>>,
}

impl Tables {
    pub(super) fn new(
        origin: Origin,
        masker: Arc<Masker>,
        product: Product,
        filter: TableFilter,
        editor_columns: Vec<String>,
        schema: Schema,
    ) -> Self {
        let (plans, known) = (PlanCache::default(), BTreeMap::new());
        Self { origin, masker, product, filter, editor_columns, schema, plans, known }
    }

    pub(super) fn filter(&self) -> &TableFilter {
        &self.filter
    }

    pub(super) fn get(&self, table_id: u64) -> Option<&Arc<Known>> {
        self.known.get(&table_id)
    }

    /// Takes in a TABLE_MAP event; one seen before costs one comparison. The inner error is a damaged event, after
    /// which the rows of its table have no plan.
    pub(super) fn map(&mut self, body: &[u8], lookup: &mut Lookup) -> PortResult<Result<(), TableMapError>> {
        // A damaged one in between took the table away: then the same bytes as before have to be read again.
        let is_known = TableMap::table_id(body).is_some_and(|table_id| self.known.contains_key(&table_id));
        if is_known && self.plans.of_table_map(body).is_some() {
            return Ok(Ok(()));
        }
        let map = match TableMap::parse(body) {
            Ok(map) => self.folded(map),
            Err(error) => {
                // The other tables of the statement keep theirs.
                TableMap::table_id(body).and_then(|table_id| self.known.remove(&table_id));
                return Ok(Err(error));
            }
        };
        if self.known.len() >= MOST_TABLES {
            self.clear();
        }
        let is_context = self.filter.is_context(&map.database, &map.table);
        let is_read = is_context
            || (self.filter.captures(&map.database, &map.table) && !self.is_working_table(&map, lookup)?);
        let known = if is_read {
            let (plan, unverified_before) = self.plan(&map, lookup)?;
            let captured = (!is_context).then(|| Arc::new(self.captured(&map, &plan)));
            Known { plan: Arc::new(plan), unverified_before, is_context, captured }
        } else {
            // Counting rows needs no names.
            let plan = Arc::new(TablePlan::positional(&map));
            Known { plan, unverified_before: None, is_context, captured: None }
        };
        self.plans.remember(body, known.plan.clone());
        self.known.insert(map.table_id, Arc::new(known));
        Ok(Ok(()))
    }

    /// A server that stores names as they were written may log them so.
    fn folded(&self, mut map: TableMap) -> TableMap {
        for name in [&mut map.database, &mut map.table] {
            if let Cow::Owned(folded) = self.filter.folded(name) {
                *name = folded;
            }
        }
        map
    }

    /// Says whether a tool that changes a table's shape keeps this one beside it. Where there is no such table, its name means nothing.
    fn is_working_table(&self, map: &TableMap, lookup: &mut Lookup) -> PortResult<bool> {
        let (schema, table) = (map.database.as_str(), map.table.as_str());
        if self.filter.names(schema, table) {
            return Ok(false);
        }
        for original in originals(table) {
            if self.filter.captures(schema, original) && lookup.table(schema, original, None)?.1.is_some() {
                tracing::info!(table, original, "a tool's working table: its rows are copies and no changes");
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Makes the plan, and says since when it is proven; none where the log itself proves it.
    fn plan(&mut self, map: &TableMap, lookup: &mut Lookup) -> PortResult<(TablePlan, Option<Sight>)> {
        match TablePlan::from_binlog(map) {
            Some(_) if self.product == Product::Mariadb => self.refined_plan(map, lookup),
            Some(plan) => Ok((plan, None)),
            None => self.plan_from_schema(map, lookup),
        }
    }

    fn captured(&self, map: &TableMap, plan: &TablePlan) -> Captured {
        let columns = plan.columns.iter().map(|column| &*column.name);
        let masks = self.masker.row_plan(&map.database, &map.table, columns.clone());
        let partial = Partial { masks, table: self.table(map, [], (0..plan.key.len()).collect()) };
        let numeric = plan.columns.iter().map(|column| column.cell.is_numeric());
        let table = self.table(map, columns, plan.key.clone()).with_numeric(&self.masker, numeric);
        // Names of columns have no case.
        let named =
            |wanted: &String| plan.columns.iter().find(|column| column.name.eq_ignore_ascii_case(wanted));
        let editors = self.editor_columns.iter().filter_map(named).map(|column| column.name.clone());
        Captured { table, partial, editors: editors.collect() }
    }

    fn table<'a>(
        &self,
        map: &TableMap,
        columns: impl IntoIterator<Item = &'a str>,
        key: Vec<usize>,
    ) -> capture::Table {
        capture::Table::new(&self.masker, self.origin.clone(), &map.database, &map.table, columns, key)
    }

    /// Joins a table map of MariaDB, which has names and does not tell everything else, with what the schema says.
    fn refined_plan(
        &mut self,
        map: &TableMap,
        lookup: &mut Lookup,
    ) -> PortResult<(TablePlan, Option<Sight>)> {
        let (schema, table) = (map.database.as_str(), map.table.as_str());
        let fits = |facts: &SchemaFacts| {
            let dated = facts.get(schema, table)?;
            let plan = TablePlan::from_binlog_and_schema(map, &dated.facts)?;
            let unverified_before = plan.is_refined.then(|| facts.proven_since(schema, table, dated));
            Some((plan, unverified_before))
        };
        if let Some(found) = fits(&self.schema.facts) {
            return Ok(found);
        }
        self.ask(schema, table, None, lookup)?;
        let alone = || TablePlan::from_binlog_of_mariadb(map).unwrap_or_else(|| TablePlan::positional(map));
        Ok(fits(&self.schema.facts).unwrap_or_else(|| (alone(), Some(Sight::never()))))
    }

    /// Joins a table map without names with what the schema says, or said when it was asked last.
    fn plan_from_schema(
        &mut self,
        map: &TableMap,
        lookup: &mut Lookup,
    ) -> PortResult<(TablePlan, Option<Sight>)> {
        let (schema, table) = (map.database.as_str(), map.table.as_str());
        let fits = |facts: &SchemaFacts| {
            let dated = facts.get(schema, table)?;
            let plan = TablePlan::from_information_schema(map, &dated.facts)?;
            Some((plan, Some(facts.proven_since(schema, table, dated))))
        };
        if let Some(found) = fits(&self.schema.facts) {
            return Ok(found);
        }
        self.ask(schema, table, None, lookup)?;
        Ok(fits(&self.schema.facts).unwrap_or_else(|| {
            let plan = TablePlan::positional(map);
            tracing::warn!(
                database = schema,
                table,
                "no column names for a table: its rows are shown by position"
            );
            (plan, Some(Sight::never()))
        }))
    }

    /// Asks the server for a table's columns and remembers them.
    fn ask(
        &mut self,
        schema: &str,
        table: &str,
        behind: Option<&Gtid>,
        lookup: &mut Lookup,
    ) -> PortResult<()> {
        let (asked, facts) = lookup.table(schema, table, behind)?;
        match facts {
            Some(facts) => self.schema.facts.insert(schema, table, DatedFacts { facts, asked }),
            None => self.schema.facts.forget(schema, table),
        }
        Ok(())
    }

    /// Forgets a table after DDL on it, which was made by this transaction, and asks anew where the log does not tell its names.
    pub(super) fn changed(
        &mut self,
        schema: &str,
        table: &str,
        by: Option<&Gtid>,
        lookup: &mut Lookup,
    ) -> PortResult<()> {
        let facts = &mut self.schema.facts;
        let is_needed = facts.get(schema, table).is_some() || self.schema.is_needed;
        self.plans.forget_table(schema, table);
        self.known.retain(|_, known| *known.plan.database != *schema || *known.plan.table != *table);
        facts.forget(schema, table);
        if is_needed && self.filter.reads(schema, table) {
            self.ask(schema, table, by, lookup)?;
        }
        Ok(())
    }

    /// Takes note of how far the log was read. What the server showed with other columns before that, and the log did not tell of,
    /// is not known any more.
    pub(super) fn passed(&mut self, place: &Place) {
        if self
            .schema
            .compared_at
            .as_ref()
            .is_none_or(|end| place.partial_cmp(end).is_none_or(Ordering::is_lt))
        {
            return;
        }
        self.schema.compared_at = None;
        let unexplained = self.schema.facts.settle();
        for table in &unexplained {
            tracing::warn!(
                table = &**table,
                "the columns of a table changed and the binlog does not tell it"
            );
        }
        if !unexplained.is_empty() {
            self.clear();
        }
    }

    /// Forgets a database's tables after DDL on it.
    pub(super) fn schema_changed(&mut self, schema: &str) {
        self.schema.facts.forget_schema(schema);
        self.clear();
    }

    /// Forgets all table ids: after a rotation they may have been given anew.
    pub(super) fn clear(&mut self) {
        self.plans.clear();
        self.known.clear();
    }
}

impl Known {
    /// Says whether a row, committed at `time`, has positions for names, or may have had other names.
    pub(super) fn is_unverified(&self, time: Timestamp, event: &RawEvent<'_>) -> bool {
        self.plan.schema_from == SchemaFrom::Positional
            || self.unverified_before.as_ref().is_some_and(|asked| !asked.is_before(time, event))
    }
}
