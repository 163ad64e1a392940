//! The start URL: `GET /web/provider-auth/{provider}` sends the browser to the third party, with a new state each time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Uri};
use codestream_protocol::ServerCode;
use codestream_protocol::id::{CodeId, ProviderId};
use codestream_protocol::pkce::CodeChallenge;
use codestream_protocol::secret::{BrowserId, SignupToken, StartCode};
use url::form_urlencoded;
use uuid::Uuid;

use super::landing::Landing;
use super::refusal::Refusal;
use super::state::{self, SignUpClaims};
use super::{cookie, done, hosts, relay, start_code};
use crate::api::agent_name;
use crate::app::App;
use crate::providers::{MintedState, Registry};
use crate::store::{End, Entered, Handshake, HandshakeKind, NewHandshake, SignUpKey};

/// The longest that a sign-up may take; `expiresIn` can only shorten it.
const LIFE: Duration = Duration::from_mins(10);

/// What a start URL asks for.
enum Ask {
    Connect {
        code: StartCode,
        /// A service that the team hosts itself.
        host: Option<ProviderId>,
    },
    SignUp(SignUp),
}

struct SignUp {
    claims: SignUpClaims,
    challenge: Option<CodeChallenge>,
    life: Duration,
    ide: Option<String>,
    machine: Option<String>,
}

/// Whether a query names a host.
fn at_host(query: &str) -> bool {
    form_urlencoded::parse(query.as_bytes()).any(|(key, value)| key == "host" && !value.is_empty())
}

