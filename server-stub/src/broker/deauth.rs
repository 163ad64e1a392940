//! Disconnect.

use codestream_protocol::http::Revoked;

use crate::app::App;
use crate::providers::Provider;
use crate::store::Account;

/// Ends an account's access at the third party. A token that the user made by hand was not issued to our app, so only its
/// maker can end it.
pub(crate) async fn revoke(app: &App, provider: &Provider, account: &Account) -> Revoked {
    match &account.access_token {
        Some(_) if account.is_api_token => Revoked::Unsupported,
        Some(token) => provider.revoke(&app.http, token).await,
        // Lost on the service's own word: there is nothing to end.
        None => Revoked::Yes,
    }
}
