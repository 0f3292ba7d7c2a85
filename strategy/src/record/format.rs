//! The file of a record. Every length in it is checked before it is believed.
//!
//! | bytes | content |
//! |---|---|
//! | 8 | `MAATRECD` |
//! | 2 | version |
//! | 4 + n | the strategy's canonical JSON, with its length in bytes |
//! | 1 | preset |
//! | 4 | batch size |
//! | 1 + 54 n | the network's entries |
//! | 4 + 24 n | the observations, with their number: hours after 1970, base and quote in 1e-8 USD, 8 bytes each |
//! | 4 + 4 n | the outputs of all decisions, with their number |
//! | 4 + n | if features are hidden: 1 for each decision that holds because too many of them were clamped, else 0; with their number |
//! | 1 + 64 n | the results, with their number |
//! | 4 + .. | the STARKs, with their number, each with its length in bytes (4) |
//! | 32 | sha256 of everything before it |
//!
//! A result is the part of the history (1 byte), the cost in bps (2), the fill (1), the equity (16), the trades (4), what was turned over (16), the costs (16),
//! and the hour of the halt (8), or 2^64 - 1. Whether features are hidden is a part of the strategy: see [`super::FeatureVisibility`]. Numbers have their least significant byte first. The checksum tells damage apart from lies: a liar makes it anew.

use maat_verifier::{Entries, EntriesError, Preset};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::Record;
use super::results::{Conditions, Outcome};
use crate::backtest::{Fill, Label, Run, Terms};
use crate::history::Observation;
use crate::hour::{Hour, HourError};
use crate::price::{Price, PriceError};
use crate::prices::MAX_HOURS;
use crate::strategy::{MAX_JSON_BYTES, Strategy, StrategyError};

/// The longest record in bytes.
pub const MAX_RECORD_BYTES: usize = 256 << 20;
/// The version of the format. It rises with that of proof files: a record holds their STARKs.
pub const RECORD_VERSION: u16 = 3;
/// What every record begins with.
pub const MAGIC: [u8; 8] = *b"MAATRECD";

const CHECKSUM: usize = 32;
/// What is written if there was no halt.
const NEVER: u64 = u64::MAX;

