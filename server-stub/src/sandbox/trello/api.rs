//! The REST API: who the token belongs to, and the token itself.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::Trello;
use super::ledger::{Scope, Token};
use crate::sandbox::moment::iso_8601;
use crate::sandbox::people::{PEOPLE, Person};

type Parameters = BTreeMap<String, String>;

pub(super) async fn member(
    State(trello): State<Trello>,
    Path(id): Path<String>,
    Query(query): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    let (_, token) = match authorized(&trello, &query, &headers) {
        Ok(found) => found,
        Err(refusal) => return refusal.into_response(),
    };
    let Some(person) = named(&id, token.person) else {
        return (StatusCode::NOT_FOUND, "member not found").into_response();
    };
    let mut fields = Map::new();
    fields.insert("id".into(), person.object_id.into());
    fields.insert("username".into(), person.slug.into());
    fields.insert("fullName".into(), person.name.into());
    fields.insert("url".into(), format!("https://trello.com/{}", person.slug).into());
    fields.insert(
        "initials".into(),
        person
            .name
            .split(' ')
            .filter_map(|part| part.chars().next())
            .collect::<String>()
            .into(),
    );
    let sees_email = person == token.person && token.scopes.contains(&Scope::Account);
    let email = person.primary_email().filter(|_| sees_email);
    fields.insert(
        "email".into(),
        email.map_or(Value::Null, |email| email.address.into()),
    );
    if let Some(wanted) = query.get("fields").filter(|wanted| *wanted != "all") {
        fields.retain(|name, _| name == "id" || wanted.split(',').any(|field| field == name));
    }
    Json(fields).into_response()
}

pub(super) async fn boards(
    State(trello): State<Trello>,
    Path(id): Path<String>,
    Query(query): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    let (_, token) = match authorized(&trello, &query, &headers) {
        Ok(found) => found,
        Err(refusal) => return refusal.into_response(),
    };
    match named(&id, token.person) {
        Some(person) => Json(json!([{
            "id": person.object_id.replace("5f", "6b"),
            "name": format!("{}'s board", person.name),
            "closed": false,
            "url": format!("https://trello.com/b/{}", person.slug),
        }]))
        .into_response(),
        None => (StatusCode::NOT_FOUND, "member not found").into_response(),
    }
}

pub(super) async fn token(
    State(trello): State<Trello>,
    Path(asked): Path<String>,
    Query(query): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = authorized(&trello, &query, &headers) {
        return refusal.into_response();
    }
    let now = trello.now();
    let ledger = trello.ledger();
    match ledger.token(&asked, now) {
        None => (StatusCode::NOT_FOUND, "token not found").into_response(),
        Some(row) => Json(json!({
            "id": row.id,
            "identifier": row.identifier,
            "idMember": row.person.object_id,
            "dateCreated": iso_8601(row.created_at),
            "dateExpires": row.expires_at.map(iso_8601),
            "permissions": permissions(row),
        }))
        .into_response(),
    }
}

pub(super) async fn delete_token(
    State(trello): State<Trello>,
    Path(asked): Path<String>,
    Query(query): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    let (used, owner) = match authorized(&trello, &query, &headers) {
        Ok(found) => found,
        Err(refusal) => return refusal.into_response(),
    };
    let now = trello.now();
    let mut ledger = trello.ledger();
    let may = asked == used
        || ledger
            .token(&asked, now)
            .is_some_and(|row| row.person == owner.person);
    if !may {
        return (StatusCode::NOT_FOUND, "token not found").into_response();
    }
    ledger.revoke(&asked);
    Json(json!({})).into_response()
}

pub(super) async fn not_found(
    State(trello): State<Trello>,
    Query(query): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    match authorized(&trello, &query, &headers) {
        Ok(_) => (StatusCode::NOT_FOUND, "Not found").into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

/// `me`, an id or a user name.
fn named(id: &str, me: &'static Person) -> Option<&'static Person> {
    if id == "me" {
        return Some(me);
    }
    PEOPLE
        .iter()
        .find(|person| person.object_id == id || person.slug == id)
}

fn permissions(row: &Token) -> Value {
    let has = |scope| row.scopes.contains(&scope);
    let models = ["Member", "Board", "Organization"].into_iter();
    models
        .map(|model| {
            json!({
                "idModel": if model == "Member" { row.person.object_id } else { "*" },
                "modelType": model,
                "read": has(Scope::Read),
                "write": has(Scope::Write),
            })
        })
        .collect()
}

/// The live token of a call, from the query or from an OAuth header. Refusals are plain text.
fn authorized(
    trello: &Trello,
    query: &Parameters,
    headers: &HeaderMap,
) -> Result<(String, Token), (StatusCode, &'static str)> {
    let from_header = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .map(oauth_header)
        .unwrap_or_default();
    let get = |in_query: &str, in_header: &str| {
        query
            .get(in_query)
            .or_else(|| from_header.get(in_header))
            .map(String::as_str)
            .unwrap_or_default()
    };
    if get("key", "oauth_consumer_key") != trello.0.app.client_id {
        return Err((StatusCode::UNAUTHORIZED, "invalid key"));
    }
    let token = get("token", "oauth_token");
    let now = trello.now();
    match trello.ledger().token(token, now) {
        Some(row) => Ok((token.to_owned(), row.clone())),
        None if token.is_empty() => Err((StatusCode::UNAUTHORIZED, "unauthorized permission requested")),
        None => Err((StatusCode::UNAUTHORIZED, "invalid token")),
    }
}

/// The parameters of `OAuth key="value", ...` (RFC 5849 §3.5.1).
fn oauth_header(value: &str) -> Parameters {
    let Some(list) = value.strip_prefix("OAuth ") else {
        return Parameters::new();
    };
    list.split(',')
        .filter_map(|pair| pair.trim().split_once('='))
        .map(|(key, value)| (key.to_owned(), value.trim_matches('"').to_owned()))
        .collect()
}
