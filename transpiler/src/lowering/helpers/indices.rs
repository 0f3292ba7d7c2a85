//! Computed indices: elements at positions that the network computes.
//!
//! A position becomes a row of truth values, one for each place that it can name; elements are then chosen by a product with the row, and put
//! by a selection. ONNX forbids indices beyond an axis; here they mean its nearer end, so that whatever comes in names some element.

use maat_runtime::Interval;

use crate::float::{Bounds, FloatOp, Kind, Rounding};
use crate::lowering::moves::{check_size, narrow};
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::{Element, IntegerType};

/// The most comparisons of positions with places in one operator.
pub const MAX_COMPARISONS: usize = 1 << 18;
/// The most multiply-accumulates of one operator's choices.
const MAX_PRODUCTS: usize = 1 << 26;
/// The most updates of one tensor: each is a selection of its own, because a later one replaces an earlier one.
const MAX_UPDATES: usize = 256;

/// Puts an update into a tensor of its shape, where truth values say.
type PutOne = fn(&mut Scope<'_>, &Operand, &Operand, &Operand) -> Result<Operand, String>;

/// What becomes of an element and its update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reduction {
    /// The last update stays.
    Replace,
    /// All are added.
    Add,
    /// All are multiplied.
    Mul,
    /// The greatest stays.
    Max,
    /// The least stays.
    Min,
}

impl Reduction {
    /// The attribute `reduction`.
    pub fn read(scope: &Scope<'_>) -> Result<Self, String> {
        Ok(match scope.text("reduction", "none")?.as_str() {
            "none" => Self::Replace,
            "add" => Self::Add,
            "mul" => Self::Mul,
            "max" => Self::Max,
            "min" => Self::Min,
            other => return Err(format!("attribute `reduction` is `{other}`, which is not known")),
        })
    }
}

/// A known index as a position along an axis.
pub fn place(index: i64, length: usize) -> Result<usize, String> {
    let from_front = if index < 0 { index.saturating_add(length as i64) } else { index };
    let found = usize::try_from(from_front).ok().filter(|position| *position < length);
    found.ok_or_else(|| format!("index {index} is outside an axis of length {length}"))
}

/// Positions as numbers of elements along an axis.
pub fn positions_up_to(length: usize) -> (Element, Kind) {
    (Element::Integer(IntegerType::Int64), Kind::Integer(Interval::new(0, length as i64 - 1)))
}

