//! The sandbox's controls are out of reach for web pages that a developer visits.

use e2e::{Http, Stub};
use reqwest::Method;
use serde_json::json;

/// CWE-350 (DNS rebinding) and CWE-352: a page's own name that points at the loopback address, and a page of another origin.
#[tokio::test]
async fn a_web_page_cannot_press_the_sandboxs_controls() {
    let stub = Stub::builder().single().start().await;
    let sandbox = stub.sandbox();
    for control in ["users", "slack/guest", "faults"] {
        let url = format!("{sandbox}/sandbox/control/{control}");
        for (name, value) in [
            ("host", "evil.example"),
            ("host", "localhost.evil.example:12080"),
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let request = Http::new().request(Method::POST, &url).header(name, value);
            let answer = Http::send(request.json(&json!({"count": 1, "userId": "U1", "reset": true}))).await;
            assert_eq!(answer.status, 403, "{control} {name}: {value}: {}", answer.text);
        }
    }
    let url = format!("{sandbox}/sandbox/control/users");
    for (name, value) in [
        ("origin", sandbox),
        ("sec-fetch-site", "same-origin"),
        ("x-none", ""),
    ] {
        let request = Http::new().request(Method::POST, &url).header(name, value);
        let answer = Http::send(request.json(&json!({"count": 1}))).await;
        assert_eq!(answer.status, 200, "{name}: {value}: {}", answer.text);
    }
}
