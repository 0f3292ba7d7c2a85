//! Files of prices: CSV with the header `hour,price`, or `hour,price,quote` for pairs whose quote token has a price of its own.

use thiserror::Error;

use crate::history::Observation;
use crate::hour::{Hour, HourError};
use crate::price::{Price, PriceError};

/// The most hours that a file may have: 114 years.
pub const MAX_HOURS: usize = 1_000_000;

/// Why a file is not a list of prices.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {reason}")]
pub struct PricesError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: LineError,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LineError {
    /// The first line is not one of the two headers.
    #[error("the header must be `hour,price` or `hour,price,quote`, not {0:?}")]
    Header(String),
    /// The line has more or fewer fields than the header.
    #[error("it has {found} fields, and the header has {expected}")]
    Fields {
        /// Fields of the header.
        expected: usize,
        /// Fields of the line.
        found: usize,
    },
    /// The first field is not an hour.
    #[error(transparent)]
    Hour(#[from] HourError),
    /// Another field is not a price.
    #[error(transparent)]
    Price(#[from] PriceError),
    /// The hour is not after that of the line before.
    #[error("{hour} is not after {before} of the line before: each hour stands once, in order")]
    Order {
        /// The hour of the line.
        hour: Hour,
        /// The hour of the line before.
        before: Hour,
    },
    /// The file goes on beyond [`MAX_HOURS`].
    #[error("a file has at most {MAX_HOURS} hours")]
    TooMany,
    /// There is nothing after the header.
    #[error("there is no price after the header")]
    Empty,
}

/// Reads a file of prices, with each hour once and in order. A missing `quote` is 1 USD.
///
/// # Errors
/// The first line that is not as it should be.
pub fn parse(text: &str) -> Result<Vec<Observation>, PricesError> {
    let fault = |line: usize| move |reason: LineError| PricesError { line, reason };
    let mut lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines();
    let header = lines.next().unwrap_or_default().trim_end();
    let expected = match header {
        "hour,price" => 2,
        "hour,price,quote" => 3,
        _ => return Err(fault(1)(LineError::Header(header.chars().take(80).collect()))),
    };
    let mut observations: Vec<Observation> = Vec::new();
    for (line, number) in lines.zip(2..) {
        let at = fault(number);
        let fields: Vec<&str> = line.trim_end().split(',').collect();
        if fields.len() != expected {
            return Err(at(LineError::Fields { expected, found: fields.len() }));
        }
        let price = |field: &str| field.parse::<Price>().map_err(|error| at(error.into()));
        let hour: Hour = fields[0].parse().map_err(|error: HourError| at(error.into()))?;
        let quote = fields.get(2).map_or(Ok(Price::ONE_USD), |field| price(field))?;
        let observation = Observation { hour, base: price(fields[1])?, quote };
        if let Some(before) = observations.last().map(|last| last.hour)
            && hour <= before
        {
            return Err(at(LineError::Order { hour, before }));
        }
        if observations.len() == MAX_HOURS {
            return Err(at(LineError::TooMany));
        }
        observations.push(observation);
    }
    if observations.is_empty() { Err(fault(2)(LineError::Empty)) } else { Ok(observations) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "2021-06-01T07:00:00Z";
    const B: &str = "2021-06-01T08:00:00Z";

    #[test]
    fn both_headers_are_read() {
        let two = parse(&format!("hour,price\n{A},2649.16\n{B},2576.78\n")).unwrap();
        assert_eq!(
            two.iter().map(|seen| (seen.hour.to_string(), seen.base.to_string())).collect::<Vec<_>>(),
            [(A.to_owned(), "2649.16".to_owned()), (B.to_owned(), "2576.78".to_owned())]
        );
        assert_eq!(two[0].quote, Price::ONE_USD);
        let three = parse(&format!("\u{feff}hour,price,quote\r\n{A},2649.16,0.9998\r\n")).unwrap();
        assert_eq!(three[0].quote.to_string(), "0.9998");
    }

    #[test]
    fn a_faulty_line_is_named_with_its_number() {
        let error = |text: &str| parse(text).unwrap_err().to_string();
        assert_eq!(error(""), "line 1: the header must be `hour,price` or `hour,price,quote`, not \"\"");
        assert_eq!(error("hour,price\n"), "line 2: there is no price after the header");
        assert_eq!(error(&format!("hour,price\n{A},1\n{B},1,1\n")), "line 3: it has 3 fields, and the header has 2");
        assert_eq!(
            error(&format!("hour,price\n{A},1\n{A},1\n")),
            format!("line 3: {A} is not after {A} of the line before: each hour stands once, in order")
        );
        assert!(error(&format!("hour,price\n{B},1\n{A},1\n")).starts_with("line 3: 2021-06-01T07:00:00Z is not after"));
        assert!(error(&format!("hour,price\n{A},-1\n")).starts_with("line 2: a price is"));
        assert!(error("hour,price\n0,1\n").starts_with("line 2: an hour is a UTC time"));
        assert!(error(&format!("hour,price\n{A},1\n\n")).starts_with("line 3: it has 1 fields"));
    }
}
