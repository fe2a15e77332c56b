//! Keys against times: pages rely on keys being in the order of time, and on each slice that is not being noted.

use conftrail_core::integrity::{Finding, FindingKind};
use rusqlite::Connection;

use crate::error::Error;
use crate::trail::place::{Place, Slice, first_key, last_key, slice_of_key};
use crate::trail::verify::derived::Suspects;
use crate::trail::verify::derived::rows::Known;

pub(super) struct Order<'c> {
    connection: &'c Connection,
    suspects: &'c Suspects,
    /// The slice that is being walked through, the last place in it, and whether a place stood behind a later one.
    slice: Option<(Slice, Place, bool)>,
}

impl<'c> Order<'c> {
    pub(super) fn new(connection: &'c Connection, suspects: &'c Suspects) -> Self {
        Self { connection, suspects, slice: None }
    }

    pub(super) fn meet(&mut self, known: &Known<'_>, findings: &mut Vec<Finding>) -> Result<(), Error> {
        let place = known.place;
        let slice = slice_of_key(place.key);
        if place.slice() != slice && !self.suspects.has(place.key) {
            let text = "it stands under a key of another time: searches for its time do not find it";
            let finding = Finding::new(FindingKind::Changed, text).of_event(known.id);
            findings.push(finding.in_row("events", place.key));
        }
        self.slice = match self.slice {
            Some((same, last, late)) if same == slice => Some((slice, place, late || place < last)),
            _ => {
                self.close(findings)?;
                Some((slice, place, false))
            }
        };
        Ok(())
    }

    /// Compares what was seen of the slice with what is noted.
    fn close(&self, findings: &mut Vec<Finding>) -> Result<(), Error> {
        let Some((slice, _, late)) = self.slice.filter(|(slice, ..)| !self.suspects.are_in(*slice)) else {
            return Ok(());
        };
        let mut select = self.connection.prepare_cached("SELECT 1 FROM unordered_slices WHERE slice = ?1")?;
        let (kind, text) = match (late, select.exists([slice])?) {
            (true, false) => {
                (FindingKind::Removed, "events came late here and it is not noted: a page may pass one over")
            }
            (false, true) => (FindingKind::Added, "it is noted that events came late here, and none did"),
            _ => return Ok(()),
        };
        findings.push(Finding::new(kind, text).in_row("unordered_slices", slice));
        Ok(())
    }

    pub(super) fn finish(self, findings: &mut Vec<Finding>) -> Result<(), Error> {
        self.close(findings)?;
        let mut select = self.connection.prepare("SELECT slice FROM unordered_slices ORDER BY slice")?;
        let mut inhabited =
            self.connection.prepare("SELECT 1 FROM events WHERE key BETWEEN ?1 AND ?2 LIMIT 1")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let slice: Slice = row.get(0)?;
            if !inhabited.exists([first_key(slice), last_key(slice)])? && !self.suspects.are_in(slice) {
                let text = "it is noted that events came late here, and there are none";
                let finding = Finding::new(FindingKind::Added, text);
                findings.push(finding.in_row("unordered_slices", slice));
            }
        }
        Ok(())
    }
}
