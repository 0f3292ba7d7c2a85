//! Reads and verifies a STARK of winterfell from bytes that nobody vouches for. The verifiers of both kinds of proof share this.
//!
//! The stock reader trusts its input: it panics on a context that no prover writes and reserves what counts ask for. What the verifier
//! knows is therefore not parsed at all but compared with the bytes, and the rest is read within bounds. After [`read`] the following
//! places of winterfell 0.13.1 that panic or allocate by a proof's data are out of reach:
//!
//! | place | what it would do | why it does not |
//! |---|---|---|
//! | `TraceInfo::read_from`, `ProofOptions::read_from` | panic on most unusual values | the context is compared, never parsed |
//! | `Vec::read_from` in `Queries`, `read_many` in `FriProof` | reserve any number of bytes | [`BoundedReader`], and a limit on the whole |
//! | `BatchMerkleProof::read_from`, `2usize.pow(depth)` | reserve any number of lists; overflow | [`crate::SplitOpening`] reads within bounds |
//! | `Queries::parse`, `Table::from_bytes` | panic without queries, or with 255 and more | the number is compared with the preset's |
//! | `TraceQueries::new` | panics unless there are two segments | two are read |
//! | `OodFrame::parse` | panics unless a frame has two rows | the frame's bytes are compared |
//! | `FriProof::num_partitions` | overflows above 2^63 | the byte is zero |
//! | `take_next_fri_layer_proof` and `layer_commitments[depth]` | panic on a missing layer | the number of layers is compared |
//! | `Commitments::write_into` | panics at 2^16 - 1 bytes | never written here |
//! | `interpolate_batch` | panics in debug builds on values without a position | [`crate::SplitTree`] refuses them |
//! | `BatchMerkleProof::get_root` | panics at depth 64 and more | the depth is at most 30 |

use std::panic::{AssertUnwindSafe, catch_unwind};

use winter_air::proof::{Context, OodFrame, Proof};
use winter_air::{Air, AirContext, FieldExtension, ProofOptions};
use winter_verifier::crypto::{ElementHasher, RandomCoin, VectorCommitment};
use winter_verifier::math::fields::{CubeExtension, QuadExtension};
use winter_verifier::math::{FieldElement, StarkField};
use winter_verifier::{AcceptableOptions, ByteReader, Deserializable, DeserializationError, Serializable};

use crate::bounded::BoundedReader;
use crate::digest::{Digest, MAX_PARTS};
use crate::error::VerifyError;
use crate::poseidon::Poseidon;
use crate::preset::{Hash, Preset};
use crate::vector_commitment::TreeHash;

/// Everything that a statement implies for the shape of its proofs.
pub(crate) struct ProofShape {
    preset: Preset,
    /// The context of every proof of the statement.
    pub context: Context,
    /// Columns of the quotient.
    pub quotients: usize,
    /// Bytes of an element of the base field.
    base_element: usize,
    /// Layers of the low-degree test, without the remainder.
    pub layers: usize,
    /// Coefficients of the remainder.
    pub remainder: usize,
}

/// Names the part of the STARK that cannot be read.
pub(crate) fn malformed(part: &'static str) -> impl Fn(DeserializationError) -> VerifyError {
    move |source| VerifyError::Malformed { part, source }
}

impl ProofShape {
    /// The shape of the proofs of an AIR with this context, which was made with these options of the preset.
    pub fn new<B: StarkField>(preset: Preset, options: ProofOptions, air: &AirContext<B>) -> Self {
        let constraints = air.num_transition_constraints() + air.num_assertions();
        let context = Context::new::<B>(air.trace_info().clone(), options, constraints);
        let fri = context.options().to_fri_options();
        let layers = fri.num_fri_layers(context.lde_domain_size());
        let remainder = (0..layers).fold(context.trace_info().length(), |length, _| length / fri.folding_factor());
        let (quotients, base_element) = (air.num_constraint_composition_columns(), B::ELEMENT_BYTES);
        Self { preset, quotients, base_element, layers, remainder, context }
    }

    /// Bytes of an element of the extension field.
    fn element(&self) -> usize {
        self.base_element * self.context.options().field_extension().degree() as usize
    }

    /// Bytes of the evaluations out of the domain, of the trace and of the quotients: two rows each, after a byte that says so.
    fn frames(&self) -> [usize; 2] {
        [self.context.trace_info().width(), self.quotients].map(|width| 1 + 2 * width * self.element())
    }

