//! Break-even costs: what trading may cost before a strategy is worth no more than something else.

use serde::Serialize;

use super::simulate::SimulationError;

/// The most that is looked at: 10 %.
pub const MOST_BPS: u16 = 1_000;

/// The cost of trading, in basis points of what is traded, at which two returns are equal.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakEven {
    /// Even without costs the strategy does not return more.
    Never,
    /// At this cost.
    At(f64),
    /// Even at [`MOST_BPS`] the strategy returns more.
    Beyond(u16),
}

impl BreakEven {
    /// Finds a cost where the difference of two equities, strategy less reference, turns from positive to not: by bisection to a whole basis
    /// point, and within that on a straight line.
    ///
    /// Costs change which trades the limits allow, so that the difference need not fall everywhere, and there may be several such costs.
    ///
    /// # Errors
    /// Those of `difference`.
    pub fn find(mut difference: impl FnMut(u16) -> Result<f64, SimulationError>) -> Result<Self, SimulationError> {
        let (mut low, mut high) = (0, MOST_BPS);
        let (mut above, mut below) = (difference(low)?, difference(high)?);
        if above <= 0.0 {
            return Ok(Self::Never);
        }
        if below > 0.0 {
            return Ok(Self::Beyond(high));
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            let found = difference(middle)?;
            if found > 0.0 { (low, above) = (middle, found) } else { (high, below) = (middle, found) }
        }
        Ok(Self::At(f64::from(low) + above / (above - below)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backtest::fixtures::{decisions, history, strategy};
    use crate::backtest::simulate::{Fill, Market, Terms, simulate};
    use crate::hour::Hour;

    #[test]
    fn a_line_is_cut_where_it_is_nothing() {
        let line = |zero: f64| BreakEven::find(|cost| Ok(zero - f64::from(cost)));
        for zero in [0.25, 5.5, 999.75] {
            let Ok(BreakEven::At(found)) = line(zero) else { panic!("{zero}") };
            assert!((found - zero).abs() < 1e-9, "{found} is not {zero}");
        }
        assert_eq!(line(0.0), Ok(BreakEven::Never));
        assert_eq!(line(-3.0), Ok(BreakEven::Never));
        assert_eq!(line(1_000.5), Ok(BreakEven::Beyond(1_000)));
    }

    #[test]
    fn a_round_trip_is_even_where_both_costs_take_its_gain() {
        let strategy = strategy();
        let history = history(&[1_000, 1_010, 1_010]);
        let market = Market::new(&strategy, &history).unwrap();
        let decisions = decisions(&[10_000, 0, 0]);
        let gain = |cost_bps| {
            let run = simulate(&strategy, &market, &decisions, 3, Terms { cost_bps, fill: Fill::AtQuote }, |_| {})?;
            Ok(run.equity as f64 - strategy.backtest.deposit as f64)
        };
        let Ok(BreakEven::At(found)) = BreakEven::find(gain) else { panic!("there is a gain") };
        // 1.01 (1 - c)^2 = 1.
        assert!((found - (1.0 - 1.0 / 1.01f64.sqrt()) * 10_000.0).abs() < 0.01, "{found}");
    }

    #[test]
    fn errors_come_through() {
        let error = SimulationError::Overflow { hour: Hour::new(1).unwrap() };
        assert_eq!(BreakEven::find(|_| Err(error.clone())), Err(error.clone()));
    }
}
