//! An authorization server (RFC 6749) in the style of one service: everything that most of the imitated services share.
//!
//! A service says in a [`Style`] what it checks and how it words a refusal, and adds its own endpoints. Nothing here knows a
//! service's name.

mod ledger;
mod office;
mod parameters;
mod rules;

pub(crate) use ledger::{Access, Expiring, Issued, Policy, RedirectUri, Refreshing, Refused};
pub(crate) use office::{Bearer, Office, Style};
pub(crate) use parameters::{Parameters, basic, bearer, content_type};
pub(crate) use rules::{Pkce, Problem, Redirects, Refusal, Request, Rules, Scopes};
