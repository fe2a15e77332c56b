//! Control queries from the reader's thread, which is not an async one.

use conftrail_core::Timestamp;
use tokio::runtime::Handle;

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

impl Lookup {
    pub(super) fn new(control: Control, runtime: Handle) -> Self {
        Self { control, runtime }
    }

    /// Asks for a table's columns; the time is the server's, taken before.
    pub(super) fn table(
        &mut self,
        schema: &str,
        table: &str,
    ) -> Result<(Timestamp, Option<TableFacts>), ControlError> {
        let control = &mut self.control;
        self.runtime.block_on(async {
            let at = control.clock_of_commits().await?;
            Ok((at, control.table_facts(schema, table).await?))
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
