//! The token that the Bot Connector puts on every call to a bot.
//! <https://learn.microsoft.com/en-us/azure/bot-service/rest-api/bot-framework-rest-connector-authentication>

use std::time::Duration;

use codestream_protocol::{ServerCode, UnixMillis};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use url::Url;

use super::activity::Activity;
use crate::providers::inbound::{Letter, Unheard};
use crate::providers::service::Caller;
use crate::providers::signing_keys::SigningKey;

/// Who signs.
const ISSUER: &str = "https://api.botframework.com";
/// How far the two clocks may be apart.
const SKEW: Duration = Duration::from_mins(5);
const DOCUMENT: &str = "https://login.botframework.com/v1/.well-known/openidconfiguration";

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    exp: i64,
    nbf: Option<i64>,
    /// In lower case, whatever the documentation's prose says.
    serviceurl: String,
}

fn unproven(why: &'static str) -> Unheard {
    Unheard::Unproven(ServerCode::TokenInvalid, why)
}

/// Proves that the activity came from the Connector, for this bot. The token does not sign the body: what ties the two
/// together are the channel, which the key must be endorsed for, and the service URL.
pub(super) async fn verify(
    caller: Caller<'_>,
    letter: &Letter<'_>,
    activity: &Activity,
) -> Result<(), Unheard> {
    let header = letter
        .header("authorization")
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or(unproven("no bearer token"))?;
    let head = jsonwebtoken::decode_header(header).map_err(|_| unproven("not a JWT"))?;
    if head.alg != Algorithm::RS256 {
        return Err(unproven("another algorithm"));
    }
    let id = head.kid.ok_or(unproven("no key id"))?;
    let document = document(&caller.bases.web);
    let published = letter.keys.at(caller.http, &document, &id, letter.clock).await;
    let published = published.map_err(|_| Unheard::NotNow)?;
    let key = published.key(&id).ok_or(unproven("an unknown key"))?;
    if published.issuer != ISSUER {
        return Err(Unheard::NotNow);
    }
    let claims = claims(header, key)?;
    judge(&claims, key, activity, &caller.app.client_id, letter.now)
}

fn claims(token: &str, key: &SigningKey) -> Result<Claims, Unheard> {
    let mut validation = Validation::new(Algorithm::RS256);
    // Judged below, on our own clock.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let key = DecodingKey::from_rsa_components(&key.n, &key.e).map_err(|_| unproven("an unusable key"))?;
    jsonwebtoken::decode(token, &key, &validation)
        .map(|token| token.claims)
        .map_err(|_| unproven("another signature, or a claim is missing"))
}

fn judge(
    claims: &Claims,
    key: &SigningKey,
    activity: &Activity,
    bot: &str,
    now: UnixMillis,
) -> Result<(), Unheard> {
    let from = |seconds| UnixMillis::from_secs(seconds);
    let why = if claims.iss != ISSUER {
        "another issuer"
    } else if claims.aud != bot {
        "for another bot"
    } else if now >= from(claims.exp) + SKEW {
        "expired"
    } else if claims.nbf.is_some_and(|nbf| now + SKEW < from(nbf)) {
        "not good yet"
    } else if !key.endorsements.contains(&activity.channel_id) {
        "its key may not sign for this channel"
    } else if claims.serviceurl != activity.service_url {
        "for another service URL"
    } else {
        return Ok(());
    };
    Err(unproven(why))
}

/// Where the Connector publishes its keys; an imitation does below its own pages.
fn document(web: &Url) -> Url {
    if web.as_str() == super::DESCRIPTION.web {
        return Url::parse(DOCUMENT).expect("a URL");
    }
    crate::providers::description::below(web, "botframework/v1/.well-known/openidconfiguration")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    type Change = fn(&mut Claims, &mut SigningKey);

    const NOW: UnixMillis = UnixMillis(1_795_476_600_000);

    fn judged(change: impl Fn(&mut Claims, &mut SigningKey)) -> Result<(), Unheard> {
        let mut claims = Claims {
            iss: ISSUER.to_owned(),
            aud: "bot".to_owned(),
            exp: NOW.as_secs() + 60,
            nbf: Some(NOW.as_secs() - 60),
            serviceurl: "https://smba.example/".to_owned(),
        };
        let mut key: SigningKey =
            serde_json::from_value(json!({"kid": "1", "endorsements": ["msteams"]})).expect("a key");
        change(&mut claims, &mut key);
        let activity =
            json!({"type": "message", "channelId": "msteams", "serviceUrl": "https://smba.example/"});
        let activity: Activity = serde_json::from_value(activity).expect("an activity");
        judge(&claims, &key, &activity, "bot", NOW)
    }

    #[test]
    fn every_claim_is_judged() {
        assert_eq!(judged(|_, _| {}), Ok(()));
        assert_eq!(judged(|claims, _| claims.exp = NOW.as_secs() - 299), Ok(()));
        let bad: [Change; 7] = [
            |claims, _| claims.iss = "https://sts.windows.net/".to_owned(),
            |claims, _| claims.aud = "another bot".to_owned(),
            |claims, _| claims.exp = NOW.as_secs() - 300,
            |claims, _| claims.nbf = Some(NOW.as_secs() + 301),
            |claims, _| claims.serviceurl = "https://evil.example/".to_owned(),
            |_, key| key.endorsements = vec!["slack".to_owned()],
            |_, key| key.endorsements.clear(),
        ];
        for (number, change) in bad.into_iter().enumerate() {
            let refused = judged(change);
            assert!(
                matches!(refused, Err(Unheard::Unproven(ServerCode::TokenInvalid, _))),
                "{number}: {refused:?}"
            );
        }
    }
}
