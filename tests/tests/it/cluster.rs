//! Three nodes on one PostgreSQL behind nginx: each request may hit another node.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use codestream_protocol::http::SignupStatus;
use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::secret::CodeVerifier;
use e2e::{Cluster, HeadlessIde, Http, SandboxUser, Socket, TestBrowser};
use futures_util::stream::{self, StreamExt as _};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::scene::listening;

#[tokio::test]
async fn both_handshakes_go_through_any_node() {
    let Some(cluster) = Cluster::start(3).await else {
        return;
    };
    let ide = HeadlessIde::builder(&cluster.url()).start().await;
    let mut browser = TestBrowser::new();
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    let page = browser.approve(&started.url).await;
    assert!(page.status.is_success(), "{}", page.text());
    let login = ide.logged_in().await;
    assert_eq!(login.signup_status, SignupStatus::TeamCreated);
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::SignedIn);
    listening(&ide).await;
    for provider in ["trello", "github"] {
        let started = ide.connect(provider).await.expect("a link");
        ide.opened().await;
        browser.approve(&started.url).await;
        let end = ide.end_of(started.attempt_id).await;
        assert_eq!(end.outcome, Outcome::Connected, "{end:?}");
        assert!(ide.me(provider).await.is_ok());
    }
    ide.finish().await;
}

#[tokio::test]
async fn what_any_node_commits_reaches_sockets_on_all() {
    let Some(mut cluster) = Cluster::start(3).await else {
        return;
    };
    let user = cluster.control().user().await;
    let channel = format!("user-{}", user.user_id);
    let mut sockets = Vec::new();
    for node in cluster.nodes() {
        sockets.push(Socket::listening(&node.ready().channel, &user).await);
    }
    // From the node that has no socket, then, by a connect, from whichever nginx picks.
    let sent = cluster.control().publish(&channel, json!({"marker": 1})).await;
    for socket in &mut sockets {
        let heard = socket.find(|packet| packet["event"] == "#publish").await;
        assert_eq!(heard["data"]["data"]["messageId"], sent["messageId"], "{heard}");
    }
    connect(&cluster.url(), &user, "github").await.expect("connected");
    for socket in &mut sockets {
        let heard = socket
            .find(|packet| packet["data"]["data"]["attemptEnded"].is_object())
            .await;
        assert!(heard["data"]["data"]["attemptEnded"]["code"].is_null(), "{heard}");
    }
}

#[tokio::test]
async fn two_nodes_refresh_an_account_once() {
    let Some(mut cluster) = Cluster::start(3).await else {
        return;
    };
    let expiring = json!({"tokens": {"provider": "github", "expiring": true}});
    cluster.control().fault(expiring).await;
    let user = cluster.control().user().await;
    connect(&cluster.url(), &user, "github").await.expect("connected");
    let path = format!("/provider-refresh/github?teamId={}", user.team_id);
    let asked = cluster.nodes().iter().map(|node| {
        let (url, token) = (node.url(&path), user.access_token.clone());
        async move { Http::new().get(&url, Some(&token)).await }
    });
    let answers = futures_util::future::join_all(asked).await;
    for answer in &answers {
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    }
    // A request that came after the end of the first may have asked again; two at once never did, and none was refused.
    let me = Http::new()
        .get(&format!("{}/users/me", cluster.url()), Some(&user.access_token))
        .await
        .json();
    let account = &me["user"]["providerInfo"][user.team_id.as_str()]["github"];
    assert!(
        account["accessToken"].is_string() && account["tokenError"].is_null(),
        "{account}"
    );
}

#[tokio::test]
async fn a_node_that_is_told_to_stop_sends_everybody_elsewhere() {
    let Some(mut cluster) = Cluster::start(2).await else {
        return;
    };
    let user = cluster.control().user().await;
    let mut node = cluster.take(0);
    let tasks = tokio_util::task::TaskTracker::new();
    let mut socket = Socket::of(&node.ready().channel, &user).await;
    let poll = {
        let body = json!({"token": Uuid::new_v4(), "codeVerifier": "v".repeat(43)});
        let request = Http::new()
            .request(Method::PUT, &node.url("/no-auth/check-signup"))
            .header("Prefer", "wait=25")
            .json(&body);
        tasks.spawn(Http::send(request))
    };
    let ide = HeadlessIde::builder(&cluster.url())
        .session(&user.access_token)
        .start()
        .await;
    ide.logged_in().await;
    listening(&ide).await;
    let status = node.url("/no-auth/status");
    assert_eq!(Http::new().get(&status, None).await.status.as_u16(), 200);
    node.terminate();
    let http = Http::new();
    let said = async {
        // Asked again and again, since the node says so for a second only.
        while http.get(&status, None).await.status.as_u16() != 503 {}
    };
    let (closed, ()) = tokio::join!(socket.closed(), said);
    assert_eq!(closed, 1001, "stock clients come back");
    let answer = poll.await.expect("the poll is not cancelled");
    assert_eq!(answer.code(), "AUTH-1006", "not yet: ask again, elsewhere");
    let (code, _) = node.stop().await;
    assert_eq!(code, Some(0));
    // Whoever was on that node goes on with the other.
    connect(&cluster.url(), &user, "github").await.expect("connected");
    ide.finish().await;
}

/// What they are with. GitHub would revoke the oldest of more than ten tokens of one person, also those of handshakes that are
/// under way.
const WITH: &str = "gitlab";
/// As many as run at once.
const AT_ONCE: usize = 16;
const HANDSHAKES: usize = 500;
/// After so many the node dies.
const KILL_AFTER: usize = 100;

