use super::*;

fn environment(variables: &[(&str, &str)]) -> Environment {
    variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn keys() -> (KeyRing, KeyRing) {
    let ring = |byte| KeyRing::new(Key::new([byte; 32]), Vec::new());
    (ring(1), ring(2))
}

fn try_load(options: Options, variables: &[(&str, &str)]) -> Result<Settings, ConfigError> {
    load(options, &environment(variables), |_| Ok(keys()))
}

fn sandbox() -> Options {
    Options {
        sandbox: true,
        ..Options::default()
    }
}

fn with_file(text: &str, variables: &[(&str, &str)]) -> Result<Settings, ConfigError> {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("server.toml");
    std::fs::write(&path, text).expect("a file");
    let options = Options {
        config: Some(path),
        ..sandbox()
    };
    try_load(options, variables)
}

const KEYS: [(&str, &str); 2] = [
    (
        SIGNING,
        "1111111111111111111111111111111111111111111111111111111111111111",
    ),
    (
        ENCRYPTION,
        "3333333333333333333333333333333333333333333333333333333333333333,\
         2222222222222222222222222222222222222222222222222222222222222222",
    ),
];

#[test]
fn a_sandbox_needs_no_setting() {
    let settings = try_load(sandbox(), &[]).expect("defaults");
    assert_eq!(settings.listen, "127.0.0.1:12079");
    assert_eq!(settings.sandbox_listen.as_deref(), Some("127.0.0.1:12080"));
    let config = settings.config;
    assert_eq!(config.environment, "local");
    assert_eq!(config.database, Database::SqliteMemory);
    assert_eq!(config.confirm_sign_in, ConfirmSignIn::Never);
    assert!(config.long_poll && !config.allow_legacy_sign_up);
    assert_eq!((config.signing_keys, config.encryption_keys), keys());
}

#[test]
fn without_a_sandbox_keys_come_from_the_environment_or_the_file() {
    let home = ("XDG_DATA_HOME", "/data");
    let settings = try_load(Options::default(), &[KEYS[0], KEYS[1], home]).expect("keys");
    assert_eq!(settings.sandbox_listen, None);
    assert_eq!(settings.config.confirm_sign_in, ConfirmSignIn::Auto);
    let ring = KeyRing::new(Key::new([0x33; 32]), vec![Key::new([0x22; 32])]);
    assert_eq!(settings.config.encryption_keys, ring);
    for (variables, name) in [(vec![KEYS[1], home], SIGNING), (vec![KEYS[0], home], ENCRYPTION)] {
        let error = try_load(Options::default(), &variables).expect_err("a key is missing");
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn proxies_on_other_machines_are_named() {
    let config = with_file("[apiServer]\ntrustedProxies = ['10.0.0.0/8']\n", &[])
        .expect("settings")
        .config;
    assert!(config.trusted_proxies.contains([10, 1, 2, 3].into()));
    assert!(!config.trusted_proxies.contains([11, 1, 2, 3].into()));
    let error = with_file("[apiServer]\ntrustedProxies = ['10.0.0.0/33']\n", &[]).expect_err("no network");
    assert!(error.to_string().contains("trustedProxies"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_default_database_is_in_the_data_directory() {
    let at = |variables: &[(&str, &str)]| {
        let variables: Vec<_> = KEYS.iter().chain(variables).copied().collect();
        try_load(Options::default(), &variables).map(|settings| settings.config.database)
    };
    let file = |path: &str| Database::SqliteFile(PathBuf::from(path));
    assert_eq!(
        at(&[("XDG_DATA_HOME", "/data")]).expect("a place"),
        file("/data/codestream/server.db")
    );
    let home = at(&[("HOME", "/home/ada")]).expect("a place");
    assert_eq!(home, file("/home/ada/.local/share/codestream/server.db"));
    assert!(matches!(at(&[]), Err(ConfigError::NoDataDirectory)));
}

#[test]
fn options_override_the_file_and_the_environment_its_secrets() {
    let text = "
        [sharedGeneral]
        runTimeEnvironment = 'staging'
        [apiServer]
        publicApiUrl = 'https://api.example.com'
        authOrigin = 'https://auth.example.com/'
        [providers.github]
        clientId = 'from-file'
        clientSecret = 'from-file'
        callback = 'authOrigin'
    ";
    let config = with_file(
        text,
        &[("CODESTREAM_PROVIDER_GITHUB_CLIENT_SECRET", "from-environment")],
    )
    .expect("a good file")
    .config;
    assert_eq!(config.environment, "staging");
    assert_eq!(
        config.public_url.expect("a URL").as_str(),
        "https://api.example.com/"
    );
    let github = &config.providers["github"];
    assert_eq!(github.client_id.as_deref(), Some("from-file"));
    assert_eq!(github.client_secret, Some(ClientSecret::new("from-environment")));
    assert_eq!(github.callback, Callback::AuthOrigin);

    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("server.toml");
    std::fs::write(&path, text).expect("a file");
    let options = Options {
        config: Some(path),
        environment: Some("qa".to_owned()),
        public_url: Some("http://localhost:7".to_owned()),
        sandbox_url: Some("https://sandbox.example.com".to_owned()),
        ..sandbox()
    };
    let config = try_load(options, &[]).expect("good options").config;
    assert_eq!(config.environment, "qa");
    assert_eq!(config.public_url.expect("a URL").as_str(), "http://localhost:7/");
    assert_eq!(
        config.sandbox_url.expect("a URL").as_str(),
        "https://sandbox.example.com/"
    );
}

#[test]
fn every_bad_value_is_one_clear_line() {
    let text = |value: &str| Some(value.to_owned());
    let bad = [
        (
            Options {
                listen: text("localhost"),
                ..sandbox()
            },
            "--listen",
        ),
        (
            Options {
                listen: text(":80"),
                ..sandbox()
            },
            "--listen",
        ),
        (
            Options {
                sandbox_listen: text("127.0.0.1:70000"),
                ..sandbox()
            },
            "--sandbox-listen",
        ),
        (
            Options {
                public_url: text("example.com"),
                ..sandbox()
            },
            "public URL",
        ),
        (
            Options {
                public_url: text("https://example.com/api"),
                ..sandbox()
            },
            "public URL",
        ),
        (
            Options {
                public_url: text("https://ada:x@example.com"),
                ..sandbox()
            },
            "public URL",
        ),
        (
            Options {
                auth_origin: text("ftp://example.com"),
                ..sandbox()
            },
            "auth origin",
        ),
        (
            Options {
                success_url: text("javascript:alert(1)"),
                ..sandbox()
            },
            "success URL",
        ),
        (
            Options {
                environment: text("No Good"),
                ..sandbox()
            },
            "environment",
        ),
        (
            Options {
                database: text("postgres://x"),
                ..sandbox()
            },
            "PostgreSQL",
        ),
        (
            Options {
                database: text("x"),
                ..sandbox()
            },
            "database",
        ),
        (
            Options {
                config: Some(PathBuf::from("/nowhere/x.toml")),
                ..sandbox()
            },
            "/nowhere/x.toml",
        ),
    ];
    for (options, names) in bad {
        let line = try_load(options, &[]).expect_err(names).to_string();
        assert!(line.contains(names) && !line.contains('\n'), "{line}");
    }
}

#[test]
fn every_bad_provider_is_one_clear_line() {
    for (file, variable, names) in [
        ("[providers.gitbub]\nclientId = 'x'", None, "gitbub"),
        ("[providers.github]\nclientSecret = 'canary'", None, "clientId"),
        (
            "[providers.github]\nclientId = 'x'\ncallback = 'authOrigin'",
            None,
            "authOrigin",
        ),
        ("[providers.github]\ncallback = 'canary'", None, "line 2"),
        (
            "",
            Some(("CODESTREAM_PROVIDER_GITBUB_CLIENT_ID", "canary")),
            "gitbub",
        ),
        (
            "",
            Some(("CODESTREAM_PROVIDER_GITHUB_SECRET", "canary")),
            "CODESTREAM_PROVIDER_GITHUB_SECRET",
        ),
        (
            "",
            Some(("CODESTREAM_SIGNING_KEYS", "canary")),
            "number 1 of CODESTREAM_SIGNING_KEYS",
        ),
    ] {
        let line = with_file(file, variable.as_slice()).expect_err(names).to_string();
        assert!(line.contains(names) && !line.contains('\n'), "{line}");
        assert!(!line.contains("canary"), "{line}");
    }
}

#[test]
fn no_secret_prints_itself() {
    let config = with_file(
        "[providers.github]\nclientId = 'x'\nclientSecret = 'canary'",
        &[
            KEYS[0],
            KEYS[1],
            (
                "CODESTREAM_PROVIDER_TRELLO_CLIENT_ID",
                "canary-not-secret-but-not-ours",
            ),
        ],
    )
    .expect("good settings")
    .config;
    let shown = format!("{:?}", config.providers["github"]);
    assert!(!shown.contains("canary"), "{shown}");
    let shown = format!(
        "{:?}{:?}",
        config.signing_keys,
        environment(&[("NAME", "canary")])
    );
    assert!(!shown.contains("canary") && !shown.contains("1111"), "{shown}");
}

#[test]
fn nodes_on_one_database_are_given_its_keys_and_no_password_in_the_open() {
    for (database, names) in [
        ("postgres://ada:canary@localhost/x", "PGPASSWORD"),
        ("postgres://localhost/x", "signing key"),
    ] {
        let options = Options {
            database: Some(database.to_owned()),
            ..sandbox()
        };
        let line = try_load(options, &[]).expect_err(names).to_string();
        assert!(line.contains(names) && !line.contains("canary"), "{line}");
    }
    let file = "[apiServer]\ndatabase = 'postgres://ada:canary@localhost/x'";
    let config = with_file(file, &KEYS).expect("good settings").config;
    assert!(matches!(config.database, Database::Postgres(_)));
    assert!(!format!("{config:?}").contains("canary"));
}
