use std::sync::Mutex;

use tempfile::TempDir;

use super::*;

/// A keyring of a test's own.
#[derive(Default)]
struct Fake {
    text: Mutex<Option<String>>,
    broken: bool,
    forgetful: bool,
}

impl Fake {
    fn check(&self) -> Result<(), KeepError> {
        if self.broken {
            Err(KeepError::Keyring("there is none".to_owned()))
        } else {
            Ok(())
        }
    }
}

impl Vault for Fake {
    fn write(&self, text: &str) -> Result<(), KeepError> {
        self.check()?;
        *self.text.lock().expect("a text") = (!self.forgetful).then(|| text.to_owned());
        Ok(())
    }

    fn read(&self) -> Result<Option<String>, KeepError> {
        self.check()?;
        Ok(self.text.lock().expect("a text").clone())
    }

    fn remove(&self) -> Result<(), KeepError> {
        self.check()?;
        *self.text.lock().expect("a text") = None;
        Ok(())
    }
}

fn keep(directory: Option<&TempDir>, keyring: Fake) -> Keep {
    Keep {
        keyring: Some(Arc::new(keyring)),
        file: directory
            .map(|directory| Arc::new(File::new(directory.path().join("codestream/session.json")))),
    }
}

fn session() -> Kept {
    Kept {
        server: "https://a.test".into(),
        token: SessionToken::new("hunter2"),
        team_id: None,
    }
}

fn broken() -> Fake {
    Fake {
        broken: true,
        ..Fake::default()
    }
}

#[tokio::test]
async fn the_keyring_goes_first_and_the_file_forgets() {
    let directory = TempDir::new().expect("a directory");
    let keep = keep(Some(&directory), Fake::default());
    assert!(matches!(
        keep.save(&session(), Some(Choice::File)).await,
        Ok(Place::File(_))
    ));
    assert_eq!(keep.save(&session(), None).await, Ok(Place::Keyring));
    assert_eq!(keep.load().await, Ok(Some((session(), Place::Keyring))));
    assert!(!directory.path().join("codestream/session.json").exists());
}

#[tokio::test]
async fn a_keyring_that_cannot_be_used_or_does_not_keep_gives_way_to_the_file() {
    let forgetful = Fake {
        forgetful: true,
        ..Fake::default()
    };
    for keyring in [broken(), forgetful] {
        let directory = TempDir::new().expect("a directory");
        let keep = keep(Some(&directory), keyring);
        let path = directory.path().join("codestream/session.json");
        assert_eq!(keep.save(&session(), None).await, Ok(Place::File(path.clone())));
        assert_eq!(keep.load().await, Ok(Some((session(), Place::File(path)))));
    }
}

#[tokio::test]
async fn a_chosen_place_that_fails_is_an_error_and_not_another_place() {
    let directory = TempDir::new().expect("a directory");
    let refused = keep(Some(&directory), broken())
        .save(&session(), Some(Choice::Keyring))
        .await;
    assert!(matches!(refused, Err(KeepError::Keyring(_))), "{refused:?}");
    assert_eq!(
        keep(None, Fake::default())
            .save(&session(), Some(Choice::File))
            .await,
        Err(KeepError::NoDirectory)
    );
    assert!(!directory.path().join("codestream").exists());
}

#[tokio::test]
async fn without_any_place_the_session_is_for_this_run() {
    let keep = keep(None, broken());
    assert_eq!(keep.save(&session(), None).await, Ok(Place::Nowhere));
    assert_eq!(keep.load().await, Ok(None));
}

#[tokio::test]
async fn what_is_to_be_kept_nowhere_is_kept_nowhere() {
    let directory = TempDir::new().expect("a directory");
    let keep = keep(Some(&directory), Fake::default());
    assert_eq!(
        keep.save(&session(), Some(Choice::None)).await,
        Ok(Place::Nowhere)
    );
    assert_eq!(keep.load().await, Ok(None));
}

#[tokio::test]
async fn what_is_forgotten_is_gone_from_its_own_place_alone() {
    let directory = TempDir::new().expect("a directory");
    let keep = keep(Some(&directory), Fake::default());
    keep.save(&session(), Some(Choice::Keyring))
        .await
        .expect("a keyring");
    let place = keep.save(&session(), Some(Choice::File)).await.expect("a file");
    keep.forget(&place).await.expect("forgotten");
    assert_eq!(keep.load().await, Ok(Some((session(), Place::Keyring))));
    keep.forget(&Place::Keyring).await.expect("forgotten");
    assert_eq!(keep.load().await, Ok(None));
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_readable_by_its_user_alone_even_when_one_was_there() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = TempDir::new().expect("a directory");
    let keep = keep(Some(&directory), broken());
    for _ in 0..2 {
        let Ok(Place::File(path)) = keep.save(&session(), None).await else {
            panic!("no file");
        };
        let mode =
            |path: &std::path::Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(
            (mode(&path), mode(path.parent().expect("a directory"))),
            (0o600, 0o700)
        );
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("changed");
    }
}

#[tokio::test]
async fn a_file_that_is_no_session_counts_as_none() {
    let directory = TempDir::new().expect("a directory");
    let keep = keep(Some(&directory), broken());
    let path = directory.path().join("codestream/session.json");
    std::fs::create_dir_all(directory.path().join("codestream")).expect("a directory");
    std::fs::write(&path, "{").expect("written");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    }
    assert_eq!(keep.load().await, Ok(None));
}

/// CWE-732.
#[cfg(unix)]
#[tokio::test]
async fn a_file_that_others_can_read_or_replace_is_refused_with_what_to_do() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = TempDir::new().expect("a directory");
    let keep = keep(Some(&directory), broken());
    assert!(matches!(keep.save(&session(), None).await, Ok(Place::File(_))));
    let place = directory.path().join("codestream");
    let path = place.join("session.json");
    let allow = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode");
    };
    for mode in [0o666, 0o644, 0o640, 0o604, 0o620] {
        allow(&path, mode);
        let refused = keep.load().await.expect_err("exposed").to_string();
        assert!(
            refused.contains(&format!("chmod 600 {}", path.display())),
            "{refused}"
        );
        assert!(!refused.contains("hunter2"), "{refused}");
    }
    allow(&path, 0o600);
    assert!(matches!(keep.load().await, Ok(Some(_))));
    for mode in [0o777, 0o770, 0o1777] {
        allow(&place, mode);
        let refused = keep.load().await.expect_err("exposed").to_string();
        assert!(refused.contains("chmod 700"), "{refused}");
        let refused = keep.save(&session(), Some(Choice::File)).await;
        assert!(matches!(refused, Err(KeepError::Exposed { .. })), "{refused:?}");
    }
}
