//! Which hosts of the own network the server calls when users name them.

use std::net::IpAddr;

use codestream_protocol::host;
use ipnet::IpNet;

use super::ConfigError;

/// Names and networks. What they can allow are private addresses alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AllowHosts {
    names: Vec<Name>,
    networks: Vec<IpNet>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    Whole(String),
    /// With its dot: every name that ends in it.
    Below(String),
}

impl AllowHosts {
    /// Reads networks such as `10.0.0.0/8`, single addresses, names such as `git.example.com`, and `*.example.com` for all
    /// names below one.
    pub(crate) fn parse(texts: &[String]) -> Result<Self, ConfigError> {
        let mut hosts = Self::default();
        for (number, text) in (1..).zip(texts) {
            let single = || text.parse().map(|address: IpAddr| address.to_canonical().into());
            if let Ok(network) = text.parse().or_else(|_| single()) {
                hosts.networks.push(network);
            } else {
                let name = Name::parse(text).ok_or(ConfigError::AllowedHost(number))?;
                hosts.names.push(name);
            }
        }
        Ok(hosts)
    }

    /// Whether `name`, which resolved to `address`, is one of them.
    pub(crate) fn contains(&self, name: &str, address: IpAddr) -> bool {
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        let is_named = |one: &Name| match one {
            Name::Whole(whole) => *whole == name,
            Name::Below(suffix) => name
                .strip_suffix(suffix.as_str())
                .is_some_and(|rest| !rest.is_empty()),
        };
        let address = address.to_canonical();
        self.names.iter().any(is_named) || self.networks.iter().any(|network| network.contains(&address))
    }

    /// The networks.
    pub(crate) fn networks(&self) -> &[IpNet] {
        &self.networks
    }
}

impl Name {
    fn parse(text: &str) -> Option<Self> {
        let (plain, below) = match text.strip_prefix("*.") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        if plain.contains(['/', ':', '?', '#', '@']) {
            return None;
        }
        let url = host::address(&format!("https://{plain}")).ok()?;
        let name = url.domain()?;
        Some(if below {
            Self::Below(format!(".{name}"))
        } else {
            Self::Whole(name.to_owned())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(texts: &[&str]) -> Result<AllowHosts, ConfigError> {
        let texts: Vec<_> = texts.iter().map(|text| (*text).to_owned()).collect();
        AllowHosts::parse(&texts)
    }

    #[test]
    fn names_and_networks_are_read_in_one_form() {
        let read = hosts(&[
            "Bücher.example.",
            "*.Corp.example",
            "10.0.0.0/8",
            "::ffff:192.168.0.1",
        ]);
        let read = read.expect("hosts");
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert!(read.contains("xn--bcher-kva.example", address("fd00::1")));
        assert!(read.contains("git.corp.example", address("fd00::1")));
        assert!(!read.contains("corp.example", address("fd00::1")));
        assert!(read.contains("x", address("::ffff:10.2.3.4")));
        assert!(read.contains("x", address("192.168.0.1")));
    }

    #[test]
    fn what_is_none_is_named() {
        for bad in [
            "",
            "10.0.0.0/33",
            "https://git.example.com",
            "git.example.com:443",
            "a/b",
            "*",
            "*.",
            "a*b",
        ] {
            let error = hosts(&["10.0.0.1", bad]).expect_err(bad);
            assert!(error.to_string().contains("number 2 of allowHosts"), "{error}");
        }
    }
}
