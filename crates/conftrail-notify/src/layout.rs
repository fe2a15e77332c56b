//! A message as lines, for channels that take text of few bytes: what matters most comes first, and what does not fit is
//! counted.

use conftrail_engine::Language;
use conftrail_engine::message::{Message, Section};
use conftrail_engine::templates::Channel;

/// Longest link that is made one to click.
const LONGEST_LINK: usize = 500;

/// How lines are marked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Plain text that nothing interprets.
    Plain,
    /// WeCom's text.
    WecomText,
    /// WeCom's markdown.
    WecomMarkdown,
}

impl Style {
    /// Returns the channel whose escapes it needs.
    pub(crate) fn channel(self) -> Channel {
        match self {
            Self::Plain => Channel::Plain,
            Self::WecomText => Channel::WecomText,
            Self::WecomMarkdown => Channel::WecomMarkdown,
        }
    }

    /// Makes a value text, in one line.
    fn value(self, text: &str) -> String {
        self.channel().escape(text).replace(['\n', '\t'], " ")
    }

    fn strong(self, text: &str) -> String {
        match self {
            Self::WecomMarkdown => format!("**{text}**"),
            _ => text.to_owned(),
        }
    }

    fn fact(self, name: &str, value: &str) -> String {
        let value = self.value(value);
        match self {
            Self::WecomMarkdown => format!("> {name}: {value}"),
            _ => format!("{name}: {value}"),
        }
    }

    /// A link of our own, or what should have been one as text.
    fn link(self, name: &str, url: &str) -> String {
        match self {
            _ if !is_link(url) => self.fact(name, url),
            Self::WecomMarkdown if url.contains(['(', ')', '<', '>']) => self.fact(name, url),
            Self::WecomMarkdown => format!("> [{name}]({url})"),
            _ => format!("{name}: {url}"),
        }
    }

    fn code(self, name: &str, command: &str) -> String {
        match self {
            Self::WecomMarkdown => format!("> {name}: `{}`", self.value(command)),
            _ => self.fact(name, command),
        }
    }
}

/// Says whether a text of ours is a link to click: an address of the web, and none that would be cut or could hide something.
pub(crate) fn is_link(text: &str) -> bool {
    let web = text.starts_with("https://") || text.starts_with("http://");
    web && text.len() <= LONGEST_LINK && text.chars().all(|c| c.is_ascii_graphic())
}

/// Lays out a message whose texts are bounded.
pub(crate) fn lines(message: &Message, language: Language, style: Style) -> Vec<String> {
    let pick = |english, chinese| language.pick(english, chinese);
    let mut lines = Vec::new();
    let severity = message.severity.to_uppercase();
    let repeat = message.possible_repeat.as_deref().map(|text| format!(" ({text})")).unwrap_or_default();
    lines.push(style.strong(&format!("[{severity}] {}{repeat}", style.value(&message.summary))));
    for text in [&message.instead, &message.late].into_iter().flatten() {
        lines.push(style.value(text));
    }
    for group in &message.groups {
        lines.push(style.fact("·", group).replacen("·: ", "· ", 1));
    }
    if message.more_groups > 0 {
        lines.push(format!("{} {} {}", pick("and", "另有"), message.more_groups, pick("more groups", "组")));
    }
    for section in &message.events {
        event(section, language, style, &mut lines);
    }
    if message.more > 0 {
        lines.push(format!("{} {} {}", pick("and", "另有"), message.more, pick("more changes", "项变更")));
    }
    lines.push(style.fact(pick("Rule", "规则"), &message.rule));
    if let Some(owner) = &message.owner {
        lines.push(style.fact(pick("Owner", "负责人"), owner));
    }
    if let Some(runbook) = &message.runbook {
        lines.push(style.link(pick("Runbook", "处置手册"), runbook));
    }
    for (name, value) in &message.annotations {
        lines.push(style.fact(&style.value(name), value));
    }
    lines
}

