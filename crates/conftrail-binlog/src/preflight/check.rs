//! The preflight of a configured source.

use std::time::Duration;

use conftrail_core::explain;

use super::finding::Finding;
use super::settings::settings;
use super::{grants, refusal};
use crate::control::{Control, ControlError, LogEnd, ServerFacts, TableName};
use crate::product::Product;
use crate::source::{Config, NameCase, TableFilter};
use crate::wire::{Connection, DumpRequest, DumpStart, Target, TlsMode, WireError};

/// MySQL's error number for a missing right.
const RIGHT_MISSING: u16 = 1227;
/// What a login without REPLICATION SLAVE is told when it registers as a replica.
const NO_REPLICA: u16 = 1045;
/// How many tables are named in one finding.
const MOST_NAMED: usize = 5;

/// Looks at a source's configuration and server. Never fails: what goes wrong is a finding.
pub async fn preflight(config: &Config) -> Vec<Finding> {
    let mut findings: Vec<Finding> = config.validate().iter().map(|problem| of_problem(problem)).collect();
    if !findings.is_empty() {
        return findings;
    }
    let target = match config.target() {
        Ok(target) => target,
        Err(error) => return vec![Finding::fatal("password_file", explain(&error))],
    };
    let mut look = Look { config, target, findings: Vec::new() };
    look.run().await;
    findings.append(&mut look.findings);
    findings
}

fn of_problem(problem: &str) -> Finding {
    let (place, what) = problem.split_once(": ").unwrap_or(("", problem));
    Finding::fatal(place, what)
}

struct Look<'a> {
    config: &'a Config,
    target: Target,
    findings: Vec<Finding>,
}

