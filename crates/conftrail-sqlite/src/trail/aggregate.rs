//! How many events there are, by field and by time.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use conftrail_core::ports::{Aggregate, AggregateRequest, Bucket, Facet, Histogram};
use conftrail_core::query::{EventView, Field, matches};
use conftrail_core::{Event, Timestamp};
use rusqlite::{Connection, Row};

use crate::error::Error;
use crate::trail::columns::{self, COUNTED};
use crate::trail::compile::Plan;
use crate::trail::rollup::{self, DAY, HOUR};
use crate::trail::route::{self, Purpose, Route};
use crate::trail::sample::Sample;
use crate::trail::scan;
use crate::trail::search::read_event;

const MICROS: i64 = 1_000_000;
/// Columns of a place precede a row's own.
const FIRST_COLUMN: usize = 5;

/// Counts events.
///
/// # Errors
/// `Rejected` for a field that does not exist or a histogram without width.
pub(super) fn aggregate(
    connection: &Connection,
    request: &AggregateRequest,
    now: Timestamp,
) -> Result<Aggregate, Error> {
    let mut tally = Tally::new(request)?;
    let plan = Plan::new(&request.query, (request.since, request.until), now);
    match whole_days(&plan).filter(|_| plan.is_everything() && tally.is_kept_by_day()) {
        Some((first, end)) => {
            let (start_of, end_of) = (first.saturating_mul(DAY), end.saturating_mul(DAY));
            if plan.since.is_some_and(|since| since < start_of) {
                let before = Plan { until: Some(start_of), ..plan.clone() };
                tally.count_each(connection, request, &before, now)?;
            }
            tally.add_days(connection, (first, end))?;
            if plan.until.is_some_and(|until| end_of < until) {
                let after = Plan { since: Some(end_of), ..plan };
                tally.count_each(connection, request, &after, now)?;
            }
        }
        None => tally.count_each(connection, request, &plan, now)?,
    }
    Ok(tally.finish(request))
}

/// Returns the first whole day of a plan's time and the day after the last one; none when there is no whole day.
fn whole_days(plan: &Plan) -> Option<(i64, i64)> {
    let first = plan
        .since
        .map_or(i64::MIN / DAY, |since| since.div_euclid(DAY) + i64::from(since.rem_euclid(DAY) > 0));
    let end = plan.until.map_or(i64::MAX / DAY, |until| until.div_euclid(DAY));
    if first < end { Some((first, end)) } else { None }
}

/// Where a facet's values are found.
enum Source {
    /// At this place among the selected columns.
    Column(usize),
    /// In the flags' column, at this place.
    Flags(usize),
    /// In the event itself.
    Body,
}

struct FacetTally {
    name: String,
    field: Field,
    source: Source,
    counts: HashMap<String, u64>,
}

impl FacetTally {
    fn add(&mut self, value: &str, count: u64) {
        match self.counts.get_mut(value) {
            Some(known) => *known += count,
            None => {
                self.counts.insert(value.to_owned(), count);
            }
        }
    }
}

/// Collects the answer.
struct Tally {
    total: u64,
    columns: Vec<&'static str>,
    facets: Vec<FacetTally>,
    /// The width in microseconds.
    width: Option<i64>,
    slices: BTreeMap<i64, u64>,
    /// Whether a sample stands for the whole.
    estimated: bool,
}

impl Tally {
    fn new(request: &AggregateRequest) -> Result<Self, Error> {
        let mut columns: Vec<&'static str> = Vec::new();
        let mut facets = Vec::with_capacity(request.facets.len());
        for name in &request.facets {
            let field = Field::named(name).ok_or(Error::Rejected("count by a field that does not exist"))?;
            let source = match (&field, columns::of_field(&field)) {
                (Field::Flags, _) => Source::Flags(FIRST_COLUMN + columns.len()),
                (_, Some(_)) => Source::Column(FIRST_COLUMN + columns.len()),
                (_, None) => Source::Body,
            };
            match &source {
                Source::Flags(_) => columns.push("flags"),
                Source::Column(_) => columns.extend(columns::of_field(&field).map(|column| column.name)),
                Source::Body => {}
            }
            facets.push(FacetTally { name: name.clone(), field, source, counts: HashMap::new() });
        }
        let width = match request.histogram {
            Some(0) => return Err(Error::Rejected("count by slices of no width")),
            Some(seconds) => Some(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(MICROS)),
            None => None,
        };
        Ok(Self { total: 0, columns, facets, width, slices: BTreeMap::new(), estimated: false })
    }

    /// Says whether the counts kept by day and hour answer everything that is asked.
    fn is_kept_by_day(&self) -> bool {
        let by_hour = self.width.is_none_or(|width| width % HOUR == 0);
        by_hour && self.facets.iter().all(|facet| COUNTED.contains(&facet.field))
    }

