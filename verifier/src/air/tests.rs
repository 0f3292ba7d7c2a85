//! The constraints as polynomials: their degrees, their number, and their values at a fixed point.

use crate::goldilocks::{Goldilocks, signed_element};
use winter_verifier::crypto::hashers::Blake3_256;
use winter_verifier::crypto::{DefaultRandomCoin, Digest as _, RandomCoin};
use winter_verifier::math::fields::QuadExtension;
use winter_verifier::math::{StarkField, ToElements, polynom};

use super::*;
use crate::statement::Values;
use crate::{Poseidon, Preset, Salt, ValueDigest, WholeHasher};

type E = QuadExtension<Goldilocks>;

/// Every layout in every mode that it has room for.
fn kinds() -> impl Iterator<Item = (&'static Layout, Mode)> {
    let all = LAYOUTS.iter().flat_map(|layout| Mode::ALL.map(|mode| (layout, mode)));
    all.filter(|(layout, mode)| layout.can_hide() || !mode.is_hiding())
}

fn public_inputs(layout: &'static Layout, mode: Mode) -> PublicInputs {
    let (inputs, outputs) = (Values::Public(vec![1]), Values::Public(vec![2]));
    PublicInputs { statement: Vec::new(), layout, mode, inputs, outputs, n_inputs: 1, n_outputs: 1, in_seed: InSeed::Values }
}

/// The digest of a side.
fn digest(salt: u8) -> ValueDigest {
    ValueDigest::of(&[1, 2, 3], &Salt::new([salt; 32]))
}

/// Every statement with digests in a layout: of the inputs, of the outputs, of both.
fn committed(layout: &'static Layout) -> [PublicInputs; 3] {
    let public = public_inputs(layout, Mode::Hiding);
    let inputs = PublicInputs { inputs: Values::Committed(digest(1)), ..public.clone() };
    let outputs = PublicInputs { outputs: Values::Committed(digest(2)), ..public };
    let both = PublicInputs { outputs: outputs.outputs.clone(), ..inputs.clone() };
    [inputs, outputs, both]
}

/// The layouts with room for the digests of both sides.
fn with_digests() -> impl Iterator<Item = &'static Layout> {
    LAYOUTS.iter().filter(|layout| layout.has_room_for(SIDES))
}

/// The AIRs of every layout and mode without digests, and those with digests, each with its number of sponges.
fn airs() -> impl Iterator<Item = (usize, ModelAir)> {
    let without = kinds().map(|(layout, mode)| public_inputs(layout, mode));
    without.chain(with_digests().flat_map(committed)).map(|public_inputs| (public_inputs.sponges().count(), shortest(public_inputs)))
}

/// The AIR of the shortest traces.
fn shortest(public_inputs: PublicInputs) -> ModelAir {
    let rows = public_inputs.layout.min_rows();
    air_of(public_inputs, rows)
}

/// What a test expects of each layout, by its code.
fn of_layout<T: Copy>(layout: &Layout, expected: [T; LAYOUTS.len()]) -> T {
    expected[usize::from(layout.code)]
}

fn air_of(public_inputs: PublicInputs, rows: usize) -> ModelAir {
    let options = Preset::Fast.options(public_inputs.mode);
    ModelAir::new(trace_info(rows, &public_inputs), public_inputs, options)
}

fn air(layout: &'static Layout, mode: Mode) -> ModelAir {
    shortest(public_inputs(layout, mode))
}

/// Elements that look random and are the same every time.
fn elements(seed: u64) -> impl Iterator<Item = Goldilocks> {
    std::iter::successors(Some(seed), |state| Some(state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407)))
        .map(|state| Goldilocks::new((state >> 1) % Goldilocks::MODULUS))
        .skip(8)
}

fn extended(seed: u64) -> impl Iterator<Item = E> {
    elements(seed).zip(elements(seed ^ 0x5555)).map(|(a, b)| E::new(a, b))
}

/// Elements on a line through random points: `origin + t * direction`.
fn line(seed: u64, t: u32, length: usize) -> Vec<E> {
    extended(seed).zip(extended(seed + 1)).take(length).map(|(origin, direction)| origin + E::from(t) * direction).collect()
}

/// Challenges with their powers, as many as a layout has.
fn challenges(seed: u64, layout: &Layout) -> AuxRandElements<E> {
    AuxRandElements::new(extended(seed).take(4 + layout.room.lanes + 1 + layout.room.reads + 1 + 1).collect())
}

/// Two rows of each segment.
struct Rows {
    main: [Vec<E>; 2],
    auxiliary: [Vec<E>; 2],
}

