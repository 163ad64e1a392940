//! Several nodes on one PostgreSQL.

use codestream_protocol::channel::ChannelName;
use futures_util::future::join_all;

use super::*;

/// Two nodes; `None` where PostgreSQL is not installed.
async fn two() -> Option<(Bench, Bench)> {
    let one = Bench::postgres().await?;
    let other = one.beside().await;
    Some((one, other))
}

fn sql(bench: &Bench, text: &str) -> String {
    match &bench.place {
        Place::Postgres(database) => database.sql(text),
        Place::File(_) => panic!("not PostgreSQL"),
    }
}

fn messages(told: Vec<Wake>) -> Vec<String> {
    let id = |wake| match wake {
        Wake::Message { id, .. } => Some(id),
        _ => None,
    };
    told.into_iter().filter_map(id).collect()
}

#[tokio::test]
async fn every_node_hears_of_every_commit_in_the_same_order() {
    let Some((mut one, mut other)) = two().await else {
        return;
    };
    let publish = |bench: &Bench| {
        let store = bench.store.clone();
        async move { store.publish(&ChannelName::Echo, json!({})).await }
    };
    let published = (0..20).map(|number| publish(if number % 2 == 0 { &one } else { &other }));
    let published = join_all(published).await;
    let (first, second) = (messages(one.told().await), messages(other.told().await));
    assert_eq!(first, second);
    assert_eq!(first.len(), published.len());
    for stored in published {
        assert!(first.contains(&stored.expect("a database").id));
    }
}

#[tokio::test]
async fn a_state_is_consumed_on_one_node_alone() {
    let Some((one, other)) = two().await else {
        return;
    };
    let (user, _) = one.user("ada@example.com").await;
    let handshake = one.connect(&user).await;
    one.state(&handshake, "jti").await;
    let tries = (0..16).flat_map(|_| [one.store.consume_state("jti"), other.store.consume_state("jti")]);
    let ends = join_all(tries).await;
    let count = |wanted: fn(&Consumed) -> bool| {
        let ends = ends.iter().map(|end| end.as_ref().expect("a database"));
        ends.filter(|end| wanted(end)).count()
    };
    assert_eq!(count(|end| matches!(end, Consumed::Once(_))), 1);
    assert_eq!(count(|end| matches!(end, Consumed::Used(_))), 31);
}

#[tokio::test]
async fn a_handshake_ends_once_whichever_node_ends_it() {
    let Some((one, other)) = two().await else {
        return;
    };
    let (user, _) = one.user("ada@example.com").await;
    for _ in 0..8 {
        let handshake = one.connect(&user).await;
        let before = one.messages(&user.id).await.len();
        let (finished, failed) = tokio::join!(
            one.store.finish_connect(handshake.code_id, account(&user), None),
            other
                .store
                .fail_handshake(handshake.code_id, failure(ServerCode::ProviderAuthNotAllowed)),
        );
        let finished = matches!(finished.expect("a database"), Finish::Done(_));
        assert_ne!(finished, failed.expect("a database"));
        assert_eq!(one.messages(&user.id).await.len(), before + 1);
    }
}

#[tokio::test]
async fn changes_on_two_nodes_make_one_chain_of_versions() {
    let Some((one, other)) = two().await else {
        return;
    };
    let (user, _) = one.user("ada@example.com").await;
    let put = |bench: &Bench, provider: &str| {
        let mut account = account(&user);
        account.key.provider = provider.to_owned();
        let store = bench.store.clone();
        async move { store.put_account(account, None).await }
    };
    let puts = (0..10).flat_map(|_| [put(&one, "github"), put(&other, "github"), put(&other, "trello")]);
    for change in join_all(puts).await {
        change.expect("no deadlock and no conflict");
    }
    let told = one.messages(&user.id).await;
    let versions: Vec<_> = told
        .iter()
        .map(|message| {
            message.payload["user"]["$version"]["after"]
                .as_i64()
                .expect("a version")
        })
        .collect();
    assert_eq!(versions, (2..=31).collect::<Vec<i64>>());
}

#[tokio::test]
async fn an_address_is_taken_once() {
    let Some((one, other)) = two().await else {
        return;
    };
    let sign_up = |bench: &Bench| {
        let store = bench.store.clone();
        async move { store.create_user_and_team(new_user("ada@example.com")).await }
    };
    let users = join_all((0..4).flat_map(|_| [sign_up(&one), sign_up(&other)])).await;
    let made = users.into_iter().filter_map(|user| user.expect("a database"));
    assert_eq!(made.count(), 1);
    assert_eq!(
        sql(&one, "SELECT COUNT(*) FROM teams"),
        "1",
        "nothing is half-stored"
    );
}

#[tokio::test]
async fn a_refresh_is_leased_to_one_node() {
    let Some((one, other)) = two().await else {
        return;
    };
    let (user, _) = one.user("ada@example.com").await;
    let key = account(&user).key;
    one.store
        .put_account(account(&user), None)
        .await
        .expect("a database");
    let leases = (0..8).flat_map(|_| {
        [
            one.store.lease_refresh(&key, MINUTE),
            other.store.lease_refresh(&key, MINUTE),
        ]
    });
    let leases = join_all(leases).await;
    let ours = |lease: &Result<Leased, _>| matches!(lease, Ok(Leased::Ours(_)));
    assert_eq!(leases.iter().filter(|lease| ours(lease)).count(), 1, "{leases:?}");
}

