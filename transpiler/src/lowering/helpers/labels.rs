//! What the operators of the domain `ai.onnx.ml` share: rows of features, labels, and post transforms.

use maat_runtime::Interval;

use crate::float::{Bounds, FloatOp, Function, Kind, Rounding};
use crate::lowering::moves::check_size;
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::{Element, IntegerType};

/// The type of positions and labels.
const LABEL: Element = Element::Integer(IntegerType::Int64);

/// The post transforms of scores, in the order of ONNX's enumeration.
pub const POST_TRANSFORMS: [&str; 5] = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"];

/// The labels of classes.
pub enum Labels {
    Integers(Vec<i64>),
    Texts(Vec<String>),
}

impl Labels {
    /// The labels in one of two attributes.
    pub fn read(scope: &Scope<'_>, integers: &str, texts: &str) -> Result<Self, String> {
        let texts = scope.node().text_list(texts)?.unwrap_or_default();
        Ok(if texts.is_empty() { Self::Integers(scope.list(integers).unwrap_or_default()) } else { Self::Texts(texts) })
    }

    /// Number of classes.
    pub fn len(&self) -> usize {
        match self {
            Self::Integers(labels) => labels.len(),
            Self::Texts(labels) => labels.len(),
        }
    }

    /// The labels as numbers: of texts, their positions.
    pub fn numbers(&self) -> Result<Vec<i64>, String> {
        let Self::Integers(labels) = self else { return Ok((0..self.len() as i64).collect()) };
        match labels.iter().find(|label| i32::try_from(**label).is_err()) {
            Some(label) => Err(format!("label {label} has more than 32 bits")),
            None => Ok(labels.clone()),
        }
    }

    /// Numbers of labels as what they are: integers or texts.
    pub fn typed(&self, scope: &mut Scope<'_>, numbers: Operand) -> Result<Operand, String> {
        match self {
            Self::Integers(_) => Ok(numbers),
            Self::Texts(list) => Ok(Operand { element: scope.texts().element(list)?, ..numbers }),
        }
    }
}

