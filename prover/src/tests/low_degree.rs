//! Provers that get as far as the low-degree test.
//!
//! Where a trace breaks a constraint, its quotients are not polynomials, and their values at the point `z` out of the domain are not what the
//! constraints give there: the verifier stops at once. A prover that tells it what it asks for passes, and the queries have to object. This is
//! winterfell's `Prover::prove` once more, with room for that lie, and for one about the low-degree test's remainder.

use maat_verifier::VerifyError;
use winter_air::proof::{Commitments, Context, OodFrame, QuotientOodFrame, TraceOodFrame, merge_ood_evaluations};
use winter_fri::{FriProof, FriProver, ProverChannel, VerifierError as FriError};
use winter_prover::ConstraintCommitment;
use winter_verifier::{Deserializable, Serializable, VerifierError};
use winterfell::crypto::{ElementHasher, Hasher, RandomCoin};
use winterfell::math::{FieldElement, ToElements, batch_inversion, polynom};
use winterfell::matrix::RowMatrix;
use winterfell::{
    Air, AuxRandElements, ConstraintCompositionCoefficients, ConstraintEvaluator, EvaluationFrame, PartitionOptions, Proof, Prover,
    StarkDomain, Trace, TraceLde,
};

/// What the verifier says of a trace that breaks a constraint, whichever: its quotients are not polynomials.
pub(crate) const BROKEN_CONSTRAINT: VerifyError = VerifyError::Stark(VerifierError::InconsistentOodConstraintEvaluations);

/// Where a prover lies after the trace is committed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lie {
    /// Nowhere.
    None,
    /// The quotients have the values at `z` that the constraints give. What is tested are polynomials with these values: of low degree, but
    /// not the ones that were committed to.
    Polynomials,
    /// The same values, but what is tested comes from the quotients that were committed to: then it is of no low degree.
    Committed,
    /// Another remainder, committed to before the queries are drawn.
    Remainder,
}

/// What the queries say of a false proof that gets as far as them.
pub(crate) fn of_queries<T>(error: FriError) -> Result<T, VerifyError> {
    Err(VerifyError::Stark(VerifierError::FriVerificationFailed(error)))
}

/// Lies about the quotients of a true statement change nothing, and those about a false one are found. `told` gives the verifier's word on a proof
/// with a lie.
#[track_caller]
pub(crate) fn assert_lies_are_found<S, T>(told: impl Fn(&S, Lie) -> Result<T, VerifyError>, honest: &S, forged: &S)
where
    T: std::fmt::Debug + PartialEq,
{
    // A true statement has nothing to lie about, so these are honest too.
    for lie in [Lie::Polynomials, Lie::Committed] {
        told(honest, lie).unwrap();
    }
    assert_eq!(told(forged, Lie::None), Err(BROKEN_CONSTRAINT));
    // What is tested is not what the openings give (DEEP).
    assert_eq!(told(forged, Lie::Polynomials), of_queries(FriError::InvalidLayerFolding(0)));
    // What is tested is what the openings give, but of no low degree (FRI).
    assert_eq!(told(forged, Lie::Committed), of_queries(FriError::InvalidRemainderFolding));
}

/// What the prover has told the verifier, and what the verifier draws.
struct Channel<P: Prover, E> {
    coin: P::RandomCoin,
    commitments: Commitments,
    /// Layers of the low-degree test that are still to come.
    layers: usize,
    /// What is committed to after them, if it is not the remainder.
    remainder: Option<Vec<E>>,
}

impl<P: Prover, E> Channel<P, E> {
    fn commit(&mut self, commitment: <P::HashFn as Hasher>::Digest) {
        self.commitments.add::<P::HashFn>(&commitment);
        self.coin.reseed(commitment);
    }
}

impl<P: Prover, E: FieldElement<BaseField = P::BaseField>> ProverChannel<E> for Channel<P, E> {
    type Hasher = P::HashFn;

    fn commit_fri_layer(&mut self, layer: <P::HashFn as Hasher>::Digest) {
        let forged = self.remainder.as_ref().filter(|_| self.layers == 0);
        let commitment = forged.map_or(layer, |remainder| P::HashFn::hash_elements(remainder));
        self.commit(commitment);
        self.layers = self.layers.saturating_sub(1);
    }

