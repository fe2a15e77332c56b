//! The routes of `/api/v1`, each put down once: how it is asked for, who may, and what answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, delete, get, post};
use conftrail_core::own::Role;

use crate::access::{Need, authorize};
use crate::api::Shared;

/// One route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Served {
    /// `get`, `post` or `delete`.
    pub(crate) method: &'static str,
    /// The path below `/api/v1`.
    pub(crate) path: &'static str,
    /// The least role.
    pub(crate) role: Role,
    /// Whether tokens with a row filter may ask.
    pub(crate) by_rows: bool,
}

/// Routes of one role. A route is refused to tokens with a row filter unless it is put down after [`Routes::by_rows`]: a
/// new one cannot show too much by being forgotten.
pub(crate) struct Routes {
    role: Role,
    by_rows: bool,
    found: Vec<(Served, MethodRouter<Arc<Shared>>)>,
}

impl Routes {
    /// Begins the routes that need at least a role.
    pub(crate) fn of(role: Role) -> Self {
        Self { role, by_rows: false, found: Vec::new() }
    }

    /// What follows shows each caller only the events of its row filter.
    pub(crate) fn by_rows(mut self) -> Self {
        self.by_rows = true;
        self
    }

    /// Adds a `GET`.
    pub(crate) fn get<H: Handler<T, Arc<Shared>>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.with("get", path, get(handler))
    }

    /// Adds a `POST`.
    pub(crate) fn post<H: Handler<T, Arc<Shared>>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.with("post", path, post(handler))
    }

    /// Adds a `DELETE`.
    pub(crate) fn delete<H: Handler<T, Arc<Shared>>, T: 'static>(
        self,
        path: &'static str,
        handler: H,
    ) -> Self {
        self.with("delete", path, delete(handler))
    }

    fn with(mut self, method: &'static str, path: &'static str, route: MethodRouter<Arc<Shared>>) -> Self {
        self.found.push((Served { method, path, role: self.role, by_rows: self.by_rows }, route));
        self
    }
}

/// Returns what is served, for the document.
pub(crate) fn served(all: &[Routes]) -> Vec<Served> {
    all.iter().flat_map(|routes| routes.found.iter().map(|(served, _)| *served)).collect()
}

/// Joins routes into one router in which each is guarded by what it needs.
pub(crate) fn guarded(all: Vec<Routes>, shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    let mut by_need: BTreeMap<(Role, bool), Router<Arc<Shared>>> = BTreeMap::new();
    for (served, route) in all.into_iter().flat_map(|routes| routes.found) {
        let router = by_need.entry((served.role, !served.by_rows)).or_default();
        *router = std::mem::take(router).route(served.path, route);
    }
    let guard = |((role, whole), router): ((Role, bool), Router<Arc<Shared>>)| {
        let need = Need { role, whole };
        router.route_layer(from_fn_with_state((Arc::clone(shared), need), authorize))
    };
    by_need.into_iter().map(guard).fold(Router::new(), Router::merge)
}
