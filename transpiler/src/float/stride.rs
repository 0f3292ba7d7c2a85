//! Positions of elements in row-major tensors: broadcasting and permutations as lists of indices.

/// The distance of neighbours along each axis.
pub fn strides(shape: &[usize]) -> Vec<usize> {
    (0..shape.len()).map(|axis| shape[axis + 1..].iter().product()).collect()
}

/// For each element of a tensor of shape `to`, the position of its element in a tensor of shape `from` that broadcasts to it by ONNX's
/// rule (NumPy's); nothing if it does not.
pub fn broadcast_indices(from: &[usize], to: &[usize]) -> Option<Vec<u32>> {
    let extra = to.len().checked_sub(from.len())?;
    let fits = from.iter().zip(&to[extra..]).all(|(from, to)| from == to || *from == 1);
    if !fits {
        return None;
    }
    let steps = strides(from);
    let step = |axis: usize| if axis < extra || from[axis - extra] == 1 { 0 } else { steps[axis - extra] };
    Some(walk(to, &(0..to.len()).map(step).collect::<Vec<_>>()))
}

/// For each element of the transposed tensor, its position before: axis `k` of the result is axis `axes[k]` of `shape`.
pub fn permutation(shape: &[usize], axes: &[usize]) -> Vec<u32> {
    let steps = strides(shape);
    let (to, by): (Vec<usize>, Vec<usize>) = axes.iter().map(|axis| (shape[*axis], steps[*axis])).unzip();
    walk(&to, &by)
}

/// The positions that a row-major walk over `shape` visits if a step along each axis goes as far as `steps` says.
fn walk(shape: &[usize], steps: &[usize]) -> Vec<u32> {
    let mut positions = vec![0u32];
    for (length, step) in shape.iter().zip(steps) {
        let along = |start: u32| (0..*length).map(move |k| start + u32::try_from(k * step).expect("a position fits 32 bits"));
        positions = positions.into_iter().flat_map(along).collect();
    }
    positions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_of_length_one_are_repeated() {
        assert_eq!(broadcast_indices(&[2, 1], &[2, 3]).unwrap(), [0, 0, 0, 1, 1, 1]);
        assert_eq!(broadcast_indices(&[3], &[2, 3]).unwrap(), [0, 1, 2, 0, 1, 2]);
        assert_eq!(broadcast_indices(&[], &[2]).unwrap(), [0, 0]);
        assert!(broadcast_indices(&[2], &[2, 3]).is_none());
        assert!(broadcast_indices(&[1, 3], &[3]).is_none());
    }

    #[test]
    fn axes_change_places() {
        assert_eq!(permutation(&[2, 3], &[1, 0]), [0, 3, 1, 4, 2, 5]);
        assert_eq!(permutation(&[2, 1, 2], &[2, 0, 1]), [0, 2, 1, 3]);
    }
}
