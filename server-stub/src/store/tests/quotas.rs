use codestream_protocol::ProviderId;
use codestream_protocol::directive::Directive;
use codestream_protocol::secret::ConnectCode;

use super::*;
use crate::config::Quotas;

// CWE-770: whatever one person or team can make more of has a most.
on_each_engine!(
    one_account_too_many_is_refused_and_nothing_is_stored,
    one_host_too_many_is_refused_and_one_that_is_there_may_change,
    one_connect_too_many_at_a_time_is_refused_until_another_ends,
    a_link_is_opened_so_often_and_no_more,
    one_code_too_many_takes_the_place_of_the_oldest,
);

fn quotas() -> Quotas {
    Quotas::default()
}

fn refused<T: std::fmt::Debug>(result: Result<T, StoreError>, quota: Quota) {
    match result {
        Err(StoreError::OverQuota(over)) => assert_eq!(over, quota),
        other => panic!("{quota:?} is used up: {other:?}"),
    }
}

fn at_workspace(user: &User, number: u32) -> Account {
    let mut account = account(user);
    account.key.sub_id = Some(format!("T{number}"));
    account
}

async fn one_account_too_many_is_refused_and_nothing_is_stored(bench: Bench) {
    let (user, _) = bench.user("ada@example.com").await;
    for number in 0..quotas().accounts_per_user {
        let put = bench.store.put_account(at_workspace(&user, number), None).await;
        put.expect("a database");
    }
    let one_more = at_workspace(&user, quotas().accounts_per_user);
    refused(
        bench.store.put_account(one_more.clone(), None).await,
        Quota::Accounts,
    );
    let handshake = bench.connect(&user).await;
    let connected = bench
        .store
        .finish_connect(handshake.code_id, one_more, None)
        .await;
    refused(connected, Quota::Accounts);
    let kept = bench
        .store
        .handshake(handshake.code_id)
        .await
        .expect("a database");
    assert_eq!(
        kept.expect("there").end,
        None,
        "the caller ends it, with its reason"
    );
    let accounts = bench.store.accounts_of(&user.id).await.expect("a database");
    assert_eq!(accounts.len(), quotas().accounts_per_user as usize);
    let again = bench.store.put_account(at_workspace(&user, 0), None).await;
    again.expect("one that is there is replaced");
}

async fn one_host_too_many_is_refused_and_one_that_is_there_may_change(bench: Bench) {
    let (user, team) = bench.user("ada@example.com").await;
    let put = async |number: u32| {
        let name = format!("git{number}.example.com");
        let host = TeamHost {
            key: HostKey {
                team_id: team.id.clone(),
                provider: "gitlab".to_owned(),
                id: ProviderId::of_host(&name),
            },
            base: format!("https://{name}/").parse().expect("a URL"),
            app: None,
            own_redirect_uri: true,
        };
        let by = By {
            user_id: &user.id,
            confirmed: false,
            request_id: None,
        };
        let change = |host: &TeamHost| Directive::of(host.key.team_id.as_str()).set("x", json!({}));
        bench.store.put_host(host, by, &change).await
    };
    for number in 0..quotas().hosts_per_team {
        put(number).await.expect("a database");
    }
    refused(put(quotas().hosts_per_team).await, Quota::Hosts);
    put(0).await.expect("one that is there is changed");
    let hosts = bench.store.hosts_of(&team.id).await.expect("a database");
    assert_eq!(hosts.len(), quotas().hosts_per_team as usize);
}

async fn one_connect_too_many_at_a_time_is_refused_until_another_ends(bench: Bench) {
    let (user, _) = bench.user("ada@example.com").await;
    let open = async || {
        let new = NewHandshake {
            code_id: CodeId(bench.random.uuid()),
            kind: HandshakeKind::Connect {
                user_id: user.id.clone(),
                team_id: user.team_ids[0].clone(),
            },
            ide: None,
            machine: None,
            agent_address: None,
            open_by: bench.clock.now() + MINUTE,
            expires_at: bench.clock.now() + MINUTE,
        };
        bench.store.open_handshake(new).await
    };
    let first = open().await.expect("a database");
    for _ in 1..quotas().pending_handshakes_per_user {
        open().await.expect("a database");
    }
    refused(open().await, Quota::PendingHandshakes);
    let declined = failure(ServerCode::ProviderAuthNotAllowed);
    assert!(
        bench
            .store
            .fail_handshake(first.code_id, declined)
            .await
            .expect("a database")
    );
    open().await.expect("there is room again");
    refused(open().await, Quota::PendingHandshakes);
    bench.clock.advance(MINUTE);
    open().await.expect("the time of the others is over");
}

async fn a_link_is_opened_so_often_and_no_more(bench: Bench) {
    let (user, _) = bench.user("ada@example.com").await;
    let handshake = bench.connect(&user).await;
    let mint = async |number: u32| {
        let new = NewState {
            jti: format!("jti{number}"),
            code_id: handshake.code_id,
            provider: "github".to_owned(),
            verifier: None,
            browser_hash: "bh".to_owned(),
            expires_at: handshake.expires_at,
        };
        bench.store.mint_state(new).await
    };
    let most = quotas().states_per_handshake;
    for number in 0..most {
        mint(number).await.expect("a database");
    }
    refused(mint(most).await, Quota::States);
    let unknown = bench.store.consume_state(&format!("jti{most}")).await;
    assert!(matches!(unknown, Ok(Consumed::Unknown)), "{unknown:?}");
    let first = bench.store.consume_state("jti0").await;
    assert!(matches!(first, Ok(Consumed::Once(_))), "{first:?}");
}

async fn one_code_too_many_takes_the_place_of_the_oldest(bench: Bench) {
    let (user, _) = bench.user("ada@example.com").await;
    let most = quotas().connect_codes_per_user;
    for number in 0..=most {
        bench.clock.advance(Duration::from_secs(1));
        let code = ConnectCode::new(format!("code{number}"));
        let until = bench.clock.now() + MINUTE;
        let kept = bench.store.keep_connect_code(&code, &user.id, until).await;
        kept.expect("a database");
    }
    let redeemed = async |number: u32| {
        let user = bench.store.redeem_connect_code(&format!("code{number}")).await;
        user.expect("a database").is_some()
    };
    assert!(!redeemed(0).await);
    assert!(redeemed(1).await);
    assert!(redeemed(most).await);
}
