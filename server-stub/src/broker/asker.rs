//! Who asks: the session of a bearer token (RFC 6750 §2.1).

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use codestream_protocol::secret::SessionToken;

use super::route_error::RouteError;
use crate::app::App;
use crate::store::Session;

/// A signed-in agent.
pub(crate) struct Bearer {
    pub(crate) session: Session,
}

impl FromRequestParts<Arc<App>> for Bearer {
    type Rejection = RouteError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, RouteError> {
        let token = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .ok_or(RouteError::Body)?;
        let session = app.store.use_session(&SessionToken::new(token)).await?;
        Ok(Self {
            session: session.ok_or(RouteError::Body)?,
        })
    }
}
