//! Who asks, and whether they may: bearer tokens, kept as hashes.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use conftrail_core::own::{Role, Token};
use subtle::ConstantTimeEq as _;

use crate::api::Shared;
use crate::clock;
use crate::metrics::Refusal;
use crate::problem::Problem;
use crate::token::token_hash;

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The token's name.
    pub(crate) name: String,
    /// What the token may do.
    pub(crate) role: Role,
}

/// Lets a request through whose token has at least `role`; the handler finds its [`Caller`] as an extension.
pub(crate) async fn authorize(
    State((shared, role)): State<(Arc<Shared>, Role)>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let caller = identify(&shared, request.headers()).await?;
    if caller.role < role {
        shared.parts.metrics.refused(Refusal::Role);
        let (needed, has) = (role.as_str(), caller.role.as_str());
        return Err(Problem::forbidden(format!("this needs the role {needed}; the token has {has}")));
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
    let Token { name, role, .. } = token;
    Ok(Caller { name, role })
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
