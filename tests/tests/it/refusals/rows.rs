//! What each imitated service must refuse, and in which words: a row a service, with a cell for every refusal that there is.
//! Facts only; [`super`] sends the requests.

/// A service and how a good authorization goes there.
pub(super) struct Row {
    pub(super) name: &'static str,
    /// The authorization endpoint, below the service's base.
    pub(super) authorize: &'static str,
    /// What client and callback are called there.
    pub(super) client: &'static str,
    pub(super) callback: &'static str,
    /// The rest of a good request.
    pub(super) query: &'static [(&'static str, &'static str)],
    /// The token endpoint; `None`: the token comes in the fragment.
    pub(super) token: Option<Token>,
    /// A call that needs the token.
    pub(super) call: Call,
    pub(super) refuses: Refuses,
}

/// A good exchange.
pub(super) struct Token {
    pub(super) path: &'static str,
    pub(super) json: bool,
    /// What the code is called on its way back and in the exchange.
    pub(super) code: &'static str,
    /// The rest of the exchange beside credentials, callback and verifier.
    pub(super) fields: &'static [(&'static str, &'static str)],
    pub(super) names_callback: bool,
    pub(super) pkce: bool,
    pub(super) credentials: Credentials,
    /// Where the access token is in the answer.
    pub(super) access: &'static str,
}

/// Where the app's id and secret stand.
#[derive(Clone, Copy)]
pub(super) enum Credentials {
    Body,
    Basic,
    /// The id in the body, and no secret anywhere.
    NoSecret,
    Nowhere,
}

/// A call of the API.
pub(super) struct Call {
    pub(super) path: &'static str,
    /// For GraphQL.
    pub(super) query: Option<&'static str>,
    /// The header that presents the token, and what stands around it there.
    pub(super) header: (&'static str, &'static str),
}

/// A cell for each.
pub(super) struct Refuses {
    /// A registered callback that is plain http.
    pub(super) plain_http: Cell,
    /// A callback that is not registered.
    pub(super) redirect_uri: Cell,
    pub(super) secret: Cell,
    /// Right credentials in a place where they are not read, or none.
    pub(super) authentication: (Credentials, Cell),
    /// An exchange that does not say which format it accepts.
    pub(super) accept: Cell,
    /// A code that comes a second time.
    pub(super) reused: Cell,
    pub(super) verifier: Cell,
    /// The parameter that holds the scopes, and a value with one that nobody knows.
    pub(super) scope: ((&'static str, &'static str), Cell),
    pub(super) expired: Cell,
}

