use codestream_protocol::ProviderId;
use codestream_protocol::http::TokenError;

use super::*;

on_each_engine!(
    of_two_refreshes_with_one_token_one_wins,
    a_refresh_without_a_new_refresh_token_keeps_the_old_one,
    lost_tokens_leave_their_reason_unless_they_were_replaced_meanwhile,
    a_removed_account_is_given_back_once,
    a_self_hosted_account_stays_when_the_other_goes,
    history_is_newest_first_and_bounded,
    an_undo_is_taken_once_and_in_time,
    a_session_is_found_by_its_own_tokens_alone,
    a_refresh_is_leased_to_one_until_it_ends_or_its_time_is_over,
);

fn tokens(access: &str, refresh: Option<&str>) -> NewTokens {
    NewTokens {
        access_token: AccessToken::new(access),
        refresh_token: refresh.map(RefreshToken::new),
        expires_at: Some(START + 2 * MINUTE),
    }
}

fn lost() -> TokenError {
    TokenError {
        error: "GitHub no longer accepts the token.".to_owned(),
        occurred_at: START,
        is_connection_error: false,
        provider_message: None,
    }
}

async fn connected(bench: &Bench) -> (User, Account) {
    let (user, _) = bench.user("ada@example.com").await;
    let account = account(&user);
    bench
        .store
        .put_account(account.clone(), Some("req"))
        .await
        .expect("a database");
    (user, account)
}

async fn of_two_refreshes_with_one_token_one_wins(bench: Bench) {
    let (user, account) = connected(&bench).await;
    let old = account.refresh_token.clone().expect("a refresh token");
    let replace = |name| {
        let new = tokens(name, Some(name));
        bench.store.replace_tokens(&account.key, &old, new, None)
    };
    let (one, two) = tokio::join!(replace("one"), replace("two"));
    let (one, two) = (one.expect("a database"), two.expect("a database"));
    let won = |end: &Replaced| matches!(end, Replaced::Yes(_));
    assert!(won(&one) != won(&two), "{one:?} {two:?}");
    let Replaced::Other(stored) = (if won(&one) { two } else { one }) else {
        panic!("the account is there");
    };
    assert_eq!(
        bench.store.account(&account.key).await.expect("a database"),
        Some(*stored)
    );
    // One message for the account, one for the refresh that won.
    assert_eq!(bench.messages(&user.id).await.len(), 2);
}

async fn a_refresh_without_a_new_refresh_token_keeps_the_old_one(bench: Bench) {
    let (_, account) = connected(&bench).await;
    let old = account.refresh_token.clone().expect("a refresh token");
    let end = bench
        .store
        .replace_tokens(&account.key, &old, tokens("new", None), None)
        .await;
    assert!(matches!(end, Ok(Replaced::Yes(_))));
    let stored = bench
        .store
        .account(&account.key)
        .await
        .expect("a database")
        .expect("an account");
    assert_eq!(stored.refresh_token, Some(old));
    assert_eq!(stored.access_token, Some(AccessToken::new("new")));
}

async fn lost_tokens_leave_their_reason_unless_they_were_replaced_meanwhile(bench: Bench) {
    let (user, account) = connected(&bench).await;
    let stale = AccessToken::new("stale");
    let end = bench.store.lose_tokens(&account.key, &stale, lost(), None).await;
    assert!(matches!(end, Ok(Replaced::Other(_))));
    let current = account.access_token.clone().expect("an access token");
    let end = bench
        .store
        .lose_tokens(&account.key, &current, lost(), None)
        .await;
    assert!(matches!(end, Ok(Replaced::Yes(_))));
    let stored = bench
        .store
        .account(&account.key)
        .await
        .expect("a database")
        .expect("an account");
    assert_eq!((stored.access_token, stored.refresh_token), (None, None));
    assert_eq!(stored.token_error, Some(lost()));
    let last = bench.messages(&user.id).await.pop().expect("a message");
    let path = crate::me::path(&account.key);
    assert_eq!(
        last.payload["user"]["$unset"][format!("{path}.accessToken")],
        true
    );
}

async fn a_removed_account_is_given_back_once(bench: Bench) {
    let (user, account) = connected(&bench).await;
    let removed = bench
        .store
        .remove_account(&account.key, Some("req"))
        .await
        .expect("a database");
    let (gone, change) = removed.expect("an account");
    assert_eq!(gone, account);
    assert!(change.user.unset.contains_key(&crate::me::path(&account.key)));
    assert_eq!(
        bench
            .store
            .remove_account(&account.key, None)
            .await
            .expect("a database"),
        None
    );
    let last = bench.messages(&user.id).await.pop().expect("a message");
    assert_eq!(
        (&last.payload["requestId"], &last.payload["messageId"]),
        (&json!("req"), &json!(change.message_id))
    );
}

async fn a_self_hosted_account_stays_when_the_other_goes(bench: Bench) {
    let (user, account) = connected(&bench).await;
    let mut hosted = account.clone();
    hosted.key.host = Some(ProviderId::of_host("git.example.com"));
    bench
        .store
        .put_account(hosted.clone(), None)
        .await
        .expect("a database");
    let (_, change) = bench
        .store
        .remove_account(&account.key, None)
        .await
        .expect("a database")
        .expect("an account");
    assert!(!change.user.unset.contains_key(&crate::me::path(&account.key)));
    assert_eq!(
        bench.store.accounts_of(&user.id).await.expect("a database"),
        vec![hosted]
    );
}

