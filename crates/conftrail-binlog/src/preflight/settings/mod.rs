//! What the server's settings mean for capture.

mod mariadb;
mod mysql;

use super::finding::Finding;
use crate::control::{OwnFacts, ServerFacts};
use crate::product::Product;

const DAY: u64 = 86_400;
/// Binlogs that are kept for less than this may be gone after a weekend.
const SHORT: u64 = 3 * DAY;

/// Returns a finding for each setting that is not as it should be.
pub(super) fn settings(facts: &ServerFacts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let product = facts.product();
    let is = |value: &str, wanted: &str| value.eq_ignore_ascii_case(wanted);
    if !is(&facts.binlog_format, "ROW") {
        let what =
            format!("is {}: changes of rows are not in the binlog, only statements are", facts.binlog_format);
        findings.push(Finding::fatal("binlog_format", what).mended_by(set(product, "binlog_format", "ROW")));
    }
    if !is(&facts.row_image, "FULL") && !is(&facts.row_image, "FULL_NODUP") {
        let what =
            format!("is {}: what a row held besides the changed columns is not shown", facts.row_image);
        let mend = set(product, "binlog_row_image", "FULL");
        findings.push(Finding::warning("binlog_row_image", what).mended_by(mend));
    }
    if !is(&facts.row_metadata, "FULL") {
        let what = format!(
            "is {}: column names come from information_schema, so after a change of a table the names of rows \
             changed earlier may be wrong",
            facts.row_metadata
        );
        let mend = set(product, "binlog_row_metadata", "FULL");
        findings.push(Finding::warning("binlog_row_metadata", what).mended_by(mend));
    }
    if !facts.query_events {
        let name = match product {
            Product::Mysql => "binlog_rows_query_log_events",
            Product::Mariadb => "binlog_annotate_row_events",
        };
        let what = "is OFF: comments such as /*user='alice',ticket='CHG-1'*/ are not in the binlog, so only logins \
                    can be named";
        findings.push(Finding::warning(name, what).mended_by(set(product, name, "ON")));
    }
    findings.push(kept(facts));
    match &facts.own {
        OwnFacts::Mysql(own) => mysql::settings(facts, own, &mut findings),
        OwnFacts::Mariadb(own) => mariadb::settings(own, &mut findings),
    }
    if facts.server_id == 0 {
        findings.push(
            Finding::fatal("server_id", "is 0: the server refuses readers of its binlog").mended_by(set(
                product,
                "server_id",
                "1",
            )),
        );
    }
    findings
}

/// The line that changes a setting for good.
fn set(product: Product, name: &str, value: &str) -> String {
    match product {
        Product::Mysql => format!("SET PERSIST {name}={value};"),
        // It has no SET PERSIST: what is not in its file is gone after a restart.
        Product::Mariadb => {
            format!("SET GLOBAL {name}={value}; /* and {name}={value} in the server's configuration file */")
        }
    }
}

/// How long what is committed now stays.
fn kept(facts: &ServerFacts) -> Finding {
    const NAME: &str = "binlog_expire_logs_seconds";
    let expires = facts.expire_seconds;
    if expires != 0 && expires < SHORT {
        let what = format!("is {expires}: what is not read within {} is lost", duration(expires));
        let mend = set(facts.product(), NAME, &(7 * DAY).to_string());
        return Finding::warning(NAME, what).mended_by(mend);
    }
    let kept = if expires == 0 {
        "until somebody purges it".to_owned()
    } else {
        format!("for {}", duration(expires))
    };
    Finding::info(NAME, format!("what is committed now is kept {kept} ({expires} s until purge)"))
}

fn duration(seconds: u64) -> String {
    if seconds >= 2 * DAY { format!("{} days", seconds / DAY) } else { format!("{} hours", seconds / 3600) }
}

#[cfg(test)]
mod tests {
    use super::super::Severity;
    use super::*;
    use crate::control::{MariadbFacts, MysqlFacts};