impl Rows {
    fn new(air: &ModelAir, t: u32) -> Self {
        let [main, auxiliary] = [air.trace_info().main_trace_width(), air.trace_info().aux_segment_width()];
        Self { main: [10, 20].map(|seed| line(seed, t, main)), auxiliary: [30, 40].map(|seed| line(seed, t, auxiliary)) }
    }

    /// All constraints, main ones first.
    fn evaluate(self, air: &ModelAir, periodic: &[E]) -> Vec<E> {
        let [main, auxiliary] = [self.main, self.auxiliary].map(|[current, next]| EvaluationFrame::from_rows(current, next));
        let random = challenges(50, air.public_inputs.layout);
        let mut result = vec![E::ZERO; air.context().num_transition_constraints()];
        let (of_main, of_auxiliary) = result.split_at_mut(air.context().num_main_transition_constraints());
        air.evaluate_transition(&main, periodic, of_main);
        air.evaluate_aux_transition(&main, &auxiliary, periodic, &random, of_auxiliary);
        result
    }
}

/// All constraints where the columns are at one place of their lines, and the periodic values at a place of theirs. Round constants stay where
/// they are: they are added to columns, which have higher degrees.
fn evaluate(air: &ModelAir, columns: u32, periodic: u32) -> Vec<E> {
    let constants = masks::PERIODIC + sponge::ARK1.start;
    let place = |column: usize| if column < constants { periodic } else { 1 };
    let value = |column: usize| line(60 + 2 * column as u64, place(column), 1)[0];
    Rows::new(air, columns).evaluate(air, &(0..air.get_periodic_column_values().len()).map(value).collect::<Vec<_>>())
}

/// The degrees of all constraints along a line.
fn degrees_along(at: impl Fn(u32) -> Vec<E>) -> Vec<usize> {
    let points: Vec<u32> = (1..10).collect();
    let values: Vec<Vec<E>> = points.iter().map(|t| at(*t)).collect();
    let xs: Vec<E> = points.iter().map(|t| E::from(*t)).collect();
    let degree = |constraint: usize| {
        let ys: Vec<E> = values.iter().map(|values| values[constraint]).collect();
        polynom::degree_of(&polynom::interpolate(&xs, &ys, true))
    };
    (0..values[0].len()).map(degree).collect()
}

#[test]
fn every_declared_degree_is_the_measured_one() {
    let plain = |degrees: &[usize]| degrees.iter().map(|degree| TransitionConstraintDegree::new(*degree)).collect::<Vec<_>>();
    for (sponges, air) in airs() {
        let layout = air.public_inputs.layout;
        let main = plain(&[units::DEGREES.repeat(layout.room.units), vec![inputs::DEGREE]].concat());
        let sponges = vec![sponge::degrees(); sponges].concat();
        let auxiliary = plain(&[&bus::degrees(layout)[..], &public_values::DEGREES, &combination::DEGREES].concat());
        let masks = if air.public_inputs.mode.is_hiding() { masks::degrees().to_vec() } else { Vec::new() };
        let (start, end) = (main.len(), main.len() + sponges.len());
        let declared = [main, sponges, auxiliary, masks].concat();
        // A periodic column is a polynomial of its own: its degree is counted apart from that of the columns.
        let columns = degrees_along(|t| evaluate(&air, t, 1));
        let periodic = degrees_along(|t| evaluate(&air, 1, t));
        let measured = columns.into_iter().zip(periodic).enumerate().map(|(constraint, (base, cycles))| {
            // The gate of a sponge, and what the masks vanish by.
            let cycle = if (start..end).contains(&constraint) { 8 } else { 4 };
            TransitionConstraintDegree::with_cycles(base, vec![cycle; cycles])
        });
        assert_eq!(measured.collect::<Vec<_>>(), declared, "{:?}", air.public_inputs);
    }
}

