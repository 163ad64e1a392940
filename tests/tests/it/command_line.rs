//! The agent's own commands: what a person without an IDE types, and the exit status that a script sees.

use e2e::{Home, Output, Terminal, bin, run};
use serde_json::Value;

use crate::scene::Scene;

fn agent(home: &Home, arguments: &[&str]) -> Terminal {
    let mut command = home.command(&bin("codestream-agent"));
    command.args(arguments);
    Terminal::run(command)
}

async fn done(home: &Home, arguments: &[&str]) -> Output {
    let mut command = home.command(&bin("codestream-agent"));
    command.args(arguments);
    run(command).await
}

/// Signs up in a terminal; the session is kept in a file.
async fn signed_up(scene: &mut Scene, home: &Home) {
    let server = scene.api();
    let mut terminal = agent(
        home,
        &[
            "sign-in",
            "github",
            "--server",
            &server,
            "--sign-up",
            "--store",
            "file",
        ],
    );
    let link = terminal.link().await;
    scene.browser.approve(&link).await;
    let output = terminal.ended().await;
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(output.stdout.contains("mona@example.com"), "{output:?}");
}

#[tokio::test]
async fn a_person_signs_up_connects_and_disconnects_in_a_terminal() {
    let mut scene = Scene::new().await;
    let home = Home::new();
    signed_up(&mut scene, &home).await;
    let file = home.path().join("state/codestream/session.json");
    let kept: Value = serde_json::from_slice(&std::fs::read(&file).expect("the file")).expect("JSON");
    assert!(
        kept["server"].is_string() && kept["token"].is_string(),
        "{}",
        e2e::redact(&kept)
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&file).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{mode:o}");
    }

    let mut terminal = agent(&home, &["connect", "trello"]);
    let link = terminal.link().await;
    scene.browser.approve(&link).await;
    let output = terminal.ended().await;
    assert_eq!(output.code, Some(0), "{output:?}");
    let status = done(&home, &["status"]).await;
    assert_eq!(status.code, Some(0), "{status:?}");
    for wanted in ["mona@example.com", "GitHub", "Trello: mona"] {
        assert!(status.stdout.contains(wanted), "no {wanted}: {status:?}");
    }
    let output = done(&home, &["disconnect", "trello"]).await;
    assert_eq!(output.code, Some(0), "{output:?}");
    assert!(
        done(&home, &["status"])
            .await
            .stdout
            .contains("Trello: not connected")
    );
    let doctor = done(&home, &["doctor"]).await;
    assert_eq!(doctor.code, Some(0), "{doctor:?}");
    let token = kept["token"].as_str().expect("a token");
    assert!(
        !format!("{}{}", doctor.stdout, doctor.stderr).contains(token),
        "the doctor shows the session"
    );
}

#[tokio::test]
async fn declining_exits_1_and_keeps_nothing() {
    let mut scene = Scene::new().await;
    let home = Home::new();
    let mut terminal = agent(
        &home,
        &[
            "sign-in",
            "github",
            "--server",
            &scene.api(),
            "--sign-up",
            "--store",
            "file",
        ],
    );
    let link = terminal.link().await;
    scene.browser.deny(&link).await;
    let output = terminal.ended().await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(
        output.stderr.contains("You declined. Nothing was changed."),
        "{output:?}"
    );
    assert!(!home.path().join("state/codestream/session.json").exists());
}

#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_exits_130() {
    let scene = Scene::new().await;
    let mut terminal = agent(
        &Home::new(),
        &["sign-in", "github", "--server", &scene.api(), "--sign-up"],
    );
    terminal.link().await;
    terminal.interrupt();
    let output = terminal.ended().await;
    assert_eq!(output.code, Some(130), "{output:?}");
}

#[tokio::test]
async fn without_a_session_commands_exit_3_and_name_the_command_to_run() {
    let home = Home::new();
    for arguments in [&["status"][..], &["connect", "trello"], &["disconnect", "trello"]] {
        let output = done(&home, arguments).await;
        assert_eq!(output.code, Some(3), "{arguments:?}: {output:?}");
        assert!(
            output.stderr.contains("codestream-agent sign-in"),
            "{arguments:?}: {output:?}"
        );
    }
}

#[tokio::test]
async fn a_session_that_has_ended_exits_3() {
    let mut scene = Scene::new().await;
    let home = Home::new();
    signed_up(&mut scene, &home).await;
    let kept = std::fs::read(home.path().join("state/codestream/session.json")).expect("the file");
    let kept: Value = serde_json::from_slice(&kept).expect("JSON");
    let out = scene
        .stub
        .http()
        .put(
            &scene.stub.url("/logout"),
            kept["token"].as_str(),
            &serde_json::json!({}),
        )
        .await;
    assert!(out.status.is_success(), "{}", out.text);
    let output = done(&home, &["status"]).await;
    assert_eq!(output.code, Some(3), "{output:?}");
}

#[tokio::test]
async fn wrong_usage_exits_2() {
    let home = Home::new();
    for arguments in [
        &["--no-such-option"][..],
        &["no-such-command"],
        &["sign-in"],
        &["sign-in", "github"],
        &["sign-in", "github", "--server", "not a url"],
        &[
            "sign-in",
            "github",
            "--server",
            "http://127.0.0.1:9",
            "--store",
            "nowhere",
        ],
        &["connect"],
    ] {
        let output = done(&home, arguments).await;
        assert_eq!(output.code, Some(2), "{arguments:?}: {output:?}");
        assert!(
            output.stdout.is_empty() && !output.stderr.is_empty(),
            "{arguments:?}: {output:?}"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_down_or_none_exits_1_in_words() {
    let home = Home::new();
    let output = done(&home, &["sign-in", "github", "--server", "http://127.0.0.1:9"]).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.contains("127.0.0.1"), "{output:?}");
    let output = done(&home, &["doctor", "--server", "http://127.0.0.1:9"]).await;
    assert_eq!(output.code, Some(1), "{output:?}");
}

#[tokio::test]
async fn an_unknown_service_exits_1_in_words() {
    let scene = Scene::new().await;
    let output = done(&Home::new(), &["sign-in", "gopher", "--server", &scene.api()]).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.contains("gopher"), "{output:?}");
}
