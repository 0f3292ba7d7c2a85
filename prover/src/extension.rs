//! The fixed columns once they are extended: polynomials, rows of the low-degree extension, and the tree over them whose root is the model's.
//! Which values they hold is decided in [`crate::program`].

use std::sync::Arc;

use maat_verifier::{Blake2s256, Goldilocks, Hash, Poseidon, TreeHasher};
use rayon::prelude::*;
use winterfell::StarkDomain;
use winterfell::crypto::hashers::Blake3_256;
use winterfell::crypto::{Digest, Hasher, MerkleTree};
use winterfell::math::{FieldElement, StarkField, fft};
use winterfell::matrix::{ColMatrix, RowMatrix, Segment, get_evaluation_offsets};

use crate::program::{TraceProgram, fixed_columns};

pub(crate) type Blake3 = Blake3_256<Goldilocks>;

/// Columns that are extended at a time: what winterfell's own prover takes.
pub(crate) const SEGMENT_WIDTH: usize = 8;

/// The fixed columns, and the polynomials through them.
#[derive(Debug)]
pub(crate) struct Fixed {
    pub(crate) columns: Vec<Vec<Goldilocks>>,
    pub(crate) polynomials: ColMatrix<Goldilocks>,
}

impl Fixed {
    pub(crate) fn new(program: &TraceProgram) -> Self {
        Self::interpolate(fixed_columns(program))
    }

    /// Any columns, with the polynomials through them.
    pub(crate) fn interpolate(columns: Vec<Vec<Goldilocks>>) -> Self {
        let polynomials = ColMatrix::new(columns.clone()).interpolate_columns_into();
        Self { columns, polynomials }
    }

    /// The roots of the fixed columns' trees with some hash functions and blow-ups, without holding an extension in memory. The domain of a
    /// smaller blow-up is part of that of a larger one, so the columns are extended once.
    pub(crate) fn roots(&self, trees: &[(Hash, usize)]) -> Vec<[u8; 32]> {
        let largest = trees.iter().map(|(_, blowup)| *blowup).max().unwrap_or(2);
        let leaves = |(hash, blowup): &(Hash, usize)| -> (usize, Box<dyn Hashed>) {
            let leaves: Box<dyn Hashed> = match hash {
                Hash::Blake3 => Box::new(Leaves::<Blake3>::new(self, *blowup)),
                Hash::Blake2s => Box::new(Leaves::<Blake2s256>::new(self, *blowup)),
                Hash::Poseidon => Box::new(Leaves::<Poseidon>::new(self, *blowup)),
            };
            (largest / blowup, leaves)
        };
        let mut trees: Vec<(usize, Box<dyn Hashed>)> = trees.iter().map(leaves).collect();
        self.extend_by_cosets(largest, &mut |coset, extension| {
            for (step, leaves) in trees.iter_mut().filter(|(step, _)| coset.is_multiple_of(*step)) {
                leaves.hash(coset / *step, extension);
            }
        });
        trees.into_iter().map(|(_, leaves)| leaves.root()).collect()
    }

    /// Extends the columns to twice the trace length at a time, the least that winterfell extends to: coset `c` holds the rows that leave `c` when
    /// they are divided by the number of cosets.
    fn extend_by_cosets(&self, blowup: usize, each: &mut dyn FnMut(usize, &RowMatrix<Goldilocks>)) {
        let rows = self.polynomials.num_rows();
        let generator = Goldilocks::get_root_of_unity((rows * blowup).ilog2());
        let twiddles = fft::get_twiddles::<Goldilocks>(rows);
        for coset in 0..blowup / 2 {
            let offset = Goldilocks::GENERATOR * generator.exp_vartime(coset as u64);
            let domain = StarkDomain::from_twiddles(twiddles.clone(), 2, offset);
            each(coset, &RowMatrix::evaluate_polys_over::<SEGMENT_WIDTH>(&self.polynomials, &domain));
        }
    }
}

/// The leaves of a tree over the fixed columns' extension.
struct Leaves<H: Hasher> {
    leaves: Vec<H::Digest>,
    cosets: usize,
}

/// Leaves with some hash function.
trait Hashed {
    /// Hashes the rows of a coset.
    fn hash(&mut self, coset: usize, extension: &RowMatrix<Goldilocks>);

    /// The root of the tree over the leaves.
    fn root(self: Box<Self>) -> [u8; 32];
}

