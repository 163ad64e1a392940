//! Where a user's accounts stand in the me-object, and how they are listed. Pure.

use codestream_protocol::TeamId;
use codestream_protocol::http::{ProviderInfo, ProviderRow};
use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::request::{Account, ProviderSummary};
use codestream_protocol::lsp::view::safe;
use codestream_protocol::text::{Limit, shown};
use serde::Deserialize;
use serde_json::Value;

use crate::error::Failure;
use crate::thirdparty::{Service, service};

/// Names one account of the user in the team that is worked in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct AccountKey {
    /// The service's lower-case name.
    pub(crate) provider: String,
    /// A self-hosted service's host.
    pub(crate) host: Option<String>,
    /// One workspace of several.
    pub(crate) sub_id: Option<String>,
}

/// `providerInfo.<team>.<provider>`; an account of before teams stands at `providerInfo.<provider>`. A self-hosted service
/// is below that in `hosts.<id>`, workspaces in `multiple.<id>`.
pub(crate) fn accounts(user: &Value, team_id: &TeamId, row: &ProviderRow) -> Vec<(AccountKey, ProviderInfo)> {
    let all = &user["providerInfo"];
    let mut at = match &all[team_id.as_str()][&row.name] {
        Value::Null => &all[&row.name],
        own => own,
    };
    let host = row.is_enterprise.then(|| row.host.clone());
    if row.is_enterprise {
        at = &at["hosts"][row.id.as_str()];
    }
    let key = |sub_id: Option<String>| AccountKey {
        provider: row.name.clone(),
        host: host.clone(),
        sub_id,
    };
    let alone = std::iter::once((key(None), at));
    let workspaces = at["multiple"].as_object().into_iter().flatten();
    let workspaces = workspaces.map(|(id, value)| (key(Some(id.clone())), value));
    alone
        .chain(workspaces)
        .filter_map(|(key, value)| Some((key, info(value)?)))
        .collect()
}

/// An account; an object with neither a token nor the reason for its loss is none.
fn info(value: &Value) -> Option<ProviderInfo> {
    let info: ProviderInfo = serde_json::from_value(value.clone()).ok()?;
    (info.access_token.is_some() || info.token_error.is_some()).then_some(info)
}

/// The account that is meant: the named workspace, else the first that works.
///
/// # Errors
/// There is none.
pub(crate) fn chosen(
    accounts: Vec<(AccountKey, ProviderInfo)>,
    provider_team_id: Option<&str>,
    row: &ProviderRow,
) -> Result<(AccountKey, ProviderInfo), Failure> {
    let fits = |key: &AccountKey, info: &ProviderInfo, id: &str| {
        key.sub_id.as_deref() == Some(id) || workspaces(info).iter().any(|one| one.id == id)
    };
    let mut fitting: Vec<_> = accounts
        .into_iter()
        .filter(|(key, info)| provider_team_id.is_none_or(|id| fits(key, info, id)))
        .collect();
    let works = |(_, info): &(AccountKey, ProviderInfo)| info.access_token.is_some();
    let at = fitting.iter().position(works).unwrap_or(0);
    if fitting.is_empty() {
        let message = format!("You are not connected to {}. Connect first.", row.display_name);
        return Err(Failure::new(ErrorKind::TokenRevoked, message).of_provider(&row.name));
    }
    Ok(fitting.swap_remove(at))
}

/// A workspace, site or tenant, as the server keeps it among an account's data.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Workspace {
    id: String,
    name: String,
}

/// The workspaces that an account's one token is good for.
fn workspaces(info: &ProviderInfo) -> Vec<Workspace> {
    let all = info.data.get("workspaces").cloned().unwrap_or_default();
    serde_json::from_value(all).unwrap_or_default()
}

/// The rows of an account: one for each workspace, each with the workspace's name.
fn rows(key: &AccountKey, info: &ProviderInfo, who: Option<&str>) -> Vec<(Account, Option<String>)> {
    let row = |provider_team_id: Option<String>| Account {
        who: shown(info.who.as_deref().or(who).unwrap_or_default(), Limit::NAME),
        since: info.since.unwrap_or_default(),
        expires_at: info.expires_at,
        provider_team_id,
        error: (info.token_error.as_ref()).map(|error| shown(&error.error, Limit::MESSAGE)),
    };
    let several = workspaces(info);
    if several.is_empty() {
        let name = info.data.pointer("/workspace/name").and_then(Value::as_str);
        return vec![(row(key.sub_id.clone()), name.map(str::to_owned))];
    }
    several
        .into_iter()
        .map(|one| (row(Some(one.id)), Some(one.name)))
        .collect()
}

/// Tells rows apart: where there are several, each says also which workspace it is.
fn told_apart(rows: Vec<(Account, Option<String>)>) -> Vec<Account> {
    let several = rows.len() > 1;
    rows.into_iter()
        .map(|(mut account, place)| {
            if let Some(place) = place.filter(|_| several) {
                account.who = format!("{} ({})", account.who, shown(&place, Limit::NAME));
            }
            account
        })
        .collect()
}

