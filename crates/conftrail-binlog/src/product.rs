//! Which of the two families of servers it is.

/// A family of servers: the two number transactions, name settings and ask for a dump in different ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Product {
    /// MySQL, and what is built from it.
    #[default]
    Mysql,
    /// MariaDB.
    Mariadb,
}

impl Product {
    /// Reads a version as the server says it, such as `8.4.13` or `10.11.18-MariaDB-log`.
    pub fn of_version(version: &str) -> Self {
        if version.to_ascii_lowercase().contains("mariadb") { Self::Mariadb } else { Self::Mysql }
    }

    /// Returns its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mysql => "MySQL",
            Self::Mariadb => "MariaDB",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Product;

    #[test]
    fn the_version_tells_the_product() {
        assert_eq!(Product::of_version("9.7.4-2"), Product::Mysql);
        assert_eq!(Product::of_version("10.11.18-MariaDB-0+deb12u1-log"), Product::Mariadb);
        assert_eq!(Product::of_version("5.5.5-10.11.18-mariadb"), Product::Mariadb);
    }
}
