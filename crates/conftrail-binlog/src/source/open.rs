//! Opening: where to go on, what was lost in between, and the parts of a reader.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use conftrail_core::capture::Draft;
use conftrail_core::mask::Masker;
use conftrail_core::{Action, Checkpoint, Origin, PortError, PortResult, Resource, ResourceKind, Timestamp};
use tokio::runtime::Handle;

use super::attribute::Attributor;
use super::batch::{Content, Pending};
use super::clock::TrustedClock;
use super::config::Config;
use super::filter::{NameCase, TableFilter};
use super::lookup::{Lookup, sight};
use super::position::{BinlogPosition, Mode, Place};
use super::reader::{Out, Reader, Settings, now};
use super::resume::{FILE_START, Note, Resumed, begun_at_start, resume};
use super::schema_facts::{DatedFacts, SchemaFacts};
use super::start::Start;
use super::tables::{Schema, Tables};
use super::xa::OpenXa;
use crate::control::{Control, OwnFacts, ServerFacts};
use crate::gtid::Executed;
use crate::preflight::refusal;
use crate::product::Product;
use crate::who::TrustList;
use crate::wire::{Connection, DumpRequest, DumpStart, EventStream, Target};

/// How often the server shows that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// Numbers for replicas that were not given one: made up, far from those that people choose.
const MADE_UP_IDS: std::ops::Range<u32> = 3_000_000_000..4_000_000_000;

/// A dump that runs, and the reader to run on it.
pub(super) struct Opened {
    pub(super) reader: Reader,
    pub(super) stream: EventStream,
    /// What has to be reported before the first event of the stream.
    pub(super) first: Vec<Pending>,
    /// For questions beside the dump.
    pub(super) control: Control,
    /// How long the server keeps its binlog; none when until somebody purges it.
    pub(super) kept: Option<Duration>,
}

/// Opens everything.
pub(super) async fn open(
    config: &Config,
    origin: &Origin,
    masker: &Arc<Masker>,
    after: Option<&Checkpoint>,
    patience: Duration,
    out: Out,
) -> PortResult<Opened> {
    let target = config.target()?;
    let connection = connect(target.clone()).await?;
    let mut control = Control::open(&target).await?;
    let facts = control.facts().await?;
    if let Some(refusal) = refusal(&facts) {
        return Err(PortError::misconfigured(refusal));
    }
    let stored = after.map(|checkpoint| BinlogPosition::from_position(&checkpoint.position)).transpose()?;
    let Resumed { position, notes } = resume(config, &target, &facts, &mut control, stored).await?;

    let origin = Origin { version: Some(Arc::from(facts.version.as_str())), ..origin.clone() };
    let case = NameCase::of_lower_case_table_names(facts.lower_case_table_names);
    let filter = TableFilter::new(&config.include, &config.exclude, case).map_err(|problems| {
        PortError::misconfigured(problems.iter().map(ToString::to_string).collect::<String>())
    })?;
    let filter = filter.with_context(&config.actor.context);
    let state = after.map(|checkpoint| checkpoint.state.clone()).unwrap_or_default();
    let mut schema_facts = SchemaFacts::from_state(&state);
    // What a lost transaction did to a table is lost with it.
    if notes.iter().any(|note| note.is_gap || note.detail.get("lost").is_some()) {
        schema_facts.forget_all();
    } else if !notes.is_empty() {
        schema_facts.forget_places();
    }
    // MariaDB's table maps never tell everything.
    let needs_schema =
        facts.product() == Product::Mariadb || !facts.row_metadata.eq_ignore_ascii_case("FULL");
    let compared_at =
        if needs_schema { ask_ahead(&mut control, &filter, &mut schema_facts).await? } else { None };
    let attributor = attributor(config, &facts, &mut control).await?;
    let settings = Settings {
        origin: origin.clone(),
        masker: Arc::new(masker.for_another_thread()),
        with_query: config.with_query,
        clock: trusted_clock(&target, &facts, &mut control).await?,
        has_gtids: facts.has_gtids(),
        skip_before: match config.start {
            Start::Timestamp(time) if after.is_none() => Some(time),
            _ => None,
        },
    };
    let first = notes.into_iter().map(|note| pending(note, &origin)).collect();

    let request = DumpRequest {
        server_id: config.server_id.unwrap_or_else(made_up_id),
        start: dump_start(&position),
        heartbeat: HEARTBEAT,
        patience,
        until_end: false,
    };
    let stream = dump(connection, request).await?;
    let lookup = Lookup::new(Control::open(&target).await?, Handle::current());
    let schema = Schema { facts: schema_facts, is_needed: needs_schema, compared_at };
    let tables =
        Tables::new(origin, masker.clone(), facts.product(), filter, config.actor.columns.clone(), schema);
    let reader = Reader::new(settings, tables, lookup, attributor, position, OpenXa::from_state(&state), out);
    let kept = (facts.expire_seconds > 0).then(|| Duration::from_secs(facts.expire_seconds));
    Ok(Opened { reader, stream, first, control, kept })
}

