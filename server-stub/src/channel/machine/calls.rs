//! What a client may call.

use codestream_protocol::channel::{ChannelName, Handshake, HistoryCall, event};
use codestream_protocol::secret::{BroadcasterToken, ChannelJwt};
use serde::Deserialize as _;
use serde_json::Value;

use super::{Effect, MOST_CHANNELS, Machine, Question, Refusal, answer};

/// Most channels of one `history` call.
const MOST_HISTORY: usize = 100;

impl Machine {
    pub(super) fn call(&mut self, event: &str, data: Value, cid: Option<Value>, effects: &mut Vec<Effect>) {
        let result = match event {
            event::HANDSHAKE => Ok(self.handshake(&data, cid.clone())),
            event::AUTHENTICATE => Ok(authenticate(&data, cid.clone())),
            event::REMOVE_AUTH_TOKEN => {
                self.identity = None;
                return;
            }
            event::SUBSCRIBE => self.subscribe(&data, cid.clone()),
            event::UNSUBSCRIBE => self.unsubscribe(&data, cid.clone()),
            event::PUBLISH => Err(Refusal::PublishDisabled),
            event::AUTH => login(&data, cid.clone()),
            event::HISTORY => match cid.clone() {
                Some(cid) => self.history(data, cid),
                None => return,
            },
            // A call to a procedure that nobody serves is never answered: the caller's own time-out ends it.
            _ => return,
        };
        match result {
            Ok(more) => effects.extend(more),
            Err(refusal) => answer(cid, Err(refusal.to_error()), effects),
        }
    }

    fn handshake(&mut self, data: &Value, cid: Option<Value>) -> Vec<Effect> {
        let handshake = Handshake::deserialize(data).unwrap_or_default();
        if let Some(jwt) = handshake.auth_token {
            return vec![Effect::Ask(Question::Handshake { cid, jwt })];
        }
        self.identity = None;
        let mut effects = Vec::new();
        answer(cid, Ok(self.handshake_answer(None)), &mut effects);
        effects
    }

    fn subscribe(&self, data: &Value, cid: Option<Value>) -> Result<Vec<Effect>, Refusal> {
        let name = data
            .get("channel")
            .and_then(Value::as_str)
            .ok_or(Refusal::Malformatted)?;
        let who = self.identity.clone().ok_or(Refusal::MissingCredentials)?;
        let channel: ChannelName = name.parse().map_err(|_| not_a_channel(name))?;
        if self.channels.len() >= MOST_CHANNELS && !self.channels.contains(&channel) {
            return Err(Refusal::TooManyChannels(self.id.clone(), MOST_CHANNELS));
        }
        Ok(vec![Effect::Ask(Question::Subscribe { cid, channel, who })])
    }

    fn unsubscribe(&mut self, data: &Value, cid: Option<Value>) -> Result<Vec<Effect>, Refusal> {
        // The bare name; some clients send it as `{channel}`.
        let name = data.as_str().or_else(|| data.get("channel")?.as_str());
        let name = name.ok_or(Refusal::Malformatted)?;
        let channel = name.parse::<ChannelName>().ok();
        let channel = channel.filter(|channel| self.channels.contains(channel));
        let channel = channel.ok_or_else(|| Refusal::NotSubscribed(shortened(name)))?;
        self.channels.retain(|had| *had != channel);
        let mut effects = vec![Effect::Unsubscribe(channel)];
        answer(cid, Ok(Value::Null), &mut effects);
        Ok(effects)
    }

    fn history(&self, data: Value, cid: Value) -> Result<Vec<Effect>, Refusal> {
        let who = self.identity.clone().ok_or(Refusal::MissingCredentials)?;
        let call: HistoryCall = serde_json::from_value(data).map_err(|_| Refusal::BadHistory)?;
        let request = || shortened(&call.request_id);
        if call.channels.len() > MOST_HISTORY {
            return Err(Refusal::TooMuchHistory(request()));
        }
        let channels = call.channels.iter().map(|name| {
            name.parse::<ChannelName>()
                .map_err(|_| Refusal::History(request(), "invalid", shortened(name)))
        });
        let channels = channels.collect::<Result<_, _>>()?;
        Ok(vec![Effect::Ask(Question::History {
            cid,
            call,
            channels,
            who,
        })])
    }
}

fn authenticate(data: &Value, cid: Option<Value>) -> Vec<Effect> {
    // What is no string is no JWT either, and is refused as one.
    let jwt = ChannelJwt::new(data.as_str().unwrap_or_default());
    vec![Effect::Ask(Question::Authenticate { cid, jwt })]
}

fn login(data: &Value, cid: Option<Value>) -> Result<Vec<Effect>, Refusal> {
    let text = |key: &str| {
        data.get(key)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let token = BroadcasterToken::new(text("token").ok_or(Refusal::NoToken)?);
    let uid = text("uid").ok_or(Refusal::NoUid)?.to_owned();
    Ok(vec![Effect::Ask(Question::Login { cid, token, uid })])
}

fn not_a_channel(name: &str) -> Refusal {
    if name.starts_with("stream-") {
        Refusal::StreamChannel(shortened(name))
    } else {
        Refusal::InvalidChannel(shortened(name))
    }
}

/// A client's own text, given back to it: short, so that no answer grows with its call.
fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}
