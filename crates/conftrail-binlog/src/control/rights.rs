//! Who we are to the server, which rights we have, and who else reads its binlog.

use super::client::cell;
use super::{Control, ControlError};

impl Control {
    /// Asks for the account that the server took us for, `user@host`.
    ///
    /// # Errors
    /// Those of a query.
    pub async fn account(&mut self) -> Result<String, ControlError> {
        self.value("our account", "SELECT CURRENT_USER()", ()).await
    }

    /// Asks for our rights as `GRANT …` lines.
    ///
    /// # Errors
    /// Those of a query.
    pub async fn grants(&mut self) -> Result<Vec<String>, ControlError> {
        let rows = self.rows("our rights", "SHOW GRANTS", ()).await?;
        Ok(rows.iter().filter_map(|row| cell(row, 0)).collect())
    }

    /// Asks for the server ids of the replicas that are connected.
    ///
    /// # Errors
    /// Those of a query.
    pub async fn replicas(&mut self) -> Result<Vec<u32>, ControlError> {
        let rows = self.rows("its replicas", "SHOW REPLICAS", ()).await?;
        Ok(rows.iter().filter_map(|row| cell(row, 0)).collect())
    }

    /// Says whether a query on `performance_schema.threads` is allowed.
    ///
    /// # Errors
    /// Those of a query, but not a refusal.
    pub async fn sees_sessions(&mut self) -> Result<bool, ControlError> {
        let sql = "SELECT COUNT(*) FROM performance_schema.threads WHERE processlist_id = CONNECTION_ID()";
        match self.value::<u64>("the list of sessions", sql, ()).await {
            Ok(_) => Ok(true),
            Err(error) if error.code().is_some() => Ok(false),
            Err(error) => Err(error),
        }
    }
}
