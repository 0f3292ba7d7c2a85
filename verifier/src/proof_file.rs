//! The file of a proof: what the files of both kinds begin with, and the rest of a model proof's.
//!
//! All parsing in front of the STARK happens here and in [`crate::cairo`]. The header is the prover's claim; nothing in it is believed.

use thiserror::Error;
use winter_verifier::{ByteReader, DeserializationError};

use crate::air::{InSeed, PublicInputs, bytes_in_elements, final_row, sponge};
use crate::bounded::BoundedReader;
use crate::cairo::{ClaimError, ProgramError};
use crate::commitment::{Entries, EntriesError, Entry, ModelCommitment};
use crate::goldilocks::Goldilocks;
use crate::kind::Kind;
use crate::one_time::{OneTimeError, OneTimeRoot};
use crate::preset::{Mode, Preset, Security};
use crate::statement::{Statement, Values};
use crate::value_digest::{ValueDigest, ValueDigestError};

/// The longest file that is read, in bytes.
pub const MAX_FILE_BYTES: usize = 64 << 20;
/// The version of the format.
pub const FILE_VERSION: u16 = 3;

const MAGIC: [u8; 8] = *b"MAATPROF";
/// Separates the transcripts of model proofs from all others.
pub const TRANSCRIPT: &[u8] = b"maat model proof 3";

impl Kind {
    /// The kind of a file.
    ///
    /// # Errors
    /// The bytes are not a proof file.
    pub fn of(bytes: &[u8]) -> Result<Self, FileError> {
        Ok(open(bytes)?.0)
    }
}

/// What every file begins with.
pub(crate) fn preamble(kind: Kind) -> Vec<u8> {
    [&MAGIC[..], &FILE_VERSION.to_le_bytes(), &[kind.code()]].concat()
}

/// Reads what every file begins with, and gives a reader for the rest.
pub(crate) fn open(bytes: &[u8]) -> Result<(Kind, BoundedReader<'_>), FileError> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(FileError::TooLong { found: bytes.len() });
    }
    let mut reader = BoundedReader::new(bytes);
    if reader.read_array() != Ok(MAGIC) {
        return Err(FileError::Magic);
    }
    let found = reader.read_u16().map_err(within("version"))?;
    if found != FILE_VERSION {
        return Err(FileError::Version { found });
    }
    let code = reader.read_u8().map_err(within("kind"))?;
    let kind = [Kind::Model, Kind::Cairo].into_iter().find(|kind| kind.code() == code).ok_or(FileError::UnknownKind { found: code })?;
    Ok((kind, reader))
}

/// As [`open`], for files of one kind.
pub(crate) fn open_kind(bytes: &[u8], expected: Kind) -> Result<BoundedReader<'_>, FileError> {
    match open(bytes)? {
        (kind, reader) if kind == expected => Ok(reader),
        (found, _) => Err(FileError::Kind { expected, found }),
    }
}

/// Reads the byte of one of these presets.
pub(crate) fn read_preset(reader: &mut BoundedReader, presets: &[Preset]) -> Result<Preset, FileError> {
    let found = reader.read_u8().map_err(within("preset"))?;
    Preset::from_code(found).filter(|preset| presets.contains(preset)).ok_or(FileError::Preset { found })
}

/// What a model proof claims: everything in its file but the STARK.
///
/// | bytes | content |
/// |---|---|
/// | 8 | `MAATPROF` |
/// | 2 | version, least significant byte first |
/// | 1 | kind: 0 |
/// | 1 | preset |
/// | 4 | batch size, least significant byte first |
/// | 1 + 54 n | the model's entries |
/// | 1 | the inputs: 0 public, 1 hidden, 2 committed |
/// | 4 m | the inputs when public, least significant byte first; the entry tells how many |
/// | 32 | their digest, when committed |
/// | .. | the outputs likewise |
/// | 36 + 32 k | the one-time root that the proof spends, when the model is private: its number, itself, its path |
///
/// The proof hides unless everything is public. The entry is then the one with the preset's tree for hiding ([`Preset::tree`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    entries: Entries,
    entry: Entry,
    preset: Preset,
    inputs: Values,
    outputs: Values,
    one_time: Option<OneTimeRoot>,
}

/// A proof of an inference, with everything that a verifier needs besides the model's commitment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofFile {
    /// The claim.
    pub header: Header,
    /// The STARK as winterfell writes it.
    pub stark: Vec<u8>,
}

