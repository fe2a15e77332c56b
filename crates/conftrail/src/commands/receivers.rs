//! `receivers`: tells people that this is a test.

use std::process::ExitCode;

use anyhow::anyhow;
use conftrail_core::alerting::Lane;
use conftrail_core::nearest;
use conftrail_core::ports::{DeliveryError, Receiver};
use conftrail_engine::message::Presentation;
use conftrail_engine::{Language, notices};
use conftrail_pipeline::now;
use serde::Serialize;

use crate::cli::{Common, ReceiversCommand};
use crate::config::Config;
use crate::output::Printer;
use crate::{assemble, configured, rules};

/// What became of one test message.
#[derive(Debug, Serialize)]
struct Tested {
    receiver: String,
    integration: String,
    /// `sent`, or why not: `failed` and may be tried again, `refused` for good, `unknown` when it may have arrived.
    outcome: &'static str,
    /// What the channel answered, or what went wrong.
    said: String,
}

/// `conftrail receivers`: exit 1 when an integration did not take the message.
pub(crate) async fn run(common: &Common, command: ReceiversCommand) -> anyhow::Result<ExitCode> {
    let ReceiversCommand::Test { name } = command;
    let config = configured(common)?;
    let language = match common.lang {
        Some(crate::cli::Language::Zh) => Language::Chinese,
        _ => Language::English,
    };
    let receivers = named(&config, &name, language)?;
    let printer = Printer::new(common);
    let mut all_sent = true;
    for receiver in receivers {
        for integration in receiver.integrations() {
            let tested = test(&*receiver, integration, language).await;
            all_sent &= tested.outcome == "sent";
            printer.print(&tested, |printer| text(&tested, printer))?;
        }
    }
    Ok(if all_sent { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Returns the channels of a receiver of the routing file.
fn named(
    config: &Config,
    name: &str,
    language: Language,
) -> anyhow::Result<Vec<std::sync::Arc<dyn Receiver>>> {
    let routing = rules::load_routing(config)?
        .ok_or_else(|| anyhow!("rules.routing is not set: there are no receivers"))?;
    if !routing.receivers.iter().any(|one| one.name == name) {
        let names: Vec<&str> = routing.receivers.iter().map(|one| one.name.as_str()).collect();
        let hint = match nearest(name, names.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("there are: {}", names.join(", ")),
        };
        return Err(crate::WrongUsage(format!("no receiver is named `{name}`; {hint}")).into());
    }
    let presentation = Presentation { language, external_url: config.api.external_url.clone() };
    let mut receivers = assemble::receivers(&routing, &presentation)?;
    receivers.retain(|receiver| receiver.name() == name);
    if receivers.is_empty() {
        return Err(anyhow!("receiver {name}: it has no integrations, so it tells nobody"));
    }
    Ok(receivers)
}

async fn test(receiver: &dyn Receiver, integration: String, language: Language) -> Tested {
    let lane = Lane { receiver: receiver.name().to_owned(), integration };
    let message = notices::test(&lane, language, now());
    let (outcome, said) = match receiver.deliver(&message).await {
        Ok(receipt) => ("sent", receipt.0),
        Err(DeliveryError::Retry { reason, .. }) => ("failed", reason),
        Err(DeliveryError::Permanent { reason }) => ("refused", reason),
        Err(DeliveryError::Unknown { reason }) => ("unknown", reason),
    };
    Tested { receiver: lane.receiver, integration: lane.integration, outcome, said }
}

fn text(tested: &Tested, printer: &Printer) -> String {
    let mark = match tested.outcome {
        "sent" => printer.paint(32, "sent   "),
        "unknown" => printer.paint(33, "unknown"),
        other => printer.paint(31, &format!("{other:<7}")),
    };
    format!("{mark}  {}: {}", tested.integration, tested.said)
}
