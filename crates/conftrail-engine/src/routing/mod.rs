//! The routing file: who is told what, when, and how findings are put together.
//!
//! Alertmanager's syntax and meaning; keys of Alertmanager that are not built yet are refused with their
//! position rather than ignored. Keys that Alertmanager lacks begin with `x-`.
//!
//! Format: <https://prometheus.io/docs/alerting/latest/configuration/>.

mod check;
mod export;
mod file;
mod later;
mod problem;
mod receivers;
mod route;
mod routes;
mod tree;

pub use file::Routing;
pub(crate) use file::keys;
pub use problem::RoutingProblem;
pub use receivers::{EmailConfig, Global, ReceiverConfig, TlsConfig};
pub use route::{OnMute, RouteConfig};
pub use routes::{GroupBy, ListedRoute, Route, Routes};
