//! Values that want to be a mention, a link, a heading or a header, in every channel: none ever is.

use conftrail_core::Value;
use conftrail_core::alerting::Notification;
use conftrail_core::ports::Receiver;
use conftrail_notify::mail;
use conftrail_testkit::servers::{SmtpOptions, SmtpSink};
use serde_json::Value as Json;

use crate::http_server::{Answer, HttpServer};
use crate::samples::{DEADLINE, alice, clear, evidence, replace, sample};
use crate::{webhook, wecom};

/// All of about the same length, so that a message with one has the lines of a message with another.
const HOSTILE: [&str; 20] = [
    "@all look at this, everybody!!!!",
    "<@all> look at this, everybody!!",
    "<@zhangsan> <@U024BE7LH> please!",
    "@everyone @here @channel come on",
    "<!channel> <!here> <!subteam^S1>",
    "<at user_id=\"all\">everyone</at>!",
    "<font color=\"warning\">red</font>",
    "[click](https://evil.example/x?)",
    "![img](https://evil.example/i.g)",
    "https://evil.example/login?a=b&c",
    "<a href=\"https://evil.ex\">x</a>!",
    "<img src=x onerror=alert(1)>!!!!",
    "<script>alert(document)</script>",
    "a\r\nBcc: evil@example.com\r\nX-A: b",
    "a\n# Heading\n> quote\n- list item",
    "\u{2028}# line\u{2029}separators\u{85}count too",
    "\u{202e}txt.exe\u{202c}\u{200b}\u{2066}hidden\u{2069}\u{feff}!!!!!!",
    "`code` **bold** ~~gone~~ _it_ *i*",
    "\", \"injected\": true, \"a\": \"b\\\"{",
    "&lt;@all&gt; &#64;all &#x3c;@all",
];
const HARMLESS: &str = "nothing that anybody could mind!";

/// Puts a value wherever a message has one.
fn with(value: &str) -> Notification {
    let mut notification = sample();
    let told = &mut notification.announcement;
    told.summary = value.to_owned();
    told.owner = Some(value.to_owned());
    told.labels = [("alertname".to_owned(), value.to_owned())].into();
    told.annotations = [("hint".to_owned(), value.to_owned())].into();
    let mut actor = alice();
    (actor.name, actor.login) = (Some(value.into()), Some(format!("{value}2").into()));
    (actor.client, actor.ip) = (Some(value.into()), Some(value.into()));
    let mut one = evidence(actor, vec![replace(value, Value::Int(1), value.into())]);
    one.resource.id = value.to_owned();
    one.resource.env = Some(value.into());
    if let Some(reason) = &mut one.reason {
        (reason.ticket, reason.approver, reason.message) =
            (Some(value.into()), Some(value.into()), Some(value.into()));
    }
    one.flags = vec![value.into()];
    one.detail = [("cause".to_owned(), value.to_owned())].into();
    told.events = vec![one];
    notification
}

/// What a channel made of a message, as far as a value could have changed it.
#[derive(Debug, PartialEq)]
struct Shape {
    /// Names of headers, tags, keys: whatever has a meaning there.
    parts: Vec<String>,
    lines: usize,
}

fn hidden(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The tags of HTML but the marks of what differs, and where links lead.
fn html_shape(html: &str) -> Shape {
    let names =
        html.split('<').skip(1).map(|tag| tag.split([' ', '>']).next().unwrap_or_default().to_owned());
    let links =
        html.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default().to_owned());
    let parts = names.filter(|name| name != "b" && name != "/b").chain(links).collect();
    assert!(!html.contains(hidden), "{html}");
    Shape { parts, lines: 0 }
}

/// What WeCom gives a meaning to, in every text and in markdown.
fn wecom_shape(text: &str, kind: &str) -> Shape {
    assert!(!text.contains(hidden), "{text}");
    let everywhere = ["<", "@", "://", "&lt", "&#"];
    let in_markdown = ["](", "`", "**", "~~"].into_iter().filter(|_| kind == "markdown");
    let signs = everywhere.into_iter().chain(in_markdown);
    let counted = signs.map(|sign| format!("{sign} {}", text.matches(sign).count()));
    let headings = text.lines().filter(|line| line.starts_with('#')).count();
    let parts = counted.chain([format!("headings {headings}")]).collect();
    Shape { parts, lines: text.lines().count() }
}

fn json_shape(json: &Json, path: &str, parts: &mut Vec<String>) {
    match json {
        Json::Object(entries) => {
            entries.iter().for_each(|(key, value)| json_shape(value, &format!("{path}.{key}"), parts))
        }
        Json::Array(items) => items.iter().for_each(|item| json_shape(item, &format!("{path}[]"), parts)),
        _ => parts.push(path.to_owned()),
    }
}

