//! The rules as tables.

use codestream_protocol::AttemptId;
use codestream_protocol::ProviderId;

use super::*;

const START: UnixMillis = UnixMillis(1_000_000);
const END: UnixMillis = UnixMillis(1_300_000);

fn press(kind: AttemptKind) -> Machine {
    Machine::new(Attempt {
        attempt_id: AttemptId(uuid::Uuid::nil()),
        kind,
        provider: "github".to_owned(),
        provider_id: ProviderId::of_host("github.com"),
        step: Step::Opening,
        host: "github.com".to_owned(),
        url: String::new(),
        started_at: START,
        expires_at: END,
        match_code: None,
        account: None,
        note: None,
        end: None,
    })
}

fn link(url: &str) -> Input {
    Input::Linked(Link {
        url: url.to_owned(),
        code_id: None,
        expires_at: END,
        match_code: Some("ABC234".to_owned()),
    })
}

fn failure(kind: ErrorKind) -> Failure {
    Failure::new(kind, "It failed. Try again.")
}

/// Takes inputs at one moment; gives the machine and the effects of the last one.
fn after(kind: AttemptKind, inputs: &[Input], now: UnixMillis) -> (Machine, Vec<Effect>) {
    let step = |(machine, _): (Machine, _), input: &Input| machine.step(input.clone(), now);
    inputs.iter().fold((press(kind), Vec::new()), step)
}

fn outcome(machine: &Machine) -> Option<Outcome> {
    machine.attempt().end.as_ref().map(|end| end.outcome)
}

fn waiting() -> Vec<Input> {
    vec![link("https://s.test/1"), Input::Opened(Opened::HandedOver)]
}

fn finishing() -> Vec<Input> {
    [waiting(), vec![Input::Granted]].concat()
}

fn then(mut inputs: Vec<Input>, input: Input) -> Vec<Input> {
    inputs.push(input);
    inputs
}

#[test]
fn a_link_is_answered_told_and_opened_in_this_order() {
    let (machine, effects) = after(AttemptKind::Connect, &[link("https://s.test/1")], START);
    let answer = Started {
        attempt_id: AttemptId(uuid::Uuid::nil()),
        url: "https://s.test/1".to_owned(),
        expires_at: END,
    };
    assert_eq!(
        effects,
        [
            Effect::Answer(Ok(answer)),
            Effect::Tell,
            Effect::Open("https://s.test/1".to_owned())
        ]
    );
    assert_eq!(machine.attempt().match_code.as_deref(), Some("ABC234"));
}

#[test]
fn every_way_through_ends_as_it_should() {
    use AttemptKind::{Connect, SignIn};
    let identified = |account: Option<&str>, doubt| Input::Identified {
        account: account.map(str::to_owned),
        doubt,
    };
    let signed_in = Input::SignedIn {
        account: "a@b.test".to_owned(),
    };
    let refused = |kind| Input::Refused(failure(kind));
    for (name, kind, inputs, end) in [
        (
            "connected",
            Connect,
            then(finishing(), identified(Some("mona"), None)),
            Outcome::Connected,
        ),
        (
            "connected, unchecked",
            Connect,
            then(
                finishing(),
                identified(None, Some(failure(ErrorKind::ServerUnreachable))),
            ),
            Outcome::Connected,
        ),
        (
            "the service refuses the token",
            Connect,
            then(
                finishing(),
                identified(None, Some(failure(ErrorKind::TokenRevoked))),
            ),
            Outcome::Failed,
        ),
        (
            "granted before the browser was reported open",
            Connect,
            vec![
                link("https://s.test/1"),
                Input::Granted,
                identified(Some("mona"), None),
            ],
            Outcome::Connected,
        ),
        (
            "signed in",
            SignIn,
            then(finishing(), signed_in),
            Outcome::SignedIn,
        ),
        (
            "no session after all",
            SignIn,
            then(finishing(), Input::Failed(failure(ErrorKind::Internal))),
            Outcome::Failed,
        ),
        (
            "declined",
            Connect,
            then(waiting(), refused(ErrorKind::Declined)),
            Outcome::Failed,
        ),
        (
            "expired at the server",
            SignIn,
            then(waiting(), refused(ErrorKind::Expired)),
            Outcome::Expired,
        ),
        (
            "cancelled",
            SignIn,
            then(waiting(), Input::Cancelled),
            Outcome::Cancelled,
        ),
        (
            "superseded",
            Connect,
            then(waiting(), Input::Superseded),
            Outcome::Superseded,
        ),
        (
            "superseded late",
            Connect,
            then(finishing(), Input::Superseded),
            Outcome::Superseded,
        ),
    ] {
        let (machine, effects) = after(kind, &inputs, START);
        assert_eq!(outcome(&machine), Some(end), "{name}");
        assert_eq!(effects, [Effect::Tell, Effect::Stop], "{name}");
        let told = machine.attempt().end.as_ref().expect("an end");
        assert_eq!(
            told.message.is_none(),
            told.kind.is_none(),
            "{name}: a kind has its words"
        );
    }
}

#[test]
fn what_was_granted_is_neither_cancelled_nor_refused() {
    for late in [
        Input::Cancelled,
        Input::Granted,
        Input::Opened(Opened::HandedOver),
        Input::Refused(failure(ErrorKind::Declined)),
        relink("https://s.test/2", true),
    ] {
        let (machine, effects) = after(AttemptKind::Connect, &then(finishing(), late.clone()), START);
        assert_eq!(
            (outcome(&machine), effects),
            (None, vec![]),
            "{late:?} comes too late"
        );
        assert_eq!(machine.attempt().step, Step::Finishing);
    }
}

