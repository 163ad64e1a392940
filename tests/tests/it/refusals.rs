//! Whatever a third party refuses, its imitation refuses, in the same way: proven with a plain HTTP client and one browser,
//! over real processes, where plain http does not count as https.

mod rows;

use std::panic::AssertUnwindSafe;

use codestream_protocol::secret::CodeVerifier;
use e2e::services::SERVICES;
use e2e::{Answer, Http, Stub, TestBrowser};
use futures_util::FutureExt as _;
use reqwest::Method;
use serde_json::{Map, Value, json};
use url::Url;

use self::rows::{Cell, Credentials, ROWS, Row, Token};
use crate::scene::Scene;

const ID: &str = "an-app";
const SECRET: &str = "a-secret-of-the-app";
/// What callbacks are registered below; nobody is there.
const PUBLIC: &str = "https://api.codestream.test";

/// A scene in which every imitated service knows one app.
async fn scene(public: Option<&str>) -> Scene {
    let home = e2e::Home::new();
    let file = home.path().join("stub.toml");
    let apps = ROWS.iter().map(|row| {
        let name = row.name;
        format!("[providers.{name}]\nclientId = \"{ID}\"\nclientSecret = \"{SECRET}\"\n")
    });
    std::fs::write(&file, apps.collect::<String>()).expect("a file");
    let file = file.display().to_string();
    let mut options = vec!["--config", &file];
    options.extend(public.into_iter().flat_map(|url| ["--public-url", url]));
    let scene = Scene::of(Stub::builder().args(options)).await;
    scene.control().fault(json!({ "requireHttps": true })).await;
    scene
}

/// One service, asked by hand.
struct Asker<'a> {
    row: &'static Row,
    scene: &'a Scene,
    http: Http,
    verifier: CodeVerifier,
    /// The origin that callbacks are below.
    public: String,
}

impl<'a> Asker<'a> {
    fn new(row: &'static Row, scene: &'a Scene, public: &str) -> Self {
        Self {
            row,
            scene,
            http: Http::new(),
            verifier: CodeVerifier::from_entropy([3; 32]),
            public: public.to_owned(),
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/sandbox/{}/{path}", self.scene.stub.sandbox(), self.row.name)
    }

    fn callback(&self) -> String {
        match self.row.callback {
            "return_to" => format!("{}/~nrlogin/jti-1", self.public),
            _ => format!("{}/no-auth/provider-token/{}", self.public, self.row.name),
        }
    }

    /// A good authorization request with some parameters changed.
    fn authorization(&self, change: &[(&str, &str)]) -> String {
        let (callback, challenge) = (self.callback(), self.verifier.challenge());
        let mut query = vec![
            (self.row.client, ID),
            (self.row.callback, &callback),
            ("state", "local!s"),
        ];
        query.extend(self.row.query);
        if self.row.token.as_ref().is_some_and(|token| token.pkce) {
            query.push(("code_challenge", challenge.as_str()));
            query.push(("code_challenge_method", "S256"));
        }
        query.retain(|(name, _)| !change.iter().any(|(changed, _)| changed == name));
        query.extend(change);
        let mut url = Url::parse(&self.url(self.row.authorize)).expect("a URL");
        url.query_pairs_mut().extend_pairs(query);
        url.into()
    }

    async fn authorize(&self, change: &[(&str, &str)]) -> Answer {
        self.http.get(&self.authorization(change), None).await
    }

    /// Where the browser of somebody who approves is sent.
    async fn approved(&self) -> Url {
        let mut browser = TestBrowser::new();
        let page = browser.open(&self.authorization(&[])).await;
        let consent = browser.press(&page, "mona").await;
        browser.press_and_stop(&consent, "approve").await
    }

    fn token(&self) -> &'static Token {
        self.row.token.as_ref().expect("a token endpoint")
    }

    async fn code(&self) -> String {
        let back = self.approved().await;
        let mut pairs = back.query_pairs();
        let code = pairs.find(|(name, _)| name == self.token().code);
        code.expect("a code").1.into_owned()
    }

    /// An exchange, good but for what is said.
    async fn exchange(
        &self,
        code: &str,
        credentials: Credentials,
        secret: &str,
        verifier: &str,
        accept: Option<&str>,
    ) -> Answer {
        let token = self.token();
        let callback = self.callback();
        let mut fields = vec![(token.code, code)];
        fields.extend(token.fields);
        if token.names_callback {
            fields.push(("redirect_uri", &callback));
        }
        if token.pkce {
            fields.push(("code_verifier", verifier));
        }
        let mut request = self.http.request(Method::POST, &self.url(token.path));
        match credentials {
            Credentials::Body => fields.extend([("client_id", ID), ("client_secret", secret)]),
            Credentials::NoSecret => fields.push(("client_id", ID)),
            Credentials::Basic => request = request.basic_auth(ID, Some(secret)),
            Credentials::Nowhere => {}
        }
        if let Some(accept) = accept {
            request = request.header("accept", accept);
        }
        let request = if token.json {
            let body = fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.into()));
            request.json(&Value::Object(body.collect::<Map<_, _>>()))
        } else {
            request.form(&fields)
        };
        Http::send(request).await
    }

    async fn good(&self, code: &str) -> Answer {
        let (credentials, verifier) = (self.token().credentials, self.verifier.expose());
        self.exchange(code, credentials, SECRET, verifier, Some("application/json"))
            .await
    }

    /// The token of somebody who approves.
    async fn access(&self) -> String {
        if let Some(token) = &self.row.token {
            let answer = self.good(&self.code().await).await;
            let access = answer.json().pointer(token.access).cloned();
            return access
                .and_then(|access| access.as_str().map(str::to_owned))
                .unwrap_or_else(|| panic!("a good exchange gives no token: {}", answer.text));
        }
        let back = self.approved().await;
        let fragment = back.fragment().unwrap_or_default();
        let token = fragment.strip_prefix("token=");
        token.expect("a token in the fragment").to_owned()
    }

    async fn call(&self, token: &str) -> Answer {
        let call = &self.row.call;
        let (name, around) = call.header;
        let url = self.url(call.path);
        let request = match call.query {
            None => self.http.request(Method::GET, &url),
            Some(query) => self
                .http
                .request(Method::POST, &url)
                .json(&json!({ "query": query })),
        };
        let request = request
            .header(name, around.replace("{}", token))
            .header("user-agent", "refusals");
        Http::send(request).await
    }
}

