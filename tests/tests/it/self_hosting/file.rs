//! Its configuration file, and the table of what may stand in one.

use std::collections::{BTreeMap, BTreeSet};

use e2e::{Home, Http, Postgres, Stub};
use reqwest::Method;

use super::{CHAPTER, check, configuration, kept_in, replaced, toml};

#[tokio::test]
async fn the_configuration_file_is_accepted_and_serves_the_app_that_is_registered() {
    let home = Home::new();
    let text = configuration(&format!("sqlite:{}/server.db", home.path().display()));
    let output = check(&text).await;
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
    assert!(output.stdout.starts_with("[limits]\n"), "{}", output.stdout);

    let file = kept_in(&home, &text);
    let stub = Stub::builder()
        .single()
        .without_sandbox()
        .args(["--config", &file])
        .start()
        .await;
    let verifier_of_nobody = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let token = uuid::Uuid::new_v4();
    let start = format!("/web/provider-auth/github?signupToken={token}&codeChallenge={verifier_of_nobody}");
    // As nginx passes it on.
    let request = stub.http().request(Method::GET, &stub.url(&start));
    let to_github = Http::send(request.header("host", "api.example.com")).await;
    let location = to_github.header("location");
    for part in [
        "https://github.com/login/oauth/authorize?",
        "client_id=Iv1.0123456789abcdef",
        "redirect_uri=https%3A%2F%2Fapi.example.com%2Fno-auth%2Fprovider-token%2Fgithub",
        "state=prod%21",
    ] {
        assert!(
            location.contains(part),
            "no {part} in {location}: {}",
            to_github.text
        );
    }
    assert!(CHAPTER.contains("\n    https://api.example.com/no-auth/provider-token/github\n"));
}

#[tokio::test]
async fn a_nodes_file_names_its_database_and_its_proxies() {
    let Some(database) = Postgres::new() else {
        return;
    };
    let line = |block: &'static str| block.lines().find(|line| !line.starts_with('[')).expect("a line");
    let url = replaced(
        line(toml("postgres://")),
        &[("postgres://codestream@db.example.com/codestream", &database.url())],
    );
    let lines = format!("{url}\n{}\n", line(toml("trustedProxies")));
    let text = configuration("DATABASE").replace("database = \"DATABASE\"\n", &lines);
    assert!(text.contains(&lines), "{text}");
    let output = check(&text).await;
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
}

/// What the server itself says may stand in a section.
async fn known(section: &str) -> BTreeSet<String> {
    let output = check(&format!("[{section}]\nnonsense = 1\n")).await;
    let (_, names) = output.stderr.split_once("expected").expect("it lists them");
    names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[tokio::test]
async fn the_table_has_every_key_that_there_is_and_no_other() {
    let mut documented: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for row in CHAPTER.lines().filter(|line| line.starts_with("| `[")) {
        let cell = row.split('|').nth(1).expect("a first cell");
        let mut section = "";
        for name in cell.split(',').map(|name| name.trim().trim_matches('`')) {
            let (at, key) = name
                .split_once("] ")
                .map_or((section, name), |(at, key)| (at, key));
            section = at;
            documented
                .entry(at.trim_start_matches('['))
                .or_default()
                .insert(key.to_owned());
        }
    }
    let sections: Vec<_> = documented.keys().copied().collect();
    assert_eq!(
        sections,
        [
            "apiServer",
            "limits",
            "providers.<name>",
            "quotas",
            "secrets",
            "sessions",
            "sharedGeneral"
        ]
    );
    for (section, keys) in documented {
        assert_eq!(
            keys,
            known(&section.replace("<name>", "github")).await,
            "[{section}]"
        );
    }
}
