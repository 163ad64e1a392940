//! The callback: `GET /no-auth/provider-token/{provider}`.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use codestream_protocol::ServerCode;

use super::landing::Landing;
use super::parameters::Parameters;
use super::refusal::Refusal;
use super::relay;
use super::settle::{self, Confirmation, Returned, Said, Visit};
use crate::app::App;
use crate::pages::{ErrorPage, FragmentPage};
use crate::providers::{Answer, Registry};

/// A third party's redirect, in the browser.
pub(crate) async fn receive(
    State(app): State<Arc<App>>,
    Path(provider): Path<String>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    if let Some(home) = relay::home(&app, &parts.headers, &parts.uri) {
        return home.into_response();
    }
    let visit = Visit::of(provider.clone(), &parts);
    if let Err(wait) = visit.limit(&app) {
        let page = ErrorPage::of(ServerCode::TooManyRequests, None, None);
        let retry = [(header::RETRY_AFTER, wait.as_millis().div_ceil(1000).to_string())];
        return (retry, page.render_page(StatusCode::TOO_MANY_REQUESTS)).into_response();
    }
    let offered = match app.providers.get(&provider) {
        Ok(offered) => offered,
        Err(code) => return Landing::refused(&Refusal::Service(code), &provider).into_response(),
    };
    let Ok(parameters) = Parameters::read(parts.uri.query().unwrap_or_default()) else {
        let service = Registry::display_name(&provider);
        return ErrorPage::of(ServerCode::Validation, service, None).render_page(StatusCode::BAD_REQUEST);
    };
    if matches!(offered.answer(), Answer::Fragment) {
        let service = offered.display_name();
        return FragmentPage { service }.render_page();
    }
    let said = match (parameters.error, parameters.code) {
        (Some(error), _) if offered.needs_approval(&error, &parameters.error_description) => {
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
    settle::settle(&app, &visit, returned, Confirmation::Unasked)
        .await
        .into_response()
}
