//! The bus: a LogUp argument (Haböck, 2022) over memory, offsets and bytes.
//!
//! What is taken is on one side, what is given on the other, each as `n / (z - t)` for a tuple `t`:
//!
//! | domain | tuple | taken by | given by |
//! |---|---|---|---|
//! | memory | `address + alpha value` | the instruction, `dst`, `op0`, `op1`; the public memory | the cells and the range-checked values of each row |
//! | offsets | `alpha^2 + offset` | the three offsets of an instruction | the entries, which rise from the least to the greatest |
//! | bytes | `2 alpha^2 + byte` | the two bytes of a row | the table of bytes, which is periodic |
//!
//! The sum over all is 0 for a random `z` only if, at each tuple, as much is given as is taken; how much is given is the prover's choice.
//! A cell's address follows from its row, so that each address is given with one value: what is read from it is always the same.

use winter_air::{AuxRandElements, EvaluationFrame, TransitionConstraintDegree};
use winter_verifier::crypto::{RandomCoin, RandomCoinError};
use winter_verifier::math::{ExtensionOf, FieldElement};

use super::columns::*;
use super::cpu::Step;
use crate::felt252::Felt252;
use crate::log_up::Term;

/// Terms of a row in the helpers of pairs.
pub const PAIRED: usize = 2 * PAIR.count;

/// Number of elements that are drawn after the main segment is committed: `z` and `alpha`.
pub const RANDOM_ELEMENTS: usize = 2;

/// Draws the random elements, and computes what every row needs of them.
///
/// # Errors
/// The coin gives no field element.
pub(super) fn draw<E, R>(coin: &mut R) -> Result<AuxRandElements<E>, RandomCoinError>
where
    E: FieldElement,
    R: RandomCoin<BaseField = E::BaseField>,
{
    let [z, alpha]: [E; RANDOM_ELEMENTS] = [coin.draw()?, coin.draw()?];
    let domain = alpha.square();
    Ok(AuxRandElements::new(vec![z, alpha, domain, domain.double()]))
}

/// The random elements of the auxiliary segment, by name.
pub struct Challenges<E> {
    /// The point at which the bus is evaluated.
    pub z: E,
    /// Combines what is on the bus.
    pub alpha: E,
    /// `alpha^2`, which tells offsets from memory.
    pub offset_domain: E,
    /// `2 alpha^2`, which tells bytes from both.
    pub byte_domain: E,
}

impl<E: FieldElement<BaseField = Felt252>> Challenges<E> {
    /// Names the elements that the AIR has drawn.
    pub fn new(elements: &[E]) -> Self {
        let [z, alpha, offset_domain, byte_domain] = [elements[0], elements[1], elements[2], elements[3]];
        Self { z, alpha, offset_domain, byte_domain }
    }

    /// `z - t` of a cell of memory.
    pub fn cell<F>(&self, address: F, value: F) -> E
    where
        F: FieldElement<BaseField = Felt252>,
        E: ExtensionOf<F>,
    {
        self.z - address.into() - self.alpha.mul_base(value)
    }
}

/// The values of the periodic columns in a row.
pub struct Periodic<F> {
    /// The entry of the table of bytes.
    pub byte: F,
    /// 1 where a range-checked value is whole.
    pub whole: F,
}

impl<F: FieldElement<BaseField = Felt252>> Periodic<F> {
    /// Names the values.
    pub fn new(values: &[F]) -> Self {
        Self { byte: values[0], whole: values[1] }
    }
}

/// The periodic columns over one period each, in the order of [`Periodic::new`].
pub fn periodic_columns() -> [Vec<Felt252>; 2] {
    let bytes = (0..BYTE_PERIOD as u64).map(Felt252::new).collect();
    let whole = (1..=CHECK_PERIOD).map(|row| Felt252::from(row == CHECK_PERIOD)).collect();
    [bytes, whole]
}

/// The range-checked value of a row: the bits above, and the row's own.
pub fn checked_value<F: FieldElement<BaseField = Felt252>>(row: &[F]) -> F {
    let byte = F::from(256u32);
    (row[CHECKED.start] * byte + row[BYTE.at(1)]) * byte + row[BYTE.at(0)]
}

/// `z - t` of the cells that `dst`, `op0` and `op1` are read from.
pub fn operand_denominators<F, E>(row: &[F], challenges: &Challenges<E>) -> [E; 3]
where
    F: FieldElement<BaseField = Felt252>,
    E: FieldElement<BaseField = Felt252> + ExtensionOf<F>,
{
    let step = Step::new(row);
    let addresses = step.operand_addresses(row);
    let values = [step.dst, step.op0, step.op1];
    std::array::from_fn(|operand| challenges.cell(addresses[operand], values[operand]))
}

/// The terms of a row in the helpers of pairs: the instruction and the two cells, offsets with their entry, bytes with theirs.
pub fn paired_terms<F, E>(row: &[F], periodic: &Periodic<F>, challenges: &Challenges<E>) -> [Term<F, E>; PAIRED]
where
    F: FieldElement<BaseField = Felt252>,
    E: FieldElement<BaseField = Felt252> + ExtensionOf<F>,
{
    let instruction = Term { numerator: F::ONE, denominator: challenges.cell(row[PC.start], Step::instruction(row)) };
    let first = row[ROW.start].double() + F::ONE;
    let cell = |lane: usize| Term {
        numerator: -row[CELL_READERS.at(lane)],
        denominator: challenges.cell(first + F::from(lane as u32), row[CELL.at(lane)]),
    };
    let (offsets, bytes) = (challenges.z - challenges.offset_domain, challenges.z - challenges.byte_domain);
    let offset = |operand: usize| Term { numerator: F::ONE, denominator: offsets - row[OFFSET.at(operand)].into() };
    let byte = |part: usize| Term { numerator: F::ONE, denominator: bytes - row[BYTE.at(part)].into() };
    let offset_entry = Term { numerator: -row[OFFSET_USES.start], denominator: offsets - row[OFFSET_ENTRY.start].into() };
    let byte_entry = Term { numerator: -row[BYTE_USES.start], denominator: bytes - periodic.byte.into() };
    [instruction, cell(0), cell(1), offset(0), offset(1), offset(2), offset_entry, byte(0), byte(1), byte_entry]
}

