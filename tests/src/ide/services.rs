//! What is done about a service beside connecting it: hosts of the team's own, tokens made by hand, one workspace of several.

use codestream_protocol::lsp::request::{
    AddParams, Added, ConfigureParams, Person, ProviderParams, ProviderSummary, RemoveParams,
};
use serde_json::{Map, Value};

use super::methods::{Add, Configure, Disconnect, Empty, List, Me, Method, Remove};
use super::{HeadlessIde, RpcError};

/// The `data` of params.
fn data(value: &Value) -> std::collections::BTreeMap<String, Value> {
    let map: Map<String, Value> = value.as_object().expect("data is an object").clone();
    map.into_iter().collect()
}

impl HeadlessIde {
    /// Adds a service that the team hosts itself.
    pub async fn add_host(&self, kind: &str, host: &str, credentials: &Value) -> Result<Added, RpcError> {
        self.request::<Add>(AddParams {
            provider_id: kind.to_owned(),
            host: host.to_owned(),
            data: data(credentials),
            confirmed: false,
        })
        .await
    }

    /// Removes such a service; whom that disconnects is asked about unless it is `confirmed`.
    pub async fn remove_host(&self, provider_id: &str, confirmed: bool) -> Result<Empty, RpcError> {
        self.request::<Remove>(RemoveParams {
            provider_id: provider_id.to_owned(),
            confirmed,
        })
        .await
    }

    /// Gives a token that was made by hand, and has it tried first.
    pub async fn configure(&self, provider: &str, with: &Value) -> Result<Empty, RpcError> {
        self.request::<Configure>(ConfigureParams {
            provider_id: provider.to_owned(),
            data: data(with),
            verify: true,
        })
        .await
    }

    /// The services by their ids; several may have one name.
    pub async fn row(&self, provider_id: &str) -> Option<ProviderSummary> {
        let list = self
            .request::<List>(Empty::new())
            .await
            .expect("a list of services");
        list.providers
            .into_iter()
            .find(|row| row.provider_id.as_str() == provider_id)
    }

    /// Who the third party says this is, in one workspace of several.
    pub async fn me_in(&self, provider: &str, workspace: &str) -> Result<Person, RpcError> {
        self.request::<Me>(at(provider, Some(workspace))).await
    }

    /// Leaves one workspace of several.
    pub async fn leave(
        &self,
        provider: &str,
        workspace: &str,
    ) -> Result<<Disconnect as Method>::Answer, RpcError> {
        self.request::<Disconnect>(at(provider, Some(workspace))).await
    }
}

fn at(provider: &str, workspace: Option<&str>) -> ProviderParams {
    ProviderParams {
        provider_id: provider.to_owned(),
        provider_team_id: workspace.map(str::to_owned),
    }
}
