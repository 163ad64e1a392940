//! Whose word about a client's address is taken.

use std::net::IpAddr;

use ipnet::IpNet;

use super::ConfigError;

/// The proxies in front of the server. This machine's own is always one of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrustedProxies {
    named: Vec<IpNet>,
    /// Whether the operator has named them, be it as none.
    are_given: bool,
}

impl TrustedProxies {
    /// As the configuration has them; absent: nothing is known of proxies.
    pub(super) fn given(texts: Option<&[String]>) -> Result<Self, ConfigError> {
        texts.map_or_else(|| Ok(Self::default()), Self::parse)
    }

    /// Reads networks such as `10.0.0.0/8`, and single addresses.
    pub(crate) fn parse(texts: &[String]) -> Result<Self, ConfigError> {
        let parsed = (1..).zip(texts).map(|(number, text)| {
            let single = || text.parse().map(|address: IpAddr| address.to_canonical().into());
            text.parse()
                .or_else(|_| single())
                .map_err(|_| ConfigError::TrustedProxy(number))
        });
        Ok(Self {
            named: parsed.collect::<Result<_, _>>()?,
            are_given: true,
        })
    }

    /// Whether what is at `address` is one.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        address.is_loopback() || self.named.iter().any(|net| net.contains(&address))
    }

    /// Whether what is at `address`, which no proxy has forwarded for, may be a proxy all the same. Proxies stand in private
    /// networks: who has not said which ones there are may have forgotten one.
    pub(crate) fn may_contain(&self, address: IpAddr) -> bool {
        self.contains(address) || (!self.are_given && is_private(address))
    }
}

/// RFC 1918, RFC 6598, RFC 3927, RFC 4193 and RFC 4291 §2.5.6.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            v4.is_private() || v4.is_link_local() || (first == 100 && (64..128).contains(&second))
        }
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
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
    fn a_private_address_may_be_a_proxy_until_the_proxies_are_named() {
        let unnamed = TrustedProxies::given(None).expect("none");
        let none = TrustedProxies::given(Some(&[])).expect("none");
        for (address, may_be) in [
            ("10.0.0.1", true),
            ("172.20.0.1", true),
            ("192.168.1.1", true),
            ("100.64.0.1", true),
            ("169.254.1.1", true),
            ("fd00::1", true),
            ("fe80::1", true),
            ("100.128.0.1", false),
            ("203.0.113.1", false),
            ("2001:db8::1", false),
        ] {
            let parsed: IpAddr = address.parse().expect("an address");
            assert_eq!(unnamed.may_contain(parsed), may_be, "{address}");
            assert!(!none.may_contain(parsed), "{address}");
        }
        assert!(none.may_contain(IpAddr::from([127, 0, 0, 1])));
    }

    #[test]
    fn what_is_neither_is_named() {
        for bad in ["", "10.0.0.0/33", "10.0.0", "lb.example.com", "10.0.0.1:80"] {
            let error = proxies(&["10.0.0.1", bad]).expect_err(bad);
            assert!(
                error.to_string().contains("number 2 of trustedProxies"),
                "{error}"
            );
        }
    }
}
