//! The me-object and the team object: what a user's own agents see of the user and of the user's teams.
//!
//! Pure. Refresh tokens have no place here: they never leave the server. The object is made of the same directives that
//! are published, so the two cannot drift apart.

use codestream_protocol::TeamId;
use codestream_protocol::directive::Directive;
use codestream_protocol::http::{self, MeObject, ProviderInfo, ProviderRow};
use serde_json::{Map, Value, json};

use crate::store::{Account, AccountKey, HostKey, StoreError, Team, TeamToken, TeamTokenKey, User};

/// The me-object of `user`, typed.
///
/// # Errors
/// What the store has is of a shape that this version does not know.
pub(crate) fn me_object(user: &User, accounts: &[Account]) -> Result<MeObject, StoreError> {
    serde_json::from_value(object(user, accounts)).map_err(|_| StoreError::Shape("user"))
}

/// A team, as its members see it, typed.
///
/// # Errors
/// As of [`me_object`].
pub(crate) fn team<'a>(
    team: &Team,
    hosts: impl Iterator<Item = &'a ProviderRow>,
    tokens: &[TeamToken],
) -> Result<http::Team, StoreError> {
    serde_json::from_value(team_object(team, hosts, tokens)).map_err(|_| StoreError::Shape("team"))
}

/// The same, as directives apply to it.
fn object(user: &User, accounts: &[Account]) -> Value {
    let mut object = json!({
        "id": user.id,
        "email": user.email,
        "username": user.username,
        "fullName": user.full_name,
        "isRegistered": true,
        "teamIds": user.team_ids,
        "companyIds": [],
        "providerInfo": {},
        "preferences": {},
    });
    for account in accounts {
        connected(account).apply(&mut object);
    }
    object["version"] = json!(user.version);
    object
}

/// The same, as directives apply to it.
fn team_object<'a>(team: &Team, hosts: impl Iterator<Item = &'a ProviderRow>, tokens: &[TeamToken]) -> Value {
    let mut object = json!({
        "id": team.id,
        "name": team.name,
        "memberIds": team.member_ids,
        "providerHosts": {},
        "serverProviderToken": {},
    });
    for row in hosts {
        host_added(&team.id, row).apply(&mut object);
    }
    for token in tokens {
        team_token(token).apply(&mut object);
    }
    object["version"] = json!(team.version);
    object
}

/// The team has a host, or what is known of it has changed.
pub(crate) fn host_added(team: &TeamId, row: &ProviderRow) -> Directive {
    let value = serde_json::to_value(row).unwrap_or_default();
    Directive::of(team.as_str()).set(format!("providerHosts.{}", row.id), value)
}

/// The team has the host no more.
pub(crate) fn host_removed(key: &HostKey) -> Directive {
    Directive::of(key.team_id.as_str()).unset(format!("providerHosts.{}", key.id))
}

/// The app itself is connected to one of the team's workspaces: never with what.
pub(crate) fn team_token(token: &TeamToken) -> Directive {
    let value = json!({ "connected": true, "since": token.since, "name": token.data.get("name") });
    Directive::of(token.key.team_id.as_str()).set(token_path(&token.key), value)
}

/// It is no more.
pub(crate) fn team_token_gone(key: &TeamTokenKey) -> Directive {
    Directive::of(key.team_id.as_str()).unset(token_path(key))
}

fn token_path(key: &TeamTokenKey) -> String {
    let host = key.host.as_ref().map(|host| format!(".hosts.{host}"));
    format!(
        "serverProviderToken.{}{}.multiple.{}",
        key.provider,
        host.unwrap_or_default(),
        starred(&key.workspace_id)
    )
}

/// A dot would make two keys of one.
fn starred(id: &str) -> String {
    id.replace('.', "*")
}

/// Where an account stands in the me-object: a dotted path.
pub(crate) fn path(key: &AccountKey) -> String {
    let mut path = format!("providerInfo.{}.{}", key.team_id, key.provider);
    if let Some(host) = &key.host {
        path.push_str(".hosts.");
        path.push_str(host.as_str());
    }
    if let Some(id) = &key.sub_id {
        path.push_str(".multiple.");
        path.push_str(&starred(id));
    }
    path
}

