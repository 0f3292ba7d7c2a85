//! The ONNX project's own backend tests, run through the transpiler.
//!
//! ```text
//! wheel --suite--> tests --scope--> applicable ones --case--> verdicts --report--> docs/operators.md
//! ```

mod case;
mod report;
mod scope;
mod suite;
mod wheel;

pub use case::{Run, Verdict, run};
pub use report::{Report, Row};
pub use scope::{Excluded, exclusion};
pub use suite::{Suite, Test};
pub use wheel::{ENVIRONMENT_VARIABLE, VERSION, locate};
