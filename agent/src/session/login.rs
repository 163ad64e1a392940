//! A login: whose session it is, their me-object, their teams and the services. Pure but for the channel that lives with it.

use std::collections::BTreeMap;

use codestream_protocol::directive::{Applied, Directive};
use codestream_protocol::http::{LoginResponse, ProviderInfo, ProviderRow, SignupStatus, Team};
use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::notification::{DidLogin, LoginSession};
use codestream_protocol::lsp::request::{ProviderSummary, SessionInfo, SignedIn};
use codestream_protocol::lsp::view::{ViewLogin, ViewTeam, ViewUser};
use codestream_protocol::text::{Limit, shown};
use codestream_protocol::{TeamId, UnixMillis, UserId};
use serde_json::Value;

use crate::api::ServerUrl;
use crate::attempt::driver::not_there;
use crate::channel::ChannelConfig;
use crate::error::Failure;
use crate::session::accounts::{self, AccountKey};

/// Everything known about who is signed in.
pub(crate) struct Login {
    /// The API's login data, but for the user and their teams.
    pub(crate) data: LoginResponse,
    /// The me-object as it now stands, as directives apply to it.
    user: Value,
    /// The teams as they now stand.
    teams: Vec<Value>,
    pub(crate) user_id: UserId,
    pub(crate) email: String,
    team_id: Option<TeamId>,
    /// Who accounts belong to, as the third parties themselves said.
    pub(crate) people: BTreeMap<AccountKey, String>,
    /// A fetch of the me-object is under way.
    pub(crate) fetching: bool,
}

impl Login {
    /// Takes login data. `wanted` is the team of the settings.
    pub(crate) fn of(data: LoginResponse, wanted: Option<TeamId>) -> Self {
        let user_id = data.user.id.clone();
        let email = shown(&data.user.email, Limit::ADDRESS);
        let team_id = wanted
            .or_else(|| data.team_id.clone())
            .or_else(|| data.teams.first().map(|team| team.id.clone()));
        let user = data.user.clone().into_value();
        let teams = data.teams.iter().cloned().map(Team::into_value).collect();
        let mut login = Self {
            user_id,
            email,
            team_id,
            user,
            teams,
            people: BTreeMap::new(),
            fetching: false,
            data,
        };
        login.take_hosts();
        login
    }

    /// The team to work in.
    ///
    /// # Errors
    /// There is none, or the user is not in it.
    pub(crate) fn team(&self) -> Result<&TeamId, Failure> {
        let member = |team: &&TeamId| self.team_ids().contains(team);
        self.team_id.as_ref().filter(member).ok_or_else(|| {
            let message = match &self.team_id {
                Some(_) => {
                    "You are not a member of the team in the setting `teamId`. Leave it empty, or ask to be invited."
                }
                None => "You are in no team yet. Ask to be invited, or sign up to make one.",
            };
            Failure::new(ErrorKind::NoTeam, message)
        })
    }

    /// As `codestream/status` tells it.
    pub(crate) fn info(&self) -> SessionInfo {
        SessionInfo {
            user_id: self.user_id.clone(),
            email: self.email.clone(),
            team_id: self.team_id.clone(),
        }
    }

    /// As the plugin is told: with the session token.
    pub(crate) fn told(&self, server: &ServerUrl) -> DidLogin {
        DidLogin {
            session: LoginSession {
                user_id: self.user_id.clone(),
                email: self.email.clone(),
                team_id: self.team_id.clone(),
                token: self.data.access_token.clone(),
                server_url: server.as_str().to_owned(),
            },
            signup_status: self.data.signup_status.unwrap_or(SignupStatus::SignedIn),
        }
    }

    /// What the me-channel needs.
    pub(crate) fn channel(&self) -> ChannelConfig {
        ChannelConfig {
            socket_cluster: self.data.socket_cluster.clone(),
            broadcaster_token: self.data.broadcaster_token.clone(),
            user_id: self.user_id.clone(),
            team_ids: self.team_ids(),
            since: None,
        }
    }

    /// A service, by id or by name; of several of one name the one that everybody has.
    ///
    /// # Errors
    /// The server does not have it.
    pub(crate) fn row(&self, provider: &str) -> Result<&ProviderRow, Failure> {
        let rows = || self.data.providers.values();
        rows()
            .find(|row| row.id.as_str() == provider)
            .or_else(|| rows().find(|row| row.name == provider && !row.is_enterprise))
            .ok_or_else(|| not_there(provider))
    }

    /// The user's accounts at a service.
    pub(crate) fn accounts(&self, row: &ProviderRow) -> Vec<(AccountKey, ProviderInfo)> {
        match &self.team_id {
            Some(team_id) => accounts::accounts(&self.user, team_id, row),
            None => Vec::new(),
        }
    }

