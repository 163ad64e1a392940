//! How much anybody may hold of the server's connections, memory and time (CWE-400, CWE-770, CWE-772).

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use super::ConfigError;

/// The largest body that the API reads, which one address must be able to send.
const BODY: u64 = 256 * 1024;

/// Limits of each listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Open connections in all. Lowered to what the process's descriptors allow.
    pub connections: usize,
    /// Open connections of one address; an IPv6 address counts as its /64 network.
    pub connections_per_address: usize,
    /// Bytes of requests that are being received or answered, in all.
    pub body_bytes: usize,
    /// Of them, those of one address.
    pub body_bytes_per_address: usize,
    /// How long a client may take.
    pub times: Times,
}

/// How long a client may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// For the whole head of a request.
    pub head: Duration,
    /// Between two parts of a body.
    pub body_idle: Duration,
    /// For the whole body.
    pub body: Duration,
    /// Between two requests on one connection.
    pub keep_alive: Duration,
    /// Without taking anything of a response.
    pub write_idle: Duration,
    /// For taking the whole response.
    pub write: Duration,
}

/// As it is in the file.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Given {
    connections: Option<i64>,
    connections_per_address: Option<i64>,
    body_bytes: Option<i64>,
    body_bytes_per_address: Option<i64>,
    head_seconds: Option<i64>,
    body_idle_seconds: Option<i64>,
    body_seconds: Option<i64>,
    keep_alive_seconds: Option<i64>,
    write_idle_seconds: Option<i64>,
    write_seconds: Option<i64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 16_384,
            connections_per_address: 1_024,
            body_bytes: 64 * 1024 * 1024,
            body_bytes_per_address: 8 * 1024 * 1024,
            times: Times::default(),
        }
    }
}

impl Default for Times {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            head: seconds(10),
            body_idle: seconds(10),
            body: seconds(60),
            keep_alive: seconds(75),
            write_idle: seconds(10),
            write: seconds(60),
        }
    }
}

impl Limits {
    /// What is given, over the defaults.
    pub(super) fn of(given: &Given) -> Result<Self, ConfigError> {
        const CONNECTIONS: (u64, u64) = (4, 1_000_000);
        const BYTES: (u64, u64) = (BODY, 1 << 40);
        let or = Self::default();
        let (times, hour) = (or.times, (1, 3600));
        let seconds =
            |key, given, or: Duration| number(key, given, hour, or.as_secs()).map(Duration::from_secs);
        let limits = Self {
            connections: count("connections", given.connections, CONNECTIONS, or.connections)?,
            connections_per_address: count(
                "connectionsPerAddress",
                given.connections_per_address,
                (1, CONNECTIONS.1),
                or.connections_per_address,
            )?,
            body_bytes: count("bodyBytes", given.body_bytes, BYTES, or.body_bytes)?,
            body_bytes_per_address: count(
                "bodyBytesPerAddress",
                given.body_bytes_per_address,
                BYTES,
                or.body_bytes_per_address,
            )?,
            times: Times {
                head: seconds("headSeconds", given.head_seconds, times.head)?,
                body_idle: seconds("bodyIdleSeconds", given.body_idle_seconds, times.body_idle)?,
                body: seconds("bodySeconds", given.body_seconds, times.body)?,
                keep_alive: seconds("keepAliveSeconds", given.keep_alive_seconds, times.keep_alive)?,
                write_idle: seconds("writeIdleSeconds", given.write_idle_seconds, times.write_idle)?,
                write: seconds("writeSeconds", given.write_seconds, times.write)?,
            },
        };
        limits.ordered(given)
    }

    /// A part that was left to its default follows its whole; one that was given must fit.
    fn ordered(mut self, given: &Given) -> Result<Self, ConfigError> {
        let times = &mut self.times;
        part(
            ("connectionsPerAddress", given.connections_per_address),
            &mut self.connections_per_address,
            ("connections", self.connections),
        )?;
        part(
            ("bodyBytesPerAddress", given.body_bytes_per_address),
            &mut self.body_bytes_per_address,
            ("bodyBytes", self.body_bytes),
        )?;
        part(
            ("bodyIdleSeconds", given.body_idle_seconds),
            &mut times.body_idle,
            ("bodySeconds", times.body),
        )?;
        part(
            ("writeIdleSeconds", given.write_idle_seconds),
            &mut times.write_idle,
            ("writeSeconds", times.write),
        )?;
        Ok(self)
    }
}

