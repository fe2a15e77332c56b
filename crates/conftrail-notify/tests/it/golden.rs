//! What people read, as a real mail server decoded it. `UPDATE_GOLDEN=1` writes the files anew; review them like code.

use std::collections::BTreeMap;
use std::path::PathBuf;

use conftrail_core::alerting::{Announcement, Notification};
use conftrail_core::ports::Receiver as _;
use conftrail_core::{Action, Actor, Authority, Binding, Change, ChangeOp, Map, Reason, Value};
use conftrail_engine::Language;
use conftrail_engine::message::Presentation;
use conftrail_notify::mail::Receiver;
use conftrail_testkit::servers::{Mail, SmtpOptions, SmtpSink};

use crate::samples::{DEADLINE, add, alice, claims_alice, clear, evidence, remove, replace, sample};

/// Sends and returns what arrived.
async fn arrived(notification: &Notification, presentation: Presentation) -> Mail {
    let sink = SmtpSink::start(SmtpOptions::default()).await;
    let receiver = Receiver::new(clear(sink.port()), presentation).expect("the configuration is right");
    receiver.deliver(notification).await.expect("the sink takes everything");
    sink.wait_for(1, DEADLINE).await.swap_remove(0)
}

fn check(name: &str, mail: &Mail) {
    for (suffix, body) in [("txt", &mail.text), ("html", &mail.html)] {
        let body = body.as_deref().expect("a mail has a text and an HTML part").replace("\r\n", "\n");
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/golden/{name}.{suffix}"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&file, &body).expect("write a golden file");
        }
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(body, expected, "{}", file.display());
    }
}

fn with(change: impl FnOnce(&mut Announcement)) -> Notification {
    let mut notification = sample();
    change(&mut notification.announcement);
    notification
}

/// Several changes by several people, with everything a message can show.
fn full() -> Notification {
    with(|told| {
        let secret = Change {
            sensitive: true,
            ..replace(
                "token",
                "hmac-sha256:0123abcd:0123456789ab".into(),
                "hmac-sha256:0123abcd:ba9876543210".into(),
            )
        };
        let list = Value::List([Value::Int(1), "x".into()].into());
        let claimed = evidence(
            claims_alice(),
            vec![
                replace("enabled", Value::Bool(false), Value::Bool(true)),
                add("retry.max", Value::Int(5)),
                secret,
            ],
        );
        let mut unknown =
            evidence(Actor::default(), vec![remove("hosts", list), replace("note", Value::Null, "".into())]);
        unknown.reason = None;
        unknown.flags = vec!["unlogged".into(), "partial_image".into()];
        unknown.action = Action::Delete;
        unknown.change_count = 7;
        let mut gap = evidence(
            Actor {
                name: Some("root".into()),
                binding: Binding::Heuristic,
                authority: Authority::None,
                ..Actor::default()
            },
            Vec::new(),
        );
        gap.action = Action::Gap;
        gap.detail = BTreeMap::from([
            ("cause".to_owned(), "purged".to_owned()),
            ("from".to_owned(), "binlog.3".to_owned()),
        ]);
        gap.reason = Some(Reason { ticket: Some("CHG-7".into()), ..Reason::default() });
        told.events.extend([claimed, unknown, gap]);
        told.total = 41;
        told.late = true;
        told.annotations = BTreeMap::from([("impact".to_owned(), "checkout may refuse orders".to_owned())]);
    })
}

#[tokio::test]
async fn a_change_by_a_known_person_is_told_with_diff_ticket_and_what_to_put_back() {
    check("one", &arrived(&sample(), Presentation::default()).await);
}

#[tokio::test]
async fn several_changes_are_told_with_who_is_believed_and_how_many_are_left_out() {
    let notification = Notification { possible_repeat: true, ..full() };
    let presentation = Presentation {
        external_url: Some("https://conftrail.example".to_owned()),
        ..Presentation::default()
    };
    let mail = arrived(&notification, presentation).await;
    assert!(mail.header("Subject").unwrap().ends_with("(41 changes)"), "{:?}", mail.header("Subject"));
    assert!(mail.text.as_deref().unwrap().contains("app@10.0.0.% claims alice"));
    check("several", &mail);
}

#[tokio::test]
async fn chinese_arrives_as_it_was_written() {
    let notification = with(|told| {
        told.summary = "张伟 修改了 限流规则".to_owned();
        told.labels = BTreeMap::from([("环境".to_owned(), "生产".to_owned())]);
        let zhang = Actor { name: Some("张伟".into()), ..alice() };
        told.events = vec![evidence(zhang, vec![replace("限流.阈值", "一百".into(), "五百，临时".into())])];
        told.total = 2;
    });
    let presentation = Presentation { language: Language::Chinese, ..Presentation::default() };
    let mail = arrived(&notification, presentation).await;
    assert_eq!(mail.header("Subject"), Some("[CRITICAL] 张伟 修改了 限流规则（共 2 项变更）"));
    check("chinese", &mail);
}

