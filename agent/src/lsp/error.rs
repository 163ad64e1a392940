//! The agent's errors as JSON-RPC's.

use codestream_protocol::lsp::error::{ErrorKind, code};
use tower_lsp::jsonrpc::{Error, ErrorCode};

use crate::error::{AgentError, Failure};

/// -32602, -32601, -32800 or -32803 with `data`.
pub(crate) fn of(error: AgentError) -> Error {
    match error {
        AgentError::Params(message) => Error::invalid_params(message),
        AgentError::UnknownMethod(_) => Error {
            message: error.to_string().into(),
            ..Error::method_not_found()
        },
        AgentError::Failed(failure) => failed(&failure),
    }
}

fn failed(failure: &Failure) -> Error {
    let code = match failure.kind {
        ErrorKind::Cancelled => code::REQUEST_CANCELLED,
        _ => code::REQUEST_FAILED,
    };
    Error {
        code: ErrorCode::from(code),
        message: failure.message.clone().into(),
        data: serde_json::to_value(failure.data()).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_has_its_code_and_a_failure_its_data() {
        let codes = [
            (AgentError::Params("x".into()), code::INVALID_PARAMS),
            (AgentError::UnknownMethod("x".into()), code::METHOD_NOT_FOUND),
            (
                Failure::new(ErrorKind::Cancelled, "x").into(),
                code::REQUEST_CANCELLED,
            ),
            (Failure::not_signed_in().into(), code::REQUEST_FAILED),
        ];
        for (error, code) in codes {
            assert_eq!(of(error.clone()).code.code(), code, "{error:?}");
        }
        let data = of(Failure::not_signed_in().into()).data.expect("data");
        assert_eq!(data["kind"], "notSignedIn");
        assert_eq!(data["retryable"], false);
    }
}
