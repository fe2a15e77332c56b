//! One walk over the columns of `events`, in the order of their keys, for everything that is made of columns.

use conftrail_core::integrity::Finding;
use conftrail_core::query::Field;
use conftrail_core::{Action, EventId};
use rusqlite::{Connection, Row};

use crate::error::Error;
use crate::trail::columns::{self, COUNTED};
use crate::trail::place::{PLACE, Place};
use crate::trail::verify::derived::Suspects;
use crate::trail::verify::derived::counts::Counts;
use crate::trail::verify::derived::order::Order;
use crate::trail::verify::derived::present::Present;

/// Where the columns of [`COUNTED`] begin, behind those of a place and the ones that [`Known`] has names for.
const FIRST_COUNTED: usize = 10;

/// What the walk knows of one event.
pub(super) struct Known<'r> {
    pub(super) place: Place,
    pub(super) id: Option<EventId>,
    /// None for a word that is no action: the scan has named that row.
    pub(super) action: Option<Action>,
    pub(super) resource: &'r str,
    pub(super) renamed_to: Option<&'r str>,
    pub(super) of_source: bool,
    row: &'r Row<'r>,
}

impl<'r> Known<'r> {
    pub(super) fn read(row: &'r Row<'_>) -> Result<Self, Error> {
        let text =
            |at: usize| Ok::<_, rusqlite::Error>(row.get_ref(at)?.as_str_or_null()?.unwrap_or_default());
        let action = text(6)?;
        Ok(Self {
            place: Place::read(row, 0)?,
            id: EventId::parse(text(5)?).ok(),
            action: Action::ALL.into_iter().find(|known| known.as_str() == action),
            resource: text(7)?,
            renamed_to: row.get_ref(8)?.as_str_or_null().map_err(rusqlite::Error::from)?,
            of_source: text(9)? == "source",
            row,
        })
    }

    /// Hands out what is counted of the event: the place of the field in [`COUNTED`] and the value.
    pub(super) fn each_counted(&self, mut each: impl FnMut(usize, &str)) -> Result<(), Error> {
        for (index, field) in COUNTED.iter().enumerate() {
            let found = self.row.get_ref(FIRST_COUNTED + index)?;
            let Some(text) = found.as_str_or_null().map_err(rusqlite::Error::from)? else { continue };
            if *field != Field::Flags {
                each(index, text);
                continue;
            }
            let flags: Vec<&str> = text.split(' ').filter(|flag| !flag.is_empty()).collect();
            for (place, flag) in flags.iter().enumerate() {
                if !flags[..place].contains(flag) {
                    each(index, flag);
                }
            }
        }
        Ok(())
    }
}

/// Names the rows of counts, present values and unordered slices that are not what the columns of the events make.
pub(super) fn named(
    connection: &Connection,
    suspects: &Suspects,
    findings: &mut Vec<Finding>,
) -> Result<(), Error> {
    let counted: String = COUNTED
        .iter()
        .map(|field| match columns::of_field(field) {
            Some(column) => format!(", e.{}", column.name),
            None => ", e.flags".to_owned(),
        })
        .collect();
    let mut select = connection.prepare(&format!(
        "SELECT {PLACE}, e.id, e.action, e.resource, e.renamed_to, e.resource_kind{counted} FROM events e ORDER BY e.key"
    ))?;
    let mut order = Order::new(connection, suspects);
    let mut counts = Counts::new(connection, suspects);
    let mut present = Present::new(connection, suspects);
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let known = Known::read(row)?;
        order.meet(&known, findings)?;
        if !suspects.has(known.place.key) {
            counts.meet(&known, findings)?;
            present.meet(&known)?;
        }
    }
    order.finish(findings)?;
    counts.finish(findings)?;
    present.finish(findings)
}
