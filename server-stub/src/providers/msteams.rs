//! Microsoft Teams: the user's token of the Microsoft identity platform, for Microsoft Graph.
//! <https://learn.microsoft.com/en-us/graph/auth-v2-user>

mod activity;
mod bot;
mod channels;
mod connector;
mod roster;
mod token;

use async_trait::async_trait;
use codestream_protocol::http::Revoked;
use codestream_protocol::{UnixMillis, UserId};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::call::{self, CallError};
use super::description::{Answer, Bases, Description, Endpoint, Issuer, Offer, OwnToken, Register};
use super::inbound::{Desk, Heard, Letter, Told, Unheard, WorkError};
use super::microsoft;
use super::person::{Email, Person, Place};
use super::service::{Ask, Caller, Held, OAuthApp, Service};
use super::token::OAuthErrorCode;

/// Microsoft Teams, one tenant an account.
#[derive(Debug)]
pub(crate) struct MsTeams;

static DESCRIPTION: Description = Description {
    name: "msteams",
    display_name: "Microsoft Teams",
    host: "login.microsoftonline.com",
    web: "https://login.microsoftonline.com/",
    api: "https://graph.microsoft.com/",
    profile: None,
    regions: &[],
    api_path: "v1.0/",
    authorize: microsoft::AUTHORIZE,
    answer: Answer::Code {
        token: Endpoint::Web(microsoft::TOKEN),
        pkce: true,
        issuer: Issuer::OfTenants,
    },
    scopes: &[
        ("User.Read", "show which account is connected"),
        ("Team.ReadBasic.All", "list the teams that you can share to"),
        ("Channel.ReadBasic.All", "list their channels"),
        ("ChannelMessage.Send", "post what you share, as you"),
        ("offline_access", "stay connected without asking you every hour"),
        ("openid", "tell your tenants apart"),
        ("profile", "show your name"),
        ("email", "recognise you by your verified e-mail address"),
    ],
    app_scopes: &[],
    scope_separator: " ",
    can_sign_up: true,
    own_token: OwnToken::None,
    self_hosted: None,
    offers: &[Offer::Sharing],
    manual_url: "https://myapps.microsoft.com/",
    register: Register {
        console: "https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade",
        steps: &[
            "Register an application for accounts in any organizational directory, of the platform **Web**, with the redirect URI `{callback}`.",
            "Under *API permissions* add *Microsoft Graph*, delegated, with the scopes below.",
            "Under *Token configuration* add the optional claims `email` and `xms_edov` to the ID token: without the second nobody can sign in, since an address alone proves nothing.",
            "Under *Certificates & secrets* make a client secret, and note when it expires.",
        ],
    },
    limits: "Many tenants let administrators alone consent: people are told so. Personal Microsoft accounts have no Teams to post to and are not let in. An access token is good for about an hour and is refreshed.",
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Me {
    id: String,
    display_name: Option<String>,
    user_principal_name: String,
}

#[async_trait]
impl Service for MsTeams {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn authorize(&self, app: &OAuthApp, ask: &Ask<'_>) -> Vec<(&'static str, String)> {
        microsoft::authorize(&DESCRIPTION, app, ask)
    }

    async fn person(&self, caller: Caller<'_>, held: Held<'_>) -> Result<Person, CallError> {
        if let Some(person) = held.claims.and_then(microsoft::person) {
            return Ok(person);
        }
        let request = caller
            .http
            .get(caller.api("v1.0/me"))
            .bearer_auth(held.access.expose());
        let user: Me = call::send(request).await?.json()?;
        Ok(Person {
            subject: user.id,
            login: user.user_principal_name,
            name: user.display_name,
            place: Place::Everywhere,
        })
    }

    async fn email(&self, _: Caller<'_>, held: Held<'_>) -> Result<Email, CallError> {
        Ok(microsoft::email(held.claims))
    }

    async fn revoke(&self, _: Caller<'_>, _: Held<'_>) -> Revoked {
        microsoft::REVOKED
    }

    fn approval_url(&self, app: &OAuthApp, bases: &Bases) -> Option<Url> {
        Some(microsoft::approval_url(app, bases))
    }

    fn needs_approval(&self, _: &OAuthErrorCode, description: &str) -> bool {
        microsoft::needs_approval(description)
    }

    fn actions(&self) -> &'static [&'static str] {
        bot::ALL
    }

    /// The bot is the same registration as the app.
    async fn hear(&self, caller: Caller<'_>, letter: &Letter<'_>) -> Result<Heard, Unheard> {
        bot::hear(caller, letter).await
    }

    async fn work(
        &self,
        caller: Caller<'_>,
        desk: &dyn Desk,
        letter: &Value,
        at: UnixMillis,
    ) -> Result<Vec<Told>, WorkError> {
        bot::work(caller, desk, letter, at).await
    }

    async fn say(
        &self,
        caller: Caller<'_>,
        desk: &dyn Desk,
        user: &UserId,
        channel: &str,
        text: &str,
    ) -> Result<bool, WorkError> {
        bot::say(caller, desk, user, channel, text).await
    }
}
