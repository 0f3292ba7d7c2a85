//! SVMRegressor and SVMClassifier of `ai.onnx.ml`: sums of a kernel `K` of the input and each support vector.
//!
//! `K(x, v)` is `x . v`, `(gamma x . v + c)^degree`, `e^(-gamma |x - v|^2)` or `tanh(gamma x . v + c)`. Of two classes, each pair has a score
//! `sum_v a_v K(x, v) + rho`: the first class where it is positive, else the second, and of all pairs the class with the most votes.

use maat_runtime::Interval;

use crate::float::{Bounds, FloatOp, Function, Kind, Rounding};
use crate::lowering::helpers::labels::Labels;
use crate::lowering::moves::check_size;
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::{Element, IntegerType};

/// The most classes, and the most support vectors.
const MAX_CLASSES: usize = 64;
const MAX_VECTORS: usize = 4096;

pub(super) fn regressor(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.rows(0)?;
    let x = scope.as_floats(&x)?;
    no_transform(scope)?;
    let coefficients = scope.list_of_floats("coefficients")?.ok_or("attribute `coefficients` is missing")?;
    let rho = scope.list_of_floats("rho")?.and_then(|rho| rho.first().copied()).unwrap_or(0.0);
    let count = scope.attribute("n_supports", 0i64)?;
    let y = if count > 0 {
        let machine = Machine::read(scope, &x, count)?;
        if coefficients.len() != machine.count {
            return Err(format!("attribute `coefficients` has {} values for {} support vectors", coefficients.len(), machine.count));
        }
        machine.sums(scope, &x, &coefficients, &[rho])?
    } else {
        // Without support vectors, the coefficients are those of a linear model.
        if coefficients.len() != x.shape[1] {
            return Err(format!("attribute `coefficients` has {} values for {} features", coefficients.len(), x.shape[1]));
        }
        scope.real_affine(&x, coefficients, vec![rho])?
    };
    if scope.attribute("one_class", 0i64)? == 0 {
        return scope.finish(y);
    }
    let inside = scope.greater(&y, &Operand::scalar(0.0))?;
    let y = scope.sum_as(&[(2.0, &inside)], -1.0, Bounds::NONE, Rounding::HalfUp, (Element::Float, Kind::Integer(Interval::new(-1, 1))))?;
    scope.finish(y)
}

pub(super) fn classifier(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(1, 1)?;
    let x = scope.rows(0)?;
    let x = scope.as_floats(&x)?;
    no_transform(scope)?;
    let labels = Labels::read(scope, "classlabels_ints", "classlabels_strings")?;
    let classes = labels.len();
    if !(2..=MAX_CLASSES).contains(&classes) {
        return Err(format!("has {classes} classes: 2 to {MAX_CLASSES} are supported"));
    }
    let per_class = scope.list("vectors_per_class").unwrap_or_default();
    if per_class.is_empty() {
        return Err("without support vectors it is a linear model: export that as LinearClassifier".to_owned());
    }
    let counts: Option<Vec<usize>> = per_class.iter().map(|count| usize::try_from(*count).ok().filter(|c| *c <= MAX_VECTORS)).collect();
    let counts = counts.filter(|counts| counts.len() == classes);
    let counts = counts.ok_or_else(|| format!("attribute `vectors_per_class` is {per_class:?} for {classes} classes"))?;
    let total: usize = counts.iter().sum();
    let machine = Machine::read(scope, &x, total as i64)?;
    let pairs = Pairs::of(classes);
    let scores = pair_scores(scope, &machine, &x, (&pairs, &counts))?;

    if scope.uses(0) {
        let label = voted(scope, &scores, &pairs, &labels.numbers()?)?;
        let label = labels.typed(scope, label)?;
        scope.give(0, label);
    }
    if scope.uses(1) {
        let given = match (scope.list_of_floats("prob_a")?, scope.list_of_floats("prob_b")?) {
            (Some(a), Some(b)) => probabilities(scope, &scores, &a, &b)?,
            (None, None) if classes == 2 => {
                // ONNX runtime gives both signs of the only score.
                let negative = scope.negate(&scores)?;
                scope.concat(&[negative, scores], 1)?
            }
            (None, None) => scores,
            _ => return Err("attributes `prob_a` and `prob_b` belong together".to_owned()),
        };
        scope.give(1, given);
    }
    Ok(())
}

