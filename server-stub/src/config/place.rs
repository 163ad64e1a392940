//! Where everything is kept.

use std::path::PathBuf;

use super::{ConfigError, Database, Environment};

const FILE: &str = "server.db";

impl Database {
    /// Reads `sqlite:PATH` or `sqlite::memory:`.
    pub(super) fn parse(text: &str) -> Result<Self, ConfigError> {
        if text.starts_with("postgres:") || text.starts_with("postgresql:") {
            return Err(ConfigError::PostgreSql);
        }
        match text.strip_prefix("sqlite:") {
            Some(":memory:") => Ok(Self::SqliteMemory),
            Some(path) if !path.trim_start_matches('/').is_empty() => {
                // `sqlite:///var/x` and `sqlite:/var/x` name the same file.
                let path = path.strip_prefix("//").unwrap_or(path);
                Ok(Self::SqliteFile(PathBuf::from(path)))
            }
            _ => Err(ConfigError::Database(text.to_owned())),
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
                matches!(Database::parse(bad), Err(ConfigError::Database(_))),
                "{bad}"
            );
        }
        assert!(matches!(
            Database::parse("postgres://x"),
            Err(ConfigError::PostgreSql)
        ));
    }
}
