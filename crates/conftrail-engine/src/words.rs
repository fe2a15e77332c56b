//! The words of messages, in English and Chinese.

use conftrail_core::alerting::Evidence;
use conftrail_core::{Action, Actor, Authority, Binding, flag};
use serde::{Deserialize, Serialize};

/// The language of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// Chinese.
    #[serde(rename = "zh")]
    Chinese,
}

impl Language {
    /// Chooses between the two.
    pub fn pick<'t>(self, english: &'t str, chinese: &'t str) -> &'t str {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }
}

/// Says who made a change. A claim is never the answer: without a name that somebody vouches for it is the login,
/// and without one nobody is known.
pub fn who(actor: &Actor, language: Language) -> String {
    match actor.name.as_deref().or(actor.login.as_deref()) {
        Some(name) => name.to_owned(),
        None => language.pick("unknown", "未知").to_owned(),
    }
}

/// Says how it is known who made a change: who vouches for the name, and whether the evidence belongs to this change.
pub fn how_known(actor: &Actor, language: Language) -> String {
    if actor.name.is_none() {
        return language.pick("nothing tells who made it", "没有任何信息说明是谁所为").to_owned();
    }
    let authority = match actor.authority {
        Authority::Authenticated => language.pick("login checked by the source", "由来源系统验证的登录"),
        Authority::Asserted => language.pick("named by a trusted application", "由受信任的应用指明"),
        Authority::Claimed => language.pick("claimed, nobody vouches for it", "自称，无人担保"),
        Authority::None => language.pick("nobody vouches for it", "无人担保"),
    };
    let binding = match actor.binding {
        Binding::Exact => language.pick("for this very change", "针对此次变更本身"),
        Binding::Correlated => language.pick("linked to this change", "与此次变更关联"),
        Binding::Heuristic => language.pick("a guess", "推测"),
        Binding::None => language.pick("not tied to this change", "与此次变更无确切联系"),
    };
    let via = actor.via.as_deref().map(|via| format!(" ({via})")).unwrap_or_default();
    format!("{authority}{}{binding}{via}", language.pick(", ", "，"))
}

/// Says what somebody claims who is not believed.
pub fn claim(actor: &Actor, language: Language) -> Option<String> {
    let claimed = actor.claimed.as_ref()?;
    let name = claimed.name.as_deref().unwrap_or("?");
    let reason = claimed.reason.as_deref().map(|reason| format!(", {reason}")).unwrap_or_default();
    let via = claimed.via.as_deref().unwrap_or("?");
    let why = match actor.login {
        Some(_) => language.pick("this login may not speak for others", "该登录无权代表他人"),
        None => language.pick("its login is not known", "其登录未知"),
    };
    Some(match language {
        Language::English => format!("{name}{reason} (says the {via}; {why})"),
        Language::Chinese => format!("{name}{reason}（{via} 中自称；{why}）"),
    })
}

/// Says who vouches for a ticket.
pub fn ticket_known(authority: Authority, language: Language) -> &'static str {
    match authority {
        Authority::Authenticated => language.pick("confirmed", "已确认"),
        Authority::Asserted => language.pick("named by a trusted application", "由受信任的应用指明"),
        Authority::Claimed | Authority::None => language.pick("claimed, not confirmed", "自称，未确认"),
    }
}

/// Says what happened, as a verb in the past.
pub fn happened(action: Action, language: Language) -> &'static str {
    match action {
        Action::Create => language.pick("created", "创建了"),
        Action::Update => language.pick("changed", "修改了"),
        Action::Delete => language.pick("deleted", "删除了"),
        Action::Rename => language.pick("renamed", "重命名了"),
        Action::Truncate => language.pick("emptied", "清空了"),
        Action::Schema => language.pick("changed the shape of", "变更了结构："),
        Action::Access => language.pick("changed rights on", "变更了权限："),
        Action::Snapshot => language.pick("was seen with", "首次看到"),
        Action::Statement => language.pick("changed by statement", "以语句方式修改了"),
        Action::Gap => language.pick("left a gap in", "出现日志缺口："),
        Action::Undecoded => language.pick("did something undecoded to", "产生了无法解码的变更："),
        Action::SourceChanged => language.pick("is another server behind", "来源服务器已更换："),
        Action::Tampered => language.pick("altered the history of", "篡改了历史："),
        Action::Outcome => language.pick("ended a transaction on", "结束了事务："),
        Action::Redacted => language.pick("redacted", "删改了记录内容："),
    }
}

