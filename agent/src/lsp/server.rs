//! The LSP server: thin handlers, each one call of the session. Owns nothing that changes.

use std::sync::{Arc, OnceLock};

use codestream_protocol::AttemptId;
use codestream_protocol::lsp::error::ErrorKind;
use codestream_protocol::lsp::init::InitializationOptions;
use codestream_protocol::lsp::request::{self as method, AttemptParams};
use codestream_protocol::lsp::{command_of, method_of};
use serde_json::{Value, json};
use tower_lsp::jsonrpc::Result;
use tower_lsp::lsp_types::{
    ExecuteCommandOptions, ExecuteCommandParams, InitializeParams, InitializeResult, InitializedParams,
    NumberOrString, ServerCapabilities, ServerInfo, WorkDoneProgressCancelParams, WorkDoneProgressOptions,
};
use tower_lsp::{Client, ClientSocket, LanguageServer, LspService};

use super::host::{Abilities, LspHost};
use super::parent::Parent;
use super::{Surroundings, error, methods, options};
use crate::api::{Device, ServerUrl};
use crate::browser::Browser;
use crate::environment::Environment;
use crate::error::{AgentError, Failure};
use crate::net::{Network, NetworkOptions};
use crate::session::{Session, SessionConfig, SessionDeps};

/// The server behind the frame reader.
pub(crate) struct Server {
    host: Arc<LspHost>,
    surroundings: Surroundings,
    parent: Parent,
    started: OnceLock<Started>,
}

struct Started {
    session: Session,
    complaints: Vec<String>,
}

macro_rules! requests {
    ($($name:ident = $method:expr;)+) => {
        impl Server {
            $(async fn $name(&self, params: Value) -> Result<Value> {
                self.answer($method, params).await
            })+
        }

        /// The service with every request of the protocol.
        pub(crate) fn service(
            surroundings: Surroundings,
            parent: Parent,
        ) -> (LspService<Server>, ClientSocket) {
            LspService::build(|client| Server::new(client, surroundings, parent))
                $(.custom_method($method, Server::$name))+
                .custom_method("window/workDoneProgress/cancel", Server::cancel_progress)
                .finish()
        }

        #[cfg(test)]
        const SERVED: &[&str] = &[$($method),+];
    };
}

requests! {
    connect = method::CONNECT;
    login_sso = method::LOGIN_SSO;
    attempt_cancel = method::ATTEMPT_CANCEL;
    attempt_reopen = method::ATTEMPT_REOPEN;
    attempt_confirm = method::ATTEMPT_CONFIRM;
    login_link = method::LOGIN_LINK;
    login_identities = method::LOGIN_IDENTITIES;
    login_unlink = method::LOGIN_UNLINK;
    session_list = method::SESSION_LIST;
    session_end = method::SESSION_END;
    login_otc = method::LOGIN_OTC;
    login_token = method::LOGIN_TOKEN;
    logout = method::LOGOUT;
    provider_list = method::PROVIDER_LIST;
    provider_disconnect = method::PROVIDER_DISCONNECT;
    provider_configure = method::PROVIDER_CONFIGURE;
    provider_add = method::PROVIDER_ADD;
    provider_remove = method::PROVIDER_REMOVE;
    provider_me = method::PROVIDER_ME;
    provider_request = method::PROVIDER_REQUEST;
    status = method::STATUS;
}

impl Server {
    fn new(client: Client, surroundings: Surroundings, parent: Parent) -> Self {
        let browser = Browser::new(&surroundings.environment);
        Self {
            host: Arc::new(LspHost::new(client, browser, surroundings.lifecycle.clone())),
            surroundings,
            parent,
            started: OnceLock::new(),
        }
    }

    async fn answer(&self, method: &str, params: Value) -> Result<Value> {
        self.host.listens();
        methods::answer(self.session()?, method, params)
            .await
            .map_err(error::of)
    }

    fn session(&self) -> Result<&Session> {
        let started = self.started.get();
        // tower-lsp lets no request through before `initialize` has been answered.
        started
            .map(|started| &started.session)
            .ok_or_else(|| error::of(Failure::internal("Not initialized.").into()))
    }

    async fn cancel_progress(&self, params: WorkDoneProgressCancelParams) {
        let NumberOrString::String(token) = params.token else {
            return;
        };
        let (Ok(id), Ok(session)) = (token.parse().map(AttemptId), self.session()) else {
            return;
        };
        if let Err(error) = session.cancel(AttemptParams { attempt_id: id }).await {
            tracing::debug!(%error, "a bar that belongs to no attempt was cancelled");
        }
    }

