//! Services that a team hosts itself: found from any of their pages, tried before they are stored, each with its own accounts.
//! The sandbox's imitations, below a context path, stand for them.

use codestream_protocol::http::Revoked;
use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::request::ProviderSummary;
use e2e::{FaultProxy, HeadlessIde, Http, RpcError, Stub};
use serde_json::{Value, json};

use crate::scene::Scene;

const TOKEN: &str = "glpat-mona0000000000000000";
const APP_ID: &str = "app-of-the-team";
const APP_SECRET: &str = "a-secret-of-the-team";

/// Where the sandbox's imitation of a service is, and its id as a service of a team's own.
fn imitation(scene: &Scene, service: &str) -> (String, String) {
    let site = scene.stub.sandbox();
    let base = format!("{site}/sandbox/{service}");
    let id = base.trim_start_matches("http://").replace('.', "*");
    (base, id)
}

/// A scene in which the imitated services know the team's app.
async fn with_app() -> Scene {
    let home = e2e::Home::new();
    let file = home.path().join("stub.toml");
    let app = format!("clientId = \"{APP_ID}\"\nclientSecret = \"{APP_SECRET}\"\n");
    let text = format!("[providers.github]\n{app}[providers.gitlab]\n{app}");
    std::fs::write(&file, text).expect("a file");
    Scene::of(Stub::builder().args(["--config", &file.display().to_string()])).await
}

/// Until another window hears a list of services that is as it should be.
async fn until(ide: &HeadlessIde, is_so: impl Fn(&[Value]) -> bool) {
    ide.await_notification::<e2e::methods::DataChanged>(|change| {
        let rows = change.data.as_array();
        let is_list = |rows: &&Vec<Value>| rows.iter().any(|row| !row["providerId"].is_null());
        rows.filter(is_list).is_some_and(|rows| is_so(rows))
    })
    .await;
}

#[tokio::test]
async fn any_page_of_a_self_hosted_gitlab_and_a_token_add_it() {
    let scene = Scene::new().await;
    let (ide, user) = scene.signed_in().await;
    let other = scene.window(scene.ide(), &user).await;
    let (base, id) = imitation(&scene, "gitlab");
    assert!(ide.summary("gitlab").await.can_add_host);
    assert!(!ide.summary("trello").await.can_add_host);
    let page = format!("{base}/group/app/-/merge_requests/3?view=all#note_2");
    let added = ide
        .add_host("gitlab", &page, &json!({ "accessToken": TOKEN }))
        .await
        .expect("it is added");
    assert_eq!(added.provider_id.as_str(), id);
    let row = ide.row(&id).await.expect("it is listed");
    assert!(
        row.added && row.connected && !row.can_sign_up && !row.can_add_host,
        "{row:?}"
    );
    assert!(row.token_only, "no app is registered there: {row:?}");
    let refused = ide.connect(&id).await.expect_err("there is nothing to approve");
    assert_eq!(refused.kind(), ErrorKind::ProviderNotConfigured, "{refused:?}");
    assert!(refused.message.contains("Use a token"), "{refused:?}");
    assert_eq!(row.host, base.trim_start_matches("http://"));
    assert_eq!(row.api_base, format!("{base}/api/v4/"));
    assert_eq!(row.accounts[0].who, "mona");
    assert!(!ide.row("gitlab*com").await.expect("gitlab.com").connected);
    let me = ide.me(&id).await.expect("a direct call");
    assert_eq!(me.login.as_deref(), Some("mona"));
    assert_eq!(
        ide.get(&id, "user").await.expect("an answer").body["username"],
        "mona"
    );
    // A host is told of before the account at it.
    until(&other, |rows| {
        rows.iter()
            .any(|row| row["providerId"] == id && row["connected"] == true)
    })
    .await;
    assert!(other.me(&id).await.is_ok(), "another window has it, too");

    let answer = ide.disconnect(&id).await.expect("it is disconnected");
    assert_eq!(
        answer.revoked,
        Revoked::Unsupported,
        "only its maker can end that token"
    );
    assert_eq!(
        answer.manual_url,
        Some(format!("{base}/-/user_settings/applications"))
    );
    let again = json!({ "accessToken": TOKEN });
    ide.configure(&id, &again)
        .await
        .expect("a token for a host that is there");
    assert_eq!(ide.row(&id).await.expect("listed").accounts[0].who, "mona");

    ide.remove_host(&id, false).await.expect("it is removed");
    assert!(ide.row(&id).await.is_none());
    until(&other, |rows| rows.iter().all(|row| row["providerId"] != id)).await;
    assert_eq!(
        other.me(&id).await.expect_err("it is gone").kind(),
        ErrorKind::UnknownProvider
    );
    let refused = ide
        .remove_host("gitlab*com", false)
        .await
        .expect_err("nobody added it");
    assert_eq!(refused.kind(), ErrorKind::Forbidden, "{refused:?}");
    for window in [&ide, &other] {
        assert!(
            !json!(window.said()).to_string().contains(TOKEN),
            "a token is told to nobody"
        );
    }
    ide.finish().await;
    other.finish().await;
}

