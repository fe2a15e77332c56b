//! A server that has not executed everything that was read: it is behind, it lost what only its predecessor had, or it forgot.

use conftrail_core::{Map, PortError, PortResult};

use super::super::position::BinlogPosition;
use super::{Opening, RESTORED, corrupt};
use crate::control::OwnFacts;
use crate::gtid::{Executed, GtidPosition, GtidSet, GtidState};

/// What of a reading a server lacks, and how far back the two agree.
pub(super) struct Lack {
    /// The transactions, as the product writes sets of them.
    pub(super) lost: String,
    /// What was read and the server has.
    pub(super) common: Executed,
}

impl Opening<'_> {
    /// Goes on where not everything that was read is on the server.
    pub(super) async fn server_lacks(
        &mut self,
        stored: BinlogPosition,
        lack: Lack,
    ) -> PortResult<BinlogPosition> {
        if stored.server_uuid == self.facts.server_uuid {
            // The same server forgot its own transactions.
            return self.started_anew(&stored).await;
        }
        if self.control.replicates().await? {
            return Err(PortError::unavailable(format!(
                "go on at the position: this server has not executed transactions that were read ({}); it is a replica \
                 that is behind, or one whose source is gone; reading goes on when it has them, or replicates no more",
                lack.lost
            )));
        }
        // Nobody will bring them any more. Should somebody do, they are read again, under the ids that they have.
        self.tell_lost(&lack.lost);
        self.go_on_from(stored, lack.common).await
    }

    /// The server's log is not the one that was read: everything in it is read, and what was recorded before keeps its id.
    pub(super) async fn started_anew(&mut self, stored: &BinlogPosition) -> PortResult<BinlogPosition> {
        let position = self.earliest().await?;
        let from = stored.executed.to_string();
        let mut detail = Map::default();
        detail.insert("from", from.as_str());
        detail.insert("to", position.executed.to_string());
        detail.insert("cause", RESTORED);
        let last = stored.last.as_ref().map(|last| last.identity.as_str()).unwrap_or_default();
        self.note_gap(format!("gap:reset:{from}:{last}"), detail).await?;
        Ok(position)
    }

    /// What MySQL lacks of a set; the server itself reckons.
    pub(super) async fn lack_of_set(&mut self, read: &GtidSet) -> PortResult<Option<Lack>> {
        let OwnFacts::Mysql(own) = &self.facts.own else { return Ok(None) };
        let text = read.to_string();
        let lost = self.control.gtid_subtract(&text, &own.gtid_executed).await?;
        if lost.is_empty() {
            return Ok(None);
        }
        let mut common = read.clone();
        common.subtract(&lost.parse().map_err(corrupt)?);
        Ok(Some(Lack { lost, common: Executed::Mysql(common) }))
    }

    /// What MariaDB lacks of a position: every transaction of it must be one that the server logged itself.
    pub(super) fn lack_of_position(&self, read: &GtidPosition) -> PortResult<Option<Lack>> {
        let OwnFacts::Mariadb(own) = &self.facts.own else { return Ok(None) };
        let state: GtidState = own.gtid_state.parse().map_err(corrupt)?;
        let (common, lost) = state.compare(read, self.facts.server_id);
        if lost.is_empty() {
            return Ok(None);
        }
        let lost: Vec<String> = lost.iter().map(ToString::to_string).collect();
        Ok(Some(Lack { lost: lost.join(","), common: Executed::Mariadb(common) }))
    }
}