fn event(section: &Section, language: Language, style: Style, lines: &mut Vec<String>) {
    let pick = |english, chinese| language.pick(english, chinese);
    lines.push(style.strong(&style.value(&section.what)));
    let who = match &section.claim {
        Some(claim) => format!("{} {} {claim}", section.who, pick("claims", "自称")),
        None => section.who.clone(),
    };
    lines.push(style.fact(pick("Who", "何人"), &format!("{who}: {}", section.known)));
    let facts = [
        (pick("Login", "登录"), &section.login),
        (pick("From", "来源地址"), &section.ip),
        (pick("Client", "客户端"), &section.client),
        (pick("Ticket", "工单"), &section.ticket),
        (pick("Approver", "审批人"), &section.approver),
        (pick("Reason", "原因"), &section.reason),
    ];
    lines.extend(section.changes.iter().map(|change| style.fact("·", &change.text).replacen("·: ", "· ", 1)));
    if section.more_changes > 0 {
        let more = format!("{} {} {}", pick("and", "另有"), section.more_changes, pick("more", "项"));
        lines.push(more);
    }
    for (name, value) in facts {
        if let Some(value) = value {
            lines.push(style.fact(name, value));
        }
    }
    for put_back in &section.put_back {
        lines.push(style.fact(pick("Put back", "恢复为"), put_back));
    }
    lines.push(style.fact(pick("When", "时间"), &section.time));
    if !section.place.is_empty() {
        lines.push(style.fact(pick("Where", "环境"), &section.place));
    }
    for (name, value) in &section.detail {
        lines.push(style.fact(&style.value(name), value));
    }
    lines.extend(section.notes.iter().map(|note| style.fact(pick("Note", "备注"), note)));
    if let Some(link) = &section.link {
        lines.push(style.link(pick("Link", "链接"), link));
    }
    lines.push(style.code(pick("Show", "查看"), &section.command));
}

/// Returns where a reader finds what a message had no room for: the newest event's page, or the command that shows it.
pub(crate) fn more_at(message: &Message) -> String {
    match message.events.last() {
        Some(section) => section.link.clone().unwrap_or_else(|| section.command.clone()),
        None => "conftrail ledger --since 1d".to_owned(),
    }
}

/// Joins as many lines as fit into so many bytes together with the last one, which is always there; between them stands
/// how many there were no room for, and where they are.
pub(crate) fn fit(lines: &[String], last: &str, most: usize, more_at: &str, language: Language) -> String {
    let whole = lines.iter().map(|line| line.len() + 1).sum::<usize>() + last.len();
    if whole <= most {
        return [lines, &[last.to_owned()]].concat().join("\n");
    }
    let note = |left: usize| match language {
        Language::English => format!("…({left} more, {more_at})\n{last}"),
        Language::Chinese => format!("…（另有 {left} 行，{more_at}）\n{last}"),
    };
    let mut kept = String::new();
    for (place, line) in lines.iter().enumerate() {
        // What is left out is this line, at least, so the note can only become shorter.
        if kept.len() + line.len() + 1 + note(lines.len() - place).len() > most {
            break;
        }
        kept.push_str(line);
        kept.push('\n');
    }
    let left = lines.len() - kept.lines().count();
    if kept.is_empty() {
        let room = most.saturating_sub(note(left).len() + 1);
        let first = lines.first().map_or("", |line| &line[..floor(line, room)]);
        kept = format!("{first}\n");
    }
    kept.push_str(&note(left));
    let end = floor(&kept, most);
    kept.truncate(end);
    kept
}

/// Returns the nearest place at or before another between two characters.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(lines: &[&str], most: usize) -> String {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        fit(&lines, "#id", most, "https://t.example/e", Language::English)
    }

    #[test]
    fn what_does_not_fit_is_counted_and_the_end_is_always_there() {
        let lines = ["first", "second", "third", "fourth"];
        assert_eq!(fitted(&lines, 100), "first\nsecond\nthird\nfourth\n#id");
        let second = "second".repeat(10);
        let lines = ["first", &second, "third", "fourth"];
        assert_eq!(fitted(&lines, 50), "first\n…(3 more, https://t.example/e)\n#id".to_owned());
        assert_eq!(fitted(&["超时".repeat(100).as_str(), "b"], 60).len(), 58);
    }

    #[test]
    fn a_text_of_any_length_is_cut_between_characters_and_within_its_bytes() {
        let signs = ["a", "超", "👩‍👩‍👧", "é", "\n"];
        let lines: Vec<String> = (0..60).map(|n| signs[n % 4].repeat(n * 7 % 53)).collect();
        for most in 60..600 {
            let cut = fit(&lines, "#4f6b0c0d9e8a", most, "conftrail show 01M7", Language::Chinese);
            assert!(cut.len() <= most, "{most}: {}", cut.len());
            assert!(cut.ends_with("#4f6b0c0d9e8a"), "{most}: {cut}");
        }
    }
}
