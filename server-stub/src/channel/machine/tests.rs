use std::time::Duration;

use codestream_protocol::channel::{ChannelName, Packet, close, decode};
use codestream_protocol::secret::ChannelJwt;
use codestream_protocol::{TeamId, UnixMillis, UserId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::channel::pass::session_over;
use crate::store::SessionId;

const START: UnixMillis = UnixMillis(1_795_476_600_000);

fn at(seconds: f64) -> Now {
    let since_open = Duration::from_secs_f64(seconds);
    Now {
        since_open,
        calendar: START + since_open,
    }
}

fn user() -> UserId {
    UserId::from_bytes([1; 12])
}

fn mine() -> ChannelName {
    ChannelName::User(user())
}

fn identity() -> Identity {
    Identity {
        session: SessionId(Uuid::from_u128(1)),
        user: user(),
        expires_at: START + Duration::from_hours(24),
    }
}

/// A machine and everything it has said.
struct Bench(Option<Machine>);

impl Bench {
    fn fresh() -> Self {
        Self(Some(Machine::new("OKZVFn3HetdpNd64AAAA".to_owned())))
    }

    fn open() -> Self {
        let mut bench = Self::fresh();
        bench.frame(r##"{"event":"#handshake","data":{"authToken":null},"cid":1}"##);
        bench
    }

    fn signed_in() -> Self {
        let mut bench = Self::open();
        bench.step(Input::Found(Found::Login(
            None,
            Ok((identity(), ChannelJwt::new("jwt"))),
        )));
        bench
    }

    fn subscribed() -> Self {
        let mut bench = Self::signed_in();
        bench.step(Input::Found(Found::Subscribe(None, mine(), Ok(()))));
        bench
    }

    fn step_at(&mut self, input: Input, now: Now) -> Vec<Effect> {
        let machine = self.0.take().expect("a machine");
        let (machine, effects) = machine.step(input, now);
        self.0 = Some(machine);
        effects
    }

    fn step(&mut self, input: Input) -> Vec<Effect> {
        self.step_at(input, at(0.5))
    }

    fn frame(&mut self, text: &str) -> Vec<Effect> {
        decode(text)
            .into_iter()
            .flat_map(|packet| self.step(Input::Packet(packet)))
            .collect()
    }

    fn call(&mut self, event: &str, data: Value) -> Vec<Effect> {
        self.step(Input::Packet(Packet::Call {
            event: event.to_owned(),
            data,
            cid: json!(9),
        }))
    }

    fn deadline(&self) -> Duration {
        self.0.as_ref().expect("a machine").deadline()
    }
}

/// The frames among the effects, as they are sent.
fn sent(effects: &[Effect]) -> Vec<String> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Send(packet) => Some(packet.encode()),
            _ => None,
        })
        .collect()
}

fn refused(effects: &[Effect]) -> String {
    match effects {
        [
            Effect::Send(Packet::Answer {
                result: Err(error), ..
            }),
        ] => error["message"].as_str().unwrap_or_default().to_owned(),
        other => panic!("no refusal: {other:?}"),
    }
}

#[test]
fn a_handshake_is_answered_with_id_and_ping_timeout_however_often() {
    let answer =
        r#"{"rid":1,"data":{"id":"OKZVFn3HetdpNd64AAAA","pingTimeout":20000,"isAuthenticated":false}}"#;
    let mut bench = Bench::fresh();
    for frame in [
        r##"{"event":"#handshake","data":{"authToken":null},"cid":1}"##,
        r##"{"event":"#handshake","cid":1}"##,
        r##"{"event":"#handshake","data":7,"cid":1}"##,
    ] {
        assert_eq!(sent(&bench.frame(frame)), [answer], "{frame}");
    }
}

#[test]
fn any_other_frame_before_the_handshake_closes_with_4009() {
    for frame in [
        "",
        r#"{"event":"auth","cid":1}"#,
        r##"{"event":"#subscribe"}"##,
        r#"{"rid":1}"#,
    ] {
        let effects = Bench::fresh().frame(frame);
        assert_eq!(effects, [Effect::Close(close::BEFORE_HANDSHAKE)], "{frame}");
    }
    assert_eq!(Bench::fresh().frame("junk"), []);
}

