//! Who may sign in as a user: links that are confirmed, identities that are removed, sessions that end with them.

use codestream_protocol::http::IdentityOrigin;
use codestream_protocol::secret::SessionToken;
use codestream_protocol::{IdentityId, SessionId};

use super::*;

on_each_engine! {
    a_link_is_the_users_once_it_is_confirmed,
    only_the_user_who_began_confirms,
    the_first_account_that_comes_back_stays,
    an_identity_of_another_user_is_not_linked,
    a_link_ends_with_its_time_and_with_a_no,
    a_link_is_taken_back_before_and_after_it_is_confirmed,
    the_last_identity_stays_also_when_two_are_removed_at_once,
    an_identity_that_was_removed_signs_nobody_in_and_its_sessions_end,
    a_connect_leaves_no_identity,
    the_last_use_of_a_session_is_kept_to_some_minutes,
    sessions_are_listed_and_ended_by_their_user_alone,
}

fn identity(subject: &str) -> Identity {
    Identity {
        provider: "gitlab".to_owned(),
        host: None,
        subject: subject.to_owned(),
    }
}

impl Bench {
    async fn link(&self, user: &User) -> Handshake {
        self.open(HandshakeKind::Link {
            user_id: user.id.clone(),
            team_id: user.team_ids[0].clone(),
        })
        .await
    }

    async fn linked(&self, user: &User, subject: &str) -> IdentityId {
        let handshake = self.link(user).await;
        let identity = identity(subject);
        let offered = self.store.offer_link(handshake.code_id, &identity, "mona");
        assert_eq!(offered.await.expect("a database"), Offered::Yes);
        let confirmed = self.store.confirm_link(handshake.code_id, &user.id).await;
        assert_eq!(confirmed.expect("a database"), Confirmed::Yes);
        IdentityId(handshake.code_id.0)
    }

    async fn owner(&self, subject: &str) -> Option<UserId> {
        let found = self.store.user_by_identity(&identity(subject)).await;
        found.expect("a database").map(|user| user.id)
    }

    async fn signed_in(&self, user: &User, subject: &str, token: &str) -> Finish<Granted> {
        let key = SignUpKey::of_start(&SignupToken::new(token), None);
        let handshake = self.open(HandshakeKind::SignUp { key }).await;
        let grant = NewGrant {
            who: Who::Existing(user.id.clone()),
            identity: identity(subject),
            name: "mona".to_owned(),
            account: None,
        };
        let finish = self.store.grant_sign_up(handshake.code_id, grant).await;
        finish.expect("a database")
    }

    async fn is_session(&self, token: &SessionToken) -> bool {
        let found = self.store.use_session(token, None).await;
        found.expect("a database").is_some()
    }
}

fn no(code: ServerCode) -> Failure {
    failure(code)
}

async fn a_link_is_the_users_once_it_is_confirmed(bench: Bench) {
    let (user, _) = bench.user("ada@example.com").await;
    let handshake = bench.link(&user).await;
    let store = &bench.store;
    let early = store.confirm_link(handshake.code_id, &user.id).await;
    assert_eq!(early.expect("a database"), Confirmed::Early);
    let offered = store.offer_link(handshake.code_id, &identity("7"), "mona").await;
    assert_eq!(offered.expect("a database"), Offered::Yes);
    assert_eq!(
        bench.owner("7").await,
        None,
        "nothing is linked before the IDE says so"
    );
    let told = bench.messages(&user.id).await;
    assert_eq!(
        told[0].payload["attemptConfirming"],
        json!({ "codeId": handshake.code_id, "provider": "gitlab", "account": "mona" })
    );
    let confirmed = store.confirm_link(handshake.code_id, &user.id).await;
    assert_eq!(confirmed.expect("a database"), Confirmed::Yes);
    assert_eq!(bench.owner("7").await, Some(user.id.clone()));
    let told = bench.messages(&user.id).await;
    assert_eq!(
        told[1].payload["attemptEnded"],
        json!({ "codeId": handshake.code_id })
    );
    let mut found = store.identities_of(&user.id).await.expect("a database");
    let linked = found.pop().expect("an identity");
    assert_eq!(
        (linked.origin, linked.name.as_deref()),
        (IdentityOrigin::Linked, Some("mona"))
    );
    assert_eq!(linked.since, Some(START));
    let again = store.confirm_link(handshake.code_id, &user.id).await;
    assert_eq!(again.expect("a database"), Confirmed::Ended(End::Done));
}

