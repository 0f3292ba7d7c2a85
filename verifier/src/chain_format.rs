//! Proofs as a Starknet contract reads them: felts, in the order in which they are needed, with the roots of the proof file.
//!
//! What differs from the file: elements are packed three a felt and values seven, each query has its own paths, up to the 16 nodes of a tree's cap, and a
//! position that two queries fall on is opened twice. `cairo/verifier/src/{statement,verify}.cairo` say what comes where. In front of all stands the
//! number of felts that follow.

use thiserror::Error;
use winter_air::proof::{Commitments, OodFrame, Proof, Queries, QuotientOodFrame, TraceOodFrame};
use winter_verifier::crypto::{BatchMerkleProof, Digest as _, ElementHasher, RandomCoin};
use winter_verifier::math::fields::QuadExtension;
use winter_verifier::math::{FieldElement, StarkField, ToElements};
use winter_verifier::{ByteWriter, Deserializable, Serializable};

use crate::air::{ModelAir, trace_info};
use crate::blake2s::TreeDigest;
use crate::coin::PoseidonCoin;
use crate::commitment::{Entries, ModelCommitment};
use crate::digest::Digest;
use crate::error::VerifyError;
use crate::felt252::Felt252;
use crate::goldilocks::Goldilocks;
use crate::hasher::SplitHasher;
use crate::layout::{LAYOUTS, Layout};
use crate::one_time::OneTimeRoot;
pub use crate::poseidon::packed_values;
use crate::poseidon::{Poseidon, VALUES};
use crate::preset::Preset;
use crate::proof_file::{FileError, Header, ProofFile};
use crate::stark::{self, ProofShape};
use crate::statement::Values;
use crate::value_digest::ValueDigest;
use crate::vector_commitment::{SplitOpening, SplitTree, TreeHash};
use crate::verify::verify;

/// Elements in a felt.
const IN_A_FELT: usize = 3;
/// Witness columns of the layout that contracts verify.
const WITNESS_WIDTH: usize = LAYOUTS[0].witness_width();
// The sponges' columns of a row come after the witness's, in pairs of felts of their own.
const _: () = assert!(WITNESS_WIDTH.is_multiple_of(2 * IN_A_FELT));
/// Nodes of a cap.
const CAP: usize = 1 << Poseidon::CAP;
/// Values of a row of the low-degree test.
const FOLDING: usize = 8;

/// Hash function, transcript and trees of the preset.
type H = SplitHasher<Poseidon>;
type Trees = SplitTree<Poseidon>;
type E = QuadExtension<Goldilocks>;

