//! Functions of one variable, which become tables: their values, images and slopes.
//!
//! Transcendental functions are those of the crate `libm`: tables need the same bits on every machine.

/// A function of one real variable. Outside its domain it gives its limit at the domain's edge, so that every table has knots.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Function {
    /// `factor * x + offset`
    Linear { factor: f64, offset: f64 },
    /// `clamp(x, lo, hi)`
    Clamp { lo: f64, hi: f64 },
    /// `|x|`
    Abs,
    /// `1 / (1 + e^-x)`
    Sigmoid,
    /// Hyperbolic tangent.
    Tanh,
    /// `e^x`
    Exp,
    /// Natural logarithm.
    Log,
    /// Error function.
    Erf,
    /// `x / 2 * (1 + erf(x / sqrt(2)))`
    Gelu,
    /// `x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))`
    GeluTanh,
    /// `x * tanh(softplus(x))`
    Mish,
    /// `ln(1 + e^x)`
    Softplus,
    /// `x / (1 + |x|)`
    Softsign,
    /// Square root.
    Sqrt,
    /// `1 / x`
    Reciprocal,
    /// `x^exponent`
    Pow(f64),
    /// Sine.
    Sin,
    /// Cosine.
    Cos,
    /// Inverse sine.
    Asin,
    /// Inverse cosine.
    Acos,
    /// Inverse tangent.
    Atan,
    /// Hyperbolic sine.
    Sinh,
    /// Hyperbolic cosine.
    Cosh,
    /// Inverse hyperbolic sine.
    Asinh,
    /// Inverse hyperbolic cosine.
    Acosh,
    /// Inverse hyperbolic tangent.
    Atanh,
    /// `x` for `x >= 0`, else `slope * x`
    LeakyRelu(f64),
    /// `x` for `x >= 0`, else `alpha * (e^(x / width) - 1)`; Elu and Celu.
    Elu { alpha: f64, width: f64 },
    /// `gamma * x` for `x > 0`, else `gamma * alpha * (e^x - 1)`
    Selu { alpha: f64, gamma: f64 },
    /// `x` for `x > threshold`, else 0
    ThresholdedRelu(f64),
    /// `x * clamp(x / 6 + 1/2, 0, 1)`
    HardSwish,
    /// `x * sigmoid(alpha * x)`
    Swish(f64),
}

impl Function {
    /// The function's value.
    pub fn apply(self, x: f64) -> f64 {
        match self {
            Self::Linear { factor, offset } => factor * x + offset,
            Self::Clamp { lo, hi } => x.clamp(lo, hi),
            Self::Abs => x.abs(),
            Self::Sigmoid => sigmoid(x),
            Self::Tanh => libm::tanh(x),
            Self::Exp => libm::exp(x),
            Self::Log => libm::log(x.max(0.0)),
            Self::Erf => libm::erf(x),
            Self::Gelu => x / 2.0 * (1.0 + libm::erf(x * std::f64::consts::FRAC_1_SQRT_2)),
            Self::GeluTanh => x / 2.0 * (1.0 + libm::tanh((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x * x * x))),
            Self::Mish => x * libm::tanh(softplus(x)),
            Self::Softplus => softplus(x),
            Self::Softsign => x / (1.0 + x.abs()),
            Self::Sqrt => x.max(0.0).sqrt(),
            Self::Reciprocal => 1.0 / x,
            Self::Pow(exponent) => power(x, exponent),
            Self::Sin => libm::sin(x),
            Self::Cos => libm::cos(x),
            Self::Asin => libm::asin(x.clamp(-1.0, 1.0)),
            Self::Acos => libm::acos(x.clamp(-1.0, 1.0)),
            Self::Atan => libm::atan(x),
            Self::Sinh => libm::sinh(x),
            Self::Cosh => libm::cosh(x),
            Self::Asinh => libm::asinh(x),
            Self::Acosh => libm::acosh(x.max(1.0)),
            Self::Atanh => libm::atanh(x.clamp(-1.0, 1.0)),
            Self::LeakyRelu(slope) => {
                if x >= 0.0 {
                    x
                } else {
                    slope * x
                }
            }
            Self::Elu { alpha, width } => {
                if x >= 0.0 {
                    x
                } else {
                    alpha * libm::expm1(x / width)
                }
            }
            Self::Selu { alpha, gamma } => gamma * if x > 0.0 { x } else { alpha * libm::expm1(x) },
            Self::ThresholdedRelu(threshold) => {
                if x > threshold {
                    x
                } else {
                    0.0
                }
            }
            Self::HardSwish => x * (x / 6.0 + 0.5).clamp(0.0, 1.0),
            Self::Swish(alpha) => x * sigmoid(alpha * x),
        }
    }

