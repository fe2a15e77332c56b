//! What is wrong with entries of the routing file without knowing the channel: what is missing, and what is there twice.

use conftrail_core::nearest;

use super::{HttpConfig, WebhookConfig, WecomConfig, WecomRobotConfig};
use crate::routing::{Global, ReceiverConfig, RoutingProblem};

/// Returns what is wrong with the receivers' entries and with who is told in whose place.
pub(crate) fn problems(receivers: &[ReceiverConfig], global: &Global) -> Vec<RoutingProblem> {
    let mut found = Vec::new();
    for (index, receiver) in receivers.iter().enumerate() {
        let place = format!("receivers[{index}]");
        for (number, webhook) in receiver.webhook_configs.iter().enumerate() {
            of_webhook(&format!("{place}.webhook_configs[{number}]"), webhook, &mut found);
        }
        for (number, wecom) in receiver.wechat_configs.iter().enumerate() {
            of_wecom(&format!("{place}.wechat_configs[{number}]"), wecom, global, &mut found);
        }
        for (number, robot) in receiver.wecom_robot_configs.iter().enumerate() {
            of_robot(&format!("{place}.x-wecom_robot_configs[{number}]"), robot, &mut found);
        }
        of_fallback(&place, receiver, receivers, &mut found);
    }
    found
}

fn of_webhook(place: &str, webhook: &WebhookConfig, found: &mut Vec<RoutingProblem>) {
    let mut problem = |key: &str, said: &str| found.push(RoutingProblem::new(format!("{place}.{key}"), said));
    match (&webhook.url, &webhook.url_file) {
        (None, None) => problem("url", "set it, or url_file"),
        (Some(_), Some(_)) => problem("url", "give it or url_file, not both"),
        _ => {}
    }
    match (&webhook.signing, &webhook.secret_file) {
        (Some(_), None) => problem("x-signing", "x-secret_file is needed to sign with"),
        (None, Some(_)) => problem("x-secret_file", "has no effect without `x-signing: standard-webhooks`"),
        _ => {}
    }
    if webhook.timeout.0.is_zero() {
        problem("x-timeout", "must be longer than 0");
    }
    of_http(&format!("{place}.http_config"), &webhook.http_config, true, found);
}

fn of_wecom(place: &str, wecom: &WecomConfig, global: &Global, found: &mut Vec<RoutingProblem>) {
    let mut problem = |key: &str, said: &str| found.push(RoutingProblem::new(format!("{place}.{key}"), said));
    if wecom.corp_id.is_none() && global.wechat_api_corp_id.is_none() {
        problem("corp_id", "set it, or global.wechat_api_corp_id");
    }
    match wecom.agent_id.as_deref().map(str::parse::<u64>) {
        None => problem("agent_id", "the application's number is needed"),
        Some(Err(_)) => problem("agent_id", "must be the application's number, such as \"1000002\""),
        Some(Ok(_)) => {}
    }
    let own = wecom.api_secret.is_some() || wecom.api_secret_file.is_some();
    let shared = global.wechat_api_secret.is_some() || global.wechat_api_secret_file.is_some();
    if wecom.api_secret.is_some() && wecom.api_secret_file.is_some() {
        problem("api_secret", "give it or x-api_secret_file, not both");
    } else if !own && !shared {
        problem("x-api_secret_file", "set it, or api_secret, or global.wechat_api_secret");
    }
    let named = [&wecom.to_user, &wecom.to_party, &wecom.to_tag];
    if named.into_iter().flatten().all(|names| names.trim().is_empty()) {
        problem("to_user", "set it, to_party or to_tag: WeCom tells nobody otherwise");
    }
    if wecom.timeout.0.is_zero() {
        problem("x-timeout", "must be longer than 0");
    }
    of_http(&format!("{place}.http_config"), &wecom.http_config, false, found);
}

fn of_robot(place: &str, robot: &WecomRobotConfig, found: &mut Vec<RoutingProblem>) {
    let mut problem = |key: &str, said: &str| found.push(RoutingProblem::new(format!("{place}.{key}"), said));
    match (&robot.key, &robot.key_file) {
        (None, None) => problem("key_file", "set it: a file that holds the key of the robot's address"),
        (Some(_), Some(_)) => problem("key", "give it or key_file, not both"),
        _ => {}
    }
    if robot.timeout.0.is_zero() {
        problem("timeout", "must be longer than 0");
    }
    of_http(&format!("{place}.http_config"), &robot.http_config, false, found);
}

/// WeCom knows us by its own token: what else would be sent to it would be sent for nothing.
fn of_http(place: &str, http: &HttpConfig, may_log_in: bool, found: &mut Vec<RoutingProblem>) {
    let mut problem = |key: &str, said: &str| found.push(RoutingProblem::new(format!("{place}.{key}"), said));
    if http.follow_redirects == Some(true) {
        problem("follow_redirects", "redirects are never followed: give the address that they lead to");
    }
    let logins = [
        ("authorization", http.authorization.is_some()),
        ("basic_auth", http.basic_auth.is_some()),
        ("bearer_token_file", http.bearer_token_file.is_some()),
    ];
    let mut given = logins.into_iter().filter(|(_, is_given)| *is_given).map(|(key, _)| key);
    match (given.next(), given.next()) {
        (Some(key), _) if !may_log_in => problem(key, "has no effect here"),
        (Some(_), Some(second)) => problem(second, "one login is enough"),
        _ => {}
    }
    if let Some(authorization) = &http.authorization {
        let key = "authorization";
        match (&authorization.credentials, &authorization.credentials_file) {
            (None, None) => problem(key, "credentials_file is needed"),
            (Some(_), Some(_)) => problem(key, "give credentials or credentials_file, not both"),
            _ => {}
        }
        if authorization.scheme.trim().eq_ignore_ascii_case("basic") {
            problem("authorization.type", "use basic_auth");
        }
    }
    if let Some(basic) = &http.basic_auth {
        match (&basic.password, &basic.password_file) {
            (None, None) => problem("basic_auth", "password_file is needed"),
            (Some(_), Some(_)) => problem("basic_auth", "give password or password_file, not both"),
            _ => {}
        }
    }
}

/// Who is told instead must exist, and the way must end.
fn of_fallback(
    place: &str,
    receiver: &ReceiverConfig,
    receivers: &[ReceiverConfig],
    found: &mut Vec<RoutingProblem>,
) {
    let Some(wanted) = &receiver.fallback else {
        if receiver.fallback_after.is_some() {
            let said = "there is no `x-fallback` that it belongs to";
            found.push(RoutingProblem::new(format!("{place}.x-fallback-after"), said));
        }
        return;
    };
    let key = format!("{place}.x-fallback");
    let named = |name: &str| receivers.iter().find(|one| one.name == name);
    let Some(first) = named(wanted) else {
        let names = receivers.iter().map(|one| one.name.as_str());
        let hint =
            nearest(wanted, names).map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
        return found.push(RoutingProblem::new(key, format!("no receiver is named `{wanted}`{hint}")));
    };
    let mut way = vec![receiver.name.as_str()];
    let mut next = Some(first);
    while let Some(one) = next {
        let is_known = way.contains(&one.name.as_str());
        way.push(&one.name);
        if is_known {
            // A circle that this receiver only leads into is told at those that are in it.
            if one.name == receiver.name {
                let said = format!("goes round for ever: {}", way.join(" → "));
                found.push(RoutingProblem::new(key, said));
            }
            return;
        }
        next = one.fallback.as_deref().and_then(named);
    }
}
