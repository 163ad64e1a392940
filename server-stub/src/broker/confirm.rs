//! The question before anything is exchanged: does the IDE show the same code (RFC 8628 §5.4)?
//!
//! Until it is answered the state is not consumed, and what the third party said waits, sealed, in the browser that brought
//! it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{RequestExt as _, RequestPartsExt as _, http};
use codestream_protocol::id::CodeId;
use codestream_protocol::match_code;
use codestream_protocol::secret::{AccessToken, AuthorizationCode};
use codestream_protocol::{ProviderId, ServerCode};
use serde::{Deserialize, Serialize};

use super::cookie::Note;
use super::landing::Landing;
use super::settle::{self, Confirmation, Returned, Said, Visit};
use super::undo;
use crate::api::ClientAddress;
use crate::app::App;
use crate::config::ConfirmSignIn;
use crate::pages::{self, ErrorPage, Moment, Question};
use crate::providers::{Provider, Registry};
use crate::store::{Handshake, HandshakeKind};

/// The page, and where its form posts.
pub(crate) const PATH: &str = "/web/provider-confirm";

/// As long as any handshake can last.
const NOTE: Note = Note {
    name: "cs-pending",
    life: Duration::from_mins(10),
};

/// What waits for the answer.
#[derive(Serialize, Deserialize)]
struct Pending {
    provider: String,
    /// The host in the callback's path.
    #[serde(default)]
    host: Option<ProviderId>,
    state: String,
    iss: Option<String>,
    code: Option<AuthorizationCode>,
    token: Option<AccessToken>,
}

/// Whether the person has to compare. An agent whose address is not known yet may be anywhere.
pub(crate) fn is_needed(mode: ConfirmSignIn, handshake: &Handshake, browser: ClientAddress) -> bool {
    match mode {
        ConfirmSignIn::Always => true,
        ConfirmSignIn::Never => false,
        ConfirmSignIn::Auto => {
            let agent = ClientAddress::stored(handshake.agent_address.as_deref());
            !agent.is_same_as(browser)
        }
    }
}

/// Where the browser goes to be asked.
pub(crate) fn landing(app: &App, provider: &Provider, id: CodeId, returned: Returned) -> Landing {
    let (code, token) = match returned.said {
        Said::Code(code) => (Some(code), None),
        Said::Token(token) => (None, Some(token)),
        Said::Declined | Said::NeedsApproval | Said::Refused(_) | Said::Nothing => (None, None),
    };
    let pending = Pending {
        provider: provider.name().to_owned(),
        host: provider.redirect_host().cloned(),
        state: returned.state.unwrap_or_default(),
        iss: returned.iss,
        code,
        token,
    };
    let content = serde_json::to_vec(&pending).unwrap_or_default();
    Landing::at(format!("{PATH}?id={id}")).with(NOTE.leave(app, &id.to_string(), &content))
}

/// What stays in the browser after the answer: enough to be answered alike once more, and no secret of the third party.
fn spent(app: &App, id: CodeId, at: (String, Option<ProviderId>), state: String) -> HeaderValue {
    let spent = Pending {
        provider: at.0,
        host: at.1,
        state,
        iss: None,
        code: None,
        token: None,
    };
    let content = serde_json::to_vec(&spent).unwrap_or_default();
    NOTE.leave(app, &id.to_string(), &content)
}

fn pending(app: &App, headers: &HeaderMap, id: CodeId) -> Option<Pending> {
    serde_json::from_slice(&NOTE.find(app, headers, &id.to_string())?).ok()
}

fn over() -> Response {
    ErrorPage::of(ServerCode::WebTokenExpired, None, None).render_page(StatusCode::OK)
}

#[derive(Deserialize)]
pub(crate) struct Which {
    id: CodeId,
}

