//! One conversation with a mail server, step by step, so that it is known whether the message was sent when it breaks.
//!
//! lettre's own transport returns one error for all steps. Here lettre speaks the protocol and we keep the place.

use std::time::{Duration, Instant};

use conftrail_core::ports::{DeliveryError, Receipt};
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Noop, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::failure::{Step, failure, receipt, retry, too_slow};
use super::lines::LineStream;
use super::receiver::OpenError;
use super::{Config, TlsMode};

/// How long a connection is kept open for the next message; servers hang up after a few minutes.
const LONGEST_IDLE: Duration = Duration::from_secs(30);
/// How a certificate begins in a PEM file (RFC 7468).
const BEGIN_CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// Where a mail server is and how to speak to it.
pub(crate) struct Server {
    config: Config,
    host: String,
    port: u16,
    hello: ClientId,
    /// Absent with [`TlsMode::None`].
    tls: Option<TlsParameters>,
}

/// An open connection, past TLS and login.
pub(crate) struct Session {
    connection: AsyncSmtpConnection,
    timeout: Duration,
    used: Instant,
}

impl Server {
    /// Reads what the configuration names, such as certificates.
    pub(crate) fn new(config: &Config) -> Result<Self, OpenError> {
        let (host, port) =
            config.host_and_port().ok_or_else(|| OpenError::Invalid(config.validate().join("; ")))?;
        let tls = match config.tls {
            TlsMode::None => None,
            TlsMode::Starttls | TlsMode::Implicit => Some(tls_parameters(config, host)?),
        };
        let hello = config.hello.clone().map_or_else(ClientId::default, ClientId::Domain);
        Ok(Self { config: config.clone(), host: host.to_owned(), port, hello, tls })
    }

    /// Connects, changes to TLS and logs in. Nothing of a message was sent when this fails.
    pub(crate) async fn open(&self) -> Result<Session, DeliveryError> {
        let longest = self.config.timeout.0;
        let connection = timeout(longest, self.connect()).await.map_err(|_| too_slow(false))??;
        Ok(Session { connection, timeout: longest, used: Instant::now() })
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, DeliveryError> {
        let mut connection = self.greet().await?;
        if let (TlsMode::Starttls, Some(tls)) = (self.config.tls, &self.tls) {
            if !connection.can_starttls() {
                return Err(retry(
                    "the mail server offers no STARTTLS; nothing was sent in clear; use its submission port (587), or implicit TLS (465)",
                ));
            }
            connection
                .starttls(tls.clone(), &self.hello)
                .await
                .map_err(|error| failure(Step::Tls, &error))?;
        }
        if let Some(username) = &self.config.username {
            let credentials = Credentials::new(username.clone(), self.password().await?);
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            connection.auth(&mechanisms, &credentials).await.map_err(|error| failure(Step::Login, &error))?;
        }
        Ok(connection)
    }

    async fn greet(&self) -> Result<AsyncSmtpConnection, DeliveryError> {
        let address = (self.host.as_str(), self.port);
        if self.config.tls == TlsMode::Implicit {
            return AsyncSmtpConnection::connect_tokio1(address, None, &self.hello, self.tls.clone(), None)
                .await
                .map_err(|error| failure(Step::Connect, &error));
        }
        let stream = TcpStream::connect(address)
            .await
            .map_err(|error| retry(format!("connect to the mail server: {error}")))?;
        AsyncSmtpConnection::connect_with_transport(Box::new(LineStream(stream)), &self.hello)
            .await
            .map_err(|error| failure(Step::Greet, &error))
    }

    async fn password(&self) -> Result<String, DeliveryError> {
        let Some(file) = &self.config.password_file else {
            return Ok(self
                .config
                .password
                .as_ref()
                .map(|secret| secret.expose().clone())
                .unwrap_or_default());
        };
        let text = tokio::fs::read_to_string(file).await.map_err(|error| {
            retry(format!("read the mail server's password from password_file {}: {error}", file.display()))
        })?;
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    }
}

impl Session {
    /// Says whether the connection can still be used: not idle for too long, and the server answers.
    pub(crate) async fn is_alive(&mut self) -> bool {
        self.used.elapsed() < LONGEST_IDLE && self.noop().await.is_ok()
    }

    /// Asks the server for any answer.
    pub(crate) async fn noop(&mut self) -> Result<(), DeliveryError> {
        let answer =
            timeout(self.timeout, self.connection.command(Noop)).await.map_err(|_| too_slow(false))?;
        answer.map(drop).map_err(|error| failure(Step::Greet, &error))
    }

    /// Says goodbye; a server that does not answer is left all the same.
    pub(crate) async fn quit(mut self) {
        if timeout(self.timeout, self.connection.quit()).await.is_err() {
            tracing::debug!("the mail server did not answer to QUIT");
        }
    }

    /// Sends one message. After an error the connection must not be used again.
    pub(crate) async fn send(
        &mut self,
        envelope: &Envelope,
        message: &[u8],
    ) -> Result<Receipt, DeliveryError> {
        timeout(self.timeout, self.announce(envelope)).await.map_err(|_| too_slow(false))??;
        let answer =
            timeout(self.timeout, self.connection.message(message)).await.map_err(|_| too_slow(true))?;
        let answer = answer.map_err(|error| failure(Step::Message, &error))?;
        self.used = Instant::now();
        Ok(Receipt(receipt(&answer)))
    }

    /// Sends everything before the message itself.
    async fn announce(&mut self, envelope: &Envelope) -> Result<(), DeliveryError> {
        let mut parameters = Vec::new();
        if envelope
            .to()
            .iter()
            .chain(envelope.from())
            .any(|address| !AsRef::<str>::as_ref(address).is_ascii())
        {
            if !self.connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                let reason =
                    "the mail server cannot send to an address that is not ASCII (it offers no SMTPUTF8)";
                return Err(DeliveryError::Permanent { reason: reason.to_owned() });
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        let sender = Mail::new(envelope.from().cloned(), parameters);
        self.connection.command(sender).await.map_err(|error| failure(Step::Sender, &error))?;
        for recipient in envelope.to() {
            let recipient = Rcpt::new(recipient.clone(), Vec::new());
            self.connection.command(recipient).await.map_err(|error| failure(Step::Recipient, &error))?;
        }
        self.connection.command(Data).await.map_err(|error| failure(Step::Data, &error))?;
        Ok(())
    }
}

fn tls_parameters(config: &Config, host: &str) -> Result<TlsParameters, OpenError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(file) = &config.ca_file {
        let pem = std::fs::read(file).map_err(|source| OpenError::ReadCa { source })?;
        if !pem.windows(BEGIN_CERTIFICATE.len()).any(|part| part == BEGIN_CERTIFICATE) {
            return Err(OpenError::NoCertificate);
        }
        let certificates = Certificate::from_pem(&pem).map_err(|source| OpenError::Tls { source })?;
        builder = builder.certificate_store(CertificateStore::None).add_root_certificate(certificates);
    }
    builder.build().map_err(|source| OpenError::Tls { source })
}