#[test]
fn the_constraints_are_pinned() {
    // A change here is a change of the AIR: proofs of other versions do not hold any longer, so raise FILE_VERSION with it.
    let (plain, hiding) = (Mode::Plain, Mode::Hiding);
    let pinned = [
        ("base", plain, 0, "QuadExtension(15929513403388644554, 12199969662392172394)"),
        ("base", hiding, 0, "QuadExtension(9259029379737775540, 1109388406612207879)"),
        ("wide", plain, 0, "QuadExtension(9180637543297346392, 11238575266692169210)"),
        ("wide", hiding, 0, "QuadExtension(10605505484726683380, 9341295225555804826)"),
        ("dense", plain, 0, "QuadExtension(13110285772906001928, 3058606612003114001)"),
        ("short", plain, 0, "QuadExtension(4630771836033457981, 1313332977462635171)"),
        ("short", hiding, 0, "QuadExtension(1036736800446795210, 5199387974312031906)"),
        ("images", plain, 0, "QuadExtension(11117281123284886095, 200938211953450996)"),
        ("images", hiding, 0, "QuadExtension(7333443466086373152, 17059333961706797787)"),
        ("narrow", plain, 0, "QuadExtension(608467145874135354, 1554956110754418275)"),
        ("narrow", hiding, 0, "QuadExtension(14665321758499815366, 7083572444969081600)"),
        ("base", hiding, 1, "QuadExtension(6763975275601853239, 2796105871081562229)"),
        ("base", hiding, 1, "QuadExtension(15748070909117830464, 7515566476714702536)"),
        ("base", hiding, 2, "QuadExtension(7953628421154135718, 6857483895796531629)"),
        ("short", hiding, 1, "QuadExtension(17833721610118792068, 12978886852876265364)"),
        ("short", hiding, 1, "QuadExtension(6935414767072295359, 9121622953479078871)"),
        ("short", hiding, 2, "QuadExtension(2508440447955345562, 11263457577051578937)"),
    ];
    let sums = airs().map(|(sponges, air)| {
        let sum = evaluate(&air, 1, 1).into_iter().fold(E::ZERO, |sum, value| sum * E::from(7u32) + value);
        (air.public_inputs.layout.name, air.public_inputs.mode, sponges, format!("{sum:?}"))
    });
    assert_eq!(sums.collect::<Vec<_>>(), pinned.map(|(layout, mode, sponges, sum)| (layout, mode, sponges, sum.to_owned())));
}

#[test]
fn a_proof_states_as_many_constraints_as_there_are() {
    for (sponges, air) in airs() {
        let (context, mode, layout) = (air.context(), air.public_inputs.mode, air.public_inputs.layout);
        let (masks, quotients, exempt) = match mode {
            Mode::Plain => (0, 2, 1),
            Mode::Hiding => (masks::CONSTRAINTS, 3, MASK_ROWS),
        };
        assert_eq!(context.num_main_transition_constraints(), layout.room.units * units::DEGREES.len() + 1 + sponges * sponge::WIDTH);
        assert_eq!(
            context.num_aux_transition_constraints(),
            bus::degrees(layout).len() + public_values::DEGREES.len() + combination::DEGREES.len() + masks
        );
        let of_rows_and_arguments = of_layout(layout, [35, 35, 35, 36, 54, 48]);
        assert_eq!(context.num_transition_constraints(), of_rows_and_arguments + masks + 43 * sponges);
        // A digest is in the place of a final sum.
        assert_eq!(context.num_assertions(), 1 + SUMS.len() + 1 + 2 + 16 * sponges);
        assert_eq!(context.num_constraint_composition_columns(), quotients);
        assert_eq!(context.num_transition_exemptions(), exempt);
        let rows = layout.min_rows();
        assert_eq!(final_row(rows, mode), rows - exempt);
        // Constraints are evaluated on a domain as large as the least blow-up that has room for them.
        assert_eq!(context.ce_domain_size(), quotients.next_power_of_two() * rows);
        let longest = air_of(air.public_inputs, MAX_ROWS);
        assert_eq!(longest.context().num_constraint_composition_columns(), quotients);
    }
}

#[test]
fn a_trace_has_the_columns_of_its_layout_and_its_mode() {
    let widths = airs().map(|(_, air)| {
        let PublicInputs { layout, mode, .. } = air.public_inputs;
        let rows = of_layout(layout, [1 << 11, 1 << 11, 1 << 11, 1 << 10, 1 << 11, 1 << 11]);
        let info = air.trace_info();
        assert_eq!(*info, trace_info(rows, &air.public_inputs));
        assert_eq!((info.length(), info.get_num_aux_segment_rand_elements()), (rows, RANDOM_ELEMENTS));
        (layout.name, mode, info.main_trace_width(), info.aux_segment_width())
    });
    let (plain, hiding) = (Mode::Plain, Mode::Hiding);
    let expected = [
        ("base", plain, 119, 23),
        ("base", hiding, 119, 26),
        ("wide", plain, 223, 23),
        ("wide", hiding, 223, 26),
        ("dense", plain, 231, 23),
        ("short", plain, 128, 24),
        ("short", hiding, 128, 27),
        ("images", plain, 208, 32),
        ("images", hiding, 208, 35),
        ("narrow", plain, 216, 26),
        ("narrow", hiding, 216, 29),
        // The inputs' digest, the outputs', both.
        ("base", hiding, 162, 26),
        ("base", hiding, 162, 26),
        ("base", hiding, 205, 26),
        ("short", hiding, 171, 27),
        ("short", hiding, 171, 27),
        ("short", hiding, 214, 27),
    ];
    assert_eq!(widths.collect::<Vec<_>>(), expected);
}

