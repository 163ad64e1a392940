//! Linear, whose API is GraphQL. A token is good in the one workspace that the person chose.
//! <https://linear.app/developers/oauth-2-0-authentication>

use async_trait::async_trait;
use codestream_protocol::http::Revoked;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{self, CallError};
use super::description::{Answer, Description, Endpoint, Issuer, Offer, OwnToken, Register};
use super::person::{Person, Place, Workspace};
use super::service::{self, Ask, Caller, Held, OAuthApp, Service};

/// linear.app.
#[derive(Debug)]
pub(crate) struct Linear;

static DESCRIPTION: Description = Description {
    name: "linear",
    display_name: "Linear",
    host: "linear.app",
    web: "https://linear.app/",
    api: "https://api.linear.app/",
    profile: None,
    regions: &[],
    api_path: "",
    authorize: "oauth/authorize",
    answer: Answer::Code {
        token: Endpoint::Api("oauth/token"),
        pkce: true,
        issuer: Issuer::Undocumented,
    },
    scopes: &[("read", "list your issues"), ("issues:create", "create issues")],
    app_scopes: &[],
    scope_separator: ",",
    // It does not say whether an address is proven.
    can_sign_up: false,
    own_token: OwnToken::None,
    self_hosted: None,
    offers: &[Offer::Issues],
    manual_url: "https://linear.app/settings/account/security",
    register: Register {
        console: "https://linear.app/settings/api/applications/new",
        steps: &[
            "Create an OAuth application in a workspace.",
            "Add the callback URL `{callback}`.",
            "Switch *Public* on for people of other workspaces.",
        ],
    },
    limits: "An access token is good for a day; each refresh replaces the refresh token. Applications that were made before October 2025 give tokens of another kind: make a new one.",
};

const WHO: &str = "{ viewer { id name displayName } organization { id name urlKey } }";

#[derive(Deserialize)]
struct Graph {
    data: Option<Data>,
    #[serde(default)]
    errors: Vec<Failure>,
}

#[derive(Deserialize)]
struct Data {
    viewer: Viewer,
    organization: Organization,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Viewer {
    id: String,
    name: Option<String>,
    display_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Organization {
    id: String,
    name: String,
    url_key: String,
}

#[derive(Deserialize)]
struct Failure {
    #[serde(default)]
    extensions: Value,
}

#[async_trait]
impl Service for Linear {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    /// `prompt` shows the page, and with it the choice of a workspace, also to a person who has agreed before.
    fn authorize(&self, app: &OAuthApp, ask: &Ask<'_>) -> Vec<(&'static str, String)> {
        let mut query = vec![
            ("client_id", app.client_id.clone()),
            ("redirect_uri", ask.redirect_uri.to_string()),
            ("response_type", "code".to_owned()),
            ("scope", service::scope(&DESCRIPTION)),
            ("state", ask.state.to_owned()),
            ("prompt", "consent".to_owned()),
        ];
        query.extend(service::pkce(ask));
        query
    }

    async fn person(&self, caller: Caller<'_>, held: Held<'_>) -> Result<Person, CallError> {
        let request = caller
            .http
            .post(caller.api("graphql"))
            .header("Accept", "application/json")
            .bearer_auth(held.access.expose())
            .json(&json!({ "query": WHO }));
        let reply = call::send(request).await?;
        let Data { viewer, organization } = data(reply.status, &reply.body)?;
        Ok(Person {
            subject: viewer.id,
            login: viewer.display_name,
            name: viewer.name,
            place: Place::Only(Workspace {
                id: organization.id,
                name: organization.name,
                url: Some(format!("https://linear.app/{}", organization.url_key)),
            }),
        })
    }

    async fn revoke(&self, caller: Caller<'_>, held: Held<'_>) -> Revoked {
        let request = caller
            .http
            .post(caller.api("oauth/revoke"))
            .bearer_auth(held.access.expose());
        match call::send(request).await {
            // 400: it was revoked before. 401: there is no such token any more.
            Ok(reply) if matches!(reply.status, 200 | 400 | 401) => Revoked::Yes,
            Ok(_) | Err(_) => Revoked::Failed,
        }
    }
}

/// A refused token is an error in the body, whatever the status says.
fn data(status: u16, body: &[u8]) -> Result<Data, CallError> {
    let ok = (200..300).contains(&status);
    let graph: Graph = match serde_json::from_slice(body) {
        Ok(graph) => graph,
        Err(_) if ok => return Err(CallError::Decoding("not the JSON it documents")),
        Err(_) => return Err(CallError::Refused(status)),
    };
    let unauthenticated = |failure: &Failure| failure.extensions["code"] == "AUTHENTICATION_ERROR";
    if graph.errors.iter().any(unauthenticated) {
        return Err(CallError::Refused(401));
    }
    match graph.data {
        Some(data) if ok && graph.errors.is_empty() => Ok(data),
        _ if ok => Err(CallError::Decoding("it holds errors")),
        _ => Err(CallError::Refused(status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &Value) -> Result<String, String> {
        let data = data(status, body.to_string().as_bytes());
        data.map(|data| data.viewer.id).map_err(|error| error.to_string())
    }

    #[test]
    fn a_refused_token_is_told_whatever_the_status_is() {
        let refused = json!({"errors": [{"message": "x", "extensions": {"code": "AUTHENTICATION_ERROR"}}]});
        for status in [200, 400, 401] {
            assert_eq!(
                read(status, &refused),
                Err("the service answered with status 401".to_owned()),
                "{status}"
            );
        }
    }

    #[test]
    fn only_an_answer_without_errors_says_who_somebody_is() {
        let data = json!({
            "viewer": {"id": "v", "name": null, "displayName": "mona"},
            "organization": {"id": "o", "name": "Acme", "urlKey": "acme"},
        });
        assert_eq!(read(200, &json!({"data": data})), Ok("v".to_owned()));
        let other = json!({"data": data, "errors": [{"message": "x"}]});
        assert_eq!(
            read(200, &other),
            Err("the service's answer could not be read: it holds errors".to_owned())
        );
        for status in [400, 503] {
            let expected = Err(format!("the service answered with status {status}"));
            assert_eq!(read(status, &json!({"errors": [{"message": "x"}]})), expected);
            assert_eq!(read(status, &json!("<html>")), expected);
        }
    }
}
