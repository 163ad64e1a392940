use std::str::FromStr as _;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{Method as AxumMethod, Uri};
use axum::response::{IntoResponse, Response as AxumResponse};
use codestream_protocol::ServerCode;
use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::secret::CodeVerifier;
use tokio::sync::mpsc;

use super::*;
use crate::fake;

const TEAM: &str = "0123456789abcdef01234567";

/// What the server saw.
#[derive(Debug)]
struct Seen {
    method: AxumMethod,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

/// A server that gives everybody the same answer, and what it is asked.
async fn server(
    answer: impl Fn() -> AxumResponse + Clone + Send + Sync + 'static,
) -> (Api, mpsc::UnboundedReceiver<Seen>) {
    let (told, seen) = mpsc::unbounded_channel();
    let router = Router::new()
        .fallback(
            move |State(told): State<mpsc::UnboundedSender<Seen>>, request: Request| {
                let answer = answer();
                async move {
                    let (parts, body) = request.into_parts();
                    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
                    let _ = told.send(Seen {
                        method: parts.method,
                        uri: parts.uri,
                        headers: parts.headers,
                        body,
                    });
                    answer
                }
            },
        )
        .with_state(told);
    let address = fake::serve(router).await;
    let url = ServerUrl::from_str(&format!("http://{address}")).expect("an origin");
    (Api::new(fake::network(), url), seen)
}

fn session() -> SessionToken {
    SessionToken::new("st")
}

fn team() -> TeamId {
    TEAM.parse().expect("an id")
}

fn check() -> CheckSignup {
    CheckSignup {
        token: SignupToken::new("t"),
        code_verifier: Some(CodeVerifier::new("v")),
        nr_account_id: None,
        note: None,
    }
}

fn refusal(status: u16, code: &str) -> AxumResponse {
    let status = StatusCode::from_u16(status).expect("a status");
    (
        status,
        [("x-request-id", "r1"), ("retry-after", "7")],
        axum::Json(json!({"code": code, "message": "No."})),
    )
        .into_response()
}

#[tokio::test]
async fn a_start_code_is_asked_for_with_team_time_ide_and_machine() {
    let answer = || {
        axum::Json(json!({"code": "c", "codeId": "00000000-0000-4000-8000-000000000000", "expiresAt": 5, "channelTime": 3})).into_response()
    };
    let (api, mut seen) = server(answer).await;
    let device = Device {
        ide: Some("VS Code".into()),
        machine: Some("büro".into()),
    };
    let code = api
        .start_code(
            &session(),
            &team(),
            Duration::from_mins(5),
            Purpose::Connect,
            &device,
            &[],
        )
        .await
        .expect("a code");
    assert_eq!(code.code.expose(), "c");
    let seen = seen.recv().await.expect("a request");
    assert_eq!(
        seen.uri.to_string(),
        format!("/provider-auth-code?teamId={TEAM}&expiresIn=300000&ide=VS+Code&machine=b%C3%BCro")
    );
    assert_eq!(seen.headers["authorization"], "Bearer st");
    assert_eq!(seen.headers["user-agent"], crate::net::USER_AGENT);
}

#[tokio::test]
async fn a_held_check_says_so_and_tells_whether_the_server_does() {
    let (api, mut seen) = server(|| {
        let mut answer = refusal(403, "AUTH-1006");
        answer
            .headers_mut()
            .insert("preference-applied", "wait=25".parse().expect("a value"));
        answer
    })
    .await;
    let checked = api.check_signup(&check(), Hold::Yes).await.expect("an answer");
    let refused = checked.login.expect_err("not yet");
    assert_eq!(refused.code(), Some(ServerCode::TokenNotFound));
    assert_eq!(
        (refused.retry_after, refused.request_id.as_deref()),
        (Some(Duration::from_secs(7)), Some("r1"))
    );
    assert!(checked.preference_applied);
    let request = seen.recv().await.expect("a request");
    assert_eq!(
        (request.method.as_str(), request.uri.path()),
        ("PUT", "/no-auth/check-signup")
    );
    assert_eq!(request.headers["prefer"], "wait=25");
    assert_eq!(
        serde_json::from_slice::<Value>(&request.body).expect("JSON"),
        json!({"token": "t", "codeVerifier": "v"})
    );
    let checked = api.check_signup(&check(), Hold::No).await.expect("an answer");
    assert!(checked.login.is_err());
    assert!(
        !seen
            .recv()
            .await
            .expect("a request")
            .headers
            .contains_key("prefer")
    );
}

#[tokio::test]
async fn every_route_of_an_account_is_called_as_the_server_has_it() {
    let (api, mut seen) = server(|| {
        axum::Json(json!({"user": {"id": "0123456789abcdef01234567"}, "revoked": "yes"})).into_response()
    })
    .await;
    let team = team();
    let account = AccountPath {
        team_id: &team,
        host: Some("h.test:8"),
        sub_id: None,
        have: None,
    };
    api.refresh(&session(), "github", account)
        .await
        .expect("a change");
    let deauth = Deauth {
        team_id: team.clone(),
        host: None,
        sub_id: None,
    };
    api.deauth(&session(), "github", &deauth)
        .await
        .expect("an answer");
    let set = SetToken {
        team_id: team.clone(),
        token: AccessToken::new("pat"),
        host: None,
        data: Value::Null,
        who: None,
    };
    api.set_token(&session(), "github", &set).await.expect("a change");
    let info = SetInfo {
        team_id: team.clone(),
        data: json!({}),
        host: None,
        pending_verification: false,
    };
    api.set_info(&session(), "trello", &info).await.expect("a change");
    api.me(&session()).await.expect("a user");
    api.logout(&session()).await.expect("an end");
    for expected in [
        &format!("GET /provider-refresh/github?teamId={TEAM}&host=h.test%3A8"),
        "PUT /provider-deauth/github",
        "PUT /provider-set-token/github",
        "PUT /provider-info/trello",
        "GET /users/me",
        "PUT /logout",
    ] {
        let seen = seen.recv().await.expect("a request");
        assert_eq!(format!("{} {}", seen.method, seen.uri), *expected);
        assert_eq!(seen.headers["authorization"], "Bearer st", "{expected}");
    }
}

#[tokio::test]
async fn what_is_not_codestream_is_known_by_its_answers() {
    type Answer = fn() -> AxumResponse;
    let table: [(Answer, ErrorKind); 8] = [
        (
            || axum::response::Html("<html>Welcome</html>").into_response(),
            ErrorKind::NotCodeStream,
        ),
        (
            || (StatusCode::NOT_FOUND, "nothing").into_response(),
            ErrorKind::NotCodeStream,
        ),
        (
            || axum::response::Redirect::permanent("https://www.example.test/login?x=1").into_response(),
            ErrorKind::NotCodeStream,
        ),
        (
            || (StatusCode::BAD_GATEWAY, "<html>").into_response(),
            ErrorKind::ServerUnreachable,
        ),
        (
            || (StatusCode::TOO_MANY_REQUESTS, "slow").into_response(),
            ErrorKind::RateLimited,
        ),
        (
            || axum::Json(json!({"hello": "world"})).into_response(),
            ErrorKind::Internal,
        ),
        (|| refusal(403, "PRVD-1009"), ErrorKind::ProviderNotConfigured),
        (|| refusal(401, "AUTH-1004"), ErrorKind::NotSignedIn),
    ];
    for (answer, kind) in table {
        let (api, _seen) = server(answer).await;
        let error = api.capabilities().await.expect_err("no capabilities");
        assert_eq!(error.kind(), kind, "{error:?}");
        assert_eq!(error.ends_session(), kind == ErrorKind::NotSignedIn, "{error:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_told_by_its_origin_alone() {
    let (api, _seen) = server(|| {
        axum::response::Redirect::permanent("https://www.example.test/login?code=secret").into_response()
    })
    .await;
    let text = api.capabilities().await.expect_err("a redirect").to_string();
    assert!(
        text.contains("https://www.example.test.") && !text.contains("secret"),
        "{text}"
    );
}

#[tokio::test]
async fn an_answer_that_is_not_understood_never_repeats_its_values() {
    let (api, _seen) =
        server(|| axum::Json(json!({"user": {}, "accessToken": {"canary": "hunter2"}})).into_response())
            .await;
    let error = api.login(&session()).await.expect_err("another shape");
    assert!(matches!(error, ApiError::Decode { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_body_over_its_bound_is_not_read_to_its_end() {
    let (api, _seen) = server(|| vec![b' '; BODY_LIMIT + 1].into_response()).await;
    assert!(matches!(api.capabilities().await, Err(ApiError::TooLarge { .. })));
}

#[test]
fn links_for_the_browser_keep_every_character() {
    let api = Api::new(fake::network(), "https://a.test".parse().expect("an origin"));
    assert_eq!(
        api.connect_url("github", None, &StartCode::new("a+b/c="))
            .as_str(),
        "https://a.test/web/provider-auth/github?code=a%2Bb%2Fc%3D"
    );
    let challenge = CodeVerifier::new("v").challenge();
    let device = Device {
        ide: Some("IDE & co".into()),
        machine: None,
    };
    let url = api.sign_in_url(
        "github",
        &SignupToken::new("t"),
        &challenge,
        Duration::from_mins(5),
        false,
        &device,
    );
    let expected = format!(
        "https://a.test/web/provider-auth/github?signupToken=t&codeChallenge={}&expiresIn=300000&noSignup=1&ide=IDE+%26+co",
        challenge.as_str()
    );
    assert_eq!(url.as_str(), expected);
    let url = api.sign_in_url(
        "github",
        &SignupToken::new("t"),
        &challenge,
        Duration::from_mins(5),
        true,
        &Device::default(),
    );
    assert!(!url.as_str().contains("noSignup"));
}

#[test]
fn every_code_of_the_server_means_something() {
    for code in ServerCode::ALL {
        let internal = kind_of(code.as_str()) == ErrorKind::Internal;
        let expected = matches!(
            code,
            ServerCode::NotFound
                | ServerCode::ParameterRequired
                | ServerCode::Validation
                | ServerCode::InvalidParameter
                | ServerCode::Deprecated
                | ServerCode::Internal
                | ServerCode::WebInternal
                | ServerCode::WebUnknown
        );
        assert_eq!(internal, expected, "{code}");
    }
    assert_eq!(kind_of("NEWER-1"), ErrorKind::Internal);
}
