//! A caller for tests of the imitations: one browser and one server, without sockets.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use codestream_protocol::UnixMillis;
use codestream_protocol::secret::{ClientSecret, CodeVerifier, SigningSecret};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use url::{Url, form_urlencoded};

use super::oauth::{Office, Style};
use super::registration::AppRegistration;
use super::{Service as _, Setup};
use crate::clock::Clock;
use crate::faults::Faults;
use crate::random::Random;

pub(super) const CALLBACK: &str = "http://127.0.0.1:12079/no-auth/provider-token/x";

/// Requests of an app that is not known, or to a callback that is none of its own.
pub(super) const STRANGERS: &[(&str, Option<&str>)] = &[
    ("client_id", Some("nobody")),
    ("client_id", None),
    (
        "redirect_uri",
        Some("http://127.0.0.1:12079/no-auth/provider-token/x/below"),
    ),
    ("redirect_uri", Some("https://evil.test/")),
    ("redirect_uri", None),
];

pub(super) fn clock() -> Clock {
    Clock::standing_at(UnixMillis(1_795_476_600_000))
}

pub(super) fn app() -> AppRegistration {
    AppRegistration {
        name: "CodeStream",
        client_id: "app-1".into(),
        client_secret: Some(ClientSecret::new("hush")),
        signing_secret: Some(SigningSecret::new("hush")),
        callbacks: vec![CALLBACK.parse().expect("a URL")],
    }
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }

    /// The text at a key of a JSON object; empty when there is none.
    pub(super) fn value(&self, key: &str) -> String {
        self.json()[key].as_str().unwrap_or_default().to_owned()
    }

    /// Status and `error` (RFC 6749 §5.2).
    pub(super) fn refusal(&self) -> (u16, String) {
        (self.status.as_u16(), self.value("error"))
    }

    pub(super) fn form(&self) -> BTreeMap<String, String> {
        form_urlencoded::parse(self.text.as_bytes())
            .into_owned()
            .collect()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    pub(super) fn location(&self) -> Url {
        let base: Url = "http://localhost/".parse().expect("a URL");
        base.join(self.header("location")).expect("a URL")
    }

    /// The ticket in the page's first form.
    pub(super) fn ticket(&self) -> String {
        let (_, rest) = self.text.split_once("name=\"ticket\" value=\"").expect("a form");
        rest.split('"').next().expect("a value").to_owned()
    }
}

/// The query of a URL.
pub(super) fn query(url: &Url) -> BTreeMap<String, String> {
    url.query_pairs().into_owned().collect()
}

/// Calls one service; keeps its cookie.
pub(super) struct Caller {
    router: Router,
    name: &'static str,
    cookie: Option<String>,
}

impl Caller {
    pub(super) fn new(name: &'static str, routes: Router) -> Self {
        Self::of(name, Router::new().nest(&format!("/sandbox/{name}"), routes))
    }

    /// Of one service among several, whose paths are whole.
    pub(super) fn of(name: &'static str, router: Router) -> Self {
        Self {
            router,
            name,
            cookie: None,
        }
    }

    /// Another browser at the same service.
    pub(super) fn other_browser(&self) -> Self {
        Self {
            router: self.router.clone(),
            name: self.name,
            cookie: None,
        }
    }

    pub(super) async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Answer {
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("/sandbox/{}/{path}", self.name)
        };
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let request = request.body(Body::from(body)).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (head, body) = response.into_parts();
        if let Some(cookie) = head.headers.get(header::SET_COOKIE) {
            let cookie = cookie.to_str().expect("text");
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        let bytes = to_bytes(body, 1 << 20).await.expect("a body");
        Answer {
            status: head.status,
            headers: head.headers,
            text: String::from_utf8(bytes.to_vec()).expect("text"),
        }
    }

    pub(super) async fn get(&mut self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(Method::GET, path, headers, String::new()).await
    }

    pub(super) async fn open(&mut self, path: &str, query: &[(&str, &str)]) -> Answer {
        let query = encode(query);
        self.get(&format!("{path}?{query}"), &[]).await
    }

