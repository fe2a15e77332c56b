//! Who we are to the server, which rights we have, and who else reads its binlog.

use super::client::cell;
use super::{Control, ControlError};
use crate::product::Product;

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
        let sql = match self.product() {
            Product::Mysql => "SHOW REPLICAS",
            Product::Mariadb => "SHOW SLAVE HOSTS",
        };
        let rows = self.rows("its replicas", sql, ()).await?;
        Ok(rows.iter().filter_map(|row| cell(row, 0)).collect())
    }

    /// Says whether other logins' sessions can be seen: in `performance_schema.threads`, or by MariaDB's right `PROCESS`.
    ///
    /// # Errors
    /// Those of a query, but not a refusal.
    pub async fn sees_sessions(&mut self) -> Result<bool, ControlError> {
        if self.product() == Product::Mariadb {
            let grants = self.grants().await?;
            return Ok(grants.iter().any(|grant| holds_process(grant)));
        }
        let sql = "SELECT COUNT(*) FROM performance_schema.threads WHERE processlist_id = CONNECTION_ID()";
        match self.value::<u64>("the list of sessions", sql, ()).await {
            Ok(_) => Ok(true),
            Err(error) if error.code().is_some() => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Says whether a `GRANT …` line gives the right to see all sessions.
fn holds_process(grant: &str) -> bool {
    let upper = grant.to_ascii_uppercase();
    let Some((rights, _)) = upper.strip_prefix("GRANT ").and_then(|rest| rest.split_once(" ON *.*")) else {
        return false;
    };
    rights.split(',').map(str::trim).any(|right| right == "PROCESS" || right == "ALL PRIVILEGES")
}

#[cfg(test)]
mod tests {
    use super::holds_process;

    #[test]
    fn only_a_right_on_everything_shows_all_sessions() {
        assert!(holds_process("GRANT PROCESS, REPLICATION SLAVE ON *.* TO `cdc`@`%`"));
        assert!(holds_process("GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION"));
        assert!(!holds_process("GRANT ALL PRIVILEGES ON `shop`.* TO `cdc`@`%`"));
        assert!(!holds_process("GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO `process`@`%`"));
    }
}
