//! One shape for both products: the identity of a transaction, and all that were read.

use std::fmt;

use super::{Gtid, GtidError, GtidPosition, GtidSet, MariadbGtid};
use crate::product::Product;

/// The identity of one transaction, in its product's form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TransactionId {
    /// `uuid:number`, perhaps with a tag.
    Mysql(Gtid),
    /// `domain-server-sequence`.
    Mariadb(MariadbGtid),
}

impl TransactionId {
    /// Returns the GTID of MySQL; none of MariaDB's.
    pub fn mysql(&self) -> Option<&Gtid> {
        match self {
            Self::Mysql(gtid) => Some(gtid),
            Self::Mariadb(_) => None,
        }
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mysql(gtid) => gtid.fmt(formatter),
            Self::Mariadb(gtid) => gtid.fmt(formatter),
        }
    }
}

/// The transactions that were read, exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Executed {
    /// A set, which may have gaps.
    Mysql(GtidSet),
    /// The last of each domain.
    Mariadb(GtidPosition),
}

impl Executed {
    /// Returns nothing read.
    pub fn none(product: Product) -> Self {
        match product {
            Product::Mysql => Self::Mysql(GtidSet::default()),
            Product::Mariadb => Self::Mariadb(GtidPosition::default()),
        }
    }

    /// Reads a product's text.
    ///
    /// # Errors
    /// When it is none of that product's.
    pub fn parse(product: Product, text: &str) -> Result<Self, GtidError> {
        match product {
            Product::Mysql => text.parse().map(Self::Mysql),
            Product::Mariadb => text.parse().map(Self::Mariadb),
        }
    }

    /// Returns whose transactions these are.
    pub fn product(&self) -> Product {
        match self {
            Self::Mysql(_) => Product::Mysql,
            Self::Mariadb(_) => Product::Mariadb,
        }
    }

    /// Says whether nothing was read.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Mysql(set) => set.is_empty(),
            Self::Mariadb(position) => position.is_empty(),
        }
    }

    /// Adds a transaction that was read. One of the other product cannot come from the same server; it changes nothing.
    pub fn add(&mut self, id: &TransactionId) {
        match (self, id) {
            (Self::Mysql(set), TransactionId::Mysql(gtid)) => set.add(gtid),
            (Self::Mariadb(position), TransactionId::Mariadb(gtid)) => position.add(*gtid),
            (Self::Mysql(_), TransactionId::Mariadb(_)) | (Self::Mariadb(_), TransactionId::Mysql(_)) => {}
        }
    }
}

impl fmt::Display for Executed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mysql(set) => set.fmt(formatter),
            Self::Mariadb(position) => position.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_product_reads_its_own_text() {
        let check = |product, text: &str, id: &str, then: &str| {
            let mut executed = Executed::parse(product, text).expect("its own text");
            assert_eq!((executed.to_string().as_str(), executed.product()), (text, product));
            let id = match product {
                Product::Mysql => TransactionId::Mysql(id.parse().expect("a gtid")),
                Product::Mariadb => TransactionId::Mariadb(id.parse().expect("a gtid")),
            };
            executed.add(&id);
            assert_eq!(executed.to_string(), then);
        };
        let uuid = "c9f06a51-0000-0000-0000-000000000001";
        check(Product::Mysql, &format!("{uuid}:1-3"), &format!("{uuid}:5"), &format!("{uuid}:1-3:5"));
        check(Product::Mariadb, "0-1-3", "0-2-5", "0-2-5");
        assert!(Executed::parse(Product::Mysql, "0-1-3").is_err());
        assert!(Executed::parse(Product::Mariadb, &format!("{uuid}:1")).is_err());
        assert!(Executed::none(Product::Mariadb).is_empty());
    }
}
