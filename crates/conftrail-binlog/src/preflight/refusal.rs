//! What makes reading a server's binlog impossible.

use crate::control::ServerFacts;

/// The oldest release whose binlog is read.
const OLDEST_RELEASE: (u32, u32) = (8, 0);

/// Returns the first reason why this server's binlog cannot be read, as a sentence with the way out.
pub(crate) fn refusal(facts: &ServerFacts) -> Option<String> {
    if facts.version.to_ascii_lowercase().contains("mariadb") {
        return Some(format!(
            "this is a MariaDB server ({}); this version of conftrail reads MySQL 8.0 and later",
            facts.version
        ));
    }
    if facts.release() < OLDEST_RELEASE {
        return Some(format!("MySQL {} is too old; 8.0 and later are read", facts.version));
    }
    if !facts.log_bin {
        return Some("the server writes no binlog; start it with --log-bin".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_refused_for_one_clear_reason() {
        let facts = |version: &str, log_bin| ServerFacts {
            version: version.to_owned(),
            log_bin,
            ..ServerFacts::default()
        };
        let refused = |version, log_bin, word: &str| {
            let reason = refusal(&facts(version, log_bin)).unwrap();
            assert!(reason.contains(word), "{reason}");
        };
        refused("10.11.6-MariaDB", true, "MariaDB");
        refused("5.7.44", true, "too old");
        refused("8.4.13", false, "--log-bin");
        assert_eq!(refusal(&facts("8.0.36", true)), None);
    }
}
