//! Where stubs of the tests keep everything: `CODESTREAM_TEST_DATABASE` is `sqlite` (the default) or `postgres`.

use std::path::PathBuf;

use crate::postgres::Postgres;
use crate::process::Home;

/// Keys of stubs that have none of their own, since whoever opens a store again needs the same.
const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// A store that outlives its stub.
#[derive(Debug)]
pub struct Kept(Place);

#[derive(Debug)]
enum Place {
    Sqlite(Home),
    Postgres(Postgres),
}

impl Default for Kept {
    fn default() -> Self {
        Self::new()
    }
}

impl Kept {
    /// An empty one, of the engine that the environment names.
    pub fn new() -> Self {
        Self(own().map_or_else(|| Place::Sqlite(Home::new()), Place::Postgres))
    }

    /// An empty one in a file, whatever the environment names: what is tested is a property of such files.
    pub fn in_file() -> Self {
        Self(Place::Sqlite(Home::new()))
    }

    /// The file, when it is [`in_file`](Self::in_file).
    pub fn file(&self) -> PathBuf {
        match &self.0 {
            Place::Sqlite(home) => home.path().join("store.db"),
            Place::Postgres(_) => panic!("this is asked of a file"),
        }
    }

    /// As `--database` takes it.
    pub fn url(&self) -> String {
        match &self.0 {
            Place::Sqlite(_) => format!("sqlite:{}", self.file().display()),
            Place::Postgres(database) => database.url(),
        }
    }

    /// What a stub is told about it.
    pub(crate) fn options(&self) -> Options {
        Options::of(self.url())
    }

    /// Everything that is in it, as text.
    pub fn at_rest(&self) -> String {
        let home = match &self.0 {
            Place::Postgres(database) => return database.dump(),
            Place::Sqlite(home) => home,
        };
        let files = std::fs::read_dir(home.path()).expect("the directory");
        let files = files.map(|file| file.expect("an entry").path());
        // The keys of the store are beside it.
        let data = files.filter(|path| path.extension().is_none_or(|extension| extension != "keys"));
        let bytes: Vec<u8> = data
            .flat_map(|path| std::fs::read(path).expect("the file"))
            .collect();
        assert!(!bytes.is_empty(), "there is a database");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Options and variables of a stub's command line.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) database: Option<String>,
    pub(crate) environment: Vec<(&'static str, &'static str)>,
}

impl Options {
    /// For a store that nobody opens again.
    pub(crate) fn passing() -> Self {
        own().map_or_else(Self::default, |database| Self::of(database.url()))
    }

    pub(crate) fn of(database: String) -> Self {
        Self {
            database: Some(database),
            environment: vec![
                ("CODESTREAM_SIGNING_KEYS", KEY),
                ("CODESTREAM_ENCRYPTION_KEYS", KEY),
            ],
        }
    }
}

/// A database of its own, when tests are to run with PostgreSQL.
#[expect(
    clippy::disallowed_methods,
    reason = "which store is tested is the environment's to say"
)]
fn own() -> Option<Postgres> {
    match std::env::var("CODESTREAM_TEST_DATABASE").as_deref() {
        Ok("postgres") => Some(Postgres::new().expect("PostgreSQL is asked for and not installed")),
        Ok("sqlite") | Err(_) => None,
        Ok(other) => panic!("CODESTREAM_TEST_DATABASE is sqlite or postgres, not {other}"),
    }
}
