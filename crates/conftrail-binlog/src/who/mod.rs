//! Who made a change: what the statement claims, which login made it, and what the two are worth together.

mod claim;
mod comment;
mod login;
mod resolve;
mod sessions;
mod text;
mod transactions;
mod trust;

#[cfg(test)]
mod table;

pub use claim::{Claim, ClaimVia};
pub use comment::Escapes;
pub use login::{Evidence, Login};
pub use resolve::{Attribution, resolve};
pub use sessions::{SessionFacts, Sessions};
pub use text::statement_text;
pub use transactions::TransactionLogins;
pub use trust::{TrustError, TrustList};