/// Why a proof cannot be written for a contract, or felts are not a proof.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ChainFormatError {
    /// The proof does not hold, so that no contract would accept it.
    #[error("the proof does not hold: {0}")]
    Verify(#[from] VerifyError),
    /// The proof is not one that contracts verify.
    #[error(
        "contracts verify proofs with the preset {}, and this one has {found}: prove with `--preset {}`",
        Preset::Starknet,
        Preset::Starknet
    )]
    Preset {
        /// Its preset.
        found: Preset,
    },
    /// Felts that no proof has in this place.
    #[error("felt {position}: {reason}")]
    Felt {
        /// How many felts stand before it.
        position: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The felts end early, or go on.
    #[error("the proof has {found} felts, not {expected}")]
    Length {
        /// Number of felts that there should be, as far as it is known.
        expected: usize,
        /// Number of felts that there are.
        found: usize,
    },
    /// The statement is not one of the model.
    #[error("the proof is not one of this model: {0}")]
    File(#[from] FileError),
    /// The proof is for another model.
    #[error("the felts are a proof of another model")]
    Commitment,
}

// FELTS
// ================================================================================================

fn of_digest(digest: &TreeDigest) -> Felt252 {
    Felt252::remainder(&digest.as_bytes())
}

/// At most 32 bytes, the least significant first.
fn of_bytes(bytes: &[u8]) -> Felt252 {
    let mut padded = [0; 32];
    padded[..bytes.len()].copy_from_slice(bytes);
    Felt252::remainder(&padded)
}

fn of_commitment(commitment: &ModelCommitment) -> Felt252 {
    let mut bytes = *commitment.as_bytes();
    bytes.reverse();
    of_bytes(&bytes)
}

/// Elements, three a felt.
fn packed<F: FieldElement<BaseField = Goldilocks>>(elements: &[F]) -> impl Iterator<Item = Felt252> {
    let felt = |elements: &[Goldilocks]| of_bytes(&elements.iter().flat_map(|element| element.as_int().to_le_bytes()).collect::<Vec<_>>());
    F::slice_as_base_elements(elements).chunks(IN_A_FELT).map(felt)
}

/// The positions that queries fall on, in the order in which they are drawn.
fn positions(public_inputs: &[Goldilocks], proof: &Proof, commitments: &[Digest], frame: Digest, shape: &ProofShape) -> Vec<usize> {
    let mut seed: Vec<Goldilocks> = shape.context.to_elements();
    seed.extend(public_inputs);
    let mut coin = PoseidonCoin::new(&seed);
    // What is drawn in between does not change what is drawn after the next step.
    let (before, layers) = commitments.split_at(3);
    before.iter().chain([&frame]).chain(layers).for_each(|digest| coin.reseed(*digest));
    let (queries, domain) = (shape.context.options().num_queries(), shape.context.lde_domain_size());
    coin.draw_integers(queries, domain, proof.pow_nonce).expect("the coin gives as many as it is asked for")
}

/// Positions without those that are repeated, in the order in which they come first.
fn distinct(positions: impl IntoIterator<Item = usize>) -> Vec<usize> {
    let mut distinct = Vec::new();
    positions.into_iter().for_each(|position| {
        if !distinct.contains(&position) {
            distinct.push(position);
        }
    });
    distinct
}

// WRITING
// ================================================================================================

/// The rows of a tree, with the path of each up to the cap.
struct Opened {
    positions: Vec<usize>,
    /// The elements of each row.
    rows: Vec<Vec<Goldilocks>>,
    paths: Vec<Vec<TreeDigest>>,
    cap: Vec<TreeDigest>,
}

impl Opened {
    /// `part` elements of each row are those of tree `tree`.
    fn new(opening: &SplitOpening<Poseidon>, tree: usize, positions: Vec<usize>, rows: Vec<Vec<Goldilocks>>) -> Self {
        let leaves: Vec<TreeDigest> = rows.iter().map(|row| Poseidon::hash_elements(row)).collect();
        let BatchMerkleProof { nodes, depth } = &opening.trees()[tree];
        let batch = BatchMerkleProof::<Poseidon> { nodes: nodes.clone(), depth: *depth };
        let mut paths = batch.into_openings(&leaves, &positions).expect("the opening was verified");
        let below = usize::from(*depth) - usize::from(Poseidon::CAP);
        paths.iter_mut().for_each(|(_, path)| path.truncate(below));
        Self { positions, rows, paths: paths.into_iter().map(|(_, path)| path).collect(), cap: opening.caps()[tree].clone() }
    }

    fn at(&self, position: usize) -> usize {
        self.positions.iter().position(|other| *other == position).expect("every position is opened")
    }
}

/// The felts of a proof in a file, for a contract.
///
/// # Errors
/// The proof does not hold for the model that its file names, or has another preset than [`Preset::Starknet`].
pub fn encode(file: &[u8]) -> Result<Vec<Felt252>, ChainFormatError> {
    let (header, stark) = ProofFile::split(file)?;
    if header.preset() != Preset::Starknet {
        return Err(ChainFormatError::Preset { found: header.preset() });
    }
    // Nothing below meets a malformed opening.
    verify(file, &header.entries().commitment())?;
    let shape = shape(&header);
    let proof = stark::read(stark, &shape)?;
    let mut felts = statement(&header);
    felts.extend(of_stark(&proof, &shape, &header));
    felts.insert(0, Felt252::from(felts.len() as u64));
    Ok(felts)
}

fn shape(header: &Header) -> ProofShape {
    let public_inputs = header.public_inputs();
    let options = header.preset().options(header.mode());
    let air = <ModelAir as winter_air::Air>::new(trace_info(header.entry().rows as usize, &public_inputs), public_inputs, options.clone());
    ProofShape::new(header.preset(), options, winter_air::Air::context(&air))
}

/// What a proof claims.
fn statement(header: &Header) -> Vec<Felt252> {
    let (entry, sides) = (header.entry(), [header.inputs(), header.outputs()]);
    let visibility = sides.map(|side| u128::from(side.code()));
    let (roots, index) = (entry.one_time_roots, header.one_time().map_or(0, |root| root.index));
    let low = u128::from(entry.rows.ilog2())
        | visibility[0] << 8
        | visibility[1] << 16
        | u128::from(entry.batch) << 24
        | u128::from(entry.inputs) << 56
        | u128::from(entry.outputs) << 88;
    let high = u128::from(roots) | u128::from(index) << 32;
    let fixed_root = header.one_time().map_or(&entry.fixed_root, |root| &root.root);
    let mut felts = vec![
        of_bytes(&[low.to_le_bytes(), high.to_le_bytes()].concat()),
        of_commitment(&header.entries().commitment()),
        of_bytes(fixed_root),
    ];
    let path = header.one_time().map_or(&[][..], |root| &root.path);
    felts.extend(path.iter().flat_map(|hash| [of_bytes(&hash[..16]), of_bytes(&hash[16..])]));
    for side in sides {
        match side {
            Values::Public(values) => felts.extend(packed_values(values)),
            Values::Hidden => {}
            Values::Committed(digest) => felts.extend(packed(&digest.elements())),
        }
    }
    felts
}

/// The STARK of a proof that was verified.
fn of_stark(proof: &Proof, shape: &ProofShape, header: &Header) -> Vec<Felt252> {
    const VERIFIED: &str = "the proof was verified";
    let info = shape.context.trace_info();
    let (trace, constraints, layers) = proof.commitments.clone().parse::<H>(info.num_segments(), shape.layers).expect(VERIFIED);
    let commitments: Vec<Digest> = trace.into_iter().chain([constraints]).chain(layers).collect();
    let frame = frame(proof, shape);
    let frame_digest = H::hash_elements(&frame);
    let positions = positions(&header.public_inputs().to_elements(), proof, &commitments, frame_digest, shape);
    let mut sorted = distinct(positions.iter().copied());
    sorted.sort_unstable();

    // The four trees over the domain.
    let (domain, count) = (shape.context.lde_domain_size(), sorted.len());
    let [main, auxiliary] = <[Queries; 2]>::try_from(proof.trace_queries.clone()).expect(VERIFIED);
    let (of_main, main) = main.parse::<Goldilocks, H, Trees>(domain, count, info.main_trace_width()).expect(VERIFIED);
    let (of_auxiliary, auxiliary) = auxiliary.parse::<E, H, Trees>(domain, count, info.aux_segment_width()).expect(VERIFIED);
    let (of_quotients, quotients) = proof.constraint_queries.clone().parse::<E, H, Trees>(domain, count, shape.quotients).expect(VERIFIED);
    let fixed = Layout::base().fixed();
    let fixed_rows = main.rows().map(|row| row[fixed.clone()].to_vec()).collect();
    let witness_rows = main.rows().map(|row| [&row[..WITNESS_WIDTH], &row[fixed.end..]].concat()).collect();
    let base = |row: &[E]| E::slice_as_base_elements(row).to_vec();
    let trees = [
        Opened::new(&of_main, 0, sorted.clone(), fixed_rows),
        Opened::new(&of_main, 1, sorted.clone(), witness_rows),
        Opened::new(&of_auxiliary, 0, sorted.clone(), auxiliary.rows().map(base).collect()),
        Opened::new(&of_quotients, 0, sorted.clone(), quotients.rows().map(base).collect()),
    ];

    // The layers of the low-degree test.
    let (rows, openings) = proof.fri_proof.clone().parse_layers::<E, H, Trees>(domain, FOLDING).expect(VERIFIED);
    let mut of_layer = sorted;
    let mut size = domain;
    let layers: Vec<Opened> = rows
        .iter()
        .zip(&openings)
        .map(|(rows, opening)| {
            size /= FOLDING;
            of_layer = distinct(of_layer.iter().map(|position| position % size));
            Opened::new(opening, 0, of_layer.clone(), rows.chunks(FOLDING).map(base).collect())
        })
        .collect();
    let remainder: Vec<E> = proof.fri_proof.parse_remainder().expect(VERIFIED);

    let mut felts: Vec<Felt252> = trees.iter().flat_map(|tree| tree.cap.iter().map(of_digest)).collect();
    felts.extend(packed(&frame));
    felts.extend(layers.iter().flat_map(|layer| layer.cap.iter().map(of_digest)));
    felts.extend(packed(&remainder));
    felts.push(Felt252::from(proof.pow_nonce));
    let generator = Goldilocks::get_root_of_unity(domain.ilog2());
    for position in positions {
        let at = trees.each_ref().map(|tree| tree.at(position));
        let [fixed, witness, auxiliary, quotients] = std::array::from_fn(|tree| &trees[tree].rows[at[tree]][..]);
        let (witness, sponges) = witness.split_at(WITNESS_WIDTH);
        felts.extend([witness, fixed, sponges, auxiliary, quotients].into_iter().flat_map(packed));
        for level in 0..trees[0].paths[0].len() {
            felts.extend(trees.iter().zip(at).map(|(tree, at)| of_digest(&tree.paths[at][level])));
        }
        let row = position % (domain / FOLDING);
        let point = generator.exp(row as u64) * Goldilocks::GENERATOR;
        felts.push(Felt252::from(point.inv().as_int()));
        let mut size = domain;
        for layer in &layers {
            size /= FOLDING;
            let at = layer.at(position % size);
            felts.extend(packed(&layer.rows[at]));
            felts.extend(layer.paths[at].iter().map(of_digest));
        }
    }
    felts
}

/// The frame out of the domain, as the transcript absorbs it: the row of the trace and of the quotients, and the next one.
fn frame(proof: &Proof, shape: &ProofShape) -> Vec<E> {
    let info = shape.context.trace_info();
    let (trace, quotients) = proof
        .ood_frame
        .clone()
        .parse::<E>(info.main_trace_width(), info.aux_segment_width(), shape.quotients)
        .expect("the proof was verified");
    [trace.current_row(), quotients.current_row(), trace.next_row(), quotients.next_row()].concat()
}

// READING
// ================================================================================================

/// Felts from outside, one after the other.
struct Reader<'a> {
    felts: &'a [Felt252],
    position: usize,
}

