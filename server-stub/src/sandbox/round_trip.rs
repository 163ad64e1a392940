//! Every service's description against its imitation, over a socket: what one sends is what the other takes.

use std::future::IntoFuture as _;

use codestream_protocol::http::Revoked;
use codestream_protocol::secret::{AccessToken, AuthorizationCode, CodeVerifier};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use url::Url;

use super::Sandbox;
use super::testing::{Caller, clock, query};
use crate::faults::Faults;
use crate::outbound::{Outbound, Reach};
use crate::providers::{
    Answer, CallError, Email, Grant, Held, MintedState, Person, Place, Provider, Purpose, Registry,
    TokenError, Tokens,
};
use crate::random::Random;

/// A service, somebody who has an account there, and what comes of it.
struct Row {
    name: &'static str,
    slug: &'static str,
    subject: &'static str,
    /// Absent where one cannot sign in with it.
    email: Option<Address>,
    /// Workspaces, and the path of an API base of its own.
    place: &'static [&'static str],
    refreshing: Refreshing,
    /// What a code is refused with that was used before; empty where there is none.
    refusal: &'static str,
    revoked: Revoked,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refreshing {
    Never,
    Kept,
    Rotated,
}

/// What the service says of their e-mail address.
#[derive(Debug, Clone, Copy)]
enum Address {
    Verified(&'static str),
    Unverified,
}

impl Address {
    fn email(self) -> Email {
        match self {
            Self::Verified(address) => Email::Verified(address.to_owned()),
            Self::Unverified => Email::Unverified,
        }
    }
}

const ROWS: &[Row] = &[
    Row {
        name: "asana",
        slug: "mona",
        subject: "1200000000001001",
        email: Some(Address::Verified("mona@example.com")),
        place: &["1300000000000001", "1300000000001001"],
        refreshing: Refreshing::Kept,
        refusal: "invalid_grant",
        revoked: Revoked::Yes,
    },
    Row {
        name: "azuredevops",
        slug: "newton",
        subject: "00000000-0000-4000-8000-00000000c0de:00000000-0000-4000-8000-000000001003",
        email: Some(Address::Unverified),
        place: &[],
        refreshing: Refreshing::Rotated,
        refusal: "invalid_grant",
        revoked: Revoked::Unsupported,
    },
    Row {
        name: "bitbucket",
        slug: "grace",
        subject: "{00000000-0000-4000-8000-000000001002}",
        email: Some(Address::Verified("grace@example.com")),
        place: &[],
        refreshing: Refreshing::Kept,
        refusal: "invalid_grant",
        revoked: Revoked::Unsupported,
    },
    Row {
        name: "github",
        slug: "newton",
        subject: "1003",
        email: Some(Address::Unverified),
        place: &[],
        refreshing: Refreshing::Never,
        refusal: "bad_verification_code",
        revoked: Revoked::Yes,
    },
    Row {
        name: "gitlab",
        slug: "mona",
        subject: "1001",
        email: Some(Address::Verified("mona@example.com")),
        place: &[],
        refreshing: Refreshing::Rotated,
        refusal: "invalid_grant",
        revoked: Revoked::Yes,
    },
    Row {
        name: "intercom",
        slug: "newton",
        subject: "1003",
        email: Some(Address::Unverified),
        place: &["acmeus"],
        refreshing: Refreshing::Never,
        refusal: "parameter_invalid",
        revoked: Revoked::Yes,
    },
    Row {
        name: "intercom",
        slug: "ada",
        subject: "1004",
        email: Some(Address::Verified("ada@example.com")),
        place: &["acmeeu", "/sandbox/intercom/api/eu/"],
        refreshing: Refreshing::Never,
        refusal: "parameter_invalid",
        revoked: Revoked::Yes,
    },
    Row {
        name: "jira",
        slug: "mona",
        subject: "5f0000000000000000001001",
        email: Some(Address::Verified("mona@example.com")),
        place: &[
            "1324a887-45db-1bf4-1e99-ef0ff456d421",
            "5511a887-45db-1bf4-1e99-ef0ff456d9ab",
        ],
        refreshing: Refreshing::Rotated,
        refusal: "invalid_request",
        revoked: Revoked::Unsupported,
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
    Row {
        name: "msteams",
        slug: "mona",
        subject: "00000000-0000-4000-8000-00000000c0de:00000000-0000-4000-8000-000000001001",
        email: Some(Address::Verified("mona@example.com")),
        place: &["00000000-0000-4000-8000-00000000c0de"],
        refreshing: Refreshing::Rotated,
        refusal: "invalid_grant",
        revoked: Revoked::Unsupported,
    },
    Row {
        name: "newrelic",
        slug: "mona",
        subject: "1001",
        email: None,
        place: &[],
        refreshing: Refreshing::Rotated,
        refusal: "http_401",
        revoked: Revoked::Unsupported,
    },
    Row {
        name: "newrelic",
        slug: "ada",
        subject: "1004",
        email: None,
        place: &["/sandbox/newrelic/api/eu/"],
        refreshing: Refreshing::Rotated,
        refusal: "http_401",
        revoked: Revoked::Unsupported,
    },
    Row {
        name: "slack",
        slug: "mona",
        subject: "T0ACME000:U0000001001",
        email: Some(Address::Verified("mona@example.com")),
        place: &["T0ACME000"],
        refreshing: Refreshing::Never,
        refusal: "code_already_used",
        revoked: Revoked::Yes,
    },
    Row {
        name: "trello",
        slug: "mona",
        subject: "5f0000000000000000001001",
        email: None,
        place: &[],
        refreshing: Refreshing::Never,
        refusal: "",
        revoked: Revoked::Yes,
    },
];

#[test]
fn every_service_makes_the_trip() {
    for name in Registry::known() {
        assert!(ROWS.iter().any(|row| row.name == name), "{name}");
    }
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
        for row in ROWS {
            let provider = registry.get(row.name).expect(row.name);
            let browser = Caller::of(row.name, router.clone());
            travel(provider, browser, row).await;
        }
    };
    tokio::select! {
        served = axum::serve(listener, router.clone()).into_future() => panic!("{served:?}"),
        () = trips => {}
    }
}

/// What an approval gives.
enum Came {
    Code(AuthorizationCode),
    Token(AccessToken),
}

/// Reads a callback as its service's answer says.
fn came(name: &str, back: &Url) -> Came {
    let mut parameters = query(back);
    let mut code = |parameter| AuthorizationCode::new(parameters.remove(parameter).expect("a code"));
    match Registry::answer(name).expect(name) {
        Answer::ReturnPath { .. } => {
            assert!(back.path().ends_with("/jti-1"), "{back}");
            Came::Code(code("auth_code"))
        }
        Answer::Code { .. } => {
            let code = code("code");
            assert_eq!(parameters["state"], "local!s", "{name}");
            Came::Code(code)
        }
        Answer::Fragment => {
            assert_eq!(parameters["state"], "local!s", "{name}");
            let token = back.fragment().and_then(|text| text.strip_prefix("token="));
            Came::Token(AccessToken::new(token.expect("a token")))
        }
    }
}

/// One way there and back: as somebody who approves.
struct Trip<'a> {
    provider: &'a Provider,
    http: &'a Outbound,
    purpose: Purpose,
    verifier: Option<CodeVerifier>,
    came: Came,
}

