//! The list of services, and what is changed about one: disconnecting it, giving it a token by hand.

use codestream_protocol::http::{Deauth, ProviderInfo, ProviderRow, SetInfo, SetToken, UserChange};
use codestream_protocol::lsp::request::{
    ConfigureParams, Disconnected, Person, ProviderList, ProviderParams,
};
use codestream_protocol::secret::AccessToken;
use codestream_protocol::text::web_link;
use serde_json::{Map, Value};

use crate::error::AgentError;
use crate::session::accounts::{chosen, summary};
use crate::session::actor::{Actor, Phase, Work, answer};
use crate::session::inbox::{Input, Reply};
use crate::session::login::sorted;
use crate::thirdparty::{pasted, service};

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
            // One of several workspaces that share a token is left by its own id.
            let sub_id = params.provider_team_id.clone().or(key.sub_id);
            Ok((row, team_id, key.host, sub_id, login.data.access_token.clone()))
        });
        let (api, (row, team_id, host, sub_id, session)) = match self.api().and_then(|api| Ok((api, begun?)))
        {
            Ok(begun) => begun,
            Err(error) => return answer(reply, Err(error)),
        };
        let epoch = self.epoch;
        self.spawn(async move |work| {
            let body = Deauth {
                team_id,
                host,
                sub_id,
            };
            let done = work.heed(epoch, api.deauth(&session, &row.name, &body).await);
            let result = done.map(|done| {
                let change = UserChange { user: done.user };
                work.tell(Input::Changed { epoch, change });
                Disconnected {
                    signs_in: done.signs_in,
                    revoked: done.revoked,
                    manual_url: done.manual_url.as_deref().and_then(web_link).map(String::from),
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
        if let Some(Value::String(address)) = data.get_mut(API_BASE)
            && let Some(service) = service(&row.name)
        {
            *address = pasted(service, address);
        }
        let host = row.is_enterprise.then(|| row.host.clone());
        let data = if data.is_empty() {
            Value::Null
        } else {
            Value::Object(data)
        };
        let epoch = self.epoch;
        self.spawn(async move |work| {
            let (data, who) = if params.verify {
                match work.verified(&row, token.as_ref(), data).await {
                    Ok((data, person)) => (data, Some(person.login.unwrap_or(person.name))),
                    Err(error) => return answer(reply, Err(error.of_provider(&row.name))),
                }
            } else {
                (data, None)
            };
            let change = if let Some(token) = token {
                let body = SetToken {
                    team_id,
                    token,
                    host,
                    data,
                    who,
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

impl Work {
    /// Tries a token that the user made, in every region of the service when nobody says which one; the data names the one
    /// that took it.
    async fn verified(
        &self,
        row: &ProviderRow,
        token: Option<&AccessToken>,
        data: Value,
    ) -> Result<(Value, Person), AgentError> {
        let mut first = None;
        for data in everywhere(row, data) {
            match self.try_token(row, &by_hand(token.cloned(), data.clone())).await {
                Ok(person) => return Ok((data, person)),
                // Trouble in a region says nothing of the others.
                Err(error) => first = first.or(Some(error)),
            }
        }
        Err(first.unwrap_or_else(wrong_token))
    }
}

/// The data as it would be in each region of the service; as it is, when it names its own or there is but one.
fn everywhere(row: &ProviderRow, data: Value) -> Vec<Value> {
    if row.regions.is_empty() || data.get(API_BASE).is_some() {
        return vec![data];
    }
    let given = data.as_object().cloned().unwrap_or_default();
    let in_region = |region: &String| {
        let mut data = given.clone();
        data.insert(API_BASE.to_owned(), Value::from(region.as_str()));
        Value::Object(data)
    };
    let usual = std::iter::once(&row.api_base);
    usual.chain(&row.regions).map(in_region).collect()
}

/// Where an account's own API is, among its data.
const API_BASE: &str = "apiBase";

fn wrong_token() -> AgentError {
    AgentError::Params("`data.accessToken` must be the token, as a string.".to_owned())
}

/// An account as it would be with a token that the user made.
pub(crate) fn by_hand(token: Option<AccessToken>, data: Value) -> ProviderInfo {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::accounts::tests::row;
    use serde_json::json;

    fn bases(row: &ProviderRow, data: Value) -> Vec<Option<String>> {
        everywhere(row, data)
            .iter()
            .map(|data| Some(data.get(API_BASE)?.as_str()?.to_owned()))
            .collect()
    }

    fn in_two_regions() -> ProviderRow {
        let mut newrelic = row("newrelic.com", "newrelic");
        newrelic.api_base = "https://api.newrelic.com/".to_owned();
        newrelic.regions = vec!["https://api.eu.newrelic.com/".to_owned()];
        newrelic
    }

    #[test]
    fn a_token_without_a_region_is_tried_in_each() {
        let newrelic = in_two_regions();
        let both = [
            Some("https://api.newrelic.com/".to_owned()),
            Some("https://api.eu.newrelic.com/".to_owned()),
        ];
        assert_eq!(bases(&newrelic, Value::Null), both);
        assert_eq!(bases(&newrelic, json!({"x": 1})), both);
        assert_eq!(everywhere(&newrelic, json!({"x": 1}))[1]["x"], 1);
    }

    #[test]
    fn a_named_region_and_a_service_of_one_stay_as_they_are() {
        let named = json!({"apiBase": "https://api.eu.newrelic.com/"});
        assert_eq!(
            bases(&in_two_regions(), named),
            [Some("https://api.eu.newrelic.com/".to_owned())]
        );
        assert_eq!(bases(&row("github.com", "github"), Value::Null), [None]);
    }
}
