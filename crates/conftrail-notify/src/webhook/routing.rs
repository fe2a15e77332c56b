//! Webhooks as the routing file has them.

use conftrail_core::alerting::Pace;
use conftrail_engine::Routing;
use conftrail_engine::channels::{AllowInternal, WebhookConfig};
use conftrail_engine::message::Presentation;
use conftrail_engine::routing::{ReceiverConfig, RoutingProblem};
use conftrail_engine::templates::Channel;
use reqwest::Url;

use super::Receiver;
use super::receiver::{Hook, web_address};
use crate::http::{Client, Guard, Internal, Kept, Login, OpenError};
use crate::template::{Custom, described};

/// The key that allows internal addresses.
pub(crate) const ALLOW: &str = "x-allow-internal";

impl Receiver {
    /// Makes the receiver of a routing file's webhooks; none where it has none. Connects to nothing.
    ///
    /// # Errors
    /// The configuration is wrong or its certificates cannot be read.
    pub fn from_routing(
        receiver: &ReceiverConfig,
        presentation: Presentation,
    ) -> Result<Option<Self>, OpenError> {
        let mut hooks: Vec<Hook> = Vec::with_capacity(receiver.webhook_configs.len());
        for config in &receiver.webhook_configs {
            let known: Vec<&str> = hooks.iter().map(|hook| hook.integration.as_str()).collect();
            let integration = unique(format!("webhook/{}", short_name(config)), &known);
            hooks.push(hook(config, integration)?);
        }
        let name = receiver.name.clone();
        Ok((!hooks.is_empty()).then_some(Self { name, presentation, hooks }))
    }
}

fn hook(config: &WebhookConfig, integration: String) -> Result<Hook, OpenError> {
    let url = Kept::of(config.url.as_ref(), config.url_file.as_ref())
        .ok_or_else(|| OpenError::Invalid("url: set it, or url_file".to_owned()))?;
    let template = config.template.as_deref().map(|text| Custom::new(Channel::Json, text)).transpose();
    Ok(Hook {
        integration,
        url,
        client: Client::new(&config.http_config, &config.allow_internal, ALLOW, config.timeout.0)?,
        login: Login::of(&config.http_config),
        format: config.format,
        template: template
            .map_err(|error| OpenError::Invalid(format!("x-template: {}", described(&error))))?,
        secret_file: config.secret_file.clone(),
        most: config.max_alerts,
        pace: config.rate_limit.map(|limit| Pace { limit, overflow: config.overflow }),
    })
}

/// Returns the name given, or the host: never more of the address, which may hold a secret.
fn short_name(config: &WebhookConfig) -> String {
    let host = || {
        let url: Url = web_address(config.url.as_ref()?.expose())?;
        url.host_str().map(str::to_owned)
    };
    let file = || Some(config.url_file.as_ref()?.file_stem()?.to_string_lossy().into_owned());
    config.name.clone().or_else(host).or_else(file).unwrap_or_else(|| "unnamed".to_owned())
}

/// Makes a name that none of the others has: `name`, `name#2`, `name#3`.
pub(crate) fn unique(name: String, known: &[&str]) -> String {
    let numbered = (2..).map(|number| format!("{name}#{number}"));
    let mut candidates = std::iter::once(name.clone()).chain(numbered);
    let is_free = |candidate: &String| !known.contains(&candidate.as_str());
    candidates.find(is_free).unwrap_or(name)
}

/// Returns everything that is wrong with a routing's webhooks, at the paths of the routing file.
pub fn problems(routing: &Routing) -> Vec<RoutingProblem> {
    let mut found = Vec::new();
    for (index, receiver) in routing.receivers.iter().enumerate() {
        for (number, config) in receiver.webhook_configs.iter().enumerate() {
            let place = format!("receivers[{index}].webhook_configs[{number}]");
            of_entry(&place, config, &mut found);
        }
    }
    found
}

