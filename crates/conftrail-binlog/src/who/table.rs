//! The table of who: (comment or not) × (login exact, by thread id, gone) × (trusted, not, whole server).

use conftrail_core::{Authority, Binding, flag};

use super::{Attribution, Claim, Evidence, Login, TrustList, resolve};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Session {
    Exact,
    ByThread,
    Gone,
}

/// name, binding, authority, via, claimed name, flags.
type Cell = (
    Option<&'static str>,
    Binding,
    Authority,
    Option<&'static str>,
    Option<&'static str>,
    &'static [&'static str],
);

const APP: Option<&str> = Some("app");
const ALICE: Option<&str> = Some("alice");
const SESSION: Option<&str> = Some("session");
const COMMENT: Option<&str> = Some("comment");
const UNTRUSTED: &[&str] = &[flag::UNTRUSTED_CLAIM];
const UNKNOWN: &[&str] = &[flag::LOGIN_UNKNOWN];

#[rustfmt::skip]
const TABLE: [(bool, Session, &str, Cell); 18] = {
    use Authority::{Asserted, Authenticated, Claimed};
    use Binding::{Correlated, Exact};
    const NOBODY: Authority = Authority::None;
    const UNBOUND: Binding = Binding::None;
    [
        // comment, session, trust, expected
        (true, Session::Exact, "app@10.%", (ALICE, Exact, Asserted, COMMENT, None, &[])),
        (true, Session::Exact, "other", (APP, Exact, Authenticated, SESSION, ALICE, UNTRUSTED)),
        (true, Session::Exact, "*", (ALICE, Exact, Asserted, COMMENT, None, &[])),
        (true, Session::ByThread, "app@10.%", (ALICE, Correlated, Asserted, COMMENT, None, &[])),
        (true, Session::ByThread, "other", (APP, Correlated, Authenticated, SESSION, ALICE, UNTRUSTED)),
        (true, Session::ByThread, "*", (ALICE, Correlated, Asserted, COMMENT, None, &[])),
        (true, Session::Gone, "app@10.%", (None, UNBOUND, Claimed, None, ALICE, UNKNOWN)),
        (true, Session::Gone, "other", (None, UNBOUND, Claimed, None, ALICE, UNKNOWN)),
        (true, Session::Gone, "*", (ALICE, Exact, Asserted, COMMENT, None, UNKNOWN)),
        (false, Session::Exact, "app@10.%", (APP, Exact, Authenticated, SESSION, None, &[])),
        (false, Session::Exact, "other", (APP, Exact, Authenticated, SESSION, None, &[])),
        (false, Session::Exact, "*", (APP, Exact, Authenticated, SESSION, None, &[])),
        (false, Session::ByThread, "app@10.%", (APP, Correlated, Authenticated, SESSION, None, &[])),
        (false, Session::ByThread, "other", (APP, Correlated, Authenticated, SESSION, None, &[])),
        (false, Session::ByThread, "*", (APP, Correlated, Authenticated, SESSION, None, &[])),
        (false, Session::Gone, "app@10.%", (None, UNBOUND, NOBODY, None, None, UNKNOWN)),
        (false, Session::Gone, "other", (None, UNBOUND, NOBODY, None, None, UNKNOWN)),
        (false, Session::Gone, "*", (None, UNBOUND, NOBODY, None, None, UNKNOWN)),
    ]
};

fn claim() -> Claim {
    Claim {
        name: Some("alice".into()),
        ticket: Some("CHG-1".into()),
        reason: Some("raise".into()),
        ip: Some("192.168.7.7".into()),
        ..Claim::default()
    }
}

fn evidence(session: Session) -> Evidence {
    let login =
        Login { user: "app".to_owned(), host: "10.0.0.5".to_owned(), program: Some("console".to_owned()) };
    match session {
        Session::Exact => Evidence::Exact(login),
        Session::ByThread => Evidence::Correlated(login),
        Session::Gone => Evidence::Unknown,
    }
}

fn attribute(comment: bool, session: Session, trust: &str) -> Attribution {
    let claim = comment.then(claim);
    resolve(claim.as_ref(), &evidence(session), &TrustList::new(&[trust]).expect("a list"))
}

#[test]
fn every_cell_of_the_table_has_its_binding_and_authority() {
    let mut right = 0;
    for (comment, session, trust, expected) in TABLE {
        let Attribution { actor, flags, .. } = attribute(comment, session, trust);
        let claimed = actor.claimed.as_ref().and_then(|claimed| claimed.name.as_deref());
        let found =
            (actor.name.as_deref(), actor.binding, actor.authority, actor.via.as_deref(), claimed, &*flags);
        assert_eq!(found, expected, "comment {comment}, {session:?}, trust {trust}");
        let login = (session != Session::Gone).then_some("app@10.0.0.5");
        assert_eq!(actor.login.as_deref(), login);
        right += 1;
    }
    assert_eq!(right, TABLE.len());
}

#[test]
fn only_a_trusted_login_gives_reason_correlation_and_the_persons_address() {
    let trusted = attribute(true, Session::Exact, "app");
    let reason = trusted.reason.expect("a reason");
    assert_eq!((reason.ticket.as_deref(), reason.authority), (Some("CHG-1"), Authority::Asserted));
    assert_eq!(trusted.correlation.map(|correlation| correlation.via).as_deref(), Some("ticket"));
    assert_eq!(trusted.actor.ip.as_deref(), Some("192.168.7.7"));

    let untrusted = attribute(true, Session::Exact, "other");
    assert_eq!((untrusted.reason, untrusted.correlation), (None, None));
    assert_eq!(untrusted.actor.ip.as_deref(), Some("10.0.0.5"));
    let claimed = untrusted.actor.claimed.as_ref().expect("a claim");
    assert_eq!(claimed.reason.as_deref(), Some("CHG-1: raise"));
    assert_eq!(claimed.via.as_deref(), Some("comment"));
}

#[test]
fn a_login_is_a_service_only_by_the_operators_word() {
    let kind = |comment, trust| attribute(comment, Session::Exact, trust).actor.kind.clone();
    assert_eq!(kind(false, "app@*").as_deref(), Some("service"));
    assert_eq!(kind(false, "*"), None);
    assert_eq!(kind(false, "other"), None);
    assert_eq!(kind(true, "app@*"), None, "alice may be anybody");
}

#[test]
fn a_comment_without_a_name_leaves_the_login_its_name() {
    let claim = Claim { ticket: Some("CHG-1".into()), ..Claim::default() };
    let trust = TrustList::new(&["app"]).expect("a list");
    let found = resolve(Some(&claim), &evidence(Session::Exact), &trust);
    assert_eq!(found.actor.name.as_deref(), Some("app"));
    assert_eq!((found.actor.binding, found.actor.authority), (Binding::Exact, Authority::Authenticated));
    assert_eq!(found.reason.and_then(|reason| reason.ticket).as_deref(), Some("CHG-1"));
}
