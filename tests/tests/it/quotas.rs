//! What strangers can do to a server and to each other: fill its disk, use up each other's limits, stay for ever.

use std::time::Duration;

use e2e::{Answer, Home, Http, Socket, Stub, StubBuilder};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::scene::Scene;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const DAY: Duration = Duration::from_hours(24);

fn configured(home: &Home, text: &str) -> StubBuilder {
    let file = home.path().join("codestream.toml");
    std::fs::write(&file, text).expect("a file");
    Stub::builder()
        .single()
        .args(["--config", &file.display().to_string()])
}

fn start(number: usize, rest: &str) -> String {
    format!(
        "/web/provider-auth/github?signupToken=8f14e45f-ceea-467f-9b5d-{number:012}&codeChallenge={CHALLENGE}{rest}"
    )
}

// CWE-770: unauthenticated starts with names of 30 KB filled the disk at 28 MB/s.
#[tokio::test]
async fn a_stranger_cannot_fill_the_disk_with_sign_ups() {
    let home = Home::new();
    let stub = configured(&home, "[quotas]\nsignUpStartsPerMinute = 5\n")
        .start()
        .await;
    let http = stub.http();
    for (length, status) in [(30_000, 414), (5_000, 400)] {
        let url = stub.url(&start(0, &format!("&ide={}", "x".repeat(length))));
        assert_eq!(
            http.get(&url, None).await.status.as_u16(),
            status,
            "{length} bytes"
        );
    }
    let urls: Vec<_> = (0..40)
        .map(|number| stub.url(&start(number, "&ide=VS%20Code")))
        .collect();
    let answers = join_all(urls.iter().map(|url| http.get(url, None))).await;
    let refused: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert!(!refused.is_empty(), "forty starts a moment are too many");
    for answer in refused {
        let seconds: u64 = answer.header("retry-after").parse().expect("seconds");
        assert!((1..=60).contains(&seconds), "{seconds}");
    }
    stub.logs("a limit was hit").await;
}

// CWE-770: one link made 600 states a second.
#[tokio::test]
async fn a_link_that_is_opened_too_often_says_to_press_open_again() {
    let home = Home::new();
    let stub = configured(&home, "[quotas]\nstatesPerHandshake = 2\n")
        .start()
        .await;
    let user = stub.control().user().await;
    let http = stub.http();
    let ask = stub.url(&format!("/provider-auth-code?teamId={}", user.team_id));
    let code = http.get(&ask, Some(&user.access_token)).await.json()["code"].clone();
    let url = stub.url(&format!(
        "/web/provider-auth/github?code={}",
        code.as_str().expect("a code")
    ));
    let first = http.get(&url, None).await;
    let cookie = first
        .header("set-cookie")
        .split(';')
        .next()
        .expect("a cookie")
        .to_owned();
    let again = async || Http::send(http.request(Method::GET, &url).header("Cookie", &cookie)).await;
    assert!(again().await.header("location").contains("/sandbox/github/"));
    let refused = again().await;
    let page = refused.header("location");
    assert!(page.starts_with("/web/error?code=RAPI-1018"), "{page}");
    let page = http.get(&stub.url(page), None).await;
    assert!(page.text.contains("press Open again"), "{}", page.text);
}

// CWE-645: whoever had seen a sign-up link used up its owner's polls.
#[tokio::test]
async fn whoever_saw_a_sign_up_link_cannot_use_up_its_owners_polls() {
    let stub = Stub::start().await;
    let http = stub.http();
    let url = stub.url("/no-auth/check-signup");
    let poll = |letter: &str| json!({"token": "7d1c1f3e-4f0e-4c58-9a53-0a2b8f3d7c11", "codeVerifier": letter.repeat(43)});
    let strangers = poll("s");
    let answers = join_all((0..60).map(|_| http.put(&url, None, &strangers))).await;
    assert!(
        answers.iter().any(|answer| answer.status == 429),
        "the stranger is stopped"
    );
    let owners = http.put(&url, None, &poll("o")).await;
    assert_eq!(
        (owners.status.as_u16(), owners.code().as_str()),
        (403, "AUTH-1006")
    );
}

// CWE-645: one client with bad channel tokens shut out the good ones of its address.
#[tokio::test]
async fn a_neighbor_with_bad_channel_tokens_shuts_nobody_out() {
    let stub = Stub::start().await;
    let user = stub.control().user().await;
    let mut neighbor = Socket::dial(&stub.ready().channel).await;
    neighbor.call(1, "#handshake", json!({"authToken": null})).await;
    let mut last = json!(null);
    for cid in 2..40 {
        let auth = json!({"token": "0".repeat(43), "uid": user.user_id});
        last = neighbor.call(cid, "auth", auth).await;
    }
    assert!(
        last["error"].to_string().to_lowercase().contains("too many"),
        "{last}"
    );
    let mut good = Socket::dial(&stub.ready().channel).await;
    good.call(1, "#handshake", json!({"authToken": null})).await;
    let auth = json!({"token": user.broadcaster_token, "uid": user.user_id});
    let answer = good.call(2, "auth", auth).await;
    assert!(answer["error"].is_null(), "{answer}");
}

