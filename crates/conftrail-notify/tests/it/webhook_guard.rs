//! Addresses that a webhook must not reach.

use conftrail_core::ports::{DeliveryError, Receiver as _};

use crate::http_server::{Answer, HttpServer};
use crate::webhook::{message, receiver};

async fn reached(server: &HttpServer, keys: &str) -> Result<(), String> {
    let receiver = receiver(keys);
    let delivered = receiver.deliver(&message(&receiver)).await;
    let told = server.asked().len();
    match delivered {
        Ok(_) if told == 1 => Ok(()),
        Err(DeliveryError::Retry { reason, .. }) if told == 0 => Err(reason),
        other => panic!("{keys}: {other:?}, asked {told} times"),
    }
}

#[tokio::test]
async fn this_machine_is_reached_only_where_that_is_allowed_by_name_and_by_number() {
    let allowed = [
        (", x-allow-internal: true", true),
        (", x-allow-internal: [127.0.0.0/8, '::1']", true),
        (", x-allow-internal: [10.0.0.0/8]", false),
        (", x-allow-internal: false", false),
        ("", false),
    ];
    for host in ["localhost", "127.0.0.1", "127.1", "0x7f000001", "[::ffff:127.0.0.1]"] {
        for (keys, is_allowed) in allowed {
            let server = HttpServer::start(|_, _| Answer::Status(200, None)).await;
            let port = server.port();
            let outcome = reached(&server, &format!("url: 'http://{host}:{port}/'{keys}")).await;
            assert_eq!(outcome.is_ok(), is_allowed, "{host}{keys}: {outcome:?}");
            if let Err(reason) = outcome {
                assert!(reason.contains("allow it with `x-allow-internal: true`"), "{reason}");
            }
        }
    }
}

#[tokio::test]
async fn an_address_of_a_file_is_looked_at_as_any_other() {
    let server = HttpServer::start(|_, _| Answer::Status(200, None)).await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("url");
    std::fs::write(&file, format!("http://127.0.0.1:{}/\n", server.port())).unwrap();
    let refused = reached(&server, &format!("url_file: {}", file.display())).await;
    assert!(refused.unwrap_err().contains("x-allow-internal"));
    std::fs::write(&file, "http://169.254.169.254/latest/meta-data\n").unwrap();
    let refused = reached(&server, &format!("url_file: {}", file.display())).await;
    assert!(refused.unwrap_err().contains("169.254.169.254"));
}
