//! The HTTP client for third parties: the only one.

use std::time::Duration;

/// Follows no redirect: a third party's API never needs one, and a redirect could carry a token elsewhere.
#[expect(clippy::disallowed_methods, reason = "the one builder")]
pub(crate) fn client() -> Result<reqwest::Client, reqwest::Error> {
    // Err means that another part of the process has installed one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(10))
        .user_agent(concat!("CodeStream/", env!("CARGO_PKG_VERSION")))
        .build()
}