/// Where a callback leads whose agent and browser both come through a proxy that adds this `X-Forwarded-For`.
async fn led_to(stub: &Stub, agent: Option<&str>, browser: Option<&str>) -> String {
    const HOST: &str = "api.example.test";
    let user = stub.control().user().await;
    let http = stub.http();
    let get = async |url: &str, forwarded: Option<&str>, header: (&str, &str)| {
        let mut request = http
            .request(Method::GET, url)
            .header("Host", HOST)
            .header(header.0, header.1);
        if let Some(address) = forwarded {
            request = request.header("X-Forwarded-For", address);
        }
        Http::send(request).await
    };
    let ask = stub.url(&format!("/provider-auth-code?teamId={}", user.team_id));
    let bearer = format!("Bearer {}", user.access_token);
    let code = get(&ask, agent, ("Authorization", &bearer)).await.json()["code"].clone();
    let start = stub.url(&format!(
        "/web/provider-auth/github?code={}",
        code.as_str().expect("a code")
    ));
    let sent = get(&start, browser, ("Accept", "text/html")).await;
    let cookie = sent
        .header("set-cookie")
        .split(';')
        .next()
        .expect("a cookie")
        .to_owned();
    let at: reqwest::Url = sent.header("location").parse().expect("a URL");
    let state = at
        .query_pairs()
        .find(|(key, _)| key == "state")
        .expect("a state")
        .1
        .into_owned();
    let mut back: reqwest::Url = stub.url("/no-auth/provider-token/github").parse().expect("a URL");
    back.query_pairs_mut()
        .append_pair("code", "none")
        .append_pair("state", &state);
    get(back.as_str(), browser, ("Cookie", &cookie))
        .await
        .header("location")
        .to_owned()
}

// CWE-290: behind a proxy that does not say for whom it asks, everybody had one address, and nobody was asked.
#[tokio::test]
async fn an_unknown_address_is_asked_and_a_known_one_is_not() {
    let public = [
        "--public-url",
        "http://api.example.test",
        "--confirm-sign-in",
        "auto",
    ];
    let stub = Stub::builder().single().args(public).start().await;
    let asks = async |agent, browser| {
        led_to(&stub, agent, browser)
            .await
            .starts_with("/web/provider-confirm")
    };
    assert!(asks(None, None).await, "a proxy without X-Forwarded-For");
    assert!(
        asks(Some("10.1.2.3"), Some("10.1.2.3")).await,
        "it may be a proxy that nobody named"
    );
    assert!(asks(Some("203.0.113.7"), Some("203.0.113.8")).await);
    assert!(
        asks(Some("203.0.113.7"), Some("2001:db8::1")).await,
        "they cannot be compared"
    );
    assert!(!asks(Some("203.0.113.7"), Some("203.0.113.7")).await);
    assert!(!asks(Some("2001:db8::1"), Some("2001:db8::2")).await, "one /64");
}

// CWE-613: a session that was unused for 68 days was good for ever.
#[tokio::test]
async fn a_session_that_was_unused_for_91_days_has_ended_and_its_ide_is_told_why() {
    let scene = Scene::new().await;
    let user = scene.control().user().await;
    let me = async || {
        scene
            .stub
            .http()
            .get(&scene.stub.url("/users/me"), Some(&user.access_token))
            .await
    };
    scene.control().advance(80 * DAY).await;
    assert_eq!(me().await.status, 200);
    scene.control().advance(80 * DAY).await;
    assert_eq!(me().await.status, 200, "it was used between");
    scene.control().advance(91 * DAY).await;
    let refused = me().await;
    assert_eq!(
        (refused.status.as_u16(), refused.code().as_str()),
        (401, "AUTH-1005")
    );
    assert_eq!(refused.json()["info"], "idle");
    let words = "Your session ended after 90 days without use. Sign in again.";
    let ide = scene.ide().session(&user.access_token).start().await;
    ide.message("codestream/didLogout", |params| {
        params["reason"] == "sessionEnded" && params["message"] == words
    })
    .await;
    ide.message("window/showMessage", |params| params["message"] == words)
        .await;
    ide.finish().await;
}

#[tokio::test]
async fn a_session_ends_after_a_year_however_much_it_is_used() {
    let scene = Scene::new().await;
    let user = scene.control().user().await;
    let me = async || {
        scene
            .stub
            .http()
            .get(&scene.stub.url("/users/me"), Some(&user.access_token))
            .await
    };
    for _ in 0..4 {
        scene.control().advance(80 * DAY).await;
        assert_eq!(me().await.status, 200);
    }
    scene.control().advance(46 * DAY).await;
    let refused = me().await;
    assert_eq!(
        (refused.status.as_u16(), refused.code().as_str()),
        (401, "AUTH-1005")
    );
    assert_eq!(refused.json()["info"], "absolute");
}
