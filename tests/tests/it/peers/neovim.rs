//! Neovim's built-in LSP client, without a plugin, connects a service.

use e2e::peer::Peer;
use e2e::{Stub, TestBrowser, bin};

#[tokio::test]
async fn an_editor_without_a_plugin_connects_through_commands() {
    let stub = Stub::start().await;
    let user = stub.control().user().await;
    let agent = bin("codestream-agent").display().to_string();
    let environment = [
        ("AGENT", agent.as_str()),
        ("SERVER", stub.api()),
        ("TOKEN", &user.access_token),
    ];
    let Some(mut editor) = Peer::neovim("neovim.lua", &environment).await else {
        return;
    };
    let shown = editor.event("showDocument", |_| true).await;
    assert_eq!(shown["params"]["external"], true, "{shown}");
    let link = shown["params"]["uri"].as_str().expect("a link");
    let started = editor.event("codestream.agent.provider.connect", |_| true).await;
    assert!(started["error"].is_null(), "{started}");
    assert_eq!(started["result"]["url"], link, "{started}");

    let page = TestBrowser::new().approve(link).await;
    assert!(page.text().contains("Neovim"), "{}", page.text());
    let attempt = editor
        .event("attempt", |event| !event["params"]["attempt"]["end"].is_null())
        .await;
    let attempt = &attempt["params"]["attempt"];
    assert_eq!(attempt["attemptId"], started["result"]["attemptId"], "{attempt}");
    assert_eq!(attempt["end"]["outcome"], "connected", "{attempt}");
    let me = editor.event("codestream.agent.provider.me", |_| true).await;
    assert_eq!(me["result"]["login"], "mona", "{me}");

    let exit = editor.event("exit", |_| true).await;
    assert_eq!(exit["code"], 0, "{exit}");
    assert_eq!(editor.count("error"), 0, "no handler failed");
}