async fn only_the_user_who_began_confirms(bench: Bench) {
    let (user, _) = bench.user("ada@example.com").await;
    let (eve, _) = bench.user("eve@example.com").await;
    let handshake = bench.link(&user).await;
    let offered = bench
        .store
        .offer_link(handshake.code_id, &identity("7"), "mona")
        .await;
    assert_eq!(offered.expect("a database"), Offered::Yes);
    let confirmed = bench.store.confirm_link(handshake.code_id, &eve.id).await;
    assert_eq!(confirmed.expect("a database"), Confirmed::Unknown);
    // A connect cannot be confirmed into an identity.
    let connect = bench.connect(&user).await;
    let offered = bench
        .store
        .offer_link(connect.code_id, &identity("7"), "mona")
        .await;
    assert_eq!(offered.expect("a database"), Offered::Expired);
    let confirmed = bench.store.confirm_link(connect.code_id, &user.id).await;
    assert_eq!(confirmed.expect("a database"), Confirmed::Unknown);
    assert_eq!(bench.owner("7").await, None);
}

async fn the_first_account_that_comes_back_stays(bench: Bench) {
    let (user, _) = bench.user("ada@example.com").await;
    let handshake = bench.link(&user).await;
    for (subject, name, expected) in [("7", "mona", Offered::Yes), ("8", "eve", Offered::Before)] {
        let offered = bench
            .store
            .offer_link(handshake.code_id, &identity(subject), name)
            .await;
        assert_eq!(offered.expect("a database"), expected, "{name}");
    }
    let confirmed = bench.store.confirm_link(handshake.code_id, &user.id).await;
    assert_eq!(confirmed.expect("a database"), Confirmed::Yes);
    assert_eq!(
        (bench.owner("7").await, bench.owner("8").await),
        (Some(user.id), None)
    );
}

async fn an_identity_of_another_user_is_not_linked(bench: Bench) {
    let (owner, _) = bench.user("owner@example.com").await;
    bench.linked(&owner, "7").await;
    let (user, _) = bench.user("ada@example.com").await;
    let handshake = bench.link(&user).await;
    let offered = bench
        .store
        .offer_link(handshake.code_id, &identity("7"), "mona")
        .await;
    assert_eq!(offered.expect("a database"), Offered::Yes);
    let confirmed = bench.store.confirm_link(handshake.code_id, &user.id).await;
    assert_eq!(confirmed.expect("a database"), Confirmed::Taken(identity("7")));
    assert_eq!(bench.owner("7").await, Some(owner.id));
    let left = bench
        .store
        .handshake(handshake.code_id)
        .await
        .expect("a database");
    assert_eq!(left.expect("a handshake").end, None, "nothing was changed");
}

async fn a_link_ends_with_its_time_and_with_a_no(bench: Bench) {
    let (user, _) = bench.user("ada@example.com").await;
    let refused = bench.link(&user).await;
    let late = bench.link(&user).await;
    for handshake in [&refused, &late] {
        let offered = bench
            .store
            .offer_link(handshake.code_id, &identity("7"), "mona")
            .await;
        assert_eq!(offered.expect("a database"), Offered::Yes);
    }
    let failure = no(ServerCode::ProviderAuthNotAllowed);
    let ended = bench.store.fail_handshake(refused.code_id, failure.clone()).await;
    assert!(ended.expect("a database"));
    let confirmed = bench.store.confirm_link(refused.code_id, &user.id).await;
    assert_eq!(
        confirmed.expect("a database"),
        Confirmed::Ended(End::Failed(failure))
    );
    bench.clock.advance(5 * MINUTE);
    let confirmed = bench.store.confirm_link(late.code_id, &user.id).await;
    assert_eq!(confirmed.expect("a database"), Confirmed::Expired);
    assert_eq!(bench.owner("7").await, None);
}

async fn a_link_is_taken_back_before_and_after_it_is_confirmed(mut bench: Bench) {
    let (user, _) = bench.user("ada@example.com").await;
    let before = bench.link(&user).await;
    let offered = bench
        .store
        .offer_link(before.code_id, &identity("7"), "mona")
        .await;
    assert_eq!(offered.expect("a database"), Offered::Yes);
    let failure = no(ServerCode::ProviderAuthNotAllowed);
    let undone = bench
        .store
        .undo_link(before.code_id, &user.id, failure.clone())
        .await;
    undone.expect("a database");
    let confirmed = bench.store.confirm_link(before.code_id, &user.id).await;
    assert_eq!(
        confirmed.expect("a database"),
        Confirmed::Ended(End::Failed(failure.clone()))
    );
    let after = bench.linked(&user, "7").await;
    let Finish::Done(Granted::Yes(grant)) = bench.signed_in(&user, "7", "token").await else {
        panic!("not signed in");
    };
    bench.told().await;
    let undone = bench.store.undo_link(CodeId(after.0), &user.id, failure).await;
    undone.expect("a database");
    assert_eq!(bench.owner("7").await, None);
    assert!(
        !bench.is_session(&grant.token).await,
        "what it opened has ended with it"
    );
    let told = bench.told().await;
    assert!(
        told.contains(&Wake::SessionEnded { id: grant.session.id }),
        "{told:?}"
    );
}

