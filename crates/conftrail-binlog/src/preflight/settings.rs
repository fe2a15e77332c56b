//! What the server's settings mean for capture.

use super::finding::Finding;
use crate::control::ServerFacts;

const DAY: u64 = 86_400;
/// Binlogs that are kept for less than this may be gone after a weekend.
const SHORT: u64 = 3 * DAY;

/// Returns a finding for each setting that is not as it should be.
pub(super) fn settings(facts: &ServerFacts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let is = |value: &str, wanted: &str| value.eq_ignore_ascii_case(wanted);
    if !is(&facts.binlog_format, "ROW") {
        let what =
            format!("is {}: changes of rows are not in the binlog, only statements are", facts.binlog_format);
        findings.push(Finding::fatal("binlog_format", what).mended_by("SET PERSIST binlog_format=ROW;"));
    }
    if !is(&facts.row_image, "FULL") {
        let what =
            format!("is {}: what a row held besides the changed columns is not shown", facts.row_image);
        findings
            .push(Finding::warning("binlog_row_image", what).mended_by("SET PERSIST binlog_row_image=FULL;"));
    }
    if !is(&facts.row_metadata, "FULL") {
        let what = format!(
            "is {}: column names come from information_schema, so after a change of a table the names of rows \
             changed earlier may be wrong",
            facts.row_metadata
        );
        let mend = "SET PERSIST binlog_row_metadata=FULL;";
        findings.push(Finding::warning("binlog_row_metadata", what).mended_by(mend));
    }
    if !facts.query_events {
        let what = "is OFF: comments such as /*user='alice',ticket='CHG-1'*/ are not in the binlog, so only logins \
                    can be named";
        let mend = "SET PERSIST binlog_rows_query_log_events=ON;";
        findings.push(Finding::warning("binlog_rows_query_log_events", what).mended_by(mend));
    }
    if !facts.has_gtids() {
        let what = format!("is {}: reading cannot go on on another server after a failover", facts.gtid_mode);
        // Each step needs the one before, and applications that keep to the rules.
        let mend = "SET PERSIST enforce_gtid_consistency=ON;\nSET PERSIST gtid_mode=OFF_PERMISSIVE;\n\
                    SET PERSIST gtid_mode=ON_PERMISSIVE;\nSET PERSIST gtid_mode=ON;";
        findings.push(Finding::warning("gtid_mode", what).mended_by(mend));
    }
    let expires = facts.expire_seconds;
    if expires != 0 && expires < SHORT {
        let what = format!("is {expires}: what is not read within {} is lost", duration(expires));
        let mend = format!("SET PERSIST binlog_expire_logs_seconds={};", 7 * DAY);
        findings.push(Finding::warning("binlog_expire_logs_seconds", what).mended_by(mend));
    } else {
        let kept = if expires == 0 {
            "until somebody purges it".to_owned()
        } else {
            format!("for {}", duration(expires))
        };
        let what = format!("what is committed now is kept {kept} ({expires} s until purge)");
        findings.push(Finding::info("binlog_expire_logs_seconds", what));
    }
    if facts.row_value_options.to_ascii_uppercase().contains("PARTIAL_JSON") {
        let what =
            "holds PARTIAL_JSON: changes inside JSON columns are reported as undecoded in this version";
        let mend = "SET PERSIST binlog_row_value_options='';";
        findings.push(Finding::warning("binlog_row_value_options", what).mended_by(mend));
    }
    if facts.compresses {
        let what = "is ON: reading takes more work per transaction";
        findings.push(Finding::info("binlog_transaction_compression", what));
    }
    if !facts.performance_schema {
        let what =
            "is OFF: logins cannot be named; it can only be switched on in the server's configuration file";
        findings.push(Finding::warning("performance_schema", what));
    }
    if facts.server_id == 0 {
        findings.push(
            Finding::fatal("server_id", "is 0: the server refuses readers of its binlog")
                .mended_by("SET PERSIST server_id=1;"),
        );
    }
    findings
}

fn duration(seconds: u64) -> String {
    if seconds >= 2 * DAY { format!("{} days", seconds / DAY) } else { format!("{} hours", seconds / 3600) }
}

#[cfg(test)]
mod tests {
    use super::super::Severity;
    use super::*;

    fn good() -> ServerFacts {
        ServerFacts {
            binlog_format: "ROW".into(),
            row_image: "FULL".into(),
            row_metadata: "FULL".into(),
            query_events: true,
            gtid_mode: "ON".into(),
            expire_seconds: 30 * DAY,
            performance_schema: true,
            server_id: 1,
            ..ServerFacts::default()
        }
    }

    #[test]
    fn a_server_as_it_should_be_gives_no_warning() {
        assert!(settings(&good()).iter().all(|finding| finding.severity == Severity::Info));
    }

    #[test]
    fn each_setting_is_told_with_the_line_that_mends_it() {
        let check = |change: fn(&mut ServerFacts), place: &str, severity: Severity| {
            let mut facts = good();
            change(&mut facts);
            let findings = settings(&facts);
            let found = findings.iter().find(|finding| finding.place == place).unwrap();
            assert_eq!(found.severity, severity, "{place}");
            let mend = found.mend.as_deref().unwrap();
            assert!(mend.starts_with("SET PERSIST ") && mend.ends_with(';'), "{mend}");
        };
        check(|facts| facts.binlog_format = "MIXED".into(), "binlog_format", Severity::Fatal);
        check(|facts| facts.row_image = "MINIMAL".into(), "binlog_row_image", Severity::Warning);
        check(|facts| facts.row_metadata = "MINIMAL".into(), "binlog_row_metadata", Severity::Warning);
        check(|facts| facts.query_events = false, "binlog_rows_query_log_events", Severity::Warning);
        check(|facts| facts.gtid_mode = "OFF".into(), "gtid_mode", Severity::Warning);
        check(|facts| facts.expire_seconds = 3600, "binlog_expire_logs_seconds", Severity::Warning);
        check(
            |facts| facts.row_value_options = "PARTIAL_JSON".into(),
            "binlog_row_value_options",
            Severity::Warning,
        );
        check(|facts| facts.server_id = 0, "server_id", Severity::Fatal);
    }
}