    /// An interval that holds the function's values on `lo..=hi`.
    pub fn image(self, lo: f64, hi: f64) -> (f64, f64) {
        let (a, b) = (self.apply(lo), self.apply(hi));
        let ends = (a.min(b), a.max(b));
        let with = |value: f64| (ends.0.min(value), ends.1.max(value));
        let crosses = lo < 0.0 && hi > 0.0;
        match self {
            Self::Sin | Self::Cos => (-1.0, 1.0),
            Self::Reciprocal if crosses || lo == 0.0 || hi == 0.0 => (f64::NEG_INFINITY, f64::INFINITY),
            Self::Pow(exponent) if crosses && exponent < 0.0 => (f64::NEG_INFINITY, f64::INFINITY),
            Self::Abs | Self::Pow(_) if crosses => with(0.0),
            Self::Cosh if crosses => with(1.0),
            // These fall before they rise. Left of 0 their minima are above -0.4, and Swish's is above -0.3 / alpha.
            Self::Gelu | Self::GeluTanh | Self::Mish | Self::HardSwish if lo < 0.0 => with(-0.4),
            Self::Swish(alpha) if alpha > 0.0 => with(if lo < 0.0 { -0.3 / alpha } else { ends.0 }),
            Self::Swish(_) => (f64::NEG_INFINITY, f64::INFINITY),
            Self::ThresholdedRelu(threshold) => (ends.0.min(threshold.min(0.0)), ends.1.max(0.0)),
            Self::LeakyRelu(_) | Self::Elu { .. } | Self::Selu { .. } => with(if crosses { 0.0 } else { a }),
            _ => ends,
        }
    }

    /// A bound for the function's slope on `lo..=hi`; infinite where it jumps.
    pub fn slope(self, lo: f64, hi: f64) -> f64 {
        let size = lo.abs().max(hi.abs());
        let nearest = if lo <= 0.0 && hi >= 0.0 { 0.0 } else { lo.abs().min(hi.abs()) };
        match self {
            Self::Linear { factor, .. } => factor.abs(),
            Self::Clamp { .. } | Self::Abs | Self::Tanh | Self::Softplus | Self::Softsign | Self::Sin | Self::Cos => 1.0,
            Self::Asin | Self::Acos => 1.0 / (1.0 - size * size).max(0.0).sqrt(),
            Self::Atan => 1.0 / (1.0 + nearest * nearest),
            Self::Sinh => libm::cosh(size),
            Self::Cosh => libm::sinh(size),
            Self::Asinh => 1.0 / (1.0 + nearest * nearest).sqrt(),
            Self::Acosh => 1.0 / (lo * lo - 1.0).max(0.0).sqrt() + if lo < 1.0 { f64::INFINITY } else { 0.0 },
            Self::Atanh => 1.0 / (1.0 - size * size).max(0.0),
            Self::Sigmoid => 0.25,
            Self::Exp => libm::exp(hi),
            Self::Log => 1.0 / lo.max(0.0),
            Self::Erf => std::f64::consts::FRAC_2_SQRT_PI,
            // The greatest slopes of x * sigmoid(x), of Gelu and of Mish are 1.0998, 1.1290 and 1.0885.
            Self::Gelu | Self::GeluTanh | Self::Mish | Self::Swish(_) => 1.13,
            Self::Sqrt => 0.5 / lo.max(0.0).sqrt(),
            Self::Reciprocal => 1.0 / (nearest * nearest),
            Self::Pow(exponent) if exponent >= 1.0 => exponent * libm::pow(size, exponent - 1.0),
            Self::Pow(exponent) if lo >= 0.0 || exponent.fract() == 0.0 => exponent.abs() * libm::pow(nearest, exponent - 1.0),
            Self::LeakyRelu(slope) => slope.abs().max(1.0),
            // It grows without end to the left.
            Self::Elu { width, .. } if width <= 0.0 => f64::INFINITY,
            Self::Elu { alpha, width } => (alpha / width).abs().max(1.0),
            Self::Selu { alpha, gamma } => gamma.abs() * alpha.abs().max(1.0),
            Self::HardSwish => 1.5,
            Self::ThresholdedRelu(_) | Self::Pow(_) => f64::INFINITY,
        }
    }

