//! What is recorded and left behind at a start: the rules in force, and the way in for the commands beside it.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context;
use conftrail_core::own::{Act, Role, Token};
use conftrail_core::ports::{ControlStore, PublishedRules, Source};
use conftrail_core::{Action, Map, PortResult, ResourceKind, Value};
use conftrail_engine::rules::RuleSet;
use conftrail_pipeline::now;

use crate::config::Config;
use crate::local_token;

/// Publishes a set of files, and records which rules are in force when they are others than before.
pub(crate) async fn publish(
    rules: &RuleSet,
    set: &PublishedRules,
    control: &dyn ControlStore,
) -> PortResult<()> {
    let mut now_in_force = Map::default();
    now_in_force.insert("revision", rules.digest());
    now_in_force.insert("files", set.digest.as_str());
    now_in_force.insert("rules", Value::from(rules.rules().len() as u64));
    let in_force = Some(Value::Map(now_in_force));
    let last = control.last_act(ResourceKind::Ruleset, "active").await?;
    let before = last.and_then(|act| act.after);
    let action = if before.is_some() { Action::Update } else { Action::Create };
    let are_others = before != in_force;
    let act = act(action, ResourceKind::Ruleset, "active", before, in_force);
    // The files may be the same and the rules others: those that are built in came with another version.
    if !control.publish_rules(set, &act).await? && are_others {
        control.record_act(&act).await?;
    }
    Ok(())
}

/// Warns of checkpoints without a source: a source's name is part of every id and is never changed.
pub(crate) async fn warn_of_renamed(
    sources: &[Arc<dyn Source>],
    control: &dyn ControlStore,
) -> anyhow::Result<()> {
    let configured: BTreeSet<&str> = sources.iter().map(|source| &*source.origin().name).collect();
    for name in control.checkpointed_sources().await? {
        if !configured.contains(name.as_str()) {
            tracing::warn!(
                source = name,
                "a source with this name was captured before and is not configured now"
            );
        }
    }
    Ok(())
}

/// Leaves a token and the address for the commands on this machine.
pub(crate) async fn leave_local_token(
    config: &Config,
    control: &dyn ControlStore,
    address: &str,
) -> anyhow::Result<()> {
    let path = local_token::path(&config.data_dir);
    let kept = std::fs::read_to_string(&path).ok();
    let known = match &kept {
        Some(secret) => control.token_by_hash(&conftrail_api::token_hash(secret.trim())).await?,
        None => None,
    };
    if known.is_none_or(|token| !token.is_valid(now())) {
        let revoked = act(Action::Delete, ResourceKind::Token, local_token::NAME, None, None);
        control.revoke_token(local_token::NAME, now(), &revoked).await?;
        let secret = conftrail_api::new_token_secret().context("draw a token")?;
        let token = Token {
            name: local_token::NAME.to_owned(),
            role: Role::Admin,
            filter: None,
            hash: conftrail_api::token_hash(&secret),
            created: now(),
            expires: None,
            revoked: None,
        };
        let made = act(
            Action::Create,
            ResourceKind::Token,
            local_token::NAME,
            None,
            Some(Role::Admin.as_str().into()),
        );
        control.create_token(&token, &made).await?;
        local_token::write_private(&path, &secret)
            .with_context(|| format!("cannot write the local token to {}", path.display()))?;
    }
    let address_path = local_token::address_path(&config.data_dir);
    local_token::write_private(&address_path, address)
        .with_context(|| format!("cannot write {}", address_path.display()))
}

fn act(action: Action, kind: ResourceKind, name: &str, before: Option<Value>, after: Option<Value>) -> Act {
    Act {
        time: now(),
        actor: "conftrail".to_owned(),
        via: "process".to_owned(),
        action,
        kind,
        name: name.to_owned(),
        before,
        after,
        message: None,
    }
}
