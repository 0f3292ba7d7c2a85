//! The fixed columns of a program and their commitment.

use std::sync::Arc;

use maat_verifier::TreeHasher;
use rayon::prelude::*;
use winterfell::StarkDomain;
use winterfell::crypto::{Digest, MerkleTree};
use winterfell::math::fields::f64::BaseElement;
use winterfell::math::{FieldElement, StarkField, fft};
use winterfell::matrix::{ColMatrix, RowMatrix};

use crate::program::{Program, fixed_columns};

/// Columns that are extended at a time: what winterfell's own prover takes.
pub(crate) const SEGMENT_WIDTH: usize = 8;

/// The fixed columns, and the polynomials through them.
#[derive(Debug)]
pub(crate) struct Fixed {
    pub(crate) columns: Vec<Vec<BaseElement>>,
    pub(crate) polynomials: ColMatrix<BaseElement>,
}

impl Fixed {
    pub(crate) fn new(program: &Program) -> Self {
        Self::of(fixed_columns(program))
    }

    /// Any columns.
    pub(crate) fn of(columns: Vec<Vec<BaseElement>>) -> Self {
        let polynomials = ColMatrix::new(columns.clone()).interpolate_columns_into();
        Self { columns, polynomials }
    }

    /// The root of the fixed columns' tree, without holding their extension in memory: twice the trace length at a time, the least that
    /// winterfell extends to.
    pub(crate) fn root<H: TreeHasher>(&self, blowup: usize) -> [u8; 32] {
        let rows = self.polynomials.num_rows();
        let generator = BaseElement::get_root_of_unity((rows * blowup).ilog2());
        let twiddles = fft::get_twiddles::<BaseElement>(rows);
        let mut leaves = vec![H::Digest::default(); rows * blowup];
        let cosets = blowup / 2;
        for coset in 0..cosets {
            let offset = BaseElement::GENERATOR * generator.exp_vartime(coset as u64);
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

/// The low-degree extension of the fixed columns, and the tree over its rows.
#[derive(Debug)]
pub(crate) struct Extension<H: TreeHasher> {
    pub(crate) rows: RowMatrix<BaseElement>,
    pub(crate) tree: Arc<MerkleTree<H>>,
}

impl<H: TreeHasher> Extension<H> {
    pub(crate) fn new(fixed: &Fixed, blowup: usize) -> Self {
        let rows = RowMatrix::evaluate_polys::<SEGMENT_WIDTH>(&fixed.polynomials, blowup);
        let tree = Arc::new(tree_over(&rows, 0..rows.num_cols()));
        Self { rows, tree }
    }

    pub(crate) fn root(&self) -> [u8; 32] {
        root_of(&self.tree)
    }
}

fn root_of<H: TreeHasher>(tree: &MerkleTree<H>) -> [u8; 32] {
    tree.root().as_bytes()
}

/// The tree over some columns of a matrix.
pub(crate) fn tree_over<H: TreeHasher>(matrix: &RowMatrix<BaseElement>, columns: std::ops::Range<usize>) -> MerkleTree<H> {
    let leaf = |row| H::hash_elements(&matrix.row(row)[columns.clone()]);
    let leaves = (0..matrix.num_rows()).into_par_iter().with_min_len(128).map(leaf).collect();
    MerkleTree::new(leaves).expect("a domain has at least two points")
}
