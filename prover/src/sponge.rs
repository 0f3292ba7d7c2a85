//! The columns of a sponge: the states that hash a side's values, row by row.
//!
//! See [`maat_verifier::air::sponge`] for what they hold. A permutation follows on the one before, so that one sponge is filled by one thread;
//! nearly all of its time goes into seventh roots.

use maat_verifier::Goldilocks;
use maat_verifier::air::sponge::*;
use winterfell::math::FieldElement;

type State = [Goldilocks; STATE_WIDTH];

/// The columns of a sponge over a value column, whose first `n_elements` are the values and their salt. The sponge runs on to the last row.
pub fn columns(message: &[Goldilocks], n_elements: usize) -> Vec<Vec<Goldilocks>> {
    let constants: [_; ROUNDS] = std::array::from_fn(round_constants);
    let mut columns = vec![vec![Goldilocks::ZERO; message.len()]; WIDTH];
    let mut start = [Goldilocks::ZERO; STATE_WIDTH];
    start[0] = Goldilocks::new(n_elements as u64);
    // The rows before the start are the only ones that lead to it.
    let mut state = constants.iter().rev().fold(start, undone);
    let mut buffer = [Goldilocks::ZERO; BUFFER.count];
    for (row, message) in message.iter().enumerate() {
        let before = cubes(&state);
        let (u, next) = match constants.get(row % PERIOD) {
            Some(constants) => round(&state, &before, constants),
            None => {
                let block = buffer.iter().rev().chain([message]);
                let mut next = state;
                next[CAPACITY..].iter_mut().zip(block).for_each(|(element, message)| *element += *message);
                (unmix(&next), next)
            }
        };
        let after = cubes(&u);
        let values = state.iter().chain(&before).chain(&after).chain(&buffer);
        columns.iter_mut().zip(values).for_each(|(column, value)| column[row] = *value);
        buffer.rotate_right(1);
        buffer[0] = *message;
        state = next;
    }
    columns
}

/// The state between the halves of a round, and the one after it, with the cubes of the one before it.
fn round(state: &State, cubes: &State, [ark1, ark2]: &[State; 2]) -> (State, State) {
    let mut powers = *cubes;
    for lane in 0..STATE_WIDTH {
        powers[lane] = cubes[lane] * cubes[lane] * state[lane];
    }
    let u = seventh_roots(&sum(&mix(&powers), ark1));
    (u, sum(&mix(&u), ark2))
}

/// The state before a round.
fn undone(next: State, [ark1, ark2]: &[State; 2]) -> State {
    let powers = unmix(&difference(&next, ark2)).map(|u| u.exp(7));
    seventh_roots(&unmix(&difference(&powers, ark1)))
}

fn sum(a: &State, b: &State) -> State {
    let mut sum = *a;
    for lane in 0..STATE_WIDTH {
        sum[lane] += b[lane];
    }
    sum
}

fn difference(a: &State, b: &State) -> State {
    let mut difference = *a;
    for lane in 0..STATE_WIDTH {
        difference[lane] -= b[lane];
    }
    difference
}

fn cubes(state: &State) -> State {
    let mut cubes = *state;
    for lane in 0..STATE_WIDTH {
        cubes[lane] = state[lane] * state[lane] * state[lane];
    }
    cubes
}

/// `base^(2^squarings) tail`.
#[inline(always)]
fn raised(base: &State, squarings: usize, tail: &State) -> State {
    let mut power = *base;
    for _ in 0..squarings {
        for element in &mut power {
            *element *= *element;
        }
    }
    for lane in 0..STATE_WIDTH {
        power[lane] *= tail[lane];
    }
    power
}

/// The elements whose seventh powers these are: their powers by `(4 p - 3) / 7`, in binary
/// `1001001001001001001001001001000110110110110110110110110110110111`, as Winterfell computes them, with 72 products each.
fn seventh_roots(state: &State) -> State {
    let one = [Goldilocks::ONE; STATE_WIDTH];
    let p10 = raised(state, 1, &one);
    let p100 = raised(&p10, 1, &one);
    let of_2 = raised(&p100, 3, &p100);
    let of_4 = raised(&of_2, 6, &of_2);
    let of_8 = raised(&of_4, 12, &of_4);
    let of_10 = raised(&of_8, 6, &of_2);
    let high = raised(&of_10, 31, &of_10);
    let high = raised(&high, 1, &of_10);
    let mut low = p10;
    for lane in 0..STATE_WIDTH {
        low[lane] = p10[lane] * p100[lane] * state[lane];
    }
    raised(&high, 2, &low)
}