impl Reader<'_> {
    fn refuse<T>(&self, reason: &'static str) -> Result<T, ChainFormatError> {
        Err(ChainFormatError::Felt { position: self.position.saturating_sub(1), reason })
    }

    fn next(&mut self) -> Result<Felt252, ChainFormatError> {
        let felt = self.felts.get(self.position).copied();
        self.position += 1;
        felt.ok_or(ChainFormatError::Length { expected: self.position, found: self.felts.len() })
    }

    /// The words of 64 bits of the next felt.
    fn words(&mut self) -> Result<[u64; 4], ChainFormatError> {
        let bytes = self.next()?.to_le_bytes();
        let (words, _) = bytes.as_chunks();
        Ok(std::array::from_fn(|word| u64::from_le_bytes(words[word])))
    }

    /// An integer of 128 bits.
    fn half(&mut self) -> Result<u128, ChainFormatError> {
        match self.words()? {
            [low, high, 0, 0] => Ok(u128::from(low) | u128::from(high) << 64),
            _ => self.refuse("more than 128 bits"),
        }
    }

    fn digest(&mut self) -> Result<TreeDigest, ChainFormatError> {
        Ok(TreeDigest::new(self.next()?.to_le_bytes()))
    }

    fn digests(&mut self, count: usize) -> Result<Vec<TreeDigest>, ChainFormatError> {
        (0..count).map(|_| self.digest()).collect()
    }

    /// `count` elements, and nothing after them in the last felt.
    fn elements(&mut self, count: usize) -> Result<Vec<Goldilocks>, ChainFormatError> {
        let mut elements = Vec::new();
        for _ in 0..count.div_ceil(IN_A_FELT) {
            let [words @ .., 0] = self.words()? else {
                return self.refuse("more than three elements");
            };
            if words.iter().any(|word| *word >= Goldilocks::MODULUS) {
                return self.refuse("an element is not below the modulus");
            }
            elements.extend(words.map(Goldilocks::new));
        }
        match elements.split_off(count).iter().all(|element| *element == Goldilocks::ZERO) {
            true => Ok(elements),
            false => self.refuse("more elements than there are"),
        }
    }

    /// `count` integers of 32 bits, and nothing after them in the last felt.
    fn values(&mut self, count: usize) -> Result<Vec<i32>, ChainFormatError> {
        let mut values = Vec::new();
        for _ in 0..count.div_ceil(VALUES) {
            let bytes = self.next()?.to_le_bytes();
            let used = VALUES.min(count - values.len());
            let (integers, _) = bytes.as_chunks();
            if integers[used..].iter().any(|integer| *integer != [0; 4]) {
                return self.refuse("more values than there are");
            }
            values.extend(integers[..used].iter().map(|integer| (u32::from_le_bytes(*integer) ^ 1 << 31).cast_signed()));
        }
        Ok(values)
    }

    fn extension(&mut self, count: usize) -> Result<Vec<E>, ChainFormatError> {
        Ok(E::slice_from_base_elements(&self.elements(2 * count)?).to_vec())
    }
}

