//! The rows, in the order of their names.

use codestream_protocol::http::Revoked;

use super::{Answer, Code, Renewal, Service, SignUp, State, Told};

/// RFC 6749 with PKCE, and an error for each case.
const STANDARD: Code = Code {
    parameter: "code",
    state: State::Query,
    pkce: true,
    refusal: Some("invalid_client"),
    reused: "invalid_grant",
};

/// Every third party.
pub static SERVICES: &[Service] = &[
    Service {
        name: "asana",
        title: "Asana",
        answer: Answer::Code(STANDARD),
        who: "mona@example.com",
        denial: Told::Callback,
        wall: None,
        renewal: Renewal::Keeps,
        sign_up: SignUp::Connects,
        revoked: Revoked::Yes,
    },
    Service {
        name: "azuredevops",
        title: "Azure DevOps",
        answer: Answer::Code(STANDARD),
        who: "mona@example.com",
        denial: Told::Callback,
        wall: Some(Told::Callback),
        renewal: Renewal::Rotates,
        sign_up: SignUp::Connects,
        revoked: Revoked::Unsupported,
    },
    Service {
        name: "bitbucket",
        title: "Bitbucket",
        answer: Answer::Code(Code {
            pkce: false,
            refusal: Some("unauthorized_client"),
            ..STANDARD
        }),
        who: "mona",
        denial: Told::Callback,
        wall: None,
        renewal: Renewal::Keeps,
        sign_up: SignUp::Connects,
        revoked: Revoked::Unsupported,
    },
    Service {
        name: "github",
        title: "GitHub",
        answer: Answer::Code(Code {
            refusal: Some("incorrect_client_credentials"),
            reused: "bad_verification_code",
            ..STANDARD
        }),
        who: "mona",
        denial: Told::Callback,
        wall: None,
        renewal: Renewal::RotatesWhenSet,
        sign_up: SignUp::Connects,
        revoked: Revoked::Yes,
    },
    Service {
        name: "gitlab",
        title: "GitLab",
        answer: Answer::Code(STANDARD),
        who: "mona",
        denial: Told::Callback,
        wall: None,
        renewal: Renewal::Rotates,
        sign_up: SignUp::Connects,
        revoked: Revoked::Yes,
    },
    Service {
        name: "intercom",
        title: "Intercom",
        answer: Answer::Code(Code {
            pkce: false,
            refusal: Some("unauthorized"),
            reused: "parameter_invalid",
            ..STANDARD
        }),
        who: "mona@example.com",
        denial: Told::Callback,
        wall: None,
        renewal: Renewal::Never,
        sign_up: SignUp::Connects,
        revoked: Revoked::Yes,
    },
    Service {
        name: "jira",
        title: "Jira",
        answer: Answer::Code(Code {
            pkce: false,
            refusal: Some("access_denied"),
            reused: "invalid_request",
            ..STANDARD
        }),
        who: "mona@example.com",
        denial: Told::Callback,
        wall: None,
        renewal: Renewal::Rotates,
        sign_up: SignUp::Connects,
        revoked: Revoked::Unsupported,
    },
    Service {
        name: "linear",
        title: "Linear",
        answer: Answer::Code(STANDARD),
        who: "mona",
        denial: Told::Callback,
        wall: None,
        renewal: Renewal::Rotates,
        sign_up: SignUp::Cannot,
        revoked: Revoked::Yes,
    },
    Service {
        name: "msteams",
        title: "Microsoft Teams",
        answer: Answer::Code(STANDARD),
        who: "mona@example.com",
        denial: Told::Callback,
        wall: Some(Told::Callback),
        renewal: Renewal::Rotates,
        sign_up: SignUp::Connects,
        revoked: Revoked::Unsupported,
    },
    Service {
        name: "newrelic",
        title: "New Relic",
        answer: Answer::Code(Code {
            parameter: "auth_code",
            state: State::Path,
            pkce: false,
            refusal: None,
            reused: "http_401",
        }),
        who: "mona@example.com",
        denial: Told::Nobody,
        wall: None,
        renewal: Renewal::Rotates,
        sign_up: SignUp::Cannot,
        revoked: Revoked::Unsupported,
    },
    Service {
        name: "slack",
        title: "Slack",
        answer: Answer::Code(Code {
            pkce: false,
            refusal: Some("bad_client_secret"),
            reused: "code_already_used",
            ..STANDARD
        }),
        who: "mona",
        denial: Told::Callback,
        wall: Some(Told::Nobody),
        renewal: Renewal::RotatesWhenSet,
        sign_up: SignUp::SignsIn,
        revoked: Revoked::Yes,
    },
    Service {
        name: "trello",
        title: "Trello",
        answer: Answer::Fragment,
        who: "mona",
        denial: Told::Callback,
        wall: None,
        renewal: Renewal::Never,
        sign_up: SignUp::Cannot,
        revoked: Revoked::Yes,
    },
];
