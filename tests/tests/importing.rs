//! What is decided when a network is read: open shapes, constant inputs, functions, branches and loops; and the texts behind outputs.

use std::collections::BTreeMap;

use maat_package::{ImportOptions, Options, OutputTexts, quantise_sample};
use maat_runtime::{Executor, dequantise};
use maat_tests::onnx::{Attribute, Onnx};
use maat_transpiler::{Network, TranspileError};
use tract_onnx::pb::tensor_proto::DataType;

fn import_with(onnx: Onnx, options: &ImportOptions) -> Result<Network, TranspileError> {
    let file = tempfile::Builder::new().suffix(".onnx").tempfile().unwrap();
    onnx.write(file.path());
    Network::import_with(file.path(), options)
}

fn import(onnx: Onnx) -> Result<Network, TranspileError> {
    import_with(onnx, &ImportOptions::default())
}

/// Why a network is refused.
fn reason(onnx: Onnx) -> String {
    import(onnx).err().expect("the network was accepted").to_string()
}

/// The first output of the quantised model for a sample that it was calibrated on.
fn output(network: &Network, sample: &[Vec<f64>]) -> Vec<f64> {
    let model = network.quantise(&[sample.to_vec()], &Options::default()).unwrap().model;
    let values = Executor::new(&model).run(&quantise_sample(&model, sample).unwrap()).unwrap().remove(0);
    let scale = model.tensor(model.outputs()[0].tensor).scale;
    values.into_iter().map(|value| dequantise(value, scale)).collect()
}

fn assert_close(found: &[f64], expected: &[f64]) {
    let close = |(found, expected): (&f64, &f64)| (found - expected).abs() < 1e-3;
    assert!(found.len() == expected.len() && found.iter().zip(expected).all(close), "{found:?}, not {expected:?}");
}

fn shapes(name: &str, shape: &[usize]) -> ImportOptions {
    ImportOptions { shapes: BTreeMap::from([(name.to_owned(), shape.to_vec())]), ..ImportOptions::default() }
}

fn constants(list: &[(&str, &[f64])]) -> ImportOptions {
    let constants = list.iter().map(|(name, values)| ((*name).to_owned(), values.to_vec())).collect();
    ImportOptions { constants, ..ImportOptions::default() }
}

/// The rows of `x` `[N, T, 2]` below one another, times their number.
fn counted() -> Onnx {
    let onnx = Onnx::new().open_input("x", &["N", "T", "2"]).integers("one", &[], &[1]).integers("to", &[2], &[-1, 2]);
    let onnx = onnx.node("shape", "Shape", &["x"], "s", &[]).node("steps", "Gather", &["s", "one"], "t", &[]);
    let onnx = onnx.node("real", "Cast", &["t"], "r", &[("to", Attribute::Int(1))]).node("flat", "Reshape", &["x", "to"], "f", &[]);
    onnx.node("times", "Mul", &["f", "r"], "y", &[]).output("y")
}

#[test]
fn an_open_axis_is_named_and_a_given_shape_folds_what_depends_on_it() {
    let error = import(counted()).err().unwrap();
    let TranspileError::Shape { input, axis, symbol, axes } = &error else { panic!("{error}") };
    assert_eq!((input.as_str(), *axis, symbol.as_deref(), axes.join(",")), ("x", Some(1), Some("T"), "1,T,2".to_owned()));
    assert!(error.to_string().contains("axis 1 of input `x`, which the file calls `T`, has no fixed length"), "{error}");
    let network = import_with(counted(), &shapes("x", &[1, 3, 2])).unwrap();
    assert_eq!(network.inputs(), [("x".to_owned(), vec![1, 3, 2])]);
    let sample = vec![vec![0.1, 0.2, 0.3, 0.4, 0.5, 0.6]];
    assert_close(&output(&network, &sample), &[0.3, 0.6, 0.9, 1.2, 1.5, 1.8]);
    // The witness has the same shape.
    assert_close(&network.run_float(&sample)[0], &[0.3, 0.6, 0.9, 1.2, 1.5, 1.8]);
    assert_eq!(network.quantise(&[sample], &Options::default()).unwrap().provenance.import, shapes("x", &[1, 3, 2]));
    let wrong = import_with(counted(), &shapes("z", &[1])).err().unwrap().to_string();
    assert!(wrong.contains("input `z`: the network has no such input, only `x`"), "{wrong}");
}

