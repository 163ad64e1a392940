//! The agent's clock jumps by nine hours: a night with the lid closed, or a clock that is set right.

use std::time::Duration;

use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::notification::ConnectionStatus;
use e2e::methods::ConnectionChanged;
use e2e::peer::available;
use e2e::{Fault, IdeBuilder, Jumps, Stub, TimeShift};
use serde_json::{Value, json};

use crate::scene::{Scene, listening};

const NIGHT: Duration = Duration::from_hours(9);
const CHANNEL: &str = "/socketcluster/";

/// A clock, where the machine has the library for it.
fn clock(jumps: Jumps) -> Option<TimeShift> {
    let clock = TimeShift::new(jumps);
    available("libfaketime", clock.is_some());
    clock
}

fn with(ide: IdeBuilder, clock: &TimeShift) -> IdeBuilder {
    let variables = clock.environment();
    variables
        .iter()
        .fold(ide, |ide, (name, value)| ide.env(name, value))
}

async fn away(ide: &e2e::HeadlessIde) {
    ide.await_notification::<ConnectionChanged>(|change| change.status != ConnectionStatus::Reconnected)
        .await;
}

/// How often GitHub was asked for a new token.
async fn refreshes(scene: &Scene) -> usize {
    let requests = scene.control().requests("github").await;
    let refresh = |one: &&Value| one["body"]["grant_type"] == "refresh_token";
    requests.iter().filter(refresh).count()
}

#[tokio::test]
async fn a_night_ends_the_attempt_and_not_the_session() {
    for jumps in [Jumps::Wall, Jumps::Both] {
        let Some(mut clock) = clock(jumps) else { return };
        let mut scene = Scene::new().await;
        let user = scene.control().user().await;
        let ide = scene.window(with(scene.ide(), &clock), &user).await;
        let started = ide.connect("github").await.expect("a link");
        ide.opened().await;
        clock.forward(NIGHT);
        let end = ide.end_of(started.attempt_id).await;
        assert_eq!(end.outcome, Outcome::Expired, "{jumps:?}: {end:?}");
        assert!(
            end.message.expect("a reason").contains("Start again"),
            "{jumps:?}"
        );
        listening(&ide).await;
        assert!(ide.status().await.session.is_some());
        scene.connect(&ide, "github").await;
        assert_eq!(ide.account("github").await.expect("an account").who, "mona");
        ide.finish().await;
    }
}

#[tokio::test]
async fn a_night_ends_a_sign_in_and_the_next_one_signs_in_once() {
    for jumps in [Jumps::Wall, Jumps::Both] {
        let Some(mut clock) = clock(jumps) else { return };
        let mut scene = Scene::new().await;
        let ide = with(scene.ide(), &clock).start().await;
        let started = ide.sign_up("github").await.expect("a link");
        ide.opened().await;
        clock.forward(NIGHT);
        let end = ide.end_of(started.attempt_id).await;
        assert_eq!(end.outcome, Outcome::Expired, "{jumps:?}: {end:?}");
        // A late approval signs nobody in: nobody waits for it.
        scene.browser.approve(&started.url).await;
        let again = ide.sign_up("github").await.expect("a link");
        ide.opened().await;
        scene.browser.approve(&again.url).await;
        ide.logged_in().await;
        assert_eq!(ide.end_of(again.attempt_id).await.outcome, Outcome::SignedIn);
        ide.finish().await;
    }
}

#[tokio::test]
async fn what_happened_at_night_is_caught_up_through_a_link_that_died_silently() {
    let Some(mut clock) = clock(Jumps::Wall) else {
        return;
    };
    let mut scene = Scene::behind_proxy(Stub::builder()).await;
    let user = scene.control().user().await;
    let sleeper = scene.window(with(scene.ide(), &clock), &user).await;
    let other = scene.window(scene.ide(), &user).await;
    // From now on nothing reaches the sleeper, and nobody tells it: no data, no close.
    sleeper.freeze(true);
    scene.connect(&other, "github").await;
    clock.forward(NIGHT);
    sleeper.freeze(false);
    listening(&sleeper).await;
    sleeper
        .await_notification::<e2e::methods::DataChanged>(|change| {
            change.data.as_array().is_some_and(|rows| {
                rows.iter()
                    .any(|row| row["name"] == "github" && row["connected"] == true)
            })
        })
        .await;
    assert!(sleeper.me("github").await.is_ok());
    sleeper.finish().await;
    other.finish().await;
}

