//! Messages of an application.

use conftrail_core::Secret;
use conftrail_core::alerting::{Notification, Pace};
use conftrail_core::ports::{DeliveryError, Receipt};
use conftrail_engine::message::Presentation;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::json;

use super::answer::{self, Meaning, Said, WANTED, meaning};
use super::content::Form;
use super::token::{Tokens, endpoint};
use crate::http::{Exchange, retry};

/// For how long WeCom knows a message again by its bytes, in seconds; four hours is the longest.
const KNOWN_FOR: u64 = 4 * 3600;

/// One application and whom it tells.
pub(super) struct App {
    pub(super) integration: String,
    pub(super) tokens: Tokens,
    pub(super) agent_id: u64,
    pub(super) to_user: String,
    pub(super) to_party: String,
    pub(super) to_tag: String,
    pub(super) form: Form,
    pub(super) pace: Pace,
}

impl App {
    pub(super) async fn deliver(
        &self,
        notification: &Notification,
        presentation: &Presentation,
    ) -> Result<Receipt, DeliveryError> {
        let body = self.body(notification, presentation);
        let first = self.tokens.get().await?;
        let said = match self.send(&first, &body).await? {
            (_, Meaning::TokenRefused) => {
                // Tokens are revoked before their end; the message was refused, so it may be sent again at once.
                self.tokens.forget(&first).await;
                let second = self.tokens.get().await?;
                self.judged(self.send(&second, &body).await?)?
            }
            other => self.judged(other)?,
        };
        Ok(Receipt(match said.not_told() {
            None => "taken".to_owned(),
            Some(names) => {
                let integration = &self.integration;
                tracing::warn!(
                    integration,
                    names,
                    "WeCom took a message and did not tell all of its recipients"
                );
                format!("taken; not told: {names}")
            }
        }))
    }

    /// Gets a token, which shows that enterprise and secret are right.
    pub(super) async fn probe(&self) -> Result<(), DeliveryError> {
        self.tokens.get().await.map(drop)
    }

    fn judged(&self, (said, meaning): (Said, Meaning)) -> Result<Said, DeliveryError> {
        match meaning {
            Meaning::Taken => Ok(said),
            Meaning::TokenRefused => Err(retry(format!("WeCom refused a new token ({})", said.errcode))),
            Meaning::Failed(error) => Err(error),
        }
    }

    async fn send(&self, token: &Secret<String>, body: &[u8]) -> Result<(Said, Meaning), DeliveryError> {
        let mut url = endpoint(&self.tokens.api, "message/send")?;
        url.query_pairs_mut().append_pair("access_token", token.expose());
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let exchange = Exchange { method: Method::POST, url, headers, body: body.to_vec(), wanted: WANTED };
        let said = answer::read(&self.tokens.client.exchange(exchange).await?)?;
        let meaning = meaning(said.errcode);
        Ok((said, meaning))
    }

    /// Makes the request's body. WeCom tells a repeat by equal bytes, so a repeat within that time does not say that it
    /// is one: nobody sees it.
    fn body(&self, notification: &Notification, presentation: &Presentation) -> Vec<u8> {
        let mut notification = notification.clone();
        if notification.possible_repeat && age_seconds(&notification) < KNOWN_FOR {
            notification.possible_repeat = false;
        }
        let (kind, content) = self.form.content(&notification, presentation);
        let mut body = json!({
            "touser": self.to_user,
            "toparty": self.to_party,
            "totag": self.to_tag,
            "agentid": self.agent_id,
            "msgtype": kind,
            "enable_duplicate_check": 1,
            "duplicate_check_interval": KNOWN_FOR,
        });
        body[kind] = content;
        body.to_string().into_bytes()
    }
}

/// The first attempt was made after this time began, so what is younger is known to WeCom if it got there.
fn age_seconds(notification: &Notification) -> u64 {
    let created = std::time::Duration::from_micros(u64::try_from(notification.created.micros()).unwrap_or(0));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(created).as_secs()
}
