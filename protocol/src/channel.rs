//! Frames of the me-channel: the `SocketCluster` protocol, version 2, over WebSocket text frames.
//!
//! A frame is an empty string (ping and pong), one JSON object, or an array of objects. Text that is neither is ignored,
//! as the real packages do: [`decode`] never fails.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::activity::Activity;
use crate::code::ServerCode;
use crate::directive::Directive;
use crate::id::{CodeId, TeamId, UserId};
use crate::secret::{BroadcasterToken, ChannelJwt};
use crate::time::UnixMillis;

/// Path of the WebSocket, with its last slash.
pub const PATH: &str = "/socketcluster/";
/// Events of the protocol itself.
pub mod event {
    /// Client call: opens the `SocketCluster` session.
    pub const HANDSHAKE: &str = "#handshake";
    /// Client call: presents a JWT later than the handshake.
    pub const AUTHENTICATE: &str = "#authenticate";
    /// Server transmit: keep this JWT.
    pub const SET_AUTH_TOKEN: &str = "#setAuthToken";
    /// Either side, transmit: forget the JWT.
    pub const REMOVE_AUTH_TOKEN: &str = "#removeAuthToken";
    /// Client call.
    pub const SUBSCRIBE: &str = "#subscribe";
    /// Client transmit or call; data is the bare name.
    pub const UNSUBSCRIBE: &str = "#unsubscribe";
    /// Server transmit: a message on a channel.
    pub const PUBLISH: &str = "#publish";
    /// Server transmit: the subscription is gone; do not come back.
    pub const KICK_OUT: &str = "#kickOut";
    /// Client call: `CodeStream`'s sign-in on the socket.
    pub const AUTH: &str = "auth";
    /// Client call: what was published since.
    pub const HISTORY: &str = "history";
}

/// WebSocket close codes of `SocketCluster`.
pub mod close {
    /// Server: it stops (RFC 6455 §7.4.1).
    pub const GOING_AWAY: u16 = 1001;
    /// A frame that breaks the WebSocket protocol.
    pub const PROTOCOL_ERROR: u16 = 1002;
    /// A text frame that is not UTF-8.
    pub const NOT_UTF8: u16 = 1007;
    /// A frame that is too large.
    pub const TOO_LARGE: u16 = 1009;
    /// Server: the client has missed messages; it comes back and catches up by history.
    pub const BEHIND: u16 = 1013;
    /// Client: no ping from the server in time.
    pub const NO_PING: u16 = 4000;
    /// Server: no pong from the client in time.
    pub const NO_PONG: u16 = 4001;
    /// Server: no `#handshake` in time.
    pub const NO_HANDSHAKE: u16 = 4005;
    /// Server: a frame before the handshake.
    pub const BEFORE_HANDSHAKE: u16 = 4009;
    /// From here up a client does not come back: the session has ended.
    pub const DO_NOT_COME_BACK: u16 = 4500;
}

/// One packet of a frame.
#[derive(Debug, Clone, PartialEq)]
pub enum Packet {
    /// The empty frame: the server's ping, the client's pong.
    Ping,
    /// `{event, data?, cid}`: must be answered with the same id.
    Call {
        /// Its name.
        event: String,
        /// Its argument; `Null` when left out.
        data: Value,
        /// Any non-null JSON value; echoed unchanged.
        cid: Value,
    },
    /// `{event, data?}`: is not answered.
    Transmit {
        /// Its name.
        event: String,
        /// Its argument; `Null` when left out.
        data: Value,
    },
    /// `{rid, data?}` or `{rid, error}`.
    Answer {
        /// The call's id.
        rid: Value,
        /// What the call gave; the error is an object with `message` and perhaps `name`, or a plain string.
        result: Result<Value, Value>,
    },
}

/// Reads a text frame. What is not a packet is left out.
pub fn decode(text: &str) -> Vec<Packet> {
    if text.is_empty() {
        return vec![Packet::Ping];
    }
    match serde_json::from_str(text) {
        Ok(Value::Array(items)) => items.into_iter().filter_map(packet).collect(),
        Ok(one) => packet(one).into_iter().collect(),
        Err(_) => Vec::new(),
    }
}

fn packet(value: Value) -> Option<Packet> {
    let Value::Object(mut map) = value else {
        return None;
    };
    let mut take = |key: &str| map.shift_remove(key).unwrap_or(Value::Null);
    if let Value::String(event) = take("event") {
        let data = take("data");
        return Some(match take("cid") {
            Value::Null => Packet::Transmit { event, data },
            cid => Packet::Call { event, data, cid },
        });
    }
    match (take("rid"), take("error")) {
        (Value::Null, _) => None,
        (rid, Value::Null) => Some(Packet::Answer {
            rid,
            result: Ok(take("data")),
        }),
        (rid, error) => Some(Packet::Answer {
            rid,
            result: Err(error),
        }),
    }
}

