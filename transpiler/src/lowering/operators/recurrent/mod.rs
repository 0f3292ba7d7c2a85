//! Operators that are recurrent layers, over sequences of fixed length.

mod gru;
mod lstm;
mod rnn;

use crate::lowering::operator::{Operator, of};

/// The operators of this folder, in alphabetical order.
pub(super) const OPERATORS: &[Operator] = &[
    of("GRU", gru::lower).with_parameters(&[4]),
    of("LSTM", lstm::lower).with_parameters(&[4]),
    of("RNN", rnn::lower).with_parameters(&[4]),
];
