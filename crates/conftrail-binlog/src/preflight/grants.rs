//! The least rights that capture needs, as lines to paste.

use crate::product::Product;

/// Quotes an account of the form `user@host` for SQL.
fn quoted(account: &str) -> String {
    let (user, host) = account.rsplit_once('@').unwrap_or((account, "%"));
    let text = |part: &str| format!("'{}'", part.replace('\\', "\\\\").replace('\'', "''"));
    format!("{}@{}", text(user), text(host))
}

/// The right to ask where the binlog ends.
pub(super) fn monitor(product: Product) -> &'static str {
    match product {
        Product::Mysql => "REPLICATION CLIENT",
        Product::Mariadb => "BINLOG MONITOR",
    }
}

/// Reading the binlog.
pub(super) fn replication(product: Product, account: &str) -> String {
    format!("GRANT REPLICATION SLAVE, {} ON *.* TO {};", monitor(product), quoted(account))
}

/// Seeing sessions.
pub(super) fn sessions(product: Product, account: &str) -> String {
    match product {
        Product::Mysql => format!("GRANT SELECT ON performance_schema.* TO {};", quoted(account)),
        Product::Mariadb => format!("GRANT PROCESS ON *.* TO {};", quoted(account)),
    }
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
            replication(Product::Mysql, "o'neil@10.%"),
            "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'o''neil'@'10.%';"
        );
        assert_eq!(
            replication(Product::Mariadb, "cdc@%"),
            "GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO 'cdc'@'%';"
        );
        assert_eq!(select("cdc@%", "a`b"), "GRANT SELECT ON `a``b`.* TO 'cdc'@'%';");
    }
}