impl Packet {
    /// The packet as the text of a frame.
    pub fn encode(&self) -> String {
        let mut map = Map::new();
        let mut put = |key: &str, value: &Value| {
            if !value.is_null() {
                map.insert(key.to_owned(), value.clone());
            }
        };
        match self {
            Self::Ping => return String::new(),
            Self::Call { event, data, cid } => {
                put("event", &Value::from(event.as_str()));
                put("data", data);
                put("cid", cid);
            }
            Self::Transmit { event, data } => {
                put("event", &Value::from(event.as_str()));
                put("data", data);
            }
            Self::Answer { rid, result } => {
                put("rid", rid);
                match result {
                    Ok(data) => put("data", data),
                    Err(error) => put("error", error),
                }
            }
        }
        Value::Object(map).to_string()
    }

    /// A refusal as JavaScript's plain `Error` is sent: a message and no name.
    pub fn refusal(rid: Value, message: impl Into<String>) -> Self {
        Self::Answer {
            rid,
            result: Err(json!({ "message": message.into() })),
        }
    }
}

/// A channel, compared by its whole name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ChannelName {
    /// `user-<id>`: the me-channel.
    User(UserId),
    /// `team-<id>`.
    Team(TeamId),
    /// `echo`: open to every authenticated user, not kept.
    Echo,
}

/// Not the whole name of a channel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid channel")]
pub struct NotAChannel;

impl FromStr for ChannelName {
    type Err = NotAChannel;
    fn from_str(text: &str) -> Result<Self, NotAChannel> {
        if text == "echo" {
            return Ok(Self::Echo);
        }
        match text.split_once('-') {
            Some(("user", id)) => id.parse().map(Self::User).map_err(|_| NotAChannel),
            Some(("team", id)) => id.parse().map(Self::Team).map_err(|_| NotAChannel),
            _ => Err(NotAChannel),
        }
    }
}

impl TryFrom<String> for ChannelName {
    type Error = NotAChannel;
    fn try_from(text: String) -> Result<Self, NotAChannel> {
        text.parse()
    }
}

impl From<ChannelName> for String {
    fn from(name: ChannelName) -> Self {
        name.to_string()
    }
}

impl fmt::Display for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user-{id}"),
            Self::Team(id) => write!(f, "team-{id}"),
            Self::Echo => f.write_str("echo"),
        }
    }
}

/// `data` of the client's `#handshake`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Handshake {
    /// The JWT kept from an earlier connection.
    pub auth_token: Option<ChannelJwt>,
}

/// `data` of the answer to `#handshake`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HandshakeAnswer {
    /// 20 URL-safe base64 characters, new for every connection.
    pub id: String,
    /// Milliseconds; the client adopts it at once.
    pub ping_timeout: u64,
    /// Whether the JWT verified.
    pub is_authenticated: bool,
    /// Only when a JWT was sent and was bad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_error: Option<AuthError>,
}

/// Why a JWT was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthError {
    /// `AuthTokenInvalidError` or `AuthTokenExpiredError`.
    pub name: String,
    /// For a log.
    pub message: String,
    /// Whether the client should forget the JWT.
    pub is_bad_token: bool,
}

/// `data` of the call `auth`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthCall {
    /// The session's broadcaster token.
    pub token: BroadcasterToken,
    /// The user's id.
    pub uid: String,
}

/// `data` of the call `history`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryCall {
    /// Whose messages; at most 100.
    pub channels: Vec<String>,
    /// Echoed in the answer.
    pub request_id: String,
    /// Messages at or after this time.
    pub since: UnixMillis,
}

/// `data` of the answer to `history`: newest first, at most [`HISTORY_LIMIT`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryAnswer {
    /// As asked.
    pub request_id: String,
    /// As asked.
    pub channels: Vec<String>,
    /// Newest first.
    pub messages: Vec<HistoryMessage>,
}

/// Most messages that one `history` answer holds. So many mean that there may be more: refetch.
pub const HISTORY_LIMIT: usize = 100;

/// One stored message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryMessage {
    /// When it was stored.
    pub timestamp: UnixMillis,
    /// Where it was published.
    pub channel: String,
    /// As it was published.
    pub message: Value,
}

/// A message on `user-<id>` or `team-<id>`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Unique; history and live delivery of one message have the same.
    pub message_id: String,
    /// The HTTP request that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// A change of the me-object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Directive>,
    /// A change of the team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<Directive>,
    /// Something happened at a third party.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<Activity>,
    /// An account came back from a link handshake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt_confirming: Option<AttemptConfirming>,
    /// Something for the person who waits for a handshake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt_noted: Option<AttemptNoted>,
    /// The end of a connect or link handshake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt_ended: Option<AttemptEnded>,
    /// Set on each part of a message that was too large for one frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
}

