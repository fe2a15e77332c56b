//! `/events:aggregate`: how many events there are, by field and by time.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use conftrail_core::Timestamp;
use conftrail_core::ports::{AggregateRequest, AuditReader as _};
use serde::Deserialize;

use crate::access::Caller;
use crate::api::Shared;
use crate::parameters::{self, Params};
use crate::problem::Problem;
use crate::reading::Reading;
use crate::wire::AggregateBody;
use crate::{clock, reading, reply};

/// Facets of one request.
const MOST_FACETS: usize = 10;
/// Values of one facet.
pub(super) const MOST_VALUES: usize = 1_000;
/// Values of one facet when nothing is said.
pub(super) const DEFAULT_VALUES: usize = 20;
/// Slices of time in one histogram.
const MOST_SLICES: u64 = 200_000;
/// 2010-01-01T00:00:00Z: no event is older.
const EARLIEST: Timestamp = Timestamp::from_seconds(1_262_304_000);

/// The same as the body's keys; facets are joined by commas.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Aggregate {
    q: Option<String>,
    since: Option<String>,
    until: Option<String>,
    facets: Option<String>,
    top: Option<usize>,
    histogram: Option<u64>,
}

/// Counts what the URL asks for.
pub(super) async fn by_url(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Params(asked): Params<Aggregate>,
) -> Result<Response, Problem> {
    let facets = asked.facets.iter().flat_map(|facets| facets.split(',')).map(str::to_owned).collect();
    let Aggregate { q, since, until, facets: _, top, histogram } = asked;
    count(&shared, &caller, AggregateBody { q, since, until, facets, top, histogram }).await
}

/// Counts what the body asks for.
pub(super) async fn by_body(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Response, Problem> {
    count(&shared, &caller, parameters::body(&body)?).await
}

async fn count(shared: &Shared, caller: &Caller, asked: AggregateBody) -> Result<Response, Problem> {
    let text = asked.q.as_deref().unwrap_or("*");
    let query = parameters::query(Some(text))?;
    let since = parameters::time("since", asked.since.as_deref())?;
    let until = parameters::time("until", asked.until.as_deref())?;
    let top = asked.top.unwrap_or(DEFAULT_VALUES);
    if !(1..=MOST_VALUES).contains(&top) {
        return Err(Problem::parameter("top", format!("must be 1 to {MOST_VALUES}")));
    }
    if asked.facets.len() > MOST_FACETS {
        return Err(Problem::parameter("facets", format!("must be at most {MOST_FACETS}")));
    }
    for facet in &asked.facets {
        parameters::field("facets", facet)?;
    }
    if let Some(width) = asked.histogram {
        check_width(width, since, until)?;
    }
    let reading = Reading::new("aggregate", text).between(asked.since.as_deref(), asked.until.as_deref());
    let request =
        AggregateRequest { query, since, until, facets: asked.facets, top, histogram: asked.histogram };
    let counted = caller.sight(shared).aggregate(request).await?;
    reading::record(shared, caller, &reading, usize::try_from(counted.total).unwrap_or(usize::MAX)).await?;
    reply::large(counted).await
}

/// Refuses a histogram that could have more slices than anyone reads.
pub(super) fn check_width(
    width: u64,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
) -> Result<(), Problem> {
    let span = until.unwrap_or_else(clock::now).since(since.unwrap_or(EARLIEST)).as_secs();
    match span.checked_div(width) {
        None => Err(Problem::parameter("histogram", "must be a number of seconds above 0")),
        Some(slices) if slices > MOST_SLICES => {
            let least = span / MOST_SLICES + 1;
            Err(Problem::parameter(
                "histogram",
                format!("must be at least {least} seconds for so long a time"),
            ))
        }
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_is_as_fine_as_its_time_is_short() {
        let at = |seconds| Some(Timestamp::from_seconds(seconds));
        let from = 1_795_000_000;
        assert!(check_width(0, at(from), at(from + 10)).is_err());
        assert!(check_width(1, at(from), at(from + 3600)).is_ok());
        assert!(check_width(1, at(from), at(from + 86_400 * 30)).is_err());
        assert!(check_width(1, None, None).is_err());
        assert!(check_width(3600, None, None).is_ok());
        assert!(check_width(1, at(from + 10), at(from)).is_ok(), "an empty time has no slices");
    }
}
