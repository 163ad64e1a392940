//! Jira Cloud through Atlassian's OAuth 2.0 (3LO). One token is good for every site that was chosen.
//! <https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/>

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::Deserialize;

use super::call::{self, CallError};
use super::description::{Answer, Description, Endpoint, Issuer, Offer, OwnToken, Register};
use super::person::{Email, Person, Place, Workspace};
use super::service::{self, Ask, Caller, Grant, Held, OAuthApp, Service};
use super::token::{self, TokenError, Tokens};

/// Jira Cloud.
#[derive(Debug)]
pub(crate) struct Jira;

const TOKEN: &str = "oauth/token";

static DESCRIPTION: Description = Description {
    name: "jira",
    display_name: "Jira",
    host: "auth.atlassian.com",
    web: "https://auth.atlassian.com/",
    api: "https://api.atlassian.com/",
    profile: None,
    regions: &[],
    api_path: "",
    authorize: "authorize",
    answer: Answer::Code {
        token: Endpoint::Web(TOKEN),
        // Public clients are not supported, and a verifier is not asked for.
        pkce: false,
        issuer: Issuer::Undocumented,
    },
    scopes: &[
        ("read:jira-work", "list your issues and boards"),
        ("write:jira-work", "create and update issues"),
        ("read:jira-user", "show who an issue is assigned to"),
        ("read:me", "recognise you by your verified e-mail address"),
        ("offline_access", "stay connected without asking you every hour"),
    ],
    app_scopes: &[],
    scope_separator: " ",
    can_sign_up: true,
    own_token: OwnToken::Any,
    self_hosted: None,
    offers: &[Offer::Issues],
    manual_url: "https://id.atlassian.com/manage-profile/apps",
    register: Register {
        console: "https://developer.atlassian.com/console/myapps/",
        steps: &[
            "Create an **OAuth 2.0 integration**.",
            "Under *Permissions* add the *Jira API* and the *User identity API*, with the scopes below; `offline_access` needs no tick.",
            "Under *Authorization*, OAuth 2.0 (3LO), set the callback URL to `{callback}`: it is compared to the letter.",
            "Under *Distribution* share the app, or only you can connect.",
        ],
    },
    limits: "An access token is good for an hour. A refresh token is good for 90 days without use, and each refresh replaces it. A site's administrator can block the app.",
};

#[derive(Deserialize)]
struct Me {
    account_id: String,
    name: Option<String>,
    email: Option<String>,
    #[serde(default)]
    email_verified: bool,
}

#[derive(Deserialize)]
struct Site {
    id: String,
    name: String,
    url: Option<String>,
}

async fn me(caller: Caller<'_>, held: Held<'_>) -> Result<Me, CallError> {
    get(caller, held, "me").await
}

async fn get<T: serde::de::DeserializeOwned>(
    caller: Caller<'_>,
    held: Held<'_>,
    path: &str,
) -> Result<T, CallError> {
    let request = caller
        .http
        .get(caller.api(path))
        .header("Accept", "application/json")
        .bearer_auth(held.access.expose());
    call::send(request).await?.json()
}

#[async_trait]
impl Service for Jira {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn authorize(&self, app: &OAuthApp, ask: &Ask<'_>) -> Vec<(&'static str, String)> {
        vec![
            ("audience", "api.atlassian.com".to_owned()),
            ("client_id", app.client_id.clone()),
            ("scope", service::scope(&DESCRIPTION)),
            ("redirect_uri", ask.redirect_uri.to_string()),
            ("state", ask.state.to_owned()),
            ("response_type", "code".to_owned()),
            ("prompt", "consent".to_owned()),
        ]
    }

    /// JSON, as the documentation has it.
    async fn tokens(&self, caller: Caller<'_>, grant: Grant<'_>) -> Result<Tokens, TokenError> {
        let body: BTreeMap<_, _> = service::token_form(caller.app, &grant).into_iter().collect();
        let request = caller
            .http
            .post(caller.bases.at(Endpoint::Web(TOKEN)))
            .header("Accept", "application/json")
            .json(&body);
        token::read(&call::send(request).await?)
    }

    /// A token that the user made is good at the user's own site alone, which is for the agent to call.
    async fn person(&self, caller: Caller<'_>, held: Held<'_>) -> Result<Person, CallError> {
        let me = me(caller, held).await?;
        let sites: Vec<Site> = get(caller, held, "oauth/token/accessible-resources").await?;
        let workspaces = sites.into_iter().map(|site| Workspace {
            id: site.id,
            name: site.name,
            url: site.url,
        });
        Ok(Person {
            login: me
                .email
                .or_else(|| me.name.clone())
                .unwrap_or_else(|| me.account_id.clone()),
            subject: me.account_id,
            name: me.name,
            place: Place::Among(workspaces.collect()),
        })
    }

    async fn email(&self, caller: Caller<'_>, held: Held<'_>) -> Result<Email, CallError> {
        let me = me(caller, held).await?;
        Ok(match me.email {
            Some(email) if me.email_verified => Email::Verified(email.to_lowercase()),
            Some(_) => Email::Unverified,
            None => Email::Missing,
        })
    }
}
