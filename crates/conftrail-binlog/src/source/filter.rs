//! Which tables are captured.

use std::borrow::Cow;
use std::collections::BTreeSet;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// The server's own databases: captured only where `include` names them.
const SYSTEM: [&str; 4] = ["mysql", "sys", "information_schema", "performance_schema"];

/// How a server compares the names of databases and tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NameCase {
    /// Letter by letter.
    #[default]
    Exact,
    /// Without regard to case: all names are taken in lower case.
    Folded,
}

impl NameCase {
    /// Reads `@@lower_case_table_names`: 0 compares exactly; 1 stores names in lower case, 2 as they were written.
    pub fn of_lower_case_table_names(value: u8) -> Self {
        if value == 0 { Self::Exact } else { Self::Folded }
    }

    /// Returns a name as names are compared.
    pub fn folded<'n>(self, name: &'n str) -> Cow<'n, str> {
        if self == Self::Folded && name.chars().any(|letter| letter.is_uppercase()) {
            Cow::Owned(name.to_lowercase())
        } else {
            Cow::Borrowed(name)
        }
    }
}

/// Decides by database and table.
#[derive(Clone, Debug)]
pub struct TableFilter {
    case: NameCase,
    include: GlobSet,
    exclude: GlobSet,
    /// Patterns of the databases alone, for what concerns a whole database.
    schemas: GlobSet,
    named_system: Vec<&'static str>,
    /// What `include` names without a wildcard.
    named: BTreeSet<String>,
    /// The table whose rows say who makes a transaction.
    context: Option<String>,
}

/// A pattern that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a pattern such as shop.* or cfg.app_settings: {reason}")]
pub struct InvalidPattern {
    /// The list that holds it: `include` or `exclude`.
    pub list: &'static str,
    /// Its place in the list.
    pub index: usize,
    /// What is wrong.
    pub reason: String,
}

impl TableFilter {
    /// Compiles the patterns.
    ///
    /// # Errors
    /// Every pattern that is none.
    pub fn new(include: &[String], exclude: &[String], case: NameCase) -> Result<Self, Vec<InvalidPattern>> {
        let [include, exclude] = [include, exclude]
            .map(|list| list.iter().map(|name| case.folded(name).into_owned()).collect::<Vec<_>>());
        let mut problems = Vec::new();
        let mut schemas = Vec::new();
        for pattern in &include {
            schemas.push(pattern.split_once('.').map_or(pattern.as_str(), |(schema, _)| schema).to_owned());
        }
        let include_set = compiled("include", &include, true, &mut problems);
        let exclude_set = compiled("exclude", &exclude, true, &mut problems);
        let schema_set = compiled("include", &schemas, false, &mut Vec::new());
        let named_system =
            SYSTEM.into_iter().filter(|system| schemas.iter().any(|schema| schema == system)).collect();
        let named = BTreeSet::from_iter(include);
        match (include_set, exclude_set, schema_set) {
            (Some(include), Some(exclude), Some(schemas)) if problems.is_empty() => {
                Ok(Self { case, include, exclude, schemas, named_system, named, context: None })
            }
            _ => Err(problems),
        }
    }

    /// Names the table, as `database.table`, whose rows say who makes a transaction; an empty name is none.
    #[must_use]
    pub fn with_context(mut self, name: &str) -> Self {
        self.context = (!name.is_empty()).then(|| self.folded(name).into_owned());
        self
    }

    /// Says whether a table's rows say who makes a transaction. They are no changes, whatever the patterns say.
    pub fn is_context(&self, schema: &str, table: &str) -> bool {
        let name = self.context.as_deref().and_then(|name| name.split_once('.'));
        name.is_some_and(|name| name == (schema, table))
    }

    /// Says whether `include` names this very table.
    pub fn names(&self, schema: &str, table: &str) -> bool {
        self.named.contains(&format!("{schema}.{table}"))
    }

    /// Says whether a table's rows are read, as changes or for what they say of others.
    pub fn reads(&self, schema: &str, table: &str) -> bool {
        self.captures(schema, table) || self.is_context(schema, table)
    }