    /// What the function is called, and where it is defined, if that is not everywhere.
    pub fn domain(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Log => Some(("the logarithm", "above 0")),
            Self::Sqrt => Some(("the square root", "from 0 on")),
            Self::Reciprocal => Some(("the reciprocal", "except at 0")),
            Self::Pow(exponent) if exponent.fract() != 0.0 && exponent < 0.0 => Some(("a negative power", "above 0")),
            Self::Pow(exponent) if exponent.fract() != 0.0 => Some(("a power that is not whole", "from 0 on")),
            Self::Pow(exponent) if exponent < 0.0 => Some(("a negative power", "except at 0")),
            Self::Asin => Some(("the inverse sine", "from -1 to 1")),
            Self::Acos => Some(("the inverse cosine", "from -1 to 1")),
            Self::Acosh => Some(("the inverse hyperbolic cosine", "from 1 on")),
            Self::Atanh => Some(("the inverse hyperbolic tangent", "between -1 and 1")),
            _ => None,
        }
    }

    /// Whether the function is defined at `x`, or within `slack` of it: rounding takes a root of 0 to the wrong side.
    pub fn is_defined(self, x: f64, slack: f64) -> bool {
        match self {
            Self::Log => x > 0.0,
            Self::Sqrt => x >= -slack,
            Self::Reciprocal => x != 0.0,
            Self::Pow(exponent) if exponent.fract() != 0.0 => {
                if exponent < 0.0 {
                    x > 0.0
                } else {
                    x >= -slack
                }
            }
            Self::Pow(exponent) => exponent >= 0.0 || x != 0.0,
            Self::Asin | Self::Acos => x.abs() <= 1.0 + slack,
            Self::Acosh => x >= 1.0 - slack,
            Self::Atanh => x.abs() < 1.0,
            _ => true,
        }
    }

    /// Applies functions one after another.
    pub fn chain(functions: &[Self], x: f64) -> f64 {
        functions.iter().fold(x, |x, function| function.apply(x))
    }

    /// A bound for the slope of functions, applied one after another, on a range.
    pub fn chain_slope(functions: &[Self], range: (f64, f64)) -> f64 {
        let step = |(slope, (lo, hi)): (f64, (f64, f64)), function: &Self| (slope * function.slope(lo, hi), function.image(lo, hi));
        functions.iter().fold((1.0, range), step).0
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

/// Without overflow for large `x`.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + libm::log1p(libm::exp(-x.abs()))
}

/// A negative base has real powers only for whole exponents; for others it is taken as 0.
fn power(x: f64, exponent: f64) -> f64 {
    libm::pow(if exponent.fract() == 0.0 { x } else { x.max(0.0) }, exponent)
}

