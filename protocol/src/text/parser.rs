//! What a parser says, without what it read.

use std::fmt::Display;

/// A parser's message without the value that it quotes: a file, a body or a setting may hold a secret (CWE-209, CWE-532).
///
/// serde writes `invalid type: string "hunter2", expected …` and `unknown variant `hunter2`, expected …`; names of fields
/// stay, since a misspelt one could not be found without.
pub fn without_values(error: &dyn Display) -> String {
    let message = error.to_string();
    let message = message.lines().next().unwrap_or_default();
    let kinds = [
        ("invalid type: ", "a value of a wrong type"),
        ("invalid value: ", "a wrong value"),
        ("invalid length ", "a wrong length"),
        ("unknown variant ", "an unknown value"),
    ];
    let expected = || message.rfind(", expected ").map_or("", |at| &message[at..]);
    for (start, words) in kinds {
        if message.starts_with(start) {
            return format!("{words}{}", expected());
        }
    }
    if let Some(rest) = message.strip_prefix("unknown field `") {
        let name = rest.split('`').next().unwrap_or_default();
        return if is_name(name) {
            message.to_owned()
        } else {
            format!("an unknown field{}", expected())
        };
    }
    match message.split_once('`') {
        // "missing field `token`", "duplicate field `token`": names of ours.
        Some((start, _)) if !start.ends_with(" field ") => format!("{}…", start.trim_end()),
        _ if message.contains('"') => message
            .split('"')
            .next()
            .unwrap_or_default()
            .trim_end()
            .to_owned(),
        _ => message.to_owned(),
    }
}

/// Whether it looks like a name that somebody misspelt.
fn is_name(text: &str) -> bool {
    text.len() <= 40 && text.bytes().all(|b| b.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    #[expect(dead_code, reason = "read for its errors alone")]
    struct Shape {
        #[serde(default)]
        number: u8,
        #[serde(default)]
        word: Option<Word>,
        #[serde(default)]
        list: Vec<String>,
    }

    #[derive(Debug, Deserialize)]
    enum Word {
        Yes,
    }

    /// CWE-209.
    #[test]
    fn no_value_is_quoted() {
        for text in [
            r#"{"number": "canary-1"}"#,
            r#"{"number": 987654}"#,
            r#"{"word": "canary-1"}"#,
            r#"{"word": "ca`, expected \"canary-1"}"#,
            r#"{"list": "canary-1"}"#,
            r#"{"canary-1": 1}"#,
            r#"["canary-1"]"#,
            r#""canary-1""#,
        ] {
            let error = serde_json::from_str::<Shape>(text).expect_err(text);
            let told = without_values(&error);
            assert!(!told.contains("canary") && !told.contains("987654"), "{told}");
            assert!(told.len() > 5, "{text}: {told}");
        }
        let error = serde_json::from_str::<Shape>(r#"{"nubmer": 1}"#).expect_err("misspelt");
        assert!(without_values(&error).contains("nubmer"), "{error}");
    }
}
