//! The application's token: got once, kept for as long as WeCom says, and got anew when WeCom revokes it.

use std::time::{Duration, Instant};

use conftrail_core::Secret;
use conftrail_core::ports::DeliveryError;
use reqwest::header::HeaderMap;
use reqwest::{Method, Url};
use tokio::sync::Mutex;

use super::answer::{self, Meaning, WANTED, meaning};
use crate::http::{Client, Exchange, Kept, retry};

/// A token is given up this long before its end, or a tenth of its time if that is less.
const MARGIN: Duration = Duration::from_secs(300);

/// Gets and keeps a token.
pub(super) struct Tokens {
    pub(super) client: Client,
    /// The API's address, with its `/cgi-bin/`.
    pub(super) api: Url,
    pub(super) corp_id: String,
    pub(super) secret: Kept,
    kept: Mutex<Option<Token>>,
}

struct Token {
    value: Secret<String>,
    until: Instant,
}

impl Tokens {
    /// Keeps nothing yet.
    pub(super) fn new(client: Client, api: Url, corp_id: String, secret: Kept) -> Self {
        Self { client, api, corp_id, secret, kept: Mutex::default() }
    }

    /// Returns a token that is good as far as we know. Of several that ask at the same time one asks WeCom.
    pub(super) async fn get(&self) -> Result<Secret<String>, DeliveryError> {
        let mut kept = self.kept.lock().await;
        if let Some(token) = kept.as_ref().filter(|token| Instant::now() < token.until) {
            return Ok(token.value.clone());
        }
        let token = self.ask().await.map_err(nothing_was_sent)?;
        let value = token.value.clone();
        *kept = Some(token);
        Ok(value)
    }

    /// Forgets a token that WeCom refused, unless another one is kept already.
    pub(super) async fn forget(&self, refused: &Secret<String>) {
        let mut kept = self.kept.lock().await;
        if kept.as_ref().is_some_and(|token| token.value == *refused) {
            *kept = None;
        }
    }

    async fn ask(&self) -> Result<Token, DeliveryError> {
        let secret = self.secret.read("x-api_secret_file").await?;
        let mut url = endpoint(&self.api, "gettoken")?;
        url.query_pairs_mut().append_pair("corpid", &self.corp_id).append_pair("corpsecret", secret.expose());
        let exchange = Exchange {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            body: Vec::new(),
            wanted: WANTED,
        };
        let said = answer::read(&self.client.exchange(exchange).await?)?;
        match meaning(said.errcode) {
            Meaning::Taken if said.access_token.expose().is_empty() => Err(retry("WeCom gave no token")),
            Meaning::Taken => {
                let good = Duration::from_secs(said.expires_in);
                let until = Instant::now()
                    + good.saturating_sub(MARGIN.min(good / 10)).min(Duration::from_secs(86_400));
                Ok(Token { value: said.access_token, until })
            }
            Meaning::TokenRefused => Err(retry(format!("WeCom gave no token ({})", said.errcode))),
            Meaning::Failed(error) => Err(error),
        }
    }
}

/// Returns the address of one of the API's calls.
pub(super) fn endpoint(api: &Url, call: &str) -> Result<Url, DeliveryError> {
    api.join(call)
        .map_err(|_| retry("api_url: must be an address such as https://qyapi.weixin.qq.com/cgi-bin/"))
}

/// Whatever became of the question for a token, nobody was told anything by it.
fn nothing_was_sent(error: DeliveryError) -> DeliveryError {
    match error {
        DeliveryError::Unknown { reason } => {
            retry(format!("get a token from WeCom: {reason}; nothing was sent"))
        }
        other => other,
    }
}
