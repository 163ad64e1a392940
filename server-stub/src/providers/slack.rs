//! Slack: the user's token for the user, the app's own for the team, and Sign in with Slack for who somebody is.
//! <https://docs.slack.dev/authentication/installing-with-oauth>

mod actions;
mod events;
mod follow_up;
mod readers;
mod signature;

use async_trait::async_trait;
use codestream_protocol::UnixMillis;
use codestream_protocol::http::Revoked;
use codestream_protocol::secret::{AccessToken, RefreshToken};
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{self, CallError, Reply};
use super::description::{Answer, Description, Endpoint, Issuer, Offer, OwnToken, Register};
use super::inbound::{Desk, Heard, Letter, Told, Unheard, WorkError};
use super::person::{Email, Person, Place, Workspace};
use super::service::{self, Ask, Caller, Grant, Held, OAuthApp, Purpose, Service};
use super::token::{self, Bot, OAuthErrorCode, TokenError, Tokens, seconds};

pub(crate) use signature::sign;

/// slack.com, one workspace an account.
#[derive(Debug)]
pub(crate) struct Slack;

const TOKEN: Endpoint = Endpoint::Api("oauth.v2.access");

static DESCRIPTION: Description = Description {
    name: "slack",
    display_name: "Slack",
    host: "slack.com",
    web: "https://slack.com/",
    api: "https://slack.com/api/",
    profile: None,
    regions: &[],
    api_path: "",
    authorize: "oauth/v2/authorize",
    answer: Answer::Code {
        token: TOKEN,
        // Opt-in for each app, and once in for good.
        pkce: false,
        issuer: Issuer::Undocumented,
    },
    scopes: &[
        ("channels:read", "list the public channels that you can share to"),
        ("groups:read", "list your private channels"),
        ("im:read", "list your direct messages"),
        ("mpim:read", "list your group messages"),
        ("chat:write", "post what you share, as you"),
        ("users:read", "show who wrote a message"),
    ],
    app_scopes: &[
        (
            "channels:history",
            "bring replies in shared threads back to your IDE",
        ),
        (
            "groups:history",
            "the same in private channels that the app is in",
        ),
    ],
    scope_separator: ",",
    can_sign_up: true,
    own_token: OwnToken::None,
    self_hosted: None,
    offers: &[Offer::Sharing],
    manual_url: "https://slack.com/apps/manage",
    register: Register {
        console: "https://api.slack.com/apps",
        steps: &[
            "Create an app from scratch. One app serves one environment.",
            "Under *OAuth & Permissions* add the redirect URL `{callback}`, which must be https.",
            "Add the user token scopes and the bot token scopes below, and `openid`, `email` and `profile` to the user token scopes for signing in.",
            "Leave PKCE off: once it is on it stays on, and the server sends none.",
            "Under *Manage Distribution* make the app public for other workspaces than your own.",
        ],
    },
    limits: "Tokens do not expire unless token rotation is on; then they are good for 12 hours and are refreshed. Workspaces may let administrators alone approve apps: Slack's page says so, and nothing comes back. Apps that are not in the Slack Marketplace may read the history of channels once a minute only.",
};

/// Sign in with Slack has scopes of its own, which cannot be asked for beside others.
const IDENTITY: &str = "openid email profile";

