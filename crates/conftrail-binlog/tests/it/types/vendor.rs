//! The second oracle: what `mysqlbinlog` and `mariadb-binlog` print of the rows.

use std::net::{Ipv4Addr, Ipv6Addr};

use conftrail_binlog::decode::Charset;
use conftrail_core::{Timestamp, Value};
use conftrail_testkit::servers::{MysqlServer, Product};

use super::same;

/// A changed row as the vendor's program prints it.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// `INSERT INTO`, `UPDATE` or `DELETE FROM`.
    pub(super) verb: String,
    pub(super) table: String,
    /// The cells of each side, each with its column's number from 1.
    pub(super) before: Vec<(usize, Vec<u8>)>,
    pub(super) after: Vec<(usize, Vec<u8>)>,
}

/// The changed rows of the database `d`, in their order.
pub(super) async fn rows(server: &MysqlServer) -> Vec<Row> {
    let file = server.data_dir().join("binlog.000001").display().to_string();
    let log = server.mysqlbinlog_bytes(&["--base64-output=DECODE-ROWS", "--verbose", &file]).await;
    let mut rows: Vec<Row> = Vec::new();
    let mut is_after = false;
    for line in log.split(|byte| *byte == b'\n').filter_map(|line| line.strip_prefix(b"### ")) {
        if let Some((column, value)) = cell(line) {
            let row = rows.last_mut().expect("cells stand behind their row's head");
            if is_after { row.after.push((column, value)) } else { row.before.push((column, value)) }
        } else if let Some((verb, table)) = String::from_utf8_lossy(line).split_once(" `d`.`") {
            let table = table.trim_end_matches('`').to_owned();
            rows.push(Row { verb: verb.to_owned(), table, ..Row::default() });
        } else {
            is_after = line == b"SET";
        }
    }
    rows
}

/// `  @2=value`.
fn cell(line: &[u8]) -> Option<(usize, Vec<u8>)> {
    let line = line.strip_prefix(b"  @")?;
    let equals = line.iter().position(|byte| *byte == b'=')?;
    let column = std::str::from_utf8(&line[..equals]).ok()?.parse().ok()?;
    Some((column, line[equals + 1..].to_vec()))
}

/// Says whether a printed cell is our value; none where the program cannot print one: geometries on MySQL, and the year 0, which it
/// prints as 1900.
pub(super) fn agrees(product: Product, column: &str, printed: &[u8], ours: &Value) -> Option<bool> {
    if printed.starts_with(b"!! Don't know how to handle column")
        || (column == "YEAR" && *ours == Value::Int(0))
    {
        return None;
    }
    if printed == b"NULL" || ours.is_null() {
        // The document null is a value of its own there, and null for us.
        let is_null = printed == b"NULL" || (column == "JSON" && printed == b"'null'");
        return Some(is_null && ours.is_null());
    }
    let kind = column.split(['(', ' ']).next().unwrap_or_default();
    let is_json_text = kind == "JSON" && product != Product::Mysql;
    Some(match kind {
        "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" | "BOOLEAN" | "YEAR" => {
            integer(column, &text(printed)) == ours.display()
        }
        "DECIMAL" | "TIME" | "DATETIME" => ours.as_text() == Some(unquoted(&text(printed))),
        "DATE" => ours.as_text() == Some(&unquoted(&text(printed)).replace(':', "-")),
        "TIMESTAMP" => ours.as_text().is_some_and(|ours| is_moment(ours, &text(printed))),
        // Six digits are printed of a FLOAT, all of a DOUBLE.
        "FLOAT" => number(ours).is_some_and(|ours| ((float(printed) - ours) / ours).abs() < 1e-5),
        "DOUBLE" => number(ours) == Some(float(printed)),
        "BIT" => bits(printed).to_string() == ours.display(),
        "ENUM" => {
            let index: usize = text(printed).parse().expect("an index");
            let label = index.checked_sub(1).map_or(String::new(), |place| labels(column)[place].clone());
            ours.as_text() == Some(&label)
        }
        "SET" => {
            let bits = bits(printed);
            let labels = labels(column).into_iter().enumerate().filter(|(place, _)| bits & (1 << place) != 0);
            *ours == Value::List(labels.map(|(_, label)| label.into()).collect())
        }
        "JSON" if !is_json_text => is_document(&text(printed), ours),
        "VECTOR" => same(ours, &serde_json::from_str(&text(printed)).expect("numbers")),
        "POINT" => is_point(&bytes(printed, 0), ours),
        "BINARY" => *ours == Value::binary(&bytes(printed, length(column))),
        "VARBINARY" | "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB" => {
            *ours == Value::binary(&bytes(printed, 0))
        }
        "UUID" => ours.display().replace('-', "") == hex(&bytes(printed, 16)),
        "INET4" => ours.display().parse::<Ipv4Addr>().expect("an address").octets()[..] == bytes(printed, 4),
        "INET6" => ours.display().parse::<Ipv6Addr>().expect("an address").octets()[..] == bytes(printed, 16),
        _ => {
            let charset = column
                .split_once("CHARACTER SET ")
                .map_or("utf8mb4", |(_, rest)| rest.split(' ').next().unwrap_or_default());
            Charset::by_name(charset).decode(&bytes(printed, 0)).as_deref() == ours.as_text()
        }
    })
}

