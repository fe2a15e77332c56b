//! What `information_schema` tells about a table, and whether that fits a table map.

use conftrail_core::SmolStr;

use crate::table_map::{ColumnType, code};

/// Holds a table's facts from `information_schema`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableFacts {
    /// Its columns by ORDINAL_POSITION.
    pub columns: Vec<ColumnFacts>,
    /// The primary key's column names by SEQ_IN_INDEX.
    pub key: Vec<String>,
    /// Of a system-versioned table of MariaDB, the column that says until when a row held.
    pub row_end: Option<String>,
}

impl TableFacts {
    /// Says whether the server's list of columns, their names joined by `,`, may be this table's. The columns of a hidden history
    /// stand in no list.
    pub(crate) fn is_listed_as(&self, list: &str) -> bool {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        let listed = names.strip_suffix(&["row_start", "row_end"]).filter(|_| self.row_end.is_some());
        names.join(",") == list || listed.is_some_and(|listed| listed.join(",") == list)
    }
}

/// Holds one row of `information_schema.COLUMNS`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnFacts {
    /// COLUMN_NAME.
    pub name: String,
    /// COLUMN_TYPE, such as `bigint unsigned` or `enum('on','off')`.
    pub column_type: String,
    /// CHARACTER_SET_NAME; absent for columns without one, which for CHAR and BLOB types means bytes.
    pub charset: Option<String>,
    /// Whether EXTRA says INVISIBLE.
    pub invisible: bool,
}

impl ColumnFacts {
    /// Says whether a numeric column is unsigned; ZEROFILL implies it.
    pub(super) fn is_unsigned(&self) -> bool {
        let words = self.column_type.to_ascii_lowercase();
        words.split_ascii_whitespace().any(|word| word == "unsigned" || word == "zerofill")
    }

    /// Says whether a column of this type can be stored as the table map says.
    pub(super) fn fits(&self, stored: ColumnType, type_code: u8) -> bool {
        match stored {
            ColumnType::Int { bytes } => matches!(
                (self.base().as_str(), bytes),
                ("tinyint" | "bool" | "boolean", 1)
                    | ("smallint", 2)
                    | ("mediumint", 3)
                    | ("int" | "integer", 4)
                    | ("bigint" | "serial", 8)
            ),
            ColumnType::Float => self.is("float"),
            ColumnType::Double => self.is("double") || self.is("real"),
            ColumnType::Decimal { precision, scale } => {
                (self.is("decimal") || self.is("numeric"))
                    && self.arguments() == [u64::from(precision), u64::from(scale)]
            }
            ColumnType::Year => self.is("year"),
            ColumnType::Date => self.is("date"),
            ColumnType::Time { digits } => self.is("time") && self.digits() == u64::from(digits),
            ColumnType::DateTime { digits } => self.is("datetime") && self.digits() == u64::from(digits),
            ColumnType::Timestamp { digits } => self.is("timestamp") && self.digits() == u64::from(digits),
            ColumnType::OldTime => self.is("time"),
            ColumnType::OldDateTime => self.is("datetime"),
            ColumnType::OldTimestamp => self.is("timestamp"),
            ColumnType::Bit { bits } => self.is("bit") && self.arguments() == [u64::from(bits)],
            ColumnType::Enum { .. } => self.is("enum"),
            ColumnType::Set { .. } => self.is("set"),
            ColumnType::Char { .. } => {
                matches!(self.base().as_str(), "char" | "binary" | "inet6" | "inet4" | "uuid")
            }
            ColumnType::VarChar { .. } => self.is("varchar") || self.is("varbinary"),
            ColumnType::Blob { length_bytes } => match self.base().as_str() {
                "tinytext" | "tinyblob" => length_bytes == 1,
                "text" | "blob" => length_bytes == 2,
                "mediumtext" | "mediumblob" => length_bytes == 3,
                "longtext" | "longblob" | "json" => length_bytes == 4,
                _ => false,
            },
            ColumnType::Json { .. } => self.is("json"),
            ColumnType::Geometry { .. } => matches!(
                self.base().as_str(),
                "geometry"
                    | "point"
                    | "linestring"
                    | "polygon"
                    | "multipoint"
                    | "multilinestring"
                    | "multipolygon"
                    | "geomcollection"
                    | "geometrycollection"
            ),
            ColumnType::Vector { .. } => self.is("vector"),
            ColumnType::Uuid => self.is("uuid"),
            ColumnType::Inet4 => self.is("inet4"),
            ColumnType::Inet6 => self.is("inet6"),
            ColumnType::HiresTime { digits } => self.is("time") && self.digits() == u64::from(digits),
            ColumnType::HiresDateTime { digits } => self.is("datetime") && self.digits() == u64::from(digits),
            ColumnType::HiresTimestamp { digits } => {
                self.is("timestamp") && self.digits() == u64::from(digits)
            }
            ColumnType::Null => true,
            // What cannot be read cannot be compared either: its rows are reported as undecoded with their names.
            ColumnType::Unknown { .. } => type_code != code::NULL,
        }
    }

