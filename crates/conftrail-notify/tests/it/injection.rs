//! Somebody on the way to the mail server who adds answers to the plain phase (CVE-2011-0411).

use conftrail_core::ports::Receiver as _;
use conftrail_notify::mail::{Config, TlsMode};
use conftrail_testkit::servers::{SmtpOptions, SmtpSink, SmtpTls};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::delivery::retried;
use crate::samples::{clear, notification, receiver};

/// Everything a client that reads ahead would need to believe that its mail was taken.
const INJECTED: &[u8] = b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n";

/// Passes bytes on both ways, and puts [`INJECTED`] behind the answer to STARTTLS.
async fn pass_on(listener: TcpListener, server: u16) {
    while let Ok((client, _)) = listener.accept().await {
        let upstream = TcpStream::connect(("127.0.0.1", server)).await.expect("the sink listens");
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = upstream.into_split();
        let answers = async {
            let mut chunk = vec![0; 4096];
            let mut ready_answers = 0;
            while let Ok(length @ 1..) = from_server.read(&mut chunk).await {
                let mut bytes = chunk[..length].to_vec();
                ready_answers += usize::from(bytes.starts_with(b"220 "));
                if ready_answers == 2 {
                    bytes.extend_from_slice(INJECTED);
                    ready_answers += 1;
                }
                if to_client.write_all(&bytes).await.is_err() {
                    break;
                }
            }
        };
        tokio::select! {
            () = answers => {}
            _ = copy(&mut from_client, &mut to_server) => {}
        }
    }
}

#[tokio::test]
async fn answers_put_behind_starttls_never_count_as_the_servers() {
    let sink = SmtpSink::start(SmtpOptions { tls: SmtpTls::Starttls, ..SmtpOptions::default() }).await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
    let port = listener.local_addr().expect("a bound socket has an address").port();
    let mut proxy = JoinSet::new();
    proxy.spawn(pass_on(listener, sink.port()));

    let through =
        |port| Config { tls: TlsMode::Starttls, ca_file: Some(sink.ca_file().to_owned()), ..clear(port) };
    let direct = receiver(through(sink.port()));
    direct.probe().await.expect("without the proxy all is well");
    let receiver = receiver(through(port));
    let reason = retried(
        receiver.deliver(&notification(&receiver)).await.expect_err("the answers were not the server's"),
    );
    assert!(reason.contains("no TLS"), "{reason}");
    assert!(sink.mails().is_empty());
}
