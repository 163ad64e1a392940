//! The third parties: what each is ([`Description`](description::Description)) and what it does in its own way ([`service`]).
//!
//! Beside the sandbox the only room that knows a third party's name. One more is one more file here and its line in
//! [`ALL`]. Nothing here knows of users, handshakes or the store.

mod asana;
mod azuredevops;
mod bitbucket;
mod bounds;
mod call;
mod description;
mod github;
mod gitlab;
mod handbook;
mod inbound;
mod intercom;
mod jira;
mod linear;
mod microsoft;
mod msteams;
mod newrelic;
mod person;
mod provider;
mod registry;
mod service;
mod signing_keys;
mod slack;
mod token;
mod trello;

pub(crate) use call::CallError;
pub(crate) use description::Answer;
pub(crate) use handbook::markdown as handbook;
pub(crate) use inbound::{Desk, Told, Unheard, Whom, WorkError};
pub(crate) use person::{Email, Person, Place};
pub(crate) use provider::{MintedState, Provider};
pub(crate) use registry::Registry;
pub(crate) use service::{Grant, Held, OAuthApp, Purpose};
pub(crate) use slack::sign as sign_as_slack;
pub(crate) use token::{Bot, OAuthErrorCode, TokenError, Tokens};

/// Every third party.
static ALL: &[&dyn service::Service] = &[
    &asana::Asana,
    &azuredevops::AzureDevOps,
    &bitbucket::Bitbucket,
    &github::GitHub,
    &gitlab::GitLab,
    &intercom::Intercom,
    &jira::Jira,
    &linear::Linear,
    &msteams::MsTeams,
    &newrelic::NewRelic,
    &slack::Slack,
    &trello::Trello,
];