impl<'a> Trip<'a> {
    async fn approved(
        provider: &'a Provider,
        http: &'a Outbound,
        browser: &mut Caller,
        (row, purpose): (&Row, Purpose),
    ) -> Self {
        let verifier = CodeVerifier::from_entropy([5; 32]);
        let verifier = provider.uses_pkce().then_some(verifier);
        let challenge = verifier.as_ref().map(CodeVerifier::challenge);
        let state = MintedState {
            text: "local!s",
            jti: "jti-1",
        };
        let url = provider.authorize_url(purpose, &state, challenge.as_ref());
        let url = format!("{}?{}", url.path(), url.query().unwrap_or_default());
        let page = browser.get(&url, &[]).await;
        let back = browser.decide(&page, row.slug, "approve").await.location();
        Self {
            provider,
            http,
            purpose,
            verifier,
            came: came(row.name, &back),
        }
    }

    async fn tokens(&self) -> Result<Tokens, TokenError> {
        let code = match &self.came {
            Came::Token(access) => return Ok(Tokens::alone(access.clone())),
            Came::Code(code) => code,
        };
        let grant = Grant::Code {
            purpose: self.purpose,
            code,
            redirect_uri: self.provider.redirect_uri(),
            verifier: self.verifier.as_ref(),
        };
        self.provider.tokens(self.http, grant).await
    }
}

async fn travel(provider: &Provider, mut browser: Caller, row: &Row) {
    let name = row.name;
    let http = Outbound::new(Reach::default()).expect("clients");
    let mut stranger = browser.other_browser();
    let trip = Trip::approved(provider, &http, &mut browser, (row, Purpose::Connect)).await;
    let mut tokens = trip.tokens().await.expect(name);

    let person = provider.person(&http, Held::of(&tokens)).await.expect(name);
    let (place, mut data) = place(&person);
    assert_eq!(
        (person.subject.as_str(), place),
        (
            row.subject,
            row.place.iter().map(|part| (*part).to_owned()).collect()
        ),
        "{name}"
    );
    if let Value::Object(beside) = &tokens.data {
        data.extend(beside.clone());
    }
    let data = Value::Object(data);
    if let Some(expected) = row.email {
        assert!(provider.can_sign_up(), "{name}");
        // Some services have scopes of their own for it.
        let trip = Trip::approved(provider, &http, &mut stranger, (row, Purpose::SignIn)).await;
        let identity = trip.tokens().await.expect(name);
        let held = Held::of(&identity);
        let email = provider.email(&http, held).await.expect(name);
        assert_eq!(email, expected.email(), "{name}");
        let same = provider.person(&http, held).await.expect(name).subject;
        assert_eq!(same, row.subject, "{name}");
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

    match (&trip.came, trip.tokens().await) {
        (Came::Code(_), Err(TokenError::Refused(code))) => assert_eq!(code.as_str(), row.refusal, "{name}"),
        (Came::Token(_), Ok(_)) => assert!(row.refusal.is_empty(), "{name}: nothing is exchanged"),
        (_, other) => panic!("{name}: {other:?}"),
    }
}

async fn refreshed(provider: &Provider, http: &Outbound, tokens: Tokens, row: &Row) -> Tokens {
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
fn place(person: &Person) -> (Vec<String>, Map<String, Value>) {
    let (ids, api_base) = match &person.place {
        Place::Everywhere => (Vec::new(), None),
        Place::Region(api_base) => (Vec::new(), Some(api_base)),
        Place::Only(workspace) => (vec![workspace.id.clone()], None),
        Place::At { workspace, api_base } => (vec![workspace.id.clone()], Some(api_base)),
        Place::Among(workspaces) => (workspaces.iter().map(|one| one.id.clone()).collect(), None),
    };
    let data = api_base.map(|base| ("apiBase".to_owned(), json!(base)));
    let path = api_base.map(|base| base.path().to_owned());
    (ids.into_iter().chain(path).collect(), data.into_iter().collect())
}
