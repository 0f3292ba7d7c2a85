//! Reaches the verdict on a quantised model: whether it still computes its float network.
//!
//! | verdict | classes and labels | numbers |
//! |---|---|---|
//! | faithful | the same in 99 % | off by at most 1 % of the output's range on average, and in 99 % of the samples |
//! | degraded | less | more |
//! | refused | changed in more than 10 % | off by more than 10 % of the range on average, or in more than 10 % of the samples |
//!
//! A class that changes counts, however close the float network's decision was: anyone who acts on the class acts differently, and a
//! network whose decisions are mostly that close has lost them. What matters is how many change.

use maat_package::samples::Sample;
use maat_package::{
    Accuracy, Advice, Agreement, Basis, Blame, Deviation, Fidelity, Loss, LossKind, Options, RangeMethod, Verdict, Widths, significant,
};

use super::accuracy::{Measured, OutputMeasure};

/// How much may be lost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The error, as a share of an output's range.
    error: f64,
    /// The share of samples, classes or labels.
    changed: f64,
    /// This many changes may be chance, whatever share they are.
    chance: usize,
    /// Unless there are fewer samples, classes or labels than this.
    few: usize,
}

impl Limits {
    /// Of a faithful model. One change among fewer than a hundred samples does not tell 99 % from less. Among fewer than ten it is still a
    /// loss, because a model that changes one class in a hundred shows it less than once in ten times.
    const FAITHFUL: Self = Self { error: 0.01, changed: 0.01, chance: 1, few: 10 };
    /// Of a model that is handed out: ten times as much. Up to three changes among few samples may be chance: a model that changes one
    /// class in twenty changes four or more of 25 samples in three of a hundred tries.
    const ACCEPTABLE: Self = Self { error: 0.1, changed: 0.1, chance: 3, few: 0 };
    /// Half of what a faithful model may lose: what holds for the samples that widths are chosen with should hold for others too.
    pub const HALF: Self = Self { error: 0.005, changed: 0.005, chance: 1, few: 10 };

    fn exceeded_by(self, changed: usize, of: usize) -> bool {
        changed as f64 > self.changed * of as f64 && (changed > self.chance || of < self.few)
    }
}

/// With fewer samples, the span of an output says little; its greatest size is used if that is more.
const FEW_SAMPLES: usize = 8;
/// Values that vary by less than this share of their size are constant, and errors are compared with their size.
const CONSTANT: f64 = 1e-3;
/// Rows are scores of classes if in most of them the greatest leads the second by this share of the output's range.
const LEAD: f64 = 0.05;
/// And if there are at least this many rows.
const LEAST_ROWS: usize = 8;
/// With this mean error, as a share of what it spans, a column is lost.
const LOST_COLUMN: f64 = 0.1;
/// With fewer samples, more of them may help.
const ENOUGH_SAMPLES: usize = 100;
/// Input columns whose sizes differ by more than this factor should be scaled.
const UNEVEN: f64 = 1000.0;

/// What an error of values of this range is compared with.
fn span(lo: f64, hi: f64, samples: usize) -> f64 {
    let (range, size) = (hi - lo, lo.abs().max(hi.abs()));
    if samples < FEW_SAMPLES || range < CONSTANT * size { range.max(size) } else { range }
}

impl OutputMeasure {
    fn span(&self) -> f64 {
        let (lo, hi) = self.measure.range();
        span(lo, hi, self.samples.len())
    }

    /// Whether the rows are scores, of which the greatest names a class: because the network takes its position, because they are
    /// probabilities, or because the greatest leads clearly. In the values of a regression or a sequence it does not, and there the
    /// greatest element means nothing.
    fn are_scores(&self) -> bool {
        let leads = || {
            let mut leads = self.leads.clone();
            leads.sort_unstable_by(f64::total_cmp);
            leads.len() >= LEAST_ROWS && leads[leads.len() / 2] >= LEAD * self.span()
        };
        self.is_chosen_from || self.is_distribution || leads()
    }

