//! Login data: everything that an agent needs for its session.

use codestream_protocol::http::{LoginResponse, SignupStatus, SocketCluster};
use codestream_protocol::secret::SessionToken;
use serde_json::json;
use url::Url;

use super::{RouteError, access, capabilities};
use crate::app::App;
use crate::broker::host_row;
use crate::me;
use crate::store::{Session, User};

/// The login data of `session`, whose user and token the caller has proven.
pub(super) async fn assemble(
    app: &App,
    user: &User,
    session: Session,
    token: SessionToken,
    signup_status: Option<SignupStatus>,
) -> Result<LoginResponse, RouteError> {
    let accounts = app.store.accounts_of(&user.id).await?;
    let teams = app.store.teams_of(&user.id).await?;
    // A team that the user has left since is not one to work in.
    let team_id = session
        .team_id
        .filter(|id| user.team_ids.contains(id))
        .or_else(|| user.team_ids.first().cloned());
    let mut providers = app.providers.rows();
    let mut objects = Vec::new();
    for team in &teams {
        let rows: Vec<_> = app
            .store
            .hosts_of(&team.id)
            .await?
            .iter()
            .filter_map(|host| host_row(app, host))
            .collect();
        let tokens = app.store.team_tokens_of(&team.id).await?;
        objects.push(me::team(team, rows.iter(), &tokens)?);
        if team_id.as_ref() == Some(&team.id) {
            providers.extend(rows.into_iter().map(|row| (row.id.clone(), row)));
        }
    }
    Ok(LoginResponse {
        user: me::me_object(user, &accounts)?,
        access_token: token,
        teams: objects,
        companies: Vec::new(),
        providers,
        broadcaster_token: session.broadcaster_token,
        socket_cluster: socket_cluster(&app.origins.public),
        capabilities: capabilities::of(&app.config),
        environment_info: json!({
            "environment": app.config.environment,
            "publicApiUrl": app.origins.public.origin().ascii_serialization(),
            "isOnPrem": true,
        }),
        team_id,
        provider: session.provider,
        provider_access: None,
        notices: access::notices(app, &user.id).await?,
        signup_status,
    })
}

/// The me-channel is served where the API is.
fn socket_cluster(public: &Url) -> SocketCluster {
    SocketCluster {
        host: public.host_str().unwrap_or_default().to_owned(),
        port: public.port_or_known_default().unwrap_or(443).to_string(),
        ignore_https: public.scheme() == "http",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_channel_is_where_the_public_url_is() {
        for (url, host, port, ignore_https) in [
            ("https://api.example.com", "api.example.com", "443", false),
            ("http://127.0.0.1:12079", "127.0.0.1", "12079", true),
            ("http://[::1]:80", "[::1]", "80", true),
        ] {
            let at = socket_cluster(&url.parse().expect(url));
            assert_eq!(
                (at.host.as_str(), at.port.as_str(), at.ignore_https),
                (host, port, ignore_https)
            );
        }
    }
}
