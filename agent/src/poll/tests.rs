use std::collections::VecDeque;
use std::sync::Mutex;

use codestream_protocol::code::ErrorBody;
use serde_json::json;

use super::*;
use crate::api::Refusal;
use crate::clock::TestClock;
use crate::net::NetworkError;

/// Answers in turn, the last one again and again; notes when it was asked.
struct Script {
    answers: Mutex<VecDeque<(Duration, Answer)>>,
    rest: fn() -> Answer,
    began: Instant,
    asked: Mutex<Vec<Duration>>,
}

impl Script {
    fn new(answers: impl IntoIterator<Item = (u64, Answer)>, rest: fn() -> Answer) -> Self {
        Self {
            answers: Mutex::new(
                answers
                    .into_iter()
                    .map(|(secs, answer)| (Duration::from_secs(secs), answer))
                    .collect(),
            ),
            rest,
            began: Instant::now(),
            asked: Mutex::default(),
        }
    }

    fn asked_at(&self) -> Vec<u128> {
        self.asked
            .lock()
            .expect("notes")
            .iter()
            .map(Duration::as_millis)
            .collect()
    }
}

impl Asked for Script {
    async fn ask(&self, _: Option<&str>) -> Answer {
        let asked = {
            let mut asked = self.asked.lock().expect("notes");
            asked.push(self.began.elapsed());
            asked.len()
        };
        assert!(asked < 1000, "asked in a loop");
        let next = self.answers.lock().expect("answers").pop_front();
        let Some((takes, answer)) = next else {
            return (self.rest)();
        };
        sleep(takes).await;
        answer
    }
}

type Answer = Result<Checked, ApiError>;

fn refused(status: u16, code: &str, retry_after: Option<u64>) -> Box<Refusal> {
    Box::new(Refusal {
        status,
        body: ErrorBody {
            code: code.to_owned(),
            message: String::new(),
            info: serde_json::Map::new(),
        },
        retry_after: retry_after.map(Duration::from_secs),
        request_id: None,
    })
}

#[expect(clippy::unnecessary_wraps, reason = "a row of a script is any answer")]
fn not_yet(held: bool) -> Answer {
    Ok(Checked {
        login: Err(refused(403, "AUTH-1006", None)),
        preference_applied: held,
    })
}

fn plain() -> Answer {
    not_yet(false)
}

#[expect(clippy::unnecessary_wraps, reason = "a row of a script is any answer")]
fn granted() -> Answer {
    let login = serde_json::from_value(json!({
        "user": {"id": "0123456789abcdef01234567"}, "accessToken": "t", "teams": [], "providers": {}, "broadcasterToken": "b",
        "socketCluster": {"host": "h", "port": "1"}
    }));
    Ok(Checked {
        login: Ok(login.expect("login data")),
        preference_applied: false,
    })
}

fn offline() -> Answer {
    Err(NetworkError::Timeout { host: "h".into() }.into())
}

async fn run(script: &Script, secs: u64) -> Result<LoginResponse, PollEnd> {
    let clock = TestClock::start();
    let expires_at = clock.now() + Duration::from_secs(secs);
    poll(
        script,
        &clock,
        &Random::seeded(7),
        expires_at,
        &CancellationToken::new(),
        &|_| {},
    )
    .await
}

