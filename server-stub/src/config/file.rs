//! The configuration file: TOML, every key optional, unknown keys refused so that a misspelt one is noticed.

use std::collections::BTreeMap;
use std::path::Path;

use codestream_protocol::secret::{ClientSecret, SigningSecret};
use codestream_protocol::text::without_values;
use serde::Deserialize;

use super::{Callback, ConfigError, ConfirmSignIn, Quotas, SessionLife};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) shared_general: SharedGeneral,
    pub(super) api_server: ApiServer,
    pub(super) secrets: Secrets,
    pub(super) limits: super::limits::Given,
    pub(super) quotas: Quotas,
    pub(super) sessions: SessionLife,
    pub(super) providers: BTreeMap<String, Provider>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct SharedGeneral {
    pub(super) run_time_environment: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct ApiServer {
    pub(super) public_api_url: Option<String>,
    pub(super) auth_origin: Option<String>,
    pub(super) success_url: Option<String>,
    pub(super) listen: Option<String>,
    pub(super) metrics_listen: Option<String>,
    pub(super) database: Option<String>,
    pub(super) trusted_proxies: Option<Vec<String>>,
    pub(super) allow_hosts: Vec<String>,
    pub(super) confirm_sign_in: Option<ConfirmSignIn>,
}

/// Current key first.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Secrets {
    #[serde(deserialize_with = "hidden::list")]
    pub(super) signing_keys: Vec<String>,
    #[serde(deserialize_with = "hidden::list")]
    pub(super) encryption_keys: Vec<String>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets([redacted])")
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Provider {
    pub(super) callback: Callback,
    pub(super) client_id: Option<String>,
    #[serde(deserialize_with = "hidden::secret")]
    pub(super) client_secret: Option<ClientSecret>,
    #[serde(deserialize_with = "hidden::signing")]
    pub(super) signing_secret: Option<SigningSecret>,
    pub(super) host: Option<String>,
}

/// Secrets, read so that a value of a wrong kind is not quoted in the error.
mod hidden {
    use codestream_protocol::secret::{ClientSecret, SigningSecret};
    use serde::de::{Deserialize as _, Deserializer, Error as _};
    use toml::Value;

    pub(super) fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Option<ClientSecret>, D::Error> {
        text(from).map(|text| Some(ClientSecret::new(text)))
    }

    pub(super) fn signing<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SigningSecret>, D::Error> {
        text(from).map(|text| Some(SigningSecret::new(text)))
    }

    fn text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
        match Value::deserialize(from)? {
            Value::String(text) => Ok(text),
            _ => Err(D::Error::custom("a secret is a string")),
        }
    }

    pub(super) fn list<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
        let wrong = || D::Error::custom("keys are a list of strings");
        let Value::Array(values) = Value::deserialize(from)? else {
            return Err(wrong());
        };
        let text = |value: Value| value.as_str().map(str::to_owned).ok_or_else(wrong);
        values.into_iter().map(text).collect()
    }
}

impl File {
    pub(super) fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|cause| ConfigError::Unreadable {
            path: path.to_owned(),
            cause,
        })?;
        Self::parse(&text).map_err(|(line, problem)| ConfigError::Malformed {
            path: path.to_owned(),
            line,
            problem,
        })
    }

    /// The problem's line, from 1, and its first sentence: the parser's full report would quote the line, which may hold
    /// a secret, and so may a value of the wrong kind.
    fn parse(text: &str) -> Result<Self, (usize, String)> {
        toml::from_str(text).map_err(|error: toml::de::Error| {
            let start = error.span().map_or(0, |span| span.start);
            let before = text.as_bytes().iter().take(start);
            let line = 1 + before.filter(|byte| **byte == b'\n').count();
            let problem = without_values(&error.message());
            (line, problem)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_is_named_with_its_line() {
        let text = "[apiServer]\n\npublicApiURL = 'http://localhost'\n";
        let (line, problem) = File::parse(text).expect_err("misspelt");
        assert_eq!(line, 3);
        assert!(problem.contains("publicApiURL"), "{problem}");
    }

    #[test]
    fn a_value_of_a_wrong_kind_is_not_quoted() {
        for text in [
            "[providers.github]\nclientSecret = ['canary']\n",
            "[providers.slack]\nsigningSecret = ['canary']\n",
            "[secrets]\nsigningKeys = 'canary'\n",
            "[secrets]\nsigningKeys = ['ok', { canary = 'canary' }]\n",
            "[secrets]\nsigningKeys = 'canary' canary\n",
            "[providers.github]\nclientSecret = \"canary\n",
            "[providers.github]\ncallback = 'canary'\n",
            "[apiServer]\ntrustedProxies = 'canary'\n",
            "[apiServer]\nconfirmSignIn = 'canary'\n",
            "[apiServer]\ndatabase = ['postgres://canary:canary@host/name']\n",
            "[providers]\ngithub = 'canary'\n",
        ] {
            let (line, problem) = File::parse(text).expect_err("wrong");
            assert_eq!(line, 2, "{problem}");
            assert!(!problem.contains("canary"), "{problem}");
        }
    }
}
