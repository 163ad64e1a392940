//! `check-config` tells what is wrong before the first user finds out.

use std::path::Path;

use e2e::{Home, Output, bin, run};

const KEYS: &str = "
[secrets]
signingKeys = ['000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f']
encryptionKeys = ['202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f']
";

/// A good one, but for what is put in place of its parts.
fn good(home: &Path) -> String {
    format!(
        "[apiServer]
listen = '127.0.0.1:0'
publicApiUrl = 'https://api.example.com'
database = 'sqlite:{}/data/server.db'
[providers.github]
clientId = 'Iv1.0123456789abcdef'
clientSecret = 'canary-secret'
{KEYS}",
        home.display()
    )
}

async fn check(home: &Home, text: &str) -> Output {
    let file = home.path().join("codestream.toml");
    std::fs::write(&file, text).expect("a file");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::Permissions::from_mode(0o640);
        std::fs::set_permissions(&file, mode).expect("its owner's");
    }
    let mut command = home.command(&bin("codestream-server-stub"));
    command.arg("check-config").arg("--config").arg(&file);
    run(command).await
}

#[tokio::test]
async fn a_good_configuration_is_passed_with_its_limits_and_without_a_trace() {
    let home = Home::new();
    let limits = "[limits]\nconnections = 40\nheadSeconds = 5\n";
    let output = check(&home, &(good(home.path()) + limits)).await;
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
    // CWE-770: what is in force, given or not.
    for line in [
        "[limits]",
        "connections = 40",
        "connectionsPerAddress = 40",
        "headSeconds = 5",
        "keepAliveSeconds = 75",
    ] {
        assert!(
            output.stdout.lines().any(|said| said == line),
            "{line} in {}",
            output.stdout
        );
    }
    let left: Vec<_> = std::fs::read_dir(home.path()).expect("a directory").collect();
    assert_eq!(left.len(), 1, "nothing is made: {left:?}");
}

#[tokio::test]
async fn each_fault_is_one_line_that_says_what_to_do() {
    let home = Home::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("its address").to_string();
    // Root may write anywhere, but nobody can write below a file.
    let below_file = format!("sqlite:{}/codestream.toml/data.db", home.path().display());
    let database = format!("sqlite:{}/data/server.db", home.path().display());
    for (from, to, said) in [
        (
            "https://api",
            "http://api",
            "publicApiUrl is http://api.example.com: tokens would cross",
        ),
        (
            "publicApiUrl = 'https://api.example.com'",
            "authOrigin = 'http://auth.example.com'",
            "authOrigin is http://",
        ),
        (
            "clientSecret = 'canary-secret'",
            "",
            "CODESTREAM_PROVIDER_GITHUB_CLIENT_SECRET",
        ),
        (
            "clientId = 'Iv1.0123456789abcdef'\nclientSecret = 'canary-secret'",
            "",
            "no provider has a clientId",
        ),
        (
            "clientSecret = 'canary-secret'",
            "clientSecret = 'canary-secret'\nhost = 'git.example.com'",
            "provider github has a host, which is not used",
        ),
        (
            "listen = '127.0.0.1:0'",
            "listen = '127.0.0.1:0'\ntrustedProxies = ['lb.example.com']",
            "number 1 of trustedProxies must be an address or a network, such as 10.0.0.0/8",
        ),
        (
            "[providers.github]",
            "[limits]\nconnections = 3\n[providers.github]",
            "[limits] connections must be a whole number from 4 to 1000000, not 3",
        ),
        (
            "[providers.github]",
            "[providers.gitea]",
            "there is no provider \"gitea\"",
        ),
        ("clientId", "clientID", "line 6"),
        (database.as_str(), below_file.as_str(), "cannot be written"),
        (
            database.as_str(),
            "postgres://codestream@127.0.0.1:1/codestream",
            "the database cannot be reached",
        ),
        ("signingKeys", "encryptionkeys", "line"),
        (KEYS, "", "there is no signing key"),
        ("127.0.0.1:0", taken.as_str(), "cannot listen on"),
    ] {
        let text = good(home.path());
        assert!(text.contains(from), "{from}");
        let output = check(&home, &text.replace(from, to)).await;
        assert_eq!(output.code, Some(2), "{said}: {}", output.stderr);
        assert!(output.stderr.contains(said), "{said} in {}", output.stderr);
        assert!(!output.stderr.contains("canary-secret"), "{}", output.stderr);
        let lines = output.stderr.lines();
        assert!(
            lines
                .clone()
                .all(|line| line.starts_with("codestream-server-stub: ")),
            "{}",
            output.stderr
        );
        assert!(lines.count() <= 2, "{}", output.stderr);
    }
}

#[tokio::test]
async fn an_app_whose_service_does_not_call_needs_no_signing_secret() {
    let home = Home::new();
    let text =
        good(home.path()).replace("github", "slack") + "[sharedGeneral]\nrunTimeEnvironment = 'prod'\n";
    let output = check(&home, &text).await;
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_everyone_can_read_is_told_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new();
    check(&home, &good(home.path())).await;
    let file = home.path().join("codestream.toml");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("everyone's");
    let mut command = home.command(&bin("codestream-server-stub"));
    command.arg("check-config").arg("--config").arg(&file);
    let output = run(command).await;
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("chmod o-rwx"), "{}", output.stderr);
}
