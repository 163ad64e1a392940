//! The ready line: what whoever started the server needs to reach it.

use std::io::{self, Write};

use codestream_protocol::channel;
use serde::Serialize;

use crate::serve::Server;

/// Where the listeners are.
#[derive(Debug, Serialize)]
pub(super) struct Ready {
    pub(super) api: String,
    channel: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sandbox: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics: Option<String>,
}

impl Ready {
    pub(super) fn of(server: &Server) -> io::Result<Self> {
        let api = server.api_origin()?;
        Ok(Self {
            channel: format!("ws{}{}", api.trim_start_matches("http"), channel::PATH),
            sandbox: server.sandbox_origin()?,
            metrics: server.metrics_origin()?,
            api,
        })
    }

    /// One line of JSON.
    pub(super) fn write(&self, mut out: impl Write) -> io::Result<()> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        out.write_all(&line)?;
        out.flush()
    }
}