/// The file of a proof that was written for a contract. `entries` are those of its model. Whether the proof holds is not looked at.
///
/// # Errors
/// The felts are not a proof of this model.
pub fn decode(felts: &[Felt252], entries: &Entries) -> Result<Vec<u8>, ChainFormatError> {
    let mut reader = Reader { felts, position: 0 };
    if reader.next()? != Felt252::from((felts.len() - 1) as u64) {
        return reader.refuse("not the number of felts that follow");
    }
    let header = read_statement(&mut reader, entries)?;
    let shape = shape(&header);
    let stark = read_stark(&mut reader, &header, &shape)?.to_bytes();
    match reader.position {
        expected if expected != felts.len() => Err(ChainFormatError::Length { expected, found: felts.len() }),
        _ => Ok(ProofFile { header, stark }.to_bytes()),
    }
}

fn read_statement(reader: &mut Reader, entries: &Entries) -> Result<Header, ChainFormatError> {
    let [a, b, c, d] = reader.words()?;
    let low = u128::from(a) | u128::from(b) << 64;
    let integer = |from: u32| (low >> from) as u32;
    let (log_rows, visibility, batch) = (a & 0xff, [a >> 8 & 0xff, a >> 16 & 0xff], integer(24));
    let (inputs, outputs, roots, index) = (integer(56), integer(88), c as u32, (c >> 32) as u32);
    if low >> 120 != 0 || d != 0 {
        return reader.refuse("malformed shape");
    }
    if reader.next()? != of_commitment(&entries.commitment()) {
        return Err(ChainFormatError::Commitment);
    }
    let entry = entries.find(Preset::Starknet, batch).ok_or(FileError::NoEntry { preset: Preset::Starknet, batch })?;
    let found = (log_rows, inputs, outputs, roots);
    if found != (entry.rows.ilog2().into(), entry.inputs, entry.outputs, entry.one_time_roots) || (roots == 0 && index != 0) {
        return Err(ChainFormatError::Felt { position: 1, reason: "not the shape of the model's entry" });
    }
    let root = reader.digest()?.as_bytes();
    let one_time = if entry.is_private() {
        let mut path = Vec::new();
        for _ in 0..roots.ilog2() {
            path.push([reader.half()?.to_le_bytes(), reader.half()?.to_le_bytes()].concat().try_into().expect("two halves are 32 bytes"));
        }
        let one_time = OneTimeRoot { index, root, path };
        one_time.check(roots, &entry.fixed_root).map_err(VerifyError::from)?;
        Some(one_time)
    } else if root != entry.fixed_root {
        return reader.refuse("not the root of the model's entry");
    } else {
        None
    };
    let [inputs, outputs] = [(visibility[0], entry.batch_inputs()), (visibility[1], entry.batch_outputs())];
    let (inputs, outputs) = (read_side(reader, inputs)?, read_side(reader, outputs)?);
    Ok(Header::new(entries.clone(), (Preset::Starknet, batch), inputs, outputs, one_time)?)
}

