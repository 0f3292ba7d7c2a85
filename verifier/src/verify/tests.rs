//! The verifier's steps with a small AIR instead of the model's, over the same number of columns.
//!
//! Each test begins with an honest proof that verifies, changes one thing and names the error. What the model's AIR binds is tested with its
//! prover.

#[path = "../../tests/random/mod.rs"]
mod random;

use std::marker::PhantomData;
use std::sync::{LazyLock, OnceLock};

use crate::goldilocks::Goldilocks;
use winter_verifier::{Serializable, VerifierError};
use winterfell::math::{ExtensionOf, FieldElement, ToElements};
use winterfell::matrix::ColMatrix;
use winterfell::{
    AirContext, Assertion, AuxRandElements, CompositionPoly, CompositionPolyTrace, ConstraintCompositionCoefficients,
    DefaultConstraintCommitment, DefaultConstraintEvaluator, DefaultTraceLde, EvaluationFrame, PartitionOptions, ProofOptions, Prover,
    StarkDomain, Trace, TracePolyTable, TransitionConstraintDegree,
};

use random::Random;

use super::*;
use crate::air::final_row;
use crate::layout::{INPUT_VALUE, LAYOUTS, Layout, MASK_ROWS, MASKS_WIDTH, OUTPUT_VALUE, Role, WEIGHTS};

// THE AIR
// ================================================================================================

/// A fixed column `w`, and two witness columns: `x`, and the sums of `w x^2`. The other columns are idle.
///
/// A hiding proof exempts as many rows as the model's AIR does, and has its masks' columns.
const INPUT: Role = INPUT_VALUE;
const SUM: Role = OUTPUT_VALUE;
/// The first weight.
const WEIGHT: Role = WEIGHTS;

/// The sum before the rows that are exempt, and what else the AIR depends on.
#[derive(Debug, Clone)]
struct Total {
    sum: Goldilocks,
    layout: &'static Layout,
    mode: Mode,
}

impl ToElements<Goldilocks> for Total {
    fn to_elements(&self) -> Vec<Goldilocks> {
        vec![self.sum]
    }
}

struct SumAir {
    context: AirContext<Goldilocks>,
    total: Total,
}

impl Air for SumAir {
    type BaseField = Goldilocks;
    type PublicInputs = Total;

    fn new(info: TraceInfo, total: Total, options: ProofOptions) -> Self {
        // A hiding proof multiplies by a periodic column of ones, so that it has three quotients, as the model's.
        let cycles = if total.mode.is_hiding() { vec![2] } else { Vec::new() };
        let main = vec![TransitionConstraintDegree::with_cycles(3, cycles)];
        let exempt = info.length() - final_row(info.length(), total.mode);
        let context = AirContext::new_multi_segment(info, main, vec![TransitionConstraintDegree::new(1)], 2, 1, options);
        Self { context: context.set_num_transition_exemptions(exempt), total }
    }

    fn get_periodic_column_values(&self) -> Vec<Vec<Goldilocks>> {
        if self.total.mode.is_hiding() { vec![vec![Goldilocks::ONE; 2]] } else { Vec::new() }
    }

    fn context(&self) -> &AirContext<Goldilocks> {
        &self.context
    }

    fn evaluate_transition<E: FieldElement<BaseField = Goldilocks>>(&self, frame: &EvaluationFrame<E>, ones: &[E], result: &mut [E]) {
        let [input, sum, weight] = [INPUT, SUM, WEIGHT].map(|role| self.total.layout[role].start);
        let row = frame.current();
        let step = frame.next()[sum] - row[sum] - row[weight] * row[input].square();
        result[0] = ones.iter().fold(step, |step, one| step * *one);
    }

    fn get_assertions(&self) -> Vec<Assertion<Goldilocks>> {
        let sum = self.total.layout[SUM].start;
        vec![
            Assertion::single(sum, 0, Goldilocks::ZERO),
            Assertion::single(sum, final_row(self.trace_length(), self.total.mode), self.total.sum),
        ]
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
        let input = main.current()[self.total.layout[INPUT].start];
        result[0] = aux.next()[0] - aux.current()[0] - random.rand_elements()[0].mul_base(input);
    }

