//! What each failure of a mail server means for a notification.

use conftrail_core::Period;
use conftrail_core::alerting::Notification;
use conftrail_core::ports::{DeliveryError, Receiver as _};
use conftrail_notify::mail::Config;
use conftrail_testkit::servers::{SmtpOptions, SmtpSink};

use crate::delivery::retried;
use crate::samples::{DEADLINE, clear, notification, receiver, sample};

fn for_address(address: &str) -> Notification {
    Notification { id: address.replace(['@', '.'], "-"), integration: format!("email/{address}"), ..sample() }
}

#[tokio::test]
async fn one_refused_recipient_is_given_up_and_the_others_get_theirs() {
    let reject = vec!["gone@example.com".to_owned()];
    let sink = SmtpSink::start(SmtpOptions { reject, ..SmtpOptions::default() }).await;
    let to = ["a@example.com", "gone@example.com", "b@example.com"].map(str::to_owned).to_vec();
    let receiver = receiver(Config { to, ..clear(sink.port()) });
    assert_eq!(
        receiver.integrations(),
        ["email/a@example.com", "email/gone@example.com", "email/b@example.com"]
    );
    receiver.deliver(&for_address("a@example.com")).await.unwrap();
    match receiver.deliver(&for_address("gone@example.com")).await {
        Err(DeliveryError::Permanent { reason }) => assert!(reason.contains("550 5.1.1"), "{reason}"),
        other => panic!("{other:?}"),
    }
    receiver.deliver(&for_address("b@example.com")).await.unwrap();
    let recipients: Vec<String> =
        sink.wait_for(2, DEADLINE).await.into_iter().flat_map(|mail| mail.to).collect();
    assert_eq!(recipients, ["a@example.com", "b@example.com"]);
}

#[tokio::test]
async fn greylisting_is_a_retry_that_succeeds_later() {
    let sink = SmtpSink::start(SmtpOptions { defer: 1, ..SmtpOptions::default() }).await;
    let receiver = receiver(clear(sink.port()));
    let reason = retried(receiver.deliver(&notification(&receiver)).await.unwrap_err());
    assert!(reason.contains("451 4.7.1"), "{reason}");
    receiver.deliver(&notification(&receiver)).await.unwrap();
    assert_eq!(sink.wait_for(1, DEADLINE).await.len(), 1);
}

#[tokio::test]
async fn a_message_without_an_answer_may_have_arrived_and_its_repeat_is_marked() {
    let sink = SmtpSink::start(SmtpOptions { hang_after_data: 1, ..SmtpOptions::default() }).await;
    let receiver = receiver(Config { timeout: Period::seconds(1), ..clear(sink.port()) });
    let first = notification(&receiver);
    match receiver.deliver(&first).await {
        Err(DeliveryError::Unknown { reason }) => assert!(reason.contains("in time"), "{reason}"),
        other => panic!("{other:?}"),
    }
    receiver.deliver(&Notification { possible_repeat: true, ..first }).await.unwrap();
    let mails = sink.wait_for(2, DEADLINE).await;
    let ids: Vec<_> = mails.iter().map(|mail| mail.header("Message-ID")).collect();
    assert_eq!(ids[0], ids[1], "the second is the first to whoever looks for doubles");
    assert!(!mails[0].answered && mails[1].answered);
    assert!(mails[1].header("Subject").unwrap().contains("possible repeat"));
    assert!(mails[1].text.as_deref().unwrap().starts_with("(possible repeat) "));
}

#[tokio::test]
async fn a_server_that_is_down_or_says_nothing_is_a_retry() {
    let mut sink = SmtpSink::start(SmtpOptions::default()).await;
    let receiver =
        receiver(Config { timeout: Period(std::time::Duration::from_millis(300)), ..clear(sink.port()) });
    sink.sigstop();
    let reason = retried(receiver.deliver(&notification(&receiver)).await.unwrap_err());
    assert!(reason.contains("nothing was sent"), "{reason}");
    sink.sigcont();
    sink.stop().await;
    let reason = retried(receiver.deliver(&notification(&receiver)).await.unwrap_err());
    assert!(reason.contains("refused"), "{reason}");
    retried(receiver.probe().await.unwrap_err());
}

#[tokio::test]
async fn a_recipient_that_left_the_configuration_is_given_up() {
    let receiver = receiver(clear(1));
    let outcome = receiver.deliver(&for_address("former@example.com")).await;
    assert!(matches!(outcome, Err(DeliveryError::Permanent { .. })), "{outcome:?}");
}
