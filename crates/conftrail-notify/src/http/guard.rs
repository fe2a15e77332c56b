//! Which addresses may be connected to.
//!
//! A webhook's address is written by people who may not reach what conftrail's host reaches: its own services, a cloud's
//! metadata, a database in its network (server-side request forgery). The addresses that a name has are looked at when they
//! are looked up for the connection, so that a name that changes its mind in between gains nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use conftrail_engine::channels::AllowInternal;
use ipnet::IpNet;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Decides about addresses.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    allowed: Arc<Allowed>,
}

#[derive(Debug)]
enum Allowed {
    All,
    Public { and: Vec<IpNet> },
}

/// The address is one of this machine or its networks.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0} is an address of this machine or a network behind it: allow it with `{1}: true`, or with a list of networks"
)]
pub(crate) struct Internal(pub(crate) String, pub(crate) &'static str);

impl Guard {
    /// Reads what the routing file allows.
    ///
    /// # Errors
    /// The place in the list, from 0, of what is no network.
    pub(crate) fn new(allow: &AllowInternal) -> Result<Self, usize> {
        let allowed = match allow {
            AllowInternal::All => Allowed::All,
            AllowInternal::None => Allowed::Public { and: Vec::new() },
            AllowInternal::Networks(texts) => {
                let parsed = texts.iter().enumerate().map(|(place, text)| network(text).ok_or(place));
                Allowed::Public { and: parsed.collect::<Result<_, _>>()? }
            }
        };
        Ok(Self { allowed: Arc::new(allowed) })
    }

    /// Says whether an address may be connected to.
    pub(crate) fn allows(&self, address: IpAddr) -> bool {
        match &*self.allowed {
            Allowed::All => true,
            Allowed::Public { and } => {
                let address = address.to_canonical();
                is_public(address) || and.iter().any(|network| network.contains(&address))
            }
        }
    }

    /// Returns the address that a URL names without a name, where that may not be connected to: nothing looks such up.
    pub(crate) fn refused_literal(&self, url: &Url) -> Option<IpAddr> {
        let host = url.host_str()?;
        let bare = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host);
        let address: IpAddr = bare.parse().ok()?;
        (!self.allows(address)).then_some(address.to_canonical())
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let (allowed, refused): (Vec<_>, Vec<_>) =
                found.into_iter().partition(|address| guard.allows(address.ip()));
            if allowed.is_empty()
                && let Some(first) = refused.first()
            {
                // The key's name is filled in where the error is told.
                return Err(Internal(first.ip().to_canonical().to_string(), "").into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Reads a network, or one address as a network of one.
fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Everything but what RFC 6890 and its successors set aside.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let set_aside = matches!(
        (a, b, c),
        (0 | 10 | 127, ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
            | (224..=255, ..)
    );
    !set_aside
}

/// Only what is handed out (2000::/3), and of that nothing that leads to an address of another kind or is set aside.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, .., low_high, low_low] = address.segments();
    let embedded = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match (a, b, c, d) {
        // NAT64: the address behind it counts.
        (0x64, 0xff9b, 0, 0) => is_public_v4(embedded(low_high, low_low)),
        // 6to4: likewise.
        (0x2002, high, low, _) => is_public_v4(embedded(high, low)),
        // Teredo, benchmarks, ORCHID; documentation.
        (0x2001, 0..=0x1ff, ..) | (0x2001, 0xdb8, ..) | (0x3fff, 0..=0xfff, ..) => false,
        (0x2000..=0x3fff, ..) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(allow: AllowInternal) -> Guard {
        Guard::new(&allow).expect("the networks are networks")
    }

    #[test]
    fn addresses_of_this_machine_and_its_networks_are_refused_in_every_form() {
        let guard = guard(AllowInternal::None);
        let internal = [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:a9fe:a9fe",
            "::127.0.0.1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "fec0::1",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2001::1",
            "2001:db8::1",
            "100::1",
            "3fff::1",
        ];
        for text in internal {
            assert!(!guard.allows(text.parse().expect("an address")), "{text}");
        }
        for text in ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::808:808"]
        {
            assert!(guard.allows(text.parse().expect("an address")), "{text}");
        }
    }

    #[test]
    fn every_way_to_write_an_address_into_a_url_is_the_address() {
        let guard = guard(AllowInternal::None);
        for host in [
            "127.0.0.1",
            "127.1",
            "0x7f.1",
            "2130706433",
            "017700000001",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "0",
            "[::ffff:7f00:1]",
            "１２７.0.0.1",
            "169.254.169.254",
        ] {
            let url = Url::parse(&format!("http://{host}:8080/x")).expect("a URL");
            assert!(guard.refused_literal(&url).is_some(), "{host}");
        }
        for host in ["example.com", "8.8.8.8", "[2606:4700::1111]"] {
            let url = Url::parse(&format!("https://{host}/x")).expect("a URL");
            assert_eq!(guard.refused_literal(&url), None, "{host}");
        }
    }

    #[test]
    fn what_is_allowed_is_allowed_alone() {
        let networks = ["10.1.0.0/16", "fd00::/8", "127.0.0.1"].map(str::to_owned).to_vec();
        let some = guard(AllowInternal::Networks(networks));
        for (text, allowed) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("10.2.0.1", false),
            ("fd12::1", true),
            ("127.0.0.1", true),
            ("127.0.0.2", false),
            ("8.8.8.8", true),
        ] {
            assert_eq!(some.allows(text.parse().expect("an address")), allowed, "{text}");
        }
        assert!(guard(AllowInternal::All).allows(Ipv4Addr::LOCALHOST.into()));
        let wrong = AllowInternal::Networks(vec!["10.0.0.0/8".to_owned(), "ten".to_owned()]);
        assert_eq!(Guard::new(&wrong).err(), Some(1));
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_refused_when_it_is_looked_up() {
        let name = || "localhost".parse::<Name>().expect("a name");
        let error = guard(AllowInternal::None).resolve(name()).await.err().expect("refused");
        assert!(error.downcast_ref::<Internal>().is_some(), "{error}");
        assert!(guard(AllowInternal::All).resolve(name()).await.expect("allowed").next().is_some());
    }
}