/// `x + w` if `rate` is 16, else an operator that is not supported.
fn branching(rate: Onnx) -> Onnx {
    let then = Onnx::new().floats("w", &[1, 2], &[1.0, -1.0]).node("add", "Add", &["x", "w"], "a", &[]).output("a");
    let other = Onnx::new().node("wave", "Xyzzy", &["x"], "b", &[]).output("b");
    let onnx = rate.integers("sixteen", &[], &[16]).node("is", "Equal", &["rate", "sixteen"], "c", &[]);
    onnx.node("choice", "If", &["c"], "y", &[("then_branch", Attribute::graph(then)), ("else_branch", Attribute::graph(other))]).output("y")
}

fn with_rate() -> Onnx {
    branching(Onnx::new().input("x", &[1, 2]).typed_input("rate", DataType::Int64, &[]))
}

#[test]
fn a_constant_input_chooses_a_branch_and_the_provenance_has_it() {
    let network = import_with(with_rate(), &constants(&[("rate", &[16.0])])).unwrap();
    assert_eq!(network.inputs(), [("x".to_owned(), vec![1, 2])]);
    let sample = vec![vec![0.5, 0.25]];
    assert_close(&output(&network, &sample), &[1.5, -0.75]);
    let provenance = network.quantise(&[sample], &Options::default()).unwrap().provenance;
    assert_eq!(provenance.import.constants["rate"], [16.0]);
    let text = serde_json::to_string(&provenance).unwrap();
    assert!(text.contains(r#""import":{"constants":{"rate":[16.0]}}"#), "{text}");

    let other = import_with(with_rate(), &constants(&[("rate", &[8.0])])).err().unwrap().to_string();
    assert!(other.contains("node `choice`") && other.contains("in else_branch: node `wave`: operator Xyzzy is not supported"), "{other}");
    let undecided = reason(with_rate());
    assert!(undecided.contains("node `choice`") && undecided.contains("its condition depends on the network's inputs"), "{undecided}");
    let half = import_with(with_rate(), &constants(&[("rate", &[0.5])])).err().unwrap().to_string();
    assert!(half.contains("input `rate`: 0.5 is not a whole number of type int64"), "{half}");
}

#[test]
fn an_initialiser_with_a_default_can_be_set() {
    let onnx = || branching(Onnx::new().input("x", &[1, 2]).typed_input("rate", DataType::Int64, &[]).integers("rate", &[], &[8]));
    assert!(reason(onnx()).contains("operator Xyzzy"));
    let network = import_with(onnx(), &constants(&[("rate", &[16.0])])).unwrap();
    assert_close(&output(&network, &[vec![0.5, 0.25]]), &[1.5, -0.75]);
}

/// A loop that doubles `x` and adds its iteration's number, with the sums as rows.
fn looping(condition: &str, body: Onnx) -> Onnx {
    let onnx = Onnx::new().input("x", &[1, 2]).integers("most", &[], &[3]).integers("flag", &[], &[1]);
    let onnx = onnx.node("yes", "Cast", &["flag"], "yes", &[("to", Attribute::Int(9))]);
    let attributes = [("body", Attribute::graph(body))];
    onnx.node_with_outputs("loop", "Loop", &["most", condition, "x"], &["last", "rows"], &attributes).output("rows").output("last")
}

fn doubling() -> Onnx {
    let body = Onnx::new().typed_input("k", DataType::Int64, &[]).typed_input("going", DataType::Bool, &[]).input("s", &[1, 2]);
    let body = body.node("double", "Add", &["s", "s"], "d", &[]).node("real", "Cast", &["k"], "r", &[("to", Attribute::Int(1))]);
    body.node("next", "Add", &["d", "r"], "n", &[]).node("row", "Identity", &["n"], "row", &[])
}

#[test]
fn a_loop_is_unrolled_with_its_carried_tensors_and_rows() {
    let body = doubling().node("on", "Identity", &["going"], "on", &[]).output("on").output("n").output("row");
    for condition in ["", "yes"] {
        let network = import(looping(condition, body.clone())).unwrap();
        assert_close(&output(&network, &[vec![0.5, -0.5]]), &[1.0, -1.0, 3.0, -1.0, 8.0, 0.0]);
        let last = &network.run_float(&vec![vec![0.5, -0.5]])[1];
        assert_close(last, &[8.0, 0.0]);
    }
    // The condition that the body gives ends it: of two iterations, one is left.
    let body = doubling().integers("one", &[], &[1]).node("on", "Less", &["k", "one"], "on", &[]).output("on").output("n").output("row");
    assert_close(&output(&import(looping("yes", body)).unwrap(), &[vec![0.5, -0.5]]), &[1.0, -1.0, 3.0, -1.0]);
}

#[test]
fn loops_that_cannot_be_unrolled_are_refused() {
    let body = doubling().floats("half", &[], &[0.5]).node("sum", "ReduceSum", &["n"], "t", &[("keepdims", Attribute::Int(0))]);
    let body = body.node("on", "Less", &["t", "half"], "on", &[]).output("on").output("n").output("row");
    let message = reason(looping("yes", body));
    assert!(message.contains("node `loop`") && message.contains("whether it goes on after iteration 0 depends"), "{message}");

    let forever = |most: &str, condition: &str| {
        let body = Onnx::new().typed_input("k", DataType::Int64, &[]).typed_input("going", DataType::Bool, &[]).input("s", &[1, 2]);
        let body = body.output("going").output("s");
        let onnx = Onnx::new().input("x", &[1, 2]).integers("many", &[], &[i64::MAX]).integers("flag", &[], &[1]);
        let onnx = onnx.node("yes", "Cast", &["flag"], "yes", &[("to", Attribute::Int(9))]);
        onnx.node("loop", "Loop", &[most, condition, "x"], "y", &[("body", Attribute::graph(body))]).output("y")
    };
    assert!(reason(forever("", "")).contains("it has neither a trip count nor a condition"));
    for (most, condition) in [("many", ""), ("", "yes"), ("many", "yes")] {
        assert!(reason(forever(most, condition)).contains("it has more than 1024 iterations"));
    }
    let computed = Onnx::new().input("x", &[1, 2]).typed_input("count", DataType::Int64, &[]);
    let body = doubling().output("going").output("n");
    let message = reason(computed.node("loop", "Loop", &["count", "", "x"], "y", &[("body", Attribute::graph(body))]).output("y"));
    assert!(message.contains("its trip count depends on the network's inputs"), "{message}");
}

#[test]
fn loops_within_loops_are_bounded_together() {
    let inner = |body: Onnx| {
        let base = Onnx::new().typed_input("k", DataType::Int64, &[]).typed_input("going", DataType::Bool, &[]).input("s", &[1, 2]);
        let base = base.node("loop", "Loop", &["many", "", "s"], "n", &[("body", Attribute::graph(body))]);
        base.output("going").output("n")
    };
    let mut body = doubling().output("going").output("n");
    for _ in 0..4 {
        body = inner(body);
    }
    let onnx = Onnx::new().input("x", &[1, 2]).integers("many", &[], &[1000]);
    let message = reason(onnx.node("loop", "Loop", &["many", "", "x"], "y", &[("body", Attribute::graph(body))]).output("y"));
    assert!(message.contains("loops and branches become more than 16384 nodes"), "{message}");
}

#[test]
fn a_scan_takes_slices_from_either_end() {
    let body = Onnx::new().input("sum", &[2]).input("row", &[2]).node("add", "Add", &["sum", "row"], "more", &[]);
    let body = body.node("copy", "Identity", &["more"], "given", &[]).output("more").output("given");
    let scan = |directions: [i64; 2], axis: i64| {
        let onnx = Onnx::new().input("x", &[3, 2]).floats("start", &[2], &[1.0, 0.0]);
        let attributes = [
            ("body", Attribute::graph(body.clone())),
            ("num_scan_inputs", Attribute::Int(1)),
            ("scan_input_directions", Attribute::Ints(vec![directions[0]])),
            ("scan_output_directions", Attribute::Ints(vec![directions[1]])),
            ("scan_output_axes", Attribute::Ints(vec![axis])),
        ];
        let onnx = onnx.node_with_outputs("scan", "Scan", &["start", "x"], &["last", "rows"], &attributes);
        output(&import(onnx.output("rows")).unwrap(), &[vec![0.1, 0.2, 0.3, 0.4, 0.5, 0.6]])
    };
    assert_close(&scan([0, 0], 0), &[1.1, 0.2, 1.4, 0.6, 1.9, 1.2]);
    assert_close(&scan([0, 1], 0), &[1.9, 1.2, 1.4, 0.6, 1.1, 0.2]);
    assert_close(&scan([1, 0], 0), &[1.5, 0.6, 1.8, 1.0, 1.9, 1.2]);
    assert_close(&scan([0, 0], -1), &[1.1, 1.4, 1.9, 0.2, 0.6, 1.2]);
}

#[test]
fn functions_of_the_file_are_inlined_with_their_attributes() {
    let leaky = Onnx::new().input("a", &[1]).node("relu", "LeakyRelu", &["a"], "b", &[("alpha", Attribute::Reference("slope"))]);
    let twice = Onnx::new().input("a", &[1]).node("first", "pkg.Leaky", &["a"], "m", &[("slope", Attribute::Float(0.5))]);
    let twice = twice.node("second", "pkg.Leaky", &["m"], "b", &[("slope", Attribute::Float(0.25))]);
    let onnx = || {
        let onnx = Onnx::new().input("x", &[1, 2]).node("call", "pkg.Twice", &["x"], "y", &[]).output("y");
        onnx.function("pkg", "Leaky", leaky.clone().output("b"))
    };
    let network = import(onnx().function("pkg", "Twice", twice.clone().output("b"))).unwrap();
    assert_close(&output(&network, &[vec![-0.8, 0.8]]), &[-0.1, 0.8]);
    // The witness sees the same nodes.
    assert_close(&network.run_float(&vec![vec![-0.8, 0.8]])[0], &[-0.1, 0.8]);
    let endless = Onnx::new().input("a", &[1]).node("again", "pkg.Twice", &["a"], "b", &[]).output("b");
    assert!(reason(onnx().function("pkg", "Twice", endless)).contains("the function `pkg.Twice` calls itself"));
}

/// A classifier with texts as labels; the greatest of two features decides.
fn classifier() -> Onnx {
    let attributes = [
        ("coefficients", Attribute::Floats(vec![1.0, 0.0, 0.0, 1.0])),
        ("intercepts", Attribute::Floats(vec![0.0, 0.0])),
        ("classlabels_strings", Attribute::Texts(vec!["cat", "dog"])),
    ];
    Onnx::new().input("x", &[1, 2]).node_with_outputs("model", "ai.onnx.ml.LinearClassifier", &["x"], &["label", "scores"], &attributes)
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn text_labels_become_positions_and_their_texts_are_kept() {
    let maps = [("classlabels_strings", Attribute::Texts(vec!["cat", "dog"]))];
    let onnx = || classifier().node("maps", "ai.onnx.ml.ZipMap", &["scores"], "map", &maps).output("label").output("map");
    let network = import(onnx()).unwrap();
    assert_eq!(network.texts()["label"], OutputTexts::Values(texts(&["cat", "dog"])));
    assert_eq!(network.texts()["map"], OutputTexts::Keys(texts(&["cat", "dog"])));
    assert_eq!(output(&network, &[vec![0.25, 0.5]]), [1.0]);
    assert_eq!(output(&network, &[vec![0.5, 0.25]]), [0.0]);
    let provenance = network.quantise(&[vec![vec![0.5, 0.25]]], &Options::default()).unwrap().provenance;
    assert_eq!(&provenance.texts, network.texts());
    let fewer = [("classlabels_strings", Attribute::Texts(vec!["cat"]))];
    let message = reason(classifier().node("maps", "ai.onnx.ml.ZipMap", &["scores"], "map", &fewer).output("map"));
    assert!(message.contains("has 1 labels for rows of 2 values"), "{message}");
}

#[test]
fn encoders_look_labels_up() {
    let encode = |keys: (&'static str, Attribute), values: (&'static str, Attribute)| {
        let onnx = classifier().node("encode", "ai.onnx.ml.LabelEncoder", &["label"], "y", &[keys, values]);
        import(onnx.output("y"))
    };
    let keys = || ("keys_strings", Attribute::Texts(vec!["dog", "cat"]));
    let network = encode(keys(), ("values_int64s", Attribute::Ints(vec![7, -3]))).unwrap();
    assert_eq!((output(&network, &[vec![0.25, 0.5]]), output(&network, &[vec![0.5, 0.25]])), (vec![7.0], vec![-3.0]));
    let network = encode(keys(), ("values_floats", Attribute::Floats(vec![0.5, 2.0]))).unwrap();
    assert_close(&output(&network, &[vec![0.5, 0.25]]), &[2.0]);
    // What is no key gets the default.
    let one = ("keys_strings", Attribute::Texts(vec!["dog"]));
    let network = encode(one, ("values_int64s", Attribute::Ints(vec![7]))).unwrap();
    assert_eq!(output(&network, &[vec![0.5, 0.25]]), [-1.0]);
    let network = encode(keys(), ("values_strings", Attribute::Texts(vec!["wolf", "lion"]))).unwrap();
    assert_eq!(network.texts()["y"], OutputTexts::Values(texts(&["wolf", "lion", "_Unused"])));
    assert_eq!(output(&network, &[vec![0.25, 0.5]]), [0.0]);
    let message = encode(("keys_int64s", Attribute::Ints(vec![1])), ("values_int64s", Attribute::Ints(vec![1]))).err().unwrap().to_string();
    assert!(message.contains("its keys are of type int64, but its input is of type text"), "{message}");

    let mapped = |x: Onnx, attributes: &[(&str, Attribute)]| {
        import(x.node("m", "ai.onnx.ml.CategoryMapper", &["label"], "y", attributes).output("y"))
    };
    let categories = [("cats_strings", Attribute::Texts(vec!["dog", "cat"])), ("cats_int64s", Attribute::Ints(vec![10, 20]))];
    assert_eq!(output(&mapped(classifier(), &categories).unwrap(), &[vec![0.5, 0.25]]), [20.0]);
    let numbers = Onnx::new().typed_input("label", DataType::Int64, &[3]);
    let network = mapped(numbers, &categories).unwrap();
    assert_eq!(network.texts()["y"], OutputTexts::Values(texts(&["dog", "cat", "_Unused"])));
    assert_eq!(output(&network, &[vec![20.0, 5.0, 10.0]]), [1.0, 2.0, 0.0]);
}

#[test]
fn categories_become_columns_of_zeros_and_ones() {
    let attributes = [("cats_int64s", Attribute::Ints(vec![1, 4, 2])), ("zeros", Attribute::Int(1))];
    let encode = |data_type| {
        let onnx = Onnx::new().typed_input("x", data_type, &[1, 2]);
        import(onnx.node("hot", "ai.onnx.ml.OneHotEncoder", &["x"], "y", &attributes).output("y"))
    };
    let network = encode(DataType::Int64).unwrap();
    assert_eq!(output(&network, &[vec![4.0, 3.0]]), [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    assert!(encode(DataType::Float).err().unwrap().to_string().contains("takes integers or texts, not floats"));
    let texts = [("cats_strings", Attribute::Texts(vec!["dog", "cow"]))];
    let onnx = classifier().node("hot", "ai.onnx.ml.OneHotEncoder", &["label"], "y", &texts).output("y");
    assert_eq!(output(&import(onnx).unwrap(), &[vec![0.25, 0.5]]), [1.0, 0.0]);
}

#[test]
fn texts_are_not_numbers() {
    let onnx = |operator: &str| classifier().node("op", operator, &["label"], "y", &[("to", Attribute::Int(7))]).output("y");
    for operator in ["Cast", "Neg", "ReduceSum"] {
        assert!(
            reason(onnx(operator)).contains("`label` holds text, which is supported as labels and as keys of encoders only"),
            "{operator}"
        );
    }
    // Positions in different lists do not mix.
    let other = classifier().texts("other", &["dog", "cat"]).node("same", "Equal", &["label", "other"], "y", &[]).output("y");
    assert!(reason(other).contains("do not mix"));
    let input = Onnx::new().typed_input("x", DataType::String, &[1]).node("same", "Identity", &["x"], "y", &[]).output("y");
    assert!(reason(input).contains("input `x`: text is not supported here"));
    let twice = [("classlabels_strings", Attribute::Texts(vec!["cat", "cat"])), ("coefficients", Attribute::Floats(vec![1.0, 2.0]))];
    let onnx = Onnx::new().input("x", &[1, 1]).node("model", "ai.onnx.ml.LinearClassifier", &["x"], "label", &twice).output("label");
    assert!(reason(onnx).contains("the text `cat` is listed twice"));
}

#[test]
fn support_vector_machines_that_are_not_whole_are_refused() {
    let machine = |more: &[(&'static str, Attribute)]| {
        let mut attributes = vec![("kernel_type", Attribute::Text("RBF")), ("kernel_params", Attribute::Floats(vec![0.5, 0.0, 3.0]))];
        attributes.extend(more.iter().cloned());
        let onnx = Onnx::new().input("x", &[1, 2]);
        reason(onnx.node_with_outputs("svm", "ai.onnx.ml.SVMClassifier", &["x"], &["y", "p"], &attributes).output("y").output("p"))
    };
    let labels = ("classlabels_ints", Attribute::Ints(vec![0, 1]));
    let per_class = ("vectors_per_class", Attribute::Ints(vec![1, 1]));
    let vectors = ("support_vectors", Attribute::Floats(vec![0.0, 0.0, 1.0, 1.0]));
    assert!(machine(&[]).contains("has 0 classes"));
    assert!(machine(std::slice::from_ref(&labels)).contains("it is a linear model"));
    assert!(machine(&[labels.clone(), ("vectors_per_class", Attribute::Ints(vec![1, -1]))]).contains("`vectors_per_class` is [1, -1]"));
    assert!(machine(&[labels.clone(), per_class.clone()]).contains("`support_vectors` has 0 values for 2 vectors of 2 features"));
    assert!(machine(&[labels, per_class, vectors]).contains("has 0 coefficients and 0 values `rho` where 2 and 1 are expected"));
}
