use super::*;

on_each_engine!(
    no_secret_can_be_read_where_it_is_kept,
    everything_is_there_after_a_restart_with_a_rotated_key,
);

async fn filled(bench: &Bench) -> (User, OpenedSession) {
    let (user, team) = bench.user("ada@example.com").await;
    let opened = bench
        .store
        .open_session(&user.id, Some(&team.id), None)
        .await
        .expect("a database");
    let handshake = bench.connect(&user).await;
    let state = NewState {
        jti: "jti".to_owned(),
        code_id: handshake.code_id,
        provider: "github".to_owned(),
        verifier: Some(CodeVerifier::new("canary-verifier".repeat(3))),
        browser_hash: "bh".to_owned(),
        expires_at: handshake.expires_at,
    };
    bench.store.mint_state(state).await.expect("a database");
    bench
        .store
        .finish_connect(handshake.code_id, account(&user), None)
        .await
        .expect("a database");
    bench
        .store
        .keep_undo(
            "canary-undo",
            Undo {
                undoing: Undoing {
                    deed: Deed {
                        link: None,
                        user_id: user.id.clone(),
                        provider: "github".to_owned(),
                        account: Some(account(&user).key),
                    },
                    session: None,
                },
                expires_at: START + MINUTE,
            },
        )
        .await
        .expect("a database");
    (user, opened)
}

async fn no_secret_can_be_read_where_it_is_kept(bench: Bench) {
    let (_, opened) = filled(&bench).await;
    let key = SignUpKey::of_start(&SignupToken::new("canary-signup"), None);
    let handshake = bench.open(HandshakeKind::SignUp { key }).await;
    let new = NewGrant {
        who: Who::New(new_user("eve@example.com")),
        identity: Identity {
            provider: "github".to_owned(),
            host: None,
            subject: "2".to_owned(),
        },
        name: "octocat".to_owned(),
        account: Some(NewAccount {
            sub_id: None,
            access_token: AccessToken::new("canary-access"),
            refresh_token: Some(RefreshToken::new("canary-refresh")),
            expires_at: None,
            who: None,
            data: Value::Null,
        }),
    };
    let granted = bench
        .store
        .grant_sign_up(handshake.code_id, new)
        .await
        .expect("a database");
    let Finish::Done(Granted::Yes(grant)) = granted else {
        panic!("not granted");
    };
    let all = bench.place.at_rest();
    let broadcaster = opened.session.broadcaster_token.expose();
    for secret in ["canary", broadcaster, opened.token.expose(), grant.token.expose()] {
        assert!(!all.contains(secret), "{secret} can be read");
    }
    assert!(
        all.contains("ada@example.com"),
        "the search looks at the right place"
    );
}

async fn everything_is_there_after_a_restart_with_a_rotated_key(bench: Bench) {
    let (user, opened) = filled(&bench).await;
    let bench = bench.again().await;
    assert_eq!(
        bench.store.accounts_of(&user.id).await.expect("a database"),
        vec![account(&user)]
    );
    let session = bench
        .store
        .use_session(&opened.token, None)
        .await
        .expect("a database");
    assert_eq!(session, Some(opened.session));
    assert_eq!(bench.messages(&user.id).await.len(), 1);
}