/// Why bytes are not a record, or why a record cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FormatError {
    /// It is longer than [`MAX_RECORD_BYTES`].
    #[error("the record has {found} bytes, more than {MAX_RECORD_BYTES}")]
    TooLong {
        /// Its length in bytes.
        found: usize,
    },
    /// It does not begin as records do.
    #[error("this is not a record of a Maat strategy")]
    Magic,
    /// It is of another version.
    #[error("the record's format has version {found}; this program knows version {RECORD_VERSION}")]
    Version {
        /// The record's version.
        found: u16,
    },
    /// The checksum is not that of the bytes before it.
    #[error("the record is damaged or cut off: its checksum is not that of its content")]
    Checksum,
    /// It ends too early.
    #[error("the record ends early, within its {part}")]
    Truncated {
        /// The part that is cut off.
        part: &'static str,
    },
    /// A part is longer than it may be.
    #[error("{part}: there are {found}, more than {limit}")]
    TooMany {
        /// The part.
        part: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
    /// The strategy is not one.
    #[error("strategy: {0}")]
    Strategy(#[from] StrategyError),
    /// The strategy is not text.
    #[error("strategy: it is not text")]
    Text,
    /// No preset has this byte.
    #[error("preset: there is none with the code {found}")]
    Preset {
        /// The byte.
        found: u8,
    },
    /// The entries describe no network.
    #[error("entries: {0}")]
    Entries(#[from] EntriesError),
    /// An observation has no hour.
    #[error("observations[{index}]: {source}")]
    Hour {
        /// Which one, from 0 on.
        index: usize,
        /// What is wrong.
        source: HourError,
    },
    /// An observation has no price.
    #[error("observations[{index}]: {source}")]
    Price {
        /// Which one, from 0 on.
        index: usize,
        /// What is wrong.
        source: PriceError,
    },
    /// What tells whether a decision holds is neither 0 nor 1.
    #[error("held[{index}]: it is 0 or 1, not {found}")]
    Held {
        /// Which one, from 0 on.
        index: usize,
        /// The byte.
        found: u8,
    },
    /// A result is not one.
    #[error("results[{index}]: its {field} cannot be {found}")]
    Outcome {
        /// Which one, from 0 on.
        index: usize,
        /// The field.
        field: &'static str,
        /// Its value.
        found: u64,
    },
    /// There is something after the last part.
    #[error("{found} bytes follow the last proof")]
    LeftOver {
        /// Number of bytes.
        found: usize,
    },
}

/// Whether bytes begin as records do, of whichever version.
pub fn is_record(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

impl Record {
    /// The record's bytes.
    ///
    /// # Errors
    /// A part is longer than records may have it, or all of them together are.
    pub fn to_bytes(&self) -> Result<Vec<u8>, FormatError> {
        let Self { strategy, preset, batch, entries, observations, outputs, held, results, starks } = self;
        let mut bytes = [&MAGIC[..], &RECORD_VERSION.to_le_bytes()].concat();
        let json = strategy.to_json();
        bytes.extend(count("strategy's bytes", json.len(), MAX_JSON_BYTES)?);
        bytes.extend(json.as_bytes());
        bytes.push(preset.code());
        bytes.extend(batch.to_le_bytes());
        bytes.extend(entries.to_bytes());
        bytes.extend(count("observations", observations.len(), MAX_HOURS)?);
        bytes.extend(observations.iter().flat_map(observation_bytes));
        bytes.extend(count("outputs", outputs.len(), MAX_RECORD_BYTES)?);
        bytes.extend(outputs.iter().flat_map(|output| output.to_le_bytes()));
        bytes.extend(count("held decisions", held.len(), MAX_HOURS)?);
        bytes.extend(held.iter().map(|held| u8::from(*held)));
        let number = u8::try_from(results.len());
        bytes.push(number.map_err(|_| FormatError::TooMany { part: "results", found: results.len(), limit: u8::MAX.into() })?);
        bytes.extend(results.iter().flat_map(outcome_bytes));
        bytes.extend(count("proofs", starks.len(), MAX_HOURS)?);
        for stark in starks {
            bytes.extend(count("proof's bytes", stark.len(), MAX_RECORD_BYTES)?);
            bytes.extend(stark);
            if bytes.len() > MAX_RECORD_BYTES {
                break;
            }
        }
        bytes.extend(Sha256::digest(&bytes));
        if bytes.len() > MAX_RECORD_BYTES { Err(FormatError::TooLong { found: bytes.len() }) } else { Ok(bytes) }
    }

    /// Reads a record. Whether any of it holds is for [`verify`](super::verify()) to find out.
    ///
    /// # Errors
    /// The bytes are not a record.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        if bytes.len() > MAX_RECORD_BYTES {
            return Err(FormatError::TooLong { found: bytes.len() });
        }
        let mut reader = Reader(bytes);
        if reader.array("head") != Ok(MAGIC) {
            return Err(FormatError::Magic);
        }
        let found = u16::from_le_bytes(reader.array("version")?);
        if found != RECORD_VERSION {
            return Err(FormatError::Version { found });
        }
        let (content, checksum) = bytes.split_last_chunk::<CHECKSUM>().ok_or(FormatError::Checksum)?;
        if Sha256::digest(content)[..] != checksum[..] {
            return Err(FormatError::Checksum);
        }
        reader.0 = &content[bytes.len() - reader.0.len()..];

        let length = reader.count("strategy's bytes", 1, MAX_JSON_BYTES)?;
        let json = std::str::from_utf8(reader.take(length, "strategy")?).map_err(|_| FormatError::Text)?;
        let strategy = Strategy::from_json(json)?;
        let [code] = reader.array("preset")?;
        let preset = Preset::from_code(code).ok_or(FormatError::Preset { found: code })?;
        let batch = reader.u32("batch size")?;
        let (entries, rest) = Entries::split(reader.0)?;
        reader.0 = rest;
        let number = reader.count("observations", 24, MAX_HOURS)?;
        let observations = (0..number).map(|index| reader.observation(index)).collect::<Result<_, _>>()?;
        let number = reader.count("outputs", 4, MAX_RECORD_BYTES)?;
        let (outputs, _) = reader.take(4 * number, "outputs")?.as_chunks();
        let outputs = outputs.iter().map(|output| i32::from_le_bytes(*output)).collect();
        let number = reader.count("held decisions", 1, MAX_HOURS)?;
        let flag = |(index, found): (usize, &u8)| match *found {
            0 | 1 => Ok(*found == 1),
            found => Err(FormatError::Held { index, found }),
        };
        let held = reader.take(number, "held decisions")?.iter().enumerate().map(flag).collect::<Result<_, _>>()?;
        let [number] = reader.array("results")?;
        let results = (0..number.into()).map(|index| reader.outcome(index)).collect::<Result<_, _>>()?;
        let number = reader.count("proofs", 4, MAX_HOURS)?;
        let mut starks = Vec::with_capacity(number);
        for _ in 0..number {
            let length = reader.count("proof's bytes", 1, MAX_RECORD_BYTES)?;
            starks.push(reader.take(length, "proofs")?.to_vec());
        }
        match reader.0.len() {
            0 => Ok(Self { strategy, preset, batch, entries, observations, outputs, held, results, starks }),
            found => Err(FormatError::LeftOver { found }),
        }
    }
}

/// A number of things, as it is written.
fn count(part: &'static str, found: usize, limit: usize) -> Result<[u8; 4], FormatError> {
    let number = u32::try_from(found).ok().filter(|_| found <= limit);
    number.map(u32::to_le_bytes).ok_or(FormatError::TooMany { part, found, limit })
}

/// An observation's bytes: hour, base and quote.
pub(super) fn observation_bytes(observation: &Observation) -> Vec<u8> {
    let Observation { hour, base, quote } = observation;
    [hour.count(), base.units(), quote.units()].map(u64::to_le_bytes).concat()
}

fn outcome_bytes(outcome: &Outcome) -> Vec<u8> {
    let Outcome { of: Conditions { part, terms: Terms { cost_bps, fill } }, run } = outcome;
    let Run { equity, trades, turned_over, costs, halted } = run;
    let (part, fill) = (u8::from(*part == Label::HeldOut), u8::from(*fill == Fill::OneQuoteLater));
    let mut bytes = vec![part];
    bytes.extend(cost_bps.to_le_bytes());
    bytes.push(fill);
    bytes.extend(equity.to_le_bytes());
    bytes.extend(trades.to_le_bytes());
    bytes.extend([turned_over, costs].iter().flat_map(|amount| amount.to_le_bytes()));
    bytes.extend(halted.map_or(NEVER, Hour::count).to_le_bytes());
    bytes
}

/// Reads bytes that nobody vouches for.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize, part: &'static str) -> Result<&'a [u8], FormatError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(FormatError::Truncated { part })?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, part: &'static str) -> Result<[u8; N], FormatError> {
        let (array, rest) = self.0.split_first_chunk().ok_or(FormatError::Truncated { part })?;
        self.0 = rest;
        Ok(*array)
    }

    fn u32(&mut self, part: &'static str) -> Result<u32, FormatError> {
        Ok(u32::from_le_bytes(self.array(part)?))
    }

    fn u64(&mut self, part: &'static str) -> Result<u64, FormatError> {
        Ok(u64::from_le_bytes(self.array(part)?))
    }

    fn u128(&mut self, part: &'static str) -> Result<u128, FormatError> {
        Ok(u128::from_le_bytes(self.array(part)?))
    }

    /// A number of things of at least so many bytes each: what is left must hold them.
    fn count(&mut self, part: &'static str, bytes: usize, limit: usize) -> Result<usize, FormatError> {
        let found = self.u32(part)? as usize;
        if found > limit {
            return Err(FormatError::TooMany { part, found, limit });
        }
        if found > self.0.len() / bytes { Err(FormatError::Truncated { part }) } else { Ok(found) }
    }

    fn observation(&mut self, index: usize) -> Result<Observation, FormatError> {
        let part = "observations";
        let hour = Hour::new(self.u64(part)?).map_err(|source| FormatError::Hour { index, source })?;
        let mut price = || Price::new(self.u64(part)?).map_err(|source| FormatError::Price { index, source });
        Ok(Observation { hour, base: price()?, quote: price()? })
    }

    fn outcome(&mut self, index: usize) -> Result<Outcome, FormatError> {
        let part = "results";
        let fault = |field, found| FormatError::Outcome { index, field, found };
        let label = match self.array(part)? {
            [0] => Label::InSample,
            [1] => Label::HeldOut,
            [found] => return Err(fault("part", found.into())),
        };
        let cost_bps = u16::from_le_bytes(self.array(part)?);
        let fill = match self.array(part)? {
            [0] => Fill::AtQuote,
            [1] => Fill::OneQuoteLater,
            [found] => return Err(fault("fill", found.into())),
        };
        let (equity, trades) = (self.u128(part)?, self.u32(part)?);
        let (turned_over, costs) = (self.u128(part)?, self.u128(part)?);
        let halted = match self.u64(part)? {
            NEVER => None,
            count => Some(Hour::new(count).map_err(|_| fault("halted", count))?),
        };
        let of = Conditions { part: label, terms: Terms { cost_bps, fill } };
        Ok(Outcome { of, run: Run { equity, trades, turned_over, costs, halted } })
    }
}
