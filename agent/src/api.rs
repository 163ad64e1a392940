//! Typed calls to the API: one method per route that the agent uses.
//!
//! Owns paths, bounds and time limits, and what an answer means ([`ApiError`]). Keeps no state but its address, retries
//! nothing, and never logs a query, a header or a body.

mod error;
mod server_url;

use std::time::Duration;

use codestream_protocol::code::ErrorBody;
use codestream_protocol::http::{
    Capabilities, CheckSignup, Deauth, DeauthAnswer, HostAdded, LinkState, LoginResponse, NewHost, SetInfo,
    SetToken, StartCodeAnswer, TeamChange, UserAnswer, UserChange, WAIT_SECONDS, path,
};
use codestream_protocol::id::CodeId;
use codestream_protocol::lsp::request::{Identities, SessionList, SessionsEnded};
use codestream_protocol::pkce::CodeChallenge;
use codestream_protocol::secret::{AccessToken, SessionToken, SignupToken, StartCode};
use codestream_protocol::{IdentityId, ProviderId, SessionId, TeamId};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, LOCATION, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;
use url::Url;
use uuid::Uuid;

use crate::net::{Network, NetworkError};

pub use error::{ApiError, Refusal, kind_of};
pub use server_url::{ServerUrl, ServerUrlError};

/// Time for a whole answer.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// What a held answer may take beyond the time that it is held.
const HOLD_MARGIN: Duration = Duration::from_secs(10);
/// Bound of an answer's body in bytes. A me-object of a large team has a few hundred kilobytes.
const BODY_LIMIT: usize = 16 * 1024 * 1024;
/// RFC 7240 §2 and §3.
const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: &str = "preference-applied";
const REQUEST_ID: &str = "x-request-id";

/// Whether the server is asked to hold a request until something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// `Prefer: wait=25`.
    Yes,
    /// Answer at once.
    No,
}

/// What the server said about a sign-up.
#[derive(Debug)]
pub struct Checked {
    /// The session, or why there is none (yet).
    pub login: Result<LoginResponse, Box<Refusal>>,
    /// The server holds requests.
    pub preference_applied: bool,
}

/// What became of a sign-up that was withdrawn.
#[derive(Debug)]
pub enum Withdrawn {
    /// Its link is dead.
    Ended,
    /// It was granted before.
    Granted(Box<LoginResponse>),
}

/// Where a handshake is started, for the page that says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device {
    /// The IDE's name.
    pub ide: Option<String>,
    /// The machine's name.
    pub machine: Option<String>,
}

impl Device {
    fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let ide = self.ide.as_deref().map(|value| ("ide", value));
        let machine = self.machine.as_deref().map(|value| ("machine", value));
        ide.into_iter().chain(machine)
    }
}

/// What a handshake of a signed-in user is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// An account to call with.
    Connect,
    /// An identity to sign in with.
    Link,
}

/// Names an account on a route of one provider.
#[derive(Debug, Clone, Copy)]
pub struct AccountPath<'a> {
    /// The team.
    pub team_id: &'a TeamId,
    /// A self-hosted service's host.
    pub host: Option<&'a str>,
    /// One workspace of several.
    pub sub_id: Option<&'a str>,
    /// The token that a refresh is to replace: when the server has another one by now, that is the answer.
    pub have: Option<&'a AccessToken>,
}

/// The API of one server. Cloning is cheap.
#[derive(Clone)]
pub struct Api {
    network: Network,
    server: ServerUrl,
}

impl Api {
    /// Calls `server` through `network`.
    pub fn new(network: Network, server: ServerUrl) -> Self {
        Self { network, server }
    }

    /// Where it is.
    pub fn server(&self) -> &ServerUrl {
        &self.server
    }

    /// What the server can do; also proof that it is `CodeStream`.
    ///
    /// # Errors
    /// As every call here: [`ApiError`].
    pub async fn capabilities(&self) -> Result<Capabilities, ApiError> {
        self.call(self.get(path::CAPABILITIES, &[])?).await
    }

