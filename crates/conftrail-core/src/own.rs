//! conftrail's own acts, which are part of its own trail, and the tokens that people act with.

use serde::{Deserialize, Serialize};

use crate::{Action, ResourceKind, Timestamp, Value};

/// One act on conftrail itself. The store writes it in the act's own transaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Act {
    /// When.
    pub time: Timestamp,
    /// Who: a token's name or a system account.
    pub actor: String,
    /// How that is known: `token`, `os-user`, `process`.
    pub via: String,
    /// What was done.
    pub action: Action,
    /// To what kind of thing.
    pub kind: ResourceKind,
    /// To which.
    pub name: String,
    /// What it was, masked.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::change::present")]
    pub before: Option<Value>,
    /// What it is now, masked.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::change::present")]
    pub after: Option<Value>,
    /// Why, or what went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Says what a token may do; each role may also do what the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads events.
    Viewer,
    /// Works with alerts.
    Operator,
    /// Reads conftrail's own audit and verifies.
    Auditor,
    /// Manages tokens.
    Admin,
}

impl Role {
    /// Every role, the least first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Operator, Self::Auditor, Self::Admin];

    /// Returns the word of the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }
}

/// A token as it is stored: its secret is kept as a hash only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Token {
    /// A short name, unique among the tokens that are not revoked.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The only events that it may see, in the query language; absent means all that its role may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// SHA-256 of the secret, in hex. Secrets are random, so no slow hash is needed.
    pub hash: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
}

impl Token {
    /// Says whether the token may be used now.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|end| now < end)
    }
}

/// Something that could not be processed and was kept aside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aside {
    /// Where it came from: `log`, `audit`, `detect`.
    pub place: String,
    /// Its identity there, such as `0/0/17` or an event id.
    pub key: String,
    /// When it was kept aside.
    pub time: Timestamp,
    /// Why, without content.
    pub reason: String,
    /// The content as it came.
    #[serde(skip)]
    pub bytes: Vec<u8>,
}
