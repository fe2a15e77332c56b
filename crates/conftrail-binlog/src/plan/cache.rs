//! Remembers plans by table id, so that a table map seen before costs one comparison.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::TablePlan;
use crate::table_map::TableMap;

/// Tables per generation; a server with more of them rebuilds plans now and then.
const TABLES_PER_GENERATION: usize = 4096;

/// Holds the plans of the tables seen in one connection.
///
/// A plan is handed out only for the very bytes it was made from: table ids start anew when the server restarts.
#[derive(Debug, Default)]
pub struct PlanCache {
    recent: BTreeMap<u64, Cached>,
    /// The generation before: what was planned just now outlives a change of generation.
    older: BTreeMap<u64, Cached>,
}

#[derive(Debug)]
struct Cached {
    body: Box<[u8]>,
    plan: Arc<TablePlan>,
}

impl PlanCache {
    /// Returns the plan made from exactly this table map.
    pub fn of_table_map(&self, body: &[u8]) -> Option<&Arc<TablePlan>> {
        let cached = self.cached(TableMap::table_id(body)?)?;
        (*cached.body == *body).then_some(&cached.plan)
    }

    /// Returns the plan of the table that a rows event names.
    pub fn of_table_id(&self, table_id: u64) -> Option<&Arc<TablePlan>> {
        self.cached(table_id).map(|cached| &cached.plan)
    }

    /// Remembers a plan for a table map; a body too short to hold a table id is not remembered.
    pub fn remember(&mut self, body: &[u8], plan: Arc<TablePlan>) {
        let Some(table_id) = TableMap::table_id(body) else {
            return;
        };
        if self.recent.len() >= TABLES_PER_GENERATION {
            self.older = std::mem::take(&mut self.recent);
        }
        self.recent.insert(table_id, Cached { body: body.into(), plan });
    }

    /// Forgets the plans of one table, as after DDL on it.
    pub fn forget_table(&mut self, database: &str, table: &str) {
        for generation in [&mut self.recent, &mut self.older] {
            generation.retain(|_, cached| *cached.plan.database != *database || *cached.plan.table != *table);
        }
    }

    /// Forgets everything, as after a rotation that means a restart of the server.
    pub fn clear(&mut self) {
        self.recent.clear();
        self.older.clear();
    }

    fn cached(&self, table_id: u64) -> Option<&Cached> {
        self.recent.get(&table_id).or_else(|| self.older.get(&table_id))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{PlanCache, TablePlan};
    use crate::table_map::TableMap;
    use crate::testing::TableMapBytes;

    #[test]
    fn a_plan_is_found_only_for_the_bytes_it_was_made_from() {
        let body = TableMapBytes::new("d", "t").column(3, &[]).build();
        let other = TableMapBytes::new("d", "u").column(3, &[]).build();
        let map = TableMap::parse(&body).expect("a table map");
        let mut cache = PlanCache::default();
        cache.remember(&body, Arc::new(TablePlan::positional(&map)));
        assert!(cache.of_table_map(&body).is_some());
        assert!(cache.of_table_map(&other).is_none(), "the same table id after a restart");
        assert!(cache.of_table_id(map.table_id).is_some());
        cache.forget_table("d", "t");
        assert!(cache.of_table_id(map.table_id).is_none());
    }
}
