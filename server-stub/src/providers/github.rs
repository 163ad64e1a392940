//! GitHub, as an OAuth App. <https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps>

use async_trait::async_trait;
use codestream_protocol::http::Revoked;
use codestream_protocol::secret::AccessToken;
use serde::Deserialize;
use serde_json::json;

use super::call::{self, CallError};
use super::description::{Answer, Description, Endpoint, Issuer, Offer, OwnToken, Register, SelfHosted};
use super::person::{Email, Person, Place};
use super::service::{self, Ask, Caller, Held, OAuthApp, Service};

/// github.com.
#[derive(Debug)]
pub(crate) struct GitHub;

static DESCRIPTION: Description = Description {
    name: "github",
    display_name: "GitHub",
    host: "github.com",
    web: "https://github.com/",
    api: "https://api.github.com/",
    profile: None,
    regions: &[],
    api_path: "",
    authorize: "login/oauth/authorize",
    answer: Answer::Code {
        token: Endpoint::Web("login/oauth/access_token"),
        pkce: true,
        issuer: Issuer::Path("login/oauth"),
    },
    scopes: &[
        (
            "repo",
            "read and comment on pull requests, also in private repositories",
        ),
        ("read:user", "show which account is connected"),
        ("user:email", "recognise you by your verified e-mail address"),
        ("notifications", "show what waits for you"),
        ("read:org", "find the repositories of your organisations"),
    ],
    app_scopes: &[],
    scope_separator: " ",
    can_sign_up: true,
    own_token: OwnToken::Any,
    // GitHub Enterprise Server.
    self_hosted: Some(SelfHosted { api: "api/v3/" }),
    offers: &[Offer::Issues, Offer::CodeHosting],
    manual_url: "https://github.com/settings/applications",
    register: Register {
        console: "https://github.com/settings/developers",
        steps: &[
            "Make a new **OAuth App** (not a GitHub App), for yourself or for an organisation.",
            "Set the authorization callback URL to `{callback}`.",
            "Generate a client secret. Leave *Enable Device Flow* off.",
        ],
    },
    limits: "Tokens do not expire unless the app asks for it; those that do are good for 8 hours and are refreshed. Organisations with SAML single sign-on or with restrictions on OAuth Apps let an app in separately: people are told so, with the link.",
};

#[derive(Deserialize)]
struct User {
    id: u64,
    login: String,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Address {
    email: String,
    primary: bool,
    verified: bool,
}

#[async_trait]
impl Service for GitHub {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    /// `response_type` is not a parameter of GitHub's. `prompt` makes it show a page to a person whom it knows already.
    fn authorize(&self, app: &OAuthApp, ask: &Ask<'_>) -> Vec<(&'static str, String)> {
        let mut query = vec![
            ("client_id", app.client_id.clone()),
            ("redirect_uri", ask.redirect_uri.to_string()),
            ("state", ask.state.to_owned()),
            ("scope", service::scope(&DESCRIPTION)),
            ("prompt", "select_account".to_owned()),
        ];
        query.extend(service::pkce(ask));
        query
    }

    async fn person(&self, caller: Caller<'_>, held: Held<'_>) -> Result<Person, CallError> {
        let user: User = get(caller, "user", held.access).await?;
        Ok(Person {
            subject: user.id.to_string(),
            login: user.login,
            name: user.name,
            place: Place::Everywhere,
        })
    }

    /// The address in `/user` is a choice of the profile; only this list says what is proven.
    async fn email(&self, caller: Caller<'_>, held: Held<'_>) -> Result<Email, CallError> {
        let addresses: Vec<Address> = get(caller, "user/emails", held.access).await?;
        Ok(match addresses.into_iter().find(|address| address.primary) {
            Some(address) if address.verified => Email::Verified(address.email.to_lowercase()),
            Some(_) => Email::Unverified,
            None => Email::Missing,
        })
    }

    async fn revoke(&self, caller: Caller<'_>, held: Held<'_>) -> Revoked {
        let request = caller
            .http
            .delete(caller.api(&format!("applications/{}/token", caller.app.client_id)))
            .header("Authorization", caller.basic())
            .header("Accept", "application/vnd.github+json")
            .json(&json!({ "access_token": held.access.expose() }));
        match call::send(request).await {
            // 404: there is no such token any more.
            Ok(reply) if matches!(reply.status, 204 | 404) => Revoked::Yes,
            Ok(_) | Err(_) => Revoked::Failed,
        }
    }
}

async fn get<T: serde::de::DeserializeOwned>(
    caller: Caller<'_>,
    path: &str,
    token: &AccessToken,
) -> Result<T, CallError> {
    let request = caller
        .http
        .get(caller.api(path))
        .header("Accept", "application/vnd.github+json")
        .bearer_auth(token.expose());
    call::send(request).await?.json()
}