/// Each function at least once, for tests of what is known about them all.
#[cfg(test)]
pub const EXAMPLES: &[Function] = &[
    Function::Linear { factor: -2.0, offset: 1.0 },
    Function::Clamp { lo: -1.0, hi: 0.5 },
    Function::Abs,
    Function::Sigmoid,
    Function::Tanh,
    Function::Exp,
    Function::Log,
    Function::Erf,
    Function::Gelu,
    Function::GeluTanh,
    Function::Mish,
    Function::Softplus,
    Function::Softsign,
    Function::Sqrt,
    Function::Reciprocal,
    Function::Pow(2.0),
    Function::Pow(3.0),
    Function::Pow(-0.5),
    Function::Pow(0.5),
    Function::Pow(-2.0),
    Function::Sin,
    Function::Cos,
    Function::Asin,
    Function::Acos,
    Function::Atan,
    Function::Sinh,
    Function::Cosh,
    Function::Asinh,
    Function::Acosh,
    Function::Atanh,
    Function::LeakyRelu(-0.5),
    Function::Elu { alpha: 2.0, width: 0.5 },
    Function::Elu { alpha: -1.0, width: -1.0 },
    Function::Selu { alpha: 1.7, gamma: 1.05 },
    Function::ThresholdedRelu(0.7),
    Function::ThresholdedRelu(-0.7),
    Function::HardSwish,
    Function::Swish(1.7),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_the_definitions() {
        let close = |function: Function, x: f64, expected: f64| {
            let found = function.apply(x);
            assert!((found - expected).abs() < 1e-12, "{function:?} of {x} is {found}");
        };
        close(Function::Sigmoid, 0.0, 0.5);
        close(Function::Sigmoid, -800.0, 0.0);
        close(Function::Softplus, 800.0, 800.0);
        close(Function::Softplus, 0.0, std::f64::consts::LN_2);
        close(Function::Gelu, 1.0, 0.841_344_746_068_542_9);
        close(Function::GeluTanh, 1.0, 0.841_191_990_608_276_1);
        close(Function::Mish, 0.0, 0.0);
        close(Function::Elu { alpha: 2.0, width: 2.0 }, -2.0, 2.0 * (libm::exp(-1.0) - 1.0));
        close(Function::Selu { alpha: 2.0, gamma: 3.0 }, -1.0, 6.0 * (libm::exp(-1.0) - 1.0));
        close(Function::HardSwish, 1.0, 2.0 / 3.0);
        close(Function::Pow(2.0), -3.0, 9.0);
        close(Function::LeakyRelu(0.1), -3.0, -0.3);
        close(Function::ThresholdedRelu(1.0), 1.0, 0.0);
        close(Function::Asin, 0.5, std::f64::consts::FRAC_PI_6);
        close(Function::Acos, 0.5, std::f64::consts::FRAC_PI_3);
        close(Function::Atan, 1.0, std::f64::consts::FRAC_PI_4);
        close(Function::Sinh, std::f64::consts::LN_2, 0.75);
        close(Function::Cosh, std::f64::consts::LN_2, 1.25);
        close(Function::Asinh, 0.75, std::f64::consts::LN_2);
        close(Function::Acosh, 1.25, std::f64::consts::LN_2);
        close(Function::Atanh, 0.6, std::f64::consts::LN_2);
        assert_eq!(Function::chain(&[Function::Abs, Function::Linear { factor: 2.0, offset: 1.0 }], -3.0), 7.0);
    }

    #[test]
    fn images_and_slopes_hold_what_the_functions_do() {
        for function in EXAMPLES.iter().copied() {
            for (lo, hi) in [(-6.0, 7.0), (-3.0, -0.5), (0.25, 4.0), (-0.75, 0.0), (0.0, 2.0), (-0.5, 0.9), (1.0, 1.5), (2.0, 4.0)] {
                let ((least, greatest), slope) = (function.image(lo, hi), function.slope(lo, hi));
                let points: Vec<f64> = (0..=1000).map(|k| lo + (hi - lo) * f64::from(k) / 1000.0).collect();
                for pair in points.windows(2) {
                    let (a, b) = (function.apply(pair[0]), function.apply(pair[1]));
                    assert!(a >= least - 1e-12 && a <= greatest + 1e-12, "{function:?} of {} is {a}, outside {least}..{greatest}", pair[0]);
                    let bound = slope * (pair[1] - pair[0]);
                    assert!(
                        (a - b).abs() <= bound * (1.0 + 1e-9) + 1e-12 || bound.is_nan() || bound.is_infinite(),
                        "{function:?} near {}",
                        pair[0]
                    );
                }
            }
        }
    }

    #[test]
    fn outside_of_the_domain_is_the_limit_at_its_edge() {
        assert_eq!(Function::Log.apply(-1.0), f64::NEG_INFINITY);
        assert_eq!(Function::Sqrt.apply(-1.0), 0.0);
        assert_eq!(Function::Pow(0.5).apply(-1.0), 0.0);
        assert_eq!(Function::Reciprocal.apply(0.0), f64::INFINITY);
        assert_eq!(Function::Asin.apply(2.0), std::f64::consts::FRAC_PI_2);
        assert_eq!(Function::Acosh.apply(0.5), 0.0);
        assert_eq!(Function::Atanh.apply(-3.0), f64::NEG_INFINITY);
    }

    #[test]
    fn a_function_is_defined_where_its_domain_says() {
        let defined = |function: Function, inside: &[f64], outside: &[f64]| {
            assert!(inside.iter().all(|x| function.is_defined(*x, 0.0)) && outside.iter().all(|x| !function.is_defined(*x, 0.0)));
            assert_eq!(function.domain().is_none(), outside.is_empty(), "{function:?}");
        };
        defined(Function::Log, &[1e-9, 5.0], &[0.0, -1.0]);
        defined(Function::Sqrt, &[0.0, 5.0], &[-1e-9]);
        defined(Function::Reciprocal, &[-1.0, 1e-9], &[0.0]);
        defined(Function::Pow(-0.5), &[0.1], &[0.0, -1.0]);
        defined(Function::Pow(0.5), &[0.0], &[-1.0]);
        defined(Function::Pow(-2.0), &[-1.0, 1.0], &[0.0]);
        defined(Function::Pow(3.0), &[-1.0, 0.0], &[]);
        defined(Function::Asin, &[-1.0, 1.0], &[1.1]);
        defined(Function::Acos, &[-1.0, 1.0], &[-1.1]);
        defined(Function::Acosh, &[1.0, 9.0], &[0.9]);
        defined(Function::Atanh, &[-0.9, 0.9], &[1.0, -1.0]);
        defined(Function::Atan, &[-9.0, 9.0], &[]);
        assert!(Function::Sqrt.is_defined(-1e-9, 1e-6) && !Function::Sqrt.is_defined(-1e-3, 1e-6));
    }
}
