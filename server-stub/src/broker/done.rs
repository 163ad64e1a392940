//! After a good end: the success page, its details for the browser that did it, and what that browser may take back.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use codestream_protocol::id::CodeId;
use codestream_protocol::text;
use codestream_protocol::{ServerCode, UserId};
use serde::{Deserialize, Serialize};

use super::cookie::Note;
use super::landing::Landing;
use super::{refusal::Refusal, undo};
use crate::app::App;
use crate::pages::{self, Details, Done, Moment};
use crate::providers::{Provider, Registry};
use crate::store::{AccountKey, Deed, End, Handshake, HandshakeKind, SessionId, StoreError, Undo, Undoing};

/// After a connect. Followed by the provider's name.
pub(crate) const CONNECTED: &str = "/web/provider-connected";
/// After a sign-up or sign-in. Followed by the provider's name.
pub(crate) const SIGNED_IN: &str = "/web/provider-auth-complete";

/// After an account came back from a link handshake. Followed by the provider's name.
pub(crate) const LINKING: &str = "/web/provider-linking";

/// How long *This was not me* works.
const UNDO_LIFE: Duration = Duration::from_mins(10);

/// What the browser that did it keeps.
pub(crate) const NOTE: Note = Note {
    name: "cs-done",
    life: UNDO_LIFE,
};

/// Content of [`NOTE`].
#[derive(Serialize, Deserialize)]
pub(crate) struct Kept {
    /// Names the undo in the store.
    pub(crate) undo: String,
    /// The account at the service, for a person.
    pub(crate) who: String,
}

/// A good end.
pub(crate) struct Success<'a> {
    pub(crate) handshake: &'a Handshake,
    /// The CodeStream user.
    pub(crate) user_id: UserId,
    /// The account at the service, for a person.
    pub(crate) who: String,
    /// The account that was connected, if one was.
    pub(crate) account: Option<AccountKey>,
    /// The session that began.
    pub(crate) session: Option<SessionId>,
    /// The handshake that links the account once the IDE confirms it.
    pub(crate) link: Option<CodeId>,
}

fn page_of(handshake: &Handshake) -> &'static str {
    match handshake.kind {
        HandshakeKind::Connect { .. } => CONNECTED,
        HandshakeKind::Link { .. } => LINKING,
        HandshakeKind::SignUp { .. } => SIGNED_IN,
    }
}

/// Where the browser of a handshake that had a good end before goes.
pub(crate) fn again(app: &App, provider: &str, handshake: &Handshake) -> Landing {
    // Nobody else's page says which account is about to sign in as whom.
    let links = matches!(handshake.kind, HandshakeKind::Link { .. });
    if let Some(url) = app.config.success_url.as_ref().filter(|_| !links) {
        let mut url = url.clone();
        url.query_pairs_mut().append_pair("provider", provider);
        return Landing::at(url);
    }
    Landing::at(format!(
        "{}/{provider}?id={}",
        page_of(handshake),
        handshake.code_id
    ))
}

/// Where the browser goes that has just done it. By now all is stored: what fails here is not the person's trouble.
pub(crate) async fn landing(app: &App, provider: &Provider, success: Success<'_>) -> Landing {
    let Success {
        handshake,
        user_id,
        who,
        account,
        session,
        link,
    } = success;
    let landing = again(app, provider.name(), handshake);
    let token = app.random.token::<16>();
    let undo = Undo {
        undoing: Undoing {
            deed: Deed {
                user_id,
                provider: provider.name().to_owned(),
                account,
                link,
            },
            session,
        },
        expires_at: app.clock.now() + UNDO_LIFE,
    };
    if let Err(error) = app.store.keep_undo(&token, undo).await {
        tracing::error!(%error, "what could be taken back was not kept");
        return landing;
    }
    // A cookie is at most 4 KiB with a browser, and all of them 8 KiB with most proxies.
    let who = text::name(&who, "an account");
    let kept = serde_json::to_vec(&Kept { undo: token, who }).unwrap_or_default();
    landing.with(NOTE.leave(app, &handshake.code_id.to_string(), &kept))
}

/// What the browser keeps about a handshake, if it was the one that did it.
pub(crate) fn kept(app: &App, headers: &HeaderMap, id: CodeId) -> Option<Kept> {
    let content = NOTE.find(app, headers, &id.to_string())?;
    serde_json::from_slice(&content).ok()
}

