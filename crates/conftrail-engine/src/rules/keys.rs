//! The keys of rule files: those that are read, and those of the language that are not supported yet.

pub(crate) const FILE: [&str; 7] = ["version", "name", "owner", "defaults", "lists", "macros", "rules"];

pub(crate) const DEFAULTS: [&str; 2] = ["severity", "labels"];

pub(crate) const RULE: [&str; 14] = [
    "id",
    "type",
    "match",
    "when",
    "explode",
    "mode",
    "severity",
    "group_by",
    "labels",
    "annotations",
    "exceptions",
    "compliance",
    "owner",
    "runbook",
];
pub(crate) const RULE_LATER: [&str; 27] = [
    "open",
    "close",
    "for",
    "keep_firing_for",
    "deleted",
    "window",
    "count",
    "after_fire",
    "cooldown",
    "within",
    "by",
    "steps",
    "ordered",
    "after",
    "schedule",
    "expect",
    "on_source_stale",
    "key",
    "lookback",
    "compare",
    "ignore_paths",
    "active_for",
    "limits",
    "on_unknown_actor",
    "tags",
    "resolve",
    "auto_resolve_after",
];
pub(crate) const TYPES_LATER: [&str; 6] =
    ["state", "threshold", "sequence", "absence", "first_seen", "drift"];

/// What a rule file may say about a built-in rule.
pub(crate) const OVERRIDE: [&str; 3] = ["id", "severity", "labels"];

pub(crate) const EXCEPTION: [&str; 6] = ["name", "match", "when", "reason", "owner", "expires"];