/// Why bytes are not a proof file, or why parts do not make one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file is longer than [`MAX_FILE_BYTES`].
    #[error("the file has {found} bytes, more than {MAX_FILE_BYTES}")]
    TooLong {
        /// Its length in bytes.
        found: usize,
    },
    /// The file does not begin as proof files do.
    #[error("this is not a Maat proof")]
    Magic,
    /// The file is of another version.
    #[error(
        "the proof's format has version {found}; this verifier knows version {FILE_VERSION}: make the proof again, or take the Maat that made it"
    )]
    Version {
        /// The file's version.
        found: u16,
    },
    /// The file holds another kind of proof.
    #[error("the file holds {found}, not {expected}")]
    Kind {
        /// What was asked for.
        expected: Kind,
        /// What the file holds.
        found: Kind,
    },
    /// No kind of proof has this byte.
    #[error("there is no kind of proof with the code {found}")]
    UnknownKind {
        /// The byte.
        found: u8,
    },
    /// No preset has this byte.
    #[error("there is no preset with the code {found}")]
    Preset {
        /// The byte.
        found: u8,
    },
    /// The entries describe no model.
    #[error("entries: {0}")]
    Entries(#[from] EntriesError),
    /// The model lists no entry for the proof's preset, mode and batch size.
    #[error("the model has no entry for {} with a batch of {batch}", preset.of_entry())]
    NoEntry {
        /// The preset of the entry: see [`Preset::tree`].
        preset: Preset,
        /// The proof's batch size.
        batch: u32,
    },
    /// No visibility has this byte.
    #[error("there is no visibility with the code {found}")]
    Visibility {
        /// The byte.
        found: u8,
    },
    /// There are more or fewer public values than the batch has.
    #[error("the batch has {expected} {side}, but {found} were given")]
    ValueCount {
        /// `"inputs"` or `"outputs"`.
        side: &'static str,
        /// Number of values of the batch.
        expected: u64,
        /// Number of values given.
        found: usize,
    },
    /// The digest of a committed side is not four elements of the field.
    #[error("the digest of the {side}: {source}")]
    Digest {
        /// `"inputs"` or `"outputs"`.
        side: &'static str,
        /// What is wrong with it.
        source: ValueDigestError,
    },
    /// A proof of a private model spends a one-time root, and no other proof does.
    #[error("a one-time root is there if and only if the model is private")]
    OneTime,
    /// The one-time root cannot be read.
    #[error("one-time root: {0}")]
    OneTimeRoot(#[from] OneTimeError),
    /// The layout has no room for the masks of a hiding proof.
    #[error("the layout `{layout}` of this entry has no room for what hides: prove with another preset, or transpile with `--layout wide`")]
    CannotHide {
        /// The layout's name.
        layout: &'static str,
    },
    /// The layout has no room for the digests of the committed sides.
    #[error(
        "the layout `{layout}` of this entry has no room for a digest: prove with the preset onchain, or transpile with `--layout base`"
    )]
    NoRoom {
        /// The layout's name.
        layout: &'static str,
    },
    /// The trace of the entry is too short for a side's digest. No model has such an entry.
    #[error("the trace of this entry has {rows} rows, too few for a digest of the {side}")]
    NoRows {
        /// `"inputs"` or `"outputs"`.
        side: &'static str,
        /// Rows of the entry.
        rows: u32,
    },
    /// The bytecode is not a program.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// No Cairo proof can be made for the claim.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// The numbers of a Cairo proof are not packed as they should be.
    #[error("{part}: {reason}")]
    Packed {
        /// What is packed.
        part: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The file ends within the header.
    #[error("the file ends early, within its {part}")]
    Truncated {
        /// The part that is cut off.
        part: &'static str,
    },
}

/// Names the part of the file that the reader could not read.
pub(crate) fn within(part: &'static str) -> impl Fn(DeserializationError) -> FileError {
    move |_| FileError::Truncated { part }
}

impl Header {
    /// The claim that the model with these entries, on these inputs, gives these outputs. `one_time` is the root that the proof of a private
    /// model spends.
    ///
    /// # Errors
    /// The model has no such entry, the values are not those of a batch, or the entry's layout or trace has no room for masks or digests.
    pub fn new(
        entries: Entries,
        (preset, batch): (Preset, u32),
        inputs: Values,
        outputs: Values,
        one_time: Option<OneTimeRoot>,
    ) -> Result<Self, FileError> {
        let mode = mode(&entries, [&inputs, &outputs]);
        let entry = find(&entries, preset, batch, mode)?;
        for (side, values, expected) in [("inputs", &inputs, entry.batch_inputs()), ("outputs", &outputs, entry.batch_outputs())] {
            match values {
                Values::Public(values) if values.len() as u64 != expected => {
                    return Err(FileError::ValueCount { side, expected, found: values.len() });
                }
                // No constraint reaches further than the final row. At most 2^20 values.
                Values::Committed(_)
                    if sponge::digest_row(ValueDigest::blocks(expected as usize)) > final_row(entry.rows as usize, Mode::Hiding) =>
                {
                    return Err(FileError::NoRows { side, rows: entry.rows });
                }
                _ => {}
            }
        }
        if one_time.is_some() != entry.is_private() {
            return Err(FileError::OneTime);
        }
        let committed = [&inputs, &outputs].into_iter().filter(|values| values.as_committed().is_some()).count();
        if mode.is_hiding() && !entry.layout.can_hide() {
            return Err(FileError::CannotHide { layout: entry.layout.name });
        }
        if committed > 0 && !entry.layout.has_room_for(committed) {
            return Err(FileError::NoRoom { layout: entry.layout.name });
        }
        Ok(Self { entries, entry, preset, inputs, outputs, one_time })
    }

