//! The SMTP handle against a real server, spoken to by hand.

use std::time::Duration;

use conftrail_testkit::servers::{SmtpOptions, SmtpSink, SmtpTls};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

const DEADLINE: Duration = Duration::from_secs(20);

/// A connection that sends one line at a time.
struct Conversation(BufReader<TcpStream>);

impl Conversation {
    async fn open(sink: &SmtpSink) -> Self {
        let mut conversation = Self(BufReader::new(
            TcpStream::connect(("127.0.0.1", sink.port())).await.expect("the sink keeps the connection"),
        ));
        assert_eq!(conversation.answer().await, "220");
        conversation
    }

    /// Sends a line and returns the code of the answer.
    async fn say(&mut self, line: &str) -> String {
        self.0
            .get_mut()
            .write_all(format!("{line}\r\n").as_bytes())
            .await
            .expect("the sink keeps the connection");
        self.answer().await
    }

    async fn answer(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await.expect("the sink keeps the connection");
            if line.get(3..4) != Some("-") {
                return line.get(..3).unwrap_or_default().to_owned();
            }
        }
    }

    async fn say_all(&mut self, lines: &[&str]) -> Vec<String> {
        let mut codes = Vec::new();
        for line in lines {
            codes.push(self.say(line).await);
        }
        codes
    }
}

const MAIL: &str = "Subject: =?utf-8?q?h=C3=A9?=\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nwörld\r\n.";

#[tokio::test]
async fn a_mail_is_kept_with_envelope_headers_and_text() {
    let sink = SmtpSink::start(SmtpOptions::default()).await;
    let mut to = Conversation::open(&sink).await;
    let codes = to.say_all(&["EHLO me.test", "MAIL FROM:<a@x>", "RCPT TO:<b@x>", "DATA", MAIL]).await;
    assert_eq!(codes, ["250", "250", "250", "354", "250"]);
    let mails = sink.wait_for(1, DEADLINE).await;
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    assert_eq!(
        (mail.from.as_str(), mail.to.as_slice(), mail.answered),
        ("a@x", ["b@x".to_owned()].as_slice(), true)
    );
    assert_eq!(
        (mail.header("subject"), mail.text.as_deref(), mail.tls),
        (Some("hé"), Some("wörld\r\n"), false)
    );
    assert!(mail.raw().starts_with(b"Subject: =?utf-8"));
}

#[tokio::test]
async fn recipients_are_refused_for_good_for_now_and_on_the_first_attempt() {
    let options = SmtpOptions {
        reject: vec!["gone@x".to_owned()],
        tempfail: vec![("busy@x".to_owned(), None), ("soon@x".to_owned(), Some(2))],
        defer: 1,
        ..SmtpOptions::default()
    };
    let sink = SmtpSink::start(options).await;
    let mut to = Conversation::open(&sink).await;
    to.say_all(&["EHLO me.test", "MAIL FROM:<a@x>"]).await;
    let recipients = ["RCPT TO:<gone@x>", "RCPT TO:<busy@x>", "RCPT TO:<soon@x>", "RCPT TO:<new@x>"];
    assert_eq!(to.say_all(&recipients).await, ["550", "451", "451", "451"]);
    assert_eq!(to.say_all(&recipients).await, ["550", "451", "451", "250"]);
    assert_eq!(to.say_all(&recipients).await, ["550", "451", "250", "250"]);
}

#[tokio::test]
async fn a_server_with_starttls_and_login_refuses_mail_without_them() {
    let login = Some(("user".to_owned(), "secret".to_owned()));
    let sink = SmtpSink::start(SmtpOptions { tls: SmtpTls::Starttls, login, ..SmtpOptions::default() }).await;
    assert!(sink.ca_file().exists());
    let mut to = Conversation::open(&sink).await;
    assert_eq!(to.say_all(&["EHLO me.test", "MAIL FROM:<a@x>", "STARTTLS"]).await, ["250", "530", "220"]);

    let login = Some(("user".to_owned(), "secret".to_owned()));
    let plain = SmtpSink::start(SmtpOptions { login, ..SmtpOptions::default() }).await;
    let mut to = Conversation::open(&plain).await;
    // base64 of NUL user NUL password: a wrong one and the right one.
    let attempts = [
        "EHLO me.test",
        "MAIL FROM:<a@x>",
        "AUTH PLAIN AHVzZXIAd3Jvbmc=",
        "AUTH PLAIN AHVzZXIAc2VjcmV0",
        "MAIL FROM:<a@x>",
    ];
    assert_eq!(to.say_all(&attempts).await, ["250", "530", "535", "235", "250"]);
}

#[tokio::test]
async fn a_mail_without_an_answer_is_kept_as_such_and_a_stopped_server_comes_back_on_its_port() {
    let mut sink = SmtpSink::start(SmtpOptions { hang_after_data: 1, ..SmtpOptions::default() }).await;
    let mut to = Conversation::open(&sink).await;
    to.say_all(&["EHLO me.test", "MAIL FROM:<a@x>", "RCPT TO:<b@x>", "DATA"]).await;
    to.0.get_mut().write_all(format!("{MAIL}\r\n").as_bytes()).await.unwrap();
    assert!(!sink.wait_for(1, DEADLINE).await[0].answered);

    sink.stop().await;
    assert!(TcpStream::connect(("127.0.0.1", sink.port())).await.is_err());
    sink.start_again_with(SmtpOptions::default()).await;
    let mut again = Conversation::open(&sink).await;
    again.say_all(&["EHLO me.test", "MAIL FROM:<a@x>", "RCPT TO:<b@x>", "DATA", MAIL]).await;
    let answered: Vec<(u64, bool)> =
        sink.wait_for(2, DEADLINE).await.iter().map(|mail| (mail.seq, mail.answered)).collect();
    assert_eq!(answered, [(1, false), (2, true)]);
}
