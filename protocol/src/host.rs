//! Hosts that people name, in one form, and where an address leads.
//!
//! Agent and server decide here what a pasted address means, so that neither takes two spellings for two hosts (CWE-346) or
//! calls what only looks like a host outside (CWE-918).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::id::ProviderId;

/// Where an address leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Anywhere on the internet.
    Global,
    /// The operator's own network (RFC 1918, RFC 4193, RFC 6598).
    Private,
    /// This machine.
    Loopback,
    /// Nothing that a host is called at: this link, a cloud's metadata, multicast, what is reserved.
    Internal,
}

/// Why a text is no address of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not a web address, or of a host with characters that a host cannot have.
    #[error("it is not a web address")]
    Malformed,
    /// It has a user name or a password.
    #[error("it has a user name or a password in it")]
    Credentials,
    /// Plain http to another machine.
    #[error("it is not https")]
    Insecure,
    /// A port that browsers refuse, too.
    #[error("port {0} is not for web servers")]
    Port(u16),
    /// Where no host is: see [`Scope::Internal`].
    #[error("it leads to no host")]
    Internal,
}

/// Metadata services that are outside of the link-local networks: Alibaba Cloud, Azure, AWS and Google Cloud over IPv6.
const METADATA_V4: [Ipv4Addr; 2] = [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(168, 63, 129, 16)];
const METADATA_V6: [Ipv6Addr; 2] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
];

/// The ports that browsers connect to for no URL. <https://fetch.spec.whatwg.org/#port-blocking>
const BAD_PORTS: [u16; 83] = [
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103,
    104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514,
    515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723,
    2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

/// Where an IP address leads. One that carries another leads where that does.
pub fn scope(address: IpAddr) -> Scope {
    match address {
        IpAddr::V4(address) => scope_v4(address),
        IpAddr::V6(address) => scope_v6(address),
    }
}

fn scope_v4(address: Ipv4Addr) -> Scope {
    match address.octets() {
        _ if METADATA_V4.contains(&address) => Scope::Internal,
        [127, ..] => Scope::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] | [198, 18..=19, ..] => {
            Scope::Private
        }
        // RFC 6890: "this network", link-local, protocol assignments, multicast, reserved.
        [0 | 224..=255, ..] | [169, 254, ..] | [192, 0, 0, _] => Scope::Internal,
        _ => Scope::Global,
    }
}

fn scope_v6(address: Ipv6Addr) -> Scope {
    let segments = address.segments();
    let low = || embedded(segments[6], segments[7]);
    match segments {
        _ if METADATA_V6.contains(&address) => Scope::Internal,
        [0, 0, 0, 0, 0, 0, 0, 1] => Scope::Loopback,
        // IPv4-compatible, IPv4-mapped and IPv4-translated addresses (RFC 4291 2.5.5, RFC 2765), NAT64 (RFC 6052).
        [0, 0, 0, 0, 0 | 0xffff, 0, ..] | [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => {
            scope_v4(low())
        }
        // A network's own NAT64 prefix (RFC 8215).
        [0x64, 0xff9b, 1, ..] => scope_v4(low()).max(Scope::Private),
        // 6to4 (RFC 3056), and Teredo, which inverts the bits (RFC 4380).
        [0x2002, high, low, ..] => scope_v4(embedded(high, low)),
        [0x2001, 0, ..] => scope_v4(embedded(!segments[6], !segments[7])),
        [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] => Scope::Private,
        [0xfe80..=0xfebf | 0xff00..=0xffff, ..] | [0x100, 0, 0, 0, ..] => Scope::Internal,
        _ => Scope::Global,
    }
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

/// Where the host of a URL leads as it is written; `None`: a name, whose addresses decide. `localhost` is this machine
/// whatever a resolver says (RFC 6761 6.3).
pub fn scope_of(url: &Url) -> Option<Scope> {
    match url.host()? {
        Host::Ipv4(address) => Some(scope_v4(address)),
        Host::Ipv6(address) => Some(scope_v6(address)),
        Host::Domain(name) => is_localhost(name).then_some(Scope::Loopback),
    }
}

/// Whether a URL names this machine.
pub fn is_loopback(url: &Url) -> bool {
    scope_of(url) == Some(Scope::Loopback)
}

fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let last = name.rsplit('.').next().unwrap_or(name);
    last.eq_ignore_ascii_case("localhost")
}

/// Reads the address of a host or of any of its pages, with or without the scheme, as the URL standard does: letter case,
/// international names, numbers in any base, default ports and dots all have one form then. The trailing dot of a name goes,
/// since with and without it a name is the same host; query and fragment go, too.
///
/// # Errors
/// [`AddressError`].
pub fn address(text: &str) -> Result<Url, AddressError> {
    let text = text.trim();
    let parse = |text: &str| Url::parse(text).map_err(|_| AddressError::Malformed);
    let mut url = if text.contains("://") {
        parse(text)?
    } else {
        let secure = parse(&format!("https://{text}"))?;
        if is_loopback(&secure) {
            parse(&format!("http://{text}"))?
        } else {
            secure
        }
    };
    if !matches!(url.scheme(), "http" | "https") {
        return Err(AddressError::Malformed);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AddressError::Credentials);
    }
    let domain = url
        .domain()
        .map(|name| name.strip_suffix('.').unwrap_or(name).to_owned());
    if let Some(domain) = domain {
        if !is_domain(&domain) {
            return Err(AddressError::Malformed);
        }
        // Without its dot a name can be a number.
        url.set_host(Some(&domain)).map_err(|_| AddressError::Malformed)?;
    }
    url.set_query(None);
    url.set_fragment(None);
    if scope_of(&url) == Some(Scope::Internal) {
        return Err(AddressError::Internal);
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(AddressError::Insecure);
    }
    match url.port() {
        Some(port) if BAD_PORTS.contains(&port) => Err(AddressError::Port(port)),
        _ => Ok(url),
    }
}

/// Whether a name has what names of hosts are made of.
fn is_domain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    let is_label = |label: &str| !label.is_empty() && label.bytes().all(plain);
    name.len() <= 253 && name.split('.').all(is_label)
}

/// Reads the base of a self-hosted service: `https://host[:port][/context path]`, and gives it with `/` at its end.
///
/// # Errors
/// [`AddressError`]; [`AddressError::Malformed`] also for what has no id: an IPv6 address, a path with other characters than
/// an id has.
pub fn base(text: &str) -> Result<Url, AddressError> {
    if text.contains(['?', '#']) {
        return Err(AddressError::Malformed);
    }
    let mut url = address(text)?;
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    // A star stands for a dot in ids. An empty segment would not outlive a proxy that merges slashes.
    let is_plain = !url.path().contains('*') && !url.path().contains("//");
    let id = ProviderId::of_host(&host(&url));
    if is_plain && id.as_str().parse::<ProviderId>().is_ok() {
        Ok(url)
    } else {
        Err(AddressError::Malformed)
    }
}

/// `host[:port][/context path]` of a base: what a person knows it by, and what its id is made of.
pub fn host(base: &Url) -> String {
    let port = base.port().map(|port| format!(":{port}")).unwrap_or_default();
    let name = base.host_str().unwrap_or_default();
    format!("{name}{port}{}", base.path().trim_end_matches('/'))
}

#[cfg(test)]
mod tests;
