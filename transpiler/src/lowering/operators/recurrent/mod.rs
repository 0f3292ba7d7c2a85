//! Operators that are recurrent layers, over sequences of fixed length.

mod gru;
mod lstm;
mod rnn;

use crate::lowering::operator::{Operator, real};

/// The operators of this folder, in alphabetical order.
pub(super) const OPERATORS: &[Operator] = &[
    real("GRU", gru::lower).with_parameters(&[4]),
    real("LSTM", lstm::lower).with_parameters(&[4]),
    real("RNN", rnn::lower).with_parameters(&[4]),
];
