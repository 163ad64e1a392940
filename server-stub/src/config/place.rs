//! Where everything is kept.

use std::path::PathBuf;

use url::Url;

use super::{ConfigError, Database, Environment, PostgresUrl};

const FILE: &str = "server.db";

impl Database {
    /// Reads `sqlite:PATH`, `sqlite::memory:` or `postgres://[USER[:PASSWORD]@][HOST[:PORT]]/NAME`.
    pub(crate) fn parse(text: &str) -> Result<Self, ConfigError> {
        if text.starts_with("postgres:") || text.starts_with("postgresql:") {
            // What is wrong may hold a password, so it is not repeated.
            let url = Url::parse(text).map_err(|_| ConfigError::PostgreSql)?;
            if url.path().trim_matches('/').is_empty() {
                return Err(ConfigError::PostgreSql);
            }
            return Ok(Self::Postgres(PostgresUrl(url)));
        }
        match text.strip_prefix("sqlite:") {
            Some(":memory:") => Ok(Self::SqliteMemory),
            Some(path) if !path.trim_start_matches('/').is_empty() => {
                // `sqlite:///var/x` and `sqlite:/var/x` name the same file.
                let path = path.strip_prefix("//").unwrap_or(path);
                Ok(Self::SqliteFile(PathBuf::from(path)))
            }
            _ => Err(ConfigError::Database),
        }
    }

    /// As [`parse`](Self::parse), from the command line, which every user of the machine can read.
    pub(super) fn parse_option(text: &str) -> Result<Self, ConfigError> {
        match Self::parse(text)? {
            Self::Postgres(url) if url.has_password() => Err(ConfigError::PasswordInOption),
            database => Ok(database),
        }
    }

    /// A file in the platform's data directory.
    pub(super) fn in_data_directory(environment: &Environment) -> Result<Self, ConfigError> {
        let under = |variable, rest: &[&str]| {
            environment.get(variable).map(|base| {
                rest.iter()
                    .fold(PathBuf::from(base), |path, part| path.join(part))
            })
        };
        let directory = if cfg!(windows) {
            under("LOCALAPPDATA", &["CodeStream"])
        } else if cfg!(target_os = "macos") {
            under("HOME", &["Library", "Application Support", "CodeStream"])
        } else {
            under("XDG_DATA_HOME", &["codestream"])
                .or_else(|| under("HOME", &[".local", "share", "codestream"]))
        };
        directory
            .map(|directory| Self::SqliteFile(directory.join(FILE)))
            .ok_or(ConfigError::NoDataDirectory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_are_read_as_written() {
        for (text, path) in [
            ("sqlite:data.db", "data.db"),
            ("sqlite:/var/lib/data.db", "/var/lib/data.db"),
            ("sqlite:///var/lib/data.db", "/var/lib/data.db"),
            ("sqlite://data.db", "data.db"),
        ] {
            let expected = Database::SqliteFile(PathBuf::from(path));
            assert_eq!(Database::parse(text).expect(text), expected, "{text}");
        }
        assert_eq!(
            Database::parse("sqlite::memory:").expect("memory"),
            Database::SqliteMemory
        );
        for bad in ["", "sqlite:", "sqlite://", "mysql://x", "data.db"] {
            assert!(
                matches!(Database::parse(bad), Err(ConfigError::Database)),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_postgresql_database_is_named() {
        for good in [
            "postgres://db.example.com/codestream",
            "postgresql://ada:hush@db.example.com:5433/codestream?sslmode=verify-full",
            "postgres:///codestream?host=/run/postgresql",
        ] {
            let database = Database::parse(good).expect(good);
            assert!(matches!(database, Database::Postgres(_)), "{good}");
            assert!(!format!("{database:?}").contains("hush"));
        }
        for bad in ["postgres://x", "postgres:", "postgres://ada:hush@:x/y"] {
            let error = Database::parse(bad).expect_err(bad);
            assert!(matches!(error, ConfigError::PostgreSql), "{bad}");
            assert!(!error.to_string().contains("hush"));
        }
    }

    #[test]
    fn a_password_is_not_for_the_command_line() {
        for text in [
            "postgres://ada:hush@localhost/codestream",
            "postgres://localhost/codestream?user=ada&password=hush",
        ] {
            assert!(Database::parse(text).is_ok());
            let error = Database::parse_option(text).expect_err(text);
            assert!(matches!(error, ConfigError::PasswordInOption), "{text}");
        }
        assert!(Database::parse_option("postgres://ada@localhost/codestream").is_ok());
    }
}
