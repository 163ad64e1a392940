//! `[quotas]` and `[sessions]`: how much one person, team or address may keep here, and how long a session lasts.

use std::time::Duration;

use serde::Deserialize;

use super::ConfigError;

/// How much one user, team or network address may have at a time (CWE-770).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Quotas {
    /// Connected accounts of one user.
    pub accounts_per_user: u32,
    /// Self-hosted services of one team.
    pub hosts_per_team: u32,
    /// Bytes of the data that is kept beside the token of one account.
    pub data_bytes_per_account: u32,
    /// KiB that one user may write in a day; every change counts as at least one, since each is kept for a week for those
    /// who were away.
    pub change_kib_per_user_per_day: u32,
    /// Sessions of one user; one more ends the one that was unused for longest.
    pub sessions_per_user: u32,
    /// Codes for a chat's `connect` command of one user; one more takes the place of the oldest.
    pub connect_codes_per_user: u32,
    /// Connects of one user that have not ended.
    pub pending_handshakes_per_user: u32,
    /// How often the link of one handshake may be opened.
    pub states_per_handshake: u32,
    /// Sign-ups that one network address may start in a minute.
    pub sign_up_starts_per_minute: u32,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            accounts_per_user: 100,
            hosts_per_team: 30,
            data_bytes_per_account: 16 * 1024,
            change_kib_per_user_per_day: 4096,
            sessions_per_user: 50,
            connect_codes_per_user: 5,
            pending_handshakes_per_user: 50,
            states_per_handshake: 20,
            sign_up_starts_per_minute: 120,
        }
    }
}

impl Quotas {
    /// The largest of any quota: beyond it a count is no bound any more.
    const MOST: u32 = 1_000_000;

    fn named(&self) -> [(&'static str, u32); 9] {
        [
            ("accountsPerUser", self.accounts_per_user),
            ("hostsPerTeam", self.hosts_per_team),
            ("dataBytesPerAccount", self.data_bytes_per_account),
            ("changeKibPerUserPerDay", self.change_kib_per_user_per_day),
            ("sessionsPerUser", self.sessions_per_user),
            ("connectCodesPerUser", self.connect_codes_per_user),
            ("pendingHandshakesPerUser", self.pending_handshakes_per_user),
            ("statesPerHandshake", self.states_per_handshake),
            ("signUpStartsPerMinute", self.sign_up_starts_per_minute),
        ]
    }

    pub(super) fn checked(self) -> Result<Self, ConfigError> {
        let wrong = |(_, value): &(&str, u32)| !(1..=Self::MOST).contains(value);
        match self.named().into_iter().find(wrong) {
            Some((name, value)) => Err(ConfigError::Quota(name, value)),
            None => Ok(self),
        }
    }
}

/// How long a session lasts (CWE-613).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SessionLife {
    /// Days without use after which it ends.
    pub idle_days: u32,
    /// Days after which it ends however much it is used.
    pub absolute_days: u32,
}

impl Default for SessionLife {
    fn default() -> Self {
        Self {
            idle_days: 90,
            absolute_days: 365,
        }
    }
}

impl SessionLife {
    const MOST_DAYS: u32 = 3650;

    pub(super) fn checked(self) -> Result<Self, ConfigError> {
        let named = [("idleDays", self.idle_days), ("absoluteDays", self.absolute_days)];
        let wrong = |(_, days): &(&str, u32)| !(1..=Self::MOST_DAYS).contains(days);
        match named.into_iter().find(wrong) {
            Some((name, days)) => Err(ConfigError::SessionLife(name, days)),
            None => Ok(self),
        }
    }

    pub(crate) fn idle(self) -> Duration {
        days(self.idle_days)
    }

    pub(crate) fn absolute(self) -> Duration {
        days(self.absolute_days)
    }
}

fn days(days: u32) -> Duration {
    Duration::from_hours(24 * u64::from(days))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_allowed() {
        assert!(Quotas::default().checked().is_ok());
        assert!(SessionLife::default().checked().is_ok());
    }

    #[test]
    fn a_quota_of_nothing_or_without_bound_is_refused_by_name() {
        let quotas: Quotas = toml::from_str("hostsPerTeam = 0").expect("a file");
        let error = quotas.checked().expect_err("nothing");
        assert!(error.to_string().contains("[quotas] hostsPerTeam"), "{error}");
        let quotas: Quotas = toml::from_str("sessionsPerUser = 4000000000").expect("a file");
        let error = quotas.checked().expect_err("no bound");
        assert!(error.to_string().contains("[quotas] sessionsPerUser"), "{error}");
        assert!(toml::from_str::<Quotas>("hostPerTeam = 1").is_err());
    }

    #[test]
    fn a_session_lasts_a_day_at_least_and_not_for_ever() {
        for (file, name) in [
            ("idleDays = 0", "idleDays"),
            ("absoluteDays = 36500", "absoluteDays"),
        ] {
            let life: SessionLife = toml::from_str(file).expect("a file");
            let error = life.checked().expect_err(file);
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}
