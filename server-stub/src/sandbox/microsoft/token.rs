//! The token endpoint.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{Entra, Resource, TENANT};
use crate::sandbox::moment::iso_8601;
use crate::sandbox::oauth::{Issued, Office, Parameters, Refused, basic};

/// An error and its number.
struct Failure {
    status: StatusCode,
    error: &'static str,
    number: u32,
    text: &'static str,
}

const fn failure(status: StatusCode, error: &'static str, number: u32, text: &'static str) -> Failure {
    Failure {
        status,
        error,
        number,
        text,
    }
}

const NOT_A_FORM: Failure = failure(
    StatusCode::BAD_REQUEST,
    "invalid_request",
    900_144,
    "The request body must contain the following parameter: 'grant_type'.",
);
const FROM_A_PAGE: Failure = failure(
    StatusCode::BAD_REQUEST,
    "invalid_request",
    90_023,
    "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type.",
);
const NO_SECRET: Failure = failure(
    StatusCode::UNAUTHORIZED,
    "invalid_client",
    7_000_218,
    "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
);
const BAD_SECRET: Failure = failure(
    StatusCode::UNAUTHORIZED,
    "invalid_client",
    7_000_215,
    "Invalid client secret provided.",
);
const UNSUPPORTED: Failure = failure(
    StatusCode::BAD_REQUEST,
    "unsupported_grant_type",
    70_003,
    "The app requested an unsupported grant type.",
);

fn of_grant(refused: Refused) -> Failure {
    let (number, text) = match refused {
        Refused::CodeUnknown => (9_002_313, "Invalid request. Request is malformed or invalid."),
        Refused::CodeUsed => (54_005, "OAuth2 Authorization code was already redeemed."),
        Refused::CodeExpired => (
            70_008,
            "The provided authorization code or refresh token has expired.",
        ),
        Refused::RedirectUri => (
            500_112,
            "The reply address does not match the one of the authorization request.",
        ),
        Refused::Verifier => (501_481, "The Code_Verifier does not match the code_challenge."),
        Refused::RefreshUnknown => (700_082, "The refresh token has expired or is not valid."),
    };
    failure(StatusCode::BAD_REQUEST, "invalid_grant", number, text)
}

pub(super) async fn issue<R: Resource>(
    State(office): State<Office<Entra<R>>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Some(fault) = office.fault() {
        return fault.answer().unwrap_or_else(|| {
            let error = fault.error.as_deref().unwrap_or("invalid_grant");
            refuse(
                &office,
                StatusCode::BAD_REQUEST,
                error,
                70_008,
                "The request was refused.",
            )
        });
    }
    match grant(&office, &headers, &body) {
        Ok(issued) => answer(&office, &issued),
        Err(failed) => refuse(&office, failed.status, failed.error, failed.number, failed.text),
    }
}

fn grant<R: Resource>(
    office: &Office<Entra<R>>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Issued, Failure> {
    let form = Parameters::form(headers, body).ok_or(NOT_A_FORM)?;
    if headers.contains_key(header::ORIGIN) && form.get("client_secret").is_some() {
        return Err(FROM_A_PAGE);
    }
    let (id, secret) = match (basic(headers), form.get("client_id"), form.get("client_secret")) {
        (Some(pair), _, _) => pair,
        (None, Some(id), Some(secret)) => (id.to_owned(), secret.to_owned()),
        (None, _, _) => return Err(NO_SECRET),
    };
    if !office.app().is(&id, &secret) {
        return Err(BAD_SECRET);
    }
    let issued = match form.get("grant_type") {
        Some("authorization_code") => office.exchange(
            form.get("code").unwrap_or_default(),
            form.get("redirect_uri").into(),
            form.get("code_verifier"),
        ),
        Some("refresh_token") => office.refresh(form.get("refresh_token").unwrap_or_default()),
        Some(_) => return Err(UNSUPPORTED),
        None => return Err(NOT_A_FORM),
    };
    issued.map_err(of_grant)
}

fn answer<R: Resource>(office: &Office<Entra<R>>, issued: &Issued) -> Response {
    let has = |name: &str| issued.scopes.iter().any(|scope| scope == name);
    let life = issued.life.map_or(0, |life| life.as_secs());
    let mut body = json!({
        "token_type": "Bearer",
        "scope": issued.scopes.join(" "),
        "expires_in": life,
        "ext_expires_in": life,
        "access_token": issued.access,
    });
    if has("offline_access") {
        body["refresh_token"] = json!(issued.refresh);
    }
    if has("openid") {
        body["id_token"] = id_token(office, issued, life, has("profile"), has("email")).into();
    }
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// Not signed: whoever reads it got it from here over TLS (`OpenID` Connect Core §3.1.3.7).
fn id_token<R: Resource>(
    office: &Office<Entra<R>>,
    issued: &Issued,
    life: u64,
    profile: bool,
    email: bool,
) -> String {
    let now = office.now().as_secs();
    let person = issued.person;
    let mut claims = json!({
        "aud": office.app().client_id,
        "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
        "iat": now,
        "nbf": now,
        "exp": now.saturating_add_unsigned(life),
        "oid": person.uuid(),
        "tid": TENANT,
        "sub": format!("{}-at-{}", person.slug, office.app().client_id),
        "ver": "2.0",
    });
    if profile {
        claims["name"] = person.name.into();
        claims["preferred_username"] = person
            .primary_email()
            .map_or(Value::Null, |email| email.address.into());
    }
    if let (true, Some(address)) = (email, person.primary_email()) {
        claims["email"] = address.address.into();
        // An optional claim of the registration: whether the domain's owner is verified.
        claims["xms_edov"] = address.verified.into();
    }
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!(
        "{}.{}.sandbox",
        part(json!({"typ": "JWT", "alg": "RS256"})),
        part(claims)
    )
}

fn refuse<R: Resource>(
    office: &Office<Entra<R>>,
    status: StatusCode,
    error: &str,
    number: u32,
    text: &str,
) -> Response {
    let (trace, correlation) = (office.random().uuid(), office.random().uuid());
    let at = iso_8601(office.now());
    let body = json!({
        "error": error,
        "error_description": format!("AADSTS{number}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {at}"),
        "error_codes": [number],
        "timestamp": at,
        "trace_id": trace,
        "correlation_id": correlation,
    });
    (status, Json(body)).into_response()
}
