//! The session over real sockets: a small API, a me-channel, a third party; a host that remembers.

mod fake_api;

use std::sync::Mutex;
use std::time::Duration;

use codestream_protocol::lsp::attempt::{AttemptEnd, Outcome, Step};
use codestream_protocol::lsp::notification::{ConnectionStatus, DataType, LogoutReason};
use serde_json::{Value, json};

use super::*;
use crate::clock::SystemClock;
use crate::fake;
use fake_api::FakeApi;

const PATIENCE: Duration = Duration::from_secs(10);

struct Recorder {
    notifications: mpsc::UnboundedSender<Notification>,
    opened: Mutex<Vec<String>>,
}

#[async_trait]
impl Host for Recorder {
    async fn open_url(&self, url: &str) -> Opened {
        self.opened.lock().expect("not poisoned").push(url.to_owned());
        Opened::HandedOver
    }

    fn notify(&self, notification: Notification) {
        let _ = self.notifications.send(notification);
    }
}

struct Scene {
    api: FakeApi,
    session: Session,
    host: Arc<Recorder>,
    told: mpsc::UnboundedReceiver<Notification>,
}

impl Scene {
    fn start(api: FakeApi, access_token: Option<SessionToken>) -> Self {
        let (notifications, told) = mpsc::unbounded_channel();
        let host = Arc::new(Recorder {
            notifications,
            opened: Mutex::default(),
        });
        let config = SessionConfig {
            server: Ok(api.url().parse().expect("an origin")),
            team_id: None,
            access_token,
            device: Device::default(),
        };
        let deps = SessionDeps {
            network: fake::network(),
            clock: Arc::new(SystemClock),
            random: Random::seeded(1),
            lifecycle: Lifecycle::new(),
            host: Arc::clone(&host) as _,
        };
        Self {
            session: Session::start(config, deps),
            api,
            host,
            told,
        }
    }

    /// With a session that listens to its me-channel.
    async fn signed_in() -> Self {
        let mut scene = Self::start(FakeApi::start().await, Some(fake_api::token()));
        scene
            .until(|told| match told {
                Notification::Connection(change) => {
                    (change.status == ConnectionStatus::Reconnected).then_some(())
                }
                _ => None,
            })
            .await;
        scene
    }

    async fn until<T>(&mut self, mut accept: impl FnMut(Notification) -> Option<T>) -> T {
        let found = async {
            loop {
                let told = self.told.recv().await.expect("the session lives");
                if let Some(found) = accept(told) {
                    return found;
                }
            }
        };
        tokio::time::timeout(PATIENCE, found)
            .await
            .expect("the session tells it in time")
    }

    async fn connect(&self) -> Started {
        self.session.connect(github()).await.expect("a link")
    }

    /// The handshake's end, as the server publishes it.
    fn settle(&self, code: usize, end: Value) {
        let mut end = end;
        end["codeId"] = json!(self.api.codes()[code]);
        self.api.publish(json!({ "attemptEnded": end }));
    }

    async fn end(&self, id: AttemptId) -> AttemptEnd {
        let ended = tokio::time::timeout(PATIENCE, self.session.ended(id)).await;
        let attempt = ended.expect("it ends in time").expect("an attempt");
        attempt.end.expect("an end")
    }
}

fn github() -> ProviderParams {
    ProviderParams {
        provider_id: "github*com".to_owned(),
        provider_team_id: None,
    }
}

#[tokio::test]
async fn a_connect_goes_from_the_press_to_the_account() {
    let mut scene = Scene::signed_in().await;
    let started = scene.connect().await;
    assert!(
        started.url.contains("/web/provider-auth/github?code=c-"),
        "{}",
        started.url
    );
    let code = scene.api.codes()[0];
    let directive = scene.api.connect_github("t1");
    scene
        .api
        .publish(json!({"user": directive, "attemptEnded": {"codeId": code}}));
    let end = scene.end(started.attempt_id).await;
    assert_eq!(
        (end.outcome, end.account.as_deref(), end.message),
        (Outcome::Connected, Some("mona"), None)
    );
    assert_eq!(*scene.host.opened.lock().expect("not poisoned"), [started.url]);
    let mut steps = Vec::new();
    let mut told_users = Value::Null;
    scene
        .until(|told| {
            match told {
                Notification::Attempt(change) => {
                    steps.push(change.attempt.step);
                    return change.attempt.end.is_some().then_some(());
                }
                Notification::Data(change) if change.kind == DataType::Users => told_users = change.data,
                _ => {}
            }
            None
        })
        .await;
    steps.dedup();
    assert_eq!(steps, [Step::Opening, Step::Waiting, Step::Finishing]);
    assert!(
        told_users[0]["id"] == fake_api::USER && !told_users.to_string().contains("t1"),
        "users are told without tokens: {told_users}"
    );
    let list = scene.session.providers().await.expect("a list");
    assert!(list.providers[0].connected && list.providers[0].accounts[0].who == "mona");
}

