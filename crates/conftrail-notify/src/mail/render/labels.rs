//! The fixed words of a mail, in its language.

use conftrail_engine::Language;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Labels {
    severity: &'static str,
    rule: &'static str,
    owner: &'static str,
    runbook: &'static str,
    labels: &'static str,
    what: &'static str,
    place: &'static str,
    who: &'static str,
    claims: &'static str,
    login: &'static str,
    ip: &'static str,
    client: &'static str,
    ticket: &'static str,
    approver: &'static str,
    reason: &'static str,
    note: &'static str,
    key: &'static str,
    before: &'static str,
    after: &'static str,
    put_back: &'static str,
    show: &'static str,
    link: &'static str,
    more: (&'static str, &'static str),
    more_groups: (&'static str, &'static str),
    repeat: &'static str,
    alert: &'static str,
}

pub(super) fn of(language: Language) -> Labels {
    let pick = |english, chinese| language.pick(english, chinese);
    Labels {
        severity: pick("Severity ", "级别    "),
        rule: pick("Rule     ", "规则    "),
        owner: pick("Owner    ", "负责人  "),
        runbook: pick("Runbook  ", "处置手册"),
        labels: pick("Labels   ", "标签    "),
        what: pick("What     ", "资源    "),
        place: pick("Where    ", "环境    "),
        who: pick("Who      ", "何人    "),
        claims: pick("claims", "自称"),
        login: pick("Login    ", "登录    "),
        ip: pick("From     ", "来源地址"),
        client: pick("Client   ", "客户端  "),
        ticket: pick("Ticket   ", "工单    "),
        approver: pick("Approver ", "审批人  "),
        reason: pick("Reason   ", "原因    "),
        note: pick("Note     ", "备注    "),
        key: pick("Key", "键"),
        before: pick("Before", "变更前"),
        after: pick("After", "变更后"),
        put_back: pick("To put it back", "恢复为"),
        show: pick("Show     ", "查看    "),
        link: pick("Link     ", "链接    "),
        more: (pick("and", "另有"), pick("more", "项")),
        more_groups: (pick("and", "另有"), pick("more groups", "组")),
        repeat: pick(
            "An earlier attempt to send this message may have arrived already.",
            "此前的一次发送可能已经送达。",
        ),
        alert: pick("Alert    ", "告警    "),
    }
}