fn no_transform(scope: &Scope<'_>) -> Result<(), String> {
    match scope.text("post_transform", "NONE")?.as_str() {
        "NONE" => Ok(()),
        other => Err(format!("post transform {other} is not supported here: export without it")),
    }
}

/// Pairs of classes, the first before the second.
struct Pairs {
    classes: usize,
    list: Vec<(usize, usize)>,
}

impl Pairs {
    fn of(classes: usize) -> Self {
        Self { classes, list: (0..classes).flat_map(|i| (i + 1..classes).map(move |j| (i, j))).collect() }
    }
}

/// Support vectors and their kernel.
struct Machine {
    count: usize,
    vectors: Vec<f64>,
    kernel: String,
    /// Gamma, `c` and the degree.
    parameters: [f64; 3],
}

impl Machine {
    fn read(scope: &Scope<'_>, x: &Operand, count: i64) -> Result<Self, String> {
        let count = usize::try_from(count).ok().filter(|count| (1..=MAX_VECTORS).contains(count));
        let count = count.ok_or_else(|| format!("1 to {MAX_VECTORS} support vectors are supported"))?;
        let vectors = scope.list_of_floats("support_vectors")?.unwrap_or_default();
        let features = x.shape[1];
        if vectors.len() != count * features {
            return Err(format!("attribute `support_vectors` has {} values for {count} vectors of {features} features", vectors.len()));
        }
        let parameters = scope.list_of_floats("kernel_params")?.unwrap_or_else(|| vec![0.0; 3]);
        let parameters = <[f64; 3]>::try_from(parameters)
            .map_err(|found| format!("attribute `kernel_params` has {} values, not gamma, coef0 and degree", found.len()))?;
        Ok(Self { count, vectors, kernel: scope.text("kernel_type", "LINEAR")?, parameters })
    }

    /// Sums of the kernels of `x` `[batch, features]` with all vectors, by rows of coefficients.
    fn sums(&self, scope: &mut Scope<'_>, x: &Operand, coefficients: &[f64], rho: &[f64]) -> Result<Operand, String> {
        if self.kernel != "LINEAR" {
            let kernels = self.kernels(scope, x)?;
            return scope.real_affine(&kernels, coefficients.to_vec(), rho.to_vec());
        }
        // Sums of products with the vectors are products with their sum, which loses nothing where large coefficients cancel.
        let features = x.shape[1];
        let mut weights = vec![0.0; rho.len() * features];
        for (row, coefficients) in weights.chunks_exact_mut(features).zip(coefficients.chunks_exact(self.count)) {
            for (coefficient, vector) in coefficients.iter().zip(self.vectors.chunks_exact(features)) {
                row.iter_mut().zip(vector).for_each(|(weight, value)| *weight += coefficient * value);
            }
        }
        scope.real_affine(x, weights, rho.to_vec())
    }

    /// The kernel of each row of `x` with each support vector: `[batch, vectors]`.
    fn kernels(&self, scope: &mut Scope<'_>, x: &Operand) -> Result<Operand, String> {
        let [gamma, offset, degree] = self.parameters;
        if self.kernel == "RBF" {
            let distances = squared_distances(scope, x, &self.vectors, self.count)?;
            return scope.table(&distances, &[Function::Linear { factor: -gamma, offset: 0.0 }, Function::Exp]);
        }
        let weights = self.vectors.iter().map(|value| gamma * value).collect();
        let dots = scope.real_affine(x, weights, vec![offset; self.count])?;
        match self.kernel.as_str() {
            "POLY" => scope.table(&dots, &[Function::Pow(degree)]),
            "SIGMOID" => scope.table(&dots, &[Function::Tanh]),
            other => Err(format!("kernel `{other}` is not known")),
        }
    }
}

/// `|x - v|^2` of each row and each vector. The differences are taken first: they are small where the sum of squares has to be exact.
fn squared_distances(scope: &mut Scope<'_>, x: &Operand, vectors: &[f64], count: usize) -> Result<Operand, String> {
    let (batch, features) = (x.shape[0], x.shape[1]);
    check_size(&[batch, count, features])?;
    let rows = scope.reshape(x, vec![batch, 1, features])?;
    let vectors = Operand::constant(vec![1, count, features], Element::Float, vectors.to_vec());
    scope.squared_distances(&rows, &vectors)
}

