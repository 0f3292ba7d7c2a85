//! The model commitment: what a verifier has to know of a model, and the 32 bytes that stand for it.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use winter_verifier::{ByteReader, DeserializationError};

use crate::blake2s::blake2s;
use crate::bounded::BoundedReader;
use crate::hex::{hex, parse_hex};
use crate::layout::{Layout, MAX_ROWS};
use crate::one_time::MAX_ONE_TIME_ROOTS;
use crate::preset::Preset;

/// The most entries that a model has.
pub const MAX_ENTRIES: usize = 64;
/// The most values, inputs and outputs together, in one proof.
pub const MAX_VALUES: u64 = 1 << 20;

const DOMAIN: &[u8] = b"maat model commitment 2";
const ENTRY_BYTES: usize = 54;

/// What a verifier knows of a model for one preset and one batch size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The parameters that the fixed columns are committed with.
    pub preset: Preset,
    /// The columns of the trace.
    pub layout: &'static Layout,
    /// Number of inferences in one proof.
    pub batch: u32,
    /// Number of rows of the trace: a power of two.
    pub rows: u32,
    /// Number of values that one inference takes.
    pub inputs: u32,
    /// Number of values that one inference gives.
    pub outputs: u32,
    /// How many one-time roots the model has, a power of two, if it is private; else 0.
    pub one_time_roots: u32,
    /// The root of the tree over the fixed columns; of a private model, that of the tree over its one-time roots ([`crate::OneTimeTree`]).
    pub fixed_root: [u8; 32],
}

/// The entries of a model in their canonical order: by preset, then by batch size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entries(Vec<Entry>);

/// Binds a model: its weights, structure and quantisation, for every preset and batch size that it lists.
///
/// It is Blake2s of a domain tag, the number of entries and the entries, with the first byte set to zero, so that it is an element of
/// Starknet's field when read as a number, most significant byte first. 248 bits are left, and with them 124 bits of collision resistance.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ModelCommitment([u8; 32]);

/// Why entries describe no model.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EntriesError {
    /// There are no entries, or more than [`MAX_ENTRIES`].
    #[error("a model has 1 to {MAX_ENTRIES} entries, not {found}")]
    Number {
        /// Number of entries.
        found: usize,
    },
    /// Two entries are for the same preset and batch size, or entries in a file are not in their order.
    #[error("the entry for preset {preset} and batch {batch} is repeated or out of order")]
    Order {
        /// Preset of the second entry.
        preset: Preset,
        /// Batch size of the second entry.
        batch: u32,
    },
    /// The rows are not a power of two, or out of bounds.
    #[error("{found} rows are not a power of two from {} to {MAX_ROWS}, in the layout `{}`", layout.min_rows(), layout.name)]
    Rows {
        /// The layout that the entry names.
        layout: &'static Layout,
        /// Number of rows.
        found: u32,
    },
    /// A batch without inferences, or an inference without inputs or outputs.
    #[error("an entry has a batch of {batch} with {inputs} inputs and {outputs} outputs each")]
    Empty {
        /// Batch size.
        batch: u32,
        /// Inputs of an inference.
        inputs: u32,
        /// Outputs of an inference.
        outputs: u32,
    },
    /// A batch has more inputs and outputs than a proof may have.
    #[error("a batch with {found} values has more than {MAX_VALUES}")]
    Values {
        /// Number of values.
        found: u64,
    },
    /// The contract that verifies proofs with this preset knows no other layout than `base`.
    #[error("an entry for preset {preset} has the layout `base`, not `{}`", layout.name)]
    ForContracts {
        /// Preset of the entry.
        preset: Preset,
        /// Layout of the entry.
        layout: &'static Layout,
    },
    /// Two entries disagree on the number of inputs or outputs of an inference, which is the model's.
    #[error("entries with {expected:?} and with {found:?} inputs and outputs are not of one model")]
    Disagreement {
        /// Inputs and outputs in the first entry.
        expected: (u32, u32),
        /// Inputs and outputs in the other one.
        found: (u32, u32),
    },
    /// No preset has this byte.
    #[error("there is no preset with the code {code}")]
    Preset {
        /// The byte.
        code: u8,
    },
    /// No layout has this byte.
    #[error("there is no layout with the code {code}")]
    Layout {
        /// The byte.
        code: u8,
    },
    /// The number of one-time roots is not a power of two, or too large.
    #[error("{found} one-time roots are not a power of two up to {MAX_ONE_TIME_ROOTS}")]
    OneTimeRoots {
        /// Their number.
        found: u32,
    },
    /// Some entries are of a private model, and some are not.
    #[error("some entries have one-time roots and some have none: a model is private or it is not")]
    Privacy,
    /// The bytes end within the entries.
    #[error("the entries end early: {0}")]
    Truncated(#[from] DeserializationError),
}

