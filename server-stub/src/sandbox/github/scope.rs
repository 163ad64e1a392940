//! Scopes of GitHub.

/// Asks for an expiring token; is no scope that a token has.
pub(super) const OFFLINE_ACCESS: &str = "offline_access";

/// Scopes and what a consent page says about them.
const SCOPES: &[(&str, &str)] = &[
    ("repo", "Full control of private repositories"),
    ("repo:status", "Access commit statuses"),
    ("public_repo", "Access public repositories"),
    ("gist", "Create gists"),
    ("notifications", "Access notifications"),
    ("read:org", "Read organisation and team membership"),
    ("read:user", "Read all of your profile data"),
    ("user", "Update all of your profile data"),
    ("user:email", "Access your e-mail addresses (read-only)"),
    ("workflow", "Update GitHub Action workflows"),
];

/// For the consent page.
pub(super) fn meaning(scope: &str) -> &'static str {
    SCOPES
        .iter()
        .find(|(name, _)| *name == scope)
        .map_or("", |(_, meaning)| meaning)
}

/// The known scopes of a request, separated by spaces or commas. Unknown ones are left out, as GitHub does.
pub(super) fn parse(text: &str) -> Vec<String> {
    let mut scopes: Vec<String> = Vec::new();
    for scope in text.split([' ', ',']) {
        let is_known = SCOPES.iter().any(|(name, _)| *name == scope);
        if is_known && !scopes.iter().any(|had| had == scope) {
            scopes.push(scope.to_owned());
        }
    }
    scopes
}

/// Whether one of `scopes` allows to read the e-mail addresses.
pub(super) fn reads_emails(scopes: &[String]) -> bool {
    scopes
        .iter()
        .any(|scope| matches!(scope.as_str(), "user" | "user:email"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_scopes_are_kept_once_whatever_separates_them() {
        assert_eq!(parse("repo user:email"), ["repo", "user:email"]);
        assert_eq!(parse("repo,read:org repo"), ["repo", "read:org"]);
        assert_eq!(parse("offline_access nonsense"), Vec::<String>::new());
        assert_eq!(parse(""), Vec::<String>::new());
    }

    #[test]
    fn only_two_scopes_open_the_addresses() {
        assert!(reads_emails(&parse("user:email")) && reads_emails(&parse("user")));
        assert!(!reads_emails(&parse("read:user repo")));
    }
}
