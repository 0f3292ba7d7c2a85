//! Making a record: which proofs are needed, several of them at a time, going on from those that a stopped run left.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use maat_verifier::{Entries, Preset, VerifyError};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::Record;
use super::batches::{Batches, BatchesError, Span};
use super::format::{MAX_RECORD_BYTES, observation_bytes};
use super::parts::{Parts, PartsError};
use super::results::results;
use super::visibility::FeatureVisibility;
use super::workers::side_by_side;
use crate::backtest::{Decision, Market, SimulationError};
use crate::history::Observation;
use crate::strategy::{DecisionPoint, Strategy};

const PART_MAGIC: [u8; 8] = *b"MAATPART";
/// What a kept proof begins with: the magic, the job's digest and the batch's index.
const PART_HEAD: usize = 8 + 32 + 4;

/// A record that is to be made.
pub struct Job<'a> {
    batches: Batches<'a>,
    observations: &'a [Observation],
}

/// A proof of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The outputs of all inferences, one after the other.
    pub outputs: Vec<i32>,
    /// The STARK, as winterfell writes it, with outputs public, and with inputs as public or hidden as the record's features.
    pub stark: Vec<u8>,
}

/// How far the work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Proofs that are there.
    pub done: usize,
    /// Proofs in all.
    pub total: usize,
}

/// A record that was made.
#[derive(Debug, Clone)]
pub struct Made {
    /// The record.
    pub record: Record,
    /// How many of its proofs a stopped run had left.
    pub found: usize,
    /// How many proofs were left that do not hold, and were made anew.
    pub spoilt: usize,
}

