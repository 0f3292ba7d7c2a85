//! The verifier's steps with a small AIR instead of the model's, over the same number of columns.
//!
//! Each test begins with an honest proof that verifies, changes one thing and names the error. What the model's AIR binds is tested with its
//! prover.

#[path = "../../tests/random/mod.rs"]
mod random;

use std::marker::PhantomData;
use std::sync::LazyLock;

use crate::goldilocks::Goldilocks;
use winter_verifier::{Serializable, VerifierError};
use winterfell::crypto::DefaultRandomCoin;
use winterfell::math::{ExtensionOf, FieldElement, ToElements};
use winterfell::matrix::ColMatrix;
use winterfell::{
    AirContext, Assertion, AuxRandElements, CompositionPoly, CompositionPolyTrace, ConstraintCompositionCoefficients,
    DefaultConstraintCommitment, DefaultConstraintEvaluator, DefaultTraceLde, EvaluationFrame, PartitionOptions, ProofOptions, Prover,
    StarkDomain, Trace, TracePolyTable, TransitionConstraintDegree,
};

use random::Random;

use super::*;
use crate::layout::{AUXILIARY_WIDTH, FIXED_WIDTH, IO_WIDTH, MAIN_WIDTH, MIN_ROWS};

// THE AIR
// ================================================================================================

/// A fixed column `w`, an input column `x`, and a witness column with the sums of `w x^2`; the other columns are idle.
const WEIGHT: usize = 0;
const INPUT: usize = FIXED_WIDTH;
const SUM: usize = FIXED_WIDTH + IO_WIDTH;

#[derive(Debug, Clone)]
struct Total(Goldilocks);

impl ToElements<Goldilocks> for Total {
    fn to_elements(&self) -> Vec<Goldilocks> {
        vec![self.0]
    }
}

struct SumAir {
    context: AirContext<Goldilocks>,
    total: Goldilocks,
}

impl Air for SumAir {
    type BaseField = Goldilocks;
    type PublicInputs = Total;

    fn new(info: TraceInfo, total: Total, options: ProofOptions) -> Self {
        let degree = |degree| vec![TransitionConstraintDegree::new(degree)];
        Self { context: AirContext::new_multi_segment(info, degree(3), degree(1), 2, 1, options), total: total.0 }
    }

    fn context(&self) -> &AirContext<Goldilocks> {
        &self.context
    }

    fn evaluate_transition<E: FieldElement<BaseField = Goldilocks>>(&self, frame: &EvaluationFrame<E>, _: &[E], result: &mut [E]) {
        let row = frame.current();
        result[0] = frame.next()[SUM] - row[SUM] - row[WEIGHT] * row[INPUT].square();
    }

    fn get_assertions(&self) -> Vec<Assertion<Goldilocks>> {
        vec![Assertion::single(SUM, 0, Goldilocks::ZERO), Assertion::single(SUM, self.trace_length() - 1, self.total)]
    }

    fn evaluate_aux_transition<F, E>(
        &self,
        main: &EvaluationFrame<F>,
        aux: &EvaluationFrame<E>,
        _: &[F],
        random: &AuxRandElements<E>,
        result: &mut [E],
    ) where
        F: FieldElement<BaseField = Goldilocks>,
        E: FieldElement<BaseField = Goldilocks> + ExtensionOf<F>,
    {
        result[0] = aux.next()[0] - aux.current()[0] - random.rand_elements()[0].mul_base(main.current()[INPUT]);
    }

    fn get_aux_assertions<E: FieldElement<BaseField = Goldilocks>>(&self, _: &AuxRandElements<E>) -> Vec<Assertion<E>> {
        vec![Assertion::single(0, 0, E::ZERO)]
    }
}

fn info() -> TraceInfo {
    TraceInfo::new_multi_segment(MAIN_WIDTH, AUXILIARY_WIDTH, 1, MIN_ROWS, vec![])
}

// THE PROVER
// ================================================================================================

struct SumTrace {
    info: TraceInfo,
    columns: ColMatrix<Goldilocks>,
}

