//! What an integration's pace holds back: it waits, or one digest tells of it.

use conftrail_core::PortResult;
use conftrail_core::alerting::{Lane, Overflow, Pace, Waiting};
use conftrail_engine::notices;

use super::NotifyWorker;
use crate::failpoint::reach;
use crate::metrics::Outcome;
use crate::now;

/// The most that one digest stands for; what is more goes into the next.
const MOST_FOLDED: usize = 10_000;

impl NotifyWorker {
    /// Folds what waits for an integration into a digest, when that is more than it takes now and in the whole of its
    /// limit's next stretch of time. The most severe are told one by one all the same, as far as they can be told now.
    /// Returns whether anything was folded.
    pub(super) async fn fold(&self, lane: &Lane, pace: Pace) -> PortResult<bool> {
        if pace.overflow != Overflow::Digest {
            return Ok(false);
        }
        let at = now();
        let backlog = self.control.backlog(lane, at, pace.limit).await?;
        if backlog.free == 0 || backlog.due <= u64::from(backlog.free) + u64::from(pace.limit.count) {
            return Ok(false);
        }
        let waiting = self.control.waiting(lane, at, MOST_FOLDED).await?;
        let folded = folded(waiting, usize::try_from(backlog.free).unwrap_or(usize::MAX) - 1);
        if folded.len() < 2 {
            return Ok(false);
        }
        let digest = notices::digest(lane, &folded, pace.limit, self.policy.language, at);
        let ids: Vec<String> = folded.into_iter().map(|one| one.id).collect();
        reach("notify.before_digest");
        if !self.control.fold_into(&digest, &ids).await? {
            return Ok(false);
        }
        reach("notify.after_digest");
        self.metrics.notifications(Outcome::Digested, ids.len() as u64);
        let (receiver, integration, limit) = (&lane.receiver, &lane.integration, pace.limit.to_string());
        tracing::warn!(
            receiver,
            integration,
            limit,
            messages = ids.len(),
            digest = digest.id,
            "more messages than the channel takes; one digest tells of them"
        );
        Ok(true)
    }
}

/// Returns what goes into the digest, in its order: all but the `kept` most severe, of which the oldest are kept first. A digest
/// that waits goes into the new one: two of them would tell the same.
fn folded(waiting: Vec<Waiting>, kept: usize) -> Vec<Waiting> {
    let mut by_severity: Vec<usize> =
        (0..waiting.len()).filter(|place| waiting[*place].digest.is_none()).collect();
    by_severity.sort_by_key(|place| std::cmp::Reverse(waiting[*place].severity));
    by_severity.truncate(kept);
    let is_kept = |place: usize| by_severity.contains(&place);
    waiting.into_iter().enumerate().filter(|(place, _)| !is_kept(*place)).map(|(_, one)| one).collect()
}

#[cfg(test)]
mod tests {
    use conftrail_core::alerting::{Digest, GroupKey, Severity};

    use super::*;

    #[test]
    fn the_most_severe_are_kept_and_digests_are_folded() {
        let one = |id: &str, severity: Severity, digest: Option<Digest>| Waiting {
            id: id.to_owned(),
            group: GroupKey(String::new()),
            rule: String::new(),
            severity,
            summary: String::new(),
            total: 1,
            digest,
        };
        let waiting = vec![
            one("old", Severity::Info, None),
            one("digest", Severity::Critical, Some(Digest::default())),
            one("first", Severity::Critical, None),
            one("second", Severity::High, None),
            one("new", Severity::Critical, None),
        ];
        let ids =
            |kept| -> Vec<String> { folded(waiting.clone(), kept).into_iter().map(|one| one.id).collect() };
        assert_eq!(ids(2), ["old", "digest", "second"]);
        assert_eq!(ids(0).len(), 5);
        assert_eq!(ids(9), ["digest"]);
    }
}