/// Why a text is not a model commitment.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a model commitment is 0x00 and 62 hexadecimal digits, not {0:?}")]
pub struct ParseCommitmentError(pub String);

impl Entry {
    /// Whether the model's weights are secret, so that each proof spends a one-time root.
    pub fn is_private(&self) -> bool {
        self.one_time_roots > 0
    }

    /// Number of values that a batch takes.
    pub fn batch_inputs(&self) -> u64 {
        u64::from(self.batch) * u64::from(self.inputs)
    }

    /// Number of values that a batch gives.
    pub fn batch_outputs(&self) -> u64 {
        u64::from(self.batch) * u64::from(self.outputs)
    }

    fn check(&self) -> Result<(), EntriesError> {
        let Self { preset, layout, batch, rows, inputs, outputs, one_time_roots, fixed_root: _ } = *self;
        if preset == Preset::Starknet && layout != Layout::base() {
            return Err(EntriesError::ForContracts { preset, layout });
        }
        if !rows.is_power_of_two() || !(layout.min_rows()..=MAX_ROWS).contains(&(rows as usize)) {
            return Err(EntriesError::Rows { layout, found: rows });
        }
        if batch == 0 || inputs == 0 || outputs == 0 {
            return Err(EntriesError::Empty { batch, inputs, outputs });
        }
        if one_time_roots > 0 && !(one_time_roots.is_power_of_two() && one_time_roots <= MAX_ONE_TIME_ROOTS) {
            return Err(EntriesError::OneTimeRoots { found: one_time_roots });
        }
        match self.batch_inputs().saturating_add(self.batch_outputs()) {
            found if found > MAX_VALUES => Err(EntriesError::Values { found }),
            _ => Ok(()),
        }
    }

    fn key(&self) -> (Preset, u32) {
        (self.preset, self.batch)
    }

    fn to_bytes(self) -> Vec<u8> {
        let Self { preset, layout, batch, rows, inputs, outputs, one_time_roots, fixed_root } = self;
        let numbers = [batch, rows, inputs, outputs, one_time_roots].map(u32::to_le_bytes);
        [&[preset.code(), layout.code][..], numbers.as_flattened(), &fixed_root].concat()
    }

    fn read(reader: &mut BoundedReader) -> Result<Self, EntriesError> {
        let [preset, layout] = reader.read_array()?;
        Ok(Self {
            preset: Preset::from_code(preset).ok_or(EntriesError::Preset { code: preset })?,
            layout: Layout::from_code(layout).ok_or(EntriesError::Layout { code: layout })?,
            batch: reader.read_u32()?,
            rows: reader.read_u32()?,
            inputs: reader.read_u32()?,
            outputs: reader.read_u32()?,
            one_time_roots: reader.read_u32()?,
            fixed_root: reader.read_array()?,
        })
    }
}

impl Entries {
    /// The entries of a model, given in any order.
    ///
    /// # Errors
    /// The entries contradict one another or are out of bounds.
    pub fn new(mut entries: Vec<Entry>) -> Result<Self, EntriesError> {
        entries.sort_by_key(Entry::key);
        Self::in_order(entries)
    }

