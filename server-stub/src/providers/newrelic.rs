//! New Relic: its identity provider's sign-in for the token, and the user's own API key.
//! <https://docs.newrelic.com/docs/apis/nerdgraph/get-started/introduction-new-relic-nerdgraph/>

use async_trait::async_trait;
use codestream_protocol::secret::{AccessToken, RefreshToken};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::call::{self, CallError};
use super::description::{Answer, Description, Endpoint, Offer, OwnToken, Register, below};
use super::person::{Person, Place};
use super::service::{Ask, Caller, Grant, Held, OAuthApp, Service};
use super::token::{self, OAuthErrorCode, TokenError, Tokens, seconds};

/// newrelic.com.
#[derive(Debug)]
pub(crate) struct NewRelic;

static DESCRIPTION: Description = Description {
    name: "newrelic",
    display_name: "New Relic",
    host: "newrelic.com",
    web: "https://login.newrelic.com/",
    api: "https://api.newrelic.com/",
    profile: None,
    regions: &[("EU", "https://api.eu.newrelic.com/")],
    api_path: "",
    authorize: "login",
    answer: Answer::ReturnPath { prefix: "/~nrlogin" },
    scopes: &[(
        "(your user's own permissions)",
        "show errors and performance of your services beside your code: New Relic has no scopes",
    )],
    app_scopes: &[],
    scope_separator: " ",
    // `actor.user.email` has no word on whether it is proven.
    can_sign_up: false,
    own_token: OwnToken::Any,
    self_hosted: None,
    offers: &[Offer::Issues],
    manual_url: "https://one.newrelic.com/admin-portal/api-keys/home",
    register: Register {
        console: "https://one.newrelic.com/admin-portal/api-keys/home",
        steps: &[
            "A person connects with a **user key** of their own, made on this page, in the US or in the EU: nothing is registered.",
            "The sign-in page is for those whom New Relic has given a client id and secret of its login service, with the return address `{callback}`.",
        ],
    },
    limits: "There are no scopes: a token may what its user may. The sign-in has no way back but signing in, so that whoever closes the page leaves the attempt waiting for its end. A user key does not expire. An account lives in the US or in Europe, and is called where it lives.",
};

const WHO: &str = "{ actor { user { id name email } } }";

#[derive(Deserialize)]
struct Answered {
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    actor: Actor,
}

#[derive(Deserialize)]
struct Actor {
    user: User,
}

#[derive(Deserialize)]
struct User {
    id: u64,
    name: Option<String>,
    email: String,
}

impl User {
    fn at(self, place: Place) -> Person {
        Person {
            subject: self.id.to_string(),
            login: self.email,
            name: self.name,
            place,
        }
    }
}

/// What the identity provider gives: a token of one of two kinds, with its end in seconds from now or as a time.
#[derive(Deserialize)]
struct Given {
    id_token: Option<String>,
    access_token: Option<String>,
    refresh_token: Option<String>,
    expires_in: Option<Value>,
    expires_at: Option<i64>,
}

/// When neither is told.
const LIFE: u64 = 3600;

impl Given {
    /// `now`: Unix seconds.
    fn tokens(self, now: i64) -> Option<Tokens> {
        let (kind, text) = match (self.id_token, self.access_token) {
            (Some(token), _) => ("id", token),
            (None, Some(token)) => ("access", token),
            (None, None) => return None,
        };
        let left = self
            .expires_at
            .map(|at| u64::try_from(at.saturating_sub(now)).unwrap_or_default());
        Some(Tokens {
            refresh: self.refresh_token.map(RefreshToken::new),
            expires_in: seconds(self.expires_in.as_ref()).or(left).or(Some(LIFE)),
            data: json!({ "tokenKind": kind }),
            ..Tokens::alone(AccessToken::new(text))
        })
    }
}

