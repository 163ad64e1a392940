//! How a session begins and ends: a kept one, a handshake's, one by hand; a logout, a server that says so.

use std::time::Duration;

use codestream_protocol::http::{CheckSignup, LoginResponse};
use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::notification::{ConnectionStatus, DidLogout, LogoutReason};
use codestream_protocol::lsp::request::{LoginError, LoginResult, OtcParams, SessionInfo, TokenParams};
use codestream_protocol::secret::{SessionToken, SignupToken};
use codestream_protocol::text::{Limit, shown, web_link};
use codestream_protocol::{ServerCode, TeamId};
use serde_json::{Map, Value};
use tokio::time::sleep;

use crate::api::{ApiError, Hold, Refusal, ServerUrl};
use crate::attempt::machine::Input as Happened;
use crate::backoff::{Backoff, Jitter};
use crate::error::Failure;
use crate::session::Notification;
use crate::session::actor::{Actor, Phase, answer};
use crate::session::inbox::{Input, Reply};
use crate::session::login::Login;
use crate::session::refresh::Schedule;

impl Actor {
    /// Begins to check a session that was kept. Only the server's own word ends it; any trouble on the way is waited out.
    pub(crate) fn restore(&mut self, token: SessionToken) {
        let Ok(api) = self.api() else { return };
        self.phase = Phase::Restoring {
            waiting: Vec::new(),
            trouble: None,
        };
        let epoch = self.epoch;
        self.spawn(async move |work| {
            let random = &work.shared.deps.random;
            let mut delays = Backoff::new(
                Duration::from_secs(1),
                2.0,
                Duration::from_secs(30),
                Jitter::Quarter,
            );
            loop {
                let login = api.login(&token).await.map(Box::new);
                let done = login.as_ref().map_or_else(ApiError::ends_session, |_| true);
                let asked = login.as_ref().err().and_then(ApiError::retry_after);
                work.tell(Input::Restored { epoch, login });
                if done {
                    return;
                }
                let delay = delays.next(random.fraction());
                sleep(asked.unwrap_or(delay)).await;
            }
        });
    }

    /// What the server said about the session that was kept.
    pub(crate) fn restored(&mut self, login: Result<Box<LoginResponse>, ApiError>) {
        let Phase::Restoring { waiting, .. } = &mut self.phase else {
            return;
        };
        let waiting = std::mem::take(waiting);
        match login {
            Ok(login) => {
                if let Err(failure) = self.establish(*login, None) {
                    tracing::warn!(%failure, "the login data cannot be used");
                    self.phase = Phase::Out;
                }
            }
            Err(error) if error.ends_session() => {
                self.phase = Phase::Out;
                self.told_logout(LogoutReason::SessionEnded, error.end_of_session());
            }
            Err(error) => {
                tracing::info!(%error, "the session could not be checked; trying again");
                self.phase = Phase::Restoring {
                    waiting: Vec::new(),
                    trouble: Some(Failure::from(&error)),
                };
            }
        }
        for request in waiting {
            self.asked(request);
        }
    }

    /// A session begins, in place of the one before.
    ///
    /// # Errors
    /// The login data cannot be used; everything stays as it was.
    pub(crate) fn establish(
        &mut self,
        data: LoginResponse,
        team_id: Option<TeamId>,
    ) -> Result<SessionInfo, Failure> {
        let server = self.shared.api.as_ref().map_err(Clone::clone)?.server().clone();
        let login = Login::of(data, team_id.or_else(|| self.wanted_team.clone()));
        let info = login.info();
        let told = login.told(&server);
        let new = login.data.access_token.clone();
        let notices = login.data.notices.clone();
        let waiting = match std::mem::replace(&mut self.phase, Phase::Out) {
            Phase::Out => Vec::new(),
            Phase::Restoring { waiting, .. } => waiting,
            Phase::In(old) => {
                if old.data.access_token != new {
                    self.give_back(old.data.access_token.clone());
                }
                self.give_up_connecting(&Happened::Cancelled);
                Vec::new()
            }
        };
        self.clear();
        self.phase = Phase::In(Box::new(login));
        self.listen();
        self.reschedule();
        self.notify(Notification::Login(told));
        self.tell_notices(notices);
        for request in waiting {
            self.asked(request);
        }
        Ok(info)
    }

    /// `codestream/logout`.
    pub(crate) fn logout(&mut self, reply: Reply<()>) {
        let Some(login) = self.login_mut() else {
            // A kept session that was still being checked is dropped too.
            if matches!(self.phase, Phase::Restoring { .. }) {
                self.clear();
                self.told_logout(LogoutReason::Requested, None);
            }
            return answer(reply, Ok(()));
        };
        let token = login.data.access_token.clone();
        self.logged_out();
        let Ok(api) = self.api() else {
            return answer(reply, Ok(()));
        };
        self.spawn(async move |_| {
            if let Err(error) = api.logout(&token).await {
                tracing::warn!(%error, "the server was not told of the logout");
            }
            answer(reply, Ok(()));
        });
    }