/// What a refusal looks like.
#[derive(Clone, Copy)]
pub(super) enum Cell {
    /// An answer with this status and these words; never a redirect.
    Says(u16, &'static str),
    /// Back to the app, with this error.
    Back(&'static str),
    /// The service has no such thing.
    Never(&'static str),
}

use Cell::{Back, Never, Says};

const BEARER: (&str, &str) = ("authorization", "Bearer {}");
const CODE: &[(&str, &str)] = &[("grant_type", "authorization_code")];
const ANY_FORMAT: Cell = Never("it answers in JSON, whatever is accepted");
const NO_PKCE: Cell = Never("it has no PKCE");
const NO_SCOPE: ((&str, &str), Cell) = (
    ("", ""),
    Never("what the app may do is set where it is registered"),
);

/// RFC 6749 with PKCE.
const STANDARD: Token = Token {
    path: "oauth/token",
    json: false,
    code: "code",
    fields: CODE,
    names_callback: true,
    pkce: true,
    credentials: Credentials::Body,
    access: "/access_token",
};

const ENTRA: Token = Token {
    path: "organizations/oauth2/v2.0/token",
    ..STANDARD
};
const ENTRA_REFUSES: Refuses = Refuses {
    // Its pages of errors are pages like others.
    plain_http: Says(200, "AADSTS50011"),
    redirect_uri: Says(200, "AADSTS50011"),
    secret: Says(401, "AADSTS7000215"),
    authentication: (Credentials::NoSecret, Says(401, "AADSTS7000218")),
    accept: ANY_FORMAT,
    reused: Says(400, "AADSTS54005"),
    verifier: Says(400, "AADSTS501481"),
    scope: (("scope", "openid Nothing.Read"), Back("invalid_scope")),
    expired: Says(401, "InvalidAuthenticationToken"),
};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "asana",
        authorize: "-/oauth_authorize",
        client: "client_id",
        callback: "redirect_uri",
        query: &[
            ("response_type", "code"),
            ("scope", "openid email profile users:read"),
        ],
        token: Some(Token {
            path: "-/oauth_token",
            ..STANDARD
        }),
        call: Call {
            path: "api/1.0/users/me",
            query: None,
            header: BEARER,
        },
        refuses: Refuses {
            plain_http: Says(400, "invalid_request: "),
            redirect_uri: Says(400, "invalid_request: "),
            secret: Says(400, "invalid_client"),
            authentication: (Credentials::Basic, Says(400, "invalid_client")),
            accept: ANY_FORMAT,
            reused: Says(400, "invalid_grant"),
            verifier: Says(400, "invalid_grant"),
            scope: (("scope", "openid everything"), Back("forbidden_scopes")),
            expired: Says(401, "The bearer token has expired."),
        },
    },
    Row {
        name: "azuredevops",
        authorize: "organizations/oauth2/v2.0/authorize",
        client: "client_id",
        callback: "redirect_uri",
        query: &[
            ("response_type", "code"),
            (
                "scope",
                "499b84ac-1321-427f-aa17-267ca6975798/.default offline_access",
            ),
        ],
        token: Some(ENTRA),
        call: Call {
            path: "api/_apis/profile/profiles/me",
            query: None,
            header: BEARER,
        },
        refuses: Refuses {
            // The page to sign in, with a status of success.
            expired: Says(203, "Sign In"),
            ..ENTRA_REFUSES
        },
    },
    Row {
        name: "bitbucket",
        authorize: "site/oauth2/authorize",
        client: "client_id",
        callback: "redirect_uri",
        query: &[("response_type", "code")],
        token: Some(Token {
            path: "site/oauth2/access_token",
            pkce: false,
            credentials: Credentials::Basic,
            ..STANDARD
        }),
        call: Call {
            path: "api/2.0/user",
            query: None,
            header: BEARER,
        },
        refuses: Refuses {
            plain_http: Says(400, "https"),
            redirect_uri: Says(400, "redirect"),
            secret: Says(400, "unauthorized_client"),
            authentication: (Credentials::Body, Says(400, "unauthorized_client")),
            accept: ANY_FORMAT,
            reused: Says(400, "The specified code is not valid."),
            verifier: NO_PKCE,
            scope: NO_SCOPE,
            expired: Says(401, "Access token expired."),
        },
    },
    Row {
        name: "github",
        authorize: "login/oauth/authorize",
        client: "client_id",
        callback: "redirect_uri",
        query: &[("scope", "repo user:email")],
        token: Some(Token {
            path: "login/oauth/access_token",
            fields: &[],
            ..STANDARD
        }),
        call: Call {
            path: "api/user",
            query: None,
            header: BEARER,
        },
        refuses: Refuses {
            plain_http: Says(400, "https"),
            redirect_uri: Back("redirect_uri_mismatch"),
            secret: Says(200, "incorrect_client_credentials"),
            authentication: (Credentials::NoSecret, Says(200, "incorrect_client_credentials")),
            // It is no JSON.
            accept: Says(200, "access_token=gh"),
            reused: Says(200, "bad_verification_code"),
            verifier: Says(200, "bad_verification_code"),
            scope: (("", ""), Never("scopes that nobody knows are left out")),
            expired: Says(401, "Bad credentials"),
        },
    },
    Row {
        name: "gitlab",
        authorize: "oauth/authorize",
        client: "client_id",
        callback: "redirect_uri",
        query: &[("response_type", "code"), ("scope", "api read_user")],
        token: Some(STANDARD),
        call: Call {
            path: "api/v4/user",
            query: None,
            header: BEARER,
        },
        refuses: Refuses {
            plain_http: Says(401, "redirect"),
            redirect_uri: Says(401, "redirect"),
            secret: Says(401, "invalid_client"),
            authentication: (Credentials::Nowhere, Says(401, "invalid_client")),
            accept: ANY_FORMAT,
            reused: Says(400, "invalid_grant"),
            verifier: Says(400, "invalid_grant"),
            scope: (("scope", "api everything"), Back("invalid_scope")),
            expired: Says(401, "invalid_token"),
        },
    },
    Row {
        name: "intercom",
        authorize: "oauth",
        client: "client_id",
        callback: "redirect_uri",
        query: &[],
        token: Some(Token {
            path: "api/auth/eagle/token",
            fields: &[],
            names_callback: false,
            pkce: false,
            ..STANDARD
        }),
        call: Call {
            path: "api/me",
            query: None,
            header: BEARER,
        },
        refuses: Refuses {
            plain_http: Says(400, "HTTPS"),
            redirect_uri: Says(400, "redirect_uri"),
            secret: Says(401, "unauthorized"),
            authentication: (Credentials::Basic, Says(401, "unauthorized")),
            accept: ANY_FORMAT,
            reused: Says(400, "parameter_invalid"),
            verifier: NO_PKCE,
            scope: NO_SCOPE,
            expired: Says(401, "Access Token Invalid"),
        },
    },
    Row {
        name: "jira",
        authorize: "authorize",
        client: "client_id",
        callback: "redirect_uri",
        query: &[
            ("audience", "api.atlassian.com"),
            ("response_type", "code"),
            ("prompt", "consent"),
            ("scope", "read:jira-user read:me offline_access"),
        ],
        token: Some(Token {
            json: true,
            pkce: false,
            ..STANDARD
        }),
        call: Call {
            path: "api/me",
            query: None,
            header: BEARER,
        },
        refuses: Refuses {
            plain_http: Says(400, "https"),
            redirect_uri: Says(400, "redirect_uri is not registered"),
            secret: Says(401, "access_denied"),
            authentication: (Credentials::Basic, Says(400, "Incorrect request parameters")),
            accept: ANY_FORMAT,
            reused: Says(400, "authorization_code is invalid"),
            verifier: NO_PKCE,
            scope: (("scope", "read:me everything"), Back("invalid_scope")),
            expired: Says(401, "Unauthorized"),
        },
    },
    Row {
        name: "linear",
        authorize: "oauth/authorize",
        client: "client_id",
        callback: "redirect_uri",
        query: &[("response_type", "code"), ("scope", "read,issues:create")],
        token: Some(Token {
            path: "api/oauth/token",
            ..STANDARD
        }),
        call: Call {
            path: "api/graphql",
            query: Some("{ viewer { id } }"),
            header: BEARER,
        },
        refuses: Refuses {
            plain_http: Says(400, "https"),
            redirect_uri: Says(400, "redirect"),
            secret: Says(401, "invalid_client"),
            // With a verifier the secret may be left out, and the id may not.
            authentication: (Credentials::Nowhere, Says(401, "invalid_client")),
            accept: ANY_FORMAT,
            reused: Says(400, "invalid_grant"),
            verifier: Says(400, "invalid_grant"),
            scope: (("scope", "read,everything"), Back("invalid_scope")),
            expired: Says(401, "AUTHENTICATION_ERROR"),
        },
    },
    Row {
        name: "msteams",
        authorize: "organizations/oauth2/v2.0/authorize",
        client: "client_id",
        callback: "redirect_uri",
        query: &[("response_type", "code"), ("scope", "User.Read offline_access")],
        token: Some(ENTRA),
        call: Call {
            path: "api/v1.0/me",
            query: None,
            header: BEARER,
        },
        refuses: ENTRA_REFUSES,
    },
    Row {
        name: "newrelic",
        authorize: "login",
        client: "client_id",
        callback: "return_to",
        query: &[
            ("response_mode", "code"),
            ("scheme", "codestream"),
            ("force_login", "true"),
        ],
        token: Some(Token {
            path: "api/v1/tokens",
            json: true,
            code: "auth_code",
            fields: &[],
            names_callback: false,
            pkce: false,
            access: "/id_token",
            ..STANDARD
        }),
        call: Call {
            path: "api/graphql",
            query: Some("{ actor { user { id } } }"),
            header: ("x-id-token", "{}"),
        },
        refuses: Refuses {
            plain_http: Says(400, "The return address is not allowed."),
            redirect_uri: Says(400, "The return address is not allowed."),
            secret: Says(401, "The request was refused."),
            authentication: (Credentials::Basic, Says(401, "The request was refused.")),
            accept: ANY_FORMAT,
            reused: Says(401, "The request was refused."),
            verifier: NO_PKCE,
            scope: NO_SCOPE,
            expired: Says(401, "BAD_API_KEY"),
        },
    },
    Row {
        name: "slack",
        authorize: "oauth/v2/authorize",
        client: "client_id",
        callback: "redirect_uri",
        query: &[
            ("scope", "channels:history"),
            ("user_scope", "channels:read,chat:write"),
        ],
        token: Some(Token {
            path: "api/oauth.v2.access",
            fields: &[],
            pkce: false,
            access: "/authed_user/access_token",
            ..STANDARD
        }),
        call: Call {
            path: "api/auth.test",
            query: None,
            header: BEARER,
        },
        refuses: Refuses {
            plain_http: Says(400, "https"),
            redirect_uri: Says(400, "redirect_uri"),
            secret: Says(200, "bad_client_secret"),
            authentication: (Credentials::NoSecret, Says(200, "bad_client_secret")),
            accept: ANY_FORMAT,
            reused: Says(200, "code_already_used"),
            verifier: Never("an app opts in to PKCE, and this one has not"),
            scope: (("user_scope", "channels:read,everything"), Says(400, "scope")),
            expired: Says(200, "token_expired"),
        },
    },
    Row {
        name: "trello",
        authorize: "1/authorize",
        client: "key",
        callback: "return_url",
        query: &[
            ("callback_method", "fragment"),
            ("response_type", "token"),
            ("expiration", "1hour"),
            ("name", "CodeStream"),
            ("scope", "read,write"),
        ],
        token: None,
        call: Call {
            path: "api/1/members/me",
            query: None,
            header: (
                "authorization",
                "OAuth oauth_consumer_key=\"an-app\", oauth_token=\"{}\"",
            ),
        },
        refuses: Refuses {
            plain_http: Says(400, "not one of the allowed origins"),
            redirect_uri: Says(400, "return_url"),
            secret: Never("nothing is exchanged"),
            authentication: (Credentials::Nowhere, Never("nothing is exchanged")),
            accept: Never("nothing is exchanged"),
            reused: Never("nothing is exchanged"),
            verifier: NO_PKCE,
            scope: (("scope", "read,everything"), Says(400, "scope")),
            expired: Says(401, "invalid token"),
        },
    },
];