    /// What is lost beyond the limits.
    pub fn losses(&self, limits: Limits) -> Vec<LossKind> {
        let distance = match self.measure.deviation() {
            Deviation::Labels(agreement) => {
                let lost = limits.exceeded_by(agreement.changed(), agreement.of);
                return lost.then(|| LossKind::Labels { changed: agreement.changed(), of: agreement.of }).into_iter().collect();
            }
            Deviation::Numbers(distance) => distance,
        };
        let mut losses = Vec::new();
        let classes = distance.same_argmax.filter(|agreement: &Agreement| limits.exceeded_by(agreement.changed(), agreement.of));
        losses.extend(
            classes.filter(|_| self.are_scores()).map(|agreement| LossKind::Classes { changed: agreement.changed(), of: agreement.of }),
        );
        let (mean, span, of) = (self.measure.mean(), self.span(), self.samples.len());
        let off = self.samples.iter().filter(|error| **error > limits.error * span).count();
        if mean > limits.error * span {
            losses.push(LossKind::Mean { mean: significant(mean), span: significant(span) });
        } else if limits.exceeded_by(off, of) {
            losses.push(LossKind::Samples { off, of, share: limits.error, span: significant(span) });
        }
        losses
    }

    /// The columns that lose their usual values because larger ones set the scale: those of other columns, or rare ones of their own.
    /// Scores share one unit, so it is not a loss if those of an unlikely class are small.
    fn lost_columns(&self) -> Option<LossKind> {
        let samples = self.samples.len();
        if samples < FEW_SAMPLES || self.measure.is_label() || self.is_chosen_from || self.is_distribution {
            return None;
        }
        let usual = self.columns.iter().enumerate().filter_map(|(index, column)| column.usual().map(|usual| (index, usual)));
        let shares = usual.map(|(index, usual)| (index, usual.mean / span(usual.lo, usual.hi, samples), usual));
        let lost: Vec<_> = shares.filter(|(_, share, _)| share.is_finite() && *share > LOST_COLUMN).collect();
        let (column, _, worst) = lost.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some(LossKind::Columns {
            lost: lost.len(),
            of: self.columns.len(),
            column: *column,
            mean: significant(worst.mean),
            span: significant(span(worst.lo, worst.hi, samples)),
        })
    }

    /// What is lost, by the strictest limits that it exceeds.
    fn verdict(&self) -> Vec<Loss> {
        let mut refused = true;
        let mut kinds = self.losses(Limits::ACCEPTABLE);
        if kinds.is_empty() {
            refused = false;
            kinds = self.losses(Limits::FAITHFUL);
        }
        if kinds.is_empty() {
            kinds.extend(self.lost_columns());
        }
        kinds.into_iter().map(|kind| Loss { output: self.measure.name().to_owned(), refused, kind }).collect()
    }
}

impl Measured {
    /// The mean errors of the outputs as shares of what they span, added up; labels count by how many changed.
    pub fn relative_error(&self) -> f64 {
        let of = |output: &OutputMeasure| match output.measure.deviation() {
            Deviation::Labels(labels) => 1.0 - labels.share,
            Deviation::Numbers(_) => output.measure.mean() / output.span().max(f64::MIN_POSITIVE),
        };
        self.outputs.iter().map(of).sum()
    }

    /// Whether no output loses more than half of what a faithful model may.
    pub fn is_well_within(&self) -> bool {
        self.outputs.iter().all(|output| output.losses(Limits::HALF).is_empty())
    }

    fn losses(&self) -> Vec<Loss> {
        let mut losses: Vec<Loss> = self.outputs.iter().flat_map(OutputMeasure::verdict).collect();
        let disputed = |output: &String| Loss { output: output.clone(), refused: false, kind: LossKind::Disputed };
        losses.extend(self.disputed.iter().map(disputed));
        losses
    }
}