    /// The person ended the session here.
    pub(crate) fn logged_out(&mut self) {
        self.give_up_connecting(&Happened::Cancelled);
        self.clear();
        self.told_logout(LogoutReason::Requested, None);
    }

    /// The server does not accept the session any more.
    pub(crate) fn session_ended(&mut self, why: Option<String>) {
        if self.login_mut().is_none() {
            return;
        }
        let words = why.as_deref().unwrap_or("Your session has ended. Sign in again.");
        let ended = Failure::new(ErrorKind::NotSignedIn, words);
        self.give_up_connecting(&Happened::Failed(ended));
        self.clear();
        self.told_logout(LogoutReason::SessionEnded, why);
    }

    /// The me-channel does not accept the session any more. The API is asked why; whatever it answers, the session is over.
    pub(crate) fn session_ended_on_channel(&mut self) {
        let token = self.login_mut().map(|login| login.data.access_token.clone());
        let (Some(token), Ok(api)) = (token, self.api()) else {
            return self.session_ended(None);
        };
        let epoch = self.epoch;
        self.spawn(async move |work| {
            let why = api
                .me(&token)
                .await
                .err()
                .and_then(|error| error.end_of_session());
            work.tell(Input::SessionRefused { epoch, why });
        });
    }

    fn told_logout(&self, reason: LogoutReason, message: Option<String>) {
        self.notify(Notification::Logout(DidLogout { reason, message }));
    }

    /// Forgets the login and everything that belongs to it.
    fn clear(&mut self) {
        self.epoch += 1;
        self.phase = Phase::Out;
        self.channel = None;
        self.connection = ConnectionStatus::Disconnected;
        self.schedule = Schedule::default();
        self.renewing.clear();
        self.after_fetch.clear();
    }

    fn give_up_connecting(&mut self, why: &Happened) {
        for id in self.attempts.of_login() {
            self.step(id, why.clone());
        }
    }

    /// Ends a session that nobody uses.
    pub(crate) fn give_back(&self, token: SessionToken) {
        let Ok(api) = self.api() else { return };
        self.spawn(async move |_| {
            if let Err(error) = api.logout(&token).await {
                tracing::info!(%error, "an unused session was left to expire");
            }
        });
    }

    /// `codestream/login/otc`: one check.
    pub(crate) fn login_otc(&mut self, params: &OtcParams, reply: Reply<LoginResult>) {
        let api = match self.api() {
            Ok(api) => api,
            Err(error) => return answer(reply, Err(error)),
        };
        if self.login_mut().is_some() {
            return answer(reply, Ok(refused(LoginError::AlreadySignedIn)));
        }
        let token = once(&params.code);
        let check = CheckSignup {
            code_verifier: self.attempts.verifier(&token),
            token,
            nr_account_id: None,
            note: None,
        };
        self.spawn(async move |work| match api.check_signup(&check, Hold::No).await {
            Ok(checked) => match checked.login {
                Ok(login) => work.tell(Input::LoggedIn {
                    login: Box::new(login),
                    team_id: None,
                    reply,
                }),
                Err(refusal) => answer(reply, Ok(result_of(&ApiError::Refused(refusal)))),
            },
            Err(error) => answer(reply, Ok(result_of(&error))),
        });
    }

    /// `codestream/login/token`.
    pub(crate) fn login_token(&mut self, params: TokenParams, reply: Reply<LoginResult>) {
        let api = match self.api() {
            Ok(api) => api,
            Err(error) => return answer(reply, Err(error)),
        };
        let TokenParams { token, team_id } = params;
        if let Some(login) = self.login_mut() {
            let result = if login.email.eq_ignore_ascii_case(&token.email) {
                LoginResult::SignedIn(Box::new(login.signed_in()))
            } else {
                refused(LoginError::AlreadySignedIn)
            };
            return answer(reply, Ok(result));
        }
        // A token is shown to the server that made it and to no other.
        if token.url.parse::<ServerUrl>().as_ref() != Ok(api.server()) {
            return answer(reply, Ok(refused(LoginError::TokenInvalid)));
        }
        let team_id = team_id.or(token.team_id);
        self.spawn(async move |work| match api.login(&token.value).await {
            Ok(login) => work.tell(Input::LoggedIn {
                login: Box::new(login),
                team_id,
                reply,
            }),
            Err(error) => answer(reply, Ok(result_of(&error))),
        });
    }

