//! The log: to standard error, never to standard output, and about our own code alone.
//!
//! Libraries below log payloads and headers at their finer levels; so only warnings of theirs are written, whatever is asked.

use codestream_protocol::lsp::init::TraceLevel;
use codestream_protocol::text::log::OneLine;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Registry, fmt, reload};

use crate::environment::Environment;

/// The running log; its level can be changed.
#[derive(Debug, Clone)]
pub struct Log {
    filter: Option<reload::Handle<Targets, Registry>>,
}

impl Log {
    /// Starts the process's log. `RUST_LOG` is read as one level, e.g. `debug`; it is `warn` without.
    pub fn start(environment: &Environment) -> Self {
        let asked = environment.get("RUST_LOG").and_then(|text| text.parse().ok());
        let (filter, handle) = reload::Layer::new(targets(asked.unwrap_or(LevelFilter::WARN)));
        let lines = fmt::layer()
            .with_writer(|| OneLine(std::io::stderr()))
            .with_ansi(false);
        let started = tracing_subscriber::registry().with(filter).with(lines).try_init();
        Self {
            filter: started.is_ok().then_some(handle),
        }
    }

    /// No log, for embedding and tests.
    pub fn silent() -> Self {
        Self { filter: None }
    }

    /// Changes the level.
    pub(crate) fn set(&self, level: TraceLevel) {
        let level = match level {
            TraceLevel::Off => LevelFilter::OFF,
            TraceLevel::Error => LevelFilter::ERROR,
            TraceLevel::Info => LevelFilter::INFO,
            TraceLevel::Debug => LevelFilter::DEBUG,
            TraceLevel::Trace => LevelFilter::TRACE,
        };
        if let Some(filter) = &self.filter
            && let Err(error) = filter.reload(targets(level))
        {
            tracing::warn!(%error, "the log's level could not be changed");
        }
    }
}

fn targets(level: LevelFilter) -> Targets {
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("codestream_agent", level)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn libraries_never_log_below_a_warning() {
        for level in [LevelFilter::TRACE, LevelFilter::DEBUG, LevelFilter::INFO] {
            let targets = targets(level);
            assert!(
                !targets.would_enable("tungstenite::protocol", &Level::INFO),
                "{level}"
            );
            assert!(
                targets.would_enable("tungstenite::protocol", &Level::WARN),
                "{level}"
            );
            assert!(
                targets.would_enable("codestream_agent::session", &Level::INFO),
                "{level}"
            );
        }
        assert!(!targets(LevelFilter::OFF).would_enable("hyper", &Level::ERROR));
    }
}
