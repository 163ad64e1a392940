//! Direct calls to the third parties, so that a token never leaves the agent.
//!
//! A service is a row of a table ([`Service`]): where its API is, how a token is presented, who "me" is. [`call`] bounds
//! what `codestream/provider/request` may ask; [`base`] decides which `apiBase` is trusted with a token at all. Nothing here
//! refreshes or stores a token.

mod asana;
mod azuredevops;
mod base;
mod bitbucket;
mod call;
mod github;
mod gitlab;
mod intercom;
mod jira;
mod linear;
mod msteams;
mod newrelic;
mod refusal;
mod self_hosted;
mod slack;
mod trello;

use codestream_protocol::ProviderId;
use codestream_protocol::http::ProviderInfo;
use codestream_protocol::lsp::request::{CallResult, Person, TokenField};
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use serde_json::Value;

pub(crate) use base::pasted;
pub use base::{ApiBase, BaseError};
pub use call::{CallError, ThirdParty};
use refusal::Refusal;
pub(crate) use self_hosted::{ProbeError, SelfHosted};

/// A third party that the agent can call.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// The lower-case name.
    pub name: &'static str,
    /// The id, with stars.
    pub provider_id: &'static str,
    /// For a person.
    pub display_name: &'static str,
    /// The host that a person knows.
    pub host: &'static str,
    /// Below which it is called: absolute URLs that end in `/`. The first is the usual one, the others are its regions'.
    pub api_bases: &'static [&'static str],
    /// Domains below which an account may have an API of its own, e.g. `atlassian.net`.
    own_domains: &'static [&'static str],
    /// What goes with a token that the user makes: its name among the account's data, what a person is asked for, an example.
    token_fields: &'static [(&'static str, &'static str, &'static str)],
    /// `Accept`, where a call names none.
    accept: &'static str,
    /// How "me" is asked for.
    me: fn(&ProviderInfo) -> Me,
    /// The header that presents the token.
    present: fn(&ProviderInfo) -> Result<(HeaderName, HeaderValue), CallError>,
    person: fn(&Value) -> Option<Person>,
    /// What only this service words so; `None`: what the status says.
    refusal: fn(&Service, &CallResult) -> Option<Refusal>,
}

/// A request for "me".
#[derive(Debug, Clone, Copy)]
struct Me {
    method: &'static str,
    /// Below the base.
    path: &'static str,
    /// Where the path is, when the service is on its own hosts and its API base does not know people; ends in `/`.
    base: Option<&'static str>,
    /// JSON.
    body: Option<&'static str>,
}

impl Me {
    const fn get(path: &'static str) -> Self {
        Self {
            method: "GET",
            path,
            base: None,
            body: None,
        }
    }
}

/// Every service, in the order of their names.
pub static SERVICES: &[&Service] = &[
    &asana::SERVICE,
    &azuredevops::SERVICE,
    &bitbucket::SERVICE,
    &github::SERVICE,
    &gitlab::SERVICE,
    &intercom::SERVICE,
    &jira::SERVICE,
    &linear::SERVICE,
    &msteams::SERVICE,
    &newrelic::SERVICE,
    &slack::SERVICE,
    &trello::SERVICE,
];

/// The services that teams host themselves, too.
static SELF_HOSTED: &[&SelfHosted] = &[&github::SELF_HOSTED, &gitlab::SELF_HOSTED];

/// How a service is found where a team hosts it itself; `None`: nobody does.
pub(crate) fn self_hosted(service: &Service) -> Option<&'static SelfHosted> {
    SELF_HOSTED
        .iter()
        .copied()
        .find(|self_hosted| self_hosted.service.name == service.name)
}

/// A service by its id or its lower-case name.
pub fn service(name_or_id: &str) -> Option<&'static Service> {
    SERVICES
        .iter()
        .copied()
        .find(|service| service.name == name_or_id || service.provider_id == name_or_id)
}

impl Service {
    /// The id as the protocol has it.
    pub fn id(&self) -> ProviderId {
        ProviderId::of_host(self.host)
    }

    /// What goes with a token that the user makes.
    pub fn token_fields(&self) -> Vec<TokenField> {
        let fields = self.token_fields.iter();
        fields
            .map(|(name, prompt, example)| TokenField {
                name: (*name).to_owned(),
                prompt: (*prompt).to_owned(),
                example: (*example).to_owned(),
            })
            .collect()
    }
}

/// `Authorization: Bearer` (RFC 6750 §2.1).
fn bearer(account: &ProviderInfo) -> Result<(HeaderName, HeaderValue), CallError> {
    let token = call::token(account)?;
    let value =
        HeaderValue::try_from(format!("Bearer {}", token.expose())).map_err(|_| CallError::NoToken)?;
    Ok((AUTHORIZATION, value))
}

/// Nothing special.
fn by_status(_: &Service, _: &CallResult) -> Option<Refusal> {
    None
}

/// The text at `key`, if it is one and not empty.
fn text(value: &Value, key: &str) -> Option<String> {
    let text = value.get(key)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::Url;

    #[test]
    fn every_row_of_the_table_agrees_with_itself() {
        let nobody: ProviderInfo =
            serde_json::from_value(Value::Object(serde_json::Map::new())).expect("an account");
        for service in SERVICES {
            assert_eq!(service.id().as_str(), service.provider_id);
            let me = (service.me)(&nobody);
            assert!(!service.api_bases.is_empty(), "{}", service.name);
            for base in service.api_bases.iter().copied().chain(me.base) {
                let base = Url::parse(base).expect(service.name);
                assert!(
                    base.scheme() == "https" && base.path().ends_with('/'),
                    "{}",
                    service.name
                );
            }
            assert!(!me.path.starts_with('/'), "{}", service.name);
            assert!(std::ptr::eq(
                super::service(service.name).expect("by name"),
                *service
            ));
            assert!(std::ptr::eq(
                super::service(service.provider_id).expect("by id"),
                *service
            ));
        }
        assert!(SERVICES.is_sorted_by_key(|service| service.name));
        assert!(service("nobody").is_none());
    }
}
