//! How a request is read. What cannot be read is refused by name; the parser's own words are not repeated, since they
//! quote values.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use codestream_protocol::ServerCode;
use serde::de::DeserializeOwned;

use super::RouteError;

/// A JSON body, whatever its content type says.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = RouteError;

    async fn from_request(request: Request, state: &S) -> Result<Self, RouteError> {
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| unread(&rejection))?;
        serde_json::from_slice(&body)
            .map(Self)
            .map_err(|_| RouteError::of(ServerCode::Validation))
    }
}

fn unread(rejection: &BytesRejection) -> RouteError {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => RouteError::of(ServerCode::TooLarge),
        _ => RouteError::of(ServerCode::Validation),
    }
}

/// A query string.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = RouteError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, RouteError> {
        axum::extract::Query::try_from_uri(&parts.uri)
            .map(|axum::extract::Query(query)| Self(query))
            .map_err(|_| RouteError::of(ServerCode::Validation))
    }
}
