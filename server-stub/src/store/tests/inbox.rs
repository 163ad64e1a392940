use codestream_protocol::channel::ChannelName;
use codestream_protocol::secret::ConnectCode;

use super::*;

on_each_engine!(
    a_letter_is_taken_once_and_a_matter_is_worked_on_once,
    work_is_one_workers_for_a_minute_and_then_anybodys,
    work_whose_key_is_not_there_is_left_to_whoever_has_it,
    what_was_told_is_told_once,
    a_connect_code_is_good_once_and_in_time,
    notes_are_a_services_own,
);

fn letter(seal: &str, matter: Option<&str>) -> NewDelivery {
    NewDelivery {
        provider: "slack".to_owned(),
        seal: Some((seal.to_owned(), START + MINUTE)),
        matter: Some(NewMatter {
            id: matter.map(str::to_owned),
            work: json!({"text": "canary"}),
        }),
    }
}

async fn take(bench: &Bench, letter: NewDelivery) -> Taken {
    bench.store.take_delivery(letter).await.expect("a database")
}

async fn claim(bench: &Bench, id: &str) -> Option<Delivery> {
    match bench.store.claim_delivery(id).await.expect("a database") {
        Claimed::Ours(delivery) => Some(delivery),
        Claimed::No => None,
        lost @ Claimed::Lost { .. } => panic!("{lost:?}"),
    }
}

async fn due(bench: &Bench) -> Vec<String> {
    bench.store.due_deliveries().await.expect("a database")
}

async fn taken(bench: &Bench, letter: NewDelivery) -> String {
    match take(bench, letter).await {
        Taken::New(id) => id,
        other => panic!("{other:?}"),
    }
}

async fn a_letter_is_taken_once_and_a_matter_is_worked_on_once(bench: Bench) {
    let id = taken(&bench, letter("a", Some("Ev1"))).await;
    assert_eq!(take(&bench, letter("a", Some("Ev1"))).await, Taken::Replayed);
    assert_eq!(take(&bench, letter("a", Some("Ev2"))).await, Taken::Replayed);
    assert_eq!(take(&bench, letter("b", Some("Ev1"))).await, Taken::Nothing);
    let other = NewDelivery {
        provider: "msteams".to_owned(),
        ..letter("a", Some("Ev1"))
    };
    taken(&bench, other).await;
    let nameless = taken(&bench, letter("c", None)).await;
    assert_ne!(nameless, taken(&bench, letter("d", None)).await);
    assert_eq!(
        claim(&bench, &id).await.expect("to do").work,
        json!({"text": "canary"})
    );
    bench
        .store
        .finish_delivery(&id, Vec::new())
        .await
        .expect("a database");
    assert_eq!(
        take(&bench, letter("e", Some("Ev1"))).await,
        Taken::Nothing,
        "also once it is done"
    );
    // A seal is forgotten when the letter would be too old anyway.
    bench.clock.advance(MINUTE);
    due(&bench).await;
    taken(&bench, letter("a", None)).await;
}

async fn work_is_one_workers_for_a_minute_and_then_anybodys(bench: Bench) {
    let id = taken(&bench, letter("a", None)).await;
    assert_eq!(due(&bench).await, [id.as_str()]);
    assert_eq!(claim(&bench, &id).await.expect("to do").tries, 1);
    assert_eq!(claim(&bench, &id).await, None);
    assert_eq!(due(&bench).await, Vec::<String>::new());
    for tries in 2..=5 {
        bench.clock.advance(MINUTE);
        assert_eq!(due(&bench).await, [id.as_str()]);
        assert_eq!(claim(&bench, &id).await.expect("to do").tries, tries);
    }
    bench.clock.advance(MINUTE);
    assert_eq!(due(&bench).await, Vec::<String>::new(), "given up");
}

async fn work_whose_key_is_not_there_is_left_to_whoever_has_it(bench: Bench) {
    let id = taken(&bench, letter("a", None)).await;
    let other = bench.without_its_key().await;
    let lost = |tries| Claimed::Lost {
        provider: "slack".to_owned(),
        arrived_at: START,
        tries,
    };
    assert_eq!(
        other.store.claim_delivery(&id).await.expect("a database"),
        lost(1)
    );
    let bench = other.with_its_key().await;
    let work = claim(&bench, &id).await.expect("to do, at once").work;
    assert_eq!(work, json!({"text": "canary"}));
    let other = bench.without_its_key().await;
    other.clock.advance(MINUTE);
    for tries in 3..=5 {
        assert_eq!(due(&other).await, [id.as_str()]);
        assert_eq!(
            other.store.claim_delivery(&id).await.expect("a database"),
            lost(tries)
        );
    }
    assert_eq!(due(&other).await, Vec::<String>::new(), "given up");
}

async fn what_was_told_is_told_once(bench: Bench) {
    let id = taken(&bench, letter("a", None)).await;
    let channel = ChannelName::Team(TeamId::from_bytes([1; 12]));
    for _ in 0..2 {
        let tell = vec![(channel.clone(), json!({"activity": {}}))];
        bench.store.finish_delivery(&id, tell).await.expect("a database");
    }
    let told = bench.store.messages_since(&[channel], START, 10).await;
    assert_eq!(told.expect("a database").len(), 1);
    assert_eq!(claim(&bench, &id).await, None);
}

async fn a_connect_code_is_good_once_and_in_time(bench: Bench) {
    let new = NewUser {
        email: "ada@example.com".to_owned(),
        username: "ada".to_owned(),
        full_name: "Ada".to_owned(),
        signed_up_with: None,
    };
    let made = bench.store.create_user_and_team(new).await.expect("a database");
    let (user, _) = made.expect("a new user");
    let keep = async |code: &str| {
        let code = ConnectCode::new(code);
        let kept = bench
            .store
            .keep_connect_code(&code, &user.id, START + MINUTE)
            .await;
        kept.expect("a database");
    };
    let redeem = async |code: &str| bench.store.redeem_connect_code(code).await.expect("a database");
    keep("one").await;
    keep("two").await;
    assert_eq!(redeem("three").await, None);
    assert_eq!(redeem("one").await, Some(user.id.clone()));
    assert_eq!(redeem("one").await, None);
    bench.clock.advance(MINUTE);
    assert_eq!(redeem("two").await, None);
}

async fn notes_are_a_services_own(bench: Bench) {
    let keep = async |provider: &str, name: &str, note: Value| {
        let kept = bench.store.keep_note(provider, name, &note).await;
        kept.expect("a database");
    };
    let note = async |provider: &str, name: &str| bench.store.note(provider, name).await.expect("a database");
    keep("msteams", "user:1", json!({"a": 1})).await;
    keep("msteams", "user:1", json!({"a": 2})).await;
    keep("msteams", "channel:%", json!({"b": 1})).await;
    keep("slack", "user:1", json!({"c": 1})).await;
    assert_eq!(note("msteams", "user:1").await, Some(json!({"a": 2})));
    let users = bench.store.notes("msteams", "user:").await.expect("a database");
    assert_eq!(users, [("user:1".to_owned(), json!({"a": 2}))]);
    keep("msteams", "user:1", Value::Null).await;
    assert_eq!(note("msteams", "user:1").await, None);
    assert_eq!(note("slack", "user:1").await, Some(json!({"c": 1})));
}