    /// No proof of this shape is longer: every query opens its own path in every tree.
    fn longest(&self) -> usize {
        // The lengths and counts in front of a part take ten bytes at most.
        const COUNT: usize = 10;
        let info = self.context.trace_info();
        let (queries, folding) = (self.context.options().num_queries(), self.context.options().to_fri_options().folding_factor());
        let cap = match self.preset.hash() {
            Hash::Poseidon => 32 << Poseidon::CAP,
            Hash::Blake3 | Hash::Blake2s => 0,
        };
        let opening = |domain: usize, trees: usize| COUNT + trees * (COUNT + queries * (1 + 32 * domain.ilog2() as usize) + cap);
        let rows = |bytes: usize, domain: usize, trees: usize| 2 * COUNT + queries * bytes + opening(domain, trees);
        let domain = self.context.lde_domain_size();
        let layers = (1..=self.layers as u32).map(|layer| rows(folding * self.element(), domain / folding.pow(layer), 1));
        let digests = (4 + self.layers) * (1 + 32 * MAX_PARTS);
        self.context.to_bytes().len()
            + COUNT
            + digests
            + rows(self.base_element * info.main_trace_width(), domain, MAX_PARTS)
            + rows(self.element() * info.aux_segment_width(), domain, 1)
            + rows(self.element() * self.quotients, domain, 1)
            + self.frames().iter().sum::<usize>()
            + layers.sum::<usize>()
            + self.remainder * self.element()
            + 4 * COUNT
    }
}

// VERIFICATION
// ================================================================================================

/// Verifies a STARK: steps 4 to 7 of the protocol. The main trace must be committed to in `main_parts` trees, and `check_main` looks at their
/// roots before any challenge is drawn.
///
/// `shape` is that of the AIR with these public inputs. Nothing in either comes from the STARK.
///
/// # Errors
/// The STARK does not hold.
pub(crate) fn verify<A, H, R, V>(
    bytes: &[u8],
    shape: &ProofShape,
    public_inputs: A::PublicInputs,
    main_parts: usize,
    check_main: impl FnOnce(&Digest) -> Result<(), VerifyError>,
) -> Result<(), VerifyError>
where
    A: Air,
    H: ElementHasher<BaseField = A::BaseField, Digest = Digest>,
    R: RandomCoin<BaseField = A::BaseField, Hasher = H>,
    V: VectorCommitment<H>,
{
    // 4. The shape of the STARK: its context is the expected one, every count and length is the one that the context implies.
    let proof = read(bytes, shape)?;

    // 5. The commitments: each has the parts that belong to it, and those of the main trace are the statement's. Winterfell absorbs the same
    //    digests before it draws the challenges that follow them.
    let segments = shape.context.trace_info().num_segments();
    let (trace, constraints, layers) = proof.commitments.clone().parse::<H>(segments, shape.layers).map_err(malformed("commitments"))?;
    let [main, auxiliary] = trace[..] else {
        return Err(malformed("commitments")(DeserializationError::UnexpectedEOF));
    };
    check_parts("main trace", &main, main_parts)?;
    check_parts("auxiliary trace", &auxiliary, 1)?;
    check_parts("constraints", &constraints, 1)?;
    layers.iter().try_for_each(|layer| check_parts("layers of the low-degree test", layer, 1))?;
    check_main(&main)?;

    // 6. The remainder of the low-degree test: winterfell absorbs its commitment but does not compare it with the remainder, which could
    //    then be chosen after the queries are known.
    let committed = layers.last().copied().unwrap_or_default();
    let options = shape.context.options();
    match options.field_extension() {
        FieldExtension::None => check_remainder::<A::BaseField, H>(&proof, shape, &committed),
        FieldExtension::Quadratic => check_remainder::<QuadExtension<A::BaseField>, H>(&proof, shape, &committed),
        FieldExtension::Cubic => check_remainder::<CubeExtension<A::BaseField>, H>(&proof, shape, &committed),
    }?;

    // 7. The STARK: challenges, consistency out of the domain, grinding, openings and low-degree test. The checks above leave no panic that
    //    is known of; should there be one, the proof does not hold.
    let acceptable = AcceptableOptions::OptionSet(vec![options.clone()]);
    let stark = || winter_verifier::verify::<A, H, R, V>(proof, public_inputs, &acceptable);
    catch_unwind(AssertUnwindSafe(stark)).map_err(|_| VerifyError::Panicked)??;
    Ok(())
}

fn check_parts(part: &'static str, digest: &Digest, expected: usize) -> Result<(), VerifyError> {
    match digest.parts().len() {
        found if found != expected => Err(VerifyError::Parts { part, expected, found }),
        _ => Ok(()),
    }
}

fn check_remainder<E, H>(proof: &Proof, shape: &ProofShape, committed: &Digest) -> Result<(), VerifyError>
where
    E: FieldElement,
    H: ElementHasher<BaseField = E::BaseField, Digest = Digest>,
{
    let remainder: Vec<E> = proof.fri_proof.parse_remainder().map_err(malformed("remainder"))?;
    if remainder.len() != shape.remainder {
        return Err(VerifyError::RemainderLength { expected: shape.remainder, found: remainder.len() });
    }
    if H::hash_elements(&remainder) != *committed {
        return Err(VerifyError::RemainderCommitment);
    }
    Ok(())
}

