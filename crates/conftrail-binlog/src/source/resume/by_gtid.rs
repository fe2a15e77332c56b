//! Going on by GTIDs: what the server still has of what was not read.

use conftrail_core::{PortError, PortResult};

use super::super::position::{BinlogPosition, Mode, Place};
use super::{FILE_START, Opening, corrupt};
use crate::control::OwnFacts;
use crate::gtid::{Executed, GtidPosition, GtidSet};
use crate::product::Product;

impl Opening<'_> {
    /// Goes on behind what was read, on this server or another.
    pub(super) async fn go_on_by_gtid(&mut self, stored: BinlogPosition) -> PortResult<BinlogPosition> {
        let lack = match &stored.executed {
            Executed::Mysql(read) => self.lack_of_set(read).await?,
            Executed::Mariadb(read) => self.lack_of_position(read)?,
        };
        match lack {
            Some(lack) => self.server_lacks(stored, lack).await,
            None => {
                let read = stored.executed.clone();
                self.go_on_from(stored, read).await
            }
        }
    }

    /// Goes on behind transactions that the server has executed: what it purged of the rest is a gap.
    pub(super) async fn go_on_from(
        &mut self,
        stored: BinlogPosition,
        read: Executed,
    ) -> PortResult<BinlogPosition> {
        let (executed, missing) = match &read {
            Executed::Mysql(set) => self.purged_of_set(set.clone()).await?,
            Executed::Mariadb(position) => self.purged_of_position(position.clone()).await?,
        };
        if !missing.is_empty() {
            self.purged(&read, &executed, &missing).await?;
        }
        let (place, last) = self.kept_place(stored);
        Ok(BinlogPosition { last, ..self.position(executed, place, Mode::Gtid) })
    }

    /// Returns what counts as read from here on, and what of it was purged unread; the server itself reckons.
    async fn purged_of_set(&mut self, mut read: GtidSet) -> PortResult<(Executed, String)> {
        let OwnFacts::Mysql(own) = &self.facts.own else { return Err(other_product()) };
        let missing = self.control.gtid_subtract(&own.gtid_purged, &read.to_string()).await?;
        read.union(&missing.parse().map_err(corrupt)?);
        Ok((Executed::Mysql(read), missing))
    }

    /// As for sets: on MariaDB what is missing lies before the oldest file.
    async fn purged_of_position(&mut self, mut read: GtidPosition) -> PortResult<(Executed, String)> {
        let files = self.files().await?;
        let oldest = files.first().map(|file| file.name.clone()).unwrap_or_default();
        let Executed::Mariadb(begin) = self.executed_at(&Place::new(oldest, FILE_START)).await? else {
            return Err(other_product());
        };
        let missing: Vec<String> = read.missing_before(&begin).iter().map(ToString::to_string).collect();
        if !missing.is_empty() {
            read.raise_to(&begin);
        }
        Ok((Executed::Mariadb(read), missing.join(",")))
    }

    /// The transactions before a place of MariaDB.
    pub(super) async fn executed_at(&mut self, place: &Place) -> PortResult<Executed> {
        match self.control.gtid_position_at(&place.file, place.offset).await? {
            Some(text) => Executed::parse(Product::Mariadb, &text).map_err(corrupt),
            None => Err(PortError::misconfigured(format!(
                "start at file:{}:{} : the server has no such place; SHOW BINARY LOGS lists its files",
                place.file, place.offset
            ))),
        }
    }
}

/// Whose GTIDs these are was looked at before.
fn other_product() -> PortError {
    PortError::corrupt("go on at the position: its GTIDs are of the other product")
}
