use super::*;

on_each_engine!(
    a_sign_up_makes_user_team_identity_account_and_session,
    a_grant_is_given_again_until_its_token_is_used,
    a_grant_ends_with_its_handshakes_time,
    a_grant_without_a_challenge_is_given_once,
    only_its_own_verifier_finds_a_grant,
    the_first_poll_tells_where_the_agent_is,
    opening_a_sign_up_again_gives_the_one_that_is_there,
    nothing_is_kept_of_a_sign_up_whose_address_was_taken_meanwhile,
    nothing_is_kept_of_a_sign_up_whose_identity_is_anothers,
    an_existing_users_other_agents_learn_of_the_sign_in,
    a_refusal_is_told_to_every_poll,
    a_sign_up_whose_time_is_over_answers_auth_1005_before_and_after_it_is_ended,
    an_ended_session_ends_its_grant,
    a_withdrawn_sign_up_cannot_be_granted_and_one_that_was_granted_is_not_lost,
    a_sign_up_that_is_withdrawn_unopened_is_dead_too,
    of_withdrawing_and_granting_at_once_exactly_one_happens,
);

async fn withdraw(bench: &Bench) -> Withdrawn {
    let new = NewHandshake {
        code_id: CodeId(bench.random.uuid()),
        kind: HandshakeKind::SignUp { key: key(true) },
        ide: None,
        machine: None,
        agent_address: None,
        open_by: bench.clock.now() + 10 * MINUTE,
        expires_at: bench.clock.now() + 10 * MINUTE,
    };
    let withdrawn = bench.store.withdraw_sign_up(new, replaced()).await;
    withdrawn.expect("a database")
}

fn replaced() -> Failure {
    Failure {
        provider: None,
        step: "authorize".to_owned(),
        code: ServerCode::LinkReplaced,
        message: "Replaced.".to_owned(),
        link: None,
    }
}

async fn a_withdrawn_sign_up_cannot_be_granted_and_one_that_was_granted_is_not_lost(bench: Bench) {
    let handshake = sign_up(&bench, &key(true)).await;
    for _ in 0..2 {
        assert_eq!(withdraw(&bench).await, Withdrawn::Ended);
    }
    let late = grant(Who::New(new_user("ada@example.com")));
    let late = bench.store.grant_sign_up(handshake.code_id, late).await;
    assert!(matches!(late, Ok(Finish::AlreadyEnded(End::Failed(failure))) if failure == replaced()));
    let nobody = bench.store.user_by_email("ada@example.com").await;
    assert_eq!(nobody.expect("a database"), None, "nothing is left behind");
    assert_eq!(poll(&bench, &key(true)).await, SignUpStatus::Failed(replaced()));
}

async fn a_sign_up_that_is_withdrawn_unopened_is_dead_too(bench: Bench) {
    assert_eq!(withdraw(&bench).await, Withdrawn::Ended);
    let opened = sign_up(&bench, &key(true)).await;
    let entered = bench
        .store
        .enter_handshake(opened.code_id, "browser", "note")
        .await;
    assert!(matches!(entered, Ok(Entered::Ended(_))), "{entered:?}");
}

async fn of_withdrawing_and_granting_at_once_exactly_one_happens(bench: Bench) {
    let handshake = sign_up(&bench, &key(true)).await;
    let who = Who::New(new_user("ada@example.com"));
    let (withdrawn, granted) = tokio::join!(
        withdraw(&bench),
        bench.store.grant_sign_up(handshake.code_id, grant(who))
    );
    match (withdrawn, granted.expect("a database")) {
        (Withdrawn::Granted(taken), Finish::Done(Granted::Yes(given))) => {
            assert_eq!(taken, given);
            // Its answer was lost: asked again, it is the same.
            assert_eq!(withdraw(&bench).await, Withdrawn::Granted(given));
        }
        (Withdrawn::Ended, Finish::AlreadyEnded(End::Failed(_))) => {}
        other => panic!("both or neither: {other:?}"),
    }
}

fn key(challenge: bool) -> SignUpKey {
    let challenge = challenge.then(|| CodeVerifier::from_entropy([9; 32]).challenge());
    SignUpKey::of_start(
        &SignupToken::new("2b1d8f6e-8a31-4b67-9a54-0d1a4a6f2c11"),
        challenge,
    )
}

