//! Whose word about a client's address is taken.

use std::net::IpAddr;

use ipnet::IpNet;

use super::ConfigError;

/// The proxies in front of the server. This machine's own is always one of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Reads networks such as `10.0.0.0/8`, and single addresses.
    pub(crate) fn parse(texts: &[String]) -> Result<Self, ConfigError> {
        let parsed = texts.iter().map(|text| {
            let single = || text.parse().map(|address: IpAddr| address.to_canonical().into());
            text.parse()
                .or_else(|_| single())
                .map_err(|_| ConfigError::TrustedProxy(text.clone()))
        });
        parsed.collect::<Result<_, _>>().map(Self)
    }

    /// Whether what is at `address` is one.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        address.is_loopback() || self.0.iter().any(|net| net.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(texts: &[&str]) -> Result<TrustedProxies, ConfigError> {
        let texts: Vec<_> = texts.iter().map(|text| (*text).to_owned()).collect();
        TrustedProxies::parse(&texts)
    }

    #[test]
    fn networks_and_addresses_are_read_and_this_machine_is_always_in() {
        let proxies =
            proxies(&["10.0.0.0/8", "192.0.2.7", "fd00::/8", "::ffff:198.51.100.1"]).expect("networks");
        for (address, trusted) in [
            ("10.255.0.1", true),
            ("11.0.0.1", false),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("fd12::1", true),
            ("fe80::1", false),
            ("198.51.100.1", true),
            ("127.0.0.1", true),
            ("::1", true),
        ] {
            let address: IpAddr = address.parse().expect("an address");
            assert_eq!(proxies.contains(address), trusted, "{address}");
        }
    }

    #[test]
    fn what_is_neither_is_named() {
        for bad in ["", "10.0.0.0/33", "10.0.0", "lb.example.com", "10.0.0.1:80"] {
            let error = proxies(&["10.0.0.1", bad]).expect_err(bad);
            assert!(error.to_string().contains(&format!("{bad:?}")), "{error}");
        }
    }
}
