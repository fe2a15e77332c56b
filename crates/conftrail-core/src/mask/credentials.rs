//! Credentials within addresses: `scheme://user:password@host`, Oracle's and Go's forms, signed query strings.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::detect::regex;
use super::random::looks_random;

static ORACLE: LazyLock<Regex> = LazyLock::new(|| regex(r#"(?i)jdbc:oracle:\w+:[^\s/:@"']+/([^\s@"']+)@"#));
static GO_DSN: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"[^\s:/@"'=]+:([^\s"']+)@(?:tcp|tcp6|udp|unix)?\([^\s()"']*\)"#));
static SIGNED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?i)[?&;](?:key|sig|sign|signature|auth|code|sas|hash|x-amz-signature|x-amz-credential)=([^&\s"'#<>;]{6,})"#,
    )
});

/// How far an address is followed, in bytes, so that a text made of colons and slashes costs no more than it is worth.
const MAX_ADDRESS: usize = 1024;

/// Finds the secret parts of addresses.
pub(crate) fn find(text: &str, found: &mut Vec<Range<usize>>) {
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find("://")) {
        let start = from + at + 3;
        let end = address_end(text, start);
        if let Some(secret) = userinfo(text, start, end) {
            found.push(secret);
        }
        from = start;
    }
    if text.contains('@') {
        for pattern in [&ORACLE, &GO_DSN] {
            found.extend(
                pattern.captures_iter(text).filter_map(|captures| captures.get(1)).map(|part| part.range()),
            );
        }
    }
    let signed = SIGNED.captures_iter(text).filter_map(|captures| captures.get(1));
    found.extend(signed.filter(|value| looks_random(value.as_str())).map(|value| value.range()));
}

/// Returns where an address ends: at white space, a quote, an angle bracket or a backslash before a quote.
fn address_end(text: &str, start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let mut places = rest.char_indices();
    let end = places.find(|(at, character)| {
        *at > MAX_ADDRESS || character.is_whitespace() || "\"'<>`".contains(*character)
    });
    start + end.map_or(rest.len(), |(at, _)| at)
}

/// Returns the password between `://` and `@`, or the user where it stands alone and looks like a token.
fn userinfo(text: &str, start: usize, end: usize) -> Option<Range<usize>> {
    let address = text.get(start..end)?;
    let authority_end = address.find(['/', '?', '#']).unwrap_or(address.len());
    let authority = address.get(..authority_end)?;
    let at = match authority.rfind('@') {
        Some(at) => at,
        // A password with an unescaped `/` or `?`: `root:p/w@db`. A port before a path with `@` is none.
        None => {
            let colon = authority.find(':')?;
            let port = authority.get(colon + 1..)?;
            if port.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            address.rfind('@')?
        }
    };
    let userinfo = address.get(..at)?;
    match userinfo.find(':') {
        Some(colon) if colon + 1 < at => Some(start + colon + 1..start + at),
        Some(_) => None,
        None if looks_random(userinfo) && userinfo.len() >= 16 => Some(start..start + at),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(text: &str) -> Vec<&str> {
        let mut found = Vec::new();
        find(text, &mut found);
        found.into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn passwords_in_addresses_are_found_in_every_form() {
        for (text, secret) in [
            ("mysql://root:s3cret@db:3306/shop", "s3cret"),
            ("redis://:s3cret@cache:6379", "s3cret"),
            ("mysql://root:s3/cr?t@db/shop", "s3/cr?t"),
            ("amqp://a:b@c:d@host/", "b@c:d"),
            ("jdbc:oracle:thin:scott/t1ger@//db:1521/x", "t1ger"),
            ("root:s3cret@tcp(db:3306)/shop?parseTime=true", "s3cret"),
            ("https://x8Kq2mPz91Lw77aQ@github.com/a/b", "x8Kq2mPz91Lw77aQ"),
            ("see <https://q.weixin.cn/send?key=x8Kq2mPz91Lw>", "x8Kq2mPz91Lw"),
        ] {
            assert_eq!(secrets(text), [secret], "{text}");
        }
    }

    #[test]
    fn addresses_without_credentials_are_left_alone() {
        for text in
            ["http://host:8080/a@b", "https://example.com/?q=1", "https://deploy@github.com/x", "a://b"]
        {
            assert!(secrets(text).is_empty(), "{text}");
        }
    }
}