#[test]
fn a_trace_is_not_shorter_than_its_layout_allows() {
    for layout in &LAYOUTS {
        let info = |rows| std::panic::catch_unwind(|| trace_info(rows, &public_inputs(layout, Mode::Plain)));
        assert!([0, layout.min_rows() / 2, layout.min_rows() + 1, 2 * MAX_ROWS].into_iter().all(|rows| info(rows).is_err()));
        assert!([layout.min_rows(), MAX_ROWS].into_iter().all(|rows| info(rows).is_ok()));
    }
}

/// A hiding proof has a row for its final sums in which no constraint begins. What it does not name has no final assertion.
#[test]
fn sums_begin_at_zero_and_end_in_the_final_row_if_they_are_named() {
    let public = public_inputs(Layout::base(), Mode::Plain);
    let hidden_inputs = PublicInputs { inputs: Values::Hidden, mode: Mode::Hiding, ..public.clone() };
    let hidden_outputs = PublicInputs { outputs: Values::Hidden, mode: Mode::Hiding, ..public.clone() };
    let private_model = PublicInputs { mode: Mode::Hiding, ..public.clone() };
    let both = PublicInputs { outputs: Values::Hidden, ..hidden_inputs.clone() };
    for (public_inputs, named) in [
        (public, vec![INPUTS, OUTPUTS]),
        (private_model, vec![INPUTS, OUTPUTS]),
        (hidden_inputs, vec![OUTPUTS]),
        (hidden_outputs, vec![INPUTS]),
        (both, vec![]),
    ] {
        let layout = public_inputs.layout;
        let rows = 2 * layout.min_rows();
        let air = air_of(public_inputs, rows);
        let random = challenges(60, layout);
        let [inputs, outputs] = air.public_inputs.polynomials(Challenges::new(layout, random.rand_elements()).z);
        let last = if air.public_inputs.mode.is_hiding() { rows - 96 } else { rows - 1 };
        let value = |side: Role| if side == INPUTS { inputs } else { outputs };
        let first = SUMS.iter().map(|sum| Assertion::single(layout[*sum].start, 0, E::ZERO));
        let balanced = Assertion::single(layout[BUS_SUM].start, last, E::ZERO);
        let ends = named.into_iter().map(|sum| Assertion::single(layout[sum].start, last, value(sum).unwrap()));
        let expected: Vec<_> = first.chain([balanced]).chain(ends).collect();
        let (found, main) = (air.get_aux_assertions(&random), air.get_assertions());
        assert_eq!(found, expected);
        assert_eq!(main, [Assertion::single(layout[FINAL].start, 0, Goldilocks::ZERO)]);
        assert_eq!(air.context().num_assertions(), main.len() + found.len());
    }
}

#[test]
fn the_polynomials_of_public_values_have_all_of_them_as_coefficients() {
    let z = Challenges::new(Layout::base(), challenges(60, Layout::base()).rand_elements()).z;
    let polynomial = |values: &[i32]| {
        let powers = (0..values.len() as u64).rev().map(|power| z.exp(power));
        values.iter().zip(powers).fold(E::ZERO, |sum, (value, power)| sum + power.mul_base(signed_element((*value).into())))
    };
    let (inputs, outputs) = (vec![3, -1, 0, i32::MIN, i32::MAX], vec![-2, 7]);
    let expected = [&inputs, &outputs].map(|values| Some(polynomial(values)));
    let [inputs, outputs] = [inputs, outputs].map(Values::Public);
    let public_inputs = PublicInputs { inputs, outputs, ..public_inputs(Layout::base(), Mode::Plain) };
    assert_eq!(public_inputs.polynomials(z), expected);
    let hidden = PublicInputs { inputs: Values::Hidden, ..public_inputs };
    assert_eq!(hidden.polynomials(z), [None, expected[1]]);
}

/// What a row does to the polynomials is what the verifier computes of a list.
#[test]
fn the_polynomials_take_in_a_value_where_the_row_has_one() {
    let layout = Layout::base();
    let z = Challenges::new(layout, challenges(60, layout).rand_elements()).z;
    let before: [E; SIDES] = std::array::from_fn(|side| extended(20 + side as u64).next().unwrap());
    let mut row: Vec<Goldilocks> = elements(70).take(layout.main_width(0)).collect();
    for flags in [[0, 0], [1, 0], [0, 1], [1, 1]] {
        (row[layout[INPUT].start], row[layout[OUTPUT].start]) = (Goldilocks::new(flags[0]), Goldilocks::new(flags[1]));
        let values = [INPUT_VALUE, OUTPUT_VALUE].map(|role| E::from(row[layout[role].start]));
        let expected = std::array::from_fn(|side| if flags[side] == 1 { before[side] * z + values[side] } else { before[side] });
        assert_eq!(public_values::next(layout, &row, before, z), expected);
    }
}