    /// A session by hand is there.
    pub(crate) fn logged_in(
        &mut self,
        login: LoginResponse,
        team_id: Option<TeamId>,
        reply: Reply<LoginResult>,
    ) {
        let begun = self.establish(login, team_id).map_err(Into::into);
        let result = begun.and_then(|_| Ok(self.login()?.signed_in()));
        answer(reply, result.map(|login| LoginResult::SignedIn(Box::new(login))));
    }
}

fn refused(error: LoginError) -> LoginResult {
    LoginResult::Refused { error, extra: None }
}

/// Why there is no session, in the words that IDEs know. Total.
fn result_of(error: &ApiError) -> LoginResult {
    let word = match error {
        ApiError::Refused(refusal) => match refusal.code() {
            Some(ServerCode::TokenNotFound) => LoginError::TokenNotFound,
            Some(ServerCode::TokenExpired) => LoginError::TokenExpired,
            Some(ServerCode::ProviderLoginFailed) => LoginError::ProviderConnectFailed,
            Some(ServerCode::UserNotOnTeam) => LoginError::UserNotOnTeam,
            Some(ServerCode::NoLoginUnregistered) => LoginError::NotConfirmed,
            Some(ServerCode::AlreadyRegistered) => LoginError::AlreadyConfirmed,
            Some(ServerCode::InMaintenanceMode) => LoginError::MaintenanceMode,
            Some(ServerCode::TokenInvalid) => LoginError::TokenInvalid,
            _ if refusal.status == 401 => LoginError::TokenInvalid,
            _ => LoginError::Unknown,
        },
        ApiError::Network(_) | ApiError::Unavailable { .. } => LoginError::Timeout,
        ApiError::NotCodeStream { .. } | ApiError::Decode { .. } | ApiError::TooLarge { .. } => {
            LoginError::Unknown
        }
    };
    let extra = match error {
        ApiError::Refused(refusal) => Some(told(refusal)),
        _ => None,
    };
    LoginResult::Refused { error: word, extra }
}

/// What a view may know of the API's error body.
fn told(refusal: &Refusal) -> Value {
    let mut told = Map::new();
    let body = &refusal.body;
    told.insert("code".to_owned(), shown(&body.code, Limit::NAME).into());
    told.insert("message".to_owned(), refusal.message().into());
    for key in ["error", "provider", "info"] {
        if let Some(text) = body.info.get(key).and_then(Value::as_str) {
            told.insert(key.to_owned(), shown(text, Limit::MESSAGE).into());
        }
    }
    if let Some(link) = body.info.get("link").and_then(Value::as_str).and_then(web_link) {
        told.insert("link".to_owned(), link.as_str().into());
    }
    Value::Object(told)
}

/// A token that was pasted twice in a row is read as one.
fn once(token: &SignupToken) -> SignupToken {
    let text = token.expose().trim();
    match text.split_at_checked(text.len() / 2) {
        Some((half, same)) if half == same && half.parse::<uuid::Uuid>().is_ok() => SignupToken::new(half),
        _ => SignupToken::new(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_token_pasted_twice_is_read_as_one() {
        let token = "0f8fad5b-d9cb-469f-a165-70867728950e";
        for (pasted, read) in [
            (token.to_owned(), token),
            (format!(" {token}\n"), token),
            (format!("{token}{token}"), token),
            ("abab".to_owned(), "abab"),
            ("ää".to_owned(), "ää"),
        ] {
            assert_eq!(once(&SignupToken::new(pasted)).expose(), read);
        }
    }

    #[test]
    fn every_refusal_of_a_token_has_its_word() {
        for (status, code, word) in [
            (403, "AUTH-1006", LoginError::TokenNotFound),
            (403, "AUTH-1005", LoginError::TokenExpired),
            (403, "AUTH-1002", LoginError::TokenInvalid),
            (401, "AUTH-1004", LoginError::TokenInvalid),
            (403, "USRC-1022", LoginError::ProviderConnectFailed),
            (403, "USRC-1012", LoginError::UserNotOnTeam),
            (403, "USRC-1010", LoginError::NotConfirmed),
            (403, "USRC-1006", LoginError::AlreadyConfirmed),
            (403, "USRC-1023", LoginError::MaintenanceMode),
            (403, "WHAT-0000", LoginError::Unknown),
        ] {
            let error = ApiError::Refused(Box::new(Refusal {
                status,
                body: serde_json::from_value(json!({ "code": code })).expect("a body"),
                retry_after: None,
                request_id: None,
            }));
            let LoginResult::Refused { error, extra } = result_of(&error) else {
                panic!("{code} is a refusal");
            };
            assert_eq!(error, word, "{code}");
            assert_eq!(extra.expect("the body")["code"], code);
        }
    }
}
