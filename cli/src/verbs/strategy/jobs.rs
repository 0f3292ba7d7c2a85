//! How many proofs are made at a time, if the user does not say.

use std::num::NonZeroUsize;
use std::thread;

use maat_verifier::layout::{Layout, MASKS_WIDTH};
use maat_verifier::{Entry, Mode, Preset};

/// The memory that a run may take unasked, in bytes.
const BUDGET: u64 = 2_000_000_000;
/// How much more is taken than the columns need, in per cent: trees, and what lives between two stages. Measured with all presets but `starknet`,
/// whose columns and digests are as long as those of `onchain`.
const OVERHEAD: u64 = 15;

/// As many as there are cores, if they fit into 2 GB and into half of the memory that is free; at least one.
pub fn default(entry: &Entry, choice: (Preset, Mode)) -> NonZeroUsize {
    let free = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| available(&text));
    let budget = free.map_or(BUDGET, |free| BUDGET.min(free / 2));
    let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    fitting(entry.layout, entry.rows.into(), choice, budget).min(cores)
}

/// How many proofs fit into so many bytes; at least one.
///
/// All proofs share the fixed columns, as values and extension. Each has the main trace as values and as polynomials, the
/// auxiliary one likewise, the extension of both without the fixed columns, and as much again as that of the auxiliary trace for the
/// combinations of all columns. A column takes 8 bytes a row, and as often as the blow-up when it is extended. The auxiliary trace of a proof
/// that hides has masks besides. Records commit to no values, which would take more columns.
fn fitting(layout: &Layout, rows: u64, (preset, mode): (Preset, Mode), budget: u64) -> NonZeroUsize {
    let options = preset.options(mode);
    let (blowup, degree) = (options.blowup_factor() as u64, u64::from(options.field_extension().degree()));
    let masks = if mode.is_hiding() { MASKS_WIDTH } else { 0 };
    let (fixed, main) = (layout.fixed_width() as u64, layout.main_width(0) as u64);
    let auxiliary = (layout.auxiliary_width() + masks) as u64 * degree;
    let shared = fixed * (1 + blowup);
    let each = 2 * (main + auxiliary) + blowup * (main - fixed + auxiliary) + blowup * auxiliary;
    let columns = budget * 100 / (100 + OVERHEAD) / (8 * rows);
    let jobs = columns.saturating_sub(shared) / each;
    NonZeroUsize::new(usize::try_from(jobs).unwrap_or(usize::MAX)).unwrap_or(NonZeroUsize::MIN)
}

/// The memory that is free, in bytes, as Linux tells.
fn available(meminfo: &str) -> Option<u64> {
    let kilobytes = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?.trim().strip_suffix("kB")?.trim();
    kilobytes.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_proofs_are_made_at_a_time_as_the_memory_holds() {
        let fitting = |rows, preset, budget| super::fitting(Layout::base(), rows, (preset, Mode::Plain), budget).get();
        // Measured with 2^17 rows: one proof takes 1.1 GB, 1.8 GB and 8.3 GB, and two with the preset `fast` take 1.7 to 1.8 GB.
        assert_eq!(Preset::ALL.map(|preset| fitting(1 << 17, preset, BUDGET)), [2, 1, 1, 1]);
        assert_eq!(fitting(1 << 17, Preset::Fast, 1_000_000_000), 1);
        assert_eq!(fitting(1 << 17, Preset::Fast, 20_000_000_000), 28);
        assert_eq!(fitting(1 << 22, Preset::Fast, BUDGET), 1);
        assert!(fitting(1 << 11, Preset::Fast, BUDGET) > 100);
        assert_eq!(fitting(1 << 11, Preset::Fast, 0), 1);
        // Hiding takes masks and, with `fast`, twice the blow-up; a wide layout takes more columns.
        let fitting = |layout, mode| super::fitting(layout, 1 << 17, (Preset::Fast, mode), 20_000_000_000).get();
        assert!(fitting(Layout::base(), Mode::Hiding) < fitting(Layout::base(), Mode::Plain));
        assert!(fitting(Layout::wide(), Mode::Plain) < fitting(Layout::base(), Mode::Plain));
    }

    #[test]
    fn free_memory_is_read_as_linux_tells_it() {
        assert_eq!(available("MemTotal:  100 kB\nMemAvailable:   20 kB\n"), Some(20_480));
        assert_eq!(["", "MemAvailable: many kB", "MemAvailable: 20"].map(available), [None; 3]);
    }
}