/// The verdict from what was measured: on samples that were kept back, or on the calibration samples if there are none.
pub fn judge(
    calibration: Option<&Measured>,
    held_out: Option<&Measured>,
    blame: &[Blame],
    samples: &[Sample],
    options: &Options,
) -> Verdict {
    // Whichever shows the greater loss: held-out samples may miss what the others have, for instance in periodic data.
    let worst = |measured: &Measured| measured.losses().iter().map(|loss| loss.refused).max();
    let basis = match (held_out, calibration) {
        (Some(held_out), Some(calibration)) if worst(calibration) > worst(held_out) => Some((calibration, false)),
        (Some(held_out), _) => Some((held_out, true)),
        (None, calibration) => calibration.map(|calibration| (calibration, false)),
    };
    let Some((best, is_held_out)) = basis else {
        return Verdict {
            fidelity: Fidelity::Unknown,
            measured: None,
            losses: Vec::new(),
            blamed: None,
            advice: vec![Advice::MoreSamples],
        };
    };
    let Accuracy { samples: count, .. } = best.accuracy;
    let losses = best.losses();
    let fidelity = match losses.iter().map(|loss| loss.refused).max() {
        // The scales were chosen from these samples, and nothing else was seen.
        None if held_out.is_none() && count < FEW_SAMPLES => Fidelity::Unknown,
        None => Fidelity::Faithful,
        Some(false) => Fidelity::Degraded,
        Some(true) => Fidelity::Refused,
    };
    // A dispute is not about precision.
    let is_lossy = losses.iter().any(|loss| loss.kind != LossKind::Disputed);
    let mut advice = Vec::new();
    if is_lossy {
        let narrow = options.widths.activations.min(options.widths.weights) < *Widths::WEIGHTS.end();
        advice.extend(narrow.then_some(Advice::MoreBits));
        advice.extend((options.ranges != RangeMethod::Max).then_some(Advice::RangesMax));
        let others = held_out.is_some() && calibration.is_some_and(|calibration| calibration.losses().is_empty());
        advice.extend((samples.len() < ENOUGH_SAMPLES || others).then_some(Advice::MoreSamples));
        advice.extend(are_uneven(samples).then_some(Advice::ScaleInputs));
    } else if fidelity == Fidelity::Unknown {
        advice.push(Advice::MoreSamples);
    }
    let blamed = blame.first().filter(|_| is_lossy).cloned();
    Verdict { fidelity, measured: Some(Basis { samples: count, held_out: is_held_out }), losses, blamed, advice }
}

/// Whether an input has columns whose sizes differ widely.
fn are_uneven(samples: &[Sample]) -> bool {
    let inputs = samples.first().map_or(0, Vec::len);
    (0..inputs).any(|input| {
        let columns = samples[0][input].len();
        let size = |column: usize| samples.iter().map(|sample| sample[input][column].abs()).fold(0.0, f64::max);
        let sizes: Vec<f64> = (0..columns).map(size).filter(|size| *size > 0.0).collect();
        let (least, most) = sizes.iter().fold((f64::INFINITY, 0.0f64), |(least, most), size| (least.min(*size), most.max(*size)));
        most > UNEVEN * least
    })
}

#[cfg(test)]
mod tests {
    use maat_package::Baseline;

    use super::super::accuracy::Nature;
    use super::super::accuracy::tests::{output, whole};
    use super::*;

    /// The verdict on outputs, as if they were measured on samples that were kept back.
    fn verdict(baseline: Baseline, outputs: Vec<OutputMeasure>) -> Verdict {
        let samples = outputs[0].samples.len();
        let accuracy = Accuracy { samples, baseline, outputs: Vec::new(), nodes: Vec::new() };
        let disputed = (baseline == Baseline::Disputed).then(|| "y".to_owned());
        judge(None, Some(&Measured { accuracy, outputs, disputed }), &[], &[], &Options::default())
    }

    fn fidelity(output: OutputMeasure) -> Fidelity {
        verdict(Baseline::Tract, vec![output]).fidelity
    }

    /// `count` labels, of which `changed` change.
    fn labels(count: usize, changed: usize) -> OutputMeasure {
        let samples: Vec<[i32; 1]> = (0..count).map(|index| [i32::from(index < changed)]).collect();
        whole(Nature::Label, &samples.iter().map(|found| (&[0.0][..], &found[..])).collect::<Vec<_>>())
    }

    /// Rows of two elements from 0 to 10. In `changed` of them the greatest moves, though not by much.
    fn rows(count: usize, changed: usize, lead: f64, is_chosen_from: bool) -> OutputMeasure {
        let row = |index: usize| {
            let low = if index == count - 1 { 0.0 } else { 10.0 - if index < changed { 0.01 } else { lead } };
            ([10.0, low], [10.0 - if index < changed { 0.02 } else { 0.0 }, low])
        };
        let rows: Vec<_> = (0..count).map(row).collect();
        output(&[1, 2], is_chosen_from, &rows.iter().map(|(expected, found)| (&expected[..], &found[..])).collect::<Vec<_>>())
    }

