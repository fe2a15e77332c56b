//! Detectors that know secrets by their own shape, whatever their name.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::lines::floor;
use super::random::looks_random;
use super::trigger::{Hits, look};

/// How a private key starts.
static PEM: LazyLock<Regex> =
    LazyLock::new(|| regex(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"));
/// How it ends.
static PEM_END: LazyLock<Regex> = LazyLock::new(|| regex(r"-----END [A-Z0-9 ]{0,40}-----"));
/// How long a private key may be in bytes, with its headers, indentation and comment signs.
const PEM_REACH: usize = 64 * 1024;
static JWT: LazyLock<Regex> =
    LazyLock::new(|| regex(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{2,}(?:\.[A-Za-z0-9_-]*)?"));
static AUTH: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?i)\b(authorization["'\\]*\s*[:=]?\s*["'\\]*)?\b(bearer|basic|digest)\s+([A-Za-z0-9._~+/=\-]{6,})"#,
    )
});
static TOKEN: LazyLock<Regex> = LazyLock::new(|| regex(TOKENS));
static COMMAND: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"\b(?:mysql|mysqldump|mysqladmin|mariadb|mariadb-dump|mycli|sshpass|pg_dump|psql)\b[^\n]*?\s-p(?:\s*)["']?([^\s"']{3,})|\b(?:curl|wget|http|https|svn)\b[^\n]*?\s(?:-u|--user)[ =]["']?[^\s:"']+:([^\s"']+)|\bredis-cli\b[^\n]*?\s-a\s+["']?([^\s"']+)"#,
    )
});
static CRYPT: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"\$(?:1|5|6|y|2[aby]|apr1|argon2(?:id|i|d))\$[A-Za-z0-9./$=,+*-]{8,}|\{S?SHA\}[A-Za-z0-9+/=]{8,}")
});
static IDENTIFIED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?i)\bidentified\s+(?:with\s+\S+\s+)?(?:by|as|using)\s+(?:password\s*\(?\s*)?(?:'((?:[^'\\]|\\.)*)'?|"((?:[^"\\]|\\.)*)"?)"#,
    )
});

/// Tokens by the prefixes their makers gave them: AWS, Alibaba and Tencent Cloud, GitHub, GitLab, Slack, Stripe,
/// OpenAI, Google, npm, PyPI, SendGrid, DigitalOcean, Vault, Shopify, Docker, Square, Linear, age, Hugging Face,
/// Feishu.
const TOKENS: &str = concat!(
    r"\b(?:(?:AKIA|ASIA)[A-Z0-9]{12,}|LTAI[A-Za-z0-9]{10,}|AKID[A-Za-z0-9]{12,}",
    r"|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{20,}",
    r"|gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent)-[A-Za-z0-9_\-]{12,}",
    r"|xox[a-z]-[A-Za-z0-9\-]{8,}|xapp-[A-Za-z0-9\-]{10,}",
    r"|[prs]k_(?:live|test)_[A-Za-z0-9]{8,}|whsec_[A-Za-z0-9+/=]{12,}|sk-[A-Za-z0-9_\-]{16,}",
    r"|AIza[A-Za-z0-9_\-]{28,}|ya29\.[A-Za-z0-9_\-.]{12,}|GOCSPX-[A-Za-z0-9_\-]{12,}",
    r"|npm_[A-Za-z0-9]{20,}|pypi-[A-Za-z0-9_\-]{16,}|SG\.[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{10,}",
    r"|dop_v1_[a-f0-9]{16,}|hvs\.[A-Za-z0-9_\-]{16,}|shpat_[a-fA-F0-9]{16,}|dckr_pat_[A-Za-z0-9_\-]{12,}",
    r"|sq0csp-[A-Za-z0-9_\-]{16,}|lin_api_[A-Za-z0-9]{16,}|AGE-SECRET-KEY-1[A-Z0-9]{16,}|hf_[A-Za-z0-9]{20,})",
    r"|hooks\.slack\.com/(?:services|workflows)/([A-Za-z0-9/_\-]{12,})|bot/v2/hook/([A-Za-z0-9\-]{12,})",
);

/// Finds what the hits point at.
pub(crate) fn find(text: &str, hits: &Hits, found: &mut Vec<Range<usize>>) {
    if hits.has(look::PEM) {
        private_keys(text, found);
    }
    if hits.has(look::JWT) {
        found.extend(JWT.find_iter(text).map(|token| token.range()));
    }
    if hits.has(look::AUTH) {
        for captures in AUTH.captures_iter(text) {
            let Some(value) = captures.get(3) else { continue };
            // "Basic authentication" is a sentence; after the header's name everything is a credential.
            if captures.get(1).is_some() || looks_random(value.as_str()) {
                found.push(value.range());
            }
        }
    }
    if hits.has(look::TOKEN) {
        groups(&TOKEN, text, found);
    }
    if hits.has(look::COMMAND) {
        groups(&COMMAND, text, found);
    }
    if hits.has(look::CRYPT) {
        found.extend(CRYPT.find_iter(text).map(|hash| hash.range()));
    }
    if hits.has(look::IDENTIFIED) {
        groups(&IDENTIFIED, text, found);
    }
}

/// Adds private keys, whole or cut short, also with `\n` written out or behind comment signs.
fn private_keys(text: &str, found: &mut Vec<Range<usize>>) {
    let is_body = |character: char| {
        character.is_ascii_alphanumeric()
            || character.is_ascii_whitespace()
            || "+/=\\#:,.*-".contains(character)
    };
    let mut begins = PEM.find_iter(text).peekable();
    while let Some(begin) = begins.next() {
        let until = begins.peek().map_or(text.len(), |next| next.start());
        let until = floor(text, until.min(begin.end() + PEM_REACH));
        let rest = text.get(begin.end()..until).unwrap_or_default();
        let end = match PEM_END.find(rest) {
            Some(end) if rest.get(..end.start()).is_some_and(|body| body.chars().all(is_body)) => end.end(),
            _ => {
                let is_content = |character: char| is_body(character) && !":,.*-".contains(character);
                let body = rest.get(..rest.find(|character| !is_content(character)).unwrap_or(rest.len()));
                body.unwrap_or_default()
                    .trim_end_matches(|last: char| last.is_ascii_whitespace() || last == '#')
                    .len()
            }
        };
        found.push(begin.start()..begin.end() + end);
    }
}

/// Adds the capture groups of every match, or the whole match where no group took part.
fn groups(regex: &Regex, text: &str, found: &mut Vec<Range<usize>>) {
    for captures in regex.captures_iter(text) {
        let before = found.len();
        found.extend(captures.iter().skip(1).flatten().map(|group| group.range()));
        if found.len() == before
            && let Some(whole) = captures.get(0)
        {
            found.push(whole.range());
        }
    }
}

/// Compiles a pattern of this crate.
pub(crate) fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant that the tests compile")
}
