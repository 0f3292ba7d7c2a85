//! The presets, and how hard it is to forge a proof that is made with one.

use std::fmt;
use std::str::FromStr;

use crate::goldilocks::Goldilocks;
use winter_air::proof::{Context, Proof};
use winter_air::{BatchingMethod, FieldExtension, ProofOptions};
use winter_verifier::crypto::hashers::Blake3_256;

use crate::blake2s::Blake2s256;
use crate::kind::Kind;
use crate::poseidon::Poseidon;

/// A set of parameters that proofs are made with. A verifier accepts these sets and no other.
///
/// | preset | for | field | blow-up | queries | grinding | hash | conjectured | proven |
/// |---|---|---|---|---|---|---|---|---|
/// | `fast` | proving in the least time | quadratic | 2 | 84 | 16 bits | Blake3 | 96 to 99 bits | 51 to 57 bits |
/// | `fast`, hiding | the same, for proofs that hide | quadratic | 4 | 42 | 16 bits | Blake3 | 95 to 99 bits | 52 to 57 bits |
/// | `balanced` | security that rests on no conjecture | cubic | 4 | 87 | 16 bits | Blake3 | 124 bits | 100 to 102 bits |
/// | `onchain` | the smallest proof | quadratic | 32 | 16 | 20 bits | Blake2s | 92 to 99 bits | 47 to 59 bits |
/// | `starknet` | proofs that a Starknet contract verifies | quadratic | 32 | 16 | 20 bits | Poseidon | 92 to 99 bits | 47 to 58 bits |
///
/// Conjectured and proven bits are those of traces of every length up to 2^22 rows, in every layout and with up to two digests: see
/// [`Security`]. How the numbers were chosen:
/// - A query gives `log2(blow-up)` conjectured bits, and grinding counts from 80 such bits on. `fast` has the least blow-up; 84 queries and
///   16 bits of grinding (some milliseconds) are 99 bits after winterfell takes one off. The weaker conjecture that is left since 2025 (up to
///   the capacity of list decoding) takes 1.8 bits, so that the queries of all presets keep more than 96 bits under it. With blow-up 4 half as
///   many queries do the same.
/// - In the list-decoding regime a query of blow-up `b` gives nearly `log2(b) / 2` proven bits, and the cubic extension leaves room for the
///   other terms. 87 queries at blow-up 4 are the fewest for 100 bits with 2^22 rows and more than 211 columns, as in most layouts and with two
///   digests (85 with 2^18 rows in the layout `base`). Blow-up 2 would prove faster still, but asks for 174 queries and so for proofs of twice
///   the size; blow-up 8 asks for 58 and for twice the work.
/// - A proof's size is about its queries times (the columns, plus an authentication path for each of four trees). 16 queries at blow-up 32
///   are the fewest that reach 80 bits; 12 at 128 would spare 8 KB of 59 for four times the work. Folding by 16 to a remainder of at most 256
///   coefficients is the smallest of all foldings for 2^11 rows and more: one layer is left up to 2^12 rows. A contract evaluates the remainder
///   once for each query, so that `starknet` folds by 8 to at most 64 coefficients: a longer proof, but fewer steps.
/// - Constraints and columns are batched by powers of one challenge. Independent coefficients would gain about 7 bits in terms that are not
///   the least (and not one query of `balanced`, up to 2^18 rows), but cost hundreds of hashes, which a Cairo verifier pays for. The powers
///   are in Horner's order, which needs no list of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Preset {
    /// The least time to prove.
    Fast,
    /// 100 proven bits.
    Balanced,
    /// The smallest proof, with a hash function that Cairo computes cheaply.
    Onchain,
    /// Proofs that a Starknet contract verifies in a transaction: the parameters of `onchain`, with a hash function that contracts compute for a
    /// seventh of the gas. Proving takes longer by the same hash function.
    Starknet,
}

/// The hash function of a preset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// Blake3 with 256 bits.
    Blake3,
    /// Blake2s with 256 bits.
    Blake2s,
    /// Poseidon over the field of Starknet, with 251 bits.
    Poseidon,
}

/// Whether a proof hides what its statement does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// It does not: whoever has it learns some of the weights, and something of every value.
    Plain,
    /// It does, under the conditions of docs/zero-knowledge.md.
    Hiding,
}

impl Mode {
    /// Both modes.
    pub const ALL: [Self; 2] = [Self::Plain, Self::Hiding];

    /// Whether the proof hides.
    pub const fn is_hiding(self) -> bool {
        matches!(self, Self::Hiding)
    }
}

impl Preset {
    /// All presets, in the order of their codes.
    pub const ALL: [Self; 4] = [Self::Fast, Self::Balanced, Self::Onchain, Self::Starknet];

    /// Those whose entries a package has unless others are asked for. The tree of a `starknet` entry takes some ten times as long as all others
    /// together.
    pub const BY_DEFAULT: [Self; 3] = [Self::Fast, Self::Balanced, Self::Onchain];

    /// Those that Cairo proofs have.
    pub const OF_CAIRO: [Self; 3] = [Self::Fast, Self::Balanced, Self::Onchain];