/// `GET /web/provider-auth/{provider}?code=[&host=]` or `?signupToken=&codeChallenge=[&expiresIn=][&noSignup=1][&ide=][&machine=]`.
pub(crate) async fn start(
    State(app): State<Arc<App>>,
    Path(provider): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Landing {
    if let Some(home) = relay::home(&app, &headers, &uri) {
        return home;
    }
    let begun = begin(&app, &provider, uri.query().unwrap_or_default(), &headers).await;
    begun.unwrap_or_else(|Refused { refusal, cookie }| {
        // Whatever else is wrong with the link: no other one would lead to a service that is not there.
        let refusal = match app.providers.connectable(&provider) {
            Err(ServerCode::ProviderNotConfigured) if at_host(uri.query().unwrap_or_default()) => refusal,
            Err(code) => Refusal::Service(code),
            Ok(_) => refusal,
        };
        tracing::info!(provider, step = refusal.step(), reason = %refusal, "start refused");
        let landing = Landing::refused(&refusal, &provider);
        match cookie {
            Some(cookie) => landing.with(cookie),
            None => landing,
        }
    })
}

/// A start URL that leads nowhere.
struct Refused {
    refusal: Refusal,
    /// Of the browser that owns the link all the same, and may open it again.
    cookie: Option<HeaderValue>,
}

impl<E: Into<Refusal>> From<E> for Refused {
    fn from(refusal: E) -> Self {
        Self {
            refusal: refusal.into(),
            cookie: None,
        }
    }
}

async fn begin(app: &Arc<App>, provider: &str, query: &str, headers: &HeaderMap) -> Result<Landing, Refused> {
    let (code_id, host, claims) = match read(query, app.config.allow_legacy_sign_up)? {
        Ask::Connect { code, host } => {
            let code_id = start_code::read(&app.keys.signer, &code, app.clock.now())?;
            (code_id, host, None)
        }
        Ask::SignUp(sign_up) => {
            let claims = sign_up.claims.clone();
            (open(app, sign_up).await?, None, Some(claims))
        }
    };
    let (browser, cookie) = cookie::browser(app, headers);
    let name = Registry::display_name(provider).unwrap_or("The service");
    let note = Refusal::OtherBrowser.message(name, None);
    let entered = app
        .store
        .enter_handshake(code_id, &cookie::hash(&browser), &note)
        .await?;
    let handshake = match entered {
        Entered::Open(handshake) if handshake.came_back.is_some() => {
            return Ok(done::again(app, provider, &handshake));
        }
        Entered::Open(handshake) => handshake,
        Entered::Ended(handshake) => {
            return match &handshake.end {
                Some(End::Failed(failure)) => Err(Refusal::of_ended(failure).into()),
                Some(End::Done) | None => Ok(done::again(app, provider, &handshake)),
            };
        }
        // No cookie goes to it: it must not take the place of the one that the owner's own answer sets at this moment.
        Entered::OtherBrowser => return Err(Refusal::OtherBrowser.into()),
        Entered::Unknown => return Err(Refusal::StateInvalid.into()),
        // The IDE still waits: there the person can open a new link.
        Entered::Late | Entered::Expired => return Err(Refusal::StateExpired.into()),
    };
    let sent = send(app, (provider, host.as_ref()), &handshake, &browser, claims).await;
    match sent {
        Ok(landing) => Ok(landing.with(cookie)),
        Err(refusal) => {
            // Service and host are in the link, where anybody can change them: the attempt goes on, and its IDE is told why
            // nothing happens in the browser.
            let note = refusal.message(name, None);
            app.store.note_handshake(code_id, &note).await?;
            Err(Refused {
                refusal,
                cookie: Some(cookie),
            })
        }
    }
}

/// Sends the browser to the third party.
async fn send(
    app: &App,
    (name, host): (&str, Option<&ProviderId>),
    handshake: &Handshake,
    browser: &BrowserId,
    sign_up: Option<SignUpClaims>,
) -> Result<Landing, Refusal> {
    let team = handshake.kind.owner().map(|(_, team)| team);
    let provider = hosts::provider(app, name, team.zip(host)).await?;
    if !provider.has_app() {
        return Err(Refusal::Service(ServerCode::ProviderNotConfigured));
    }
    let identifies = !matches!(handshake.kind, HandshakeKind::Connect { .. });
    if identifies && !provider.can_sign_up() {
        return Err(Refusal::IdentityUnsupported);
    }
    let minted = state::mint(app, &provider, handshake, browser, sign_up).await?;
    let state = MintedState {
        text: &minted.state,
        jti: &minted.jti,
    };
    let url = provider.authorize_url(handshake.kind.purpose(), &state, minted.challenge.as_ref());
    Ok(Landing::at(url))
}

/// The handshake of a sign-up: the same one for the same token and challenge.
async fn open(app: &App, sign_up: SignUp) -> Result<CodeId, Refusal> {
    let expires_at = app.clock.now() + sign_up.life;
    let handshake = app
        .store
        .open_handshake(NewHandshake {
            code_id: CodeId(app.random.uuid()),
            kind: HandshakeKind::SignUp {
                key: SignUpKey::of_start(&sign_up.claims.token, sign_up.challenge),
            },
            ide: sign_up.ide,
            machine: sign_up.machine,
            agent_address: None,
            open_by: expires_at,
            expires_at,
        })
        .await?;
    Ok(handshake.code_id)
}

fn read(query: &str, legacy: bool) -> Result<Ask, Refusal> {
    let mut values = BTreeMap::new();
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        if values.insert(key, value).is_some() {
            return Err(Refusal::Start(ServerCode::Validation));
        }
    }
    let value = |key: &str| {
        values
            .get(key)
            .map(AsRef::as_ref)
            .filter(|value: &&str| !value.is_empty())
    };
    if let Some(code) = value("code") {
        return Ok(Ask::Connect {
            code: StartCode::new(code),
            host: value("host").map(ProviderId::of_host),
        });
    }
    let token = value("signupToken").ok_or(Refusal::Start(ServerCode::ParameterRequired))?;
    let token = sign_up_token(token).ok_or(Refusal::Start(ServerCode::InvalidParameter))?;
    let challenge = match value("codeChallenge") {
        Some(text) => {
            let parsed = CodeChallenge::parse(text).ok_or(Refusal::Start(ServerCode::InvalidParameter))?;
            Some(parsed)
        }
        None if legacy => None,
        None => return Err(Refusal::Start(ServerCode::ParameterRequired)),
    };
    let life = match value("expiresIn") {
        None => LIFE,
        Some(text) => match text.parse() {
            Ok(millis @ 1..) => LIFE.min(Duration::from_millis(millis)),
            _ => return Err(Refusal::Start(ServerCode::InvalidParameter)),
        },
    };
    Ok(Ask::SignUp(SignUp {
        claims: SignUpClaims {
            token,
            sign_in_only: value("noSignup").is_some_and(|text| text != "0" && text != "false"),
        },
        challenge,
        life,
        ide: value("ide").and_then(agent_name),
        machine: value("machine").and_then(agent_name),
    }))
}

