//! Sixty requests that wait hold up nothing.

use std::time::Duration;

use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::error::code::REQUEST_CANCELLED;
use e2e::{Fault, Stub, clock};
use serde_json::{Value, json};

use crate::scene::Scene;

/// Well under what any of the waiting ones takes.
const NO_DELAY: Duration = Duration::from_millis(500);

#[tokio::test]
async fn sixty_waiting_requests_delay_neither_cancel_nor_shutdown() {
    let mut scene = Scene::behind_proxy(Stub::builder()).await;
    let (mut ide, _) = scene.signed_in().await;
    scene.connect(&ide, "github").await;
    let started = ide.connect("trello").await.expect("a link");
    ide.opened().await;

    scene
        .control()
        .fault(json!({"route": {"path": "/provider-deauth/github", "delayMs": 20_000}}))
        .await;
    let params = json!({"providerId": "github*com"});
    let waiting: Vec<_> = (0..60)
        .map(|_| ide.begin("codestream/provider/disconnect", &params))
        .collect();
    scene.proxy().asked("/provider-deauth/github", 1).await;

    let began = clock::now();
    ide.cancel(started.attempt_id).await.expect("it is cancelled");
    assert_eq!(ide.end_of(started.attempt_id).await.outcome, Outcome::Cancelled);
    ide.status().await;
    assert!(
        began.elapsed() < NO_DELAY,
        "cancelling took {:?}",
        began.elapsed()
    );

    let mut waiting = waiting.into_iter();
    let (id, reply) = waiting.next().expect("sixty");
    let began = clock::now();
    ide.cancel_request(id);
    let refused = reply.await.expect_err("a cancelled request");
    assert_eq!(refused.code, REQUEST_CANCELLED, "{refused:?}");
    assert!(
        began.elapsed() < NO_DELAY,
        "$/cancelRequest took {:?}",
        began.elapsed()
    );

    let began = clock::now();
    assert_eq!(ide.call("shutdown", &Value::Null).await, Ok(Value::Null));
    assert!(began.elapsed() < NO_DELAY, "shutdown took {:?}", began.elapsed());
    ide.tell("exit", &Value::Null);
    assert_eq!(ide.ended().await, Some(0));
    scene.proxy().break_everything(Fault::Refuse);
}
