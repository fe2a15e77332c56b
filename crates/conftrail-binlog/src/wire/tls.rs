//! TLS to the server: how much of the server's identity is checked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use serde::{Deserialize, Serialize};

use super::WireError;

/// Says how much of the server's identity is checked, in MySQL's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    /// No TLS: whoever listens on the way reads along.
    Disabled,
    /// TLS with whoever answers: keeps listeners out, not impostors.
    #[default]
    Required,
    /// The server's certificate must come from `ca_file`; the host name is not compared. For certificates that MySQL
    /// made by itself, which name no host.
    VerifyCa,
    /// The server's certificate must come from `ca_file` and name the host of the URL.
    VerifyFull,
}

/// Settings of TLS to the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// `disabled`, `required` (default), `verify-ca` or `verify-full`.
    pub mode: TlsMode,
    /// PEM file with the authorities to accept, for `verify-ca` and `verify-full`.
    pub ca_file: Option<PathBuf>,
    /// PEM file with the client's certificate chain, where the account wants one (`REQUIRE X509`).
    pub cert_file: Option<PathBuf>,
    /// PEM file with the client's private key.
    pub key_file: Option<PathBuf>,
    /// Allows sending the password under a key that the server shows, without TLS. An impostor can show one too.
    pub get_server_public_key: bool,
}

impl Tls {
    /// Returns every problem as (key, sentence), without touching the files.
    pub(crate) fn problems(&self) -> Vec<(&'static str, &'static str)> {
        let mut problems = Vec::new();
        let verifies = matches!(self.mode, TlsMode::VerifyCa | TlsMode::VerifyFull);
        if verifies && self.ca_file.is_none() {
            problems.push((
                "ca_file",
                "is needed to verify the server's certificate; the system's authorities are usually in \
                 /etc/ssl/certs/ca-certificates.crt",
            ));
        }
        if !verifies && self.ca_file.is_some() {
            problems.push(("ca_file", "checks nothing in this mode; set mode to verify-ca or verify-full"));
        }
        if self.cert_file.is_some() != self.key_file.is_some() {
            problems.push(("cert_file", "and key_file are needed together"));
        }
        problems
    }

    /// Reads the files and makes rustls' configuration; none when TLS is disabled.
    pub(super) fn client(&self) -> Result<Option<Arc<ClientConfig>>, WireError> {
        if self.mode == TlsMode::Disabled {
            return Ok(None);
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let roots = match &self.ca_file {
            Some(path) => authorities(path)?,
            None => RootCertStore::empty(),
        };
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(WireError::Tls)?;
        let builder = match self.mode {
            TlsMode::VerifyFull => builder.with_root_certificates(roots),
            TlsMode::VerifyCa => dangerous(builder, &provider, Some(roots)),
            TlsMode::Required | TlsMode::Disabled => dangerous(builder, &provider, None),
        };
        let config = match (&self.cert_file, &self.key_file) {
            (Some(cert), Some(key)) => builder
                .with_client_auth_cert(certificates("the client's certificate", cert)?, private_key(key)?)
                .map_err(WireError::Tls)?,
            _ => builder.with_no_client_auth(),
        };
        Ok(Some(Arc::new(config)))
    }
}

type Wanting<T> = rustls::ConfigBuilder<ClientConfig, T>;

fn dangerous(
    builder: Wanting<rustls::WantsVerifier>,
    provider: &CryptoProvider,
    roots: Option<RootCertStore>,
) -> Wanting<rustls::client::WantsClientCert> {
    let algorithms = provider.signature_verification_algorithms;
    builder.dangerous().with_custom_certificate_verifier(Arc::new(ChainOnly { roots, algorithms }))
}

/// Checks the chain up to an authority, where there are any, and never the name.
#[derive(Debug)]
struct ChainOnly {
    roots: Option<RootCertStore>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for ChainOnly {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(roots) = &self.roots {
            let certificate = ParsedCertificate::try_from(end_entity)?;
            verify_server_cert_signed_by_trust_anchor(
                &certificate,
                roots,
                intermediates,
                now,
                self.algorithms.all,
            )?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn authorities(path: &Path) -> Result<RootCertStore, WireError> {
    let mut roots = RootCertStore::empty();
    let (added, _unusable) = roots.add_parsable_certificates(certificates("authorities", path)?);
    if added == 0 {
        return Err(file_error("authorities", path, "the file holds no certificate"));
    }
    Ok(roots)
}

fn certificates(what: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, WireError> {
    let failed = |error| file_error(what, path, error);
    CertificateDer::pem_file_iter(path).map_err(failed)?.collect::<Result<_, _>>().map_err(failed)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, WireError> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| file_error("the client's key", path, error))
}

fn file_error(
    what: &'static str,
    path: &Path,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> WireError {
    WireError::File { what, path: path.to_owned(), source: source.into() }
}