const FIELDS: &[&str] = &[
    "accessToken",
    "expiresAt",
    "isApiToken",
    "who",
    "since",
    "data",
    "tokenError",
];

/// The account is there, or has changed. Field by field, since hosts and workspaces stand beside the fields.
pub(crate) fn connected(account: &Account) -> Directive {
    let info = ProviderInfo {
        access_token: account.access_token.clone(),
        expires_at: account.expires_at,
        is_api_token: account.is_api_token,
        who: account.who.clone(),
        since: Some(account.since),
        data: account.data.clone(),
        token_error: account.token_error.clone(),
    };
    let mut fields = match serde_json::to_value(info) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let path = path(&account.key);
    FIELDS
        .iter()
        .fold(Directive::of(account.key.user_id.as_str()), |directive, field| {
            let at = format!("{path}.{field}");
            match fields.shift_remove(*field) {
                Some(value) => directive.set(at, value),
                None => directive.unset(at),
            }
        })
}

/// The account is gone; `alone` when no host and no workspace stands beside it.
pub(crate) fn disconnected(key: &AccountKey, alone: bool) -> Directive {
    let path = path(key);
    let directive = Directive::of(key.user_id.as_str());
    if alone {
        return directive.unset(path);
    }
    FIELDS.iter().fold(directive, |directive, field| {
        directive.unset(format!("{path}.{field}"))
    })
}

#[cfg(test)]
mod tests {
    use codestream_protocol::secret::{AccessToken, RefreshToken};
    use codestream_protocol::{ProviderId, TeamId, UnixMillis, UserId};

    use super::*;

    fn user() -> User {
        User {
            id: UserId::from_bytes([1; 12]),
            email: "ada@example.com".to_owned(),
            username: "ada".to_owned(),
            full_name: "Ada".to_owned(),
            version: 7,
            signed_up_with: None,
            team_ids: vec![TeamId::from_bytes([2; 12])],
        }
    }

    fn account(host: Option<&str>, sub_id: Option<&str>) -> Account {
        Account {
            key: AccountKey {
                user_id: UserId::from_bytes([1; 12]),
                team_id: TeamId::from_bytes([2; 12]),
                provider: "github".to_owned(),
                host: host.map(ProviderId::of_host),
                sub_id: sub_id.map(str::to_owned),
            },
            access_token: Some(AccessToken::new("gho_access")),
            refresh_token: Some(RefreshToken::new("ghr_refresh")),
            expires_at: Some(UnixMillis(5)),
            is_api_token: false,
            who: Some("octocat".to_owned()),
            subject: Some("583231".to_owned()),
            since: UnixMillis(3),
            data: Value::Null,
            token_error: None,
        }
    }

    #[test]
    fn accounts_stand_under_their_team_and_service() {
        let object = object(
            &user(),
            &[account(None, None), account(Some("git.example.com"), None)],
        );
        let github = &object["providerInfo"]["02".repeat(12)]["github"];
        assert_eq!(github["accessToken"], "gho_access");
        assert_eq!(github["who"], "octocat");
        assert_eq!(github["hosts"]["git*example*com"]["accessToken"], "gho_access");
        assert_eq!(object["version"], 7);
    }

    #[test]
    fn no_refresh_token_is_in_the_object() {
        let object = object(&user(), &[account(None, None)]).to_string();
        assert!(!object.contains("refresh"), "{object}");
    }

    #[test]
    fn an_account_that_goes_leaves_the_one_beside_it() {
        let mut object = object(&user(), &[account(None, None), account(None, Some("T.1"))]);
        disconnected(&account(None, None).key, false).apply(&mut object);
        let github = &object["providerInfo"]["02".repeat(12)]["github"];
        assert_eq!(github.get("accessToken"), None);
        assert_eq!(github["multiple"]["T*1"]["accessToken"], "gho_access");
    }

    #[test]
    fn the_last_account_of_a_service_leaves_nothing() {
        let mut object = object(&user(), &[account(None, None)]);
        disconnected(&account(None, None).key, true).apply(&mut object);
        assert_eq!(object["providerInfo"]["02".repeat(12)].get("github"), None);
    }
}