    /// Numbers from 0 to 100, of which the first `count_off` are off by `error`.
    fn numbers(count: usize, count_off: usize, error: f64) -> OutputMeasure {
        let value = |index: usize| index as f64 * 100.0 / (count - 1) as f64;
        let pairs: Vec<_> =
            (0..count).map(|index| ([value(index)], [value(index) + if index < count_off { error } else { 0.0 }])).collect();
        output(&[1], false, &pairs.iter().map(|(expected, found)| (&expected[..], &found[..])).collect::<Vec<_>>())
    }

    #[test]
    fn labels_that_change_in_more_than_one_of_a_hundred_degrade_and_in_more_than_one_of_ten_refuse() {
        for (count, changed, expected) in [
            (100, 0, Fidelity::Faithful),
            (100, 1, Fidelity::Faithful),
            (100, 2, Fidelity::Degraded),
            (100, 10, Fidelity::Degraded),
            (100, 11, Fidelity::Refused),
            (1000, 10, Fidelity::Faithful),
            (1000, 11, Fidelity::Degraded),
        ] {
            assert_eq!(fidelity(labels(count, changed)), expected, "{changed} of {count}");
        }
    }

    #[test]
    fn a_change_among_few_samples_may_be_chance() {
        for (count, changed, expected) in [
            (25, 1, Fidelity::Faithful),
            (10, 1, Fidelity::Faithful),
            (9, 1, Fidelity::Degraded),
            (4, 1, Fidelity::Degraded),
            (25, 2, Fidelity::Degraded),
            (8, 3, Fidelity::Degraded),
            (3, 3, Fidelity::Degraded),
            (8, 4, Fidelity::Refused),
            (40, 4, Fidelity::Degraded),
        ] {
            assert_eq!(fidelity(labels(count, changed)), expected, "{changed} of {count}");
        }
    }

    #[test]
    fn the_greatest_of_scores_is_a_class_and_of_other_numbers_it_is_not() {
        // The network takes the position itself.
        assert_eq!(fidelity(rows(100, 2, 0.0, true)), Fidelity::Degraded);
        assert_eq!(fidelity(rows(100, 20, 0.0, true)), Fidelity::Refused);
        // In most rows the greatest leads clearly.
        assert_eq!(fidelity(rows(100, 2, 2.0, false)), Fidelity::Degraded);
        // The two are always about the same: which of them is the greater means nothing.
        assert_eq!(fidelity(rows(100, 20, 0.1, false)), Fidelity::Faithful);
        // Probabilities are scores, however close they are.
        let pair: (&[f64], &[f64]) = (&[0.501, 0.499], &[0.499, 0.501]);
        let other: (&[f64], &[f64]) = (&[0.0, 1.0], &[0.0, 1.0]);
        assert_eq!(fidelity(output(&[2], false, &[vec![pair; 2], vec![other; 98]].concat())), Fidelity::Degraded);
    }

    #[test]
    fn numbers_off_by_more_than_a_hundredth_of_their_range_degrade_and_by_a_tenth_refuse() {
        assert_eq!(fidelity(numbers(100, 100, 0.9)), Fidelity::Faithful);
        assert_eq!(fidelity(numbers(100, 100, 1.1)), Fidelity::Degraded);
        assert_eq!(fidelity(numbers(100, 100, 9.0)), Fidelity::Degraded);
        assert_eq!(fidelity(numbers(100, 100, 11.0)), Fidelity::Refused);
        // One outlier is one of the hundredth that may be off, two are not, however small the mean is.
        assert_eq!(fidelity(numbers(100, 1, 50.0)), Fidelity::Faithful);
        assert_eq!(fidelity(numbers(100, 2, 1.1)), Fidelity::Degraded);
        assert_eq!(fidelity(numbers(100, 11, 20.0)), Fidelity::Refused);
    }