#[test]
fn the_transcript_begins_with_all_that_is_public() {
    let public = public_inputs(Layout::base(), Mode::Plain);
    let changes: [fn(&mut PublicInputs); 13] = [
        |_| (),
        |public| public.statement = vec![Goldilocks::ONE],
        |public| public.layout = Layout::wide(),
        |public| public.mode = Mode::Hiding,
        |public| public.n_inputs = 2,
        |public| public.n_outputs = 2,
        |public| public.inputs = Values::Public(vec![-1]),
        |public| public.outputs = Values::Public(vec![-2]),
        |public| public.inputs = Values::Hidden,
        |public| public.inputs = Values::Committed(digest(1)),
        |public| public.inputs = Values::Committed(digest(2)),
        |public| public.outputs = Values::Committed(digest(1)),
        |public| public.outputs = Values::Hidden,
    ];
    let transcripts = changes.map(|change| {
        let mut public = public.clone();
        change(&mut public);
        public.to_elements()
    });
    for (index, transcript) in transcripts.iter().enumerate() {
        assert!(transcripts[..index].iter().all(|other| other != transcript), "change {index}");
    }
    // Layout, mode, the numbers of values, and each side's visibility; then its values.
    let [plain, .., hidden_inputs, committed_inputs, _, committed_outputs, _] = &transcripts;
    let numbers = |numbers: &[u64]| numbers.iter().map(|number| Goldilocks::new(*number)).collect::<Vec<_>>();
    assert_eq!(*plain, numbers(&[0, 0, 1, 1, 0, 0, 1, 2]));
    assert_eq!(*hidden_inputs, numbers(&[0, 0, 1, 1, 1, 0, 2]));
    let digest = digest(1).elements();
    assert_eq!(*committed_inputs, [&numbers(&[0, 0, 1, 1, 2, 0])[..], &digest, &numbers(&[2])].concat());
    assert_eq!(*committed_outputs, [&numbers(&[0, 0, 1, 1, 0, 2, 1])[..], &digest].concat());
}

/// For a contract, public values are a digest, and each part fills whole felts: eight elements of the context stand in front.
#[test]
fn for_a_contract_the_transcript_begins_with_digests_in_blocks() {
    let public = PublicInputs { in_seed: InSeed::Digests, ..public_inputs(Layout::base(), Mode::Plain) };
    let block = |elements: &[Goldilocks], length: usize| [elements, &vec![Goldilocks::ZERO; length - elements.len()]].concat();
    let numbers = |numbers: &[u64]| numbers.iter().map(|number| Goldilocks::new(*number)).collect::<Vec<_>>();
    let of_values = |values: &[i32]| {
        let digest = Poseidon::hash_values(values).as_bytes();
        block(
            &digest
                .chunks(7)
                .map(|bytes| Goldilocks::new(bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte))))
                .collect::<Vec<_>>(),
            6,
        )
    };
    let codes = |codes: [u64; 2]| block(&numbers(&[&[0, 0, 1, 1], &codes[..]].concat()), 10);
    assert_eq!(public.to_elements(), [codes([0, 0]), of_values(&[1]), of_values(&[2])].concat());
    let committed = PublicInputs { inputs: Values::Committed(digest(1)), outputs: Values::Hidden, ..public };
    assert_eq!(committed.to_elements(), [codes([2, 1]), block(&digest(1).elements(), 6)].concat());
}

#[test]
fn challenges_are_drawn_in_their_order_with_as_many_powers_as_the_layout_has_lanes() {
    type Coin = DefaultRandomCoin<WholeHasher<Blake3_256<Goldilocks>>>;
    for (layout, mode) in kinds() {
        let coin = || Coin::new(&[Goldilocks::ONE]);
        let drawn: AuxRandElements<E> = air(layout, mode).get_aux_rand_elements(&mut coin()).unwrap();
        let mut coin = coin();
        let [z, alpha, sigma, rho, beta]: [E; RANDOM_ELEMENTS] = std::array::from_fn(|_| coin.draw().unwrap());
        let found = Challenges::new(layout, drawn.rand_elements());
        assert_eq!([found.z, found.alpha, found.range_domain, found.constant_domain], [z, alpha, alpha.square(), alpha.square().double()]);
        let powers = |base: E, count: usize| (0..=count as u64).map(|power| base.exp(power)).collect::<Vec<_>>();
        assert_eq!(
            (found.sigma, found.rho, found.beta),
            (&powers(sigma, layout.room.lanes)[..], &powers(rho, layout.room.reads)[..], beta)
        );
    }
}