    fn good() -> ServerFacts {
        ServerFacts {
            binlog_format: "ROW".into(),
            row_image: "FULL".into(),
            row_metadata: "FULL".into(),
            query_events: true,
            expire_seconds: 30 * DAY,
            performance_schema: true,
            server_id: 1,
            own: OwnFacts::Mysql(MysqlFacts { gtid_mode: "ON".into(), ..MysqlFacts::default() }),
            ..ServerFacts::default()
        }
    }

    fn good_mariadb() -> ServerFacts {
        ServerFacts {
            performance_schema: false,
            own: OwnFacts::Mariadb(MariadbFacts {
                strict: true,
                secure_timestamp: "REPLICATION".into(),
                ..MariadbFacts::default()
            }),
            ..good()
        }
    }

    fn mysql(facts: &mut ServerFacts) -> &mut MysqlFacts {
        match &mut facts.own {
            OwnFacts::Mysql(own) => own,
            OwnFacts::Mariadb(_) => panic!("it is MySQL"),
        }
    }

    fn mariadb(facts: &mut ServerFacts) -> &mut MariadbFacts {
        match &mut facts.own {
            OwnFacts::Mariadb(own) => own,
            OwnFacts::Mysql(_) => panic!("it is MariaDB"),
        }
    }

    #[test]
    fn a_server_as_it_should_be_gives_no_warning() {
        for facts in [good(), good_mariadb()] {
            let findings = settings(&facts);
            assert!(findings.iter().all(|finding| finding.severity == Severity::Info), "{findings:?}");
        }
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
        check(|facts| mysql(facts).gtid_mode = "OFF".into(), "gtid_mode", Severity::Warning);
        check(|facts| facts.expire_seconds = 3600, "binlog_expire_logs_seconds", Severity::Warning);
        check(
            |facts| {
                facts.row_image = "MINIMAL".into();
                mysql(facts).row_value_options = "PARTIAL_JSON".into();
            },
            "binlog_row_value_options",
            Severity::Warning,
        );
        let mut whole = good();
        mysql(&mut whole).row_value_options = "PARTIAL_JSON".into();
        assert!(settings(&whole).iter().all(|finding| finding.place != "binlog_row_value_options"));
        check(|facts| facts.server_id = 0, "server_id", Severity::Fatal);
    }

    #[test]
    fn each_setting_of_mariadb_is_told_with_its_way_out() {
        let check = |change: fn(&mut ServerFacts), place: &str, severity: Severity, mend: Option<&str>| {
            let mut facts = good_mariadb();
            change(&mut facts);
            let findings = settings(&facts);
            let found = findings.iter().find(|finding| finding.place == place).unwrap();
            assert_eq!(found.severity, severity, "{place}");
            assert_eq!(found.mend.as_deref(), mend, "{place}");
        };
        let row =
            "SET GLOBAL binlog_format=ROW; /* and binlog_format=ROW in the server's configuration file */";
        check(|facts| facts.binlog_format = "MIXED".into(), "binlog_format", Severity::Fatal, Some(row));
        let strict = "SET GLOBAL gtid_strict_mode=ON; /* and gtid_strict_mode=ON in the server's configuration file */";
        check(|facts| mariadb(facts).strict = false, "gtid_strict_mode", Severity::Warning, Some(strict));
        for value in ["NO", "SUPER"] {
            let mut facts = good_mariadb();
            mariadb(&mut facts).secure_timestamp = value.into();
            let findings = settings(&facts);
            let found = findings.iter().find(|finding| finding.place == "secure_timestamp").unwrap();
            assert_eq!((found.severity, &found.mend), (Severity::Warning, &None));
            assert!(found.what.contains("secure_timestamp=REPLICATION"), "{}", found.what);
        }
        check(|facts| mariadb(facts).compresses = true, "log_bin_compress", Severity::Info, None);
    }
}
