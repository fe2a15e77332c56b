//! What an answer, or none, means for a message.

use std::time::{Duration, SystemTime};

use conftrail_core::ports::DeliveryError;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::retry_after::wait;

/// An answer: its status and as much of its body as was asked for.
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: StatusCode,
    /// The body's beginning.
    pub(crate) body: Vec<u8>,
    /// How long the server asks to be left alone.
    pub(crate) retry_after: Option<Duration>,
}

impl Answer {
    /// Takes what is needed of the headers.
    pub(crate) fn new(status: StatusCode, headers: &HeaderMap, body: Vec<u8>) -> Self {
        let retry_after = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|text| wait(text, SystemTime::now()));
        Self { status, body, retry_after }
    }

    /// Says what the status means; nothing of the server's own words is repeated: they may quote the message or a secret.
    pub(crate) fn judged(&self) -> Result<(), DeliveryError> {
        let status = self.status;
        let said = format!("the server answered {}", words(status));
        match status.as_u16() {
            200..=299 => Ok(()),
            300..=399 => Err(permanent(format!(
                "{said}: redirects are not followed, give the address that it leads to"
            ))),
            408 | 425 | 429 | 500..=599 => {
                Err(DeliveryError::Retry { after: self.retry_after, reason: said })
            }
            401 | 403 | 407 => Err(permanent(format!("{said}: check the login and the signing secret"))),
            404 | 405 | 410 => Err(permanent(format!("{said}: nobody takes messages at this address"))),
            _ => Err(permanent(said)),
        }
    }
}

/// Makes a retry of a reason.
pub(crate) fn retry(reason: impl Into<String>) -> DeliveryError {
    DeliveryError::Retry { after: None, reason: reason.into() }
}

/// Gives up for a reason.
pub(crate) fn permanent(reason: impl Into<String>) -> DeliveryError {
    DeliveryError::Permanent { reason: reason.into() }
}

fn words(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(code: u16, retry_after: Option<&'static str>) -> Result<(), DeliveryError> {
        let mut headers = HeaderMap::new();
        if let Some(text) = retry_after {
            headers.insert(RETRY_AFTER, text.parse().expect("a header's value"));
        }
        Answer::new(StatusCode::from_u16(code).expect("a status"), &headers, Vec::new()).judged()
    }

    #[test]
    fn each_status_has_one_meaning() {
        for code in [200, 201, 202, 204] {
            assert_eq!(judged(code, None), Ok(()), "{code}");
        }
        for code in [301, 302, 304, 307, 308, 400, 401, 403, 404, 410, 413, 422] {
            assert!(matches!(judged(code, None), Err(DeliveryError::Permanent { .. })), "{code}");
        }
        for code in [408, 425, 429, 500, 502, 503, 504, 599] {
            assert!(matches!(judged(code, None), Err(DeliveryError::Retry { after: None, .. })), "{code}");
        }
        let after = judged(429, Some("17"));
        assert!(matches!(after, Err(DeliveryError::Retry { after: Some(wait), .. }) if wait.as_secs() == 17));
    }
}
