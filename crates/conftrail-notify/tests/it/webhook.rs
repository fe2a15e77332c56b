//! Webhooks: what arrives, and what each fault means.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use conftrail_core::alerting::Notification;
use conftrail_core::ports::{DeliveryError, Receiver as _};
use conftrail_engine::Routing;
use conftrail_engine::message::Presentation;
use conftrail_notify::webhook::Receiver;
use conftrail_testkit::servers::Certificates;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::http_server::{Answer, HttpServer};
use crate::samples::sample;

/// Makes the receiver of an entry's keys, given as a flow mapping's inside.
pub(crate) fn receiver(keys: &str) -> Receiver {
    let text = format!(
        "route: {{ receiver: ops }}\nreceivers: [{{ name: ops, webhook_configs: [{{ {keys} }}] }}]\n"
    );
    let routing = Routing::load("routing.yaml", &text).unwrap_or_else(|error| panic!("{error}"));
    let presentation = Presentation {
        external_url: Some("https://conftrail.example".to_owned()),
        ..Presentation::default()
    };
    let made = Receiver::from_routing(&routing.receivers[0], presentation);
    made.unwrap_or_else(|error| panic!("{error}")).expect("there is a webhook")
}

/// A receiver at a server on this machine.
pub(crate) fn at(server: &HttpServer, more: &str) -> Receiver {
    let port = server.port();
    receiver(&format!("url: 'http://127.0.0.1:{port}/hook?token=s3cret', x-allow-internal: true{more}"))
}

pub(crate) fn message(receiver: &Receiver) -> Notification {
    Notification { integration: receiver.integrations().swap_remove(0), ..sample() }
}

async fn outcome(receiver: &Receiver) -> Result<String, DeliveryError> {
    receiver.deliver(&message(receiver)).await.map(|receipt| receipt.0)
}

#[tokio::test]
async fn a_message_is_posted_with_its_id_and_a_repeat_has_the_same() {
    let server = HttpServer::start(|_, _| Answer::Status(202, None)).await;
    let receiver = at(&server, "");
    assert_eq!(outcome(&receiver).await, Ok("202 Accepted".to_owned()));
    let repeat = Notification { possible_repeat: true, ..message(&receiver) };
    receiver.deliver(&repeat).await.unwrap();
    let asked = server.posted();
    for one in &asked {
        assert_eq!(one.header("webhook-id"), Some("4f6b0c0d9e8a"));
        assert_eq!(one.header("content-type"), Some("application/json"));
        assert!(one.header("webhook-timestamp").unwrap().parse::<u64>().unwrap() > 1_700_000_000);
        assert_eq!(one.header("webhook-signature"), None);
        assert!(one.header("user-agent").unwrap().starts_with("conftrail/"));
    }
    assert_eq!(asked[0].json()["possible_repeat"], false);
    assert_eq!(asked[1].json()["possible_repeat"], true);
}

#[tokio::test]
async fn a_signed_message_is_believed_by_whoever_knows_one_of_the_secrets() {
    let server = HttpServer::start(|_, _| Answer::Status(204, None)).await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("secret");
    let keys = [[7_u8; 24], [8_u8; 24]];
    let line = |key: &[u8]| format!("whsec_{}\n", STANDARD.encode(key));
    let receiver = at(&server, &format!(", x-signing: standard-webhooks, x-secret_file: {}", file.display()));
    match outcome(&receiver).await {
        Err(DeliveryError::Retry { reason, .. }) => assert!(reason.contains("x-secret_file"), "{reason}"),
        other => panic!("{other:?}"),
    }
    std::fs::write(&file, line(&keys[0]) + &line(&keys[1])).unwrap();
    outcome(&receiver).await.unwrap();
    std::fs::write(&file, line(&keys[1])).unwrap();
    outcome(&receiver).await.unwrap();

    let asked = server.posted();
    let verified = |place: usize, key: &[u8]| {
        let one = &asked[place];
        let (id, time) = (one.header("webhook-id").unwrap(), one.header("webhook-timestamp").unwrap());
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(format!("{id}.{time}.").as_bytes());
        mac.update(&one.body);
        let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        one.header("webhook-signature").unwrap().split(' ').any(|signature| signature == expected)
    };
    assert!(verified(0, &keys[0]) && verified(0, &keys[1]));
    assert!(!verified(1, &keys[0]) && verified(1, &keys[1]), "a changed file counts at once");
}

#[tokio::test]
async fn a_login_is_read_from_its_file_for_each_message() {
    let server = HttpServer::start(|_, _| Answer::Status(200, None)).await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    let name = file.display();
    for (keys, expected) in [
        (format!("authorization: {{ credentials_file: {name} }}"), "Bearer first"),
        (format!("authorization: {{ type: Token, credentials_file: {name} }}"), "Token first"),
        (format!("bearer_token_file: {name}"), "Bearer first"),
        (format!("basic_auth: {{ username: u, password_file: {name} }}"), "Basic dTpmaXJzdA=="),
    ] {
        std::fs::write(&file, "first\n").unwrap();
        let receiver = at(&server, &format!(", http_config: {{ {keys} }}"));
        outcome(&receiver).await.unwrap();
        assert_eq!(server.posted().last().unwrap().header("authorization"), Some(expected));
        std::fs::write(&file, "second\n").unwrap();
        outcome(&receiver).await.unwrap();
        assert_ne!(server.posted().last().unwrap().header("authorization"), Some(expected));
    }
}

