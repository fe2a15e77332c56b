//! Certificates for tests of TLS, made anew for each test.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use tempfile::TempDir;

/// An authority, a server certificate and a client certificate signed by it, as PEM files that live as long as the last clone.
#[derive(Debug, Clone)]
pub struct Certificates {
    dir: Arc<TempDir>,
    ca: PathBuf,
    cert: PathBuf,
    key: PathBuf,
    client_cert: PathBuf,
    client_key: PathBuf,
}

impl Certificates {
    /// For a server that is reached as `localhost` or `127.0.0.1`.
    pub fn for_this_machine() -> Self {
        Self::for_hosts(&["localhost", "127.0.0.1"])
    }

    /// For a server that is reached by these names or addresses.
    pub fn for_hosts(hosts: &[&str]) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("conftrail-tls-")
            .tempdir()
            .expect("make a directory for certificates");
        let write = |name: &str, text: String| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).expect("write a certificate file");
            path
        };

        let ca_key = KeyPair::generate().expect("make a key");
        let mut ca_params = named("conftrail test authority", &[]);
        ca_params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca_params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let ca_cert = ca_params.self_signed(&ca_key).expect("sign the authority");
        let authority = Issuer::new(ca_params, ca_key);

        let signed = |params: CertificateParams| {
            let key = KeyPair::generate().expect("make a key");
            let cert = params.signed_by(&key, &authority).expect("sign a certificate");
            (cert.pem(), key.serialize_pem())
        };
        let mut server_params = named("conftrail test server", hosts);
        server_params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let (cert, key) = signed(server_params);
        let mut client_params = named("conftrail test client", &[]);
        client_params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let (client_cert, client_key) = signed(client_params);

        Self {
            ca: write("ca.pem", ca_cert.pem()),
            cert: write("server.pem", cert),
            key: write("server.key", key),
            client_cert: write("client.pem", client_cert),
            client_key: write("client.key", client_key),
            dir: Arc::new(dir),
        }
    }

    /// The authority's certificate.
    pub fn ca_file(&self) -> &Path {
        &self.ca
    }

    /// The server's certificate.
    pub fn cert_file(&self) -> &Path {
        &self.cert
    }

    /// The server's private key.
    pub fn key_file(&self) -> &Path {
        &self.key
    }

    /// A client's certificate, of the same authority.
    pub fn client_cert_file(&self) -> &Path {
        &self.client_cert
    }

    /// The client's private key.
    pub fn client_key_file(&self) -> &Path {
        &self.client_key
    }

    /// The directory that holds the files.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }
}

fn named(name: &str, hosts: &[&str]) -> CertificateParams {
    let names: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("the names are host names or addresses");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}
