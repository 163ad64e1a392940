//! A tour of several environments: both handshakes of each through the shared callback host, calls of third parties
//! through the internal host, and where each of them went.
//!
//! Owns the story; what it finds is for the caller to print.

use codestream_protocol::activity::Activity;
use codestream_protocol::lsp::attempt::Outcome;
use codestream_protocol::lsp::notification::{ConnectionStatus, DataType};
use serde_json::{Value, json};

use crate::environments::Environments;
use crate::methods::{ConnectionChanged, DataChanged};
use crate::{HeadlessIde, TestBrowser};

/// The environments.
const NAMES: [&str; 3] = ["local", "pd", "qa"];
/// Services that come back through the callback host.
const THROUGH: [&str; 2] = ["github", "slack"];

/// The hosts of nginx, as the table calls them.
const CALLBACK: &str = "callback host";
const INTERNAL: &str = "internal host";

/// One thing that was done, and where it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Of which environment.
    pub environment: String,
    /// What was done.
    pub what: String,
    /// Through which host of nginx.
    pub through: String,
    /// To which environment it went.
    pub to: String,
    /// What came of it.
    pub outcome: String,
    /// Whether all of that is as expected.
    pub good: bool,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tour {
    /// Every host, with its origin: those of nginx, then the environments.
    pub hosts: Vec<(String, String)>,
    /// What was done, environment by environment.
    pub rows: Vec<Row>,
}

/// Goes through all environments; `None`, said in one line, where nginx is not installed.
pub async fn run() -> Option<Tour> {
    let environments = Environments::start(&NAMES, |_, stub| {
        THROUGH.iter().fold(stub, |stub, service| {
            let name = format!("CODESTREAM_PROVIDER_{}_CALLBACK", service.to_uppercase());
            stub.env(&name, "authOrigin")
        })
    })
    .await?;
    let mut rows = Vec::new();
    let mut browser = TestBrowser::new();
    let mut ides = Vec::new();
    for name in NAMES {
        let stub = environments.stub(name);
        let ide = HeadlessIde::builder(stub.api())
            .droppable()
            .progress(false)
            .start()
            .await;
        let started = ide.sign_up("github").await.expect("a link");
        let way = way(&mut browser, &environments, &started.url).await;
        ide.opened().await;
        let login = ide.logged_in().await;
        let end = ide.end_of(started.attempt_id).await;
        let good = end.outcome == Outcome::SignedIn && way.to == name && way.through == CALLBACK;
        rows.push(row(
            name,
            "sign up with GitHub",
            &way,
            &format!("signed in as {}", login.session.email),
            good,
        ));
        ide.await_notification::<ConnectionChanged>(|change| change.status == ConnectionStatus::Reconnected)
            .await;
        let started = ide.connect("slack").await.expect("a link");
        let way = self::way(&mut browser, &environments, &started.url).await;
        ide.opened().await;
        let end = ide.end_of(started.attempt_id).await;
        let who = end.account.unwrap_or_default();
        let good = end.outcome == Outcome::Connected && way.to == name && way.through == CALLBACK;
        rows.push(row(
            name,
            "connect Slack",
            &way,
            &format!("connected as {who}"),
            good,
        ));
        ides.push((name, ide));
    }
    for (name, ide) in &ides {
        rows.push(slack_calls(&environments, name, ide).await);
        rows.push(teams_calls(&environments, name).await);
    }
    // What went to one environment went to no other.
    for (name, ide) in ides {
        let strays = ide
            .take_unread()
            .into_iter()
            .filter(|message| message.params["type"] == "activities")
            .count();
        let nowhere = Way {
            through: "-".to_owned(),
            to: "-".to_owned(),
        };
        let outcome = match strays {
            0 => "none of it comes here".to_owned(),
            strays => format!("{strays} came here"),
        };
        rows.push(row(name, "what is for others", &nowhere, &outcome, strays == 0));
    }
    rows.sort_by_key(|row| NAMES.iter().position(|name| *name == row.environment));
    let hosts = [
        (CALLBACK, environments.callback()),
        (INTERNAL, environments.internal()),
    ];
    let stubs = NAMES.map(|name| (name, environments.stub(name).api().to_owned()));
    let hosts = hosts.into_iter().chain(stubs);
    Some(Tour {
        hosts: hosts.map(|(name, origin)| (name.to_owned(), origin)).collect(),
        rows,
    })
}

/// Where something went.
struct Way {
    through: String,
    to: String,
}

/// Approves, and gives the way of the callback.
async fn way(browser: &mut TestBrowser, environments: &Environments, link: &str) -> Way {
    let before = browser.trail().len();
    browser.approve(link).await;
    let mut callbacks = browser.trail()[before..]
        .iter()
        .filter(|hop| hop.url.path().starts_with("/no-auth/provider-token/"))
        .map(|hop| hop.url.origin().ascii_serialization());
    let first = callbacks.next().unwrap_or_default();
    let (through, to) = if first == environments.callback() {
        (CALLBACK, callbacks.next().unwrap_or_default())
    } else {
        ("directly", first)
    };
    let home = NAMES.iter().find(|name| environments.stub(name).api() == to);
    Way {
        through: through.to_owned(),
        to: home.map_or(to, |name| (*name).to_owned()),
    }
}

fn row(environment: &str, what: &str, way: &Way, outcome: &str, good: bool) -> Row {
    Row {
        environment: environment.to_owned(),
        what: what.to_owned(),
        through: way.through.clone(),
        to: way.to.clone(),
        outcome: outcome.to_owned(),
        good,
    }
}

/// A message in Slack, told to the agent.
async fn slack_calls(environments: &Environments, name: &str, ide: &HeadlessIde) -> Row {
    let stub = environments.stub(name);
    let text = format!("a message for {name}");
    let event = json!({
        "type": "message", "channel": "C0GENERAL", "user": "U0000001001", "text": text, "ts": "1795476599.000100",
    });
    let order = json!({"event": event, "to": environments.action(name, "slack-events")});
    let id = stub.control().call("slack", order).await;
    let change = ide
        .await_notification::<DataChanged>(|change| change.kind == DataType::Activities)
        .await;
    let activities: Vec<Activity> = serde_json::from_value(change.data).expect("activities");
    let told = activities.first().and_then(|activity| activity.text.clone());
    let call = stub.control().attempts("slack", &id, 1).await;
    called(
        name,
        "message in Slack",
        &call,
        &format!("the IDE hears “{}”", told.as_deref().unwrap_or_default()),
    )
    .expecting(told == Some(text))
}

/// Somebody asks the bot for help.
async fn teams_calls(environments: &Environments, name: &str) -> Row {
    let stub = environments.stub(name);
    let order = json!({"activity": {"text": "help"}, "to": environments.action(name, "msteams")});
    let id = stub.control().call("msteams", order).await;
    let call = stub.control().attempts("msteams", &id, 1).await;
    let said = stub.control().received("msteams", "/connector/", 1).await;
    let answered = said.iter().all(|message| message["status"] == 201);
    called(name, "help in Teams", &call, "the bot answers").expecting(answered)
}

/// A call of a third party; that it came to this environment is what `outcome` shows, which is observed there.
fn called(name: &str, what: &str, call: &Value, outcome: &str) -> Row {
    let status = &call["attempts"][0]["status"];
    let way = Way {
        through: INTERNAL.to_owned(),
        to: name.to_owned(),
    };
    row(name, what, &way, &format!("{status}, {outcome}"), status == 200)
}

impl Row {
    fn expecting(self, also: bool) -> Self {
        Self {
            good: self.good && also,
            ..self
        }
    }
}