    /// A code for starting one handshake that ends after `expires_in`. Those in `replaces` lead nowhere any more.
    pub async fn start_code(
        &self,
        session: &SessionToken,
        team_id: &TeamId,
        expires_in: Duration,
        purpose: Purpose,
        device: &Device,
        replaces: &[CodeId],
    ) -> Result<StartCodeAnswer, ApiError> {
        let replaces: Vec<String> = replaces.iter().map(CodeId::to_string).collect();
        let replaces = replaces.join(",");
        let millis = expires_in.as_millis().to_string();
        let mut query = vec![("teamId", team_id.as_str()), ("expiresIn", millis.as_str())];
        if purpose == Purpose::Link {
            query.push(("purpose", "link"));
        }
        query.extend(device.pairs());
        if !replaces.is_empty() {
            query.push(("replaces", &replaces));
        }
        let request = self.get(path::PROVIDER_AUTH_CODE, &query)?;
        self.call(request.bearer_auth(session.expose())).await
    }

    /// The link that a browser opens to connect `provider`, at a self-hosted service's `host`.
    pub fn connect_url(&self, provider: &str, host: Option<&str>, code: &StartCode) -> Url {
        let mut url = self.server.route(&[path::WEB_PROVIDER_AUTH, provider]);
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("code", code.expose());
            if let Some(host) = host {
                query.append_pair("host", host);
            }
        }
        url
    }

    /// The link that a browser opens to sign in with `provider`.
    pub fn sign_in_url(
        &self,
        provider: &str,
        token: &SignupToken,
        challenge: &CodeChallenge,
        expires_in: Duration,
        signup: bool,
        device: &Device,
    ) -> Url {
        let mut url = self.server.route(&[path::WEB_PROVIDER_AUTH, provider]);
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("signupToken", token.expose())
                .append_pair("codeChallenge", challenge.as_str())
                .append_pair("expiresIn", &expires_in.as_millis().to_string());
            if !signup {
                query.append_pair("noSignup", "1");
            }
            query.extend_pairs(device.pairs());
        }
        url
    }

    /// Asks once whether a sign-up was granted.
    pub async fn check_signup(&self, check: &CheckSignup, hold: Hold) -> Result<Checked, ApiError> {
        let mut request = self.put(&[path::CHECK_SIGNUP], check)?;
        if hold == Hold::Yes {
            request = request
                .header(PREFER, format!("wait={WAIT_SECONDS}"))
                .timeout(Duration::from_secs(WAIT_SECONDS) + HOLD_MARGIN);
        }
        let answer = self.answer(request).await?;
        let preference_applied = answer
            .header(PREFERENCE_APPLIED)
            .is_some_and(|value| value.contains("wait"));
        let login = match answer.decode() {
            Ok(login) => Ok(login),
            Err(ApiError::Refused(refusal)) => Err(refusal),
            Err(other) => return Err(other),
        };
        Ok(Checked {
            login,
            preference_applied,
        })
    }

    /// Ends a sign-up, so that its link leads nowhere any more. Asked again, the answer is the same.
    pub async fn withdraw_signup(&self, check: &CheckSignup) -> Result<Withdrawn, ApiError> {
        let answer: Value = self.call(self.put(&[path::WITHDRAW_SIGNUP], check)?).await?;
        if answer.get("accessToken").is_none() {
            return Ok(Withdrawn::Ended);
        }
        match serde_json::from_value(answer) {
            Ok(login) => Ok(Withdrawn::Granted(Box::new(login))),
            Err(_) => Err(ApiError::Decode {
                path: path::WITHDRAW_SIGNUP.to_owned(),
                line: 0,
                column: 0,
            }),
        }
    }

    /// The login data of a session that was kept.
    pub async fn login(&self, session: &SessionToken) -> Result<LoginResponse, ApiError> {
        let request = self.put(&[path::LOGIN], &json!({}))?;
        self.call(request.bearer_auth(session.expose())).await
    }

    /// Ends a session.
    pub async fn logout(&self, session: &SessionToken) -> Result<(), ApiError> {
        let request = self.put(&[path::LOGOUT], &json!({}))?;
        let _: Value = self.call(request.bearer_auth(session.expose())).await?;
        Ok(())
    }

    /// The me-object, and the notes about the user's handshakes.
    pub async fn me(&self, session: &SessionToken) -> Result<UserAnswer, ApiError> {
        let request = self.get(path::ME, &[])?;
        self.call(request.bearer_auth(session.expose())).await
    }

    /// What the me-channel has said about a link handshake.
    pub async fn link_state(&self, session: &SessionToken, id: CodeId) -> Result<LinkState, ApiError> {
        let request = self.on(Method::GET, &[path::PROVIDER_LINK, &id.to_string()])?;
        self.call(request.bearer_auth(session.expose())).await
    }

    /// Links the account that came back from a link handshake.
    pub async fn confirm_link(&self, session: &SessionToken, id: CodeId) -> Result<(), ApiError> {
        let request = self.on(Method::PUT, &[path::PROVIDER_LINK, &id.to_string()])?;
        self.done(request.bearer_auth(session.expose())).await
    }

    /// Gives a link handshake up.
    pub async fn give_up_link(&self, session: &SessionToken, id: CodeId) -> Result<(), ApiError> {
        let request = self.on(Method::DELETE, &[path::PROVIDER_LINK, &id.to_string()])?;
        self.done(request.bearer_auth(session.expose())).await
    }

    /// The ways to sign in.
    pub async fn identities(&self, session: &SessionToken) -> Result<Identities, ApiError> {
        let request = self.on(Method::GET, &[path::IDENTITIES])?;
        self.call(request.bearer_auth(session.expose())).await
    }

    /// Removes a way to sign in.
    pub async fn unlink(&self, session: &SessionToken, id: IdentityId) -> Result<(), ApiError> {
        let request = self.on(Method::DELETE, &[path::IDENTITIES, &id.to_string()])?;
        self.done(request.bearer_auth(session.expose())).await
    }

    /// Who is signed in.
    pub async fn sessions(&self, session: &SessionToken) -> Result<SessionList, ApiError> {
        let request = self.on(Method::GET, &[path::SESSIONS])?;
        self.call(request.bearer_auth(session.expose())).await
    }

    /// Ends one session of the user, or all others.
    pub async fn end_sessions(
        &self,
        session: &SessionToken,
        which: Option<SessionId>,
    ) -> Result<SessionsEnded, ApiError> {
        let id = which.map(|id| id.to_string());
        let route: Vec<&str> = std::iter::once(path::SESSIONS).chain(id.as_deref()).collect();
        let request = self.on(Method::DELETE, &route)?;
        self.call(request.bearer_auth(session.expose())).await
    }

    /// Says that the user was shown a notice.
    pub async fn notice_told(&self, session: &SessionToken, notice: Uuid) -> Result<(), ApiError> {
        let request = self.on(Method::DELETE, &[path::NOTICES, &notice.to_string()])?;
        self.done(request.bearer_auth(session.expose())).await
    }

    /// Has the server renew an account's token.
    pub async fn refresh(
        &self,
        session: &SessionToken,
        provider: &str,
        account: AccountPath<'_>,
    ) -> Result<UserChange, ApiError> {
        let mut url = self.server.route(&[path::PROVIDER_REFRESH, provider]);
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("teamId", account.team_id.as_str());
            let have = account.have.map(|token| fingerprint(token.expose()));
            for (name, value) in [
                ("host", account.host),
                ("subId", account.sub_id),
                ("have", have.as_deref()),
            ] {
                if let Some(value) = value {
                    query.append_pair(name, value);
                }
            }
        }
        // The server waits for the third party, which may take as long as any call.
        let request = self
            .network
            .request(Method::GET, url)?
            .timeout(2 * ANSWER_TIMEOUT);
        self.call(request.bearer_auth(session.expose())).await
    }

    /// Disconnects an account and has the third party end the access where it can.
    pub async fn deauth(
        &self,
        session: &SessionToken,
        provider: &str,
        body: &Deauth,
    ) -> Result<DeauthAnswer, ApiError> {
        let request = self.put(&[path::PROVIDER_DEAUTH, provider], body)?;
        self.call(request.timeout(2 * ANSWER_TIMEOUT).bearer_auth(session.expose()))
            .await
    }

    /// Stores a token that the user made.
    pub async fn set_token(
        &self,
        session: &SessionToken,
        provider: &str,
        body: &SetToken,
    ) -> Result<UserChange, ApiError> {
        let request = self.put(&[path::PROVIDER_SET_TOKEN, provider], body)?;
        self.call(request.bearer_auth(session.expose())).await
    }

    /// Stores what a service needs.
    pub async fn set_info(
        &self,
        session: &SessionToken,
        provider: &str,
        body: &SetInfo,
    ) -> Result<UserChange, ApiError> {
        let request = self.put(&[path::PROVIDER_INFO, provider], body)?;
        self.call(request.bearer_auth(session.expose())).await
    }

    /// Adds a service that a team hosts itself, or changes its app.
    pub async fn add_host(
        &self,
        session: &SessionToken,
        provider: &str,
        team_id: &TeamId,
        body: &NewHost,
    ) -> Result<HostAdded, ApiError> {
        let request = self.put(&[path::PROVIDER_HOST, provider, team_id.as_str()], body)?;
        self.call(request.bearer_auth(session.expose())).await
    }

    /// Removes such a service with its members' accounts there.
    pub async fn remove_host(
        &self,
        session: &SessionToken,
        provider: &str,
        team_id: &TeamId,
        id: &ProviderId,
        confirmed: bool,
    ) -> Result<TeamChange, ApiError> {
        let mut url = self
            .server
            .route(&[path::PROVIDER_HOST, provider, team_id.as_str(), id.as_str()]);
        if confirmed {
            url.query_pairs_mut().append_pair("confirmed", "1");
        }
        let request = self.network.request(Method::DELETE, url)?.timeout(ANSWER_TIMEOUT);
        self.call(request.bearer_auth(session.expose())).await
    }

    fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<RequestBuilder, NetworkError> {
        let mut url = self.server.route(&[path]);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(self.network.request(Method::GET, url)?.timeout(ANSWER_TIMEOUT))
    }

    fn on(&self, method: Method, path: &[&str]) -> Result<RequestBuilder, NetworkError> {
        let request = self.network.request(method, self.server.route(path))?;
        Ok(request.timeout(ANSWER_TIMEOUT))
    }

    /// A call whose answer says nothing.
    async fn done(&self, request: RequestBuilder) -> Result<(), ApiError> {
        let _: Value = self.call(request).await?;
        Ok(())
    }

    fn put(&self, path: &[&str], body: &impl Serialize) -> Result<RequestBuilder, NetworkError> {
        let request = self.network.request(Method::PUT, self.server.route(path))?;
        Ok(request.timeout(ANSWER_TIMEOUT).json(body))
    }

    async fn call<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ApiError> {
        self.answer(request).await?.decode()
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Answer, ApiError> {
        let began = Instant::now();
        let response = self.network.send(request).await?;
        let answer = Answer::read(response).await?;
        tracing::debug!(
            path = answer.path,
            status = answer.status.as_u16(),
            request_id = answer.header(REQUEST_ID),
            took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "api answered"
        );
        Ok(answer)
    }
}