async fn history_is_newest_first_and_bounded(bench: Bench) {
    let (user, team) = bench.user("ada@example.com").await;
    let channels = [
        codestream_protocol::channel::ChannelName::User(user.id.clone()),
        codestream_protocol::channel::ChannelName::Team(team.id),
    ];
    for number in 0..5 {
        let channel = &channels[number % 2];
        bench
            .store
            .publish(channel, json!({ "n": number }))
            .await
            .expect("a database");
        bench.clock.advance(Duration::from_secs(1));
    }
    let since = START + Duration::from_secs(1);
    let numbers = |found: Vec<StoredMessage>| -> Vec<i64> {
        found
            .iter()
            .filter_map(|message| message.payload["n"].as_i64())
            .collect()
    };
    let all = bench
        .store
        .messages_since(&channels, since, 100)
        .await
        .expect("a database");
    assert_eq!(numbers(all), [4, 3, 2, 1]);
    let some = bench
        .store
        .messages_since(&channels, since, 2)
        .await
        .expect("a database");
    assert_eq!(numbers(some), [4, 3]);
    let own = bench
        .store
        .messages_since(&channels[..1], since, 100)
        .await
        .expect("a database");
    assert_eq!(numbers(own), [4, 2]);
    assert!(bench.store.publish(&channels[0], json!([1])).await.is_err());
}

async fn an_undo_is_taken_once_and_in_time(bench: Bench) {
    let (_, account) = connected(&bench).await;
    let undo = Undo {
        undoing: Undoing {
            deed: Deed {
                link: None,
                user_id: account.key.user_id.clone(),
                provider: account.key.provider.clone(),
                account: Some(account.key),
            },
            session: Some(SessionId(bench.random.uuid())),
        },
        expires_at: START + 10 * MINUTE,
    };
    for token in ["one", "two"] {
        bench
            .store
            .keep_undo(token, undo.clone())
            .await
            .expect("a database");
    }
    assert_eq!(
        bench.store.undo("one").await.expect("a database"),
        Some(undo.clone())
    );
    assert_eq!(
        bench.store.take_undo("one").await.expect("a database"),
        TakenUndo::Now(Box::new(undo.undoing.clone()))
    );
    let again = async || bench.store.take_undo("one").await.expect("a database");
    assert_eq!(again().await, TakenUndo::Underway);
    assert_eq!(bench.store.undo("one").await.expect("a database"), None);
    // Whoever took it was cut off: the next one goes on.
    bench.clock.advance(UNDO_LEASE);
    assert_eq!(again().await, TakenUndo::Now(Box::new(undo.undoing.clone())));
    bench.store.finish_undo("one", "done").await.expect("a database");
    assert_eq!(again().await, TakenUndo::Before("done".to_owned()));
    bench.clock.advance(10 * MINUTE);
    assert_eq!(bench.store.undo("two").await.expect("a database"), None);
    assert_eq!(
        bench.store.take_undo("two").await.expect("a database"),
        TakenUndo::Gone
    );
}

async fn a_session_is_found_by_its_own_tokens_alone(bench: Bench) {
    let (user, team) = bench.user("ada@example.com").await;
    let opened = bench
        .store
        .open_session(&user.id, Some(&team.id), Some("github"))
        .await
        .expect("a database");
    let broadcaster = &opened.session.broadcaster_token;
    let found = bench
        .store
        .session_by_broadcaster(&user.id, broadcaster)
        .await
        .expect("a database");
    assert_eq!(found, Some(opened.session.clone()));
    let stranger = UserId::from_bytes([9; 12]);
    assert_eq!(
        bench
            .store
            .session_by_broadcaster(&stranger, broadcaster)
            .await
            .expect("a database"),
        None
    );
    assert_eq!(
        bench.store.session(opened.session.id).await.expect("a database"),
        Some(opened.session)
    );
    assert!(
        bench
            .store
            .is_member(&user.id, &team.id)
            .await
            .expect("a database")
    );
    assert!(
        !bench
            .store
            .is_member(&user.id, &TeamId::from_bytes([9; 12]))
            .await
            .expect("a database")
    );
    assert!(
        bench
            .store
            .remove_member(&user.id, &team.id)
            .await
            .expect("a database")
    );
    assert!(
        !bench
            .store
            .is_member(&user.id, &team.id)
            .await
            .expect("a database")
    );
}

async fn a_refresh_is_leased_to_one_until_it_ends_or_its_time_is_over(mut bench: Bench) {
    let (user, account) = connected(&bench).await;
    let lease = async |bench: &Bench| {
        let leased = bench.store.lease_refresh(&account.key, MINUTE).await;
        leased.expect("a database")
    };
    let until = START + MINUTE;
    let Leased::Ours(first) = lease(&bench).await else {
        panic!("nobody else is at it");
    };
    assert_eq!(first, Lease { until });
    assert_eq!(lease(&bench).await, Leased::Theirs(until));
    bench.told().await;
    let ended = bench.store.end_refresh(&account.key, first).await;
    ended.expect("a database");
    assert_eq!(
        bench.told().await,
        [Wake::RefreshEnded {
            user_id: user.id.clone()
        }]
    );
    let Leased::Ours(_) = lease(&bench).await else {
        panic!("it was given back");
    };
    bench.clock.advance(MINUTE);
    let Leased::Ours(third) = lease(&bench).await else {
        panic!("the time of the one before is over");
    };
    // Whose time is over has nothing to give back.
    let late = bench.store.end_refresh(&account.key, first).await;
    late.expect("a database");
    assert_eq!(lease(&bench).await, Leased::Theirs(third.until));
    let removed = bench.store.remove_account(&account.key, None).await;
    removed.expect("a database");
    assert_eq!(lease(&bench).await, Leased::Gone);
}
