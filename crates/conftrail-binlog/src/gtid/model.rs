//! Compares [`GtidSet`] with a set of single transactions: slow, and plainly right.

use std::collections::BTreeSet;

use super::{Gtid, GtidSet, ServerUuid, Tag, Tsid};
use crate::testing::Random;

type Model = BTreeSet<Gtid>;

/// Numbers up to this keep gaps, touches and overlaps all likely.
const NUMBERS: usize = 24;

fn random_gtid(random: &mut Random) -> Gtid {
    let uuid = ServerUuid([1 + random.byte() % 2; 16]);
    let tag = (random.below(3) == 0).then(|| Tag::new("t").expect("a tag"));
    Gtid { tsid: Tsid { uuid, tag }, gno: 1 + random.below(NUMBERS) as u64 }
}

fn random_pair(random: &mut Random) -> (GtidSet, Model) {
    let mut set = GtidSet::default();
    let mut model = Model::new();
    for _ in 0..random.below(12) {
        let Gtid { tsid, gno } = random_gtid(random);
        let end = gno + random.below(6) as u64;
        set.add_interval(&tsid, gno, end);
        model.extend((gno..end).map(|gno| Gtid { tsid: tsid.clone(), gno }));
    }
    (set, model)
}

fn check(set: &GtidSet, model: &Model) {
    assert_eq!(set.count(), model.len() as u64);
    assert!(model.iter().all(|gtid| set.contains(gtid)));
    assert_eq!(*set, model.iter().cloned().collect::<GtidSet>(), "one form for one set");
    assert_eq!(set.to_string().parse().as_ref(), Ok(set));
    assert_eq!(GtidSet::decode(&set.encode()).as_ref(), Ok(set));
}

#[test]
fn every_operation_agrees_with_sets_of_single_transactions() {
    let mut random = Random::new(29);
    for _ in 0..5_000 {
        let (one, one_model) = random_pair(&mut random);
        let (two, two_model) = random_pair(&mut random);
        check(&one, &one_model);

        let mut union = one.clone();
        union.union(&two);
        check(&union, &one_model.union(&two_model).cloned().collect());

        let mut difference = one.clone();
        difference.subtract(&two);
        check(&difference, &one_model.difference(&two_model).cloned().collect());

        check(&one.intersection(&two), &one_model.intersection(&two_model).cloned().collect());
        assert_eq!(one.is_subset(&two), one_model.is_subset(&two_model));
        assert!(one.is_subset(&union) && difference.is_subset(&one));

        let gtid = random_gtid(&mut random);
        assert_eq!(one.contains(&gtid), one_model.contains(&gtid));
    }
}

#[test]
fn transactions_out_of_order_leave_the_gaps_they_leave() {
    let mut random = Random::new(31);
    let (mut set, mut model) = (GtidSet::default(), Model::new());
    for _ in 0..2_000 {
        let gtid = random_gtid(&mut random);
        set.add(&gtid);
        model.insert(gtid);
        check(&set, &model);
    }
}
