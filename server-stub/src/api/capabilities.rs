//! `GET /no-auth/capabilities`: what this server can do, and how an agent knows that it is `CodeStream`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use codestream_protocol::http::{Capabilities, Capability};

use crate::app::App;
use crate::config::{Config, ConfirmSignIn};

/// Shows them, with the services that are set up.
pub(super) async fn show(State(app): State<Arc<App>>) -> Json<Capabilities> {
    Json(Capabilities {
        capabilities: of(&app.config),
        providers: app.providers.rows(),
    })
}

/// What a server with this configuration can do.
pub(super) fn of(config: &Config) -> BTreeMap<String, Capability> {
    let confirms = config.confirm_sign_in != ConfirmSignIn::Never;
    [
        (
            "attemptEnded",
            true,
            "Ends of connect handshakes are told on the me-channel",
        ),
        ("codeChallenge", true, "Sign-ups are bound to a verifier"),
        (
            "longPoll",
            config.long_poll,
            "check-signup holds requests that prefer to wait",
        ),
        (
            "confirmSignIn",
            confirms,
            "The browser may ask to compare a code with the IDE",
        ),
    ]
    .into_iter()
    .filter(|(_, can, _)| *can)
    .map(|(name, _, description)| {
        let capability = Capability {
            description: Some(description.to_owned()),
        };
        (name.to_owned(), capability)
    })
    .collect()
}
