//! Bitbucket Cloud, which has an authorization server of its own beside Atlassian's.
//! <https://support.atlassian.com/bitbucket-cloud/docs/use-oauth-on-bitbucket-cloud/>

use async_trait::async_trait;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::call::{self, CallError};
use super::description::{Answer, Description, Endpoint, Issuer, Offer, OwnToken, Register};
use super::person::{Email, Person, Place};
use super::service::{self, Ask, Caller, Grant, Held, OAuthApp, Service};
use super::token::{self, TokenError, Tokens};

/// bitbucket.org.
#[derive(Debug)]
pub(crate) struct Bitbucket;

const TOKEN: Endpoint = Endpoint::Web("site/oauth2/access_token");

/// Most pages of addresses that are read.
const PAGES: usize = 10;

static DESCRIPTION: Description = Description {
    name: "bitbucket",
    display_name: "Bitbucket",
    host: "bitbucket.org",
    web: "https://bitbucket.org/",
    api: "https://api.bitbucket.org/",
    profile: None,
    regions: &[],
    api_path: "2.0/",
    authorize: "site/oauth2/authorize",
    answer: Answer::Code {
        token: TOKEN,
        pkce: false,
        issuer: Issuer::Undocumented,
    },
    scopes: &[
        ("account", "show which account is connected"),
        ("email", "recognise you by your verified e-mail address"),
        (
            "pullrequest",
            "read and comment on pull requests, also in private repositories",
        ),
        ("issue", "list, create and comment on issues"),
    ],
    app_scopes: &[],
    scope_separator: " ",
    can_sign_up: true,
    own_token: OwnToken::None,
    self_hosted: None,
    offers: &[Offer::Issues, Offer::CodeHosting],
    manual_url: "https://bitbucket.org/account/settings/app-authorizations/",
    register: Register {
        console: "https://bitbucket.org/account/settings/",
        steps: &[
            "In the settings of a workspace, under *OAuth consumers*, add a consumer.",
            "Set the callback URL to `{callback}`, and leave *This is a private consumer* ticked.",
            "Tick the permissions below: what a consumer ticks is what it gets, whatever a request asks for.",
        ],
    },
    limits: "One callback URL for each consumer. An access token is good for two hours and is refreshed; the refresh token stays the same.",
};

#[derive(Deserialize)]
struct User {
    /// In braces.
    uuid: String,
    username: Option<String>,
    nickname: Option<String>,
    display_name: Option<String>,
}

#[derive(Deserialize)]
struct Page {
    values: Vec<Address>,
    /// Absent on the last one.
    next: Option<Url>,
}

#[derive(Deserialize)]
struct Address {
    email: String,
    is_primary: bool,
    is_confirmed: bool,
}

#[async_trait]
impl Service for Bitbucket {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    /// The check boxes of the consumer are its scopes, whatever a request asks.
    fn authorize(&self, app: &OAuthApp, ask: &Ask<'_>) -> Vec<(&'static str, String)> {
        vec![
            ("client_id", app.client_id.clone()),
            ("response_type", "code".to_owned()),
            ("redirect_uri", ask.redirect_uri.to_string()),
            ("state", ask.state.to_owned()),
        ]
    }

    /// The app's credentials go into the header alone.
    async fn tokens(&self, caller: Caller<'_>, grant: Grant<'_>) -> Result<Tokens, TokenError> {
        let request = caller
            .http
            .post(caller.bases.at(TOKEN))
            .header("Accept", "application/json")
            .header("Authorization", caller.basic())
            .form(&service::grant_form(&grant));
        token::read(&call::send(request).await?)
    }

    async fn person(&self, caller: Caller<'_>, held: Held<'_>) -> Result<Person, CallError> {
        let user: User = get(caller, held, caller.api("2.0/user")).await?;
        let login = user.username.or(user.nickname);
        Ok(Person {
            login: login
                .or_else(|| user.display_name.clone())
                .unwrap_or_else(|| user.uuid.clone()),
            subject: user.uuid,
            name: user.display_name,
            place: Place::Everywhere,
        })
    }

    async fn email(&self, caller: Caller<'_>, held: Held<'_>) -> Result<Email, CallError> {
        let mut at = caller.api("2.0/user/emails");
        for _ in 0..PAGES {
            let page: Page = get(caller, held, at).await?;
            if let Some(address) = page.values.into_iter().find(|address| address.is_primary) {
                return Ok(if address.is_confirmed {
                    Email::Verified(address.email.to_lowercase())
                } else {
                    Email::Unverified
                });
            }
            match page.next {
                Some(next) if next.as_str().starts_with(caller.bases.api.as_str()) => at = next,
                Some(_) => return Err(CallError::Decoding("its next page is elsewhere")),
                None => break,
            }
        }
        Ok(Email::Missing)
    }
}

async fn get<T: DeserializeOwned>(caller: Caller<'_>, held: Held<'_>, url: Url) -> Result<T, CallError> {
    let request = caller
        .http
        .get(url)
        .header("Accept", "application/json")
        .bearer_auth(held.access.expose());
    call::send(request).await?.json()
}
