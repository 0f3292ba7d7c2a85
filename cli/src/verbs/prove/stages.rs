//! What every proof is reported with: where it went, the time of each stage, and the memory.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::files::Destination;
use crate::response::table;

/// Where a proof went.
pub fn wrote(destination: &Destination) -> String {
    if destination.is_output() { "wrote to standard output".to_owned() } else { format!("wrote {}", destination.name().display()) }
}

/// The most memory that this process has held so far, in bytes, where the system tells.
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix("kB")?.trim();
    Some(kilobytes.parse::<u64>().ok()? * 1024)
}

pub fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// The time that each stage took and all together, with a note after a stage's name.
pub fn stage_table(stages: &[(&'static str, Duration)], total: Duration, note: impl Fn(&str) -> &'static str) -> String {
    let stages = stages.iter().map(|(stage, taken)| [format!("{stage}{}", note(stage)), format!("{:.1}", ms(*taken))]);
    table(["stage", "ms"], stages.chain([["total".to_owned(), format!("{:.1}", ms(total))]])).to_string()
}

/// The time that each stage took, for machines.
pub fn milliseconds(stages: &[(&'static str, Duration)]) -> Map<String, Value> {
    stages.iter().map(|(stage, taken)| ((*stage).to_owned(), ms(*taken).into())).collect()
}