/// Says what a flag means to a reader; unknown flags stand for themselves.
pub fn flag_meaning(word: &str, language: Language) -> String {
    let meaning = match word {
        flag::UNLOGGED => {
            language.pick("found by comparison; the source never logged it", "经比对发现，来源未记录")
        }
        flag::OUT_OF_BAND => language.pick(
            "the row changed and the configuration centre knows nothing of it",
            "数据行已变，而配置中心毫不知情",
        ),
        flag::OBSERVED => language.pick("seen by comparison only", "仅由比对看到"),
        flag::UNTRUSTED_CLAIM => language.pick(
            "a name was claimed by a login that may not speak for others",
            "自称的姓名来自无权代表他人的登录",
        ),
        flag::LOGIN_UNKNOWN => language.pick("the login is not known", "登录未知"),
        flag::CLOCK_SUSPECT => language.pick("the source's time cannot be trusted", "来源时间不可信"),
        flag::SCHEMA_UNVERIFIED => language.pick("column names are not verified", "列名未经核实"),
        flag::PARTIAL_IMAGE => language.pick("the row before is not complete", "变更前的行不完整"),
        flag::NO_KEY => language.pick("the table has no key", "该表没有主键"),
        flag::UNPARSED => language.pick("the document does not parse", "文档无法解析"),
        flag::NOT_TEXT => language.pick(
            "not UTF-8 text (binary, or another encoding), so size and fingerprint are all that is kept and there is no diff",
            "内容不是 UTF-8 文本（二进制或其他编码），因此只保留大小和指纹，没有差异对比",
        ),
        flag::INVALID_TEXT => language.pick(
            "some text is not valid in its character set and stands as its bytes ($b64)",
            "有文本在其字符集中无效，以原始字节（$b64）保存",
        ),
        flag::BACKFILL => language.pick("read later from history", "事后从历史补读"),
        flag::LATE => language.pick("told late", "迟到的通知"),
        flag::XA_PREPARED => language.pick("prepared, not yet committed", "已准备，尚未提交"),
        flag::ROLLED_BACK => language.pick("rolled back", "已回滚"),
        other => other,
    };
    meaning.to_owned()
}

/// Says in one line what happened, without a rule's own words.
pub fn summary(evidence: &Evidence, total: u64, language: Language) -> String {
    let who = who(&evidence.actor, language);
    let happened = happened(evidence.action, language);
    let resource = &evidence.resource.id;
    let paths: Vec<&str> = evidence.changes.iter().take(3).map(|change| change.path.as_str()).collect();
    let more = evidence.change_count.saturating_sub(paths.len() as u64);
    let what = match (paths.is_empty(), more) {
        (true, _) => String::new(),
        (false, 0) => format!(" ({})", paths.join(", ")),
        (false, more) => format!(" ({}, +{more})", paths.join(", ")),
    };
    let others = total.saturating_sub(1);
    let others = match (others, language) {
        (0, _) => String::new(),
        (others, Language::English) => format!(", and {others} more"),
        (others, Language::Chinese) => format!("，另有 {others} 项"),
    };
    match language {
        Language::English => format!("{who} {happened} {resource}{what}{others}"),
        Language::Chinese => format!("{who} {happened} {resource}{what}{others}"),
    }
}

/// Says in one line that changes were read long after they happened.
pub fn late_summary(source: &str, total: u64, language: Language) -> String {
    match (language, total) {
        (Language::English, 1) => {
            format!("{source}: 1 finding on a change that was read long after it happened")
        }
        (Language::English, _) => {
            format!("{source}: {total} findings on changes that were read long after they happened")
        }
        (Language::Chinese, _) => format!("{source}：{total} 项发现，相关变更在发生很久之后才被读到"),
    }
}

/// Says in one line what several rules found together: the most frequent first.
pub fn summary_of_rules(rules: &[(&str, u64)], total: u64, held: Option<&str>, language: Language) -> String {
    let most = 3;
    let named: Vec<String> = rules.iter().take(most).map(|(rule, count)| format!("{rule} {count}")).collect();
    let more = if rules.len() > most { ", …" } else { "" };
    let named = format!("{}{more}", named.join(", "));
    match (language, held) {
        (Language::English, None) => format!("{total} findings of {} rules: {named}", rules.len()),
        (Language::English, Some(held)) => {
            format!("{total} findings of {} rules while {held}: {named}", rules.len())
        }
        (Language::Chinese, None) => format!("{} 条规则的 {total} 项发现：{named}", rules.len()),
        (Language::Chinese, Some(held)) => {
            format!("{} 条规则的 {total} 项发现（{held} 期间）：{named}", rules.len())
        }
    }
}

/// Says in one line what a silence held back from one integration: messages, and the findings in them.
pub fn silence_ended(
    by: &str,
    comment: &str,
    (messages, findings): (u64, u64),
    language: Language,
) -> String {
    let of = |count: u64, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    match language {
        Language::English => format!(
            "a silence of {by} ended ({comment}): it held back {} with {}",
            of(messages, "message"),
            of(findings, "finding")
        ),
        Language::Chinese => {
            format!("{by} 设置的静默已结束（{comment}）：期间拦下 {messages} 条消息，共 {findings} 项发现")
        }
    }
}