impl SumTrace {
    fn new() -> Self {
        let mut random = Random(1);
        let mut columns = vec![vec![Goldilocks::ZERO; MIN_ROWS]; MAIN_WIDTH];
        columns[WEIGHT].fill_with(|| Goldilocks::new(random.next() >> 40));
        columns[INPUT].fill_with(|| Goldilocks::new(random.next() >> 40));
        for row in 1..MIN_ROWS {
            columns[SUM][row] = columns[SUM][row - 1] + columns[WEIGHT][row - 1] * columns[INPUT][row - 1].square();
        }
        Self { info: info(), columns: ColMatrix::new(columns) }
    }

    fn total(&self) -> Total {
        Total(self.columns.get(SUM, MIN_ROWS - 1))
    }
}

impl Trace for SumTrace {
    type BaseField = Goldilocks;

    fn info(&self) -> &TraceInfo {
        &self.info
    }

    fn main_segment(&self) -> &ColMatrix<Goldilocks> {
        &self.columns
    }

    fn read_main_frame(&self, row: usize, frame: &mut EvaluationFrame<Goldilocks>) {
        self.columns.read_row_into(row, frame.current_mut());
        self.columns.read_row_into((row + 1) % MIN_ROWS, frame.next_mut());
    }
}

struct SumProver<H, const IO: bool>(ProofOptions, PhantomData<H>);

impl<H: TreeHasher + Send + Sync + 'static, const IO: bool> Prover for SumProver<H, IO> {
    type BaseField = Goldilocks;
    type Air = SumAir;
    type Trace = SumTrace;
    type HashFn = SplitHasher<H, IO>;
    type VC = SplitTree<H>;
    type RandomCoin = DefaultRandomCoin<SplitHasher<H, IO>>;
    type TraceLde<E: FieldElement<BaseField = Goldilocks>> = DefaultTraceLde<E, SplitHasher<H, IO>, SplitTree<H>>;
    type ConstraintEvaluator<'a, E: FieldElement<BaseField = Goldilocks>> = DefaultConstraintEvaluator<'a, SumAir, E>;
    type ConstraintCommitment<E: FieldElement<BaseField = Goldilocks>> = DefaultConstraintCommitment<E, SplitHasher<H, IO>, SplitTree<H>>;

    fn get_pub_inputs(&self, trace: &SumTrace) -> Total {
        trace.total()
    }

    fn options(&self) -> &ProofOptions {
        &self.0
    }

    fn new_trace_lde<E: FieldElement<BaseField = Goldilocks>>(
        &self,
        info: &TraceInfo,
        main: &ColMatrix<Goldilocks>,
        domain: &StarkDomain<Goldilocks>,
        partitions: PartitionOptions,
    ) -> (Self::TraceLde<E>, TracePolyTable<E>) {
        DefaultTraceLde::new(info, main, domain, partitions)
    }

    fn new_evaluator<'a, E: FieldElement<BaseField = Goldilocks>>(
        &self,
        air: &'a SumAir,
        random: Option<AuxRandElements<E>>,
        coefficients: ConstraintCompositionCoefficients<E>,
    ) -> Self::ConstraintEvaluator<'a, E> {
        DefaultConstraintEvaluator::new(air, random, coefficients)
    }

    fn build_constraint_commitment<E: FieldElement<BaseField = Goldilocks>>(
        &self,
        trace: CompositionPolyTrace<E>,
        columns: usize,
        domain: &StarkDomain<Goldilocks>,
        partitions: PartitionOptions,
    ) -> (Self::ConstraintCommitment<E>, CompositionPoly<E>) {
        DefaultConstraintCommitment::new(trace, columns, domain, partitions)
    }

    fn build_aux_trace<E: FieldElement<BaseField = Goldilocks>>(&self, trace: &SumTrace, random: &AuxRandElements<E>) -> ColMatrix<E> {
        let mut columns = vec![vec![E::ZERO; MIN_ROWS]; AUXILIARY_WIDTH];
        for row in 1..MIN_ROWS {
            let input = trace.columns.get(INPUT, row - 1);
            columns[0][row] = columns[0][row - 1] + random.rand_elements()[0].mul_base(input);
        }
        ColMatrix::new(columns)
    }
}