#[test]
fn every_answer_has_one_meaning() {
    let check = |status, code, retry_after| {
        Ok(Checked {
            login: Err(refused(status, code, retry_after)),
            preference_applied: true,
        })
    };
    let network = |error: NetworkError| Err(ApiError::Network(error));
    let host = || "h".to_owned();
    let table: Vec<(&str, Answer)> = vec![
        ("granted", granted()),
        ("not yet", check(403, "AUTH-1006", None)),
        ("trouble", check(429, "RAPI-1014", Some(3))),
        ("trouble", check(500, "RAPI-1000", None)),
        ("trouble", check(503, "USRC-1023", None)),
        ("end", check(403, "USRC-1023", None)),
        ("end", check(403, "AUTH-1005", None)),
        ("end", check(403, "AUTH-1002", None)),
        ("end", check(403, "PRVD-1006", None)),
        ("end", check(403, "USRC-1006", None)),
        ("end", check(401, "AUTH-1001", None)),
        ("end", check(403, "NEWER-1", None)),
        (
            "trouble",
            Err(ApiError::Unavailable {
                status: 502,
                retry_after: None,
            }),
        ),
        (
            "end",
            Err(ApiError::NotCodeStream {
                status: 404,
                content_type: None,
                moved_to: None,
            }),
        ),
        (
            "end",
            Err(ApiError::Decode {
                path: "/".into(),
                line: 1,
                column: 1,
            }),
        ),
        ("end", Err(ApiError::TooLarge { limit: 1 })),
        ("trouble", network(NetworkError::Dns { host: host() })),
        (
            "trouble",
            network(NetworkError::Connect {
                host: host(),
                reason: host(),
            }),
        ),
        ("trouble", network(NetworkError::Timeout { host: host() })),
        (
            "trouble",
            network(NetworkError::Broken {
                host: host(),
                reason: host(),
            }),
        ),
        (
            "end",
            network(NetworkError::TlsUntrusted {
                host: host(),
                issuer: host(),
            }),
        ),
        (
            "end",
            network(NetworkError::Tls {
                host: host(),
                reason: host(),
            }),
        ),
        ("end", network(NetworkError::ProxyAuth)),
        ("end", network(NetworkError::ProxyNeedsTls { proxy: host() })),
        ("end", network(NetworkError::Setting(host()))),
    ];
    for (expected, answer) in table {
        let shown = format!("{answer:?}");
        let meaning = match classify(answer) {
            Verdict::Granted(_) => "granted",
            Verdict::NotYet { .. } => "not yet",
            Verdict::Trouble { .. } => "trouble",
            Verdict::End(_) => "end",
        };
        assert_eq!(meaning, expected, "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_hold_is_asked_with_delays_from_one_to_five_seconds() {
    let script = Script::new([], plain);
    let end = run(&script, 60).await;
    assert_eq!(end.err(), Some(PollEnd::Expired { trouble: None }));
    let asked = script.asked_at();
    let delays: Vec<_> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for (at, delay) in delays.iter().enumerate() {
        let base = [1000, 1500, 2250, 3375].get(at).copied().unwrap_or(5000);
        assert!(
            (base * 3 / 4..=base * 5 / 4 + 2).contains(delay),
            "{at}: {delay} of {delays:?}"
        );
    }
    assert!(delays.len() >= 10, "{delays:?}");
}

#[tokio::test(start_paused = true)]
async fn a_held_question_is_asked_again_at_once() {
    let script = Script::new([(25, not_yet(true)), (25, not_yet(true)), (4, granted())], plain);
    run(&script, 300).await.expect("a session");
    let asked = script.asked_at();
    assert_eq!(asked.len(), 3);
    assert!(asked[1] < 25_010 && asked[2] < 50_020, "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_only_says_it_held_is_not_asked_in_a_loop() {
    let script = Script::new([], || not_yet(true));
    run(&script, 60).await.expect_err("expired");
    assert!(script.asked_at().len() < 25, "{:?}", script.asked_at());
}

#[tokio::test(start_paused = true)]
async fn retry_after_goes_before_every_delay() {
    let busy = Ok(Checked {
        login: Err(refused(429, "RAPI-1014", Some(20))),
        preference_applied: false,
    });
    let script = Script::new([(0, busy), (0, granted())], plain);
    run(&script, 300).await.expect("a session");
    assert!(
        (20_000..20_010).contains(&script.asked_at()[1]),
        "{:?}",
        script.asked_at()
    );
}

#[tokio::test(start_paused = true)]
async fn trouble_on_the_way_backs_off_to_thirty_seconds_and_is_named_at_the_end() {
    let script = Script::new([], offline);
    let end = run(&script, 300).await.expect_err("expired");
    assert!(
        matches!(
            end,
            PollEnd::Expired {
                trouble: Some(ApiError::Network(_))
            }
        ),
        "{end:?}"
    );
    let asked = script.asked_at();
    let longest = asked
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .max()
        .expect("delays");
    assert!((22_500..=37_502).contains(&longest), "{longest}");
    assert!(asked.len() < 20, "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_does_not_strand_the_sign_in() {
    let script = Script::new([(5, offline()), (0, granted())], plain);
    run(&script, 300).await.expect("a session");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_ends_it_and_says_why() {
    let declined = Ok(Checked {
        login: Err(refused(403, "PRVD-1006", None)),
        preference_applied: true,
    });
    let script = Script::new([(1, declined)], plain);
    let end = run(&script, 300).await.expect_err("declined");
    assert_eq!(end.to_string(), ServerCode::ProviderAuthNotAllowed.message());
    assert_eq!(script.asked_at().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_a_question_in_flight() {
    let script = Script::new([(1000, granted())], plain);
    let began = Instant::now();
    run(&script, 300).await.expect_err("expired");
    assert!(began.elapsed() < Duration::from_secs(301));
}

#[tokio::test(start_paused = true)]
async fn cancelling_ends_a_question_in_flight_at_once() {
    let script = Script::new([(1000, granted())], plain);
    let clock = TestClock::start();
    let cancel = CancellationToken::new();
    let random = Random::seeded(7);
    let expires_at = clock.now() + Duration::from_mins(5);
    let waiting = poll(&script, &clock, &random, expires_at, &cancel, &|_| {});
    let cancelling = async {
        sleep(Duration::from_secs(3)).await;
        cancel.cancel();
    };
    let (end, ()) = tokio::join!(waiting, cancelling);
    assert_eq!(end.err(), Some(PollEnd::Cancelled));
    assert!(script.began.elapsed() < Duration::from_secs(4));
}

#[tokio::test(start_paused = true)]
async fn a_note_is_heard_once_and_the_poll_goes_on() {
    let noted = || {
        let mut refusal = refused(403, "AUTH-1006", None);
        refusal
            .body
            .info
            .insert("note".to_owned(), json!("Opened elsewhere."));
        Ok(Checked {
            login: Err(refusal),
            preference_applied: true,
        })
    };
    let script = Script::new([(0, noted()), (25, noted())], granted);
    let heard = Mutex::new(Vec::new());
    let clock = TestClock::start();
    let expires_at = clock.now() + Duration::from_mins(5);
    let hear = |note: &str| heard.lock().expect("notes").push(note.to_owned());
    let (random, cancel) = (Random::seeded(7), CancellationToken::new());
    let login = poll(&script, &clock, &random, expires_at, &cancel, &hear).await;
    assert!(login.is_ok(), "{login:?}");
    assert_eq!(*heard.lock().expect("notes"), ["Opened elsewhere."]);
}
