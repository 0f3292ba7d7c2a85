//! The equations have the ranks that the argument needs, for every preset, length and kind of query set.

use maat_verifier::layout::{MASK_ROWS, MAX_ROWS, MIN_ROWS};
use maat_verifier::{Goldilocks, Mode, Preset};
use winterfell::FieldExtension;
use winterfell::math::FieldElement;

use super::linear::Eliminated;
use super::points::{Cuts, MaskedRow, OPENED, Points};
use super::replay::stream;
use super::{Cubic, Quadratic};

/// Points of a hiding proof with some preset, its queries at the positions that `positions` gives for their number and the domain.
fn points<E: FieldElement<BaseField = Goldilocks>>(
    preset: Preset,
    rows: usize,
    seed: u64,
    positions: impl Fn(usize, usize, u64) -> Vec<usize>,
) -> Points<E> {
    let options = preset.options(Mode::Hiding);
    let mut positions = positions(options.num_queries(), rows * options.blowup_factor(), seed);
    positions.sort_unstable();
    positions.dedup();
    let z: Vec<_> = stream(seed).take(E::EXTENSION_DEGREE).collect();
    Points::new(rows, options.blowup_factor(), &positions, E::slice_from_base_elements(&z)[0])
}

/// Gives positions for their number, the domain and a seed.
type Positions<'p> = dyn Fn(usize, usize, u64) -> Vec<usize> + 'p;

/// Positions that a seed gives, each once.
fn apart(count: usize, domain: usize, seed: u64) -> Vec<usize> {
    let mut positions = Vec::new();
    for element in stream(seed + 1000) {
        let position = element.as_int() as usize % domain;
        if !positions.contains(&position) {
            positions.push(position);
        }
        if positions.len() == count {
            break;
        }
    }
    positions
}

/// What must hold for one set of points.
fn assert_ranks<E: FieldElement<BaseField = Goldilocks>>(points: &Points<E>, name: &str) {
    let (opened, queries, degree) = (points.all.len(), points.queries, E::EXTENSION_DEGREE);
    // 1. Columns over the base field: full rank, and as many rows as there are equations suffice, but none less.
    let equations = queries + 2 * degree;
    assert_eq!(points.of_witness_rows(MASK_ROWS - 1).rank(), equations, "{name}");
    assert_eq!(points.of_witness_rows(equations).rank(), equations, "{name}");
    assert_eq!(points.of_witness_rows(equations - 1).relations().len(), 1, "{name}");
    // 2. Auxiliary columns.
    assert_eq!(points.of_auxiliary_rows(MASK_ROWS - 1).rank(), opened, "{name}");
    assert_eq!(points.of_auxiliary_rows(opened).rank(), opened, "{name}");
    // 3. The columns that mask the quotients: all but what the constraints say where the next row is opened.
    let coefficients: Vec<_> = stream(7).take(2 * degree).collect();
    let coefficients: [E; 2] = E::slice_from_base_elements(&coefficients).try_into().unwrap();
    let images = Cuts::new(points).images(points, coefficients, MaskedRow::Next);
    let joint = Eliminated::rank_of_images(&images, OPENED * opened);
    assert_eq!(joint, OPENED * opened - points.with_next().len(), "{name}");
    // And exactly that: the quotient less what both columns add is known there.
    for point in points.with_next().into_iter().rev().take(3) {
        let x = points.all[point];
        let next = points.all.iter().position(|next| *next == x.mul_base(points.step())).unwrap();
        let power = x.exp_vartime((points.rows as u64).into());
        for image in &images {
            let at = |column: usize, point: usize| image[column * opened + point];
            let added = points.added([0, 1].map(|column| coefficients[column] * at(column, next)), x);
            assert_eq!(at(2, point) + power * (at(3, point) + power * at(4, point)), added, "{name}");
        }
    }
}

