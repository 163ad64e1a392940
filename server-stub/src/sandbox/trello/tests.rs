use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use url::form_urlencoded;

use super::Trello;
use crate::clock::Clock;
use crate::faults::Faults;
use crate::sandbox::Service as _;
use crate::sandbox::testing::{Answer, CALLBACK, Caller, clock, setup};

struct Bench {
    caller: Caller,
    clock: Clock,
    faults: Faults,
}

fn bench() -> Bench {
    let (clock, faults) = (clock(), Faults::default());
    let trello = Trello::new(setup("trello", &clock, &faults));
    Bench {
        caller: Caller::new("trello", trello.routes()),
        clock,
        faults,
    }
}

fn fragment(answer: &Answer) -> BTreeMap<String, String> {
    let location = answer.location();
    let fragment = location.fragment().unwrap_or_default();
    form_urlencoded::parse(fragment.as_bytes()).into_owned().collect()
}

impl Bench {
    async fn authorize(&mut self, change: &[(&str, Option<&str>)]) -> Answer {
        let back = format!("{CALLBACK}?state=local%21s");
        let mut fields = BTreeMap::from([
            ("key", "app-1"),
            ("return_url", back.as_str()),
            ("callback_method", "fragment"),
            ("response_type", "token"),
            ("expiration", "never"),
            ("name", "CodeStream"),
            ("scope", "read,write"),
        ]);
        for (key, value) in change {
            match value {
                Some(value) => fields.insert(key, value),
                None => fields.remove(key),
            };
        }
        let fields: Vec<_> = fields.into_iter().collect();
        self.caller.open("1/authorize", &fields).await
    }

    async fn token_of(&mut self, person: &str, change: &[(&str, Option<&str>)]) -> String {
        let mut page = self.authorize(change).await;
        if page.text.contains("Approve") {
            let choice = format!("sign-in?ticket={}", page.ticket());
            page = self.caller.get(&choice, &[]).await;
        }
        let back = self.caller.decide(&page, person, "approve").await;
        fragment(&back).remove("token").expect("a token")
    }

    async fn me(&mut self, token: &str) -> Answer {
        let path = format!("api/1/members/me?key=app-1&token={token}");
        self.caller.get(&path, &[]).await
    }
}

#[tokio::test]
async fn an_approval_gives_the_token_in_the_fragment_alone() {
    let mut bench = bench();
    let page = bench.authorize(&[]).await;
    let back = bench.caller.decide(&page, "mona", "approve").await;
    assert_eq!(back.status, StatusCode::FOUND);
    let location = back.location();
    assert_eq!(location.query(), Some("state=local%21s"));
    let token = fragment(&back).remove("token").expect("a token");
    assert_eq!(token.len(), 64);
    assert!(token.bytes().all(|b| b.is_ascii_hexdigit()), "{token}");
    let me = bench.me(&token).await.json();
    assert_eq!(me["username"], "mona");
    assert_eq!(me["email"], serde_json::Value::Null, "there is no account scope");
}

#[tokio::test]
async fn a_denial_gives_an_empty_token_and_an_error() {
    let mut bench = bench();
    let page = bench.authorize(&[]).await;
    let back = bench.caller.decide(&page, "mona", "deny").await;
    let fragment = fragment(&back);
    assert_eq!(fragment["token"], "");
    assert_eq!(fragment["error"], "Token request rejected");
}

