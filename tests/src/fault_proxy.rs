//! A network between the processes that can be broken on purpose and remembers what passed.
//!
//! A TCP proxy that knows where HTTP/1.1 messages end, so that a fault hits one reply and not a random packet. It passes
//! bytes on unchanged; a WebSocket is passed through as it comes.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use url::Url;

use crate::redact::redact_text;
use crate::wire::{Head, Wire};
use crate::{PATIENCE, clock};

/// What happens to a request instead of passing it on and its answer back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The server never sees it; the connection closes.
    Refuse,
    /// The server never sees it; nothing happens.
    Stall,
    /// The server acts on it; the answer is lost and the connection closes.
    LoseReply,
    /// The server acts on it; the answer breaks off after so many bytes.
    CutReply(usize),
    /// Somebody else answers: a whole HTTP/1.1 message.
    Answer(String),
}

impl Fault {
    /// An answer with a status, a content type and a body.
    pub fn answer(status: u16, content_type: &str, body: &str) -> Self {
        let length = body.len();
        Self::Answer(format!(
            "HTTP/1.1 {status} \r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
    }

    /// A refusal that says when to come back.
    pub fn busy(status: u16, retry_after: Duration) -> Self {
        let seconds = retry_after.as_secs();
        Self::Answer(format!(
            "HTTP/1.1 {status} \r\nRetry-After: {seconds}\r\nContent-Length: 0\r\n\r\n"
        ))
    }
}

/// A request that passed, or was stopped.
#[derive(Clone)]
pub struct Exchange {
    /// When it arrived.
    pub at: Instant,
    /// Its method.
    pub method: String,
    /// Its path, without the query.
    pub path: String,
    /// Its query, empty when there is none.
    pub query: String,
    /// Its headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
    /// The server's answer, once it is there.
    pub reply: Option<Reply>,
}

/// The server's answer.
#[derive(Clone)]
pub struct Reply {
    /// When it was there.
    pub at: Instant,
    /// Its status.
    pub status: u16,
    /// Its headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body, as it was on the wire.
    pub body: Vec<u8>,
}

impl Exchange {
    /// A header of the request.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The answer's status; 0 while there is none.
    pub fn status(&self) -> u16 {
        self.reply.as_ref().map_or(0, |reply| reply.status)
    }

    /// How long the answer took.
    pub fn took(&self) -> Option<Duration> {
        Some(self.reply.as_ref()?.at - self.at)
    }

    /// A header of the answer.
    pub fn reply_header(&self, name: &str) -> Option<&str> {
        let headers = &self.reply.as_ref()?.headers;
        headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let query = redact_text(&format!("?{}", self.query));
        write!(f, "{} {}{query} → {}", self.method, self.path, self.status())
    }
}

#[derive(Debug)]
struct Rule {
    path: String,
    fault: Fault,
    /// How many requests it still hits.
    left: usize,
}

#[derive(Debug, Default)]
struct Shared {
    target: Mutex<Option<SocketAddr>>,
    rules: Mutex<Vec<Rule>>,
    log: Mutex<Vec<Exchange>>,
    connections: Mutex<usize>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A proxy in front of one server.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    cut: watch::Sender<u64>,
    frozen: watch::Sender<u64>,
    logged: watch::Receiver<()>,
    patience: Duration,
    /// Everything ends with it.
    _tasks: JoinSet<()>,
}

impl FaultProxy {
    /// A proxy on a free port, in front of nothing yet: a server must know this address before it starts.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let shared = Arc::new(Shared::default());
        let (cut, cut_rx) = watch::channel(0);
        let (frozen, frozen_rx) = watch::channel(0);
        let (logged_tx, logged) = watch::channel(());
        let mut tasks = JoinSet::new();
        let breaks = Breaks {
            cut: cut_rx,
            frozen: frozen_rx,
        };
        tasks.spawn(accept(listener, Arc::clone(&shared), breaks, Arc::new(logged_tx)));
        Self {
            address,
            shared,
            cut,
            frozen,
            logged,
            patience: PATIENCE,
            _tasks: tasks,
        }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How long it waits for one thing to pass.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Puts it in front of a server.
    pub fn forward_to(&self, origin: &str) {
        let url = Url::parse(origin).expect("an origin");
        let address = url.socket_addrs(|| None).expect("an address").into_iter().next();
        *lock(&self.shared.target) = address;
    }

    /// Lets the next `times` requests whose path begins with `path` meet `fault`.
    pub fn fault(&self, path: &str, fault: Fault, times: usize) {
        lock(&self.shared.rules).push(Rule {
            path: path.to_owned(),
            fault,
            left: times,
        });
    }

    /// Lets every request from now on meet `fault`.
    pub fn break_everything(&self, fault: Fault) {
        self.fault("/", fault, usize::MAX);
        self.cut();
    }

    /// Lets everything pass again.
    pub fn heal(&self) {
        lock(&self.shared.rules).clear();
    }

    /// Closes every open connection.
    pub fn cut(&self) {
        self.cut.send_modify(|epoch| *epoch += 1);
    }

    /// No byte passes any more on the connections that are open now, and neither side is told: a dead link.
    pub fn freeze(&self) {
        self.frozen.send_modify(|epoch| *epoch += 1);
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        *lock(&self.shared.connections)
    }

    /// What passed so far.
    pub fn exchanges(&self) -> Vec<Exchange> {
        lock(&self.shared.log).clone()
    }

    /// What passed so far on a path.
    pub fn exchanges_of(&self, path: &str) -> Vec<Exchange> {
        self.exchanges()
            .into_iter()
            .filter(|one| one.path == path)
            .collect()
    }

    /// Waits for the log to become what `accept` wants.
    pub async fn until<T>(&self, wanted: &str, mut accept: impl FnMut(&[Exchange]) -> Option<T>) -> T {
        let mut logged = self.logged.clone();
        let found = async {
            loop {
                logged.mark_unchanged();
                if let Some(found) = accept(&lock(&self.shared.log)) {
                    return found;
                }
                logged
                    .changed()
                    .await
                    .expect("the proxy lives as long as its owner");
            }
        };
        let Ok(found) = tokio::time::timeout(self.patience, found).await else {
            panic!("no {wanted} in {:?}, but {:#?}", self.patience, self.exchanges());
        };
        found
    }

    /// Waits for the `nth` (from 1) answered request on a path.
    pub async fn answered(&self, path: &str, nth: usize) -> Exchange {
        self.until(&format!("answer number {nth} on {path}"), |log| {
            log.iter()
                .filter(|one| one.path == path && one.reply.is_some())
                .nth(nth - 1)
                .cloned()
        })
        .await
    }

    /// Waits for the `nth` (from 1) request on a path, answered or not.
    pub async fn asked(&self, path: &str, nth: usize) -> Exchange {
        self.until(&format!("request number {nth} on {path}"), |log| {
            log.iter().filter(|one| one.path == path).nth(nth - 1).cloned()
        })
        .await
    }
}

/// What happens to connections from outside of them.
#[derive(Clone)]
struct Breaks {
    cut: watch::Receiver<u64>,
    frozen: watch::Receiver<u64>,
}

impl Breaks {
    /// The same, for a connection that begins now.
    fn fresh(&self) -> Self {
        let mut breaks = self.clone();
        breaks.cut.mark_unchanged();
        breaks.frozen.mark_unchanged();
        breaks
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, breaks: Breaks, logged: Arc<watch::Sender<()>>) {
    let mut tasks = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        *lock(&shared.connections) += 1;
        let connection = Connection {
            shared: Arc::clone(&shared),
            logged: Arc::clone(&logged),
        };
        let mut breaks = breaks.fresh();
        tasks.spawn(async move {
            let serving = connection.serve(client);
            tokio::pin!(serving);
            tokio::select! {
                // A broken connection is what this is for; both sides see it end.
                _ = &mut serving => return,
                _ = breaks.cut.changed() => return,
                _ = breaks.frozen.changed() => {}
            }
            // Not polled any more, and not dropped: its sockets stay open and silent. An error is the proxy's own end.
            let _ = breaks.cut.changed().await;
        });
        while tasks.try_join_next().is_some() {}
    }
}

struct Connection {
    shared: Arc<Shared>,
    logged: Arc<watch::Sender<()>>,
}

impl Connection {
    fn note(&self, head: &Head, body: &[u8]) -> usize {
        let [method, target, _] = head.start.clone();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let exchange = Exchange {
            at: clock::now(),
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            headers: head.headers.clone(),
            body: body.to_vec(),
            reply: None,
        };
        let mut log = lock(&self.shared.log);
        log.push(exchange);
        log.len() - 1
    }

    fn note_reply(&self, index: usize, head: &Head, body: &[u8]) {
        let reply = Reply {
            at: clock::now(),
            status: head.start[1].parse().unwrap_or(0),
            headers: head.headers.clone(),
            body: body.to_vec(),
        };
        lock(&self.shared.log)[index].reply = Some(reply);
        self.logged.send_replace(());
    }

    fn fault(&self, path: &str) -> Option<Fault> {
        let mut rules = lock(&self.shared.rules);
        let rule = rules
            .iter_mut()
            .find(|rule| rule.left > 0 && path.starts_with(&rule.path))?;
        rule.left = rule.left.saturating_sub(usize::from(rule.left != usize::MAX));
        Some(rule.fault.clone())
    }

    async fn serve(&self, client: TcpStream) -> io::Result<()> {
        let mut client = Wire::new(client);
        let mut server = None;
        while let Some(head) = client.head().await? {
            let body = client.request_body(&head).await?;
            let index = self.note(&head, &body);
            self.logged.send_replace(());
            let fault = self.fault(head.start[1].split('?').next().unwrap_or(""));
            match fault {
                Some(Fault::Refuse) => return Ok(()),
                Some(Fault::Stall) => {
                    client.hung_up().await;
                    return Ok(());
                }
                Some(Fault::Answer(message)) => {
                    client.write(message.as_bytes()).await?;
                    continue;
                }
                Some(Fault::LoseReply | Fault::CutReply(_)) | None => {}
            }
            let server = match &mut server {
                Some(server) => server,
                none => none.insert(self.dial().await?),
            };
            server.write(&[&head.raw[..], &body].concat()).await?;
            let reply = tokio::select! {
                reply = server.head() => reply?.ok_or(io::ErrorKind::UnexpectedEof)?,
                () = client.hung_up() => return Ok(()),
            };
            if reply.start[1] == "101" {
                self.note_reply(index, &reply, &[]);
                return upgrade(client, server, &reply).await;
            }
            let body = server.answer_body(&reply, &head.start[0]).await?;
            let message = [&reply.raw[..], &body].concat();
            match fault {
                Some(Fault::LoseReply) => {
                    self.note_reply(index, &reply, &body);
                    return Ok(());
                }
                Some(Fault::CutReply(after)) => {
                    client.write(&message[..after.min(message.len())]).await?;
                    self.note_reply(index, &reply, &body);
                    return Ok(());
                }
                _ => client.write(&message).await?,
            }
            self.note_reply(index, &reply, &body);
            if reply
                .header("connection")
                .is_some_and(|value| value.eq_ignore_ascii_case("close"))
            {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn dial(&self) -> io::Result<Wire<TcpStream>> {
        let target = *lock(&self.shared.target);
        let target = target.ok_or(io::ErrorKind::AddrNotAvailable)?;
        let stream = TcpStream::connect(target).await?;
        stream.set_nodelay(true)?;
        Ok(Wire::new(stream))
    }
}

async fn upgrade(mut client: Wire<TcpStream>, server: &mut Wire<TcpStream>, reply: &Head) -> io::Result<()> {
    client.write(&[&reply.raw[..], &server.rest()].concat()).await?;
    let early = client.rest();
    server.write(&early).await?;
    copy_bidirectional(&mut client.stream, &mut server.stream).await?;
    Ok(())
}