#[test]
fn the_error_of_the_arguments_counts_every_denominator_with_its_degree() {
    for layout in &LAYOUTS {
        let row: Vec<Goldilocks> = elements(70).take(layout.main_width(0)).collect();
        // All denominators of a row at a value of alpha.
        let denominators = |alpha: u32| -> Vec<E> {
            let (z, alpha) = (extended(80).next().unwrap(), E::from(alpha));
            let domain = alpha.square();
            let others = challenges(90, layout).rand_elements()[4..].to_vec();
            let random = [&[z, alpha, domain, domain.double()], &others[..]].concat();
            let challenges = Challenges::new(layout, &random);
            bus::terms(layout, &row, Goldilocks::new(2), &challenges).map(|term| term.denominator).collect()
        };
        let [first, second, third] = [1, 2, 3].map(denominators);
        let bend = first.iter().zip(&second).zip(&third).map(|((first, second), third)| *first - second.double() + *third);
        let (linear, square): (Vec<E>, Vec<E>) = bend.partition(|bend| *bend == E::ZERO);
        let expected = of_layout(layout, [(8, 19), (8, 19), (8, 19), (8, 22), (14, 31), (14, 19)]);
        assert_eq!((linear.len(), square.len()), expected, "{}", layout.name);
        // The identity and its poles, 2 for public values, and the units of a row for the combination.
        let combination = of_layout(layout, [2, 2, 2, 2, 4, 4]);
        assert_eq!(layout.argument_error(), (linear.len() + 2 * square.len()) + (linear.len() + square.len()) + 2 + combination);
        assert_eq!(layout.argument_error(), of_layout(layout, [77, 77, 77, 86, 127, 91]), "{}", layout.name);
    }
}

#[test]
fn a_rows_weights_have_the_powers_of_sigma_below_the_number_of_lanes() {
    for layout in &LAYOUTS {
        let random = challenges(60, layout);
        let challenges = Challenges::new(layout, random.rand_elements());
        let left = |row: &[Goldilocks], left: E| {
            let mut auxiliary = vec![E::ZERO; layout.auxiliary_width()];
            auxiliary[layout[LEFT].start] = left;
            combination::Sums::of(layout, &auxiliary).next(layout, row, Goldilocks::ONE, &challenges).left
        };
        let empty = vec![Goldilocks::ZERO; layout.main_width(0)];
        for lane in 0..layout.room.lanes {
            let mut row = empty.clone();
            row[layout[WEIGHTS].at(lane)] = Goldilocks::ONE;
            assert_eq!(left(&row, E::ZERO), challenges.sigma[layout.room.lanes - 1 - lane], "{}, lane {lane}", layout.name);
        }
        // What came before moves up by all of them, or by what else a flag says.
        let flags = [LEFT_KEEP, LEFT_BY_WEIGHTS, LEFT_BY_CELLS].into_iter().chain(layout.room.taps.then_some(LEFT_BY_ONE));
        let by = [E::ONE, challenges.sigma[layout.room.lanes], challenges.sigma[layout.room.reads], challenges.rho[1]];
        for (flag, by) in flags.zip(by) {
            let mut row = empty.clone();
            row[layout[flag].start] = Goldilocks::ONE;
            assert_eq!(left(&row, E::ONE), by, "{}, {}", layout.name, layout[flag].name);
        }
    }
}

/// In the constraint of the left factor, and in no other one.
#[test]
fn the_left_factor_moves_by_a_position_where_the_layout_has_taps() {
    assert_eq!(LAYOUTS.each_ref().map(|layout| layout.room.taps), [false, false, false, false, true, true]);
    for (_, air) in airs().filter(|(_, air)| air.public_inputs.layout.room.taps) {
        let layout = air.public_inputs.layout;
        let periodic: Vec<E> = extended(110).take(air.get_periodic_column_values().len()).collect();
        let first = air.context().num_main_transition_constraints() + bus::degrees(layout).len() + public_values::DEGREES.len();
        // The degrees of the left factor's constraint and of the next ones, along a line of the flag, and of the flag and the factor.
        let degrees = |factor: u32| {
            let mut degrees = degrees_along(|t| {
                let mut rows = Rows::new(&air, 1);
                rows.main[0][layout[LEFT_BY_ONE].start] += E::from(t);
                rows.auxiliary[0][layout[LEFT].start] += E::from(factor * t);
                rows.evaluate(&air, &periodic)
            });
            let combination: Vec<usize> = degrees.drain(first..first + combination::DEGREES.len()).collect();
            assert!(degrees.iter().all(|degree| *degree == 0), "{degrees:?}");
            combination
        };
        // The factor is in its own constraint and in that of the products.
        assert_eq!((degrees(0), degrees(1)), (vec![1, 0, 0, 0, 0, 0, 0], vec![2, 0, 1, 0, 0, 0, 0]), "{:?}", air.public_inputs);
    }
}

