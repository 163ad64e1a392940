//! Direct calls to the third parties, so that a token never leaves the agent.
//!
//! A service is a row of a table ([`Service`]): where its API is, how a token is presented, who "me" is. [`call`] bounds
//! what `codestream/provider/request` may ask; [`base`] decides which `apiBase` is trusted with a token at all. Nothing here
//! refreshes or stores a token.

mod base;
mod call;
mod github;
mod trello;

use codestream_protocol::ProviderId;
use codestream_protocol::http::ProviderInfo;
use codestream_protocol::lsp::request::Person;
use reqwest::header::HeaderValue;
use serde_json::Value;

pub use base::{ApiBase, BaseError};
pub use call::{CallError, ThirdParty};

/// A third party that the agent can call.
#[derive(Debug)]
pub struct Service {
    /// The lower-case name.
    pub name: &'static str,
    /// The id, with stars.
    pub provider_id: &'static str,
    /// For a person.
    pub display_name: &'static str,
    /// The host that a person knows.
    pub host: &'static str,
    /// Below which it is called: an absolute URL that ends in `/`.
    pub api_base: &'static str,
    /// `Accept`, where a call names none.
    accept: &'static str,
    /// The path of "me", below the base.
    me: &'static str,
    authorize: fn(&ProviderInfo) -> Result<HeaderValue, CallError>,
    person: fn(&Value) -> Option<Person>,
}

/// Every service, in the order of their names.
pub static SERVICES: &[&Service] = &[&github::SERVICE, &trello::SERVICE];

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
        for service in SERVICES {
            assert_eq!(service.id().as_str(), service.provider_id);
            let base = Url::parse(service.api_base).expect(service.name);
            assert!(
                base.scheme() == "https" && base.path().ends_with('/'),
                "{}",
                service.name
            );
            assert!(!service.me.starts_with('/'), "{}", service.name);
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
