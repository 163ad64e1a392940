//! Several environments behind one callback host and one internal host: the real nginx, three stubs.

use codestream_protocol::lsp::attempt::Outcome;
use e2e::{Environments, FaultProxy, HeadlessIde, Http, Nginx, Stub, StubBuilder, TestBrowser};
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use crate::scene::listening;

/// Every service that sends a state back.
const WITH_STATE: [&str; 11] = [
    "asana",
    "azuredevops",
    "bitbucket",
    "github",
    "gitlab",
    "intercom",
    "jira",
    "linear",
    "msteams",
    "slack",
    "trello",
];

/// Those whose app may have one fixed callback host alone.
const RESTRICTIVE: [&str; 2] = ["msteams", "slack"];

/// These services come back through the callback host.
fn through_callback_host(stub: StubBuilder, services: &[&str]) -> StubBuilder {
    services.iter().fold(stub, |stub, service| {
        let name = format!("CODESTREAM_PROVIDER_{}_CALLBACK", service.to_uppercase());
        stub.env(&name, "authOrigin")
    })
}

async fn three(services: &[&str]) -> Option<Environments> {
    Environments::start(&["local", "pd", "qa"], |_, stub| {
        through_callback_host(stub, services)
    })
    .await
}

async fn signed_in(stub: &Stub) -> HeadlessIde {
    let user = stub.control().user().await;
    let ide = HeadlessIde::builder(stub.api())
        .session(&user.access_token)
        .start()
        .await;
    ide.logged_in().await;
    listening(&ide).await;
    ide
}

/// Connects, and gives the URLs on `host` that the browser went through.
async fn connect(ide: &HeadlessIde, browser: &mut TestBrowser, service: &str, host: &str) -> Vec<Url> {
    let before = browser.trail().len();
    let started = ide.connect(service).await.expect("a link");
    ide.opened().await;
    browser.approve(&started.url).await;
    let end = ide.end_of(started.attempt_id).await;
    assert_eq!(end.outcome, Outcome::Connected, "{service}: {end:?}");
    let trail = &browser.trail()[before..];
    let through = trail.iter().map(|hop| hop.url.clone());
    through.filter(|url| url.as_str().starts_with(host)).collect()
}

#[tokio::test]
async fn every_service_that_carries_a_state_comes_back_through_the_callback_host() {
    let services: Vec<_> = WITH_STATE.into_iter().chain(["newrelic"]).collect();
    let Some(environments) = three(&services).await else {
        return;
    };
    let ide = signed_in(environments.stub("pd")).await;
    let mut browser = TestBrowser::new();
    let host = environments.callback();
    for service in WITH_STATE {
        let through = connect(&ide, &mut browser, service, &host).await;
        let paths: Vec<_> = through.iter().map(Url::path).collect();
        assert_eq!(paths, [format!("/no-auth/provider-token/{service}")], "{service}");
    }
    // Its identity provider sends no state back, so nothing could tell the environment.
    let through = connect(&ide, &mut browser, "newrelic", &host).await;
    assert_eq!(through, []);
    let returned = environments.stub("pd").url("/~nrlogin/");
    assert!(
        browser
            .trail()
            .iter()
            .any(|hop| hop.url.as_str().starts_with(&returned))
    );
    ide.finish().await;
}

#[tokio::test]
async fn each_environment_gets_its_own_callbacks_and_the_others_services_stay_direct() {
    let Some(environments) = three(&RESTRICTIVE).await else {
        return;
    };
    let host = environments.callback();
    let mut browser = TestBrowser::new();
    for name in ["local", "pd", "qa"] {
        let stub = environments.stub(name);
        let ide = HeadlessIde::builder(stub.api()).start().await;
        let started = ide.sign_up("slack").await.expect("a link");
        ide.opened().await;
        let before = browser.trail().len();
        browser.approve(&started.url).await;
        let through = browser.trail()[before..]
            .iter()
            .filter(|hop| hop.url.as_str().starts_with(&host));
        assert_eq!(through.count(), 1, "{name}");
        ide.logged_in().await;
        assert_eq!(
            ide.end_of(started.attempt_id).await.outcome,
            Outcome::SignedIn,
            "{name}"
        );
        listening(&ide).await;
        for (service, hops) in [("msteams", 1), ("github", 0), ("trello", 0)] {
            let through = connect(&ide, &mut browser, service, &host).await;
            assert_eq!(through.len(), hops, "{name} {service}");
        }
        ide.finish().await;
    }
}

