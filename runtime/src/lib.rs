//! The quantised model of Maat, the one source of truth for every executor.
//!
//! A tensor holds signed integers `q` with a scale exponent `s`; the real value is `q * 2^-s`. A [`Model`] is a list of nodes, each one of
//! a few integer [primitives]; [`Executor`] runs them without a float, a wrap-around or a panic. The bytes of [`Model::to_bytes`] are the
//! file `model.maat`.
//!
//! ```
//! use maat_runtime::{Executor, Interval, Model, ModelBuilder, Primitive, Requantise, Shape};
//! use maat_runtime::primitives::Affine;
//!
//! // y = max(0, round((3 * x0 - 2 * x1 + 1) / 2)), saturated to 8 bits
//! let mut builder = ModelBuilder::new("example");
//! let x = builder.input("x", Shape::new(&[1, 2])?, 0, Interval::of_bits(8))?;
//! let requantise = Requantise { shift: vec![1], lo: 0, hi: 127 };
//! let affine = Affine { groups: 1, inputs: 2, weights: vec![3, -2], bias: vec![1], requantise };
//! let y = builder.node("dense", Primitive::Affine(affine), &[x], 0)?;
//! let model = builder.finish(&[("y", y)])?;
//! assert_eq!(Executor::new(&model).run(&[vec![5, 2]])?, vec![vec![6]]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

mod dot;
mod error;
mod executor;
mod fault;
mod format;
mod interval;
mod linear;
mod model;
pub mod primitives;
mod quantise;
mod requantise;
mod shape;
mod text;

pub use error::{FormatError, ModelError, RunError};
pub use executor::Executor;
pub use fault::Fault;
pub use format::FORMAT_VERSION;
pub use interval::{ACCUMULATOR_LIMIT, Interval};
pub use model::{Model, ModelBuilder, Node, Port, Tensor, TensorId};
pub use primitives::Primitive;
pub use quantise::{dequantise, quantise, units};
pub use requantise::Requantise;
pub use shape::Shape;
pub use text::{inert, is_active};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
