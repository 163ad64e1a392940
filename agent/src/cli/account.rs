//! `status` and `disconnect`: what is connected, and its end.

use codestream_protocol::http::Revoked;
use codestream_protocol::lsp::request::{ProviderParams, ProviderSummary};

use crate::cli::{Exit, Shell};
use crate::error::Failure;
use crate::thirdparty::service;

impl Shell {
    pub(super) async fn status(&self) -> Result<(), Exit> {
        let (session, _host) = self.resume().await?;
        let providers = match session.providers().await {
            Ok(list) => list.providers,
            Err(error) => return Err(self.failed(error).await),
        };
        let status = match session.status().await {
            Ok(status) => status,
            Err(error) => return Err(self.failed(error).await),
        };
        // Without a session the list above is what the server offers to everybody.
        let Some(session) = status.session else {
            return Err(self.failed(Failure::not_signed_in().into()).await);
        };
        self.terminal.say(&format_args!(
            "Signed in to {} as {}.",
            status.server, session.email
        ));
        for provider in providers {
            self.terminal.say(&line(&provider));
        }
        Ok(())
    }

    pub(super) async fn disconnect(&self, provider: String) -> Result<(), Exit> {
        let (session, _host) = self.resume().await?;
        let name =
            service(&provider).map_or_else(|| provider.clone(), |service| service.display_name.to_owned());
        let params = ProviderParams {
            provider_id: provider,
            provider_team_id: None,
        };
        let answer = match session.disconnect(params).await {
            Ok(answer) => answer,
            Err(error) => return Err(self.failed(error).await),
        };
        let by_hand = answer
            .manual_url
            .map_or_else(|| "in your settings there".to_owned(), |url| format!("at {url}"));
        match answer.revoked {
            Revoked::Yes => self.terminal.say(&format_args!(
                "Disconnected from {name}, which has ended the access."
            )),
            Revoked::Unsupported => self.terminal.say(&format_args!(
                "Disconnected from {name}. It has no way to end the access from here: remove it {by_hand}."
            )),
            Revoked::Failed => self.terminal.say(&format_args!(
                "Disconnected from {name}, but it did not end the access. Remove it {by_hand}."
            )),
        }
        Ok(())
    }
}

fn line(provider: &ProviderSummary) -> String {
    let name = &provider.display_name;
    if provider.accounts.is_empty() {
        return format!("  {name}: not connected");
    }
    let accounts: Vec<_> = provider
        .accounts
        .iter()
        .map(|account| match &account.error {
            None => account.who.clone(),
            Some(error) => format!("{} (connect again: {error})", account.who),
        })
        .collect();
    format!("  {name}: {}", accounts.join(", "))
}
