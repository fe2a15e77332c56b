//! The files that receivers and sources need on this machine: looked at before any server is asked, and whether or not one
//! answers.

use std::path::{Path, PathBuf};

use conftrail_engine::Routing;
use conftrail_engine::channels::HttpConfig;
use conftrail_engine::routing::RoutingProblem;

/// What a file must hold.
#[derive(Clone, Copy)]
enum Content {
    Password,
    Secret,
    Certificates,
    PrivateKey,
}

/// Returns what is wrong with the files that a routing file names, at the keys that name them.
pub(super) fn of_routing(routing: &Routing) -> Vec<RoutingProblem> {
    let mut problems = Vec::new();
    let mut look = |path: String, file: &Option<PathBuf>, content: Content| {
        if let Some(said) = file.as_deref().and_then(|file| wrong(file, content)) {
            problems.push(RoutingProblem::new(path, said));
        }
    };
    let shared = &routing.global.smtp_auth_password_file;
    look("global.smtp_auth_password_file".to_owned(), shared, Content::Password);
    let shared = &routing.global.wechat_api_secret_file;
    look("global.x-wechat_api_secret_file".to_owned(), shared, Content::Secret);
    for (index, receiver) in routing.receivers.iter().enumerate() {
        for (number, email) in receiver.email_configs.iter().enumerate() {
            let entry = format!("receivers[{index}].email_configs[{number}]");
            look(format!("{entry}.auth_password_file"), &email.auth_password_file, Content::Password);
            look(format!("{entry}.tls_config.ca_file"), &email.tls_config.ca_file, Content::Certificates);
        }
        for (number, webhook) in receiver.webhook_configs.iter().enumerate() {
            let entry = format!("receivers[{index}].webhook_configs[{number}]");
            look(format!("{entry}.url_file"), &webhook.url_file, Content::Secret);
            look(format!("{entry}.x-secret_file"), &webhook.secret_file, Content::Secret);
            of_http(&entry, &webhook.http_config, &mut look);
        }
        for (number, wecom) in receiver.wechat_configs.iter().enumerate() {
            let entry = format!("receivers[{index}].wechat_configs[{number}]");
            look(format!("{entry}.x-api_secret_file"), &wecom.api_secret_file, Content::Secret);
            of_http(&entry, &wecom.http_config, &mut look);
        }
        for (number, robot) in receiver.wecom_robot_configs.iter().enumerate() {
            let entry = format!("receivers[{index}].x-wecom_robot_configs[{number}]");
            look(format!("{entry}.key_file"), &robot.key_file, Content::Secret);
            of_http(&entry, &robot.http_config, &mut look);
        }
    }
    problems
}

/// Looks at the files that an entry's `http_config` names.
fn of_http(entry: &str, http: &HttpConfig, look: &mut impl FnMut(String, &Option<PathBuf>, Content)) {
    let at = |key: &str| format!("{entry}.http_config.{key}");
    look(at("tls_config.ca_file"), &http.tls_config.ca_file, Content::Certificates);
    look(at("bearer_token_file"), &http.bearer_token_file, Content::Secret);
    if let Some(given) = &http.authorization {
        look(at("authorization.credentials_file"), &given.credentials_file, Content::Secret);
    }
    if let Some(given) = &http.basic_auth {
        look(at("basic_auth.password_file"), &given.password_file, Content::Password);
    }
}

/// Returns what is wrong with the files that a MySQL source names, each as `key: what`.
pub(super) fn of_mysql(config: &conftrail_binlog::Config) -> Vec<String> {
    let files = [
        ("password_file", &config.password_file, Content::Password),
        ("tls.ca_file", &config.tls.ca_file, Content::Certificates),
        ("tls.cert_file", &config.tls.cert_file, Content::Certificates),
        ("tls.key_file", &config.tls.key_file, Content::PrivateKey),
    ];
    let look = |(key, file, content): (&str, &Option<PathBuf>, Content)| {
        let said = wrong(file.as_deref()?, content)?;
        Some(format!("{key}: {said}"))
    };
    files.into_iter().filter_map(look).collect()
}

/// Says what is wrong with a file; nothing of its content is repeated.
fn wrong(file: &Path, content: Content) -> Option<String> {
    let name = file.display();
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) => return Some(format!("cannot read {name}: {error}")),
    };
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => return Some(format!("{name} is no text in UTF-8")),
    };
    match content {
        Content::Password if text.trim_end_matches(['\r', '\n']).is_empty() => {
            Some(format!("{name} is empty: put the password into it"))
        }
        Content::Secret if text.trim().is_empty() => Some(format!("{name} is empty: put the secret into it")),
        Content::Certificates if !text.contains("-----BEGIN CERTIFICATE-----") => {
            Some(format!("{name} holds no certificate in PEM form"))
        }
        Content::PrivateKey if !text.contains(" PRIVATE KEY-----") => {
            Some(format!("{name} holds no private key in PEM form"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_must_be_there_and_hold_what_it_is_for() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("f");
        let said = |content: Content| wrong(&file, content).unwrap_or_default();
        assert!(said(Content::Password).starts_with("cannot read "));
        let write = |text: &[u8]| std::fs::write(&file, text).unwrap();
        write(b"\r\n");
        assert!(said(Content::Password).contains("is empty"));
        write(b"s3cret\n");
        assert_eq!(said(Content::Password), "");
        assert!(said(Content::Certificates).contains("no certificate"));
        assert!(said(Content::PrivateKey).contains("no private key"));
        assert!(!said(Content::PrivateKey).contains("s3cret"));
        write(b"-----BEGIN CERTIFICATE-----\n");
        assert_eq!(said(Content::Certificates), "");
        for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"] {
            write(format!("-----BEGIN {label}-----\n").as_bytes());
            assert_eq!(said(Content::PrivateKey), "", "{label}");
        }
        write(&[0xff, 0xfe]);
        assert!(said(Content::Password).contains("UTF-8"));
        assert!(wrong(directory.path(), Content::Password).is_some());
    }
}
