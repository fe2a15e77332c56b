//! Sets of GTIDs against the server's own reckoning.

use conftrail_binlog::control::Control;
use conftrail_binlog::gtid::GtidSet;
use conftrail_testkit::servers::MysqlServer;

use crate::support::root;

const UUIDS: [&str; 3] = [
    "01020304-0506-0708-090a-0b0c0d0e0f10",
    "C9F06A51-0000-0000-0000-000000000001",
    "a9f06a51000000000000000000000002",
];
const TAGS: [&str; 4] = ["", "console", "_b2", "Z9"];
/// Numbers up to this keep gaps, touches and overlaps all likely.
const NUMBERS: u64 = 20;
const PAIRS: usize = 300;

/// SplitMix64: the same sets at each run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[usize::try_from(self.below(all.len() as u64)).expect("a small number")]
    }

    /// A set as people write it: in no order, with overlaps, capitals and white space.
    fn set(&mut self, tags: &[&str]) -> String {
        let mut parts = Vec::new();
        for _ in 0..self.below(6) {
            let mut part = self.one_of(&UUIDS).to_owned();
            for _ in 0..=self.below(2) {
                let tag = self.one_of(tags);
                // An untagged interval can only stand in front.
                if !tag.is_empty() {
                    part.push_str(&format!(":{tag}"));
                }
                for _ in 0..=self.below(3) {
                    let start = 1 + self.below(NUMBERS);
                    let end = start + self.below(5);
                    part.push_str(&if self.below(2) == 0 {
                        format!(":{start}")
                    } else {
                        format!(": {start}-{end}")
                    });
                }
            }
            parts.push(part);
        }
        parts.join(", \n")
    }
}

#[tokio::test]
async fn sets_subtract_and_compare_as_the_server_says() {
    let server = MysqlServer::shared().await;
    let mut control = Control::open(&root(server)).await.expect("a connection");
    let mut random = Random(29);
    let (mut subsets, mut rests) = (0, 0);
    for pair in 0..PAIRS {
        // Half of them without tags, as servers before 8.3 have them.
        let tags = if pair % 2 == 0 { &TAGS[..] } else { &TAGS[..1] };
        let one_text = random.set(tags);
        // A part of the other is the first one again, so that subsets occur.
        let two_text = match random.below(3) {
            0 => format!("{one_text},{}", random.set(tags)),
            _ => random.set(tags),
        };
        let [one, two] = [&one_text, &two_text].map(|text| text.parse::<GtidSet>().expect("a set"));

        let printed = control.gtid_subtract(&one_text, "").await.expect("an answer");
        assert_eq!(one.to_string(), printed, "{one_text}");
        let mut rest = one.clone();
        rest.subtract(&two);
        let told = control.gtid_subtract(&one_text, &two_text).await.expect("an answer");
        assert_eq!(rest.to_string(), told, "{one_text} without {two_text}");
        let is_subset = control.gtid_subset(&one_text, &two_text).await.expect("an answer");
        assert_eq!(one.is_subset(&two), is_subset, "{one_text} in {two_text}");
        let mut both = one.clone();
        both.union(&two);
        let told = control.gtid_subtract(&format!("{one_text},{two_text}"), "").await.expect("an answer");
        assert_eq!(both.to_string(), told, "{one_text} and {two_text}");
        subsets += usize::from(is_subset && !one.is_empty());
        rests += usize::from(!rest.is_empty());
    }
    assert!(subsets > PAIRS / 10 && rests > PAIRS / 3, "the pairs are of all kinds: {subsets}, {rests}");
    control.close().await;
}