#[tokio::test]
async fn an_answer_says_whether_to_try_again() {
    let soon = httpdate::fmt_http_date(std::time::SystemTime::now() + std::time::Duration::from_secs(90));
    let table = [
        (429, Some(("retry-after", "7".to_owned())), Some(Some(7..=7))),
        (503, Some(("retry-after", soon)), Some(Some(60..=90))),
        (503, Some(("retry-after", "soon".to_owned())), Some(None)),
        (500, None, Some(None)),
        (410, None, None),
        (404, None, None),
        (302, Some(("location", "/elsewhere".to_owned())), None),
        (422, None, None),
    ];
    for (code, header, expected) in table {
        let given = header.clone();
        let server = HttpServer::start(move |_, _| Answer::Status(code, given.clone())).await;
        match (outcome(&at(&server, "")).await, expected) {
            (Err(DeliveryError::Retry { after, reason }), Some(wanted)) => {
                assert!(reason.contains(&code.to_string()), "{reason}");
                let seconds = after.map(|after| after.as_secs());
                assert_eq!(seconds.is_some(), wanted.is_some(), "{code} {header:?}: {seconds:?}");
                assert!(wanted.is_none_or(|range| range.contains(&seconds.unwrap())), "{code}: {seconds:?}");
            }
            (Err(DeliveryError::Permanent { reason }), None) => {
                assert!(reason.contains(&code.to_string()), "{reason}");
            }
            (other, _) => panic!("{code}: {other:?}"),
        }
        assert_eq!(server.asked().len(), 1, "{code}: nothing is followed and nothing sent twice");
    }
}

#[tokio::test]
async fn a_message_that_was_sent_and_not_answered_may_have_arrived() {
    let server = HttpServer::start(|_, _| Answer::Nothing).await;
    let silent = at(&server, ", x-timeout: 300ms");
    let error = outcome(&silent).await.unwrap_err();
    assert!(matches!(&error, DeliveryError::Unknown { reason } if reason.contains("in time")), "{error:?}");
    assert_eq!(server.posted().len(), 1);

    // A server that hangs up after it has read everything.
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut served = tokio::task::JoinSet::new();
    served.spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut read = vec![0; 64 * 1024];
        let _ = stream.read(&mut read).await.unwrap();
    });
    let hangs_up = receiver(&format!("url: 'http://127.0.0.1:{port}/', x-allow-internal: true"));
    let error = outcome(&hangs_up).await.unwrap_err();
    assert!(matches!(&error, DeliveryError::Unknown { reason } if reason.contains("was lost")), "{error:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_gets_it_later() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let gone = receiver(&format!("url: 'http://127.0.0.1:{port}/', x-allow-internal: true"));
    let error = outcome(&gone).await.unwrap_err();
    assert!(matches!(&error, DeliveryError::Retry { reason, .. } if reason.contains("refused")), "{error:?}");
    assert!(gone.probe().await.is_err());
}

#[tokio::test]
async fn a_probe_connects_and_posts_nothing() {
    let server = HttpServer::start(|_, _| Answer::Status(405, None)).await;
    at(&server, "").probe().await.unwrap();
    assert_eq!(server.asked().iter().map(|one| one.method.as_str()).collect::<Vec<_>>(), ["HEAD"]);
}

#[tokio::test]
async fn what_is_secret_in_an_address_is_in_no_error() {
    let server = HttpServer::start(|asked, _| match asked.method.as_str() {
        "POST" => Answer::Nothing,
        _ => Answer::Status(500, None),
    })
    .await;
    let silent = at(&server, ", x-timeout: 200ms");
    let mut said = vec![format!("{:?}", outcome(&silent).await), silent.integrations().join(" ")];
    for keys in [
        "url: 'http://127.0.0.1:1/s3cret', x-allow-internal: true",
        "url: 'http://user:s3cret@no-such-host.invalid/s3cret?token=s3cret'",
        "url: 'http://localhost:1/?token=s3cret'",
    ] {
        said.push(format!("{:?}", outcome(&receiver(keys)).await));
        said.push(format!("{:?}", receiver(keys).probe().await));
    }
    for one in said {
        assert!(!one.contains("s3cret"), "{one}");
    }
}

#[tokio::test]
async fn a_certificate_of_ones_own_authority_is_believed_where_it_is_named() {
    let certificates = Certificates::for_this_machine();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(server_tls(&certificates)));
    let mut served = tokio::task::JoinSet::new();
    served.spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // A client that does not believe us hangs up.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut read = vec![0; 64 * 1024];
            let _ = stream.read(&mut read).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
            let _ = stream.shutdown().await;
        }
    });
    let url = format!("url: 'https://127.0.0.1:{port}/', x-allow-internal: true");
    let error = outcome(&receiver(&url)).await.unwrap_err();
    assert!(matches!(&error, DeliveryError::Retry { reason, .. } if reason.contains("ca_file")), "{error:?}");
    let ca = certificates.ca_file().display();
    let believing = receiver(&format!("{url}, http_config: {{ tls_config: {{ ca_file: {ca} }} }}"));
    outcome(&believing).await.unwrap();
}

fn server_tls(certificates: &Certificates) -> rustls::ServerConfig {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let chain = CertificateDer::pem_file_iter(certificates.cert_file()).unwrap();
    let chain = chain.collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_file(certificates.key_file()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    builder.with_single_cert(chain, key).unwrap()
}