/// Where range-checked values are in memory: value `i` is whole in row `8 i + 7`, and has the address `first + i`.
pub struct CheckedCells {
    origin: Felt252,
    step: Felt252,
}

impl CheckedCells {
    /// Those of a trace with this many rows.
    pub fn new(rows: usize) -> Self {
        // first + (row - 7) / 8 is a line, whose points between the integers nobody takes.
        let step = Felt252::new(CHECK_PERIOD as u64).inv();
        Self { origin: Felt252::new(first_checked(rows)) - Felt252::new(CHECK_PERIOD as u64 - 1) * step, step }
    }

    /// The range-checked value that a row gives, if it is whole there.
    pub fn term<F, E>(&self, row: &[F], periodic: &Periodic<F>, challenges: &Challenges<E>) -> Term<F, E>
    where
        F: FieldElement<BaseField = Felt252>,
        E: FieldElement<BaseField = Felt252> + ExtensionOf<F>,
    {
        let address = row[ROW.start].mul_base(self.step) + F::from(self.origin);
        Term { numerator: -(periodic.whole * row[CHECKED_READERS.start]), denominator: challenges.cell(address, checked_value(row)) }
    }
}

/// The degrees of the bus's constraints.
pub(super) fn degrees() -> Vec<TransitionConstraintDegree> {
    let mut degrees = vec![TransitionConstraintDegree::new(3); OPERAND.count + PAIR.count];
    // The table of bytes is periodic.
    degrees[OPERAND.count + PAIR.count - 1] = TransitionConstraintDegree::with_cycles(2, vec![BYTE_PERIOD]);
    degrees.push(TransitionConstraintDegree::new(2));
    degrees
}

/// Enforces that the helpers are their fractions, and that the sum runs over them.
pub(super) fn enforce<F, E>(
    row: &[F],
    auxiliary: &EvaluationFrame<E>,
    periodic: &Periodic<F>,
    checked_cells: &CheckedCells,
    challenges: &Challenges<E>,
    result: &mut [E],
) where
    F: FieldElement<BaseField = Felt252>,
    E: FieldElement<BaseField = Felt252> + ExtensionOf<F>,
{
    let (current, next) = (auxiliary.current(), auxiliary.next());
    let (operands, result) = result.split_at_mut(OPERAND.count);
    // h d = 1
    let denominators = operand_denominators(row, challenges);
    for ((result, helper), denominator) in operands.iter_mut().zip(&current[OPERAND.indices()]).zip(denominators) {
        *result = *helper * denominator - E::ONE;
    }
    // h d1 d2 = n1 d2 + n2 d1
    let (pairs, result) = result.split_at_mut(PAIR.count);
    let terms = paired_terms(row, periodic, challenges);
    let (terms, _) = terms.as_chunks();
    for ((result, helper), [one, two]) in pairs.iter_mut().zip(&current[PAIR.indices()]).zip(terms) {
        let (numerator, denominator) = one.plus(two);
        *result = *helper * denominator - numerator;
    }
    // (BUS' - BUS - sum of helpers) d = n, for the range-checked value that has no helper of its own
    let checked = checked_cells.term(row, periodic, challenges);
    let helpers = current[..BUS.start].iter().fold(E::ZERO, |sum, helper| sum + *helper);
    let step = next[BUS.start] - current[BUS.start];
    result[0] = (step - helpers) * checked.denominator - checked.numerator.into();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_the_argument_counts_every_denominator_with_its_degree() {
        let row: Vec<Felt252> = (0..MAIN_WIDTH as u64).map(|column| Felt252::new(3 * column + 1)).collect();
        let periodic = Periodic::new(&[5u64, 1].map(Felt252::new));
        // All denominators of a row at a value of alpha.
        let denominators = |alpha: u64| -> Vec<Felt252> {
            let alpha = Felt252::new(alpha);
            let domain = alpha.square();
            let challenges = Challenges::new(&[Felt252::new(1 << 60), alpha, domain, domain.double()]);
            let paired = paired_terms(&row, &periodic, &challenges).map(|term| term.denominator);
            let checked = CheckedCells::new(MIN_ROWS).term(&row, &periodic, &challenges).denominator;
            operand_denominators(&row, &challenges).into_iter().chain(paired).chain([checked]).collect()
        };
        let [first, second, third] = [1, 2, 3].map(denominators);
        let bend = first.iter().zip(&second).zip(&third).map(|((first, second), third)| *first - second.double() + *third);
        let (linear, square): (Vec<Felt252>, Vec<Felt252>) = bend.partition(|bend| *bend == Felt252::ZERO);
        // The identity and its poles, with fewer than four public cells for each row.
        assert_eq!((linear.len(), square.len()), (7, 7));
        assert_eq!(ARGUMENT_ERROR, (linear.len() + 2 * square.len() + 4) + (linear.len() + square.len() + 4));
    }
}
