//! The types, their edge values, and how the server selects them.

use conftrail_testkit::servers::Product;

/// A column, its values as SQL, and how the server selects one in the form of the event format: as JSON text, from
/// which the event's value is compared. `{}` stands for the column.
pub(super) struct Case {
    pub(super) column: &'static str,
    pub(super) values: &'static [&'static str],
    select: &'static str,
}

const PLAIN: &str = "{}";
const TEXT: &str = "CAST({} AS CHAR)";
const UTF8: &str = "CONVERT({} USING utf8mb4)";
const BASE64: &str = "JSON_OBJECT('$b64', REPLACE(TO_BASE64({}), '\\n', ''))";

const fn case(column: &'static str, select: &'static str, values: &'static [&'static str]) -> Case {
    Case { column, values, select }
}

pub(super) const CASES: &[Case] = &[
    case("TINYINT", PLAIN, &["-128", "127", "0", "NULL"]),
    case("TINYINT UNSIGNED", PLAIN, &["0", "255"]),
    case("SMALLINT", PLAIN, &["-32768", "32767"]),
    case("SMALLINT UNSIGNED", PLAIN, &["65535"]),
    case("MEDIUMINT", PLAIN, &["-8388608", "-1", "-5", "8388607"]),
    case("MEDIUMINT UNSIGNED", PLAIN, &["16777215"]),
    case("INT", PLAIN, &["-2147483648", "2147483647"]),
    case("INT UNSIGNED", PLAIN, &["4294967295"]),
    case("BIGINT", PLAIN, &["-9223372036854775808", "9223372036854775807"]),
    case("BIGINT UNSIGNED", PLAIN, &["18446744073709551615", "9223372036854775808"]),
    case("BOOLEAN", PLAIN, &["TRUE", "FALSE"]),
    case("DECIMAL(10,2)", TEXT, &["-99999999.99", "0.01", "0", "-0.10"]),
    case(
        "DECIMAL(65,30)",
        TEXT,
        &["-99999999999999999999999999999999999.999999999999999999999999999999", "1e-30"],
    ),
    case("DECIMAL(9,0)", TEXT, &["123456789", "-1"]),
    case("FLOAT", "CAST(CAST({} AS CHAR) AS JSON)", &["0.1", "-1.5", "3.4e38", "1e-10"]),
    case("DOUBLE", PLAIN, &["0.1", "-1.7976931348623157e308", "5e-324", "123456.789"]),
    case("YEAR", "CAST({} AS UNSIGNED)", &["0", "1901", "2155"]),
    case("DATE", TEXT, &["'0000-00-00'", "'1000-01-01'", "'9999-12-31'", "'2026-00-00'"]),
    case("TIME", TEXT, &["'-838:59:59'", "'838:59:59'", "'00:00:00'"]),
    case("TIME(3)", TEXT, &["'-00:00:00.001'", "'12:34:56.780'", "'-838:59:58.999'"]),
    case("TIME(6)", TEXT, &["'-01:02:03.000001'", "'01:02:03.999999'"]),
    case("DATETIME", TEXT, &["'0000-00-00 00:00:00'", "'1000-01-01 00:00:00'", "'9999-12-31 23:59:59'"]),
    case("DATETIME(1)", TEXT, &["'2026-11-20 10:00:00.1'"]),
    case("DATETIME(6)", TEXT, &["'2026-11-20 10:00:00.000001'", "'0000-00-00 00:00:00'"]),
    case(
        "TIMESTAMP",
        "DATE_FORMAT({}, '%Y-%m-%dT%H:%i:%sZ')",
        &["'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'"],
    ),
    case(
        "TIMESTAMP(4)",
        "CONCAT(LEFT(DATE_FORMAT({}, '%Y-%m-%dT%H:%i:%s.%f'), 24), 'Z')",
        &["'2026-11-20 10:00:00.1230'"],
    ),
    case("TIMESTAMP(6)", "DATE_FORMAT({}, '%Y-%m-%dT%H:%i:%s.%fZ')", &["'2026-11-20 10:00:00.000001'"]),
    case("CHAR(10)", PLAIN, &["'a'", "''", "'ü世界'", "'x  y'"]),
    case("CHAR(255)", PLAIN, &["REPEAT('世', 255)"]),
    case("VARCHAR(300)", PLAIN, &["''", "'a\\nb'", "REPEAT('é', 300)"]),
    case("VARCHAR(20) CHARACTER SET latin1", PLAIN, &["'é€ÿ'"]),
    case("VARCHAR(20) CHARACTER SET gbk", PLAIN, &["'中文配置'"]),
    case("VARCHAR(20) CHARACTER SET gb18030", PLAIN, &["'中文€'"]),
    case("VARCHAR(20) CHARACTER SET big5", PLAIN, &["'中文'"]),
    case("VARCHAR(20) CHARACTER SET sjis", PLAIN, &["'日本語'"]),
    case("VARCHAR(20) CHARACTER SET ujis", PLAIN, &["'日本語'"]),
    case("VARCHAR(20) CHARACTER SET euckr", PLAIN, &["'한국어'"]),
    case("VARCHAR(20) CHARACTER SET utf16", UTF8, &["'a世😀'"]),
    case("VARCHAR(20) CHARACTER SET utf32", UTF8, &["'a世😀'"]),
    case("VARCHAR(20) CHARACTER SET ucs2", UTF8, &["'a世'"]),
    case("VARCHAR(20) CHARACTER SET utf8mb3", PLAIN, &["'a世'"]),
    case("VARCHAR(20) CHARACTER SET cp1251", PLAIN, &["'Привет'"]),
    case("TINYTEXT", PLAIN, &["'t'"]),
    case("TEXT", PLAIN, &["REPEAT('t', 65535)"]),
    case("MEDIUMTEXT", PLAIN, &["REPEAT('m', 70000)"]),
    case("LONGTEXT", PLAIN, &["'l'"]),
    case("BINARY(5)", BASE64, &["x'0100'", "x'00'", "x'0102030405'"]),
    case("VARBINARY(300)", BASE64, &["x'00ff00'", "''"]),
    case("TINYBLOB", BASE64, &["x'ff'"]),
    case("BLOB", BASE64, &["x'00ff'"]),
    case("MEDIUMBLOB", BASE64, &["REPEAT(x'fe', 70000)"]),
    case("LONGBLOB", BASE64, &["x'01'"]),
    case("BIT(1)", "{} + 0", &["b'1'", "b'0'"]),
    case("BIT(10)", "{} + 0", &["b'1000000001'"]),
    case("BIT(64)", "{} + 0", &["18446744073709551615", "b'1'"]),
    case("ENUM('','a','it''s','ü')", PLAIN, &["''", "'a'", "'it''s'", "'ü'"]),
    case("ENUM('x') CHARACTER SET gbk", PLAIN, &["'x'"]),
    case(
        "SET('a','b','c d')",
        "IF({} IS NULL, NULL, CAST(CONCAT('[', IF({}='', '', CONCAT('\"', REPLACE({}, ',', '\",\"'), '\"')), ']') AS JSON))",
        &["''", "'a,b'", "'b'"],
    ),
    case(
        "JSON",
        PLAIN,
        &[
            "'null'",
            "'{}'",
            "'[]'",
            "'{\"a\": {\"b\": [1, -2, 2.5, true, false, null, \"ü\"]}}'",
            "'18446744073709551615'",
            "'-9223372036854775808'",
            "JSON_OBJECT('k', REPEAT('v', 70000))",
            "'\"\"'",
            "'{\"\": 1}'",
            "JSON_ARRAY(REPEAT('a', 40000), 70000, -70000, 5000000000)",
            "'1e100'",
            "'{\"empty\": {\"x\": [[]]}}'",
        ],
    ),
    case(
        "POINT",
        "JSON_OBJECT('srid', ST_SRID({}), 'wkt', INSERT(ST_AsText({}), 6, 0, ' '))",
        &["POINT(3, 2)", "POINT(-1.5, 0)"],
    ),
    case("VECTOR(3)", "CAST(VECTOR_TO_STRING({}) AS JSON)", &["TO_VECTOR('[1,-2.5,0.5]')"]),
];

