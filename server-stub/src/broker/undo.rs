//! *This was not me*: for 10 min the browser that approved takes it back. Disconnects, revokes, ends the session.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use codestream_protocol::ServerCode;
use codestream_protocol::http::Revoked;
use codestream_protocol::id::CodeId;
use serde::Deserialize;

use super::accounts;
use super::deauth;
use super::done::{self, Kept};
use super::hosts::{self, NoProvider};
use super::team_token;
use crate::app::App;
use crate::pages::{ErrorPage, Undone};
use crate::store::{Failure, StoreError, TakenUndo, Undoing};

/// Where the success page's form posts.
pub(crate) const PATH: &str = "/web/provider-not-me";
/// How often a second press looks for what came of the first.
const LOOK: Duration = Duration::from_millis(100);

#[derive(Deserialize)]
pub(crate) struct Which {
    id: CodeId,
}

/// `POST /web/provider-not-me`.
pub(crate) async fn take_back(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    form: Result<Form<Which>, FormRejection>,
) -> Response {
    let over = || ErrorPage::of(ServerCode::WebTokenExpired, None, None).render_page(StatusCode::OK);
    let Ok(Form(Which { id })) = form else {
        return over();
    };
    if !is_our_form(&app, &headers) {
        return over();
    }
    let Some(kept) = done::kept(&app, &headers, id) else {
        return over();
    };
    match once(&app, &kept).await {
        Ok(Some(undone)) => undone.render_page(),
        Ok(None) => over(),
        Err(error) => {
            tracing::error!(%error, "what was done could not be taken back");
            ErrorPage::of(ServerCode::WebInternal, None, None).render_page(StatusCode::OK)
        }
    }
}

/// Takes it back once; pressed again, a double click or after a lost answer, the person reads the same. `None`: too late.
async fn once(app: &Arc<App>, kept: &Kept) -> Result<Option<Undone>, StoreError> {
    loop {
        match app.store.take_undo(&kept.undo).await? {
            TakenUndo::Now(undoing) => {
                let undone = undo(app, *undoing).await?;
                if let Some(undone) = &undone {
                    let outcome = serde_json::to_string(undone).map_err(|_| StoreError::Shape("undo"))?;
                    app.store.finish_undo(&kept.undo, &outcome).await?;
                }
                return Ok(undone);
            }
            TakenUndo::Before(outcome) => {
                let undone = serde_json::from_str(&outcome).map_err(|_| StoreError::Shape("undo"))?;
                return Ok(Some(undone));
            }
            TakenUndo::Gone => return Ok(None),
            // Its caller ends, or loses it.
            TakenUndo::Underway if app.lifecycle.is_draining() => return Ok(None),
            TakenUndo::Underway => app.clock.sleep_until(app.clock.now() + LOOK).await,
        }
    }
}

/// `None`: the service is not there any more.
async fn undo(app: &Arc<App>, undoing: Undoing) -> Result<Option<Undone>, StoreError> {
    let deed = undoing.deed;
    tracing::warn!(provider = deed.provider, user = %deed.user_id, "a handshake was taken back: this was not me");
    // The session first: whoever has it could connect again.
    if let Some(session) = undoing.session {
        app.store.end_session(session).await?;
    }
    let removed = match &deed.account {
        Some(key) => app.store.remove_account(key, None).await?,
        None => None,
    };
    if let Some(link) = deed.link {
        app.store
            .undo_link(link, &deed.user_id, not_me(&deed.provider))
            .await?;
    }
    let provider = match &deed.account {
        Some(key) => accounts::provider_of(app, key).await,
        None => hosts::provider(app, &deed.provider, None).await,
    };
    let provider = match provider {
        Ok(provider) => provider,
        Err(NoProvider::Code(_)) => return Ok(None),
        Err(NoProvider::Store(error)) => return Err(error),
    };
    let revoked = match &removed {
        Some((account, _)) => {
            team_token::retire_unused(app, &provider, &account.key);
            deauth::revoke(app, &provider, account).await
        }
        None => Revoked::Yes,
    };
    Ok(Some(Undone {
        service: provider.display_name().to_owned(),
        signed_out: undoing.session.is_some(),
        link: deed.link.is_some(),
        manual_url: (revoked != Revoked::Yes).then(|| provider.manual_url().to_owned()),
    }))
}

/// Why a link ended that was taken back before the IDE confirmed it.
fn not_me(provider: &str) -> Failure {
    Failure {
        provider: Some(provider.to_owned()),
        step: "identity".to_owned(),
        code: ServerCode::ProviderAuthNotAllowed,
        message: "In the browser, the owner of the account said that this was not them. Nothing was linked."
            .to_owned(),
        link: None,
    }
}

/// Whether a form of ours was posted. A page without referrer posts `Origin: null`, so the browser's own word about the
/// site counts too; the cookies are `SameSite=Lax` in any case.
pub(crate) fn is_our_form(app: &App, headers: &HeaderMap) -> bool {
    let ours = app.origins.public.origin().ascii_serialization();
    let origin = headers
        .get(header::ORIGIN)
        .is_none_or(|origin| origin == "null" || origin == ours.as_str());
    let site = headers
        .get("sec-fetch-site")
        .is_none_or(|site| site == "same-origin");
    origin && site
}
