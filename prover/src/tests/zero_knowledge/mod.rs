//! Hiding proofs hide: tested on the production prover, and each test fails without what it is about.
//!
//! | file | what it shows |
//! |---|---|
//! | [`same_transcript`] | whatever a proof opens, every other witness opens it too, with randomness that is as likely |
//! | [`taken_out`] | without any one of the masks that is not so, and the proof tells the witnesses apart |
//! | [`ranks`] | the equations behind it have full rank for all presets, lengths and kinds of queries |
//! | [`openings`] | what is opened is distributed uniformly, and no two proofs open the same |
//! | [`fresh`] | masks come from the system, the statement and the witness |
//!
//! The rest are tools: [`coin`] draws challenges that do not depend on what is committed to, [`replay`] proves with chosen masks, [`points`]
//! and [`linear`] are the equations, and [`reconcile`] solves them.
//!
//! # The argument
//!
//! Fix the challenges and the set `Q` of `q` queried points, and let `P` be `Q`, `z` and `g z`. A proof opens every column at `P`, and the
//! low-degree test's polynomial `D` in more places. For a proof with the witness `w` and the randomness `r`, and any other witness `w'` of the
//! statement, there are as many `r'` with which `w'` opens the same as there are `r` with which `w` does. As `r` is uniform, what is opened
//! does not depend on the witness. Digests are left, of which those of unopened leaves are those of unknown rows.
//!
//! 1. *Columns over the base field.* A column is `f(x) = f_w(x) + sum_j r_j L_j(x)`, where `L_j` is 1 in the mask row `j` and 0 in all others.
//!    It is opened at `Q`, and at `z` and `g z`, where each value is `e` elements of the base field: `q + 2 e` equations for 95 unknowns,
//!    always solvable, because `sum_j r_j L_j` is `(x^N - 1) / E(x)` times any polynomial of degree below 95, where `E` vanishes in the mask
//!    rows, and interpolates everything at `P` and the conjugates of `z` and `g z`.
//! 2. *Auxiliary columns*, likewise: `q + 2` equations over the extension.
//! 3. *Quotients.* `H = C(f) / Z + a_0 R_0(g x) x^(N/2) E_K(x) + a_1 R_1(g x) x^(5N/4) E_K(x)`, where the first term is that of all
//!    constraints that say something, and `E_K` vanishes in the last 96 rows. The opened values of `R_0` and `R_1` and of the three pieces of
//!    `H` are `5 (q + 2)` equations for `2 N` unknowns. They are solvable whatever the first term is, but for one combination for each point
//!    `x` whose `g x` is in `P` too: there `H(x)` is what the constraints give for opened values, and so it is the same for both witnesses.
//!    One such point is `z`.
//! 4. *The low-degree test.* `D(x) = sum_f c_f ((f(x) - f(z)) / (x - z) + (f(x) - f(g z)) / (x - g z))` over all columns `f`. It stays the
//!    same if `S' = S + sum_f c_f (f - f') / c_S`, over all columns but `S`. All `f - f'` vanish at `P`, so `S'` opens as `S` does.

mod coin;
mod fresh;
mod linear;
mod openings;
mod points;
mod ranks;
mod reconcile;
mod replay;
mod same_transcript;
mod taken_out;

use maat_runtime::primitives::{Affine, ArgMax};
use maat_runtime::{Executor, Interval, Model, ModelBuilder, Primitive, Requantise, Shape};
use maat_verifier::{Goldilocks, Salt, SideOpening};
use winterfell::crypto::hashers::Blake3_256;
use winterfell::math::fields::{CubeExtension, QuadExtension};

use coin::{Adjacent, Apart, FixedCoin};

type Blake3 = Blake3_256<Goldilocks>;
type Quadratic = QuadExtension<Goldilocks>;
type Cubic = CubeExtension<Goldilocks>;
type Coin = FixedCoin<Blake3, Apart>;
type AdjacentCoin = FixedCoin<Blake3, Adjacent>;

/// A model with one output of few values, so that many inputs have the same.
fn classifier() -> Model {
    let mut builder = ModelBuilder::new("classifier");
    let x = builder.input("x", Shape::new(&[1, 4]).unwrap(), 0, Interval::of_bits(8)).unwrap();
    let weights = vec![3, -1, 4, 1, -5, 9, 2, -6, 5, 3, -5, 8];
    let requantise = Requantise { shift: vec![4], lo: -128, hi: 127 };
    let scores = Primitive::Affine(Affine { groups: 1, inputs: 4, weights, bias: vec![2, -7, 1], requantise });
    let scores = builder.node("scores", scores, &[x], 0).unwrap();
    let class = builder.node("class", Primitive::ArgMax(ArgMax { axis: 1, keep_axis: false }), &[scores], 0).unwrap();
    builder.finish(&[("class", class)]).unwrap()
}

/// Two inputs of the classifier, and the output of both.
fn inputs_of_one_class() -> ([Vec<i32>; 2], Vec<i32>) {
    let (model, inputs) = (classifier(), [vec![1, 2, 3, 4], vec![-20, 5, -60, 90]]);
    let mut executor = Executor::new(&model);
    let mut class = |input: &Vec<i32>| executor.run(std::slice::from_ref(input)).unwrap().concat();
    let classes = inputs.each_ref().map(&mut class);
    assert_eq!(classes[0], classes[1]);
    (inputs, classes[0].clone())
}

/// Opens a digest of the classifier's output, with a salt that stays the same.
fn opening_of(class: &[i32]) -> SideOpening {
    SideOpening { salt: Salt::new([7; 32]), values: vec![class.to_vec()] }
}
