//! Attention (opset 23): `Y = softmax(scale * Q K^T + mask) V`, a matrix for each sample and head.
//!
//! Q, K and V are `[batch, heads, positions, features]`, or `[batch, positions, heads * features]` with the numbers of heads as attributes.
//! There may be several heads of Q for one of K and V. Keys and values of earlier positions come before the others. A mask holds numbers
//! to add, or truth values; a causal one leaves out later positions, and from opset 24 on there is a number of positions to keep. With
//! `softcap = c`, the masked scores `s` become `c * tanh(s / c)`.

use crate::float::Function;
use crate::lowering::moves::common_shape;
use crate::lowering::scope::{Operand, Scope};
use crate::onnx::Element;

/// Masks of scores `[batch, heads, positions, all positions]`.
#[derive(Default)]
struct Masks {
    /// Numbers to add; minus infinity, if known, leaves an element out.
    added: Vec<Operand>,
    /// Computed truth values: whether an element is left in.
    open: Option<Operand>,
    /// Whether any element may be left out.
    leave_out: bool,
}

pub(super) fn lower(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.arity(3, if scope.opset() >= 24 { 7 } else { 6 })?;
    let (q, k, v) = (scope.floats(0)?, scope.floats(1)?, scope.floats(2)?);
    let flat = q.axes() == 3;
    let q = heads(scope, &q, "q_num_heads")?;
    let (k, v) = (heads(scope, &k, "kv_num_heads")?, heads(scope, &v, "kv_num_heads")?);
    let (past, k, v) = with_past(scope, k, v)?;
    let [batch, q_heads, positions, features] = q.shape[..] else { return Err("Q needs four axes".to_owned()) };
    let [_, kv_heads, all, _] = k.shape[..] else { return Err("K needs four axes".to_owned()) };
    let fits = k.shape == [batch, kv_heads, all, features] && v.shape[..3] == k.shape[..3] && q_heads.is_multiple_of(kv_heads.max(1));
    if !fits || q.elements() == 0 || k.elements() == 0 || v.elements() == 0 {
        return Err(format!("heads of shapes {:?}, {:?} and {:?} do not fit one another", q.shape, k.shape, v.shape));
    }

    let default = 1.0 / (features as f64).sqrt();
    let scale = scope.optional_attribute::<f32>("scale")?.map_or(default, f64::from);
    // The heads of Q that share one of K are more rows of it.
    let grouped = scope.reshape(&q, vec![batch, kv_heads, q_heads / kv_heads * positions, features])?;
    let turned = scope.swap_last(&k)?;
    let products = scope.matmul(&grouped, &turned)?;
    let products = scope.reshape(&products, vec![batch, q_heads, positions, all])?;
    let masks = masks(scope, &products.shape, past)?;
    let mode = scope.attribute("qk_matmul_output_mode", 0i64)?;
    let given = scope.uses(3);
    if given && masks.leave_out && (1..=2).contains(&mode) {
        return Err(format!(
            "with attribute `qk_matmul_output_mode` {mode}, the output is minus infinity where the mask leaves out: use 0 or 3"
        ));
    }
    if given && mode == 0 {
        let scores = scope.linear(&products, scale, 0.0)?;
        scope.give(3, scores);
    }
    let terms: Vec<(f64, &Operand)> = [(scale, &products)].into_iter().chain(masks.added.iter().map(|mask| (1.0, mask))).collect();
    let mut scores = scope.sum(&terms, 0.0)?;
    if given && mode == 1 {
        scope.give(3, scores.clone());
    }
    let cap = scope.number("softcap", 0.0)?;
    if cap > 0.0 {
        if masks.leave_out {
            return Err("attribute `softcap` comes after the mask, so that what the mask leaves out would come in again at -softcap: \
                        leave out one of the two, or export with opset 18"
                .to_owned());
        }
        let scaled = |factor| Function::Linear { factor, offset: 0.0 };
        scores = scope.table(&scores, &[scaled(1.0 / cap), Function::Tanh, scaled(cap)])?;
    }
    if given && mode == 2 {
        scope.give(3, scores.clone());
    }
    let shares = match &masks.open {
        Some(open) => scope.softmax_where(&scores, open, &[3])?,
        None => scope.softmax(&scores, &[3])?,
    };
    match mode {
        0..=2 => {}
        3 => scope.give(3, shares.clone()),
        other => return Err(format!("attribute `qk_matmul_output_mode` is {other}: it must be from 0 to 3")),
    }
    let grouped = scope.reshape(&shares, vec![batch, kv_heads, q_heads / kv_heads * positions, all])?;
    let y = scope.matmul(&grouped, &v)?;
    let y = scope.reshape(&y, vec![batch, q_heads, positions, v.shape[3]])?;
    let y = if flat {
        let y = scope.transpose(&y, &[0, 2, 1, 3])?;
        scope.reshape(&y, vec![batch, positions, q_heads * v.shape[3]])?
    } else {
        y
    };
    scope.give(0, y);
    scope.give(1, k);
    scope.give(2, v);
    Ok(())
}

/// `[batch, heads, positions, features]` from that, or from `[batch, positions, heads * features]`.
fn heads(scope: &mut Scope<'_>, x: &Operand, attribute: &str) -> Result<Operand, String> {
    match x.shape[..] {
        [_, _, _, _] => Ok(x.clone()),
        [batch, positions, features] => {
            let split = split_heads(scope, x, [batch, positions, features], attribute)?;
            scope.transpose(&split, &[0, 2, 1, 3])
        }
        _ => Err(format!("Q, K and V have three or four axes, not shape {:?}", x.shape)),
    }
}

