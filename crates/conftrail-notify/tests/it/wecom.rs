//! WeCom: tokens, error codes within HTTP 200, and repeats.

use std::sync::atomic::{AtomicU64, Ordering};

use conftrail_core::Timestamp;
use conftrail_core::alerting::Notification;
use conftrail_core::ports::{DeliveryError, Receiver as _};
use conftrail_engine::Routing;
use conftrail_engine::message::Presentation;
use conftrail_notify::wecom::Receiver;
use serde_json::json;

use crate::http_server::{Answer, Asked, HttpServer};
use crate::samples::sample;

/// Makes the receiver of a receiver's keys, given as a flow mapping's inside.
pub(crate) fn receiver(keys: &str) -> Receiver {
    let text = format!(
        "global: {{ wechat_api_corp_id: ww1 }}\nroute: {{ receiver: ops }}\nreceivers: [{{ name: ops, {keys} }}]\n"
    );
    let routing = Routing::load("routing.yaml", &text).unwrap_or_else(|error| panic!("{error}"));
    let made = Receiver::from_routing(&routing.receivers[0], &routing.global, Presentation::default());
    made.unwrap_or_else(|error| panic!("{error}")).expect("there is an integration")
}

pub(crate) fn app(server: &HttpServer, more: &str) -> Receiver {
    let api = format!("http://127.0.0.1:{}/cgi-bin", server.port());
    receiver(&format!(
        "wechat_configs: [{{ agent_id: '1000002', api_secret: s3cret, api_url: '{api}', to_party: '2', x-allow-internal: true{more} }}]"
    ))
}

pub(crate) fn robot(server: &HttpServer, more: &str) -> Receiver {
    let url = format!("http://127.0.0.1:{}/cgi-bin/webhook/send", server.port());
    receiver(&format!("x-wecom_robot_configs: [{{ key: k3y, url: '{url}', allow_internal: true{more} }}]"))
}

pub(crate) fn message(receiver: &Receiver) -> Notification {
    Notification { integration: receiver.integrations().swap_remove(0), ..sample() }
}

async fn outcome(receiver: &Receiver) -> Result<String, DeliveryError> {
    receiver.deliver(&message(receiver)).await.map(|receipt| receipt.0)
}

fn asks_for_token(asked: &Asked) -> bool {
    asked.path.starts_with("/cgi-bin/gettoken?")
}

/// A server that gives tokens `t0`, `t1` and so on, and answers messages by their number.
pub(crate) async fn wecom(answer: impl Fn(&Asked, u64) -> Answer + Send + Sync + 'static) -> HttpServer {
    let (tokens, messages) = (AtomicU64::new(0), AtomicU64::new(0));
    HttpServer::start(move |asked, _| match asks_for_token(asked) {
        true => {
            let token = format!("t{}", tokens.fetch_add(1, Ordering::Relaxed));
            Answer::Json(json!({ "errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": 7200 }))
        }
        false => answer(asked, messages.fetch_add(1, Ordering::Relaxed)),
    })
    .await
}

pub(crate) fn said(code: i64) -> Answer {
    Answer::Json(json!({ "errcode": code, "errmsg": "s3cret t0 k3y", "msgid": "m" }))
}

#[tokio::test]
async fn a_token_is_got_once_and_used_for_every_message() {
    let server = wecom(|_, _| said(0)).await;
    let receiver = app(&server, "");
    receiver.probe().await.unwrap();
    for _ in 0..3 {
        outcome(&receiver).await.unwrap();
    }
    let asked = server.asked();
    assert_eq!(asked.iter().filter(|one| asks_for_token(one)).count(), 1);
    assert_eq!(asked[0].path, "/cgi-bin/gettoken?corpid=ww1&corpsecret=s3cret");
    let sent = server.posted();
    assert!(sent.iter().all(|one| one.path == "/cgi-bin/message/send?access_token=t0"));
    let body = sent[0].json();
    for (name, expected) in [
        ("touser", json!("")),
        ("toparty", json!("2")),
        ("agentid", json!(1_000_002)),
        ("msgtype", json!("text")),
        ("enable_duplicate_check", json!(1)),
        ("duplicate_check_interval", json!(14_400)),
    ] {
        assert_eq!(body[name], expected, "{name}");
    }
}

#[tokio::test]
async fn a_token_is_kept_no_longer_than_wecom_says() {
    let server = HttpServer::start(|asked, before| match asks_for_token(asked) {
        true => Answer::Json(json!({ "errcode": 0, "access_token": format!("t{before}"), "expires_in": 0 })),
        false => said(0),
    })
    .await;
    let receiver = app(&server, "");
    outcome(&receiver).await.unwrap();
    outcome(&receiver).await.unwrap();
    let tokens: Vec<String> = server.posted().into_iter().map(|one| one.path).collect();
    assert!(tokens[0].ends_with("=t0") && tokens[1].ends_with("=t2"), "{tokens:?}");
}

#[tokio::test]
async fn a_revoked_token_is_got_anew_once_and_the_message_arrives() {
    for code in [40014, 42001, 41001] {
        let server =
            wecom(move |asked, _| if asked.path.ends_with("=t0") { said(code) } else { said(0) }).await;
        let receiver = app(&server, "");
        outcome(&receiver).await.unwrap();
        outcome(&receiver).await.unwrap();
        let paths: Vec<String> = server.posted().into_iter().map(|one| one.path).collect();
        let ends: Vec<_> = paths.iter().filter_map(|path| path.split('=').nth(1)).collect();
        assert_eq!(ends, ["t0", "t1", "t1"], "{code}");
    }
    let server = wecom(|_, _| said(40014)).await;
    let error = outcome(&app(&server, "")).await.unwrap_err();
    assert!(matches!(error, DeliveryError::Retry { .. }), "{error:?}");
    assert_eq!(server.posted().len(), 2, "not for ever");
}

