//! GitLab: gitlab.com and what teams host themselves. <https://docs.gitlab.com/api/oauth2/>

use async_trait::async_trait;
use codestream_protocol::http::Revoked;
use serde::Deserialize;

use super::call::{self, CallError};
use super::description::{
    Answer, Description, Endpoint, Issuer, Offer, OwnToken, Register, SelfHosted, below,
};
use super::person::{Email, Person, Place};
use super::service::{Caller, Grant, Held, Service, token_form};
use super::token::{self, TokenError, Tokens};

/// gitlab.com.
#[derive(Debug)]
pub(crate) struct GitLab;

const TOKEN: Endpoint = Endpoint::Web("oauth/token");

static DESCRIPTION: Description = Description {
    name: "gitlab",
    display_name: "GitLab",
    host: "gitlab.com",
    web: "https://gitlab.com/",
    api: "https://gitlab.com/api/",
    profile: None,
    regions: &[],
    api_path: "v4/",
    authorize: "oauth/authorize",
    answer: Answer::Code {
        token: TOKEN,
        pkce: true,
        issuer: Issuer::Undocumented,
    },
    scopes: &[
        (
            "api",
            "read and comment on merge requests and issues: GitLab has no narrower scope that may comment",
        ),
        ("read_user", "recognise you by your verified e-mail address"),
    ],
    app_scopes: &[],
    scope_separator: " ",
    can_sign_up: true,
    own_token: OwnToken::Any,
    self_hosted: Some(SelfHosted { api: "api/" }),
    offers: &[Offer::Issues, Offer::CodeHosting],
    manual_url: "https://gitlab.com/-/user_settings/applications",
    register: Register {
        console: "https://gitlab.com/-/user_settings/applications",
        steps: &[
            "Add a new application with the redirect URI `{callback}`.",
            "Leave *Confidential* ticked.",
            "Tick the scopes below.",
        ],
    },
    limits: "An access token is good for two hours. Each refresh ends the pair before it, and a refresh token that comes twice ends the grant: however many windows are open, the server refreshes once.",
};

#[derive(Deserialize)]
struct User {
    id: u64,
    username: String,
    name: Option<String>,
    email: Option<String>,
    /// When the primary address was proven.
    confirmed_at: Option<String>,
}

async fn user(caller: Caller<'_>, held: Held<'_>) -> Result<User, CallError> {
    let request = caller
        .http
        .get(caller.api("v4/user"))
        .bearer_auth(held.access.expose());
    call::send(request).await?.json()
}

#[async_trait]
impl Service for GitLab {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    /// A refresh names the redirect URI, too. <https://docs.gitlab.com/api/oauth2/>
    async fn tokens(&self, caller: Caller<'_>, grant: Grant<'_>) -> Result<Tokens, TokenError> {
        let mut form = token_form(caller.app, &grant);
        if let Grant::Refresh(_) = grant {
            form.push(("redirect_uri", caller.redirect_uri.as_str()));
        }
        let request = caller.http.post(caller.bases.at(TOKEN)).form(&form);
        token::read(&call::send(request).await?)
    }

    async fn person(&self, caller: Caller<'_>, held: Held<'_>) -> Result<Person, CallError> {
        let user = user(caller, held).await?;
        Ok(Person {
            subject: user.id.to_string(),
            login: user.username,
            name: user.name,
            place: Place::Everywhere,
        })
    }

    /// `email` is the primary address, which is only what was typed until `confirmed_at` says when it was proven.
    async fn email(&self, caller: Caller<'_>, held: Held<'_>) -> Result<Email, CallError> {
        let user = user(caller, held).await?;
        Ok(match (user.email, user.confirmed_at) {
            (Some(email), Some(_)) => Email::Verified(email.to_lowercase()),
            (Some(_), None) => Email::Unverified,
            (None, _) => Email::Missing,
        })
    }

    /// RFC 7009. The refresh token dies with its pair.
    async fn revoke(&self, caller: Caller<'_>, held: Held<'_>) -> Revoked {
        let request = caller.http.post(below(&caller.bases.web, "oauth/revoke")).form(&[
            ("client_id", caller.app.client_id.as_str()),
            ("client_secret", caller.secret()),
            ("token", held.access.expose()),
        ]);
        match call::send(request).await {
            Ok(reply) if (200..300).contains(&reply.status) => Revoked::Yes,
            Ok(_) | Err(_) => Revoked::Failed,
        }
    }
}
