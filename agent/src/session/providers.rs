//! The list of services, and what is changed about one: disconnecting it, giving it a token by hand.

use codestream_protocol::http::{Deauth, ProviderInfo, SetInfo, SetToken, UserChange};
use codestream_protocol::lsp::request::{ConfigureParams, Disconnected, ProviderList, ProviderParams};
use codestream_protocol::secret::AccessToken;
use serde_json::{Map, Value};

use crate::error::AgentError;
use crate::session::accounts::{chosen, summary};
use crate::session::actor::{Actor, Phase, answer};
use crate::session::inbox::{Input, Reply};
use crate::session::login::sorted;

impl Actor {
    /// `codestream/provider/list`: before there is a session, what the server offers to everybody.
    pub(crate) fn providers(&mut self, reply: Reply<ProviderList>) {
        if let Phase::In(login) = &self.phase {
            let providers = login.summaries();
            return answer(reply, Ok(ProviderList { providers }));
        }
        let api = match self.api() {
            Ok(api) => api,
            Err(error) => return answer(reply, Err(error)),
        };
        self.spawn(async move |_| {
            let list = api.capabilities().await.map(|can| ProviderList {
                providers: sorted(can.providers.values().map(|row| summary(row, &[], |_| None))),
            });
            answer(reply, list.map_err(Into::into));
        });
    }

    /// `codestream/provider/disconnect`.
    pub(crate) fn disconnect(&mut self, params: &ProviderParams, reply: Reply<Disconnected>) {
        let begun = self.login().and_then(|login| {
            let row = login.row(&params.provider_id)?.clone();
            let team_id = login.team()?.clone();
            let (key, _) = chosen(login.accounts(&row), params.provider_team_id.as_deref(), &row)?;
            Ok((row, team_id, key, login.data.access_token.clone()))
        });
        let (api, (row, team_id, key, session)) = match self.api().and_then(|api| Ok((api, begun?))) {
            Ok(begun) => begun,
            Err(error) => return answer(reply, Err(error)),
        };
        let epoch = self.epoch;
        self.spawn(async move |work| {
            let body = Deauth {
                team_id,
                host: key.host,
                sub_id: key.sub_id,
            };
            let done = work.heed(epoch, api.deauth(&session, &row.name, &body).await);
            let result = done.map(|done| {
                let change = UserChange { user: done.user };
                work.tell(Input::Changed { epoch, change });
                Disconnected {
                    revoked: done.revoked,
                    manual_url: done.manual_url,
                }
            });
            answer(
                reply,
                result.map_err(|error| AgentError::from(error).of_provider(&row.name)),
            );
        });
    }

    /// `codestream/provider/configure`.
    pub(crate) fn configure(&mut self, params: ConfigureParams, reply: Reply<()>) {
        let begun = self.login().and_then(|login| {
            let row = login.row(&params.provider_id)?.clone();
            Ok((row, login.team()?.clone(), login.data.access_token.clone()))
        });
        let (api, (row, team_id, session)) = match self.api().and_then(|api| Ok((api, begun?))) {
            Ok(begun) => begun,
            Err(error) => return answer(reply, Err(error)),
        };
        let mut data: Map<String, Value> = params.data.into_iter().collect();
        let token = match data.shift_remove("accessToken") {
            None => None,
            Some(Value::String(token)) if !token.trim().is_empty() => {
                Some(AccessToken::new(token.trim().to_owned()))
            }
            Some(_) => return answer(reply, Err(wrong_token())),
        };
        if params.verify && token.is_none() {
            return answer(reply, Err(wrong_token()));
        }
        let host = row.is_enterprise.then(|| row.host.clone());
        let data = if data.is_empty() {
            Value::Null
        } else {
            Value::Object(data)
        };
        let epoch = self.epoch;
        self.spawn(async move |work| {
            if params.verify {
                let account = by_hand(token.clone(), data.clone());
                if let Err(error) = work.person(&row, &account).await {
                    return answer(reply, Err(error.of_provider(&row.name)));
                }
            }
            let change = if let Some(token) = token {
                let body = SetToken {
                    team_id,
                    token,
                    host,
                    data,
                };
                api.set_token(&session, &row.name, &body).await
            } else {
                let body = SetInfo {
                    team_id,
                    data,
                    host,
                    pending_verification: true,
                };
                api.set_info(&session, &row.name, &body).await
            };
            let result = work.heed(epoch, change);
            let result = result.map(|change| work.tell(Input::Changed { epoch, change }));
            answer(
                reply,
                result.map_err(|error| AgentError::from(error).of_provider(&row.name)),
            );
        });
    }
}

fn wrong_token() -> AgentError {
    AgentError::Params("`data.accessToken` must be the token, as a string.".to_owned())
}

/// An account as it would be with a token that the user made.
fn by_hand(token: Option<AccessToken>, data: Value) -> ProviderInfo {
    ProviderInfo {
        access_token: token,
        expires_at: None,
        is_api_token: true,
        who: None,
        since: None,
        data,
        token_error: None,
    }
}
