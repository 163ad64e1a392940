//! Every service's description against its imitation, over a socket: what one sends is what the other takes.

use std::future::IntoFuture as _;

use codestream_protocol::http::Revoked;
use codestream_protocol::secret::{AuthorizationCode, CodeVerifier};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::Sandbox;
use super::testing::{Caller, clock, query};
use crate::faults::Faults;
use crate::outbound;
use crate::providers::{
    CallError, Email, Grant, Held, MintedState, Person, Place, Provider, Purpose, Registry, TokenError,
    Tokens,
};
use crate::random::Random;

/// A service, somebody who has an account there, and what comes of it.
struct Row {
    name: &'static str,
    slug: &'static str,
    subject: &'static str,
    /// Absent where one cannot sign in with it.
    email: Option<Email>,
    /// Workspaces, and the path of an API base of its own.
    place: &'static [&'static str],
    refreshing: Refreshing,
    /// What a code is refused with that was used before.
    refusal: &'static str,
    revoked: Revoked,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refreshing {
    Never,
    Kept,
    Rotated,
}

fn verified(address: &str) -> Email {
    Email::Verified(address.to_owned())
}

fn rows() -> Vec<Row> {
    vec![
        Row {
            name: "asana",
            slug: "mona",
            subject: "1200000000001001",
            email: Some(verified("mona@example.com")),
            place: &["1300000000000001", "1300000000001001"],
            refreshing: Refreshing::Kept,
            refusal: "invalid_grant",
            revoked: Revoked::Yes,
        },
        Row {
            name: "bitbucket",
            slug: "grace",
            subject: "{00000000-0000-4000-8000-000000001002}",
            email: Some(verified("grace@example.com")),
            place: &[],
            refreshing: Refreshing::Kept,
            refusal: "invalid_grant",
            revoked: Revoked::Unsupported,
        },
        Row {
            name: "github",
            slug: "newton",
            subject: "1003",
            email: Some(Email::Unverified),
            place: &[],
            refreshing: Refreshing::Never,
            refusal: "bad_verification_code",
            revoked: Revoked::Yes,
        },
        Row {
            name: "gitlab",
            slug: "mona",
            subject: "1001",
            email: Some(verified("mona@example.com")),
            place: &[],
            refreshing: Refreshing::Rotated,
            refusal: "invalid_grant",
            revoked: Revoked::Yes,
        },
        Row {
            name: "intercom",
            slug: "newton",
            subject: "1003",
            email: Some(Email::Unverified),
            place: &["acmeus"],
            refreshing: Refreshing::Never,
            refusal: "parameter_invalid",
            revoked: Revoked::Yes,
        },
        Row {
            name: "intercom",
            slug: "ada",
            subject: "1004",
            email: Some(verified("ada@example.com")),
            place: &["acmeeu", "/sandbox/intercom/api/eu/"],
            refreshing: Refreshing::Never,
            refusal: "parameter_invalid",
            revoked: Revoked::Yes,
        },
        Row {
            name: "linear",
            slug: "mona",
            subject: "00000000-0000-4000-8000-000000001001",
            email: None,
            place: &["00000000-0000-4000-9000-000000000001"],
            refreshing: Refreshing::Rotated,
            refusal: "invalid_grant",
            revoked: Revoked::Yes,
        },
    ]
}

#[tokio::test]
async fn what_a_description_sends_is_what_its_imitation_takes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let site = format!("http://{}", listener.local_addr().expect("an address"));
    let registry = Registry::for_tests(&[], Some(&site));
    let site = site.parse().expect("a URL");
    let sandbox = Sandbox::new(&registry, &site, &Faults::default(), &clock(), &Random::seeded(2));
    let router = sandbox.imitations();
    let trips = async {
        for row in rows() {
            let provider = registry.get(row.name).expect(row.name);
            let browser = Caller::of(row.name, router.clone());
            travel(provider, browser, &row).await;
        }
    };
    tokio::select! {
        served = axum::serve(listener, router.clone()).into_future() => panic!("{served:?}"),
        () = trips => {}
    }
}

