//! `Retry-After` (RFC 9110, 10.2.3): seconds, or a date.

use std::time::{Duration, SystemTime};

/// Longest wait that is believed; a server that asks for more is asked again then.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Returns how long to wait; none when it cannot be understood.
pub(super) fn wait(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    let asked = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number has are a very long time.
        text.parse().map_or(LONGEST, Duration::from_secs)
    } else {
        let until = httpdate::parse_http_date(text).ok()?;
        until.duration_since(now).unwrap_or_default()
    };
    Some(asked.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_understood_and_bounded() {
        let now = httpdate::parse_http_date("Sun, 22 Nov 2026 10:00:00 GMT").expect("a date");
        let table = [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("Sun, 22 Nov 2026 10:00:30 GMT", Some(30)),
            ("Sunday, 22-Nov-26 10:01:00 GMT", Some(60)),
            ("Sun, 22 Nov 2026 09:59:00 GMT", Some(0)),
            ("99999999999999999999999999", Some(86_400)),
            ("Mon, 22 Nov 2027 10:00:00 GMT", Some(86_400)),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(wait(text, now).map(|wait| wait.as_secs()), expected, "{text}");
        }
    }
}
