//! The second oracle: what `mariadb-binlog` prints of the rows.

use std::collections::HashMap;

use conftrail_core::Value;
use conftrail_testkit::servers::MysqlServer;

/// The last value of the second column that an UPDATE of `d.tN` set, by N and the first column's value.
pub(super) async fn updated_cells(server: &MysqlServer) -> HashMap<(usize, String), String> {
    let file = server.data_dir().join("binlog.000001").display().to_string();
    let log = server.mysqlbinlog(&["--base64-output=DECODE-ROWS", "--verbose", &file]).await;
    let mut cells = HashMap::new();
    let (mut table, mut sets, mut id) = (None, false, String::new());
    for line in log.lines() {
        let Some(line) = line.strip_prefix("### ") else { continue };
        if let Some(name) = line.strip_prefix("UPDATE `d`.`t") {
            table = name.trim_end_matches('`').parse().ok();
            sets = false;
        } else if line.starts_with("INSERT") || line.starts_with("DELETE") {
            table = None;
        } else if line == "SET" {
            sets = true;
        } else if let Some(value) = line.strip_prefix("  @1=") {
            value.clone_into(&mut id);
        } else if let (Some(value), Some(table), true) = (line.strip_prefix("  @2="), table, sets) {
            cells.insert((table, id.clone()), value.to_owned());
        }
    }
    cells
}

/// Says whether a printed cell is our value; none for types of which it prints less than we do: labels as numbers, bytes, letters
/// beyond ASCII, seconds since 1970.
pub(super) fn agrees(column: &str, printed: &str, ours: &Value) -> Option<bool> {
    let of_type = |names: &[&str]| names.iter().any(|name| column.starts_with(name));
    let bare = printed.trim_matches('\'');
    match ours {
        Value::Null => Some(printed == "NULL"),
        // The year 0 is printed as 1900.
        Value::Int(0) if column == "YEAR" => None,
        Value::Int(_) | Value::Uint(_) if of_type(&["BIT"]) => {
            let bits = bare.strip_prefix("b'")?;
            Some(u64::from_str_radix(bits, 2).ok()?.to_string() == ours.display())
        }
        // Where the sign could be either, the number without it stands behind in brackets.
        Value::Int(_) | Value::Uint(_) => {
            let number = ours.display();
            let (first, second) = printed.split_once(" (").unwrap_or((printed, ""));
            Some(first == &*number || second.trim_end_matches(')') == &*number)
        }
        Value::Float(number) => {
            let theirs: f64 = printed.trim_end().parse().ok()?;
            Some(theirs == *number || ((theirs - number) / number).abs() < 1e-4)
        }
        Value::Text(_) if of_type(&["DATE", "TIME", "DECIMAL"]) && !column.starts_with("TIMESTAMP") => {
            let text = ours.as_text()?;
            // Dates alone are printed with colons.
            let plain = if column == "DATE" { bare.replace(':', "-") } else { bare.to_owned() };
            Some(plain == *text)
        }
        Value::Text(_) if of_type(&["CHAR", "VARCHAR", "TEXT", "TINYTEXT", "MEDIUMTEXT", "LONGTEXT"]) => {
            let text = ours.as_text()?;
            let is_plain =
                text.chars().all(|c| c.is_ascii() && !c.is_control()) && !column.contains("CHARACTER SET");
            is_plain.then(|| bare == text)
        }
        _ => None,
    }
}
