//! How to set every third party up, for people who run the server: written from the descriptions, so that it cannot say
//! anything else than what the server does.

use std::fmt::{self, Write};

use super::ALL;
use super::description::{Answer, Description, OwnToken};
use super::provider::callback_path;
use super::service::Service;

/// What stands for the server's own address.
const ORIGIN: &str = "{publicApiUrl}";

const HEAD: &str = "\
# Services

How to register an app with each service, what it asks of people and why, and where people take it back. Configure the
app as `[providers.<name>]` with `clientId` and `clientSecret` (README, *Running the server*); `{publicApiUrl}` is your
server's address as browsers see it.

This file is what `codestream-server-stub services` prints.
";

/// All of it, in Markdown.
pub(crate) fn markdown() -> String {
    let mut text = HEAD.to_owned();
    for service in ALL {
        chapter(&mut text, *service).expect("a String takes everything");
    }
    text
}

fn chapter(text: &mut String, service: &dyn Service) -> fmt::Result {
    let of = service.description();
    let callback = format!("{ORIGIN}{}", callback_path(of));
    writeln!(text, "\n## {}\n", of.display_name)?;
    writeln!(
        text,
        "`[providers.{}]`, registered at <{}>:\n",
        of.name, of.register.console
    )?;
    for (number, step) in of.register.steps.iter().enumerate() {
        writeln!(text, "{}. {}", number + 1, step.replace("{callback}", &callback))?;
    }
    writeln!(text, "\n| scope | why |\n| --- | --- |")?;
    for (scope, reason) in of.scopes {
        writeln!(text, "| `{scope}` | {reason} |")?;
    }
    for (scope, reason) in of.app_scopes {
        writeln!(text, "| `{scope}` (the app's own) | {reason} |")?;
    }
    writeln!(text, "\n- Comes back: {}.", answer(of))?;
    let sign_up = match (of.can_sign_up, service.sign_in_connects()) {
        (true, true) => "yes, with a verified e-mail address, and it is connected at once",
        (true, false) => "yes, with a verified e-mail address; it is connected separately",
        (false, _) => "no: it cannot prove an e-mail address",
    };
    writeln!(text, "- Signing in with it: {sign_up}.")?;
    match of.own_token {
        OwnToken::None => {}
        OwnToken::OfApp => writeln!(text, "- A token that a person makes by hand is taken, too.")?,
        OwnToken::Any => writeln!(
            text,
            "- A token that a person makes by hand is taken, too, also without an app."
        )?,
    }
    if of.self_hosted.is_some() {
        writeln!(
            text,
            "- Also on hosts of your own. The app there is registered with the redirect URI of its host, \
             `{callback}/<host>` with `*` for each dot: the IDE shows it when the host is added."
        )?;
    }
    writeln!(text, "- Taken back by hand at <{}>.", of.manual_url)?;
    writeln!(text, "- Limits: {}", of.limits)
}

fn answer(of: &Description) -> &'static str {
    match of.answer {
        Answer::Code { pkce: true, .. } => "a code, exchanged with a PKCE verifier",
        Answer::Code { pkce: false, .. } => "a code, exchanged with the app's secret",
        Answer::Fragment => "the token itself, in the fragment",
        Answer::ReturnPath { .. } => "a code, to an address whose path names the state",
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_description_tells_how_to_register() {
        for service in ALL {
            let of = service.description();
            assert!(of.register.console.starts_with("https://"), "{}", of.name);
            let steps = of.register.steps;
            assert!(
                steps.iter().any(|step| step.contains("{callback}")),
                "{}",
                of.name
            );
            for sentence in steps.iter().chain([&of.limits]) {
                assert!(sentence.ends_with('.'), "{}: {sentence}", of.name);
            }
            for (scope, reason) in of.scopes.iter().chain(of.app_scopes) {
                assert!(!scope.is_empty() && !reason.is_empty(), "{}", of.name);
                assert!(!reason.contains('|'), "{}: {reason}", of.name);
            }
        }
    }

    /// The golden list of what is asked for, with reasons: a scope that is added shows in a review.
    #[test]
    fn the_file_says_what_the_descriptions_say() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("SERVICES.md");
        let before = fs::read_to_string(&path).unwrap_or_default();
        let after = markdown();
        if before != after {
            fs::write(&path, after).expect("a writable file");
            panic!("server-stub/SERVICES.md was stale and has been rewritten: commit it");
        }
    }
}
