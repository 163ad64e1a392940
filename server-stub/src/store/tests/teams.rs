use codestream_protocol::ProviderId;
use codestream_protocol::channel::ChannelName;
use codestream_protocol::directive::{Applied, Directive};
use codestream_protocol::secret::ClientSecret;

use super::*;
use crate::providers::OAuthApp;

on_each_engine!(
    a_code_of_an_older_host_is_remembered_while_it_could_be_good,
    a_host_goes_with_its_members_accounts,
    an_apps_own_token_is_kept_with_the_account_that_it_came_with_or_not_at_all,
    an_apps_own_token_stays_while_somebody_is_in_its_workspace,
    one_of_several_workspaces_is_left,
    others_accounts_are_asked_about_before_they_go,
    the_address_of_a_host_never_changes,
    what_a_team_has_cannot_be_read_where_it_is_kept,
);

fn host(team: &Team) -> TeamHost {
    TeamHost {
        key: HostKey {
            team_id: team.id.clone(),
            provider: "gitlab".to_owned(),
            id: ProviderId::of_host("git.example.com/lab"),
        },
        base: "https://git.example.com/lab/".parse().expect("a URL"),
        app: Some(OAuthApp {
            client_id: "app".to_owned(),
            client_secret: Some(ClientSecret::new("canary-app-secret")),
            signing_secret: None,
        }),
        own_redirect_uri: true,
    }
}

fn token(team: &Team) -> TeamToken {
    TeamToken {
        key: TeamTokenKey {
            team_id: team.id.clone(),
            provider: "slack".to_owned(),
            host: None,
            workspace_id: "T1".to_owned(),
        },
        access_token: AccessToken::new("canary-bot"),
        refresh_token: Some(RefreshToken::new("canary-bot-refresh")),
        expires_at: Some(START + MINUTE),
        since: START,
        data: json!({ "name": "acme" }),
    }
}

fn added(host: &TeamHost) -> Directive {
    Directive::of(host.key.team_id.as_str()).set(format!("providerHosts.{}", host.key.id), json!({}))
}

async fn a_host_goes_with_its_members_accounts(bench: Bench) {
    let (user, team) = bench.user("ada@example.com").await;
    let host = host(&team);
    let store = &bench.store;
    let put = done(store.put_host(host.clone(), by(&user, "r1"), &added).await);
    assert!(put.replaced.is_none());
    let mut object = crate::me::team(&team, std::iter::empty(), &[])
        .expect("a team")
        .into_value();
    assert_eq!(put.team.apply(&mut object), Applied::Changed);
    assert!(
        object["providerHosts"].get(host.key.id.as_str()).is_some(),
        "{object}"
    );
    let kept = store.host(&host.key).await.expect("a database").expect("kept");
    assert_eq!(kept.base, host.base);
    let secret = kept.app.expect("an app").client_secret.expect("a secret");
    assert_eq!(secret.expose(), "canary-app-secret");
    // Again, without an app: it keeps the one that it has.
    let plain = TeamHost {
        app: None,
        ..host.clone()
    };
    let put = done(store.put_host(plain, by(&user, "r2"), &added).await);
    assert_eq!(put.host.app, host.app);
    let all = store.hosts_of(&team.id).await.expect("a database");
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].app, host.app);

    let mut there = account(&user);
    there.key.provider = "gitlab".to_owned();
    there.key.host = Some(host.key.id.clone());
    let mut elsewhere = account(&user);
    elsewhere.key.provider = "gitlab".to_owned();
    store.put_account(there.clone(), None).await.expect("kept");
    store.put_account(elsewhere.clone(), None).await.expect("kept");
    let removed = store.remove_host(&host.key, by(&user, "r3")).await;
    let Removal::Done(removed) = removed.expect("a database") else {
        panic!("it was there");
    };
    assert_eq!(removed.accounts, [there]);
    assert_eq!(
        store.accounts_of(&user.id).await.expect("a database"),
        [elsewhere]
    );
    let again = store.remove_host(&host.key, by(&user, "r4")).await;
    assert!(matches!(again, Ok(Removal::Unknown)), "{again:?}");
    let told = store
        .messages_since(&[ChannelName::Team(team.id.clone())], UnixMillis(0), 10)
        .await
        .expect("a database");
    assert_eq!(told.len(), 3, "each change, and no refusal: {told:?}");
    assert_eq!(told[0].payload["requestId"], "r3");
}