#[tokio::test]
async fn a_declined_connect_ends_with_the_servers_words() {
    let scene = Scene::signed_in().await;
    let started = scene.connect().await;
    scene.settle(
        0,
        json!({"provider": "github", "step": "authorize", "code": "PRVD-1006", "message": "You declined. Nothing was changed."}),
    );
    let end = scene.end(started.attempt_id).await;
    assert_eq!(
        (end.outcome, end.kind, end.code.as_deref(), end.message.as_deref()),
        (
            Outcome::Failed,
            Some(ErrorKind::Declined),
            Some("PRVD-1006"),
            Some("You declined. Nothing was changed.")
        )
    );
}

#[tokio::test]
async fn a_change_that_does_not_fit_is_fetched_before_the_account_is_named() {
    let scene = Scene::signed_in().await;
    let started = scene.connect().await;
    scene.api.change(&json!({"missed": true}));
    let directive = scene.api.connect_github("t1");
    let code = scene.api.codes()[0];
    scene
        .api
        .publish(json!({"user": directive, "attemptEnded": {"codeId": code}}));
    let end = scene.end(started.attempt_id).await;
    assert_eq!(
        (end.outcome, end.account.as_deref()),
        (Outcome::Connected, Some("mona"))
    );
    assert_eq!(scene.api.count("/users/me"), 1);
}

#[tokio::test]
async fn every_link_of_an_attempt_may_end_it() {
    let scene = Scene::signed_in().await;
    let started = scene.connect().await;
    let params = ReopenParams {
        attempt_id: started.attempt_id,
        open: true,
    };
    let again = scene.session.reopen(params).await.expect("a new link");
    assert_ne!(again.url, started.url);
    // The page of the first link was still open.
    scene.settle(0, json!({"code": "PRVD-1001", "message": "Refused."}));
    assert_eq!(
        scene.end(started.attempt_id).await.kind,
        Some(ErrorKind::ExchangeRefused)
    );
}

#[tokio::test]
async fn a_press_whose_caller_has_gone_leaves_no_attempt_running() {
    let mut scene = Scene::signed_in().await;
    let press = scene.session.connect(github());
    tokio::select! {
        biased;
        _ = press => panic!("it cannot be answered at once"),
        () = std::future::ready(()) => {}
    }
    let end = scene
        .until(|told| match told {
            Notification::Attempt(change) => change.attempt.end,
            _ => None,
        })
        .await;
    assert_eq!(end.outcome, Outcome::Cancelled);
}

#[tokio::test]
async fn a_sign_up_becomes_a_session() {
    let mut scene = Scene::start(FakeApi::start().await, None);
    let params = SsoParams {
        provider: "github".to_owned(),
        signup: true,
    };
    let started = scene.session.sign_in(params).await.expect("a link");
    assert!(started.url.contains("signupToken=") && started.url.contains("codeChallenge="));
    assert!(!started.url.contains("noSignup"), "{}", started.url);
    let login = scene
        .until(|told| match told {
            Notification::Login(login) => Some(login),
            _ => None,
        })
        .await;
    assert_eq!(login.session.token.expose(), "session");
    let end = scene.end(started.attempt_id).await;
    assert_eq!(
        (end.outcome, end.account.as_deref()),
        (Outcome::SignedIn, Some("a@b.test"))
    );
    assert!(scene.session.status().await.expect("a status").session.is_some());
}

