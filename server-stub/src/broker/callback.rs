//! The callback: `GET /no-auth/provider-token/{provider}`.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use codestream_protocol::secret::AuthorizationCode;
use codestream_protocol::{ProviderId, ServerCode};
use url::form_urlencoded;

use super::landing::Landing;
use super::parameters::Parameters;
use super::refusal::Refusal;
use super::settle::{self, Confirmation, Returned, Said, Visit};
use super::{relay, state};
use crate::app::App;
use crate::pages::{ErrorPage, FragmentPage};
use crate::providers::{Answer, Registry};

/// The code in the query of a callback whose path names the state.
const RETURNED_CODE: &str = "auth_code";

/// The redirect of a service that sends no state back: `GET {prefix}/{jti}?auth_code=`.
pub(crate) async fn returned(
    State(app): State<Arc<App>>,
    Path(jti): Path<String>,
    provider: &'static str,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let visit = Visit::of(&app, provider.to_owned(), &parts);
    let state = match state::named(&app, &jti).await {
        Ok(state) => state,
        Err(error) => return Landing::refused(&error.into(), provider).into_response(),
    };
    let query = parts.uri.query().unwrap_or_default();
    let mut codes = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == RETURNED_CODE);
    let said = match (codes.next(), codes.next()) {
        (Some((_, code)), None) if !code.is_empty() => Said::Code(AuthorizationCode::new(code)),
        _ => Said::Nothing,
    };
    let returned = Returned {
        state,
        iss: None,
        said,
    };
    settle::settle(&app, &visit, returned, Confirmation::Unasked)
        .await
        .into_response()
}

/// A third party's redirect, in the browser.
pub(crate) async fn receive(
    State(app): State<Arc<App>>,
    Path(provider): Path<String>,
    request: Request,
) -> Response {
    received(&app, provider, None, request).await
}

/// The redirect of a host: `GET /no-auth/provider-token/{provider}/{host}`.
pub(crate) async fn receive_of_host(
    State(app): State<Arc<App>>,
    Path((provider, host)): Path<(String, String)>,
    request: Request,
) -> Response {
    match host.parse() {
        Ok(host) if Registry::is_self_hosted_too(&provider) => {
            received(&app, provider, Some(host), request).await
        }
        _ => Landing::refused(&Refusal::Service(ServerCode::UnknownProviderHost), &provider).into_response(),
    }
}

async fn received(app: &Arc<App>, provider: String, host: Option<ProviderId>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    if let Some(home) = relay::home(app, &parts.headers, &parts.uri) {
        return home.into_response();
    }
    let visit = Visit::of(app, provider.clone(), &parts).at(host);
    let answer = match Registry::answer(&provider) {
        Ok(answer) => answer,
        Err(code) => return Landing::refused(&Refusal::Service(code), &provider).into_response(),
    };
    let Ok(parameters) = Parameters::read(parts.uri.query().unwrap_or_default()) else {
        let service = Registry::display_name(&provider);
        return ErrorPage::of(ServerCode::Validation, service, None).render_page(StatusCode::BAD_REQUEST);
    };
    match answer {
        Answer::Code { .. } => {}
        Answer::Fragment => {
            let service = Registry::display_name(&provider).unwrap_or_default();
            return FragmentPage { service }.render_page();
        }
        // Its callbacks have a path of their own.
        Answer::ReturnPath { .. } => {
            return Landing::refused(&Refusal::StateInvalid, &provider).into_response();
        }
    }
    let said = match (parameters.error, parameters.code) {
        (Some(error), _) if Registry::needs_approval(&provider, &error, &parameters.error_description) => {
            Said::NeedsApproval
        }
        (Some(error), _) if error.is_denial() => Said::Declined,
        (Some(error), _) => Said::Refused(error),
        (None, Some(code)) => Said::Code(code),
        (None, None) => Said::Nothing,
    };
    let returned = Returned {
        state: parameters.state,
        iss: parameters.iss,
        said,
    };
    settle::settle(app, &visit, returned, Confirmation::Unasked)
        .await
        .into_response()
}
