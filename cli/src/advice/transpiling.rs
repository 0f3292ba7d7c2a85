//! The words for errors of transpiling.

use maat_transpiler::{CodegenError, Setting, TranspileError};

use super::{of_package, to_try};

/// An error in other words than its own, if these depend on verbs and flags.
pub fn worded(error: &TranspileError) -> Option<String> {
    Some(match error {
        TranspileError::Package(error) => return of_package(error),
        TranspileError::NotFinite { sample: None, .. } | TranspileError::Domain { sample: None, .. } => {
            format!("{error}: give samples with --calibration, or choose another --assumed-range")
        }
        TranspileError::Shape { input, axis: Some(_), axes, .. } => {
            format!("{error} with --shape {input}={}, where every name is replaced by a number", axes.join(","))
        }
        TranspileError::Shape { input, .. } => format!("{error} with --shape {input}=LENGTHS, such as 1,3,48,192"),
        TranspileError::Unfaithful { verdict } => {
            let remedy = to_try(verdict).map_or_else(String::new, |advice| format!(". Try {advice}"));
            format!("{error}{remedy}. --accept-loss makes the package anyway")
        }
        TranspileError::TooLarge { .. } => {
            format!("{error}. With --parts 0 the package is made anyway, for proofs and the Cairo VM")
        }
        TranspileError::Codegen(CodegenError::Parts { parts, most }) => {
            format!("--parts is {parts}; it must be at most {most} for this network")
        }
        TranspileError::Option { setting, value, expected } => format!("{} is {value}; it must be {expected}", flag(*setting)?),
        _ => return None,
    })
}

/// The flag of a setting that has one value.
fn flag(setting: Setting) -> Option<&'static str> {
    Some(match setting {
        Setting::ActivationBits => "--bits",
        Setting::WeightBits => "--weight-bits",
        Setting::TensorBits => "--tensor-bits",
        Setting::Raise => "--raise",
        Setting::Percentile => "--percentile",
        Setting::AssumedRange => "--assumed-range",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use maat_cairo::limits::Figure;
    use maat_package::{Advice, Basis, Fidelity, Loss, LossKind, PackageError, Verdict};

    use super::super::message;
    use super::*;

    fn of(error: TranspileError) -> String {
        message(&error.into())
    }

    #[test]
    fn settings_are_called_by_their_flags() {
        let of_setting = |setting| of(TranspileError::Option { setting, value: "3".to_owned(), expected: "more".to_owned() });
        for (setting, name) in [
            (Setting::ActivationBits, "--bits"),
            (Setting::WeightBits, "--weight-bits"),
            (Setting::Percentile, "--percentile"),
            (Setting::AssumedRange, "--assumed-range"),
            (Setting::TensorBits, "--tensor-bits"),
            (Setting::Raise, "--raise"),
            (Setting::Batches, "the number of batch sizes"),
        ] {
            assert_eq!(of_setting(setting), format!("{name} is 3; it must be more"));
        }
        let parts = TranspileError::Codegen(CodegenError::Parts { parts: 9, most: 4 });
        assert_eq!(of(parts), "--parts is 9; it must be at most 4 for this network");
    }

    #[test]
    fn what_cannot_be_transpiled_leads_to_what_would() {
        let large = TranspileError::TooLarge { node: "n".to_owned(), figure: Figure::new("CASM felts", 2, 1) };
        let expected = "node `n` does not fit into a class on Starknet: 2 CASM felts, at most 1. With --parts 0 the package is made anyway, for \
             proofs and the Cairo VM";
        assert_eq!(of(large), expected);
        let not_finite = |sample| of(TranspileError::NotFinite { node: "n".to_owned(), value: f64::NAN, sample });
        assert!(not_finite(None).ends_with("range of inputs: give samples with --calibration, or choose another --assumed-range"));
        assert!(!not_finite(Some(3)).contains("--"));
    }

    #[test]
    fn a_shape_that_is_not_fixed_leads_to_the_flag() {
        let shape = |axis, axes: &[&str]| {
            let axes = axes.iter().map(|axis| (*axis).to_owned()).collect();
            of(TranspileError::Shape { input: "x".to_owned(), axis, symbol: axis.map(|_| "height".to_owned()), axes })
        };
        let expected = "axis 2 of input `x`, which the file calls `height`, has no fixed length: choose the input's shape with --shape \
             x=1,3,height,48, where every name is replaced by a number";
        assert_eq!(shape(Some(2), &["1", "3", "height", "48"]), expected);
        assert_eq!(shape(None, &[]), "input `x` has no shape: choose one with --shape x=LENGTHS, such as 1,3,48,192");
    }

    #[test]
    fn a_package_that_cannot_be_made_again_has_the_words_of_one_that_cannot_be_opened() {
        let other = PackageError::NotAPackage { path: "p".into(), reason: "it is not a folder".to_owned() };
        assert_eq!(of(other.into()), "p is not a package made by `maat transpile`: it is not a folder");
    }

    #[test]
    fn a_refused_model_leads_to_what_may_help_and_to_the_flag_that_accepts_it() {
        let losses = vec![Loss { output: "y".to_owned(), refused: true, kind: LossKind::Labels { changed: 4, of: 8 } }];
        let (measured, advice) = (Some(Basis { samples: 8, held_out: true }), vec![Advice::MoreBits]);
        let verdict = Box::new(Verdict { fidelity: Fidelity::Refused, measured, losses, blamed: None, advice });
        let refused = of(TranspileError::Unfaithful { verdict });
        let end = "on 8 held-out samples. Try more bits (--bits 16 --weight-bits 16). --accept-loss makes the package anyway";
        assert!(refused.ends_with(end), "{refused}");
    }
}
