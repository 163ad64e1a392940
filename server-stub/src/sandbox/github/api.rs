//! The REST API: who the token belongs to.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::GitHub;
use super::ledger::{Access, RATE_LIMIT, Rate};
use super::scope;
use crate::sandbox::people::Person;

pub(super) async fn user(State(github): State<GitHub>, headers: HeaderMap) -> Response {
    let answer = |access: &Access| Json(person_json(access.person)).into_response();
    serve(&github, &headers, "", answer)
}

pub(super) async fn emails(State(github): State<GitHub>, headers: HeaderMap) -> Response {
    serve(&github, &headers, "user, user:email", |access| {
        if !scope::reads_emails(&access.scopes) {
            return failure(StatusCode::NOT_FOUND, "Not Found");
        }
        let visibility = |primary: bool| match (primary, access.person.shows_email) {
            (false, _) => Value::Null,
            (true, true) => "public".into(),
            (true, false) => "private".into(),
        };
        let emails = access.person.emails.iter().map(|email| {
            json!({
                "email": email.address,
                "primary": email.primary,
                "verified": email.verified,
                "visibility": visibility(email.primary),
            })
        });
        Json(emails.collect::<Value>()).into_response()
    })
}

/// An organisation that wants its single sign-on says so to whoever has not been there.
/// <https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api#personal-access-tokens-and-saml-sso>
pub(super) async fn organization(
    State(github): State<GitHub>,
    Path(organization): Path<String>,
    headers: HeaderMap,
) -> Response {
    serve(&github, &headers, "read:org", |access| {
        if !access.person.walled {
            let body = json!({ "login": organization, "id": 1, "type": "Organization" });
            return Json(body).into_response();
        }
        let mut refusal = failure(
            StatusCode::FORBIDDEN,
            "Resource protected by organization SAML enforcement. You must grant your OAuth token access to this \
             organization.",
        );
        let link = format!(
            "required; url=https://github.com/orgs/{organization}/sso?authorization_request=AZSCKtL4"
        );
        if let Ok(link) = HeaderValue::from_str(&link) {
            refusal.headers_mut().insert("x-github-sso", link);
        }
        refusal
    })
}

pub(super) async fn not_found(State(github): State<GitHub>, headers: HeaderMap) -> Response {
    serve(&github, &headers, "", |_| {
        failure(StatusCode::NOT_FOUND, "Not Found")
    })
}

/// `User-Agent` is obligatory.
pub(super) fn lacks_user_agent(headers: &HeaderMap) -> Option<Response> {
    let given = headers
        .get(header::USER_AGENT)
        .is_some_and(|value| !value.is_empty());
    let text = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header \
                (https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required). Check \
                https://developer.github.com for other possible causes.\n";
    (!given).then(|| (StatusCode::FORBIDDEN, text).into_response())
}

/// An error as the REST API writes it.
pub(super) fn failure(status: StatusCode, message: &str) -> Response {
    let body = json!({
        "message": message,
        "documentation_url": "https://docs.github.com/rest",
        "status": status.as_u16().to_string(),
    });
    (status, Json(body)).into_response()
}

/// The profile, as it is public.
pub(super) fn person_json(person: &Person) -> Value {
    json!({
        "login": person.slug,
        "id": person.number,
        "node_id": format!("U_{}", person.number),
        "avatar_url": format!("https://avatars.githubusercontent.com/u/{}?v=4", person.number),
        "html_url": format!("https://github.com/{}", person.slug),
        "type": "User",
        "site_admin": false,
        "name": person.name,
        "email": person.public_email(),
    })
}

/// Answers whoever has a live token.
fn serve(
    github: &GitHub,
    headers: &HeaderMap,
    accepted: &'static str,
    answer: impl FnOnce(&Access) -> Response,
) -> Response {
    if let Some(refusal) = lacks_user_agent(headers) {
        return refusal;
    }
    let Some(token) = bearer(headers) else {
        return failure(StatusCode::UNAUTHORIZED, "Requires authentication");
    };
    let now = github.now();
    let mut ledger = github.ledger();
    let Some(access) = ledger.access(token, now).cloned() else {
        return failure(StatusCode::UNAUTHORIZED, "Bad credentials");
    };
    let Some(rate) = ledger.count(token, now) else {
        return failure(StatusCode::UNAUTHORIZED, "Bad credentials");
    };
    drop(ledger);
    let mut response = if rate.used > RATE_LIMIT {
        failure(StatusCode::FORBIDDEN, "API rate limit exceeded")
    } else {
        answer(&access)
    };
    describe(&mut response, &access, rate, accepted);
    response
}

/// `Bearer` and `token` mean the same.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let is_known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token");
    is_known.then(|| token.trim())
}

fn describe(response: &mut Response, access: &Access, rate: Rate, accepted: &'static str) {
    let rows = [
        ("x-ratelimit-limit", RATE_LIMIT.to_string()),
        (
            "x-ratelimit-remaining",
            RATE_LIMIT.saturating_sub(rate.used).to_string(),
        ),
        ("x-ratelimit-used", rate.used.min(RATE_LIMIT).to_string()),
        ("x-ratelimit-reset", rate.resets_at.as_secs().to_string()),
        ("x-ratelimit-resource", "core".to_owned()),
        ("x-oauth-scopes", access.scopes.join(", ")),
        ("x-accepted-oauth-scopes", accepted.to_owned()),
        ("x-github-media-type", "github.v3; format=json".to_owned()),
    ];
    for (name, value) in rows {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
}
