//! The control connection: short questions beside the dump.

use std::time::Duration;

use mysql_async::prelude::{FromValue, Queryable};
use mysql_async::{ClientIdentity, Conn, Opts, OptsBuilder, Params, Row, SslOpts};

use super::ControlError;
use crate::product::Product;
use crate::wire::{Target, TlsMode};

/// How long the server may take to answer a control query.
const PATIENCE: Duration = Duration::from_secs(10);
/// MySQL's error number for a wrong password.
const ACCESS_DENIED: u16 = 1045;

/// Stands for the server's name where names are not compared.
///
/// mysql_async 0.37 knows a certificate that fails only by its name by the word `NotValidForName` in the error's text. rustls
/// does not write that word any more, but it writes the name it wanted. The chain is verified before the name.
const NAME_THAT_IS_NOT_COMPARED: &str = "NotValidForName.invalid";

/// An open control connection.
///
/// Open the dump connection first: it is the one that refuses to show the password to a server that nothing vouches
/// for.
#[derive(Debug)]
pub struct Control {
    conn: Conn,
    product: Product,
    version: String,
}

impl Control {
    /// Connects and logs in.
    ///
    /// # Errors
    /// `Connect` or `Silent`.
    pub async fn open(target: &Target) -> Result<Self, ControlError> {
        let conn = match Self::connect(target).await {
            // mysql_common cuts a zero from the end of an ed25519 nonce: one login of 256 then fails, and the next is another.
            Err(error) if error.code() == Some(ACCESS_DENIED) => Self::connect(target).await?,
            other => other?,
        };
        let mut control = Self { conn, product: Product::default(), version: String::new() };
        control.version = control.value("its version", "SELECT @@version", ()).await?;
        control.product = Product::of_version(&control.version);
        Ok(control)
    }

    async fn connect(target: &Target) -> Result<Conn, ControlError> {
        match tokio::time::timeout(PATIENCE, Conn::new(options(target))).await {
            Ok(outcome) => outcome.map_err(ControlError::Connect),
            Err(_) => Err(ControlError::Silent { what: "a control connection", patience: PATIENCE }),
        }
    }

    /// Returns which product answers.
    pub fn product(&self) -> Product {
        self.product
    }

    /// Returns the server's version, such as `8.4.13` or `10.11.18-MariaDB-log`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Hands out the driver's connection, for queries of other modules.
    pub fn conn(&mut self) -> &mut Conn {
        &mut self.conn
    }

    /// Runs a query and returns its rows; `what` names it in errors. Read the columns with [`cell`]: the driver's own
    /// conversions panic.
    pub(super) async fn rows(
        &mut self,
        what: &'static str,
        sql: &str,
        parameters: impl Into<Params> + Send,
    ) -> Result<Vec<Row>, ControlError> {
        self.rows_within(PATIENCE, what, sql, parameters).await
    }

    /// Runs a query that may take longer than others.
    pub(super) async fn rows_within(
        &mut self,
        patience: Duration,
        what: &'static str,
        sql: &str,
        parameters: impl Into<Params> + Send,
    ) -> Result<Vec<Row>, ControlError> {
        let parameters = parameters.into();
        let asking = async {
            match parameters {
                Params::Empty => self.conn.query(sql).await,
                some => self.conn.exec(sql, some).await,
            }
        };
        match tokio::time::timeout(patience, asking).await {
            Ok(outcome) => outcome.map_err(|source| ControlError::Query { what, source }),
            Err(_) => Err(ControlError::Silent { what, patience }),
        }
    }

    /// Runs a query that returns one row.
    pub(super) async fn row(
        &mut self,
        what: &'static str,
        sql: &str,
        parameters: impl Into<Params> + Send,
    ) -> Result<Row, ControlError> {
        self.rows(what, sql, parameters).await?.pop().ok_or(ControlError::Answer { what })
    }

    /// Runs a query that returns one value.
    pub(super) async fn value<T: FromValue>(
        &mut self,
        what: &'static str,
        sql: &str,
        parameters: impl Into<Params> + Send,
    ) -> Result<T, ControlError> {
        let row = self.row(what, sql, parameters).await?;
        cell(&row, 0).ok_or(ControlError::Answer { what })
    }

    /// Says goodbye; a connection that is dropped without is ended by the server's timeout.
    pub async fn close(self) {
        let _already_gone = tokio::time::timeout(PATIENCE, self.conn.disconnect()).await;
    }
}

/// Returns a column of a row; none when there is no such column or it holds another type.
pub(super) fn cell<T: FromValue>(row: &Row, index: usize) -> Option<T> {
    row.get_opt(index)?.ok()
}

fn options(target: &Target) -> Opts {
    OptsBuilder::default()
        .ip_or_hostname(target.host.clone())
        .tcp_port(target.port)
        .user(Some(target.user.clone()))
        .pass(Some(target.password.expose().clone()))
        .prefer_socket(false)
        .ssl_opts(tls(target))
        .connect_attribute("program_name", "conftrail")
        .into()
}

fn tls(target: &Target) -> Option<SslOpts> {
    let settings = &target.tls;
    let roots = settings.ca_file.iter().map(|path| path.clone().into()).collect();
    let identity = match (&settings.cert_file, &settings.key_file) {
        (Some(cert), Some(key)) => Some(ClientIdentity::new(cert.clone().into(), key.clone().into())),
        _ => None,
    };
    let base = SslOpts::default()
        .with_root_certs(roots)
        .with_disable_built_in_roots(settings.ca_file.is_some())
        .with_client_identity(identity);
    match settings.mode {
        TlsMode::Disabled => None,
        TlsMode::Required => Some(base.with_danger_accept_invalid_certs(true)),
        TlsMode::VerifyCa => Some(
            base.with_danger_skip_domain_validation(true)
                .with_danger_tls_hostname_override(Some(NAME_THAT_IS_NOT_COMPARED)),
        ),
        TlsMode::VerifyFull => Some(base),
    }
}
