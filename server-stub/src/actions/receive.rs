//! A letter arrives: it is proven, kept and answered. Its work comes after the answer.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use codestream_protocol::ServerCode;

use super::work;
use crate::api::RouteError;
use crate::app::App;
use crate::providers::{Registry, Unheard};
use crate::store::{NewDelivery, NewMatter, StoreError, Taken};

/// Why a letter is not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// No third party calls us here.
    #[error("there is no such action")]
    Unknown,
    /// The third party is not set up.
    #[error("the service is not set up")]
    NotSetUp(ServerCode),
    #[error("{0}: {1}")]
    Unheard(&'static str, Unheard),
    /// This very letter was taken before.
    #[error("a replay")]
    Replayed,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        // Whoever sends it learns little; whoever sets it up looks here.
        tracing::warn!(why = %self, "a call of a third party was refused");
        match self {
            Self::Unknown | Self::Unheard(_, Unheard::Malformed) => {
                RouteError::of(ServerCode::NotFound).at(StatusCode::NOT_FOUND)
            }
            Self::NotSetUp(code) | Self::Unheard(_, Unheard::Unproven(code, _)) => RouteError::of(code),
            Self::Unheard(_, Unheard::NotConfigured) => RouteError::of(ServerCode::ProviderNotConfigured),
            Self::Replayed => RouteError::of(ServerCode::InvalidParameter),
            Self::Unheard(_, Unheard::NotNow) => {
                RouteError::of(ServerCode::ProviderDataRequestFailed).at(StatusCode::SERVICE_UNAVAILABLE)
            }
            Self::Store(error) => error.into(),
        }
        .into_response()
    }
}

/// `POST /no-auth/provider-action/{action}`.
pub(super) async fn receive(
    State(app): State<Arc<App>>,
    Path(action): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let mut actions = Registry::actions().filter(|(known, _)| *known == action);
    let (action, name) = actions.next().ok_or(Refusal::Unknown)?;
    let provider = app.providers.get(name).map_err(Refusal::NotSetUp)?;
    let now = app.clock.now();
    let heard = provider
        .hear(&app.http, action, &headers, &body, &app.clock)
        .await;
    let heard = heard.map_err(|unheard| Refusal::Unheard(name, unheard))?;
    let taken = app
        .store
        .take_delivery(NewDelivery {
            provider: name.to_owned(),
            seal: heard.seal.map(|seal| (seal.text, now + seal.good_for)),
            matter: heard.matter.map(|matter| NewMatter {
                id: matter.id,
                work: matter.work,
            }),
        })
        .await?;
    match taken {
        Taken::New(id) => work::soon(&app, id),
        Taken::Nothing => {}
        Taken::Replayed => return Err(Refusal::Replayed),
    }
    let mut response = match heard.answer {
        Some(answer) => Json(answer).into_response(),
        None => StatusCode::OK.into_response(),
    };
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, no_store);
    Ok(response)
}