    fn get_aux_assertions<E: FieldElement<BaseField = Goldilocks>>(&self, _: &AuxRandElements<E>) -> Vec<Assertion<E>> {
        vec![Assertion::single(0, 0, E::ZERO)]
    }
}

fn auxiliary_width(layout: &Layout, mode: Mode) -> usize {
    layout.auxiliary_width() + if mode.is_hiding() { MASKS_WIDTH } else { 0 }
}

fn info(layout: &Layout, mode: Mode) -> TraceInfo {
    TraceInfo::new_multi_segment(layout.main_width(0), auxiliary_width(layout, mode), 1, layout.min_rows(), vec![])
}

// THE PROVER
// ================================================================================================

struct SumTrace {
    info: TraceInfo,
    columns: ColMatrix<Goldilocks>,
    total: Total,
}

impl SumTrace {
    fn new(layout: &'static Layout, mode: Mode) -> Self {
        let (mut random, rows) = (Random(1), layout.min_rows());
        let ([input, sum, weight], last) = ([INPUT, SUM, WEIGHT].map(|role| layout[role].start), final_row(rows, mode));
        let mut columns = vec![vec![Goldilocks::ZERO; rows]; layout.main_width(0)];
        columns[weight].fill_with(|| Goldilocks::new(random.next() >> 40));
        columns[input].fill_with(|| Goldilocks::new(random.next() >> 40));
        for row in 1..=last {
            columns[sum][row] = columns[sum][row - 1] + columns[weight][row - 1] * columns[input][row - 1].square();
        }
        let total = Total { sum: columns[sum][last], layout, mode };
        columns[sum][last + 1..].fill_with(|| Goldilocks::new(random.next() >> 40));
        Self { info: info(layout, mode), columns: ColMatrix::new(columns), total }
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
        self.columns.read_row_into((row + 1) % self.info.length(), frame.next_mut());
    }
}

struct SumProver<H>(ProofOptions, PhantomData<H>);

