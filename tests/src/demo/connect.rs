//! Connecting a service, step by step.

use codestream_protocol::http::path;

use super::console::{Console, Steps};
use super::stage::{Passage, Stage, approve, direct_call, good_end, handed_over, or_words, over, target};
use crate::clock;

pub(super) async fn run(stage: &mut Stage, provider: &str, console: &Console) {
    console.title(&format!("Connect {provider}"));
    let Stage {
        ide,
        proxy,
        browser,
        clicks,
        ..
    } = stage;
    let passage = Passage::new(proxy, provider);
    let pressed = clock::now();
    let mut steps = Steps::new(console, pressed);

    steps.expect("IDE → agent: codestream/provider/connect");
    let started = or_words(ide.connect(provider).await);
    let answered = clock::now();
    steps.told("IDE → agent: codestream/provider/connect", pressed);

    steps.expect("the agent asks for a code");
    let code = passage.granted(path::PROVIDER_AUTH_CODE).await;
    steps.told(
        &format!(
            "agent → server: GET {}, answered with the code",
            path::PROVIDER_AUTH_CODE
        ),
        over(&code),
    );
    steps.detail("agent → IDE: the request is answered with the link", answered);

    steps.expect("the link is opened");
    let how = handed_over(ide, *clicks, &started, console).await;
    steps.told(how, clock::now());

    let id = started.attempt_id;
    let watch = async {
        steps.expect("the browser is sent to the third party");
        let begun = passage.begun().await;
        steps.told(
            &format!("server → browser: {} to {}", begun.status(), target(&begun)),
            over(&begun),
        );

        steps.expect("the third party sends the browser back");
        let returned = passage.returned().await;
        steps.told(
            "third party → browser: approved, back to the callback",
            returned.at,
        );

        steps.expect("the callback is settled");
        let settled = passage.settled().await;
        steps.told(
            "server: state checked, token stored and published on the me-channel",
            over(&settled),
        );

        steps.expect("the agent hears of it");
        let end = good_end(ide, id).await;
        let who = end.account.unwrap_or_default();
        steps.told(
            &format!("agent → IDE: attempt/didChange: connected as {who}"),
            clock::now(),
        );
    };
    tokio::join!(watch, approve(browser, *clicks, &started.url));
    direct_call(ide, provider, console).await;
}
