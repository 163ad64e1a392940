//! How an agent begins and ends.

use e2e::HeadlessIde;
use serde_json::{Value, json};

use crate::scene::Scene;

#[tokio::test]
async fn shutdown_and_exit_end_it_with_0_also_while_an_attempt_is_running() {
    let scene = Scene::new().await;
    let (ide, _) = scene.signed_in().await;
    let mut ide = ide;
    ide.connect("github").await.expect("a link");
    ide.quit().await;
}

#[tokio::test]
async fn exit_alone_ends_it_with_1() {
    let scene = Scene::new().await;
    let mut ide = scene.signed_out().await;
    ide.tell("exit", &Value::Null);
    assert_eq!(ide.ended().await, Some(1));
}

#[tokio::test]
async fn exit_after_shutdown_ends_it_even_if_the_pipe_stays_open() {
    let scene = Scene::new().await;
    let mut ide = scene.signed_out().await;
    assert_eq!(ide.call("shutdown", &Value::Null).await, Ok(Value::Null));
    ide.tell("exit", &Value::Null);
    assert_eq!(ide.ended().await, Some(0));
}

#[tokio::test]
async fn the_end_of_its_input_ends_it_with_1() {
    let scene = Scene::new().await;
    for initialized in [true, false] {
        let mut ide = if initialized {
            scene.signed_out().await
        } else {
            scene.ide().spawn()
        };
        ide.hang_up();
        assert_eq!(ide.ended().await, Some(1), "initialized: {initialized}");
    }
}

#[tokio::test]
async fn requests_before_initialize_and_after_shutdown_are_refused() {
    let scene = Scene::new().await;
    let ide = scene.ide().spawn();
    let early = ide
        .call("codestream/status", &json!({}))
        .await
        .expect_err("not initialized");
    assert_eq!(early.code, -32002, "{early:?}");
    let params = json!({"processId": null, "rootUri": null, "capabilities": {}});
    assert!(ide.call("initialize", &params).await.is_ok());
    assert_eq!(ide.call("shutdown", &Value::Null).await, Ok(Value::Null));
    let late = ide
        .call("codestream/status", &json!({}))
        .await
        .expect_err("shut down");
    assert_eq!(late.code, -32600, "{late:?}");
    let mut ide = ide;
    ide.tell("exit", &Value::Null);
    assert_eq!(ide.ended().await, Some(0));
}

#[tokio::test]
async fn stdio_is_the_default() {
    let scene = Scene::new().await;
    let ide: HeadlessIde = scene.ide().bare().start().await;
    ide.status().await;
    ide.finish().await;
}
