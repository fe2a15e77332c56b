//! WeCom's answers: an error code within HTTP 200.

use std::time::Duration;

use conftrail_core::Secret;
use conftrail_core::ports::DeliveryError;
use serde::Deserialize;

use crate::http::{Answer, permanent};

/// How much of an answer is read, in bytes; they have some hundred.
pub(super) const WANTED: usize = 64 * 1024;
/// How long WeCom is left alone that said it has too much of us: its limits are by the minute.
const TOO_MUCH: Duration = Duration::from_secs(60);

/// An answer, as far as it is looked at. WeCom's own words are not: they repeat parts of the request.
#[derive(Debug, Deserialize)]
pub(super) struct Said {
    /// 0 is success.
    pub(super) errcode: i64,
    /// People who were not told, separated by `|`.
    #[serde(default)]
    pub(super) invaliduser: String,
    /// Departments that were not told.
    #[serde(default)]
    pub(super) invalidparty: String,
    /// Tags that were not told.
    #[serde(default)]
    pub(super) invalidtag: String,
    /// People without a licence, who were not told.
    #[serde(default)]
    pub(super) unlicenseduser: String,
    /// The token that was asked for.
    #[serde(default)]
    pub(super) access_token: Secret<String>,
    /// For how many seconds it is good.
    #[serde(default = "two_hours")]
    pub(super) expires_in: u64,
}

/// What an error code means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It was taken.
    Taken,
    /// The token is not good any more: get another one, once.
    TokenRefused,
    /// It was not taken.
    Failed(DeliveryError),
}

/// Reads an answer.
///
/// # Errors
/// The server's status; `Unknown` when it said yes and what it answered is not WeCom's.
pub(super) fn read(answer: &Answer) -> Result<Said, DeliveryError> {
    answer.judged()?;
    serde_json::from_slice(&answer.body).map_err(|_| DeliveryError::Unknown {
        reason: "the server's answer is not one of WeCom: is something between us and it?".to_owned(),
    })
}

/// Says what an error code means, in our words.
pub(super) fn meaning(code: i64) -> Meaning {
    let retry = |after: Option<Duration>, said: &str| {
        Meaning::Failed(DeliveryError::Retry { after, reason: format!("WeCom: {said} ({code})") })
    };
    let never = |said: &str| Meaning::Failed(permanent(format!("WeCom: {said} ({code})")));
    match code {
        0 => Meaning::Taken,
        40014 | 41001 | 42001 => Meaning::TokenRefused,
        -1 => retry(None, "the system is busy"),
        45009 => retry(Some(TOO_MUCH), "too many messages"),
        45033 => retry(Some(TOO_MUCH), "too many calls at the same time"),
        50001..=50005 | 6000 => retry(None, "the system cannot take it now"),
        40001 => never("the application's secret is wrong"),
        40013 => never("the corp_id is wrong"),
        40056 | 301_002 => never("the agent_id is wrong, or the secret is another application's"),
        40058 | 40008 | 44004 | 45002 => never("it cannot take a message like this"),
        60020 => {
            never("this machine's address is not among the addresses that the application may be used from")
        }
        60011 | 48002 => never("the application may not do this"),
        81013 => {
            never("none of the recipients can be reached: are they within the application's visible range?")
        }
        82001 => never("no recipient is named"),
        93000 => never("the robot's key is wrong, or the robot was removed from its group"),
        _ => never("it refused the message; its list of global error codes says why"),
    }
}

impl Said {
    /// Returns who was not told though the message was taken.
    pub(super) fn not_told(&self) -> Option<String> {
        let parts = [
            ("users", &self.invaliduser),
            ("departments", &self.invalidparty),
            ("tags", &self.invalidtag),
            ("unlicensed users", &self.unlicenseduser),
        ];
        let named: Vec<String> = (parts.into_iter())
            .filter(|(_, names)| !names.is_empty())
            .map(|(kind, names)| format!("{kind} {}", one_line(names)))
            .collect();
        (!named.is_empty()).then(|| named.join(", "))
    }
}

fn one_line(names: &str) -> String {
    names.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

fn two_hours() -> u64 {
    7200
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_apart_and_none_is_taken_for_success() {
        assert_eq!(meaning(0), Meaning::Taken);
        for code in [40014, 41001, 42001] {
            assert_eq!(meaning(code), Meaning::TokenRefused, "{code}");
        }
        for code in [-1, 45009, 45033] {
            assert!(matches!(meaning(code), Meaning::Failed(DeliveryError::Retry { .. })), "{code}");
        }
        for code in [40001, 40013, 81013, 93000, 60020, 99999, -2] {
            let Meaning::Failed(DeliveryError::Permanent { reason }) = meaning(code) else {
                panic!("{code} is permanent")
            };
            assert!(reason.contains(&format!("({code})")), "{reason}");
        }
    }

    #[test]
    fn who_was_not_told_is_named() {
        let said: Said =
            serde_json::from_str(r#"{"errcode":0,"errmsg":"ok","invaliduser":"li|wang","invalidparty":""}"#)
                .expect("an answer");
        assert_eq!(said.not_told().as_deref(), Some("users li|wang"));
        let said: Said = serde_json::from_str(r#"{"errcode":0}"#).expect("an answer");
        assert_eq!(said.not_told(), None);
    }
}
