//! Where the marks of an axis are, and how they are called.

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

/// Steps between marks of time, in hours, below a month.
const HOURS: [u64; 7] = [1, 3, 6, 12, 24, 48, 168];
/// Steps between marks of time, in months.
const MONTHS: [u64; 9] = [1, 2, 3, 6, 12, 24, 60, 120, 600];

/// Round numbers from the lowest to the highest, about so many, whose distance is 1, 2 or 5 times a power of ten.
pub(super) fn marks(lowest: f64, highest: f64, about: usize) -> Vec<f64> {
    let step = step((highest - lowest) / about.max(1) as f64);
    let first = (lowest / step).ceil();
    // A little beyond the highest, for what rounding takes away.
    let count = ((highest / step + 1e-9).floor() - first).max(0.0) as usize;
    (0..=count).map(|at| (first + at as f64) * step).collect()
}

/// The least of 1, 2 and 5 times powers of ten that is no less than a number.
fn step(least: f64) -> f64 {
    if !least.is_finite() || least <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * power).find(|step| *step >= least * (1.0 - 1e-9)).unwrap_or(10.0 * power)
}

/// A share in per cent with its sign, with as many places as marks of this distance need.
pub(super) fn per_cent(share: f64, distance: f64) -> String {
    let places = (-(distance * 100.0).log10().floor()).clamp(0.0, 4.0) as usize;
    // No negative zero.
    let value = if (share * 100.0).abs() < 0.5 * 10f64.powi(-(places as i32)) { 0.0 } else { share * 100.0 };
    if value == 0.0 { "0 %".to_owned() } else { format!("{value:+.places$} %") }
}

/// Marks of time between two hours after 1970, at most so many, with their names.
pub(super) fn times(first: u64, last: u64, most: usize) -> Vec<(u64, String)> {
    let fits = |count: u64| count <= most.max(1) as u64;
    if let Some(step) = HOURS.into_iter().find(|step| fits(last / step + 1 - first.div_ceil(*step))) {
        let format = if step < 24 { "%-d %b %H:%M" } else { "%-d %b %Y" };
        return (first.div_ceil(step)..=last / step).map(|at| (at * step, civil(at * step).strftime(format).to_string())).collect();
    }
    let month = |hour: u64| {
        let date = civil(hour);
        i64::from(date.year()) * 12 + i64::from(date.month()) - 1
    };
    let begin = |month: i64| {
        let date = Date::new((month.div_euclid(12)) as i16, (month.rem_euclid(12) + 1) as i8, 1).unwrap_or(Date::MAX);
        let seconds = date.to_zoned(TimeZone::UTC).map_or(i64::MAX, |zoned| zoned.timestamp().as_second());
        (seconds / 3_600) as u64
    };
    let at_each = |step: u64| {
        let step = step as i64;
        let from = month(first).div_euclid(step) * step;
        let all = (0..).map(move |index| from + index * step);
        all.map(|month| (begin(month), month)).take_while(|(hour, _)| *hour <= last).filter(|(hour, _)| *hour >= first)
    };
    let step = MONTHS.into_iter().find(|step| fits(at_each(*step).count() as u64)).unwrap_or(MONTHS[MONTHS.len() - 1]);
    at_each(step).map(|(hour, _)| (hour, civil(hour).strftime(if step < 12 { "%b %Y" } else { "%Y" }).to_string())).collect()
}

/// The day of an hour after 1970.
pub(super) fn day(hour: u64) -> String {
    civil(hour).strftime("%-d %b %Y").to_string()
}

fn civil(hour: u64) -> DateTime {
    let since = SignedDuration::from_hours(i64::try_from(hour).unwrap_or(i64::MAX / 3_600).min(i64::MAX / 3_600));
    let time = Timestamp::UNIX_EPOCH.checked_add(since).unwrap_or(Timestamp::MAX);
    time.to_zoned(TimeZone::UTC).datetime()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hour::Hour;

    fn hour(text: &str) -> u64 {
        text.parse::<Hour>().unwrap().count()
    }

    #[test]
    fn marks_are_round_and_within() {
        let rounded =
            |lowest, highest, about| marks(lowest, highest, about).iter().map(|mark| (mark * 1e4).round() / 1e4).collect::<Vec<_>>();
        assert_eq!(rounded(-0.62, 0.85, 6), [-0.5, 0.0, 0.5]);
        assert_eq!(rounded(-0.62, 0.85, 8), [-0.6, -0.4, -0.2, 0.0, 0.2, 0.4, 0.6, 0.8]);
        assert_eq!(rounded(0.0, 0.3, 3), [0.0, 0.1, 0.2, 0.3]);
        assert_eq!(rounded(0.0, 0.0, 5), [0.0]);
        assert!(marks(f64::NAN, 1.0, 5).len() <= 2);
    }

    #[test]
    fn shares_are_shown_with_their_sign_and_no_more_places_than_they_need() {
        assert_eq!(["+20 %", "-20 %", "0 %"].map(str::to_owned), [0.2, -0.2, -0.0].map(|share| per_cent(share, 0.1)));
        assert_eq!((per_cent(0.005, 0.005), per_cent(0.0002, 0.0002)), ("+0.5 %".to_owned(), "+0.02 %".to_owned()));
    }

    #[test]
    fn times_are_marked_at_hours_days_months_or_years() {
        let names = |from, to, most| times(hour(from), hour(to), most).into_iter().map(|(_, name)| name).collect::<Vec<_>>();
        assert_eq!(names("2021-06-01T07:00:00Z", "2021-06-01T14:00:00Z", 4), ["1 Jun 09:00", "1 Jun 12:00"]);
        assert_eq!(names("2021-06-01T07:00:00Z", "2021-06-03T07:00:00Z", 4), ["1 Jun 12:00", "2 Jun 00:00", "2 Jun 12:00", "3 Jun 00:00"]);
        assert_eq!(names("2021-06-01T07:00:00Z", "2021-06-20T07:00:00Z", 4), ["3 Jun 2021", "10 Jun 2021", "17 Jun 2021"]);
        assert_eq!(names("2021-06-01T07:00:00Z", "2022-07-27T07:00:00Z", 6), ["Jul 2021", "Oct 2021", "Jan 2022", "Apr 2022", "Jul 2022"]);
        assert_eq!(names("1990-06-01T07:00:00Z", "2022-07-27T07:00:00Z", 7), ["1995", "2000", "2005", "2010", "2015", "2020"]);
        assert!(times(hour("1970-01-01T00:00:00Z"), hour("2999-12-31T23:00:00Z"), 20).len() <= 200);
        assert_eq!(
            times(hour("2021-07-01T00:00:00Z"), hour("2021-12-01T00:00:00Z"), 6)[0],
            (hour("2021-07-01T00:00:00Z"), "Jul 2021".to_owned())
        );
        assert_eq!(day(hour("2021-06-01T07:00:00Z")), "1 Jun 2021");
    }
}
