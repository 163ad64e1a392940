//! The error page: what happened and what to do, from a code. It never repeats a state or any other text of a request.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use codestream_protocol::ServerCode;
use url::form_urlencoded;

use super::{Policy, page};
use crate::providers::Registry;

/// Where a refused handshake sends the browser. `with`: the service that an account was signed up with.
pub(crate) fn error_path(code: ServerCode, provider: Option<&str>, with: Option<&str>) -> String {
    const PAGE: &str = "/web/error?";
    let mut query = form_urlencoded::Serializer::for_suffix(PAGE.to_owned(), PAGE.len());
    query.append_pair("code", code.as_str());
    for (key, value) in [("provider", provider), ("with", with)] {
        if let Some(value) = value {
            query.append_pair(key, value);
        }
    }
    query.finish()
}

/// `GET /web/error?code=&provider=[&with=]`.
pub(super) async fn show(Query(query): Query<BTreeMap<String, String>>) -> Response {
    let code = query
        .get("code")
        .and_then(|code| code.parse().ok())
        .unwrap_or(ServerCode::WebUnknown);
    let service = |key: &str| query.get(key).and_then(|name| Registry::display_name(name));
    ErrorPage::of(code, service("provider"), service("with")).render_page(StatusCode::OK)
}

/// A refusal, in words.
#[derive(Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage {
    title: String,
    message: String,
    /// What to do, where the message does not say it.
    advice: String,
    code: ServerCode,
    service: Option<&'static str>,
    /// `bad`, or `wait` where nobody did anything wrong.
    tone: &'static str,
}

impl ErrorPage {
    /// The page of `code` at `service`; `with`: the service that the account was signed up with.
    pub(crate) fn of(code: ServerCode, service: Option<&'static str>, with: Option<&'static str>) -> Self {
        let name = service.unwrap_or("the service");
        let mut message = code.message().to_owned();
        let mut advice = String::new();
        let mut tone = "bad";
        let title = match code {
            ServerCode::TokenInvalid => {
                advice = "A link works once. If your IDE already shows the account, everything is fine and you can \
                          close this tab."
                    .to_owned();
                "This link cannot be used".to_owned()
            }
            ServerCode::TokenExpired | ServerCode::WebTokenExpired => {
                tone = "wait";
                "Too late for this link".to_owned()
            }
            ServerCode::ReadAuth => {
                advice = "A link has to be opened and finished in one browser. If somebody sent it to you, do not \
                          continue."
                    .to_owned();
                "Another browser began this".to_owned()
            }
            ServerCode::ProviderAuthNotAllowed => {
                tone = "wait";
                advice = "You can close this tab.".to_owned();
                "Not connected".to_owned()
            }
            ServerCode::InvalidProviderCredentials => {
                message = format!("{} did not accept the approval.", sentence(name));
                advice = "Start again from your IDE. If it happens again, ask the server's administrator to check the \
                          app's id and secret."
                    .to_owned();
                "Not connected".to_owned()
            }
            ServerCode::ProviderDataRequestFailed => {
                message = format!("{} did not answer as expected.", sentence(name));
                advice = "Nothing was changed. Try again in a moment from your IDE.".to_owned();
                "Not connected".to_owned()
            }
            ServerCode::UnknownProvider | ServerCode::ProviderNotConfigured => {
                "Not available here".to_owned()
            }
            ServerCode::IdentityMatchingNotSupported => {
                message = format!(
                    "{} cannot prove an e-mail address, so it cannot be used to sign in.",
                    sentence(name)
                );
                advice = format!("Sign in another way, then connect {name}.");
                "Sign in another way".to_owned()
            }
            ServerCode::EmailUnverified => {
                message = format!("The e-mail address of your account at {name} is not verified.");
                advice = format!("Verify it at {name}, then start again from your IDE.");
                "Verify your e-mail address".to_owned()
            }
            ServerCode::AlreadyRegistered => {
                advice = match with {
                    Some(with) => format!("Sign in with {with}, then connect {name} from your IDE."),
                    None => format!("Sign in the way you did before, then connect {name} from your IDE."),
                };
                "You already have an account".to_owned()
            }
            ServerCode::NoLoginUnregistered => "No account yet".to_owned(),
            _ => "Something went wrong".to_owned(),
        };
        Self {
            title,
            message,
            advice,
            code,
            service,
            tone,
        }
    }

    pub(crate) fn render_page(&self, status: StatusCode) -> Response {
        page(status, &Policy::Still, self)
    }
}

/// With its first letter in upper case.
fn sentence(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_page_that_says_what_to_do() {
        for code in ServerCode::ALL {
            let page = ErrorPage::of(*code, Some("GitHub"), None)
                .render()
                .expect("a page");
            assert!(page.contains(code.as_str()), "{code}");
            let bare = ErrorPage::of(*code, None, None).render().expect("a page");
            assert!(!bare.contains("GitHub"), "{code}");
        }
    }

    #[test]
    fn an_account_that_exists_names_the_service_it_was_signed_up_with() {
        let page = ErrorPage::of(ServerCode::AlreadyRegistered, Some("GitHub"), Some("GitLab"))
            .render()
            .expect("a page");
        assert!(
            page.contains("Sign in with GitLab, then connect GitHub"),
            "{page}"
        );
    }

    #[test]
    fn what_a_request_says_is_not_repeated() {
        let path = error_path(ServerCode::TokenInvalid, Some("<b>&x=1"), None);
        assert_eq!(path, "/web/error?code=AUTH-1002&provider=%3Cb%3E%26x%3D1");
    }
}