    fn draw_fri_alpha(&mut self) -> E {
        self.coin.draw().unwrap()
    }
}

/// The value that the constraints ask for at a point, given the trace's values there.
fn asked<A: Air, E: FieldElement<BaseField = A::BaseField>>(
    air: &A,
    coefficients: &ConstraintCompositionCoefficients<E>,
    random: &AuxRandElements<E>,
    frame: &TraceOodFrame<E>,
    z: E,
) -> E {
    let (main, auxiliary) = (frame.main_frame(), frame.aux_frame().expect("there are two segments"));
    let transitions = air.get_transition_constraints(&coefficients.transition);
    let periodic = |column: &Vec<A::BaseField>| polynom::eval(column, z.exp_vartime(((air.trace_length() / column.len()) as u32).into()));
    let periodic: Vec<E> = air.get_periodic_column_polys().iter().map(periodic).collect();
    let mut of_main = vec![E::ZERO; transitions.num_main_constraints()];
    let mut of_auxiliary = vec![E::ZERO; transitions.num_aux_constraints()];
    air.evaluate_transition(&main, &periodic, &mut of_main);
    air.evaluate_aux_transition(&main, &auxiliary, &periodic, random, &mut of_auxiliary);
    let boundaries = air.get_boundary_constraints(Some(random), &coefficients.boundary);
    let of_boundaries = boundaries.main_constraints().iter().map(|group| group.evaluate_at(main.current(), z));
    let of_boundaries = of_boundaries.chain(boundaries.aux_constraints().iter().map(|group| group.evaluate_at(auxiliary.current(), z)));
    of_boundaries.fold(transitions.combine_evaluations::<E>(&of_main, &of_auxiliary, z), |sum, value| sum + value)
}