/// CWE-346: accounts are at an address, and an id that two addresses have leads to the first one alone.
async fn the_address_of_a_host_never_changes(bench: Bench) {
    let (user, team) = bench.user("ada@example.com").await;
    let store = &bench.store;
    let host = host(&team);
    done(store.put_host(host.clone(), by(&user, "r1"), &added).await);
    for other in ["https://git.example.com/Lab/", "https://git.example.com/l.b/"] {
        let other = TeamHost {
            base: other.parse().expect("a URL"),
            ..host.clone()
        };
        let confirmed = By {
            confirmed: true,
            ..by(&user, "r2")
        };
        let put = store
            .put_host(other, confirmed, &added)
            .await
            .expect("a database");
        assert!(matches!(&put, Put::Taken(base) if *base == host.base), "{put:?}");
    }
    let kept = store.host(&host.key).await.expect("a database").expect("kept");
    assert_eq!(kept.base, host.base);
}

async fn others_accounts_are_asked_about_before_they_go(bench: Bench) {
    let (ada, team) = bench.user("ada@example.com").await;
    let (bob, _) = bench.user("bob@example.com").await;
    let store = &bench.store;
    let host = host(&team);
    done(store.put_host(host.clone(), by(&ada, "r1"), &added).await);
    let at = |user: &User, by_hand| {
        let mut account = account(user);
        account.key.provider = "gitlab".to_owned();
        account.key.host = Some(host.key.id.clone());
        account.key.team_id = team.id.clone();
        account.is_api_token = by_hand;
        account
    };
    let (of_ada, of_bob) = (at(&ada, true), at(&bob, false));
    for account in [&of_ada, &of_bob] {
        store.put_account(account.clone(), None).await.expect("kept");
    }
    let replacing = || TeamHost {
        app: host.app.clone().map(|app| OAuthApp {
            client_id: "another".to_owned(),
            ..app
        }),
        ..host.clone()
    };
    let confirmed = |user| By {
        confirmed: true,
        ..by(user, "r2")
    };
    let put = store.put_host(replacing(), by(&ada, "r2"), &added).await;
    assert!(matches!(put, Ok(Put::InUse(others)) if others == [bob.id.clone()]));
    // A new secret of the same app disconnects nobody.
    done(store.put_host(host.clone(), by(&ada, "r2"), &added).await);
    let put = done(store.put_host(replacing(), confirmed(&ada), &added).await);
    let (before, gone) = put.replaced.expect("the app was replaced");
    assert_eq!((before.app, gone), (host.app.clone(), vec![of_bob.clone()]));
    let kept = store.accounts_of(&ada.id).await.expect("a database");
    assert_eq!(kept, [of_ada], "a token that was made by hand is of no app");

    let removed = store.remove_host(&host.key, by(&bob, "r3")).await;
    assert!(matches!(removed, Ok(Removal::InUse(others)) if others == [ada.id.clone()]));
    let removed = store.remove_host(&host.key, confirmed(&bob)).await;
    assert!(matches!(removed, Ok(Removal::Done(_))));
}

async fn a_code_of_an_older_host_is_remembered_while_it_could_be_good(bench: Bench) {
    let store = &bench.store;
    store.spend_code("digest", START + MINUTE).await.expect("kept");
    assert!(store.is_spent("digest").await.expect("a database"));
    assert!(!store.is_spent("another").await.expect("a database"));
}

fn by<'a>(user: &'a User, request_id: &'a str) -> By<'a> {
    By {
        user_id: &user.id,
        confirmed: false,
        request_id: Some(request_id),
    }
}

fn done(put: Result<Put, StoreError>) -> PutHost {
    match put.expect("a database") {
        Put::Done(put) => *put,
        other => panic!("{other:?}"),
    }
}

/// Somebody connects their account in the workspace of the app's own token.
async fn install(bench: &Bench, user: &User, token: TeamToken) -> Account {
    let mut member = account(user);
    member.key.provider = "slack".to_owned();
    member.key.sub_id = Some(token.key.workspace_id.clone());
    let handshake = bench.connect(user).await;
    let finished = bench
        .store
        .finish_connect(handshake.code_id, member.clone(), Some(token))
        .await;
    assert!(matches!(finished.expect("a database"), Finish::Done(_)));
    member
}

