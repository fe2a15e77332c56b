//! Failures of connection and queries as the port's error: what kind, and the way out.

use conftrail_core::{ErrorKind, PortError};

use crate::control::ControlError;
use crate::wire::WireError;

/// Error numbers that say a person must act; source: MySQL, "Server Error Message Reference".
const ACCESS: [u16; 8] = [1044, 1045, 1130, 1142, 1227, 1251, 1698, 3118];
/// The dump itself was refused.
const DUMP_REFUSED: u16 = 1236;
/// What MySQL says with that number, and MariaDB with one of its own, to a reader whose number another one came with.
const DISPLACED: &str = "same server_uuid/server_id";
const DISPLACED_MARIADB: u16 = 4052;

impl From<WireError> for PortError {
    fn from(error: WireError) -> Self {
        let (kind, operation) = match &error {
            WireError::Connect { .. } => (ErrorKind::Unavailable { retry_after: None }, "connect to MySQL"),
            WireError::Io(_) | WireError::Silent(_) | WireError::Closed => {
                (ErrorKind::Unavailable { retry_after: None }, "read the binlog")
            }
            WireError::Server { code, message }
                if *code == DISPLACED_MARIADB || (*code == DUMP_REFUSED && message.contains(DISPLACED)) =>
            {
                let told = "read the binlog: another reader came with the same server_id; give each its own, or leave \
                            server_id out";
                (ErrorKind::Unavailable { retry_after: None }, told)
            }
            WireError::Server { code, .. } => of_code(*code),
            WireError::File { .. }
            | WireError::Tls(_)
            | WireError::NoTls
            | WireError::Plugin { .. }
            | WireError::KeyNotAllowed => (ErrorKind::Misconfigured, "connect to MySQL"),
            // A damaged packet comes once; damaged events come again, and the position says where.
            WireError::Malformed { .. } | WireError::TooLarge { .. } => {
                (ErrorKind::Corrupt, "read the binlog")
            }
        };
        Self::new(kind, operation).because(error)
    }
}

impl From<ControlError> for PortError {
    fn from(error: ControlError) -> Self {
        let (kind, operation) = match error.code() {
            Some(code) => of_code(code),
            None => (ErrorKind::Unavailable { retry_after: None }, "ask MySQL"),
        };
        Self::new(kind, operation).because(error)
    }
}

fn of_code(code: u16) -> (ErrorKind, &'static str) {
    if ACCESS.contains(&code) {
        (ErrorKind::Misconfigured, "log in to MySQL")
    } else if code == DUMP_REFUSED {
        // A second reader with our number, or a file purged since we looked: both pass.
        (ErrorKind::Unavailable { retry_after: None }, "read the binlog")
    } else {
        (ErrorKind::Unavailable { retry_after: None }, "ask MySQL")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_person_must_mend_is_misconfigured() {
        let kind = |error: WireError| PortError::from(error).kind();
        let server = |code| WireError::Server { code, message: String::new() };
        assert_eq!(kind(server(1045)), ErrorKind::Misconfigured);
        assert_eq!(kind(WireError::NoTls), ErrorKind::Misconfigured);
        assert!(PortError::from(server(1236)).is_retryable());
        let message =
            "A replica with the same server_uuid/server_id as this replica has connected".to_owned();
        for displaced in [server(4052), WireError::Server { code: 1236, message }] {
            let error = PortError::from(displaced);
            assert!(error.is_retryable() && error.to_string().contains("leave server_id out"), "{error}");
        }
        assert!(PortError::from(server(1040)).is_retryable());
        assert!(PortError::from(WireError::Closed).is_retryable());
        assert_eq!(kind(WireError::malformed("event", "3 bytes")), ErrorKind::Corrupt);
    }
}