/// A proof, and the claim that it proves.
struct Proven {
    bytes: Vec<u8>,
    preset: Preset,
    total: Total,
    roots: Vec<[u8; 32]>,
}

impl Proven {
    fn new<H: TreeHasher + Send + Sync + 'static, const IO: bool>(preset: Preset) -> Self {
        let trace = SumTrace::new();
        let total = trace.total();
        let proof = SumProver::<H, IO>(preset.options(), PhantomData).prove(trace).unwrap();
        let layers = preset.options().to_fri_options().num_fri_layers(proof.lde_domain_size());
        let (main, ..) = proof.commitments.clone().parse::<SplitHasher<H, IO>>(2, layers).unwrap();
        Self { bytes: proof.to_bytes(), preset, total, roots: main[0].parts().to_vec() }
    }

    /// With the hash function of the preset, and public inputs and outputs or committed ones.
    fn of(preset: Preset, committed: bool) -> Self {
        match (preset.hash(), committed) {
            (Hash::Blake3, false) => Self::new::<Blake3_256<Goldilocks>, false>(preset),
            (Hash::Blake3, true) => Self::new::<Blake3_256<Goldilocks>, true>(preset),
            (Hash::Blake2s, false) => Self::new::<Blake2s256, false>(preset),
            (Hash::Blake2s, true) => Self::new::<Blake2s256, true>(preset),
        }
    }

    fn claim(&self) -> StarkClaim<Total> {
        StarkClaim {
            preset: self.preset,
            trace_info: info(),
            public_inputs: self.total.clone(),
            fixed_root: self.roots[0],
            io_commitment: (self.roots.len() == 3).then(|| self.roots[1]),
        }
    }

    fn shape(&self) -> ProofShape {
        let options = self.preset.options();
        ProofShape::new(self.preset, options.clone(), SumAir::new(info(), self.total.clone(), options).context())
    }

    /// Where the parts of the STARK begin that follow the queries: the frame out of the domain, and the low-degree test.
    fn offsets(&self) -> (usize, usize) {
        let proof = stark::read(&self.bytes, &self.shape()).unwrap();
        let low_degree = self.bytes.len() - 8 - proof.fri_proof.to_bytes().len();
        (low_degree - proof.ood_frame.to_bytes().len(), low_degree)
    }

    /// The error when one byte is another.
    fn with_byte(&self, position: usize, byte: u8) -> VerifyError {
        let mut bytes = self.bytes.clone();
        assert_ne!(bytes[position], byte);
        bytes[position] = byte;
        check(&bytes, self.claim()).unwrap_err()
    }
}

/// Verifies a proof with the claim's preset, and with public inputs and outputs or committed ones as the claim says.
fn check(bytes: &[u8], claim: StarkClaim<Total>) -> Result<Security, VerifyError> {
    match (claim.preset.hash(), claim.io_commitment.is_some()) {
        (Hash::Blake3, false) => verify_stark::<SumAir, Blake3_256<Goldilocks>, false>(bytes, claim),
        (Hash::Blake3, true) => verify_stark::<SumAir, Blake3_256<Goldilocks>, true>(bytes, claim),
        (Hash::Blake2s, false) => verify_stark::<SumAir, Blake2s256, false>(bytes, claim),
        (Hash::Blake2s, true) => verify_stark::<SumAir, Blake2s256, true>(bytes, claim),
    }
}

static PUBLIC: LazyLock<Proven> = LazyLock::new(|| Proven::of(Preset::Fast, false));
static COMMITTED: LazyLock<Proven> = LazyLock::new(|| Proven::of(Preset::Fast, true));

// WHAT HOLDS
// ================================================================================================