impl Scope<'_> {
    /// Indices as positions from 0 to `length - 1`. Negative ones count from the back.
    pub fn positions(&mut self, indices: &Operand, length: usize) -> Result<Operand, String> {
        let (Kind::Integer(range), true) = (self.kind(indices), matches!(indices.element, Element::Integer(_))) else {
            return Err(format!("indices must be integers, not {}", indices.element));
        };
        if length == 0 {
            return Err("an axis of length 0 has no elements to choose from".to_owned());
        }
        let last = length as f64 - 1.0;
        if range.lo >= 0 && range.hi < length as i64 {
            return Ok(Operand { element: positions_up_to(length).0, ..indices.clone() });
        }
        let bounds = Bounds { lo: 0.0, hi: last };
        if range.lo >= 0 {
            return self.sum_as(&[(1.0, indices)], 0.0, bounds, Rounding::HalfUp, positions_up_to(length));
        }
        let zero = Operand::constant(Vec::new(), indices.element, vec![0.0]);
        let negative = self.greater(&zero, indices)?;
        let terms = [(1.0, indices), (length as f64, &negative)];
        self.sum_as(&terms, 0.0, bounds, Rounding::HalfUp, positions_up_to(length))
    }

    /// Whether each position is each place: `[.., length]` for positions from 0 to `length - 1`.
    pub fn one_hot(&mut self, positions: &Operand, length: usize) -> Result<Operand, String> {
        let (count, shape) = (positions.elements(), [&positions.shape[..], &[length]].concat());
        if count.checked_mul(length).is_none_or(|comparisons| comparisons > MAX_COMPARISONS) {
            return Err(format!(
                "{count} computed indices with {length} places each need too many comparisons: at most {MAX_COMPARISONS} are supported"
            ));
        }
        if length == 1 {
            return Ok(Operand::constant(shape, Element::Bool, vec![1.0; count]));
        }
        // A position is `k` if it is greater than `k - 1` and not greater than `k`.
        let column = self.reshape(positions, [&positions.shape[..], &[1]].concat())?;
        let places = Operand::constant(vec![length - 1], positions.element, (0..length - 1).map(|place| place as f64).collect());
        let reached = self.greater(&column, &places)?;
        let (row, outside) = (length - 1, reached.elements());
        let shifted = |by: usize| {
            let of = move |element: usize| {
                let (position, place) = (element / length, element % length + by);
                if (1..length).contains(&place) { position * row + place - 1 } else { outside }
            };
            narrow((0..count * length).map(of))
        };
        let here = self.gather(&reached, shape.clone(), shifted(0), vec![1.0])?;
        let beyond = self.gather(&reached, shape, shifted(1), vec![0.0])?;
        self.truth(&[(1.0, &here), (-1.0, &beyond)], 0.0)
    }

    /// The elements of `x` `[batch, length, inner]` at computed positions `[batch, count]`: `[batch, count, inner]`.
    pub fn choose(&mut self, x: &Operand, positions: &Operand) -> Result<Operand, String> {
        let (&[batch, length, inner], &[_, count]) = (&x.shape[..], &positions.shape[..]) else {
            return Err("positions do not fit their tensor".to_owned());
        };
        let shape = vec![batch, count, inner];
        check_size(&shape)?;
        if [batch, count, inner].iter().try_fold(length, |product, next| product.checked_mul(*next)).is_none_or(|all| all > MAX_PRODUCTS) {
            return Err(format!("choosing {count} of {length} slices of {inner} elements takes more than {MAX_PRODUCTS} multiplications"));
        }
        let sort = (x.element, self.chosen_kind(x)?);
        let chosen = self.one_hot(positions, length)?;
        // Weights of integers have 16 bits. A product takes larger ones.
        let are_weights = |values: &&[f64]| x.element == Element::Float || values.iter().all(|value| value.abs() <= f64::from(i16::MAX));
        if let (Some(values), 1) = (x.values().filter(are_weights), batch) {
            let weights = (0..inner * length).map(|index| values[index % length * inner + index / length]).collect();
            let op = FloatOp::Affine { groups: 1, weights, bias: vec![0.0; inner], bounds: Bounds::NONE };
            return self.emit(op, &[&chosen], shape, sort);
        }
        let rows = self.transpose(x, &[0, 2, 1])?;
        self.emit(FloatOp::Product { rows: count, columns: inner, inner: length }, &[&chosen, &rows], shape, sort)
    }

    /// The kind of elements that are chosen. All of those that could be are checked, because the choice is known to nobody in advance.
    pub fn chosen_kind(&self, x: &Operand) -> Result<Kind, String> {
        if let Some(value) = x.values().unwrap_or_default().iter().find(|value| !value.is_finite()) {
            return Err(format!("an element to choose from is {value}: every one must be finite"));
        }
        match self.kind(x) {
            Kind::Integer(range) if !Interval::of_bits(32).includes(range) => {
                Err(format!("elements of {range} to choose from have more than 32 bits"))
            }
            kind => Ok(kind),
        }
    }

    /// `x` `[batch, length, inner]` with `updates` `[batch, count, inner]` at computed positions `[batch, count]`.
    pub fn put(&mut self, x: &Operand, positions: &Operand, updates: &Operand, reduction: Reduction) -> Result<Operand, String> {
        let (&[batch, length, inner], &[_, count]) = (&x.shape[..], &positions.shape[..]) else {
            return Err("positions do not fit their tensor".to_owned());
        };
        if count > MAX_UPDATES {
            return Err(format!("{count} updates at computed positions are too many: at most {MAX_UPDATES} are supported"));
        }
        check_size(&[batch, length, inner, count])?;
        let chosen = self.one_hot(positions, length)?;
        let put_one: PutOne = match reduction {
            Reduction::Add => return self.put_sums(x, &chosen, updates),
            Reduction::Replace => |scope, here, update, y| scope.select(here, update, y),
            Reduction::Mul => |scope, here, update, y| {
                let one = Operand::constant(y.shape.clone(), y.element, vec![1.0; y.elements()]);
                let factor = scope.select(here, update, &one)?;
                scope.mul(y, &factor)
            },
            Reduction::Max => |scope, here, update, y| scope.put_if_greater(here, update, y, (update, y)),
            Reduction::Min => |scope, here, update, y| scope.put_if_greater(here, update, y, (y, update)),
        };
        let mut y = x.clone();
        for update in 0..count {
            let here = self.pick(&chosen, 1, &[update])?;
            let here = self.reshape(&here, vec![batch, length, 1])?;
            let here = self.expand(&here, &x.shape)?;
            let update = self.pick(updates, 1, &[update])?;
            let update = self.expand(&update, &x.shape)?;
            y = put_one(self, &here, &update, &y)?;
        }
        Ok(y)
    }

    /// `x` `[batch, length, inner]` and the sums of the `updates` that are `chosen` `[batch, count, length]` for each place.
    fn put_sums(&mut self, x: &Operand, chosen: &Operand, updates: &Operand) -> Result<Operand, String> {
        let kind = match self.chosen_kind(updates)? {
            Kind::Integer(range) if x.element != Element::Float => {
                let all = updates.shape[1] as i64;
                Kind::Integer(Interval::new(range.lo.min(0) * all, range.hi.max(0) * all))
            }
            _ => Kind::Real,
        };
        let (rows, columns) = (self.transpose(chosen, &[0, 2, 1])?, self.transpose(updates, &[0, 2, 1])?);
        let op = FloatOp::Product { rows: x.shape[1], columns: x.shape[2], inner: updates.shape[1] };
        let added = self.emit(op, &[&rows, &columns], x.shape.clone(), (x.element, kind))?;
        self.sum(&[(1.0, x), (1.0, &added)], 0.0)
    }

    /// The update where it is to be put and `a > b`, else `y`.
    fn put_if_greater(&mut self, here: &Operand, update: &Operand, y: &Operand, (a, b): (&Operand, &Operand)) -> Result<Operand, String> {
        let better = self.greater(a, b)?;
        let replaced = self.truth(&[(1.0, here), (1.0, &better)], -1.0)?;
        self.select(&replaced, update, y)
    }
}
