//! A token that the user made by hand, and what is kept beside one: `PUT /provider-set-token/{provider}` and
//! `PUT /provider-info/{provider}`.

use std::sync::Arc;

use axum::extract::{Path, State};
use codestream_protocol::http::{SetInfo, SetToken, UserChange};
use codestream_protocol::secret::AccessToken;
use codestream_protocol::text;
use serde_json::{Map, Value};

use super::accounts::{self, Named};
use super::connection;
use crate::api::{Bearer, Json, RequestId, RouteError, limit};
use crate::app::App;
use crate::providers::{Held, Provider};
use crate::store::{Account, AccountKey, Quota};

/// The key of the token among the data.
const TOKEN: &str = "accessToken";

/// Connects with a token.
pub(crate) async fn set_token(
    State(app): State<Arc<App>>,
    Path(provider): Path<String>,
    bearer: Bearer,
    request_id: RequestId,
    Json(body): Json<SetToken>,
) -> Result<axum::Json<UserChange>, RouteError> {
    if body.token.expose().trim().is_empty() {
        return Err(RouteError::required("token"));
    }
    limit::change(
        &app,
        &bearer.user.id,
        body.token.expose().len() + size(&body.data),
    )
    .await?;
    let named = Named {
        provider: &provider,
        team_id: body.team_id,
        host: body.host.as_deref(),
        sub_id: None,
    };
    let at = accounts::named(&app, &bearer, named).await?;
    let news = News {
        token: Some(body.token),
        data: object(body.data)?,
        who: (body.who.as_deref().map(|who| text::shown(who, text::Limit::NAME)))
            .filter(|who| !who.is_empty())
            .map(Whose::Known),
    };
    store(&app, at, news, &request_id).await
}

/// Keeps data, and connects when there is a token among it.
pub(crate) async fn set_info(
    State(app): State<Arc<App>>,
    Path(provider): Path<String>,
    bearer: Bearer,
    request_id: RequestId,
    Json(body): Json<SetInfo>,
) -> Result<axum::Json<UserChange>, RouteError> {
    limit::change(&app, &bearer.user.id, size(&body.data)).await?;
    let named = Named {
        provider: &provider,
        team_id: body.team_id,
        host: body.host.as_deref(),
        sub_id: None,
    };
    let at = accounts::named(&app, &bearer, named).await?;
    let mut data = object(body.data)?;
    let token = match data.shift_remove(TOKEN) {
        None | Some(Value::Null) => None,
        Some(Value::String(token)) if !token.trim().is_empty() => Some(AccessToken::new(token)),
        Some(_) => return Err(RouteError::invalid("data.accessToken")),
    };
    let news = News {
        token,
        data,
        who: body.pending_verification.then_some(Whose::Later),
    };
    store(&app, at, news, &request_id).await
}

/// Bytes of data as it is stored.
fn size(data: &Value) -> usize {
    data.to_string().len()
}

fn bound(app: &App) -> usize {
    usize::try_from(app.config.quotas.data_bytes_per_account).unwrap_or(usize::MAX)
}

struct News {
    token: Option<AccessToken>,
    data: Map<String, Value>,
    /// Who the token belongs to, as far as the caller cares for that; `None`: the service is asked from here.
    who: Option<Whose>,
}

enum Whose {
    /// The caller has asked the service.
    Known(String),
    /// The caller tries the token itself.
    Later,
}

fn object(data: Value) -> Result<Map<String, Value>, RouteError> {
    match data {
        Value::Null => Ok(Map::new()),
        Value::Object(map) => Ok(map),
        _ => Err(RouteError::invalid("data")),
    }
}

async fn store(
    app: &Arc<App>,
    (key, provider): (AccountKey, Arc<Provider>),
    news: News,
    RequestId(request_id): &RequestId,
) -> Result<axum::Json<UserChange>, RouteError> {
    if size(&Value::Object(news.data.clone())) > bound(app) {
        return Err(RouteError::over_quota(Quota::Data));
    }
    let before = app.store.account(&key).await?;
    let account = match news.token {
        Some(token) => {
            let who = match news.who {
                Some(Whose::Known(who)) => (Some(who), None),
                Some(Whose::Later) => (None, None),
                None => who(app, &provider, &token, &news.data).await.unzip(),
            };
            let token = AccessToken::new(token.expose().trim());
            connected(app, &provider, key, token, who, news.data)
        }
        None => Account {
            data: beside(&provider, news.data),
            ..before.clone().ok_or_else(accounts::not_connected)?
        },
    };
    let token = account.access_token.clone();
    let change = app.store.put_account(account, Some(request_id)).await?;
    if let (Some(before), Some(token)) = (before, token) {
        connection::retire(app, &provider, &before, Held::token(&token));
    }
    Ok(axum::Json(UserChange { user: change.user }))
}

/// Best effort: the service may not be reachable from here, and a wrong token shows at its first use.
async fn who(
    app: &App,
    provider: &Provider,
    token: &AccessToken,
    data: &Map<String, Value>,
) -> Option<(String, String)> {
    let data = Value::Object(data.clone());
    let held = Held {
        data: &data,
        ..Held::token(token)
    };
    let person = provider.person(&app.http, held).await.ok()?;
    Some((person.login, person.subject))
}

fn connected(
    app: &App,
    provider: &Provider,
    key: AccountKey,
    token: AccessToken,
    (who, subject): (Option<String>, Option<String>),
    data: Map<String, Value>,
) -> Account {
    Account {
        key,
        access_token: Some(token),
        refresh_token: None,
        expires_at: None,
        is_api_token: true,
        who,
        subject,
        since: app.clock.now(),
        data: beside(provider, data),
        token_error: None,
    }
}

/// What the user gives beside what the service needs on every call.
fn beside(provider: &Provider, given: Map<String, Value>) -> Value {
    let mut data = match provider.data() {
        Value::Object(needed) => needed,
        _ => Map::new(),
    };
    data.extend(given);
    if data.is_empty() {
        Value::Null
    } else {
        Value::Object(data)
    }
}
