//! The verdict on a quantised model, as data and in words. The transpiler reaches it; everything that reads a package repeats it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::blame::Blame;

/// How faithful a quantised model is to its float network, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The verdict in a word.
    pub fidelity: Fidelity,
    /// What it rests on; absent without samples.
    pub measured: Option<Basis>,
    /// What is lost, and at which output; empty for a faithful model.
    pub losses: Vec<Loss>,
    /// The node or input that causes the largest share of the outputs' error, if something is lost and this is known.
    pub blamed: Option<Blame>,
    /// What may help.
    pub advice: Vec<Advice>,
}

/// The verdict in a word. The worst is last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fidelity {
    /// The integers compute what the float network computes.
    Faithful,
    /// There were no samples to measure with, or too few.
    Unknown,
    /// Something is lost that a user should know about.
    Degraded,
    /// The integers compute something else. Such a model exists only if someone accepted the loss.
    Refused,
}

/// The samples that a verdict rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// How many there are.
    pub samples: usize,
    /// Whether they were kept back from calibration.
    pub held_out: bool,
}

/// Something that the integers lose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    /// The output that loses it.
    pub output: String,
    /// Whether the model is refused for it.
    pub refused: bool,
    /// What is lost.
    #[serde(flatten)]
    pub kind: LossKind,
}

/// What can be lost at an output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "loss", rename_all = "snake_case")]
pub enum LossKind {
    /// Labels, positions or truth values changed.
    Labels {
        /// How many changed.
        changed: usize,
        /// How many there are.
        of: usize,
    },
    /// Rows of scores have their greatest element, the class, at another position.
    Classes {
        /// How many rows have another class.
        changed: usize,
        /// How many rows there are.
        of: usize,
    },
    /// The mean error is large, compared with the `span` of the output's values.
    Mean {
        /// The mean error, in real units.
        mean: f64,
        /// What the values span, in real units.
        span: f64,
    },
    /// Samples are off by more than `share` of what the output's values span.
    Samples {
        /// How many samples are off.
        off: usize,
        /// How many samples there are.
        of: usize,
        /// The share of `span` that they exceed.
        share: f64,
        /// What the values span, in real units.
        span: f64,
    },
    /// Columns, which are positions along the last axis, lose their usual values because larger ones set the scale: those of other columns,
    /// or rare ones of their own. `column` is the worst, with its mean error and the span of its values without the rarest.
    Columns {
        /// How many columns are lost.
        lost: usize,
        /// How many columns there are.
        of: usize,
        /// The worst of them.
        column: usize,
        /// Its mean error, in real units.
        mean: f64,
        /// What its values span, in real units.
        span: f64,
    },
    /// It is unclear what the float network gives: tract, which runs the ONNX file, and the lowered network disagree.
    Disputed,
}

/// What may make a model more faithful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Advice {
    /// Wider integers.
    MoreBits,
    /// Ranges that hold all values seen.
    RangesMax,
    /// More samples, or samples that are more like the real inputs.
    MoreSamples,
    /// Inputs of one size.
    ScaleInputs,
}

impl Verdict {
    /// What every user of the model must know, in a sentence; nothing if it is faithful.
    pub fn caution(&self) -> Option<String> {
        match self.fidelity {
            Fidelity::Faithful => None,
            Fidelity::Unknown => Some(match self.measured {
                None => "the accuracy of this model is unknown: it was transpiled without samples".to_owned(),
                Some(basis) => format!("the accuracy of this model is unknown: nothing is lost on {basis}, but they are too few to tell"),
            }),
            Fidelity::Degraded => Some(format!("this model is degraded: {}", self.reasons())),
            Fidelity::Refused => Some(format!("this model does not compute its network, and was made anyway: {}", self.reasons())),
        }
    }

    /// What is lost, where most of it comes from, and what to try.
    pub fn reasons(&self) -> String {
        let (disputed, measured): (Vec<&Loss>, Vec<&Loss>) = self.losses.iter().partition(|loss| loss.kind == LossKind::Disputed);
        let text = |losses: &[&Loss]| losses.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        let basis = self.measured.filter(|_| !measured.is_empty()).map(|basis| format!("{}, on {basis}", text(&measured)));
        let losses = basis.into_iter().chain((!disputed.is_empty()).then(|| text(&disputed))).collect::<Vec<_>>().join("; ");
        let blamed = self.blamed.as_ref().map_or_else(String::new, |blame| format!(". The largest share of the error comes from {blame}"));
        format!("{losses}{blamed}")
    }
}

impl fmt::Display for Fidelity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Faithful => "faithful",
            Self::Unknown => "unknown",
            Self::Degraded => "degraded",
            Self::Refused => "refused",
        })
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { samples, held_out } = self;
        let what = if *held_out { "held-out " } else { "" };
        let calibrated = if *held_out { "" } else { " that it was calibrated on" };
        write!(formatter, "{samples} {what}sample{}{calibrated}", if *samples == 1 { "" } else { "s" })
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { output, kind, .. } = self;
        let percent = |share: f64| format!("{:.1} %", share * 100.0);
        match kind {
            LossKind::Labels { changed, of } => write!(formatter, "`{output}` gives another label in {changed} of {of} cases"),
            LossKind::Classes { changed, of } => {
                write!(formatter, "`{output}` has its greatest score elsewhere in {changed} of {of} cases")
            }
            LossKind::Mean { mean, span } if *span > 0.0 => {
                write!(formatter, "`{output}` is off by {mean} on average, {} of what its values span", percent(mean / span))
            }
            LossKind::Mean { mean, .. } => write!(formatter, "`{output}` is off by {mean} on average, where the float network gives 0"),
            LossKind::Samples { off, of, share, span } => {
                write!(
                    formatter,
                    "`{output}` is off by more than {} of what its values span ({span}) in {off} of {of} samples",
                    percent(*share)
                )
            }
            LossKind::Columns { of: 1, mean, span, .. } => write!(
                formatter,
                "`{output}` is off by {mean} on average, and all but a few of its values span only {span}: next to the largest they are lost"
            ),
            LossKind::Columns { lost, of, column, mean, span } => write!(
                formatter,
                "`{output}` loses {lost} of its {of} columns next to larger values: most of column {column} spans {span} and is off by {mean} \
                 on average"
            ),
            LossKind::Disputed => {
                write!(
                    formatter,
                    "tract, which runs the ONNX file, gives another `{output}` than Maat's import of it: compare some outputs with \
                     onnxruntime, and if they are equal, Maat is right"
                )
            }
        }
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::MoreBits => "more bits",
            Self::RangesMax => "ranges that hold all values seen",
            Self::MoreSamples => "more samples of the kind that the model will see",
            Self::ScaleInputs => "inputs of one size: some of their columns are a thousand times as large as others",
        })
    }
}
