//! Settings that only MySQL has.

use super::super::finding::Finding;
use crate::control::{MysqlFacts, ServerFacts};

pub(super) fn settings(facts: &ServerFacts, own: &MysqlFacts, findings: &mut Vec<Finding>) {
    if !facts.has_gtids() {
        let what = format!("is {}: reading cannot go on on another server after a failover", own.gtid_mode);
        // Each step needs the one before, and applications that keep to the rules.
        let mend = "SET PERSIST enforce_gtid_consistency=ON;\nSET PERSIST gtid_mode=OFF_PERMISSIVE;\n\
                    SET PERSIST gtid_mode=ON_PERMISSIVE;\nSET PERSIST gtid_mode=ON;";
        findings.push(Finding::warning("gtid_mode", what).mended_by(mend));
    }
    if own.row_value_options.to_ascii_uppercase().contains("PARTIAL_JSON")
        && facts.row_image.eq_ignore_ascii_case("MINIMAL")
    {
        let what = "holds PARTIAL_JSON, and binlog_row_image is MINIMAL: what changes inside a JSON column is \
                    logged without the document that it changes, and is reported as undecoded";
        let mend = "SET PERSIST binlog_row_value_options='';";
        findings.push(Finding::warning("binlog_row_value_options", what).mended_by(mend));
    }
    if own.compresses {
        let what = "is ON: reading takes more work per transaction";
        findings.push(Finding::info("binlog_transaction_compression", what));
    }
    if !facts.performance_schema {
        let what =
            "is OFF: logins cannot be named; it can only be switched on in the server's configuration file";
        findings.push(Finding::warning("performance_schema", what));
    }
}
