use codestream_protocol::secret::{ClientSecret, CodeVerifier};

use super::*;
use crate::config::ProviderApp;
use crate::providers::description::Bases;
use crate::providers::{MintedState, Purpose};

fn app(client_id: &str) -> ProviderApp {
    ProviderApp {
        client_id: Some(client_id.to_owned()),
        client_secret: Some(ClientSecret::new("hush")),
        ..ProviderApp::default()
    }
}

fn registry(apps: &[(&str, ProviderApp)], sandbox: Option<&str>) -> Registry {
    Registry::for_tests(apps, sandbox)
}

fn state() -> MintedState<'static> {
    MintedState {
        text: "local!a.b.c",
        jti: "jti-1",
    }
}

fn query(url: &Url) -> BTreeMap<String, String> {
    url.query_pairs().into_owned().collect()
}

#[test]
fn every_description_holds_together() {
    for service in ALL {
        let of = service.description();
        let bases = Bases::own(of);
        let regions = bases.regions.iter().map(|(_, base)| base);
        for base in [&bases.web, &bases.api].into_iter().chain(regions) {
            assert!(
                base.path().ends_with('/') && base.scheme() == "https",
                "{}",
                of.name
            );
        }
        assert!(
            of.api_path.is_empty() || of.api_path.ends_with('/') && of.regions.is_empty(),
            "{}",
            of.name
        );
        assert!(
            !of.scopes.is_empty() || of.own_token != OwnToken::None,
            "{}",
            of.name
        );
        assert!(
            of.name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()),
            "{}",
            of.name
        );
        assert!(of.manual_url.starts_with("https://"), "{}", of.name);
    }
}

#[test]
fn github_is_asked_with_pkce_and_always_shows_a_page() {
    let challenge = CodeVerifier::from_entropy([1; 32]).challenge();
    let registry = registry(&[("github", app("github-app"))], None);
    let github = registry.get("github").expect("set up");
    let url = github.authorize_url(Purpose::Connect, &state(), Some(&challenge));
    assert!(
        url.as_str()
            .starts_with("https://github.com/login/oauth/authorize?")
    );
    let query = query(&url);
    assert_eq!(query["client_id"], "github-app");
    assert_eq!(
        query["redirect_uri"],
        "https://api.example.com/no-auth/provider-token/github"
    );
    assert_eq!(query["scope"], "repo read:user user:email notifications read:org");
    assert_eq!(query["state"], "local!a.b.c");
    assert_eq!(query["code_challenge"], challenge.as_str());
    assert_eq!(query["code_challenge_method"], "S256");
    assert_eq!(query["prompt"], "select_account");
    assert!(!query.contains_key("response_type"));
}

#[test]
fn trello_returns_to_us_with_the_state_in_the_query() {
    let fixed_host = ProviderApp {
        callback: Callback::AuthOrigin,
        ..app("trello-app")
    };
    let registry = registry(&[("trello", fixed_host)], None);
    let trello = registry.get("trello").expect("set up");
    let query = query(&trello.authorize_url(Purpose::Connect, &state(), None));
    assert_eq!(query["key"], "trello-app");
    assert_eq!(
        query["return_url"],
        "https://auth.example.com/no-auth/provider-token/trello?state=local%21a.b.c"
    );
    assert_eq!(query["callback_method"], "fragment");
    assert_eq!(query["scope"], "read,write");
    assert_eq!(trello.data()["apiKey"], "trello-app");
    assert!(!trello.uses_pkce());
}

#[test]
fn what_a_service_does_not_document_is_not_asked() {
    let challenge = CodeVerifier::from_entropy([1; 32]).challenge();
    for (name, at, names) in [
        (
            "asana",
            "https://app.asana.com/-/oauth_authorize",
            &[
                "client_id",
                "code_challenge",
                "code_challenge_method",
                "redirect_uri",
                "response_type",
                "scope",
                "state",
            ][..],
        ),
        (
            "bitbucket",
            "https://bitbucket.org/site/oauth2/authorize",
            &["client_id", "redirect_uri", "response_type", "state"],
        ),
        (
            "intercom",
            "https://app.intercom.com/oauth",
            &["client_id", "redirect_uri", "state"],
        ),
        (
            "linear",
            "https://linear.app/oauth/authorize",
            &[
                "client_id",
                "code_challenge",
                "code_challenge_method",
                "prompt",
                "redirect_uri",
                "response_type",
                "scope",
                "state",
            ],
        ),
    ] {
        let registry = registry(&[(name, app("app"))], None);
        let provider = registry.get(name).expect(name);
        let asked = provider.uses_pkce().then_some(&challenge);
        let mut url = provider.authorize_url(Purpose::Connect, &state(), asked);
        assert_eq!(query(&url).into_keys().collect::<Vec<_>>(), names, "{name}");
        url.set_query(None);
        assert_eq!(url.as_str(), at);
    }
}

#[test]
fn in_the_sandbox_every_address_is_the_sandboxs() {
    let registry = registry(&[("github", app("own"))], Some("http://localhost:12080"));
    let github = registry.get("github").expect("set up");
    assert!(
        github
            .authorize_url(Purpose::Connect, &state(), None)
            .as_str()
            .starts_with("http://localhost:12080/sandbox/github/login/oauth/authorize?")
    );
    assert_eq!(github.app().client_id, "own");
    let trello = &registry.get("trello").expect("set up by itself").app();
    assert!(trello.client_id.starts_with("sandbox-trello-") && trello.client_secret.is_some());
    let rows = registry.rows();
    let row = |id: &str| &rows[&id.parse::<ProviderId>().expect("an id")];
    assert_eq!(
        row("github*com").api_base,
        "http://localhost:12080/sandbox/github/api/"
    );
    assert_eq!(
        row("trello*com").api_base,
        "http://localhost:12080/sandbox/trello/api/1/"
    );
    assert_eq!(row("github*com").api_host.as_deref(), Some("api.github.com"));
}