#[tokio::test]
async fn trouble_never_ends_a_kept_session_and_a_401_does() {
    let api = FakeApi::start().await;
    api.script("/login", 503, json!({}));
    let mut scene = Scene::start(api.clone(), Some(fake_api::token()));
    let told = scene.session.connect(github()).await.expect_err("not yet");
    assert_ne!(told.kind(), Some(ErrorKind::NotSignedIn), "{told}");
    scene
        .until(|told| match told {
            Notification::Login(_) => Some(()),
            Notification::Logout(_) => panic!("a 503 is no proof"),
            _ => None,
        })
        .await;

    api.script(
        "/provider-auth-code",
        401,
        json!({"code": "AUTH-1004", "message": "Gone."}),
    );
    let refused = scene
        .session
        .connect(github())
        .await
        .expect_err("the session has ended");
    assert_eq!(refused.kind(), Some(ErrorKind::NotSignedIn));
    let reason = scene
        .until(|told| match told {
            Notification::Logout(logout) => Some(logout.reason),
            _ => None,
        })
        .await;
    assert_eq!(reason, LogoutReason::SessionEnded);
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_renewed_once_for_all_who_wait() {
    let scene = Scene::signed_in().await;
    scene.api.connect_github("t1");
    let fresh = Scene::start(scene.api.clone(), Some(fake_api::token()));
    scene.api.accept_only("t2");
    let (one, two) = tokio::join!(fresh.session.me(github()), fresh.session.me(github()));
    assert_eq!(one.expect("who it is").login.as_deref(), Some("mona"));
    assert_eq!(two.expect("who it is").login.as_deref(), Some("mona"));
    assert_eq!(scene.api.count("/provider-refresh/github"), 1);
}

#[tokio::test]
async fn a_renewal_that_decides_nothing_leaves_the_connection() {
    let scene = Scene::signed_in().await;
    scene.api.connect_github("t1");
    let fresh = Scene::start(scene.api.clone(), Some(fake_api::token()));
    scene.api.accept_only("t2");
    scene.api.script(
        "/provider-refresh/github",
        403,
        json!({"code": "PRVD-1007", "message": "Try again."}),
    );
    let refused = fresh
        .session
        .me(github())
        .await
        .expect_err("no token to call with");
    assert_ne!(refused.kind(), Some(ErrorKind::TokenRevoked), "{refused}");
    let list = fresh.session.providers().await.expect("a list");
    assert!(list.providers[0].connected);
}

#[tokio::test]
async fn a_token_of_another_server_is_not_shown_to_this_one() {
    let scene = Scene::start(FakeApi::start().await, None);
    let params: TokenParams = serde_json::from_value(json!({
        "token": {"url": "https://elsewhere.test", "email": "a@b.test", "value": "session"},
    }))
    .expect("params");
    let result = scene.session.login_token(params).await.expect("an answer");
    assert_eq!(
        serde_json::to_value(result).expect("JSON"),
        json!({"error": "TOKEN_INVALID"})
    );
    assert_eq!(scene.api.count("/login"), 0);
}

impl Scene {
    /// A sign-in whose link waits; the server has not granted it.
    async fn signing_in() -> (Self, Started) {
        let api = FakeApi::start().await;
        for _ in 0..50 {
            let not_yet = json!({"code": "AUTH-1006", "message": "Not yet."});
            api.script("/no-auth/check-signup", 403, not_yet);
        }
        let scene = Self::start(api, None);
        let params = SsoParams {
            provider: "github".to_owned(),
            signup: true,
        };
        let started = scene.session.sign_in(params).await.expect("a link");
        (scene, started)
    }

    async fn reopen(&self, started: &Started, open: bool) -> Result<Reopened, AgentError> {
        let params = ReopenParams {
            attempt_id: started.attempt_id,
            open,
        };
        self.session.reopen(params).await
    }

    fn opened(&self) -> Vec<String> {
        self.host.opened.lock().expect("not poisoned").clone()
    }
}

const WITHDRAW: &str = "/no-auth/withdraw-signup";

#[tokio::test]
async fn each_further_link_of_a_sign_in_ends_the_one_before() {
    let (scene, started) = Scene::signing_in().await;
    for _ in 0..2 {
        scene.api.script(WITHDRAW, 200, json!({}));
    }
    let (one, two) = tokio::join!(scene.reopen(&started, false), scene.reopen(&started, false));
    let (one, two) = (one.expect("a link").url, two.expect("a link").url);
    assert!(
        one != two && one != started.url && two != started.url,
        "{one} {two}"
    );
    assert_eq!(scene.api.count(WITHDRAW), 2);
    assert!(
        !scene.opened().contains(&one) && !scene.opened().contains(&two),
        "copied only"
    );
    let attempts = scene.session.status().await.expect("a status").attempts;
    assert_eq!(attempts[0].url, two, "the last one is the attempt's");
}

#[tokio::test]
async fn a_sign_in_that_was_granted_while_its_link_was_replaced_is_taken() {
    let (mut scene, started) = Scene::signing_in().await;
    let login = scene.api.login();
    scene.api.script(WITHDRAW, 503, json!({}));
    scene.api.script(WITHDRAW, 200, login);
    let refused = scene.reopen(&started, true).await;
    assert!(refused.is_err(), "no link is needed: {refused:?}");
    let told = |told| matches!(told, Notification::Login(_)).then_some(());
    scene.until(told).await;
    assert_eq!(scene.end(started.attempt_id).await.outcome, Outcome::SignedIn);
    assert_eq!(scene.api.count("/logout"), 0, "the session is kept");
}

#[tokio::test]
async fn a_link_whose_end_the_server_does_not_confirm_stays_the_attempts() {
    let (scene, started) = Scene::signing_in().await;
    scene
        .api
        .script(WITHDRAW, 403, json!({"code": "RAPI-1012", "message": "No."}));
    assert!(scene.reopen(&started, true).await.is_err());
    let attempts = scene.session.status().await.expect("a status").attempts;
    assert_eq!(
        (attempts[0].url.as_str(), attempts[0].end.is_none()),
        (started.url.as_str(), true)
    );
}

#[tokio::test]
async fn an_attempt_that_is_cancelled_while_its_link_is_replaced_gives_the_session_back() {
    let (scene, started) = Scene::signing_in().await;
    let login = scene.api.login();
    scene.api.hold(WITHDRAW);
    scene.api.script(WITHDRAW, 200, login);
    let cancel = async {
        scene.api.asked(WITHDRAW).await;
        let params = AttemptParams {
            attempt_id: started.attempt_id,
        };
        scene.session.cancel(params).await.expect("cancelled");
        scene.api.release();
    };
    let (reopened, ()) = tokio::join!(scene.reopen(&started, true), cancel);
    assert!(reopened.is_err(), "{reopened:?}");
    assert_eq!(scene.end(started.attempt_id).await.outcome, Outcome::Cancelled);
    scene.api.asked("/logout").await;
}
