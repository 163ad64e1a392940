use super::*;

on_each_engine!(
    a_state_is_consumed_by_one_of_many,
    a_consumed_state_gives_its_verifier_and_handshake,
    a_state_whose_time_is_over_is_not_consumed,
    a_start_link_belongs_to_the_first_browser_and_its_agent_hears_of_the_second_once,
    of_many_browsers_that_open_a_link_at_once_one_owns_it,
    a_handshake_must_be_opened_in_two_minutes_and_may_be_opened_again,
    connecting_stores_publishes_and_ends_in_one,
    the_published_directive_makes_the_object_that_a_refetch_gives,
    a_second_finish_changes_nothing,
    a_failed_connect_is_published_once_and_cannot_be_finished,
    time_ends_a_handshake_with_auth_1005,
    the_past_is_forgotten_in_time,
);

async fn a_state_is_consumed_by_one_of_many(bench: Bench) {
    let (user, _) = bench.user("ada@example.com").await;
    let handshake = bench.connect(&user).await;
    bench.state(&handshake, "jti").await;
    let attempts = (0..16).map(|_| bench.store.consume_state("jti"));
    let ends = futures_util::future::join_all(attempts).await;
    let once = ends
        .iter()
        .filter(|end| matches!(end, Ok(Consumed::Once(_))))
        .count();
    let refused = ends
        .iter()
        .filter(|end| matches!(end, Ok(Consumed::Used(_))))
        .count();
    assert_eq!((once, refused), (1, 15));
}

async fn a_consumed_state_gives_its_verifier_and_handshake(bench: Bench) {
    let (user, _) = bench.user("ada@example.com").await;
    let handshake = bench.connect(&user).await;
    bench.state(&handshake, "jti").await;
    let Ok(Consumed::Once(state)) = bench.store.consume_state("jti").await else {
        panic!("a fresh state");
    };
    assert_eq!(state.minted.verifier, Some(CodeVerifier::from_entropy([3; 32])));
    assert_eq!(state.handshake.provider.as_deref(), Some("github"));
    assert_eq!(state.handshake.ide.as_deref(), Some("VS Code"));
    assert!(matches!(
        bench.store.consume_state("other").await,
        Ok(Consumed::Unknown)
    ));
}

async fn a_state_whose_time_is_over_is_not_consumed(bench: Bench) {
    let (user, _) = bench.user("ada@example.com").await;
    let handshake = bench.connect(&user).await;
    bench.state(&handshake, "jti").await;
    bench.clock.advance(5 * MINUTE);
    assert!(matches!(
        bench.store.consume_state("jti").await,
        Ok(Consumed::Expired)
    ));
}

const NOTE: &str = "Opened elsewhere.";

async fn a_start_link_belongs_to_the_first_browser_and_its_agent_hears_of_the_second_once(bench: Bench) {
    let (user, _) = bench.user("ada@example.com").await;
    let handshake = bench.connect(&user).await;
    let enter = async |browser| {
        bench
            .store
            .enter_handshake(handshake.code_id, browser, NOTE)
            .await
    };
    assert!(matches!(enter("mine").await, Ok(Entered::Open(_))));
    for _ in 0..3 {
        assert!(matches!(enter("theirs").await, Ok(Entered::OtherBrowser)));
    }
    assert!(matches!(enter("mine").await, Ok(Entered::Open(_))));
    let told = bench.messages(&user.id).await;
    assert_eq!(told.len(), 1, "{told:?}");
    let noted = json!({ "codeId": handshake.code_id, "note": NOTE });
    assert_eq!(told[0].payload["attemptNoted"], noted);
    let listed = bench.store.handshake_notes(&user.id).await.expect("a database");
    assert_eq!(serde_json::to_value(listed).expect("JSON"), json!([noted]));
    bench
        .store
        .note_handshake(handshake.code_id, "Another one.")
        .await
        .expect("a database");
    assert_eq!(bench.messages(&user.id).await.len(), 1, "the first note stays");
}

