//! The tables of the stream: which are captured, how their rows are decoded, how their events are made.

use std::collections::BTreeMap;
use std::sync::Arc;

use conftrail_core::capture;
use conftrail_core::mask::{Masker, RowPlan};
use conftrail_core::{Origin, PortResult, Timestamp};

use super::filter::TableFilter;
use super::lookup::Lookup;
use super::schema_facts::{DatedFacts, SchemaFacts};
use crate::plan::{PlanCache, SchemaFrom, TablePlan};
use crate::product::Product;
use crate::table_map::{TableMap, TableMapError};

/// More table ids than this mean a server that opens tables anew all the time: what is known starts over.
const MOST_TABLES: usize = 20_000;

/// A table of the stream.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) plan: Arc<TablePlan>,
    /// Absent for tables that are not captured; their rows are counted all the same.
    pub(super) captured: Option<Arc<Captured>>,
}

/// What making a captured table's events needs.
#[derive(Debug)]
pub(super) struct Captured {
    pub(super) table: capture::Table,
    /// For rows of which not all columns were logged: the masks by column, and a table whose key stands in front.
    pub(super) partial: Partial,
    /// Rows committed before this may have had other column names.
    pub(super) unverified_before: Option<Timestamp>,
}

/// How rows with some of the columns are masked and named.
#[derive(Debug)]
pub(super) struct Partial {
    pub(super) masks: RowPlan,
    /// Knows no columns but the key's, which stand first.
    pub(super) table: capture::Table,
}

/// The tables by the ids of their table maps.
#[derive(Debug)]
pub(super) struct Tables {
    origin: Origin,
    masker: Arc<Masker>,
    product: Product,
    filter: TableFilter,
    pub(super) facts: SchemaFacts,
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
        facts: SchemaFacts,
    ) -> Self {
        Self { origin, masker, product, filter, facts, plans: PlanCache::default(), known: BTreeMap::new() }
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
        if self.plans.of_table_map(body).is_some() {
            return Ok(Ok(()));
        }
        let map = match TableMap::parse(body) {
            Ok(map) => map,
            Err(error) => {
                TableMap::table_id(body).and_then(|table_id| self.known.remove(&table_id));
                return Ok(Err(error));
            }
        };
        if self.known.len() >= MOST_TABLES {
            self.clear();
        }
        let known = if self.filter.captures(&map.database, &map.table) {
            self.captured(&map, lookup)?
        } else {
            // Counting rows needs no names.
            Known { plan: Arc::new(TablePlan::positional(&map)), captured: None }
        };
        self.plans.remember(body, known.plan.clone());
        self.known.insert(map.table_id, Arc::new(known));
        Ok(Ok(()))
    }

    fn captured(&mut self, map: &TableMap, lookup: &mut Lookup) -> PortResult<Known> {
        let (plan, unverified_before) = match TablePlan::from_binlog(map) {
            Some(_) if self.product == Product::Mariadb => self.refined_plan(map, lookup)?,
            Some(plan) => (plan, None),
            None => self.plan_from_schema(map, lookup)?,
        };
        let plan = Arc::new(plan);
        let columns = plan.columns.iter().map(|column| &*column.name);
        let masks = self.masker.row_plan(&map.database, &map.table, columns.clone());
        let partial = Partial { masks, table: self.table(map, [], (0..plan.key.len()).collect()) };
        let table = self.table(map, columns, plan.key.clone());
        Ok(Known { plan, captured: Some(Arc::new(Captured { table, partial, unverified_before })) })
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
    ) -> PortResult<(TablePlan, Option<Timestamp>)> {
        let (schema, table) = (map.database.as_str(), map.table.as_str());
        let fits = |facts: &SchemaFacts| {
            let dated = facts.get(schema, table)?;
            let plan = TablePlan::from_binlog_and_schema(map, &dated.facts)?;
            let unverified_before = plan.is_refined.then_some(dated.asked);
            Some((plan, unverified_before))
        };
        if let Some(found) = fits(&self.facts) {
            return Ok(found);
        }
        self.ask(schema, table, lookup)?;
        let alone = || TablePlan::from_binlog_of_mariadb(map).unwrap_or_else(|| TablePlan::positional(map));
        Ok(fits(&self.facts).unwrap_or_else(|| (alone(), Some(Timestamp::from_micros(i64::MAX)))))
    }

    /// Joins a table map without names with what the schema says, or said when it was asked last.
    fn plan_from_schema(
        &mut self,
        map: &TableMap,
        lookup: &mut Lookup,
    ) -> PortResult<(TablePlan, Option<Timestamp>)> {
        let (schema, table) = (map.database.as_str(), map.table.as_str());
        let fits = |facts: &SchemaFacts| {
            let dated = facts.get(schema, table)?;
            TablePlan::from_information_schema(map, &dated.facts).map(|plan| (plan, Some(dated.asked)))
        };
        if let Some(found) = fits(&self.facts) {
            return Ok(found);
        }
        self.ask(schema, table, lookup)?;
        Ok(fits(&self.facts).unwrap_or_else(|| {
            let plan = TablePlan::positional(map);
            tracing::warn!(
                database = schema,
                table,
                "no column names for a table: its rows are shown by position"
            );
            (plan, Some(Timestamp::from_micros(i64::MAX)))
        }))
    }

    /// Asks the server for a table's columns and remembers them.
    pub(super) fn ask(&mut self, schema: &str, table: &str, lookup: &mut Lookup) -> PortResult<()> {
        let (asked, facts) = lookup.table(schema, table)?;
        match facts {
            Some(facts) => self.facts.insert(schema, table, DatedFacts { facts, asked }),
            None => self.facts.forget(schema, table),
        }
        Ok(())
    }

    /// Forgets a table after DDL on it, and asks anew where its names came from the schema.
    pub(super) fn changed(&mut self, schema: &str, table: &str, lookup: &mut Lookup) -> PortResult<()> {
        let asked_before = self.facts.get(schema, table).is_some();
        self.plans.forget_table(schema, table);
        self.known.retain(|_, known| *known.plan.database != *schema || *known.plan.table != *table);
        self.facts.forget(schema, table);
        if asked_before { self.ask(schema, table, lookup) } else { Ok(()) }
    }

    /// Forgets a database's tables after DDL on it.
    pub(super) fn schema_changed(&mut self, schema: &str) {
        self.facts.forget_schema(schema);
        self.clear();
    }

    /// Forgets all table ids: after a rotation they may have been given anew.
    pub(super) fn clear(&mut self) {
        self.plans.clear();
        self.known.clear();
    }
}

impl Captured {
    /// Says whether a row committed at `time` may have had other column names.
    pub(super) fn is_unverified(&self, time: Timestamp) -> bool {
        self.unverified_before.is_some_and(|asked| time < asked)
    }
}

impl Known {
    /// Says whether names are positions only.
    pub(super) fn is_positional(&self) -> bool {
        self.plan.schema_from == SchemaFrom::Positional
    }
}
