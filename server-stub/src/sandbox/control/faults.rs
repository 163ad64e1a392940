//! `POST /sandbox/control/faults`: one switch at a time.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::ControlError;
use crate::app::App;
use crate::faults::RouteFault;
use crate::sandbox::Sandbox;
use crate::sandbox::faults::{ExchangeFault, ServiceFaults, Tokens};

/// The body: an object with one of these keys.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Fault {
    Channel(ChannelFault),
    Route(RouteBody),
    Exchange(ExchangeBody),
    Publish(PublishFault),
    Tokens(TokensBody),
    Clock(ClockFault),
    RequireHttps(bool),
    Reset(bool),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChannelFault {
    drop_all: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct RouteBody {
    path: String,
    #[serde(flatten)]
    fault: RouteFault,
}

#[derive(Debug, Deserialize)]
pub(super) struct ExchangeBody {
    provider: String,
    #[serde(flatten)]
    fault: ExchangeFault,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PublishFault {
    abort_before: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct TokensBody {
    provider: String,
    #[serde(flatten)]
    fault: Tokens,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClockFault {
    advance_ms: u64,
}

pub(super) async fn set(
    State(app): State<Arc<App>>,
    State(sandbox): State<Sandbox>,
    Json(fault): Json<Fault>,
) -> Result<Json<Value>, ControlError> {
    apply(&app, &sandbox, fault)?;
    Ok(Json(json!({})))
}

fn apply(app: &App, sandbox: &Sandbox, fault: Fault) -> Result<(), ControlError> {
    let service = |name: &str| {
        sandbox
            .service(name)
            .ok_or(ControlError::Bad("there is no such provider in the sandbox"))
    };
    match fault {
        Fault::Channel(ChannelFault { drop_all }) => {
            if drop_all {
                app.channel.cut_all();
            }
        }
        Fault::Route(RouteBody { path, fault }) => app.faults.set_route(path, fault),
        Fault::Exchange(ExchangeBody { provider, fault }) => {
            let exchange = service(&provider)?.exchange();
            exchange
                .ok_or(ControlError::Bad("this provider exchanges nothing"))?
                .set(Some(fault));
        }
        Fault::Publish(PublishFault { abort_before }) => app.faults.set_abort_before_publish(abort_before),
        Fault::Tokens(TokensBody { provider, fault }) => service(&provider)?.tokens(fault),
        Fault::Clock(ClockFault { advance_ms }) => app.clock.advance(Duration::from_millis(advance_ms)),
        Fault::RequireHttps(on) => app.faults.set_require_https(on),
        Fault::Reset(on) => {
            if on {
                app.faults.reset();
                sandbox.services().for_each(ServiceFaults::reset);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_fault_is_read() {
        for body in [
            json!({"channel": {"dropAll": true}}),
            json!({"route": {"path": "/a", "delayMs": 5, "loseReplies": 1, "status": 503, "retryAfterS": 2}}),
            json!({"route": {"path": "/a", "loseReplies": true}}),
            json!({"exchange": {"provider": "github", "failNext": true, "error": "x"}}),
            json!({"exchange": {"provider": "github", "failNext": 2, "status": 200, "body": "<html>"}}),
            json!({"publish": {"abortBefore": true}}),
            json!({"tokens": {"provider": "github", "expireAll": true}}),
            json!({"tokens": {"provider": "github", "expiring": true}}),
            json!({"clock": {"advanceMs": 1000}}),
            json!({"requireHttps": true}),
            json!({"reset": true}),
        ] {
            let read = serde_json::from_value::<Fault>(body.clone());
            assert!(read.is_ok(), "{body}: {read:?}");
        }
        for body in [
            json!({}),
            json!({"nonsense": true}),
            json!({"clock": {"advanceMs": -1}}),
        ] {
            assert!(serde_json::from_value::<Fault>(body.clone()).is_err(), "{body}");
        }
    }
}