    /// The name that the preset is chosen by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Balanced => "balanced",
            Self::Onchain => "onchain",
            Self::Starknet => "starknet",
        }
    }

    /// The byte that stands for the preset in files and commitments.
    pub fn code(self) -> u8 {
        match self {
            Self::Fast => 0,
            Self::Balanced => 1,
            Self::Onchain => 2,
            Self::Starknet => 3,
        }
    }

    /// The preset of a byte.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.code() == code)
    }

    /// The parameters of model proofs, every one of them.
    ///
    /// Hiding takes constraints of a degree that blow-up 2 has no room for. So a hiding proof with `fast` has blow-up 4, and half the queries.
    pub fn options(self, mode: Mode) -> ProofOptions {
        let batching = BatchingMethod::Horner;
        match (self, mode) {
            (Self::Fast, Mode::Plain) => ProofOptions::new(84, 2, 16, FieldExtension::Quadratic, 8, 255, batching, batching),
            (Self::Fast, Mode::Hiding) => ProofOptions::new(42, 4, 16, FieldExtension::Quadratic, 8, 255, batching, batching),
            (Self::Balanced, _) => ProofOptions::new(87, 4, 16, FieldExtension::Cubic, 8, 255, batching, batching),
            (Self::Onchain, _) => ProofOptions::new(16, 32, 20, FieldExtension::Quadratic, 16, 255, batching, batching),
            (Self::Starknet, _) => ProofOptions::new(16, 32, 20, FieldExtension::Quadratic, 8, 63, batching, batching),
        }
    }

    /// The preset whose entry of a model's commitment has the tree of fixed columns for this mode: hiding proofs with `fast` have the blow-up
    /// and the hash of `balanced`, and so its tree.
    pub fn tree(self, mode: Mode) -> Self {
        match (self, mode) {
            (Self::Fast, Mode::Hiding) => Self::Balanced,
            (preset, _) => preset,
        }
    }

    /// The preset as errors name it whose entry a commitment does not have: it may be another one's proof that takes it.
    pub fn of_entry(self) -> &'static str {
        match self {
            Self::Fast => "preset fast",
            Self::Balanced => "preset balanced (hiding proofs with fast take it too)",
            Self::Onchain => "preset onchain",
            Self::Starknet => "preset starknet",
        }
    }

    /// The parameters of Cairo proofs, every one of them. Their field has 252 bits, so that no preset extends it.
    ///
    /// | preset | blow-up | queries | grinding | conjectured | proven |
    /// |---|---|---|---|---|---|
    /// | `fast` | 4 | 40 | 18 bits | 97 bits | 57 bits |
    /// | `balanced` | 4 | 85 | 16 bits | 125 bits | 100 bits |
    /// | `onchain` | 16 | 20 | 20 bits | 99 bits | 59 bits |
    ///
    /// The bits are those of every length: the field is so large that nothing but queries and grinding counts, and for `balanced` the hash by
    /// which the program is known.
    /// - At blow-up 2 a proof would be made in little more than half the time, but it would be twice as long.
    /// - `fast` grinds two bits more than in model proofs, which spares 4 KB. Its 40 queries are the fewest that give 80 bits, below which
    ///   grinding does not count, and 18 bits of grinding the fewest that keep more than 96 under the weaker conjecture; they take some ten
    ///   milliseconds, a small part of the proof of the shortest trace.
    /// - 85 queries at blow-up 4 are the fewest for 100 proven bits.
    ///
    /// No Cairo proof has the preset `starknet`: see [`Self::OF_CAIRO`].
    pub fn cairo_options(self) -> ProofOptions {
        let batching = BatchingMethod::Horner;
        match self {
            Self::Fast => ProofOptions::new(40, 4, 18, FieldExtension::None, 8, 255, batching, batching),
            Self::Balanced => ProofOptions::new(85, 4, 16, FieldExtension::None, 8, 255, batching, batching),
            Self::Onchain | Self::Starknet => ProofOptions::new(20, 16, 20, FieldExtension::None, 8, 255, batching, batching),
        }
    }

    /// How hard it is, in bits, to use a tree of fixed columns that nobody recomputed as if it held two models.
    ///
    /// Two columns of polynomials can share fewer than `rows` leaves of a tree, `1 / blow-up` of them, and half of the others each. A proof for
    /// either then passes a query with a probability of `(1 + 1 / blow-up) / 2`, and nonces can be tried.
    pub fn unopened_bits(self, mode: Mode) -> u32 {
        let options = self.options(mode);
        let passes = f64::midpoint(1.0, 1.0 / options.blowup_factor() as f64);
        options.grinding_factor() + (-passes.log2() * options.num_queries() as f64) as u32
    }

    /// Whether its proofs are for contracts, which know one layout.
    pub fn is_for_contracts(self) -> bool {
        matches!(self, Self::Onchain | Self::Starknet)
    }

    /// The hash function of trees and transcript.
    pub fn hash(self) -> Hash {
        match self {
            Self::Fast | Self::Balanced => Hash::Blake3,
            Self::Onchain => Hash::Blake2s,
            Self::Starknet => Hash::Poseidon,
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Preset {
    type Err = ParsePresetError;

    fn from_str(name: &str) -> Result<Self, ParsePresetError> {
        Self::ALL.into_iter().find(|preset| preset.name() == name).ok_or_else(|| ParsePresetError(name.to_owned()))
    }
}

/// Binary logarithm of the degree, for each row, of the identities that the AIR's arguments check at random points.
const ARGUMENT_BITS: u32 = 7;

// It follows from the columns of both AIRs, in every layout.
const _: () = {
    let mut greatest = crate::cairo::columns::ARGUMENT_ERROR;
    let mut layout = 0;
    while layout < crate::layout::LAYOUTS.len() {
        let error = crate::layout::LAYOUTS[layout].argument_error();
        greatest = if error > greatest { error } else { greatest };
        layout += 1;
    }
    assert!(greatest.next_power_of_two().ilog2() == ARGUMENT_BITS);
};

/// Why a text is not a preset: no preset has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no preset {0:?}; the presets are fast, balanced, onchain and starknet")]
pub struct ParsePresetError(pub String);

/// How hard a false proof is to find, in bits.
///
/// Neither figure is above what finding two models or programs with one identity costs: see [`Kind::identity_bits`]. That of a model proof is
/// for a commitment that somebody recomputed from the model; otherwise it is [`Preset::unopened_bits`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Security {
    /// Under the conjecture of ethSTARK (ePrint 2021/582): the errors of all rounds added up, and at most winterfell's figure (equation 19).
    pub conjectured: u32,
    /// By theorems 2 and 3 of ePrint 2024/1553, the better one of unique and list decoding: winterfell's figure, but no more than
    /// `log2 |extension| - log2(rows) - 7`, as the look-up and linear-layer arguments of the AIRs err with a probability of at most
    /// `2^7 * rows / |extension|` over their challenges, which winterfell does not know of.
    pub proven: u32,
}

impl Security {
    /// The security of a proof of a kind with the given context and hash function.
    pub fn of(context: &Context, hash: Hash, kind: Kind) -> Self {
        let proof = Proof { context: context.clone(), ..Proof::new_dummy() };
        let (conjectured, proven) = match hash {
            Hash::Blake3 => (proof.conjectured_security::<Blake3_256<Goldilocks>>(), proof.proven_security::<Blake3_256<Goldilocks>>()),
            Hash::Blake2s => (proof.conjectured_security::<Blake2s256>(), proof.proven_security::<Blake2s256>()),
            Hash::Poseidon => (proof.conjectured_security::<Poseidon>(), proof.proven_security::<Poseidon>()),
        };
        let identity = kind.identity_bits();
        let arguments = field_bits(context) - context.trace_info().length().ilog2() - ARGUMENT_BITS;
        Self {
            conjectured: conjectured.bits().min(conjectured_in_all(context) as u32).min(identity),
            proven: proven.udr_bits().max(proven.ldr_bits()).min(arguments).min(identity),
        }
    }
}

/// Bits of the field that challenges are drawn from.
fn field_bits(context: &Context) -> u32 {
    context.num_modulus_bits() * context.options().field_extension().degree()
}

/// The bits that the errors of all rounds together leave if a query is worth `log2(blow-up)`: "all added up" in `docs/soundness.md`, which says
/// where each line comes from.
fn conjectured_in_all(context: &Context) -> f64 {
    let (options, info) = (context.options(), context.trace_info());
    let [rows, blowup, columns, constraints, folding] =
        [info.length(), options.blowup_factor(), info.width(), context.num_constraints(), options.to_fri_options().folding_factor()]
            .map(|number| number as f64);
    let domain = rows * blowup;
    let algebraic = [
        // The AIR's arguments.
        f64::from(1 << ARGUMENT_BITS) * rows,
        // Joining constraints.
        constraints - 1.0,
        // Out of the domain.
        (blowup + 1.0) * (rows + 1.0) + rows - 1.0,
        // Joining columns.
        (columns + blowup - 1.0) * domain,
        // Folding, the first layer.
        (folding - 1.0) * (domain + 1.0),
    ];
    let queries = blowup.log2() * options.num_queries() as f64 + f64::from(options.grinding_factor());
    let error = algebraic.iter().sum::<f64>() * (-f64::from(field_bits(context))).exp2() + (-queries).exp2();
    -error.log2()
}

#[cfg(test)]
mod tests {
    use std::ops::RangeInclusive;

    use winter_air::{Air, TraceInfo};
    use winter_verifier::math::StarkField;

    use super::*;
    use crate::air::{InSeed, ModelAir, PublicInputs, RANDOM_ELEMENTS, trace_info};
    use crate::cairo::columns::{MAX_ROWS, MIN_ROWS};
    use crate::cairo::{self, CairoAir};
    use crate::felt252::Felt252;
    use crate::layout::{self, LAYOUTS, Layout, MASK_ROWS, SIDES, SPONGE_WIDTH};
    use crate::salt::Salt;
    use crate::statement::Values;
    use crate::value_digest::ValueDigest;

    /// The context of proofs with an AIR.
    fn context_of<A: Air>(air: &A) -> Context {
        let constraints = air.context().num_transition_constraints() + air.context().num_assertions();
        Context::new::<A::BaseField>(air.trace_info().clone(), air.options().clone(), constraints)
    }

    /// What the columns and constraints of a model proof depend on.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Shape {
        layout: &'static Layout,
        mode: Mode,
        /// How many sides are committed to; the others are public.
        digests: usize,
    }

    /// A proof of the least that there is.
    fn plain() -> Shape {
        Shape { layout: Layout::base(), mode: Mode::Plain, digests: 0 }
    }

    fn hiding() -> Shape {
        Shape { mode: Mode::Hiding, ..plain() }
    }

    fn wide(shape: Shape) -> Shape {
        Shape { layout: Layout::wide(), ..shape }
    }

    impl Shape {
        /// Every one that proofs have.
        fn all() -> impl Iterator<Item = Self> {
            let kinds = LAYOUTS.iter().flat_map(|layout| Mode::ALL.map(|mode| (layout, mode)));
            let shapes = kinds.flat_map(|(layout, mode)| (0..=SIDES).map(move |digests| Self { layout, mode, digests }));
            // What is committed to is not named, and what is not hidden needs no room.
            shapes.filter(|shape| if shape.mode.is_hiding() { shape.layout.has_room_for(shape.digests) } else { shape.digests == 0 })
        }

        /// The lengths that traces have, as logarithms.
        fn lengths(self) -> RangeInclusive<u32> {
            self.layout.min_rows().ilog2()..=layout::MAX_ROWS.ilog2()
        }

        /// Every one, in every length.
        fn all_lengths() -> impl Iterator<Item = (Self, u32)> {
            Self::all().flat_map(|shape| shape.lengths().map(move |log_rows| (shape, log_rows)))
        }

        fn columns(self) -> usize {
            self.context(Preset::Fast.options(self.mode), 11).trace_info().width()
        }

        /// The context of proofs with any options. Which sides are committed to makes no difference.
        fn context(self, options: ProofOptions, log_rows: u32) -> Context {
            let Self { layout, mode, digests } = self;
            let side = |digests: usize| match digests {
                0 => Values::Public(Vec::new()),
                _ => Values::Committed(ValueDigest::of(&[], &Salt::new([1; 32]))),
            };
            let (inputs, outputs) = (side(digests), side(digests.saturating_sub(1)));
            let public_inputs =
                PublicInputs { statement: vec![], layout, mode, inputs, outputs, n_inputs: 0, n_outputs: 0, in_seed: InSeed::Values };
            context_of(&ModelAir::new(trace_info(1 << log_rows, &public_inputs), public_inputs, options))
        }

        fn security(self, options: ProofOptions, log_rows: u32, hash: Hash) -> Security {
            Security::of(&self.context(options, log_rows), hash, Kind::Model)
        }

        fn of_preset(self, preset: Preset, log_rows: u32) -> Security {
            self.security(preset.options(self.mode), log_rows, preset.hash())
        }
    }

    /// The security of Cairo proofs with any options.
    fn cairo_security(options: ProofOptions, log_rows: u32, hash: Hash) -> Security {
        let nothing =
            cairo::PublicInputs { seed: vec![], steps: 2, initial: [0; 3], last_pc: 0, last: [0; 3], offsets: [0; 2], memory: vec![] };
        Security::of(&context_of(&CairoAir::new(cairo::air::trace_info(1 << log_rows), nothing, options)), hash, Kind::Cairo)
    }

    fn of_preset(preset: Preset, log_rows: u32) -> Security {
        plain().of_preset(preset, log_rows)
    }

    /// A digest has columns, constraints and assertions of its own, and takes the place of an assertion about public values.
    #[test]
    fn each_digest_adds_its_sponge() {
        for shape in Shape::all() {
            let [found, without] = [shape, Shape { digests: 0, ..shape }]
                .map(|shape| shape.context(Preset::Balanced.options(shape.mode), *shape.lengths().start()));
            let numbers = |context: &Context| [context.trace_info().width(), context.num_constraints()];
            // A constraint a column; the elements of the first state, the number of values, and the elements of the digest.
            let each = [SPONGE_WIDTH, SPONGE_WIDTH + 12 + 1 + 4 - 1];
            let expected = numbers(&without).into_iter().zip(each).map(|(number, each)| number + shape.digests * each);
            assert_eq!(numbers(&found).to_vec(), expected.collect::<Vec<_>>(), "{shape:?}");
        }
    }

    #[test]
    fn an_entry_is_named_with_every_preset_that_takes_it() {
        for preset in Preset::ALL {
            let takes = |other: &Preset| Mode::ALL.iter().any(|mode| other.tree(*mode) == preset);
            let named: Vec<_> = Preset::ALL.into_iter().filter(|other| preset.of_entry().contains(other.name())).collect();
            assert_eq!(named, Preset::ALL.into_iter().filter(takes).collect::<Vec<_>>(), "{preset}");
        }
    }

    #[test]
    fn a_tree_that_nobody_recomputed_binds_with_the_bits_of_its_queries() {
        let bits = |mode| Preset::ALL.map(|preset| preset.unopened_bits(mode));
        assert_eq!([bits(Mode::Plain), bits(Mode::Hiding)], [[50, 74, 35, 35], [44, 74, 35, 35]]);
    }

    #[test]
    fn a_hiding_proof_can_open_the_tree_of_its_entry() {
        for (preset, mode) in Preset::ALL.into_iter().flat_map(|preset| Mode::ALL.map(|mode| (preset, mode))) {
            let tree = preset.tree(mode);
            // Whoever commits to a tree does not know the mode: it is that of plain proofs with its preset.
            assert_eq!(preset.options(mode).blowup_factor(), tree.options(Mode::Plain).blowup_factor());
            assert_eq!((preset.hash(), tree.tree(mode)), (tree.hash(), tree));
        }
        assert_eq!(Preset::ALL.map(|preset| preset.tree(Mode::Plain)), Preset::ALL);
        assert_eq!(
            Preset::ALL.map(|preset| preset.tree(Mode::Hiding)),
            [Preset::Balanced, Preset::Balanced, Preset::Onchain, Preset::Starknet]
        );
        assert_eq!(Mode::ALL.map(Mode::is_hiding), [false, true]);
    }

    /// Each column is opened at the queries, at two points out of the domain, in `extension` elements each, and perhaps at the one sibling leaf
    /// that somebody guesses.
    #[test]
    fn there_are_more_mask_rows_than_a_hiding_proof_opens() {
        for options in Preset::ALL.map(|preset| preset.options(Mode::Hiding)) {
            let (queries, extension) = (options.num_queries(), options.field_extension().degree() as usize);
            assert!(queries + 2 * extension + 1 < MASK_ROWS, "{options:?}");
            // What masks the quotient needs of the shortest trace.
            let quarter = layout::MIN_ROWS / 4;
            assert!(2 * (queries + 2) <= 3 * quarter - MASK_ROWS && queries + 2 <= quarter, "{options:?}");
        }
    }

    #[test]
    fn names_and_codes_are_distinct_and_lead_back() {
        for preset in Preset::ALL {
            assert_eq!(preset.name().parse(), Ok(preset));
            assert_eq!(Preset::from_code(preset.code()), Some(preset));
        }
        assert_eq!(Preset::ALL.map(Preset::code), [0, 1, 2, 3]);
        assert_eq!("Fast".parse::<Preset>(), Err(ParsePresetError("Fast".to_owned())));
        assert_eq!(Preset::from_code(4), None);
    }

    fn cairo_of_preset(preset: Preset, log_rows: u32) -> Security {
        cairo_security(preset.cairo_options(), log_rows, preset.hash())
    }

    /// The table of bits at all lengths, as documents write it: `51 to 56`, or `100` where all are the same.
    fn range(bits: impl Iterator<Item = u32> + Clone) -> String {
        let (least, greatest) = (bits.clone().min().unwrap(), bits.max().unwrap());
        if least == greatest { least.to_string() } else { format!("{least} to {greatest}") }
    }

    /// The cells of a document's table rows that begin as given, which may be written as code.
    fn rows(document: &str, begin: &str) -> Vec<Vec<String>> {
        let path = format!("{}/../{document}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let cells = |line: &str| {
            line.trim_start_matches("/// ").trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
        };
        text.lines().filter(|line| line.starts_with(begin)).map(cells).collect()
    }

    #[test]
    fn the_documents_state_the_security_of_every_length() {
        let row = |document, begin: &str| match &rows(document, begin)[..] {
            [row] => row.clone(),
            found => panic!("{document}, {begin}: {found:?}"),
        };
        for (name, preset, modes) in [
            ("`fast`", Preset::Fast, &[Mode::Plain][..]),
            ("`fast`, hiding", Preset::Fast, &[Mode::Hiding]),
            ("`balanced`", Preset::Balanced, &Mode::ALL),
            ("`onchain`", Preset::Onchain, &Mode::ALL),
            ("`starknet`", Preset::Starknet, &Mode::ALL),
        ] {
            // An entry for contracts that verify has the base layout.
            let has = |layout: &Layout| preset != Preset::Starknet || layout == Layout::base();
            let shapes = Shape::all_lengths().filter(|(shape, _)| modes.contains(&shape.mode) && has(shape.layout));
            let all: Vec<_> = shapes.map(|(shape, log_rows)| shape.of_preset(preset, log_rows)).collect();
            let found = [range(all.iter().map(|security| security.conjectured)), range(all.iter().map(|security| security.proven))];
            assert_eq!(row("docs/proving.md", &format!("| {name} |"))[2..], found, "{name}");
            let stated = row("verifier/src/preset.rs", &format!("/// | {name} |"));
            let options = preset.options(modes[0]);
            let numbers = [options.blowup_factor(), options.num_queries()].map(|number| number.to_string());
            assert_eq!(stated[3..5], numbers, "{name}");
            assert_eq!(stated[5], format!("{} bits", options.grinding_factor()), "{name}");
            assert_eq!(stated[7..], found.map(|bits| format!("{bits} bits")), "{name}");
        }
        let lengths = MIN_ROWS.ilog2()..=MAX_ROWS.ilog2();
        let cairo = |preset, bits: fn(Security) -> u32| range(lengths.clone().map(move |log_rows| bits(cairo_of_preset(preset, log_rows))));
        for preset in Preset::OF_CAIRO {
            let found = [cairo(preset, |security| security.conjectured), cairo(preset, |security| security.proven)];
            assert_eq!(row("docs/proving.md", &format!("| {preset} |"))[1..], found, "Cairo proofs, {preset}");
        }
    }

    /// The bits that each round leaves, by the formulas of docs/soundness.md: arguments, constraints, DEEP, columns, folding and queries. A
    /// parameter is that of list decoding; without one, it is the conjecture.
    fn rounds(context: &Context, parameter: Option<u32>) -> [f64; 6] {
        let arguments = plain().layout.argument_error() as f64;
        let (options, info) = (context.options(), context.trace_info());
        let [rows, b, columns, constraints] =
            [info.length(), options.blowup_factor(), info.width(), context.num_constraints()].map(|number| number as f64);
        let folding = options.to_fri_options().folding_factor() as f64;
        let domain = rows * b;
        let (list, joined, passes) = match parameter.map(f64::from) {
            None => (1.0, (columns - 1.0 + b) * domain, 1.0 / b),
            Some(m) => {
                let joined = (m + 0.5).powi(7) * b.powf(1.5) / 3.0 * domain.powi(2) * (columns - 1.0 + b);
                (list_size(context, m), joined, (1.0 + 1.0 / (2.0 * m)) / b.sqrt())
            }
        };
        let deep = ((b + 1.0) * (rows + 1.0) + rows - 1.0) * list.powi(2);
        let errors = [arguments * rows * list, (constraints - 1.0) * list, deep, joined, (folding - 1.0) * (domain + 1.0)];
        let [arguments, constraints, deep, columns, folding] = errors.map(|error| f64::from(field_bits(context)) - error.log2());
        let queries = f64::from(options.grinding_factor()) - passes.log2() * options.num_queries() as f64;
        [arguments, constraints, deep, columns, folding, queries]
    }

    fn list_size(context: &Context, m: f64) -> f64 {
        let domain = context.lde_domain_size() as f64;
        m / (1.0 / context.options().blowup_factor() as f64 - 2.0 * m / domain)
    }

    /// The parameter of list decoding that leaves the most bits.
    fn best_parameter(context: &Context) -> u32 {
        let least = |parameter: u32| rounds(context, Some(parameter)).into_iter().fold(f64::INFINITY, f64::min);
        (3..1_000).max_by(|one, other| least(*one).total_cmp(&least(*other))).unwrap()
    }

    fn added_up(rounds: &[f64]) -> f64 {
        -rounds.iter().map(|bits| (-bits).exp2()).sum::<f64>().log2()
    }

    #[test]
    fn each_cell_of_the_tables_follows_from_the_formulas() {
        let tenths = |bits: &[f64]| bits.iter().map(|bits| format!("{bits:.1}")).collect::<Vec<_>>();
        for cells in rows("docs/soundness.md", "| 2^") {
            let (preset, log_rows) = (cells[1].parse::<Preset>().unwrap(), cells[0].strip_prefix("2^").unwrap().parse().unwrap());
            let context = plain().context(preset.options(Mode::Plain), log_rows);
            let expected = if cells[2].contains(',') {
                let parameter = best_parameter(&context);
                let [arguments, constraints, deep, columns, _, queries] = rounds(&context, Some(parameter));
                let list = format!("{parameter}, {:.1}", list_size(&context, parameter.into()).log2());
                let rounds = [arguments, constraints, deep, columns, queries];
                [vec![list], tenths(&rounds), tenths(&[added_up(&rounds)])].concat()
            } else {
                let rounds = rounds(&context, None);
                [tenths(&rounds[..5]), vec![rounds[5].to_string()], tenths(&[added_up(&rounds)])].concat()
            };
            assert_eq!(cells[2..9], expected, "2^{log_rows}, {preset}");
        }
    }

    #[test]
    fn the_table_of_layouts_and_modes_states_what_is_printed() {
        let stated = ["plain", "hiding"].map(|mode| rows("docs/soundness.md", &format!("| {mode} |"))).concat();
        let described = |shape: Shape| {
            let context = shape.context(Preset::Fast.options(shape.mode), 11);
            let mode = if shape.mode.is_hiding() { "hiding" } else { "plain" };
            let numbers = [shape.digests, context.trace_info().width(), context.num_constraints()].map(|number| number.to_string());
            let bits = [Preset::Fast, Preset::Balanced, Preset::Onchain].map(|preset| {
                let [short, middle, long] = [11, 18, 22].map(|log_rows| shape.of_preset(preset, log_rows));
                let [conjectured, proven] = [|security: Security| security.conjectured, |security: Security| security.proven]
                    .map(|bits| format!("{}, {}, {}", bits(short), bits(middle), bits(long)));
                format!("{conjectured}; {proven}")
            });
            [&[mode.to_owned(), shape.layout.name.to_owned()][..], &numbers, &bits].concat()
        };
        let with = |mode, digests| Shape::all().filter(move |shape| (shape.mode, shape.digests) == (mode, digests));
        let order = with(Mode::Plain, 0).chain((0..=SIDES).flat_map(|digests| with(Mode::Hiding, digests)));
        assert_eq!(stated, order.map(described).collect::<Vec<_>>());
        assert_eq!(stated.len(), Shape::all().count());
    }

    /// The documents have no rows of `starknet`: it folds by less at a time than `onchain`, which spares at most the rounding of a bit.
    #[test]
    fn starknet_has_the_security_of_onchain() {
        for (shape, log_rows) in Shape::all_lengths() {
            let [starknet, onchain] = [Preset::Starknet, Preset::Onchain].map(|preset| shape.of_preset(preset, log_rows));
            for (found, least) in [(starknet.conjectured, onchain.conjectured), (starknet.proven, onchain.proven)] {
                assert!((least..=least + 1).contains(&found), "2^{log_rows}, {shape:?}: {found} bits, not {least}");
            }
        }
    }

    #[test]
    fn the_documents_tables_add_up_to_what_is_printed() {
        type Of = fn(Preset, u32) -> Security;
        for (document, of, kind) in
            [("docs/soundness.md", of_preset as Of, Kind::Model), ("docs/cairo-proofs.md", cairo_of_preset, Kind::Cairo)]
        {
            // Rows, preset, what the rounds have, all of them, what is printed. The proven tables have the list's parameter in the third place.
            let rows: Vec<_> = rows(document, "| 2^").into_iter().filter(|cells| cells.len() == 10).collect();
            let (proven, conjectured): (Vec<_>, Vec<_>) = rows.iter().partition(|cells| cells[2].contains(','));
            assert!(proven.len() == conjectured.len() && proven.len() >= 6, "{document}: {rows:?}");
            let bits = |cells: &[String]| {
                let log_rows = cells[0].strip_prefix("2^").unwrap().parse().unwrap();
                (of(cells[1].parse().unwrap(), log_rows), cells[9].parse::<u32>().unwrap())
            };
            for cells in conjectured {
                let (security, printed) = bits(cells);
                assert_eq!(security.conjectured, printed, "{document}: {cells:?}");
                // The document rounds to tenths.
                let (all, printed): (f64, f64) = (cells[8].parse().unwrap(), printed.into());
                let identity = f64::from(kind.identity_bits());
                assert!(printed <= all && (printed == identity || printed > all - 1.1), "{document}: {cells:?}");
            }
            for cells in proven {
                let (security, printed) = bits(cells);
                assert_eq!(security.proven, printed, "{document}: {cells:?}");
            }
        }
    }

    #[test]
    fn no_proof_is_harder_to_forge_than_its_models_identity() {
        assert_eq!([Kind::Model, Kind::Cairo].map(Kind::identity_bits), [124, 125]);
        for log_rows in 11..=22 {
            assert_eq!(of_preset(Preset::Balanced, log_rows).conjectured, 124);
            assert_eq!(cairo_of_preset(Preset::Balanced, log_rows).conjectured, 125);
        }
    }

    #[test]
    fn the_rounds_of_long_traces_leave_fewer_bits_than_the_queries() {
        let conjectured = |shape: Shape, preset| [11, 18, 22].map(|log_rows| shape.of_preset(preset, log_rows).conjectured);
        assert_eq!(conjectured(plain(), Preset::Fast), [99, 99, 97]);
        assert_eq!(conjectured(plain(), Preset::Onchain), [99, 97, 93]);
        // Twice the domain for the same queries, and three columns more.
        assert_eq!(conjectured(hiding(), Preset::Fast), [99, 99, 96]);
        assert_eq!(conjectured(wide(hiding()), Preset::Fast), [99, 98, 95]);
    }

    /// The conjectured bits that are left if proximity gaps reach only as far as list decoding may: ePrint 2025/2046.
    fn bits_up_to_capacity(options: &ProofOptions, field_bits: u32) -> f64 {
        let (rate, bits) = (1.0 / options.blowup_factor() as f64, f64::from(field_bits * options.field_extension().degree()));
        let entropy = -rate * rate.log2() - (1.0 - rate) * (1.0 - rate).log2();
        let queries = -(rate + entropy / bits).log2() * options.num_queries() as f64;
        queries + f64::from(options.grinding_factor()) - 1.0
    }

    #[test]
    fn every_preset_keeps_96_bits_up_to_the_capacity_of_list_decoding() {
        for preset in Preset::ALL {
            let of_models = Mode::ALL.map(|mode| (preset.options(mode), Goldilocks::MODULUS_BITS));
            for (options, field_bits) in of_models.into_iter().chain([(preset.cairo_options(), Felt252::MODULUS_BITS)]) {
                let bits = bits_up_to_capacity(&options, field_bits);
                assert!(bits >= 96.0, "{preset} over {field_bits} bits: {bits}");
            }
        }
    }

    #[test]
    fn hiding_proofs_with_fast_have_no_query_to_spare() {
        let batching = BatchingMethod::Horner;
        let options = |queries| ProofOptions::new(queries, 4, 16, FieldExtension::Quadratic, 8, 255, batching, batching);
        assert_eq!(options(42), Preset::Fast.options(Mode::Hiding));
        assert!(bits_up_to_capacity(&options(41), Goldilocks::MODULUS_BITS) < 96.0);
        // Half the queries of a plain proof at twice the bits each.
        assert_eq!(2 * options(42).num_queries(), Preset::Fast.options(Mode::Plain).num_queries());
    }

    #[test]
    fn fast_cairo_proofs_have_neither_a_query_nor_a_bit_of_grinding_to_spare() {
        let batching = BatchingMethod::Horner;
        let options = |queries, grinding| ProofOptions::new(queries, 4, grinding, FieldExtension::None, 8, 255, batching, batching);
        assert_eq!(options(40, 18), Preset::Fast.cairo_options());
        assert!(bits_up_to_capacity(&options(40, 17), Felt252::MODULUS_BITS) < 96.0);
        // Grinding does not make up for a missing query: it then counts for nothing.
        assert_eq!(cairo_security(options(39, 32), 9, Hash::Blake3).conjectured, 77);
    }

    #[test]
    fn balanced_reaches_100_proven_bits_with_no_query_to_spare() {
        for (shape, log_rows) in Shape::all_lengths() {
            assert!(shape.of_preset(Preset::Balanced, log_rows).proven >= 100, "2^{log_rows} rows, {shape:?}");
        }
        let options = |queries| {
            let batching = BatchingMethod::Horner;
            ProofOptions::new(queries, 4, 16, FieldExtension::Cubic, 8, 255, batching, batching)
        };
        assert_eq!(Mode::ALL.map(|mode| Preset::Balanced.options(mode)), [87; 2].map(options));
        // The many columns of the longest traces take a part of the last bit.
        const MOST: usize = 211;
        let with_columns = |columns: usize| {
            let auxiliary = Layout::base().auxiliary_width();
            let info = TraceInfo::new_multi_segment(columns - auxiliary, auxiliary, RANDOM_ELEMENTS, layout::MAX_ROWS, vec![]);
            Security::of(&Context::new::<Goldilocks>(info, options(86), 50), Hash::Blake3, Kind::Model).proven
        };
        assert_eq!([MOST, MOST + 1].map(with_columns), [100, 99]);
        for shape in Shape::all() {
            let expected = if shape.columns() > MOST { 99 } else { 100 };
            assert_eq!(shape.security(options(86), 22, Hash::Blake3).proven, expected, "{shape:?}");
        }
        assert!(Shape::all().any(|shape| shape.columns() > MOST));
        assert!(plain().security(options(85), 22, Hash::Blake3).proven < 100);
        assert!(plain().security(options(85), 18, Hash::Blake3).proven >= 100);
        assert!(plain().security(options(84), 18, Hash::Blake3).proven < 100);
    }

    #[test]
    fn balanced_cairo_proofs_reach_100_proven_bits_with_no_query_to_spare() {
        let batching = BatchingMethod::Horner;
        let options = |queries| ProofOptions::new(queries, 4, 16, FieldExtension::None, 8, 255, batching, batching);
        assert_eq!(options(85), Preset::Balanced.cairo_options());
        assert!(cairo_security(options(85), MAX_ROWS.ilog2(), Hash::Blake3).proven >= 100);
        assert!(cairo_security(options(84), MIN_ROWS.ilog2(), Hash::Blake3).proven < 100);
    }

    #[test]
    fn every_round_counts() {
        let batching = BatchingMethod::Horner;
        let options = ProofOptions::new(20, 2, 0, FieldExtension::None, 8, 255, batching, batching);
        let context = plain().context(options, 22);
        assert_eq!((context.trace_info().width(), context.num_constraints()), (142, 48));
        // Arguments, constraints, DEEP, 142 columns, folding by 8; and 20 bits of queries, beside which they are little.
        let (rows, queries) = (f64::from(1 << 22), 20.0_f64);
        let algebraic = 128.0 * rows + 47.0 + 3.0 * (rows + 1.0) + rows - 1.0 + 143.0 * (2.0 * rows) + 7.0 * (2.0 * rows + 1.0);
        let expected = -(algebraic / 64_f64.exp2() + (-queries).exp2()).log2();
        assert!((conjectured_in_all(&context) - expected).abs() < 1e-9);
        assert!(expected < 20.0);
        let options = ProofOptions::new(255, 2, 0, FieldExtension::None, 8, 255, batching, batching);
        let context = plain().context(options, 22);
        assert!((conjectured_in_all(&context) - (64.0 - algebraic.log2())).abs() < 1e-9);
    }

    #[test]
    fn a_remainder_never_folds_to_nothing() {
        // The degree must be divisible at every layer. Before the last folding there are at least twice the remainder's coefficients.
        let of = |preset: Preset| [preset.options(Mode::Plain), preset.options(Mode::Hiding), preset.cairo_options()];
        for options in Preset::ALL.into_iter().flat_map(of) {
            let fri = options.to_fri_options();
            assert!(fri.folding_factor() <= 2 * (fri.remainder_max_degree() + 1), "{options:?}");
        }
    }
}
