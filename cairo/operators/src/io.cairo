//! Values on their way in and out of a program: plain lists, without a length in front, because the model fixes it.

/// All values of an input, or all of an output, one tensor after the other.
#[derive(Drop, Copy)]
pub struct Values {
    pub values: Span<felt252>,
}

impl ValuesSerde of Serde<Values> {
    fn serialize(self: @Values, ref output: Array<felt252>) {
        output.append_span(self.values);
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
        Values { values: [1, -2].span() }.serialize(ref output);
        assert_eq!(output, array![1, -2]);
        let mut serialized = output.span();
        let values: Values = Serde::deserialize(ref serialized).unwrap();
        assert_eq!(values.values, [1, -2].span());
        assert!(serialized.is_empty());
    }
}
