//! What holds for every route, also for one that is written tomorrow: the list is the router's own.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use codestream_protocol::http::path;
use serde_json::{Value, json};

use super::bench::{Bench, Page};

const METHODS: [&str; 4] = ["GET", "PUT", "POST", "DELETE"];

/// Every route's pattern, as the router has them.
fn routes(bench: &Bench) -> BTreeSet<String> {
    let router = format!("{:?}", bench.router);
    let found: BTreeSet<_> = router
        .split('"')
        .filter(|part| {
            part.starts_with('/') && !part.contains(char::is_whitespace) && !part.contains("__private")
        })
        .map(str::to_owned)
        .collect();
    for known in [path::STATUS, path::ME, path::CHECK_SIGNUP, "/web/error"] {
        assert!(found.contains(known), "{known} is not in {found:?}");
    }
    assert!(found.len() >= 25, "{found:?}");
    found
}

fn parts(route: &str) -> impl Iterator<Item = &str> {
    route.split('/').filter(|part| part.starts_with('{'))
}

/// With `value` for the part and something short for the others.
fn filled(route: &str, part: &str, value: &str) -> String {
    let fill = |each: &str| match each {
        each if each == part => value.to_owned(),
        each if each.starts_with('{') => "x".to_owned(),
        each => each.to_owned(),
    };
    route.split('/').map(fill).collect::<Vec<_>>().join("/")
}

async fn ask(bench: &Bench, (method, path): (&str, &str), bearer: bool, body: String) -> Page {
    let mut request = Request::builder().method(method).uri(path);
    if bearer {
        let token = bench.session.token.expose();
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    bench.browser().send(request, Body::from(body)).await
}

fn refused(page: &Page, field: &str, at: &str) {
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "{at} {field}: {page:?}");
    let body: Value = serde_json::from_str(&page.body).expect("JSON");
    assert_eq!(body["code"], "RAPI-1012", "{at}");
    assert_eq!(body["info"], field, "{at}");
}

// CWE-770
#[tokio::test]
async fn no_field_of_any_route_is_without_bound() {
    let bench = Bench::new().await;
    let long = "x".repeat(16_000);
    for route in routes(&bench) {
        for method in METHODS {
            let at = format!("{method} {route}");
            let path = filled(&route, "", "");
            for part in parts(&route) {
                let name = part.trim_matches(['{', '}', '*']);
                let page = ask(
                    &bench,
                    (method, &filled(&route, part, &long[..400])),
                    true,
                    String::new(),
                )
                .await;
                refused(&page, name, &at);
            }
            for field in ["neverHeardOf", "ide", "state"] {
                let asked = format!("{path}?{field}={}", &long[..5000]);
                refused(
                    &ask(&bench, (method, &asked), true, String::new()).await,
                    field,
                    &at,
                );
                if route.starts_with(path::PROVIDER_ACTION) {
                    continue;
                }
                for body in [json!({ field: long }).to_string(), format!("{field}={long}")] {
                    refused(&ask(&bench, (method, &path), true, body).await, field, &at);
                }
            }
            let asked = format!("{path}?a={long}{long}");
            let page = ask(&bench, (method, &asked), true, String::new()).await;
            assert_eq!(page.status, StatusCode::URI_TOO_LONG, "{at}");
        }
    }
    assert!(bench.told().await.is_empty(), "nothing was done");
    let accounts = bench.app.store.accounts_of(&bench.user.id).await;
    assert!(accounts.expect("a store").is_empty());
}

// CWE-524, RFC 9111 §5.2.2.5
#[tokio::test]
async fn no_answer_with_a_secret_or_a_persons_data_may_be_kept_by_a_cache() {
    let bench = Bench::new().await;
    for route in routes(&bench) {
        let is_open = [path::STATUS, path::CAPABILITIES].contains(&route.as_str());
        if is_open || route.starts_with("/web/static/") {
            continue;
        }
        for method in METHODS {
            let page = ask(&bench, (method, &filled(&route, "", "")), false, String::new()).await;
            assert_eq!(page.header("cache-control"), "no-store", "{method} {route}");
        }
    }
    let code = format!("{}?teamId={}", path::PROVIDER_AUTH_CODE, bench.team.id);
    for at in [
        ("GET", path::ME),
        ("PUT", path::LOGIN),
        ("GET", code.as_str()),
        ("PUT", path::LOGOUT),
    ] {
        let page = ask(&bench, at, true, "{}".to_owned()).await;
        assert_eq!(
            (page.status, page.header("cache-control")),
            (StatusCode::OK, "no-store"),
            "{at:?}"
        );
    }
}