impl Look<'_> {
    async fn run(&mut self) {
        let connection = match connect(&self.target).await {
            Ok(connection) => connection,
            Err(error) => return self.findings.push(refused_connection(&error)),
        };
        let mut control = match Control::open(&self.target).await {
            Ok(control) => control,
            Err(error) => return self.findings.push(Finding::fatal("url", explain(&error))),
        };
        match self.server(connection, &mut control).await {
            Ok(()) => {}
            Err(error) => self.findings.push(Finding::fatal("url", explain(&error))),
        }
        control.close().await;
    }

    async fn server(&mut self, connection: Connection, control: &mut Control) -> Result<(), ControlError> {
        let facts = control.facts().await?;
        if let Some(reason) = refusal(&facts) {
            self.findings.push(Finding::fatal("url", reason));
            return Ok(());
        }
        let account = control.account().await?;
        let what = format!("{} {} answers, logged in as {account}", facts.product().as_str(), facts.version);
        self.findings.push(Finding::info("url", what));
        if self.config.tls.mode == TlsMode::Required && !is_this_machine(&self.target.host) {
            let what =
                "encrypts, but does not check who answers; set ca_file, and mode to verify-full or verify-ca";
            self.findings.push(Finding::warning("tls.mode", what));
        }
        self.findings.extend(settings(&facts));
        self.rights(connection, control, &account).await?;
        self.numbers(control, &facts).await?;
        let case = NameCase::of_lower_case_table_names(facts.lower_case_table_names);
        self.tables(control, &account, case).await
    }

    /// Tries what capture does: asking for the log's end, and a dump from there.
    async fn rights(
        &mut self,
        connection: Connection,
        control: &mut Control,
        account: &str,
    ) -> Result<(), ControlError> {
        let product = control.product();
        let missing = |right: &str| {
            Finding::fatal("rights", format!("{account} has no {right}"))
                .mended_by(grants::replication(product, account))
        };
        match control.log_end().await {
            Ok(end) => {
                if let Some(error) = tried_dump(connection, end).await {
                    self.findings.push(match error {
                        WireError::Server { code: RIGHT_MISSING | NO_REPLICA, .. } => {
                            missing("REPLICATION SLAVE")
                        }
                        other => Finding::fatal(
                            "rights",
                            format!("the binlog cannot be read: {}", explain(&other)),
                        ),
                    });
                }
            }
            Err(error) if error.code() == Some(RIGHT_MISSING) => {
                let held = control.grants().await?.join("\n").to_ascii_uppercase();
                let monitor = grants::monitor(product);
                let both = if held.contains("REPLICATION SLAVE") {
                    monitor.to_owned()
                } else {
                    format!("REPLICATION SLAVE and {monitor}")
                };
                self.findings.push(missing(&both));
            }
            Err(error) => return Err(error),
        }
        if !control.sees_sessions().await? {
            let what = match product {
                Product::Mysql => format!("{account} cannot read performance_schema: logins cannot be named"),
                Product::Mariadb => {
                    format!(
                        "{account} has no PROCESS: the logins of statements such as ALTER TABLE cannot be named"
                    )
                }
            };
            self.findings
                .push(Finding::warning("rights", what).mended_by(grants::sessions(product, account)));
        }
        Ok(())
    }

    async fn numbers(&mut self, control: &mut Control, facts: &ServerFacts) -> Result<(), ControlError> {
        let Some(ours) = self.config.server_id else { return Ok(()) };
        let is_taken = match control.replicas().await {
            Ok(replicas) => replicas.contains(&ours),
            // The right to ask is the one to read, which was looked at before.
            Err(error) if error.code().is_some() => false,
            Err(error) => return Err(error),
        };
        if ours == facts.server_id {
            self.findings
                .push(Finding::fatal("server_id", "is the server's own; choose another, or leave it out"));
        } else if is_taken {
            let what =
                "is used by a replica that is connected now: each of the two would disconnect the other";
            self.findings.push(Finding::warning("server_id", what));
        }
        Ok(())
    }

    async fn tables(
        &mut self,
        control: &mut Control,
        account: &str,
        case: NameCase,
    ) -> Result<(), ControlError> {
        let Ok(filter) = TableFilter::new(&self.config.include, &self.config.exclude, case) else {
            return Ok(());
        };
        let captures =
            |schema: &str, table: &str| filter.captures(&filter.folded(schema), &filter.folded(table));
        let mut names = control.table_names().await?;
        let all = names.len();
        names.retain(|(schema, table)| captures(schema, table));
        let matching: Vec<TableName> = control.tables(&names).await?;
        if matching.is_empty() {
            let what = "no table matches; the login may also not see them";
            let schemas = self.config.include.iter().filter_map(|pattern| pattern.split_once('.'));
            let named =
                schemas.map(|(schema, _)| schema).filter(|schema| !schema.contains(['*', '?', '[', '{']));
            let lines: Vec<String> = named.map(|schema| grants::select(account, schema)).collect();
            let finding = Finding::warning("include", what);
            self.findings.push(if lines.is_empty() { finding } else { finding.mended_by(lines.join("\n")) });
            return Ok(());
        }
        if control.product() == Product::Mariadb {
            let compressed = control.compressed_columns(&names).await?;
            let named: Vec<String> = compressed
                .iter()
                .map(|((schema, table), column)| format!("{schema}.{table}.{column}"))
                .collect();
            if !named.is_empty() {
                let shown = named.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
                let what = format!(
                    "{} compressed ({shown}): rows with such a column cannot be read; exclude their tables, or define the \
                     columns without COMPRESSED",
                    if named.len() == 1 {
                        "1 column is".to_owned()
                    } else {
                        format!("{} columns are", named.len())
                    }
                );
                self.findings.push(Finding::fatal("include", what));
            }
        }
        let rows: u64 = matching.iter().map(|table| table.rows).sum();
        let what = format!("{} of {} tables and views match, with about {rows} rows", matching.len(), all);
        self.findings.push(Finding::info("include", what));
        let keyless: Vec<String> = matching
            .iter()
            .filter(|table| !table.has_key)
            .map(|table| format!("{}.{}", table.schema, table.name))
            .collect();
        if !keyless.is_empty() {
            let named = keyless.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
            let what = format!(
                "{} without a primary key ({named}): their rows have no name of their own",
                if keyless.len() == 1 {
                    "1 table is".to_owned()
                } else {
                    format!("{} tables are", keyless.len())
                }
            );
            self.findings.push(Finding::warning("include", what));
        }
        Ok(())
    }
}

async fn connect(target: &Target) -> Result<Connection, WireError> {
    let target = target.clone();
    let opening = tokio::task::spawn_blocking(move || Connection::open(&target)).await;
    opening.unwrap_or(Err(WireError::Closed))
}

/// Starts a dump at the log's end and drops it; returns what went wrong.
async fn tried_dump(connection: Connection, end: LogEnd) -> Option<WireError> {
    let request = DumpRequest {
        server_id: crate::source::made_up_id(),
        start: DumpStart::File { name: end.file, position: end.position },
        heartbeat: Duration::from_secs(1),
        patience: Duration::from_secs(3),
        until_end: true,
    };
    let trying =
        move || connection.dump(&request).and_then(|mut stream| stream.next_event().map(|_| ())).err();
    tokio::task::spawn_blocking(trying).await.unwrap_or(Some(WireError::Closed))
}

/// What MariaDB says to an account that logs in by Unix socket and comes over the network.
const SOCKET_ONLY: u16 = 1698;

fn refused_connection(error: &WireError) -> Finding {
    if let WireError::Server { code: SOCKET_ONLY, .. } = error {
        let what = format!(
            "{}; the account may log in by Unix socket only: give it a password, such as ALTER USER … IDENTIFIED BY '…'",
            explain(error)
        );
        return Finding::fatal("url", what);
    }
    let place = match error {
        WireError::File { .. } | WireError::Tls(_) | WireError::NoTls | WireError::KeyNotAllowed => "tls",
        WireError::Server { code: 1045, .. } => "password_file",
        _ => "url",
    };
    Finding::fatal(place, explain(error))
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
