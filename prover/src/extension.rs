//! The fixed columns once they are extended: polynomials, rows of the low-degree extension, and the tree over them whose root is the model's.
//! Which values they hold is decided in [`crate::program`].

use std::sync::Arc;

use maat_verifier::Goldilocks;
use maat_verifier::TreeHasher;
use rayon::prelude::*;
use winterfell::StarkDomain;
use winterfell::crypto::{Digest, Hasher, MerkleTree};
use winterfell::math::{FieldElement, StarkField, fft};
use winterfell::matrix::{ColMatrix, RowMatrix, Segment, get_evaluation_offsets};

use crate::program::{TraceProgram, fixed_columns};

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

    /// The root of the fixed columns' tree, without holding their extension in memory: twice the trace length at a time, the least that
    /// winterfell extends to.
    pub(crate) fn root<H: TreeHasher>(&self, blowup: usize) -> [u8; 32] {
        let rows = self.polynomials.num_rows();
        let generator = Goldilocks::get_root_of_unity((rows * blowup).ilog2());
        let twiddles = fft::get_twiddles::<Goldilocks>(rows);
        let mut leaves = vec![H::Digest::default(); rows * blowup];
        let cosets = blowup / 2;
        for coset in 0..cosets {
            let offset = Goldilocks::GENERATOR * generator.exp_vartime(coset as u64);
            let domain = StarkDomain::from_twiddles(twiddles.clone(), 2, offset);
            let extension = RowMatrix::evaluate_polys_over::<SEGMENT_WIDTH>(&self.polynomials, &domain);
            leaves
                .par_iter_mut()
                .skip(coset)
                .step_by(cosets)
                .enumerate()
                .for_each(|(row, leaf)| *leaf = H::hash_elements(extension.row(row)));
        }
        root_of(&MerkleTree::<H>::new(leaves).expect("a domain has at least two points"))
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