fn of_entry(place: &str, config: &WebhookConfig, found: &mut Vec<RoutingProblem>) {
    if let Some(url) = &config.url {
        match web_address(url.expose()) {
            None => {
                let said = "must be an address such as https://host/path";
                found.push(RoutingProblem::new(format!("{place}.url"), said));
            }
            Some(url) => of_literal(&format!("{place}.url"), &url, &config.allow_internal, ALLOW, found),
        }
    }
    of_networks(&format!("{place}.{ALLOW}"), &config.allow_internal, found);
    of_template(&format!("{place}.x-template"), config.template.as_deref(), Channel::Json, found);
}

/// Tells of an address without a name that may not be connected to; names are looked up when they are needed.
pub(crate) fn of_literal(
    path: &str,
    url: &Url,
    allow: &AllowInternal,
    key: &'static str,
    found: &mut Vec<RoutingProblem>,
) {
    let refused = Guard::new(allow).ok().and_then(|guard| guard.refused_literal(url));
    if let Some(address) = refused {
        found.push(RoutingProblem::new(path, Internal(address.to_string(), key).to_string()));
    }
}

/// Tells of what is no network.
pub(crate) fn of_networks(path: &str, allow: &AllowInternal, found: &mut Vec<RoutingProblem>) {
    if let Err(place) = Guard::new(allow) {
        let said = "must be a network such as 10.1.0.0/16, or an address";
        found.push(RoutingProblem::new(format!("{path}[{place}]"), said));
    }
}

/// Tells of a template that cannot be used.
pub(crate) fn of_template(
    path: &str,
    template: Option<&str>,
    channel: Channel,
    found: &mut Vec<RoutingProblem>,
) {
    if let Some(Err(error)) = template.map(|text| Custom::new(channel, text)) {
        found.push(RoutingProblem::new(path, described(&error)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_hosts_and_never_of_what_may_be_secret() {
        let text = "route: { receiver: r }
receivers:
  - name: r
    webhook_configs:
      - url: https://user:pw@hooks.example.com/services/T0/SECRET?token=SECRET
      - url: https://hooks.example.com/other
      - { url: 'https://hooks.example.com/third', x-name: third }
      - url_file: /run/secrets/bridge.url
";
        let routing = Routing::load("r.yaml", text).expect("it is right");
        let made = Receiver::from_routing(&routing.receivers[0], Presentation::default());
        let made = made.expect("nothing is missing").expect("it has webhooks");
        let names = conftrail_core::ports::Receiver::integrations(&made);
        assert_eq!(
            names,
            ["webhook/hooks.example.com", "webhook/hooks.example.com#2", "webhook/third", "webhook/bridge"]
        );
    }

    #[test]
    fn every_problem_of_a_webhook_stands_at_its_key() {
        let table = [
            ("url: ftp://x/y", "webhook_configs[0].url: must be an address"),
            ("url: 'http://127.0.0.1:9/x'", "allow it with `x-allow-internal: true`"),
            ("url: 'http://[::ffff:10.0.0.1]/x'", "10.0.0.1 is an address of this machine"),
            (
                "url: 'https://a.b/', x-allow-internal: [10.0.0.0/8, ten]",
                "x-allow-internal[1]: must be a network",
            ),
            ("url: 'https://a.b/', x-template: '{{sumary}}'", "x-template: line 1, column 1 of the template"),
            ("url: 'https://a.b/', x-template: '{\"a\": \"{{{summary}}}\"}'", "unescaped"),
        ];
        for (keys, expected) in table {
            let text = format!(
                "route: {{ receiver: r }}\nreceivers:\n  - name: r\n    webhook_configs:\n      - {{ {keys} }}\n"
            );
            let routing = Routing::load("r.yaml", &text).unwrap_or_else(|error| panic!("{keys}: {error}"));
            let said = routing.refused(&problems(&routing)).to_string();
            assert!(said.contains(expected), "{keys}: {said}");
        }
    }
}