#[tokio::test]
async fn a_limit_is_one_for_all_nodes() {
    let Some((one, other)) = two().await else {
        return;
    };
    let rate = Rate::new("test", 1, 5);
    let takes = (0..10).flat_map(|_| {
        [
            one.store.take_many(rate, "x", 1),
            other.store.take_many(rate, "x", 1),
        ]
    });
    let takes = join_all(takes).await;
    let yes = |take: &Result<Allowed, _>| matches!(take, Ok(Allowed::Yes));
    assert_eq!(takes.iter().filter(|take| yes(take)).count(), 5);
    // What nobody needs is forgotten.
    one.clock.advance(MINUTE);
    one.store.expire_handshakes().await.expect("a database");
    assert_eq!(sql(&one, "SELECT COUNT(*) FROM rate_limits"), "0");
}

#[tokio::test]
async fn whoever_loses_the_line_is_told_and_hears_again() {
    let Some((mut one, other)) = two().await else {
        return;
    };
    let heard = async |bench: &mut Bench, wanted: &Wake| {
        let hearing = async { while bench.wakes.recv().await.as_ref() != Ok(wanted) {} };
        let patience = Duration::from_secs(15);
        tokio::time::timeout(patience, hearing)
            .await
            .expect("it is heard in time");
    };
    let ended = sql(
        &one,
        "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE datname = current_database() AND query LIKE 'LISTEN%'",
    );
    assert_eq!(ended, "2", "the lines of both nodes");
    heard(&mut one, &Wake::Missed).await;
    let stored = other.store.publish(&ChannelName::Echo, json!({})).await;
    let told = Wake::Message {
        id: stored.expect("a database").id,
        channel: ChannelName::Echo,
    };
    heard(&mut one, &told).await;
}

#[tokio::test]
async fn nodes_that_start_together_bring_the_database_up_to_date_once() {
    let Some(database) = Postgres::new() else {
        return;
    };
    let place = Place::Postgres(database);
    join_all((0..4).map(|_| Bench::at(place.clone(), 1))).await;
}

/// What a migration of the next version may do: see the rule in the first one.
const EXPAND: &str = "
    ALTER TABLE users ADD COLUMN later TEXT;
    ALTER TABLE teams ADD COLUMN later TEXT;
    ALTER TABLE members ADD COLUMN later TEXT;
    ALTER TABLE identities ADD COLUMN later TEXT;
    ALTER TABLE sessions ADD COLUMN later TEXT;
    ALTER TABLE handshakes ADD COLUMN later BIGINT NOT NULL DEFAULT 0;
    ALTER TABLE states ADD COLUMN later TEXT;
    ALTER TABLE grants ADD COLUMN later TEXT;
    ALTER TABLE accounts ADD COLUMN later TEXT;
    ALTER TABLE messages ADD COLUMN later TEXT;
    ALTER TABLE undos ADD COLUMN later TEXT;
    ALTER TABLE rate_limits ADD COLUMN later TEXT;
    CREATE TABLE later (id TEXT PRIMARY KEY);
    INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
    VALUES (9000, 'later', true, '', 0);";

#[tokio::test]
async fn a_newer_version_does_not_disturb_the_nodes_that_run_nor_one_that_starts() {
    let Some(bench) = Bench::postgres().await else {
        return;
    };
    // Every statement is prepared on the connection that runs it next.
    everything(&bench, "before").await;
    sql(&bench, EXPAND);
    everything(&bench, "after").await;
    everything(&bench.again().await, "again").await;
}

/// Every kind of row is written and read.
async fn everything(bench: &Bench, name: &str) {
    let (user, team) = bench.user(&format!("{name}@example.com")).await;
    let opened = bench.store.open_session(&user.id, Some(&team.id), None).await;
    let opened = opened.expect("a session");
    let session = bench.store.use_session(&opened.token, None).await;
    assert_eq!(session.expect("a database"), Some(opened.session));
    let handshake = bench.connect(&user).await;
    bench.state(&handshake, name).await;
    let consumed = bench.store.consume_state(name).await;
    assert!(matches!(consumed, Ok(Consumed::Once(_))), "{consumed:?}");
    let finished = bench
        .store
        .finish_connect(handshake.code_id, account(&user), None)
        .await;
    assert!(matches!(finished, Ok(Finish::Done(_))), "{finished:?}");
    assert_eq!(bench.messages(&user.id).await.len(), 1);
    let accounts = bench.store.accounts_of(&user.id).await;
    assert_eq!(accounts.expect("a database"), vec![account(&user)]);
    let key = SignUpKey::of_start(&SignupToken::new(name), None);
    bench.open(HandshakeKind::SignUp { key: key.clone() }).await;
    let status = bench.store.redeem_sign_up(&key, None).await;
    assert_eq!(status.expect("a database"), SignUpStatus::Pending { note: None });
    let undo = Undo {
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
    };
    bench.store.keep_undo(name, undo).await.expect("a database");
    let taken = bench.store.take_undo(name).await;
    assert!(matches!(taken.expect("a database"), TakenUndo::Now(_)));
    let rate = Rate::new("test", 1, 1);
    assert!(matches!(
        bench.store.take_many(rate, name, 1).await,
        Ok(Allowed::Yes)
    ));
    bench.store.expire_handshakes().await.expect("a database");
}
