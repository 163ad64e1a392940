//! A database of the version before, brought up to date: identities that connecting had made are gone, and told of once.
//!
//! The rows are made by the old migrations and written as the old version wrote them.

use std::borrow::Cow;

use codestream_protocol::http::IdentityOrigin;
use sqlx::any::AnyPoolOptions;
use sqlx::migrate::Migrator;

use super::*;

on_each_engine! {
    identities_that_connecting_made_are_removed_and_their_owners_told_once,
}

/// The last migration of the version before this one.
const BEFORE: i64 = 30;

/// A user's id, the service of the sign-up, and identities.
type Before = (
    &'static str,
    Option<&'static str>,
    &'static [(&'static str, &'static str)],
);

/// A user of the version before: the service of the sign-up, and identities (service, subject) in the order in which they
/// came.
const USERS: [Before; 5] = [
    ("000000000000000000000001", Some("github"), &[("github", "1")]),
    // Connected another account of the same service, and one of another service, later.
    (
        "000000000000000000000002",
        Some("github"),
        &[("github", "2"), ("github", "666"), ("gitlab", "22")],
    ),
    // Nobody knows what it was signed up with.
    (
        "000000000000000000000003",
        None,
        &[("gitlab", "3"), ("github", "33")],
    ),
    // Signed up with what is no identity any more.
    (
        "000000000000000000000004",
        Some("bitbucket"),
        &[("jira", "4"), ("asana", "44")],
    ),
    ("000000000000000000000005", Some("github"), &[]),
];

async fn before(place: &Place) -> sqlx::AnyPool {
    sqlx::any::install_default_drivers();
    let (url, all): (String, Migrator) = match place {
        Place::File(dir) => (
            format!("sqlite:{}?mode=rwc", dir.path().join("db").display()),
            sqlx::migrate!("./migrations/sqlite"),
        ),
        Place::Postgres(database) => (database.url(), sqlx::migrate!("./migrations/postgres")),
    };
    let old: Vec<_> = all
        .iter()
        .filter(|migration| migration.version <= BEFORE)
        .cloned()
        .collect();
    let mut migrator = sqlx::migrate!("./migrations/sqlite");
    migrator.migrations = Cow::Owned(old);
    let pool = AnyPoolOptions::new().max_connections(1).connect(&url).await;
    let pool = pool.expect("a database");
    migrator.run(&pool).await.expect("the old schema");
    pool
}

async fn write(db: &sqlx::AnyPool, statement: &'static str, values: &[&str]) {
    let mut query = sqlx::query(statement);
    for value in values {
        query = query.bind((*value).to_owned());
    }
    query.execute(db).await.expect(statement);
}

async fn fill(db: &sqlx::AnyPool) {
    for (number, (id, with, identities)) in USERS.iter().enumerate() {
        let email = format!("{number}@example.com");
        write(
            db,
            "INSERT INTO users (id, email, email_key, username, full_name, version, created_at)
             VALUES ($1, $2, $2, 'u', 'U', 1, 1000)",
            &[id, &email],
        )
        .await;
        if let Some(with) = with {
            write(
                db,
                "UPDATE users SET signed_up_with = $1 WHERE id = $2",
                &[with, id],
            )
            .await;
        }
        for (provider, subject) in *identities {
            write(
                db,
                "INSERT INTO identities (provider, host, subject, user_id) VALUES ($1, '', $2, $3)",
                &[provider, subject, id],
            )
            .await;
        }
    }
    write(
        db,
        "INSERT INTO accounts (user_id, team_id, provider, host, sub_id, is_api_token, who, subject, since)
         VALUES ($1, 't', 'gitlab', '', '', 0, 'mona', '22', 2000)",
        &[USERS[1].0],
    )
    .await;
}

async fn identities_that_connecting_made_are_removed_and_their_owners_told_once(bench: Bench) {
    // A place of its own: the bench's is up to date already.
    let place = match &bench.place {
        Place::File(_) => Place::File(Arc::new(tempfile::tempdir().expect("a directory"))),
        Place::Postgres(_) => Place::Postgres(Postgres::new().expect("as the bench's")),
    };
    let db = before(&place).await;
    fill(&db).await;
    db.close().await;

    let bench = Bench::at(place, 1).await;
    let mut found = Vec::new();
    for (id, ..) in USERS {
        let id = id.parse().expect("an id");
        let kept = bench.store.identities_of(&id).await.expect("a database");
        let notices = bench.store.notices_of(&id).await.expect("a database");
        let kept = kept.into_iter().map(|kept| (kept.identity.subject, kept.origin));
        let told = notices.into_iter().map(|notice| {
            let NoticeKind::IdentityRemoved { provider, account } = notice.kind;
            (provider, account)
        });
        found.push((kept.collect::<Vec<_>>(), told.collect::<Vec<_>>()));
    }
    let kept = |subject: &str, origin| vec![(subject.to_owned(), origin)];
    let gone = |provider: &str, account: Option<&str>| (provider.to_owned(), account.map(str::to_owned));
    assert_eq!(
        found,
        [
            (kept("1", IdentityOrigin::SignUp), vec![]),
            (
                kept("2", IdentityOrigin::SignUp),
                vec![gone("github", None), gone("gitlab", Some("mona"))]
            ),
            (kept("3", IdentityOrigin::Linked), vec![gone("github", None)]),
            (kept("4", IdentityOrigin::Linked), vec![gone("asana", None)]),
            (vec![], vec![]),
        ]
    );

    let user = USERS[1].0.parse().expect("an id");
    let stranger = USERS[0].0.parse().expect("an id");
    for notice in bench.store.notices_of(&user).await.expect("a database") {
        // Nobody else says for the user that they were told.
        let foreign = bench.store.notice_told(&stranger, notice.id).await;
        foreign.expect("a database");
        assert_eq!(
            bench.store.notices_of(&user).await.expect("a database").first(),
            Some(&notice)
        );
        bench
            .store
            .notice_told(&user, notice.id)
            .await
            .expect("a database");
    }
    assert_eq!(bench.store.notices_of(&user).await.expect("a database"), []);
}