/// `GET /web/provider-confirm?id=`.
pub(crate) async fn ask(State(app): State<Arc<App>>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let which: Result<Query<Which>, QueryRejection> = parts.extract().await;
    let Ok(Query(Which { id })) = which else {
        return over();
    };
    let Some(pending) = pending(&app, &parts.headers, id) else {
        return over();
    };
    let visit = Visit::of(&app, pending.provider.clone(), &parts);
    if let Some(landing) = settle::answered(&app, &visit, &pending.state).await {
        return landing.into_response();
    }
    let (Some(service), Ok(Some(handshake))) = (
        Registry::display_name(&pending.provider),
        app.store.handshake(id).await,
    ) else {
        return over();
    };
    if handshake.end.is_some() || app.clock.now() >= handshake.expires_at {
        return over();
    }
    let started = Moment::from(handshake.created_at);
    let question = Question {
        press: match handshake.kind {
            HandshakeKind::Connect { .. } => format!("Connect to {service}"),
            HandshakeKind::Link { .. } => format!("Link {service}"),
            HandshakeKind::SignUp { .. } => format!("Sign in with {service}"),
        },
        match_code: match_code_of(&handshake),
        service: service.to_owned(),
        ide: pages::told(handshake.ide.as_deref()),
        machine: pages::told(handshake.machine.as_deref()),
        started: started.to_string(),
        started_iso: started.iso(),
        action: PATH,
        id: id.to_string(),
    };
    let onward = app.config.success_url.as_ref();
    question.render_page(onward.map(|url| url.origin().ascii_serialization()))
}

/// What the agent shows for the same handshake.
fn match_code_of(handshake: &Handshake) -> String {
    match &handshake.kind {
        HandshakeKind::SignUp { key } => match &key.challenge {
            Some(challenge) => match_code::of_challenge(challenge),
            None => match_code::of_handshake(handshake.code_id),
        },
        HandshakeKind::Connect { .. } | HandshakeKind::Link { .. } => {
            match_code::of_handshake(handshake.code_id)
        }
    }
}

#[derive(Deserialize)]
struct Decided {
    id: CodeId,
    decision: Decision,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Decision {
    Confirm,
    Refuse,
}

/// `POST /web/provider-confirm`, from the page's form.
pub(crate) async fn decide(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if !undo::is_our_form(&app, &parts.headers) {
        return over();
    }
    let form: Result<Form<Decided>, FormRejection> =
        http::Request::from_parts(parts.clone(), body).extract().await;
    let Ok(Form(Decided { id, decision })) = form else {
        return over();
    };
    let Some(pending) = pending(&app, &parts.headers, id) else {
        return over();
    };
    let said = match (pending.code, pending.token) {
        (Some(code), _) => Said::Code(code),
        (None, Some(token)) => Said::Token(token),
        (None, None) => Said::Nothing,
    };
    let returned = Returned {
        state: Some(pending.state.clone()),
        iss: pending.iss,
        said,
    };
    let confirmation = match decision {
        Decision::Confirm => Confirmation::Given,
        Decision::Refuse => Confirmation::Refused,
    };
    let visit = Visit::of(&app, pending.provider.clone(), &parts).at(pending.host.clone());
    settle::settle(&app, &visit, returned, confirmation)
        .await
        .with(spent(&app, id, (pending.provider, pending.host), pending.state))
        .into_response()
}

#[cfg(test)]
mod tests {
    use codestream_protocol::UnixMillis;

    use super::*;
    use crate::store::SignUpKey;

    fn handshake(agent_address: Option<&str>) -> Handshake {
        Handshake {
            code_id: CodeId(uuid::Uuid::nil()),
            kind: HandshakeKind::SignUp {
                key: SignUpKey {
                    token: "t".into(),
                    challenge: None,
                },
            },
            ide: None,
            machine: None,
            agent_address: agent_address.map(str::to_owned),
            provider: None,
            created_at: UnixMillis(0),
            open_by: UnixMillis(0),
            expires_at: UnixMillis(0),
            opened_at: None,
            came_back: None,
            browser_hash: None,
            note: None,
            end: None,
        }
    }

    #[test]
    fn by_default_only_two_known_and_equal_addresses_need_no_question() {
        for (agent, browser, needed) in [
            (Some("10.0.0.1"), Some("10.0.0.1"), false),
            (Some("10.0.0.1"), Some("10.0.0.2"), true),
            (Some("2001:db8::1"), Some("2001:db8::2"), false),
            (Some("2001:db8::1"), Some("10.0.0.1"), true),
            (Some("10.0.0.1"), None, true),
            (None, Some("10.0.0.1"), true),
            (None, None, true),
        ] {
            let handshake = handshake(agent);
            let browser = ClientAddress::stored(browser);
            assert_eq!(
                is_needed(ConfirmSignIn::Auto, &handshake, browser),
                needed,
                "{agent:?} {browser:?}"
            );
            assert!(is_needed(ConfirmSignIn::Always, &handshake, browser));
            assert!(!is_needed(ConfirmSignIn::Never, &handshake, browser));
        }
    }
}
