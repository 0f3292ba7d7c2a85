//! The ONNX project's own backend tests, run through the transpiler.
//!
//! ```text
//! wheel --suite--> tests --scope--> applicable ones --case--> verdicts --report--> docs/operators.md
//! ```

mod case;
mod report;
mod scope;
mod suite;

pub use case::{Run, Verdict, run};
pub use report::{Report, Row};
pub use scope::{Excluded, exclusion};
pub use suite::{Suite, Test};

use crate::wheel::Wheel;

/// The wheel of the `onnx` package, which holds the backend tests: the release whose tests are run.
pub const WHEEL: Wheel = Wheel {
    package: "onnx",
    version: "1.20.0",
    file: "onnx-1.20.0-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl",
    sha256: "71177f8fd5c0dd90697bc281f5035f73707bdac83257a5c54d74403a1100ace9",
    variable: "MAAT_ONNX_WHEEL",
    platform: &["--implementation=cp", "--python-version=3.11", "--platform=manylinux_2_28_x86_64", "--platform=manylinux_2_27_x86_64"],
};