impl Scope<'_> {
    /// The sum of squared differences along the last axis, of tensors that broadcast.
    pub(super) fn squared_distances(&mut self, a: &Operand, b: &Operand) -> Result<Operand, String> {
        let differences = self.sum(&[(1.0, a), (-1.0, b)], 0.0)?;
        let last = differences.axes() - 1;
        self.reduce_squares(&differences, &[last], false)
    }
}

/// The score of each pair of classes: `[batch, pairs]`. The coefficients of class `i`'s vectors against class `j` are in row `j - 1` for
/// `i < j`, else in row `j`.
fn pair_scores(scope: &mut Scope<'_>, machine: &Machine, x: &Operand, (pairs, counts): (&Pairs, &[usize])) -> Result<Operand, String> {
    let total = machine.count;
    let starts: Vec<usize> = (0..counts.len()).map(|class| counts[..class].iter().sum()).collect();
    let coefficients = scope.list_of_floats("coefficients")?.unwrap_or_default();
    let rho = scope.list_of_floats("rho")?.unwrap_or_default();
    if coefficients.len() != total * (pairs.classes - 1) || rho.len() != pairs.list.len() {
        return Err(format!(
            "has {} coefficients and {} values `rho` where {} and {} are expected",
            coefficients.len(),
            rho.len(),
            total * (pairs.classes - 1),
            pairs.list.len()
        ));
    }
    let mut weights = vec![0.0; pairs.list.len() * total];
    for (pair, (i, j)) in pairs.list.iter().enumerate() {
        for (class, row) in [(*i, j - 1), (*j, *i)] {
            let vectors = starts[class]..starts[class] + counts[class];
            weights[pair * total..][vectors.clone()].copy_from_slice(&coefficients[row * total..][vectors]);
        }
    }
    machine.sums(scope, x, &weights, &rho)
}

/// The label of the class with the most votes; of equal ones, the first.
fn voted(scope: &mut Scope<'_>, scores: &Operand, pairs: &Pairs, labels: &[i64]) -> Result<Operand, String> {
    let (batch, count) = (scores.shape[0], pairs.list.len());
    let first_wins = scope.greater(scores, &Operand::scalar(0.0))?;
    // A pair adds a vote to its first class, or else to its second.
    let (mut weights, mut bias) = (vec![0.0; pairs.classes * count], vec![0.0; pairs.classes]);
    for (pair, (i, j)) in pairs.list.iter().enumerate() {
        weights[i * count + pair] = 1.0;
        weights[j * count + pair] = -1.0;
        bias[*j] += 1.0;
    }
    let op = FloatOp::Affine { groups: 1, weights, bias, bounds: Bounds::NONE };
    let range = Interval::new(0, pairs.classes as i64 - 1);
    let sort = (Element::Integer(IntegerType::Int64), Kind::Integer(range));
    let votes = scope.emit(op, &[&first_wins], vec![batch, pairs.classes], sort)?;
    scope.label(&votes, labels)
}

/// Platt's probabilities `1 / (1 + e^(a s + b))` of two classes. ONNX runtime couples those of more classes by an iteration that it stops
/// early, and with two classes it stops within 0.005 of this.
fn probabilities(scope: &mut Scope<'_>, scores: &Operand, a: &[f64], b: &[f64]) -> Result<Operand, String> {
    let ([a], [b], 1) = (a, b, scores.shape[1]) else {
        return Err(
            "probabilities of more than two classes come from an iteration, which is not supported: export without probabilities, \
                    or use the label alone"
                .to_owned(),
        );
    };
    let first = scope.table(scores, &[Function::Linear { factor: -a, offset: -b }, Function::Sigmoid])?;
    let second = scope.linear(&first, -1.0, 1.0)?;
    scope.concat(&[first, second], 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_in_the_order_of_their_scores() {
        assert_eq!(Pairs::of(3).list, [(0, 1), (0, 2), (1, 2)]);
    }
}
