//! What a failure means: whether the message may have arrived, and who can mend it.
//!
//! What lies in the configuration or the server (its certificate, the login, the sender) is a retry: a person mends
//! it, and what waits is sent then. Only what is wrong with this one recipient or message is given up.

use std::error::Error as _;
use std::io::ErrorKind;

use conftrail_core::ports::DeliveryError;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::response::{Code, Response};

/// Longest text of a server that is kept, in characters.
const LONGEST_ANSWER: usize = 200;
/// "Authentication required", "STARTTLS first" and the like: about the connection, whatever command they answer.
const ABOUT_LOGIN: [u16; 4] = [530, 534, 535, 538];

/// Names the step of the conversation that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The connection, its TLS handshake and the greeting, in one (implicit TLS).
    Connect,
    /// The server's greeting and its answer to ours.
    Greet,
    /// The change to TLS.
    Tls,
    /// The login.
    Login,
    /// `MAIL FROM`.
    Sender,
    /// `RCPT TO`.
    Recipient,
    /// `DATA`, before the message itself.
    Data,
    /// The message was sent.
    Message,
}

/// Makes a retry of a reason.
pub(crate) fn retry(reason: impl Into<String>) -> DeliveryError {
    DeliveryError::Retry { after: None, reason: reason.into() }
}

/// Says what lettre's error at a step means.
pub(crate) fn failure(step: Step, error: &Error) -> DeliveryError {
    let said = cause(error);
    let code = error.status().map(number);
    match step {
        Step::Connect if error.status().is_none() => match broke_in_handshake(error) {
            true => failure(Step::Tls, error),
            false => retry(format!("connect to the mail server: {said}")),
        },
        Step::Greet if error.status().is_none() => retry(format!("the mail server did not greet: {said}")),
        Step::Connect | Step::Greet => retry(format!("the mail server turned us away: {said}")),
        Step::Tls => retry(format!(
            "no TLS with the mail server: {said}; nothing was sent; if its certificate is of your own authority, name that in `ca_file`"
        )),
        Step::Login => retry(format!(
            "the mail server refused the login: {said}; check the username and the password, nothing was sent"
        )),
        Step::Sender | Step::Recipient | Step::Data if code.is_none() => {
            retry(format!("the mail server was lost before the message: {said}"))
        }
        Step::Sender if code == Some(552) => {
            permanent(format!("the mail server has no room for the message: {said}"))
        }
        Step::Sender => {
            retry(format!("the mail server refused the sender: {said}; check `from` and the login"))
        }
        Step::Recipient | Step::Data => match code {
            Some(code) if code >= 500 && !ABOUT_LOGIN.contains(&code) => {
                permanent(format!("the mail server refused the recipient: {said}"))
            }
            _ => retry(format!("the mail server refused the recipient for now: {said}")),
        },
        Step::Message => match code {
            // The server's text may quote the message, and the message is a customer's.
            Some(code) if code >= 500 => {
                permanent(format!("the mail server refused the message: {}", codes(code, &said)))
            }
            Some(code) => {
                retry(format!("the mail server refused the message for now: {}", codes(code, &said)))
            }
            None => DeliveryError::Unknown { reason: format!("the answer to the message was lost: {said}") },
        },
    }
}

/// Says what it means that a step took too long.
pub(crate) fn too_slow(sent: bool) -> DeliveryError {
    match sent {
        true => DeliveryError::Unknown {
            reason: "the mail server did not answer to the message in time".to_owned(),
        },
        false => retry("the mail server did not answer in time; nothing was sent"),
    }
}

/// Returns a server's positive answer as a receipt.
pub(crate) fn receipt(answer: &Response) -> String {
    let text = answer.first_line().unwrap_or_default();
    one_line(&format!("{} {text}", number(answer.code())))
}

fn permanent(reason: String) -> DeliveryError {
    DeliveryError::Permanent { reason }
}

/// Returns the answer's code and text, or the deepest cause where there was no answer.
fn cause(error: &Error) -> String {
    let mut deepest: &dyn std::error::Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    let text = deepest.to_string();
    match error.status() {
        Some(code) if error.source().is_some() => one_line(&format!("{} {text}", number(code))),
        _ => one_line(&text),
    }
}

/// Says whether a connection stood and TLS failed: rustls' findings come as invalid data, a hang-up as an end of file.
fn broke_in_handshake(error: &Error) -> bool {
    let mut next = error.source();
    while let Some(source) = next {
        if let Some(error) = source.downcast_ref::<std::io::Error>() {
            return matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof);
        }
        next = source.source();
    }
    false
}

/// Returns the reply code with the enhanced code (RFC 3463) of an answer, without its words.
fn codes(code: u16, said: &str) -> String {
    let enhanced = said.split_whitespace().nth(1).filter(|word| word.split('.').count() == 3);
    match enhanced {
        Some(word) if word.chars().all(|c| c.is_ascii_digit() || c == '.') => format!("{code} {word}"),
        _ => code.to_string(),
    }
}

fn number(code: Code) -> u16 {
    u16::from(code)
}

fn one_line(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(LONGEST_ANSWER).collect::<String>().trim().to_owned()
}
