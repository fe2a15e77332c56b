//! Messages of a robot in a group.

use conftrail_core::alerting::{Notification, Pace};
use conftrail_core::ports::{DeliveryError, Receipt};
use conftrail_engine::message::Presentation;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde_json::json;

use super::answer::{self, Meaning, WANTED, meaning};
use super::content::Form;
use crate::http::{Client, Exchange, Kept, permanent, retry};
use crate::webhook::web_address;

/// One robot. WeCom knows none of its messages again, so a repeat says that it may be one.
pub(super) struct Robot {
    pub(super) integration: String,
    pub(super) client: Client,
    /// Where robots are spoken to, without the key.
    pub(super) base: Url,
    pub(super) key: Kept,
    pub(super) form: Form,
    pub(super) pace: Pace,
}

impl Robot {
    pub(super) async fn deliver(
        &self,
        notification: &Notification,
        presentation: &Presentation,
    ) -> Result<Receipt, DeliveryError> {
        let (kind, content) = self.form.content(notification, presentation);
        let mut body = json!({ "msgtype": kind });
        body[kind] = content;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let (url, body) = (self.url().await?, body.to_string().into_bytes());
        let exchange = Exchange { method: Method::POST, url, headers, body, wanted: WANTED };
        let said = answer::read(&self.client.exchange(exchange).await?)?;
        match meaning(said.errcode) {
            Meaning::Taken => Ok(Receipt("taken".to_owned())),
            Meaning::Failed(error) => Err(error),
            Meaning::TokenRefused => {
                Err(permanent(format!("WeCom: the robot's key is wrong ({})", said.errcode)))
            }
        }
    }

    /// Connects without a message: WeCom cannot be asked whether a key is right.
    pub(super) async fn probe(&self) -> Result<(), DeliveryError> {
        let url = self.url().await?;
        let exchange =
            Exchange { method: Method::HEAD, url, headers: HeaderMap::new(), body: Vec::new(), wanted: 0 };
        self.client.exchange(exchange).await.map(drop)
    }

    /// Returns the robot's address. People copy it whole from WeCom, so the file may hold all of it.
    async fn url(&self) -> Result<Url, DeliveryError> {
        let key = self.key.read("key_file").await?;
        if key.expose().contains("://") {
            return web_address(key.expose())
                .ok_or_else(|| retry("key_file: holds neither a key nor an address"));
        }
        let mut url = self.base.clone();
        url.query_pairs_mut().append_pair("key", key.expose());
        Ok(url)
    }
}