/// Why no record was made.
#[derive(Debug, Error)]
pub enum MakeError<E> {
    /// The proving function failed.
    #[error("{span}: {source}")]
    Prove {
        /// The batch.
        span: Span,
        /// What it said.
        source: E,
    },
    /// The proving function made something that is not a proof of the batch.
    #[error("{span}: the proof that was made does not hold, which is a bug of the prover: {source}")]
    Bug {
        /// The batch.
        span: Span,
        /// Why it is rejected.
        source: VerifyError,
    },
    /// A finished proof could not be kept.
    #[error(transparent)]
    Parts(#[from] PartsError),
    /// A decision, or what follows from it, cannot be computed.
    #[error("decisions: {0}")]
    Decisions(#[from] SimulationError),
    /// So many proofs of this size do not fit into a record. The first finished one shows it.
    #[error("{proofs} proofs of about {each} bytes do not fit into a record of {MAX_RECORD_BYTES} bytes: take larger batches")]
    TooLong {
        /// How many there would be.
        proofs: usize,
        /// The length of one of them in bytes.
        each: usize,
    },
}

/// What is there of a batch.
struct Finished {
    /// Without padding.
    outputs: Vec<i32>,
    stark: Vec<u8>,
    decisions: Vec<Decision>,
    held: Vec<bool>,
    source: Source,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Found,
    Made,
    /// Made, because what was found does not hold.
    MadeAnew,
}

impl<'a> Job<'a> {
    /// A record of a strategy, on a network with these entries, at these observations. It hides the strategy's features or does not.
    ///
    /// # Errors
    /// No record can be of these.
    pub fn new(
        strategy: &'a Strategy,
        entries: &'a Entries,
        choice: (Preset, u32),
        features: FeatureVisibility,
        observations: &'a [Observation],
    ) -> Result<Self, BatchesError> {
        if strategy.features.are_hidden() {
            return Err(BatchesError::Hidden);
        }
        Ok(Self { batches: Batches::new(strategy, entries, choice, features, observations)?, observations })
    }

    /// How many proofs it needs.
    pub fn proofs(&self) -> usize {
        self.batches.count()
    }

    /// How many decisions it has.
    pub fn decisions(&self) -> usize {
        self.batches.decisions()
    }

    /// Binds everything that its proofs are for.
    fn digest(&self) -> [u8; 32] {
        let Batches { strategy, entries, preset, entry, features, .. } = &self.batches;
        let mut hash = Sha256::new();
        hash.update(b"maat record job 2");
        hash.update(strategy.digest());
        hash.update([preset.code(), u8::from(features.is_hidden())]);
        hash.update(entry.batch.to_le_bytes());
        hash.update(entries.to_bytes());
        self.observations.iter().for_each(|observation| hash.update(observation_bytes(observation)));
        hash.finalize().into()
    }

    /// A folder in which this job's finished proofs are kept until they are no longer needed.
    ///
    /// # Errors
    /// Something else has its name, or it cannot be made.
    pub fn parts(&self, folder: &Path) -> Result<Parts, PartsError> {
        Parts::open(folder, &self.digest())
    }

    /// Makes the record, with at most `jobs` proofs at a time.
    ///
    /// `prove` gets the inputs of a full batch, an inference after the other, each with all values of the network's inputs. `progress` is
    /// told when the work begins and after each proof. Proofs that a stopped run left in `parts` are verified and used; those that do not
    /// hold are made anew.
    ///
    /// # Errors
    /// What the first batch that failed says. The proofs before it stay in `parts`.
    pub fn make<E: Send>(
        &self,
        parts: Option<&Parts>,
        jobs: NonZeroUsize,
        prove: impl Fn(&[Vec<i32>]) -> Result<Proof, E> + Sync,
        progress: impl Fn(Progress) + Sync,
    ) -> Result<Made, MakeError<E>> {
        let Batches { strategy, entries, preset, entry, features, history, .. } = &self.batches;
        let market = Market::new(strategy, history)?;
        let digest = self.digest();
        let (done, total) = (AtomicUsize::new(0), self.proofs());
        progress(Progress { done: 0, total });
        let finish = |index: usize| {
            let points = self.batches.points(index);
            let kept = parts.and_then(|parts| parts.read(index));
            let source = if kept.is_some() { Source::MadeAnew } else { Source::Made };
            let found = kept.and_then(|bytes| self.read_part(&digest, index, &points, &bytes));
            let (outputs, stark, source) = match found {
                Some((outputs, stark)) => (outputs, stark, Source::Found),
                None => {
                    let (outputs, stark) = self.prove(index, &points, &prove)?;
                    if let Some(parts) = parts {
                        parts.write(index, &part(&digest, index, &outputs, &stark))?;
                    }
                    (outputs, stark, source)
                }
            };
            if !fit(total, stark.len()) {
                return Err(MakeError::TooLong { proofs: total, each: stark.len() });
            }
            let decide = |(point, outputs)| Decision::new(strategy, history, point, outputs);
            let decisions = points.iter().zip(outputs.chunks(strategy.outputs as usize)).map(decide).collect::<Result<Vec<_>, _>>()?;
            let held = points.iter().map(|point| self.batches.is_held(point)).collect();
            progress(Progress { done: done.fetch_add(1, Ordering::Relaxed) + 1, total });
            Ok::<_, MakeError<E>>(Finished { outputs, stark, decisions, held, source })
        };
        let finished = side_by_side(total, jobs, finish)?;

        let number = |source| finished.iter().filter(|batch| batch.source == source).count();
        let (found, spoilt) = (number(Source::Found), number(Source::MadeAnew));
        let decisions: Vec<Decision> = finished.iter().flat_map(|batch| &batch.decisions).copied().collect();
        let record = Record {
            strategy: if features.is_hidden() { strategy.with_hidden_features() } else { (*strategy).clone() },
            preset: *preset,
            batch: entry.batch,
            entries: (*entries).clone(),
            observations: self.observations.to_vec(),
            outputs: finished.iter().flat_map(|batch| &batch.outputs).copied().collect(),
            held: finished.iter().filter(|_| features.is_hidden()).flat_map(|batch| &batch.held).copied().collect(),
            results: results(strategy, &market, &decisions)?,
            starks: finished.into_iter().map(|batch| batch.stark).collect(),
        };
        Ok(Made { record, found, spoilt })
    }

    /// Proves a batch, and gives outputs without padding, and the STARK. A bug of the prover must show here, and not at a verifier's.
    fn prove<E>(
        &self,
        index: usize,
        points: &[DecisionPoint],
        prove: impl Fn(&[Vec<i32>]) -> Result<Proof, E>,
    ) -> Result<(Vec<i32>, Vec<u8>), MakeError<E>> {
        let Proof { mut outputs, stark } =
            prove(&self.batches.inferences(points)).map_err(|source| MakeError::Prove { span: self.batches.span(index), source })?;
        outputs.truncate(points.len() * self.batches.strategy.outputs as usize);
        let checked = self.batches.check(points, &outputs, &stark);
        checked.map_err(|source| MakeError::Bug { span: self.batches.span(index), source })?;
        Ok((outputs, stark))
    }

    /// A kept proof of a batch: outputs without padding, and the STARK. Nothing if it is not one.
    fn read_part(&self, digest: &[u8; 32], index: usize, points: &[DecisionPoint], bytes: &[u8]) -> Option<(Vec<i32>, Vec<u8>)> {
        let (head, rest) = bytes.split_at_checked(PART_HEAD)?;
        if head != part_head(digest, index) {
            return None;
        }
        let (outputs, stark) = rest.split_at_checked(4 * points.len() * self.batches.strategy.outputs as usize)?;
        let (outputs, _) = outputs.as_chunks();
        let outputs: Vec<i32> = outputs.iter().map(|output| i32::from_le_bytes(*output)).collect();
        self.batches.check(points, &outputs, stark).ok()?;
        Some((outputs, stark.to_vec()))
    }
}

/// Whether so many proofs of about this length fit into a record. All that else is in one fits beside them with room to spare, or the
/// record's bytes say so at last.
fn fit(proofs: usize, each: usize) -> bool {
    proofs.saturating_mul(each) <= MAX_RECORD_BYTES
}

fn part_head(digest: &[u8; 32], index: usize) -> Vec<u8> {
    // A record has fewer batches than 2^20 hours.
    [&PART_MAGIC[..], digest, &(index as u32).to_le_bytes()].concat()
}

/// A proof as it is kept: the head, the outputs without padding, the STARK.
fn part(digest: &[u8; 32], index: usize, outputs: &[i32], stark: &[u8]) -> Vec<u8> {
    let mut bytes = part_head(digest, index);
    bytes.extend(outputs.iter().flat_map(|output| output.to_le_bytes()));
    bytes.extend(stark);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proofs_that_do_not_fit_are_found_out_by_the_first() {
        assert!(fit(1, MAX_RECORD_BYTES) && fit(745, 360_000));
        assert!(!fit(746, 360_000) && !fit(2, usize::MAX));
    }
}