/// Connects the dump connection: it blocks, so it does so off the async threads.
pub(super) async fn connect(target: Target) -> PortResult<Connection> {
    Ok(blocking(move || Connection::open(&target)).await??)
}

async fn dump(connection: Connection, request: DumpRequest) -> PortResult<EventStream> {
    Ok(blocking(move || connection.dump(&request)).await??)
}

/// Runs blocking work off the async threads.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> PortResult<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| PortError::unavailable("connect to MySQL").because(error))
}

fn dump_start(position: &BinlogPosition) -> DumpStart {
    match position.mode {
        Mode::Gtid => match &position.executed {
            Executed::Mysql(set) => DumpStart::Gtid { encoded: set.encode() },
            Executed::Mariadb(read) => DumpStart::GtidPosition(read.clone()),
        },
        Mode::File => {
            DumpStart::File { name: position.place.file.clone(), position: position.place.offset.max(4) }
        }
    }
}

pub(crate) fn made_up_id() -> u32 {
    let span = u64::from(MADE_UP_IDS.end - MADE_UP_IDS.start);
    let random = RandomState::new().hash_one(std::process::id()) % span;
    MADE_UP_IDS.start + u32::try_from(random).unwrap_or(0)
}

/// Asks for the columns of all captured tables before the stream needs them: what is asked early holds for all that
/// is committed later. What is known already is compared with what the server shows; returns where its log ended then.
async fn ask_ahead(
    control: &mut Control,
    filter: &TableFilter,
    facts: &mut SchemaFacts,
) -> PortResult<Option<Place>> {
    facts.keep(|schema, table| filter.reads(schema, table));
    let asked = sight(control).await?;
    let mut read = control.table_names().await?;
    read.retain(|(schema, table)| filter.reads(&filter.folded(schema), &filter.folded(table)));
    let mut present = BTreeMap::new();
    for (table, columns) in control.column_lists(&read).await? {
        let (schema, name) = (filter.folded(&table.0), filter.folded(&table.1));
        if facts.get(&schema, &name).is_some() {
            present.insert(format!("{schema}.{name}"), columns);
        } else if let Some(told) = control.table_facts(&table.0, &table.1).await? {
            let asked = asked.clone();
            present.insert(format!("{schema}.{name}"), columns);
            facts.insert(&schema, &name, DatedFacts { facts: told, asked });
        }
    }
    facts.compare(&present);
    Ok(asked.end)
}

async fn attributor(config: &Config, facts: &ServerFacts, control: &mut Control) -> PortResult<Attributor> {
    let trust = TrustList::new(&config.actor.trust)
        .map_err(|error| PortError::misconfigured("read actor.trust").because(error))?;
    let knows_sessions = facts.performance_schema || facts.product() == Product::Mariadb;
    let can_look = knows_sessions && control.sees_sessions().await?;
    let started = if can_look { control.started().await? } else { Timestamp::default() };
    Ok(Attributor::new(facts.server_id, started, trust, can_look))
}

/// MariaDB tells no time of a commit but the header's, which sessions can set unless the server was started otherwise. What
/// stands in files from before this start, and what other servers wrote, is not covered.
async fn trusted_clock(
    target: &Target,
    facts: &ServerFacts,
    control: &mut Control,
) -> PortResult<Option<TrustedClock>> {
    let OwnFacts::Mariadb(own) = &facts.own else { return Ok(None) };
    if !own.protects_time() {
        return Ok(None);
    }
    let started = control.started().await?;
    let files = control.log_files().await?;
    let first = begun_at_start(target, &files, started).await?;
    Ok(first.map(|file| TrustedClock { server_id: facts.server_id, since: Place::new(file, FILE_START) }))
}

/// Makes the event of a note: it has its own identity, so that opening again repeats it.
fn pending(note: Note, origin: &Origin) -> Pending {
    let resource = Resource::new(&origin.kind, &origin.name, ResourceKind::Source, None, None, "binlog");
    let mut draft = Draft::new(origin.clone(), note.time, now(), note.identity.into(), 0);
    draft.detail = Some(note.detail);
    let action = if note.is_gap { Action::Gap } else { Action::SourceChanged };
    Pending { draft, content: Content::Other { action, resource: Box::new(resource) }, trace: None }
}
