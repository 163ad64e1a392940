//! Azure DevOps through Microsoft Entra ID: its own authorization service is being switched off.
//! <https://learn.microsoft.com/en-us/azure/devops/integrate/get-started/authentication/entra>

use async_trait::async_trait;
use codestream_protocol::http::Revoked;
use serde::Deserialize;
use url::Url;

use super::call::{self, CallError};
use super::description::{Answer, Bases, Description, Endpoint, Issuer, Offer, OwnToken, Register};
use super::microsoft;
use super::person::{Email, Person, Place};
use super::service::{Ask, Caller, Held, OAuthApp, Service};
use super::token::OAuthErrorCode;

/// dev.azure.com.
#[derive(Debug)]
pub(crate) struct AzureDevOps;

static DESCRIPTION: Description = Description {
    name: "azuredevops",
    display_name: "Azure DevOps",
    host: "dev.azure.com",
    web: "https://login.microsoftonline.com/",
    api: "https://dev.azure.com/",
    profile: Some("https://app.vssps.visualstudio.com/"),
    regions: &[],
    api_path: "",
    authorize: microsoft::AUTHORIZE,
    answer: Answer::Code {
        token: Endpoint::Web(microsoft::TOKEN),
        pkce: true,
        issuer: Issuer::OfTenants,
    },
    scopes: &[
        // The id of the resource "Azure DevOps" in every tenant.
        (
            "499b84ac-1321-427f-aa17-267ca6975798/.default",
            "list and update work items and pull requests: what the app's registration ticks, and no more",
        ),
        ("offline_access", "stay connected without asking you every hour"),
        ("openid", "show which account is connected"),
        ("profile", "show your name beside it"),
        ("email", "recognise you by your verified e-mail address"),
    ],
    app_scopes: &[],
    scope_separator: " ",
    can_sign_up: true,
    own_token: OwnToken::None,
    self_hosted: None,
    offers: &[Offer::Issues, Offer::CodeHosting],
    manual_url: "https://myapps.microsoft.com/",
    register: Register {
        console: "https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade",
        steps: &[
            "Register an application for accounts in any organizational directory, of the platform **Web**, with the redirect URI `{callback}`.",
            "Under *API permissions* add *Azure DevOps*, delegated: `vso.work_write` and `vso.code_write` are what `.default` then stands for.",
            "Under *Token configuration* add the optional claims `email` and `xms_edov` to the ID token: without the second nobody can sign in, since an address alone proves nothing.",
            "Under *Certificates & secrets* make a client secret, and note when it expires.",
        ],
    },
    limits: "Organisations may switch off third-party access through OAuth, and tenants may let administrators alone consent: people are told so. An access token is good for about an hour and is refreshed. Azure DevOps' own authorization service takes no new apps and is being switched off, which is why this one is Entra ID's.",
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    id: String,
    display_name: Option<String>,
    email_address: Option<String>,
}

#[async_trait]
impl Service for AzureDevOps {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn authorize(&self, app: &OAuthApp, ask: &Ask<'_>) -> Vec<(&'static str, String)> {
        microsoft::authorize(&DESCRIPTION, app, ask)
    }

    /// Organisations are chosen call by call, so that one account serves those of a tenant.
    async fn person(&self, caller: Caller<'_>, held: Held<'_>) -> Result<Person, CallError> {
        if let Some(person) = held.claims.and_then(microsoft::person) {
            return Ok(Person {
                place: Place::Everywhere,
                ..person
            });
        }
        let request = caller
            .http
            .get(caller.profile("_apis/profile/profiles/me"))
            .query(&[("api-version", "7.1")])
            .bearer_auth(held.access.expose());
        let profile: Profile = call::send(request).await?.json()?;
        Ok(Person {
            login: profile.email_address.unwrap_or_else(|| profile.id.clone()),
            subject: profile.id,
            name: profile.display_name,
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
}
