//! When accounts' tokens are due for a new one: before they expire, once for each expiry. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use codestream_protocol::UnixMillis;
use codestream_protocol::http::ProviderInfo;

use crate::session::accounts::AccountKey;

/// The longest time before the expiry that a token is renewed.
const LEAD: Duration = Duration::from_mins(5);
/// The first wait after trouble on the way; doubled each time.
const RETRY: Duration = Duration::from_secs(15);
const LONGEST_RETRY: Duration = Duration::from_mins(10);

#[derive(Debug, Clone, PartialEq)]
struct Due {
    /// The expiry that this is about.
    expires_at: UnixMillis,
    /// When to ask; `None`: the server refused, so only a new token helps.
    at: Option<UnixMillis>,
    wait: Duration,
}

/// The schedule.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    due: BTreeMap<AccountKey, Due>,
}

impl Schedule {
    /// Takes the accounts as they now stand.
    pub(crate) fn learn<'a>(
        &mut self,
        accounts: impl Iterator<Item = (&'a AccountKey, &'a ProviderInfo)>,
        now: UnixMillis,
    ) {
        let mut due = BTreeMap::new();
        for (key, info) in accounts {
            let (Some(expires_at), true) = (info.expires_at, renewable(info)) else {
                continue;
            };
            let new = match self.due.remove(key) {
                Some(known) if known.expires_at == expires_at => known,
                before => {
                    // A tenth of what is left, so that short lives are renewed in time too.
                    let lead = (expires_at.since(now) / 10).min(LEAD);
                    // A new token that has expired already: our clock is wrong, and only a 401 tells when it is time.
                    let wrong = before.is_some() && expires_at <= now;
                    Due {
                        expires_at,
                        at: (!wrong).then(|| expires_at - lead),
                        wait: RETRY,
                    }
                }
            };
            due.insert(key.clone(), new);
        }
        self.due = due;
    }

    /// When something is due next.
    pub(crate) fn next(&self) -> Option<UnixMillis> {
        self.due.values().filter_map(|due| due.at).min()
    }

    /// What is due now. It is not due again until [`Self::failed`] or a new expiry.
    pub(crate) fn take(&mut self, now: UnixMillis) -> Vec<AccountKey> {
        self.due
            .iter_mut()
            .filter(|(_, due)| due.at.is_some_and(|at| at <= now))
            .map(|(key, due)| {
                due.at = None;
                key.clone()
            })
            .collect()
    }

    /// Trouble on the way: later again.
    pub(crate) fn failed(&mut self, key: &AccountKey, now: UnixMillis) {
        if let Some(due) = self.due.get_mut(key) {
            due.at = Some(now + due.wait);
            due.wait = (due.wait * 2).min(LONGEST_RETRY);
        }
    }
}

fn renewable(info: &ProviderInfo) -> bool {
    info.access_token.is_some() && info.token_error.is_none() && !info.is_api_token
}

#[cfg(test)]
mod tests {
    use super::*;
    use codestream_protocol::secret::AccessToken;
    use serde_json::{Value, json};

    fn key() -> AccountKey {
        AccountKey {
            provider: "github".to_owned(),
            host: None,
            sub_id: None,
        }
    }

    fn info(expires_at: Option<i64>) -> ProviderInfo {
        ProviderInfo {
            access_token: Some(AccessToken::new("t")),
            expires_at: expires_at.map(UnixMillis),
            ..serde_json::from_value(json!({ "data": Value::Null })).expect("an account")
        }
    }

    fn learn(schedule: &mut Schedule, info: &ProviderInfo, now: i64) {
        schedule.learn([(&key(), info)].into_iter(), UnixMillis(now));
    }

    #[test]
    fn a_token_is_renewed_a_tenth_of_its_life_before_its_end_and_at_most_five_minutes() {
        for (left_ms, lead_ms) in [(10_000, 1_000), (600_000, 60_000), (28_800_000, 300_000), (0, 0)] {
            let mut schedule = Schedule::default();
            learn(&mut schedule, &info(Some(left_ms)), 0);
            assert_eq!(schedule.next(), Some(UnixMillis(left_ms - lead_ms)), "{left_ms}");
        }
        let mut schedule = Schedule::default();
        learn(&mut schedule, &info(None), 0);
        assert_eq!(schedule.next(), None);
    }

    #[test]
    fn a_due_renewal_is_asked_once_and_again_only_after_trouble_or_for_a_new_expiry() {
        let mut schedule = Schedule::default();
        learn(&mut schedule, &info(Some(10_000)), 0);
        assert!(schedule.take(UnixMillis(8_999)).is_empty());
        assert_eq!(schedule.take(UnixMillis(9_000)), [key()]);
        assert!(schedule.take(UnixMillis(9_001)).is_empty());
        learn(&mut schedule, &info(Some(10_000)), 9_002);
        assert_eq!(schedule.next(), None, "a refusal is final for this expiry");
        schedule.failed(&key(), UnixMillis(9_100));
        assert_eq!(schedule.next(), Some(UnixMillis(9_100) + RETRY));
        schedule.failed(&key(), UnixMillis(9_100));
        assert_eq!(schedule.next(), Some(UnixMillis(9_100) + RETRY * 2));
        learn(&mut schedule, &info(Some(30_000)), 10_000);
        assert_eq!(schedule.next(), Some(UnixMillis(28_000)));
    }

    #[test]
    fn a_clock_that_is_hours_ahead_asks_for_one_new_token_and_not_for_ever_more() {
        let mut schedule = Schedule::default();
        let (life, ahead) = (28_800_000, 32_400_000);
        learn(&mut schedule, &info(Some(life)), ahead);
        assert_eq!(schedule.take(UnixMillis(ahead)), [key()]);
        learn(&mut schedule, &info(Some(life + 50)), ahead + 50);
        assert_eq!(schedule.next(), None);
        // The clock is set right: the next token is scheduled as ever.
        learn(&mut schedule, &info(Some(2 * life)), life);
        assert_eq!(schedule.next(), Some(UnixMillis(2 * life) - LEAD));
    }

    #[test]
    fn a_lost_account_and_a_token_made_by_hand_are_never_renewed() {
        let mut by_hand = info(Some(10));
        by_hand.is_api_token = true;
        let mut lost = info(Some(10));
        lost.access_token = None;
        for info in [by_hand, lost] {
            let mut schedule = Schedule::default();
            learn(&mut schedule, &info, 0);
            assert_eq!(schedule.next(), None);
        }
    }
}
