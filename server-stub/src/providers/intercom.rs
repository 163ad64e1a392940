//! Intercom. What the app may do is ticked in its Developer Hub, a token never ends, and a workspace lives in one region.
//! <https://developers.intercom.com/docs/build-an-integration/learn-more/authentication/setting-up-oauth>

use async_trait::async_trait;
use codestream_protocol::http::Revoked;
use serde::Deserialize;
use serde_json::Value;

use super::call::{self, CallError};
use super::description::{Answer, Description, Endpoint, Issuer, OwnToken, Register, below};
use super::person::{Email, Person, Place, Workspace};
use super::service::{Ask, Caller, Grant, Held, OAuthApp, Service};
use super::token::{self, OAuthErrorCode, TokenError, Tokens};

/// intercom.com.
#[derive(Debug)]
pub(crate) struct Intercom;

const TOKEN: Endpoint = Endpoint::Api("auth/eagle/token");

static DESCRIPTION: Description = Description {
    name: "intercom",
    display_name: "Intercom",
    host: "app.intercom.com",
    web: "https://app.intercom.com/",
    api: "https://api.intercom.io/",
    profile: None,
    regions: &[
        ("EU", "https://api.eu.intercom.io/"),
        ("AU", "https://api.au.intercom.io/"),
    ],
    api_path: "",
    authorize: "oauth",
    answer: Answer::Code {
        token: TOKEN,
        pkce: false,
        issuer: Issuer::Undocumented,
    },
    scopes: &[
        ("Read admins", "recognise you by your verified e-mail address"),
        (
            "Read conversations",
            "show the conversations that a piece of work came from",
        ),
    ],
    app_scopes: &[],
    scope_separator: ",",
    can_sign_up: true,
    own_token: OwnToken::None,
    self_hosted: None,
    offers: &[],
    manual_url: "https://app.intercom.com/a/apps/_/appstore",
    register: Register {
        console: "https://app.intercom.com/a/apps/_/developer-hub",
        steps: &[
            "Make a new app and switch on **Use OAuth** under *Authentication*.",
            "Add the redirect URL `{callback}`, which must be https.",
            "Tick the permissions below there, too: a request has no scopes.",
            "For workspaces other than your own, have the app reviewed.",
        ],
    },
    limits: "Tokens do not expire. A workspace lives in the US, in Europe or in Australia, and is called where it lives. Disconnecting uninstalls the app from the person's workspace.",
};

#[derive(Deserialize)]
struct Admin {
    id: String,
    name: Option<String>,
    email: Option<String>,
    #[serde(default)]
    email_verified: bool,
    app: Workplace,
}

#[derive(Deserialize)]
struct Workplace {
    id_code: String,
    name: String,
    region: Option<String>,
}

/// Every region's workspaces are known at the usual host, which says where they live.
async fn me(caller: Caller<'_>, held: Held<'_>) -> Result<Admin, CallError> {
    let request = caller
        .http
        .get(caller.api("me"))
        .header("Accept", "application/json")
        .bearer_auth(held.access.expose());
    call::send(request).await?.json()
}

#[async_trait]
impl Service for Intercom {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    /// There is neither a scope nor a response type.
    fn authorize(&self, app: &OAuthApp, ask: &Ask<'_>) -> Vec<(&'static str, String)> {
        vec![
            ("client_id", app.client_id.clone()),
            ("redirect_uri", ask.redirect_uri.to_string()),
            ("state", ask.state.to_owned()),
        ]
    }

    /// The code and the app's credentials are all that the exchange takes.
    async fn tokens(&self, caller: Caller<'_>, grant: Grant<'_>) -> Result<Tokens, TokenError> {
        let Grant::Code { code, .. } = grant else {
            return Err(CallError::Decoding("it has no refresh tokens").into());
        };
        let request = caller
            .http
            .post(caller.bases.at(TOKEN))
            .header("Accept", "application/json")
            .form(&[
                ("code", code.expose()),
                ("client_id", caller.app.client_id.as_str()),
                ("client_secret", caller.secret()),
            ]);
        let reply = call::send(request).await?;
        match refusal(reply.status, &reply.body) {
            Some(code) => Err(TokenError::Refused(code)),
            None => token::read(&reply),
        }
    }

    async fn person(&self, caller: Caller<'_>, held: Held<'_>) -> Result<Person, CallError> {
        let admin = me(caller, held).await?;
        let Workplace {
            id_code,
            name,
            region,
        } = admin.app;
        let workspace = Workspace {
            url: Some(format!("https://app.intercom.com/a/apps/{id_code}")),
            id: id_code,
            name,
        };
        let elsewhere = caller.bases.regions.iter().find(|(name, _)| {
            region
                .as_deref()
                .is_some_and(|region| region.eq_ignore_ascii_case(name))
        });
        Ok(Person {
            login: admin
                .email
                .or_else(|| admin.name.clone())
                .unwrap_or_else(|| admin.id.clone()),
            subject: admin.id,
            name: admin.name,
            place: match elsewhere {
                Some((_, api_base)) => Place::At {
                    workspace,
                    api_base: api_base.clone(),
                },
                None => Place::Only(workspace),
            },
        })
    }

    async fn email(&self, caller: Caller<'_>, held: Held<'_>) -> Result<Email, CallError> {
        let admin = me(caller, held).await?;
        Ok(match admin.email {
            Some(email) if admin.email_verified => Email::Verified(email.to_lowercase()),
            Some(_) => Email::Unverified,
            None => Email::Missing,
        })
    }

    /// Uninstalls the app from the person's workspace.
    async fn revoke(&self, caller: Caller<'_>, held: Held<'_>) -> Revoked {
        let request = caller
            .http
            .post(below(caller.home(held), "auth/uninstall"))
            .header("Accept", "application/json")
            .bearer_auth(held.access.expose());
        match call::send(request).await {
            // 401: there is no such token any more.
            Ok(reply) if matches!(reply.status, 200..=299 | 401) => Revoked::Yes,
            Ok(_) | Err(_) => Revoked::Failed,
        }
    }

    fn revokes_the_app(&self) -> bool {
        true
    }
}

/// The first code of an `error.list`, which its API answers every refusal with.
fn refusal(status: u16, body: &[u8]) -> Option<OAuthErrorCode> {
    if status == 429 || status >= 500 {
        return None;
    }
    let body: Value = serde_json::from_slice(body).ok()?;
    (body["type"] == "error.list")
        .then(|| OAuthErrorCode::of(body["errors"][0]["code"].as_str().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(status: u16, body: &str) -> Option<String> {
        refusal(status, body.as_bytes()).map(|code| code.to_string())
    }

    #[test]
    fn a_refusal_is_an_error_list_of_somebody_who_decides() {
        let list = r#"{"type":"error.list","errors":[{"code":"unauthorized","message":"x"}]}"#;
        for (status, body, expected) in [
            (401, list, Some("unauthorized")),
            (200, list, Some("unauthorized")),
            (400, r#"{"type":"error.list","errors":[]}"#, Some("unknown_error")),
            (503, list, None),
            (429, list, None),
            (200, r#"{"access_token":"a"}"#, None),
            (400, "<html>", None),
        ] {
            assert_eq!(code(status, body).as_deref(), expected, "{status} {body}");
        }
    }
}