#[tokio::test]
async fn a_server_without_an_app_at_a_service_still_takes_tokens_and_hosts() {
    let home = e2e::Home::new();
    let file = home.path().join("stub.toml");
    let key = "0123456789abcdef".repeat(4);
    let text = format!("[secrets]\nsigningKeys = [\"{key}\"]\nencryptionKeys = [\"{key}\"]\n");
    std::fs::write(&file, text).expect("a file");
    let kept = e2e::Kept::new();
    let stub = Stub::builder().keeping(&kept).without_sandbox();
    let scene = Scene::of(stub.args(["--config", &file.display().to_string()])).await;
    let ide = scene.signed_out().await;
    let rows = ide.services().await;
    let offered = |can: fn(&ProviderSummary) -> bool| -> Vec<_> {
        let rows = rows.iter().filter(|row| can(row));
        rows.map(|row| row.name.as_str()).collect()
    };
    let by_token = ["github", "gitlab", "jira", "newrelic"];
    assert_eq!(offered(|row| row.token_only && row.can_use_token), by_token);
    assert_eq!(offered(|row| row.can_add_host), ["github", "gitlab"]);
    assert!(
        offered(|row| row.can_sign_up || !row.token_only).is_empty(),
        "{rows:?}"
    );
    ide.finish().await;
}

async fn an_app_of_the_teams_own(service: &str, api: &str) {
    let mut scene = with_app().await;
    let (ide, user) = scene.signed_in().await;
    let (base, id) = imitation(&scene, service);
    let app = json!({ "appClientId": APP_ID, "appClientSecret": APP_SECRET });
    ide.add_host(service, &base, &app).await.expect("it is added");
    let row = ide.row(&id).await.expect("it is listed");
    assert!(row.added && !row.connected, "{row:?}");
    assert_eq!(row.api_base, format!("{base}/{api}"));

    scene.connect(&ide, &id).await;
    let there = scene.browser.trail().iter().any(|hop| {
        // RFC 6749 §4.1.1, with the host as the state's third part.
        let url = hop.url.to_string();
        url.starts_with(&format!("{base}/")) && url.contains("***%28_colon_%29")
    });
    assert!(there, "{:?}", scene.browser.trail());
    assert_eq!(ide.row(&id).await.expect("listed").accounts[0].who, "mona");
    let own = ide.summary(service).await;
    assert!(!own.added && !own.connected, "{own:?}");
    assert_eq!(
        ide.me(&id).await.expect("a direct call").login.as_deref(),
        Some("mona")
    );
    let path = |one: &Value| one["path"].as_str().unwrap_or_default().to_owned();
    let requests = scene.control().requests(service).await;
    let prefix = format!("/sandbox/{service}/{api}");
    assert!(
        requests.iter().any(|one| path(one).starts_with(&prefix)),
        "{requests:?}"
    );

    // Another team knows nothing of it.
    let stranger = scene.control().user().await;
    let foreign = scene.window(scene.ide(), &stranger).await;
    assert!(foreign.row(&id).await.is_none());
    assert_ne!(user.team_id, stranger.team_id);

    let revoked = ide.disconnect(&id).await.expect("it is disconnected");
    assert_eq!((revoked.revoked, revoked.manual_url), (Revoked::Yes, None));
    ide.finish().await;
    foreign.finish().await;
}

#[tokio::test]
async fn an_app_at_a_self_hosted_github_connects_in_the_browser() {
    an_app_of_the_teams_own("github", "api/v3/").await;
}

