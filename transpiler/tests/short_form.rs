//! Networks in the compiler's short form become the same programs and classes, byte for byte, as from the sources that are published.

use maat_cairo::{Compiler, Contract, Form, Session};
use maat_package::Plan;
use maat_runtime::primitives::{Affine, Move, Sum, Table};
use maat_runtime::{Interval, Model, ModelBuilder, Primitive, Requantise, Shape};
use maat_transpiler::codegen::generate;

/// Pseudo-random numbers below a bound.
fn random(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |bound| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    }
}

fn requantise(shift: i8) -> Requantise {
    Requantise { shift: vec![shift], lo: -32_768, hi: 32_767 }
}

fn affine(inputs: usize, outputs: usize, random: &mut impl FnMut(u64) -> u64) -> Primitive {
    let weights = (0..inputs * outputs).map(|_| random(2_001) as i16 - 1_000).collect();
    Primitive::Affine(Affine { groups: 1, inputs: inputs as u32, weights, bias: vec![3; outputs], requantise: requantise(12) })
}

fn gather(dims: &[usize], indices: impl Iterator<Item = u64>) -> Primitive {
    let indices = indices.map(|index| index as u32).collect();
    Primitive::Move(Move { shape: Shape::new(dims).unwrap(), indices, constants: Vec::new() })
}

/// A model with constants of every kind: weights in loops, in streams and as code, coefficients of channels, knots, positions, and starts of blocks.
fn model() -> Model {
    let mut random = random(1);
    let mut builder = ModelBuilder::new("constants");
    let x = builder.input("x", Shape::new(&[6_000]).unwrap(), 0, Interval::of_bits(12)).unwrap();
    let coefficients = vec![(0..6_000).map(|_| random(1_999) as i32 - 999).collect()];
    let stream = Primitive::Sum(Sum { coefficients, bias: vec![5; 6_000], inner: 1, requantise: requantise(8) });
    let stream = builder.node("stream", stream, &[x], 0).unwrap();
    let shuffled = builder.node("shuffled", gather(&[2_000], (0..2_000).map(|_| random(6_000))), &[stream], 0).unwrap();
    let knots = (0..65).map(|_| random(4_001) as i32 - 2_000).collect();
    let curve = builder.node("curve", Primitive::Table(Table { lo: -2_048, fraction: 6, knots }), &[shuffled], 0).unwrap();
    let starts: Vec<u64> = (0..300).map(|_| random(1_992)).collect();
    let blocks = gather(&[300, 8], starts.iter().flat_map(|start| *start..start + 8));
    let blocks = builder.node("blocks", blocks, &[curve], 0).unwrap();
    let windows = builder.node("windows", affine(8, 6, &mut random), &[blocks], 0).unwrap();
    let coefficients = vec![(0..20).map(|_| random(199) as i32 - 99).collect()];
    let channels = Primitive::Sum(Sum { coefficients, bias: (0..20).collect(), inner: 90, requantise: requantise(4) });
    let channels = builder.node("channels", channels, &[windows], 0).unwrap();
    let row = builder.node("row", gather(&[1, 160], 0..160), &[channels], 0).unwrap();
    let dense = builder.node("dense", affine(160, 120, &mut random), &[row], 0).unwrap();
    builder.finish(&[("y", dense)]).unwrap()
}

/// The contract of a model with `parts` of it as classes of their own, and these classes before it.
fn classes(model: &Model, parts: usize, session: &mut Session<'_>) -> Vec<Contract> {
    let mut generated = generate(model, None, parts).unwrap();
    let mut classes = session.contracts(&generated.package, &generated.part_paths()).unwrap();
    generated.set_class_hashes(&classes.iter().map(Contract::class_hash).collect::<Vec<_>>());
    classes.extend(session.contracts(&generated.package, &[generated.contract_path()]).unwrap());
    classes
}

#[test]
fn constants_of_every_kind_come_out_as_they_are_written() {
    let model = model();
    let generated = generate(&model, None, 0).unwrap();
    let plans: Vec<&Plan> = generated.plans.iter().map(|(_, plan)| plan).collect();
    assert!(matches!(plans[..], [Plan::Streamed, Plan::Unrolled, Plan::Looped { .. }]), "{plans:?}");
    let weights = generated.package.main.sources.get("weights.cairo").unwrap();
    for array in ["STREAM__0", "SHUFFLED__POSITIONS_0", "CURVE__KNOTS", "WINDOWS__BLOCKS_0", "CHANNELS__CHANNELS_0", "DENSE__0"] {
        assert!(weights.contains(&format!("pub const {array}: [")), "{array} is not among the constants");
    }

    let [short, full] = [Form::Short, Form::Full].map(|form| Compiler::default().in_form(form));
    let program = |compiler: &Compiler| compiler.executable(&generated.package).unwrap().to_json();
    assert!(program(&short) == program(&full), "the programs differ");
    // The sessions know the network as one class before they see it in parts.
    let (mut short, mut full) = (short.session(), full.session());
    for parts in [0, 2] {
        let (short, full) = (classes(&model, parts, &mut short), classes(&model, parts, &mut full));
        assert_eq!((short.len(), full.len()), (parts + 1, parts + 1));
        for (part, (short, full)) in short.iter().zip(&full).enumerate() {
            assert!(short.sierra_json() == full.sierra_json(), "Sierra of class {part} of {parts} differs");
            assert!(short.casm_json() == full.casm_json(), "CASM of class {part} of {parts} differs");
        }
    }
}

#[test]
fn a_session_gives_the_classes_that_a_new_compiler_gives() {
    let model = model();
    let compiler = Compiler::default().in_form(Form::Short);
    let mut session = compiler.session();
    let hashes = |session: &mut Session<'_>| classes(&model, 2, session).iter().map(Contract::class_hash).collect::<Vec<_>>();
    classes(&model, 0, &mut session);
    assert_eq!(hashes(&mut session), hashes(&mut compiler.session()));
}
