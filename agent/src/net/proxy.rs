//! Which proxy a URL goes through: a pure decision, shown by `doctor` as it is made here.
//!
//! The own or the IDE's setting goes before the environment; `NO_PROXY` and loopback go before both.

use std::net::IpAddr;

use codestream_protocol::host::is_loopback;
use codestream_protocol::lsp::init::ProxyOptions;
use url::{Host, Url};

use crate::environment::Environment;
use crate::net::NetworkError;

/// Which way a URL goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// No proxy is set for it.
    Direct,
    /// A proxy is set, but the host is this machine.
    Loopback,
    /// A proxy is set, but `NO_PROXY` has this entry.
    Exempt {
        /// The entry that matched.
        entry: String,
    },
    /// Through a proxy.
    Via {
        /// Which one.
        proxy: ProxyAddress,
        /// Who said so.
        source: ProxySource,
    },
}

/// For a person: which proxy and who named it, or why there is none. Without credentials.
impl std::fmt::Display for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Direct => f.write_str("none"),
            Self::Loopback => f.write_str("set, but not used for this machine"),
            Self::Exempt { entry } => write!(f, "set, but not used: NO_PROXY has {entry}"),
            Self::Via { proxy, source } => {
                let credentials = if proxy.with_credentials {
                    ", with credentials"
                } else {
                    ""
                };
                write!(f, "{}{credentials}, named by {source}", proxy.host)
            }
        }
    }
}

/// A proxy as it may be shown: without credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyAddress {
    /// `host:port`.
    pub host: String,
    /// Whether a user name or password goes with it.
    pub with_credentials: bool,
}

/// Who named a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxySource {
    /// The option `proxy`, which is the agent's own setting or the IDE's.
    Setting,
    /// An environment variable of this name.
    Variable(&'static str),
}

impl std::fmt::Display for ProxySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Setting => f.write_str("the setting `proxy`"),
            Self::Variable(name) => write!(f, "the environment variable {name}"),
        }
    }
}

struct Proxy {
    url: Url,
    source: ProxySource,
}

/// The options and variables, parsed.
pub(crate) struct ProxyRules {
    https: Option<Proxy>,
    http: Option<Proxy>,
    exempt: Vec<Exemption>,
}

