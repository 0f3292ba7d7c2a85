//! Each mask is needed: without it no other witness opens the same, and a distinguisher tells two witnesses apart every time.
//!
//! A distinguisher gets what a proof opens and two candidates. It knows a relation between the two that holds whatever the masks that are left
//! are, and says of each candidate whether the relation holds; with all masks it holds for neither.
//!
//! Against the masks of columns the candidates are inputs, nothing else. Against `R_0`, `R_1` and `S` they are all columns, masks with them,
//! chosen so that they open equally: those three are to hide all that is left then, whatever the columns are, and the argument asks nothing
//! less of them. (What the quotients tell of a witness behind 95 random rows a column is a question about polynomials of degree 3, of which
//! nobody has an answer either way.)

use maat_verifier::layout::*;
use maat_verifier::{Goldilocks, Preset, Values};
use winterfell::Air;
use winterfell::math::{FieldElement, StarkField, polynom};

use super::super::other_air::OfModels;
use super::linear::dot;
use super::points::MaskedRow;
use super::reconcile::{Production, Reconciler, Removed, Unsolvable, removed_rows};
use super::replay::{CurrentRow, Opened, Randomness, Run, Setting, interpolate, stream};
use super::{Blake3, Coin, Quadratic, classifier, inputs_of_one_class};

/// Trials of each distinguisher: who guesses is right every time once in a million.
const TRIALS: u64 = 20;

type Witness = Vec<Vec<Goldilocks>>;

/// The setting of all tests here, and two witnesses.
fn setting() -> (Setting<Blake3>, [Witness; 2]) {
    let (inputs, class) = inputs_of_one_class();
    let setting = Setting::new(&classifier(), Preset::Fast, Values::Public(class));
    let witnesses = inputs.each_ref().map(|inputs| setting.witness(inputs));
    (setting, witnesses)
}

// THE SOLVER
// ================================================================================================

/// Whether there is randomness for the second witness with which it opens as the first one does.
fn solved<A>(removed: Removed) -> Result<(), Unsolvable>
where
    A: OfModels,
{
    let (mut setting, witnesses) = setting();
    setting.seed(11);
    let reconciler = Reconciler::<Blake3, Quadratic>::new::<Coin>(&setting);
    let randomness = removed.from(setting.randomness(1), reconciler.points.queries);
    let run = setting.prove::<A, Quadratic, Coin>(&witnesses[0], &randomness);
    assert!(setting.accepts::<A, Coin>(&run.proof));
    reconciler.reconcile::<A, Coin>(&run, &witnesses[1], removed, 2).map(|_| ())
}

#[test]
fn without_any_one_of_the_masks_the_other_witness_has_no_such_randomness() {
    assert_eq!(solved::<Production>(Removed::Nothing), Ok(()));
    let layout = Layout::base();
    for column in [INPUT_VALUE, UNIT_VALUE, TABLE_USES].map(|column| layout[column].start) {
        assert_eq!(solved::<Production>(Removed::WitnessRow(column)), Err(Unsolvable::Main(column)));
    }
    for column in [BUS_HELPER, BUS_SUM, INPUTS, RESULTS].map(|column| layout[column].start) {
        assert_eq!(solved::<Production>(Removed::Auxiliary(column)), Err(Unsolvable::Auxiliary(column)));
    }
    assert_eq!(solved::<Production>(Removed::FirstCut), Err(Unsolvable::Quotients));
    assert_eq!(solved::<Production>(Removed::SecondCut), Err(Unsolvable::Quotients));
    assert_eq!(solved::<CurrentRow>(Removed::NextRow), Err(Unsolvable::Quotients));
    assert_eq!(solved::<Production>(Removed::LowDegree), Err(Unsolvable::LowDegree));
}

// DISTINGUISHERS
// ================================================================================================

type Tools<'s> = Reconciler<'s, Blake3, Quadratic>;

/// A column over the base field that has one random row too few: the values at all points are related, and the relation's right side is the
/// witness's.
fn by_a_witness_column(tools: &Tools, opened: &Opened<Quadratic>, candidates: &[Witness; 2], column: usize) -> [bool; 2] {
    let map = tools.points.of_witness_rows(removed_rows::<Quadratic>(tools.points.queries));
    let found = tools.points.in_base(&opened.of_main(column));
    candidates.each_ref().map(|witness| {
        let rows: Vec<Quadratic> = witness[column].iter().map(|value| (*value).into()).collect();
        let expected = tools.points.in_base(&tools.points.evaluate(&interpolate(&rows)));
        map.relations().iter().all(|relation| dot(relation, &found) == dot(relation, &expected))
    })
}