#[test]
fn nothing_follows_an_end() {
    let ended = then(waiting(), Input::Cancelled);
    for late in [
        Input::Granted,
        Input::Woken,
        Input::Superseded,
        Input::Failed(failure(ErrorKind::Internal)),
        link("https://s.test/2"),
    ] {
        let (before, _) = after(AttemptKind::Connect, &ended, START);
        let (machine, effects) = before.clone().step(late.clone(), END);
        assert_eq!((machine, effects), (before, vec![]), "{late:?}");
    }
}

#[test]
fn a_press_without_a_link_is_refused_and_nobody_is_told() {
    for (input, kind) in [
        (
            Input::Failed(failure(ErrorKind::ServerUnreachable)),
            ErrorKind::ServerUnreachable,
        ),
        (Input::Cancelled, ErrorKind::Cancelled),
        (Input::Superseded, ErrorKind::Superseded),
    ] {
        let (machine, effects) = after(AttemptKind::Connect, &[input], START);
        let [Effect::Answer(Err(AgentError::Failed(refusal))), Effect::Stop] = effects.as_slice() else {
            panic!("{effects:?}");
        };
        assert_eq!(
            (refusal.kind, refusal.provider.as_deref(), refusal.step),
            (kind, Some("github"), Some(Step::Opening))
        );
        assert!(!machine.is_known() && !machine.is_running());
    }
}

#[test]
fn a_host_that_does_not_answer_leaves_the_step_but_the_link_works() {
    let silent = [link("https://s.test/1"), Input::Opened(Opened::NoAnswer)];
    let (machine, effects) = after(AttemptKind::SignIn, &silent, START);
    assert_eq!(machine.attempt().step, Step::Opening);
    assert_eq!(effects, [Effect::Poll]);
    let (machine, effects) = machine.step(Input::Opened(Opened::Shown), START);
    assert_eq!(machine.attempt().step, Step::Waiting);
    assert_eq!(effects, [Effect::Tell], "it is polled once");
}

#[test]
fn a_further_link_is_told_and_opened_and_the_step_stays() {
    let (machine, effects) = after(
        AttemptKind::Connect,
        &then(waiting(), relink("https://s.test/2", true)),
        START,
    );
    assert_eq!(
        effects,
        [Effect::Tell, Effect::Open("https://s.test/2".to_owned())]
    );
    assert_eq!(
        (machine.attempt().step, machine.attempt().url.as_str()),
        (Step::Waiting, "https://s.test/2")
    );
    let (_, effects) = machine.step(Input::Opened(Opened::HandedOver), START);
    assert_eq!(effects, []);
}

#[test]
fn every_step_ends_at_its_deadline_and_not_before() {
    let opening = vec![link("https://s.test/1")];
    for (name, inputs, deadline, end) in [
        ("opening", opening, END, Outcome::Expired),
        ("waiting", waiting(), END, Outcome::Expired),
        ("finishing", finishing(), START + FINISHING, Outcome::Connected),
    ] {
        let (machine, _) = after(AttemptKind::Connect, &inputs, START);
        assert_eq!(machine.deadline(), Some(deadline), "{name}");
        let (machine, effects) = machine.step(Input::Woken, UnixMillis(deadline.0 - 1));
        assert_eq!((outcome(&machine), effects), (None, vec![]), "{name}");
        let (machine, _) = machine.step(Input::Woken, deadline);
        assert_eq!(outcome(&machine), Some(end), "{name}");
        assert_eq!(machine.deadline(), None, "{name}");
    }
}

fn relink(url: &str, open: bool) -> Input {
    let link = Link {
        url: url.to_owned(),
        code_id: None,
        expires_at: END,
        match_code: Some("NEW234".to_owned()),
    };
    Input::Relinked { link, open }
}

#[test]
fn a_further_link_takes_the_place_of_the_one_before() {
    let noted = then(waiting(), Input::Noted("Opened elsewhere.".to_owned()));
    for (kind, open, effects) in [
        (
            AttemptKind::Connect,
            true,
            vec![Effect::Tell, Effect::Open("https://s.test/2".to_owned())],
        ),
        (AttemptKind::Connect, false, vec![Effect::Tell]),
        (
            AttemptKind::SignIn,
            true,
            vec![
                Effect::Tell,
                Effect::Poll,
                Effect::Open("https://s.test/2".to_owned()),
            ],
        ),
        (AttemptKind::SignIn, false, vec![Effect::Tell, Effect::Poll]),
    ] {
        let inputs = then(noted.clone(), relink("https://s.test/2", open));
        let (machine, done) = after(kind, &inputs, START);
        assert_eq!(done, effects, "{kind:?} {open}");
        let attempt = machine.attempt();
        assert_eq!(attempt.url, "https://s.test/2");
        assert_eq!(attempt.match_code.as_deref(), Some("NEW234"));
        assert_eq!(attempt.note, None, "it was about the link before");
        assert_eq!(attempt.step, Step::Waiting);
    }
    let (machine, effects) = after(
        AttemptKind::Connect,
        &then(finishing(), relink("late", true)),
        START,
    );
    assert_eq!(
        (machine.attempt().url.as_str(), effects),
        ("https://s.test/1", vec![])
    );
}

#[test]
fn a_note_is_told_once_and_ends_nothing() {
    let note = || Input::Noted("Opened elsewhere.".to_owned());
    let (machine, effects) = after(AttemptKind::Connect, &then(waiting(), note()), START);
    assert_eq!(effects, [Effect::Tell]);
    assert_eq!(machine.attempt().note.as_deref(), Some("Opened elsewhere."));
    assert!(machine.is_running());
    let (_, effects) = machine.step(note(), START);
    assert_eq!(effects, []);
}