fn read_side(reader: &mut Reader, (visibility, count): (u64, u64)) -> Result<Values, ChainFormatError> {
    match visibility {
        // At most 2^20 values.
        0 => Ok(Values::Public(reader.values(count as usize)?)),
        1 => Ok(Values::Hidden),
        2 => {
            let bytes: Vec<u8> = reader.elements(DIGEST_ELEMENTS)?.iter().flat_map(|element| element.as_int().to_le_bytes()).collect();
            let digest = ValueDigest::from_bytes(bytes.try_into().expect("four elements are 32 bytes"));
            Ok(Values::Committed(digest.expect("elements are below the modulus")))
        }
        _ => reader.refuse("no such visibility"),
    }
}

/// Elements of a digest.
const DIGEST_ELEMENTS: usize = 4;

/// Rows and paths that were read, by position.
struct Openings {
    openings: Vec<(usize, Vec<Goldilocks>, Vec<TreeDigest>)>,
    cap: Vec<TreeDigest>,
}

impl Openings {
    fn of(cap: Vec<TreeDigest>) -> Self {
        Self { openings: Vec::new(), cap }
    }

    fn root(&self) -> [u8; 32] {
        crate::vector_commitment::root_above::<Poseidon>(&self.cap).as_bytes()
    }

    /// Adds what was read for a position; `false` if it was read before, and differs.
    fn add(&mut self, position: usize, row: Vec<Goldilocks>, path: Vec<TreeDigest>) -> bool {
        match self.openings.iter().find(|(other, ..)| *other == position) {
            Some((_, known, nodes)) => *known == row && *nodes == path,
            None => {
                self.openings.push((position, row, path));
                true
            }
        }
    }

