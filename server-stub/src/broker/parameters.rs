//! Query parameters of the callback, read strictly: a parameter that decides anything occurs once and is spelt right.
//!
//! A second `state`, or a `State` beside it, would let two readers of one URL disagree about what it says.

use codestream_protocol::secret::AuthorizationCode;
use url::form_urlencoded;

use crate::providers::OAuthErrorCode;

/// Names that may occur once, in lower case only.
const STRICT: [&str; 4] = ["state", "code", "error", "iss"];

/// A parameter occurs twice, or in another case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the parameter `{0}` is repeated, or not in lower case")]
pub(crate) struct Malformed(&'static str);

/// What a third party sends back (RFC 6749 §4.1.2, RFC 9207 §2).
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Parameters {
    pub(crate) state: Option<String>,
    pub(crate) code: Option<AuthorizationCode>,
    pub(crate) error: Option<OAuthErrorCode>,
    pub(crate) iss: Option<String>,
    /// For people, and for the services that say only there what they mean.
    pub(crate) error_description: String,
}

impl Parameters {
    /// Reads a query string.
    pub(crate) fn read(query: &str) -> Result<Self, Malformed> {
        let mut values: [Option<String>; STRICT.len()] = Default::default();
        let mut error_description = String::new();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            let Some(at) = STRICT.iter().position(|name| name.eq_ignore_ascii_case(&key)) else {
                if key == "error_description" {
                    error_description = value.into_owned();
                }
                continue;
            };
            if key != STRICT[at] || values[at].is_some() {
                return Err(Malformed(STRICT[at]));
            }
            values[at] = Some(value.into_owned());
        }
        let [state, code, error, iss] = values.map(|value| value.filter(|value| !value.is_empty()));
        Ok(Self {
            state,
            code: code.map(AuthorizationCode::new),
            error: error.map(|error| OAuthErrorCode::of(&error)),
            iss,
            error_description,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_answer_is_read() {
        let read =
            Parameters::read("code=abc&state=local%21a.b.c&iss=https%3A%2F%2Fx&scope=repo").expect("read");
        assert_eq!(read.state.as_deref(), Some("local!a.b.c"));
        assert_eq!(read.code.expect("a code").expose(), "abc");
        assert_eq!(read.iss.as_deref(), Some("https://x"));
        assert_eq!(read.error, None);
        let denied = Parameters::read("error=access_denied&state=s&code=").expect("read");
        assert_eq!(denied.error.expect("an error").as_str(), "access_denied");
        assert_eq!(denied.code, None);
    }

    #[test]
    fn repeated_and_differently_cased_parameters_are_refused() {
        for (query, name) in [
            ("state=a&state=b", "state"),
            ("state=a&state=a", "state"),
            ("state=&state=a", "state"),
            ("State=a", "state"),
            ("state=a&STATE=b", "state"),
            ("code=a&code=b", "code"),
            ("state=a&Code=b", "code"),
            ("c%6Fde=a&code=b", "code"),
            ("iss=a&iss=b", "iss"),
            ("error=a&Error=b", "error"),
        ] {
            assert_eq!(Parameters::read(query), Err(Malformed(name)), "{query}");
        }
        assert_eq!(Parameters::read(""), Ok(Parameters::default()));
    }

    proptest::proptest! {
        #[test]
        fn any_query_is_read_or_refused(query in "\\PC{0,80}") {
            let _ = Parameters::read(&query);
        }

        #[test]
        fn whatever_is_read_was_there_once(
            pairs in proptest::collection::vec(("[sS]tate|code|x", "[a-z]{1,3}"), 0..4)
        ) {
            let query: Vec<String> = pairs.iter().map(|(k, v)| format!("{k}={v}")).collect();
            let count = |name: &str| pairs.iter().filter(|(k, _)| k.eq_ignore_ascii_case(name)).count();
            let read = Parameters::read(&query.join("&"));
            let strict = count("state") <= 1 && count("code") <= 1 && !pairs.iter().any(|(k, _)| k == "State");
            proptest::prop_assert_eq!(read.is_ok(), strict);
        }
    }
}
