//! The README's table: what `demo --provider all` must find.

use codestream_protocol::http::Revoked;

use super::{Renewal, SERVICES, Service, SignUp};

/// What is seen of each service, in this order.
pub const COLUMNS: [&str; 5] = ["sign-up", "connect", "who", "refresh", "revoke"];

impl Service {
    /// A row of the table, without the service's name.
    pub fn expected(&self) -> [&'static str; COLUMNS.len()] {
        [
            self.sign_up.words(),
            answer(self.answer.pkce()),
            self.who,
            self.renewal.words(),
            revoked(self.revoked),
        ]
    }
}

impl SignUp {
    /// In a table.
    pub fn words(self) -> &'static str {
        match self {
            Self::Connects => "yes, and connected",
            Self::SignsIn => "yes",
            Self::Cannot => "PRVD-1004",
        }
    }
}

/// How an approval comes back, in a table: whether with PKCE, and `None` when nothing is exchanged.
pub(crate) fn answer(pkce: Option<bool>) -> &'static str {
    match pkce {
        Some(true) => "code, PKCE",
        Some(false) => "code",
        None => "fragment",
    }
}

impl Renewal {
    /// In a table.
    pub fn words(self) -> &'static str {
        match self {
            Self::Rotates | Self::RotatesWhenSet => "rotates",
            Self::Keeps => "keeps",
            Self::Never => "never expires",
        }
    }
}

/// What a disconnect says, in a table.
pub(crate) fn revoked(revoked: Revoked) -> &'static str {
    match revoked {
        Revoked::Yes => "yes",
        Revoked::Unsupported => "by hand",
        Revoked::Failed => "failed",
    }
}

/// The whole table.
pub fn markdown() -> String {
    let line = |cells: &[&str]| format!("| {} |\n", cells.join(" | "));
    let mut head = vec!["service"];
    head.extend(COLUMNS);
    let rule = vec!["---"; head.len()];
    let mut table = line(&head) + &line(&rule);
    for service in SERVICES {
        let mut cells = vec![service.title];
        cells.extend(service.expected());
        table += &line(&cells);
    }
    table
}