fn grant(who: Who) -> NewGrant {
    NewGrant {
        who,
        identity: Identity {
            provider: "github".to_owned(),
            host: None,
            subject: "583231".to_owned(),
        },
        name: "octocat".to_owned(),
        account: Some(NewAccount {
            sub_id: None,
            access_token: AccessToken::new("canary-access"),
            refresh_token: None,
            expires_at: None,
            who: Some("octocat".to_owned()),
            data: Value::Null,
        }),
    }
}

async fn sign_up(bench: &Bench, key: &SignUpKey) -> Handshake {
    bench.open(HandshakeKind::SignUp { key: key.clone() }).await
}

async fn granted(bench: &Bench, id: CodeId, who: Who) -> Grant {
    match bench
        .store
        .grant_sign_up(id, grant(who))
        .await
        .expect("a database")
    {
        Finish::Done(Granted::Yes(grant)) => *grant,
        other => panic!("not granted: {other:?}"),
    }
}

async fn poll(bench: &Bench, key: &SignUpKey) -> SignUpStatus {
    bench
        .store
        .redeem_sign_up(key, Some("10.0.0.7"))
        .await
        .expect("a database")
}

async fn a_sign_up_makes_user_team_identity_account_and_session(mut bench: Bench) {
    let handshake = sign_up(&bench, &key(true)).await;
    bench.told().await;
    let grant = granted(&bench, handshake.code_id, Who::New(new_user("ada@example.com"))).await;
    assert_eq!(grant.status, SignupStatus::TeamCreated);
    assert_eq!(grant.session.team_id.as_ref(), grant.user.team_ids.first());
    assert_eq!(grant.user.version, 2);
    let account = grant.account.expect("an account");
    assert!(bench.store.account(&account).await.expect("a database").is_some());
    let told = bench.told().await;
    assert!(
        told.iter()
            .any(|wake| matches!(wake, Wake::SignUp { key: told } if *told == key(true)))
    );
    let identity = Identity {
        provider: "github".to_owned(),
        host: None,
        subject: "583231".to_owned(),
    };
    let found = bench.store.user_by_identity(&identity).await.expect("a database");
    assert_eq!(found.map(|user| user.id), Some(grant.user.id));
}

async fn a_grant_is_given_again_until_its_token_is_used(bench: Bench) {
    let handshake = sign_up(&bench, &key(true)).await;
    let first = granted(&bench, handshake.code_id, Who::New(new_user("ada@example.com"))).await;
    for _ in 0..3 {
        assert_eq!(
            poll(&bench, &key(true)).await,
            SignUpStatus::Granted(Box::new(first.clone()))
        );
    }
    let session = bench
        .store
        .use_session(&first.token, None)
        .await
        .expect("a database");
    assert_eq!(session, Some(first.session));
    assert_eq!(poll(&bench, &key(true)).await, SignUpStatus::Spent);
}

async fn a_grant_ends_with_its_handshakes_time(bench: Bench) {
    let handshake = sign_up(&bench, &key(true)).await;
    granted(&bench, handshake.code_id, Who::New(new_user("ada@example.com"))).await;
    bench.clock.advance(5 * MINUTE);
    assert_eq!(poll(&bench, &key(true)).await, SignUpStatus::Spent);
}

async fn a_grant_without_a_challenge_is_given_once(bench: Bench) {
    let handshake = sign_up(&bench, &key(false)).await;
    granted(&bench, handshake.code_id, Who::New(new_user("ada@example.com"))).await;
    assert!(matches!(
        poll(&bench, &key(false)).await,
        SignUpStatus::Granted(_)
    ));
    assert_eq!(poll(&bench, &key(false)).await, SignUpStatus::Spent);
}

async fn only_its_own_verifier_finds_a_grant(bench: Bench) {
    let handshake = sign_up(&bench, &key(true)).await;
    granted(&bench, handshake.code_id, Who::New(new_user("ada@example.com"))).await;
    assert_eq!(poll(&bench, &key(false)).await, SignUpStatus::Unknown);
    let other = SignUpKey {
        challenge: Some(CodeVerifier::from_entropy([8; 32]).challenge()),
        ..key(true)
    };
    assert_eq!(poll(&bench, &other).await, SignUpStatus::Unknown);
    assert!(CodeChallenge::parse(other.challenge.expect("a challenge").as_str()).is_some());
}

async fn the_first_poll_tells_where_the_agent_is(bench: Bench) {
    assert_eq!(poll(&bench, &key(true)).await, SignUpStatus::Unknown);
    let handshake = sign_up(&bench, &key(true)).await;
    assert_eq!(
        poll(&bench, &key(true)).await,
        SignUpStatus::Pending { note: None }
    );
    bench
        .store
        .redeem_sign_up(&key(true), Some("10.9.9.9"))
        .await
        .expect("a database");
    let known = bench
        .store
        .handshake(handshake.code_id)
        .await
        .expect("a database")
        .expect("a handshake");
    assert_eq!(known.agent_address.as_deref(), Some("10.0.0.7"));
}