#[test]
fn honest_proofs_hold_in_both_modes_and_every_preset() {
    for (preset, committed) in Preset::ALL.into_iter().flat_map(|preset| [(preset, false), (preset, true)]) {
        let proven = Proven::of(preset, committed);
        let expected = Security::of(&proven.shape().context, preset.hash(), Kind::Model);
        assert_eq!(check(&proven.bytes, proven.claim()), Ok(expected), "{preset}, {committed}");
    }
}

#[test]
fn the_fixed_root_is_the_same_whatever_is_public() {
    assert_eq!(PUBLIC.roots[0], COMMITTED.roots[0]);
    assert_eq!((PUBLIC.roots.len(), COMMITTED.roots.len()), (2, 3));
}

#[test]
fn a_proof_for_the_chain_is_small() {
    // The columns are as many as those of the model's AIR, and so is the degree.
    let onchain = Proven::of(Preset::Onchain, false);
    assert!(onchain.bytes.len() <= 61_000, "{} bytes", onchain.bytes.len());
}

// WHAT IS REFUSED, STEP BY STEP
// ================================================================================================

#[test]
fn every_byte_of_the_context_is_compared() {
    let width = u8::try_from(MAIN_WIDTH).unwrap();
    let expected = MAIN_WIDTH;
    assert_eq!(PUBLIC.with_byte(0, width + 1), VerifyError::TraceWidth { expected, found: expected + 1 });
    assert_eq!(PUBLIC.with_byte(1, 0), VerifyError::AuxiliaryWidth { expected: AUXILIARY_WIDTH, found: 0 });
    assert_eq!(PUBLIC.with_byte(2, 255), VerifyError::RandomElements { expected: 1, found: 255 });
    for found in [0, 12, 63, 64, 255] {
        assert_eq!(PUBLIC.with_byte(3, found), VerifyError::TraceLength { expected: 11, found: found.into() });
    }
    assert_eq!(PUBLIC.with_byte(5, 255), VerifyError::Metadata { found: 255 << 8 });
    assert_eq!(PUBLIC.with_byte(6, 0), VerifyError::Modulus { found: vec![] });
    assert!(matches!(PUBLIC.with_byte(7, 3), VerifyError::Modulus { .. }));
    for position in 15..25 {
        for change in [1, 128, 255] {
            let error = PUBLIC.with_byte(position, PUBLIC.bytes[position] ^ change);
            assert!(matches!(error, VerifyError::Options { preset: Preset::Fast, .. }), "{position}: {error}");
        }
    }
    // Two transition constraints and three assertions; lengths have their number of bytes in their lowest bits.
    assert_eq!(PUBLIC.with_byte(25, 6 << 1 | 1), VerifyError::ConstraintCount { expected: 5, found: 6 });
    assert!(matches!(PUBLIC.with_byte(25, 0), VerifyError::ConstraintCount { expected: 5, .. }));
}

#[test]
fn weaker_options_are_refused() {
    let stronger = StarkClaim { preset: Preset::Balanced, ..PUBLIC.claim() };
    let error = check(&PUBLIC.bytes, stronger).unwrap_err();
    assert!(matches!(error, VerifyError::Options { preset: Preset::Balanced, .. }), "{error}");
}

#[test]
fn the_number_of_opened_positions_is_bounded() {
    for found in [0, 85, 255] {
        assert_eq!(PUBLIC.with_byte(26, found), VerifyError::QueryCount { limit: 84, found: found.into() });
    }
}

#[test]
fn a_frame_has_two_rows() {
    let (frame, _) = PUBLIC.offsets();
    let expected = 1 + 2 * 16 * (MAIN_WIDTH + AUXILIARY_WIDTH);
    for rows in [0, 1, 3, 255] {
        assert_eq!(PUBLIC.with_byte(frame + 2, rows), VerifyError::Frame { expected });
    }
    let length = expected + 2;
    assert_eq!(PUBLIC.with_byte(frame + length + 2, 1), VerifyError::Frame { expected: 1 + 2 * 16 * 2 });
    assert_eq!(PUBLIC.with_byte(frame, 0), VerifyError::Frame { expected });
}