/// A row of `codestream/provider/list`.
pub(crate) fn summary(
    row: &ProviderRow,
    accounts: &[(AccountKey, ProviderInfo)],
    who: impl Fn(&AccountKey) -> Option<String>,
) -> ProviderSummary {
    let works = |info: &ProviderInfo| info.access_token.is_some() && info.token_error.is_none();
    let row = &safe(row.clone());
    ProviderSummary {
        provider_id: row.id.clone(),
        name: row.name.clone(),
        display_name: row.display_name.clone(),
        host: row.host.clone(),
        connected: accounts.iter().any(|(_, info)| works(info)),
        can_sign_up: row.can_sign_up,
        can_use_token: row.supports_oauth_or_pat,
        token_fields: if row.supports_oauth_or_pat && !row.is_enterprise {
            service(&row.name).map_or_else(Vec::new, Service::token_fields)
        } else {
            Vec::new()
        },
        token_only: row.token_only,
        added: row.is_enterprise,
        can_add_host: row.for_enterprise,
        redirect_uri: row.redirect_uri.clone(),
        re_add: row.re_add,
        api_base: row.api_base.clone(),
        scopes: row.scopes.clone(),
        accounts: told_apart(
            accounts
                .iter()
                .flat_map(|(key, info)| rows(key, info, who(key).as_deref()))
                .collect(),
        ),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use codestream_protocol::ProviderId;
    use serde_json::json;

    pub(crate) fn row(host: &str, name: &str) -> ProviderRow {
        serde_json::from_value(json!({
            "id": ProviderId::of_host(host), "name": name, "displayName": name, "host": host,
            "apiBase": format!("https://api.{host}/"), "canSignUp": true,
        }))
        .expect("a row")
    }

    fn team() -> TeamId {
        TeamId::from_bytes([2; 12])
    }

    #[test]
    fn an_account_stands_under_its_team_or_where_it_was_before_teams() {
        let github = row("github.com", "github");
        let in_team = json!({"providerInfo": {team().as_str(): {"github": {"accessToken": "t"}}, "github": {"accessToken": "old"}}});
        let found = accounts(&in_team, &team(), &github);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].1.access_token.as_ref().expect("a token").expose(), "t");
        let before = json!({"providerInfo": {"github": {"accessToken": "old"}}});
        assert_eq!(accounts(&before, &team(), &github).len(), 1);
        for nothing in [
            json!({}),
            json!(null),
            json!({"providerInfo": {team().as_str(): {"github": {"data": {}}}}}),
        ] {
            assert!(accounts(&nothing, &team(), &github).is_empty(), "{nothing}");
        }
    }

    #[test]
    fn sites_that_share_a_token_have_a_row_each() {
        let jira = row("auth.atlassian.com", "jira");
        let sites =
            json!([{"id": "1", "name": "acme", "url": "https://acme.test"}, {"id": "2", "name": "umbrella"}]);
        let user = |sites: Value| {
            json!({"providerInfo": {team().as_str(): {"jira": {
                "accessToken": "a", "who": "mona", "data": {"workspaces": sites},
            }}}})
        };
        let found = accounts(&user(sites), &team(), &jira);
        assert_eq!(found.len(), 1);
        let told = |found: &[(AccountKey, ProviderInfo)]| -> Vec<_> {
            let accounts = summary(&jira, found, |_| None).accounts;
            let told = accounts.into_iter().map(|one| (one.who, one.provider_team_id));
            told.collect()
        };
        let expected = [("mona (acme)", "1"), ("mona (umbrella)", "2")]
            .map(|(who, id)| (who.to_owned(), Some(id.to_owned())));
        assert_eq!(told(&found), expected);
        let (key, _) = chosen(found.clone(), Some("2"), &jira).expect("a site");
        assert_eq!(key.sub_id, None);
        assert!(chosen(found, Some("3"), &jira).is_err());
        let one = accounts(&user(json!([{"id": "1", "name": "acme"}])), &team(), &jira);
        assert_eq!(told(&one), [("mona".to_owned(), Some("1".to_owned()))]);
    }

    #[test]
    fn workspaces_and_hosts_stand_side_by_side() {
        let slack = row("slack.com", "slack");
        let user = json!({"providerInfo": {team().as_str(): {"slack": {"multiple": {
            "T1": {"accessToken": "a"}, "T2": {"tokenError": {"error": "gone", "occurredAt": 1}},
        }}}}});
        let found = accounts(&user, &team(), &slack);
        let ids: Vec<_> = found.iter().map(|(key, _)| key.sub_id.as_deref()).collect();
        assert_eq!(ids, [Some("T1"), Some("T2")]);
        let summary = summary(&slack, &found, |_| None);
        assert!(summary.connected);
        assert_eq!(summary.accounts[1].error.as_deref(), Some("gone"));
        let (key, _) = chosen(found.clone(), Some("T2"), &slack).expect("named");
        assert_eq!(key.sub_id.as_deref(), Some("T2"));
        assert!(chosen(found, Some("T3"), &slack).is_err());

        let mut own = row("git.example.com", "github");
        own.is_enterprise = true;
        let user = json!({"providerInfo": {team().as_str(): {"github": {"hosts": {"git*example*com": {"accessToken": "a"}}}}}});
        let found = accounts(&user, &team(), &own);
        assert_eq!(found[0].0.host.as_deref(), Some("git.example.com"));
    }
}