/// The header that presents a token: by its kind, and the user's own key by another one. Never `Authorization`, which is not
/// read.
fn header(held: &Held<'_>) -> &'static str {
    match held.data.get("tokenKind").and_then(Value::as_str) {
        Some("id") => "x-id-token",
        Some("access") => "x-access-token",
        _ => "API-Key",
    }
}

#[async_trait]
impl Service for NewRelic {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    /// There is no `state`: the path of the return address names it.
    fn authorize(&self, app: &OAuthApp, ask: &Ask<'_>) -> Vec<(&'static str, String)> {
        vec![
            ("return_to", format!("{}{}", ask.redirect_uri, ask.jti)),
            ("response_mode", "code".to_owned()),
            ("client_id", app.client_id.clone()),
            ("scheme", "codestream".to_owned()),
            ("force_login", "true".to_owned()),
        ]
    }

    async fn tokens(&self, caller: Caller<'_>, grant: Grant<'_>) -> Result<Tokens, TokenError> {
        let mut body = json!({ "client_id": caller.app.client_id, "client_secret": caller.secret() });
        let path = match grant {
            Grant::Code { code, .. } => {
                body["auth_code"] = code.expose().into();
                "api/v1/tokens"
            }
            Grant::Refresh(refresh) => {
                body["refresh_token"] = refresh.expose().into();
                "api/v1/tokens/refresh"
            }
        };
        let request = caller.http.post(caller.bases.at(Endpoint::Web(path))).json(&body);
        let reply = call::send(request).await?;
        if let Err(error @ TokenError::Refused(_)) = token::read(&reply) {
            return Err(error);
        }
        if matches!(reply.status, 400 | 401 | 403) {
            // Its refusals are text for people, so that only the status can be passed on.
            let code = OAuthErrorCode::of(&format!("http_{}", reply.status));
            return Err(TokenError::Refused(code));
        }
        let given: Given = reply.json()?;
        let now = reply.sent_at.unwrap_or_default();
        given
            .tokens(now)
            .ok_or_else(|| CallError::Decoding("it holds no token").into())
    }

    /// An account lives in one region, and the others refuse its token; which one it is, nothing says.
    async fn person(&self, caller: Caller<'_>, held: Held<'_>) -> Result<Person, CallError> {
        let first = who(caller, caller.home(held), &held).await;
        let is_settled = held.data.get("apiBase").is_some();
        if is_settled || !matches!(first, Err(CallError::Refused(401 | 403))) {
            return first.map(|user| user.at(Place::Everywhere));
        }
        for (_, base) in &caller.bases.regions {
            if let Ok(user) = who(caller, base, &held).await {
                return Ok(user.at(Place::Region(base.clone())));
            }
        }
        first.map(|user| user.at(Place::Everywhere))
    }
}

/// Whom a region's `NerdGraph` takes a token to be of.
async fn who(caller: Caller<'_>, base: &Url, held: &Held<'_>) -> Result<User, CallError> {
    let request = caller
        .http
        .post(below(base, "graphql"))
        .header(header(held), held.access.expose())
        .json(&json!({ "query": WHO }));
    let answered: Answered = call::send(request).await?.json()?;
    Ok(answered.data.ok_or(CallError::Refused(401))?.actor.user)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_token_are_read_with_their_end() {
        for (body, kind, left) in [
            (
                json!({"id_token": "i", "expires_in": 60, "refresh_token": "r"}),
                "id",
                60,
            ),
            (json!({"access_token": "a", "expires_at": 1090}), "access", 90),
            (json!({"access_token": "a", "expires_at": 10}), "access", 0),
            (json!({"id_token": "i", "access_token": "a"}), "id", 3600),
        ] {
            let given: Given = serde_json::from_value(body.clone()).expect("an answer");
            let tokens = given.tokens(1000).expect("a token");
            assert_eq!(
                (&tokens.data["tokenKind"], tokens.expires_in),
                (&json!(kind), Some(left)),
                "{body}"
            );
            let held = Held::of(&tokens);
            assert_eq!(header(&held), format!("x-{kind}-token"));
        }
        let own = AccessToken::new("NRAK-1");
        assert_eq!(header(&Held::token(&own)), "API-Key");
    }
}
