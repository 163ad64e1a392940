use codestream_protocol::channel::split;

use super::*;

const USER: &str = "user-0123456789abcdef01234567";
const TEAM: &str = "team-0123456789abcdef01234567";
/// The server's clock, in seconds, when the bench began.
const SERVER_EPOCH: i64 = 1_700_000_000;

/// A machine, its clock, and the calls that it made.
struct Bench {
    machine: Option<Machine>,
    elapsed: Duration,
    wall: UnixMillis,
    effects: Vec<Effect>,
    calls: Vec<(String, Value, u64)>,
}

impl Bench {
    fn start(since: Option<UnixMillis>) -> Self {
        let identity = Identity {
            token: BroadcasterToken::new("bt"),
            uid: USER[5..].to_owned(),
            channels: vec![USER.to_owned(), TEAM.to_owned()],
        };
        let wall = UnixMillis(5_000);
        let now = Now {
            elapsed: Duration::ZERO,
            wall,
            chance: 0.5,
        };
        let (machine, effects) = Machine::start(identity, since, now);
        assert_eq!(effects, [Effect::Dial]);
        Self {
            machine: Some(machine),
            elapsed: Duration::ZERO,
            wall,
            effects: Vec::new(),
            calls: Vec::new(),
        }
    }

    /// One that is live, with nothing in history.
    fn live() -> Self {
        let mut bench = Self::start(None);
        bench.open();
        bench.answer(
            "#handshake",
            &json!({"id": "x", "pingTimeout": 20000, "isAuthenticated": false}),
        );
        bench.answer("auth", &Value::Null);
        bench.set_jwt();
        bench.subscribed();
        bench.history(&[]);
        assert_eq!(
            bench.told(),
            [ChannelEvent::Status(ConnectionStatus::Reconnected)]
        );
        bench
    }

    fn give(&mut self, input: Input) -> &mut Self {
        let now = Now {
            elapsed: self.elapsed,
            wall: self.wall,
            chance: 0.5,
        };
        let machine = self.machine.take().expect("a machine");
        let (machine, effects) = machine.step(input, now);
        self.machine = Some(machine);
        for effect in &effects {
            if let Effect::Send(text) = effect
                && let [Packet::Call { event, data, cid }] = &decode(text)[..]
            {
                self.calls
                    .push((event.clone(), data.clone(), cid.as_u64().expect("a number")));
            }
        }
        self.effects.extend(effects);
        self
    }

    fn open(&mut self) {
        self.give(Input::Opened);
    }

    fn text(&mut self, value: &Value) {
        self.give(Input::Text(value.to_string()));
    }

    /// Answers the oldest open call of `event`.
    fn answer(&mut self, event: &str, data: &Value) -> Value {
        let (asked, cid) = self.call(event);
        self.text(&json!({"rid": cid, "data": data}));
        asked
    }

    fn refuse(&mut self, event: &str) {
        let (_, cid) = self.call(event);
        self.text(&json!({"rid": cid, "error": {"message": "no"}}));
    }

    fn call(&mut self, event: &str) -> (Value, u64) {
        let at = self
            .calls
            .iter()
            .position(|(name, ..)| name == event)
            .unwrap_or_else(|| panic!("no {event} in {:?}", self.calls));
        let (_, data, cid) = self.calls.remove(at);
        (data, cid)
    }