impl Scope<'_> {
    /// An input `[batch, features]`; a single row may lack the batch axis.
    pub fn rows(&mut self, position: usize) -> Result<Operand, String> {
        let x = self.input(position)?;
        match x.shape[..] {
            [_, _] if x.elements() > 0 => Ok(x),
            [features] if features > 0 => self.reshape(&x, vec![1, features]),
            _ => Err(format!("input {position} has shape {:?}, but rows of features are expected", x.shape)),
        }
    }

    /// Numbers of any type as floats.
    pub fn as_floats(&mut self, x: &Operand) -> Result<Operand, String> {
        if x.element == Element::Float {
            return Ok(x.clone());
        }
        self.sum_as(&[(1.0, x)], 0.0, Bounds::NONE, Rounding::HalfUp, (Element::Float, Kind::Real))
    }

    /// An attribute that is a list of floats; nothing if it is not given or empty.
    pub fn list_of_floats(&self, name: &str) -> Result<Option<Vec<f64>>, String> {
        let values: Vec<f64> = self.node().floats(name).unwrap_or_default().iter().map(|value| f64::from(*value)).collect();
        match values.iter().find(|value| !value.is_finite()) {
            Some(value) => Err(format!("attribute `{name}` holds {value}: every value must be finite")),
            None => Ok(if values.is_empty() { None } else { Some(values) }),
        }
    }

    /// A dense layer over the features of `x` `[batch, features]`, with floats as its result.
    pub fn real_affine(&mut self, x: &Operand, weights: Vec<f64>, bias: Vec<f64>) -> Result<Operand, String> {
        let shape = vec![x.shape[0], bias.len()];
        let op = FloatOp::Affine { groups: 1, weights, bias, bounds: Bounds::NONE };
        self.emit(op, &[x], shape, (Element::Float, Kind::Real))
    }

    /// Applies a post transform to scores `[batch, classes]`.
    pub fn post_transform(&mut self, scores: &Operand, transform: &str) -> Result<Operand, String> {
        match transform {
            "NONE" => Ok(scores.clone()),
            "SOFTMAX" => self.softmax(scores, &[1]),
            "LOGISTIC" => self.table(scores, &[Function::Sigmoid]),
            other if POST_TRANSFORMS.contains(&other) => {
                Err(format!("post transform {other} is not supported: it is not continuous, or an approximation"))
            }
            other => Err(format!("post transform `{other}` is not known")),
        }
    }

    /// The label of the class with the greatest of scores `[batch, classes]`; of equal ones, the first.
    pub fn label(&mut self, scores: &Operand, labels: &[i64]) -> Result<Operand, String> {
        let classes = scores.shape[1];
        if labels.len() != classes {
            return Err(format!("{} labels for {classes} classes", labels.len()));
        }
        let position = self.arg_max(scores, 1, false)?;
        self.element_at(&position, labels, LABEL)
    }

    /// The elements of a constant list at computed positions `[count]`, which lie within it.
    pub fn element_at(&mut self, position: &Operand, labels: &[i64], element: Element) -> Result<Operand, String> {
        let steps: Vec<i64> = labels.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let (first, step) = (labels[0], steps.first().copied().unwrap_or(0));
        if (first, step) == (0, 1) && steps.iter().all(|other| *other == step) {
            return Ok(Operand { element, ..position.clone() });
        }
        let (lo, hi) = (labels.iter().min().copied().unwrap_or(first), labels.iter().max().copied().unwrap_or(first));
        let sort = (element, Kind::Integer(Interval::new(lo, hi)));
        if steps.iter().all(|other| *other == step) {
            return self.sum_as(&[(step as f64, position)], first as f64, Bounds::NONE, Rounding::HalfUp, sort);
        }
        let batch = position.shape[0];
        if steps.iter().any(|step| step.unsigned_abs() > u64::from(i16::MAX.unsigned_abs())) {
            // The steps would be weights, and those of integers have 16 bits.
            let list = Operand::constant(vec![1, labels.len(), 1], LABEL, labels.iter().map(|label| *label as f64).collect());
            let position = self.reshape(position, vec![1, batch])?;
            let found = self.choose(&list, &position)?;
            let found = self.reshape(&found, vec![batch])?;
            return Ok(Operand { element, ..found });
        }
        // The first label, and a step for each class whose position is reached.
        let position = self.reshape(position, vec![batch, 1])?;
        let before = Operand::constant(vec![1, steps.len()], position.element, (0..steps.len()).map(|class| class as f64).collect());
        let reached = self.greater(&position, &before)?;
        let weights = steps.iter().map(|step| *step as f64).collect();
        let op = FloatOp::Affine { groups: 1, weights, bias: vec![first as f64], bounds: Bounds::NONE };
        let label = self.emit(op, &[&reached], vec![batch, 1], sort)?;
        self.reshape(&label, vec![batch])
    }

    /// The elements of a constant list of reals at computed positions `[count]`, which lie within it.
    pub fn real_at(&mut self, position: &Operand, values: &[f64]) -> Result<Operand, String> {
        let count = position.shape[0];
        if let [only] = values {
            return Ok(Operand::constant(vec![count], Element::Float, vec![*only; count]));
        }
        check_size(&[count, values.len()])?;
        let position = self.reshape(position, vec![count, 1])?;
        let list = Operand::constant(vec![1, values.len()], position.element, (0..values.len()).map(|place| place as f64).collect());
        let is_there = self.equal(&position, &list)?;
        // One of the weights is all that is left, so rounding them does not add up.
        let found = self.real_affine(&is_there, values.to_vec(), vec![0.0])?;
        self.reshape(&found, vec![count])
    }

    /// `label` where scores `[batch, 1]` are not negative, else 0.
    pub fn label_if_positive(&mut self, scores: &Operand, label: i64) -> Result<Operand, String> {
        let negative = self.greater(&Operand::scalar(0.0), scores)?;
        let label = label as f64;
        let sort = (LABEL, Kind::Integer(Interval::new(label.min(0.0) as i64, label.max(0.0) as i64)));
        let found = self.sum_as(&[(-label, &negative)], label, Bounds::NONE, Rounding::HalfUp, sort)?;
        self.reshape(&found, vec![scores.shape[0]])
    }
}