impl<H: TreeHasher> Leaves<H> {
    fn new(fixed: &Fixed, blowup: usize) -> Self {
        Self { leaves: vec![H::Digest::default(); fixed.polynomials.num_rows() * blowup], cosets: blowup / 2 }
    }
}

impl<H: TreeHasher> Hashed for Leaves<H> {
    fn hash(&mut self, coset: usize, extension: &RowMatrix<Goldilocks>) {
        let leaves = self.leaves.par_iter_mut().skip(coset).step_by(self.cosets).enumerate();
        leaves.for_each(|(row, leaf)| *leaf = H::hash_elements(extension.row(row)));
    }

    fn root(self: Box<Self>) -> [u8; 32] {
        root_of(&MerkleTree::<H>::new(self.leaves).expect("a domain has at least two points"))
    }
}

/// A matrix in rows, which can be read from a file as it was written there; winterfell's own can only be computed.
#[derive(Debug, PartialEq)]
pub(crate) struct Rows {
    values: Vec<Goldilocks>,
    width: usize,
}

impl Rows {
    /// The rows of the given width that values make, one after the other.
    pub(crate) fn new(values: Vec<Goldilocks>, width: usize) -> Self {
        debug_assert!(values.len().is_multiple_of(width));
        Self { values, width }
    }

    /// The low-degree extension of polynomials, on the coset that winterfell takes.
    fn extend(polynomials: &ColMatrix<Goldilocks>, blowup: usize) -> Self {
        let (length, width) = (polynomials.num_rows(), polynomials.num_cols());
        let offsets = get_evaluation_offsets::<Goldilocks>(length, blowup, Goldilocks::GENERATOR);
        let twiddles = fft::get_twiddles::<Goldilocks>(length);
        let mut values = vec![Goldilocks::ZERO; length * blowup * width];
        for first in (0..width).step_by(SEGMENT_WIDTH) {
            let segment = Segment::<Goldilocks, SEGMENT_WIDTH>::new(polynomials, first, &offsets, &twiddles);
            let columns = first..width.min(first + SEGMENT_WIDTH);
            let write = |(row, values): (&mut [Goldilocks], &[Goldilocks; SEGMENT_WIDTH])| {
                row[columns.clone()].copy_from_slice(&values[..columns.len()]);
            };
            values.par_chunks_mut(width).zip(segment.par_iter()).with_min_len(128).for_each(write);
        }
        Self { values, width }
    }

    pub(crate) fn row(&self, row: usize) -> &[Goldilocks] {
        &self.values[row * self.width..][..self.width]
    }

    /// All values, row by row.
    pub(crate) fn values(&self) -> &[Goldilocks] {
        &self.values
    }

    fn len(&self) -> usize {
        self.values.len() / self.width
    }
}

/// The low-degree extension of the fixed columns, and the tree over its rows.
// Structs ask for `Hasher` only: on the equality of digests in `TreeHasher`, rustdoc 1.95 panics.
#[derive(Debug)]
pub(crate) struct Extension<H: Hasher> {
    pub(crate) rows: Rows,
    pub(crate) tree: Arc<MerkleTree<H>>,
}

impl<H: TreeHasher> Extension<H> {
    pub(crate) fn new(fixed: &Fixed, blowup: usize) -> Self {
        Self::over(Rows::extend(&fixed.polynomials, blowup))
    }

    /// The tree over rows that are there already.
    pub(crate) fn over(rows: Rows) -> Self {
        let tree = Arc::new(tree(rows.len(), |row| rows.row(row)));
        Self { rows, tree }
    }

    pub(crate) fn root(&self) -> [u8; 32] {
        root_of(&self.tree)
    }
}

fn root_of<H: TreeHasher>(tree: &MerkleTree<H>) -> [u8; 32] {
    tree.root().as_bytes()
}

/// The tree over the rows of a matrix.
pub(crate) fn tree_over<H: TreeHasher>(matrix: &RowMatrix<Goldilocks>) -> MerkleTree<H> {
    tree(matrix.num_rows(), |row| matrix.row(row))
}

fn tree<'m, H: TreeHasher>(rows: usize, row: impl Fn(usize) -> &'m [Goldilocks] + Sync) -> MerkleTree<H> {
    let leaves = (0..rows).into_par_iter().with_min_len(128).map(|index| H::hash_elements(row(index))).collect();
    MerkleTree::new(leaves).expect("a domain has at least two points")
}
