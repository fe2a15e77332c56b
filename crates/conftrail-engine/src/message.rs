//! A message as a person reads it, free of any channel's form: what a channel's template lays out.

use conftrail_core::alerting::{Announcement, DigestGroup, Evidence, Notification};
use conftrail_core::{Change, ChangeOp, ResourceKind, SmolStr, Value};
use serde::Serialize;

use crate::evidence::is_whole;
use crate::shorten::{Keep, beginning, difference, shorten};
use crate::words::{self, Language};

/// Longest value in a line of a message, in characters.
const LONGEST_IN_LINE: usize = 300;

/// How messages are worded and where their links lead.
#[derive(Clone, Debug, Default)]
pub struct Presentation {
    /// The language.
    pub language: Language,
    /// The address of the web interface, without a slash at its end; without it there are no links.
    pub external_url: Option<String>,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Message {
    /// Severity and summary: a mail's subject.
    pub title: String,
    /// The summary.
    pub summary: String,
    /// The word of the severity.
    pub severity: String,
    /// Names of alert and rule.
    pub alert: String,
    /// `<set>/<id>`.
    pub rule: String,
    /// Told when the message may have arrived before.
    pub possible_repeat: Option<String>,
    /// Told when the changes were read long after they happened.
    pub late: Option<String>,
    /// Told when another receiver should have had the message.
    pub instead: Option<String>,
    /// The groups that a digest stands for, a line each.
    pub groups: Vec<String>,
    /// How many groups are left out.
    pub more_groups: u64,
    /// The changes, newest last.
    pub events: Vec<Section>,
    /// How many findings are counted but not shown.
    pub more: u64,
    /// Labels in the order of their names.
    pub labels: Vec<(String, String)>,
    /// Annotations in the order of their names, the summary left out.
    pub annotations: Vec<(String, String)>,
    /// Who owns the rule or the resource.
    pub owner: Option<String>,
    /// What to do.
    pub runbook: Option<String>,
}

/// One change in a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Section {
    /// The event's id.
    pub id: String,
    /// When, in UTC.
    pub time: String,
    /// What happened in a few words: verb and resource.
    pub what: String,
    /// The resource's id.
    pub resource: String,
    /// Environment and service, where known.
    pub place: String,
    /// Who.
    pub who: String,
    /// How that is known.
    pub known: String,
    /// What somebody claims who is not believed.
    pub claim: Option<String>,
    /// The login, where it is not who it was.
    pub login: Option<String>,
    /// The network address that the change came from.
    pub ip: Option<String>,
    /// The program that made the change.
    pub client: Option<String>,
    /// The ticket and how it is known.
    pub ticket: Option<String>,
    /// Who approved it, and how that is known.
    pub approver: Option<String>,
    /// What the change says about its reason.
    pub reason: Option<String>,
    /// The diff.
    pub changes: Vec<Line>,
    /// How many changes are left out.
    pub more_changes: u64,
    /// What to set to be back where it was, one line for each change.
    pub put_back: Vec<String>,
    /// What a reader must know about the capture.
    pub notes: Vec<String>,
    /// Facts by action.
    pub detail: Vec<(String, String)>,
    /// The event's page.
    pub link: Option<String>,
    /// The command that shows the event.
    pub command: String,
}

/// One line of a diff.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// The path.
    pub path: String,
    /// `add`, `remove` or `replace`.
    pub op: String,
    /// The value before; absent for `add`.
    pub before: Option<String>,
    /// The value after; absent for `remove`.
    pub after: Option<String>,
    /// Whether the values are masked.
    pub sensitive: bool,
    /// The line as plain text: `path: before → after`.
    pub text: String,
}

impl Message {
    /// Words a notification.
    pub fn of(notification: &Notification, presentation: &Presentation) -> Self {
        let mut message = Self::announcing(&notification.announcement, presentation);
        if notification.possible_repeat {
            let repeat = presentation.language.pick("possible repeat", "可能重复");
            message.title = format!("{} ({repeat})", message.title);
            message.possible_repeat = Some(repeat.to_owned());
        }
        if !notification.instead_of.is_empty() {
            let others = notification.instead_of.join(", ");
            message.instead = Some(match presentation.language {
                Language::English => format!("{others} could not be told, or not in time."),
                Language::Chinese => format!("未能（及时）通知 {others}。"),
            });
        }
        message
    }

