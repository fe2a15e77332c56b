//! Mail as a receiver.

use async_trait::async_trait;
use conftrail_core::alerting::{Notification, Pace};
use conftrail_core::ports::{DeliveryError, Receipt, Receiver as Port};
use conftrail_engine::message::Presentation;
use lettre::message::Mailbox;

use super::Config;
use super::message::Mail;
use super::outlet::Outlet;

/// Why a mail receiver cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The configuration is wrong; the problems of [`Config::validate`].
    #[error("{0}")]
    Invalid(String),
    /// `ca_file` cannot be read.
    #[error("read the certificates of ca_file")]
    ReadCa {
        /// Why.
        source: std::io::Error,
    },
    /// `ca_file` holds no certificate.
    #[error("find a PEM certificate in ca_file")]
    NoCertificate,
    /// The certificates cannot be used.
    #[error("prepare TLS for the mail server")]
    Tls {
        /// Why.
        source: lettre::transport::smtp::Error,
    },
}

/// Tells people by mail. Every recipient is an integration, `email/<address>`, with a message and a conversation of its
/// own: one bad address never stops another.
pub struct Receiver {
    name: String,
    presentation: Presentation,
    ways: Vec<Way>,
}

/// One server or directory with its recipients.
struct Way {
    from: Mailbox,
    /// Integrations and their addresses.
    to: Vec<(String, Mailbox)>,
    outlet: Outlet,
    pace: Option<Pace>,
}

impl Receiver {
    /// Makes the receiver; connects to nothing.
    ///
    /// # Errors
    /// The configuration is wrong or its certificates cannot be read.
    pub fn new(config: Config, presentation: Presentation) -> Result<Self, OpenError> {
        let name = config.name.clone();
        Self::of(name, &[config], presentation)
    }

    /// Makes one receiver of several servers or directories. An address that stands twice is told by the first.
    pub(super) fn of(
        name: String,
        configs: &[Config],
        presentation: Presentation,
    ) -> Result<Self, OpenError> {
        let ways = configs.iter().map(Way::new).collect::<Result<_, _>>()?;
        Ok(Self { name, presentation, ways })
    }

    fn way(&self, integration: &str) -> Option<(&Way, &Mailbox)> {
        let find = |way: &'_ Way| way.to.iter().position(|(known, _)| known == integration);
        self.ways
            .iter()
            .find_map(|way| find(way).and_then(|place| way.to.get(place)).map(|(_, to)| (way, to)))
    }
}

impl Way {
    fn new(config: &Config) -> Result<Self, OpenError> {
        let problems = config.validate();
        if !problems.is_empty() {
            return Err(OpenError::Invalid(problems.join("; ")));
        }
        let address = |text: &str| {
            text.parse::<Mailbox>()
                .map_err(|_| OpenError::Invalid("an address cannot be understood".to_owned()))
        };
        let mut to = Vec::with_capacity(config.to.len());
        for text in &config.to {
            let mailbox = address(text)?;
            to.push((format!("email/{}", mailbox.email), mailbox));
        }
        Ok(Self { from: address(&config.from)?, to, outlet: Outlet::new(config)?, pace: config.pace })
    }
}

#[async_trait]
impl Port for Receiver {
    fn name(&self) -> &str {
        &self.name
    }

    fn integrations(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (name, _) in self.ways.iter().flat_map(|way| &way.to) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    fn pace(&self, integration: &str) -> Option<Pace> {
        self.way(integration).and_then(|(way, _)| way.pace)
    }

    async fn deliver(&self, notification: &Notification) -> Result<Receipt, DeliveryError> {
        let Some((way, to)) = self.way(&notification.integration) else {
            let reason = "the recipient is not configured any more".to_owned();
            return Err(DeliveryError::Permanent { reason });
        };
        let mail = Mail::of(notification, &self.presentation, &way.from, to)
            .map_err(|error| DeliveryError::Permanent { reason: conftrail_core::explain(&error) })?;
        way.outlet.send(&mail).await
    }

    async fn probe(&self) -> Result<(), DeliveryError> {
        for way in &self.ways {
            way.outlet.probe().await?;
        }
        Ok(())
    }
}
