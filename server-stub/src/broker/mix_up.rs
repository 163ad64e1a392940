//! Codes that could be another issuer's (RFC 9700 4.4): a host of a team can send the browser on to the service's own cloud, with
//! the state of its own handshake, and hopes to be given the code that the cloud answers with.

use std::time::Duration;

use codestream_protocol::secret::AuthorizationCode;

use super::refusal::Refusal;
use crate::app::App;
use crate::keys::fingerprint;
use crate::providers::Provider;

/// Longer than any code is good (RFC 6749 4.1.2 recommends 10 minutes at most).
const LONGEST: Duration = Duration::from_hours(24);

/// Whether a code may be exchanged. A host that was added before each issuer had a redirect URI of its own still shares the
/// cloud's, so nothing tells whose its codes are: one that came back for such a host is good there alone. So the host gets a
/// code that nobody takes from it.
pub(super) async fn admit(app: &App, provider: &Provider, code: &AuthorizationCode) -> Result<(), Refusal> {
    let digest = || fingerprint(code.expose());
    if provider.shares_redirect_uri() {
        let until = app.clock.now() + LONGEST;
        app.store.spend_code(&digest(), until).await?;
    } else if provider.own_host().is_none()
        && provider.is_self_hosted_too()
        && app.store.is_spent(&digest()).await?
    {
        return Err(Refusal::OtherIssuer);
    }
    Ok(())
}