    pub(super) async fn post(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
        form: &[(&str, &str)],
    ) -> Answer {
        let kind = (header::CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded");
        let headers: Vec<_> = headers.iter().copied().chain([kind]).collect();
        self.send(Method::POST, path, &headers, encode(form)).await
    }

    pub(super) async fn post_json(&mut self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let kind = (header::CONTENT_TYPE.as_str(), "application/json");
        let headers: Vec<_> = headers.iter().copied().chain([kind]).collect();
        self.send(Method::POST, path, &headers, body.to_string()).await
    }

    /// Signs in on a sign-in page and decides on the consent page; where the browser is sent then.
    pub(super) async fn decide(&mut self, page: &Answer, person: &str, decision: &str) -> Answer {
        let ticket = page.ticket();
        let signed_in = self
            .post("sign-in", &[], &[("ticket", &ticket), ("person", person)])
            .await;
        assert_eq!(signed_in.status, StatusCode::SEE_OTHER, "{}", signed_in.text);
        let consent = signed_in.header("location").to_owned();
        let consent = self.get(&consent, &[]).await;
        assert_eq!(consent.status, StatusCode::OK, "{}", consent.text);
        let ticket = consent.ticket();
        self.post("consent", &[], &[("ticket", &ticket), ("decision", decision)])
            .await
    }
}

fn encode(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

/// One service with a browser, a clock and a PKCE pair.
pub(super) struct Bench<S: Style> {
    pub(super) caller: Caller,
    pub(super) clock: Clock,
    pub(super) office: Office<S>,
    pub(super) faults: Faults,
    pub(super) verifier: CodeVerifier,
    /// The query of a good authorization request.
    pub(super) request: BTreeMap<&'static str, String>,
    authorize: &'static str,
    token: &'static str,
}

impl<S: Style> Bench<S> {
    /// `authorize`: the path of the authorization endpoint; `request`: what a good request has beside client and callback.
    pub(super) fn new(authorize: &'static str, request: &[(&'static str, &str)]) -> Self {
        let (clock, faults) = (clock(), Faults::default());
        let office = Office::<S>::new(setup(S::NAME, &clock, &faults));
        let own = [
            ("client_id", "app-1"),
            ("redirect_uri", CALLBACK),
            ("state", "local!s"),
        ];
        let request = own.iter().chain(request);
        Self {
            caller: Caller::new(S::NAME, office.routes()),
            clock,
            office,
            faults,
            verifier: CodeVerifier::from_entropy([3; 32]),
            request: request
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
            authorize,
            token: "",
        }
    }

    /// With the path of the token endpoint, for services that read a form with the app's credentials in it (RFC 6749
    /// §2.3.1).
    pub(super) fn tokens_at(self, token: &'static str) -> Self {
        Self { token, ..self }
    }

