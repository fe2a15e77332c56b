//! How a plan is made: from full metadata, else joined with `information_schema`, else by position.

use std::sync::Arc;

use conftrail_core::SmolStr;

use super::column::ColumnDetail;
use super::fingerprint::fingerprint;
use super::{ColumnFacts, ColumnPlan, LabelSet, SchemaFrom, TableFacts, TablePlan};
use crate::decode::Charset;
use crate::table_map::{ColumnType, TableMap};

impl TablePlan {
    /// Makes the plan from full metadata; `None` when names or labels are missing.
    pub fn from_binlog(map: &TableMap) -> Option<Self> {
        Self::from_names(map, None, |_, stored| Some(stored))
    }

    /// Makes the plan from full metadata of MariaDB and what its table maps never tell; `None` when the schema does not fit.
    pub fn from_binlog_and_schema(map: &TableMap, facts: &TableFacts) -> Option<Self> {
        let told = |name: &str| facts.columns.iter().find(|told| told.name == name);
        if facts.columns.len() != map.columns.len() {
            return None;
        }
        Self::from_names(map, facts.row_end.as_deref(), |index, stored| {
            let told = told(map.metadata.names.as_ref()?.get(index)?)?;
            told.fits(stored, *map.codes.get(index)?).then(|| told.refined(stored))
        })
    }

    /// Makes the plan from full metadata of MariaDB alone: without the schema the old formats of times have no known length.
    pub fn from_binlog_of_mariadb(map: &TableMap) -> Option<Self> {
        Self::from_names(map, None, |index, stored| match stored {
            ColumnType::OldTime | ColumnType::OldDateTime | ColumnType::OldTimestamp => {
                Some(ColumnType::Unknown { code: *map.codes.get(index)? })
            }
            other => Some(other),
        })
    }

    fn from_names(
        map: &TableMap,
        row_end: Option<&str>,
        of_type: impl Fn(usize, ColumnType) -> Option<ColumnType>,
    ) -> Option<Self> {
        let names = map.metadata.names.as_ref()?;
        let mut columns = Vec::with_capacity(names.len());
        for (index, name) in names.iter().enumerate() {
            let column_type = of_type(index, *map.columns.get(index)?)?;
            let detail = binlog_detail(map, index);
            if column_type.is_labelled() && detail.labels.is_none() {
                return None;
            }
            let name = SmolStr::new(name);
            columns.push(ColumnPlan::new(name, column_type, *map.codes.get(index)?, detail));
        }
        let names_are_unique = has_unique_names(&columns);
        let key = map.metadata.key.iter().map(|part| part.column).collect();
        (names_are_unique && columns.len() == map.columns.len())
            .then(|| finish(map, columns, key, SchemaFrom::Binlog, row_end))
    }

    /// Makes the plan from the server's present schema; `None` when that does not fit the table map, which is so after
    /// a change of the table that lies behind the position being read.
    pub fn from_information_schema(map: &TableMap, facts: &TableFacts) -> Option<Self> {
        if facts.columns.len() != map.columns.len() {
            return None;
        }
        let mut columns = Vec::with_capacity(facts.columns.len());
        for (index, told) in facts.columns.iter().enumerate() {
            if !told.fits(*map.columns.get(index)?, *map.codes.get(index)?) {
                return None;
            }
            let detail = joined_detail(map, index, told)?;
            let column_type = told.refined(*map.columns.get(index)?);
            let name = SmolStr::new(&told.name);
            columns.push(ColumnPlan::new(name, column_type, *map.codes.get(index)?, detail));
        }
        let key: Option<Vec<usize>> =
            facts.key.iter().map(|name| columns.iter().position(|column| *column.name == **name)).collect();
        let key = key?;
        has_unique_names(&columns)
            .then(|| finish(map, columns, key, SchemaFrom::InformationSchema, facts.row_end.as_deref()))
    }

    /// Makes a plan without names: `@1`, `@2`, … ENUM and SET are numbers, and without told signs numbers are signed.
    pub fn positional(map: &TableMap) -> Self {
        let columns = (0..map.columns.len())
            .filter_map(|index| {
                let name = format!("@{}", index + 1).into();
                column(map, index, name, binlog_detail(map, index))
            })
            .collect();
        let key = map.metadata.key.iter().map(|part| part.column).collect();
        finish(map, columns, key, SchemaFrom::Positional, None)
    }

    /// Makes the best plan: full metadata, else facts that fit, else by position.
    pub fn best(map: &TableMap, facts: Option<&TableFacts>) -> Self {
        Self::from_binlog(map)
            .or_else(|| Self::from_information_schema(map, facts?))
            .unwrap_or_else(|| Self::positional(map))
    }
}

