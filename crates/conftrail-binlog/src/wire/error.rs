//! What can go wrong on the dump connection.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// A failure of the dump connection. No message holds a password or a row's values.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The server could not be reached.
    #[error("connect to {address}")]
    Connect {
        /// Host and port.
        address: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A certificate or key file could not be used.
    #[error("read {what} from {}", path.display())]
    File {
        /// What the file should hold.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// TLS could not be set up, or the server's certificate was not accepted.
    #[error("set up TLS with the server{}", way_out(.0))]
    Tls(#[source] rustls::Error),
    /// TLS is wanted and the server has none.
    #[error("the server offers no TLS; give it a certificate, or set tls.mode to disabled")]
    NoTls,
    /// The server wants a way of logging in that is not supported.
    #[error(
        "the server asks for the login plugin {plugin:?}; mysql_native_password, caching_sha2_password and ed25519 are \
         supported: give the account one of these, such as ALTER USER … IDENTIFIED BY '…'"
    )]
    Plugin {
        /// The plugin's name.
        plugin: String,
    },
    /// The password would have to be sent under a key that nothing vouches for.
    #[error(
        "the server wants the password and the connection has no TLS; set tls.mode to required or better, or allow \
         tls.get_server_public_key"
    )]
    KeyNotAllowed,
    /// The server understood and refused.
    #[error("the server says: {message} (error {code})")]
    Server {
        /// MySQL's error number.
        code: u16,
        /// Its text.
        message: String,
    },
    /// Reading or writing failed.
    #[error("exchange data with the server")]
    Io(#[source] io::Error),
    /// Nothing came for too long, not even a heartbeat.
    #[error("the server has been silent for {} s", .0.as_secs())]
    Silent(Duration),
    /// The connection ended.
    #[error("the server closed the connection")]
    Closed,
    /// What came is not what the protocol says.
    #[error("read {what}: {detail}")]
    Malformed {
        /// What was to be read.
        what: &'static str,
        /// What is wrong with it; sizes and numbers only.
        detail: String,
    },
    /// A packet is larger than any the protocol allows.
    #[error("a packet of more than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
}

impl WireError {
    pub(crate) fn malformed(what: &'static str, detail: impl Into<String>) -> Self {
        Self::Malformed { what, detail: detail.into() }
    }

    /// Sorts an I/O failure: TLS's own errors come wrapped in one.
    pub(crate) fn from_io(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                Self::Closed
            }
            _ => match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                Some(tls) => Self::Tls(tls.clone()),
                None => Self::Io(error),
            },
        }
    }
}

/// Says what can be done about a certificate that was not accepted.
fn way_out(error: &rustls::Error) -> &'static str {
    use rustls::CertificateError::{NotValidForName, NotValidForNameContext, UnknownIssuer};
    match error {
        rustls::Error::InvalidCertificate(UnknownIssuer) => {
            "; tls.ca_file must name the authority that issued its certificate"
        }
        rustls::Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. }) => {
            "; the url must have a name that its certificate has, or tls.mode be verify-ca, which compares no names"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_is_not_accepted_comes_with_the_way_out() {
        let said = |error| WireError::Tls(rustls::Error::InvalidCertificate(error)).to_string();
        assert!(said(rustls::CertificateError::UnknownIssuer).contains("tls.ca_file"));
        assert!(said(rustls::CertificateError::NotValidForName).contains("verify-ca"));
        assert_eq!(said(rustls::CertificateError::BadEncoding), "set up TLS with the server");
    }
}