#[derive(Deserialize)]
struct Team {
    id: String,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Whose {
    access_token: Option<String>,
    refresh_token: Option<String>,
    expires_in: Option<Value>,
}

/// `oauth.v2.access`: the app's own token at the top, the user's within; of a refresh the one that was asked for at the top.
#[derive(Deserialize)]
struct Installed {
    access_token: Option<String>,
    refresh_token: Option<String>,
    expires_in: Option<Value>,
    bot_user_id: Option<String>,
    team: Option<Team>,
    authed_user: Option<Whose>,
}

#[derive(Deserialize)]
struct Tested {
    user_id: String,
    user: String,
    team_id: String,
    team: String,
    url: Option<String>,
}

/// Refusals have status 200 and `ok: false`.
fn refused(reply: &Reply) -> Option<OAuthErrorCode> {
    let body: Value = serde_json::from_slice(&reply.body).ok()?;
    (body.get("ok")? == false).then(|| OAuthErrorCode::of(body["error"].as_str().unwrap_or_default()))
}

fn tokens(reply: &Reply) -> Result<Tokens, TokenError> {
    // What decides nothing is told first: no answer, an overload, an error.
    let read = token::read(reply);
    if let Err(error @ TokenError::Refused(_)) = read {
        return Err(error);
    }
    let installed: Installed = reply.json()?;
    let of_user = installed
        .authed_user
        .as_ref()
        .and_then(|user| user.access_token.as_deref());
    let Some(access) = of_user else {
        // Sign in with Slack, a refresh, or an app that asked for nothing of the user's.
        return read;
    };
    let user = installed.authed_user.as_ref();
    let bot = match (&installed.access_token, &installed.team) {
        (Some(access), Some(team)) => Some(Bot {
            workspace_id: team.id.clone(),
            access: AccessToken::new(access),
            refresh: installed.refresh_token.as_deref().map(RefreshToken::new),
            expires_in: seconds(installed.expires_in.as_ref()),
            data: json!({ "botUserId": installed.bot_user_id, "name": team.name }),
        }),
        _ => None,
    };
    Ok(Tokens {
        refresh: user
            .and_then(|user| user.refresh_token.as_deref())
            .map(RefreshToken::new),
        expires_in: seconds(user.and_then(|user| user.expires_in.as_ref())),
        bot,
        ..Tokens::alone(AccessToken::new(access))
    })
}

/// The claims of Sign in with Slack.
fn of_claims(claims: &Value) -> Option<Person> {
    let text = |key: &str| claims.get(key)?.as_str().filter(|text| !text.is_empty());
    let (team, user) = (
        text("https://slack.com/team_id")?,
        text("https://slack.com/user_id")?,
    );
    Some(Person {
        subject: events::subject(team, user),
        login: text("email").or_else(|| text("name")).unwrap_or(user).to_owned(),
        name: text("name").map(str::to_owned),
        place: Place::Only(Workspace {
            id: team.to_owned(),
            name: text("https://slack.com/team_name").unwrap_or(team).to_owned(),
            url: None,
        }),
    })
}

#[async_trait]
impl Service for Slack {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn authorize_at(&self, purpose: Purpose) -> Endpoint {
        Endpoint::Web(match purpose {
            Purpose::Connect => DESCRIPTION.authorize,
            Purpose::SignIn => "openid/connect/authorize",
        })
    }

    /// `scope` is what the app itself may, `user_scope` what it may as the user.
    fn authorize(&self, app: &OAuthApp, ask: &Ask<'_>) -> Vec<(&'static str, String)> {
        let mut query = vec![
            ("client_id", app.client_id.clone()),
            ("redirect_uri", ask.redirect_uri.to_string()),
            ("state", ask.state.to_owned()),
        ];
        match ask.purpose {
            Purpose::Connect => query.extend([
                ("scope", service::app_scope(&DESCRIPTION)),
                ("user_scope", service::scope(&DESCRIPTION)),
            ]),
            Purpose::SignIn => query.extend([
                ("response_type", "code".to_owned()),
                ("scope", IDENTITY.to_owned()),
            ]),
        }
        query
    }

    /// With HTTP Basic, which the documentation prefers.
    async fn tokens(&self, caller: Caller<'_>, grant: Grant<'_>) -> Result<Tokens, TokenError> {
        let endpoint = match grant {
            Grant::Code {
                purpose: Purpose::SignIn,
                ..
            } => Endpoint::Api("openid.connect.token"),
            Grant::Code { .. } | Grant::Refresh(_) => TOKEN,
        };
        let request = caller
            .http
            .post(caller.bases.at(endpoint))
            .header("Authorization", caller.basic())
            .form(&service::grant_form(&grant));
        tokens(&call::send(request).await?)
    }

