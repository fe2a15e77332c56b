//! What a commit says about a change.

use conftrail_core::mask::Masker;
use conftrail_core::{Authority, Reason, SmolStr};

/// Words that look like tickets and are none: standards, algorithms, encodings.
const NO_TICKETS: [&str; 14] =
    ["UTF", "SHA", "ISO", "RFC", "CVE", "MD", "AES", "RSA", "TLS", "HTTP", "GB", "GBK", "UTC", "IPV"];

/// A commit that holds exactly the content that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Commit {
    pub(crate) id: String,
    pub(crate) author: String,
    pub(crate) mail: String,
    pub(crate) message: String,
}

impl Commit {
    /// Reads what `git log --format=%H%x00%an%x00%ae%x00%B` prints.
    pub(crate) fn parse(output: &str) -> Option<Self> {
        let mut fields = output.splitn(4, '\0');
        let id = fields.next()?.trim().to_owned();
        let is_id = id.len() >= 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        let (author, mail) = (fields.next()?.to_owned(), fields.next()?.to_owned());
        let message = fields.next()?.trim_end_matches(['\0', '\n']).to_owned();
        is_id.then_some(Self { id, author, mail, message })
    }

    /// Replaces the secrets in whatever a person wrote.
    pub(crate) fn masked(self, masker: &Masker) -> Self {
        let masked = |text: String| masker.text(&text).into_owned();
        Self {
            id: self.id,
            author: masked(self.author),
            mail: masked(self.mail),
            message: masked(self.message),
        }
    }

    /// Returns what the message says about the reason: claims all of them.
    pub(crate) fn reason(&self) -> Reason {
        Reason {
            ticket: ticket(&self.message).map(Into::into),
            approver: trailer(&self.message, &["approved-by", "reviewed-by", "acked-by"])
                .map(|known| person(known).into()),
            message: Some(SmolStr::new(&self.message)).filter(|message| !message.is_empty()),
            authority: Authority::Claimed,
        }
    }
}

/// Finds a ticket: in a trailer that names one, else the first word of the message that looks like one.
fn ticket(message: &str) -> Option<String> {
    let named = trailer(
        message,
        &["ticket", "change-id", "issue", "jira", "refs", "fixes", "closes", "工单", "变更"],
    );
    named.and_then(first_ticket).or_else(|| first_ticket(message))
}

/// Returns the value of the last trailer with one of these names (`Ticket: CHG-1`).
fn trailer<'a>(message: &'a str, names: &[&str]) -> Option<&'a str> {
    message.lines().rev().find_map(|line| {
        let (name, value) = line.split_once([':', '：'])?;
        let name = name.trim().to_lowercase();
        names.contains(&name.as_str()).then(|| value.trim()).filter(|value| !value.is_empty())
    })
}

/// Returns the first word of the form `CHG-1234`.
fn first_ticket(text: &str) -> Option<String> {
    text.split(|character: char| !(character.is_ascii_alphanumeric() || character == '-'))
        .find(|word| {
            let Some((project, number)) = word.split_once('-') else { return false };
            let is_project = project.len() >= 2
                && project.starts_with(|first: char| first.is_ascii_uppercase())
                && project.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
            is_project
                && !number.is_empty()
                && number.bytes().all(|byte| byte.is_ascii_digit())
                && !NO_TICKETS.contains(&project)
        })
        .map(str::to_owned)
}

/// Returns a person's name without the mail address behind it.
fn person(value: &str) -> String {
    value.split_once(" <").map_or(value, |(name, _)| name).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, ticket: Option<&str>, approver: Option<&str>) {
        let id = "a".repeat(40);
        let commit = Commit::parse(&format!("{id}\0爱丽丝\0alice@example.com\0{message}\n\0")).unwrap();
        assert_eq!((commit.author.as_str(), commit.mail.as_str()), ("爱丽丝", "alice@example.com"));
        let reason = commit.reason();
        assert_eq!((reason.ticket.as_deref(), reason.approver.as_deref()), (ticket, approver), "{message}");
    }

    #[test]
    fn tickets_and_approvers_are_read_from_the_message() {
        check("raise the limit (CHG-1234)", Some("CHG-1234"), None);
        check(
            "CHG-1: a\n\nTicket: OPS-77\nReviewed-by: Bob Li <bob@example.com>",
            Some("OPS-77"),
            Some("Bob Li"),
        );
        check("use UTF-8 and SHA-256\n\nChange-Id: I0123456789abcdef", None, None);
        check("调整超时\n\n工单：PAY-9", Some("PAY-9"), None);
        check("fix a-1 and B-2x", None, None);
        check("", None, None);
    }

    #[test]
    fn what_is_no_commit_is_refused() {
        assert_eq!(Commit::parse(""), None);
        assert_eq!(Commit::parse("x\0y\0z\0m"), None);
    }
}