/// Proves what a prover is given, in the extension `E`, with a lie.
pub(crate) fn prove<P, E>(prover: &P, trace: &P::Trace, lie: Lie) -> Proof
where
    P: Prover,
    E: FieldElement<BaseField = P::BaseField>,
{
    let public_inputs = prover.get_pub_inputs(trace);
    let statement = public_inputs.to_elements();
    let air = P::Air::new(trace.info().clone(), public_inputs, prover.options().clone());
    let constraints = air.context().num_transition_constraints() + air.context().num_assertions();
    let context = Context::new::<P::BaseField>(air.trace_info().clone(), air.options().clone(), constraints);
    let (domain, partitions) = (StarkDomain::new(&air), PartitionOptions::new(1, 1));
    let fri_options = air.options().to_fri_options();
    let layers = fri_options.num_fri_layers(context.lde_domain_size());
    let remainder = (0..layers).fold(air.trace_length(), |length, _| length / fri_options.folding_factor());
    let remainder = (lie == Lie::Remainder).then(|| vec![E::ONE; remainder]);
    let coin = P::RandomCoin::new(&[context.to_elements(), statement].concat());
    let mut channel = Channel::<P, E> { coin, commitments: Commitments::default(), layers, remainder: remainder.clone() };

    // The trace.
    let (mut lde, mut polynomials) = prover.new_trace_lde::<E>(trace.info(), trace.main_segment(), &domain, partitions);
    channel.commit(lde.get_main_trace_commitment());
    let random = air.get_aux_rand_elements::<E, _>(&mut channel.coin).unwrap();
    let (auxiliary, commitment) = lde.set_aux_trace(&prover.build_aux_trace(trace, &random), &domain);
    channel.commit(commitment);
    polynomials.add_aux_segment(auxiliary);

    // The quotients.
    let coefficients = air.get_constraint_composition_coefficients::<E, _>(&mut channel.coin).unwrap();
    let evaluator = prover.new_evaluator(&air, Some(random.clone()), coefficients.clone());
    let columns = air.context().num_constraint_composition_columns();
    let composition = evaluator.evaluate(&lde, &domain);
    let (committed, quotients) = prover.build_constraint_commitment::<E>(composition, columns, &domain, partitions);
    channel.commit(committed.commitment());

    // Their values out of the domain, the first quotient's at z as the constraints ask for.
    let z: E = channel.coin.draw().unwrap();
    let points = [z, z * E::from(air.trace_domain_generator())];
    let (frame, honest) = (polynomials.get_ood_frame(z), quotients.get_ood_frame(z));
    let mut at_z = honest.current_row().to_vec();
    let found = (0u32..).zip(&at_z).fold(E::ZERO, |sum, (i, value)| sum + z.exp_vartime((i * air.trace_length() as u32).into()) * *value);
    let missing = match lie {
        Lie::Polynomials | Lie::Committed => asked(&air, &coefficients, &random, &frame, z) - found,
        Lie::None | Lie::Remainder => E::ZERO,
    };
    at_z[0] += missing;
    let claimed = QuotientOodFrame::new(at_z, honest.next_row().to_vec());
    let mut ood_frame = OodFrame::default();
    ood_frame.set_trace_states(&frame);
    ood_frame.set_quotient_states(&claimed);
    channel.coin.reseed(P::HashFn::hash_elements(&merge_ood_evaluations(&frame, &claimed)));

    // What is tested, at every point x of the domain: the sum of (f(x) - f(z)) / (x - z) and the same for the next row, over all columns f.
    let coefficients = air.get_deep_composition_coefficients::<E, _>(&mut channel.coin).unwrap();
    let coefficients = [&coefficients.trace[..], &coefficients.constraints].concat();
    let at_points = [[frame.current_row(), claimed.current_row()].concat(), [frame.next_row(), claimed.next_row()].concat()];
    let quotients = RowMatrix::evaluate_polys_over::<8>(quotients.data(), &domain);
    let mut main = EvaluationFrame::new(trace.info().main_trace_width());
    let mut auxiliary = EvaluationFrame::new(trace.info().aux_segment_width());
    let mut tested = Vec::with_capacity(domain.lde_domain_size());
    for step in 0..domain.lde_domain_size() {
        let x = E::from(domain.offset() * air.lde_domain_generator().exp_vartime((step as u32).into()));
        lde.read_main_trace_frame_into(step, &mut main);
        lde.read_aux_trace_frame_into(step, &mut auxiliary);
        let mut row: Vec<E> = main.current().iter().map(|value| E::from(*value)).chain(auxiliary.current().iter().copied()).collect();
        let first_quotient = row.len();
        row.extend(quotients.row(step));
        if lie == Lie::Polynomials {
            // A polynomial that is `missing` at z and 0 in the next row.
            row[first_quotient] += missing * (x - points[1]) / (z - points[1]);
        }
        let inverse = batch_inversion(&points.map(|point| x - point));
        let terms = at_points.iter().zip(inverse).map(|(claimed, inverse)| {
            let differences = row.iter().zip(claimed).zip(&coefficients);
            differences.fold(E::ZERO, |sum, ((value, claimed), coefficient)| sum + (*value - *claimed) * *coefficient) * inverse
        });
        tested.push(terms.fold(E::ZERO, |sum, term| sum + term));
    }

    // The low-degree test.
    let mut fri = FriProver::<E, Channel<P, E>, P::HashFn, P::VC>::new(fri_options);
    fri.build_layers(&mut channel, tested);
    let bits = air.options().grinding_factor();
    let pow_nonce = (1..).find(|nonce| channel.coin.check_leading_zeros(*nonce) >= bits).unwrap();
    let mut positions = channel.coin.draw_integers(air.options().num_queries(), domain.lde_domain_size(), pow_nonce).unwrap();
    positions.sort_unstable();
    positions.dedup();
    let mut fri_proof = fri.build_proof(&positions);
    if let Some(remainder) = remainder {
        // It comes before the number of partitions, which is a byte.
        let mut bytes = fri_proof.to_bytes();
        let remainder: Vec<u8> = remainder.iter().flat_map(E::to_bytes).collect();
        let end = bytes.len() - 1;
        bytes[end - remainder.len()..end].copy_from_slice(&remainder);
        fri_proof = FriProof::read_from_bytes(&bytes).unwrap();
    }
    Proof {
        context,
        num_unique_queries: positions.len() as u8,
        commitments: channel.commitments,
        trace_queries: lde.query(&positions),
        constraint_queries: committed.query(&positions),
        ood_frame,
        fri_proof,
        pow_nonce,
    }
}
