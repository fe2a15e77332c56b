//! Settings that only MariaDB has, and what it never tells.

use super::super::finding::Finding;
use super::set;
use crate::control::MariadbFacts;
use crate::product::Product;

pub(super) fn settings(own: &MariadbFacts, findings: &mut Vec<Finding>) {
    if own.protects_time() {
        let what = format!(
            "is {}: the times of changes are the server's own, but for sessions with the right BINLOG REPLAY",
            own.secure_timestamp
        );
        findings.push(Finding::info("secure_timestamp", what));
    } else {
        let what = format!(
            "is {}: any session can set the time that the binlog tells, so events are flagged clock_suspect; put \
             secure_timestamp=REPLICATION into the server's configuration file and start it anew",
            own.secure_timestamp
        );
        findings.push(Finding::warning("secure_timestamp", what));
    }
    if !own.strict {
        let what = "is OFF: numbers may repeat within a domain, and after a failover the place where to go on may be \
                    another than it was";
        let mend = set(Product::Mariadb, "gtid_strict_mode", "ON");
        findings.push(Finding::warning("gtid_strict_mode", what).mended_by(mend));
    }
    if own.compresses {
        findings.push(Finding::info("log_bin_compress", "is ON: reading takes more work per event"));
    }
    let what = "rows of MariaDB do not tell which login changed them: who it was is what the statement's comment claims; \
                `actor.trust: [\"*\"]` is your word that comments on this server are true";
    findings.push(Finding::info("actor.trust", what));
}
