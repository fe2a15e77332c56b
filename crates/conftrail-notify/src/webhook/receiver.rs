//! Delivers to webhooks.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use conftrail_core::alerting::{Notification, Pace};
use conftrail_core::ports::{DeliveryError, Receipt, Receiver as Port};
use conftrail_engine::channels::WebhookFormat;
use conftrail_engine::message::Presentation;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

use super::body::{self, Body};
use super::signature::Keys;
use crate::http::{Client, Exchange, Kept, Login, permanent, read_text, retry};
use crate::template::Custom;

/// Names of the headers of the Standard Webhooks specification; the id and the time are there with every message.
const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// Tells programs by HTTP. Every entry is an integration, `webhook/<host>`.
pub struct Receiver {
    pub(super) name: String,
    pub(super) presentation: Presentation,
    pub(super) hooks: Vec<Hook>,
}

/// One entry.
pub(super) struct Hook {
    pub(super) integration: String,
    pub(super) url: Kept,
    pub(super) client: Client,
    pub(super) login: Option<Login>,
    pub(super) format: WebhookFormat,
    pub(super) template: Option<Custom>,
    /// The file of the secrets to sign with.
    pub(super) secret_file: Option<PathBuf>,
    pub(super) most: usize,
    pub(super) pace: Option<Pace>,
}

impl Hook {
    async fn deliver(
        &self,
        notification: &Notification,
        presentation: &Presentation,
    ) -> Result<Receipt, DeliveryError> {
        let body = self.body(notification, presentation);
        let mut headers = self.headers().await?;
        let id = HeaderValue::from_str(&notification.id)
            .map_err(|_| permanent("the notification's id is no header's value"))?;
        let seconds = seconds_now();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(body.media_type));
        headers.insert(ID, id);
        headers.insert(TIMESTAMP, HeaderValue::from(seconds));
        if let Some(keys) = self.keys().await? {
            let signature = keys.sign(&notification.id, seconds, &body.bytes);
            let signature = HeaderValue::from_str(&signature)
                .map_err(|_| permanent("the signature is no header's value"))?;
            headers.insert(SIGNATURE, signature);
        }
        let url = self.url().await?;
        let exchange = Exchange { method: Method::POST, url, headers, body: body.bytes, wanted: 0 };
        let answer = self.client.exchange(exchange).await?;
        answer.judged()?;
        Ok(Receipt(answer.status.to_string()))
    }

    fn body(&self, notification: &Notification, presentation: &Presentation) -> Body {
        let own = self.template.as_ref().and_then(|template| template.render(notification, presentation));
        match own {
            Some(text) => Body { bytes: text.into_bytes(), media_type: "application/json" },
            None => body::of(notification, presentation, self.format, self.most),
        }
    }

    async fn headers(&self) -> Result<HeaderMap, DeliveryError> {
        let mut headers = HeaderMap::new();
        if let Some(login) = &self.login {
            headers.insert(AUTHORIZATION, login.header().await?);
        }
        Ok(headers)
    }

    async fn keys(&self) -> Result<Option<Keys>, DeliveryError> {
        let Some(file) = &self.secret_file else { return Ok(None) };
        let text = read_text(file, "x-secret_file").await?;
        let keys = Keys::parse(text.expose());
        keys.map(Some).map_err(|error| retry(format!("x-secret_file: {}: {error}", file.display())))
    }

    async fn url(&self) -> Result<Url, DeliveryError> {
        let text = self.url.read("url_file").await?;
        web_address(text.expose()).ok_or_else(|| retry("url: must be an address such as https://host/path"))
    }

    /// Connects without a message. Any answer will do: an address that takes messages may refuse all else.
    async fn probe(&self) -> Result<(), DeliveryError> {
        self.keys().await?;
        let (url, headers) = (self.url().await?, self.headers().await?);
        let exchange = Exchange { method: Method::HEAD, url, headers, body: Vec::new(), wanted: 0 };
        self.client.exchange(exchange).await.map(drop)
    }
}

/// Reads an address of the web that a message can be sent to.
pub(crate) fn web_address(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim()).ok()?;
    (matches!(url.scheme(), "https" | "http") && url.has_host()).then_some(url)
}

/// Receivers refuse what is too old by their own clock, so this is the time of the attempt.
fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default()
}

#[async_trait]
impl Port for Receiver {
    fn name(&self) -> &str {
        &self.name
    }

    fn integrations(&self) -> Vec<String> {
        self.hooks.iter().map(|hook| hook.integration.clone()).collect()
    }

    fn pace(&self, integration: &str) -> Option<Pace> {
        self.hooks.iter().find(|hook| hook.integration == integration)?.pace
    }

    async fn deliver(&self, notification: &Notification) -> Result<Receipt, DeliveryError> {
        match self.hooks.iter().find(|hook| hook.integration == notification.integration) {
            Some(hook) => hook.deliver(notification, &self.presentation).await,
            None => Err(permanent("the webhook is not configured any more")),
        }
    }

    async fn probe(&self) -> Result<(), DeliveryError> {
        for hook in &self.hooks {
            hook.probe().await.map_err(|error| named(&hook.integration, error))?;
        }
        Ok(())
    }
}

/// Says which integration an error is of.
pub(crate) fn named(integration: &str, error: DeliveryError) -> DeliveryError {
    let with = |reason: String| format!("{integration}: {reason}");
    match error {
        DeliveryError::Retry { after, reason } => DeliveryError::Retry { after, reason: with(reason) },
        DeliveryError::Permanent { reason } => DeliveryError::Permanent { reason: with(reason) },
        DeliveryError::Unknown { reason } => DeliveryError::Unknown { reason: with(reason) },
    }
}