#[test]
fn unknown_and_not_set_up_are_told_apart() {
    let empty = registry(&[], None);
    assert_eq!(empty.get("slack").err(), Some(ServerCode::ProviderNotConfigured));
    assert_eq!(empty.get("Slack").err(), Some(ServerCode::UnknownProvider));
    assert_eq!(empty.get("nope").err(), Some(ServerCode::UnknownProvider));
    assert_eq!(Registry::display_name("slack"), Some("Slack"));
}

#[test]
fn without_an_app_people_bring_tokens_and_hosts_of_their_own() {
    let with_one = registry(&[("gitlab", app("own"))], None);
    let rows = with_one.rows();
    let found: Vec<_> = rows
        .values()
        .map(|row| {
            (
                row.name.as_str(),
                row.token_only,
                row.for_enterprise,
                row.can_sign_up,
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("jira", true, false, false),
            ("github", true, true, false),
            ("gitlab", false, true, true),
            ("newrelic", true, false, false),
        ],
        "Trello's tokens are made for an app"
    );
    assert_eq!(
        with_one.connectable("github").err(),
        Some(ServerCode::ProviderNotConfigured)
    );
    assert!(with_one.get("github").is_ok() && with_one.connectable("gitlab").is_ok());
}

#[test]
fn a_region_is_told_as_an_address_that_calls_go_to() {
    let rows = registry(&[], None).rows();
    let newrelic = &rows[&"newrelic*com".parse::<ProviderId>().expect("an id")];
    assert_eq!(newrelic.api_base, "https://api.newrelic.com/");
    assert_eq!(newrelic.regions, ["https://api.eu.newrelic.com/"]);
    let imitated = registry(&[], Some("http://localhost:12080")).rows();
    let newrelic = &imitated[&"newrelic*com".parse::<ProviderId>().expect("an id")];
    assert_eq!(
        newrelic.regions,
        ["http://localhost:12080/sandbox/newrelic/api/eu/"]
    );
}

/// RFC 9207 2.4: an `iss` is compared, also where none is documented.
#[test]
fn an_unexpected_issuer_is_refused_everywhere() {
    let names: Vec<_> = Registry::known().collect();
    let apps: Vec<_> = names.iter().map(|name| (*name, app("an-app"))).collect();
    let registry = registry(&apps, None);
    for name in names {
        let provider = registry.get(name).expect("set up");
        for other in [
            "",
            "https://evil.example",
            "https://evil.example/login/oauth",
            "github.com",
        ] {
            assert!(!provider.is_issuer(other), "{name} {other}");
        }
    }
    let tenant = "https://login.microsoftonline.com/9122040d-6c67-4c5b-b112-36a304b66dad/v2.0";
    for (name, iss, is_its) in [
        ("github", "https://github.com/login/oauth", true),
        ("github", "https://github.com", false),
        ("gitlab", "https://gitlab.com", true),
        ("gitlab", "https://gitlab.com/", true),
        ("gitlab", "https://gitlab.com.evil.example", false),
        ("msteams", tenant, true),
        ("azuredevops", tenant, true),
        ("msteams", "https://login.microsoftonline.com/evil/v2.0", false),
        (
            "msteams",
            "https://login.microsoftonline.com.evil.example/9122040d-6c67-4c5b-b112-36a304b66dad/v2.0",
            false,
        ),
    ] {
        assert_eq!(
            registry.get(name).expect("set up").is_issuer(iss),
            is_its,
            "{name} {iss}"
        );
    }
}

/// RFC 9700 4.4.2: one redirect URI for each issuer.
#[test]
fn each_host_has_a_redirect_uri_of_its_own() {
    let apps = [("github", app("an-app")), ("gitlab", app("an-app"))];
    let registry = registry(&apps, None);
    let at = |name: &str, base: &str, own| {
        let base = base.parse().expect("a URL");
        let provider = registry
            .at_host(name, &base, Some(app_of_host()), own)
            .expect("self-hosted");
        let row = provider.row();
        (provider.redirect_uri().to_string(), row.redirect_uri, row.re_add)
    };
    for name in ["github", "gitlab"] {
        let shared = format!("https://api.example.com/no-auth/provider-token/{name}");
        for (base, path) in [
            ("https://git.example.com/", "git*example*com"),
            ("https://example.com:8443/git/lab/", "example*com:8443/git/lab"),
        ] {
            let own = format!("{shared}/{path}");
            assert_eq!(at(name, base, true), (own.clone(), Some(own.clone()), false));
            // One from before shares the cloud's, and its owners are told which it would have.
            assert_eq!(at(name, base, false), (shared.clone(), Some(own), true));
        }
        assert_eq!(
            registry.get(name).expect("set up").redirect_uri().as_str(),
            shared
        );
    }
}

fn app_of_host() -> OAuthApp {
    OAuthApp {
        client_id: "app-of-the-team".to_owned(),
        client_secret: None,
        signing_secret: None,
    }
}
