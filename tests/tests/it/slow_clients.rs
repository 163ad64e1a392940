//! Clients that never finish, never read or never go: they are closed in time, and nobody else is kept out by them (CWE-400,
//! CWE-770, CWE-772).

use codestream_protocol::lsp::attempt::Outcome;
use e2e::{Http, Raw, Socket, Stub};
use futures_util::future::{join_all, select};
use serde_json::json;

use crate::scene::Scene;

const STATUS: &str = "GET /no-auth/status HTTP/1.1\r\nHost: a\r\n\r\n";
const CAPABILITIES: &str = "GET /no-auth/capabilities HTTP/1.1\r\nHost: a\r\n\r\n";
/// Times that are over only when nothing else ends a connection first.
const LONG: &str = "headSeconds = 3600\nkeepAliveSeconds = 3600\n";

async fn limited(limits: &str) -> Stub {
    let stub = Stub::builder().single().args(["--metrics-listen", "127.0.0.1:0"]);
    stub.configured(&format!("[limits]\n{limits}")).start().await
}

/// The head of a request with a body, which the server asks for once the request is under way.
fn poll(client: &str, length: usize) -> String {
    format!(
        "PUT /no-auth/check-signup HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {client}\r\n\
         Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
    )
}

async fn in_flight(stub: &Stub, client: &str, length: usize) -> Raw {
    let mut raw = Raw::sending(stub.api(), &poll(client, length)).await;
    raw.until("HTTP/1.1 100 Continue\r\n\r\n").await;
    raw
}

async fn metric(stub: &Stub, name: &str) -> u64 {
    let origin = stub.ready().metrics.clone().expect("metrics");
    let text = stub.http().get(&format!("{origin}/metrics"), None).await.text;
    let value = text.lines().find_map(|line| line.strip_prefix(name));
    value.map_or(0, |value| value.trim().parse().expect("a number"))
}

fn is_busy(answer: &str) -> bool {
    let answer = answer.to_ascii_lowercase();
    answer.starts_with("http/1.1 503 ")
        && answer.contains("\r\nretry-after: 10\r\n")
        && answer.contains("\r\nconnection: close\r\n")
}

#[tokio::test]
async fn half_a_head_is_closed() {
    let stub = limited("headSeconds = 1\nkeepAliveSeconds = 3600").await;
    let origins = [
        stub.api(),
        stub.sandbox(),
        stub.ready().metrics.as_deref().expect("metrics"),
    ];
    for origin in origins {
        let heads = ["", "G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: "];
        join_all(heads.map(async |head| {
            let mut raw = Raw::sending(origin, head).await;
            assert_eq!(raw.end().await, "", "{head:?}");
        }))
        .await;
    }
    // The head of a second request has no more time than the first.
    let mut raw = Raw::sending(stub.api(), STATUS).await;
    raw.until("\r\n\r\nOK").await;
    raw.send("GET /").await;
    assert_eq!(raw.end().await, "");
    assert_eq!(
        metric(&stub, "codestream_client_timeouts_total{timer=\"head\"}").await,
        13
    );
}