    fn add_days(&mut self, connection: &Connection, days: (i64, i64)) -> Result<(), Error> {
        rollup::each_hour(connection, days, |hour, count| {
            self.total += count;
            if let Some(width) = self.width {
                *self.slices.entry(hour.saturating_mul(HOUR).div_euclid(width)).or_default() += count;
            }
        })?;
        for facet in &mut self.facets {
            let field = facet.field.clone();
            rollup::each_value(connection, &field, days, |value, count| facet.add(value, count))?;
        }
        Ok(())
    }

    fn count_each(
        &mut self,
        connection: &Connection,
        request: &AggregateRequest,
        plan: &Plan,
        now: Timestamp,
    ) -> Result<(), Error> {
        let route = route::choose(connection, plan, scan::keys(plan), Purpose::Count)?;
        if !route.exact || self.facets.iter().any(|facet| matches!(facet.source, Source::Body)) {
            return self.count_read(connection, request, plan, &route, now);
        }
        let columns = self.columns.clone();
        scan::each_row(connection, plan, &route, &columns, &mut |row| {
            self.add(row)?;
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Counts what only the events themselves tell: all of them, or a sample where reading all would take long.
    fn count_read(
        &mut self,
        connection: &Connection,
        request: &AggregateRequest,
        plan: &Plan,
        route: &Route,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut sample = Sample::default();
        scan::each_row(connection, plan, route, &[], &mut |row| {
            sample.offer(row.get(FIRST_COLUMN - 1)?);
            Ok(ControlFlow::Continue(()))
        })?;
        for key in sample.keys() {
            let (event, _) = read_event(connection, *key)?;
            if route.exact || matches(&request.query, &EventView::new(&event, now)) {
                self.add_event(&event, now);
            }
        }
        self.extrapolate(&sample);
        if route.exact {
            self.total = sample.offered();
        }
        Ok(())
    }

    /// Scales what a sample says up to everything.
    fn extrapolate(&mut self, sample: &Sample) {
        if sample.is_everything() {
            return;
        }
        self.estimated = true;
        self.total = sample.scaled(self.total);
        let of_facets = self.facets.iter_mut().flat_map(|facet| facet.counts.values_mut());
        of_facets.chain(self.slices.values_mut()).for_each(|count| *count = sample.scaled(*count));
    }

    fn add_event(&mut self, event: &Event, now: Timestamp) {
        self.total += 1;
        if let Some(width) = self.width {
            *self.slices.entry(event.time.micros().div_euclid(width)).or_default() += 1;
        }
        for facet in &mut self.facets {
            let mut values = Vec::new();
            EventView::new(event, now).each_value(&facet.field, |value| values.push(value.into_owned()));
            each_once(&values, |value| facet.add(value, 1));
        }
    }

    fn add(&mut self, row: &Row<'_>) -> Result<(), Error> {
        self.total += 1;
        if let Some(width) = self.width {
            let time: i64 = row.get(0)?;
            *self.slices.entry(time.div_euclid(width)).or_default() += 1;
        }
        for facet in &mut self.facets {
            match facet.source {
                Source::Column(at) => {
                    let value = row.get_ref(at)?.as_str_or_null().map_err(rusqlite::Error::from)?;
                    if let Some(value) = value {
                        facet.add(value, 1);
                    }
                }
                Source::Flags(at) => {
                    let flags = row.get_ref(at)?.as_str_or_null().map_err(rusqlite::Error::from)?;
                    let flags: Vec<&str> = flags.unwrap_or_default().split_ascii_whitespace().collect();
                    each_once(&flags, |flag| facet.add(flag, 1));
                }
                // Read with the event, or not at all.
                Source::Body => {}
            }
        }
        Ok(())
    }

    fn finish(self, request: &AggregateRequest) -> Aggregate {
        let facets = self
            .facets
            .into_iter()
            .map(|facet| Facet { field: facet.name, buckets: most_frequent(facet.counts, request.top) });
        let histogram = self.width.zip(request.histogram).map(|(width, seconds)| Histogram {
            width: seconds,
            buckets: self
                .slices
                .iter()
                .map(|(slice, count)| Bucket {
                    key: Timestamp::from_micros(slice.saturating_mul(width)).to_string(),
                    count: *count,
                })
                .collect(),
        });
        Aggregate { total: self.total, facets: facets.collect(), histogram, estimated: self.estimated }
    }
}

/// Hands out each different value: an event with a value twice is one event.
fn each_once<T: AsRef<str> + PartialEq>(values: &[T], mut each: impl FnMut(&str)) {
    for (index, value) in values.iter().enumerate() {
        if !values[..index].contains(value) {
            each(value.as_ref());
        }
    }
}

fn most_frequent(counts: HashMap<String, u64>, top: usize) -> Vec<Bucket> {
    let mut buckets: Vec<Bucket> = counts.into_iter().map(|(key, count)| Bucket { key, count }).collect();
    buckets.sort_unstable_by(|one, other| other.count.cmp(&one.count).then_with(|| one.key.cmp(&other.key)));
    buckets.truncate(top);
    buckets
}