    /// Puts the openings in the order of these positions.
    fn arrange(&mut self, positions: &[usize]) {
        self.openings.sort_by_key(|(position, ..)| positions.iter().position(|other| other == position));
    }

    fn rows(&self) -> impl Iterator<Item = &[Goldilocks]> {
        self.openings.iter().map(|(_, row, _)| &row[..])
    }

    /// The paths of all positions to the root.
    fn batch(&self) -> BatchMerkleProof<Poseidon> {
        let path = |(position, row, below): &(usize, Vec<Goldilocks>, Vec<TreeDigest>)| -> (TreeDigest, Vec<TreeDigest>) {
            let (mut path, mut node, mut level) = (below.clone(), position >> below.len(), self.cap.clone());
            while level.len() > 1 {
                path.push(level[node ^ 1]);
                let (pairs, _) = level.as_chunks();
                level = pairs.iter().map(<Poseidon as winter_verifier::crypto::Hasher>::merge).collect();
                node >>= 1;
            }
            (Poseidon::hash_elements(row), path)
        };
        let paths: Vec<_> = self.openings.iter().map(path).collect();
        let positions: Vec<_> = self.openings.iter().map(|(position, ..)| *position).collect();
        BatchMerkleProof::from_single_proofs(&paths, &positions)
    }

    fn opening(trees: &[&Self]) -> SplitOpening<Poseidon> {
        let batches: Vec<_> = trees.iter().map(|tree| tree.batch()).collect();
        SplitOpening::from_parts(batches, trees.iter().map(|tree| tree.cap.clone()).collect())
    }
}

