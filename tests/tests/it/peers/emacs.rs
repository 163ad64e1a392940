//! Emacs with Eglot and nothing but the README's lines: signs up, and connects a service.

use e2e::peer::Peer;
use e2e::{Home, Stub, TestBrowser, bin};

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");

/// The README's configuration, for another server.
fn configuration(server: &str) -> String {
    let readme = std::fs::read_to_string(README).expect("the README");
    let lines = readme
        .split("```elisp\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let lines = lines.expect("lines for Emacs");
    assert!(lines.contains("https://api.example.com"), "{lines}");
    lines.replace("https://api.example.com", server)
}

#[tokio::test]
async fn the_readmes_lines_for_emacs_sign_up_and_connect() {
    let stub = Stub::start().await;
    let home = Home::new();
    let file = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    };
    let config = file("codestream.el", &configuration(stub.api()));
    let text = file("notes.txt", "a text file\n");
    let agent = bin("codestream-agent");
    let agents = agent.parent().expect("a folder").display().to_string();
    // Eglot 1.9 leaves links to the agent, which hands them to the system's browser.
    let environment = [
        ("CONFIG", config.as_str()),
        ("FILE", &text),
        ("AGENTS", &agents),
        ("BROWSER", "/bin/true"),
    ];
    let Some(mut emacs) = Peer::emacs("emacs.el", &environment).await else {
        return;
    };
    let mut browser = TestBrowser::new();
    for (command, outcome) in [("login.sso", "signedIn"), ("provider.connect", "connected")] {
        let started = emacs.event(command, |_| true).await;
        let link = started["result"]["url"].as_str().expect("a link");
        browser.approve(link).await;
        let id = &started["result"]["attemptId"];
        let ended = |event: &serde_json::Value| {
            event["attempt"]["attemptId"] == *id && !event["attempt"]["end"].is_null()
        };
        let attempt = emacs.event("attempt", ended).await;
        assert_eq!(attempt["attempt"]["end"]["outcome"], outcome, "{attempt}");
    }
    let me = emacs.event("provider.me", |_| true).await;
    assert_eq!(me["result"]["login"], "mona", "{me}");
    let list = emacs.event("provider.list", |_| true).await;
    let services = list["result"]["providers"].as_array().expect("services");
    let connected = services.iter().filter(|row| row["connected"] == true).count();
    assert_eq!(connected, 2, "{list}");
    emacs.event("exit", |_| true).await;
    assert_eq!(emacs.count("error"), 0, "no line failed");
}
