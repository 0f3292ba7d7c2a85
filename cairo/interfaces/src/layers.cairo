//! A part of a network that is too large for one class: layers in a row.

/// Layers in a row, without state. The model's class, which knows the class hashes of all parts, calls them one after the other.
#[starknet::interface]
pub trait ILayers<TContractState> {
    /// From the tensors that the layers need, one after the other, to those that later ones need.
    ///
    /// Warning: lengths and ranges are for the caller to know; the model's class checks its input before it calls.
    fn run(self: @TContractState, values: Span<felt252>) -> Span<felt252>;
}