fn read_stark(reader: &mut Reader, header: &Header, shape: &ProofShape) -> Result<Proof, ChainFormatError> {
    let info = shape.context.trace_info();
    let (main, auxiliary, quotients) = (info.main_trace_width(), info.aux_segment_width(), shape.quotients);
    let mut trees = [reader.digests(CAP)?, reader.digests(CAP)?, reader.digests(CAP)?, reader.digests(CAP)?].map(Openings::of);
    let width = main + auxiliary + quotients;
    let frame = reader.extension(2 * width)?;
    let mut layers = (0..shape.layers).map(|_| Ok(Openings::of(reader.digests(CAP)?))).collect::<Result<Vec<_>, ChainFormatError>>()?;
    let remainder = reader.extension(shape.remainder)?;
    let [pow_nonce, 0, 0, 0] = reader.words()? else {
        return reader.refuse("malformed nonce");
    };

    let [fixed_root, witness_root, auxiliary_root, quotients_root] = trees.each_ref().map(Openings::root);
    let trace = vec![Digest::two([fixed_root, witness_root]), Digest::one(auxiliary_root)];
    let constraints = Digest::one(quotients_root);
    let mut low_degree: Vec<Digest> = layers.iter().map(|layer| Digest::one(layer.root())).collect();
    low_degree.push(H::hash_elements(&remainder));
    let commitments: Vec<Digest> = [&trace[..], &[constraints], &low_degree].concat();
    let (current, next) = frame.split_at(width);
    let mut ood_frame = OodFrame::default();
    let trace_width = main + auxiliary;
    ood_frame.set_trace_states(&TraceOodFrame::new(current[..trace_width].to_vec(), next[..trace_width].to_vec(), main));
    ood_frame.set_quotient_states(&QuotientOodFrame::new(current[trace_width..].to_vec(), next[trace_width..].to_vec()));
    let mut proof = Proof {
        context: shape.context.clone(),
        num_unique_queries: 0,
        commitments: Commitments::new::<H>(trace, constraints, low_degree),
        ood_frame,
        pow_nonce,
        ..Proof::new_dummy()
    };

    let fixed = Layout::base().fixed();
    let elements = [WITNESS_WIDTH, fixed.len(), main - fixed.end, 2 * auxiliary, 2 * quotients];
    let (domain, cap_level) = (shape.context.lde_domain_size(), usize::from(Poseidon::CAP));
    let levels = domain.ilog2() as usize - cap_level;
    let generator = Goldilocks::get_root_of_unity(domain.ilog2());
    for position in positions(&header.public_inputs().to_elements(), &proof, &commitments, H::hash_elements(&frame), shape) {
        let mut parts = Vec::with_capacity(elements.len());
        for count in elements {
            parts.push(reader.elements(count)?);
        }
        // The witness's columns without sponges fill whole felts.
        let [witness, fixed, sponges, auxiliary, quotients] = parts.try_into().expect("as many parts as counts");
        let rows = [fixed, [witness, sponges].concat(), auxiliary, quotients];
        let mut paths = vec![Vec::with_capacity(levels); trees.len()];
        for _ in 0..levels {
            for path in &mut paths {
                path.push(reader.digest()?);
            }
        }
        for ((tree, row), path) in trees.iter_mut().zip(rows).zip(paths) {
            if !tree.add(position, row, path) {
                return reader.refuse("two queries at one position differ");
            }
        }
        let point = generator.exp((position % (domain / FOLDING)) as u64) * Goldilocks::GENERATOR;
        if reader.next()? != Felt252::from(point.inv().as_int()) {
            return reader.refuse("not the inverse of the point");
        }
        let mut size = domain;
        for layer in &mut layers {
            size /= FOLDING;
            let row = reader.elements(2 * FOLDING)?;
            let path = reader.digests(size.ilog2() as usize - cap_level)?;
            if !layer.add(position % size, row, path) {
                return reader.refuse("two queries at one position differ");
            }
        }
    }
    // As winterfell opens them: in order, and folded in that order.
    let mut order: Vec<usize> = trees[0].openings.iter().map(|(position, ..)| *position).collect();
    order.sort_unstable();
    trees.iter_mut().for_each(|tree| tree.arrange(&order));
    let mut size = domain;
    for layer in &mut layers {
        size /= FOLDING;
        order = distinct(order.iter().map(|position| position % size));
        layer.arrange(&order);
    }
    let [fixed_tree, witness, auxiliary, quotients] = &trees;
    let extension = |tree: &Openings| tree.rows().map(|row| E::slice_from_base_elements(row).to_vec()).collect::<Vec<_>>();
    let main_rows = fixed_tree.rows().zip(witness.rows()).map(|(row, others)| {
        let (before, after) = others.split_at(WITNESS_WIDTH);
        [before, row, after].concat()
    });
    let main = Queries::new::<H, Goldilocks, Trees>(Openings::opening(&[fixed_tree, witness]), main_rows.collect());
    // At most as many as queries, which are 16.
    proof.num_unique_queries = auxiliary.openings.len() as u8;
    proof.trace_queries = vec![main, Queries::new::<H, E, Trees>(Openings::opening(&[auxiliary]), extension(auxiliary))];
    proof.constraint_queries = Queries::new::<H, E, Trees>(Openings::opening(&[quotients]), extension(quotients));
    proof.fri_proof =
        Deserializable::read_from_bytes(&low_degree_test(&layers, &remainder)).expect("the bytes are those of a low-degree test");
    Ok(proof)
}

/// The bytes of the low-degree test: winterfell makes one only from a prover's state, or from these.
fn low_degree_test(layers: &[Openings], remainder: &[E]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.write_u8(layers.len() as u8);
    for layer in layers {
        let rows: Vec<u8> = layer.rows().flatten().flat_map(Serializable::to_bytes).collect();
        for part in [rows, Openings::opening(&[layer]).to_bytes()] {
            bytes.write_u32(part.len() as u32);
            bytes.write_bytes(&part);
        }
    }
    let remainder = remainder.iter().flat_map(Serializable::to_bytes).collect::<Vec<_>>();
    bytes.write_u16(remainder.len() as u16);
    bytes.write_bytes(&remainder);
    // One partition.
    bytes.write_u8(0);
    bytes
}
