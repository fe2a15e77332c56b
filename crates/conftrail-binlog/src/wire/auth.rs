//! Logging in: mysql_native_password, caching_sha2_password and MariaDB's ed25519, and switching between them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use conftrail_core::Secret;
use mysql_common::io::ParseBuf;
use mysql_common::packets::{AuthPlugin, AuthSwitchRequest};

use super::channel::Channel;
use super::connection::server_error;
use super::packet::Packets;
use super::{Target, WireError};

/// Bytes of a nonce; source: MySQL, `SCRAMBLE_LENGTH`.
const NONCE: usize = 20;
/// Bytes of a nonce of ed25519; source: MariaDB, `plugin/auth_ed25519`.
const ED25519_NONCE: usize = 32;
/// caching_sha2_password: asks for the server's public key.
const REQUEST_KEY: [u8; 1] = [2];
/// caching_sha2_password: the cached hash matched.
const FAST_DONE: u8 = 3;
/// caching_sha2_password: the password itself is wanted.
const FULL_WANTED: u8 = 4;

/// One attempt to log in.
pub(super) struct Login {
    plugin: AuthPlugin<'static>,
    nonce: Vec<u8>,
    password: Secret<String>,
    key_allowed: bool,
}

impl Login {
    /// Takes the plugin that the server named first; where it is none of ours the server gets to name another.
    pub(super) fn new(
        plugin: Option<AuthPlugin<'static>>,
        nonce: Vec<u8>,
        target: &Target,
    ) -> Result<Self, WireError> {
        // The first nonce is made for the plugins of MySQL only.
        let first = |plugin: &AuthPlugin<'_>| is_listed(plugin) && *plugin != AuthPlugin::Ed25519;
        let plugin = plugin.filter(first).unwrap_or(AuthPlugin::CachingSha2Password);
        Ok(Self {
            nonce: checked(nonce, &plugin)?,
            plugin,
            password: target.password.clone(),
            key_allowed: target.tls.get_server_public_key,
        })
    }

    pub(super) fn plugin(&self) -> AuthPlugin<'static> {
        self.plugin.clone()
    }

    /// Returns the scrambled password; empty for an empty one.
    pub(super) fn first_answer(&self) -> Result<Vec<u8>, WireError> {
        // Only listed plugins get here: `gen_data` panics on some of the others.
        let data = self.plugin.gen_data(Some(self.password.expose().as_str()), &self.nonce);
        let mut bytes = Vec::new();
        if let Some(data) = data {
            mysql_common::proto::MySerialize::serialize(&data, &mut bytes);
        }
        Ok(bytes)
    }

    /// Answers the server until it says yes or no.
    pub(super) fn finish(&mut self, channel: &mut Channel, packets: &mut Packets) -> Result<(), WireError> {
        let mut switched = false;
        loop {
            let packet = packets.next(channel)?;
            match packet {
                [0x00, ..] => return Ok(()),
                [0xff, ..] => return Err(server_error(packet)),
                [0xfe, _, ..] if !switched => {
                    switched = true;
                    self.switch(packet)?;
                    packets.write(channel, &self.first_answer()?)?;
                }
                [0x01, FAST_DONE] if self.plugin == AuthPlugin::CachingSha2Password => {}
                [0x01, FULL_WANTED] if self.plugin == AuthPlugin::CachingSha2Password => {
                    self.send_password(channel, packets)?;
                }
                other => {
                    return Err(WireError::malformed(
                        "answer to the login",
                        format!("{} bytes that start with {:02x?}", other.len(), other.first()),
                    ));
                }
            }
        }
    }

    fn switch(&mut self, packet: &[u8]) -> Result<(), WireError> {
        let request = ParseBuf(packet)
            .parse::<AuthSwitchRequest<'_>>(())
            .map_err(|error| WireError::malformed("login plugin", error.to_string()))?;
        let plugin = request.auth_plugin().into_owned();
        if !is_listed(&plugin) {
            let name = String::from_utf8_lossy(plugin.as_bytes()).into_owned();
            return Err(WireError::Plugin { plugin: name });
        }
        self.nonce = checked(request.plugin_data().to_vec(), &plugin)?;
        self.plugin = plugin;
        Ok(())
    }

    /// Sends the password itself: in clear inside TLS, else encrypted by the server's key where that is allowed.
    fn send_password(&self, channel: &mut Channel, packets: &mut Packets) -> Result<(), WireError> {
        let mut password = self.password.expose().clone().into_bytes();
        password.push(0);
        if channel.is_secure() {
            return packets.write(channel, &password);
        }
        if !self.key_allowed {
            return Err(WireError::KeyNotAllowed);
        }
        packets.write(channel, &REQUEST_KEY)?;
        let packet = packets.next(channel)?;
        let [0x01, key @ ..] = packet else {
            return Err(match packet.first() {
                Some(0xff) => server_error(packet),
                _ => WireError::malformed("public key", format!("{} bytes", packet.len())),
            });
        };
        for (byte, nonce) in password.iter_mut().zip(self.nonce.iter().cycle()) {
            *byte ^= nonce;
        }
        let encrypted = encrypted(&password, key)?;
        packets.write(channel, &encrypted)
    }
}

