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
    words: Words,
    code: ServerCode,
    service: Option<&'static str>,
}

struct Words {
    title: &'static str,
    message: String,
    /// What to do, where the message does not say it.
    advice: String,
    /// `bad`, or `wait` where nobody did anything wrong.
    tone: &'static str,
}

impl Words {
    fn bad(title: &'static str, message: impl Into<String>, advice: impl Into<String>) -> Self {
        let (message, advice) = (message.into(), advice.into());
        Self {
            title,
            message,
            advice,
            tone: "bad",
        }
    }

    fn calm(self) -> Self {
        Self { tone: "wait", ..self }
    }
}

impl ErrorPage {
    /// The page of `code` at `service`; `with`: the service that the account was signed up with.
    pub(crate) fn of(code: ServerCode, service: Option<&'static str>, with: Option<&'static str>) -> Self {
        Self {
            words: words(code, service.unwrap_or("the service"), with),
            code,
            service,
        }
    }

    pub(crate) fn render_page(&self, status: StatusCode) -> Response {
        page(status, &Policy::Still, self)
    }
}

fn words(code: ServerCode, name: &str, with: Option<&str>) -> Words {
    let message = code.message();
    match code {
        ServerCode::TokenInvalid => Words::bad(
            "This link cannot be used",
            message,
            "A link works once. If your IDE already shows the account, everything is fine and you can close this tab.",
        ),
        ServerCode::TokenExpired | ServerCode::WebTokenExpired => Words::bad(
            "Too late for this link",
            message,
            "If your IDE is still waiting, press Open again there.",
        )
        .calm(),
        ServerCode::ReadAuth => Words::bad(
            "Already opened in another browser",
            message,
            "A link works only in the browser that opened it first, and only if that browser keeps cookies. If you did not \
             open it before, somebody else may have seen it: do not use it, and tell your administrator if you do not know \
             who that was. If somebody sent it to you, do not continue.",
        ),
        ServerCode::LinkReplaced => Words::bad(
            "This link was replaced",
            message,
            "If you did not press Open again or Copy link in your IDE, close this tab.",
        )
        .calm(),
        ServerCode::ProviderAuthNotAllowed => {
            Words::bad("Not connected", message, "You can close this tab.").calm()
        }
        ServerCode::InvalidProviderCredentials => Words::bad(
            "Not connected",
            format!("{} did not accept the approval.", sentence(name)),
            "Start again from your IDE. If it happens again, ask the server's administrator to check the app's id and \
             secret.",
        ),
        ServerCode::ProviderDataRequestFailed => Words::bad(
            "Not connected",
            format!("{} did not answer as expected.", sentence(name)),
            "Nothing was changed. Try again in a moment from your IDE.",
        ),
        ServerCode::UnknownProvider => Words::bad(
            "Not available here",
            message,
            "Choose another service in your IDE, or ask the server's administrator for this one.",
        ),
        ServerCode::ProviderNotConfigured => Words::bad("Not available here", message, ""),
        ServerCode::Validation | ServerCode::ParameterRequired | ServerCode::InvalidParameter => Words::bad(
            "This link is not complete",
            "Something is missing in the link, or was changed on the way here.",
            "Open it again from your IDE, or copy all of it.",
        ),
        ServerCode::TooManyRequests => {
            Words::bad("One moment", message, "Then start again from your IDE.").calm()
        }
        ServerCode::LinkUsedUp => Words::bad(
            "This link was opened too often",
            "Each opening is kept for a while, and this link has used up its share.",
            "If your IDE is still waiting, press Open again there for a new link.",
        )
        .calm(),
        ServerCode::QuotaExceeded => Words::bad(
            "Not connected",
            "You have as many connected accounts as one person may have here.",
            "Disconnect one that you do not need in your IDE, then connect this one again.",
        ),
        ServerCode::IdentityMatchingNotSupported => Words::bad(
            "Sign in another way",
            format!(
                "{} cannot prove an e-mail address, so it cannot be used to sign in.",
                sentence(name)
            ),
            format!("Sign in another way, then connect {name}."),
        ),
        ServerCode::EmailUnverified => Words::bad(
            "Verify your e-mail address",
            format!("The e-mail address of your account at {name} is not verified."),
            format!("Verify it at {name}, then start again from your IDE."),
        ),
        ServerCode::AlreadyRegistered => Words::bad(
            "You already have an account",
            message,
            match with {
                Some(with) => format!("Sign in with {with}, then connect {name} from your IDE."),
                None => format!("Sign in the way you did before, then connect {name} from your IDE."),
            },
        ),
        ServerCode::NoLoginUnregistered => Words::bad("No account yet", message, ""),
        ServerCode::WebInternal | ServerCode::WebUnknown | ServerCode::WebLoginFailed => {
            Words::bad("Something went wrong", message, "")
        }
        // The API's own, which no browser is sent here with.
        _ => Words::bad(
            "Something went wrong",
            message,
            "Start again from your IDE. If it happens again, tell the server's administrator the code below.",
        ),
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
            let advice = [
                "your IDE",
                "administrator",
                "close this tab",
                "Sign in",
                "Sign up first",
            ];
            assert!(advice.iter().any(|words| page.contains(words)), "{code}: {page}");
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