    async fn person(&self, caller: Caller<'_>, held: Held<'_>) -> Result<Person, CallError> {
        if let Some(person) = held.claims.and_then(of_claims) {
            return Ok(person);
        }
        let request = caller
            .http
            .post(caller.api("auth.test"))
            .bearer_auth(held.access.expose());
        let reply = call::send(request).await?;
        if refused(&reply).is_some() {
            return Err(CallError::Refused(401));
        }
        let tested: Tested = reply.json()?;
        Ok(Person {
            subject: events::subject(&tested.team_id, &tested.user_id),
            login: tested.user,
            name: None,
            place: Place::Only(Workspace {
                id: tested.team_id,
                name: tested.team,
                url: tested.url,
            }),
        })
    }

    async fn email(&self, _: Caller<'_>, held: Held<'_>) -> Result<Email, CallError> {
        let claim = |key: &str| held.claims.and_then(|claims| claims.get(key));
        Ok(match claim("email").and_then(Value::as_str) {
            Some(email) if claim("email_verified") == Some(&Value::Bool(true)) => {
                Email::Verified(email.to_lowercase())
            }
            Some(_) => Email::Unverified,
            None => Email::Missing,
        })
    }

    async fn revoke(&self, caller: Caller<'_>, held: Held<'_>) -> Revoked {
        let request = caller
            .http
            .post(caller.api("auth.revoke"))
            .bearer_auth(held.access.expose());
        match call::send(request).await {
            Ok(reply) if (200..300).contains(&reply.status) => match refused(&reply) {
                None => Revoked::Yes,
                // There is no such token any more.
                Some(code) if matches!(code.as_str(), "invalid_auth" | "token_revoked" | "token_expired") => {
                    Revoked::Yes
                }
                Some(_) => Revoked::Failed,
            },
            Ok(_) | Err(_) => Revoked::Failed,
        }
    }

    /// What Sign in with Slack gives can call nothing else.
    fn sign_in_connects(&self) -> bool {
        false
    }

    fn needs_approval(&self, error: &OAuthErrorCode, _: &str) -> bool {
        matches!(error.as_str(), "unapproved_scope" | "admin_approval_required")
    }

    fn actions(&self) -> &'static [&'static str] {
        actions::ALL
    }

    fn signs_calls(&self) -> bool {
        true
    }

    async fn hear(&self, caller: Caller<'_>, letter: &Letter<'_>) -> Result<Heard, Unheard> {
        actions::hear(caller.app.signing_secret.as_ref(), letter)
    }

    async fn work(
        &self,
        caller: Caller<'_>,
        desk: &dyn Desk,
        letter: &Value,
        at: UnixMillis,
    ) -> Result<Vec<Told>, WorkError> {
        actions::work(caller, desk, letter, at).await
    }

    async fn follow_up(&self, caller: Caller<'_>, letter: &Value, told: bool) -> Result<(), CallError> {
        follow_up::send(caller, letter, told).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &Value) -> Result<Tokens, TokenError> {
        tokens(&Reply {
            status: 200,
            sent_at: None,
            body: body.to_string().into_bytes(),
        })
    }

    #[test]
    fn an_installation_gives_the_users_token_and_the_apps_own() {
        let body = json!({
            "ok": true, "access_token": "xoxb-1", "token_type": "bot", "bot_user_id": "B1",
            "team": {"id": "T1", "name": "acme"}, "authed_user": {"id": "U1", "access_token": "xoxp-1", "token_type": "user"},
        });
        let tokens = read(&body).expect("tokens");
        assert_eq!(tokens.access.expose(), "xoxp-1");
        let bot = tokens.bot.expect("the app's own");
        assert_eq!((bot.workspace_id.as_str(), bot.access.expose()), ("T1", "xoxb-1"));
    }

    #[test]
    fn a_refresh_gives_the_token_that_was_asked_for() {
        let body = json!({"ok": true, "access_token": "xoxe.xoxp-2", "refresh_token": "xoxe-1-2", "expires_in": 43200});
        let tokens = read(&body).expect("tokens");
        assert_eq!(
            (tokens.access.expose(), tokens.expires_in),
            ("xoxe.xoxp-2", Some(43200))
        );
        assert!(tokens.bot.is_none());
    }

    #[test]
    fn a_refusal_has_status_200() {
        let refused = read(&json!({"ok": false, "error": "invalid_refresh_token"}));
        assert!(matches!(refused, Err(TokenError::Refused(code)) if code.ends_the_grant()));
    }
}