    /// The entries of the model, for every preset and batch size.
    pub fn entries(&self) -> &Entries {
        &self.entries
    }

    /// The entry whose tree of fixed columns the proof opens.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// The parameters of the proof.
    pub fn preset(&self) -> Preset {
        self.preset
    }

    /// Whether the proof hides what the statement does not name.
    pub fn mode(&self) -> Mode {
        mode(&self.entries, [&self.inputs, &self.outputs])
    }

    /// The inputs of the batch.
    pub fn inputs(&self) -> &Values {
        &self.inputs
    }

    /// The outputs of the batch.
    pub fn outputs(&self) -> &Values {
        &self.outputs
    }

    /// The one-time root that the proof spends, if the model is private.
    pub fn one_time(&self) -> Option<&OneTimeRoot> {
        self.one_time.as_ref()
    }

    /// The public inputs of a proof of this claim.
    pub fn public_inputs(&self) -> PublicInputs {
        public_inputs(&self.entries.commitment(), &self.entry, (self.preset, self.mode()), [&self.inputs, &self.outputs])
    }

    /// The statement of a proof of this claim.
    pub fn into_statement(self, security: Security) -> Statement {
        let mode = self.mode();
        let Self { entries, entry, preset, inputs, outputs, one_time } = self;
        let one_time = one_time.map(|root| (root.index, entry.one_time_roots));
        Statement { commitment: entries.commitment(), preset, mode, batch: entry.batch, inputs, outputs, one_time, security }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let Self { entries, entry, preset, inputs, outputs, one_time } = self;
        let mut bytes = preamble(Kind::Model);
        bytes.push(preset.code());
        bytes.extend(entry.batch.to_le_bytes());
        bytes.extend(entries.to_bytes());
        for values in [inputs, outputs] {
            bytes.push(values.code());
            match values {
                Values::Public(values) => bytes.extend(values.iter().flat_map(|value| value.to_le_bytes())),
                Values::Hidden => {}
                Values::Committed(digest) => bytes.extend(digest.to_bytes()),
            }
        }
        bytes.extend(one_time.iter().flat_map(OneTimeRoot::to_bytes));
        bytes
    }
}

/// A proof hides if there is anything that its statement does not name.
fn mode(entries: &Entries, sides: [&Values; 2]) -> Mode {
    let public = sides.iter().all(|values| values.as_public().is_some()) && !entries.are_private();
    if public { Mode::Plain } else { Mode::Hiding }
}

/// The entry whose tree of fixed columns a proof opens.
fn find(entries: &Entries, preset: Preset, batch: u32, mode: Mode) -> Result<Entry, FileError> {
    let preset = preset.tree(mode);
    entries.find(preset, batch).copied().ok_or(FileError::NoEntry { preset, batch })
}

/// Reads one side's visibility, and its values or its digest. `count` gives the number of values when they are public.
fn read_values(reader: &mut BoundedReader, side: &'static str, count: u64) -> Result<Values, FileError> {
    match reader.read_u8().map_err(within(side))? {
        0 => {
            // The count comes from an entry, which bounds it.
            let length = usize::try_from(4 * count).map_err(|_| FileError::Truncated { part: side })?;
            let (values, _) = reader.take(length).map_err(within(side))?.as_chunks();
            Ok(Values::Public(values.iter().map(|value| i32::from_le_bytes(*value)).collect()))
        }
        1 => Ok(Values::Hidden),
        2 => {
            let bytes = reader.read_array().map_err(within(side))?;
            Ok(Values::Committed(ValueDigest::from_bytes(bytes).map_err(|source| FileError::Digest { side, source })?))
        }
        found => Err(FileError::Visibility { found }),
    }
}

