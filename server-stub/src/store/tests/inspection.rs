use codestream_protocol::channel::ChannelName;

use super::*;

on_each_engine!(activities_are_removed_from_team_channels_at_the_next_start);

/// A connection of the test's own.
async fn raw(bench: &Bench) -> sqlx::AnyPool {
    let url = match &bench.place {
        Place::File(dir) => format!("sqlite:{}", dir.path().join("db").display()),
        Place::Postgres(database) => database.url(),
    };
    sqlx::AnyPool::connect(&url).await.expect("a database")
}

/// CWE-200: older versions published private messages of third parties to whole teams.
async fn activities_are_removed_from_team_channels_at_the_next_start(bench: Bench) {
    let (user, team) = bench.user("ada@example.com").await;
    let channel = ChannelName::Team(team.id.clone());
    let activity = json!({"activity": {
        "id": "Ev1", "provider": "slack", "workspaceId": "T1", "kind": "message", "at": 1, "text": "private",
    }});
    let publish = async |channel: &ChannelName, payload: Value| {
        let stored = bench.store.publish(channel, payload).await;
        stored.expect("a database").id
    };
    let leaked = publish(&channel, activity.clone()).await;
    let change = publish(&channel, json!({"team": {"id": team.id, "$set": {"name": "x"}}})).await;
    let own = publish(&ChannelName::User(user.id.clone()), activity).await;
    let pool = raw(&bench).await;
    // As the migration does with a database of the version before.
    sqlx::query("INSERT INTO messages_to_inspect (id) SELECT id FROM messages WHERE channel LIKE 'team-%'")
        .execute(&pool)
        .await
        .expect("a database");

    let next = bench.again().await;
    let kept = async |id: &str| next.store.message(id).await.expect("a database").is_some();
    assert!(!kept(&leaked).await);
    assert!(kept(&change).await, "what else was published is still history");
    assert!(kept(&own).await, "a user channel is the user's own");
    let left: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM messages_to_inspect")
        .fetch_one(&pool)
        .await
        .expect("a database");
    assert_eq!(left, 0);
}