impl<H: TreeHasher + Send + Sync + 'static> Prover for SumProver<H> {
    type BaseField = Goldilocks;
    type Air = SumAir;
    type Trace = SumTrace;
    type HashFn = SplitHasher<H>;
    type VC = SplitTree<H>;
    type RandomCoin = H::Coin;
    type TraceLde<E: FieldElement<BaseField = Goldilocks>> = DefaultTraceLde<E, SplitHasher<H>, SplitTree<H>>;
    type ConstraintEvaluator<'a, E: FieldElement<BaseField = Goldilocks>> = DefaultConstraintEvaluator<'a, SumAir, E>;
    type ConstraintCommitment<E: FieldElement<BaseField = Goldilocks>> = DefaultConstraintCommitment<E, SplitHasher<H>, SplitTree<H>>;

    fn get_pub_inputs(&self, trace: &SumTrace) -> Total {
        trace.total.clone()
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
        let rows = trace.info.length();
        let mut columns = vec![vec![E::ZERO; rows]; trace.info.aux_segment_width()];
        for row in 1..rows {
            let input = trace.columns.get(trace.total.layout[INPUT].start, row - 1);
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
    roots: [[u8; 32]; 2],
}

impl Proven {
    fn new<H: TreeHasher + Send + Sync + 'static>(preset: Preset, layout: &'static Layout, mode: Mode) -> Self {
        let trace = SumTrace::new(layout, mode);
        let (total, options) = (trace.total.clone(), preset.options(mode));
        let proof = SumProver::<H>(options.clone(), PhantomData).prove(trace).unwrap();
        let layers = options.to_fri_options().num_fri_layers(proof.lde_domain_size());
        let (main, ..) = proof.commitments.clone().parse::<SplitHasher<H>>(2, layers).unwrap();
        Self { bytes: proof.to_bytes(), preset, total, roots: main[0].parts().try_into().unwrap() }
    }

    /// With the hash function of the preset.
    fn of(preset: Preset, layout: &'static Layout, mode: Mode) -> Self {
        match preset.hash() {
            Hash::Blake3 => Self::new::<Blake3_256<Goldilocks>>(preset, layout, mode),
            Hash::Blake2s => Self::new::<Blake2s256>(preset, layout, mode),
            Hash::Poseidon => Self::new::<Poseidon>(preset, layout, mode),
        }
    }

    fn claim(&self) -> StarkClaim<Total> {
        let Total { layout, mode, .. } = self.total;
        StarkClaim {
            preset: self.preset,
            mode,
            trace_info: info(layout, mode),
            public_inputs: self.total.clone(),
            fixed_root: self.roots[0],
        }
    }

    fn shape(&self) -> ProofShape {
        let StarkClaim { preset, mode, trace_info, public_inputs, .. } = self.claim();
        let options = preset.options(mode);
        ProofShape::new(preset, options.clone(), SumAir::new(trace_info, public_inputs, options).context())
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

/// Verifies a proof with the claim's preset.
fn check(bytes: &[u8], claim: StarkClaim<Total>) -> Result<Security, VerifyError> {
    match claim.preset.hash() {
        Hash::Blake3 => verify_stark::<SumAir, Blake3_256<Goldilocks>>(bytes, claim),
        Hash::Blake2s => verify_stark::<SumAir, Blake2s256>(bytes, claim),
        Hash::Poseidon => verify_stark::<SumAir, Poseidon>(bytes, claim),
    }
}

/// The one proof of a preset, layout and mode. All tests share it, as Poseidon's trees take seconds.
fn proven(preset: Preset, layout: &'static Layout, mode: Mode) -> &'static Proven {
    static ALL: [OnceLock<Proven>; Preset::ALL.len() * LAYOUTS.len() * Mode::ALL.len()] = [const { OnceLock::new() }; _];
    let place = (usize::from(preset.code()) * LAYOUTS.len() + usize::from(layout.code)) * Mode::ALL.len() + usize::from(mode.is_hiding());
    ALL[place].get_or_init(|| Proven::of(preset, layout, mode))
}

static PLAIN: LazyLock<&Proven> = LazyLock::new(|| proven(Preset::Fast, Layout::base(), Mode::Plain));
static HIDING: LazyLock<&Proven> = LazyLock::new(|| proven(Preset::Fast, Layout::base(), Mode::Hiding));
static WIDE: LazyLock<&Proven> = LazyLock::new(|| proven(Preset::Fast, Layout::wide(), Mode::Plain));

/// Every kind of proof that verifies.
fn kinds() -> impl Iterator<Item = (Preset, &'static Layout, Mode)> {
    let all =
        Preset::ALL.into_iter().flat_map(|preset| LAYOUTS.iter().flat_map(move |layout| Mode::ALL.map(|mode| (preset, layout, mode))));
    // Some layouts have no room for masks, and no entry for contracts that verify has another layout than `base`.
    all.filter(|(_, layout, mode)| layout.can_hide() || !mode.is_hiding())
        .filter(|(preset, layout, _)| *preset != Preset::Starknet || *layout == Layout::base())
}

// WHAT HOLDS
// ================================================================================================

#[test]
fn honest_proofs_hold_in_every_layout_mode_and_preset() {
    for (preset, layout, mode) in kinds() {
        let proven = proven(preset, layout, mode);
        let expected = Security::of(&proven.shape().context, preset.hash(), Kind::Model);
        assert_eq!(check(&proven.bytes, proven.claim()), Ok(expected), "{preset}, {}, {mode:?}", layout.name);
    }
}

/// One entry of a commitment is for both modes, and hiding proofs with `fast` open the tree of `balanced`.
#[test]
fn the_fixed_root_is_the_same_whatever_is_hidden() {
    for preset in Preset::ALL {
        let [plain, hiding] = Mode::ALL.map(|mode| proven(preset, Layout::base(), mode));
        assert_ne!(plain.roots[1], hiding.roots[1]);
        let tree = proven(preset.tree(Mode::Hiding), Layout::base(), Mode::Plain);
        assert_eq!(hiding.roots[0], tree.roots[0], "{preset}");
        assert_eq!(preset == preset.tree(Mode::Hiding), hiding.roots[0] == plain.roots[0], "{preset}");
    }
}

#[test]
fn a_proof_for_the_chain_is_small() {
    // The columns are as many as those of the model's AIR, and so is the degree.
    let onchain = proven(Preset::Onchain, Layout::base(), Mode::Plain);
    assert!(onchain.bytes.len() <= 61_000, "{} bytes", onchain.bytes.len());
}

#[test]
fn a_hiding_proof_with_fast_is_shorter_than_a_plain_one() {
    // It has half the queries.
    assert!(10 * HIDING.bytes.len() < 7 * PLAIN.bytes.len(), "{} and {} bytes", HIDING.bytes.len(), PLAIN.bytes.len());
}

/// What is exempt in a hiding proof is not in a plain one: its last rows are bound.
#[test]
fn constraints_hold_in_all_rows_but_the_exempt_ones() {
    let rows = Layout::base().min_rows();
    assert_eq!([&*PLAIN, &*HIDING].map(|proven| rows - final_row(rows, proven.total.mode)), [1, MASK_ROWS]);
    for proven in [&*PLAIN, &*HIDING] {
        let Total { layout, mode, .. } = proven.total;
        // The sums up to another row, as if that were the final one.
        for row in [final_row(rows, mode) - 1, rows / 2] {
            let sum = SumTrace::new(layout, mode).columns.get(layout[SUM].start, row);
            let claim = StarkClaim { public_inputs: Total { sum, layout, mode }, ..proven.claim() };
            let expected = VerifyError::Stark(VerifierError::InconsistentOodConstraintEvaluations);
            assert_eq!(check(&proven.bytes, claim), Err(expected), "{mode:?}, row {row}");
        }
    }
}

// WHAT IS REFUSED, STEP BY STEP
// ================================================================================================

#[test]
fn every_byte_of_the_context_is_compared() {
    for proven in [&*PLAIN, &*HIDING, &*WIDE] {
        let expected = proven.total.layout.main_width(0);
        let width = u8::try_from(expected).unwrap();
        assert_eq!(proven.with_byte(0, width + 1), VerifyError::TraceWidth { expected, found: expected + 1 });
        let expected = auxiliary_width(proven.total.layout, proven.total.mode);
        assert_eq!(proven.with_byte(1, 0), VerifyError::AuxiliaryWidth { expected, found: 0 });
    }
    assert_eq!(PLAIN.with_byte(2, 255), VerifyError::RandomElements { expected: 1, found: 255 });
    for found in [0, 12, 63, 64, 255] {
        assert_eq!(PLAIN.with_byte(3, found), VerifyError::TraceLength { expected: 11, found: found.into() });
    }
    assert_eq!(PLAIN.with_byte(5, 255), VerifyError::Metadata { found: 255 << 8 });
    assert_eq!(PLAIN.with_byte(6, 0), VerifyError::Modulus { found: vec![] });
    assert!(matches!(PLAIN.with_byte(7, 3), VerifyError::Modulus { .. }));
    for position in 15..25 {
        for change in [1, 128, 255] {
            let error = PLAIN.with_byte(position, PLAIN.bytes[position] ^ change);
            assert!(matches!(error, VerifyError::Options { preset: Preset::Fast, .. }), "{position}: {error}");
        }
    }
    // Two transition constraints and three assertions; lengths have their number of bytes in their lowest bits.
    assert_eq!(PLAIN.with_byte(25, 6 << 1 | 1), VerifyError::ConstraintCount { expected: 5, found: 6 });
    assert!(matches!(PLAIN.with_byte(25, 0), VerifyError::ConstraintCount { expected: 5, .. }));
}

#[test]
fn weaker_options_are_refused() {
    let stronger = StarkClaim { preset: Preset::Balanced, ..PLAIN.claim() };
    let error = check(&PLAIN.bytes, stronger).unwrap_err();
    assert!(matches!(error, VerifyError::Options { preset: Preset::Balanced, .. }), "{error}");
}

/// A plain proof does not pass for one that hides, nor the other way round; nor is a proof read in another layout than the entry's.
#[test]
fn mode_and_layout_are_the_statements() {
    let of = |proven: &Proven, layout, mode| {
        let public_inputs = Total { layout, mode, ..proven.total };
        let claim = StarkClaim { mode, trace_info: info(layout, mode), public_inputs, ..proven.claim() };
        check(&proven.bytes, claim).unwrap_err()
    };
    let (base, wide) = (Layout::base(), Layout::wide());
    // A plain proof with `fast` is longer than a hiding one may be.
    assert!(matches!(of(&PLAIN, base, Mode::Hiding), VerifyError::Length { .. }));
    assert_eq!(of(&WIDE, base, Mode::Plain), VerifyError::TraceWidth { expected: 119, found: 223 });
    assert_eq!(of(&HIDING, base, Mode::Plain), VerifyError::AuxiliaryWidth { expected: 23, found: 26 });
    assert_eq!(of(&PLAIN, wide, Mode::Plain), VerifyError::TraceWidth { expected: 223, found: 119 });
    let balanced = proven(Preset::Balanced, base, Mode::Plain);
    assert_eq!(of(balanced, base, Mode::Hiding), VerifyError::AuxiliaryWidth { expected: 26, found: 23 });
}

#[test]
fn the_number_of_opened_positions_is_bounded() {
    for (proven, limit) in [(&*PLAIN, 84), (&*HIDING, 42)] {
        for found in [0, limit + 1, 255] {
            assert_eq!(proven.with_byte(26, found), VerifyError::QueryCount { limit: limit.into(), found: found.into() });
        }
    }
}

#[test]
fn a_frame_has_two_rows() {
    for (proven, columns, quotients) in [(&*PLAIN, 119 + 23, 2), (&*HIDING, 119 + 26, 3), (&*WIDE, 223 + 23, 2)] {
        let (frame, _) = proven.offsets();
        let expected = 1 + 2 * 16 * columns;
        for rows in [0, 1, 3, 255] {
            assert_eq!(proven.with_byte(frame + 2, rows), VerifyError::Frame { expected });
        }
        let length = expected + 2;
        assert_eq!(proven.with_byte(frame + length + 2, 1), VerifyError::Frame { expected: 1 + 2 * 16 * quotients });
        assert_eq!(proven.with_byte(frame, proven.bytes[frame] ^ 1), VerifyError::Frame { expected });
    }
}

#[test]
fn the_low_degree_test_has_the_layers_that_the_domain_asks_for() {
    let (_, low_degree) = PLAIN.offsets();
    let remainder = 2 + 16 * PLAIN.shape().remainder + 1 + 8;
    let without_layers = [&PLAIN.bytes[..low_degree], &[0], &PLAIN.bytes[PLAIN.bytes.len() - remainder..]].concat();
    assert_eq!(check(&without_layers, PLAIN.claim()), Err(VerifyError::LayerCount { expected: 1, found: 0 }));
}

#[test]
fn the_low_degree_test_has_one_partition() {
    let partitions = PLAIN.bytes.len() - 9;
    for found in [1, 2, 63, 64, 255] {
        assert_eq!(PLAIN.with_byte(partitions, found), VerifyError::Partitions { found });
    }
}

#[test]
fn a_stark_ends_where_it_should() {
    let longer = [&PLAIN.bytes[..], &[0]].concat();
    assert_eq!(check(&longer, PLAIN.claim()), Err(VerifyError::LeftOver { found: 1 }));
    let limit = 400_000;
    let longer = [&PLAIN.bytes[..], &vec![0; limit]].concat();
    assert!(matches!(check(&longer, PLAIN.claim()), Err(VerifyError::Length { limit: found, .. }) if found < limit));
    for length in (0..PLAIN.bytes.len()).step_by(211).chain(PLAIN.bytes.len() - 20..PLAIN.bytes.len()) {
        assert!(matches!(check(&PLAIN.bytes[..length], PLAIN.claim()), Err(VerifyError::Malformed { .. })), "{length}");
    }
}

#[test]
fn a_commitment_has_a_tree_for_each_part() {
    // The first digest is cut to one part, and the length of the commitments with it.
    let mut bytes = PLAIN.bytes.clone();
    let length = u16::from_le_bytes([bytes[27], bytes[28]]) - 32;
    bytes[27..29].copy_from_slice(&length.to_le_bytes());
    bytes[29] = 1;
    bytes.drain(62..94);
    let error = check(&bytes, PLAIN.claim()).unwrap_err();
    assert_eq!(error, VerifyError::Parts { part: "main trace", expected: 2, found: 1 });
    // A second part for the auxiliary trace.
    let mut bytes = PLAIN.bytes.clone();
    let length = u16::from_le_bytes([bytes[27], bytes[28]]) + 32;
    bytes[27..29].copy_from_slice(&length.to_le_bytes());
    bytes[29 + 65] = 2;
    bytes.splice(29 + 65 + 33..29 + 65 + 33, [7; 32]);
    let error = check(&bytes, PLAIN.claim()).unwrap_err();
    assert_eq!(error, VerifyError::Parts { part: "auxiliary trace", expected: 1, found: 2 });
}

#[test]
fn another_root_than_the_statement_implies_is_refused() {
    for proven in [&*PLAIN, &*HIDING, &*WIDE] {
        let [fixed, others] = proven.roots;
        let claim = StarkClaim { fixed_root: others, ..proven.claim() };
        assert_eq!(check(&proven.bytes, claim), Err(VerifyError::FixedRoot { expected: others, found: fixed }));
    }
}

#[test]
fn a_remainder_that_was_not_committed_to_is_refused() {
    for (preset, mode) in Preset::ALL.into_iter().flat_map(|preset| Mode::ALL.map(|mode| (preset, mode))) {
        let proven = proven(preset, Layout::base(), mode);
        // After it come one byte for the partitions and eight for the nonce. Every part of every coefficient counts.
        let element = 8 * preset.options(mode).field_extension().degree() as usize;
        let (size, end) = (proven.shape().remainder * element, proven.bytes.len() - 9);
        for position in (end - size..end).step_by(8) {
            let error = proven.with_byte(position, proven.bytes[position] ^ 1);
            assert_eq!(error, VerifyError::RemainderCommitment, "{preset}, {mode:?}, {position}");
        }
    }
}

#[test]
fn a_remainder_of_another_length_is_refused() {
    let (coefficients, end) = (PLAIN.shape().remainder, PLAIN.bytes.len() - 9);
    // Half of it, with its length: still of low degree, but not what was committed to.
    let start = end - 16 * coefficients;
    let half = 16 * coefficients / 2;
    let bytes = [&PLAIN.bytes[..start - 2], &(half as u16).to_le_bytes(), &PLAIN.bytes[start + half..]].concat();
    let expected = VerifyError::RemainderLength { expected: coefficients, found: coefficients / 2 };
    assert_eq!(check(&bytes, PLAIN.claim()), Err(expected));
}

#[test]
fn another_statement_is_refused() {
    for proven in [&*PLAIN, &*HIDING, &*WIDE] {
        let public_inputs = Total { sum: proven.total.sum + Goldilocks::ONE, ..proven.total };
        let expected = VerifyError::Stark(VerifierError::InconsistentOodConstraintEvaluations);
        assert_eq!(check(&proven.bytes, StarkClaim { public_inputs, ..proven.claim() }), Err(expected));
    }
}

#[test]
fn values_without_a_position_are_refused() {
    // The layer's values are repeated once more; the opening is left as it is.
    let (_, low_degree) = PLAIN.offsets();
    let start = low_degree + 1;
    let length = u32::from_le_bytes(PLAIN.bytes[start..start + 4].try_into().unwrap()) + 8 * 16;
    let values = start + 4;
    let bytes = [&PLAIN.bytes[..start], &length.to_le_bytes(), &PLAIN.bytes[values..values + 8 * 16], &PLAIN.bytes[values..]].concat();
    assert!(matches!(check(&bytes, PLAIN.claim()), Err(VerifyError::Stark(VerifierError::FriVerificationFailed(_)))));
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
    refuse_mutants(&PLAIN, 600, 1);
    refuse_mutants(&HIDING, 600, 2);
}

#[test]
#[ignore = "slow: 20,000 mutants"]
fn many_mutants_are_refused_without_a_panic() {
    refuse_mutants(&PLAIN, 10_000, 3);
    refuse_mutants(&HIDING, 10_000, 4);
}

/// Almost all of a proof is below the context, which most mutants leave alone. Here every byte of what precedes the queries is changed.
#[test]
fn every_bit_before_the_queries_counts() {
    let proven = &*HIDING;
    let queries = 29 + usize::from(u16::from_le_bytes([proven.bytes[27], proven.bytes[28]]));
    for (position, bit) in (0..queries + 4).flat_map(|position| (0..8).map(move |bit| (position, bit))) {
        let error = proven.with_byte(position, proven.bytes[position] ^ (1 << bit));
        assert_ne!(error, VerifyError::Panicked, "{position}, {bit}");
    }
}