impl ProofFile {
    /// The file's bytes: the header, and the STARK to the end.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.header.to_bytes();
        bytes.extend(&self.stark);
        bytes
    }

    /// Reads a file; the STARK is taken as it is.
    ///
    /// # Errors
    /// The bytes are not a proof file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FileError> {
        let (header, stark) = Self::split(bytes)?;
        Ok(Self { header, stark: stark.to_vec() })
    }

    /// Reads the header and gives the bytes of the STARK, which begin where the header ends.
    ///
    /// # Errors
    /// The bytes are not a proof file.
    pub fn split(bytes: &[u8]) -> Result<(Header, &[u8]), FileError> {
        let mut reader = open_kind(bytes, Kind::Model)?;
        let preset = read_preset(&mut reader, &Preset::ALL)?;
        let batch = reader.read_u32().map_err(within("batch size"))?;
        let entries = Entries::read(&mut reader)?;
        // Which entry it is follows from what is public. All entries with this batch size agree on its values.
        let any = *entries.as_slice().iter().find(|entry| entry.batch == batch).ok_or(FileError::NoEntry { preset, batch })?;
        let inputs = read_values(&mut reader, "inputs", any.batch_inputs())?;
        let outputs = read_values(&mut reader, "outputs", any.batch_outputs())?;
        let entry = find(&entries, preset, batch, mode(&entries, [&inputs, &outputs]))?;
        let one_time = entry.is_private().then(|| OneTimeRoot::read(&mut reader, entry.one_time_roots)).transpose()?;
        let header = Header::new(entries, (preset, batch), inputs, outputs, one_time)?;
        Ok((header, reader.rest()))
    }
}