#[tokio::test]
async fn a_third_party_with_one_callback_host_takes_no_environments_own() {
    let Some(environments) = three(&RESTRICTIVE).await else {
        return;
    };
    let stub = environments.stub("pd");
    let ide = signed_in(stub).await;
    for service in RESTRICTIVE {
        let started = ide.connect(service).await.expect("a link");
        ide.opened().await;
        let mut browser = TestBrowser::new();
        let page = browser.consent_page(&started.url, None).await;
        let asked = browser
            .trail()
            .iter()
            .find(|hop| hop.url.query_pairs().any(|(name, _)| name == "redirect_uri"))
            .expect("an authorization request")
            .url
            .clone();
        let own = stub.url(&format!("/no-auth/provider-token/{service}"));
        let pairs: Vec<_> = asked
            .query_pairs()
            .map(|(name, value)| {
                let value = if name == "redirect_uri" {
                    own.clone()
                } else {
                    value.into_owned()
                };
                (name.into_owned(), value)
            })
            .collect();
        let mut direct = asked;
        direct.query_pairs_mut().clear().extend_pairs(pairs);
        let refused = Http::new().get(direct.as_str(), None).await;
        assert_eq!(refused.header("location"), "", "{service}");
        assert!(
            refused.text.contains("bad_redirect_uri") || refused.text.contains("AADSTS50011"),
            "{service}: {}",
            refused.text
        );
        browser.press(&page, "approve").await;
        let end = ide.end_of(started.attempt_id).await;
        assert_eq!(
            end.outcome,
            Outcome::Connected,
            "{service}, through the shared host: {end:?}"
        );
    }
    ide.finish().await;
}

#[tokio::test]
async fn the_redirect_uri_is_the_same_at_authorize_exchange_and_refresh() {
    let Some(environments) = three(&["gitlab"]).await else {
        return;
    };
    let stub = environments.stub("qa");
    let fault = json!({"tokens": {"provider": "gitlab", "expiring": true}});
    stub.control().fault(fault).await;
    let ide = signed_in(stub).await;
    connect(&ide, &mut TestBrowser::new(), "gitlab", "").await;
    let fault = json!({"tokens": {"provider": "gitlab", "expireAll": true}});
    stub.control().fault(fault).await;
    ide.me("gitlab").await.expect("refreshed");
    let requests = stub.control().requests("gitlab").await;
    let expected = format!("{}/no-auth/provider-token/gitlab", environments.callback());
    let named = |request: &&Value| {
        request["path"]
            .as_str()
            .is_some_and(|path| path.contains("/oauth/"))
    };
    let mut seen = Vec::new();
    for request in requests.iter().filter(named) {
        let (query, body) = (
            &request["query"]["redirect_uri"],
            &request["body"]["redirect_uri"],
        );
        for uri in [query, body].into_iter().filter(|uri| !uri.is_null()) {
            assert_eq!(uri, &expected, "{request}");
            seen.push(
                request["body"]["grant_type"]
                    .as_str()
                    .unwrap_or("authorize")
                    .to_owned(),
            );
        }
    }
    assert_eq!(seen, ["authorize", "authorization_code", "refresh_token"]);
    ide.finish().await;
}

#[tokio::test]
async fn a_callback_of_no_known_environment_gets_a_page_and_goes_nowhere() {
    let Some(environments) = three(&[]).await else {
        return;
    };
    let http = Http::new();
    let callback = format!("{}/no-auth/provider-token/github", environments.callback());
    let own = environments.stub("pd").url("/no-auth/provider-token/github");
    for query in [
        "code=c&state=pd!a.b.c",
        "state=pd%21a.b.c!git&code=%2B+%20&x=%00",
        "state=pd!",
    ] {
        let answer = http.get(&format!("{callback}?{query}"), None).await;
        assert_eq!(answer.status, 302, "{query}");
        assert_eq!(
            answer.header("location"),
            format!("{own}?{query}"),
            "the query is passed on as it is"
        );
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
    }
    // The redirect URI of a host, each character of which outlives the way.
    let host = "/git*example*com:8443/git";
    let query = "code=c&state=pd!a.b.c!git";
    let answer = http.get(&format!("{callback}{host}?{query}"), None).await;
    assert_eq!(answer.header("location"), format!("{own}{host}?{query}"));
    for query in [
        "",
        "?code=c",
        "?code=c&state=",
        "?code=c&state=prod!a.b.c",
        "?code=c&state=pdx!a.b.c",
        "?code=c&state=xpd!a.b.c",
        "?code=c&state=pd",
        "?code=c&state=pd.a!b",
        "?code=c&state=http://evil.example!a",
        "?code=c&xstate=pd!a",
    ] {
        let answer = http.get(&format!("{callback}{query}"), None).await;
        assert_eq!(answer.status, 400, "{query}");
        assert_eq!(answer.header("location"), "", "{query}");
        assert!(answer.header("content-type").starts_with("text/html"), "{query}");
        assert!(
            answer.text.contains("Start again from your IDE"),
            "{}",
            answer.text
        );
    }
}

