use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use codestream_protocol::secret::CodeVerifier;
use serde_json::{Value, json};

use super::GitHub;
use crate::clock::Clock;
use crate::faults::Faults;
use crate::sandbox::Service as _;
use crate::sandbox::faults::{ServiceFaults as _, Tokens};
use crate::sandbox::testing::{Answer, CALLBACK, Caller, clock, query, setup};

const AUTHORIZE: &str = "login/oauth/authorize";
const TOKEN: &str = "login/oauth/access_token";
const JSON: (&str, &str) = ("accept", "application/json");
const AGENT: (&str, &str) = ("user-agent", "test");

struct Bench {
    caller: Caller,
    clock: Clock,
    github: GitHub,
    faults: Faults,
    verifier: CodeVerifier,
}

fn bench() -> Bench {
    let (clock, faults) = (clock(), Faults::default());
    let github = GitHub::new(setup("github", &clock, &faults));
    Bench {
        caller: Caller::new("github", github.routes()),
        clock,
        github,
        faults,
        verifier: CodeVerifier::from_entropy([3; 32]),
    }
}

impl Bench {
    async fn authorize(&mut self, change: &[(&str, Option<&str>)]) -> Answer {
        let challenge = self.verifier.challenge();
        let mut fields = BTreeMap::from([
            ("client_id", "app-1"),
            ("redirect_uri", CALLBACK),
            ("scope", "repo user:email"),
            ("state", "local!s"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ]);
        for (key, value) in change {
            match value {
                Some(value) => fields.insert(key, value),
                None => fields.remove(key),
            };
        }
        let fields: Vec<_> = fields.into_iter().collect();
        self.caller.open(AUTHORIZE, &fields).await
    }

    async fn code_of(&mut self, person: &str) -> String {
        let page = self.authorize(&[("prompt", Some("select_account"))]).await;
        let back = self.caller.decide(&page, person, "approve").await;
        query(&back.location()).remove("code").expect("a code")
    }

    async fn exchange(&mut self, code: &str, change: &[(&str, &str)]) -> Answer {
        let verifier = self.verifier.clone();
        let mut fields = BTreeMap::from([
            ("client_id", "app-1"),
            ("client_secret", "hush"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", verifier.expose()),
        ]);
        fields.extend(change.iter().copied());
        let fields: Vec<_> = fields
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect();
        self.caller.post(TOKEN, &[JSON], &fields).await
    }

    async fn token_of(&mut self, person: &str) -> Value {
        let code = self.code_of(person).await;
        self.exchange(&code, &[]).await.json()
    }

    async fn api(&mut self, path: &str, token: &str) -> Answer {
        let authorization = format!("Bearer {token}");
        let headers = [AGENT, ("authorization", authorization.as_str())];
        self.caller.get(&format!("api/{path}"), &headers).await
    }

    async fn refresh(&mut self, token: &str) -> Value {
        let fields = [
            ("client_id", "app-1"),
            ("client_secret", "hush"),
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
        ];
        self.caller.post(TOKEN, &[JSON], &fields).await.json()
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

#[tokio::test]
async fn an_approval_comes_back_with_code_state_and_iss_and_gives_a_token() {
    let mut bench = bench();
    let page = bench.authorize(&[]).await;
    assert_eq!(page.status, StatusCode::OK);
    let back = bench.caller.decide(&page, "mona", "approve").await;
    assert_eq!(back.status, StatusCode::FOUND);
    let location = back.location();
    assert!(location.as_str().starts_with(CALLBACK), "{location}");
    let query = query(&location);
    assert_eq!(query["state"], "local!s");
    assert_eq!(query["iss"], "http://localhost:12080/sandbox/github/login/oauth");
    let answer = bench.exchange(&query["code"], &[]).await;
    let token = answer.json();
    assert_eq!(token["scope"], "repo,user:email");
    assert_eq!(token["token_type"], "bearer");
    assert!(token.get("expires_in").is_none());
    assert!(text(&token, "access_token").starts_with("gho_"));
    let user = bench.api("user", text(&token, "access_token")).await;
    assert_eq!(user.json()["login"], "mona");
    assert_eq!(user.header("x-ratelimit-remaining"), "4999");
    assert_eq!(user.header("x-oauth-scopes"), "repo, user:email");
}

#[tokio::test]
async fn a_denial_comes_back_in_githubs_words() {
    let mut bench = bench();
    let page = bench.authorize(&[]).await;
    let back = bench.caller.decide(&page, "mona", "deny").await;
    let query = query(&back.location());
    assert_eq!(query["error"], "access_denied");
    assert_eq!(
        query["error_description"],
        "The user has denied your application access."
    );
    assert_eq!(query["state"], "local!s");
    assert!(!query.contains_key("code"));
}

#[tokio::test]
async fn the_answer_has_the_format_that_accept_asks_for() {
    let mut bench = bench();
    let fields = [("client_id", "app-1"), ("client_secret", "wrong")];
    let form = bench.caller.post(TOKEN, &[], &fields).await;
    assert_eq!(form.status, StatusCode::OK);
    assert!(
        form.header("content-type")
            .starts_with("application/x-www-form-urlencoded")
    );
    assert_eq!(form.form()["error"], "incorrect_client_credentials");
    let xml = bench
        .caller
        .post(TOKEN, &[("accept", "application/xml")], &fields)
        .await;
    assert!(
        xml.text.contains("<error>incorrect_client_credentials</error>"),
        "{}",
        xml.text
    );
    let json = bench.caller.post(TOKEN, &[JSON], &fields).await;
    assert_eq!(json.status, StatusCode::OK);
    assert_eq!(json.json()["error"], "incorrect_client_credentials");
    assert!(text(&json.json(), "error_uri").ends_with("#incorrect-client-credentials"));
}

#[tokio::test]
async fn parameters_may_come_in_the_query_or_as_json() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    let verifier = bench.verifier.expose().to_owned();
    let body = json!({"client_id": "app-1", "client_secret": "hush", "code": code, "redirect_uri": CALLBACK, "code_verifier": verifier});
    let headers = [JSON, ("content-type", "application/json")];
    let answer = bench
        .caller
        .send(Method::POST, TOKEN, &headers, body.to_string())
        .await;
    assert!(answer.json().get("access_token").is_some(), "{}", answer.text);
    let code = bench.code_of("mona").await;
    let path = format!(
        "{TOKEN}?client_id=app-1&client_secret=hush&code={code}&code_verifier={verifier}&redirect_uri={CALLBACK}"
    );
    let answer = bench
        .caller
        .send(Method::POST, &path, &[JSON], String::new())
        .await;
    assert!(answer.json().get("access_token").is_some(), "{}", answer.text);
}

#[tokio::test]
async fn a_code_is_good_once_and_for_ten_minutes() {
    let mut bench = bench();
    let code = bench.code_of("mona").await;
    assert!(
        bench
            .exchange(&code, &[])
            .await
            .json()
            .get("access_token")
            .is_some()
    );
    assert_eq!(
        bench.exchange(&code, &[]).await.json()["error"],
        "bad_verification_code"
    );
    let code = bench.code_of("mona").await;
    bench.clock.advance(Duration::from_mins(10));
    assert_eq!(
        bench.exchange(&code, &[]).await.json()["error"],
        "bad_verification_code"
    );
}

#[tokio::test]
async fn an_exchange_must_fit_its_authorization() {
    let mut bench = bench();
    let other = CodeVerifier::from_entropy([4; 32]);
    for (change, error) in [
        (("code_verifier", ""), "bad_verification_code"),
        (("code_verifier", other.expose()), "bad_verification_code"),
        (("client_secret", "guess"), "incorrect_client_credentials"),
        (("client_id", "app-2"), "incorrect_client_credentials"),
        (
            (
                "redirect_uri",
                "http://127.0.0.1:12079/no-auth/provider-token/x/y",
            ),
            "redirect_uri_mismatch",
        ),
        (("redirect_uri", ""), "redirect_uri_mismatch"),
        (("grant_type", "password"), "unsupported_grant_type"),
        (("code", "nonsense"), "bad_verification_code"),
    ] {
        let code = bench.code_of("mona").await;
        let answer = bench.exchange(&code, &[change]).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.json()["error"], error, "{change:?}");
    }
}

#[tokio::test]
async fn a_verifier_that_nobody_announced_is_refused() {
    let mut bench = bench();
    let without = [("code_challenge", None), ("code_challenge_method", None)];
    let page = bench.authorize(&without).await;
    let back = bench.caller.decide(&page, "mona", "approve").await;
    let code = query(&back.location()).remove("code").expect("a code");
    assert_eq!(
        bench.exchange(&code, &[]).await.json()["error"],
        "bad_verification_code"
    );
}

#[tokio::test]
async fn a_request_that_is_not_allowed_goes_to_the_registered_callback_only() {
    let mut bench = bench();
    for (change, error) in [
        (
            ("redirect_uri", Some("http://evil.example/cb")),
            "redirect_uri_mismatch",
        ),
        (("redirect_uri", Some("not a url")), "redirect_uri_mismatch"),
        (("code_challenge_method", Some("plain")), "invalid_request"),
        (("code_challenge_method", None), "invalid_request"),
        (("code_challenge", Some("short")), "invalid_request"),
    ] {
        let back = bench.authorize(&[change]).await;
        assert_eq!(back.status, StatusCode::FOUND, "{change:?}");
        let location = back.location();
        assert!(location.as_str().starts_with(CALLBACK), "{location}");
        assert_eq!(query(&location)["error"], error);
        assert_eq!(query(&location)["state"], "local!s");
    }
    let unknown = bench.authorize(&[("client_id", Some("app-2"))]).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    bench.faults.set_require_https(true);
    assert_eq!(bench.authorize(&[]).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_remembered_person_is_asked_again_only_when_the_app_wishes() {
    let mut bench = bench();
    let page = bench.authorize(&[]).await;
    assert!(page.text.contains("Sign in to GitHub"), "{}", page.text);
    bench.caller.decide(&page, "grace", "approve").await;
    let again = bench.authorize(&[]).await;
    assert_eq!(again.status, StatusCode::FOUND, "the same scopes were granted");
    let more = bench.authorize(&[("scope", Some("repo gist"))]).await;
    assert!(
        more.text.contains("Approve") && more.text.contains("grace"),
        "{}",
        more.text
    );
    let choice = bench.authorize(&[("prompt", Some("select_account"))]).await;
    assert!(choice.text.contains("Choose an account"), "{}", choice.text);
    let position = |name| choice.text.find(name).expect("somebody's button");
    assert!(
        position("\"grace\"") < position("\"mona\""),
        "who is signed in comes first"
    );
    let mut stranger = bench.caller.other_browser();
    let page = stranger.open(AUTHORIZE, &[("client_id", "app-1")]).await;
    assert!(page.text.contains("Sign in to GitHub"), "{}", page.text);
}

#[tokio::test]
async fn pages_answer_only_the_browser_that_opened_them_and_once() {
    let mut bench = bench();
    let page = bench.authorize(&[]).await;
    let ticket = page.ticket();
    let fields = [("ticket", ticket.as_str()), ("person", "mona")];
    let mut stranger = bench.caller.other_browser();
    let refused = stranger.post("sign-in", &[], &fields).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    bench.caller.decide(&page, "mona", "approve").await;
    let again = [("ticket", ticket.as_str()), ("decision", "approve")];
    assert_eq!(
        bench.caller.post("consent", &[], &again).await.status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn addresses_need_their_scope_and_say_what_is_proven() {
    let mut bench = bench();
    let token = bench.token_of("newton").await;
    let emails = bench
        .api("user/emails", text(&token, "access_token"))
        .await
        .json();
    assert_eq!(
        emails,
        json!([{"email": "newton@example.com", "primary": true, "verified": false, "visibility": "public"}])
    );
    let token = bench.token_of("grace").await;
    let user = bench.api("user", text(&token, "access_token")).await.json();
    assert_eq!(user["email"], Value::Null);
    let page = bench
        .authorize(&[("scope", Some("repo")), ("prompt", Some("select_account"))])
        .await;
    let back = bench.caller.decide(&page, "ada", "approve").await;
    let code = query(&back.location()).remove("code").expect("a code");
    let token = bench.exchange(&code, &[]).await.json();
    let refused = bench.api("user/emails", text(&token, "access_token")).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_api_wants_a_user_agent_and_a_live_token() {
    let mut bench = bench();
    let token = bench.token_of("mona").await;
    let access = format!("token {}", text(&token, "access_token"));
    let nameless = bench.caller.get("api/user", &[("authorization", &access)]).await;
    assert_eq!(nameless.status, StatusCode::FORBIDDEN);
    assert!(nameless.text.contains("User-Agent"), "{}", nameless.text);
    let good = bench
        .caller
        .get("api/user", &[AGENT, ("authorization", &access)])
        .await;
    assert_eq!(good.status, StatusCode::OK, "`token` is as good as `Bearer`");
    assert_eq!(
        bench.caller.get("api/user", &[AGENT]).await.status,
        StatusCode::UNAUTHORIZED
    );
    let bad = bench.api("user", "gho_nonsense").await;
    assert_eq!(bad.status, StatusCode::UNAUTHORIZED);
    assert_eq!(bad.json()["message"], "Bad credentials");
}

#[tokio::test]
async fn a_test_says_how_long_tokens_live() {
    let mut bench = bench();
    bench.github.tokens(Tokens {
        expiring: Some(true),
        life_s: Some(7),
        ..Tokens::default()
    });
    let token = bench.token_of("mona").await;
    assert_eq!(token["expires_in"], 7);
    bench.clock.advance(Duration::from_secs(7));
    let answer = bench.api("user", text(&token, "access_token")).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_refresh_kills_the_old_pair() {
    let mut bench = bench();
    bench.github.tokens(Tokens {
        expiring: Some(true),
        ..Tokens::default()
    });
    let old = bench.token_of("mona").await;
    assert_eq!(old["expires_in"], 28_800);
    assert_eq!(old["refresh_token_expires_in"], 15_897_600);
    let new = bench.refresh(text(&old, "refresh_token")).await;
    assert!(text(&new, "access_token").starts_with("ghu_"), "{new}");
    assert!(text(&new, "refresh_token").starts_with("ghr_"), "{new}");
    assert_eq!(
        bench.api("user", text(&old, "access_token")).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        bench.refresh(text(&old, "refresh_token")).await["error"],
        "bad_refresh_token"
    );
    assert_eq!(
        bench.api("user", text(&new, "access_token")).await.status,
        StatusCode::OK
    );
    bench.clock.advance(Duration::from_hours(8));
    assert_eq!(
        bench.api("user", text(&new, "access_token")).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert!(
        bench
            .refresh(text(&new, "refresh_token"))
            .await
            .get("access_token")
            .is_some()
    );
}

#[tokio::test]
async fn tokens_can_be_made_to_expire_and_grants_to_be_taken_back() {
    let mut bench = bench();
    bench.github.tokens(Tokens {
        expiring: Some(true),
        ..Tokens::default()
    });
    let token = bench.token_of("mona").await;
    bench.github.tokens(Tokens {
        expire_all: true,
        ..Tokens::default()
    });
    assert_eq!(
        bench.api("user", text(&token, "access_token")).await.status,
        StatusCode::UNAUTHORIZED
    );
    let token = bench.refresh(text(&token, "refresh_token")).await;
    assert_eq!(
        bench.api("user", text(&token, "access_token")).await.status,
        StatusCode::OK
    );
    bench.github.tokens(Tokens {
        revoke_all: true,
        ..Tokens::default()
    });
    assert_eq!(
        bench.refresh(text(&token, "refresh_token")).await["error"],
        "bad_refresh_token"
    );
}

#[tokio::test]
async fn the_app_checks_and_revokes_tokens_with_its_own_credentials() {
    let mut bench = bench();
    let token = bench.token_of("mona").await;
    let access = text(&token, "access_token").to_owned();
    let body = json!({ "access_token": access }).to_string();
    let basic = format!("Basic {}", STANDARD.encode("app-1:hush"));
    let guess = format!("Basic {}", STANDARD.encode("app-1:guess"));
    let path = "api/applications/app-1/token";
    let good = [AGENT, ("authorization", basic.as_str())];
    let bad = [AGENT, ("authorization", guess.as_str())];
    let refused = bench.caller.send(Method::DELETE, path, &bad, body.clone()).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    let checked = bench.caller.send(Method::POST, path, &good, body.clone()).await;
    assert_eq!(checked.json()["user"]["login"], "mona");
    let revoked = bench.caller.send(Method::DELETE, path, &good, body.clone()).await;
    assert_eq!(revoked.status, StatusCode::NO_CONTENT);
    assert_eq!(bench.api("user", &access).await.status, StatusCode::UNAUTHORIZED);
    let gone = bench.caller.send(Method::POST, path, &good, body).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn revoking_the_grant_ends_every_token_of_the_person() {
    let mut bench = bench();
    let other = bench.token_of("ada").await;
    let one = bench.token_of("mona").await;
    let two = bench.token_of("mona").await;
    let basic = format!("Basic {}", STANDARD.encode("app-1:hush"));
    let headers = [AGENT, ("authorization", basic.as_str())];
    let body = json!({ "access_token": text(&one, "access_token") }).to_string();
    let path = "api/applications/app-1/grant";
    let gone = bench.caller.send(Method::DELETE, path, &headers, body).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(
        bench.api("user", text(&two, "access_token")).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        bench.api("user", text(&other, "access_token")).await.status,
        StatusCode::OK
    );
    let page = bench.authorize(&[]).await;
    assert_eq!(page.status, StatusCode::OK, "consent is asked for again");
}

#[tokio::test]
async fn of_more_than_ten_tokens_the_oldest_is_revoked() {
    let mut bench = bench();
    let first = bench.token_of("mona").await;
    let mut last = first.clone();
    for _ in 0..10 {
        last = bench.token_of("mona").await;
    }
    assert_eq!(
        bench.api("user", text(&first, "access_token")).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        bench.api("user", text(&last, "access_token")).await.status,
        StatusCode::OK
    );
}