async fn opening_a_sign_up_again_gives_the_one_that_is_there(bench: Bench) {
    let first = sign_up(&bench, &key(true)).await;
    let again = sign_up(&bench, &key(true)).await;
    assert_eq!(first.code_id, again.code_id);
}

async fn nothing_is_kept_of_a_sign_up_whose_address_was_taken_meanwhile(bench: Bench) {
    bench.user("Ada@Example.com").await;
    let handshake = sign_up(&bench, &key(true)).await;
    let new = grant(Who::New(new_user("ada@example.com")));
    let finish = bench
        .store
        .grant_sign_up(handshake.code_id, new)
        .await
        .expect("a database");
    assert_eq!(finish, Finish::Done(Granted::Taken));
    assert_eq!(
        poll(&bench, &key(true)).await,
        SignUpStatus::Pending { note: None }
    );
}

async fn nothing_is_kept_of_a_sign_up_whose_identity_is_anothers(bench: Bench) {
    let other = SignUpKey {
        token: "another".to_owned(),
        ..key(true)
    };
    let first = sign_up(&bench, &other).await;
    granted(&bench, first.code_id, Who::New(new_user("owner@example.com"))).await;
    let handshake = sign_up(&bench, &key(true)).await;
    let new = grant(Who::New(new_user("ada@example.com")));
    let finish = bench
        .store
        .grant_sign_up(handshake.code_id, new)
        .await
        .expect("a database");
    assert_eq!(finish, Finish::Done(Granted::Taken));
    assert_eq!(
        bench
            .store
            .user_by_email("ada@example.com")
            .await
            .expect("a database"),
        None
    );
}

async fn an_existing_users_other_agents_learn_of_the_sign_in(bench: Bench) {
    let other = SignUpKey {
        token: "another".to_owned(),
        ..key(true)
    };
    let first = sign_up(&bench, &other).await;
    let user = granted(&bench, first.code_id, Who::New(new_user("ada@example.com")))
        .await
        .user;
    let before = bench.messages(&user.id).await.len();
    let handshake = sign_up(&bench, &key(true)).await;
    let grant = granted(&bench, handshake.code_id, Who::Existing(user.id.clone())).await;
    assert_eq!(grant.status, SignupStatus::SignedIn);
    assert_eq!(bench.messages(&user.id).await.len(), before + 1);
}

async fn a_refusal_is_told_to_every_poll(mut bench: Bench) {
    let handshake = sign_up(&bench, &key(true)).await;
    bench.told().await;
    let refusal = failure(ServerCode::AlreadyRegistered);
    bench
        .store
        .fail_handshake(handshake.code_id, refusal.clone())
        .await
        .expect("a database");
    assert!(matches!(&bench.told().await[..], [Wake::SignUp { .. }]));
    for _ in 0..2 {
        assert_eq!(
            poll(&bench, &key(true)).await,
            SignUpStatus::Failed(refusal.clone())
        );
    }
}

async fn a_sign_up_whose_time_is_over_answers_auth_1005_before_and_after_it_is_ended(bench: Bench) {
    sign_up(&bench, &key(true)).await;
    bench.clock.advance(5 * MINUTE);
    for _ in 0..2 {
        let SignUpStatus::Failed(failure) = poll(&bench, &key(true)).await else {
            panic!("not expired");
        };
        assert_eq!(failure.code, ServerCode::TokenExpired);
        bench.store.expire_handshakes().await.expect("a database");
    }
}

async fn an_ended_session_ends_its_grant(mut bench: Bench) {
    let handshake = sign_up(&bench, &key(true)).await;
    let grant = granted(&bench, handshake.code_id, Who::New(new_user("ada@example.com"))).await;
    bench.told().await;
    assert!(
        bench
            .store
            .end_session(grant.session.id)
            .await
            .expect("a database")
    );
    assert!(matches!(&bench.told().await[..], [Wake::SessionEnded { id }] if *id == grant.session.id));
    assert_eq!(poll(&bench, &key(true)).await, SignUpStatus::Spent);
    assert_eq!(
        bench
            .store
            .use_session(&grant.token, None)
            .await
            .expect("a database"),
        None
    );
    assert!(
        !bench
            .store
            .end_session(grant.session.id)
            .await
            .expect("a database")
    );
}
