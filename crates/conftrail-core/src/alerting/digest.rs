//! One message in place of many that an integration's pace held back.

use serde::{Deserialize, Serialize};

use super::{GroupKey, Severity};

/// Groups that a digest names one by one; the rest is counted.
const MOST_GROUPS: usize = 50;

/// What waits for an integration, as far as a digest tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The notification's id.
    pub id: String,
    /// The group.
    pub group: GroupKey,
    /// `<set>/<id>` of the rule.
    pub rule: String,
    /// The severity.
    pub severity: Severity,
    /// The summary.
    pub summary: String,
    /// How many findings it tells of.
    pub total: u64,
    /// What it stands for itself, if it is a digest.
    pub digest: Option<Digest>,
}

/// What a digest stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// How many messages.
    pub messages: u64,
    /// How many findings these tell of.
    pub findings: u64,
    /// The groups, the most severe and then the largest first.
    pub groups: Vec<DigestGroup>,
    /// How many groups are not named.
    pub more_groups: u64,
}

/// One group of a digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestGroup {
    /// The group.
    pub group: GroupKey,
    /// `<set>/<id>` of the rule.
    pub rule: String,
    /// The highest severity.
    pub severity: Severity,
    /// The newest summary.
    pub summary: String,
    /// How many messages.
    pub messages: u64,
    /// How many findings.
    pub findings: u64,
}

impl Digest {
    /// Adds up what waits, oldest first. What is a digest itself counts for what it stands for.
    pub fn of(waiting: &[Waiting]) -> Self {
        let mut sum = Self::default();
        for one in waiting {
            match &one.digest {
                Some(earlier) => {
                    sum.messages += earlier.messages;
                    sum.findings += earlier.findings;
                    sum.more_groups += earlier.more_groups;
                    earlier.groups.iter().cloned().for_each(|group| sum.add(group));
                }
                None => {
                    sum.messages += 1;
                    sum.findings += one.total;
                    sum.add(DigestGroup {
                        group: one.group.clone(),
                        rule: one.rule.clone(),
                        severity: one.severity,
                        summary: one.summary.clone(),
                        messages: 1,
                        findings: one.total,
                    });
                }
            }
        }
        sum.groups.sort_by_key(|group| std::cmp::Reverse((group.severity, group.messages)));
        sum.more_groups += sum.groups.len().saturating_sub(MOST_GROUPS) as u64;
        sum.groups.truncate(MOST_GROUPS);
        sum
    }

    /// Returns the highest severity of its groups.
    pub fn severity(&self) -> Severity {
        self.groups.iter().map(|group| group.severity).max().unwrap_or_default()
    }

    fn add(&mut self, new: DigestGroup) {
        match self.groups.iter_mut().find(|known| known.group == new.group) {
            Some(known) => {
                known.severity = known.severity.max(new.severity);
                known.messages += new.messages;
                known.findings += new.findings;
                known.summary = new.summary;
            }
            None => self.groups.push(new),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(group: &str, severity: Severity, total: u64) -> Waiting {
        Waiting {
            id: format!("{group}-{total}"),
            group: GroupKey(group.to_owned()),
            rule: "pack/limits".to_owned(),
            severity,
            summary: format!("{total} of {group}"),
            total,
            digest: None,
        }
    }

    #[test]
    fn a_digest_counts_by_group_and_names_the_worst_first() {
        let sum = Digest::of(&[
            waiting("a", Severity::Info, 3),
            waiting("b", Severity::Critical, 1),
            waiting("a", Severity::Warning, 5),
        ]);
        assert_eq!((sum.messages, sum.findings, sum.more_groups), (3, 9, 0));
        let groups: Vec<_> = sum.groups.iter().map(|one| (one.group.0.as_str(), one.messages)).collect();
        assert_eq!(groups, [("b", 1), ("a", 2)]);
        assert_eq!(sum.groups[1].summary, "5 of a");
        assert_eq!((sum.groups[1].severity, sum.severity()), (Severity::Warning, Severity::Critical));
    }

    #[test]
    fn a_digest_of_digests_counts_what_they_stand_for() {
        let first: Vec<_> = (0..70).map(|n| waiting(&format!("g{n}"), Severity::Info, 2)).collect();
        let earlier = Digest::of(&first);
        assert_eq!((earlier.groups.len(), earlier.more_groups), (50, 20));
        let held = Waiting { digest: Some(earlier), ..waiting("digest", Severity::Info, 140) };
        let sum = Digest::of(&[held, waiting("g0", Severity::High, 1)]);
        assert_eq!((sum.messages, sum.findings, sum.more_groups), (71, 141, 20));
        assert_eq!((sum.groups[0].group.0.as_str(), sum.groups[0].messages), ("g0", 2));
    }
}
