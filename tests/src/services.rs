//! What tests and demo expect of each third party: one row a service, read by the tests that go through all of them, by
//! `demo --provider all` and by the README's table.
//!
//! Owns expectations and how they are seen from outside. Presses no button and fails no test.

mod rows;
mod sight;
mod table;

use codestream_protocol::http::Revoked;

pub use rows::SERVICES;
pub use sight::Seen;
pub use table::{COLUMNS, markdown};
pub(crate) use table::{answer, revoked};

/// A third party as a row.
#[derive(Debug)]
pub struct Service {
    /// Lower-case.
    pub name: &'static str,
    /// For a person.
    pub title: &'static str,
    /// How an approval comes back.
    pub answer: Answer,
    /// What the account of the ordinary person is called.
    pub who: &'static str,
    /// What becomes of a person's no.
    pub denial: Told,
    /// What becomes of the approval of somebody whose organisation decides which apps come in; `None`: the service asks no
    /// organisation.
    pub wall: Option<Told>,
    /// What becomes of tokens.
    pub renewal: Renewal,
    /// What can be done with an identity.
    pub sign_up: SignUp,
    /// What a disconnect says.
    pub revoked: Revoked,
}

/// How an approval comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A code, which is exchanged.
    Code(Code),
    /// The token itself, after `#`: nothing is exchanged, and nothing is refused at an exchange.
    Fragment,
}

/// A code that is exchanged for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// The parameter of the callback that holds it.
    pub parameter: &'static str,
    /// Where the state comes back.
    pub state: State,
    /// Whether a verifier goes with it (RFC 7636).
    pub pkce: bool,
    /// The error that the service has for an app whose credentials are wrong; `None`: a status without a code.
    pub refusal: Option<&'static str>,
    /// What a person is told when a code comes a second time.
    pub reused: &'static str,
}

/// Where the state comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// In the parameter `state`.
    Query,
    /// In the last segment of the path.
    Path,
}

/// Whether the callback hears of a person's or an organisation's no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// At once.
    Callback,
    /// Never: the service's own page tells the person, and the attempt waits until it is cancelled or its time is over.
    Nobody,
}

/// What becomes of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// They expire, and each refresh gives another refresh token.
    Rotates,
    /// They expire, and the refresh token stays.
    Keeps,
    /// As [`Rotates`](Self::Rotates), when the app is set so.
    RotatesWhenSet,
    /// They never expire: no refresh is tried, and a token that is refused is lost.
    Never,
}

/// What can be done with an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUp {
    /// One signs up with it, and is connected.
    Connects,
    /// One signs up with it, and connects later: the token of an identity can call nothing else.
    SignsIn,
    /// It cannot prove an e-mail address.
    Cannot,
}

impl Answer {
    /// Whether a verifier goes with the code; `None`: there is no code.
    pub fn pkce(self) -> Option<bool> {
        match self {
            Self::Code(code) => Some(code.pkce),
            Self::Fragment => None,
        }
    }
}

impl Renewal {
    /// Whether tokens can expire at all.
    pub fn expires(self) -> bool {
        self != Self::Never
    }
}

/// The row of a service.
///
/// # Panics
/// When there is none: a service that the server offers has a row.
pub fn service(name: &str) -> &'static Service {
    SERVICES
        .iter()
        .find(|service| service.name == name)
        .unwrap_or_else(|| panic!("{name} has no row among what is expected of services"))
}
