//! Who a token belongs to, as the third party says.

/// The owner of an account at a third party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    /// The service's own id, which never changes and is never given to somebody else.
    pub(crate) subject: String,
    /// The short name that people know the account by.
    pub(crate) login: String,
    /// The full name.
    pub(crate) name: Option<String>,
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
