//! Database logins, and how surely one belongs to a transaction.

use std::net::IpAddr;

use conftrail_core::Binding;

/// Holds who a session was logged in as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Login {
    /// The user's name.
    pub user: String,
    /// The client's host as the server sees it: an address, a name or `localhost`; empty when not known.
    pub host: String,
    /// The program, as its connection attribute `program_name` tells.
    pub program: Option<String>,
}

impl Login {
    /// Returns `user@host`.
    pub fn account(&self) -> String {
        if self.host.is_empty() { self.user.clone() } else { format!("{}@{}", self.user, self.host) }
    }

    /// Returns the host where it is an address; a port behind it is cut off.
    pub fn ip(&self) -> Option<String> {
        let with_port = self.host.rsplit_once(':').map(|(address, _port)| address);
        [Some(self.host.as_str()), with_port]
            .into_iter()
            .flatten()
            .find_map(|host| host.trim_matches(['[', ']']).parse::<IpAddr>().ok())
            .map(|address| address.to_string())
    }
}

/// Says which login made a transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Evidence {
    /// The server told it for this very GTID.
    Exact(Login),
    /// A session had the transaction's thread id at that time. A client can set that id (`pseudo_thread_id`).
    Correlated(Login),
    /// The server logged with the statement whose rights it ran with: an account, and within a routine that may be its
    /// definer's.
    Invoker(Login),
    /// The session is gone, or nobody can look.
    #[default]
    Unknown,
}

impl Evidence {
    /// Returns the login, where there is one.
    pub fn login(&self) -> Option<&Login> {
        match self {
            Self::Exact(login) | Self::Correlated(login) | Self::Invoker(login) => Some(login),
            Self::Unknown => None,
        }
    }

    /// Joins what a session's thread id tells with the account that the server logged. Where they are of different users the
    /// thread id is forged or the statement ran within a routine, and nobody is named rather than the wrong one.
    #[must_use]
    pub fn or_invoker(self, invoker: Option<&Login>) -> Self {
        match (self, invoker) {
            (Self::Unknown, Some(invoker)) => Self::Invoker(invoker.clone()),
            (Self::Correlated(login), Some(invoker)) if login.user != invoker.user => Self::Unknown,
            (evidence, _) => evidence,
        }
    }

    /// Returns how surely the login belongs to the transaction.
    pub fn binding(&self) -> Binding {
        match self {
            Self::Exact(_) => Binding::Exact,
            Self::Correlated(_) | Self::Invoker(_) => Binding::Correlated,
            Self::Unknown => Binding::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Evidence, Login};

    #[test]
    fn the_account_of_a_statement_names_where_a_session_does_not_and_never_against_it() {
        let login =
            |user: &str, host: &str| Login { user: user.to_owned(), host: host.to_owned(), program: None };
        let (invoker, session) = (login("al", "%"), login("al", "10.0.0.5"));
        let check = |evidence: Evidence, expected: Evidence| {
            assert_eq!(evidence.or_invoker(Some(&invoker)), expected);
        };
        check(Evidence::Unknown, Evidence::Invoker(invoker.clone()));
        check(Evidence::Correlated(session.clone()), Evidence::Correlated(session.clone()));
        check(Evidence::Correlated(login("bob", "10.0.0.5")), Evidence::Unknown);
        check(Evidence::Exact(login("bob", "10.0.0.5")), Evidence::Exact(login("bob", "10.0.0.5")));
        assert_eq!(Evidence::Correlated(session.clone()).or_invoker(None), Evidence::Correlated(session));
    }

    #[test]
    fn only_an_address_is_an_ip() {
        let check = |host: &str, expected: Option<&str>| {
            let login = Login { host: host.to_owned(), ..Login::default() };
            assert_eq!(login.ip().as_deref(), expected, "{host}");
        };
        check("10.0.0.5", Some("10.0.0.5"));
        check("10.0.0.5:40112", Some("10.0.0.5"));
        check("::1", Some("::1"));
        check("[fe80::1]:3306", Some("fe80::1"));
        check("localhost", None);
        check("", None);
    }
}
