//! Takes secrets out of what a failing test prints. Owns no secrets itself.

use serde_json::Value;

const SECRET_KEYS: &[&str] = &[
    "accesstoken",
    "refreshtoken",
    "broadcastertoken",
    "token",
    "codeverifier",
    "clientsecret",
    "authtoken",
    "value",
    "apikey",
];
const SECRET_PARAMETERS: &[&str] = &[
    "code",
    "state",
    "signupToken",
    "token",
    "access_token",
    "client_secret",
];

/// `value` with every secret replaced: by key in objects, by name in the queries of URLs.
pub fn redact(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, inner)| {
                let last = key.rsplit('.').next().unwrap_or(key).to_ascii_lowercase();
                let hidden = SECRET_KEYS.contains(&last.as_str()) && inner.is_string();
                (
                    key.clone(),
                    if hidden {
                        Value::from("[redacted]")
                    } else {
                        redact(inner)
                    },
                )
            })
            .collect(),
        Value::Array(items) => items.iter().map(redact).collect(),
        Value::String(text) => Value::from(redact_text(text)),
        other => other.clone(),
    }
}

/// `text` with the values of secret query parameters replaced.
pub(crate) fn redact_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['?', '&', '#']) {
        let (before, after) = rest.split_at(at + 1);
        out.push_str(before);
        rest = after;
        let Some((name, value)) = rest.split_once('=') else {
            continue;
        };
        if SECRET_PARAMETERS.contains(&name) {
            out.push_str(name);
            out.push_str("=[redacted]");
            let end = value.find(|c: char| c == '&' || c == '#' || c == '"' || c.is_whitespace());
            rest = end.map_or("", |end| &value[end..]);
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_go_and_everything_else_stays() {
        let shown = redact(&json!({
            "session": {"token": "s3cret", "email": "a@b.c"},
            "url": "http://h/web/provider-auth/github?code=s3cret&x=1#token=s3cret",
            "$set": {"providerInfo.t.github.accessToken": "s3cret"},
            "token": {"value": "s3cret"},
        }));
        assert!(!shown.to_string().contains("s3cret"), "{shown}");
        assert_eq!(
            shown["url"],
            "http://h/web/provider-auth/github?code=[redacted]&x=1#token=[redacted]"
        );
        assert_eq!(shown["session"]["email"], "a@b.c");
    }
}
