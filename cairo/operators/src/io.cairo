//! Values on their way in and out of a program: plain lists, without a length in front, because the model fixes it.

/// All values of an input, or all of an output, one tensor after the other.
#[derive(Drop, Copy)]
pub struct Values {
    pub values: Span<felt252>,
}

impl ValuesSerde of Serde<Values> {
    fn serialize(self: @Values, ref output: Array<felt252>) {
        let mut values = self.values;
        // Eight at a time, because a turn of a loop costs more than the values that it moves.
        while let Some(eight) = values.multi_pop_front::<8>() {
            let [a, b, c, d, e, f, g, h] = eight.as_snapshot().unbox();
            output.append(*a);
            output.append(*b);
            output.append(*c);
            output.append(*d);
            output.append(*e);
            output.append(*f);
            output.append(*g);
            output.append(*h);
        }
        output.append_span(values);
    }

    /// Takes whatever is left; the model checks how much that is.
    fn deserialize(ref serialized: Span<felt252>) -> Option<Values> {
        let values = serialized;
        serialized = [].span();
        Some(Values { values })
    }
}

#[cfg(test)]
mod tests {
    use super::Values;

    #[test]
    fn values_travel_without_a_length() {
        let mut output = array![];
        let expected = [1, -2, 3, 4, 5, 6, 7, 8, 9, 10].span();
        Values { values: expected }.serialize(ref output);
        assert_eq!(output.span(), expected);
        let mut serialized = output.span();
        let values: Values = Serde::deserialize(ref serialized).unwrap();
        assert_eq!(values.values, expected);
        assert!(serialized.is_empty());
    }
}