#[tokio::test]
async fn waking_up_in_another_network_dials_again_at_once() {
    let Some(mut clock) = clock(Jumps::Wall) else {
        return;
    };
    let mut scene = Scene::behind_proxy(Stub::builder()).await;
    let user = scene.control().user().await;
    let ide = scene.window(with(scene.ide(), &clock), &user).await;
    // The old network takes everything and answers nothing.
    scene.proxy().fault(CHANNEL, Fault::Stall, usize::MAX);
    scene.proxy().cut();
    away(&ide).await;
    scene.proxy().asked(CHANNEL, 2).await;
    scene.proxy().heal();
    clock.forward(NIGHT);
    listening(&ide).await;
    scene.connect(&ide, "github").await;
    ide.finish().await;
}

#[tokio::test]
async fn waking_up_trusts_no_connection_of_the_evening_before() {
    let Some(mut clock) = clock(Jumps::Wall) else {
        return;
    };
    let mut scene = Scene::behind_proxy(Stub::builder()).await;
    let user = scene.control().user().await;
    let ide = scene.window(with(scene.ide(), &clock), &user).await;
    // Every connection that stands now takes everything and answers nothing, as those of a network that is left do.
    scene.proxy().freeze();
    clock.forward(NIGHT);
    listening(&ide).await;
    scene.connect(&ide, "github").await;
    ide.finish().await;
}

#[tokio::test]
async fn a_clock_that_is_set_back_leaves_no_attempt_over() {
    let Some(mut clock) = clock(Jumps::Wall) else {
        return;
    };
    let mut scene = Scene::new().await;
    let user = scene.control().user().await;
    let ide = scene.window(with(scene.ide(), &clock), &user).await;
    let started = ide.connect("github").await.expect("a link");
    ide.opened().await;
    clock.back(NIGHT);
    scene.browser.approve(&started.url).await;
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Connected);
    // One that nobody finishes is ended by the server's clock.
    let left = ide.connect("github").await.expect("a link");
    ide.opened().await;
    scene.control().advance(Duration::from_mins(6)).await;
    let end = ide.end_of(left.attempt_id).await;
    assert_eq!(end.outcome, Outcome::Expired, "{end:?}");
    ide.finish().await;
}

#[tokio::test]
async fn a_clock_that_was_always_nine_hours_off_connects_signs_in_and_renews() {
    for ahead in [true, false] {
        let Some(mut clock) = clock(Jumps::Wall) else {
            return;
        };
        if ahead {
            clock.forward(NIGHT);
        } else {
            clock.back(NIGHT);
        }
        let mut scene = Scene::new().await;
        let expiring = json!({"tokens": {"provider": "github", "expiring": true}});
        scene.control().fault(expiring).await;
        let ide = with(scene.ide(), &clock).start().await;
        let started = ide.sign_up("github").await.expect("a link");
        ide.opened().await;
        scene.browser.approve(&started.url).await;
        ide.logged_in().await;
        assert_eq!(
            ide.end_of(started.attempt_id).await.outcome,
            Outcome::SignedIn,
            "ahead: {ahead}"
        );
        listening(&ide).await;
        scene.connect(&ide, "trello").await;
        assert!(ide.me("github").await.is_ok());
        scene.connect(&ide, "github").await;
        assert!(ide.me("github").await.is_ok());
        let asked = refreshes(&scene).await;
        assert!(asked <= 3, "{asked} renewals for two connections, ahead: {ahead}");
        let expired = json!({"tokens": {"provider": "github", "expireAll": true}});
        scene.control().fault(expired).await;
        assert!(ide.me("github").await.is_ok(), "a 401 still renews");
        ide.finish().await;
    }
}