#[tokio::test]
async fn a_node_that_dies_during_500_handshakes_loses_nothing() {
    let Some(mut cluster) = Cluster::start(3).await else {
        return;
    };
    let users = cluster.control().users(50).await;
    let done = AtomicUsize::new(0);
    let again = AtomicUsize::new(0);
    let time = Arc::new(Notify::new());
    let mut victim = cluster.take(1);
    let url = cluster.url();
    let handshakes = stream::iter(0..HANDSHAKES).for_each_concurrent(AT_ONCE, |number| {
        let (user, url, done, again, time) = (&users[number % users.len()], &url, &done, &again, &time);
        async move {
            // A person whose page failed presses again; whoever does it often has found a hole.
            let mut failures = Vec::new();
            loop {
                let tried = if number % 2 == 0 {
                    connect(url, user, WITH).await
                } else {
                    sign_in(url, WITH).await
                };
                match tried {
                    Ok(()) => break,
                    Err(failure) => failures.push(failure),
                }
                assert!(failures.len() < 5, "handshake {number}: {failures:#?}");
            }
            again.fetch_add(failures.len(), Ordering::Relaxed);
            if done.fetch_add(1, Ordering::Relaxed) + 1 == KILL_AFTER {
                time.notify_one();
            }
        }
    });
    let kill = async {
        time.notified().await;
        victim.kill().await;
    };
    tokio::join!(handshakes, kill);
    assert_eq!(done.into_inner(), HANDSHAKES);
    let again = again.into_inner();
    assert!(again <= AT_ONCE, "{again} had to press again");
    whole(&cluster);
}

/// Nothing is half-stored.
fn whole(cluster: &Cluster) {
    for (what, sql) in [
        (
            "a connect that ended well without its account",
            "SELECT COUNT(*) FROM handshakes h WHERE h.user_id IS NOT NULL AND h.ended_at IS NOT NULL AND h.code IS NULL
             AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.user_id = h.user_id AND a.provider = h.provider)",
        ),
        (
            "a sign-up that ended well without its grant",
            "SELECT COUNT(*) FROM handshakes h WHERE h.token_hash IS NOT NULL AND h.ended_at IS NOT NULL
             AND h.code IS NULL AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.code_id = h.code_id)",
        ),
        (
            "a grant without its session",
            "SELECT COUNT(*) FROM grants g WHERE NOT EXISTS (SELECT 1 FROM sessions s WHERE s.id = g.session_id)",
        ),
        (
            "a grant of a sign-up that did not end well",
            "SELECT COUNT(*) FROM grants g JOIN handshakes h USING (code_id) WHERE h.ended_at IS NULL OR h.code IS NOT NULL",
        ),
        (
            "a user without a team",
            "SELECT COUNT(*) FROM users u WHERE NOT EXISTS (SELECT 1 FROM members m WHERE m.user_id = u.id)",
        ),
        (
            "a version without its message",
            "SELECT COUNT(*) FROM users u WHERE u.version - 1 >
             (SELECT COUNT(*) FROM messages m WHERE m.channel = 'user-' || u.id)",
        ),
        (
            "a refresh that is still leased",
            "SELECT COUNT(*) FROM accounts WHERE refreshing_until IS NOT NULL",
        ),
    ] {
        assert_eq!(cluster.database().sql(sql), "0", "{what}");
    }
}

/// A connect, as an agent and a browser do it.
async fn connect(url: &str, user: &SandboxUser, provider: &str) -> Result<(), String> {
    let http = Http::new();
    let start = format!(
        "{url}/provider-auth-code?teamId={}&expiresIn=300000",
        user.team_id
    );
    let made = http.get(&start, Some(&user.access_token)).await;
    let code = made
        .status
        .is_success()
        .then(|| made.json()["code"].as_str().map(str::to_owned));
    let Some(code) = code.flatten() else {
        return Err(format!("no code: {} {}", made.status, made.text));
    };
    approve(&format!("{url}/web/provider-auth/{provider}?code={code}")).await?;
    let me = http
        .get(&format!("{url}/users/me"), Some(&user.access_token))
        .await;
    let account = &me.json()["user"]["providerInfo"][user.team_id.as_str()][provider];
    match account["accessToken"] {
        Value::String(_) => Ok(()),
        _ => panic!("the page says that it is done, and the account is not there: {account}"),
    }
}

/// A sign-in, as an agent and a browser do it.
async fn sign_in(url: &str, provider: &str) -> Result<(), String> {
    let token = Uuid::new_v4();
    let verifier = CodeVerifier::from_entropy(
        [*token.as_bytes(), *Uuid::new_v4().as_bytes()]
            .concat()
            .try_into()
            .expect("32 bytes"),
    );
    let challenge = verifier.challenge();
    let link = format!(
        "{url}/web/provider-auth/{provider}?signupToken={token}&codeChallenge={}&expiresIn=300000",
        challenge.as_str()
    );
    approve(&link).await?;
    let body = json!({"token": token, "codeVerifier": verifier.expose()});
    let answer = Http::new()
        .put(&format!("{url}/no-auth/check-signup"), None, &body)
        .await;
    assert!(
        answer.status.is_success() && answer.json()["accessToken"].is_string(),
        "the page says that it is done, and the poll does not: {} {}",
        answer.status,
        answer.text
    );
    Ok(())
}

async fn approve(link: &str) -> Result<(), String> {
    let page = TestBrowser::new().approve(link).await;
    let done = page.url.path().starts_with("/web/provider-connected")
        || page.url.path().starts_with("/web/provider-auth-complete");
    if page.status.is_success() && done {
        Ok(())
    } else {
        Err(format!("{} {} {}", page.status, page.url.path(), page.text()))
    }
}
