//! The least rights that capture needs, as lines to paste.

/// Quotes an account of the form `user@host` for SQL.
fn quoted(account: &str) -> String {
    let (user, host) = account.rsplit_once('@').unwrap_or((account, "%"));
    let text = |part: &str| format!("'{}'", part.replace('\\', "\\\\").replace('\'', "''"));
    format!("{}@{}", text(user), text(host))
}

/// Reading the binlog.
pub(super) fn replication(account: &str) -> String {
    format!("GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO {};", quoted(account))
}

/// Seeing sessions.
pub(super) fn sessions(account: &str) -> String {
    format!("GRANT SELECT ON performance_schema.* TO {};", quoted(account))
}

/// Seeing a database's columns.
pub(super) fn select(account: &str, schema: &str) -> String {
    format!("GRANT SELECT ON `{}`.* TO {};", schema.replace('`', "``"), quoted(account))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_and_names_are_quoted() {
        assert_eq!(
            replication("o'neil@10.%"),
            "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'o''neil'@'10.%';"
        );
        assert_eq!(select("cdc@%", "a`b"), "GRANT SELECT ON `a``b`.* TO 'cdc'@'%';");
    }
}