fn number(
    key: &'static str,
    given: Option<i64>,
    (least, most): (u64, u64),
    or: u64,
) -> Result<u64, ConfigError> {
    let Some(given) = given else {
        return Ok(or);
    };
    let number = u64::try_from(given).ok();
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or(ConfigError::Limit {
            key,
            least,
            most,
            given,
        })
}

fn count(key: &'static str, given: Option<i64>, range: (u64, u64), or: usize) -> Result<usize, ConfigError> {
    let Some(given) = given else {
        return Ok(or);
    };
    let number = number(key, Some(given), range, 0)?;
    Ok(usize::try_from(number).unwrap_or(usize::MAX))
}

fn part<T: Ord + Copy>(
    (name, given): (&'static str, Option<i64>),
    value: &mut T,
    (whole_name, whole): (&'static str, T),
) -> Result<(), ConfigError> {
    if *value <= whole {
        return Ok(());
    }
    if given.is_some() {
        return Err(ConfigError::LimitOrder(name, whole_name));
    }
    *value = whole;
    Ok(())
}

/// As the configuration file has it.
impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let times = &self.times;
        writeln!(f, "[limits]")?;
        writeln!(f, "connections = {}", self.connections)?;
        writeln!(f, "connectionsPerAddress = {}", self.connections_per_address)?;
        writeln!(f, "bodyBytes = {}", self.body_bytes)?;
        writeln!(f, "bodyBytesPerAddress = {}", self.body_bytes_per_address)?;
        writeln!(f, "headSeconds = {}", times.head.as_secs())?;
        writeln!(f, "bodyIdleSeconds = {}", times.body_idle.as_secs())?;
        writeln!(f, "bodySeconds = {}", times.body.as_secs())?;
        writeln!(f, "keepAliveSeconds = {}", times.keep_alive.as_secs())?;
        writeln!(f, "writeIdleSeconds = {}", times.write_idle.as_secs())?;
        writeln!(f, "writeSeconds = {}", times.write.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(text: &str) -> Result<Limits, ConfigError> {
        Limits::of(&toml::from_str(text).expect("TOML"))
    }

    #[test]
    fn what_is_printed_is_what_is_read() {
        #[derive(Deserialize)]
        struct File {
            limits: Given,
        }
        let given = "connections = 99\nconnectionsPerAddress = 7\nheadSeconds = 1\nwriteSeconds = 5\n";
        for limits in [Limits::default(), limits(given).expect("good")] {
            let file: File = toml::from_str(&limits.to_string()).expect("TOML");
            assert_eq!(Limits::of(&file.limits).expect("good"), limits);
        }
    }

    #[test]
    fn a_wrong_number_is_named_with_what_is_right() {
        for (text, said) in [
            (
                "connections = 3",
                "[limits] connections must be a whole number from 4 to 1000000, not 3",
            ),
            (
                "connectionsPerAddress = 0",
                "connectionsPerAddress must be a whole number from 1",
            ),
            ("bodyBytes = 1000", "bodyBytes must be a whole number from 262144"),
            (
                "headSeconds = -1",
                "headSeconds must be a whole number from 1 to 3600, not -1",
            ),
            ("keepAliveSeconds = 3601", "keepAliveSeconds must"),
            (
                "connections = 10\nconnectionsPerAddress = 11",
                "connectionsPerAddress is more than connections",
            ),
            ("bodyIdleSeconds = 61", "bodyIdleSeconds is more than bodySeconds"),
        ] {
            let error = limits(text).expect_err(text).to_string();
            assert!(error.contains(said), "{said:?} in {error:?}");
        }
    }

    #[test]
    fn a_part_that_is_not_given_follows_its_whole() {
        let limits = limits("connections = 10\nbodySeconds = 2").expect("good");
        assert_eq!(limits.connections_per_address, 10);
        assert_eq!(limits.times.body_idle, Duration::from_secs(2));
    }
}