#[tokio::test]
async fn an_app_at_a_self_hosted_gitlab_connects_in_the_browser() {
    an_app_of_the_teams_own("gitlab", "api/v4/").await;
}

#[tokio::test]
async fn a_token_of_a_host_is_refreshed_and_goes_with_its_host() {
    let mut scene = with_app().await;
    let (ide, _) = scene.signed_in().await;
    let (base, id) = imitation(&scene, "gitlab");
    let app = json!({ "appClientId": APP_ID, "appClientSecret": APP_SECRET });
    ide.add_host("gitlab", &base, &app).await.expect("it is added");
    scene.connect(&ide, &id).await;
    scene
        .control()
        .fault(json!({"tokens": {"provider": "gitlab", "expireAll": true}}))
        .await;
    assert!(ide.me(&id).await.is_ok(), "one refresh, at the host");
    // It stands beside the account at the service's own host.
    scene.connect(&ide, "gitlab").await;
    ide.remove_host(&id, false).await.expect("it is removed");
    assert!(ide.me("gitlab").await.is_ok());
    ide.add_host("gitlab", &base, &app)
        .await
        .expect("it is added again");
    assert!(
        ide.row(&id).await.expect("listed").accounts.is_empty(),
        "its accounts went with it"
    );
    ide.finish().await;
}

#[tokio::test]
async fn each_fault_of_a_host_is_told_in_its_own_words() {
    let scene = with_app().await;
    let (ide, _) = scene.signed_in().await;
    let (gitlab, _) = imitation(&scene, "gitlab");
    let (github, _) = imitation(&scene, "github");
    let silent = FaultProxy::start().await;
    let nobody = format!("https://127.0.0.1:{}", closed_port());
    let token = json!({ "accessToken": TOKEN });
    let mut told = Vec::new();
    let rows: [(&str, Value, Option<ErrorKind>, &str); 9] = [
        (
            "git.invalid",
            token.clone(),
            Some(ErrorKind::ServerUnreachable),
            "was not found",
        ),
        (
            &nobody,
            token.clone(),
            Some(ErrorKind::ServerUnreachable),
            "Could not connect",
        ),
        (
            &github,
            token.clone(),
            Some(ErrorKind::UnknownProvider),
            "it is not GitLab",
        ),
        (
            &silent.url(),
            token.clone(),
            Some(ErrorKind::ServerUnreachable),
            "",
        ),
        (
            &gitlab,
            json!({ "accessToken": "glpat-nobody" }),
            Some(ErrorKind::TokenRevoked),
            "GitLab refused this token",
        ),
        (
            &gitlab,
            json!({ "appClientId": APP_ID, "appClientSecret": "wrong" }),
            Some(ErrorKind::ExchangeRefused),
            "id and secret",
        ),
        (
            "http://git.example.com",
            token.clone(),
            None,
            "not a usable address",
        ),
        (
            "https://gitlab.com/group/app",
            token.clone(),
            None,
            "needs no adding",
        ),
        (&gitlab, json!({}), None, "accessToken"),
    ];
    for (host, credentials, kind, words) in rows {
        let refused = ide.add_host("gitlab", host, &credentials).await.expect_err(host);
        assert_eq!(kind_of(&refused), kind, "{host}: {refused:?}");
        assert!(refused.message.contains(words), "{host}: {refused:?}");
        assert!(!told.contains(&refused.message), "{host}: {refused:?}");
        told.push(refused.message);
    }
    let list = ide.row("gitlab*com").await.expect("listed");
    assert!(
        !list.connected && ide.summary("gitlab").await == list,
        "nothing was stored: {list:?}"
    );
    let refused = ide
        .add_host("trello", &gitlab, &token)
        .await
        .expect_err("nobody hosts it");
    assert_eq!(refused.kind(), ErrorKind::Forbidden);
    ide.finish().await;
}

/// `None`: the params were wrong (JSON-RPC -32602).
fn kind_of(refused: &RpcError) -> Option<ErrorKind> {
    (refused.code != -32602).then(|| refused.kind())
}

fn closed_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

