//! Points in time for a person. Pages know no time zone without a script, so they say UTC.

use std::fmt;

use codestream_protocol::UnixMillis;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A minute of the calendar, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    year: i64,
    month: usize,
    day: i64,
    hour: i64,
    minute: i64,
}

impl From<UnixMillis> for Moment {
    fn from(time: UnixMillis) -> Self {
        let seconds = time.as_secs();
        let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = civil(days);
        Self {
            year,
            month,
            day,
            hour: second / 3600,
            minute: second / 60 % 60,
        }
    }
}

/// Year, month from 0, and day of a day since 1 January 1970, in the proleptic Gregorian calendar.
fn civil(days: i64) -> (i64, usize, i64) {
    // Years that begin in March put the leap day last; 400 of them have 146,097 days.
    let from_year_0 = days + 719_468;
    let era = from_year_0.div_euclid(146_097);
    let day_of_era = from_year_0.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12;
    let year = era * 400 + year_of_era + i64::from(month < 2);
    (year, usize::try_from(month).unwrap_or(0), day)
}

impl Moment {
    /// `2026-11-23T14:05Z`, for machines.
    pub(crate) fn iso(self) -> String {
        let Self {
            year,
            month,
            day,
            hour,
            minute,
        } = self;
        format!("{year:04}-{:02}-{day:02}T{hour:02}:{minute:02}Z", month + 1)
    }

    /// `14:05 UTC`, kept on one line.
    pub(crate) fn clock(self) -> String {
        format!("{:02}:{:02}\u{a0}UTC", self.hour, self.minute)
    }
}

/// `23 November 2026, 14:05 UTC`.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} {}, {}",
            self.day,
            MONTHS[self.month],
            self.year,
            self.clock()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_are_told_right() {
        for (seconds, words, iso) in [
            (0, "1 January 1970, 00:00 UTC", "1970-01-01T00:00Z"),
            (951_782_400, "29 February 2000, 00:00 UTC", "2000-02-29T00:00Z"),
            (1_763_936_459, "23 November 2025, 22:20 UTC", "2025-11-23T22:20Z"),
            (4_107_542_399, "28 February 2100, 23:59 UTC", "2100-02-28T23:59Z"),
            (4_107_542_400, "1 March 2100, 00:00 UTC", "2100-03-01T00:00Z"),
            (-60, "31 December 1969, 23:59 UTC", "1969-12-31T23:59Z"),
        ] {
            let moment = Moment::from(UnixMillis::from_secs(seconds));
            assert_eq!(moment.to_string().replace('\u{a0}', " "), words);
            assert_eq!(moment.iso(), iso);
        }
    }

    proptest::proptest! {
        #[test]
        fn every_day_follows_the_day_before(day in -200_000_i64..200_000) {
            let (before, after) = (civil(day), civil(day + 1));
            let next_day = (before.0, before.1, before.2 + 1) == after;
            let next_month = after.2 == 1 && before.2 >= 28 && (before.1 + 1) % 12 == after.1;
            proptest::prop_assert!(next_day || next_month, "{:?} {:?}", before, after);
        }
    }
}
