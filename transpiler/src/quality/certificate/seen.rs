//! The integers that samples give to tensors: an interval of each tensor over all samples, or those of one run.

use maat_package::samples::{Sample, quantise_sample};
use maat_runtime::{Executor, Interval};

use crate::error::TranspileError;
use crate::quantise::Mapped;

/// The least and the greatest integer of each tensor, in the model's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen(Vec<Interval>);

/// The integers of every tensor on one input, in the model's order.
pub struct Run(Vec<Vec<i32>>);

/// The runs that a bound is for.
#[derive(Clone, Copy)]
pub enum Runs<'a> {
    /// Those on any input in the declared ranges.
    All,
    /// Those of them on which no tensor leaves what was seen.
    Seen(&'a Seen),
    /// Those with the integers of one.
    One(&'a Run),
}

impl Runs<'_> {
    /// What an element of a tensor is in, by the tensor's position; nothing if that is only what the model says.
    pub fn of(self, index: usize, element: usize) -> Option<Interval> {
        match self {
            Self::All => None,
            Self::Seen(seen) => Some(seen.of(index)),
            Self::One(run) => Some(Interval::point(run.0[index][element].into())),
        }
    }
}

/// Runs the model on samples.
///
/// # Errors
/// A sample does not fit.
pub fn run_on(mapped: &Mapped, sample: &Sample) -> Result<Run, TranspileError> {
    let model = &mapped.model;
    let inputs = quantise_sample(model, sample)?;
    let mut executor = Executor::new(model);
    executor.run(&inputs).expect("quantised samples are within the inputs' ranges");
    let nodes: Vec<Vec<i32>> = model.nodes().map(|(_, id)| executor.value(id).to_vec()).collect();
    Ok(Run(inputs.into_iter().chain(nodes).collect()))
}

impl Seen {
    /// That of a tensor, by its position.
    pub fn of(&self, index: usize) -> Interval {
        self.0[index]
    }

    /// Whether another run stays in these intervals.
    fn includes(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(seen, other)| seen.includes(*other))
    }

    /// How many of the samples stay in these intervals in every tensor.
    ///
    /// # Errors
    /// A sample does not fit.
    pub fn holding(&self, mapped: &Mapped, samples: &[Sample]) -> Result<usize, TranspileError> {
        let mut count = 0;
        for sample in samples {
            count += usize::from(seen_on(mapped, std::slice::from_ref(sample))?.is_some_and(|of_one| self.includes(&of_one)));
        }
        Ok(count)
    }
}

/// Runs the model on the samples; nothing without any.
///
/// # Errors
/// A sample does not fit.
pub fn seen_on(mapped: &Mapped, samples: &[Sample]) -> Result<Option<Seen>, TranspileError> {
    let mut all: Option<Vec<Interval>> = None;
    for sample in samples {
        let Run(values) = run_on(mapped, sample)?;
        let of = |values: &Vec<i32>| {
            let (lo, hi) = values.iter().fold((i32::MAX, i32::MIN), |(lo, hi), value| (lo.min(*value), hi.max(*value)));
            Interval::new(lo.min(hi).into(), hi.max(lo).into())
        };
        let found = values.iter().map(of);
        all = Some(match all {
            Some(all) => all.into_iter().zip(found).map(|(all, found)| all.hull(found)).collect(),
            None => found.collect(),
        });
    }
    Ok(all.map(Seen))
}