    fn start(&self, params: InitializeParams) -> Started {
        let options = options::read(params.initialization_options);
        let mut complaints = options.complaints;
        let values = options.values;
        if let Some(level) = values.trace_level {
            self.surroundings.log.set(level);
        }
        let (network, server) = match (self.network(&values), server_url(&values)) {
            (Ok(network), server) => (network, server),
            // A proxy that cannot be used is not gone around.
            (Err((network, failure)), _) => (network, Err(failure)),
        };
        match &server {
            Err(failure) => complaints.push(failure.message.clone()),
            Ok(server) => {
                if let Some(warning) = server.in_the_clear() {
                    tracing::warn!(%server, "sessions are sent over plain http to another machine");
                    complaints.push(warning);
                }
            }
        }
        let ide = values
            .ide
            .map(|ide| ide.name)
            .or(params.client_info.map(|client| client.name));
        let machine = values
            .machine_name
            .as_deref()
            .or(self.surroundings.environment.machine_name());
        let config = SessionConfig {
            server,
            team_id: values.team_id,
            access_token: values.access_token,
            device: Device {
                ide,
                machine: machine.map(str::to_owned),
            },
        };
        let deps = SessionDeps {
            network,
            clock: Arc::clone(&self.surroundings.clock),
            random: self.surroundings.random.clone(),
            lifecycle: self.surroundings.lifecycle.clone(),
            host: Arc::clone(&self.host) as _,
        };
        Started {
            session: Session::start(config, deps),
            complaints,
        }
    }

    /// The network as configured; or one that is not used, and what is wrong.
    fn network(&self, values: &InitializationOptions) -> std::result::Result<Network, (Network, Failure)> {
        let environment = &self.surroundings.environment;
        let options = NetworkOptions {
            proxy: values.proxy.clone(),
            extra_certs: values.extra_certs.as_ref().map(Into::into),
            disable_strict_ssl: values.disable_strict_ssl.unwrap_or(false),
        };
        Network::new(&options, environment).map_err(|error| {
            let unused = Network::new(&NetworkOptions::default(), &Environment::default())
                .expect("without options and environment nothing can be misread");
            (unused, Failure::new(ErrorKind::NotConfigured, error.to_string()))
        })
    }
}

fn server_url(values: &InitializationOptions) -> std::result::Result<ServerUrl, Failure> {
    let Some(text) = values
        .server_url
        .as_deref()
        .filter(|text| !text.trim().is_empty())
    else {
        return Err(Failure::new(
            ErrorKind::NotConfigured,
            "Set `serverUrl` to the address of your CodeStream server.",
        ));
    };
    text.parse().map_err(|error| {
        Failure::new(
            ErrorKind::NotConfigured,
            format!("The setting `serverUrl` cannot be used: {error}"),
        )
    })
}

#[tower_lsp::async_trait]
impl LanguageServer for Server {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        if let Some(id) = params.process_id {
            self.parent.is(id);
        }
        let window = params.capabilities.window.clone().unwrap_or_default();
        self.host.learn(Abilities {
            show_document: window.show_document.is_some_and(|show| show.support),
            progress: window.work_done_progress.unwrap_or(false),
        });
        self.started.get_or_init(|| self.start(params));
        Ok(InitializeResult {
            capabilities: ServerCapabilities {
                execute_command_provider: Some(ExecuteCommandOptions {
                    commands: method::METHODS
                        .iter()
                        .filter_map(|name| command_of(name))
                        .collect(),
                    work_done_progress_options: WorkDoneProgressOptions::default(),
                }),
                ..ServerCapabilities::default()
            },
            server_info: Some(ServerInfo {
                name: "codestream-agent".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
        })
    }

    async fn initialized(&self, _: InitializedParams) {
        self.host.listens();
        let complaints = self
            .started
            .get()
            .map(|started| started.complaints.as_slice())
            .unwrap_or_default();
        if !complaints.is_empty() {
            self.host.complain(&complaints.join("\n")).await;
        }
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<Value>> {
        let known = method_of(&params.command).filter(|name| method::METHODS.contains(&name.as_str()));
        let Some(name) = known else {
            return Err(error::of(AgentError::UnknownMethod(params.command)));
        };
        let argument = params
            .arguments
            .into_iter()
            .next()
            .filter(|argument| !argument.is_null());
        self.answer(&name, argument.unwrap_or_else(|| json!({})))
            .await
            .map(Some)
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_of_the_protocol_is_served() {
        let mut served = SERVED.to_vec();
        let mut named = method::METHODS.to_vec();
        served.sort_unstable();
        named.sort_unstable();
        assert_eq!(served, named);
    }
}