    fn set_jwt(&mut self) {
        let claims =
            json!({"uid": "u", "iat": SERVER_EPOCH + i64::try_from(self.elapsed.as_secs()).expect("secs")});
        let token = format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims.to_string()));
        self.text(&json!({"event": "#setAuthToken", "data": {"token": token}}));
    }

    fn subscribed(&mut self) {
        for channel in [USER, TEAM] {
            assert_eq!(self.answer("#subscribe", &Value::Null)["channel"], channel);
        }
    }

    /// Answers `history`; rows are (id, seconds of the server's clock), newest first. Gives what was asked.
    fn history(&mut self, rows: &[(&str, i64)]) -> Value {
        let messages: Vec<_> = rows
            .iter()
            .map(|(id, at)| json!({"timestamp": (SERVER_EPOCH + at) * 1000, "channel": USER, "message": message(id)}))
            .collect();
        let (asked, cid) = self.call("history");
        self.text(&json!({"rid": cid, "data": {"requestId": asked["requestId"], "channels": asked["channels"], "messages": messages}}));
        asked
    }

    fn publish(&mut self, id: &str) {
        self.text(&json!({"event": "#publish", "data": {"channel": USER, "data": message(id)}}));
    }

    fn pass(&mut self, secs: f64) -> &mut Self {
        let passed = Duration::from_secs_f64(secs);
        self.elapsed += passed;
        self.wall = self.wall + passed;
        self
    }

    /// Lets time pass in the steps that the machine asks for.
    fn run(&mut self, secs: u64) {
        let end = self.elapsed + Duration::from_secs(secs);
        while let Some(wake) = self.machine.as_ref().expect("a machine").wake() {
            if wake > end {
                break;
            }
            let step = wake.saturating_sub(self.elapsed);
            self.pass(step.as_secs_f64()).give(Input::Woken);
        }
        self.pass(end.saturating_sub(self.elapsed).as_secs_f64());
    }

    fn told(&mut self) -> Vec<ChannelEvent> {
        let (told, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.effects)
            .into_iter()
            .partition(|effect| matches!(effect, Effect::Tell(_)));
        self.effects = rest;
        told.into_iter()
            .filter_map(|effect| match effect {
                Effect::Tell(event) => Some(event),
                _ => None,
            })
            .collect()
    }

    /// Ids of the messages told since, `reset` and the like for what is none.
    fn ids(&mut self) -> Vec<String> {
        self.told()
            .into_iter()
            .map(|event| match event {
                ChannelEvent::Message(message) => message.message_id,
                ChannelEvent::Reset => "reset".into(),
                other => format!("{other:?}"),
            })
            .collect()
    }

    fn dials(&mut self) -> usize {
        let before = self.effects.len();
        self.effects.retain(|effect| *effect != Effect::Dial);
        before - self.effects.len()
    }

    fn has(&self, effect: &Effect) -> bool {
        self.effects.contains(effect)
    }
}

fn message(id: &str) -> Value {
    json!({"messageId": id, "user": {"id": "u"}})
}

const RECONNECTING: &str = "Status(Reconnecting)";
const RECONNECTED: &str = "Status(Reconnected)";

#[test]
fn the_first_frame_is_the_handshake_without_a_token() {
    let mut bench = Bench::start(None);
    bench.open();
    let expected = r##"{"event":"#handshake","data":{"authToken":null},"cid":1}"##;
    assert!(bench.has(&Effect::Send(expected.into())), "{:?}", bench.effects);
}

#[test]
fn history_waits_for_the_jwt_and_for_every_subscription() {
    let mut bench = Bench::start(None);
    bench.open();
    bench.answer(
        "#handshake",
        &json!({"id": "x", "pingTimeout": 20000, "isAuthenticated": false}),
    );
    assert_eq!(
        bench.answer("auth", &Value::Null),
        json!({"token": "bt", "uid": &USER[5..]})
    );
    assert!(bench.calls.is_empty(), "subscribed before the JWT");
    bench.set_jwt();
    bench.answer("#subscribe", &Value::Null);
    assert!(
        bench.calls.iter().all(|(event, ..)| event == "#subscribe"),
        "history before the subscriptions"
    );
    bench.answer("#subscribe", &Value::Null);
    bench.history(&[]);
    assert_eq!(bench.ids(), [RECONNECTED]);
}

