//! GTIDs and sets of them, of both products, as text, in binary and in log events: read or refused, written as they were read, and
//! what holds of all sets holds of them.

use crate::gtid::{Executed, Gtid, GtidPosition, GtidSet, GtidState, MariadbGtid};
use crate::product::Product;
use crate::source::fuzzing::event_body;
use crate::wire::kind;

/// Reads an input as everything that tells transactions; a text is split into two sets at its first semicolon.
///
/// # Panics
/// When something that must hold of every set does not.
pub fn gtids(input: &[u8]) {
    for event in [kind::GTID, kind::ANONYMOUS_GTID, kind::MARIADB_GTID, kind::PREVIOUS_GTIDS] {
        event_body(event, input);
    }
    let binary = GtidSet::decode(input).ok();
    if let Some(set) = &binary {
        check_set(set);
    }
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(gtid) = text.parse::<Gtid>() {
        assert_eq!(gtid.to_string().parse().as_ref(), Ok(&gtid));
        let set: GtidSet = [gtid.clone()].into_iter().collect();
        assert!(set.contains(&gtid) && set.count() == 1);
    }
    if let Ok(gtid) = text.parse::<MariadbGtid>() {
        assert_eq!(gtid.to_string().parse(), Ok(gtid));
    }
    for product in [Product::Mysql, Product::Mariadb] {
        if let Ok(executed) = Executed::parse(product, text) {
            assert_eq!(Executed::parse(product, &executed.to_string()).as_ref(), Ok(&executed));
        }
    }
    let (one, other) = text.split_once(';').unwrap_or((text, ""));
    if let (Ok(one), Ok(other)) = (one.parse::<GtidSet>(), other.parse::<GtidSet>()) {
        check_sets(&one, &other);
    }
    if let (Ok(one), Ok(other)) = (one.parse::<GtidPosition>(), other.parse::<GtidPosition>()) {
        check_positions(&one, &other);
    }
    if let (Ok(state), Ok(position)) = (one.parse::<GtidState>(), other.parse::<GtidPosition>()) {
        check_state(&state, &position);
    }
}

fn check_set(set: &GtidSet) {
    assert_eq!(set.to_string().parse().as_ref(), Ok(set));
    assert_eq!(GtidSet::decode(&set.encode()).as_ref(), Ok(set));
    assert_eq!(set.is_empty(), set.count() == 0);
    let mut nothing = set.clone();
    nothing.subtract(set);
    assert!(nothing.is_empty(), "a set without itself is empty");
}

fn check_sets(one: &GtidSet, other: &GtidSet) {
    check_set(one);
    check_set(other);
    let mut union = one.clone();
    union.union(other);
    let mut difference = one.clone();
    difference.subtract(other);
    let intersection = one.intersection(other);
    assert_eq!(intersection, other.intersection(one), "what is in both is so from both sides");
    assert!(one.is_subset(&union) && other.is_subset(&union), "a union holds both");
    assert!(intersection.is_subset(one) && intersection.is_subset(other), "what is in both is in each");
    assert!(difference.intersection(other).is_empty(), "what was removed is gone");
    assert_eq!(one.is_subset(other), difference.is_empty(), "a subset leaves nothing");
    let mut whole = difference.clone();
    whole.union(&intersection);
    assert_eq!(whole, *one, "the parts make the whole");
    // Counts end at what 64 bits hold.
    if union.count() < u64::MAX / 2 {
        assert_eq!(union.count(), difference.count() + other.count(), "each is counted once");
    }
}

fn check_positions(one: &GtidPosition, other: &GtidPosition) {
    assert_eq!(one.to_string().parse().as_ref(), Ok(one));
    let mut raised = one.clone();
    raised.raise_to(other);
    assert!(raised.missing_before(other).is_empty(), "nothing is missing where a position was raised to");
    for missing in one.missing_before(other) {
        assert!(missing.first <= missing.last, "{missing}");
    }
}

fn check_state(state: &GtidState, position: &GtidPosition) {
    let (common, lost) = state.compare(position, 1);
    let held = |gtid| state.holds(&gtid);
    assert!(common.iter().all(held), "the server has what is common");
    let mut read = position.iter().filter(|gtid| gtid.sequence > 0);
    assert_eq!(lost.is_empty(), read.all(held), "what is not lost is held");
    for missing in lost {
        assert!(missing.first <= missing.last, "{missing}");
    }
}