    fn in_order(entries: Vec<Entry>) -> Result<Self, EntriesError> {
        let first = match entries.first() {
            Some(first) if entries.len() <= MAX_ENTRIES => *first,
            _ => return Err(EntriesError::Number { found: entries.len() }),
        };
        entries.iter().try_for_each(Entry::check)?;
        if let Some(pair) = entries.windows(2).find(|pair| pair[0].key() >= pair[1].key()) {
            return Err(EntriesError::Order { preset: pair[1].preset, batch: pair[1].batch });
        }
        if entries.iter().any(|entry| entry.is_private() != first.is_private()) {
            return Err(EntriesError::Privacy);
        }
        let values = |entry: &Entry| (entry.inputs, entry.outputs);
        match entries.iter().find(|entry| values(entry) != values(&first)) {
            Some(entry) => Err(EntriesError::Disagreement { expected: values(&first), found: values(entry) }),
            None => Ok(Self(entries)),
        }
    }

    /// The entries in their order.
    pub fn as_slice(&self) -> &[Entry] {
        &self.0
    }

    /// Whether the model's weights are secret.
    pub fn are_private(&self) -> bool {
        self.0[0].is_private()
    }

    /// The entry for a preset and a batch size.
    pub fn find(&self, preset: Preset, batch: u32) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.key() == (preset, batch))
    }

    /// The model's identity.
    pub fn commitment(&self) -> ModelCommitment {
        let mut hash = blake2s([DOMAIN, &self.to_bytes()]);
        hash[0] = 0;
        ModelCommitment(hash)
    }

    /// The number of entries in a byte, and the entries with 54 bytes each.
    pub fn to_bytes(&self) -> Vec<u8> {
        // At most 64 entries.
        let mut bytes = Vec::with_capacity(1 + ENTRY_BYTES * self.0.len());
        bytes.push(self.0.len() as u8);
        self.0.iter().for_each(|entry| bytes.extend(entry.to_bytes()));
        bytes
    }

    /// Reads what [`Entries::to_bytes`] wrote, in that order only, from the beginning of longer bytes; gives the rest too.
    ///
    /// # Errors
    /// The bytes end early, or describe no model.
    pub fn split(bytes: &[u8]) -> Result<(Self, &[u8]), EntriesError> {
        let mut reader = BoundedReader::new(bytes);
        Ok((Self::read(&mut reader)?, reader.rest()))
    }

    /// As [`Entries::split`], from a reader.
    pub(crate) fn read(reader: &mut BoundedReader) -> Result<Self, EntriesError> {
        let number = usize::from(reader.read_u8()?);
        if !(1..=MAX_ENTRIES).contains(&number) {
            return Err(EntriesError::Number { found: number });
        }
        Self::in_order((0..number).map(|_| Entry::read(reader)).collect::<Result<_, _>>()?)
    }
}

impl ModelCommitment {
    /// The commitment as 32 bytes, the first of which is zero.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ModelCommitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for ModelCommitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ModelCommitment({self})")
    }
}

impl FromStr for ModelCommitment {
    type Err = ParseCommitmentError;

