//! Services that the team hosts itself: found, tried and added; removed.

use codestream_protocol::http::{NewHost, ProviderInfo, SetToken};
use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::request::{AddParams, Added, Person, RemoveParams};
use codestream_protocol::secret::{AccessToken, ClientSecret, SessionToken};
use codestream_protocol::{ProviderId, TeamId};
use serde_json::Value;
use url::Url;

use crate::api::Api;
use crate::attempt::driver::not_there;
use crate::error::{AgentError, Failure};
use crate::session::actor::{Actor, Work, answer};
use crate::session::inbox::{Input, Reply};
use crate::session::providers::by_hand;
use crate::thirdparty::{ApiBase, CallError, SelfHosted, Service, self_hosted, service};

/// What a host is added with.
enum Credentials {
    /// A token that the user has made there.
    Token(AccessToken),
    /// An app that is registered there.
    App {
        client_id: String,
        client_secret: ClientSecret,
    },
}

impl Credentials {
    fn of(params: &AddParams) -> Result<Self, AgentError> {
        let text = |key: &str| {
            let text = params.data.get(key).and_then(Value::as_str).map(str::trim);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        match (text("accessToken"), text("appClientId"), text("appClientSecret")) {
            (Some(token), None, None) => Ok(Self::Token(AccessToken::new(token))),
            (None, Some(client_id), Some(secret)) => Ok(Self::App {
                client_id,
                client_secret: ClientSecret::new(secret),
            }),
            _ => Err(AgentError::Params(
                "`data` must hold either `accessToken`, or `appClientId` and `appClientSecret`, each as a string."
                    .to_owned(),
            )),
        }
    }
}

/// What is being added, and for whom.
struct Adding {
    epoch: u64,
    service: &'static Service,
    self_hosted: &'static SelfHosted,
    session: SessionToken,
    team_id: TeamId,
}

impl Actor {
    /// `codestream/provider/add`. Nothing is stored before the service itself has taken the credentials.
    pub(crate) fn add(&mut self, params: AddParams, reply: Reply<Added>) {
        let begun = self.api().and_then(|api| {
            let adding = self.adding(&params)?;
            Ok((api, adding, Credentials::of(&params)?))
        });
        let (api, adding, credentials) = match begun {
            Ok(begun) => begun,
            Err(error) => return answer(reply, Err(error)),
        };
        self.spawn(async move |work| {
            let name = adding.service.name;
            let added = work
                .add(&api, &adding, &params.host, credentials, params.confirmed)
                .await;
            answer(reply, added.map_err(|error| error.of_provider(name)));
        });
    }

    fn adding(&self, params: &AddParams) -> Result<Adding, AgentError> {
        let login = self.login()?;
        // The server may have no app at the service's own host, and still take others.
        let name = match login.row(&params.provider_id) {
            Ok(row) => row.name.as_str(),
            Err(_) => params.provider_id.as_str(),
        };
        let service = service(name).ok_or_else(|| not_there(name))?;
        let self_hosted = self_hosted(service).ok_or_else(|| {
            let message = format!("{} cannot be self-hosted.", service.display_name);
            Failure::new(ErrorKind::Forbidden, message).of_provider(service.name)
        })?;
        Ok(Adding {
            epoch: self.epoch,
            service,
            self_hosted,
            session: login.data.access_token.clone(),
            team_id: login.team()?.clone(),
        })
    }

    /// `codestream/provider/remove`.
    pub(crate) fn remove(&mut self, params: &RemoveParams, reply: Reply<()>) {
        let begun = self.api().and_then(|api| {
            let login = self.login()?;
            let row = login.row(&params.provider_id)?;
            if !row.is_enterprise {
                let message = format!(
                    "{} was not added by your team, so it cannot be removed.",
                    row.host
                );
                return Err(Failure::new(ErrorKind::Forbidden, message)
                    .of_provider(&row.name)
                    .into());
            }
            let session = login.data.access_token.clone();
            Ok((
                api,
                row.name.clone(),
                row.id.clone(),
                login.team()?.clone(),
                session,
            ))
        });
        let (api, name, id, team_id, session) = match begun {
            Ok(begun) => begun,
            Err(error) => return answer(reply, Err(error)),
        };
        let (epoch, confirmed) = (self.epoch, params.confirmed);
        self.spawn(async move |work| {
            let removed = api.remove_host(&session, &name, &team_id, &id, confirmed).await;
            let result = work.heed(epoch, removed).map(|change| {
                let change = change.team;
                work.tell(Input::TeamChanged { epoch, change });
            });
            answer(
                reply,
                result.map_err(|error| AgentError::from(error).of_provider(&name)),
            );
        });
    }
}

impl Work {
    async fn add(
        &self,
        api: &Api,
        adding: &Adding,
        host: &str,
        credentials: Credentials,
        confirmed: bool,
    ) -> Result<Added, AgentError> {
        let third_party = &self.shared.third_party;
        let candidates = adding.self_hosted.candidates(host, api.server())?;
        let base = third_party.find(adding.self_hosted, &candidates).await?;
        let mut body = NewHost {
            host: base.as_str().trim_end_matches('/').to_owned(),
            app_client_id: None,
            app_client_secret: None,
            confirmed,
        };
        let account = match credentials {
            Credentials::Token(token) => {
                let account = by_hand(Some(token.clone()), Value::Null);
                let person = self.person_at(api, adding, &base, &account).await?;
                Some((token, person.login.unwrap_or(person.name)))
            }
            Credentials::App {
                client_id,
                client_secret,
            } => {
                third_party
                    .knows_app(adding.self_hosted, &base, &client_id, &client_secret)
                    .await?;
                body.app_client_id = Some(client_id);
                body.app_client_secret = Some(client_secret);
                None
            }
        };
        let Adding {
            epoch,
            service,
            session,
            team_id,
            ..
        } = adding;
        let added = api.add_host(session, service.name, team_id, &body).await;
        let added = self.heed(*epoch, added)?;
        self.tell(Input::TeamChanged {
            epoch: *epoch,
            change: added.team,
        });
        if let Some((token, who)) = account {
            self.use_token(api, adding, &added.provider_id, token, who)
                .await?;
        }
        Ok(Added {
            provider_id: added.provider_id,
            redirect_uri: added.redirect_uri,
        })
    }

    /// Who a token belongs to at the service found at `base`.
    async fn person_at(
        &self,
        api: &Api,
        adding: &Adding,
        base: &Url,
        account: &ProviderInfo,
    ) -> Result<Person, AgentError> {
        let api_base = adding.self_hosted.api(base);
        let api_base = ApiBase::of_row(adding.service, &api_base, true, api.server());
        let api_base = api_base.map_err(CallError::from)?;
        let third_party = &self.shared.third_party;
        Ok(third_party.try_token(adding.service, &api_base, account).await?)
    }

    async fn use_token(
        &self,
        api: &Api,
        adding: &Adding,
        id: &ProviderId,
        token: AccessToken,
        who: String,
    ) -> Result<(), AgentError> {
        let body = SetToken {
            team_id: adding.team_id.clone(),
            token,
            host: Some(id.host()),
            data: Value::Null,
            who: Some(who),
        };
        let change = api.set_token(&adding.session, adding.service.name, &body).await;
        let change = self.heed(adding.epoch, change)?;
        self.tell(Input::Changed {
            epoch: adding.epoch,
            change,
        });
        Ok(())
    }
}
