//! Control queries from the reader's thread, which is not an async one.

use conftrail_core::Timestamp;
use tokio::runtime::Handle;

use super::position::Place;
use super::sight::Sight;
use crate::control::{Control, ControlError};
use crate::gtid::Gtid;
use crate::plan::TableFacts;
use crate::who::{Login, SessionFacts};

/// A control connection with the runtime that drives it.
#[derive(Debug)]
pub(super) struct Lookup {
    control: Control,
    runtime: Handle,
}

/// One look at who is there.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) at: Timestamp,
    pub(super) sessions: Vec<SessionFacts>,
    pub(super) transactions: Vec<(Gtid, Login)>,
}

/// Notes when and where a look begins.
pub(super) async fn sight(control: &mut Control) -> Result<Sight, ControlError> {
    let (time, end) = control.clock_and_log_end().await?;
    Ok(Sight { time, end: Some(Place::new(end.file, end.position)) })
}

impl Lookup {
    pub(super) fn new(control: Control, runtime: Handle) -> Self {
        Self { control, runtime }
    }

    /// Asks for a table's columns, and first for when and where that is. A transaction can be read from the log before the
    /// server shows what it did: `behind` is one to wait for; where that is in vain nothing is told, for it would be what was before.
    pub(super) fn table(
        &mut self,
        schema: &str,
        table: &str,
        behind: Option<&Gtid>,
    ) -> Result<(Sight, Option<TableFacts>), ControlError> {
        let control = &mut self.control;
        self.runtime.block_on(async {
            if let Some(gtid) = behind
                && !control.wait_for(gtid).await?
            {
                return Ok((Sight::never(), None));
            }
            let asked = sight(control).await?;
            Ok((asked, control.table_facts(schema, table).await?))
        })
    }

    /// Looks at who is there.
    pub(super) fn look(&mut self) -> Result<Look, ControlError> {
        let control = &mut self.control;
        self.runtime.block_on(async {
            // Transactions first: their sessions are then among the sessions, or gone.
            let transactions = control.transaction_logins().await?;
            let (at, sessions) = control.sessions().await?;
            Ok(Look { at, sessions, transactions })
        })
    }
}
