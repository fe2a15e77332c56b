//! What arrives at a real mail server.

use conftrail_core::Secret;
use conftrail_core::alerting::Notification;
use conftrail_core::ports::{DeliveryError, Receiver as _};
use conftrail_notify::mail::{Config, TlsMode};
use conftrail_testkit::servers::{Certificates, SmtpOptions, SmtpSink, SmtpTls};

use crate::samples::{DEADLINE, TO, clear, notification, receiver, sample};

fn tls_options(tls: SmtpTls) -> SmtpOptions {
    SmtpOptions { tls, login: Some(("conftrail".to_owned(), "s3cret".to_owned())), ..SmtpOptions::default() }
}

fn over_tls(sink: &SmtpSink, tls: TlsMode) -> Config {
    Config {
        tls,
        ca_file: Some(sink.ca_file().to_owned()),
        username: Some("conftrail".to_owned()),
        password: Some(Secret::new("s3cret".to_owned())),
        ..clear(sink.port())
    }
}

#[tokio::test]
async fn a_mail_carries_the_notification_id_and_the_thread_of_its_group() {
    let sink = SmtpSink::start(SmtpOptions::default()).await;
    let config = Config { hello: Some("conftrail.corp.example".to_owned()), ..clear(sink.port()) };
    let receiver = receiver(config);
    let receipt = receiver.deliver(&notification(&receiver)).await.unwrap();
    assert!(receipt.0.starts_with("250 "), "{receipt:?}");
    let mail = sink.wait_for(1, DEADLINE).await.swap_remove(0);
    assert_eq!(
        (mail.from.as_str(), mail.to.as_slice()),
        ("conftrail@corp.example", [TO.to_owned()].as_slice())
    );
    assert_eq!(mail.helo, "conftrail.corp.example");
    let headers = [
        ("Message-ID", "<4f6b0c0d9e8a@corp.example>"),
        ("References", "<9c2e@corp.example>"),
        ("In-Reply-To", "<9c2e@corp.example>"),
        ("Subject", "[CRITICAL] alice changed 1 key of feature_flags/42"),
        ("Auto-Submitted", "auto-generated"),
        ("X-Conftrail-Alert", "a1f0"),
        ("X-Conftrail-Rule", "production/limit-raised"),
        ("From", "Conftrail <conftrail@corp.example>"),
        ("To", TO),
        ("Date", "Fri, 20 Nov 2026 10:00:10 +0000"),
    ];
    for (name, expected) in headers {
        assert_eq!(mail.header(name), Some(expected), "{name}");
    }
}

#[tokio::test]
async fn mail_goes_over_starttls_and_over_implicit_tls_with_a_login() {
    for (server, client) in [(SmtpTls::Starttls, TlsMode::Starttls), (SmtpTls::Implicit, TlsMode::Implicit)] {
        let sink = SmtpSink::start(tls_options(server)).await;
        let receiver = receiver(over_tls(&sink, client));
        receiver.probe().await.unwrap();
        assert!(sink.mails().is_empty(), "a probe sends nothing");
        receiver.deliver(&notification(&receiver)).await.unwrap();
        let mail = sink.wait_for(1, DEADLINE).await.swap_remove(0);
        assert_eq!((mail.tls, mail.auth.as_deref()), (true, Some("conftrail")), "{client:?}");
    }
}

#[tokio::test]
async fn a_password_is_read_from_its_file_when_it_is_needed() {
    let sink = SmtpSink::start(tls_options(SmtpTls::Starttls)).await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("password");
    let config =
        Config { password: None, password_file: Some(file.clone()), ..over_tls(&sink, TlsMode::Starttls) };
    let receiver = receiver(config);
    let reason = retried(receiver.probe().await.unwrap_err());
    assert!(reason.contains(&format!("password_file {}", file.display())), "{reason}");
    std::fs::write(&file, "s3cret\n").unwrap();
    receiver.probe().await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_authority_wait_for_a_person_and_send_nothing() {
    let sink = SmtpSink::start(tls_options(SmtpTls::Starttls)).await;
    let wrong = Some(Secret::new("guess".to_owned()));
    let wrong_password = receiver(Config { password: wrong, ..over_tls(&sink, TlsMode::Starttls) });
    let reason = retried(wrong_password.deliver(&notification(&wrong_password)).await.unwrap_err());
    assert!(reason.contains("refused the login: 535") && !reason.contains("guess"), "{reason}");

    let strangers = Certificates::for_this_machine();
    let implicit = SmtpSink::start(tls_options(SmtpTls::Implicit)).await;
    for (server, tls) in [(&sink, TlsMode::Starttls), (&implicit, TlsMode::Implicit)] {
        let config = Config { ca_file: Some(strangers.ca_file().to_owned()), ..over_tls(server, tls) };
        let unknown_authority = receiver(config);
        let reason = retried(unknown_authority.deliver(&notification(&unknown_authority)).await.unwrap_err());
        assert!(
            reason.contains("invalid peer certificate") && reason.contains("ca_file"),
            "{tls:?}: {reason}"
        );
        assert!(server.mails().is_empty());
    }
}

#[tokio::test]
async fn a_server_without_starttls_gets_nothing_in_clear() {
    let sink = SmtpSink::start(SmtpOptions::default()).await;
    let receiver = receiver(Config { tls: TlsMode::Starttls, ..clear(sink.port()) });
    let reason = retried(receiver.deliver(&notification(&receiver)).await.unwrap_err());
    assert!(reason.contains("offers no STARTTLS"), "{reason}");
    assert!(sink.mails().is_empty());
}

#[tokio::test]
async fn connections_are_used_again_and_a_dead_one_is_noticed() {
    let mut sink = SmtpSink::start(SmtpOptions::default()).await;
    let receiver = receiver(clear(sink.port()));
    for id in ["one", "two"] {
        receiver.deliver(&Notification { id: id.to_owned(), ..sample() }).await.unwrap();
    }
    sink.stop().await;
    sink.start_again().await;
    receiver.deliver(&Notification { id: "three".to_owned(), ..sample() }).await.unwrap();
    assert_eq!(sink.wait_for(3, DEADLINE).await.len(), 3);
}

pub(crate) fn retried(error: DeliveryError) -> String {
    match error {
        DeliveryError::Retry { reason, .. } => reason,
        other => panic!("not a retry: {other:?}"),
    }
}