fn finish(
    map: &TableMap,
    columns: Vec<ColumnPlan>,
    mut key: Vec<usize>,
    schema_from: SchemaFrom,
    row_end: Option<&str>,
) -> TablePlan {
    let row_end = row_end.and_then(|name| columns.iter().position(|column| &*column.name == name));
    // It belongs to the key as stored; the rows of one key are the versions of one resource.
    key.retain(|index| Some(*index) != row_end);
    let is_finer = |(column, stored): (&ColumnPlan, &ColumnType)| column.column_type != *stored;
    TablePlan {
        database: Arc::from(map.database.as_str()),
        table: Arc::from(map.table.as_str()),
        fingerprint: fingerprint(&columns, &key),
        is_refined: row_end.is_some() || columns.iter().zip(&map.columns).any(is_finer),
        columns,
        key,
        row_end,
        schema_from,
    }
}

fn column(map: &TableMap, index: usize, name: SmolStr, detail: ColumnDetail) -> Option<ColumnPlan> {
    Some(ColumnPlan::new(name, *map.columns.get(index)?, *map.codes.get(index)?, detail))
}

/// Rows are maps: two columns of one name cannot both be held.
fn has_unique_names(columns: &[ColumnPlan]) -> bool {
    let mut names: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
    names.sort_unstable();
    names.windows(2).all(|pair| pair[0] != pair[1])
}

fn binlog_detail(map: &TableMap, index: usize) -> ColumnDetail {
    let metadata = &map.metadata;
    let flag = |flags: &Option<Vec<bool>>| flags.as_ref().and_then(|flags| flags.get(index).copied());
    let collation = metadata.collations.get(index).copied().flatten();
    let charset = collation.map_or(Charset::UNKNOWN, Charset::of_collation);
    ColumnDetail {
        unsigned: flag(&metadata.unsigned).unwrap_or(false),
        nullable: map.nullable.get(index).copied().unwrap_or(true),
        visible: flag(&metadata.visible).unwrap_or(true),
        collation,
        charset,
        labels: metadata.labels.get(index).and_then(|labels| decoded(labels, charset)),
    }
}

/// What the binlog told stands; the schema fills in what it did not tell.
fn joined_detail(map: &TableMap, index: usize, told: &ColumnFacts) -> Option<ColumnDetail> {
    let column_type = *map.columns.get(index)?;
    let mut detail = binlog_detail(map, index);
    detail.visible = !told.invisible;
    match map.metadata.unsigned {
        Some(_) if column_type.is_numeric() && detail.unsigned != told.is_unsigned() => {
            // YEAR is unsigned in the binlog and has no such word in its type.
            if !matches!(column_type, ColumnType::Year) {
                return None;
            }
        }
        Some(_) => {}
        None => detail.unsigned = column_type.is_numeric() && told.is_unsigned(),
    }
    if detail.collation.is_none() {
        detail.charset = told.charset.as_deref().map_or(Charset::BINARY, Charset::by_name);
    }
    if column_type.is_labelled() {
        detail.labels = Some(told.labels()?.into());
    }
    Some(detail)
}

/// Labels are stored in the column's character set; `None` when there are none or one does not decode.
fn decoded(labels: &[Vec<u8>], charset: Charset) -> Option<LabelSet> {
    if labels.is_empty() {
        return None;
    }
    let charset = if charset.is_binary() { Charset::UNKNOWN } else { charset };
    labels.iter().map(|label| charset.decode(label).map(SmolStr::from)).collect()
}

#[cfg(test)]
mod tests {
    use super::{ColumnFacts, SchemaFrom, TableFacts, TablePlan};
    use crate::table_map::{ColumnType, TableMap};
    use crate::testing::{TableMapBytes, prefixed};

    /// `b int, a bigint unsigned, e enum`, key (a, b).
    fn minimal() -> TableMapBytes {
        TableMapBytes::new("d", "t")
            .column(3, &[])
            .column(8, &[])
            .column(254, &[247, 1])
            .optional(1, &[0b0100_0000])
    }

    fn parse(bytes: &TableMapBytes) -> TableMap {
        TableMap::parse(&bytes.build()).expect("a table map")
    }

    fn fact(name: &str, column_type: &str) -> ColumnFacts {
        ColumnFacts { name: name.to_owned(), column_type: column_type.to_owned(), ..ColumnFacts::default() }
    }

