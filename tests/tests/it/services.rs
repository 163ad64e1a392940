//! Every third party through everything that can happen to it, over real processes: a service is a row of
//! [`e2e::services`], a case is a function, and a failure names both.

mod bench;
mod connecting;
mod exchange;
mod keeping;
mod signing_up;
mod table;
mod windows;

use std::any::Any;
use std::panic::AssertUnwindSafe;

use e2e::services::SERVICES;
use futures_util::FutureExt as _;

use bench::Bench;

/// Names a failure: `jira, deny: …`.
async fn case(service: &str, name: &str, work: impl Future<Output = ()>) {
    if let Err(panic) = AssertUnwindSafe(work).catch_unwind().await {
        panic!("{service}, {name}: {}", words(&*panic));
    }
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("unknown")
}

/// The cases in an order in which each leaves the service as the next one wants it: connected.
async fn all_cases(name: &str) {
    let mut bench = Bench::new(name).await;
    macro_rules! in_sequence {
        ($($case:path),+ $(,)?) => {
            $(case(name, stringify!($case), $case(&mut bench)).await;)+
        };
    }
    in_sequence![
        connecting::approve,
        connecting::deny,
        connecting::wrong_state,
        connecting::organisation_wall,
        exchange::code_reused,
        exchange::refused,
        exchange::cut_off,
        keeping::api_401_and_refresh,
        keeping::trouble_at_refresh,
        keeping::grant_taken_back,
        connecting::disconnect,
        signing_up::unproven_address,
        signing_up::new_account,
    ];
    bench.finish().await;
}

macro_rules! services {
    ($($name:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $name() {
                all_cases(stringify!($name)).await;
            }
        )+

        const TESTED: &[&str] = &[$(stringify!($name)),+];
    };
}

services![
    asana,
    azuredevops,
    bitbucket,
    github,
    gitlab,
    intercom,
    jira,
    linear,
    msteams,
    newrelic,
    slack,
    trello,
];

#[tokio::test]
async fn every_service_of_the_server_has_a_row_and_a_test() {
    let rows: Vec<_> = SERVICES.iter().map(|service| service.name).collect();
    assert_eq!(rows, TESTED, "a row of e2e::services and a line here");
    let scene = crate::scene::Scene::new().await;
    let ide = scene.signed_out().await;
    let offered = ide.services().await;
    let mut offered: Vec<_> = offered.iter().map(|one| one.name.as_str()).collect();
    offered.sort_unstable();
    assert_eq!(offered, rows, "a row for each service that the server offers");
    ide.finish().await;
}
