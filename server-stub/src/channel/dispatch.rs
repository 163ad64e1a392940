//! Brings what was committed to whoever listens.
//!
//! The only one that delivers. A message is read, and so is who may hear it, after its commit and at its delivery.

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::ws::Utf8Bytes;
use codestream_protocol::UserId;
use codestream_protocol::channel::{ChannelName, Packet, event, split};
use serde_json::json;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::hub::End;
use crate::app::App;
use crate::store::{SessionId, StoreError, StoredMessage, Wake};

/// Exit code of a process that was killed; see [`Faults`](crate::faults::Faults).
const KILLED: i32 = 137;

/// Delivers from now on, until shutdown.
pub(crate) fn start(app: &Arc<App>) {
    let wakes = app.wakes.listen();
    app.lifecycle.spawn(run(app.clone(), wakes));
}

async fn run(app: Arc<App>, mut wakes: broadcast::Receiver<Wake>) {
    loop {
        let wake = tokio::select! {
            wake = wakes.recv() => wake,
            () = app.lifecycle.stopping() => return,
        };
        let done = match wake {
            Ok(wake) => handle(&app, wake).await,
            Err(RecvError::Closed) => return,
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "the me-channel fell behind");
                handle(&app, Wake::Missed).await
            }
        };
        if let Err(error) = done {
            // Whatever was not delivered must not be missed in silence.
            tracing::error!(%error, "the me-channel could not deliver; its clients catch up by history");
            app.channel.hub.end_all(End::Behind);
        }
    }
}

async fn handle(app: &App, wake: Wake) -> Result<(), StoreError> {
    match wake {
        Wake::Message { id, channel } => {
            if app.faults.abort_before_publish() {
                abort();
            }
            if app.channel.hub.has_audience(&channel)
                && let Some(message) = app.store.message(&id).await?
            {
                deliver(app, message).await?;
            }
        }
        Wake::SessionEnded { id } => app.channel.hub.end_session(id),
        Wake::Membership { user_id } => recheck(app, &user_id).await?,
        Wake::Missed => {
            app.metrics.missed();
            tracing::warn!("the me-channel may have missed something; its clients catch up by history");
            app.channel.hub.end_all(End::Behind);
        }
        Wake::Deadline | Wake::SignUp { .. } | Wake::RefreshEnded { .. } => {}
    }
    Ok(())
}

async fn deliver(app: &App, message: StoredMessage) -> Result<(), StoreError> {
    let audience: HashSet<SessionId> = app.store.audience(&message.channel).await?.into_iter().collect();
    let frames: Vec<Utf8Bytes> = split(&message.id, message.payload)
        .into_iter()
        .map(|part| {
            let publish = Packet::Transmit {
                event: event::PUBLISH.to_owned(),
                data: json!({ "channel": message.channel, "data": part }),
            };
            publish.encode().into()
        })
        .collect();
    app.metrics.delivered();
    app.channel.hub.deliver(&message.channel, &frames, |subscriber| {
        audience.contains(&subscriber.session)
    });
    Ok(())
}

async fn recheck(app: &App, user: &UserId) -> Result<(), StoreError> {
    for channel in app.channel.hub.channels_of(user) {
        if let ChannelName::Team(team) = &channel
            && !app.store.is_member(user, team).await?
        {
            app.channel.hub.kick(user, &channel);
        }
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "stands for a crash between commit and delivery: nothing is to be cleaned up"
)]
fn abort() {
    std::process::exit(KILLED);
}
