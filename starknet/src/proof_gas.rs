//! What a proof costs on a chain, before there is one: a function of the trace's length, the number of values and the mode.
//!
//! The figures are fitted to what the verifier's class takes for proofs of the examples (docs/benchmarks.md), with calldata, and are accurate to
//! a twentieth or so. All of them are here.

/// Whatever the model is: the constraints at one point, 16 queries over the columns, and the registry around them.
const BASE: u64 = 13_700_000;
/// For each doubling of the trace: another level of every path, and a share of a layer of the low-degree test.
const OF_DOUBLING: u64 = 1_720_000;
/// For each input and output: its part of a felt of calldata, of a hash, and of a polynomial at one point.
const OF_VALUE: u64 = 3_000;
/// What a hiding proof takes beside a plain one, in percent: salts, masks and more columns.
const HIDING_PERCENT: u64 = 108;

/// L2 gas that verifying a proof takes, of a trace with so many rows, and with so many inputs and outputs in all that are public. The account adds
/// to it.
pub fn of_proof(rows: u32, values: u64, hiding: bool) -> u64 {
    let doublings = u64::from(rows.max(1).ilog2());
    let plain = (BASE + OF_DOUBLING * doublings).saturating_add(OF_VALUE.saturating_mul(values));
    if hiding { plain.saturating_mul(HIDING_PERCENT) / 100 } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_are_those_of_proofs_within_a_twentieth() {
        // RockyBot, LeNet-5, and 160 decisions of RockyBot, with the registry's 1.5 million.
        for (rows, values, expected) in [(1 << 11, 48, 32_750_000), (1 << 14, 794, 40_170_000), (1 << 15, 7_680, 62_700_000)] {
            let found = of_proof(rows, values, false);
            assert!(found.abs_diff(expected) <= expected / 20, "{rows} rows, {values} values: {found}");
        }
    }

    #[test]
    fn more_rows_more_values_and_hiding_cost_more_and_nothing_overflows() {
        assert!(of_proof(1 << 12, 38, false) > of_proof(1 << 11, 38, false));
        assert!(of_proof(1 << 11, 39, false) > of_proof(1 << 11, 38, false));
        assert!(of_proof(1 << 11, 38, true) > of_proof(1 << 11, 38, false));
        assert!(of_proof(u32::MAX, u64::MAX, true) >= of_proof(0, 0, false));
    }
}
