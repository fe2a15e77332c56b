//! Going on by GTIDs: what the server still has of what was not read.

use conftrail_core::{PortError, PortResult};

use super::super::position::{BinlogPosition, Mode, Place};
use super::{FILE_START, Opening};
use crate::control::OwnFacts;
use crate::gtid::{Executed, GtidPosition, GtidSet, GtidState};
use crate::product::Product;

impl Opening<'_> {
    /// By a set of MySQL; the server itself reckons.
    pub(super) async fn go_on_by_set(
        &mut self,
        stored: BinlogPosition,
        mut read: GtidSet,
    ) -> PortResult<BinlogPosition> {
        let OwnFacts::Mysql(own) = &self.facts.own else { return self.server_lacks(stored).await };
        let text = read.to_string();
        if !self.control.gtid_subset(&text, &own.gtid_executed).await? {
            return self.server_lacks(stored).await;
        }
        let missing = self.control.gtid_subtract(&own.gtid_purged, &text).await?;
        let place = self.kept_place(&stored);
        if missing.is_empty() {
            return Ok(self.position(stored.executed, place, Mode::Gtid));
        }
        let missing_set: GtidSet = missing.parse().map_err(corrupt)?;
        read.union(&missing_set);
        let executed = Executed::Mysql(read);
        self.purged(&stored.executed, &executed, &missing).await?;
        Ok(self.position(executed, place, Mode::Gtid))
    }

    /// By a position of MariaDB: every transaction of it must be one that the server logged itself, and what is missing lies
    /// before the oldest file.
    pub(super) async fn go_on_by_gtid_position(
        &mut self,
        stored: BinlogPosition,
        mut read: GtidPosition,
    ) -> PortResult<BinlogPosition> {
        let OwnFacts::Mariadb(own) = &self.facts.own else { return self.server_lacks(stored).await };
        let state: GtidState = own.gtid_state.parse().map_err(corrupt)?;
        if state.lacks(&read).is_some() {
            return self.server_lacks(stored).await;
        }
        let files = self.files().await?;
        let oldest = files.first().map(|file| file.name.clone()).unwrap_or_default();
        let Executed::Mariadb(begin) = self.executed_at(&Place::new(oldest, FILE_START)).await? else {
            return self.server_lacks(stored).await;
        };
        let missing = read.missing_before(&begin);
        let place = self.kept_place(&stored);
        if missing.is_empty() {
            return Ok(self.position(stored.executed, place, Mode::Gtid));
        }
        read.raise_to(&begin);
        let executed = Executed::Mariadb(read);
        let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
        self.purged(&stored.executed, &executed, &missing.join(",")).await?;
        Ok(self.position(executed, place, Mode::Gtid))
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

fn corrupt(error: crate::gtid::GtidError) -> PortError {
    PortError::corrupt("read the server's GTIDs").because(error)
}