fn text(printed: &[u8]) -> String {
    String::from_utf8_lossy(printed).trim_end().to_owned()
}

fn unquoted(printed: &str) -> &str {
    printed.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(printed)
}

/// A negative number has itself without the sign's meaning behind it, in brackets.
fn integer(column: &str, printed: &str) -> String {
    let (signed, unsigned) = printed.split_once(" (").unwrap_or((printed, printed));
    let chosen = if column.contains("UNSIGNED") { unsigned.trim_end_matches(')') } else { signed };
    chosen.to_owned()
}

fn number(ours: &Value) -> Option<f64> {
    ours.display().parse().ok()
}

fn float(printed: &[u8]) -> f64 {
    text(printed).parse().expect("a number")
}

/// `b'0101'`.
fn bits(printed: &[u8]) -> u64 {
    let digits = text(printed);
    u64::from_str_radix(unquoted(digits.trim_start_matches('b')), 2).expect("bits")
}

/// The labels of `ENUM('a','it''s')`.
fn labels(column: &str) -> Vec<String> {
    let (_, list) = column.split_once('(').expect("a list");
    let (list, _) = list.rsplit_once(')').expect("a list");
    let inner = list.strip_prefix('\'').and_then(|list| list.strip_suffix('\'')).expect("quoted labels");
    inner.split("','").map(|label| label.replace("''", "'")).collect()
}

fn length(column: &str) -> usize {
    let (_, rest) = column.split_once('(').expect("a length");
    rest.trim_end_matches(')').parse().expect("a length")
}

/// Seconds since 1970 with the digits of the column.
fn is_moment(ours: &str, printed: &str) -> bool {
    let (seconds, digits) = printed.split_once('.').unwrap_or((printed, ""));
    let micros: i64 = format!("{digits:0<6}").parse().expect("digits");
    let moment = Timestamp::parse(ours).expect("a time");
    let ours_digits = ours.split_once('.').map_or(0, |(_, rest)| rest.trim_end_matches('Z').len());
    moment.micros() == seconds.parse::<i64>().expect("seconds") * 1_000_000 + micros
        && ours_digits == digits.len()
}

/// A document that is a text alone is printed without its quotes.
fn is_document(printed: &str, ours: &Value) -> bool {
    let printed = unquoted(printed);
    match ours.as_text() {
        Some(text) => text == printed,
        None => same(ours, &serde_json::from_str(printed).expect("json")),
    }
}

/// SRID, byte order and kind in front of two coordinates.
fn is_point(bytes: &[u8], ours: &Value) -> bool {
    let coordinate = |at: usize| f64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
    let srid = u32::from_le_bytes(bytes[..4].try_into().expect("four bytes"));
    let wkt = format!("POINT ({} {})", coordinate(9), coordinate(17));
    let ours = ours.as_map().expect("a geometry");
    ours.get("srid") == Some(&Value::Int(srid.into()))
        && ours.get("wkt").and_then(Value::as_text) == Some(&wkt)
}

/// The bytes of a quoted text, with the zeros that are not stored at its end.
fn bytes(printed: &[u8], pad_to: usize) -> Vec<u8> {
    let inner = printed.strip_prefix(b"'").and_then(|rest| rest.strip_suffix(b"'")).expect("a quoted text");
    let mut bytes = Vec::new();
    let mut rest = inner;
    while let Some((first, behind)) = rest.split_first() {
        let (byte, behind) = match (first, behind) {
            (b'\\', [b'x', high, low, behind @ ..]) => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).expect("digits");
                (u8::from_str_radix(digits, 16).expect("two digits"), behind)
            }
            (b'\\', [b'n', behind @ ..]) => (b'\n', behind),
            (b'\\', [quoted @ (b'\'' | b'\\'), behind @ ..]) => (*quoted, behind),
            _ => (*first, behind),
        };
        bytes.push(byte);
        rest = behind;
    }
    bytes.resize(bytes.len().max(pad_to), 0);
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