#[tokio::test]
async fn neither_host_has_a_route_of_the_other_or_any_more() {
    let Some(environments) = three(&[]).await else {
        return;
    };
    let http = Http::new();
    let callback = format!("{}/no-auth/provider-token/github", environments.callback());
    let good = "?code=c&state=pd!a.b.c";
    for (method, url, status) in [
        (Method::POST, format!("{callback}{good}"), 405),
        (Method::GET, format!("{callback}/X{good}"), 404),
        (Method::GET, format!("{callback}/x%20y{good}"), 404),
        // A line of its own in the answer's head (CWE-113).
        (Method::GET, format!("{callback}%0A{good}"), 404),
        (Method::GET, format!("{callback}/x%0A{good}"), 404),
        (
            Method::GET,
            format!("{}/web/provider-auth/github{good}", environments.callback()),
            404,
        ),
        (
            Method::GET,
            format!("{}/~nrlogin/x", environments.callback()),
            404,
        ),
        (Method::GET, format!("{}/", environments.callback()), 404),
        (
            Method::POST,
            format!("{}/pd/no-auth/provider-action/slack", environments.callback()),
            404,
        ),
        (
            Method::POST,
            format!("{}/no-auth/provider-action/slack", environments.callback()),
            404,
        ),
        (
            Method::GET,
            format!("{}/no-auth/provider-token/github{good}", environments.internal()),
            404,
        ),
        (
            Method::GET,
            format!(
                "{}/pd/no-auth/provider-token/github{good}",
                environments.internal()
            ),
            404,
        ),
        (
            Method::POST,
            format!("{}/no-auth/provider-action/slack", environments.internal()),
            404,
        ),
        (Method::POST, environments.action("prod", "slack"), 404),
        (Method::POST, environments.action("pd", "slack/x"), 404),
        (Method::POST, environments.action("pd", "github"), 404),
        (
            Method::POST,
            format!("{}?code=c", environments.action("pd", "slack")),
            404,
        ),
        (
            Method::GET,
            format!("{}/pd/no-auth/status", environments.internal()),
            404,
        ),
    ] {
        let answer = http.call(method, &url, None, &Value::Null).await;
        assert_eq!(answer.status, status, "{url}");
    }
}

#[tokio::test]
async fn nothing_of_a_callback_is_in_a_log_when_its_node_dies_under_it() {
    let Some(mut environments) = three(&["github"]).await else {
        return;
    };
    let stub = environments.stub("local");
    let delay = json!({"route": {"path": "/no-auth/provider-token", "delayMs": 60_000}});
    stub.control().fault(delay).await;
    let ide = signed_in(stub).await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    let mut browser = TestBrowser::new();
    let page = browser.consent_page(&started.url, None).await;
    let callback = browser.press_and_stop(&page, "approve").await;
    let http = Http::new();
    let sent_on = http.get(callback.as_str(), None).await;
    assert_eq!(sent_on.status, 302);
    let own = sent_on.header("location").to_owned();
    let waiting = http.request(Method::GET, &own).send();
    let (lost, ()) = tokio::join!(waiting, async {
        // The proxy's answer came, and the node has the request or is about to have it.
        environments.kill("local").await;
    });
    assert!(lost.is_err(), "the node died with the callback in its hands");
    assert_eq!(
        http.get(callback.as_str(), None).await.status,
        302,
        "nginx does not need it"
    );
    let action = environments.action("local", "slack-events");
    let answer = http
        .call(
            Method::POST,
            &action,
            Some("canary-bearer"),
            &json!({"token": "canary-body"}),
        )
        .await;
    assert_eq!(
        answer.status, 502,
        "a dead environment makes the third party try again"
    );

    let written = environments.log();
    assert!(
        written.contains("GET /no-auth/provider-token/github 302"),
        "{written}"
    );
    assert!(
        written.contains("POST /local/no-auth/provider-action/slack-events 502"),
        "{written}"
    );
    assert!(
        written.contains("Connection refused"),
        "the dead environment is told of: {written}"
    );
    let query = callback.query().expect("a query");
    let secrets: Vec<_> = callback
        .query_pairs()
        .flat_map(|(_, value)| value.split(['!', '.']).map(str::to_owned).collect::<Vec<_>>())
        .filter(|part| part.len() > 6)
        .collect();
    assert!(secrets.len() >= 4, "a code and the parts of a state: {query}");
    for secret in
        secrets
            .iter()
            .map(String::as_str)
            .chain(["state=", "code=", "canary-body", "canary-bearer"])
    {
        assert!(!written.contains(secret), "{secret} in\n{written}");
    }
    ide.kill().await;
}