/// An auxiliary column without random rows: it is computed from the witness and the challenges, which everybody knows.
fn by_an_auxiliary_column(tools: &Tools, opened: &Opened<Quadratic>, candidates: &[Witness; 2], column: usize) -> [bool; 2] {
    candidates.each_ref().map(|witness| {
        let mut rows = tools.auxiliary(witness.clone()).swap_remove(column);
        rows[tools.points.mask_rows()].fill(Quadratic::ZERO);
        opened.of_auxiliary(column) == tools.points.evaluate(&interpolate(&rows))
    })
}

/// A quotient that no mask enters: the candidates' columns give it.
fn by_a_quotient(tools: &Tools, opened: &Opened<Quadratic>, candidates: &[Run<Quadratic>; 2], piece: usize) -> [bool; 2] {
    candidates.each_ref().map(|run| opened.of_quotient(piece) == tools.points.evaluate(&run.quotients[piece]))
}

/// If the constraints without content take the current row, they add what is opened itself: what is left of the whole quotient is the
/// candidates'.
fn by_the_current_row(tools: &Tools, opened: &Opened<Quadratic>, candidates: &[Run<Quadratic>; 2]) -> [bool; 2] {
    let points = &tools.points;
    let known = points.with_next();
    let masks = [FIRST_CUT, SECOND_CUT].map(|column| opened.of_auxiliary(Layout::base()[column].start));
    let pieces = [0, 1, 2].map(|piece| opened.of_quotient(piece));
    let coefficients = tools.coefficients();
    candidates.each_ref().map(|run| {
        (0..points.all.len()).filter(|point| !known.contains(point)).all(|point| {
            let (x, power) = (points.all[point], points.all[point].exp_vartime(points.rows as u64));
            let whole = |pieces: [Quadratic; 3]| pieces[0] + power * (pieces[1] + power * pieces[2]);
            let added = points.added([0, 1].map(|mask| coefficients[mask] * masks[mask][point]), x);
            whole(pieces.each_ref().map(|piece| piece[point])) - added == whole([0, 1, 2].map(|i| polynom::eval(&run.quotients[i], x)))
        })
    })
}

/// Without `S`, what the low-degree test is about comes from the candidates' columns, and the first layer opens it where no column is opened.
fn by_the_low_degree_test(tools: &Tools, opened: &Opened<Quadratic>, candidates: &[Run<Quadratic>; 2]) -> [bool; 2] {
    let points = &tools.points;
    let air = tools.setting.air();
    let (domain, folding) = (air.lde_domain_size(), air.options().to_fri_options().folding_factor());
    let generator = Goldilocks::get_root_of_unity(domain.ilog2());
    let first = tools.drawn.positions[0] % (domain / folding);
    let outside = [points.all[points.queries], points.all[points.queries + 1]];
    candidates.each_ref().map(|run| {
        let joined = tools.setting.joined(run, &tools.drawn);
        let claimed = outside.map(|point| polynom::eval(&joined, point));
        opened.layers[0][..folding].iter().enumerate().all(|(part, found)| {
            let position = (first + part * domain / folding) as u64;
            let x = Quadratic::from(Goldilocks::GENERATOR * generator.exp_vartime(position));
            let value = polynom::eval(&joined, x);
            let terms = [0, 1].map(|point| (value - claimed[point]) / (x - outside[point]));
            *found == terms[0] + terms[1]
        })
    })
}

/// A mask, and what tells candidates apart without it.
type Case<'t, C> = (Removed, &'t dyn Fn(&Tools, &Opened<Quadratic>, &[C; 2]) -> [bool; 2]);

