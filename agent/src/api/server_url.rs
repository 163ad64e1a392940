//! The server's address: an origin and nothing else, so that a route can be put behind it without surprises.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use url::Url;

/// An `http` or `https` origin.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ServerUrl(Arc<Url>);

/// What is wrong with a server's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ServerUrlError {
    /// Not a URL at all.
    #[error("The server's address is not a URL. Write it as https://codestream.example.com.")]
    NotAUrl,
    /// Another scheme.
    #[error("The server's address must begin with https:// or http://.")]
    Scheme,
    /// A user name or password in it.
    #[error("The server's address must not hold a user name or a password.")]
    Credentials,
    /// A path, query or fragment.
    #[error(
        "The server's address must end after the host and port: leave out everything from the next slash on."
    )]
    Path,
}

impl ServerUrl {
    /// The origin, without a slash at its end.
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// As a URL with the path `/`.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Whether it is on this machine.
    pub fn is_loopback(&self) -> bool {
        codestream_protocol::host::is_loopback(&self.0)
    }

    /// What to tell a person once when sessions go to another machine without TLS (CWE-319).
    pub fn in_the_clear(&self) -> Option<String> {
        (self.0.scheme() == "http" && !self.is_loopback()).then(|| {
            format!(
                "The connection to {self} is not encrypted: everybody on the way can read your session and act as you. \
                 Use an address that begins with https://."
            )
        })
    }

    /// A route: the first part is a path with its slashes, each further one a single segment.
    pub(crate) fn route(&self, parts: &[&str]) -> Url {
        let mut url = Url::clone(&self.0);
        if let Some((path, segments)) = parts.split_first() {
            url.set_path(path);
            if let Ok(mut writer) = url.path_segments_mut() {
                writer.extend(segments);
            }
        }
        url
    }
}

impl FromStr for ServerUrl {
    type Err = ServerUrlError;

    fn from_str(text: &str) -> Result<Self, ServerUrlError> {
        let url = Url::parse(text.trim()).map_err(|_| ServerUrlError::NotAUrl)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(ServerUrlError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ServerUrlError::Credentials);
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(ServerUrlError::Path);
        }
        Ok(Self(Arc::new(url)))
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_taken_and_everything_else_named() {
        for good in [
            "https://api.example.com",
            "http://127.0.0.1:12079/",
            " https://a.test:8443 ",
        ] {
            assert_eq!(
                good.parse::<ServerUrl>().expect(good).as_str(),
                good.trim().trim_end_matches('/')
            );
        }
        for (bad, error) in [
            ("", ServerUrlError::NotAUrl),
            ("api.example.com", ServerUrlError::NotAUrl),
            ("localhost:12079", ServerUrlError::Scheme),
            ("ftp://api.example.com", ServerUrlError::Scheme),
            ("https://me:pw@api.example.com", ServerUrlError::Credentials),
            ("https://api.example.com/login", ServerUrlError::Path),
            ("https://api.example.com/?a=1", ServerUrlError::Path),
            ("https://api.example.com/#x", ServerUrlError::Path),
        ] {
            assert_eq!(bad.parse::<ServerUrl>(), Err(error), "{bad}");
        }
    }

    #[test]
    fn only_plain_http_to_another_machine_is_warned_of() {
        for (url, warned) in [
            ("http://codestream.example.com", true),
            ("http://10.0.0.5:12079", true),
            ("https://codestream.example.com", false),
            ("http://127.0.0.1:12079", false),
            ("http://localhost:12079", false),
            ("http://[::1]:12079", false),
        ] {
            let server: ServerUrl = url.parse().expect(url);
            assert_eq!(server.in_the_clear().is_some(), warned, "{url}");
        }
    }

    #[test]
    fn a_segment_cannot_leave_its_route() {
        let server: ServerUrl = "https://a.test".parse().expect("an origin");
        let url = server.route(&["/provider-refresh", "../x?y#z"]);
        assert_eq!(url.as_str(), "https://a.test/provider-refresh/..%2Fx%3Fy%23z");
    }
}
