//! What can be made to go wrong at one imitated service.

use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

/// A service whose exchange and tokens can be made to fail.
pub(crate) trait ServiceFaults: Send + Sync {
    /// The next exchanges; `None`: the service has nothing like an exchange.
    fn exchange(&self) -> Option<&Exchange>;

    /// Changes what becomes of tokens.
    fn tokens(&self, fault: Tokens);

    /// Everything works again; tokens that have gone stay gone.
    fn reset(&self) {
        if let Some(exchange) = self.exchange() {
            exchange.set(None);
        }
        self.tokens(Tokens {
            expiring: Some(false),
            ..Tokens::default()
        });
    }
}

/// `{"tokens": {"provider", "expireAll"?, "revokeAll"?, "expiring"?, "lifeS"?}}`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Tokens {
    /// Every access token has expired by now; refresh tokens are still good.
    pub(crate) expire_all: bool,
    /// Every person has taken the grant back: access and refresh tokens are gone.
    pub(crate) revoke_all: bool,
    /// From now on, whether tokens expire; absent: as it was.
    pub(crate) expiring: Option<bool>,
    /// Seconds that an expiring token lives from now on; absent: as the service has it.
    pub(crate) life_s: Option<u64>,
}

/// `{"exchange": {"provider", "failNext", "error"?, "status"?, "body"?}}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ExchangeFault {
    fail_next: FailNext,
    /// The service's own error code; absent: whatever it says to a bad code.
    pub(crate) error: Option<String>,
    /// The status of the answer, with `body` as it is; absent with a `body`: 200.
    status: Option<u16>,
    /// The whole body, e.g. one that is no JSON.
    body: Option<String>,
}

/// How many; `true` is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum FailNext {
    Whether(bool),
    Times(u32),
}

impl Default for FailNext {
    fn default() -> Self {
        Self::Whether(false)
    }
}

impl FailNext {
    fn times(self) -> u32 {
        match self {
            Self::Whether(whether) => u32::from(whether),
            Self::Times(times) => times,
        }
    }
}

impl ExchangeFault {
    /// The answer that the fault spells out; `None`: the service says `error` in its own shape.
    pub(crate) fn answer(&self) -> Option<Response> {
        let status = match self.status {
            None if self.body.is_none() => return None,
            None => StatusCode::OK,
            Some(status) => StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        };
        let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
        Some((status, kind, self.body.clone().unwrap_or_default()).into_response())
    }
}

/// The faults of the next exchanges.
#[derive(Debug, Default)]
pub(crate) struct Exchange(Mutex<Option<ExchangeFault>>);

impl Exchange {
    fn slot(&self) -> MutexGuard<'_, Option<ExchangeFault>> {
        // One assignment cannot leave it half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the fault.
    pub(crate) fn set(&self, fault: Option<ExchangeFault>) {
        *self.slot() = fault;
    }

    /// The fault of this exchange, if it is to fail.
    pub(crate) fn take(&self) -> Option<ExchangeFault> {
        let mut slot = self.slot();
        let fault = slot.as_mut()?;
        let left = fault.fail_next.times().checked_sub(1)?;
        fault.fail_next = FailNext::Times(left);
        Some(fault.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fault(value: serde_json::Value) -> ExchangeFault {
        serde_json::from_value(value).expect("a fault")
    }

    #[test]
    fn as_many_exchanges_fail_as_were_asked_for() {
        let exchange = Exchange::default();
        assert_eq!(exchange.take(), None);
        exchange.set(Some(fault(json!({"failNext": true}))));
        assert!(exchange.take().is_some());
        assert_eq!(exchange.take(), None);
        exchange.set(Some(fault(json!({"failNext": 2, "error": "x"}))));
        assert_eq!(
            exchange.take().and_then(|fault| fault.error).as_deref(),
            Some("x")
        );
        assert!(exchange.take().is_some());
        assert_eq!(exchange.take(), None);
    }

    #[test]
    fn a_spelled_out_answer_is_given_as_it_is() {
        assert!(fault(json!({"error": "x"})).answer().is_none());
        let answer = fault(json!({"body": "<html>"})).answer().expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        let answer = fault(json!({"status": 503})).answer().expect("an answer");
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
}
