//! Who a token belongs to, as the third party says.

use codestream_protocol::text;
use serde::{Deserialize, Serialize};
use url::Url;

/// The owner of an account at a third party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    /// The service's own id, which never changes and is never given to somebody else.
    pub(crate) subject: String,
    /// The short name that people know the account by.
    pub(crate) login: String,
    /// The full name.
    pub(crate) name: Option<String>,
    /// Where in the service the token is good.
    pub(crate) place: Place,
}

impl Person {
    /// With its names made safe to show and bounded: they are what the account's owner typed, and are kept, sent and shown
    /// from here on. The id stays as it is.
    pub(crate) fn shown(self) -> Self {
        let workspace = |one: Workspace| Workspace {
            name: text::name(&one.name, "(no name)"),
            url: one.url.as_deref().and_then(text::web_link).map(String::from),
            id: one.id,
        };
        Self {
            login: text::name(&self.login, "(no name)"),
            name: (self
                .name
                .as_deref()
                .map(|name| text::shown(name, text::Limit::NAME)))
            .filter(|name| !name.is_empty()),
            place: match self.place {
                Place::Only(one) => Place::Only(workspace(one)),
                Place::At {
                    workspace: one,
                    api_base,
                } => Place::At {
                    workspace: workspace(one),
                    api_base,
                },
                Place::Among(several) => Place::Among(several.into_iter().map(workspace).collect()),
                everywhere @ (Place::Everywhere | Place::Region(_)) => everywhere,
            },
            subject: self.subject,
        }
    }
}

/// Which of a service's workspaces, sites or tenants a token is good for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Place {
    /// The service has none, or the token is good in all of them.
    #[default]
    Everywhere,
    /// All of one region, whose API base calls go to.
    Region(Url),
    /// This one; another one's token stands beside it.
    Only(Workspace),
    /// As [`Only`](Self::Only), where calls for it go to an API base of its own, e.g. a region's.
    At { workspace: Workspace, api_base: Url },
    /// These, all with the same token.
    Among(Vec<Workspace>),
}

/// A workspace, site or tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Workspace {
    /// The service's immutable id.
    pub(crate) id: String,
    /// For a person.
    pub(crate) name: String,
    /// Its page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
}

/// What a third party says about an account's e-mail address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Email {
    /// Proven to belong to the account's owner. Lower-case.
    Verified(String),
    /// There is one, not proven.
    Unverified,
    /// There is none.
    Missing,
}
