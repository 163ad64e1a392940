//! What letters ask for, done after their answer. A letter that was taken is in the store until its work is done: what a
//! process leaves undone, another one finds.

use std::sync::Arc;
use std::time::Duration;

use super::desk::ServiceDesk;
use super::tell;
use crate::app::App;
use crate::providers::WorkError;
use crate::store::{Claimed, Delivery};

/// How often undone work is looked for.
const EVERY: Duration = Duration::from_mins(1);

/// Begins the work of a letter that was just taken.
pub(super) fn soon(app: &Arc<App>, id: String) {
    let worker = app.clone();
    app.lifecycle.spawn(async move { attend(&worker, &id).await });
}

/// Finds work that was left undone, at once and then every minute, until shutdown.
pub(crate) async fn run(app: Arc<App>) {
    loop {
        // From before the look: what falls due during it is not left for a minute more.
        let next = app.clock.now() + EVERY;
        match app.store.due_deliveries().await {
            Ok(due) => {
                for id in due {
                    attend(&app, &id).await;
                }
            }
            Err(error) => tracing::error!(%error, "undone work could not be looked for"),
        }
        tokio::select! {
            () = app.clock.sleep_until(next) => {}
            () = app.lifecycle.stopping() => return,
        }
    }
}

/// Does one piece of work, unless somebody else does.
async fn attend(app: &Arc<App>, id: &str) {
    let delivery = match app.store.claim_delivery(id).await {
        Ok(Claimed::Ours(delivery)) => delivery,
        Ok(Claimed::No) => return,
        Ok(Claimed::Lost {
            provider,
            arrived_at,
            tries,
        }) => {
            tracing::error!(
                provider,
                arrived_at = arrived_at.0,
                tries,
                "a call of this third party cannot be worked on: the encryption key that it was sealed with is not configured"
            );
            return;
        }
        Err(error) => {
            tracing::error!(%error, "work could not be claimed");
            return;
        }
    };
    if let Err(error) = done(app, &delivery).await {
        let tries = delivery.tries;
        tracing::error!(%error, tries, provider = delivery.provider, "work was not finished");
    }
}

async fn done(app: &Arc<App>, delivery: &Delivery) -> Result<(), WorkError> {
    let Ok(provider) = app.providers.get(&delivery.provider) else {
        // Not set up any more: nobody is left to work for.
        return Ok(app.store.finish_delivery(&delivery.id, Vec::new()).await?);
    };
    let desk = ServiceDesk {
        app,
        provider: provider.name(),
    };
    let work = provider.work(&app.http, &desk, &delivery.work, delivery.arrived_at);
    let told = match work.await {
        Ok(told) => told,
        Err(WorkError::Shape) => {
            // No later try would read it either.
            tracing::warn!(
                provider = delivery.provider,
                "a call of a third party has an unknown shape"
            );
            return Ok(app.store.finish_delivery(&delivery.id, Vec::new()).await?);
        }
        Err(error) => return Err(error),
    };
    let messages = tell::messages(&*app.store, told).await?;
    let anybody = !messages.is_empty();
    app.store.finish_delivery(&delivery.id, messages).await?;
    // What was told stays told, whether or not its writer learns of it.
    if let Err(error) = provider.follow_up(&app.http, &delivery.work, anybody).await {
        tracing::warn!(%error, provider = delivery.provider, "no word came back to who had called");
    }
    Ok(())
}
