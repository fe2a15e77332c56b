//! The API's metrics.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// Why a caller was turned away.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusal {
    /// No token came along.
    Missing,
    /// Nobody has this token.
    Unknown,
    /// The token was revoked or has ended.
    Ended,
    /// The token's role does not suffice.
    Role,
    /// The token has a row filter, which cannot divide what was asked for.
    Filter,
    /// The token asks too often.
    Rate,
}

impl Refusal {
    const ALL: [Self; 6] = [Self::Missing, Self::Unknown, Self::Ended, Self::Role, Self::Filter, Self::Rate];

    fn label(self) -> RefusalLabel {
        let reason = match self {
            Self::Missing => "missing",
            Self::Unknown => "unknown",
            Self::Ended => "ended",
            Self::Role => "role",
            Self::Filter => "filter",
            Self::Rate => "rate",
        };
        RefusalLabel { reason }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabel {
    reason: &'static str,
}

/// The counters of the API of one process.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    refusals: Family<RefusalLabel, Counter>,
}

impl Metrics {
    /// Makes the metrics and registers them.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        let help = "Requests that were turned away for their token";
        registry.register("api_refusals", help, metrics.refusals.clone());
        // A rate needs the zero that it starts from.
        for reason in Refusal::ALL {
            drop(metrics.refusals.get_or_create(&reason.label()));
        }
        metrics
    }

    pub(crate) fn refused(&self, reason: Refusal) {
        self.refusals.get_or_create(&reason.label()).inc();
    }
}