// READING
// ================================================================================================

/// Reads a STARK that has the given shape.
///
/// # Errors
/// The bytes have another shape. The commitments and openings are not looked at yet.
pub(crate) fn read(bytes: &[u8], shape: &ProofShape) -> Result<Proof, VerifyError> {
    let limit = shape.longest();
    if bytes.len() > limit {
        return Err(VerifyError::Length { limit, found: bytes.len() });
    }
    let reader = &mut BoundedReader::new(bytes);
    read_context(reader, shape)?;
    // The fields are in the order in which they are read. If winterfell adds one to its proofs, this does not compile.
    let proof = Proof {
        context: shape.context.clone(),
        num_unique_queries: read_query_count(reader, shape)?,
        commitments: reader.read().map_err(malformed("commitments"))?,
        trace_queries: reader.read_many(shape.context.trace_info().num_segments()).map_err(malformed("trace queries"))?,
        constraint_queries: reader.read().map_err(malformed("constraint queries"))?,
        ood_frame: read_frame(reader, shape)?,
        fri_proof: reader.read().map_err(malformed("low-degree test"))?,
        pow_nonce: reader.read_u64().map_err(malformed("nonce"))?,
    };
    if reader.has_more_bytes() {
        return Err(VerifyError::LeftOver { found: reader.rest().len() });
    }
    if proof.fri_proof.num_layers() != shape.layers {
        return Err(VerifyError::LayerCount { expected: shape.layers, found: proof.fri_proof.num_layers() });
    }
    // The low-degree test ends with its partitions, and nothing but the nonce follows. Asking the proof would overflow for a large byte.
    match bytes[bytes.len() - size_of::<u64>() - 1] {
        0 => Ok(proof),
        found => Err(VerifyError::Partitions { found }),
    }
}

/// Compares the context with the expected one. Every byte of it is known, and none of it is taken from the proof.
fn read_context(reader: &mut BoundedReader, shape: &ProofShape) -> Result<(), VerifyError> {
    let malformed = malformed("context");
    let info = shape.context.trace_info();
    let byte = |reader: &mut BoundedReader| reader.read_u8().map(usize::from);

    let (expected, found) = (info.main_trace_width(), byte(reader).map_err(&malformed)?);
    if found != expected {
        return Err(VerifyError::TraceWidth { expected, found });
    }
    let (expected, found) = (info.aux_segment_width(), byte(reader).map_err(&malformed)?);
    if found != expected {
        return Err(VerifyError::AuxiliaryWidth { expected, found });
    }
    let (expected, found) = (info.get_num_aux_segment_rand_elements(), byte(reader).map_err(&malformed)?);
    if found != expected {
        return Err(VerifyError::RandomElements { expected, found });
    }
    let (expected, found) = (info.length().ilog2(), reader.read_u8().map_err(&malformed)?.into());
    if found != expected {
        return Err(VerifyError::TraceLength { expected, found });
    }
    match reader.read_u16().map_err(&malformed)?.into() {
        0 => {}
        found => return Err(VerifyError::Metadata { found }),
    }
    let length = byte(reader).map_err(&malformed)?;
    let modulus = reader.take(length).map_err(&malformed)?;
    if modulus != shape.context.field_modulus_bytes() {
        return Err(VerifyError::Modulus { found: modulus.to_vec() });
    }
    let expected = shape.context.options().to_bytes();
    let options = reader.take(expected.len()).map_err(&malformed)?;
    if options != expected {
        return Err(VerifyError::Options { preset: shape.preset, found: options.to_vec() });
    }
    let (expected, found) = (shape.context.num_constraints(), reader.read_usize().map_err(&malformed)?);
    if found != expected {
        return Err(VerifyError::ConstraintCount { expected, found });
    }
    Ok(())
}

/// Two queries can fall on one position, so fewer positions than queries may be opened.
fn read_query_count(reader: &mut BoundedReader, shape: &ProofShape) -> Result<u8, VerifyError> {
    let count = reader.read_u8().map_err(malformed("number of positions"))?;
    let limit = shape.context.options().num_queries();
    match usize::from(count) {
        found if found == 0 || found > limit => Err(VerifyError::QueryCount { limit, found }),
        _ => Ok(count),
    }
}

/// Reads the evaluations out of the domain, each list of which begins with its number of rows.
fn read_frame(reader: &mut BoundedReader, shape: &ProofShape) -> Result<OodFrame, VerifyError> {
    let malformed = malformed("frame out of the domain");
    let mut ahead = reader.clone();
    for expected in shape.frames() {
        let length = ahead.read_u16().map_err(&malformed)?;
        let frame = ahead.take(length.into()).map_err(&malformed)?;
        if frame.len() != expected || frame.first() != Some(&2) {
            return Err(VerifyError::Frame { expected });
        }
    }
    OodFrame::read_from(reader).map_err(&malformed)
}