async fn deliver(receiver: &impl Receiver, notification: Notification) {
    let integration = receiver.integrations().swap_remove(0);
    receiver
        .deliver(&Notification { integration, ..notification })
        .await
        .expect("the server takes everything");
}

/// Returns what mail made of a value: headers, HTML, text.
async fn by_mail(value: &str) -> Vec<(&'static str, Shape)> {
    let sink = SmtpSink::start(SmtpOptions::default()).await;
    let receiver =
        mail::Receiver::new(clear(sink.port()), Default::default()).expect("the configuration is right");
    deliver(&receiver, with(value)).await;
    let mail = sink.wait_for(1, DEADLINE).await.swap_remove(0);
    let raw = String::from_utf8_lossy(&mail.raw()).into_owned();
    let head = raw.split("\r\n\r\n").next().unwrap_or_default();
    let names = head.lines().filter(|line| !line.starts_with([' ', '\t']));
    let names = names.map(|line| line.split(':').next().unwrap_or_default().to_owned()).collect();
    let (html, text) = (mail.html.as_deref().expect("HTML"), mail.text.as_deref().expect("text"));
    assert!(!text.contains(hidden), "{text}");
    vec![
        ("mail headers", Shape { parts: names, lines: mail.to.len() }),
        ("mail html", html_shape(html)),
        ("mail text", Shape { parts: Vec::new(), lines: text.lines().count() }),
    ]
}

/// Returns what each form of webhook made of a value: the keys of its JSON, and the headers.
async fn by_webhook(value: &str) -> Vec<(&'static str, Shape)> {
    let template =
        r#", x-template: '{"a": "{{summary}}", "b": [{{#each events}}"{{who}} {{ticket}}"{{/each}}]}'"#;
    let forms = [
        ("webhook native", ""),
        ("webhook alertmanager", ", x-format: alertmanager"),
        ("webhook cloudevents", ", x-format: cloudevents"),
        ("webhook template", template),
    ];
    let mut shapes = Vec::new();
    for (name, keys) in forms {
        let server = HttpServer::start(|_, _| Answer::Status(200, None)).await;
        deliver(&webhook::at(&server, keys), with(value)).await;
        let asked = server.posted().swap_remove(0);
        let mut parts: Vec<String> = asked.headers.keys().map(ToString::to_string).collect();
        json_shape(&asked.json(), "", &mut parts);
        shapes.push((name, Shape { parts, lines: 0 }));
    }
    shapes
}

/// Returns what each form of WeCom made of a value.
async fn by_wecom(value: &str) -> Vec<(&'static str, Shape)> {
    let template = ", template: 'Look: {{summary}} {{#each events}}{{who}} {{what}}{{/each}}'";
    let server = wecom::wecom(|_, _| wecom::said(0)).await;
    let receivers = [
        ("WeCom application text", wecom::app(&server, "")),
        ("WeCom application markdown", wecom::app(&server, ", message_type: markdown")),
        ("WeCom robot text", wecom::robot(&server, ", message_type: text")),
        ("WeCom robot markdown", wecom::robot(&server, "")),
        ("WeCom robot template", wecom::robot(&server, template)),
    ];
    let mut shapes = Vec::new();
    for (name, receiver) in receivers {
        deliver(&receiver, with(value)).await;
        let body = server.posted().last().expect("it was posted").json();
        let kind = body["msgtype"].as_str().expect("a kind").to_owned();
        assert_eq!(body.as_object().expect("an object").get("mentioned_list"), None);
        shapes.push((name, wecom_shape(body[&kind]["content"].as_str().expect("a text"), &kind)));
    }
    shapes
}

async fn shapes(value: &str) -> Vec<(&'static str, Shape)> {
    let mut all = by_mail(value).await;
    all.extend(by_webhook(value).await);
    all.extend(by_wecom(value).await);
    all
}

#[tokio::test]
async fn no_value_is_ever_a_mention_a_link_a_heading_or_a_header() {
    let expected = shapes(HARMLESS).await;
    let mut compared = 0;
    let mut changed = Vec::new();
    for value in HOSTILE {
        for ((channel, found), (_, harmless)) in shapes(value).await.into_iter().zip(&expected) {
            compared += 1;
            if found != *harmless {
                changed.push(format!("{channel}, {value:?}: {found:?} instead of {harmless:?}"));
            }
        }
    }
    let total = HOSTILE.len() * expected.len();
    assert_eq!((compared, changed), (total, Vec::<String>::new()), "{compared} of {total}");
}