    fn from_str(text: &str) -> Result<Self, ParseCommitmentError> {
        match parse_hex(text) {
            Some(bytes) if bytes[0] == 0 => Ok(Self(bytes)),
            _ => Err(ParseCommitmentError(text.to_owned())),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::layout::LAYOUTS;

    pub(crate) fn entry(preset: Preset, batch: u32) -> Entry {
        let layout = Layout::base();
        Entry {
            preset,
            layout,
            batch,
            rows: layout.min_rows() as u32,
            inputs: 3,
            outputs: 2,
            one_time_roots: 0,
            fixed_root: [batch as u8; 32],
        }
    }

    fn entries() -> Entries {
        let listed = [(Preset::Onchain, 1), (Preset::Fast, 10), (Preset::Fast, 1)];
        Entries::new(listed.map(|(preset, batch)| entry(preset, batch)).to_vec()).unwrap()
    }

    fn error(change: impl FnOnce(&mut Entry)) -> EntriesError {
        let mut entries = entries().0;
        change(&mut entries[1]);
        Entries::new(entries).unwrap_err()
    }

    #[test]
    fn the_order_in_which_entries_are_given_does_not_matter() {
        let sorted = entries();
        let mut others = sorted.0.clone();
        others.rotate_left(1);
        assert_eq!(Entries::new(others).unwrap(), sorted);
        let keys: Vec<_> = sorted.as_slice().iter().map(Entry::key).collect();
        assert_eq!(keys, [(Preset::Fast, 1), (Preset::Fast, 10), (Preset::Onchain, 1)]);
        assert_eq!(sorted.find(Preset::Fast, 10).map(|entry| entry.fixed_root), Some([10; 32]));
        assert_eq!(sorted.find(Preset::Onchain, 10), None);
    }

    #[test]
    fn every_field_of_every_entry_is_committed_to() {
        let model = entries();
        let bytes = model.to_bytes();
        assert_eq!(bytes.len(), 1 + 3 * ENTRY_BYTES);
        assert_eq!(model.commitment().as_bytes()[0], 0);
        assert_eq!(model.commitment().as_bytes()[1..], blake2s([DOMAIN, &bytes])[1..]);
        let changes: [fn(&mut Vec<Entry>); 9] = [
            |entries| entries[0].preset = Preset::Balanced,
            |entries| entries[1].layout = Layout::wide(),
            |entries| entries.iter_mut().for_each(|entry| entry.one_time_roots = 1),
            |entries| entries[0].batch = 2,
            |entries| entries[0].rows *= 2,
            |entries| entries.iter_mut().for_each(|entry| entry.inputs += 1),
            |entries| entries.iter_mut().for_each(|entry| entry.outputs += 1),
            |entries| entries[2].fixed_root[31] ^= 1,
            |entries| entries.truncate(2),
        ];
        for change in changes {
            let mut others = model.0.clone();
            change(&mut others);
            assert_ne!(Entries::new(others).unwrap().commitment(), model.commitment());
        }
    }

    #[test]
    fn the_commitment_of_fixed_entries_does_not_change() {
        // Computed in another language, from the format's description alone.
        let expected = "0x002614eb7b20ba46b732f1b77d975ace9c16190babc8b65a2e078d5189d7cad5";
        assert_eq!(entries().commitment().to_string(), expected);
    }

    #[test]
    fn contradicting_entries_are_refused() {
        assert_eq!(Entries::new(vec![]), Err(EntriesError::Number { found: 0 }));
        let many = (1..=65).map(|batch| entry(Preset::Fast, batch)).collect();
        assert_eq!(Entries::new(many), Err(EntriesError::Number { found: 65 }));
        assert_eq!(error(|entry| entry.batch = 1), EntriesError::Order { preset: Preset::Fast, batch: 1 });
        for layout in &LAYOUTS {
            let least = layout.min_rows();
            for rows in [0, least / 2, least + 1, MAX_ROWS * 2].map(|rows| rows as u32) {
                assert_eq!(error(|entry| (entry.layout, entry.rows) = (layout, rows)), EntriesError::Rows { layout, found: rows });
            }
            assert!(Entries::new(vec![Entry { layout, rows: least as u32, ..entry(Preset::Fast, 1) }]).is_ok());
        }
        assert_eq!(error(|entry| entry.batch = 0), EntriesError::Empty { batch: 0, inputs: 3, outputs: 2 });
        assert_eq!(error(|entry| entry.inputs = 0), EntriesError::Empty { batch: 10, inputs: 0, outputs: 2 });
        assert_eq!(error(|entry| entry.outputs = 0), EntriesError::Empty { batch: 10, inputs: 3, outputs: 0 });
        assert_eq!(error(|entry| entry.batch = 1 << 20), EntriesError::Values { found: 5 << 20 });
        let all = u32::MAX;
        let found = error(|entry| (entry.batch, entry.inputs, entry.outputs) = (all, all, all));
        assert_eq!(found, EntriesError::Values { found: u64::MAX });
        assert_eq!(error(|entry| entry.one_time_roots = 2), EntriesError::Privacy);
        for roots in [3, 2 * MAX_ONE_TIME_ROOTS, u32::MAX] {
            assert_eq!(error(|entry| entry.one_time_roots = roots), EntriesError::OneTimeRoots { found: roots });
        }
        assert_eq!(error(|entry| entry.inputs = 4), EntriesError::Disagreement { expected: (3, 2), found: (4, 2) });
    }

    #[test]
    fn an_entry_for_contracts_that_verify_has_the_layout_that_they_know() {
        let of = |preset, layout| Entries::new(vec![Entry { layout, ..entry(preset, 1) }]);
        let (base, others) = LAYOUTS.split_first().unwrap();
        for (preset, layout) in Preset::ALL.into_iter().flat_map(|preset| others.iter().map(move |layout| (preset, layout))) {
            let entries = of(preset, base).unwrap();
            let expected = match preset {
                Preset::Starknet => Err(EntriesError::ForContracts { preset, layout }),
                _ => Ok(of(preset, layout).unwrap()),
            };
            assert_eq!(of(preset, layout), expected);
            // The layout is the entry's second byte.
            let mut bytes = entries.to_bytes();
            bytes[2] = layout.code;
            assert_eq!(Entries::read(&mut BoundedReader::new(&bytes)), expected);
        }
        let error = of(Preset::Starknet, Layout::wide()).unwrap_err();
        assert_eq!(error.to_string(), "an entry for preset starknet has the layout `base`, not `wide`");
    }

    #[test]
    fn entries_are_read_in_their_order_only() {
        let read = |bytes: &[u8]| Entries::read(&mut BoundedReader::new(bytes));
        let bytes = entries().to_bytes();
        assert_eq!(read(&bytes), Ok(entries()));
        assert_eq!(Entries::split(&[&bytes[..], &[7, 8]].concat()), Ok((entries(), &[7, 8][..])));
        for length in 0..bytes.len() {
            assert!(matches!(read(&bytes[..length]), Err(EntriesError::Truncated(_))), "{length}");
        }
        let mut swapped = bytes.clone();
        swapped[1..].rotate_left(ENTRY_BYTES);
        assert_eq!(read(&swapped), Err(EntriesError::Order { preset: Preset::Fast, batch: 1 }));
        assert_eq!(read(&[0]), Err(EntriesError::Number { found: 0 }));
        assert_eq!(read(&[65]), Err(EntriesError::Number { found: 65 }));
        assert_eq!(read(&[1, 4, 0]), Err(EntriesError::Preset { code: 4 }));
        assert_eq!(read(&[&[1, 0, 6][..], &[0; 52]].concat()), Err(EntriesError::Layout { code: 6 }));
    }

    #[test]
    fn a_commitment_is_parsed_as_it_is_displayed() {
        let commitment = entries().commitment();
        let text = commitment.to_string();
        assert_eq!((text.len(), &text[..4]), (66, "0x00"));
        assert_eq!(text.parse(), Ok(commitment));
        assert_eq!(format!("0x{}", text[2..].to_uppercase()).parse(), Ok(commitment));
        let bad =
            [&text[2..], &text[..65], &format!("{text}0"), &text.replace("0x00", "0x01"), &text.replace("0x00", "0x0+"), "", "0x", "é"];
        for text in bad {
            assert_eq!(text.parse::<ModelCommitment>(), Err(ParseCommitmentError(text.to_owned())));
        }
    }
}