#[derive(Deserialize)]
pub(crate) struct Which {
    id: Option<CodeId>,
}

/// `GET /web/provider-connected/{provider}[?id=]`.
pub(crate) async fn connected(
    State(app): State<Arc<App>>,
    Path(provider): Path<String>,
    which: Result<Query<Which>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    show(&app, &provider, which.ok(), &headers, |service| {
        format!("{service} is connected")
    })
    .await
}

/// `GET /web/provider-auth-complete/{provider}[?id=]`.
pub(crate) async fn signed_in(
    State(app): State<Arc<App>>,
    Path(provider): Path<String>,
    which: Result<Query<Which>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    show(&app, &provider, which.ok(), &headers, |_| {
        "You are signed in".to_owned()
    })
    .await
}

/// `GET /web/provider-linking/{provider}[?id=]`.
pub(crate) async fn linking(
    State(app): State<Arc<App>>,
    Path(provider): Path<String>,
    which: Result<Query<Which>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let Some(service) = Registry::display_name(&provider) else {
        return Landing::refused(&Refusal::Service(ServerCode::UnknownProvider), &provider).into_response();
    };
    let id = which.ok().and_then(|Query(which)| which.id);
    let found = match id {
        Some(id) => tokio::try_join!(details(&app, service, &headers, id), app.store.handshake(id)),
        None => Ok((None, None)),
    };
    let (details, handshake) = found.unwrap_or_else(|error| {
        tracing::error!(%error, "a page after a link has no details");
        (None, None)
    });
    if handshake.is_some_and(|handshake| handshake.end == Some(End::Done)) {
        let title = format!("{service} is a way to sign in");
        return match details {
            Some(details) => Done {
                title,
                next: format!("{} at {service} signs in as {}.", details.account, details.user),
                details: Some(details),
            }
            .render_page(),
            None => Done::plain(title).render_page(),
        };
    }
    let title = "Go back to your IDE to confirm";
    match details {
        Some(details) => Done {
            title: title.to_owned(),
            next: format!(
                "Nothing has changed yet. Once it is confirmed in {}, {} at {service} signs in as {}.",
                details.ide_or_yours(),
                details.account,
                details.user
            ),
            details: Some(details),
        }
        .render_page(),
        None => Done::plain(title).render_page(),
    }
}

async fn show(
    app: &App,
    name: &str,
    which: Option<Query<Which>>,
    headers: &HeaderMap,
    title: impl FnOnce(&str) -> String,
) -> Response {
    let Some(service) = Registry::display_name(name) else {
        return Landing::refused(&Refusal::Service(ServerCode::UnknownProvider), name).into_response();
    };
    let title = title(service);
    let Some(id) = which.and_then(|Query(which)| which.id) else {
        return Done::plain(title).render_page();
    };
    match details(app, service, headers, id).await {
        Ok(Some(details)) => Done {
            title,
            next: format!(
                "You can close this tab and go back to {}.",
                details.ide_or_yours()
            ),
            details: Some(details),
        }
        .render_page(),
        Ok(None) => Done::plain(title).render_page(),
        Err(error) => {
            tracing::error!(%error, "a success page has no details");
            Done::plain(title).render_page()
        }
    }
}

/// `None` for any other browser, and once it can no longer be taken back.
async fn details(
    app: &App,
    service: &str,
    headers: &HeaderMap,
    id: CodeId,
) -> Result<Option<Details>, StoreError> {
    let Some(kept) = kept(app, headers, id) else {
        return Ok(None);
    };
    let Some(undo) = app.store.undo(&kept.undo).await? else {
        return Ok(None);
    };
    let (user, handshake) = tokio::try_join!(
        app.store.user(&undo.undoing.deed.user_id),
        app.store.handshake(id)
    )?;
    let (Some(user), Some(handshake)) = (user, handshake) else {
        return Ok(None);
    };
    let started = Moment::from(handshake.created_at);
    Ok(Some(Details {
        service: service.to_owned(),
        account: kept.who,
        user: text::shown(&user.email, text::Limit::ADDRESS),
        ide: pages::told(handshake.ide.as_deref()),
        machine: pages::told(handshake.machine.as_deref()),
        started: started.to_string(),
        started_iso: started.iso(),
        undo: Some(pages::Undo {
            action: undo::PATH,
            id: id.to_string(),
            until: Moment::from(undo.expires_at).clock(),
        }),
    }))
}