/// All kinds of query sets for the length 2^`log_rows`.
fn assert_all_ranks(log_rows: u32, seeds: std::ops::Range<u64>) {
    let rows = 1 << log_rows;
    for preset in Preset::ALL {
        let blowup = preset.options(Mode::Hiding).blowup_factor();
        let adjacent = |count: usize, domain: usize, seed: u64| {
            let mut positions = apart(count, domain, seed);
            positions[1] = (positions[0] + blowup) % domain;
            positions
        };
        // The longest run of rows, across the end of the trace: all but one point have a next one.
        let run = |count: usize, domain: usize, _seed: u64| (0..count).map(|row| (domain - 3 * blowup + row * blowup) % domain).collect();
        let kinds: [(&str, &Positions, usize); 3] =
            [("apart", &apart, 0), ("adjacent", &adjacent, 1), ("a run of rows", &run, preset.options(Mode::Hiding).num_queries() - 1)];
        for (kind, positions, known) in kinds {
            for seed in seeds.clone() {
                let name = format!("{preset}, 2^{log_rows} rows, {kind}, seed {seed}");
                let found = match preset.options(Mode::Hiding).field_extension() {
                    FieldExtension::Cubic => {
                        let points = points::<Cubic>(preset, rows, seed, positions);
                        assert_ranks(&points, &name);
                        points.with_next().len()
                    }
                    _ => {
                        let points = points::<Quadratic>(preset, rows, seed, positions);
                        assert_ranks(&points, &name);
                        points.with_next().len()
                    }
                };
                // One more is z, and neighbours are common even where they are drawn.
                assert!(found > known, "{name}");
            }
        }
    }
}

#[test]
fn all_that_is_opened_of_short_traces_is_masked() {
    assert_all_ranks(MIN_ROWS.ilog2(), 0..1);
}

#[test]
fn all_that_is_opened_of_longer_traces_is_masked() {
    assert_all_ranks(14, 0..1);
}

#[test]
#[cfg_attr(not(feature = "slow"), ignore = "many eliminations; run with the feature slow")]
fn all_that_is_opened_of_any_trace_is_masked() {
    for log_rows in [11, 12, 14, 18, MAX_ROWS.ilog2()] {
        assert_all_ranks(log_rows, 1..4);
    }
}

/// What the argument asks for, whatever the queries are. One more row is for an unopened leaf that somebody guesses.
#[test]
fn there_are_mask_rows_enough() {
    let mut needed = Vec::new();
    for preset in Preset::ALL {
        let options = preset.options(Mode::Hiding);
        let (queries, degree) = (options.num_queries(), options.field_extension().degree() as usize);
        needed.push(queries + 2 * degree + 1);
        assert!(queries + 2 * degree < MASK_ROWS - 1, "{preset}");
        for rows in (MIN_ROWS.ilog2()..=MAX_ROWS.ilog2()).map(|log| 1usize << log) {
            assert!(2 * (queries + 2) <= 3 * rows / 4 - MASK_ROWS && queries + 2 <= rows / 4, "{preset} {rows}");
        }
    }
    assert_eq!(needed, [47, 94, 21, 21]);
}

/// With one column only, or with the current row of both, there are other relations than those of the points whose next row is opened.
#[test]
fn two_columns_are_needed_and_their_next_row() {
    let points = points::<Quadratic>(Preset::Fast, MIN_ROWS, 1, apart);
    let (opened, known) = (points.all.len(), points.with_next().len());
    let coefficients = [Quadratic::new(Goldilocks::new(3), Goldilocks::new(5)), Quadratic::new(Goldilocks::new(7), Goldilocks::new(11))];
    let cuts = Cuts::new(&points);
    let first = cuts.degrees[0].len();
    let relations = |images: &[Vec<Quadratic>]| Eliminated::of_images(images, OPENED * opened).relations().len();
    let images = cuts.images(&points, coefficients, MaskedRow::Next);
    assert_eq!(relations(&images), known);
    // R_1 is known at all points then, and the third quotient; likewise with the other.
    assert_eq!([&images[..first], &images[first..]].map(relations), [2 * opened + known, 2 * opened + known]);
    // What both columns add is known wherever they are opened.
    assert_eq!(relations(&cuts.images(&points, coefficients, MaskedRow::Current)), opened);
}
