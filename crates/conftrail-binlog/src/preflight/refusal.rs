//! What makes reading a server's binlog impossible.

use crate::control::ServerFacts;
use crate::product::Product;

/// The oldest release of MySQL whose binlog is read.
const OLDEST_MYSQL: (u32, u32) = (8, 0);
/// The oldest release of MariaDB whose binlog is read: the first with all the settings that are looked at.
const OLDEST_MARIADB: (u32, u32) = (10, 6);

/// Returns the first reason why this server's binlog cannot be read, as a sentence with the way out.
pub(crate) fn refusal(facts: &ServerFacts) -> Option<String> {
    let product = facts.product();
    let oldest = match product {
        Product::Mysql => OLDEST_MYSQL,
        Product::Mariadb => OLDEST_MARIADB,
    };
    if facts.release() < oldest {
        let (name, (major, minor)) = (product.as_str(), oldest);
        return Some(format!("{name} {} is too old; {major}.{minor} and later are read", facts.version));
    }
    if !facts.log_bin {
        return Some("the server writes no binlog; start it with --log-bin".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{MariadbFacts, MysqlFacts, OwnFacts};

    #[test]
    fn a_server_is_refused_for_one_clear_reason() {
        let facts = |version: &str, log_bin| ServerFacts {
            version: version.to_owned(),
            log_bin,
            own: match Product::of_version(version) {
                Product::Mysql => OwnFacts::Mysql(MysqlFacts::default()),
                Product::Mariadb => OwnFacts::Mariadb(MariadbFacts::default()),
            },
            ..ServerFacts::default()
        };
        let refused = |version, log_bin, word: &str| {
            let reason = refusal(&facts(version, log_bin)).unwrap();
            assert!(reason.contains(word), "{reason}");
        };
        refused("10.5.29-MariaDB", true, "MariaDB 10.5.29-MariaDB is too old");
        refused("5.7.44", true, "too old");
        refused("8.4.13", false, "--log-bin");
        refused("11.4.5-MariaDB", false, "--log-bin");
        assert_eq!(refusal(&facts("8.0.36", true)), None);
        assert_eq!(refusal(&facts("10.6.0-MariaDB-log", true)), None);
    }
}
