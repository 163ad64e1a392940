//! Trello's token authorization: the token comes in the fragment and nothing is exchanged.
//! <https://developer.atlassian.com/cloud/trello/guides/rest-api/authorization/>

use async_trait::async_trait;
use codestream_protocol::http::Revoked;
use codestream_protocol::secret::AccessToken;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{self, CallError};
use super::description::{Answer, Description, Offer, OwnToken, Register};
use super::person::{Person, Place};
use super::service::{self, Ask, Caller, Held, OAuthApp, Service};

/// trello.com.
#[derive(Debug)]
pub(crate) struct Trello;

static DESCRIPTION: Description = Description {
    name: "trello",
    display_name: "Trello",
    host: "trello.com",
    web: "https://trello.com/",
    api: "https://api.trello.com/",
    profile: None,
    regions: &[],
    api_path: "1/",
    authorize: "1/authorize",
    answer: Answer::Fragment,
    scopes: &[
        ("read", "list your boards and cards"),
        ("write", "create and update cards"),
    ],
    app_scopes: &[],
    scope_separator: ",",
    can_sign_up: false,
    own_token: OwnToken::OfApp,
    self_hosted: None,
    offers: &[Offer::Issues],
    manual_url: "https://trello.com/my/account",
    register: Register {
        console: "https://trello.com/power-ups/admin",
        steps: &[
            "Make a new Power-Up; an iframe connector URL is not needed.",
            "Generate an API key: it is `clientId`. There is no secret to configure.",
            "Add the origin of `{callback}` to *Allowed origins*.",
        ],
    },
    limits: "300 requests in 10 seconds for a key and 100 for a token. Tokens do not expire. The token comes in the fragment of the callback, which the server's page posts to the server: it is in no URL of the server's.",
};

#[derive(Deserialize)]
struct Member {
    id: String,
    username: String,
    #[serde(rename = "fullName")]
    full_name: Option<String>,
}

#[async_trait]
impl Service for Trello {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    /// Trello has no `state`: ours travels in the query of the return URL.
    fn authorize(&self, app: &OAuthApp, ask: &Ask<'_>) -> Vec<(&'static str, String)> {
        let mut back = ask.redirect_uri.clone();
        back.query_pairs_mut().append_pair("state", ask.state);
        vec![
            ("key", app.client_id.clone()),
            ("return_url", back.to_string()),
            ("callback_method", "fragment".to_owned()),
            ("response_type", "token".to_owned()),
            ("expiration", "never".to_owned()),
            ("name", "CodeStream".to_owned()),
            ("scope", service::scope(&DESCRIPTION)),
        ]
    }

    async fn person(&self, caller: Caller<'_>, held: Held<'_>) -> Result<Person, CallError> {
        let request = caller
            .http
            .get(caller.api("1/members/me"))
            .query(&[("fields", "id,username,fullName")])
            .header("Authorization", oauth(caller.app, held.access));
        let member: Member = call::send(request).await?.json()?;
        Ok(Person {
            subject: member.id,
            login: member.username,
            name: member.full_name,
            place: Place::Everywhere,
        })
    }

    async fn revoke(&self, caller: Caller<'_>, held: Held<'_>) -> Revoked {
        let mut url = caller.api("1/tokens/");
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(held.access.expose());
        }
        let request = caller
            .http
            .delete(url)
            .header("Authorization", oauth(caller.app, held.access));
        match call::send(request).await {
            // 401 and 404: Trello knows no such token any more.
            Ok(reply) if matches!(reply.status, 200..=299 | 401 | 404) => Revoked::Yes,
            Ok(_) | Err(_) => Revoked::Failed,
        }
    }

    /// Trello wants the key with every call; it is not secret.
    fn data(&self, app: &OAuthApp) -> Value {
        json!({ "apiKey": app.client_id })
    }
}

/// Key and token in a header rather than in the query, which proxies write into their logs.
fn oauth(app: &OAuthApp, token: &AccessToken) -> String {
    format!(
        "OAuth oauth_consumer_key=\"{}\", oauth_token=\"{}\"",
        app.client_id,
        token.expose()
    )
}