/// In each trial, proofs are made for one of two candidates: one without each mask, for which its distinguisher must say which candidate it was,
/// and one with all masks, for which it must say neither.
fn assert_told_apart<C>(
    candidates: impl Fn(&Tools, u64) -> [(Randomness<Quadratic>, C); 2],
    fresh: impl Fn(&Tools, &mut Randomness<Quadratic>, u64),
    cases: &[Case<C>],
) {
    let (mut setting, witnesses) = setting();
    let mut chosen = [0; 2];
    for trial in 0..TRIALS {
        setting.seed(100 + trial);
        let truth = (stream(trial).next().unwrap().as_int() % 2) as usize;
        chosen[truth] += 1;
        let tools = Tools::new::<Coin>(&setting);
        let [(first, one), (second, two)] = candidates(&tools, trial);
        let (mut randomness, candidates) = ([first, second].into_iter().nth(truth).unwrap(), [one, two]);
        fresh(&tools, &mut randomness, trial);
        let opened = |removed: Removed| {
            let (randomness, witness) = (removed.from(randomness.clone(), tools.points.queries), &witnesses[truth]);
            let run = match removed.row() {
                MaskedRow::Next => setting.prove::<Production, Quadratic, Coin>(witness, &randomness),
                MaskedRow::Current => setting.prove::<CurrentRow, Quadratic, Coin>(witness, &randomness),
            };
            setting.opened(&run.proof)
        };
        let masked = opened(Removed::Nothing);
        for (removed, tell) in cases {
            assert_eq!(tell(&tools, &opened(*removed), &candidates), [truth == 0, truth == 1], "{removed:?}, trial {trial}");
            assert_eq!(tell(&tools, &masked, &candidates), [false, false], "{removed:?} put back, trial {trial}");
        }
    }
    assert!(chosen.iter().all(|times| *times > 0));
}

#[test]
fn columns_without_all_their_random_rows_tell_the_inputs() {
    let (_, witnesses) = setting();
    let [column, sum] = [INPUT_VALUE, BUS_SUM].map(|column| Layout::base()[column].start);
    assert_told_apart(
        |tools, trial| witnesses.clone().map(|witness| (tools.setting.randomness(trial), witness)),
        |_, _, _| (),
        &[
            (Removed::WitnessRow(column), &|tools, opened, candidates| by_a_witness_column(tools, opened, candidates, column)),
            (Removed::Auxiliary(sum), &|tools, opened, candidates| by_an_auxiliary_column(tools, opened, candidates, sum)),
        ],
    );
}

#[test]
fn quotients_without_a_mask_or_with_its_current_row_tell_columns_apart() {
    let (_, witnesses) = setting();
    // The candidates open equally in all columns, without R_0, R_1 and S.
    let candidates = |tools: &Tools, trial| {
        let mut randomness = tools.setting.randomness(1000 + trial);
        randomness.columns.iter_mut().for_each(|column| column.fill(Quadratic::ZERO));
        let run = tools.setting.prove::<Production, Quadratic, Coin>(&witnesses[0], &randomness);
        let other = tools.columns(&run, &witnesses[1], Removed::Nothing, 2000 + trial).unwrap();
        let other_run = tools.setting.prove::<Production, Quadratic, Coin>(&witnesses[1], &other);
        [(randomness, run), (other, other_run)]
    };
    assert_told_apart(
        candidates,
        |tools, randomness, trial| randomness.columns = tools.setting.randomness(3000 + trial).columns,
        &[
            (Removed::FirstCut, &|tools, opened, candidates| by_a_quotient(tools, opened, candidates, 0)),
            (Removed::SecondCut, &|tools, opened, candidates| by_a_quotient(tools, opened, candidates, 2)),
            (Removed::NextRow, &by_the_current_row),
        ],
    );
}

#[test]
fn the_low_degree_test_without_its_mask_tells_columns_apart() {
    let (_, witnesses) = setting();
    // The candidates open equally in all columns and quotients: all is known but S.
    let candidates = |tools: &Tools, trial| {
        let randomness = Removed::LowDegree.from(tools.setting.randomness(1000 + trial), tools.points.queries);
        let run = tools.setting.prove::<Production, Quadratic, Coin>(&witnesses[0], &randomness);
        let mut other = tools.columns(&run, &witnesses[1], Removed::Nothing, 2000 + trial).unwrap();
        let other_run = tools.setting.prove::<Production, Quadratic, Coin>(&witnesses[1], &other);
        tools.cuts(&run, &other_run, Removed::Nothing, &mut other).unwrap();
        let other_run = tools.setting.prove::<Production, Quadratic, Coin>(&witnesses[1], &other);
        [(randomness, run), (other, other_run)]
    };
    let place = LOW_DEGREE.since(FIRST_CUT);
    assert_told_apart(
        candidates,
        |tools, randomness, trial| randomness.columns[place] = tools.setting.randomness(3000 + trial).columns[place].clone(),
        &[(Removed::LowDegree, &by_the_low_degree_test)],
    );
}
