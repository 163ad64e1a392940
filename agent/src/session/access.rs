//! Who may sign in as the user, who is signed in, and what the user is told once.

use codestream_protocol::http::Notice;
use codestream_protocol::lsp::request::{Identities, SessionList, SessionsEnded};
use codestream_protocol::secret::SessionToken;
use codestream_protocol::text::{self, Limit};
use codestream_protocol::{IdentityId, SessionId};

use crate::api::{Api, ApiError};
use crate::error::AgentError;
use crate::session::Notification;
use crate::session::actor::{Actor, Work, answer};
use crate::session::inbox::{Input, Reply};

impl Actor {
    /// `codestream/login/identities`.
    pub(crate) fn identities(&mut self, reply: Reply<Identities>) {
        self.ask(reply, async |api, session, _| {
            let mut found = api.identities(&session).await?;
            for one in &mut found.identities {
                one.display_name = text::shown(&one.display_name, Limit::NAME);
                one.host = text::shown(&one.host, Limit::NAME);
                one.name = one.name.as_deref().map(|name| text::shown(name, Limit::NAME));
            }
            Ok(found)
        });
    }

    /// `codestream/login/unlink`.
    pub(crate) fn unlink(&mut self, id: IdentityId, reply: Reply<()>) {
        self.ask(reply, async move |api, session, _| api.unlink(&session, id).await);
    }

    /// `codestream/session/list`.
    pub(crate) fn sessions(&mut self, reply: Reply<SessionList>) {
        self.ask(reply, async |api, session, _| {
            let mut found = api.sessions(&session).await?;
            for one in &mut found.sessions {
                one.ide = one.ide.as_deref().map(|name| text::shown(name, Limit::NAME));
                one.machine = one.machine.as_deref().map(|name| text::shown(name, Limit::NAME));
            }
            Ok(found)
        });
    }

    /// `codestream/session/end`. The own one is a logout.
    pub(crate) fn end_session(&mut self, which: Option<SessionId>, reply: Reply<SessionsEnded>) {
        let epoch = self.epoch;
        self.ask(reply, async move |api, session, work| {
            let own = match which {
                Some(id) => {
                    let all = api.sessions(&session).await?.sessions;
                    all.iter().any(|one| one.current && one.session_id == id)
                }
                None => false,
            };
            let ended = api.end_sessions(&session, which).await?;
            if own {
                work.tell(Input::OwnSessionEnded { epoch });
            }
            Ok(ended)
        });
    }

    /// Asks the server for the user, and passes the answer on.
    fn ask<T, F>(&mut self, reply: Reply<T>, call: impl FnOnce(Api, SessionToken, Work) -> F + Send + 'static)
    where
        T: Send + 'static,
        F: Future<Output = Result<T, ApiError>> + Send + 'static,
    {
        let session = self.login().map(|login| login.data.access_token.clone());
        let (api, session) = match self.api().and_then(|api| Ok((api, session?))) {
            Ok(both) => both,
            Err(error) => return answer(reply, Err(error)),
        };
        let epoch = self.epoch;
        self.spawn(async move |work| {
            let answered = call(api, session, work.clone()).await;
            let answered = work.heed(epoch, answered);
            answer(reply, answered.map_err(AgentError::from));
        });
    }

    /// Shows what the user has not been told yet, then says so to the server: shown twice is better than never.
    pub(crate) fn tell_notices(&mut self, notices: Vec<Notice>) {
        let (Ok(api), Ok(login)) = (self.api(), self.login()) else {
            return;
        };
        let session = login.data.access_token.clone();
        for notice in notices {
            self.notify(Notification::Notice(text::shown(&notice.text, Limit::MESSAGE)));
            let (api, session) = (api.clone(), session.clone());
            self.spawn(async move |_| {
                if let Err(error) = api.notice_told(&session, notice.notice_id).await {
                    tracing::info!(%error, "a notice will be shown again");
                }
            });
        }
    }
}