    /// Since when a service is connected, in the server's time.
    pub(crate) fn since(&self, row: &ProviderRow) -> Option<UnixMillis> {
        let accounts = self.accounts(row);
        accounts.iter().filter_map(|(_, info)| info.since).max()
    }

    /// Every account of the user.
    pub(crate) fn all_accounts(&self) -> Vec<(AccountKey, ProviderInfo)> {
        let rows = self.data.providers.values();
        rows.flat_map(|row| self.accounts(row)).collect()
    }

    /// The account of that name, as it now stands.
    pub(crate) fn account(&self, key: &AccountKey) -> Option<ProviderInfo> {
        let mut all = self.all_accounts().into_iter();
        all.find(|(one, _)| one == key).map(|(_, info)| info)
    }

    /// The rows of `codestream/provider/list`.
    pub(crate) fn summaries(&self) -> Vec<ProviderSummary> {
        let who = |key: &AccountKey| self.people.get(key).cloned();
        let rows = self.data.providers.values();
        sorted(rows.map(|row| accounts::summary(row, &self.accounts(row), who)))
    }

    /// The user, as a view may know them.
    pub(crate) fn view_of_user(&self) -> Option<ViewUser> {
        ViewUser::of(&self.user)
    }

    /// The teams, as a view may know them.
    pub(crate) fn view_of_teams(&self) -> Vec<ViewTeam> {
        ViewTeam::all(&self.teams)
    }

    /// The answer to a login by hand.
    pub(crate) fn signed_in(&self) -> SignedIn {
        SignedIn {
            login_response: ViewLogin::of(&self.data, &self.user, &self.teams),
            state: self.info(),
        }
    }

    /// Takes the teams and services anew.
    pub(crate) fn replace_teams(&mut self, new: LoginResponse) {
        self.teams = new.teams.into_iter().map(Team::into_value).collect();
        self.data.providers = new.providers;
        self.take_hosts();
    }

    fn team_ids(&self) -> Vec<TeamId> {
        let ids = self.teams.iter();
        ids.filter_map(|team| team.get("id")?.as_str()?.parse().ok())
            .collect()
    }

    /// Applies a change of the me-object.
    pub(crate) fn apply(&mut self, change: &Directive) -> Applied {
        if change.id != self.user_id.as_str() {
            return Applied::AlreadyThere;
        }
        let applied = change.apply(&mut self.user);
        if applied == Applied::Changed {
            self.forget_the_gone();
        }
        applied
    }

    /// Takes the me-object anew; `false` when what is known is newer.
    pub(crate) fn replace_user(&mut self, user: Value) -> bool {
        let version = |user: &Value| user.get("version").and_then(Value::as_i64).unwrap_or(0);
        let same = user.get("id").and_then(Value::as_str) == Some(self.user_id.as_str());
        if !same || version(&user) < version(&self.user) {
            return false;
        }
        self.user = user;
        self.forget_the_gone();
        true
    }

    /// Applies a change of a team; `None` when it is not one of the user's.
    pub(crate) fn apply_to_team(&mut self, change: &Directive) -> Option<Applied> {
        let team = self
            .teams
            .iter_mut()
            .find(|team| team.get("id").and_then(Value::as_str) == Some(change.id.as_str()))?;
        let applied = change.apply(team);
        if applied == Applied::Changed {
            self.take_hosts();
        }
        Some(applied)
    }

    /// The services with those that the team in use hosts itself: its object knows best, since its changes are told.
    fn take_hosts(&mut self) {
        let of_team = |team: &&Value| {
            let id = team.get("id").and_then(Value::as_str);
            id.is_some() && id == self.team_id.as_ref().map(TeamId::as_str)
        };
        let team = self.teams.iter().find(of_team);
        let hosts = team.and_then(|team| team.get("providerHosts")?.as_object());
        let rows: Vec<ProviderRow> = hosts
            .into_iter()
            .flat_map(|hosts| hosts.values())
            .filter_map(|row| serde_json::from_value(row.clone()).ok())
            .collect();
        self.data.providers.retain(|_, row| !row.is_enterprise);
        for row in rows.into_iter().filter(|row| row.is_enterprise) {
            self.data.providers.entry(row.id.clone()).or_insert(row);
        }
    }

    /// A name belongs to a connection: another account may be connected next.
    fn forget_the_gone(&mut self) {
        let accounts = self.all_accounts();
        self.people
            .retain(|key, _| accounts.iter().any(|(one, _)| one == key));
    }
}

/// Rows in the order of their names.
pub(crate) fn sorted(rows: impl Iterator<Item = ProviderSummary>) -> Vec<ProviderSummary> {
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by(|a, b| (&a.name, &a.provider_id).cmp(&(&b.name, &b.provider_id)));
    rows
}
