//! No service's name outside the rooms meant for it: whatever knows one has a reason that is written down here.

use std::path::Path;
use std::process::Command;

/// Each as its words: `Azure DevOps`, `azure_devops` and `AzureDevOps` are one name.
const NAMES: &[&[&str]] = &[
    &["asana"],
    &["azure", "devops"],
    &["bitbucket"],
    &["github"],
    &["gitlab"],
    &["intercom"],
    &["jira"],
    &["linear"],
    &["ms", "teams"],
    &["microsoft", "teams"],
    &["new", "relic"],
    &["slack"],
    &["trello"],
];

/// Whose business services are: descriptions, imitations, direct calls, tests, and what is written for people.
const ROOMS: &[&str] = &[
    "CHANGELOG.md",
    "README.md",
    "SECURITY.md",
    "agent/src/thirdparty",
    "server-stub/SELF-HOSTING.md",
    "server-stub/SERVICES.md",
    "server-stub/src/providers",
    "server-stub/src/sandbox",
    "tests/",
];

/// Directories of tests and of what tests compare with.
const TESTS: &[&str] = &["golden", "test", "tests"];

/// Where a name stands that is no knowledge of a service: path, text, reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    (".clippy.toml", "\"GitHub\", \"GitLab\"", "words of doc comments"),
    (
        "agent/src/cli.rs",
        "sign-in github",
        "a command that can be typed as it is: it needs some service",
    ),
    (
        "agent/src/api/error.rs",
        "GitlabPublicEmail",
        "as in protocol/src/code.rs",
    ),
    (
        "protocol/src/code.rs",
        "GitlabPublicEmail",
        "a code on the wire, named after the service that it was first made for",
    ),
    (
        "protocol/src/http.rs",
        "/msteams/generate-connect-code",
        "a path of the API, named after the chat that it was first made for",
    ),
    (
        "protocol/src/http.rs",
        "/msteams_conversations",
        "a path of the API, named after the chat that it was first made for",
    ),
    (
        "protocol/bindings/",
        "https://github.com/Aleph-Alpha/ts-rs",
        "the header that the generator writes",
    ),
    (
        "editors/webview/src/style/parts.css",
        "linear",
        "a timing function of CSS",
    ),
    (
        "server-stub/static/style.css",
        "linear",
        "a timing function of CSS",
    ),
];

/// The example value of doc comments.
const EXAMPLES: &[&str] = &[
    "`github*com`",
    "`github.com`",
    "`github`",
    "`Connect to GitHub`",
    "`GitHub`",
];

#[test]
fn no_service_is_named_outside_its_rooms() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let files = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(&root)
        .output()
        .expect("git lists the files");
    assert!(files.status.success(), "{files:?}");
    let files = String::from_utf8(files.stdout).expect("paths are text");
    let (mut read, mut found) = (0, Vec::new());
    for path in files.split('\0').filter(|path| is_looked_at(path)) {
        // A picture, or a file that is being removed.
        let Ok(text) = std::fs::read_to_string(root.join(path)) else {
            continue;
        };
        read += 1;
        for (number, line) in product(path, &text).lines().enumerate() {
            let line = excused(path, line);
            if NAMES.iter().any(|name| holds(&line, name)) {
                found.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(read > 200, "only {read} files were read");
    assert!(
        found.is_empty(),
        "services are known to {ROOMS:?} alone, but:\n{}",
        found.join("\n")
    );
}

fn is_looked_at(path: &str) -> bool {
    let is_test = path
        .split('/')
        .any(|part| TESTS.contains(&part) || part == "tests.rs");
    let is_lock = has_extension(path, "lock") || path.ends_with("package-lock.json");
    !path.is_empty() && !is_test && !is_lock && !ROOMS.iter().any(|room| path.starts_with(room))
}

/// A file without its own tests.
fn product<'a>(path: &str, text: &'a str) -> &'a str {
    let tests = [
        "#[cfg(test)]\nmod tests {",
        "#[cfg(test)]\npub(crate) mod tests {",
    ];
    let end = tests.iter().filter_map(|head| text.find(head)).min();
    end.filter(|_| has_extension(path, "rs"))
        .map_or(text, |end| &text[..end])
}

fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|found| found == extension)
}

/// A line without what is allowed in it.
fn excused(path: &str, line: &str) -> String {
    let mut line = line.to_owned();
    for (file, text, _) in EXCEPTIONS {
        if path.starts_with(file) {
            line = line.replace(text, "");
        }
    }
    let comment = line.trim_start();
    let is_doc = ["///", "//!", "*", "/**", "#[error("]
        .iter()
        .any(|mark| comment.starts_with(mark));
    if is_doc {
        for example in EXAMPLES {
            line = line.replace(example, "");
        }
    }
    line
}

/// Whether a line has the words of a name in a row, as words or in an identifier.
fn holds(line: &str, name: &[&str]) -> bool {
    let bytes = line.as_bytes();
    (0..bytes.len()).any(|at| begins_a_word(bytes, at) && fits(&bytes[at..], name))
}

/// After something that is no letter, or with a capital.
fn begins_a_word(line: &[u8], at: usize) -> bool {
    at == 0 || !line[at - 1].is_ascii_alphabetic() || line[at].is_ascii_uppercase()
}

fn fits(mut line: &[u8], name: &[&str]) -> bool {
    for (number, word) in name.iter().enumerate() {
        if number > 0 && matches!(line.first(), Some(b' ' | b'_' | b'-')) {
            line = &line[1..];
        }
        match line.split_at_checked(word.len()) {
            Some((head, tail)) if head.eq_ignore_ascii_case(word.as_bytes()) => line = tail,
            _ => return false,
        }
    }
    true
}

#[test]
fn a_name_is_found_however_it_is_written() {
    let found = |line: &str| NAMES.iter().any(|name| holds(line, name));
    for line in [
        "let githubToken",
        "isGitHub()",
        "\"azuredevops\"",
        "AzureDevOps::new",
        "azure_devops",
        "Azure DevOps",
        "MS Teams",
        "msteams",
        "NewRelic",
        "x.slack.com",
        "GITLAB_URL",
    ] {
        assert!(found(line), "{line}");
    }
    for line in ["of systems teams", "the newest relay", "the linea", "bilinear"] {
        assert!(!found(line), "{line}");
    }
    assert_eq!(excused("a.rs", "    /// e.g. `github`."), "    /// e.g. .");
    assert_eq!(excused("a.rs", "let x = `github`;"), "let x = `github`;");
    let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    slack";
    assert_eq!(product("a.rs", text), "fn a() {}\n");
    assert_eq!(product("a.md", text), text);
}