    #[test]
    fn a_constant_is_compared_with_its_size_and_a_large_offset_is_not() {
        let constant = |expected: f64, found: f64| fidelity(output(&[1], false, &[(&[expected][..], &[found][..]); 10]));
        assert_eq!(constant(50.0, 50.4), Fidelity::Faithful);
        assert_eq!(constant(50.0, 51.0), Fidelity::Degraded);
        assert_eq!(constant(50.0, 56.0), Fidelity::Refused);
        // Between 1000 and 1010, an error of a half is a twentieth of all that the output says.
        let offset: Vec<_> = (0..20).map(|index| ([1000.0 + f64::from(index % 11)], [1000.5 + f64::from(index % 11)])).collect();
        let offset: Vec<(&[f64], &[f64])> = offset.iter().map(|(expected, found)| (&expected[..], &found[..])).collect();
        assert_eq!(fidelity(output(&[1], false, &offset)), Fidelity::Degraded);
        // What values span is not known from a few samples.
        assert_eq!(fidelity(output(&[1], false, &offset[..7])), Fidelity::Faithful);
        // Where the float network always gives 0, nothing is close to it.
        assert_eq!((constant(0.0, 0.0), constant(0.0, 0.1)), (Fidelity::Faithful, Fidelity::Refused));
    }

    #[test]
    fn a_column_that_is_lost_beside_a_larger_one_degrades() {
        let sample = |index: i32, error: f64| {
            let (large, small) = (f64::from(index) * 50.0, f64::from(index) / 16.0);
            ([large, small], [large, small + error])
        };
        let with = |error: f64, is_chosen_from: bool| {
            let pairs: Vec<_> = (0..17).map(|index| sample(index, error)).collect();
            let pairs: Vec<(&[f64], &[f64])> = pairs.iter().map(|(expected, found)| (&expected[..], &found[..])).collect();
            verdict(Baseline::Tract, vec![output(&[1, 2], is_chosen_from, &pairs)])
        };
        assert_eq!(with(0.0625, false).fidelity, Fidelity::Faithful);
        let lost = with(0.125, false);
        let expected = LossKind::Columns { lost: 1, of: 2, column: 1, mean: 0.125, span: 0.875 };
        assert_eq!((lost.fidelity, &lost.losses[0].kind), (Fidelity::Degraded, &expected));
        // Scores are of one unit.
        assert_eq!(with(0.125, true).fidelity, Fidelity::Faithful);
    }

    #[test]
    fn a_disputed_network_is_degraded() {
        let disputed = verdict(Baseline::Disputed, vec![labels(100, 0)]);
        assert_eq!((disputed.fidelity, &disputed.losses[0].kind), (Fidelity::Degraded, &LossKind::Disputed));
        assert_eq!(verdict(Baseline::RoundingTies, vec![labels(100, 0)]).fidelity, Fidelity::Faithful);
    }

    fn measured(outputs: Vec<OutputMeasure>, disputed: Option<&str>) -> Measured {
        let accuracy = Accuracy { samples: outputs[0].samples.len(), baseline: Baseline::Tract, outputs: Vec::new(), nodes: Vec::new() };
        Measured { accuracy, outputs, disputed: disputed.map(str::to_owned) }
    }

    #[test]
    fn a_dispute_is_not_about_precision() {
        let disputed = measured(vec![labels(100, 0)], Some("z"));
        let blame = [Blame { name: "node".to_owned(), share: 1.0 }];
        let verdict = judge(None, Some(&disputed), &blame, &[], &Options::default());
        assert_eq!((&verdict.blamed, verdict.advice.first(), verdict.losses[0].output.as_str()), (&None, None, "z"));
        let reasons = verdict.reasons();
        assert!(reasons.contains("another `z`") && reasons.contains("onnxruntime") && !reasons.contains("100"), "{reasons}");
        let lossy = measured(vec![labels(100, 5)], Some("z"));
        let reasons = judge(None, Some(&lossy), &blame, &[], &Options::default()).reasons();
        assert!(reasons.contains("in 5 of 100 cases, on 100 held-out samples; tract") && reasons.contains("`node`"), "{reasons}");
    }

    #[test]
    fn the_worse_of_calibration_and_held_out_samples_decides() {
        let [bad, good] = [20, 0].map(|changed| measured(vec![labels(100, changed)], None));
        for (calibration, held_out, expected) in [
            (&bad, &good, (Fidelity::Refused, false)),
            (&good, &bad, (Fidelity::Refused, true)),
            (&good, &good, (Fidelity::Faithful, true)),
        ] {
            let verdict = judge(Some(calibration), Some(held_out), &[], &[], &Options::default());
            assert_eq!((verdict.fidelity, verdict.measured.unwrap().held_out), expected);
        }
    }