async fn of_many_browsers_that_open_a_link_at_once_one_owns_it(bench: Bench) {
    let (user, _) = bench.user("ada@example.com").await;
    let id = bench.connect(&user).await.code_id;
    let names: Vec<String> = (0..8).map(|number| format!("browser {number}")).collect();
    let opened = names
        .iter()
        .map(|name| bench.store.enter_handshake(id, name, NOTE));
    let opened = futures_util::future::join_all(opened).await;
    let owners = opened
        .iter()
        .filter(|entered| matches!(entered, Ok(Entered::Open(_))));
    assert_eq!(owners.count(), 1, "{opened:?}");
    let others = opened
        .iter()
        .filter(|entered| matches!(entered, Ok(Entered::OtherBrowser)));
    assert_eq!(others.count(), 7, "{opened:?}");
}

async fn a_handshake_must_be_opened_in_two_minutes_and_may_be_opened_again(bench: Bench) {
    let (user, _) = bench.user("ada@example.com").await;
    let early = bench.connect(&user).await;
    let late = bench.connect(&user).await;
    assert!(matches!(
        bench.store.enter_handshake(early.code_id, "mine", NOTE).await,
        Ok(Entered::Open(_))
    ));
    bench.clock.advance(2 * MINUTE);
    assert!(matches!(
        bench.store.enter_handshake(early.code_id, "mine", NOTE).await,
        Ok(Entered::Open(_))
    ));
    assert!(matches!(
        bench.store.enter_handshake(late.code_id, "mine", NOTE).await,
        Ok(Entered::Late)
    ));
    bench.clock.advance(3 * MINUTE);
    assert!(matches!(
        bench.store.enter_handshake(early.code_id, "mine", NOTE).await,
        Ok(Entered::Expired)
    ));
    let unknown = CodeId(bench.random.uuid());
    assert!(matches!(
        bench.store.enter_handshake(unknown, "mine", NOTE).await,
        Ok(Entered::Unknown)
    ));
}

async fn connecting_stores_publishes_and_ends_in_one(mut bench: Bench) {
    let (user, _) = bench.user("ada@example.com").await;
    let handshake = bench.connect(&user).await;
    bench.told().await;
    let Ok(Finish::Done(connected)) = bench
        .store
        .finish_connect(handshake.code_id, account(&user), None)
        .await
    else {
        panic!("a first finish");
    };
    assert_eq!(connected.replaced, None);
    let messages = bench.messages(&user.id).await;
    assert_eq!(messages.len(), 1);
    let payload = &messages[0].payload;
    assert_eq!(payload["messageId"], messages[0].id);
    assert_eq!(payload["attemptEnded"], json!({ "codeId": handshake.code_id }));
    assert_eq!(payload["user"]["$version"], json!({ "before": 1, "after": 2 }));
    assert!(matches!(&bench.told().await[..], [Wake::Message { id, .. }] if *id == messages[0].id));
    let stored = bench
        .store
        .account(&account(&user).key)
        .await
        .expect("a database");
    assert_eq!(stored, Some(account(&user)));
    assert_eq!(
        bench
            .store
            .user(&user.id)
            .await
            .expect("a database")
            .expect("Ada")
            .version,
        2
    );
}

async fn the_published_directive_makes_the_object_that_a_refetch_gives(bench: Bench) {
    let (user, _) = bench.user("ada@example.com").await;
    let mut object = crate::me::me_object(&user, &[]).expect("a user").into_value();
    let handshake = bench.connect(&user).await;
    let finished = bench
        .store
        .finish_connect(handshake.code_id, account(&user), None)
        .await;
    let Ok(Finish::Done(connected)) = finished else {
        panic!("a first finish");
    };
    connected.change.user.apply(&mut object);
    let fresh = bench
        .store
        .user(&user.id)
        .await
        .expect("a database")
        .expect("Ada");
    let fresh = crate::me::me_object(&fresh, &[account(&user)]).expect("a user");
    assert_eq!(object, fresh.into_value());
}

