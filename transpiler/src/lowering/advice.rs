//! What to do about operators that have no lowering. For those not listed here, only another network helps.

/// Operators, and what to do about each of them. Names begin with the domain and a dot if that is not ONNX's own.
const ADVICE: &[(&[&str], &str)] = &[
    (
        &["RegexFullMatch", "StringConcat", "StringNormalizer", "StringSplit", "ai.onnx.ml.CastMap", "ai.onnx.ml.DictVectorizer"],
        "networks take numbers; process texts and maps before the network, and give it the result",
    ),
    (
        &["NonMaxSuppression"],
        "how many boxes it keeps depends on their values, but shapes are fixed; export the network without its postprocessing, and select \
         boxes from its outputs",
    ),
    (
        &[
            "ConcatFromSequence",
            "Optional",
            "OptionalGetElement",
            "OptionalHasElement",
            "SequenceAt",
            "SequenceConstruct",
            "SequenceEmpty",
            "SequenceErase",
            "SequenceInsert",
            "SequenceLength",
            "SequenceMap",
            "SplitToSequence",
        ],
        "sequences are not supported; use tensors (Split, Concat, Gather), and export with fixed shapes",
    ),
    (
        &["Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"],
        "an inference is deterministic; export in evaluation mode (`model.eval()` in PyTorch), or make the random numbers an input",
    ),
    (
        &[
            "ai.onnx.preview.training.Adagrad",
            "ai.onnx.preview.training.Adam",
            "ai.onnx.preview.training.Gradient",
            "ai.onnx.preview.training.Momentum",
        ],
        "it belongs to training; export the network for inference",
    ),
    (&["ImageDecoder"], "do the preprocessing before the network, and give it the result"),
    (&["LinearAttention", "SwiGLU"], "export with opset 18, which expresses it in supported operators"),
];

/// Domains of operators that ONNX does not define, and what to do about them.
const DOMAINS: &[(&str, &str)] = &[
    ("com.microsoft", "onnxruntime's optimiser inserted it; use the file from before, or optimise at the level `basic`"),
    ("ai.onnx.contrib", "it belongs to onnxruntime-extensions; do the step before or after the network"),
    ("ai.onnx.preview", "ONNX has not settled it yet; export with opset 18"),
    ("org.pytorch.aten", "the exporter found no ONNX operator for it; write it with other operators, and export with opset 18"),
];

/// What to do about an operator.
pub(super) fn advice(operator: &str) -> Option<&'static str> {
    let named = ADVICE.iter().find(|(operators, _)| operators.contains(&operator)).map(|(_, advice)| *advice);
    let of_domain = || DOMAINS.iter().find(|(domain, _)| operator.strip_prefix(domain).is_some_and(|rest| rest.starts_with('.')));
    named.or_else(|| of_domain().map(|(_, advice)| *advice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lowering::supported_operators;

    #[test]
    fn advice_is_given_once_and_for_what_is_not_supported() {
        let mut advised: Vec<&str> = ADVICE.iter().flat_map(|(operators, _)| *operators).copied().collect();
        assert!(supported_operators().all(|operator| !advised.contains(&operator)));
        let count = advised.len();
        advised.sort_unstable();
        advised.dedup();
        assert_eq!(advised.len(), count);
    }

    #[test]
    fn operators_of_a_domain_that_is_not_onnxs_have_its_advice() {
        assert!(advice("com.microsoft.FusedMatMul").unwrap().contains("`basic`"));
        assert!(advice("com.microsoft.nchwc.Conv").unwrap().contains("`basic`"));
        assert_eq!(advice("com.microsofter.Conv"), None);
        assert_eq!(advice("Det"), None);
    }
}
