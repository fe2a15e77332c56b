//! A mail server that says what a script says, for answers that no honest server gives.

use conftrail_core::ports::{DeliveryError, Receiver as _};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::delivery::retried;
use crate::samples::{clear, notification, receiver};

/// Answers each line with the first entry whose beginning fits; `.` fits the end of a message.
type Script = &'static [(&'static str, &'static str)];

async fn serve(listener: TcpListener, greeting: &str, script: Script) {
    while let Ok((stream, _)) = listener.accept().await {
        let mut lines = BufReader::new(stream);
        let mut in_message = false;
        let mut answer = greeting;
        loop {
            if answer == HANG_UP || lines.get_mut().write_all(answer.as_bytes()).await.is_err() {
                break;
            }
            let mut bytes = Vec::new();
            if lines.read_until(b'\n', &mut bytes).await.unwrap_or(0) == 0 {
                break;
            }
            let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
            if in_message && line != "." {
                answer = "";
                continue;
            }
            let asked = if in_message { "." } else { line.as_str() };
            answer = script
                .iter()
                .find(|(start, _)| asked.starts_with(start))
                .map_or("502 what?\r\n", |(_, said)| said);
            in_message = answer.starts_with("354");
        }
    }
}

const HANG_UP: &str = "hang up";
const EHLO: (&str, &str) = ("EHLO", "250 ok\r\n");
const MAIL: (&str, &str) = ("MAIL", "250 ok\r\n");
const RCPT: (&str, &str) = ("RCPT", "250 ok\r\n");
const DATA: (&str, &str) = ("DATA", "354 go\r\n");

/// Delivers to a scripted server in clear.
async fn outcome(greeting: &'static str, script: Script) -> DeliveryError {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
    let port = listener.local_addr().expect("a bound socket has an address").port();
    let mut server = JoinSet::new();
    server.spawn(serve(listener, greeting, script));
    let receiver = receiver(clear(port));
    receiver.deliver(&notification(&receiver)).await.expect_err("the script refuses")
}

#[tokio::test]
async fn what_is_wrong_with_the_server_or_the_sender_waits_for_a_person() {
    let table: [(&str, Script, &str); 6] = [
        ("554 go away\r\n", &[], "turned us away: 554"),
        ("220 hello\r\n", &[("EHLO", "550 not you\r\n")], "turned us away: 550"),
        (
            "220 hello\r\n",
            &[EHLO, ("MAIL", "550 5.7.1 not your address\r\n")],
            "refused the sender: 550 5.7.1",
        ),
        ("220 hello\r\n", &[EHLO, MAIL, ("RCPT", "530 5.7.0 log in first\r\n")], "for now: 530"),
        ("220 hello\r\n", &[EHLO, ("MAIL", HANG_UP)], "lost before the message"),
        ("220 hello\r\n", &[EHLO, MAIL, RCPT, ("DATA", HANG_UP)], "lost before the message"),
    ];
    for (greeting, script, expected) in table {
        let reason = retried(outcome(greeting, script).await);
        assert!(reason.contains(expected), "{expected}: {reason}");
    }
}

#[tokio::test]
async fn an_answer_to_the_message_decides_and_a_lost_one_leaves_it_open() {
    let refused =
        outcome("220 hello\r\n", &[EHLO, MAIL, RCPT, DATA, (".", "554 5.7.1 spam: alice changed 1 key\r\n")]);
    match refused.await {
        DeliveryError::Permanent { reason } => {
            assert!(reason.ends_with("554 5.7.1"), "nothing of the message stands in the reason: {reason}");
        }
        other => panic!("{other:?}"),
    }
    let busy = outcome("220 hello\r\n", &[EHLO, MAIL, RCPT, DATA, (".", "452 4.3.1 disk full\r\n")]).await;
    assert!(retried(busy).contains("452 4.3.1"));
    for lost in [HANG_UP, "gibberish\r\n"] {
        let script: Script = Box::leak(Box::new([EHLO, MAIL, RCPT, DATA, (".", lost)]));
        let open = outcome("220 hello\r\n", script).await;
        assert!(matches!(open, DeliveryError::Unknown { .. }), "{open:?}");
    }
}
