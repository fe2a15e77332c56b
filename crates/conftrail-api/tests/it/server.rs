//! A running API with the query suite's events in its trail and a token of each role.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use conftrail_api::{Api, Config, Metrics, Parts, Reloaded, token_hash};
use conftrail_core::mask::{MaskKey, MaskRules, Masker};
use conftrail_core::own::{Act, Role, Token};
use conftrail_core::ports::{AuditWriter as _, OwnAudit as _, Tokens as _};
use conftrail_core::{Action, Event, EventId, PortResult, ResourceKind, Timestamp};
use conftrail_sqlite::{ControlStore, Options, Trail};
use conftrail_testkit::queries;
use prometheus_client::registry::Registry;
use reqwest::{Method, StatusCode};
use serde_json::Value as Json;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::faulty::Faulty;

/// The resource of the one event of conftrail's own audit.
pub(crate) const OWN_RESOURCE: &str = "conftrail:conftrail/token/ci";

/// A running API.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) control: ControlStore,
    pub(crate) trail: Arc<Faulty>,
    /// What falls behind.
    pub(crate) behind: Arc<Mutex<Vec<(String, String)>>>,
    /// How often an act was announced, and a requeued notification.
    pub(crate) notices: Arc<[AtomicUsize; 2]>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) serving: JoinSet<std::io::Result<()>>,
    client: reqwest::Client,
    prefix: String,
    _directory: TempDir,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) kind: String,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Json {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {}", self.text))
    }

    /// Checks that this is a refusal and returns its problem details.
    pub(crate) fn problem(&self, status: u16) -> Json {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.kind, "application/problem+json", "{}", self.text);
        let problem = self.json();
        assert_eq!(problem["status"], status);
        problem
    }

    /// Checks that this is an answer and returns it.
    pub(crate) fn ok(&self) -> Json {
        assert!(self.status.is_success(), "{} {}", self.status, self.text);
        self.json()
    }
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(None).await
    }

    pub(crate) async fn with(external_url: Option<&str>) -> Self {
        let external_url = external_url.map(str::to_owned);
        Self::configured(Config { external_url, ..Config::default() }).await
    }

    pub(crate) async fn configured(config: Config) -> Self {
        let directory = TempDir::new().unwrap();
        let options = Options::default();
        let keep = Duration::from_secs(3600);
        let control = ControlStore::open(directory.path(), keep, &options).unwrap();
        let trail = Trail::open(directory.path(), &options).unwrap();
        trail.write(&events()).await.unwrap();
        for role in [Role::Viewer, Role::Operator, Role::Auditor, Role::Admin] {
            add_token(&control, role.as_str(), role, None).await;
        }
        let trail = Arc::new(Faulty::new(trail));
        let behind = Arc::new(Mutex::new(Vec::new()));
        let notices = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
        let mut registry = Registry::with_prefix("conftrail");
        let metrics = Metrics::register(&mut registry);
        let masker = Masker::new(MaskKey::new([7; 32]), &MaskRules::default()).unwrap();
        let notice = |index: usize| {
            let notices = Arc::clone(&notices);
            move || {
                notices[index].fetch_add(1, Ordering::Relaxed);
            }
        };
        let parts = Parts {
            reader: trail.clone(),
            control: Arc::new(control.clone()),
            masker: Arc::new(masker),
            registry: Arc::new(registry),
            metrics,
            readiness: {
                let behind = Arc::clone(&behind);
                Arc::new(move || behind.lock().unwrap().clone())
            },
            prover: Arc::new(|id| Ok(Some(format!("the proof of {id}")))),
            acted: Arc::new(notice(0)),
            requeued: Arc::new(notice(1)),
            reload: Arc::new(looks()),
        };
        assert_eq!(config.validate(), Vec::<String>::new());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let mut serving = JoinSet::new();
        serving.spawn(Api::new(parts, &config).serve(listener, shutdown.clone()));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let prefix = config.prefix();
        Self {
            address,
            control,
            trail,
            behind,
            notices,
            shutdown,
            serving,
            client,
            prefix,
            _directory: directory,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{}{path}", self.address, self.prefix)
    }

    /// Asks with the token called `token`; an empty name sends none.
    pub(crate) async fn ask(&self, method: Method, path: &str, token: &str, body: Option<Json>) -> Answer {
        let mut request = self.client.request(method, self.url(path));
        if !token.is_empty() {
            request = request.bearer_auth(secret(token));
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        self.send(request).await
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let kind = headers.get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        Answer { status, kind: kind.unwrap_or_default(), headers, text: response.text().await.unwrap() }
    }

    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        self.ask(Method::GET, path, token, None).await
    }

    /// Returns the acts after the four that made the tokens.
    pub(crate) async fn acts(&self) -> Vec<Act> {
        let acts = self.control.acts_after(4, 1000).await.unwrap();
        acts.into_iter().map(|(_, act)| act).collect()
    }
}

/// Returns the secret of the token with a name.
pub(crate) fn secret(name: &str) -> String {
    format!("ct_secret-of-{name}")
}

pub(crate) async fn add_token(control: &ControlStore, name: &str, role: Role, expires: Option<Timestamp>) {
    create(control, name, role, expires, None).await;
}

/// Makes a token that sees the events of a query only.
pub(crate) async fn add_filtered(control: &ControlStore, name: &str, role: Role, filter: &str) {
    create(control, name, role, None, Some(filter)).await;
}

async fn create(
    control: &ControlStore,
    name: &str,
    role: Role,
    expires: Option<Timestamp>,
    filter: Option<&str>,
) {
    let token = Token {
        name: name.to_owned(),
        role,
        filter: filter.map(str::to_owned),
        hash: token_hash(&secret(name)),
        created: Timestamp::from_seconds(1_795_000_000),
        expires,
        revoked: None,
    };
    control.create_token(&token, &act(name)).await.unwrap();
}

pub(crate) fn act(name: &str) -> Act {
    Act {
        time: Timestamp::from_seconds(1_795_000_000),
        actor: "test".to_owned(),
        via: "process".to_owned(),
        action: Action::Create,
        kind: ResourceKind::Token,
        name: name.to_owned(),
        before: None,
        after: None,
        message: None,
    }
}

/// Returns the suite's events and one of conftrail's own audit, in log order.
pub(crate) fn events() -> Vec<Arc<Event>> {
    let mut events = queries::events();
    let update = events.iter().find(|event| event.action == Action::Update);
    let mut own = update.unwrap().clone();
    own.id = EventId::derive(own.time, "conftrail", "1", 0);
    Arc::make_mut(&mut own.source).kind = Arc::from("conftrail");
    Arc::make_mut(&mut own.source).name = Arc::from("conftrail");
    own.resource.id = OWN_RESOURCE.to_owned();
    own.resource.kind = ResourceKind::Token;
    own.resource.name = "ci".into();
    let last = events.last().unwrap().log.unwrap();
    own.log = Some(conftrail_core::Order { offset: last.offset + 1, ..last });
    events.push(own);
    events.into_iter().map(Arc::new).collect()
}

/// The first look finds an error, later ones find nothing new.
fn looks() -> impl Fn() -> Pin<Box<dyn Future<Output = PortResult<Reloaded>> + Send>> + Send + Sync {
    let looks = AtomicUsize::new(0);
    move || {
        let first = looks.fetch_add(1, Ordering::Relaxed) == 0;
        let refused = || Reloaded::Refused("rules/a.yaml:4:5: a rule has no key `mtach`".to_owned());
        Box::pin(async move { Ok(if first { refused() } else { Reloaded::Unchanged }) })
    }
}
