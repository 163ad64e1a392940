//! The chapter on hosting it oneself is true: its files are accepted by what they are for, its commands do what it says.

mod backup;
mod file;
mod front;
mod keys;
mod unit;

use e2e::{Home, Output, bin, run};

const CHAPTER: &str = include_str!("../../../server-stub/SELF-HOSTING.md");

/// The key of the configuration file.
const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// The fenced blocks of a kind, in their order.
fn blocks(kind: &str) -> Vec<&'static str> {
    let fence = format!("```{kind}\n");
    let inside = |rest: &'static str| rest.split("```").next().expect("a fence ends");
    CHAPTER.split(&fence).skip(1).map(inside).collect()
}

/// The fenced configuration with these words in it.
fn toml(words: &str) -> &'static str {
    let found = blocks("toml").into_iter().find(|block| block.contains(words));
    found.unwrap_or_else(|| panic!("no configuration with {words}"))
}

/// A command, by words in it, without its prompt.
fn command(words: &str) -> String {
    let text = blocks("console").concat().replace("\\\n", " ");
    let commands = text
        .lines()
        .filter_map(|line| line.strip_prefix("# ").or_else(|| line.strip_prefix("$ ")));
    let mut found = commands.filter(|command| command.contains(words));
    found
        .next()
        .unwrap_or_else(|| panic!("no command with {words}"))
        .to_owned()
}

/// With this machine's places in place of the chapter's, each of which must be there.
fn replaced(text: &str, places: &[(&str, &str)]) -> String {
    places.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "no {from} in {text}");
        text.replace(from, to)
    })
}

async fn sh(home: &Home, script: &str) -> Output {
    let mut command = home.command("/bin/sh".as_ref());
    command.arg("-c").arg(script);
    run(command).await
}

/// The configuration file, with a real key and a database of the test's.
fn configuration(database: &str) -> String {
    replaced(
        blocks("toml")[0],
        &[
            ("64 hexadecimal characters", KEY),
            ("sqlite:/var/lib/codestream/server.db", database),
            ("127.0.0.1:12079", "127.0.0.1:0"),
        ],
    )
}

fn kept_in(home: &Home, text: &str) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let file = home.path().join("codestream.toml");
    std::fs::write(&file, text).expect("a file");
    let mode = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(&file, mode).expect("its owner's");
    file.display().to_string()
}

async fn check(text: &str) -> Output {
    let home = Home::new();
    let file = kept_in(&home, text);
    let script = replaced(
        &command("check-config"),
        &[
            (
                "runuser -u codestream -- codestream-server-stub",
                &bin("codestream-server-stub").display().to_string(),
            ),
            ("/etc/codestream/codestream.toml", &file),
        ],
    );
    sh(&home, &script).await
}