#[test]
fn the_low_degree_test_has_the_layers_that_the_domain_asks_for() {
    let (_, low_degree) = PUBLIC.offsets();
    let remainder = 2 + 16 * PUBLIC.shape().remainder + 1 + 8;
    let without_layers = [&PUBLIC.bytes[..low_degree], &[0], &PUBLIC.bytes[PUBLIC.bytes.len() - remainder..]].concat();
    assert_eq!(check(&without_layers, PUBLIC.claim()), Err(VerifyError::LayerCount { expected: 1, found: 0 }));
}

#[test]
fn the_low_degree_test_has_one_partition() {
    let partitions = PUBLIC.bytes.len() - 9;
    for found in [1, 2, 63, 64, 255] {
        assert_eq!(PUBLIC.with_byte(partitions, found), VerifyError::Partitions { found });
    }
}

#[test]
fn a_stark_ends_where_it_should() {
    let longer = [&PUBLIC.bytes[..], &[0]].concat();
    assert_eq!(check(&longer, PUBLIC.claim()), Err(VerifyError::LeftOver { found: 1 }));
    let limit = 400_000;
    let longer = [&PUBLIC.bytes[..], &vec![0; limit]].concat();
    assert!(matches!(check(&longer, PUBLIC.claim()), Err(VerifyError::Length { limit: found, .. }) if found < limit));
    for length in (0..PUBLIC.bytes.len()).step_by(211).chain(PUBLIC.bytes.len() - 20..PUBLIC.bytes.len()) {
        assert!(matches!(check(&PUBLIC.bytes[..length], PUBLIC.claim()), Err(VerifyError::Malformed { .. })), "{length}");
    }
}

#[test]
fn a_commitment_has_a_tree_for_each_part() {
    let committed = |io_commitment| StarkClaim { io_commitment, ..PUBLIC.claim() };
    let error = check(&PUBLIC.bytes, committed(Some(PUBLIC.roots[1]))).unwrap_err();
    assert_eq!(error, VerifyError::Parts { part: "main trace", expected: 3, found: 2 });
    let public = StarkClaim { io_commitment: None, ..COMMITTED.claim() };
    let error = check(&COMMITTED.bytes, public).unwrap_err();
    assert_eq!(error, VerifyError::Parts { part: "main trace", expected: 2, found: 3 });
    // The first digest is cut to one part, and the length of the commitments with it.
    let mut bytes = PUBLIC.bytes.clone();
    let length = u16::from_le_bytes([bytes[27], bytes[28]]) - 32;
    bytes[27..29].copy_from_slice(&length.to_le_bytes());
    bytes[29] = 1;
    bytes.drain(62..94);
    let error = check(&bytes, PUBLIC.claim()).unwrap_err();
    assert_eq!(error, VerifyError::Parts { part: "main trace", expected: 2, found: 1 });
}

#[test]
fn other_roots_than_the_statement_implies_are_refused() {
    let [fixed, io] = [COMMITTED.roots[0], COMMITTED.roots[1]];
    let other = StarkClaim { fixed_root: io, ..COMMITTED.claim() };
    assert_eq!(check(&COMMITTED.bytes, other), Err(VerifyError::FixedRoot { expected: io, found: fixed }));
    let other = StarkClaim { io_commitment: Some(fixed), ..COMMITTED.claim() };
    assert_eq!(check(&COMMITTED.bytes, other), Err(VerifyError::IoCommitment { expected: fixed, found: io }));
}

#[test]
fn a_remainder_that_was_not_committed_to_is_refused() {
    for preset in Preset::ALL {
        let proven = Proven::of(preset, false);
        // After it come one byte for the partitions and eight for the nonce. Every part of every coefficient counts.
        let element = 8 * preset.options().field_extension().degree() as usize;
        let (size, end) = (proven.shape().remainder * element, proven.bytes.len() - 9);
        for position in (end - size..end).step_by(8) {
            let error = proven.with_byte(position, proven.bytes[position] ^ 1);
            assert_eq!(error, VerifyError::RemainderCommitment, "{preset}, {position}");
        }
    }
}

