//! What a plain proof costs on a chain, before there is one: a function of the trace's length and the number of values.
//!
//! The figures are fitted to what the verifier's class takes for proofs of the examples (docs/benchmarks.md), with calldata, and are accurate to
//! a twentieth or so. All of them are here.

/// Whatever the model is: the constraints at one point, 16 queries over the columns, and the registry around them.
const BASE: u64 = 13_700_000;
/// For each doubling of the trace: another level of every path, and a share of a layer of the low-degree test.
const OF_DOUBLING: u64 = 1_720_000;
/// For each input and output: its part of a felt of calldata, of a hash, and of a polynomial at one point.
const OF_VALUE: u64 = 3_000;

/// L2 gas that verifying a plain proof takes, of a trace with so many rows, and with so many inputs and outputs in all. The account adds to it.
pub fn of_proof(rows: u32, values: u64) -> u64 {
    let doublings = u64::from(rows.max(1).ilog2());
    (BASE + OF_DOUBLING * doublings).saturating_add(OF_VALUE.saturating_mul(values))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_are_those_of_proofs_within_a_twentieth() {
        // Of docs/starknet.md, with the registry's 1.5 million: RockyBot, 20 and 160 of its decisions, LeNet-5, and the LSTM.
        let measured = [
            (1 << 11, 48, 32_865_000),
            (1 << 12, 960, 37_088_000),
            (1 << 15, 7_680, 63_006_000),
            (1 << 14, 794, 40_227_000),
            (1 << 16, 26, 41_787_000),
        ];
        for (rows, values, expected) in measured {
            let found = of_proof(rows, values);
            assert!(found.abs_diff(expected) <= expected / 20, "{rows} rows, {values} values: {found}");
        }
    }

    #[test]
    fn more_rows_and_more_values_cost_more_and_nothing_overflows() {
        assert!(of_proof(1 << 12, 38) > of_proof(1 << 11, 38));
        assert!(of_proof(1 << 11, 39) > of_proof(1 << 11, 38));
        assert!(of_proof(u32::MAX, u64::MAX) >= of_proof(0, 0));
    }
}
