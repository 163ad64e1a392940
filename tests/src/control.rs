//! The sandbox's control endpoints: users, messages, faults, time, and what the third parties received.

use std::time::Duration;

use codestream_protocol::{TeamId, UserId};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::Http;

/// A user made by the sandbox, with a team and a session.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SandboxUser {
    /// Their id.
    pub user_id: UserId,
    /// Their team.
    pub team_id: TeamId,
    /// Their e-mail address.
    pub email: String,
    /// Their session's bearer token.
    pub access_token: String,
    /// Their session's token for the me-channel.
    pub broadcaster_token: String,
}

/// The control endpoints of one stub.
#[derive(Debug, Clone)]
pub struct Control {
    base: String,
    /// Of the other nodes, when there are several: what concerns a process is said to each.
    others: Vec<String>,
    http: Http,
}

impl Control {
    pub(crate) fn new(sandbox: &str) -> Self {
        Self::of([sandbox])
    }

    /// Of several nodes; the first one's third parties are those of all.
    pub(crate) fn of<'a>(sandboxes: impl IntoIterator<Item = &'a str>) -> Self {
        let mut bases = sandboxes
            .into_iter()
            .map(|sandbox| format!("{sandbox}/sandbox/control"));
        Self {
            base: bases.next().expect("at least one"),
            others: bases.collect(),
            http: Http::new(),
        }
    }

    async fn post(&self, name: &str, body: Value) -> Value {
        self.post_at(&self.base, name, &body).await
    }

    /// To the third parties last: what they do upon it finds every node ready for it.
    async fn post_to_all(&self, name: &str, body: Value) {
        for base in &self.others {
            self.post_at(base, name, &body).await;
        }
        self.post_at(&self.base, name, &body).await;
    }

    async fn post_at(&self, base: &str, name: &str, body: &Value) -> Value {
        let url = format!("{base}/{name}");
        let answer = self.http.call(Method::POST, &url, None, body).await;
        assert!(
            answer.status.is_success(),
            "{url} {body}: {} {}",
            answer.status,
            answer.text
        );
        answer.json()
    }

    /// Makes `count` users.
    pub async fn users(&self, count: usize) -> Vec<SandboxUser> {
        let users = self.post("users", json!({ "count": count })).await;
        serde_json::from_value(users).expect("the users' shape")
    }

    /// Makes one user.
    pub async fn user(&self) -> SandboxUser {
        self.users(1).await.pop().expect("one user was asked for")
    }

    /// Makes one user with an address, so that whoever has it at a third party is registered already.
    pub async fn user_with(&self, email: &str) -> SandboxUser {
        let users = self.post("users", json!({ "count": 1, "email": email })).await;
        let users: Vec<_> = serde_json::from_value(users).expect("the users' shape");
        users.into_iter().next().expect("one user was asked for")
    }

    /// Publishes a message on a channel.
    pub async fn publish(&self, channel: &str, message: Value) -> Value {
        self.post("publish", json!({ "channel": channel, "message": message }))
            .await
    }

    /// Drops a user's subscription.
    pub async fn kick(&self, user: &UserId, channel: &str) {
        self.post_to_all("kick", json!({ "userId": user, "channel": channel }))
            .await;
    }

    /// Takes a user out of the team that came with the user.
    pub async fn remove(&self, user: &SandboxUser) {
        self.post(
            "remove",
            json!({ "userId": user.user_id, "teamId": user.team_id }),
        )
        .await;
    }

    /// Sets a fault, as the contract words it.
    pub async fn fault(&self, fault: Value) {
        self.post_to_all("faults", fault).await;
    }

    /// Moves the clock of stub and sandbox forward.
    pub async fn advance(&self, by: Duration) {
        let ms = u64::try_from(by.as_millis()).expect("less than the age of the universe");
        self.fault(json!({"clock": {"advanceMs": ms}})).await;
    }

    /// Has an imitated third party call the API, and gives the name of the call.
    pub async fn call(&self, provider: &str, order: Value) -> String {
        let answer = self.post(provider, order).await;
        answer["id"].as_str().expect("a name").to_owned()
    }

    /// What became of a call of an imitated third party to the API, once so many attempts have been made, or none is left to
    /// make.
    pub async fn attempts(&self, provider: &str, id: &str, count: usize) -> Value {
        let query = format!("{provider}?id={id}&attempts={count}");
        let calls = self.held(&query, &format!("{count} attempts of {id}")).await;
        calls.into_iter().next_back().expect("a call of this name")
    }

    /// What the imitated third party received so far.
    pub async fn requests(&self, provider: &str) -> Vec<Value> {
        self.received(provider, "", 0).await
    }

    /// What it received at paths that hold `path`, once there are so many.
    pub async fn received(&self, provider: &str, path: &str, count: usize) -> Vec<Value> {
        let query = format!("requests?provider={provider}&path={path}&count={count}");
        self.held(&query, &format!("{count} requests to {path} of {provider}"))
            .await
    }

    /// A list that the sandbox answers with when there is what is waited for.
    async fn held(&self, query: &str, what: &str) -> Vec<Value> {
        let url = format!("{}/{query}", self.base);
        let answer = tokio::time::timeout(crate::PATIENCE, self.http.get(&url, None))
            .await
            .unwrap_or_else(|_| panic!("no {what}"));
        assert!(
            answer.status.is_success(),
            "{url}: {} {}",
            answer.status,
            answer.text
        );
        serde_json::from_str(&answer.text).expect("a list")
    }

    /// Sets something up at an imitated third party: `name` is the path below its controls.
    pub async fn set(&self, name: &str, order: Value) {
        self.post(name, order).await;
    }

    /// A `response_url` of the imitated Slack, for a component that nobody has used.
    pub async fn response_url(&self) -> String {
        let made = self.post("slack/response-url", Value::Null).await;
        made["url"].as_str().expect("a URL").to_owned()
    }

    /// Text that is signed as an imitated third party signs it: timestamp and signature.
    pub async fn sign(&self, provider: &str, body: &str, timestamp: Option<i64>) -> (String, String) {
        let timestamp = timestamp.map(|timestamp| timestamp.to_string());
        let order = json!({ "body": body, "timestamp": timestamp });
        let signed = self.post(&format!("{provider}/sign"), order).await;
        let text = |name: &str| signed[name].as_str().expect("text").to_owned();
        (text("timestamp"), text("signature"))
    }
}