async fn the_last_identity_stays_also_when_two_are_removed_at_once(bench: Bench) {
    let (user, _) = bench.user("ada@example.com").await;
    let first = bench.linked(&user, "7").await;
    let second = bench.linked(&user, "8").await;
    let current = SessionId(bench.random.uuid());
    let (one, two) = tokio::join!(
        bench.store.unlink(&user.id, first, current),
        bench.store.unlink(&user.id, second, current)
    );
    let mut both = [one.expect("a database"), two.expect("a database")];
    both.sort_by_key(|outcome| *outcome == Unlinked::Last);
    assert_eq!(both, [Unlinked::Yes, Unlinked::Last]);
    let left = bench.store.identities_of(&user.id).await.expect("a database");
    assert_eq!(left.len(), 1);
    let (eve, _) = bench.user("eve@example.com").await;
    let foreign = bench.store.unlink(&eve.id, left[0].id, current).await;
    assert_eq!(foreign.expect("a database"), Unlinked::Unknown);
}

async fn an_identity_that_was_removed_signs_nobody_in_and_its_sessions_end(bench: Bench) {
    let (user, _) = bench.user("ada@example.com").await;
    bench.linked(&user, "7").await;
    let removed = bench.linked(&user, "8").await;
    let Finish::Done(Granted::Yes(kept)) = bench.signed_in(&user, "7", "a").await else {
        panic!("not signed in");
    };
    let Finish::Done(Granted::Yes(current)) = bench.signed_in(&user, "8", "b").await else {
        panic!("not signed in");
    };
    let Finish::Done(Granted::Yes(other)) = bench.signed_in(&user, "8", "c").await else {
        panic!("not signed in");
    };
    let gone = bench.store.unlink(&user.id, removed, current.session.id).await;
    assert_eq!(gone.expect("a database"), Unlinked::Yes);
    let lasts = [
        bench.is_session(&kept.token).await,
        bench.is_session(&current.token).await,
        bench.is_session(&other.token).await,
    ];
    assert_eq!(lasts, [true, true, false], "the one that asks goes on");
    // A sign-in that had been let in just before does not bring it back.
    assert_eq!(
        bench.signed_in(&user, "8", "d").await,
        Finish::Done(Granted::Taken)
    );
    assert_eq!(bench.owner("8").await, None);
}

async fn a_connect_leaves_no_identity(bench: Bench) {
    let (user, _) = bench.user("ada@example.com").await;
    let handshake = bench.connect(&user).await;
    let connected = bench
        .store
        .finish_connect(handshake.code_id, account(&user), None)
        .await;
    assert!(matches!(connected.expect("a database"), Finish::Done(_)));
    let found = bench.store.identities_of(&user.id).await.expect("a database");
    assert_eq!(found, []);
}

async fn the_last_use_of_a_session_is_kept_to_some_minutes(bench: Bench) {
    let (user, team) = bench.user("ada@example.com").await;
    let opened = bench.store.open_session(&user.id, Some(&team.id), None).await;
    let token = opened.expect("a database").token;
    let mut seen = Vec::new();
    for (address, minutes) in [("10.0.0.1", 0), ("10.0.0.2", 4), ("10.0.0.3", 1)] {
        bench.clock.advance(minutes * MINUTE);
        let session = bench.store.use_session(&token, Some(address)).await;
        assert!(session.expect("a database").is_some());
        let mut listed = bench.store.sessions_of(&user.id).await.expect("a database");
        let session = listed.pop().expect("a session");
        seen.push((session.last_used_at, session.address.expect("an address")));
    }
    let at = |minutes: u32, address: &str| (Some(START + minutes * MINUTE), address.to_owned());
    assert_eq!(seen, [at(0, "10.0.0.1"), at(0, "10.0.0.1"), at(5, "10.0.0.3")]);
}

async fn sessions_are_listed_and_ended_by_their_user_alone(mut bench: Bench) {
    let (user, team) = bench.user("ada@example.com").await;
    let (eve, _) = bench.user("eve@example.com").await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let opened = bench.store.open_session(&user.id, Some(&team.id), None).await;
        ids.push(opened.expect("a database").session.id);
    }
    bench.told().await;
    let foreign = bench.store.end_sessions(&eve.id, Some(ids[0]), ids[0]).await;
    assert_eq!(foreign.expect("a database"), 0);
    let one = bench.store.end_sessions(&user.id, Some(ids[0]), ids[2]).await;
    assert_eq!(one.expect("a database"), 1);
    assert_eq!(bench.told().await, [Wake::SessionEnded { id: ids[0] }]);
    let others = bench.store.end_sessions(&user.id, None, ids[2]).await;
    assert_eq!(others.expect("a database"), 1);
    let left = bench.store.sessions_of(&user.id).await.expect("a database");
    assert_eq!(
        left.iter().map(|session| session.id).collect::<Vec<_>>(),
        [ids[2]]
    );
}
