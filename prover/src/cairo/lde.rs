//! Low-degree extensions and their commitments.
//!
//! They differ from winterfell's own in one thing: winterfell extends eight columns side by side. Far fewer fill the processor's cache when
//! elements have 32 bytes, and groups of eight are padded: 15 columns would be extended for nothing, beside the 49 that there are.

use maat_verifier::{Digest, Felt252, SplitTree, TreeHash, WholeHasher};
use winter_air::proof::Queries;
use winter_prover::ConstraintCommitment;
use winterfell::crypto::{ElementHasher, Hasher, VectorCommitment};
use winterfell::math::FieldElement;
use winterfell::matrix::{ColMatrix, RowMatrix};
use winterfell::{
    CompositionPoly, CompositionPolyTrace, EvaluationFrame, PartitionOptions, StarkDomain, TraceInfo, TraceLde, TracePolyTable,
};

/// Columns that are extended side by side: a divisor of the main segment's 38, of the auxiliary segment's 9 and of the 2 of the quotient.
const MAIN: usize = 2;
const AUXILIARY: usize = 3;
const QUOTIENT: usize = 2;

/// Rows of a domain that is larger than the trace, and the tree over them.
struct Committed<E: FieldElement, H: Hasher> {
    rows: RowMatrix<E>,
    tree: SplitTree<H>,
}

impl<E, H> Committed<E, H>
where
    E: FieldElement<BaseField = Felt252>,
    H: ElementHasher<BaseField = Felt252> + TreeHash,
{
    fn new<const N: usize>(polynomials: &ColMatrix<E>, domain: &StarkDomain<Felt252>) -> Self {
        let rows = RowMatrix::evaluate_polys_over::<N>(polynomials, domain);
        let tree = rows.commit_to_rows::<WholeHasher<H>, SplitTree<H>>(PartitionOptions::new(1, 1));
        Self { rows, tree }
    }

    fn root(&self) -> Digest {
        VectorCommitment::<WholeHasher<H>>::commitment(&self.tree)
    }

    fn query(&self, positions: &[usize]) -> Queries {
        let opened = VectorCommitment::<WholeHasher<H>>::open_many(&self.tree, positions);
        let (_, opening) = opened.expect("winterfell draws positions within the domain, each once");
        let rows = positions.iter().map(|position| self.rows.row(*position).to_vec()).collect();
        Queries::new::<WholeHasher<H>, E, SplitTree<H>>(opening, rows)
    }

    fn read_frame(&self, step: usize, blowup: usize, frame: &mut EvaluationFrame<E>) {
        frame.current_mut().copy_from_slice(self.rows.row(step));
        frame.next_mut().copy_from_slice(self.rows.row((step + blowup) % self.rows.num_rows()));
    }
}

/// The extended trace.
pub(super) struct CairoTraceLde<E: FieldElement, H: Hasher> {
    main: Committed<Felt252, H>,
    auxiliary: Option<Committed<E, H>>,
    info: TraceInfo,
    blowup: usize,
}

impl<E, H> CairoTraceLde<E, H>
where
    E: FieldElement<BaseField = Felt252>,
    H: ElementHasher<BaseField = Felt252> + TreeHash,
{
    /// Extends the main segment and commits to it.
    pub(super) fn new(info: &TraceInfo, main: &ColMatrix<Felt252>, domain: &StarkDomain<Felt252>) -> (Self, TracePolyTable<E>) {
        let polynomials = main.interpolate_columns();
        let main = Committed::new::<MAIN>(&polynomials, domain);
        let lde = Self { main, auxiliary: None, info: info.clone(), blowup: domain.trace_to_lde_blowup() };
        (lde, TracePolyTable::new(polynomials))
    }
}

impl<E, H> TraceLde<E> for CairoTraceLde<E, H>
where
    E: FieldElement<BaseField = Felt252>,
    H: ElementHasher<BaseField = Felt252> + TreeHash + Send + Sync,
{
    type HashFn = WholeHasher<H>;
    type VC = SplitTree<H>;

    fn get_main_trace_commitment(&self) -> Digest {
        self.main.root()
    }

    fn set_aux_trace(&mut self, trace: &ColMatrix<E>, domain: &StarkDomain<Felt252>) -> (ColMatrix<E>, Digest) {
        let polynomials = trace.interpolate_columns();
        let committed = Committed::new::<AUXILIARY>(&polynomials, domain);
        let root = committed.root();
        self.auxiliary = Some(committed);
        (polynomials, root)
    }

    fn read_main_trace_frame_into(&self, step: usize, frame: &mut EvaluationFrame<Felt252>) {
        self.main.read_frame(step, self.blowup, frame);
    }

    fn read_aux_trace_frame_into(&self, step: usize, frame: &mut EvaluationFrame<E>) {
        let auxiliary = self.auxiliary.as_ref().expect("winterfell sets the auxiliary segment before it reads it");
        auxiliary.read_frame(step, self.blowup, frame);
    }

    fn query(&self, positions: &[usize]) -> Vec<Queries> {
        let auxiliary = self.auxiliary.as_ref().map(|auxiliary| auxiliary.query(positions));
        [self.main.query(positions)].into_iter().chain(auxiliary).collect()
    }

    fn trace_len(&self) -> usize {
        self.main.rows.num_rows()
    }

    fn blowup(&self) -> usize {
        self.blowup
    }

    fn trace_info(&self) -> &TraceInfo {
        &self.info
    }
}

/// The extended quotient of the constraints.
pub(super) struct QuotientCommitment<E: FieldElement, H: Hasher>(Committed<E, H>);

impl<E, H> QuotientCommitment<E, H>
where
    E: FieldElement<BaseField = Felt252>,
    H: ElementHasher<BaseField = Felt252> + TreeHash,
{
    /// Splits the quotient into columns, extends them and commits to them.
    pub(super) fn new(quotient: CompositionPolyTrace<E>, columns: usize, domain: &StarkDomain<Felt252>) -> (Self, CompositionPoly<E>) {
        let polynomial = CompositionPoly::new(quotient, domain, columns);
        let committed = Committed::new::<QUOTIENT>(polynomial.data(), domain);
        (Self(committed), polynomial)
    }
}

impl<E, H> ConstraintCommitment<E> for QuotientCommitment<E, H>
where
    E: FieldElement<BaseField = Felt252>,
    H: ElementHasher<BaseField = Felt252> + TreeHash + Send + Sync,
{
    type HashFn = WholeHasher<H>;
    type VC = SplitTree<H>;

    fn commitment(&self) -> Digest {
        self.0.root()
    }

    fn query(self, positions: &[usize]) -> Queries {
        self.0.query(positions)
    }
}
