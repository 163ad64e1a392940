use codestream_protocol::ProviderId;
use codestream_protocol::channel::ChannelName;
use codestream_protocol::directive::{Applied, Directive};
use codestream_protocol::secret::ClientSecret;

use super::*;
use crate::providers::OAuthApp;

on_each_engine!(
    a_host_goes_with_its_members_accounts,
    an_apps_own_token_is_kept_with_the_account_that_it_came_with_or_not_at_all,
    an_apps_own_token_stays_while_somebody_is_in_its_workspace,
    one_of_several_workspaces_is_left,
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
    let change = store
        .put_host(host.clone(), added(&host), Some("r1"))
        .await
        .expect("kept");
    let mut object = crate::me::team_object(&team, std::iter::empty(), &[]);
    assert_eq!(change.apply(&mut object), Applied::Changed);
    assert!(
        object["providerHosts"].get(host.key.id.as_str()).is_some(),
        "{object}"
    );
    let kept = store.host(&host.key).await.expect("a database").expect("kept");
    assert_eq!(kept.base, host.base);
    let secret = kept.app.expect("an app").client_secret.expect("a secret");
    assert_eq!(secret.expose(), "canary-app-secret");
    // Again: in its place.
    let plain = TeamHost {
        app: None,
        ..host.clone()
    };
    store.put_host(plain, added(&host), None).await.expect("kept");
    let all = store.hosts_of(&team.id).await.expect("a database");
    assert_eq!(all.len(), 1);
    assert!(all[0].app.is_none());

    let mut there = account(&user);
    there.key.provider = "gitlab".to_owned();
    there.key.host = Some(host.key.id.clone());
    let mut elsewhere = account(&user);
    elsewhere.key.provider = "gitlab".to_owned();
    store.put_account(there.clone(), None).await.expect("kept");
    store.put_account(elsewhere.clone(), None).await.expect("kept");
    let removed = store
        .remove_host(&host.key, Some("r2"))
        .await
        .expect("a database");
    let removed = removed.expect("it was there");
    assert_eq!(removed.accounts, [there]);
    assert_eq!(
        store.accounts_of(&user.id).await.expect("a database"),
        [elsewhere]
    );
    assert!(
        store
            .remove_host(&host.key, None)
            .await
            .expect("a database")
            .is_none()
    );
    let told = store
        .messages_since(&[ChannelName::Team(team.id.clone())], UnixMillis(0), 10)
        .await
        .expect("a database");
    assert_eq!(told.len(), 3, "each change, and no refusal: {told:?}");
    assert_eq!(told[0].payload["requestId"], "r2");
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
    bench
        .store
        .put_host(host.clone(), added(&host), None)
        .await
        .expect("kept");
    install(&bench, &user, token(&team)).await;
    let kept = bench.place.at_rest();
    assert!(kept.contains("git.example.com"), "it is there");
    assert!(!kept.contains("canary"), "a secret is kept in the clear");
}