/// Types that only MariaDB has, and collations of its own.
pub(super) const MARIADB_CASES: &[Case] = &[
    case(
        "UUID",
        PLAIN,
        &[
            "'123e4567-2f5c-41be-8ab2-382c4abdabab'",
            "'00000000-0000-0000-0000-000000000000'",
            "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
            "'018f0000-0000-7001-8002-000000000000'",
            "'6ccd780c-baba-1026-9564-5b8c65602400'",
            "UUID()",
            "NULL",
        ],
    ),
    case(
        "INET6",
        PLAIN,
        &[
            "'::'",
            "'::1'",
            "'2001:db8::'",
            "'::ffff:10.0.0.5'",
            "'::1.2.3.4'",
            "'::0.2.0.0'",
            "'fe80::1:0:0:1'",
            "'1:0:2:0:3:0:4:5'",
            "'1:0:0:2:0:0:0:3'",
            "'0:0:1:0:0:0:1:0'",
            "'1:2:3:4:5:6:7:0'",
            "'1:2:3:4:5:6:7:8'",
            "'::ffff:0:0'",
            "'::2:0:0'",
            "'::1:0'",
        ],
    ),
    case("INET4", PLAIN, &["'10.0.0.5'", "'0.0.0.0'", "'255.255.255.255'", "'10.0.0.0'"]),
    case("BINARY(16)", BASE64, &["x'00'", "x'0102030405060708090a0b0c0d0e0f00'"]),
    case("VARCHAR(20) COLLATE uca1400_ai_ci", PLAIN, &["'a世😀'"]),
    case("VARCHAR(20) COLLATE utf8mb4_croatian_ci", PLAIN, &["'Čć'"]),
    case("VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_nopad_bin", PLAIN, &["'é€ÿ'"]),
];

impl Case {
    /// Says whether a product has this type.
    pub(super) fn is_known_to(&self, product: Product) -> bool {
        product == Product::Mysql || !["VECTOR", "gb18030"].iter().any(|word| self.column.contains(word))
    }

    /// How a product selects the value as JSON.
    pub(super) fn select_of(&self, product: Product) -> String {
        match self.column {
            _ if product == Product::Mysql => self.select.to_owned(),
            // An alias for LONGTEXT there: what is stored is the text, with its spaces.
            "JSON" => "CONCAT({}, '')".to_owned(),
            "FLOAT" => "JSON_COMPACT(CAST({} AS CHAR))".to_owned(),
            column if column.starts_with("SET(") => {
                r#"JSON_COMPACT(CONCAT('[', IF({}='', '', CONCAT('"', REPLACE({}, ',', '","'), '"')), ']'))"#
                    .to_owned()
            }
            column if column.contains("CHARACTER SET") => UTF8.to_owned(),
            _ => self.select.to_owned(),
        }
    }
}