#[tokio::test]
async fn of_long_values_people_see_where_they_differ() {
    let url = |pool: &str| {
        format!(
            "jdbc:mysql://{}db1:3306/shop?{}pool={pool}&tls=true",
            "replica-".repeat(60),
            "a=b&".repeat(80)
        )
    };
    let sentence =
        |limit: &str| format!("{}限流阈值{limit}👩‍👩‍👧🇨🇳{}", "订单服务".repeat(150), "请勿修改".repeat(150));
    let mask = |end: &str| format!("hmac-sha256:0123abcd:0123456789{end}");
    let with_mask = |end: &str| format!("{}{}{}", "k=v ".repeat(100), mask(end), " k=v".repeat(100));
    let notification = with(|told| {
        told.events = vec![evidence(
            alice(),
            vec![
                replace("datasource.url", url("10").into(), url("50").into()),
                replace("提示", sentence("一百").into(), sentence("五百").into()),
                replace("options", with_mask("ab").into(), with_mask("cd").into()),
                replace(
                    "spring.cloud.gateway.routes[12].predicates[0].args.pattern".repeat(3).as_str(),
                    "1".into(),
                    "2".into(),
                ),
                add("blob", "0123456789abcdef".repeat(100).into()),
            ],
        )];
    });
    let mail = arrived(&notification, Presentation::default()).await;
    let text = mail.text.as_deref().unwrap();
    for part in
        ["pool=10&tls=true → …", "限流阈值一百👩‍👩‍👧🇨🇳请勿", "限流阈值五百👩‍👩‍👧🇨🇳请勿", &mask("ab"), &mask("cd")]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
    check("long", &mail);
}

#[tokio::test]
async fn content_from_outside_is_shown_and_never_obeyed() {
    let notification = with(|told| {
        let hostile = "<script>alert(1)</script> @all\r\nBcc: evil@example.com\r\n\r\n.\r\nQUIT";
        told.summary = hostile.to_owned();
        told.labels = BTreeMap::from([("\"><img src=x>".to_owned(), hostile.to_owned())]);
        told.owner = Some(hostile.to_owned());
        told.rule = "set/<b>\r\nX-Evil: 1".to_owned();
        told.runbook = Some("javascript:alert(1)".to_owned());
        let named = Actor { name: Some(hostile.into()), ..alice() };
        told.events =
            vec![evidence(named, vec![replace("<b>a</b>", hostile.into(), "\u{202e}gnp.exe".into())])];
    });
    let mail = arrived(&notification, Presentation::default()).await;
    let subject = mail.header("Subject").unwrap();
    assert!(subject.starts_with("[CRITICAL] <script>") && !subject.contains(['\r', '\n']), "{subject}");
    assert_eq!((mail.header("Bcc"), mail.header("X-Evil")), (None, None));
    let html = mail.html.as_deref().unwrap();
    for tag in ["<script", "<img", "<b>a", "href=\"javascript", "\u{202e}"] {
        assert!(!html.contains(tag), "{tag}");
    }
    check("hostile", &mail);
}

#[tokio::test]
async fn a_message_stays_within_its_size_whatever_it_has_to_tell() {
    let big = "\u{7}<&\"'`=限".repeat(400);
    let notification = with(|told| {
        let change = |number: usize| Change {
            path: format!("{number}{big}").into(),
            op: ChangeOp::Replace,
            before: Some(Value::Map(Map::from_iter([(big.as_str().into(), big.as_str().into())]))),
            after: Some(big.as_str().into()),
            sensitive: false,
        };
        let mut one =
            evidence(Actor { name: Some(big.clone().into()), ..alice() }, (0..20).map(change).collect());
        one.reason = Some(Reason {
            ticket: Some(big.clone().into()),
            message: Some(big.clone().into()),
            ..Reason::default()
        });
        one.flags = vec![big.clone().into(); 100];
        one.detail = (0..100).map(|number| (format!("{number}{big}"), big.clone())).collect();
        told.events = vec![one; 20];
        told.total = 20;
        told.labels = (0..100).map(|number| (format!("{number}{big}"), big.clone())).collect();
        told.annotations = told.labels.clone();
        told.summary = big.clone();
        told.owner = Some(big.clone());
        told.runbook = Some(big.clone());
    });
    let mail = arrived(&notification, Presentation::default()).await;
    assert!(mail.raw().len() <= 256 * 1024, "{}", mail.raw().len());
    let text = mail.text.as_deref().unwrap();
    assert!(text.contains('…') && text.contains("more"), "what is left out is said");
}
