//! Collects every secret that passed between the processes and the browser, by what it is called there.

use std::collections::{BTreeMap, BTreeSet};

use e2e::{Exchange, Hop};
use serde_json::Value;
use url::form_urlencoded;

/// Shorter texts are no secrets, and would be found everywhere.
const SHORTEST: usize = 12;

const IN_BODIES: &[&str] = &[
    "accessToken",
    "refreshToken",
    "broadcasterToken",
    "token",
    "code",
    "codeVerifier",
    "state",
    "matchCode",
];
const IN_QUERIES: &[&str] = &["code", "state", "signupToken", "token"];

/// What a token is called here that a third party put after `#`, where no server sees it.
pub(super) const IN_FRAGMENT: &str = "token in a fragment";

/// Secrets by name.
#[derive(Debug, Default)]
pub(super) struct Harvest(BTreeMap<String, BTreeSet<String>>);

impl Harvest {
    pub(super) fn of(exchanges: &[Exchange], trail: &[Hop]) -> Self {
        let mut harvest = Self::default();
        for exchange in exchanges {
            harvest.query(&exchange.query);
            harvest.json(&exchange.body);
            if let Some(bearer) = exchange
                .header("authorization")
                .and_then(|value| value.strip_prefix("Bearer "))
            {
                harvest.add("accessToken", bearer);
            }
            if let Some(reply) = &exchange.reply {
                harvest.json(&reply.body);
                for (name, value) in &reply.headers {
                    match name.as_str() {
                        "set-cookie" => {
                            let value = value.split(';').next().unwrap_or("").split_once('=');
                            harvest.add("cookie", value.map_or("", |(_, value)| value));
                        }
                        "location" => harvest.query(value.split_once('?').map_or("", |(_, query)| query)),
                        _ => {}
                    }
                }
            }
        }
        for hop in trail {
            harvest.query(hop.url.query().unwrap_or(""));
            for (name, value) in form_urlencoded::parse(hop.url.fragment().unwrap_or("").as_bytes()) {
                if name == "token" {
                    harvest.add(IN_FRAGMENT, &value);
                }
            }
        }
        harvest
    }

    fn add(&mut self, name: &str, secret: &str) {
        // Named errors travel as `code` too.
        let is_error = secret.len() <= 9 && secret.contains('-');
        if secret.len() >= SHORTEST && !is_error {
            self.0
                .entry(name.to_owned())
                .or_default()
                .insert(secret.to_owned());
        }
    }

    fn query(&mut self, query: &str) {
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if IN_QUERIES.contains(&name.as_ref()) {
                self.add(&name, &value);
            }
        }
    }

    fn json(&mut self, body: &[u8]) {
        if let Ok(value) = serde_json::from_slice(body) {
            self.value(&value);
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Object(map) => {
                for (key, inner) in map {
                    let last = key.rsplit('.').next().unwrap_or(key);
                    match inner {
                        Value::String(text) if IN_BODIES.contains(&last) => self.add(last, text),
                        inner => self.value(inner),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.value(item)),
            _ => {}
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    pub(super) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.0.get(name).into_iter().flatten().map(String::as_str)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .flat_map(|(name, secrets)| secrets.iter().map(|secret| (name.as_str(), secret.as_str())))
    }
}
