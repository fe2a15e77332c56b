//! A set of files that was not taken: said in the log, and once for each content in conftrail's own trail.

use conftrail_core::own::Act;
use conftrail_core::ports::ControlStore;
use conftrail_core::{Action, Map, PortResult, ResourceKind, Value};
use conftrail_engine::rules::LoadError;
use conftrail_engine::shorten;
use conftrail_pipeline::now;

/// The part of conftrail's health that the files of rules and routes are.
const PART: &str = "rules";
/// The states of that part; the rule `conftrail/rules-refused` matches the first.
const REFUSED: &str = "rules_refused";
const WELL: &str = "ok";
/// Longest reason in characters; the log has it whole.
const LONGEST_REASON: usize = 1500;

/// Says in the log what is wrong, one line for each finding.
pub(super) fn log(error: &anyhow::Error, in_force: &str) {
    match error.downcast_ref::<LoadError>() {
        Some(LoadError(findings)) => {
            for finding in findings {
                tracing::error!(finding = %finding, "the files of rules and routes have an error");
            }
        }
        None => {
            tracing::error!(error = format!("{error:#}"), "the files of rules and routes cannot be used");
        }
    }
    tracing::error!(in_force, "the files of rules and routes are not taken; what was in force stays");
}

/// Records that files were refused, unless these were already; returns whether it was news. `digest` tells them from others.
pub(super) async fn record(control: &dyn ControlStore, digest: &str, reason: &str) -> PortResult<bool> {
    if told(control).await?.as_deref() == Some(digest) {
        return Ok(false);
    }
    let reason = shorten(reason, LONGEST_REASON).into_owned();
    let mut state = Map::default();
    state.insert("state", REFUSED);
    state.insert("files", digest);
    control.record_act(&act(state, reason)).await?;
    Ok(true)
}

/// Records that the files are good again, if others were refused before; returns whether it was news.
pub(super) async fn record_end(control: &dyn ControlStore) -> PortResult<bool> {
    if told(control).await?.is_none() {
        return Ok(false);
    }
    let mut state = Map::default();
    state.insert("state", WELL);
    control.record_act(&act(state, "the files of rules and routes are in force".to_owned())).await?;
    Ok(true)
}

/// Returns the digest of the files that were told as refused last, if nothing better was told since.
async fn told(control: &dyn ControlStore) -> PortResult<Option<String>> {
    let last = control.last_act(ResourceKind::Health, PART).await?;
    let after = last.and_then(|act| act.after);
    let text = |name: &str| after.as_ref()?.as_map()?.get(name)?.as_text().map(str::to_owned);
    Ok(text("files").filter(|_| text("state").as_deref() == Some(REFUSED)))
}

fn act(state: Map, message: String) -> Act {
    Act {
        time: now(),
        actor: "conftrail".to_owned(),
        via: "process".to_owned(),
        action: Action::Update,
        kind: ResourceKind::Health,
        name: PART.to_owned(),
        before: None,
        after: Some(Value::Map(state)),
        message: Some(message),
    }
}