/// mysql_common panics on a key that is no PEM.
fn encrypted(password: &[u8], key: &[u8]) -> Result<Vec<u8>, WireError> {
    let is_pem = key.starts_with(b"-----BEGIN PUBLIC KEY-----");
    let outcome =
        is_pem.then(|| catch_unwind(AssertUnwindSafe(|| mysql_common::crypto::encrypt(password, key))).ok());
    outcome.flatten().ok_or_else(|| WireError::malformed("public key", "it is no RSA key in PEM form"))
}

fn is_listed(plugin: &AuthPlugin<'_>) -> bool {
    matches!(plugin, AuthPlugin::CachingSha2Password | AuthPlugin::MysqlNativePassword | AuthPlugin::Ed25519)
}

/// Refuses what is no nonce: an answer to an empty one would tell the password's hash to whoever asked.
fn checked(mut nonce: Vec<u8>, plugin: &AuthPlugin<'_>) -> Result<Vec<u8>, WireError> {
    let wanted = if *plugin == AuthPlugin::Ed25519 { ED25519_NONCE } else { NONCE };
    // mysql_common cuts a zero from the end: MySQL's nonces have one behind them, those of ed25519 may end in one.
    if *plugin == AuthPlugin::Ed25519 && nonce.len() + 1 == wanted {
        nonce.push(0);
    }
    if nonce.len() == wanted && nonce.iter().any(|byte| *byte != 0) {
        return Ok(nonce);
    }
    Err(WireError::malformed("login nonce", format!("{} bytes", nonce.len())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Tls;

    fn login(password: &str) -> Login {
        let target = Target {
            host: "db".into(),
            port: 3306,
            user: "cdc".into(),
            password: Secret::new(password.into()),
            tls: Tls::default(),
        };
        Login::new(None, vec![7; NONCE], &target).unwrap()
    }

    #[test]
    fn an_unlisted_plugin_and_an_empty_nonce_are_refused() {
        let mut packet = b"\xfemysql_clear_password\0".to_vec();
        packet.extend([7; NONCE + 1]);
        let outcome = login("pw").switch(&packet);
        assert!(matches!(outcome, Err(WireError::Plugin { plugin }) if plugin == "mysql_clear_password"));
        for nonce in [&[][..], &[0; NONCE + 1], &[7; 5]] {
            let packet = [b"\xfemysql_native_password\0", nonce].concat();
            assert!(matches!(login("pw").switch(&packet), Err(WireError::Malformed { .. })));
        }
    }

    #[test]
    fn a_nonce_of_ed25519_is_longer_and_may_end_in_a_zero() {
        let packet = |nonce: &[u8]| [b"\xfeclient_ed25519\0", nonce].concat();
        let mut login = login("pw");
        login.switch(&packet(&[7; ED25519_NONCE])).unwrap();
        assert_eq!(login.first_answer().unwrap().len(), 64);
        let mut ends_in_zero = [7; ED25519_NONCE];
        ends_in_zero[ED25519_NONCE - 1] = 0;
        login.switch(&packet(&ends_in_zero)).unwrap();
        assert_eq!(login.nonce, ends_in_zero);
        assert!(login.switch(&packet(&[7; NONCE])).is_err());
    }

    #[test]
    fn an_empty_password_is_answered_by_nothing() {
        assert!(login("").first_answer().unwrap().is_empty());
        assert_eq!(login("pw").first_answer().unwrap().len(), 32);
    }

    #[test]
    fn what_is_no_key_is_an_error_and_no_panic() {
        for key in [&b""[..], b"-----BEGIN PUBLIC KEY-----\n%%%\n-----END PUBLIC KEY-----\n", b"junk"] {
            assert!(encrypted(b"pw\0", key).is_err());
        }
    }
}