/// An account came back from a link handshake, and the IDE decides whether it is let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttemptConfirming {
    /// The handshake.
    pub code_id: CodeId,
    /// The provider's lower-case name.
    pub provider: String,
    /// The account's login or display name at the service.
    pub account: String,
}

/// Something for the person who waits for a handshake, which goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttemptNoted {
    /// The handshake.
    pub code_id: CodeId,
    /// A sentence.
    pub note: String,
}

/// The end of a connect or link handshake: good when it has no `code`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttemptEnded {
    /// The handshake.
    pub code_id: CodeId,
    /// The provider's lower-case name; on failures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// `authorize`, `callback`, `exchange`, `identity` or `store`; on failures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// A [`ServerCode`]; on failures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// For a person; on failures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Where a person can mend it; on failures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

impl AttemptEnded {
    /// The account is connected.
    pub fn connected(code_id: CodeId) -> Self {
        Self {
            code_id,
            provider: None,
            step: None,
            code: None,
            message: None,
            link: None,
        }
    }

    /// The handshake failed at `step`.
    pub fn failed(
        code_id: CodeId,
        provider: &str,
        step: &str,
        code: ServerCode,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code_id,
            provider: Some(provider.to_owned()),
            step: Some(step.to_owned()),
            code: Some(code.as_str().to_owned()),
            message: Some(message.into()),
            link: None,
        }
    }
}

/// Messages above this many bytes are sent in parts.
pub const PART_BYTES: usize = 64 * 1024;

/// One part of a message. The parts' `text`, joined in order of `number`, is the JSON of the whole [`Message`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// From 0.
    pub number: u32,
    /// How many there are.
    pub of: u32,
    /// A slice of the JSON text.
    pub text: String,
}

/// Cuts a message's JSON into parts when it is larger than [`PART_BYTES`]; each part has the `messageId` of the whole.
pub fn split(message_id: &str, message: Value) -> Vec<Value> {
    let text = message.to_string();
    if text.len() <= PART_BYTES {
        return vec![message];
    }
    let mut slices = Vec::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let end = rest.floor_char_boundary(PART_BYTES.min(rest.len()));
        let (slice, after) = rest.split_at(end);
        slices.push(slice);
        rest = after;
    }
    let of = u32::try_from(slices.len()).unwrap_or(u32::MAX);
    (0..of)
        .zip(slices)
        .map(|(number, text)| json!({ "messageId": message_id, "part": { "number": number, "of": of, "text": text } }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_frames_read_as_packets() {
        let rows: Vec<Value> =
            serde_json::from_str(include_str!("../golden/frames.json")).expect("golden JSON");
        for row in rows {
            let text = row["frame"].as_str().expect("frame");
            let shown: Vec<String> = decode(text).iter().map(|p| format!("{p:?}")).collect();
            let kinds: Vec<&str> = shown
                .iter()
                .map(|s| s.split([' ', '{']).next().unwrap_or_default())
                .collect();
            assert_eq!(json!(kinds), row["packets"], "{text}");
        }
    }

    #[test]
    fn packets_are_written_as_the_real_ones_write_them() {
        let call = Packet::Call {
            event: "#subscribe".into(),
            data: json!({"channel": "c"}),
            cid: json!(2),
        };
        assert_eq!(
            call.encode(),
            r##"{"event":"#subscribe","data":{"channel":"c"},"cid":2}"##
        );
        assert_eq!(
            Packet::Answer {
                rid: json!(2),
                result: Ok(Value::Null)
            }
            .encode(),
            r#"{"rid":2}"#
        );
        assert_eq!(
            Packet::refusal(json!("x"), "no").encode(),
            r#"{"rid":"x","error":{"message":"no"}}"#
        );
        assert_eq!(Packet::Ping.encode(), "");
    }

    #[test]
    fn channels_are_compared_whole() {
        let id = "0123456789abcdef01234567";
        assert!(matches!(format!("user-{id}").parse(), Ok(ChannelName::User(_))));
        assert!(matches!(format!("team-{id}").parse(), Ok(ChannelName::Team(_))));
        for bad in [
            format!("user-{id}-x"),
            format!("user-{id} "),
            format!("stream-{id}"),
            "echo-".into(),
            "user".into(),
        ] {
            assert!(bad.parse::<ChannelName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_large_message_joins_again_from_its_parts() {
        let whole = json!({"messageId": "m", "user": {"id": "ü".repeat(PART_BYTES)}});
        let parts = split("m", whole.clone());
        assert!(parts.len() > 1);
        let text: String = parts
            .iter()
            .map(|p| p["part"]["text"].as_str().expect("text"))
            .collect();
        assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON"), whole);
        assert!(parts.iter().all(|p| p["messageId"] == "m"));
    }

    proptest::proptest! {
        #[test]
        fn frames_of_any_shape_are_survived(text in "\\PC{0,120}") {
            for packet in decode(&text) {
                proptest::prop_assert_eq!(decode(&packet.encode()), vec![packet]);
            }
        }
    }
}