    #[test]
    fn a_few_samples_without_others_do_not_tell() {
        let of = |count: usize| judge(Some(&measured(vec![labels(count, 0)], None)), None, &[], &[], &Options::default());
        assert_eq!((of(7).fidelity, of(8).fidelity), (Fidelity::Unknown, Fidelity::Faithful));
        let caution = of(1).caution().unwrap();
        assert!(caution.contains("on 1 sample that it was calibrated on"), "{caution}");
        assert_eq!(of(1).advice, [Advice::MoreSamples]);
    }

    #[test]
    fn usual_values_that_are_lost_beside_a_rare_one_degrade() {
        let with = |found_of: fn(f64) -> f64, shape: &[usize]| {
            let usual = (0..99).map(|index| f64::from(index % 11) - 5.0).map(|value| (value, found_of(value)));
            let pairs: Vec<_> = usual.chain([(1e5, 1e5)]).map(|(x, y)| ([x; 4], [y; 4])).collect();
            let pairs: Vec<(&[f64], &[f64])> = pairs.iter().map(|(expected, found)| (&expected[..], &found[..])).collect();
            verdict(Baseline::Tract, vec![output(shape, false, &pairs)])
        };
        let lost = with(|_| 0.0, &[4, 1]);
        assert!(matches!(lost.losses[0].kind, LossKind::Columns { lost: 1, of: 1, span: 10.0, .. }), "{:?}", lost.losses);
        assert!(lost.reasons().contains("all but a few of its values span only 10:"), "{}", lost.reasons());
        assert_eq!(with(|value| value + 0.5, &[4, 1]).fidelity, Fidelity::Faithful);
        // In rows of several columns too.
        assert!(matches!(with(|_| 0.0, &[2, 2]).losses[0].kind, LossKind::Columns { lost: 2, of: 2, .. }));
    }

    #[test]
    fn the_worst_output_decides_and_only_what_is_lost_is_listed() {
        let found = verdict(Baseline::Tract, vec![labels(100, 20), labels(100, 5), labels(100, 0)]);
        assert_eq!((found.fidelity, found.losses.len()), (Fidelity::Refused, 2));
        assert_eq!(found.losses.iter().map(|loss| loss.refused).collect::<Vec<_>>(), [true, false]);
        let json = serde_json::to_value(&found).unwrap();
        assert_eq!(json["fidelity"], "refused");
        assert_eq!(json["measured"], serde_json::json!({ "samples": 100, "held_out": true }));
        assert_eq!(json["losses"][0], serde_json::json!({ "output": "y", "refused": true, "loss": "labels", "changed": 20, "of": 100 }));
        assert_eq!(serde_json::from_value::<Verdict>(json).unwrap(), found);
    }

    #[test]
    fn advice_is_what_may_help() {
        let of = |calibration: Option<OutputMeasure>, held_out: OutputMeasure, samples: &[Sample], options: &Options| {
            let measured = |output: OutputMeasure| {
                let accuracy =
                    Accuracy { samples: output.samples.len(), baseline: Baseline::Tract, outputs: Vec::new(), nodes: Vec::new() };
                Measured { accuracy, outputs: vec![output], disputed: None }
            };
            judge(calibration.map(measured).as_ref(), Some(&measured(held_out)), &[], samples, options).advice
        };
        let even: Vec<Sample> = vec![vec![vec![1.0, 2.0]]; 200];
        let max = Options { ranges: RangeMethod::Max, ..Options::default() };
        assert_eq!(of(None, labels(100, 0), &even, &Options::default()), []);
        assert_eq!(of(None, labels(100, 5), &even, &max), []);
        assert_eq!(of(None, labels(100, 5), &even, &Options::default()), [Advice::RangesMax]);
        let narrow = Options { widths: Widths { activations: 16, weights: 8 }, ..max.clone() };
        assert_eq!(of(None, labels(100, 5), &even, &narrow), [Advice::MoreBits]);
        assert_eq!(of(None, labels(100, 5), &even[..99], &max), [Advice::MoreSamples]);
        // Where only the calibration samples do well, other samples may help.
        assert_eq!(of(Some(labels(300, 0)), labels(100, 5), &even, &max), [Advice::MoreSamples]);
        assert_eq!(of(Some(labels(300, 20)), labels(100, 5), &even, &max), []);
        let uneven: Vec<Sample> = vec![vec![vec![1.0, 2000.0]]; 200];
        assert_eq!(of(None, labels(100, 5), &uneven, &max), [Advice::ScaleInputs]);
    }
}
