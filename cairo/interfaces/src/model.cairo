//! A quantised network as a contract. `maat transpile` generates it.

/// An input or output.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Port {
    /// Its axis lengths.
    pub shape: Span<u32>,
    /// The exponents `s` of its scales, one for all elements, or one for each position along the last axis: an integer `q` stands for
    /// `q * 2^-s`.
    pub scales: Span<i32>,
    /// The least integer of an element: `predict` refuses an input with a smaller one, and provably gives no output with a smaller one.
    pub lo: i32,
    /// The greatest integer of an element, likewise; at least `lo`.
    pub hi: i32,
}

/// A network without state.
#[starknet::interface]
pub trait IModel<TContractState> {
    /// Runs the network. Takes all inputs one after the other, row-major, and gives all outputs so.
    ///
    /// Panics if the input has another length, or a value is not within `lo` and `hi` of its input.
    fn predict(self: @TContractState, input: Span<i32>) -> Span<i32>;
    /// Runs the network on each of the inputs, and gives the outputs in the same order.
    ///
    /// Panics as `predict` does.
    fn predict_batch(self: @TContractState, inputs: Span<Span<i32>>) -> Span<Span<i32>>;
    /// The inputs, in order.
    fn inputs(self: @TContractState) -> Span<Port>;
    /// The outputs, in order.
    fn outputs(self: @TContractState) -> Span<Port>;
    /// sha256 of the quantised model's file, `model.maat`.
    fn model_digest(self: @TContractState) -> u256;
    /// The commitment by which proofs know the model; 0 if its inferences cannot be proven.
    fn model_commitment(self: @TContractState) -> felt252;
}