    /// Returns what a column really is, where MariaDB's table map says only how long its cells are, or not even that.
    pub(super) fn refined(&self, stored: ColumnType) -> ColumnType {
        let digits = u8::try_from(self.digits()).ok().filter(|digits| (1..=6).contains(digits));
        match (stored, self.base().as_str(), digits) {
            (ColumnType::Char { length: 16 }, "uuid", _) => ColumnType::Uuid,
            (ColumnType::Char { length: 16 }, "inet6", _) => ColumnType::Inet6,
            (ColumnType::Char { length: 4 }, "inet4", _) => ColumnType::Inet4,
            (ColumnType::OldTime, "time", Some(digits)) => ColumnType::HiresTime { digits },
            (ColumnType::OldDateTime, "datetime", Some(digits)) => ColumnType::HiresDateTime { digits },
            (ColumnType::OldTimestamp, "timestamp", Some(digits)) => ColumnType::HiresTimestamp { digits },
            (other, _, _) => other,
        }
    }

    fn is(&self, base: &str) -> bool {
        self.base() == base
    }

    /// The word in front of brackets and attributes.
    fn base(&self) -> String {
        let end = self.column_type.find(['(', ' ']).unwrap_or(self.column_type.len());
        self.column_type.get(..end).unwrap_or_default().to_ascii_lowercase()
    }

    fn inside_brackets(&self) -> &str {
        let text = self.column_type.as_str();
        match (text.find('('), text.rfind(')')) {
            (Some(open), Some(close)) => text.get(open + 1..close).unwrap_or_default(),
            _ => "",
        }
    }

    fn arguments(&self) -> Vec<u64> {
        self.inside_brackets().split(',').filter_map(|number| number.trim().parse().ok()).collect()
    }

    fn digits(&self) -> u64 {
        self.arguments().first().copied().unwrap_or(0)
    }

    /// Reads the labels of `enum('a','it''s')`; `None` when the list does not parse.
    ///
    /// Quotes are doubled; MySQL escapes nothing else in COLUMN_TYPE.
    pub(super) fn labels(&self) -> Option<Vec<SmolStr>> {
        let mut labels = Vec::new();
        let mut rest = self.inside_brackets();
        loop {
            rest = rest.strip_prefix('\'')?;
            let mut label = String::new();
            loop {
                let quote = rest.find('\'')?;
                label.push_str(rest.get(..quote)?);
                rest = rest.get(quote + 1..)?;
                match rest.strip_prefix('\'') {
                    Some(behind) => {
                        label.push('\'');
                        rest = behind;
                    }
                    None => break,
                }
            }
            labels.push(label.into());
            if rest.is_empty() {
                return Some(labels);
            }
            rest = rest.strip_prefix(',')?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ColumnFacts;
    use crate::table_map::ColumnType;

    fn of(column_type: &str) -> ColumnFacts {
        ColumnFacts { column_type: column_type.to_owned(), ..ColumnFacts::default() }
    }

    #[test]
    fn labels_keep_commas_brackets_and_doubled_quotes() {
        let labels = |text: &str| of(text).labels().map(|labels| labels.join("|"));
        assert_eq!(labels("enum('on','off')").as_deref(), Some("on|off"));
        assert_eq!(labels("set('a,b','it''s',')','')").as_deref(), Some("a,b|it's|)|"));
        assert_eq!(labels("enum('open"), None);
        assert_eq!(labels("enum()"), None);
    }

    #[test]
    fn unsigned_is_a_word_of_its_own_and_zerofill_implies_it() {
        assert!(of("bigint(20) unsigned").is_unsigned());
        assert!(of("int(5) zerofill").is_unsigned());
        assert!(!of("int").is_unsigned());
        assert!(!of("enum('unsigned')").is_unsigned());
    }

    #[test]
    fn what_a_table_map_of_mariadb_leaves_open_is_told_by_the_schema() {
        let check = |text: &str, stored, expected| {
            let refined = of(text).refined(stored);
            assert_eq!(refined, expected, "{text}");
            assert!(of(text).fits(refined, 254), "{text}");
        };
        check("uuid", ColumnType::Char { length: 16 }, ColumnType::Uuid);
        check("inet6", ColumnType::Char { length: 16 }, ColumnType::Inet6);
        check("inet4", ColumnType::Char { length: 4 }, ColumnType::Inet4);
        check("binary(16)", ColumnType::Char { length: 16 }, ColumnType::Char { length: 16 });
        check("time(3) /* mariadb-5.3 */", ColumnType::OldTime, ColumnType::HiresTime { digits: 3 });
        check("time /* mariadb-5.3 */", ColumnType::OldTime, ColumnType::OldTime);
        check("datetime(6)", ColumnType::OldDateTime, ColumnType::HiresDateTime { digits: 6 });
        check("timestamp(1)", ColumnType::OldTimestamp, ColumnType::HiresTimestamp { digits: 1 });
        check("timestamp(1)", ColumnType::Timestamp { digits: 1 }, ColumnType::Timestamp { digits: 1 });
    }

    #[test]
    fn a_changed_type_does_not_fit_what_is_stored() {
        let check = |text: &str, stored, expected| assert_eq!(of(text).fits(stored, 0), expected, "{text}");
        check("int(11)", ColumnType::Int { bytes: 4 }, true);
        check("bigint", ColumnType::Int { bytes: 4 }, false);
        check("datetime(3)", ColumnType::DateTime { digits: 3 }, true);
        check("datetime", ColumnType::DateTime { digits: 3 }, false);
        check("decimal(10,2)", ColumnType::Decimal { precision: 10, scale: 2 }, true);
        check("decimal(10,3)", ColumnType::Decimal { precision: 10, scale: 2 }, false);
        check("double(10,2)", ColumnType::Double, true);
        check("mediumtext", ColumnType::Blob { length_bytes: 3 }, true);
        check("geomcollection", ColumnType::Geometry { length_bytes: 4 }, true);
        check("bit(64)", ColumnType::Bit { bits: 64 }, true);
    }
}
