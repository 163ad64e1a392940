//! Who asks: the session behind `Authorization: Bearer`.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use codestream_protocol::ServerCode;
use codestream_protocol::secret::SessionToken;

use super::{Peer, RouteError};
use crate::app::App;
use crate::store::{Session, User};

/// The session that a request proves, and its user.
#[derive(Debug)]
pub(crate) struct Bearer {
    /// The session.
    pub(crate) session: Session,
    /// As presented.
    pub(crate) token: SessionToken,
    /// Whose session it is.
    pub(crate) user: User,
}

impl FromRequestParts<Arc<App>> for Bearer {
    type Rejection = RouteError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, RouteError> {
        let header = parts
            .headers
            .get(AUTHORIZATION)
            .ok_or(RouteError::of(ServerCode::MissingAuthorization))?;
        let token = header
            .to_str()
            .ok()
            .and_then(bearer)
            .ok_or_else(RouteError::bad_credentials)?;
        let address = Peer::of(parts, app).address.text();
        let session = app.store.use_session(&token, address.as_deref()).await?;
        let Some(session) = session else {
            return Err(match app.store.session_end(&token).await? {
                Some(end) => RouteError::session_over(end, app.config.sessions),
                None => RouteError::bad_credentials(),
            });
        };
        let user = app.store.user(&session.user_id).await?;
        let user = user.ok_or(RouteError::of(ServerCode::UserNotFound))?;
        Ok(Self { session, token, user })
    }
}

/// RFC 6750 §2.1; the scheme's case does not matter (RFC 9110 §11.1).
fn bearer(header: &str) -> Option<SessionToken> {
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| SessionToken::new(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_is_bearer_in_any_case() {
        for (header, token) in [
            ("Bearer x.y", Some("x.y")),
            ("bearer x", Some("x")),
            ("BEARER  x ", Some("x")),
            ("Basic x", None),
            ("Bearer", None),
            ("Bearer ", None),
            ("", None),
        ] {
            assert_eq!(
                bearer(header).as_ref().map(SessionToken::expose),
                token,
                "{header}"
            );
        }
    }
}
