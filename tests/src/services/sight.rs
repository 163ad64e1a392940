//! What a third party saw, read out of the requests that its imitation received.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Renewal;

/// Parameters that are secret and belong into a body or a header: a query is written into logs on its way.
const NEVER_IN_A_QUERY: [&str; 6] = [
    "access_token",
    "client_secret",
    "code_verifier",
    "id_token",
    "refresh_token",
    "token",
];

/// What a code is called in an exchange.
const CODES: [&str; 2] = ["auth_code", "code"];

/// What the server and the agents asked of one service.
#[derive(Debug)]
pub struct Seen(Vec<Value>);

impl Seen {
    /// Of the requests that the sandbox tells.
    pub fn new(requests: Vec<Value>) -> Self {
        Self(requests)
    }

    fn codes(&self) -> impl Iterator<Item = &Value> {
        let is_exchange = |one: &&Value| CODES.iter().any(|name| one["body"].get(name).is_some());
        self.0.iter().filter(is_exchange)
    }

    /// How many codes were exchanged.
    pub fn exchanges(&self) -> usize {
        self.codes().count()
    }

    /// Whether a verifier went with every code (RFC 7636); `None`: nothing was exchanged.
    pub fn pkce(&self) -> Option<bool> {
        let proven = |one: &Value| one["body"].get("code_verifier").is_some();
        (self.exchanges() > 0).then(|| self.codes().all(proven))
    }

    /// What the last person who came was asked to grant, in the order of the names; `None`: the requests name no scopes.
    pub fn asked_for(&self) -> Option<BTreeSet<String>> {
        let asks = |one: &&Value| {
            let query = &one["query"];
            query.get("state").is_some() || query.get("return_url").is_some()
        };
        let query = &self.0.iter().rev().find(asks)?["query"];
        let parts = ["scope", "user_scope"].map(|name| query[name].as_str().unwrap_or_default());
        let asked: BTreeSet<_> = parts
            .into_iter()
            .flat_map(|part| part.split([' ', ',']))
            .filter(|scope| !scope.is_empty())
            .map(str::to_owned)
            .collect();
        (!asked.is_empty()).then_some(asked)
    }

    /// The refreshes so far, each with what tells its refresh token from others.
    pub fn refreshes(&self) -> Vec<&str> {
        let tokens = self.0.iter().map(|one| &one["body"]["refresh_token"]);
        tokens.filter_map(Value::as_str).collect()
    }

    /// How refresh tokens are renewed, of the last two refreshes.
    pub fn renewal(&self) -> Renewal {
        match self.refreshes().as_slice() {
            [] => Renewal::Never,
            [.., one, other] if one == other => Renewal::Keeps,
            _ => Renewal::Rotates,
        }
    }

    /// How often the service refused a token.
    pub fn refused(&self) -> usize {
        self.0.iter().filter(|one| one["status"] == 401).count()
    }

    /// What no request may do; empty when none does. Pages are asked for by browsers, which carry what the service gave them.
    pub fn bad_manners(&self) -> Vec<String> {
        let browser = |one: &&Value| {
            one["headers"]["user-agent"]
                .as_str()
                .is_some_and(|agent| agent.starts_with("Mozilla/"))
        };
        let ours = self.0.iter().filter(|one| !browser(one));
        let mut found = Vec::new();
        for one in ours {
            let path = one["path"].as_str().unwrap_or_default();
            for secret in NEVER_IN_A_QUERY {
                if one["query"].get(secret).is_some() {
                    found.push(format!("{secret} in the query of {path}"));
                }
            }
            let kind = one["headers"]["content-type"].as_str().unwrap_or_default();
            if kind.starts_with("multipart/") {
                found.push(format!("a multipart body to {path}"));
            }
        }
        found
    }
}