async fn a_second_finish_changes_nothing(bench: Bench) {
    let (user, _) = bench.user("ada@example.com").await;
    let handshake = bench.connect(&user).await;
    bench
        .store
        .finish_connect(handshake.code_id, account(&user), None)
        .await
        .expect("a database");
    let mut other = account(&user);
    other.access_token = Some(AccessToken::new("other"));
    let again = bench
        .store
        .finish_connect(handshake.code_id, other, None)
        .await
        .expect("a database");
    assert_eq!(again, Finish::AlreadyEnded(End::Done));
    assert!(
        !bench
            .store
            .fail_handshake(handshake.code_id, failure(ServerCode::Internal))
            .await
            .expect("a database")
    );
    let stored = bench
        .store
        .account(&account(&user).key)
        .await
        .expect("a database");
    assert_eq!(
        stored.and_then(|account| account.access_token),
        account(&user).access_token
    );
    assert_eq!(bench.messages(&user.id).await.len(), 1);
}

async fn a_failed_connect_is_published_once_and_cannot_be_finished(bench: Bench) {
    let (user, _) = bench.user("ada@example.com").await;
    let handshake = bench.connect(&user).await;
    let declined = failure(ServerCode::ProviderAuthNotAllowed);
    for first in [true, false] {
        let ended = bench
            .store
            .fail_handshake(handshake.code_id, declined.clone())
            .await;
        assert_eq!(ended.expect("a database"), first);
    }
    let messages = bench.messages(&user.id).await;
    assert_eq!(messages.len(), 1);
    let ended = &messages[0].payload["attemptEnded"];
    assert_eq!(
        (&ended["code"], &ended["link"]),
        (&json!("PRVD-1006"), &json!("https://a.test/approve?b=%26"))
    );
    let finish = bench
        .store
        .finish_connect(handshake.code_id, account(&user), None)
        .await
        .expect("a database");
    assert_eq!(finish, Finish::AlreadyEnded(End::Failed(declined)));
    assert_eq!(
        bench
            .store
            .account(&account(&user).key)
            .await
            .expect("a database"),
        None
    );
}

async fn time_ends_a_handshake_with_auth_1005(mut bench: Bench) {
    let (user, _) = bench.user("ada@example.com").await;
    let handshake = bench.connect(&user).await;
    bench.state(&handshake, "jti").await;
    assert_eq!(
        bench.store.next_expiry().await.expect("a database"),
        Some(handshake.expires_at)
    );
    bench.store.expire_handshakes().await.expect("a database");
    assert_eq!(bench.messages(&user.id).await.len(), 0);
    bench.clock.advance(5 * MINUTE);
    bench.told().await;
    let late = bench
        .store
        .finish_connect(handshake.code_id, account(&user), None)
        .await
        .expect("a database");
    assert_eq!(late, Finish::Expired);
    for _ in 0..2 {
        bench.store.expire_handshakes().await.expect("a database");
    }
    let messages = bench.messages(&user.id).await;
    assert_eq!(messages.len(), 1);
    let ended = &messages[0].payload["attemptEnded"];
    assert_eq!(
        (&ended["code"], &ended["provider"]),
        (&json!("AUTH-1005"), &json!("github"))
    );
    assert_eq!(bench.store.next_expiry().await.expect("a database"), None);
    assert!(matches!(&bench.told().await[..], [Wake::Message { .. }]));
}

async fn the_past_is_forgotten_in_time(bench: Bench) {
    let (user, _) = bench.user("ada@example.com").await;
    let handshake = bench.connect(&user).await;
    bench.clock.advance(5 * MINUTE);
    bench.store.expire_handshakes().await.expect("a database");
    assert!(
        bench
            .store
            .handshake(handshake.code_id)
            .await
            .expect("a database")
            .is_some()
    );
    bench.clock.advance(2 * 24 * 60 * MINUTE);
    bench.store.expire_handshakes().await.expect("a database");
    assert_eq!(
        bench
            .store
            .handshake(handshake.code_id)
            .await
            .expect("a database"),
        None
    );
    assert_eq!(bench.messages(&user.id).await.len(), 1);
    bench.clock.advance(6 * 24 * 60 * MINUTE);
    bench.store.expire_handshakes().await.expect("a database");
    assert_eq!(bench.messages(&user.id).await.len(), 0);
}