#[tokio::test]
async fn http_200_is_no_success_where_the_body_has_a_code() {
    let kinds =
        [(45009, "retry 60"), (-1, "retry"), (81013, "dead"), (93000, "dead"), (40001, "dead"), (1, "dead")];
    for (code, expected) in kinds {
        for is_app in [true, false] {
            let server = wecom(move |_, _| said(code)).await;
            let receiver = if is_app { app(&server, "") } else { robot(&server, "") };
            let error = outcome(&receiver).await.unwrap_err();
            let kind = match &error {
                DeliveryError::Retry { after: Some(after), .. } => format!("retry {}", after.as_secs()),
                DeliveryError::Retry { .. } => "retry".to_owned(),
                DeliveryError::Permanent { .. } => "dead".to_owned(),
                DeliveryError::Unknown { .. } => "unknown".to_owned(),
            };
            assert_eq!(kind, expected, "{code}");
            let text = error.to_string();
            assert!(text.contains(&format!("({code})")), "{text}");
            assert!(!["s3cret", "k3y", "t0"].iter().any(|secret| text.contains(secret)), "{text}");
        }
    }
}

#[tokio::test]
async fn what_is_not_wecoms_answer_leaves_it_open_and_a_status_does_not() {
    for (answer, is_unknown) in [
        (Answer::Text("<html>please log in</html>"), true),
        (Answer::Json(json!({ "ok": true })), true),
        (Answer::Status(502, None), false),
    ] {
        let server = wecom(move |_, _| answer.clone()).await;
        let error = outcome(&app(&server, "")).await.unwrap_err();
        assert_eq!(matches!(error, DeliveryError::Unknown { .. }), is_unknown, "{error:?}");
    }
}

#[tokio::test]
async fn a_wrong_secret_sends_nothing_and_says_so() {
    let server = HttpServer::start(|_, _| said(40001)).await;
    let receiver = app(&server, "");
    for error in [outcome(&receiver).await.unwrap_err(), receiver.probe().await.unwrap_err()] {
        assert!(
            matches!(&error, DeliveryError::Permanent { reason } if reason.contains("secret is wrong")),
            "{error:?}"
        );
    }
    assert!(server.posted().is_empty());
    let silent = HttpServer::start(|_, _| Answer::Nothing).await;
    let error = outcome(&app(&silent, ", x-timeout: 200ms")).await.unwrap_err();
    assert!(
        matches!(&error, DeliveryError::Retry { reason, .. } if reason.contains("nothing was sent")),
        "{error:?}"
    );
}

#[tokio::test]
async fn who_was_not_told_stands_in_the_receipt() {
    let server =
        wecom(|_, _| Answer::Json(json!({ "errcode": 0, "invaliduser": "li|wang", "invalidparty": "9" })))
            .await;
    assert_eq!(outcome(&app(&server, "")).await.unwrap(), "taken; not told: users li|wang, departments 9");
}

#[tokio::test]
async fn a_repeat_has_the_same_bytes_for_as_long_as_wecom_knows_them() {
    let server = wecom(|_, _| said(0)).await;
    let receiver = app(&server, "");
    let now = Timestamp::from_seconds(
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64,
    );
    let first = Notification { created: now, ..message(&receiver) };
    let repeat = Notification { possible_repeat: true, attempts: 1, ..first.clone() };
    let old = Notification { created: sample().created, ..repeat.clone() };
    let another = Notification { id: "another0000".to_owned(), ..first.clone() };
    for notification in [&first, &repeat, &old, &another] {
        receiver.deliver(notification).await.unwrap();
    }
    let sent = server.posted();
    assert_eq!(sent[0].body, sent[1].body);
    let text = |place: usize| sent[place].json()["text"]["content"].as_str().unwrap().to_owned();
    assert!(!text(0).contains("possible repeat") && text(2).contains("(possible repeat)"));
    assert_ne!(text(0), text(3), "the same text of another notification is no repeat");
}

#[tokio::test]
async fn a_robot_has_its_key_from_a_file_as_key_or_as_address_and_marks_repeats() {
    let server = wecom(|_, _| said(0)).await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("night-shift.key");
    let url = format!("http://127.0.0.1:{}/cgi-bin/webhook/send", server.port());
    let keys = format!("key_file: {}, url: '{url}', allow_internal: true", file.display());
    let receiver = receiver(&format!("x-wecom_robot_configs: [{{ {keys} }}]"));
    assert_eq!(receiver.integrations(), ["wecom-robot/night-shift"]);
    for content in ["k3y\n".to_owned(), format!("{url}?key=k3y")] {
        std::fs::write(&file, content).unwrap();
        receiver.deliver(&Notification { possible_repeat: true, ..message(&receiver) }).await.unwrap();
    }
    for one in server.posted() {
        assert_eq!(one.path, "/cgi-bin/webhook/send?key=k3y");
        let body = one.json();
        assert_eq!(body["msgtype"], "markdown");
        assert!(body["markdown"]["content"].as_str().unwrap().contains("(possible repeat)"));
    }
}

#[tokio::test]
async fn a_message_whose_answer_is_lost_may_have_arrived() {
    let server = wecom(|_, _| Answer::Nothing).await;
    for receiver in [app(&server, ", x-timeout: 200ms"), robot(&server, ", timeout: 200ms")] {
        let error = outcome(&receiver).await.unwrap_err();
        assert!(matches!(error, DeliveryError::Unknown { .. }), "{error:?}");
    }
}
