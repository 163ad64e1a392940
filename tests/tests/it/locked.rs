//! A database that somebody else holds locked: short locks are waited for, long ones are told, and nothing is half done.

use std::path::{Path, PathBuf};
use std::time::Duration;

use codestream_protocol::lsp::attempt::Outcome;
use e2e::{Kept, Stub};
use serde_json::json;
use sqlx::{Connection as _, SqliteConnection};
use tokio::time::timeout;

use crate::scene::Scene;

const TOKEN: &str = "/sandbox/github/login/oauth/access_token";

/// A scene with a database in a file.
async fn kept() -> (Scene, PathBuf, Kept) {
    let kept = Kept::in_file();
    let scene = Scene::of(Stub::builder().single().keeping(&kept)).await;
    (scene, kept.file(), kept)
}

/// Holds the write lock until it is dropped: a backup, or a person with a shell.
async fn lock(path: &Path) -> SqliteConnection {
    let url = format!("sqlite:{}", path.display());
    let mut held = SqliteConnection::connect(&url).await.expect("the database");
    sqlx::query("BEGIN IMMEDIATE")
        .execute(&mut held)
        .await
        .expect("the lock");
    held
}

async fn unlock(held: SqliteConnection) {
    held.close().await.expect("closed");
}

#[tokio::test]
async fn a_short_lock_is_waited_for() {
    let (mut scene, path, _kept) = kept().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    let consent = scene.browser.consent_page(&started.url, None).await;
    let callback = scene.browser.press_and_stop(&consent, "approve").await;
    let held = lock(&path).await;
    let mut landing = Box::pin(scene.browser.returns(&callback));
    let waited = timeout(Duration::from_secs(1), &mut landing).await;
    assert!(waited.is_err(), "nothing goes on without the lock: {waited:?}");
    unlock(held).await;
    let landing = landing.await;
    assert!(landing.is_some());
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
    assert_eq!(ide.account("github").await.expect("an account").who, "mona");
    ide.finish().await;
}

#[tokio::test]
async fn a_lock_that_outlasts_the_callback_ends_the_attempt_with_that_step_and_the_next_press_connects() {
    let (mut scene, path, _kept) = kept().await;
    let (ide, _) = scene.signed_in().await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    let consent = scene.browser.consent_page(&started.url, None).await;
    let slow = json!({"route": {"path": TOKEN, "delayMs": 3000}});
    scene.control().fault(slow).await;
    let callback = scene.browser.press_and_stop(&consent, "approve").await;
    let mut landing = Box::pin(scene.browser.returns(&callback));
    // The state has been consumed when the exchange begins; what follows finds the database locked.
    let waited = timeout(Duration::from_secs(1), &mut landing).await;
    assert!(waited.is_err(), "the exchange is slow: {waited:?}");
    let held = lock(&path).await;
    let landing = landing.await;
    let page = scene.browser.open(landing.expect("a page").as_str()).await;
    assert!(page.text().contains("Start again"), "{}", page.text());
    assert!(
        ide.status().await.attempts[0].end.is_none(),
        "it cannot be told yet"
    );
    unlock(held).await;
    let end = ide.end_of(started.attempt_id).await;
    assert_eq!(
        (end.outcome, end.code.as_deref()),
        (Outcome::Failed, Some("SWEB-1000")),
        "{end:?}"
    );
    assert!(ide.account("github").await.is_none(), "nothing is half done");
    scene.connect(&ide, "github").await;
    ide.finish().await;
}

#[tokio::test]
async fn a_sign_in_that_meets_a_lock_ends_with_that_step() {
    let (mut scene, path, _kept) = kept().await;
    let ide = scene.signed_out().await;
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    let consent = scene.browser.consent_page(&started.url, None).await;
    let callback = scene.browser.press_and_stop(&consent, "approve").await;
    let held = lock(&path).await;
    assert!(scene.browser.returns(&callback).await.is_some(), "a page says so");
    unlock(held).await;
    let end = ide.end_of(started.attempt_id).await;
    assert_eq!(
        (end.outcome, end.code.as_deref()),
        (Outcome::Failed, Some("SWEB-1000")),
        "{end:?}"
    );
    assert!(ide.status().await.session.is_none());
    let started = ide.sign_up("github").await.expect("a link");
    ide.opened().await;
    scene.browser.approve(&started.url).await;
    ide.logged_in().await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::SignedIn);
    ide.finish().await;
}

#[tokio::test]
async fn reading_goes_on_while_the_database_is_locked() {
    let (mut scene, path, _kept) = kept().await;
    let (ide, user) = scene.signed_in().await;
    scene.connect(&ide, "github").await;
    let held = lock(&path).await;
    let other = scene.window(scene.ide(), &user).await;
    assert_eq!(other.account("github").await.expect("an account").who, "mona");
    assert!(other.me("github").await.is_ok());
    unlock(held).await;
    other.finish().await;
    ide.finish().await;
}
