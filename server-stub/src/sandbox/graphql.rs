//! As much of GraphQL as clients here ask for: one query of plain fields, answered out of a tree. No arguments, variables,
//! aliases or fragments. <https://spec.graphql.org/October2021/#sec-Selection-Sets>

use serde_json::{Map, Value};

/// What of `root` a query selects, or what is wrong with the query. A field of an object needs a selection; any other must
/// have none.
pub(crate) fn select(query: &str, root: &Value) -> Result<Value, String> {
    let mut tokens = tokens(query)?.into_iter().peekable();
    if tokens.next_if_eq(&"query").is_some() {
        tokens.next_if(|token| !is_brace(token));
    }
    let selected = selection(&mut tokens, root)?;
    match tokens.next() {
        None => Ok(selected),
        Some(token) => Err(unexpected(token)),
    }
}

type Tokens<'a> = std::iter::Peekable<std::vec::IntoIter<&'a str>>;

fn is_brace(token: &str) -> bool {
    matches!(token, "{" | "}")
}

fn unexpected(token: &str) -> String {
    format!("Syntax Error: Unexpected \"{token}\".")
}

/// Names and braces; commas are white space.
fn tokens(query: &str) -> Result<Vec<&str>, String> {
    let is_space = |c: char| c.is_whitespace() || c == ',';
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut tokens = Vec::new();
    let mut rest = query.trim_start_matches(is_space);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '{' | '}' => 1,
            _ => rest.find(|c| !is_name(c)).unwrap_or(rest.len()),
        };
        if length == 0 {
            return Err(unexpected(&first.to_string()));
        }
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after.trim_start_matches(is_space);
    }
    Ok(tokens)
}

fn selection(tokens: &mut Tokens<'_>, of: &Value) -> Result<Value, String> {
    let ended = || "Syntax Error: Unexpected <EOF>.".to_owned();
    match tokens.next() {
        Some("{") => {}
        Some(token) => return Err(unexpected(token)),
        None => return Err(ended()),
    }
    let mut selected = Map::new();
    loop {
        let name = match tokens.next() {
            Some("}") if !selected.is_empty() => return Ok(Value::Object(selected)),
            Some(token) if is_brace(token) => return Err(unexpected(token)),
            Some(name) => name,
            None => return Err(ended()),
        };
        let field = of
            .get(name)
            .ok_or_else(|| format!("Cannot query field \"{name}\"."))?;
        let value = match (field.is_object(), tokens.peek() == Some(&"{")) {
            (true, true) => selection(tokens, field)?,
            (false, false) => field.clone(),
            (true, false) => return Err(format!("Field \"{name}\" must have a selection of subfields.")),
            (false, true) => {
                return Err(format!(
                    "Field \"{name}\" must not have a selection since it has no subfields."
                ));
            }
        };
        selected.insert(name.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn root() -> Value {
        json!({"viewer": {"id": "v", "name": null, "team": {"id": "t"}}, "version": 1})
    }

    #[test]
    fn a_query_gives_the_fields_that_it_names() {
        for (query, expected) in [
            ("{ viewer { id } }", json!({"viewer": {"id": "v"}})),
            (
                "query { version, viewer { name } }",
                json!({"version": 1, "viewer": {"name": null}}),
            ),
            (
                "query Me{viewer{team{id}id}}",
                json!({"viewer": {"team": {"id": "t"}, "id": "v"}}),
            ),
        ] {
            assert_eq!(select(query, &root()), Ok(expected), "{query}");
        }
    }

    #[test]
    fn a_query_that_does_not_fit_is_told_why() {
        for (query, word) in [
            ("", "<EOF>"),
            ("{ viewer { id }", "<EOF>"),
            ("{ viewer { id } } }", "Unexpected \"}\""),
            ("{ }", "Unexpected \"}\""),
            ("viewer { id }", "Unexpected \"viewer\""),
            ("mutation { version }", "Unexpected \"mutation\""),
            ("{ viewer(id: 1) { id } }", "Unexpected \"(\""),
            ("{ nobody { id } }", "Cannot query field \"nobody\""),
            ("{ viewer }", "must have a selection"),
            ("{ version { id } }", "must not have a selection"),
        ] {
            let error = select(query, &root()).expect_err(query);
            assert!(error.contains(word), "{query}: {error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_answered_or_refused(query in "[a-z{} ,\\PC]{0,60}") {
            let _ = select(&query, &root());
        }
    }
}