#[test]
fn a_jwt_that_comes_before_the_answer_or_as_a_call_is_taken_too() {
    let mut bench = Bench::start(None);
    bench.open();
    bench.answer(
        "#handshake",
        &json!({"id": "x", "pingTimeout": 20000, "isAuthenticated": false}),
    );
    bench.text(&json!({"event": "#setAuthToken", "data": {"token": "a.e30.c"}, "cid": 9}));
    assert!(bench.has(&Effect::Send(r#"{"rid":9}"#.into())));
    bench.answer("auth", &Value::Null);
    bench.subscribed();
}

#[test]
fn the_jwt_is_kept_for_the_next_connection_and_auth_is_not_called_again() {
    let mut bench = Bench::live();
    bench.give(Input::Closed(Some(1006)));
    bench.run(1);
    assert_eq!(bench.dials(), 1);
    bench.open();
    let asked = bench.answer(
        "#handshake",
        &json!({"id": "y", "pingTimeout": 20000, "isAuthenticated": true}),
    );
    assert!(asked["authToken"].as_str().expect("the JWT").contains(".sig"));
    bench.subscribed();
    bench.history(&[]);
    assert_eq!(bench.ids(), [RECONNECTING, RECONNECTED]);
}

#[test]
fn a_jwt_that_the_server_does_not_know_any_more_is_replaced() {
    let mut bench = Bench::live();
    bench.give(Input::Closed(None));
    bench.run(1);
    bench.open();
    bench.answer("#handshake", &json!({"id": "y", "pingTimeout": 20000, "isAuthenticated": false, "authError": {"name": "AuthTokenInvalidError", "message": "invalid signature", "isBadToken": true}}));
    bench.text(&json!({"event": "#removeAuthToken"}));
    bench.answer("auth", &Value::Null);
    bench.set_jwt();
    bench.subscribed();
    bench.history(&[]);
    assert_eq!(bench.ids(), [RECONNECTING, RECONNECTED]);
}

#[test]
fn history_is_asked_for_from_fifteen_seconds_before_the_last_frame() {
    let mut bench = Bench::live();
    bench.pass(100.0).give(Input::Text(String::new()));
    bench.pass(3600.0).give(Input::Closed(None));
    bench.run(1);
    bench.open();
    bench.answer(
        "#handshake",
        &json!({"id": "y", "pingTimeout": 20000, "isAuthenticated": true}),
    );
    bench.subscribed();
    let asked = bench.history(&[]);
    assert_eq!(asked["since"], (SERVER_EPOCH + 100 - 15) * 1000);
    assert_eq!(asked["channels"], json!([USER, TEAM]));
}

#[test]
fn the_first_history_begins_at_the_given_time_or_at_the_start() {
    for (since, expected) in [
        (Some(UnixMillis(50_000)), 35_000),
        (None, (SERVER_EPOCH - 15) * 1000),
    ] {
        let mut bench = Bench::start(since);
        bench.pass(4.0).open();
        bench.answer(
            "#handshake",
            &json!({"id": "x", "pingTimeout": 20000, "isAuthenticated": false}),
        );
        bench.answer("auth", &Value::Null);
        bench.set_jwt();
        bench.subscribed();
        assert_eq!(bench.history(&[])["since"], expected);
    }
}

#[test]
fn history_and_live_messages_are_merged_in_order_and_told_once() {
    let mut bench = Bench::live();
    bench.publish("m1");
    bench.give(Input::Closed(None));
    bench.run(1);
    bench.open();
    bench.answer(
        "#handshake",
        &json!({"id": "y", "pingTimeout": 20000, "isAuthenticated": true}),
    );
    bench.answer("#subscribe", &Value::Null);
    bench.publish("m3");
    bench.answer("#subscribe", &Value::Null);
    bench.publish("m4");
    bench.publish("m5");
    bench.history(&[("m4", 4), ("m3", 3), ("m2", 2), ("m1", 1)]);
    bench.publish("m5");
    bench.publish("m6");
    assert_eq!(
        bench.ids(),
        ["m1", RECONNECTING, "m2", "m3", "m4", "m5", RECONNECTED, "m6"]
    );
}

#[test]
fn a_hundred_missed_messages_are_a_reset_that_still_tells_how_attempts_ended() {
    let mut bench = Bench::live();
    bench.give(Input::Closed(None));
    bench.run(1);
    bench.open();
    bench.answer(
        "#handshake",
        &json!({"id": "y", "pingTimeout": 20000, "isAuthenticated": true}),
    );
    bench.subscribed();
    let mut messages: Vec<_> = (0..100)
        .map(|at| json!({"timestamp": 1000 - at, "channel": USER, "message": message(&format!("m{at}"))}))
        .collect();
    messages[40]["message"]["attemptEnded"] = json!({"codeId": "00000000-0000-4000-8000-000000000000"});
    let (_, cid) = bench.call("history");
    bench.text(&json!({"rid": cid, "data": {"requestId": "1", "channels": [], "messages": messages}}));
    let told = bench.told();
    let [
        _,
        ChannelEvent::Reset,
        ChannelEvent::Message(ended),
        ChannelEvent::Status(_),
    ] = &told[..]
    else {
        panic!("{told:?}");
    };
    assert!(ended.attempt_ended.is_some() && ended.user.is_none());
    bench.publish("m41");
    assert_eq!(
        bench.ids(),
        Vec::<String>::new(),
        "what the reset covers is not told again"
    );
}

#[test]
fn a_history_that_is_refused_is_a_reset() {
    let mut bench = Bench::live();
    bench.give(Input::Closed(None));
    bench.run(1);
    bench.open();
    bench.answer(
        "#handshake",
        &json!({"id": "y", "pingTimeout": 20000, "isAuthenticated": true}),
    );
    bench.subscribed();
    bench.refuse("history");
    assert_eq!(bench.ids(), [RECONNECTING, "reset", RECONNECTED]);
}

#[test]
fn a_history_that_is_not_answered_is_asked_for_once_more_and_then_redialled() {
    let mut bench = Bench::live();
    bench.give(Input::Closed(None));
    bench.run(1);
    bench.open();
    bench.answer(
        "#handshake",
        &json!({"id": "y", "pingTimeout": 60000, "isAuthenticated": true}),
    );
    bench.subscribed();
    let (_, lost) = bench.call("history");
    bench.run(11);
    let (_, second) = bench.call("history");
    assert!(second > lost);
    assert!(!bench.has(&Effect::Hang(NORMAL)));
    bench.run(11);
    assert!(bench.has(&Effect::Hang(NORMAL)));
}

#[test]
fn without_the_servers_time_the_session_is_told_to_refetch() {
    let mut bench = Bench::start(None);
    bench.open();
    bench.answer(
        "#handshake",
        &json!({"id": "x", "pingTimeout": 20000, "isAuthenticated": false}),
    );
    bench.answer("auth", &Value::Null);
    bench.text(&json!({"event": "#setAuthToken", "data": {"token": "opaque"}}));
    bench.subscribed();
    assert!(bench.calls.is_empty());
    assert_eq!(bench.ids(), ["reset", RECONNECTED]);
}

#[test]
fn pings_are_answered_and_their_absence_for_the_servers_timeout_is_noticed() {
    for (timeout, silent, dead) in [(20_000, 19, 21), (30_000, 29, 31)] {
        let mut bench = Bench::start(None);
        bench.open();
        bench.answer(
            "#handshake",
            &json!({"id": "x", "pingTimeout": timeout, "isAuthenticated": false}),
        );
        bench.answer("auth", &Value::Null);
        bench.set_jwt();
        bench.subscribed();
        bench.history(&[]);
        bench.effects.clear();
        bench.give(Input::Text(String::new()));
        assert!(bench.has(&Effect::Send(String::new())));
        bench.run(silent);
        assert!(!bench.has(&Effect::Hang(close::NO_PING)), "{timeout}");
        bench.run(dead - silent);
        assert!(bench.has(&Effect::Hang(close::NO_PING)), "{timeout}");
        assert_eq!(bench.dials(), 1, "{timeout}");
    }
}

#[test]
fn batches_are_taken_packet_by_packet() {
    let mut bench = Bench::live();
    let publish = |id: &str| json!({"event": "#publish", "data": {"channel": USER, "data": message(id)}});
    bench.text(&json!([publish("a"), 7, null, publish("b"), {"event": "unknown"}]));
    assert_eq!(bench.ids(), ["a", "b"]);
}

#[test]
fn a_message_in_parts_is_told_when_it_is_whole_and_a_lost_part_is_a_reset() {
    let mut bench = Bench::live();
    let whole = json!({"messageId": "big", "user": {"id": "x".repeat(100_000)}});
    let parts = split("big", whole);
    let publish = |part: &Value| json!({"event": "#publish", "data": {"channel": USER, "data": part}});
    bench.text(&publish(&parts[1]));
    assert_eq!(bench.ids(), Vec::<String>::new());
    bench.text(&publish(&parts[0]));
    assert_eq!(bench.ids(), ["big"]);
    bench.text(&json!({"event": "#publish", "data": {"channel": USER, "data": {"messageId": "half", "part": {"number": 0, "of": 2, "text": "{"}}}}));
    bench.run(16);
    assert_eq!(bench.ids(), ["reset"]);
}

#[test]
fn what_is_published_on_other_channels_is_not_told() {
    let mut bench = Bench::live();
    bench.text(&json!({"event": "#publish", "data": {"channel": "user-else", "data": message("m")}}));
    bench.text(&json!({"event": "#publish", "data": {"channel": USER, "data": "not a message"}}));
    assert_eq!(bench.ids(), ["reset"]);
}

#[test]
fn a_refused_team_is_left_out_and_the_session_refetches() {
    let mut bench = Bench::start(None);
    bench.open();
    bench.answer(
        "#handshake",
        &json!({"id": "x", "pingTimeout": 20000, "isAuthenticated": false}),
    );
    bench.answer("auth", &Value::Null);
    bench.set_jwt();
    bench.answer("#subscribe", &Value::Null);
    bench.refuse("#subscribe");
    assert_eq!(bench.history(&[])["channels"], json!([USER]));
    assert_eq!(bench.ids(), ["reset", RECONNECTED]);
}

#[test]
fn a_refused_me_channel_or_a_refused_auth_is_tried_again_and_the_session_refetches() {
    for refused in ["auth", "#subscribe"] {
        let mut bench = Bench::start(None);
        bench.open();
        bench.answer(
            "#handshake",
            &json!({"id": "x", "pingTimeout": 20000, "isAuthenticated": false}),
        );
        if refused == "#subscribe" {
            bench.answer("auth", &Value::Null);
            bench.set_jwt();
        }
        bench.refuse(refused);
        assert_eq!(bench.ids(), ["reset"]);
        assert!(bench.has(&Effect::Hang(NORMAL)));
        bench.run(1);
        assert_eq!(bench.dials(), 1);
        bench.calls.clear();
        bench.open();
        assert_eq!(bench.call("#handshake").0["authToken"], Value::Null);
    }
}

#[test]
fn a_kick_from_the_me_channel_is_a_reset_and_a_new_connection() {
    let mut bench = Bench::live();
    bench.text(&json!({"event": "#kickOut", "data": {"channel": TEAM}}));
    assert_eq!(bench.ids(), ["reset"]);
    bench.text(&json!({"event": "#kickOut", "data": {"channel": USER, "message": "out"}}));
    assert_eq!(bench.ids(), ["reset", RECONNECTING]);
    assert!(bench.has(&Effect::Hang(NORMAL)));
}

#[test]
fn from_4500_up_the_session_has_ended_and_nothing_follows() {
    for (code, ended) in [(4499, false), (4500, true), (4900, true), (1001, false)] {
        let mut bench = Bench::live();
        bench.give(Input::Closed(Some(code)));
        assert_eq!(bench.has(&Effect::Stop), ended, "{code}");
        assert_eq!(bench.ids().contains(&"SessionEnded".to_owned()), ended, "{code}");
        bench.run(60);
        assert_eq!(bench.dials(), usize::from(!ended), "{code}");
    }
}

#[test]
fn a_clock_that_jumps_ten_seconds_means_redial_at_once() {
    let mut bench = Bench::live();
    bench.pass(5.0);
    bench.wall = bench.wall + Duration::from_secs(9);
    bench.give(Input::Woken);
    assert_eq!(bench.dials(), 0);
    bench.pass(5.0);
    bench.wall = bench.wall + Duration::from_secs(11);
    bench.give(Input::Woken);
    assert_eq!(bench.dials(), 1);
    assert!(bench.has(&Effect::Hang(close::NO_PING)));
    assert_eq!(bench.ids(), [RECONNECTING]);
}

#[test]
fn delays_grow_while_nobody_answers_and_are_short_again_after_a_good_connection() {
    let mut bench = Bench::start(None);
    let mut waits = Vec::new();
    for _ in 0..9 {
        bench.give(Input::DialFailed);
        let began = bench.elapsed;
        while bench.dials() == 0 {
            bench.run(1);
        }
        waits.push(bench.elapsed.saturating_sub(began).as_secs());
    }
    assert!(waits.is_sorted() && waits[0] == 1 && waits[8] == 10, "{waits:?}");
    bench.open();
    bench.answer(
        "#handshake",
        &json!({"id": "x", "pingTimeout": 20000, "isAuthenticated": false}),
    );
    bench.answer("auth", &Value::Null);
    bench.set_jwt();
    bench.subscribed();
    bench.history(&[]);
    bench.pass(6.0).give(Input::Closed(None));
    bench.run(1);
    assert_eq!(bench.dials(), 1);
}

#[test]
fn an_answer_of_an_earlier_connection_matches_nothing() {
    let mut bench = Bench::live();
    bench.give(Input::Closed(None));
    bench.run(1);
    bench.open();
    let (_, cid) = bench.call("#handshake");
    assert!(cid > 5);
    bench.text(&json!({"rid": 1, "data": {"id": "x", "pingTimeout": 20000, "isAuthenticated": true}}));
    assert!(bench.calls.is_empty(), "{:?}", bench.calls);
}

#[test]
fn a_server_that_answers_nothing_is_given_up_after_ten_seconds() {
    let mut bench = Bench::start(None);
    bench.open();
    bench.run(9);
    assert!(!bench.has(&Effect::Hang(NORMAL)));
    bench.run(2);
    assert!(bench.has(&Effect::Hang(NORMAL)));
}

proptest::proptest! {
    #[test]
    fn frames_of_any_shape_are_survived_in_every_state(
        frames in proptest::collection::vec("\\PC{0,60}|\\{\"rid\":[0-9],\"data\":[^}]{0,9}\\}|\\{\"event\":\"#(publish|kickOut|setAuthToken)\",\"data\":(null|3|\\{\"channel\":[a-z\"]{0,5}\\})\\}", 0..8),
        live in proptest::bool::ANY,
    ) {
        let mut bench = if live { Bench::live() } else { Bench::start(None) };
        if !live {
            bench.open();
        }
        for frame in frames {
            bench.give(Input::Text(frame));
        }
        bench.run(60);
    }
}