const HTTPS: &[&str] = &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
const HTTP: &[&str] = &["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];

impl ProxyRules {
    /// # Errors
    /// [`NetworkError::Setting`] for a proxy URL that is not one.
    pub(crate) fn new(
        setting: Option<&ProxyOptions>,
        environment: &Environment,
    ) -> Result<Self, NetworkError> {
        let setting = setting
            .map(|options| options.url.trim())
            .filter(|url| !url.is_empty());
        let of = |names: &[&'static str]| -> Result<Option<Proxy>, NetworkError> {
            let (source, text) = match (setting, environment.first(names)) {
                (Some(text), _) => (ProxySource::Setting, text),
                (None, Some((name, text))) => (ProxySource::Variable(name), text),
                (None, None) => return Ok(None),
            };
            let url = parse(text).ok_or_else(|| {
                NetworkError::Setting(format!(
                    "{source} does not hold the URL of an HTTP proxy. Write it as http://host:port."
                ))
            })?;
            Ok(Some(Proxy { url, source }))
        };
        let list = environment
            .first(&["no_proxy", "NO_PROXY"])
            .map_or("", |(_, list)| list);
        Ok(Self {
            https: of(HTTPS)?,
            http: of(HTTP)?,
            exempt: Exemption::list(list),
        })
    }

    /// Which way `url` goes.
    pub(crate) fn route(&self, url: &Url) -> Route {
        let Some(proxy) = self.of_scheme(url) else {
            return Route::Direct;
        };
        if is_loopback(url) {
            return Route::Loopback;
        }
        if let Some(exemption) = self.exempt.iter().find(|exemption| exemption.covers(url)) {
            return Route::Exempt {
                entry: exemption.text.clone(),
            };
        }
        Route::Via {
            proxy: ProxyAddress {
                host: authority(&proxy.url),
                with_credentials: !proxy.url.username().is_empty() || proxy.url.password().is_some(),
            },
            source: proxy.source,
        }
    }

    /// The proxy for `url`, with its credentials, as the client wants it.
    pub(crate) fn proxy_url(&self, url: &Url) -> Option<Url> {
        match self.route(url) {
            Route::Via { .. } => self.of_scheme(url).map(|proxy| proxy.url.clone()),
            _ => None,
        }
    }

    fn of_scheme(&self, url: &Url) -> Option<&Proxy> {
        match url.scheme() {
            "https" | "wss" => self.https.as_ref(),
            _ => self.http.as_ref(),
        }
    }
}

/// `host:port` is accepted without a scheme, as curl does.
fn parse(text: &str) -> Option<Url> {
    let url = if text.contains("://") {
        Url::parse(text)
    } else {
        Url::parse(&format!("http://{text}"))
    }
    .ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// One entry of `NO_PROXY`.
struct Exemption {
    text: String,
    rule: Rule,
    port: Option<u16>,
}

enum Rule {
    All,
    Name(String),
    Network { address: IpAddr, bits: u8 },
}

impl Exemption {
    fn list(text: &str) -> Vec<Self> {
        text.split([',', ' ']).filter_map(Self::parse).collect()
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let of = |rule, port| {
            Some(Self {
                text: text.to_owned(),
                rule,
                port,
            })
        };
        if text == "*" {
            return of(Rule::All, None);
        }
        if let Some(rule) = network(text) {
            return of(rule, None);
        }
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) => (name, Some(port.parse().ok()?)),
            None => (text, None),
        };
        if let Some(rule) = network(name) {
            return of(rule, port);
        }
        // `.example.com`, `*.example.com` and `example.com` are written for the same thing.
        let name = name
            .strip_prefix("*.")
            .or_else(|| name.strip_prefix('.'))
            .unwrap_or(name);
        of(Rule::Name(name.to_ascii_lowercase()), port)
    }

    fn covers(&self, url: &Url) -> bool {
        if self.port.is_some() && self.port != url.port_or_known_default() {
            return false;
        }
        match (&self.rule, url.host()) {
            (Rule::All, _) => true,
            (Rule::Name(name), Some(Host::Domain(host))) => {
                let host = host.trim_end_matches('.').to_ascii_lowercase();
                host == *name
                    || host
                        .strip_suffix(name.as_str())
                        .is_some_and(|rest| rest.ends_with('.'))
            }
            (Rule::Network { address, bits }, Some(Host::Ipv4(host))) => {
                within(IpAddr::V4(host), *address, *bits)
            }
            (Rule::Network { address, bits }, Some(Host::Ipv6(host))) => {
                within(IpAddr::V6(host), *address, *bits)
            }
            _ => false,
        }
    }
}

/// An address, bracketed or not, or a network in CIDR notation.
fn network(text: &str) -> Option<Rule> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.trim_matches(['[', ']']).parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.unwrap_or(most);
    (bits <= most).then_some(Rule::Network { address, bits })
}

