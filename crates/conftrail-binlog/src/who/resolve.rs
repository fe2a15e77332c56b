//! Joins claim, login and trust into an actor. A claim is never shown as more than it is.

use std::sync::Arc;

use conftrail_core::{Actor, Authority, Binding, Claimed, Correlation, Reason, SmolStr, flag};

use super::{Claim, Evidence, Login, TrustList};

/// The kinds of evidence about logins, as they stand in `actor.via`.
const VIA_SESSION: &str = "session";
const VIA_INVOKER: &str = "invoker";

/// Holds what became known about the author of a change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attribution {
    /// Who made it.
    pub actor: Arc<Actor>,
    /// What a trusted application says about the reason.
    pub reason: Option<Reason>,
    /// The id that a trusted application ties it to others by; otherwise the transaction is the only tie.
    pub correlation: Option<Correlation>,
    /// The trace that a trusted application names.
    pub trace: Option<SmolStr>,
    /// Words of [`conftrail_core::flag`].
    pub flags: Vec<&'static str>,
}

/// Resolves who made a change.
///
/// - A trusted login's comment names the actor. The comment belongs to the very change, but who vouches for it is known
///   only as well as the login: its binding is the login's.
/// - Any other known login is itself the actor, and a comment only a claim beside it.
/// - An account that is known from the statement alone is the actor; its comment is a claim, as the text may be a routine's.
/// - Without a login nobody is named, unless the operator trusts the whole server.
pub fn resolve(claim: Option<&Claim>, evidence: &Evidence, trust: &TrustList) -> Attribution {
    let trusted = match evidence {
        Evidence::Exact(login) | Evidence::Correlated(login) => trust.trusts(login),
        Evidence::Invoker(_) | Evidence::Unknown => trust.trusts_everyone(),
    };
    let mut attribution = match claim {
        Some(claim) if trusted => asserted(claim, evidence),
        Some(claim) => claimed_only(claim, evidence),
        None => Attribution { actor: session_actor(evidence).into(), ..Attribution::default() },
    };
    if evidence.login().is_none() {
        attribution.flags.push(flag::LOGIN_UNKNOWN);
    }
    let speaks_for_itself = matches!(attribution.actor.via.as_deref(), Some(VIA_SESSION | VIA_INVOKER));
    if speaks_for_itself && evidence.login().is_some_and(|login| trust.names(login)) {
        // The operator listed this login as an application's.
        Arc::make_mut(&mut attribution.actor).kind = Some("service".into());
    }
    attribution
}

fn asserted(claim: &Claim, evidence: &Evidence) -> Attribution {
    let mut actor = session_actor(evidence);
    if let Some(name) = &claim.name {
        actor.name = Some(name.clone());
        actor.kind.clone_from(&claim.kind);
        actor.binding = match evidence {
            Evidence::Correlated(_) | Evidence::Invoker(_) => Binding::Correlated,
            Evidence::Exact(_) | Evidence::Unknown => Binding::Exact,
        };
        actor.authority = Authority::Asserted;
        actor.via = Some(claim.via.as_str().into());
    }
    if claim.ip.is_some() {
        actor.ip.clone_from(&claim.ip);
    }
    if claim.client.is_some() {
        actor.client.clone_from(&claim.client);
    }
    let trace = claim.traceparent.clone();
    Attribution {
        actor: actor.into(),
        reason: reason(claim),
        correlation: correlation(claim),
        trace,
        flags: Vec::new(),
    }
}

fn claimed_only(claim: &Claim, evidence: &Evidence) -> Attribution {
    let mut actor = session_actor(evidence);
    let why: Vec<&str> = [&claim.ticket, &claim.reason].into_iter().flatten().map(SmolStr::as_str).collect();
    actor.claimed = Some(Claimed {
        name: claim.name.clone(),
        via: Some(claim.via.as_str().into()),
        reason: (!why.is_empty()).then(|| why.join(": ").into()),
    });
    let mut flags = Vec::new();
    if evidence.login().is_some() {
        flags.push(flag::UNTRUSTED_CLAIM);
    } else {
        actor.authority = Authority::Claimed;
    }
    Attribution { actor: actor.into(), flags, ..Attribution::default() }
}

/// The login itself as the actor; nobody when it is not known.
fn session_actor(evidence: &Evidence) -> Actor {
    let Some(login) = evidence.login() else {
        return Actor::default();
    };
    let via = if matches!(evidence, Evidence::Invoker(_)) { VIA_INVOKER } else { VIA_SESSION };
    Actor {
        name: Some(SmolStr::new(&login.user)).filter(|user| !user.is_empty()),
        ip: login.ip().map(Into::into),
        binding: evidence.binding(),
        authority: Authority::Authenticated,
        via: Some(via.into()),
        login: Some(Login::account(login).into()),
        client: login.program.as_deref().map(SmolStr::new),
        ..Actor::default()
    }
}

fn reason(claim: &Claim) -> Option<Reason> {
    if claim.ticket.is_none() && claim.approver.is_none() && claim.reason.is_none() {
        return None;
    }
    Some(Reason {
        ticket: claim.ticket.clone(),
        approver: claim.approver.clone(),
        message: claim.reason.clone(),
        authority: Authority::Asserted,
    })
}

/// Audit id before ticket before trace; the caller falls back to the transaction.
fn correlation(claim: &Claim) -> Option<Correlation> {
    // The trace's own id is the second of four parts.
    let trace = claim.traceparent.as_deref().and_then(|trace| trace.split('-').nth(1));
    let ids =
        [("audit_id", claim.audit_id.as_deref()), ("ticket", claim.ticket.as_deref()), ("trace", trace)];
    ids.into_iter().find_map(|(via, id)| Some(Correlation { id: id?.into(), via: via.into() }))
}
