//! Who made a change, how that is known, and what the change says about its reason.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Says whether the evidence belongs to this very change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Binding {
    /// No evidence.
    #[default]
    None,
    /// A good guess: a file's owner, the last editor.
    Heuristic,
    /// By a link that is usually right: a thread id.
    Correlated,
    /// The evidence is part of the change itself.
    Exact,
}

impl Binding {
    /// Returns the word of the event format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Heuristic => "heuristic",
            Self::Correlated => "correlated",
            Self::Exact => "exact",
        }
    }
}

/// Says who vouches for a name or a ticket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Authority {
    /// Nobody.
    #[default]
    None,
    /// Whoever made the change says so.
    Claimed,
    /// An application that the operator trusts to speak for people.
    Asserted,
    /// A login that the database or the configuration centre checked.
    Authenticated,
}

impl Authority {
    /// Returns the word of the event format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Claimed => "claimed",
            Self::Asserted => "asserted",
            Self::Authenticated => "authenticated",
        }
    }
}

/// Holds a name that nobody vouches for; it is never shown as the actor's name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Claimed {
    /// The claimed name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<SmolStr>,
    /// Where the claim stood: `comment`, `context`, `column`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<SmolStr>,
    /// The claimed reason, such as a ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<SmolStr>,
}

/// Says who made a change and how that is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Actor {
    /// The name that binding and authority speak of; absent when nobody is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<SmolStr>,
    /// `human` or `service`, where there is evidence for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<SmolStr>,
    /// The address the change came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<SmolStr>,
    /// Whether the evidence belongs to this very change.
    #[serde(default)]
    pub binding: Binding,
    /// Who vouches for the name.
    #[serde(default)]
    pub authority: Authority,
    /// The kind of evidence: `comment`, `session`, `git`, `file-owner`, `token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<SmolStr>,
    /// The database login or system account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<SmolStr>,
    /// The program that made the change, as it names itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<SmolStr>,
    /// A name that nobody vouches for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed: Option<Claimed>,
}

/// Holds what the change says about its reason.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// The ticket; a claim until a register of tickets confirms it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<SmolStr>,
    /// Who approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approver: Option<SmolStr>,
    /// Free text, masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<SmolStr>,
    /// Who vouches for it.
    #[serde(default)]
    pub authority: Authority,
}

/// Ties the events of one operation together across sources.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Correlation {
    /// The audit id, ticket, trace or transaction.
    pub id: SmolStr,
    /// Which of these it is: `audit_id`, `ticket`, `trace`, `tx`.
    pub via: SmolStr,
}
