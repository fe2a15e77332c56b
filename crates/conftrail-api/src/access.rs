//! Who asks, and whether they may: bearer tokens, kept as hashes.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use conftrail_core::own::{Role, Token};
use conftrail_core::query::Query;
use subtle::ConstantTimeEq as _;

use crate::api::Shared;
use crate::clock;
use crate::metrics::Refusal;
use crate::problem::Problem;
use crate::sight::{Sight, is_own};
use crate::token::token_hash;

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The token's name.
    pub(crate) name: String,
    /// What the token may do.
    pub(crate) role: Role,
    /// The only events that the token may see.
    filter: Option<Arc<Query>>,
    /// The token's hash.
    hash: String,
}

/// What a token needs for a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    /// The least role.
    pub(crate) role: Role,
    /// Whether the route shows what no row filter divides, so that tokens with one are refused.
    pub(crate) whole: bool,
}

impl Caller {
    /// Returns the trail as the caller may see it.
    pub(crate) fn sight(&self, shared: &Shared) -> Sight {
        Sight::new(Arc::clone(&shared.parts.reader), self.role >= Role::Auditor, self.filter.clone())
    }

    /// Says whether a row filter hides a part of the trail from the caller.
    pub(crate) fn is_filtered(&self) -> bool {
        self.filter.is_some()
    }

    /// Refuses to read a resource, or all below a prefix, of conftrail's own audit.
    pub(crate) fn must_see_resource(&self, id: &str) -> Result<(), Problem> {
        if self.role >= Role::Auditor || !is_own(id) {
            Ok(())
        } else {
            Err(Problem::forbidden("conftrail's own audit needs the role auditor"))
        }
    }

    /// Says whether the token is still valid; for what goes on longer than a request.
    pub(crate) async fn is_still_valid(&self, shared: &Shared) -> bool {
        let found = shared.parts.control.token_by_hash(&self.hash).await;
        found.is_ok_and(|token| token.is_some_and(|token| token.is_valid(clock::now())))
    }
}

/// Lets a request through whose token has what is needed; the handler finds its [`Caller`] as an extension.
pub(crate) async fn authorize(
    State((shared, need)): State<(Arc<Shared>, Need)>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let caller = identify(&shared, request.headers()).await?;
    if let Err(wait) = shared.rate.take(&caller.hash, Instant::now()) {
        shared.parts.metrics.refused(Refusal::Rate);
        return Err(Problem::too_many("this token asks too often", wait));
    }
    if caller.role < need.role {
        shared.parts.metrics.refused(Refusal::Role);
        let (needed, has) = (need.role.as_str(), caller.role.as_str());
        return Err(Problem::forbidden(format!("this needs the role {needed}; the token has {has}")));
    }
    if need.whole && caller.is_filtered() {
        shared.parts.metrics.refused(Refusal::Filter);
        let detail = "this token sees a part of the trail, and this cannot be divided by it";
        return Err(Problem::forbidden(detail));
    }
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

async fn identify(shared: &Shared, headers: &HeaderMap) -> Result<Caller, Problem> {
    let refuse = |reason, detail| {
        shared.parts.metrics.refused(reason);
        Err(Problem::unauthorized(detail))
    };
    let Some(secret) = bearer(headers) else {
        return refuse(Refusal::Missing, "send `Authorization: Bearer` with a token");
    };
    let hash = token_hash(secret);
    let found = shared.parts.control.token_by_hash(&hash).await?;
    // The store found it by an index, whose time tells of the hash at most; the decision is made in constant time.
    let Some(token) = found.filter(|token| token.hash.as_bytes().ct_eq(hash.as_bytes()).into()) else {
        return refuse(Refusal::Unknown, "the token is not known");
    };
    if !token.is_valid(clock::now()) {
        return refuse(Refusal::Ended, "the token was revoked or has ended");
    }
    let Token { name, role, filter, .. } = token;
    let filter = match filter.as_deref().map(Query::parse).transpose() {
        Ok(filter) => filter.map(Arc::new),
        // Written by a version that knows more: nothing is shown rather than too much.
        Err(_) => return Err(Problem::forbidden("this version does not understand the token's row filter")),
    };
    Ok(Caller { name, role, filter, hash })
}

/// Returns the secret of `Authorization: Bearer <secret>`; the scheme's case does not matter.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    let secret = secret.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then_some(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_token_is_read_and_nothing_else() {
        for (value, secret) in [
            ("Bearer ct_x", Some("ct_x")),
            ("bearer  ct_x ", Some("ct_x")),
            ("Bearer ", None),
            ("Bearer", None),
            ("Basic ct_x", None),
            ("ct_x", None),
        ] {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]);
            assert_eq!(bearer(&headers), secret, "{value}");
        }
        assert_eq!(bearer(&HeaderMap::new()), None);
    }
}