// SPONGES
// ================================================================================================

/// Its first state, the number of values and its digest are asserted, in the rows where its first block has been read, where the message ends and
/// where the last block has been absorbed.
#[test]
fn a_sponge_begins_empty_and_ends_with_the_digest_of_its_side() {
    assert_eq!(with_digests().map(|layout| layout.name).collect::<Vec<_>>(), ["base", "short"]);
    for (layout, [first, second]) in with_digests().zip([[119, 162], [128, 171]]) {
        assert_sponges(layout, first, second);
    }
}

fn assert_sponges(layout: &'static Layout, first: usize, second: usize) {
    // 13 values, 10 elements of salt and their number are three blocks; 4 values, 11 elements and their number are two.
    let numbered = committed(layout).map(|public_inputs| PublicInputs { n_inputs: 13, n_outputs: 4, ..public_inputs });
    let expected = |column: usize, (message, values): (Role, u64), n_elements: u64, digest: ValueDigest| {
        let last = n_elements as usize - 1;
        let number = Assertion::single(layout[message].start, last, Goldilocks::new(values));
        let start = (0..12).map(|lane| Assertion::single(column + lane, 7, Goldilocks::new(if lane == 0 { n_elements } else { 0 })));
        let end = digest.elements().into_iter().zip(4..).map(|(element, lane)| Assertion::single(column + lane, last + 8, element));
        start.chain([number]).chain(end).collect::<Vec<_>>()
    };
    let random = challenges(60, layout);
    let inputs = |column: usize| expected(column, (INPUT_VALUE, 13), 24, digest(1));
    let outputs = |column: usize| expected(column, (OUTPUT_VALUE, 4), 16, digest(2));
    let sponges = [inputs(first), outputs(first), [inputs(first), outputs(second)].concat()];
    let named = [vec![OUTPUTS], vec![INPUTS], vec![]];
    for ((public_inputs, sponges), named) in numbered.into_iter().zip(sponges).zip(named) {
        let air = shortest(public_inputs);
        let (main, auxiliary) = (air.get_assertions(), air.get_aux_assertions(&random));
        assert_eq!(main, [vec![Assertion::single(layout[FINAL].start, 0, Goldilocks::ZERO)], sponges].concat());
        // What is committed to has no final sum.
        let ends: Vec<_> = auxiliary[SUMS.len() + 1..].iter().map(|assertion| (assertion.column(), assertion.first_step())).collect();
        assert_eq!(ends, named.iter().map(|sum| (layout[*sum].start, layout.min_rows() - MASK_ROWS)).collect::<Vec<_>>());
        assert_eq!(air.context().num_assertions(), main.len() + auxiliary.len());
    }
}

#[test]
fn the_constants_of_sponges_follow_the_masks() {
    for public_inputs in with_digests().flat_map(committed) {
        let columns = shortest(public_inputs).get_periodic_column_values();
        let (masks, sponge) = columns.split_at(masks::PERIODIC);
        assert_eq!((masks, sponge), (&masks::periodic_columns()[..], &sponge::periodic_columns()[..]));
    }
}

/// Two sponges have nothing in common but constants, and neither reads anything of the model but the value of its side.
#[test]
fn a_sponge_reads_its_own_columns_and_the_value_of_its_side() {
    let messages = [vec![INPUT_VALUE], vec![OUTPUT_VALUE], vec![INPUT_VALUE, OUTPUT_VALUE]];
    let statements = with_digests().flat_map(|layout| committed(layout).into_iter().zip(&messages));
    for (public_inputs, messages) in statements {
        let (layout, air) = (public_inputs.layout, shortest(public_inputs));
        let periodic: Vec<E> = extended(120).take(air.get_periodic_column_values().len()).collect();
        let base = Rows::new(&air, 1).evaluate(&air, &periodic);
        let (first, width) = (row_constraints(layout), air.trace_info().main_trace_width());
        for (row, column) in [0, 1].into_iter().flat_map(|row| (0..width).map(move |column| (row, column))) {
            let mut rows = Rows::new(&air, 1);
            rows.main[row][column] += E::ONE;
            let found = rows.evaluate(&air, &periodic);
            let changed = |constraint: &usize| found[*constraint] != base[*constraint];
            let sponges = (0..messages.len()).filter(|sponge| {
                let start = first + sponge * sponge::WIDTH;
                (start..start + sponge::WIDTH).any(|constraint| changed(&constraint))
            });
            let reads = |sponge: &usize| match column.checked_sub(layout.main_width(*sponge)) {
                // Cubes are of the current row alone, and so is the message.
                Some(column) if column < sponge::WIDTH => {
                    row == 0 || sponge::STATE.indices().contains(&column) || sponge::BUFFER.indices().contains(&column)
                }
                _ => row == 0 && column == layout[messages[*sponge]].start,
            };
            assert_eq!(sponges.collect::<Vec<_>>(), (0..messages.len()).filter(reads).collect::<Vec<_>>(), "row {row}, column {column}");
        }
    }
}

