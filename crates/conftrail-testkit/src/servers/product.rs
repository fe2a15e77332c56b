//! Which server of the MySQL family is wanted, and how it is to be set up.

use super::tls::Certificates;

/// Which server is meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Product {
    /// MySQL 9.7.
    #[default]
    Mysql,
    /// MariaDB 10.11.
    Mariadb10,
    /// MariaDB 11.4, which leaves the places of most binlog events at 0.
    Mariadb11,
}

impl Product {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Mysql, Self::Mariadb10, Self::Mariadb11];
    /// Both releases of MariaDB.
    pub const MARIADB: [Self; 2] = [Self::Mariadb10, Self::Mariadb11];

    pub(super) fn script(self) -> &'static str {
        if self == Self::Mysql { "mysql" } else { "mariadb" }
    }

    pub(super) fn release(self) -> Option<&'static str> {
        match self {
            Self::Mysql => None,
            Self::Mariadb10 => Some("10.11"),
            Self::Mariadb11 => Some("11.4"),
        }
    }
}

/// A product, and arguments for it beyond those of every test server: binlog on, on MySQL GTIDs on, everything else as the
/// vendor ships it (row metadata `MINIMAL` and no query events on MySQL; format `MIXED` and no row metadata on MariaDB).
#[derive(Debug, Clone, Default)]
pub struct MysqlOptions {
    pub(super) product: Product,
    pub(super) arguments: Vec<String>,
}

impl MysqlOptions {
    /// A server as the vendor ships it.
    pub fn of(product: Product) -> Self {
        Self { product, arguments: Vec::new() }
    }

    /// A MySQL server as the documentation asks for: row metadata `FULL`, query events on.
    pub fn recommended() -> Self {
        Self::recommended_of(Product::Mysql)
    }

    /// A server as the documentation asks for.
    pub fn recommended_of(product: Product) -> Self {
        let options = Self::of(product).with("--binlog-row-metadata=FULL");
        match product {
            Product::Mysql => options.with("--binlog-rows-query-log-events=ON"),
            Product::Mariadb10 | Product::Mariadb11 => options
                .with("--binlog-format=ROW")
                .with("--gtid-strict-mode=ON")
                .with("--secure-timestamp=REPLICATION"),
        }
    }

    /// Adds one argument; a later one wins over an earlier one.
    #[must_use]
    pub fn with(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Serves TLS with these certificates in place of the server's own, which name no host.
    #[must_use]
    pub fn with_tls(self, certificates: &Certificates) -> Self {
        self.with(format!("--ssl-ca={}", certificates.ca_file().display()))
            .with(format!("--ssl-cert={}", certificates.cert_file().display()))
            .with(format!("--ssl-key={}", certificates.key_file().display()))
    }
}
