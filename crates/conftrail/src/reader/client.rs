//! A small client of conftrail's own HTTP API.

use std::time::Duration;

use anyhow::{Context, anyhow};
use reqwest::{Method, RequestBuilder, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

/// How often a request is made again that the instance put off because the token asks too often.
const MOST_WAITS: u32 = 20;
/// The longest such wait.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What an instance refused.
#[derive(Debug, thiserror::Error)]
#[error("{said} (HTTP {status})")]
struct Refused {
    said: String,
    status: u16,
}

/// Says whether the same may work later: the instance is not there, is being started, or has too much to do.
pub(crate) fn is_passing(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| match cause.downcast_ref::<Refused>() {
        Some(refused) => matches!(refused.status, 429 | 502 | 503 | 504),
        None => cause.is::<reqwest::Error>(),
    })
}

/// Speaks to a running instance with a token.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Client {
    /// Makes a client; `url` may hold a path prefix.
    ///
    /// # Errors
    /// The token holds characters that no token has.
    pub(crate) fn new(url: &str, token: &str) -> anyhow::Result<Self> {
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(anyhow!("the token file does not hold a token"));
        }
        let http = reqwest::Client::builder().no_proxy().build().context("cannot make an HTTP client")?;
        Ok(Self { http, base: url.trim_end_matches('/').to_owned(), token: token.to_owned() })
    }

    /// Reads.
    ///
    /// # Errors
    /// The instance cannot be reached, refuses, or answers something else than JSON.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> anyhow::Result<T> {
        self.send(self.request(Method::GET, path).query(query)).await
    }

    /// Reads one thing that may not exist.
    ///
    /// # Errors
    /// As for [`Client::get`].
    pub(crate) async fn find<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<Option<T>> {
        let response = self.reach(self.request(Method::GET, path)).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        Self::body(response).await.map(Some)
    }

    /// Acts.
    ///
    /// # Errors
    /// As for [`Client::get`].
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// Removes.
    ///
    /// # Errors
    /// As for [`Client::get`].
    pub(crate) async fn delete<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        self.send(self.request(Method::DELETE, path)).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}/api/v1{path}", self.base)).bearer_auth(&self.token)
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> anyhow::Result<T> {
        Self::body(self.reach(request).await?).await
    }

    async fn reach(&self, request: RequestBuilder) -> anyhow::Result<reqwest::Response> {
        let mut request = request;
        for _ in 0..MOST_WAITS {
            let Some(again) = request.try_clone() else { break };
            let response = self.sent(request).await?;
            if response.status() != StatusCode::TOO_MANY_REQUESTS {
                return Ok(response);
            }
            // Many pages of a large answer: the instance says when it goes on.
            let wait = response.headers().get(header::RETRY_AFTER).and_then(|wait| wait.to_str().ok());
            let wait = wait.and_then(|wait| wait.parse().ok()).map_or(LONGEST_WAIT, Duration::from_secs);
            tokio::time::sleep(wait.min(LONGEST_WAIT)).await;
            request = again;
        }
        self.sent(request).await
    }

    async fn sent(&self, request: RequestBuilder) -> anyhow::Result<reqwest::Response> {
        request.send().await.with_context(|| {
            format!(
                "cannot reach conftrail at {}: is it running? `--offline` reads the store directly",
                self.base
            )
        })
    }

    async fn body<T: DeserializeOwned>(response: reqwest::Response) -> anyhow::Result<T> {
        let status = response.status();
        let bytes = response.bytes().await.context("the answer broke off")?;
        if status.is_success() {
            let body: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
            return serde_json::from_slice(body).context("the answer is not what this version understands");
        }
        // RFC 9457 problem details.
        let problem: Json = serde_json::from_slice(&bytes).unwrap_or_default();
        let said = problem["detail"].as_str().or(problem["title"].as_str()).unwrap_or("no reason given");
        Err(Refused { said: said.to_owned(), status: status.as_u16() }.into())
    }
}