/// `[batch, positions, heads, features]` from `[batch, positions, heads * features]`.
pub(super) fn split_heads(
    scope: &mut Scope<'_>,
    x: &Operand,
    [batch, positions, features]: [usize; 3],
    attribute: &str,
) -> Result<Operand, String> {
    let heads = scope.optional_attribute::<i64>(attribute)?.ok_or_else(|| format!("attribute `{attribute}` is missing"))?;
    let heads = usize::try_from(heads).ok().filter(|heads| *heads > 0 && features.is_multiple_of(*heads));
    let heads = heads.ok_or_else(|| format!("attribute `{attribute}` does not divide {features} features"))?;
    scope.reshape(x, vec![batch, positions, heads, features / heads])
}

/// The number of earlier positions, and keys and values with those of earlier positions before them.
fn with_past(scope: &mut Scope<'_>, k: Operand, v: Operand) -> Result<(usize, Operand, Operand), String> {
    match (scope.optional(4)?, scope.optional(5)?) {
        (None, None) => Ok((0, k, v)),
        (Some(past_key), Some(past_value)) if past_key.axes() == 4 && past_value.axes() == 4 => {
            let past = past_key.shape[2];
            Ok((past, scope.concat(&[past_key, k], 2)?, scope.concat(&[past_value, v], 2)?))
        }
        (Some(_), Some(_)) => Err("earlier keys and values need four axes".to_owned()),
        _ => Err("earlier keys and values must be given together".to_owned()),
    }
}

/// All masks of scores of a shape, `past` of whose positions are earlier ones.
fn masks(scope: &mut Scope<'_>, shape: &[usize], past: usize) -> Result<Masks, String> {
    let [_, _, positions, all] = *shape else { return Err("scores need four axes".to_owned()) };
    let mut masks = Masks::default();
    if scope.attribute("is_causal", 0i64)? != 0 {
        let open = (0..positions * all).map(|index| index % all <= past + index / all).collect();
        masks.leave_in(vec![positions, all], open);
    }
    if let Some(mask) = scope.optional(3)? {
        masks.add(scope, mask, shape)?;
    }
    if let Some(lengths) = scope.optional(6)? {
        let batch = shape[0];
        let lengths = scope.reshape(&lengths, vec![batch, 1, 1, 1])?;
        let places = Operand::constant(vec![1, 1, 1, all], lengths.element, (0..all).map(|place| place as f64).collect());
        let open = scope.greater(&lengths, &places)?;
        masks.add(scope, open, shape)?;
    }
    let Some(mut open) = masks.open.take() else { return Ok(masks) };
    // Where truth values are computed, known ones join them.
    let mut added = Vec::new();
    for mask in std::mem::take(&mut masks.added) {
        let known = mask.values().filter(|values| values.contains(&f64::NEG_INFINITY)).map(<[f64]>::to_vec);
        let Some(known) = known else {
            added.push(mask);
            continue;
        };
        let left_in = known.iter().map(|value| f64::from(u8::from(*value != f64::NEG_INFINITY))).collect();
        let left_in = Operand::constant(mask.shape.clone(), Element::Bool, left_in);
        open = scope.truth(&[(1.0, &open), (1.0, &left_in)], -1.0)?;
        let finite = known.iter().map(|value| if *value == f64::NEG_INFINITY { 0.0 } else { *value }).collect();
        added.push(Operand::constant(mask.shape, Element::Float, finite));
    }
    Ok(Masks { added, open: Some(open), leave_out: true })
}

impl Masks {
    /// Leaves in the elements for which known truth values are true.
    fn leave_in(&mut self, shape: Vec<usize>, open: Vec<bool>) {
        self.leave_out |= open.contains(&false);
        let added = open.iter().map(|open| if *open { 0.0 } else { f64::NEG_INFINITY }).collect();
        self.added.push(Operand::constant(shape, Element::Float, added));
    }

    /// Adds a mask that broadcasts to scores of a shape; its last axis may be shorter, and what it does not reach is left out.
    fn add(&mut self, scope: &mut Scope<'_>, mask: Operand, shape: &[usize]) -> Result<(), String> {
        let all = shape[3];
        let refused = || format!("a mask of shape {:?} does not fit scores of shape {shape:?}", mask.shape);
        let length = *mask.shape.last().ok_or_else(refused)?;
        if length > all || mask.elements() == 0 {
            return Err(refused());
        }
        if length == 1 && all > 1 {
            return Err(format!("a mask with one column for {all} positions may mean all of them or the first: give it all columns"));
        }
        let mask = if length < all {
            let reached = (0..all).map(|place| place < length).collect();
            self.leave_in(vec![all], reached);
            let mut along: Vec<Vec<Option<usize>>> = mask.shape.iter().map(|length| (0..*length).map(Some).collect()).collect();
            if let Some(last) = along.last_mut() {
                last.resize(all, None);
            }
            scope.pick_all(&mask, &along, 0.0)?
        } else {
            mask
        };
        if common_shape([shape, mask.shape.as_slice()])? != shape {
            return Err(format!("a mask of shape {:?} does not fit scores of shape {shape:?}", mask.shape));
        }
        match (mask.element, mask.values().map(<[f64]>::to_vec)) {
            (Element::Bool, Some(values)) => self.leave_in(mask.shape, values.iter().map(|value| *value == 1.0).collect()),
            (Element::Bool, None) => {
                self.leave_out = true;
                self.open = Some(match self.open.take() {
                    Some(open) => scope.truth(&[(1.0, &open), (1.0, &mask)], -1.0)?,
                    None => mask,
                });
            }
            (Element::Float, values) => {
                self.leave_out |= values.is_some_and(|values| values.contains(&f64::NEG_INFINITY));
                self.added.push(mask);
            }
            (other, _) => return Err(format!("a mask holds numbers to add or truth values, not {other}")),
        }
        Ok(())
    }
}