    /// Words an announcement.
    pub fn announcing(announcement: &Announcement, presentation: &Presentation) -> Self {
        let language = presentation.language;
        let late = language
            .pick("These changes were read long after they happened.", "这些变更在发生很久之后才被读到。");
        let pairs = |map: &std::collections::BTreeMap<String, String>| {
            map.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
        };
        Self {
            title: format!("[{}] {}", announcement.severity.as_str().to_uppercase(), announcement.summary),
            summary: announcement.summary.clone(),
            severity: announcement.severity.as_str().to_owned(),
            alert: announcement.alert.clone(),
            rule: announcement.rule.clone(),
            possible_repeat: None,
            late: announcement.late.then(|| late.to_owned()),
            instead: None,
            groups: announcement
                .digest
                .iter()
                .flat_map(|sum| &sum.groups)
                .map(|one| group(one, language))
                .collect(),
            more_groups: announcement.digest.as_ref().map_or(0, |sum| sum.more_groups),
            events: announcement.events.iter().map(|evidence| section(evidence, presentation)).collect(),
            // A digest counts by group.
            more: match announcement.digest {
                Some(_) => 0,
                None => announcement.total.saturating_sub(announcement.events.len() as u64),
            },
            labels: pairs(&announcement.labels),
            annotations: pairs(&announcement.annotations),
            owner: announcement.owner.clone(),
            runbook: announcement.runbook.clone(),
        }
    }
}

/// One group of a digest: how much of it, how bad, which rule, and what it said last.
fn group(group: &DigestGroup, language: Language) -> String {
    let (messages, findings) = (group.messages, group.findings);
    let severity = group.severity.as_str().to_uppercase();
    let count = match language {
        Language::English => format!("{messages} × [{severity}] {} ({findings} findings)", group.rule),
        Language::Chinese => format!("{messages} × [{severity}] {}（{findings} 项发现）", group.rule),
    };
    format!("{count}: {}", group.summary)
}

fn section(evidence: &Evidence, presentation: &Presentation) -> Section {
    let language = presentation.language;
    let reason = evidence.reason.as_ref();
    let vouched = |said: &Option<SmolStr>| {
        let known = words::ticket_known(reason?.authority, language);
        said.as_deref().map(|said| format!("{said} ({known})"))
    };
    let actor = &evidence.actor;
    let who = words::who(actor, language);
    // How something stands is nothing that anybody could set back.
    let restorable = if evidence.resource.kind == ResourceKind::Health { &[] } else { &evidence.changes[..] };
    let place = [evidence.resource.env.as_deref(), evidence.resource.service.as_deref()];
    Section {
        id: evidence.event.to_string(),
        time: evidence.time.to_string(),
        what: format!("{} {}", words::happened(evidence.action, language), evidence.resource.id),
        resource: evidence.resource.id.clone(),
        place: place.into_iter().flatten().collect::<Vec<_>>().join(", "),
        login: actor.login.as_deref().filter(|login| *login != who).map(str::to_owned),
        who,
        known: words::how_known(actor, language),
        claim: words::claim(actor, language),
        ip: actor.ip.as_deref().map(str::to_owned),
        client: actor.client.as_deref().map(str::to_owned),
        ticket: reason.and_then(|reason| vouched(&reason.ticket)),
        approver: reason.and_then(|reason| vouched(&reason.approver)),
        reason: reason.and_then(|reason| reason.message.as_deref().map(str::to_owned)),
        changes: evidence.changes.iter().map(line).collect(),
        more_changes: evidence.change_count.saturating_sub(evidence.changes.len() as u64),
        put_back: restorable.iter().map(|change| put_back(change, evidence, language)).collect(),
        notes: evidence.flags.iter().map(|word| words::flag_meaning(word, language)).collect(),
        detail: evidence.detail.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        link: presentation.external_url.as_ref().map(|url| format!("{url}/events/{}", evidence.event)),
        command: show(evidence),
    }
}