#[tokio::test]
async fn half_a_body_gets_408_and_is_closed() {
    let stub = limited(&format!("{LONG}bodyIdleSeconds = 1")).await;
    let route = "PUT /no-auth/check-signup HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";
    let bodies = [
        "Content-Length: 100\r\n\r\n",
        "Content-Length: 100\r\n\r\n{\"token\":",
        "Transfer-Encoding: chunked\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
        "Transfer-Encoding: chunked\r\n\r\nffff\r\n{",
    ];
    join_all(bodies.map(async |body| {
        let mut raw = Raw::sending(stub.api(), &format!("{route}{body}")).await;
        let answer = raw.end().await.to_ascii_lowercase();
        assert!(answer.starts_with("http/1.1 408 "), "{body:?}: {answer}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    }))
    .await;
    let mut control = Raw::sending(
        stub.sandbox(),
        "POST /sandbox/control/users HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: 100\r\n\r\n{",
    )
    .await;
    let answer = control.end().await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert_eq!(
        metric(&stub, "codestream_client_timeouts_total{timer=\"body\"}").await,
        6
    );
}

/// RFC 9112 9.5.
#[tokio::test]
async fn an_idle_connection_is_closed() {
    let stub = limited("headSeconds = 3600\nkeepAliveSeconds = 1").await;
    let mut raw = Raw::sending(stub.api(), STATUS).await;
    raw.until("\r\n\r\nOK").await;
    assert_eq!(raw.end().await, "");
    assert_eq!(
        metric(&stub, "codestream_client_timeouts_total{timer=\"keepAlive\"}").await,
        1
    );
}

/// Six connections of it held 350 MB.
#[tokio::test]
async fn http_2_is_refused_at_once() {
    let stub = limited(LONG).await;
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0";
    for origin in [stub.api(), stub.sandbox()] {
        let mut raw = Raw::sending(origin, preface).await;
        let answer = raw.end().await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_is_closed() {
    let stub = limited(&format!("{LONG}writeIdleSeconds = 1")).await;
    let mut raw = Raw::connect(stub.api()).await;
    let many = CAPABILITIES.repeat(100);
    while raw.try_send(&many).await.is_ok() {}
    assert_eq!(
        metric(&stub, "codestream_client_timeouts_total{timer=\"write\"}").await,
        1
    );
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let stub = limited(LONG).await;
    let long = "a".repeat(40 * 1024);
    let lines: Vec<_> = (0..101).map(|number| format!("X-{number}: a\r\n")).collect();
    let many = lines.concat();
    for headers in [format!("X: {long}\r\n"), many] {
        let request = format!("GET /no-auth/status HTTP/1.1\r\nHost: a\r\n{headers}\r\n");
        let mut raw = Raw::sending(stub.api(), &request).await;
        let answer = raw.end().await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer:?}");
    }
}

#[tokio::test]
async fn one_too_many_gets_503_and_the_status_is_answered_all_the_same() {
    let stub = limited(&format!("{LONG}connections = 4")).await;
    let _held = join_all([(); 4].map(async |()| {
        let mut raw = Raw::sending(stub.api(), STATUS).await;
        raw.until("\r\n\r\nOK").await;
        raw
    }))
    .await;
    let _silent = join_all([(); 40].map(async |()| Raw::connect(stub.api()).await)).await;
    let mut refused = Raw::sending(stub.api(), CAPABILITIES).await;
    let answer = refused.end().await;
    assert!(is_busy(&answer), "{answer}");
    let answer = Raw::sending(stub.api(), STATUS).await.end().await;
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\nOK"),
        "{answer}"
    );
    assert_eq!(
        metric(&stub, "codestream_limit_refusals_total{limit=\"connections\"}").await,
        42
    );
    let log = stub.log();
    let said = log
        .lines()
        .filter(|line| line.contains("a limit is reached"))
        .count();
    assert_eq!(said, 1, "once, however many: {log}");
}

#[tokio::test]
async fn an_address_that_takes_too_much_is_refused_and_a_sign_in_of_another_goes_on() {
    let builder = Stub::builder().single();
    let mut scene = Scene::of(builder.configured("[limits]\nconnectionsPerAddress = 3\n")).await;
    let ide = scene.signed_out().await;
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    let stub = &scene.stub;
    // Behind a proxy, and in one network of IPv6: whoever asks is told apart by it.
    for [first, second, other] in [
        ["203.0.113.9", "203.0.113.9", "203.0.113.10"],
        ["2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:2::1"],
    ] {
        let _held = [
            in_flight(stub, first, 100).await,
            in_flight(stub, second, 100).await,
            in_flight(stub, first, 100).await,
        ];
        let answer = Raw::sending(stub.api(), &poll(second, 100)).await.end().await;
        assert!(is_busy(&answer), "{answer}");
        let status = STATUS.replace("Host: a", &format!("Host: a\r\nX-Forwarded-For: {first}"));
        Raw::sending(stub.api(), &status).await.until("\r\n\r\nOK").await;
        in_flight(stub, other, 100).await;
    }
    stub.logs("a limit is reached").await;
    scene.browser.approve(&started.url).await;
    ide.logged_in().await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::SignedIn);
    ide.finish().await;
}

#[tokio::test]
async fn bytes_that_are_held_are_limited() {
    let limits = "bodyBytes = 524288\nbodyBytesPerAddress = 262144";
    let stub = limited(&format!("{LONG}{limits}")).await;
    let part = "a".repeat(200_000);
    let [mut first, mut second] = [
        in_flight(&stub, "203.0.113.9", 250_000).await,
        in_flight(&stub, "203.0.113.9", 250_000).await,
    ];
    // The second may be refused while it still sends.
    let _ = (first.try_send(&part).await, second.try_send(&part).await);
    // Either of them, whichever comes last.
    let refused = select(Box::pin(first.end()), Box::pin(second.end())).await;
    let answer = refused.factor_first().0;
    assert!(is_busy(&answer), "{answer}");
    let mut other = in_flight(&stub, "203.0.113.10", 2).await;
    other.send("{}").await;
    let answer = other.until("\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 4"), "it is read: {answer}");
    let limit = "codestream_limit_refusals_total{limit=\"bodyBytesPerAddress\"}";
    assert_eq!(metric(&stub, limit).await, 1);
}

#[tokio::test]
async fn a_sign_in_goes_on_once_slow_clients_have_been_closed() {
    let limits = "[limits]\nconnections = 40\nheadSeconds = 1\n";
    let mut scene = Scene::of(Stub::builder().single().configured(limits)).await;
    let ide = scene.signed_out().await;
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    let slow = (0..200).map(async |_| Raw::sending(scene.stub.api(), "GET / HT").await);
    let slow = join_all(slow).await;
    let status = Raw::sending(scene.stub.api(), STATUS)
        .await
        .until("\r\n\r\nOK")
        .await;
    assert!(status.starts_with("HTTP/1.1 200 "), "{status}");
    join_all(slow.into_iter().map(async |mut raw| raw.end().await)).await;
    scene.browser.approve(&started.url).await;
    ide.logged_in().await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::SignedIn);
    ide.finish().await;
}

#[tokio::test]
async fn few_descriptors_are_not_used_up_by_connections() {
    let stub = Stub::builder().single().descriptors(64);
    let stub = stub.configured(&format!("[limits]\n{LONG}")).start().await;
    let _slow = join_all((0..200).map(async |_| Raw::sending(stub.api(), "GET / HT").await)).await;
    let answer = Raw::sending(stub.api(), STATUS).await.end().await;
    assert!(answer.ends_with("\r\n\r\nOK"), "{answer}");
    let log = stub.log();
    assert!(
        log.contains("the limit of open descriptors allows fewer connections"),
        "{log}"
    );
    assert!(log.contains("a limit is reached"), "{log}");
    assert!(!log.contains("cannot be accepted"), "{log}");
}

/// The soft limit is raised, as far as it may be.
#[tokio::test]
async fn a_soft_limit_of_descriptors_is_no_limit() {
    use rustix::process::{Resource, getrlimit};
    if getrlimit(Resource::Nofile)
        .maximum
        .is_some_and(|most| most < 1024)
    {
        return;
    }
    let stub = Stub::builder().single().soft_descriptors(64);
    let stub = stub.configured(&format!("[limits]\n{LONG}")).start().await;
    let slow = (0..200).map(async |_| {
        let mut raw = Raw::sending(stub.api(), STATUS).await;
        raw.until("\r\n\r\nOK").await;
        raw
    });
    let held = join_all(slow).await;
    assert_eq!(held.len(), 200, "all of them at once");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn without_a_descriptor_it_says_so_and_accepts_once_there_is_one() {
    use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
    let stub = limited(LONG).await;
    let process = i32::try_from(stub.id()).ok().and_then(Pid::from_raw);
    let limit = |current| {
        let maximum = getrlimit(Resource::Nofile).maximum;
        prlimit(process, Resource::Nofile, Rlimit { current, maximum }).expect("its parent may")
    };
    let before = limit(Some(3));
    let mut waiting = Raw::sending(stub.api(), STATUS).await;
    stub.logs("connections cannot be accepted").await;
    limit(before.current);
    waiting.until("\r\n\r\nOK").await;
    assert!(metric(&stub, "codestream_accept_failures_total").await > 0);
    let said = stub.log().matches("cannot be accepted").count();
    assert_eq!(said, 1, "once, however often");
}

#[tokio::test]
async fn a_held_poll_and_a_socket_outlive_every_deadline() {
    let limits = "headSeconds = 1\nbodyIdleSeconds = 1\nbodySeconds = 1\nkeepAliveSeconds = 1\n\
                  writeIdleSeconds = 1\nwriteSeconds = 1\n";
    let stub = limited(limits).await;
    let user = stub.control().user().await;
    let mut socket = Socket::listening(&stub.ready().channel, &user).await;
    let request = stub
        .http()
        .request(reqwest::Method::PUT, &stub.url("/no-auth/check-signup"));
    let token = uuid::Uuid::new_v4().to_string();
    let held = request.header("prefer", "wait=3").json(&json!({"token": token}));
    let answer = Http::send(held).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("preference-applied")),
        (403, "wait=3"),
        "{}",
        answer.text
    );
    // By now every deadline has passed three times.
    stub.control()
        .publish(&format!("user-{}", user.user_id), json!({"late": true}))
        .await;
    let message = socket.find(|packet| packet["event"] == "#publish").await;
    assert!(message.to_string().contains("late"), "{message}");
}

/// RFC 9112 9.6.
#[tokio::test]
async fn a_server_that_stops_says_so_on_its_last_response_and_waits_for_nobody_who_is_idle() {
    let stub = limited(LONG).await;
    let mut idle = Raw::sending(stub.api(), STATUS).await;
    idle.until("\r\n\r\nOK").await;
    let mut half = Raw::sending(stub.api(), "GET / HT").await;
    let body = json!({"token": uuid::Uuid::new_v4().to_string()}).to_string();
    let request = poll("203.0.113.9", body.len()).replace("Host: a", "Host: a\r\nPrefer: wait=25");
    let mut held = Raw::sending(stub.api(), &request).await;
    held.until("HTTP/1.1 100 Continue\r\n\r\n").await;
    held.send(&body).await;
    let (code, log) = stub.stop().await;
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains("still in flight"), "{log}");
    let last = held.end().await.to_ascii_lowercase();
    assert!(
        last.starts_with("http/1.1 403 ") && last.contains("\r\nconnection: close\r\n"),
        "{last}"
    );
    assert_eq!(
        (idle.end().await, half.end().await),
        (String::new(), String::new())
    );
}
