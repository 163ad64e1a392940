//! What the IDE says at start. Every field is read by itself: one of a wrong type costs that field alone.

use codestream_protocol::lsp::init::InitializationOptions;
use serde_json::{Map, Value};

/// `initializationOptions`, and the fields that could not be used.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) values: InitializationOptions,
    /// One sentence for each, naming the field.
    pub(crate) complaints: Vec<String>,
}

/// Reads what an IDE sent; `null` is no options at all.
pub(crate) fn read(sent: Option<Value>) -> Options {
    let mut options = Options::default();
    let fields = match sent {
        None | Some(Value::Null) => return options,
        Some(Value::Object(fields)) => fields,
        Some(_) => {
            options
                .complaints
                .push("`initializationOptions` is not an object; the defaults are used.".to_owned());
            return options;
        }
    };
    let mut good = Map::new();
    for (name, value) in fields {
        if value.is_null() {
            continue;
        }
        let alone = Value::Object(Map::from_iter([(name.clone(), value.clone())]));
        match serde_json::from_value::<InitializationOptions>(alone) {
            Ok(_) => {
                good.insert(name, value);
            }
            // serde's text may quote the value, which may be a secret.
            Err(_) => options.complaints.push(format!(
                "The setting `{name}` has a value of a wrong type; its default is used."
            )),
        }
    }
    options.values = serde_json::from_value(Value::Object(good)).unwrap_or_default();
    options
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_wrong_type_costs_its_own_field_alone_and_is_named() {
        let options = read(Some(json!({
            "serverUrl": "http://localhost:1",
            "teamId": 7,
            "disableStrictSSL": "yes",
            "accessToken": "secret",
            "unknown": { "kept": "out" },
        })));
        assert_eq!(options.values.server_url.as_deref(), Some("http://localhost:1"));
        assert_eq!(options.values.access_token.expect("a token").expose(), "secret");
        assert_eq!(options.values.team_id, None);
        assert_eq!(options.complaints.len(), 2);
        assert!(
            options.complaints[0].contains("`teamId`"),
            "{:?}",
            options.complaints
        );
        assert!(
            options.complaints[1].contains("`disableStrictSSL`"),
            "{:?}",
            options.complaints
        );
    }

    #[test]
    fn a_complaint_never_quotes_the_value() {
        let options = read(Some(
            json!({ "accessToken": { "value": "hunter2" }, "traceLevel": "hunter2" }),
        ));
        assert_eq!(options.complaints.len(), 2);
        assert!(!options.complaints.concat().contains("hunter2"));
    }

    #[test]
    fn no_options_are_no_complaint() {
        for sent in [
            None,
            Some(Value::Null),
            Some(json!({})),
            Some(json!({ "proxy": null })),
        ] {
            assert!(read(sent).complaints.is_empty());
        }
        assert_eq!(read(Some(json!([]))).complaints.len(), 1);
    }
}
