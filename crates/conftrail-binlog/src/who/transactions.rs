//! Which login made a transaction, by its GTID: `performance_schema.events_transactions_history` joined with `threads`.

use std::collections::{HashMap, VecDeque};

use super::{Evidence, Login};
use crate::gtid::Gtid;

/// The server keeps ten transactions per living session; this many are kept until the binlog reader comes by.
const MOST_TRANSACTIONS: usize = 100_000;

/// Remembers the logins of the newest transactions.
#[derive(Debug, Default)]
pub struct TransactionLogins {
    by_gtid: HashMap<Gtid, Login>,
    oldest_first: VecDeque<Gtid>,
}

impl TransactionLogins {
    /// Remembers what the server told about a transaction; what it told first stands.
    pub fn remember(&mut self, gtid: Gtid, login: Login) {
        if self.by_gtid.contains_key(&gtid) {
            return;
        }
        if self.oldest_first.len() >= MOST_TRANSACTIONS
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.by_gtid.remove(&oldest);
        }
        self.oldest_first.push_back(gtid.clone());
        self.by_gtid.insert(gtid, login);
    }

    /// Returns the login of a transaction, exact where it is known.
    pub fn of(&self, gtid: &Gtid) -> Evidence {
        self.by_gtid.get(gtid).cloned().map_or(Evidence::Unknown, Evidence::Exact)
    }
}

#[cfg(test)]
mod tests {
    use super::{Evidence, Gtid, Login, MOST_TRANSACTIONS, TransactionLogins};

    fn gtid(gno: usize) -> Gtid {
        format!("c9f06a51-0000-0000-0000-00000000000a:{gno}").parse().expect("a gtid")
    }

    fn login(user: &str) -> Login {
        Login { user: user.to_owned(), ..Login::default() }
    }

    #[test]
    fn the_first_word_stands_and_the_oldest_is_forgotten() {
        let mut known = TransactionLogins::default();
        known.remember(gtid(1), login("alice"));
        known.remember(gtid(1), login("bob"));
        assert_eq!(known.of(&gtid(1)), Evidence::Exact(login("alice")));
        for gno in 2..=MOST_TRANSACTIONS + 1 {
            known.remember(gtid(gno), login("carol"));
        }
        assert_eq!(known.of(&gtid(1)), Evidence::Unknown);
        assert_eq!(known.of(&gtid(2)), Evidence::Exact(login("carol")));
    }
}