    /// Returns a name as the server compares names; all other questions are to be asked with such.
    pub fn folded<'n>(&self, name: &'n str) -> Cow<'n, str> {
        self.case.folded(name)
    }

    /// Says whether a table's rows are captured.
    pub fn captures(&self, schema: &str, table: &str) -> bool {
        if self.is_unnamed_system(schema) {
            return false;
        }
        let name = format!("{schema}.{table}");
        self.include.is_match(&name) && !self.exclude.is_match(&name)
    }

    /// Says whether tables of a database may be captured.
    pub fn concerns(&self, schema: &str) -> bool {
        !self.is_unnamed_system(schema) && self.schemas.is_match(schema)
    }

    /// Says whether a routine, an event or a trigger of a database may matter to captured tables: no pattern of `include`
    /// names it, one of `exclude` may.
    pub fn concerns_program(&self, schema: &str, name: &str) -> bool {
        self.concerns(schema) && !self.exclude.is_match(format!("{schema}.{name}"))
    }

    fn is_unnamed_system(&self, schema: &str) -> bool {
        SYSTEM.contains(&schema) && !self.named_system.contains(&schema)
    }
}

fn compiled(
    list: &'static str,
    patterns: &[String],
    with_table: bool,
    problems: &mut Vec<InvalidPattern>,
) -> Option<GlobSet> {
    let mut builder = GlobSetBuilder::new();
    for (index, pattern) in patterns.iter().enumerate() {
        let mut problem = |reason: String| problems.push(InvalidPattern { list, index, reason });
        if with_table && !pattern.contains('.') {
            problem("there is no point between database and table".to_owned());
            continue;
        }
        match GlobBuilder::new(pattern).build() {
            Ok(glob) => {
                builder.add(glob);
            }
            Err(error) => problem(error.kind().to_string()),
        }
    }
    builder.build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(include: &[&str], exclude: &[&str]) -> TableFilter {
        let owned = |list: &[&str]| list.iter().map(|pattern| (*pattern).to_owned()).collect::<Vec<_>>();
        TableFilter::new(&owned(include), &owned(exclude), NameCase::Exact).unwrap()
    }

    #[test]
    fn exclude_wins_over_include() {
        let filter = filter(&["shop.*", "cfg.app_settings"], &["*.tmp_*"]);
        assert!(filter.captures("shop", "flags") && filter.captures("cfg", "app_settings"));
        assert!(!filter.captures("shop", "tmp_1") && !filter.captures("cfg", "other"));
        assert!(filter.concerns("cfg") && !filter.concerns("hr"));
        assert!(filter.concerns_program("cfg", "p") && !filter.concerns_program("cfg", "tmp_p"));
    }

    #[test]
    fn system_databases_are_out_unless_named() {
        assert!(!filter(&["*.*"], &[]).captures("mysql", "user"));
        assert!(filter(&["*.*", "mysql.user"], &[]).captures("mysql", "user"));
    }

    #[test]
    fn names_have_a_case_where_the_server_says_so() {
        let patterns = ["Shop.Flags".to_owned()];
        let of = |value| {
            let case = NameCase::of_lower_case_table_names(value);
            TableFilter::new(&patterns, &[], case).unwrap()
        };
        assert!(of(0).captures("Shop", "Flags") && !of(0).captures("shop", "flags"));
        for folding in [of(1), of(2)] {
            assert!(folding.captures("shop", "flags") && folding.concerns("shop"));
            assert_eq!((folding.folded("SHOP"), folding.folded("Übung")), ("shop".into(), "übung".into()));
        }
        assert_eq!(of(0).folded("SHOP"), "SHOP");
    }

    #[test]
    fn every_wrong_pattern_is_told_with_its_place() {
        let wrong = ["shop".to_owned(), "shop.*".to_owned(), "shop.[".to_owned()];
        let problems = TableFilter::new(&wrong, &["x".to_owned()], NameCase::Exact).unwrap_err();
        let places: Vec<_> = problems.iter().map(|problem| (problem.list, problem.index)).collect();
        assert_eq!(places, [("include", 0), ("include", 2), ("exclude", 0)]);
    }
}
