//! Sign-up, step by step.

use codestream_protocol::http::path;

use super::console::{Console, Steps};
use super::stage::{Passage, Stage, approve, direct_call, good_end, handed_over, or_words, over, target};
use crate::clock;

pub(super) async fn run(stage: &mut Stage, provider: &str, console: &Console) {
    console.title(&format!("Sign up with {provider}"));
    let Stage {
        ide,
        proxy,
        browser,
        clicks,
        ..
    } = stage;
    let passage = Passage::new(proxy, provider);
    let mut steps = Steps::new(console, clock::now());

    steps.expect("IDE → agent: codestream/login/sso");
    let started = or_words(ide.sign_up(provider).await);
    steps.told(
        "IDE → agent: codestream/login/sso, answered with the link",
        clock::now(),
    );

    steps.expect("the link is opened");
    let how = handed_over(ide, *clicks, &started, console).await;
    steps.told(how, clock::now());

    let id = started.attempt_id;
    let watch = async {
        steps.expect("the agent asks for the outcome");
        let asked = passage.asked(path::CHECK_SIGNUP).await;
        let wait = asked
            .header("prefer")
            .map_or(String::new(), |wait| format!(", Prefer: {wait}"));
        steps.told(
            &format!("agent → server: PUT {}{wait}", path::CHECK_SIGNUP),
            asked.at,
        );

        steps.expect("the browser is sent to the third party");
        let begun = passage.begun().await;
        steps.detail(
            &format!("server → browser: {} to {}", begun.status(), target(&begun)),
            over(&begun),
        );
        let returned = passage.returned().await;
        steps.detail(
            "third party → browser: approved, back to the callback",
            returned.at,
        );

        steps.expect("the callback is settled");
        let settled = passage.settled().await;
        let words = "server: state checked, code exchanged, identity proven, account and session made";
        steps.told(words, over(&settled));

        steps.expect("the agent is signed in");
        let granted = passage.granted(path::CHECK_SIGNUP).await;
        steps.told("server → agent: the session and the me-object", over(&granted));
        let login = ide.logged_in().await;
        let words = format!(
            "agent → IDE: didLogin, {:?} as {}",
            login.signup_status, login.session.email
        );
        steps.detail(&words, clock::now());
        good_end(ide, id).await;
        steps.detail("agent → IDE: attempt/didChange: signedIn", clock::now());
    };
    tokio::join!(watch, approve(browser, *clicks, &started.url));
    direct_call(ide, provider, console).await;
}