fn within(host: IpAddr, network: IpAddr, bits: u8) -> bool {
    match (host, network) {
        (IpAddr::V4(host), IpAddr::V4(network)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            host.to_bits() & mask == network.to_bits() & mask
        }
        (IpAddr::V6(host), IpAddr::V6(network)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            host.to_bits() & mask == network.to_bits() & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(setting: Option<&str>, variables: &[(&str, &str)]) -> Result<ProxyRules, NetworkError> {
        let setting = setting.map(|url| ProxyOptions {
            url: url.into(),
            strict_ssl: true,
        });
        ProxyRules::new(setting.as_ref(), &Environment::of(variables.iter().copied()))
    }

    /// Setting, environment, URL, and the way it goes.
    const ROUTES: &str = "
        -             |                                                  | https://api.test/          | none
        http://own:1  | HTTPS_PROXY=http://env:2                         | https://api.test/          | own:1, named by the setting `proxy`
        -             | HTTPS_PROXY=http://env:2                         | https://api.test/          | env:2, named by the environment variable HTTPS_PROXY
        -             | https_proxy=http://low:2 HTTPS_PROXY=http://up:2 | https://api.test/          | low:2, named by the environment variable https_proxy
        -             | HTTP_PROXY=http://env:2                          | https://api.test/          | none
        -             | HTTP_PROXY=http://env:2                          | http://api.test/           | env:2, named by the environment variable HTTP_PROXY
        -             | ALL_PROXY=env:2                                  | https://api.test/          | env:2, named by the environment variable ALL_PROXY
        -             | HTTPS_PROXY= ALL_PROXY=env:2                     | https://api.test/          | env:2, named by the environment variable ALL_PROXY
        http://own:1  |                                                  | https://localhost:9/       | set, but not used for this machine
        http://own:1  |                                                  | http://127.0.0.1:9/        | set, but not used for this machine
        http://own:1  |                                                  | http://[::1]:9/            | set, but not used for this machine
        http://own:1  |                                                  | http://x.localhost./       | set, but not used for this machine
        http://own:1  |                                                  | https://localhost.example/ | own:1, named by the setting `proxy`
        http://own:1  | NO_PROXY=test                                    | https://api.test/          | set, but not used: NO_PROXY has test
        http://own:1  | no_proxy=test                                    | https://api.test/          | set, but not used: NO_PROXY has test
        http://own:1  | NO_PROXY=.test                                   | https://test/              | set, but not used: NO_PROXY has .test
        http://own    | NO_PROXY=est                                     | https://api.test/          | own:80, named by the setting `proxy`
        http://own:1  | NO_PROXY=a,*.test                                | https://api.test/          | set, but not used: NO_PROXY has *.test
        http://own:1  | NO_PROXY=*                                       | https://api.test/          | set, but not used: NO_PROXY has *
        http://own:1  | NO_PROXY=api.test:444                            | https://api.test/          | own:1, named by the setting `proxy`
        http://own:1  | NO_PROXY=api.test:443                            | https://api.test/          | set, but not used: NO_PROXY has api.test:443
        http://own:1  | NO_PROXY=10.0.0.0/8                              | https://10.9.8.7/          | set, but not used: NO_PROXY has 10.0.0.0/8
        http://own:1  | NO_PROXY=10.0.0.0/8                              | https://11.9.8.7/          | own:1, named by the setting `proxy`
        http://own:1  | NO_PROXY=fd00::/8                                | https://[fd12::1]/         | set, but not used: NO_PROXY has fd00::/8
        http://own:1  | NO_PROXY=0.0.0.0/0                               | https://10.9.8.7/          | set, but not used: NO_PROXY has 0.0.0.0/0";

    #[test]
    fn the_setting_goes_before_the_environment_and_no_proxy_and_loopback_before_both() {
        for row in ROUTES.lines().filter(|row| !row.trim().is_empty()) {
            let cells: Vec<_> = row.split('|').map(str::trim).collect();
            let [setting, variables, url, expected] = cells[..] else {
                panic!("four cells: {row}");
            };
            let variables: Vec<_> = variables
                .split_whitespace()
                .filter_map(|pair| pair.split_once('='))
                .collect();
            let rules = rules((setting != "-").then_some(setting), &variables).expect("proxies");
            let url = Url::parse(url).expect("a URL");
            assert_eq!(rules.route(&url).to_string(), expected, "{row}");
        }
    }

    #[test]
    fn a_proxy_url_that_is_none_is_named_by_its_source_and_never_repeated() {
        for bad in ["socks5://h:1", "http://", "ftp://me:hunter2@h", "::"] {
            let error = rules(None, &[("HTTPS_PROXY", bad)]).err().expect(bad).to_string();
            assert!(
                error.contains("HTTPS_PROXY") && !error.contains("hunter2"),
                "{error}"
            );
        }
    }

    #[test]
    fn credentials_reach_the_client_but_are_not_shown() {
        let rules = rules(Some("http://me:hunter2@own:1"), &[]).expect("a proxy");
        let url = Url::parse("https://api.test").expect("a URL");
        let route = rules.route(&url);
        assert_eq!(
            route.to_string(),
            "own:1, with credentials, named by the setting `proxy`"
        );
        assert!(!format!("{route:?}").contains("hunter2"));
        assert_eq!(
            rules.proxy_url(&url).expect("a proxy").password(),
            Some("hunter2")
        );
    }

    proptest::proptest! {
        #[test]
        fn any_no_proxy_list_is_read(list in "[ -~]{0,60}") {
            let rules = rules(Some("http://own:1"), &[("NO_PROXY", &list)]).expect("a proxy");
            rules.route(&Url::parse("https://10.0.0.1/").expect("a URL"));
        }
    }
}