/// The public inputs of a proof, which seed its transcript.
///
/// The seed binds the model's commitment, the preset, the batch size and the trace length; the AIR adds layout and mode, the visibilities, the
/// values and the digests. The fixed root is a part of the first digest that the prover sends, before any challenge is drawn.
fn public_inputs(
    commitment: &ModelCommitment,
    entry: &Entry,
    (preset, mode): (Preset, Mode),
    [inputs, outputs]: [&Values; 2],
) -> PublicInputs {
    let choice = [preset.code().into(), entry.batch, entry.rows].map(Goldilocks::from);
    // As a number, the commitment has its most significant byte first.
    let mut number = *commitment.as_bytes();
    number.reverse();
    let named = bytes_in_elements(TRANSCRIPT).chain(bytes_in_elements(&number));
    PublicInputs {
        statement: named.chain(choice).collect(),
        layout: entry.layout,
        mode,
        inputs: inputs.clone(),
        outputs: outputs.clone(),
        // At most 2^20 values.
        n_inputs: entry.batch_inputs() as usize,
        n_outputs: entry.batch_outputs() as usize,
        in_seed: if preset == Preset::Starknet { InSeed::Digests } else { InSeed::Values },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commitment::tests::entry;
    use crate::layout::{LAYOUTS, Layout, SIDES};
    use crate::one_time::OneTimeTree;
    use crate::salt::Salt;
    use winter_verifier::math::StarkField;

    /// How many one-time roots the private model has.
    const ROOTS: u32 = 4;

    fn entries() -> Entries {
        Entries::new(vec![entry(Preset::Fast, 1), entry(Preset::Fast, 2), entry(Preset::Balanced, 2), entry(Preset::Onchain, 1)]).unwrap()
    }

    /// The same model with secret weights.
    fn private_entries() -> Entries {
        let private = |entry: &Entry| Entry { one_time_roots: ROOTS, ..*entry };
        Entries::new(entries().as_slice().iter().map(private).collect()).unwrap()
    }

    fn one_time() -> OneTimeRoot {
        OneTimeTree::new((0..ROOTS as u8).map(|byte| [byte; 32]).collect()).unwrap().path(2)
    }

    fn inputs() -> Values {
        Values::Public(vec![1, -2, 3, i32::MIN, 5, i32::MAX])
    }

    fn outputs() -> Values {
        Values::Public(vec![1, 2, 3, 4])
    }

    /// A digest of anything.
    fn committed(salt: u8) -> Values {
        Values::Committed(ValueDigest::of(&[1, 2], &Salt::new([salt; 32])))
    }

    fn file(inputs: Values, outputs: Values) -> ProofFile {
        let header = Header::new(entries(), (Preset::Fast, 2), inputs, outputs, None).unwrap();
        ProofFile { header, stark: vec![1, 2, 3] }
    }

    fn public() -> ProofFile {
        file(inputs(), outputs())
    }

    fn private(inputs: Values, outputs: Values) -> ProofFile {
        let header = Header::new(private_entries(), (Preset::Fast, 2), inputs, outputs, Some(one_time())).unwrap();
        ProofFile { header, stark: vec![1, 2, 3] }
    }

    /// A public model and a private one, with every side public, hidden or committed to.
    fn files() -> Vec<ProofFile> {
        let (all_inputs, all_outputs) = ([inputs(), Values::Hidden, committed(1)], [outputs(), Values::Hidden, committed(2)]);
        let sides = all_inputs.iter().flat_map(|inputs| all_outputs.each_ref().map(|outputs| (inputs.clone(), outputs.clone())));
        let of_public = sides.clone().map(|(inputs, outputs)| file(inputs, outputs));
        of_public.chain(sides.map(|(inputs, outputs)| private(inputs, outputs))).collect()
    }

    #[test]
    fn a_file_is_read_as_it_was_written() {
        for file in files() {
            let bytes = file.to_bytes();
            assert_eq!(ProofFile::from_bytes(&bytes), Ok(file.clone()));
            let (_, stark) = ProofFile::split(&bytes).unwrap();
            assert_eq!(stark, [1, 2, 3]);
            let header = bytes.len() - stark.len();
            assert!((0..header).all(|length| ProofFile::split(&bytes[..length]).is_err()));
        }
    }

    #[test]
    fn a_header_is_as_long_as_what_it_names() {
        let start = 12 + 4 + 1 + 4 * 54;
        // Public, hidden, committed to; and of a private model a number, a root and two levels.
        let (inputs, outputs, roots) = ([4 * 6, 0, 32], [4 * 4, 0, 32], [0, 4 + 32 + 2 * 32]);
        let sides = inputs.map(|inputs| outputs.map(|outputs| inputs + outputs));
        let expected = roots.map(|roots| sides.as_flattened().iter().map(|sides| sides + roots).collect::<Vec<_>>()).concat();
        let lengths = files().into_iter().map(|file| file.to_bytes().len() - file.stark.len() - start - 2);
        assert_eq!(lengths.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn each_side_begins_with_its_visibility() {
        for file in files() {
            let (bytes, header) = (file.to_bytes(), &file.header);
            let first = 16 + 1 + 4 * 54;
            let length = [24, 0, 32][usize::from(header.inputs.code())];
            assert_eq!([bytes[first], bytes[first + 1 + length]], [&header.inputs, &header.outputs].map(Values::code));
        }
        assert_eq!([inputs(), Values::Hidden, committed(1)].map(|values| values.code()), [0, 1, 2]);
    }

    #[test]
    fn a_digest_is_four_elements_in_their_only_form() {
        let bytes = file(committed(1), committed(2)).to_bytes();
        let first = 16 + 1 + 4 * 54;
        let p = Goldilocks::MODULUS;
        for (side, start) in [("inputs", first + 1), ("outputs", first + 1 + 32 + 1)] {
            for (place, found) in (0..4).flat_map(|place| [p, p + 1, u64::MAX].map(|found| (place, found))) {
                let mut bytes = bytes.clone();
                bytes[start + 8 * place..][..8].copy_from_slice(&found.to_le_bytes());
                let source = ValueDigestError::NotCanonical { place, found };
                assert_eq!(ProofFile::split(&bytes), Err(FileError::Digest { side, source }));
                bytes[start + 8 * place..][..8].copy_from_slice(&(p - 1).to_le_bytes());
                assert!(ProofFile::split(&bytes).is_ok());
            }
            assert_eq!(ProofFile::split(&bytes[..start + 31]), Err(FileError::Truncated { part: side }));
        }
    }

    /// The entries of a model whose hiding proofs with `fast` and `balanced` have a layout.
    fn mixed(layout: &'static Layout) -> Entries {
        let balanced = Entry { layout, ..entry(Preset::Balanced, 2) };
        Entries::new(vec![balanced, entry(Preset::Fast, 2), entry(Preset::Onchain, 2)]).unwrap()
    }

    /// The bytes of a file whose hiding proof has another layout: that of the third entry.
    fn with_layout(file: &ProofFile, layout: &Layout) -> Vec<u8> {
        let mut bytes = file.to_bytes();
        assert!(ProofFile::split(&bytes).is_ok());
        bytes[16 + 1 + 2 * 54 + 1] = layout.code;
        bytes
    }

    #[test]
    fn digests_need_a_layout_with_room_for_them() {
        let sides = || [(committed(1), outputs()), (Values::Hidden, committed(2)), (committed(1), committed(2))];
        for layout in LAYOUTS.iter().filter(|layout| layout.can_hide()) {
            let mixed = mixed(layout);
            let header = |preset, inputs, outputs| Header::new(mixed.clone(), (preset, 2), inputs, outputs, None);
            let room = layout.has_room_for(SIDES);
            let expected = if room { None } else { Some(FileError::NoRoom { layout: layout.name }) };
            // The entry is that of the tree which the proof opens.
            for preset in [Preset::Fast, Preset::Balanced] {
                for (inputs, outputs) in sides() {
                    assert_eq!(header(preset, inputs, outputs).err(), expected, "{preset}");
                }
                assert!(header(preset, Values::Hidden, Values::Hidden).is_ok());
            }
            assert!(header(Preset::Onchain, committed(1), committed(2)).is_ok());
            for (inputs, outputs) in sides() {
                assert_eq!(ProofFile::split(&with_layout(&file(inputs, outputs), layout)).err(), expected);
            }
        }
        let room = LAYOUTS.iter().filter(|layout| layout.has_room_for(1)).map(|layout| layout.name);
        assert_eq!(room.collect::<Vec<_>>(), ["base", "short"]);
    }

    /// Whatever it is that a proof hides, and before the room for digests counts.
    #[test]
    fn a_hiding_proof_needs_a_layout_with_room_for_its_masks() {
        let dense = Layout::named("dense").unwrap();
        let refused = FileError::CannotHide { layout: "dense" };
        let entries = mixed(dense);
        let header = |preset, inputs, outputs| Header::new(entries.clone(), (preset, 2), inputs, outputs, None);
        for file in files().into_iter().filter(|file| file.header.mode().is_hiding()) {
            assert_eq!(ProofFile::split(&with_layout(&file, dense)), Err(refused.clone()));
            let Header { inputs, outputs, one_time, .. } = file.header;
            if one_time.is_none() {
                for preset in [Preset::Fast, Preset::Balanced] {
                    assert_eq!(header(preset, inputs.clone(), outputs.clone()), Err(refused.clone()), "{preset}");
                }
                assert!(header(Preset::Onchain, inputs, outputs).is_ok());
            } else {
                let dense = |entry: &Entry| Entry { layout: dense, ..*entry };
                let private = Entries::new(private_entries().as_slice().iter().map(dense).collect()).unwrap();
                assert_eq!(Header::new(private, (Preset::Fast, 2), inputs, outputs, one_time), Err(refused.clone()));
            }
        }
        // A plain proof has no masks.
        let plain = header(Preset::Balanced, inputs(), outputs()).unwrap();
        assert_eq!((plain.mode(), plain.entry().layout), (Mode::Plain, dense));
        assert!(header(Preset::Fast, inputs(), outputs()).is_ok());
        let expected =
            "the layout `dense` of this entry has no room for what hides: prove with another preset, or transpile with `--layout wide`";
        assert_eq!(refused.to_string(), expected);
    }

    /// The constraints reach to the final row. An entry with a shorter trace is no model's, but a verifier may be given any.
    #[test]
    fn a_digest_is_within_the_rows_that_constraints_reach() {
        let header = |values: u32, inputs, outputs| {
            let entries = Entries::new(vec![Entry { inputs: values, outputs: values, ..entry(Preset::Balanced, 1) }]).unwrap();
            Header::new(entries, (Preset::Balanced, 1), inputs, outputs, None)
        };
        // The last digest that constraints reach is in row 1951: the next one would be in row 1959.
        let most = 8 * 243 - 5;
        assert_eq!(sponge::digest_row(ValueDigest::blocks(most)), 1951);
        assert_eq!(final_row(1 << 11, Mode::Hiding), 1952);
        let most = most as u32;
        assert!(header(most, committed(1), committed(2)).is_ok());
        for values in [most + 1, 2_000, 1 << 19] {
            let refused = |side| Err(FileError::NoRows { side, rows: 1 << 11 });
            assert_eq!(header(values, committed(1), committed(2)), refused("inputs"));
            assert_eq!(header(values, Values::Hidden, committed(2)), refused("outputs"));
            assert!(header(values, Values::Hidden, Values::Hidden).is_ok());
        }
    }

    #[test]
    fn each_part_of_the_header_is_checked() {
        let bytes = public().to_bytes();
        let inputs = 16 + 1 + 4 * 54;
        let error = |position: usize, byte: u8| {
            let mut bytes = bytes.clone();
            bytes[position] = byte;
            ProofFile::split(&bytes).unwrap_err()
        };
        assert_eq!(error(0, b'm'), FileError::Magic);
        assert_eq!(error(8, 4), FileError::Version { found: 4 });
        assert_eq!(error(9, 1), FileError::Version { found: 256 + FILE_VERSION });
        assert_eq!(error(10, 1), FileError::Kind { expected: Kind::Model, found: Kind::Cairo });
        assert_eq!(error(10, 2), FileError::UnknownKind { found: 2 });
        assert_eq!(error(11, 4), FileError::Preset { found: 4 });
        assert_eq!(error(12, 3), FileError::NoEntry { preset: Preset::Fast, batch: 3 });
        assert_eq!(error(15, 255), FileError::NoEntry { preset: Preset::Fast, batch: 255 << 24 | 2 });
        assert_eq!(error(11, 2), FileError::NoEntry { preset: Preset::Onchain, batch: 2 });
        assert_eq!(error(11, 3), FileError::NoEntry { preset: Preset::Starknet, batch: 2 });
        assert_eq!(error(16, 0), FileError::Entries(EntriesError::Number { found: 0 }));
        assert_eq!(error(18, 6), FileError::Entries(EntriesError::Layout { code: 6 }));
        for found in [3, 4, 255] {
            assert_eq!(error(inputs, found), FileError::Visibility { found });
            assert_eq!(error(inputs + 1 + 24, found), FileError::Visibility { found });
        }
        assert_eq!(ProofFile::split(&bytes[..inputs + 5]).unwrap_err(), FileError::Truncated { part: "inputs" });
        assert_eq!(ProofFile::split(&bytes[..9]).unwrap_err(), FileError::Truncated { part: "version" });
        let long = vec![0; MAX_FILE_BYTES + 1];
        assert_eq!(ProofFile::split(&long).unwrap_err(), FileError::TooLong { found: MAX_FILE_BYTES + 1 });
    }

    #[test]
    fn a_file_of_an_older_version_is_refused_and_told_so() {
        let mut bytes = public().to_bytes();
        assert_eq!(bytes[8..10], [3, 0]);
        for found in [1, 2] {
            bytes[8] = found as u8;
            let error = ProofFile::split(&bytes).unwrap_err();
            assert_eq!(error, FileError::Version { found });
            let expected = format!("the proof's format has version {found}; this verifier knows version 3: make the proof again");
            assert!(error.to_string().starts_with(&expected), "{error}");
        }
    }

    #[test]
    fn a_claim_has_the_values_of_a_batch() {
        let claim = |inputs: Values, outputs: Values| Header::new(entries(), (Preset::Fast, 2), inputs, outputs, None);
        let values = |number: usize| Values::Public(vec![0; number]);
        assert!(claim(values(6), values(4)).is_ok());
        assert_eq!(claim(values(3), values(4)), Err(FileError::ValueCount { side: "inputs", expected: 6, found: 3 }));
        assert_eq!(claim(values(6), values(5)), Err(FileError::ValueCount { side: "outputs", expected: 4, found: 5 }));
        assert_eq!(claim(Values::Hidden, values(5)), Err(FileError::ValueCount { side: "outputs", expected: 4, found: 5 }));
        assert!(claim(Values::Hidden, Values::Hidden).is_ok());
    }

    #[test]
    fn a_one_time_root_is_spent_if_and_only_if_the_model_is_private() {
        let claim = |entries, one_time| Header::new(entries, (Preset::Fast, 2), inputs(), outputs(), one_time);
        assert_eq!(claim(entries(), Some(one_time())), Err(FileError::OneTime));
        assert_eq!(claim(private_entries(), None), Err(FileError::OneTime));
        let header = claim(private_entries(), Some(one_time())).unwrap();
        assert_eq!(header.one_time(), Some(&one_time()));
        let security = Security { conjectured: 1, proven: 1 };
        assert_eq!(header.into_statement(security).one_time, Some((2, ROOTS)));
        assert_eq!(claim(entries(), None).unwrap().into_statement(security).one_time, None);
        // What is no root to a public model is the beginning of its STARK.
        let bytes = [public().to_bytes(), one_time().to_bytes()].concat();
        let (header, stark) = ProofFile::split(&bytes).unwrap();
        assert_eq!((header.one_time(), stark.len()), (None, 3 + one_time().to_bytes().len()));
        let whole = private(inputs(), outputs()).to_bytes();
        let error = ProofFile::split(&whole[..whole.len() - 4]).unwrap_err();
        assert!(matches!(error, FileError::OneTimeRoot(OneTimeError::Truncated(_))), "{error}");
    }

    #[test]
    fn a_proof_hides_unless_everything_is_public() {
        let modes: Vec<_> = files().iter().map(|file| file.header.mode()).collect();
        assert_eq!(modes, [&[Mode::Plain][..], &[Mode::Hiding; 17]].concat());
    }

    #[test]
    fn a_hiding_proof_has_the_entry_of_its_tree() {
        let header = |entries: &Entries, preset, inputs| Header::new(entries.clone(), (preset, 2), inputs, outputs(), None);
        let entry = |header: &Header| (header.preset(), header.mode(), header.entry().preset);
        let all = entries();
        let [plain, hiding] = [inputs(), Values::Hidden].map(|inputs| header(&all, Preset::Fast, inputs).unwrap());
        assert_eq!(entry(&plain), (Preset::Fast, Mode::Plain, Preset::Fast));
        assert_eq!(entry(&hiding), (Preset::Fast, Mode::Hiding, Preset::Balanced));
        let balanced = header(&all, Preset::Balanced, Values::Hidden).unwrap();
        assert_eq!(entry(&balanced), (Preset::Balanced, Mode::Hiding, Preset::Balanced));
        // The proof is the preset's all the same.
        assert_eq!(hiding.clone().into_statement(Security { conjectured: 1, proven: 1 }).preset, Preset::Fast);
        let bytes = ProofFile { header: hiding.clone(), stark: Vec::new() }.to_bytes();
        assert_eq!(ProofFile::split(&bytes), Ok((hiding, &[][..])));
        // Without that entry there are plain proofs only.
        let [one, two] = [(Preset::Fast, 1), (Preset::Fast, 2)].map(|(preset, batch)| crate::commitment::tests::entry(preset, batch));
        let only_fast = Entries::new(vec![one, two]).unwrap();
        assert!(header(&only_fast, Preset::Fast, inputs()).is_ok());
        let missing = FileError::NoEntry { preset: Preset::Balanced, batch: 2 };
        assert_eq!(header(&only_fast, Preset::Fast, Values::Hidden), Err(missing.clone()));
        let mut bytes = preamble(Kind::Model);
        bytes.extend([&[0, 2, 0, 0, 0][..], &only_fast.to_bytes(), &[1, 1]].concat());
        assert_eq!(
            missing.to_string(),
            "the model has no entry for preset balanced (hiding proofs with fast take it too) with a batch of 2"
        );
        assert_eq!(ProofFile::split(&bytes), Err(missing));
        // And without the other one there are hiding proofs only.
        let only_balanced = Entries::new(vec![crate::commitment::tests::entry(Preset::Balanced, 2)]).unwrap();
        assert!(header(&only_balanced, Preset::Fast, Values::Hidden).is_ok());
        assert_eq!(header(&only_balanced, Preset::Fast, inputs()), Err(FileError::NoEntry { preset: Preset::Fast, batch: 2 }));
    }

    #[test]
    fn the_seed_binds_the_model_the_preset_the_batch_size_and_the_trace_length() {
        let seed = |entries: &Entries, preset, batch| {
            Header::new(entries.clone(), (preset, batch), Values::Hidden, Values::Hidden, None).unwrap().public_inputs().statement
        };
        let with = |balanced: Entry| Entries::new(vec![balanced, entry(Preset::Balanced, 1), entry(Preset::Onchain, 2)]).unwrap();
        let two = entry(Preset::Balanced, 2);
        let (model, other) = (with(two), with(Entry { fixed_root: [9; 32], ..two }));
        // With one entry, hiding proofs of two presets differ in the preset alone.
        let seeds = [
            seed(&model, Preset::Balanced, 2),
            seed(&model, Preset::Fast, 2),
            seed(&model, Preset::Onchain, 2),
            seed(&model, Preset::Balanced, 1),
            seed(&other, Preset::Balanced, 2),
        ];
        for (i, a) in seeds.iter().enumerate() {
            assert!(seeds[..i].iter().all(|b| a != b));
        }
        let choice = |seed: &[Goldilocks]| seed[seed.len() - 3..].to_vec();
        assert_eq!(choice(&seeds[1]), [0, 2, 1 << 11].map(Goldilocks::new));
        assert_eq!(choice(&seeds[3]), [1, 1, 1 << 11].map(Goldilocks::new));
    }

    #[test]
    fn the_air_has_the_layout_the_mode_and_the_values_of_the_claim() {
        let wide = Entry { layout: Layout::wide(), ..entry(Preset::Balanced, 2) };
        let entries = Entries::new(vec![wide, entry(Preset::Fast, 2)]).unwrap();
        let public_inputs = |inputs| Header::new(entries.clone(), (Preset::Fast, 2), inputs, outputs(), None).unwrap().public_inputs();
        let (plain, hiding) = (public_inputs(inputs()), public_inputs(Values::Hidden));
        assert_eq!((plain.layout, plain.mode), (Layout::base(), Mode::Plain));
        assert_eq!((hiding.layout, hiding.mode), (Layout::wide(), Mode::Hiding));
        assert_eq!((&plain.inputs, &plain.outputs), (&inputs(), &outputs()));
        assert_eq!((&hiding.inputs, &hiding.outputs), (&Values::Hidden, &outputs()));
        let with_digest = file(committed(1), outputs()).header.public_inputs();
        assert_eq!((with_digest.layout, with_digest.mode), (Layout::base(), Mode::Hiding));
        assert_eq!((&with_digest.inputs, &with_digest.outputs), (&committed(1), &outputs()));
        for public in [plain, hiding, with_digest] {
            assert_eq!((public.n_inputs, public.n_outputs), (6, 4));
        }
    }
}
