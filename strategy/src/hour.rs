//! Hours: what a strategy counts time in.

use std::fmt;
use std::ops::Add;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Seconds of an hour.
pub const SECONDS: u64 = 3600;

/// The last hour: that before the year 3000.
const LAST: u64 = 32_503_679_999 / SECONDS;

/// An hour by its start: so many hours after 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Hour(u64);

impl Hour {
    /// The hour that begins so many hours after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// It is after the year 2999.
    pub fn new(count: u64) -> Result<Self, HourError> {
        if count <= LAST { Ok(Self(count)) } else { Err(HourError::Range(count)) }
    }

    /// Hours from 1970-01-01T00:00:00Z to its start.
    pub fn count(self) -> u64 {
        self.0
    }

    /// The UTC day that it belongs to, in days after 1970-01-01.
    pub fn day(self) -> u64 {
        self.0 / 24
    }

    /// Hours from an earlier hour to this one; 0 if that is not earlier.
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Why a number or text is not an hour.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HourError {
    /// It is after the year 2999.
    #[error("{0} hours after 1970 is after the year 2999")]
    Range(u64),
    /// The text is not a point in time in UTC.
    #[error("an hour is a UTC time such as 2021-06-01T07:00:00Z, not {0:?}")]
    Text(String),
    /// The time is not the start of an hour, or is before 1970.
    #[error("{0} is not the start of an hour after 1970")]
    Within(String),
}

impl FromStr for Hour {
    type Err = HourError;

    /// Reads `2021-06-01T07:00:00Z`. Local times are refused, because clock changes repeat some of them.
    fn from_str(text: &str) -> Result<Self, HourError> {
        let malformed = || HourError::Text(text.to_owned());
        if !text.ends_with('Z') {
            return Err(malformed());
        }
        let time: Timestamp = text.parse().map_err(|_| malformed())?;
        let seconds =
            u64::try_from(time.as_second()).ok().filter(|seconds| seconds.is_multiple_of(SECONDS) && time.subsec_nanosecond() == 0);
        Self::new(seconds.ok_or_else(|| HourError::Within(text.to_owned()))? / SECONDS)
    }
}

impl fmt::Display for Hour {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // At most LAST, which fits.
        let seconds = i64::try_from(self.0 * SECONDS).unwrap_or(i64::MAX);
        let time = Timestamp::from_second(seconds).map_err(|_| fmt::Error)?;
        write!(formatter, "{time}")
    }
}

/// A time in seconds after 1970 as UTC; as a number, if it is after the year 9999.
pub fn utc(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.map_or_else(|| format!("{seconds} s after 1970"), |time| time.to_string())
}

impl Add<u64> for Hour {
    type Output = Self;

    /// So many hours later; the last hour if that is after the year 2999.
    fn add(self, hours: u64) -> Self {
        Self(self.0.saturating_add(hours).min(LAST))
    }
}

impl TryFrom<u64> for Hour {
    type Error = HourError;

    fn try_from(count: u64) -> Result<Self, HourError> {
        Self::new(count)
    }
}

impl From<Hour> for u64 {
    fn from(hour: Hour) -> Self {
        hour.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_read_and_shown_in_utc() {
        let hour: Hour = "2021-06-01T07:00:00Z".parse().unwrap();
        assert_eq!(hour.count(), 1_622_530_800 / SECONDS);
        assert_eq!((hour.to_string(), (hour + 17).to_string()), ("2021-06-01T07:00:00Z".to_owned(), "2021-06-02T00:00:00Z".to_owned()));
        assert_eq!((hour + 17).day(), hour.day() + 1);
        assert_eq!(Hour(LAST).to_string(), "2999-12-31T23:00:00Z");
        assert_eq!(Hour::new(LAST + 1), Err(HourError::Range(LAST + 1)));
    }

    #[test]
    fn times_of_contracts_are_shown_whatever_they_are() {
        assert_eq!(utc(1_622_530_812), "2021-06-01T07:00:12Z");
        assert_eq!(utc(u64::MAX), "18446744073709551615 s after 1970");
    }

    #[test]
    fn local_times_and_parts_of_hours_are_refused() {
        for text in ["", "Z", "2021-06-01", "2021-06-01T07:00:00", "2021-06-01T00:00:00-07:00", "1622530800", "2021-06-31T07:00:00Z"] {
            assert_eq!(text.parse::<Hour>(), Err(HourError::Text(text.to_owned())), "{text}");
        }
        for text in ["2021-06-01T07:30:00Z", "2021-06-01T07:00:00.5Z", "1969-12-31T23:00:00Z"] {
            assert_eq!(text.parse::<Hour>(), Err(HourError::Within(text.to_owned())), "{text}");
        }
    }
}
