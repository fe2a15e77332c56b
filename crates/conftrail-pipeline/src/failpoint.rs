//! Places where the crash demos end the process, between an effect and its position.

/// Names of all fail points, so that a demo can list them.
#[cfg_attr(
    not(feature = "failpoints"),
    expect(dead_code, reason = "listed for the builds that can be killed")
)]
pub(crate) const NAMES: [&str; 17] = [
    "collect.before_append",
    "collect.after_append",
    "collect.after_checkpoint",
    "audit.before_write",
    "audit.after_write",
    "audit.after_commit",
    "detect.before_record",
    "detect.after_record",
    "detect.after_commit",
    "alert.before_apply",
    "alert.after_apply",
    "alert.after_wake",
    "notify.after_intent",
    "notify.after_delivery",
    "notify.after_settle",
    "notify.before_digest",
    "notify.after_digest",
];

/// Aborts the process when this is the pass that `CONFTRAIL_FAILPOINT=name:n` names.
#[cfg(feature = "failpoints")]
pub(crate) fn reach(name: &'static str) {
    use std::sync::atomic::{AtomicU64, Ordering};
    static PASSES: AtomicU64 = AtomicU64::new(0);
    static TARGET: std::sync::OnceLock<Option<(String, u64)>> = std::sync::OnceLock::new();
    debug_assert!(NAMES.contains(&name));
    let target = TARGET.get_or_init(|| {
        let text = std::env::var("CONFTRAIL_FAILPOINT").ok()?;
        let (name, passes) = text.split_once(':')?;
        Some((name.to_owned(), passes.parse().ok()?))
    });
    if let Some((wanted, passes)) = target
        && wanted == name
        && PASSES.fetch_add(1, Ordering::Relaxed) + 1 == *passes
    {
        // As hard as `kill -9`: no destructor runs, nothing is flushed.
        std::process::abort();
    }
}

/// Returns how many collectors each source has. Where instances share their stores that may be more than one, by mistake or on
/// purpose; `CONFTRAIL_COLLECTORS` makes it so within one.
#[cfg(feature = "failpoints")]
pub fn collectors_of_each_source() -> usize {
    std::env::var("CONFTRAIL_COLLECTORS").ok().and_then(|count| count.parse().ok()).unwrap_or(1)
}

/// Returns how many collectors each source has: one.
#[cfg(not(feature = "failpoints"))]
pub fn collectors_of_each_source() -> usize {
    1
}

/// Does nothing in builds without fail points.
#[cfg(not(feature = "failpoints"))]
pub(crate) fn reach(_name: &'static str) {}