/// Checks a refusal. What is never refused is not asked.
async fn is_refused(name: &str, case: &str, cell: Cell, ask: impl Future<Output = Answer>) {
    let answer = match cell {
        Cell::Never(reason) => {
            assert!(!reason.is_empty(), "{name}, {case}: why not");
            return;
        }
        Cell::Says(..) | Cell::Back(_) => AssertUnwindSafe(ask).catch_unwind().await,
    };
    let answer = answer.unwrap_or_else(|_| panic!("{name}, {case}: the request could not be made"));
    let location = answer.header("location").to_owned();
    match cell {
        Cell::Says(status, words) => {
            assert_eq!(answer.status, status, "{name}, {case}: {}", answer.text);
            assert!(location.is_empty(), "{name}, {case}: sent to {location}");
            assert!(
                answer.text.contains(words),
                "{name}, {case}: no {words} in {}",
                answer.text
            );
        }
        Cell::Back(error) => {
            assert!(
                location.starts_with(PUBLIC),
                "{name}, {case}: sent to {location}: {}",
                answer.text
            );
            let back = Url::parse(&location).expect("a URL");
            let told: Vec<_> = back.query_pairs().filter(|(name, _)| name == "error").collect();
            assert!(
                told.len() == 1 && told[0].1 == error,
                "{name}, {case}: {location}"
            );
        }
        Cell::Never(_) => {}
    }
}

#[tokio::test]
async fn a_callback_over_plain_http_is_refused_by_every_service() {
    let scene = scene(None).await;
    for row in ROWS {
        let asker = Asker::new(row, &scene, scene.stub.api());
        is_refused(
            row.name,
            "plain http",
            row.refuses.plain_http,
            asker.authorize(&[]),
        )
        .await;
    }
}

#[tokio::test]
async fn every_service_refuses_what_the_real_one_refuses() {
    let scene = scene(Some(PUBLIC)).await;
    let other = CodeVerifier::from_entropy([4; 32]);
    for row in ROWS {
        let (name, refuses) = (row.name, &row.refuses);
        let asker = Asker::new(row, &scene, PUBLIC);
        let page = asker.authorize(&[]).await;
        assert!(page.status.is_success(), "{name}: {}", page.text);

        let elsewhere = [(row.callback, "https://evil.example/callback")];
        let ask = asker.authorize(&elsewhere);
        is_refused(name, "wrong redirect URI", refuses.redirect_uri, ask).await;
        let ((parameter, value), cell) = refuses.scope;
        is_refused(
            name,
            "unknown scope",
            cell,
            asker.authorize(&[(parameter, value)]),
        )
        .await;

        let json = Some("application/json");
        let verifier = asker.verifier.expose();
        let credentials = row.token.as_ref().map(|token| token.credentials);
        let usual = credentials.unwrap_or(Credentials::Nowhere);
        let ask = async {
            let code = asker.code().await;
            asker.exchange(&code, usual, "guessed", verifier, json).await
        };
        is_refused(name, "wrong secret", refuses.secret, ask).await;
        let (place, cell) = refuses.authentication;
        let ask = async {
            let code = asker.code().await;
            asker.exchange(&code, place, SECRET, verifier, json).await
        };
        is_refused(name, "wrong client authentication", cell, ask).await;
        let ask = async {
            let code = asker.code().await;
            asker.exchange(&code, usual, SECRET, verifier, None).await
        };
        is_refused(name, "missing Accept", refuses.accept, ask).await;
        let ask = async {
            let code = asker.code().await;
            asker.good(&code).await;
            asker.good(&code).await
        };
        is_refused(name, "reused code", refuses.reused, ask).await;
        let ask = async {
            let code = asker.code().await;
            asker.exchange(&code, usual, SECRET, other.expose(), json).await
        };
        is_refused(name, "bad verifier", refuses.verifier, ask).await;

        let expiring = json!({"tokens": {"provider": name, "expiring": true}});
        scene.control().fault(expiring).await;
        let access = asker.access().await;
        let good = asker.call(&access).await;
        assert_eq!(good.status, 200, "{name}: {}", good.text);
        assert!(!good.text.contains("\"ok\":false"), "{name}: {}", good.text);
        let expired = json!({"tokens": {"provider": name, "expireAll": true}});
        scene.control().fault(expired).await;
        is_refused(name, "expired token", refuses.expired, asker.call(&access)).await;
    }
}

#[test]
fn every_service_has_a_row_of_refusals() {
    let rows: Vec<_> = ROWS.iter().map(|row| row.name).collect();
    let services: Vec<_> = SERVICES.iter().map(|service| service.name).collect();
    assert_eq!(rows, services);
}
