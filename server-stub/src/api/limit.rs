//! Which requests are limited, and how.

use std::time::Duration;

use crate::app::App;
use crate::store::{Allowed, Rate};

/// Of `check-signup`, per sign-up token.
pub(crate) const CHECK_SIGN_UP: Rate = Rate::new("check-signup", 2, 5);
/// Of the callback, per client address. An office behind one address comes back in bursts; a guesser needs far more.
pub(crate) const CALLBACK: Rate = Rate::new("callback", 10, 100);
/// Of failures to authenticate on the me-channel, per client address. Only failures count: any number of agents behind one
/// address may sign in at once.
pub(crate) const CHANNEL_FAILURES: Rate = Rate::new("channel-auth", 1, 20);

/// Takes one, or gives the time until there is one. A store that does not answer limits nobody: what follows needs it too,
/// and says so.
pub(crate) async fn take(app: &App, rate: Rate, key: &str) -> Result<(), Duration> {
    match app.store.take(rate, key).await {
        Ok(Allowed::Yes) => Ok(()),
        Ok(Allowed::In(wait)) => Err(wait),
        Err(error) => {
            tracing::error!(%error, limit = rate.name, "a rate limit could not be kept");
            Ok(())
        }
    }
}