// MASKS
// ================================================================================================

#[test]
fn the_product_of_the_masks_vanishes_in_every_row() {
    for (layout, mode) in kinds() {
        let columns = air(layout, mode).get_periodic_column_values();
        assert_eq!(columns.len(), if mode.is_hiding() { masks::PERIODIC } else { 0 });
    }
    let (air, rows) = (air(Layout::base(), Mode::Hiding), Layout::base().min_rows());
    let columns = air.get_periodic_column_values();
    let [a, b, cube] = &columns[..] else { panic!("{columns:?}") };
    for row in 0..4 {
        assert_eq!(a[row] * b[row], Goldilocks::ZERO);
        assert_ne!(cube[row], Goldilocks::ZERO);
    }
    let polynomials = air.get_periodic_column_polys();
    let at = |y: E| -> [E; masks::PERIODIC] { std::array::from_fn(|column| polynom::eval(&polynomials[column], y)) };
    let generator = Goldilocks::get_root_of_unity(rows.ilog2());
    let points = (0..8u64).map(|row| E::from(generator.exp(row)));
    for x in points.chain(extended(100).take(20)) {
        let y = x.exp(rows as u64 / 4);
        let [a, b, cube] = at(y);
        assert_eq!([a, b, cube], [y.cube() - y, y.cube() + y, y.cube()]);
        // y^4 is x^N: the product is y^2 times what vanishes in the rows.
        assert_eq!(a * b, y.square() * (x.exp(rows as u64) - E::ONE));
    }
}

#[test]
fn the_masks_reach_across_the_cuts_of_the_quotient() {
    for rows in [MIN_ROWS, MAX_ROWS] {
        let [first, second] = masks::degrees().map(|degree| degree.get_evaluation_degree(rows));
        assert_eq!([first, second], [5 * rows / 2 - 1, 13 * rows / 4 - 1]);
        // Without the divisor, whose degree is that of the constrained rows.
        let quotient = |degree: usize| degree - (rows - MASK_ROWS);
        assert!((rows..2 * rows).contains(&quotient(first)), "{rows}");
        assert!((2 * rows..3 * rows).contains(&quotient(second)), "{rows}");
    }
}

/// The current row in place of the next one would leave a part of the quotient without a mask, and a constraint on the third column would take
/// its freedom.
#[test]
fn masks_are_read_in_the_next_row_and_by_their_own_constraints() {
    for layout in LAYOUTS.iter().filter(|layout| layout.can_hide()) {
        let air = air(layout, Mode::Hiding);
        let periodic: Vec<E> = extended(110).take(masks::PERIODIC).collect();
        let base = Rows::new(&air, 1).evaluate(&air, &periodic);
        let changed = |row: usize, column: usize| {
            let mut rows = Rows::new(&air, 1);
            rows.auxiliary[row][column] += E::ONE;
            let found = rows.evaluate(&air, &periodic);
            (0..base.len()).filter(|constraint| found[*constraint] != base[*constraint]).collect::<Vec<_>>()
        };
        let masks = air.context().num_transition_constraints() - masks::CONSTRAINTS;
        assert_eq!([FIRST_CUT, SECOND_CUT].map(|role| changed(1, layout[role].start)), [[masks], [masks + 1]]);
        for (row, column) in [(0, FIRST_CUT), (0, SECOND_CUT), (0, LOW_DEGREE), (1, LOW_DEGREE)] {
            assert_eq!(changed(row, layout[column].start), [0; 0], "row {row}, {}", layout[column].name);
        }
        let vanishing = periodic[0] * periodic[1];
        let next = &Rows::new(&air, 1).auxiliary[1];
        assert_eq!(base[masks..], [next[layout[FIRST_CUT].start] * vanishing, next[layout[SECOND_CUT].start] * vanishing * periodic[2]]);
    }
}