    /// As [`new`](Self::new), with a PKCE challenge.
    pub(super) fn with_pkce(authorize: &'static str, request: &[(&'static str, &str)]) -> Self {
        let mut bench = Self::new(authorize, request);
        let challenge = bench.verifier.challenge().as_str().to_owned();
        bench.request.insert("code_challenge", challenge);
        bench.request.insert("code_challenge_method", "S256".to_owned());
        bench
    }

    /// Opens the authorization endpoint with some parameters changed; `None` takes one away.
    pub(super) async fn authorize(&mut self, change: &[(&'static str, Option<&str>)]) -> Answer {
        let mut fields = self.request.clone();
        for (name, value) in change {
            match value {
                Some(value) => fields.insert(name, (*value).to_owned()),
                None => fields.remove(name),
            };
        }
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        self.caller.open(self.authorize, &fields).await
    }

    /// What a refused request is answered with: the query of the callback.
    pub(super) async fn refused(
        &mut self,
        change: &[(&'static str, Option<&str>)],
    ) -> BTreeMap<String, String> {
        let answer = self.authorize(change).await;
        assert_eq!(answer.status, StatusCode::FOUND, "{}", answer.text);
        assert!(
            answer.location().as_str().starts_with(CALLBACK),
            "{}",
            answer.location()
        );
        query(&answer.location())
    }

    /// A person signs in and decides; the query of the callback.
    pub(super) async fn decided(&mut self, person: &str, decision: &str) -> BTreeMap<String, String> {
        self.caller = self.caller.other_browser();
        let page = self.authorize(&[]).await;
        query(&self.caller.decide(&page, person, decision).await.location())
    }

    /// Declining goes back with the state.
    pub(super) async fn hears_of_a_denial(&mut self) {
        let back = self.decided("mona", "deny").await;
        assert_eq!(
            (back["error"].as_str(), back["state"].as_str()),
            ("access_denied", "local!s")
        );
    }

    /// Whoever cannot be trusted with an answer is sent nowhere, nor is anybody over plain http; what is said instead.
    pub(super) async fn sends_nobody_to_strangers(
        &mut self,
        strangers: &[(&'static str, Option<&str>)],
        status: StatusCode,
    ) -> Vec<Answer> {
        let mut said = Vec::new();
        for change in strangers {
            let answer = self.authorize(&[*change]).await;
            assert_eq!(answer.status, status, "{change:?}");
            said.push(answer);
        }
        self.faults.set_require_https(true);
        assert_eq!(self.authorize(&[]).await.status, status);
        said
    }

    /// A token request (RFC 6749 §4.1.3), with the verifier where a challenge was sent, and some fields changed.
    pub(super) async fn exchange(&mut self, code: &str, change: &[(&'static str, &str)]) -> Answer {
        let verifier = self.verifier.expose().to_owned();
        let mut fields = BTreeMap::from([
            ("client_id", "app-1"),
            ("client_secret", "hush"),
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
        ]);
        if self.request.contains_key("code_challenge") {
            fields.insert("code_verifier", &verifier);
        }
        fields.extend(change.iter().copied());
        let fields: Vec<_> = fields.into_iter().collect();
        self.caller.post(self.token, &[], &fields).await
    }

    /// Each change is refused with its status and `error`; the answers.
    pub(super) async fn refuses_exchanges(
        &mut self,
        changes: &[((&'static str, &str), u16, &str)],
    ) -> Vec<Answer> {
        let mut refusals = Vec::new();
        for (change, status, error) in changes {
            let code = self.code_of("mona").await;
            let answer = self.exchange(&code, &[*change]).await;
            assert_eq!(answer.refusal(), (*status, (*error).to_owned()), "{change:?}");
            refusals.push(answer);
        }
        refusals
    }

    /// A code is good once, and for ten minutes; the `error` that says so.
    pub(super) async fn refuses_old_codes(&mut self, error: &str) {
        let code = self.code_of("mona").await;
        assert_eq!(self.exchange(&code, &[]).await.status, StatusCode::OK);
        assert_eq!(self.exchange(&code, &[]).await.value("error"), error);
        let code = self.code_of("mona").await;
        self.clock.advance(Duration::from_mins(10));
        assert_eq!(self.exchange(&code, &[]).await.value("error"), error);
    }

    /// A good token request as JSON is none.
    pub(super) async fn reads_a_form_alone(&mut self) {
        let code = self.code_of("mona").await;
        let body = json!({
            "client_id": "app-1", "client_secret": "hush", "grant_type": "authorization_code", "code": code,
        });
        let answer = self.caller.post_json(self.token, &[], &body).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()));
    }

    /// RFC 6749 §6.
    pub(super) async fn refresh(&mut self, token: &str) -> Answer {
        let fields = [
            ("client_id", "app-1"),
            ("client_secret", "hush"),
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
        ];
        self.caller.post(self.token, &[], &fields).await
    }

    /// Access and refresh token of a person who approves.
    pub(super) async fn pair(&mut self, person: &str) -> (String, String) {
        let code = self.code_of(person).await;
        let tokens = self.exchange(&code, &[]).await;
        assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.text);
        (tokens.value("access_token"), tokens.value("refresh_token"))
    }

    /// Calls the API with a bearer token (RFC 6750 §2.1).
    pub(super) async fn get(&mut self, path: &str, token: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        self.caller.get(path, &[("authorization", &bearer)]).await
    }

    /// The code of a person who approves.
    pub(super) async fn code_of(&mut self, person: &str) -> String {
        self.decided(person, "approve")
            .await
            .remove("code")
            .expect("a code")
    }
}

/// What an imitation is set up with.
pub(super) fn setup(name: &str, clock: &Clock, faults: &Faults) -> Setup {
    Setup {
        app: app(),
        base: format!("http://localhost:12080/sandbox/{name}/")
            .parse()
            .expect("a URL"),
        faults: faults.clone(),
        clock: clock.clone(),
        random: Random::seeded(7),
    }
}
