//! What makes reading a server's binlog impossible.

use crate::control::{MariadbFacts, OwnFacts, ServerFacts};

/// Returns the first reason why this server's binlog cannot be read, as a sentence with the way out.
pub(crate) fn refusal(facts: &ServerFacts) -> Option<String> {
    if facts.is_too_old() {
        let (name, (major, minor)) = (facts.product().as_str(), facts.oldest_release());
        return Some(format!("{name} {} is too old; {major}.{minor} and later are read", facts.version));
    }
    if !facts.log_bin {
        return Some("the server writes no binlog; start it with --log-bin".to_owned());
    }
    if let OwnFacts::Mariadb(MariadbFacts { log_engine, .. }) = &facts.own
        && !log_engine.is_empty()
    {
        return Some(format!(
            "the server keeps its binlog in {log_engine} (binlog_storage_engine), where it has no places by file and offset; that is \
             not read in this version: start it without"
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::MysqlFacts;
    use crate::product::Product;

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
        let mut in_innodb = facts("12.3.2-MariaDB", true);
        in_innodb.own =
            OwnFacts::Mariadb(MariadbFacts { log_engine: "InnoDB".into(), ..MariadbFacts::default() });
        assert!(refusal(&in_innodb).is_some_and(|reason| reason.contains("binlog_storage_engine")));
        assert_eq!(refusal(&facts("8.0.36", true)), None);
        assert_eq!(refusal(&facts("10.6.0-MariaDB-log", true)), None);
    }
}