#[tokio::test]
async fn a_request_that_is_not_allowed_is_never_sent_back() {
    let mut bench = bench();
    for (change, status) in [
        (("key", Some("other")), StatusCode::UNAUTHORIZED),
        (("key", None), StatusCode::UNAUTHORIZED),
        (
            ("return_url", Some("http://evil.example/")),
            StatusCode::BAD_REQUEST,
        ),
        (
            ("return_url", Some("http://127.0.0.1:1/")),
            StatusCode::BAD_REQUEST,
        ),
        (("return_url", None), StatusCode::BAD_REQUEST),
        (
            ("callback_method", Some("carrier pigeon")),
            StatusCode::BAD_REQUEST,
        ),
        (("response_type", Some("code")), StatusCode::BAD_REQUEST),
        (("expiration", Some("forever")), StatusCode::BAD_REQUEST),
        (("scope", Some("read write")), StatusCode::BAD_REQUEST),
    ] {
        let answer = bench.authorize(&[change]).await;
        assert_eq!(answer.status, status, "{change:?}");
        assert_eq!(answer.header("location"), "", "{change:?}");
    }
    bench.faults.set_require_https(true);
    assert_eq!(bench.authorize(&[]).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn without_a_return_url_the_token_is_shown_on_a_page() {
    let mut bench = bench();
    let page = bench
        .authorize(&[("return_url", None), ("callback_method", None)])
        .await;
    let shown = bench.caller.decide(&page, "mona", "approve").await;
    assert_eq!(shown.status, StatusCode::OK);
    let (_, rest) = shown.text.split_once("<pre>").expect("the token");
    let token = rest.split('<').next().expect("the token").to_owned();
    assert_eq!(bench.me(&token).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_remembered_person_still_has_to_agree() {
    let mut bench = bench();
    bench.token_of("grace", &[]).await;
    let page = bench.authorize(&[]).await;
    assert!(
        page.text.contains("Approve") && page.text.contains("grace"),
        "{}",
        page.text
    );
}

#[tokio::test]
async fn the_api_wants_key_and_token_in_the_query_or_in_a_header() {
    let mut bench = bench();
    let token = bench.token_of("mona", &[]).await;
    let header = format!("OAuth oauth_consumer_key=\"app-1\", oauth_token=\"{token}\"");
    let by_header = bench
        .caller
        .get(
            "api/1/members/me?fields=id,username",
            &[("authorization", header.as_str())],
        )
        .await;
    assert_eq!(
        by_header.json(),
        serde_json::json!({"id": "5f0000000000000000001001", "username": "mona"})
    );
    for (query, text) in [
        ("key=app-1&token=nonsense".to_owned(), "invalid token"),
        (format!("key=other&token={token}"), "invalid key"),
        ("key=app-1".to_owned(), "unauthorized permission requested"),
    ] {
        let answer = bench.caller.get(&format!("api/1/members/me?{query}"), &[]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{query}");
        assert_eq!(answer.text, text);
    }
}

#[tokio::test]
async fn the_account_scope_shows_the_address() {
    let mut bench = bench();
    let token = bench.token_of("mona", &[("scope", Some("read,account"))]).await;
    assert_eq!(bench.me(&token).await.json()["email"], "mona@example.com");
}

#[tokio::test]
async fn a_token_is_described_and_lives_as_long_as_was_asked() {
    let mut bench = bench();
    let token = bench.token_of("mona", &[("expiration", Some("1hour"))]).await;
    let path = format!("api/1/token/{token}?key=app-1&token={token}");
    let row = bench.caller.get(&path, &[]).await.json();
    assert_eq!(row["idMember"], "5f0000000000000000001001");
    assert_eq!(row["identifier"], "CodeStream");
    assert_eq!(row["dateCreated"], "2026-11-23T23:30:00Z");
    assert_eq!(row["dateExpires"], "2026-11-24T00:30:00Z");
    bench.clock.advance(Duration::from_hours(1));
    let over = bench.me(&token).await;
    assert_eq!(
        (over.status, over.text.as_str()),
        (StatusCode::UNAUTHORIZED, "invalid token")
    );
}

#[tokio::test]
async fn a_revoked_token_is_invalid() {
    let mut bench = bench();
    let (mine, other) = (
        bench.token_of("mona", &[]).await,
        bench.token_of("ada", &[]).await,
    );
    let path = |of: &str, by: &str| format!("api/1/tokens/{of}?key=app-1&token={by}");
    let foreign = path(&mine, &other);
    let refused = bench
        .caller
        .send(Method::DELETE, &foreign, &[], String::new())
        .await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    let own = path(&mine, &mine);
    let gone = bench.caller.send(Method::DELETE, &own, &[], String::new()).await;
    assert_eq!(gone.status, StatusCode::OK);
    let over = bench.me(&mine).await;
    assert_eq!(
        (over.status, over.text.as_str()),
        (StatusCode::UNAUTHORIZED, "invalid token")
    );
}