/// The SHA-256 of a secret in lower-case hexadecimal: names it without showing it.
fn fingerprint(secret: &str) -> String {
    use std::fmt::Write as _;
    let digest = Sha256::digest(secret.as_bytes());
    digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// An answer whose body was read within its bound.
struct Answer {
    path: String,
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    async fn read(mut response: Response) -> Result<Self, ApiError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| NetworkError::of(&error))? {
            if body.len() + chunk.len() > BODY_LIMIT {
                return Err(ApiError::TooLarge { limit: BODY_LIMIT });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Self {
            path: response.url().path().to_owned(),
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body,
        })
    }

    fn header(&self, name: impl reqwest::header::AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn decode<T: DeserializeOwned>(self) -> Result<T, ApiError> {
        if !self.status.is_success() {
            return Err(self.refusal());
        }
        // A captive portal or another product answers 200 with a page.
        if serde_json::from_slice::<serde::de::IgnoredAny>(&self.body).is_err() {
            return Err(self.foreign());
        }
        serde_json::from_slice(&self.body).map_err(|error| ApiError::Decode {
            path: self.path,
            // Only the place: the text of a serde error repeats values.
            line: error.line(),
            column: error.column(),
        })
    }

    fn refusal(self) -> ApiError {
        let retry_after = self
            .header(RETRY_AFTER)
            .and_then(|value| value.trim().parse().ok())
            .map(Duration::from_secs);
        match serde_json::from_slice::<ErrorBody>(&self.body) {
            Ok(body) => ApiError::Refused(Box::new(Refusal {
                status: self.status.as_u16(),
                retry_after,
                request_id: self.header(REQUEST_ID).map(str::to_owned),
                body,
            })),
            Err(_) if self.status.is_server_error() || self.status == StatusCode::TOO_MANY_REQUESTS => {
                ApiError::Unavailable {
                    status: self.status.as_u16(),
                    retry_after,
                }
            }
            Err(_) => self.foreign(),
        }
    }

    fn foreign(&self) -> ApiError {
        let moved_to = self
            .header(LOCATION)
            .filter(|_| self.status.is_redirection())
            .and_then(|location| Url::parse(location).ok())
            .map(|url| url.origin().ascii_serialization());
        ApiError::NotCodeStream {
            status: self.status.as_u16(),
            content_type: self.header(CONTENT_TYPE).map(str::to_owned),
            moved_to,
        }
    }
}

#[cfg(test)]
mod tests;
