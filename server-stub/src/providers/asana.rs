//! Asana. Answers of its API stand in an envelope, `data`. <https://developers.asana.com/docs/oauth>

use async_trait::async_trait;
use codestream_protocol::http::Revoked;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::call::{self, CallError};
use super::description::{Answer, Description, Endpoint, Issuer, Offer, OwnToken, Register, below};
use super::person::{Email, Person, Place, Workspace};
use super::service::{Caller, Held, Service};

/// asana.com.
#[derive(Debug)]
pub(crate) struct Asana;

static DESCRIPTION: Description = Description {
    name: "asana",
    display_name: "Asana",
    host: "app.asana.com",
    web: "https://app.asana.com/",
    api: "https://app.asana.com/api/",
    profile: None,
    regions: &[],
    api_path: "1.0/",
    authorize: "-/oauth_authorize",
    answer: Answer::Code {
        token: Endpoint::Web("-/oauth_token"),
        pkce: true,
        issuer: Issuer::Undocumented,
    },
    scopes: &[
        ("openid", "find out which account is connected"),
        ("email", "recognise you by your verified e-mail address"),
        ("profile", "show your name beside the connection"),
        ("users:read", "list the workspaces that you are in"),
        ("projects:read", "list your projects"),
        ("tasks:read", "list your tasks"),
        // Writing does not include reading.
        ("tasks:write", "create and update tasks"),
    ],
    app_scopes: &[],
    scope_separator: " ",
    can_sign_up: true,
    own_token: OwnToken::None,
    self_hosted: None,
    offers: &[Offer::Issues],
    manual_url: "https://app.asana.com/0/my-profile-settings/apps",
    register: Register {
        console: "https://app.asana.com/0/my-apps",
        steps: &[
            "Create a new app and choose **OAuth**.",
            "Add the redirect URL `{callback}`.",
            "Under *Permission scopes* choose specific scopes and tick those below: a scope that is not ticked is refused as `forbidden_scopes`.",
            "Under *Manage distribution* let in the workspaces whose people will connect, or any workspace.",
        ],
    },
    limits: "An access token is good for an hour and is refreshed; the refresh token stays the same.",
};

#[derive(Deserialize)]
struct Enveloped {
    data: User,
}

#[derive(Deserialize)]
struct User {
    gid: String,
    name: Option<String>,
    email: Option<String>,
    #[serde(default)]
    workspaces: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    gid: String,
    name: String,
}

/// `OpenID` Connect Core §5.1.
#[derive(Deserialize)]
struct Claims {
    email: Option<String>,
    #[serde(default)]
    email_verified: bool,
}

#[async_trait]
impl Service for Asana {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    /// One token is good in every workspace that the person is in.
    async fn person(&self, caller: Caller<'_>, held: Held<'_>) -> Result<Person, CallError> {
        let Enveloped { data: user } = get(caller, held, "1.0/users/me").await?;
        let workspaces = user.workspaces.into_iter().map(|workspace| Workspace {
            url: Some(format!("https://app.asana.com/0/{}", workspace.gid)),
            id: workspace.gid,
            name: workspace.name,
        });
        Ok(Person {
            login: user
                .email
                .or_else(|| user.name.clone())
                .unwrap_or_else(|| user.gid.clone()),
            subject: user.gid,
            name: user.name,
            place: Place::Among(workspaces.collect()),
        })
    }

    /// The address in a user record says nothing about being proven; this one does.
    async fn email(&self, caller: Caller<'_>, held: Held<'_>) -> Result<Email, CallError> {
        let claims: Claims = get(caller, held, "1.0/openid_connect/userinfo").await?;
        Ok(match claims.email {
            Some(email) if claims.email_verified => Email::Verified(email.to_lowercase()),
            Some(_) => Email::Unverified,
            None => Email::Missing,
        })
    }

    /// Takes refresh tokens alone, and ends the access tokens that came of them.
    async fn revoke(&self, caller: Caller<'_>, held: Held<'_>) -> Revoked {
        let Some(refresh) = held.refresh else {
            return Revoked::Failed;
        };
        let request = caller
            .http
            .post(below(&caller.bases.web, "-/oauth_revoke"))
            .form(&[
                ("client_id", caller.app.client_id.as_str()),
                ("client_secret", caller.secret()),
                ("token", refresh.expose()),
            ]);
        match call::send(request).await {
            // A token that is not known is revoked, too.
            Ok(reply) if (200..300).contains(&reply.status) => Revoked::Yes,
            Ok(_) | Err(_) => Revoked::Failed,
        }
    }
}

async fn get<T: DeserializeOwned>(caller: Caller<'_>, held: Held<'_>, path: &str) -> Result<T, CallError> {
    let request = caller
        .http
        .get(caller.api(path))
        .header("Accept", "application/json")
        .bearer_auth(held.access.expose());
    call::send(request).await?.json()
}