#[tokio::test]
async fn a_host_is_for_members_of_its_team_and_its_secret_for_nobody() {
    let scene = with_app().await;
    let (member, stranger) = (scene.control().user().await, scene.control().user().await);
    let (base, id) = imitation(&scene, "github");
    let http = Http::new();
    let url = scene
        .stub
        .url(&format!("/provider-host/github/{}", member.team_id));
    let body = json!({ "host": base, "appClientId": APP_ID, "appClientSecret": APP_SECRET });
    let refused = http.put(&url, Some(&stranger.access_token), &body).await;
    assert_eq!(refused.code(), "USRC-1012");
    for (body, code) in [
        (json!({ "host": "github.com" }), "RAPI-1012"),
        (json!({ "host": "http://git.example.com" }), "RAPI-1012"),
        (json!({ "host": base, "appClientId": APP_ID }), "RAPI-1001"),
    ] {
        let refused = http.put(&url, Some(&member.access_token), &body).await;
        assert_eq!(refused.code(), code, "{body}");
    }
    let added = http.put(&url, Some(&member.access_token), &body).await;
    assert_eq!(added.json()["providerId"], id.as_str(), "{}", added.text);
    assert!(!added.text.contains(APP_SECRET), "{}", added.text);
    let login = http
        .put(&scene.stub.url("/login"), Some(&member.access_token), &json!({}))
        .await;
    assert!(!login.text.contains(APP_SECRET));
    assert_eq!(login.json()["providers"][id.as_str()]["isEnterprise"], true);
    assert_eq!(
        login.json()["teams"][0]["providerHosts"][id.as_str()]["name"],
        "github"
    );
    let foreign = http
        .put(
            &scene.stub.url("/login"),
            Some(&stranger.access_token),
            &json!({}),
        )
        .await;
    assert!(!foreign.text.contains("isEnterprise\":true"), "{}", foreign.text);
    let one = format!("{url}/{}", id.replace('/', "%2F"));
    for (user, status, code) in [
        (&stranger, 403, "USRC-1012"),
        (&member, 200, ""),
        (&member, 403, "PRVD-1003"),
    ] {
        let request = http.request(reqwest::Method::DELETE, &one);
        let answer = Http::send(request.bearer_auth(&user.access_token)).await;
        assert_eq!(answer.status, status, "{}", answer.text);
        assert!(code.is_empty() || answer.code() == code, "{}", answer.text);
    }
}

/// CWE-918: calls into the inside, by every spelling of it.
#[tokio::test]
async fn no_spelling_of_the_inside_is_taken_as_a_host() {
    let stub = Stub::builder().args(["--public-url", "https://api.example.com"]);
    let stub = stub.start().await;
    let user = stub.control().user().await;
    let url = stub.url(&format!("/provider-host/gitlab/{}", user.team_id));
    for (host, code) in [
        ("https://localhost", "PRVD-1015"),
        ("https://localhost.", "PRVD-1015"),
        ("a.localhost:1234", "PRVD-1015"),
        ("https://127.1", "PRVD-1015"),
        ("https://0x7f000001", "PRVD-1015"),
        ("https://10.0.0.1", "PRVD-1015"),
        ("https://192.168.0.1.:8443", "PRVD-1015"),
        ("https://10.0.0.1:22", "RAPI-1012"),
        ("https://169.254.169.254", "RAPI-1012"),
        ("https://2852039166", "RAPI-1012"),
        ("https://0.0.0.0", "RAPI-1012"),
        ("https://[::1]", "RAPI-1012"),
        ("https://[::ffff:127.0.0.1]", "RAPI-1012"),
        // CWE-346: a star stands for a dot in the id of a host.
        ("https://git*example.com", "RAPI-1012"),
        ("https://git.example.com/a*b", "RAPI-1012"),
    ] {
        let refused = Http::new()
            .put(&url, Some(&user.access_token), &json!({ "host": host }))
            .await;
        assert_eq!(refused.code(), code, "{host}: {}", refused.text);
    }
    let added = async |host: &str| {
        let body = json!({ "host": host });
        Http::new().put(&url, Some(&user.access_token), &body).await
    };
    let first = added("GIT.example.com.:443/Lab").await;
    assert_eq!(
        first.json()["providerId"],
        "git*example*com/lab",
        "{}",
        first.text
    );
    let other = added("https://git.example.com/lab").await;
    assert_eq!(
        (other.status.as_u16(), other.code().as_str()),
        (409, "PRVD-1014"),
        "{}",
        other.text
    );
}