async fn travel(provider: &Provider, mut browser: Caller, row: &Row) {
    let name = row.name;
    let http = outbound::client().expect("a client");
    let verifier = CodeVerifier::from_entropy([5; 32]);
    let verifier = provider.uses_pkce().then_some(verifier);
    let challenge = verifier.as_ref().map(CodeVerifier::challenge);
    let state = MintedState {
        text: "local!s",
        jti: "jti-1",
    };
    let url = provider.authorize_url(Purpose::Connect, &state, challenge.as_ref());
    let page = browser
        .get(
            &format!("{}?{}", url.path(), url.query().unwrap_or_default()),
            &[],
        )
        .await;
    let mut back = query(&browser.decide(&page, row.slug, "approve").await.location());
    assert_eq!(back.remove("state").as_deref(), Some("local!s"), "{name}");
    let code = AuthorizationCode::new(back.remove("code").expect("a code"));
    let grant = || Grant::Code {
        purpose: Purpose::Connect,
        code: &code,
        redirect_uri: provider.redirect_uri(),
        verifier: verifier.as_ref(),
    };
    let mut tokens = provider.tokens(&http, grant()).await.expect(name);

    let person = provider.person(&http, Held::of(&tokens)).await.expect(name);
    let (place, data) = place(&person);
    assert_eq!(
        (person.subject.as_str(), place),
        (
            row.subject,
            row.place.iter().map(|part| (*part).to_owned()).collect()
        ),
        "{name}"
    );
    if let Some(expected) = &row.email {
        assert!(provider.can_sign_up(), "{name}");
        let email = provider.email(&http, Held::of(&tokens)).await.expect(name);
        assert_eq!(&email, expected, "{name}");
    } else {
        assert!(!provider.can_sign_up(), "{name}");
    }

    tokens = refreshed(provider, &http, tokens, row).await;
    let held = Held {
        data: &data,
        ..Held::of(&tokens)
    };
    assert_eq!(provider.revoke(&http, held).await, row.revoked, "{name}");
    let after = provider.person(&http, held).await;
    match row.revoked {
        Revoked::Yes => assert!(matches!(after, Err(CallError::Refused(401))), "{name}: {after:?}"),
        Revoked::Unsupported | Revoked::Failed => assert!(after.is_ok(), "{name}: {after:?}"),
    }

    match provider.tokens(&http, grant()).await {
        Err(TokenError::Refused(code)) => assert_eq!(code.as_str(), row.refusal, "{name}"),
        other => panic!("{name}: {other:?}"),
    }
}

async fn refreshed(provider: &Provider, http: &reqwest::Client, tokens: Tokens, row: &Row) -> Tokens {
    let Some(refresh) = &tokens.refresh else {
        assert_eq!(
            (row.refreshing, tokens.expires_in),
            (Refreshing::Never, None),
            "{}",
            row.name
        );
        return tokens;
    };
    assert!(tokens.expires_in.is_some(), "{}", row.name);
    let new = provider
        .tokens(http, Grant::Refresh(refresh))
        .await
        .expect(row.name);
    assert_ne!(new.access, tokens.access, "{}", row.name);
    let kept = new.refresh.as_ref() == Some(refresh);
    let how = if kept {
        Refreshing::Kept
    } else {
        Refreshing::Rotated
    };
    assert_eq!(how, row.refreshing, "{}", row.name);
    let person = provider.person(http, Held::of(&new)).await.expect(row.name);
    assert_eq!(person.subject, row.subject, "{}", row.name);
    new
}

/// Where a token is good, and what is kept of that.
fn place(person: &Person) -> (Vec<String>, Value) {
    match &person.place {
        Place::Everywhere => (Vec::new(), Value::Null),
        Place::Only(workspace) => (vec![workspace.id.clone()], Value::Null),
        Place::At { workspace, api_base } => (
            vec![workspace.id.clone(), api_base.path().to_owned()],
            json!({ "apiBase": api_base }),
        ),
        Place::Among(workspaces) => {
            let ids = workspaces.iter().map(|workspace| workspace.id.clone());
            (ids.collect(), Value::Null)
        }
    }
}