async fn an_apps_own_token_is_kept_with_the_account_that_it_came_with_or_not_at_all(bench: Bench) {
    let (user, team) = bench.user("ada@example.com").await;
    let bot = token(&team);
    let store = &bench.store;
    let late = bench.connect(&user).await;
    bench.clock.advance(5 * MINUTE);
    let finished = store
        .finish_connect(late.code_id, account(&user), Some(bot.clone()))
        .await;
    assert_eq!(finished.expect("a database"), Finish::Expired);
    let foreign = TeamToken {
        key: TeamTokenKey {
            team_id: TeamId::from_bytes([9; 12]),
            ..bot.key.clone()
        },
        ..bot.clone()
    };
    let handshake = bench.connect(&user).await;
    let broken = store
        .finish_connect(handshake.code_id, account(&user), Some(foreign))
        .await;
    assert!(broken.is_err(), "there is no such team: {broken:?}");
    let none = store.accounts_of(&user.id).await.expect("a database");
    assert!(none.is_empty(), "the account is not kept without it: {none:?}");
    let none = store.team_tokens_of(&team.id).await.expect("a database");
    assert!(none.is_empty(), "{none:?}");

    let member = install(&bench, &user, bot.clone()).await;
    let kept = store.accounts_of(&user.id).await.expect("a database");
    assert_eq!(kept, [member]);
    let kept = store.team_tokens_of(&team.id).await.expect("a database");
    assert_eq!(kept, [bot]);
    let told = store
        .messages_since(&[ChannelName::Team(team.id.clone())], UnixMillis(0), 10)
        .await
        .expect("a database");
    assert_eq!(told.len(), 1, "{told:?}");
    let told = told[0].payload.to_string();
    assert!(told.contains("connected") && !told.contains("canary"), "{told}");
}

async fn an_apps_own_token_stays_while_somebody_is_in_its_workspace(bench: Bench) {
    let (user, team) = bench.user("ada@example.com").await;
    let bot = token(&team);
    let store = &bench.store;
    let member = install(&bench, &user, bot.clone()).await;
    assert_eq!(TeamTokenKey::beside(&member.key), Some(bot.key.clone()));
    let taken = store.take_unused_team_token(&bot.key).await.expect("a database");
    assert_eq!(taken, None);
    store.remove_account(&member.key, None).await.expect("a database");
    let taken = store.take_unused_team_token(&bot.key).await.expect("a database");
    assert_eq!(taken, Some(bot.clone()));
    let taken = store.take_unused_team_token(&bot.key).await.expect("a database");
    assert_eq!(taken, None);
    assert!(
        store
            .team_tokens_of(&team.id)
            .await
            .expect("a database")
            .is_empty()
    );
}

async fn one_of_several_workspaces_is_left(bench: Bench) {
    let (user, _) = bench.user("ada@example.com").await;
    let store = &bench.store;
    let mut several = account(&user);
    several.data = json!({ "workspaces": [{"id": "1", "name": "a"}, {"id": "2", "name": "b"}], "x": 1 });
    store.put_account(several.clone(), None).await.expect("kept");
    let leave = async |id: &str| {
        store
            .leave_workspace(&several.key, id, None)
            .await
            .expect("a database")
    };
    assert!(matches!(leave("3").await, Leaving::NotThere));
    assert!(matches!(leave("1").await, Leaving::Others(_)));
    let left = store
        .account(&several.key)
        .await
        .expect("a database")
        .expect("kept");
    assert_eq!(
        left.data,
        json!({ "workspaces": [{"id": "2", "name": "b"}], "x": 1 })
    );
    assert_eq!(left.access_token, several.access_token);
    assert!(matches!(leave("1").await, Leaving::NotThere));
    assert!(matches!(leave("2").await, Leaving::Last));
    let same = store.account(&several.key).await.expect("a database");
    assert_eq!(same, Some(left), "nothing was changed");
}

async fn what_a_team_has_cannot_be_read_where_it_is_kept(bench: Bench) {
    let (user, team) = bench.user("ada@example.com").await;
    let host = host(&team);
    done(bench.store.put_host(host.clone(), by(&user, "r1"), &added).await);
    install(&bench, &user, token(&team)).await;
    let kept = bench.place.at_rest();
    assert!(kept.contains("git.example.com"), "it is there");
    assert!(!kept.contains("canary"), "a secret is kept in the clear");
}
