//! What belongs to one operation: all events of one ticket, audit id, transaction or trace.

use crate::ports::AuditReader;
use crate::query::{Field, Leaf, Pattern, Query};
use crate::{EventId, PortResult};

/// Returns the query for the events that bear an id: an audit id, ticket, transaction (GTID) or trace.
pub fn trail_query(id: &str) -> Query {
    let fields = [Field::CorrelationId, Field::ReasonTicket, Field::TxId, Field::Trace];
    let mut ways: Vec<Query> = fields.into_iter().map(|field| Query::equals(field, id)).collect();
    if is_trace_id(id) {
        // The id stands within a trace parent (W3C): version, id, span, flags. There is one version, 00.
        let within = Pattern::wildcard(&format!("00-{}-*", id.to_ascii_lowercase()));
        ways.push(Query::Leaf(Leaf::Is(Field::Trace, within)));
    }
    Query::or(ways)
}

fn is_trace_id(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Returns the query for what belongs together with `id`, which may also be the id of an event: then its correlation, else
/// its transaction, is what is looked for; of an event without either, itself.
///
/// # Errors
/// Those of the reader.
pub async fn related(reader: &dyn AuditReader, id: &str) -> PortResult<Query> {
    let Ok(event_id) = EventId::parse(id) else { return Ok(trail_query(id)) };
    let Some(event) = reader.get(event_id).await? else { return Ok(trail_query(id)) };
    let correlation = event.correlation.as_ref().map(|correlation| correlation.id.as_str());
    Ok(match correlation.or(event.tx.as_ref().map(|tx| tx.id.as_str())) {
        Some(of_operation) => trail_query(of_operation),
        None => Query::equals(Field::Id, id),
    })
}
