//! The extended trace of a model proof, in the verifier's two trees. The fixed columns' tree comes from the proving key.

use std::sync::Arc;

use maat_verifier::Goldilocks;
use maat_verifier::{SplitHasher, SplitTree, TreeHasher};
use winter_air::proof::Queries;
use winterfell::crypto::{Hasher, VectorCommitment};
use winterfell::math::FieldElement;
use winterfell::matrix::{ColMatrix, RowMatrix};
use winterfell::{EvaluationFrame, PartitionOptions, StarkDomain, TraceInfo, TraceLde};

use crate::extension::{Extension, SEGMENT_WIDTH, tree_over};

/// The extended trace, whose fixed columns were extended and committed to beforehand.
pub(crate) struct SplitTraceLde<E: FieldElement, H: Hasher> {
    fixed: Arc<Extension<H>>,
    /// Columns before the fixed ones.
    witness_width: usize,
    rest: RowMatrix<Goldilocks>,
    main: SplitTree<H>,
    auxiliary: Option<(RowMatrix<E>, SplitTree<H>)>,
    info: TraceInfo,
    blowup: usize,
}

impl<E: FieldElement<BaseField = Goldilocks>, H: TreeHasher> SplitTraceLde<E, H> {
    /// Extends and commits to the columns that are not fixed, given as polynomials. `witness_width` of them stand before the fixed ones.
    pub(crate) fn new(
        (fixed, witness_width): (Arc<Extension<H>>, usize),
        info: &TraceInfo,
        rest: &ColMatrix<Goldilocks>,
        domain: &StarkDomain<Goldilocks>,
    ) -> Self {
        let rest = RowMatrix::evaluate_polys_over::<SEGMENT_WIDTH>(rest, domain);
        let trees = vec![fixed.tree.clone(), Arc::new(tree_over(&rest))];
        let main = SplitTree::from_trees(trees).expect("all trees are over one domain");
        Self { fixed, witness_width, rest, main, auxiliary: None, info: info.clone(), blowup: domain.trace_to_lde_blowup() }
    }

    /// A row of the main segment: the fixed columns stand behind the witness, and those of the sponges behind them.
    fn read_main(&self, step: usize, row: &mut [Goldilocks]) {
        let (fixed, rest) = (self.fixed.rows.row(step), self.rest.row(step));
        let (witness, sponges) = rest.split_at(self.witness_width);
        row[..self.witness_width].copy_from_slice(witness);
        row[self.witness_width..][..fixed.len()].copy_from_slice(fixed);
        row[self.witness_width + fixed.len()..].copy_from_slice(sponges);
    }
}

impl<E, H> TraceLde<E> for SplitTraceLde<E, H>
where
    E: FieldElement<BaseField = Goldilocks>,
    H: TreeHasher + Send + Sync,
{
    type HashFn = SplitHasher<H>;
    type VC = SplitTree<H>;

    fn get_main_trace_commitment(&self) -> maat_verifier::Digest {
        VectorCommitment::<Self::HashFn>::commitment(&self.main)
    }

    fn set_aux_trace(&mut self, trace: &ColMatrix<E>, domain: &StarkDomain<Goldilocks>) -> (ColMatrix<E>, maat_verifier::Digest) {
        let polynomials = trace.interpolate_columns();
        let rows = RowMatrix::evaluate_polys_over::<SEGMENT_WIDTH>(&polynomials, domain);
        let tree: Self::VC = rows.commit_to_rows::<Self::HashFn, Self::VC>(PartitionOptions::new(1, 1));
        let commitment = VectorCommitment::<Self::HashFn>::commitment(&tree);
        self.auxiliary = Some((rows, tree));
        (polynomials, commitment)
    }

    fn read_main_trace_frame_into(&self, step: usize, frame: &mut EvaluationFrame<Goldilocks>) {
        self.read_main(step, frame.current_mut());
        self.read_main((step + self.blowup) % self.trace_len(), frame.next_mut());
    }

    fn read_aux_trace_frame_into(&self, step: usize, frame: &mut EvaluationFrame<E>) {
        let (rows, _) = self.auxiliary.as_ref().expect("winterfell sets the auxiliary segment before it reads it");
        frame.current_mut().copy_from_slice(rows.row(step));
        frame.next_mut().copy_from_slice(rows.row((step + self.blowup) % self.trace_len()));
    }

    fn query(&self, positions: &[usize]) -> Vec<Queries> {
        let open = |tree: &Self::VC| {
            let opened = VectorCommitment::<Self::HashFn>::open_many(tree, positions);
            opened.expect("winterfell draws positions within the domain, each once").1
        };
        let main = positions.iter().map(|position| {
            let mut row = vec![Goldilocks::ZERO; self.info.main_trace_width()];
            self.read_main(*position, &mut row);
            row
        });
        let main = Queries::new::<Self::HashFn, Goldilocks, Self::VC>(open(&self.main), main.collect());
        let auxiliary = self.auxiliary.iter().map(|(rows, tree)| {
            let states = positions.iter().map(|position| rows.row(*position).to_vec()).collect();
            Queries::new::<Self::HashFn, E, Self::VC>(open(tree), states)
        });
        [main].into_iter().chain(auxiliary).collect()
    }

    fn trace_len(&self) -> usize {
        self.rest.num_rows()
    }

    fn blowup(&self) -> usize {
        self.blowup
    }

    fn trace_info(&self) -> &TraceInfo {
        &self.info
    }
}
