//! Links that somebody else named.

use url::{Host, Url};

/// A link is at most so long: what browsers, servers and proxies are sure to take.
pub const MAX_LINK: usize = 4096;

/// A link that a person may be sent to: `https`, or `http` of this machine; never with credentials, never too long.
///
/// A link of another kind does more than show a page: `vscode:` runs an extension, `file:` opens what it names, and a user
/// name before the host makes one site look like another.
pub fn web_link(text: &str) -> Option<Url> {
    if text.len() > MAX_LINK {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let safe = match url.scheme() {
        "https" => url.host().is_some(),
        "http" => is_this_machine(&url),
        _ => false,
    };
    let bare = url.username().is_empty() && url.password().is_none();
    (safe && bare && url.as_str().len() <= MAX_LINK).then_some(url)
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
