//! A small HTTP server that keeps what it is asked and answers by script.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value as Json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What the server answers.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// A status with a header, where one is wanted, and no body.
    Status(u16, Option<(&'static str, String)>),
    /// 200 with JSON.
    Json(Json),
    /// 200 with something else.
    Text(&'static str),
    /// Nothing, ever.
    Nothing,
}

/// What the server was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn json(&self) -> Json {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a header is ASCII here"))
    }
}

type Script = dyn Fn(&Asked, usize) -> Answer + Send + Sync;

/// A running server; it ends with its value.
pub(crate) struct HttpServer {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    _serving: JoinSet<()>,
}

#[derive(Clone)]
struct Shared {
    asked: Arc<Mutex<Vec<Asked>>>,
    script: Arc<Script>,
}

impl HttpServer {
    /// Starts a server whose script is told what it was asked, and how often before.
    pub(crate) async fn start(script: impl Fn(&Asked, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let shared = Shared { asked: asked.clone(), script: Arc::new(script) };
        let router = Router::new().fallback(answer).with_state(shared);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            axum::serve(listener, router).await.expect("the server serves");
        });
        Self { port, asked, _serving: serving }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was posted, in order.
    pub(crate) fn posted(&self) -> Vec<Asked> {
        self.asked().into_iter().filter(|asked| asked.method == "POST").collect()
    }
}

async fn answer(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 16 << 20).await.expect("a body arrives whole").to_vec();
    let path = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let asked = Asked { method: parts.method.to_string(), path, headers: parts.headers, body };
    let before = {
        let mut all = shared.asked.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(asked.clone());
        all.len() - 1
    };
    match (shared.script)(&asked, before) {
        Answer::Status(code, header) => {
            let mut response = Response::builder().status(StatusCode::from_u16(code).expect("a status"));
            if let Some((name, value)) = header {
                response = response.header(name, value);
            }
            response.body(Body::empty()).expect("an answer")
        }
        Answer::Json(json) => axum::Json(json).into_response(),
        Answer::Text(text) => text.into_response(),
        Answer::Nothing => {
            std::future::pending::<()>().await;
            StatusCode::OK.into_response()
        }
    }
}