/// The command that shows an event whole.
fn show(evidence: &Evidence) -> String {
    format!("conftrail show {}", evidence.event)
}

fn line(change: &Change) -> Line {
    let (before, after) = match (&change.before, &change.after) {
        (Some(before), Some(after)) => {
            let (before, after) = in_line_pair(before, after);
            (Some(before), Some(after))
        }
        (before, after) => (before.as_ref().map(in_line), after.as_ref().map(in_line)),
    };
    let op = change.op.as_str().to_owned();
    let text = String::new();
    let mut line =
        Line { path: change.path.to_string(), op, before, after, sensitive: change.sensitive, text };
    line.write();
    line
}

impl Line {
    /// Cuts path and values to about so many characters each; of two values, what differs stays.
    pub fn fit(&mut self, most: usize) {
        self.path = shorten(&self.path, most).into_owned();
        match (&mut self.before, &mut self.after) {
            (Some(before), Some(after)) => {
                let (old, new) = difference(before, after, most, Keep::Context);
                (*before, *after) = (old.into_owned(), new.into_owned());
            }
            (Some(value), None) | (None, Some(value)) => *value = beginning(value, most).into_owned(),
            (None, None) => {}
        }
        self.write();
    }

    fn write(&mut self) {
        let path = &self.path;
        self.text = match (&self.before, &self.after) {
            (Some(before), Some(after)) => format!("{path}: {before} → {after}"),
            (None, Some(after)) => format!("{path}: + {after}"),
            (Some(before), None) => format!("{path}: - {before}"),
            (None, None) => path.clone(),
        };
    }
}

/// A value within a line. Texts that would read as something else are quoted: `"500"` is no number, `""` is not nothing.
fn in_line(value: &Value) -> String {
    beginning(&written(value, false), LONGEST_IN_LINE).into_owned()
}

/// Two values within a line: of long ones, what differs. Then both are quoted where one is, as quotes are no difference.
fn in_line_pair(before: &Value, after: &Value) -> (String, String) {
    let is_long =
        |value: &Value| value.as_text().is_some_and(|text| text.chars().nth(LONGEST_IN_LINE).is_some());
    let needs_quotes = |value: &Value| value.as_text().is_some_and(reads_as_another);
    let quoted = (is_long(before) || is_long(after)) && (needs_quotes(before) || needs_quotes(after));
    let (before, after) = (written(before, quoted), written(after, quoted));
    let (before, after) = difference(&before, &after, LONGEST_IN_LINE, Keep::Context);
    (before.into_owned(), after.into_owned())
}

fn written(value: &Value, quoted: bool) -> String {
    let bare = value.display();
    match value {
        Value::Text(text) if quoted || reads_as_another(text) => serde_json::to_string(text).unwrap_or(bare),
        _ => bare,
    }
}

fn reads_as_another(text: &str) -> bool {
    text.is_empty()
        || text.trim() != text
        || text.chars().any(char::is_control)
        || ["null", "true", "false"].contains(&text)
        || text.parse::<f64>().is_ok()
}

fn put_back(change: &Change, evidence: &Evidence, language: Language) -> String {
    let path = &change.path;
    if change.sensitive {
        return format!(
            "{path}: {}",
            language.pick("masked; restore it from where secrets are kept", "已脱敏，请从密钥保管处恢复")
        );
    }
    match (change.op, &change.before) {
        (ChangeOp::Add, _) => format!("{path}: {}", language.pick("remove", "移除")),
        (_, Some(before)) if is_whole(before) && before.display().chars().count() <= LONGEST_IN_LINE => {
            format!("{path}: {}", in_line(before))
        }
        _ => format!("{path}: {} {}", language.pick("too long, see", "过长，请看"), show(evidence)),
    }
}