    fn facts() -> TableFacts {
        let columns = vec![fact("b", "int"), fact("a", "bigint unsigned"), fact("e", "enum('x','y')")];
        TableFacts { columns, key: vec!["a".to_owned(), "b".to_owned()], row_end: None }
    }

    #[test]
    fn full_metadata_needs_nobody_else() {
        let labels = [vec![2], prefixed("x"), prefixed("y")].concat();
        let full =
            minimal().names(&["b", "a", "e"]).optional(6, &labels).optional(8, &[1, 0]).optional(10, &[45]);
        let plan = TablePlan::best(&parse(&full), None);
        assert_eq!(plan.schema_from, SchemaFrom::Binlog);
        assert_eq!(plan.key, [1, 0]);
        assert_eq!(plan.columns[2].labels.as_ref().map(|labels| labels.join(",")).as_deref(), Some("x,y"));
    }

    #[test]
    fn minimal_metadata_joined_with_the_schema_is_the_same_table() {
        let labels = [vec![2], prefixed("x"), prefixed("y")].concat();
        let full = minimal().names(&["b", "a", "e"]).optional(6, &labels).optional(8, &[1, 0]);
        let from_binlog = TablePlan::from_binlog(&parse(&full)).expect("full");
        let joined = TablePlan::best(&parse(&minimal()), Some(&facts()));
        assert_eq!(joined.schema_from, SchemaFrom::InformationSchema);
        assert_eq!(joined.key, [1, 0]);
        assert_eq!(joined.fingerprint, from_binlog.fingerprint);
        assert!(joined.columns[1].unsigned);
    }

    #[test]
    fn a_schema_that_does_not_fit_is_not_used() {
        let check = |change: fn(&mut TableFacts)| {
            let mut other = facts();
            change(&mut other);
            let plan = TablePlan::best(&parse(&minimal()), Some(&other));
            assert_eq!(plan.schema_from, SchemaFrom::Positional);
            assert_eq!(&*plan.columns[2].name, "@3");
        };
        check(|facts| {
            facts.columns.pop();
        });
        check(|facts| facts.columns[0].column_type = "varchar(9)".to_owned());
        check(|facts| facts.columns[0].column_type = "int unsigned".to_owned());
        check(|facts| facts.columns[0].name = "a".to_owned());
        check(|facts| facts.key.push("gone".to_owned()));
    }

    #[test]
    fn the_fingerprint_follows_names_types_labels_and_key() {
        let print = |facts: &TableFacts| TablePlan::best(&parse(&minimal()), Some(facts)).fingerprint;
        let mut renamed = facts();
        renamed.columns[0].name = "c".to_owned();
        renamed.key.clear();
        let mut relabelled = facts();
        relabelled.columns[2].column_type = "enum('x','z')".to_owned();
        let mut keyless = facts();
        keyless.key.clear();
        let prints = [print(&facts()), print(&renamed), print(&relabelled), print(&keyless)];
        for (index, one) in prints.iter().enumerate() {
            assert!(prints.iter().skip(index + 1).all(|other| other != one));
        }
    }

    #[test]
    fn what_full_metadata_of_mariadb_leaves_open_comes_from_the_schema() {
        let bytes = TableMapBytes::new("d", "t")
            .column(3, &[])
            .column(254, &[0xfe, 16])
            .column(11, &[])
            .column(17, &[6])
            .names(&["id", "u", "t", "row_end"])
            .optional(8, &[0, 3]);
        let map = parse(&bytes);
        let mut facts = TableFacts {
            columns: vec![
                fact("id", "int(11)"),
                fact("u", "uuid"),
                fact("t", "time(3)"),
                fact("row_end", "timestamp(6)"),
            ],
            key: vec!["id".to_owned()],
            row_end: Some("row_end".to_owned()),
        };
        let plan = TablePlan::from_binlog_and_schema(&map, &facts).expect("it fits");
        assert_eq!(plan.columns[1].column_type, ColumnType::Uuid);
        assert_eq!(plan.columns[2].column_type, ColumnType::HiresTime { digits: 3 });
        assert_eq!((plan.key, plan.row_end, plan.is_refined), (vec![0], Some(3), true));
        let alone = TablePlan::from_binlog_of_mariadb(&map).expect("names");
        assert_eq!(alone.columns[2].column_type, ColumnType::Unknown { code: 11 });
        assert_eq!((alone.key, alone.row_end), (vec![0, 3], None));
        facts.columns[1].column_type = "bigint".to_owned();
        assert!(TablePlan::from_binlog_and_schema(&map, &facts).is_none());
    }
}