#[tokio::test]
async fn server_to_server_calls_reach_their_environment_byte_for_byte() {
    let Some(environments) = three(&[]).await else {
        return;
    };
    let proxy = FaultProxy::start().await;
    proxy.forward_to(environments.stub("pd").api());
    let port = Nginx::free("127.0.0.1:0").port();
    let nginx = Environments::front(port, &[("behind", &proxy.url())]).await;
    let body: Vec<u8> = (0..=255).chain(b"\r\n%21 {\"a\": 1}\0".iter().copied()).collect();
    let sent = [
        ("x-slack-request-timestamp", "1531420618"),
        ("x-slack-signature", "v0=a2114d57"),
        ("x-slack-retry-num", "1"),
        ("authorization", "Bearer ey.J.x"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("user-agent", "Slackbot 1.0 (+https://api.slack.com/robots)"),
        ("x_underscored", "kept"),
        ("accept-encoding", "gzip,deflate"),
    ];
    let url = Environments::action_at(port, "behind", "slack");
    let mut request = Http::new().request(Method::POST, &url).body(body.clone());
    for (name, value) in sent {
        request = request.header(name, value);
    }
    let answer = Http::send(request).await;
    assert_eq!(answer.status, 403, "{}", answer.text);
    assert_eq!(answer.code(), "RAPI-1003", "the environment's own answer");
    let seen = proxy.answered("/no-auth/provider-action/slack", 1).await;
    assert_eq!(seen.body, body);
    for (name, value) in sent {
        assert_eq!(seen.header(name), Some(value), "{name}");
    }
    let mut beside: Vec<_> = seen.headers.iter().map(|(name, _)| name.as_str()).collect();
    beside.retain(|name| !sent.iter().any(|(known, _)| known == name));
    beside.sort_unstable();
    assert_eq!(beside, ["accept", "content-length", "host"], "nothing is added");
    // It is written once the answer is out.
    let logged = async {
        while !nginx
            .log()
            .contains("POST /behind/no-auth/provider-action/slack 403")
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(e2e::PATIENCE, logged)
        .await
        .expect("a line of its log");
}

#[tokio::test]
async fn an_environment_that_does_not_answer_in_time_makes_the_third_party_try_again() {
    let Some(environments) = three(&[]).await else {
        return;
    };
    let stub = environments.stub("qa");
    let delay = json!({"route": {"path": "/no-auth/provider-action", "delayMs": 30_000}});
    stub.control().fault(delay).await;
    let answer = Http::new()
        .call(
            Method::POST,
            &environments.action("qa", "slack-events"),
            None,
            &json!({}),
        )
        .await;
    assert_eq!(answer.status, 504);
    // The others are not held up.
    let other = Http::new()
        .call(
            Method::POST,
            &environments.action("pd", "slack-events"),
            None,
            &json!({}),
        )
        .await;
    assert_eq!(other.status, 403);
}

#[tokio::test]
async fn what_nginx_could_misread_is_refused_in_one_line() {
    let home = e2e::Home::new();
    for (options, said) in [
        (vec![], "at least one environment"),
        (vec!["--environment", "pd"], "NAME=URL"),
        (vec!["--environment", "pd=https://a/b"], "origin without a path"),
        (
            vec!["--environment", "pd=https://a", "--listen", "80; evil"],
            "--listen",
        ),
        (
            vec!["--environment", "pd=https://a", "--callback-host", "a b"],
            "name of a host",
        ),
    ] {
        let mut command = home.command(&e2e::bin("codestream-server-stub"));
        command.arg("nginx-config").args(options);
        let output = e2e::run(command).await;
        assert_eq!(output.code, Some(2), "{}", output.stderr);
        assert!(
            output.stderr.contains(said) && output.stderr.lines().count() == 1,
            "{}",
            output.stderr
        );
        assert_eq!(output.stdout, "");
    }
}