/// A uuid; one that was pasted twice in a row is read as one.
fn sign_up_token(text: &str) -> Option<SignupToken> {
    let once = match text.split_at_checked(36) {
        Some((first, second)) if first == second => first,
        _ => text,
    };
    Uuid::try_parse(once).ok()?;
    Some(SignupToken::new(once))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "8f14e45f-ceea-467f-9b5d-1d5b2b7a1c11";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn sign_up(query: &str, legacy: bool) -> Result<SignUp, &'static str> {
        match read(query, legacy) {
            Ok(Ask::SignUp(sign_up)) => Ok(sign_up),
            Ok(Ask::Connect { .. }) => Err("connect"),
            Err(refusal) => Err(refusal.code().as_str()),
        }
    }

    #[test]
    fn a_sign_up_is_read_whole() {
        let query = format!(
            "signupToken={TOKEN}&codeChallenge={CHALLENGE}&expiresIn=300000&noSignup=1&ide=VS%20Code&machine=ada"
        );
        let read = sign_up(&query, false).expect("a sign-up");
        assert_eq!(read.claims.token.expose(), TOKEN);
        assert!(read.claims.sign_in_only);
        assert_eq!(read.challenge.expect("a challenge").as_str(), CHALLENGE);
        assert_eq!(read.life, Duration::from_mins(5));
        assert_eq!(read.ide.as_deref(), Some("VS Code"));
    }

    #[test]
    fn a_life_can_only_be_shortened() {
        let query = format!("signupToken={TOKEN}&codeChallenge={CHALLENGE}&expiresIn=99999999999");
        assert_eq!(sign_up(&query, false).expect("a sign-up").life, LIFE);
    }

    #[test]
    fn a_token_pasted_twice_is_read_as_one() {
        let query = format!("signupToken={TOKEN}{TOKEN}&codeChallenge={CHALLENGE}");
        assert_eq!(
            sign_up(&query, false).expect("a sign-up").claims.token.expose(),
            TOKEN
        );
    }

    #[test]
    fn what_is_missing_or_wrong_is_refused_by_name() {
        for (query, code) in [
            (String::new(), "RAPI-1001"),
            ("code=".to_owned(), "RAPI-1001"),
            (format!("signupToken={TOKEN}"), "RAPI-1001"),
            (format!("signupToken=x&codeChallenge={CHALLENGE}"), "RAPI-1012"),
            (format!("signupToken={TOKEN}&codeChallenge=x"), "RAPI-1012"),
            (
                format!("signupToken={TOKEN}&codeChallenge={CHALLENGE}&expiresIn=0"),
                "RAPI-1012",
            ),
            (
                format!("signupToken={TOKEN}&codeChallenge={CHALLENGE}&expiresIn=-5"),
                "RAPI-1012",
            ),
            ("code=a&code=b".to_owned(), "RAPI-1005"),
        ] {
            assert_eq!(sign_up(&query, false).err(), Some(code), "{query}");
        }
        assert!(sign_up(&format!("signupToken={TOKEN}"), true).is_ok_and(|read| read.challenge.is_none()));
    }
}
