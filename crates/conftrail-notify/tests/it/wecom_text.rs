//! What a message of WeCom says, within its bytes.

use conftrail_core::Value;
use conftrail_core::alerting::Notification;
use conftrail_core::ports::Receiver as _;
use conftrail_notify::wecom::Receiver;

use crate::http_server::HttpServer;
use crate::samples::{alice, evidence, replace, sample};
use crate::wecom::{app, message, robot, said, wecom};

async fn content(server: &HttpServer, receiver: &Receiver, notification: Notification) -> String {
    let integration = message(receiver).integration;
    receiver.deliver(&Notification { integration, ..notification }).await.unwrap();
    let body = server.posted().last().unwrap().json();
    let kind = body["msgtype"].as_str().unwrap().to_owned();
    body[kind]["content"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_message_says_what_matters_first() {
    let server = wecom(|_, _| said(0)).await;
    let text = content(&server, &app(&server, ""), sample()).await;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[..4],
        [
            "[CRITICAL] alice changed 1 key of feature_flags/42",
            "changed mysql:orders-db/shop/feature_flags/42",
            "Who: alice: named by a trusted application, for this very change (comment)",
            "· limit: 100 → 500",
        ]
    );
    for part in [
        "Ticket: CHG-1234",
        "Put back: limit: 100",
        "Owner: pay-team",
        "Runbook: https://wiki.example/limits",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    assert!(text.ends_with("· 4f6b0c0d9e8a"), "{text}");
    let markdown = content(&server, &robot(&server, ""), sample()).await;
    assert!(markdown.starts_with("**[CRITICAL] alice changed 1 key of feature_flags/42**\n"), "{markdown}");
    assert!(markdown.contains("> [Runbook](https://wiki.example/limits)"), "{markdown}");
}

#[tokio::test]
async fn a_long_message_is_cut_between_lines_within_its_bytes_and_counts_the_rest() {
    let server = wecom(|_, _| said(0)).await;
    let mut notification = sample();
    let change = |n: usize| {
        replace(&format!("限流.阈值{n}"), "一百".into(), Value::from("五百，临时提高👩‍👩‍👧".repeat(20).as_str()))
    };
    notification.announcement.events =
        (0..20).map(|_| evidence(alice(), (0..20).map(change).collect())).collect();
    notification.announcement.total = 5000;
    for (receiver, most) in [
        (app(&server, ""), 2048),
        (app(&server, ", message_type: markdown"), 2048),
        (robot(&server, ", message_type: text"), 2048),
        (robot(&server, ""), 4096),
    ] {
        let text = content(&server, &receiver, notification.clone()).await;
        assert!(text.len() <= most && text.len() > most - 700, "{} of {most}", text.len());
        let end: Vec<&str> = text.lines().rev().take(2).collect();
        assert_eq!(end[0], "· 4f6b0c0d9e8a");
        assert!(end[1].starts_with("…(") && end[1].contains(" more, conftrail show "), "{text}");
    }
}

#[tokio::test]
async fn an_own_text_is_escaped_and_cut_like_ours() {
    let server = wecom(|_, _| said(0)).await;
    let mut notification = sample();
    notification.announcement.summary = "<@all> **x** https://e.example".to_owned();
    let receiver = robot(&server, ", template: 'Look: {{summary}} [page](https://own.example)'");
    let text = content(&server, &receiver, notification).await;
    assert_eq!(
        text,
        "Look: ＜＠all＞ ＊＊x＊＊ https：//e.example [page](https://own.example)\n· 4f6b0c0d9e8a"
    );
    let endless = robot(
        &server,
        ", template: '{{#each events}}{{#each changes}}{{text}}{{text}}{{text}} {{/each}}{{/each}}'",
    );
    let mut notification = sample();
    let long = replace("超时", "一".repeat(900).as_str().into(), "二".repeat(900).as_str().into());
    notification.announcement.events = vec![evidence(alice(), vec![long; 20])];
    let text = content(&server, &endless, notification).await;
    assert!(text.len() <= 4096 && text.ends_with("· 4f6b0c0d9e8a"), "{}", text.len());
}