#[test]
fn a_remainder_of_another_length_is_refused() {
    let (coefficients, end) = (PUBLIC.shape().remainder, PUBLIC.bytes.len() - 9);
    // Half of it, with its length: still of low degree, but not what was committed to.
    let start = end - 16 * coefficients;
    let half = 16 * coefficients / 2;
    let bytes = [&PUBLIC.bytes[..start - 2], &(half as u16).to_le_bytes(), &PUBLIC.bytes[start + half..]].concat();
    let expected = VerifyError::RemainderLength { expected: coefficients, found: coefficients / 2 };
    assert_eq!(check(&bytes, PUBLIC.claim()), Err(expected));
}

#[test]
fn another_statement_is_refused() {
    let other = StarkClaim { public_inputs: Total(PUBLIC.total.0 + Goldilocks::ONE), ..PUBLIC.claim() };
    let expected = VerifyError::Stark(VerifierError::InconsistentOodConstraintEvaluations);
    assert_eq!(check(&PUBLIC.bytes, other), Err(expected));
}

#[test]
fn values_without_a_position_are_refused() {
    // The layer's values are repeated once more; the opening is left as it is.
    let (_, low_degree) = PUBLIC.offsets();
    let start = low_degree + 1;
    let length = u32::from_le_bytes(PUBLIC.bytes[start..start + 4].try_into().unwrap()) + 8 * 16;
    let values = start + 4;
    let bytes = [&PUBLIC.bytes[..start], &length.to_le_bytes(), &PUBLIC.bytes[values..values + 8 * 16], &PUBLIC.bytes[values..]].concat();
    assert!(matches!(check(&bytes, PUBLIC.claim()), Err(VerifyError::Stark(VerifierError::FriVerificationFailed(_)))));
}

// MUTANTS
// ================================================================================================

/// Changes bits, bytes and runs of bytes, until there were so many mutants that differ from the proof; each must be refused, and none by a
/// panic.
fn refuse_mutants(proven: &Proven, number: usize, seed: u64) {
    let mut random = Random(seed);
    let (mut index, mut refused) = (0, 0);
    while refused < number {
        index += 1;
        let mut bytes = proven.bytes.clone();
        let position = random.next() as usize % bytes.len();
        match index % 4 {
            0 | 1 => bytes[position] ^= 1 << (random.next() % 8),
            2 => bytes[position] = bytes[position].wrapping_add(random.next() as u8 | 1),
            _ => {
                let other = random.next() as usize % bytes.len();
                let length = 1 + random.next() as usize % 64.min(bytes.len() - position.max(other));
                bytes.copy_within(other..other + length, position);
            }
        }
        if bytes == proven.bytes {
            continue;
        }
        match check(&bytes, proven.claim()) {
            Ok(_) => panic!("mutant {index} of seed {seed} at {position} is accepted"),
            Err(VerifyError::Panicked) => panic!("mutant {index} of seed {seed} at {position} panics"),
            Err(_) => refused += 1,
        }
    }
}

#[test]
fn mutants_are_refused_without_a_panic() {
    refuse_mutants(&PUBLIC, 600, 1);
    refuse_mutants(&COMMITTED, 600, 2);
}

#[test]
#[ignore = "slow: 20,000 mutants"]
fn many_mutants_are_refused_without_a_panic() {
    refuse_mutants(&PUBLIC, 10_000, 3);
    refuse_mutants(&COMMITTED, 10_000, 4);
}

/// Almost all of a proof is below the context, which most mutants leave alone. Here every byte of what precedes the queries is changed.
#[test]
fn every_bit_before_the_queries_counts() {
    let proven = &*COMMITTED;
    let queries = 29 + usize::from(u16::from_le_bytes([proven.bytes[27], proven.bytes[28]]));
    for (position, bit) in (0..queries + 4).flat_map(|position| (0..8).map(move |bit| (position, bit))) {
        let error = proven.with_byte(position, proven.bytes[position] ^ (1 << bit));
        assert_ne!(error, VerifyError::Panicked, "{position}, {bit}");
    }
}