#[test]
fn a_good_jwt_authenticates_and_a_bad_one_is_forgotten() {
    let mut bench = Bench::fresh();
    let asked = bench.frame(r##"{"event":"#handshake","data":{"authToken":"j"},"cid":36}"##);
    assert!(matches!(asked[..], [Effect::Ask(Question::Handshake { .. })]));
    let good = bench.step(Input::Found(Found::Handshake(Some(json!(36)), Ok(identity()))));
    assert!(sent(&good)[0].contains(r#""isAuthenticated":true"#));
    let bad = bench.step(Input::Found(Found::Handshake(
        Some(json!(36)),
        Err(session_over()),
    )));
    let bad = sent(&bad);
    assert!(bad[0].contains(r#""isAuthenticated":false,"authError":{"name":"AuthTokenInvalidError""#));
    assert_eq!(bad[1], r##"{"event":"#removeAuthToken"}"##);
}

#[test]
fn auth_is_answered_before_the_token_is_set() {
    let mut bench = Bench::open();
    let asked = bench.call("auth", json!({"token": "t", "uid": user()}));
    assert!(matches!(asked[..], [Effect::Ask(Question::Login { .. })]));
    let done = bench.step(Input::Found(Found::Login(
        Some(json!(9)),
        Ok((identity(), ChannelJwt::new("jwt"))),
    )));
    assert_eq!(
        sent(&done),
        [
            r#"{"rid":9}"#,
            r##"{"event":"#setAuthToken","data":{"token":"jwt"}}"##
        ]
    );
    assert_eq!(
        refused(&bench.call("auth", json!({"uid": "u"}))),
        "AuthError: no auth token provided"
    );
    assert_eq!(
        refused(&bench.call("auth", json!({"token": "t"}))),
        "AuthError: no uid provided"
    );
    assert_eq!(
        refused(&bench.call("auth", Value::Null)),
        "AuthError: no auth token provided"
    );
}

#[test]
fn authenticate_says_whether_and_forgets_a_bad_jwt() {
    let mut bench = Bench::open();
    assert!(matches!(
        bench.call("#authenticate", json!("jwt"))[..],
        [Effect::Ask(Question::Authenticate { .. })]
    ));
    let good = bench.step(Input::Found(Found::Authenticate(Some(json!(9)), Ok(identity()))));
    assert_eq!(
        sent(&good),
        [r#"{"rid":9,"data":{"isAuthenticated":true,"authError":null}}"#]
    );
    let bad = bench.step(Input::Found(Found::Authenticate(
        Some(json!(9)),
        Err(session_over()),
    )));
    assert_eq!(sent(&bad)[1], r##"{"event":"#removeAuthToken"}"##);
}

#[test]
fn subscriptions_need_an_identity_and_a_whole_name() {
    let subscribe = |name: &str| json!({ "channel": name });
    let mine = mine().to_string();
    assert_eq!(
        refused(&Bench::open().call("#subscribe", subscribe(&mine))),
        "missing credentials"
    );
    let mut bench = Bench::signed_in();
    for name in [
        format!("{mine}-x"),
        "user-".into(),
        "nonsense".into(),
        String::new(),
    ] {
        assert_eq!(
            refused(&bench.call("#subscribe", subscribe(&name))),
            format!("not authorized for channel {name}: invalid channel")
        );
    }
    assert_eq!(
        refused(&bench.call("#subscribe", subscribe("stream-1"))),
        "not authorized for channel stream-1: stream channels are deprecated"
    );
    for data in [
        Value::Null,
        json!({}),
        json!({"channel": 7}),
        json!([]),
        json!("user"),
    ] {
        assert_eq!(
            refused(&bench.call("#subscribe", data)),
            "Subscribe channel name was malformatted"
        );
    }
    let asked = bench.call(
        "#subscribe",
        json!({"channel": mine, "waitForAuth": true, "data": 1}),
    );
    assert!(matches!(asked[..], [Effect::Ask(Question::Subscribe { .. })]));
}

#[test]
fn unsubscribing_is_silent_as_a_transmit_and_answered_as_a_call() {
    let name = mine().to_string();
    let mut bench = Bench::subscribed();
    let effects = bench.frame(&format!(r##"{{"event":"#unsubscribe","data":"{name}"}}"##));
    assert_eq!(effects, [Effect::Unsubscribe(mine())]);
    let again = bench.call("#unsubscribe", json!(name));
    assert!(sent(&again)[0].contains(r#""name":"BrokerError""#));
    let mut bench = Bench::subscribed();
    assert_eq!(sent(&bench.call("#unsubscribe", json!(name))), [r#"{"rid":9}"#]);
}

#[test]
fn clients_cannot_publish() {
    let mut bench = Bench::subscribed();
    let message = json!({"channel": mine(), "data": 1});
    assert_eq!(
        refused(&bench.call("#publish", message)),
        "Client publish feature is disabled"
    );
    assert_eq!(
        bench.frame(r##"{"event":"#publish","data":{"channel":"echo","data":1}}"##),
        []
    );
}

#[test]
fn history_is_asked_for_whole_names_only() {
    let history = |channels: Value| json!({"channels": channels, "requestId": "r", "since": 0});
    assert_eq!(
        refused(&Bench::open().call("history", history(json!([])))),
        "missing credentials"
    );
    let mut bench = Bench::signed_in();
    assert_eq!(
        refused(&bench.call("history", history(json!(["team-1"])))),
        "history request r not authorized: unauthorized invalid channel: team-1"
    );
    for data in [
        Value::Null,
        json!([]),
        json!({"channels": [1], "requestId": "r", "since": 0}),
    ] {
        assert_eq!(
            refused(&bench.call("history", data)),
            "history request is malformed"
        );
    }
    let many = vec![mine().to_string(); 101];
    assert!(refused(&bench.call("history", history(json!(many)))).contains("at most 100 channels"));
    let asked = bench.call("history", history(json!([mine()])));
    assert!(matches!(asked[..], [Effect::Ask(Question::History { .. })]));
}

#[test]
fn unknown_calls_and_answers_are_ignored() {
    let mut bench = Bench::open();
    for frame in [
        r#"{"event":"nonsense","cid":3}"#,
        r#"{"rid":99}"#,
        "[]",
        "{}",
        "7",
        "#1",
        r#"{"event":"history"}"#,
    ] {
        assert_eq!(bench.frame(frame), [], "{frame}");
    }
}

#[test]
fn a_batch_is_handled_in_order_and_ids_are_echoed_unchanged() {
    let mut bench = Bench::open();
    let effects = bench.frame(r##"[{"event":"#subscribe","cid":"a"},{"event":"auth","cid":{"b":1}}]"##);
    let sent = sent(&effects);
    assert!(sent[0].starts_with(r#"{"rid":"a","error":"#), "{sent:?}");
    assert!(sent[1].starts_with(r#"{"rid":{"b":1},"error":"#), "{sent:?}");
}

#[test]
fn pings_come_every_8_seconds_from_the_opening() {
    let mut bench = Bench::open();
    for second in [8_u32, 16, 24, 32] {
        assert_eq!(bench.deadline(), Duration::from_secs(second.into()));
        let now = at(f64::from(second) + 0.01);
        assert_eq!(sent(&bench.step_at(Input::Tick, now)), [""]);
        assert_eq!(bench.step_at(Input::Packet(Packet::Ping), now), []);
    }
}

#[test]
fn without_a_pong_for_20_seconds_the_connection_closes_with_4001_however_chatty() {
    let mut bench = Bench::open();
    for second in [8.0, 16.0] {
        bench.step_at(Input::Tick, at(second));
        bench.step_at(Input::Packet(decode(r#"{"rid":1}"#).remove(0)), at(second));
    }
    assert_eq!(bench.deadline(), Duration::from_millis(20_500));
    assert_eq!(bench.step_at(Input::Tick, at(20.4)), []);
    assert_eq!(
        bench.step_at(Input::Tick, at(20.5)),
        [Effect::Close(close::NO_PONG)]
    );
}

#[test]
fn without_a_handshake_in_10_seconds_the_connection_closes_with_4005() {
    let mut bench = Bench::fresh();
    assert_eq!(sent(&bench.step_at(Input::Tick, at(8.0))), [""]);
    assert_eq!(bench.deadline(), HANDSHAKE_TIMEOUT);
    assert_eq!(
        bench.step_at(Input::Tick, at(10.0)),
        [Effect::Close(close::NO_HANDSHAKE)]
    );
}

#[test]
fn an_expired_jwt_is_forgotten_at_the_next_sign_of_life() {
    let mut bench = Bench::signed_in();
    let later = Now {
        since_open: Duration::from_secs(9),
        calendar: START + Duration::from_hours(24),
    };
    let effects = bench.step_at(Input::Packet(Packet::Ping), later);
    assert_eq!(sent(&effects), [r##"{"event":"#removeAuthToken"}"##]);
    assert_eq!(
        refused(&bench.call("#subscribe", json!({"channel": mine()}))),
        "missing credentials"
    );
}

#[test]
fn a_client_that_gives_its_jwt_up_can_subscribe_to_nothing_more() {
    let mut bench = Bench::subscribed();
    assert_eq!(bench.frame(r##"{"event":"#removeAuthToken"}"##), []);
    assert_eq!(
        refused(&bench.call("#subscribe", json!({"channel": "echo"}))),
        "missing credentials"
    );
}

#[test]
fn a_kick_takes_one_channel_and_the_end_of_the_session_takes_everything() {
    let team = ChannelName::Team(TeamId::from_bytes([2; 12]));
    let mut bench = Bench::subscribed();
    bench.step(Input::Found(Found::Subscribe(None, team.clone(), Ok(()))));
    let kicked = sent(&bench.step(Input::KickedOut(team.clone())));
    assert!(
        kicked[0].starts_with(&format!(r##"{{"event":"#kickOut","data":{{"channel":"{team}""##)),
        "{kicked:?}"
    );
    let over = bench.step(Input::SessionOver);
    let frames = sent(&over);
    assert!(
        frames[0].contains("#kickOut") && frames[0].contains(&mine().to_string()),
        "{frames:?}"
    );
    assert_eq!(frames[1], r##"{"event":"#removeAuthToken"}"##);
    assert_eq!(over.last(), Some(&Effect::Close(close::DO_NOT_COME_BACK)));
}

#[test]
fn a_connection_has_a_bounded_number_of_subscriptions() {
    let mut bench = Bench::signed_in();
    for number in 0..MOST_CHANNELS {
        let mut bytes = [0; 12];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        let channel = ChannelName::Team(TeamId::from_bytes(bytes));
        bench.step(Input::Found(Found::Subscribe(None, channel, Ok(()))));
    }
    let effects = bench.call("#subscribe", json!({"channel": mine()}));
    assert!(refused(&effects).contains("subscription limit of 200"));
}

proptest::proptest! {
    #[test]
    fn frames_of_any_shape_are_survived(frames in proptest::collection::vec("\\PC{0,60}", 0..8)) {
        let mut bench = Bench::subscribed();
        for frame in frames {
            bench.frame(&frame);
        }
    }

    #[test]
    fn calls_of_any_shape_are_survived(
        event in "#?(handshake|authenticate|subscribe|unsubscribe|publish|removeAuthToken|auth|history)",
        data in "(null|7|\"x\"|\\[\\]|\\{\\}|\\{\"channel\":\\[1\\]\\}|\\{\"channel\":\"user-\"\\}|\\{\"token\":1,\"uid\":\\{\\}\\})",
        cid in "(null|1|\"a\"|\\{\\}|\\[\\[\\]\\])",
    ) {
        let mut bench = Bench::subscribed();
        bench.frame(&format!(r#"{{"event":"{event}","data":{data},"cid":{cid}}}"#));
    }
}
