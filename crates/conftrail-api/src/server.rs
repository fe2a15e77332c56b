//! Serving connections, with limits on what a stranger can take: how many, how slow, how large.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Connections at a time; more wait in the system's queue.
const MOST_CONNECTIONS: usize = 1024;
/// A request's line and headers together, in bytes; more is refused with status 431.
const LARGEST_HEADERS: usize = 64 * 1024;
/// How long a client may take to send its headers.
const SLOWEST_HEADERS: Duration = Duration::from_secs(30);
/// How long requests may go on after the shutdown.
const GRACE: Duration = Duration::from_secs(10);
/// The wait after the system could not hand out a connection, such as when it is out of file handles.
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);

/// Serves until `shutdown`, then lets requests finish.
pub(crate) async fn serve(
    routes: Router,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> io::Result<()> {
    let permits = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => break,
            (stream, permit) = accept(&listener, &permits) => {
                connections.spawn(attend(stream, routes.clone(), shutdown.clone(), permit));
            }
            Some(_ended) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
    drop(listener);
    let finished = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, finished).await.is_err() {
        tracing::warn!(connections = connections.len(), "requests were cut off at the shutdown");
        connections.shutdown().await;
    }
    Ok(())
}

/// Waits for a connection. Cancel-safe.
async fn accept(listener: &TcpListener, permits: &Arc<Semaphore>) -> (TcpStream, OwnedSemaphorePermit) {
    let permit = Arc::clone(permits).acquire_owned().await.expect("nobody closes this semaphore");
    loop {
        match listener.accept().await {
            Ok((stream, _from)) => {
                // Without it small answers wait for the client's acknowledgement; where it fails they do.
                let _ = stream.set_nodelay(true);
                return (stream, permit);
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(error = error.to_string(), "cannot accept a connection, will try again");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Answers the requests of one connection; holds the permit as long.
async fn attend(
    stream: TcpStream,
    routes: Router,
    shutdown: CancellationToken,
    _permit: OwnedSemaphorePermit,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(SLOWEST_HEADERS).max_buf_size(LARGEST_HEADERS);
    let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes));
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error = error.to_string(), "a connection ended early");
    }
}
