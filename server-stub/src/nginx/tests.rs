use super::*;

fn wanted(environments: &[&str]) -> Wanted {
    Wanted {
        environments: environments.iter().map(|text| (*text).to_owned()).collect(),
        log_directory: "/var/log/nginx".to_owned(),
        trusted_certificates: "/etc/ssl/certs/ca-certificates.crt".to_owned(),
        ..Wanted::default()
    }
}

#[test]
fn what_is_not_listed_goes_nowhere() {
    let text = configuration(wanted(&[
        "local=http://127.0.0.1:12079",
        "pd=https://pd.example.com/",
    ]))
    .expect("a configuration");
    for line in [
        "default \"\";",
        "\"~^local(?:!|%21)\" \"http://127.0.0.1:12079\";",
        "\"~^pd(?:!|%21)\" \"https://pd.example.com\";",
        "listen 80;",
        "server_name _;",
    ] {
        assert!(text.lines().any(|had| had.trim() == line), "no {line} in\n{text}");
    }
    assert!(!text.contains("proxy_pass"), "{text}");
}

#[test]
fn the_internal_host_has_the_actions_of_each_environment_and_the_callback_host_none() {
    let text = configuration(Wanted {
        callback_host: Some("auth.example.com".to_owned()),
        internal_host: Some("internal.example.com".to_owned()),
        tls: Some(("/etc/ssl/a.pem".to_owned(), "/etc/ssl/a.key".to_owned())),
        ..wanted(&["local=http://127.0.0.1:12079", "pd=https://pd.example.com"])
    })
    .expect("a configuration");
    let (callback, internal) = text
        .split_once("server_name internal.example.com;")
        .expect("two hosts");
    assert!(!callback.contains("provider-action/slack"), "{callback}");
    for (environment, action) in [
        ("local", "slack"),
        ("local", "slack-events"),
        ("pd", "slack"),
        ("pd", "slack-events"),
    ] {
        assert!(
            internal.contains(&format!(
                "location = /{environment}/no-auth/provider-action/{action} {{"
            )),
            "{internal}"
        );
    }
    assert!(
        internal.contains("proxy_pass https://pd.example.com/no-auth/provider-action/slack;"),
        "{internal}"
    );
    assert!(internal.contains("proxy_ssl_verify on;"), "{internal}");
    assert_eq!(text.matches("listen 443 ssl;").count(), 2, "{text}");
    assert_eq!(
        text.matches("ssl_certificate_key /etc/ssl/a.key;").count(),
        2,
        "{text}"
    );
}

type Change = fn(&mut Wanted, String);

#[test]
fn nothing_gets_in_that_nginx_would_read_in_another_way() {
    for bad in [
        "local",
        "=http://a",
        "Local=http://a",
        "lo.cal=http://a",
        "local=ftp://a",
        "local=http://a/b",
        "local=http://a/?b",
        "local=http://u@a",
        "local=http://a$host",
        "local=http://a;b",
        "local=http://a\"b",
        "local=",
    ] {
        assert!(configuration(wanted(&[bad])).is_err(), "{bad}");
    }
    assert_eq!(configuration(wanted(&[])), Err(WantedError::None));
    let twice = configuration(wanted(&["a=http://a", "a=http://b"]));
    assert_eq!(twice, Err(WantedError::Twice("a".to_owned())));
    let changes: [(Change, &[&str]); 3] = [
        (
            |wanted, text| wanted.callback_host = Some(text),
            &["", "a b", "a;", "A.example.com", "$host", ".a"],
        ),
        (
            |wanted, text| wanted.listen = Some(text),
            &[
                "",
                "0",
                "80 default_server",
                "example.com:80",
                "127.0.0.1",
                "70000",
            ],
        ),
        (
            |wanted, text| wanted.log_directory = text,
            &["", "/var/log;", "/var/$x", "/a b", "/\"a"],
        ),
    ];
    for (change, texts) in changes {
        for text in texts {
            let mut one = wanted(&["a=http://a"]);
            change(&mut one, (*text).to_owned());
            assert!(configuration(one).is_err(), "{text:?}");
        }
    }
    let same = Wanted {
        callback_host: Some("a.example.com".to_owned()),
        internal_host: Some("a.example.com".to_owned()),
        ..wanted(&["a=http://a"])
    };
    assert_eq!(
        configuration(same),
        Err(WantedError::SameHost("a.example.com".to_owned()))
    );
}
