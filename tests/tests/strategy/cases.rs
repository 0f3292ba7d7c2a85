//! The named calls of `tests/golden/strategy.json`: ties, clamps, overflow, dust, and the edges of each limit.

use maat_strategy::features::{Feature, InputRule};
use maat_strategy::hour::Hour;
use maat_strategy::limits::{Limits, Plan, Position, Reason};
use maat_strategy::math::MAX_AMOUNT;
use maat_strategy::policy::Target;
use maat_strategy::price::{Price, USD};

use super::calls::{Amount, Call, Quote};

/// A whole base token and a whole quote token, with 18 and 6 decimals.
const ETH: u128 = 1_000_000_000_000_000_000;
const USDC: u128 = 1_000_000;
const WIDE: u128 = u128::MAX;
/// Noon of a day.
const DAY: u64 = 19_000;
const NOON: u64 = 24 * DAY + 12;

type Cases = Vec<(&'static str, Call)>;

/// All of them. No two have the same name.
pub fn cases() -> Cases {
    [amounts(), rates(), fees(), marks(), features(), targets(), plans(), unwound(), filled()].concat()
}

fn hour(count: u64) -> Hour {
    Hour::new(count).unwrap()
}

fn quote(base_price: u64, quote_price: u64, base_decimals: u8, quote_decimals: u8) -> Quote {
    let price = |units| Price::new(units).unwrap();
    Quote { base_price: price(base_price), quote_price: price(quote_price), base_decimals, quote_decimals }
}

/// Base tokens at 2,000 USD against quote tokens at 1 USD.
fn eth() -> Quote {
    quote(2_000 * USD, USD, 18, 6)
}

/// Limits of which each can be reached alone.
fn limits() -> Limits {
    Limits {
        max_weight_bps: 8_000,
        max_trade_bps: 2_000,
        max_turnover_bps: 5_000,
        cooldown_hours: 4,
        min_trade_bps: 100,
        min_slip_bps: 10,
        max_slip_bps: 50,
        max_drift_bps: 100,
        max_drawdown_bps: 2_000,
        max_saturated: 3,
        deposit_cap: 1_000_000 * USDC,
    }
}

/// So much of both, and no trade yet.
fn holding(base: u128, quote: u128) -> Position {
    Position { base, quote, ..Position::default() }
}

fn amounts() -> Cases {
    let floor = |a, b, den| Call::MulDivFloor { a: Amount(a), b: Amount(b), den: Amount(den) };
    let ceil = |a, b, den| Call::MulDivCeil { a: Amount(a), b: Amount(b), den: Amount(den) };
    vec![
        ("a quotient is rounded down", floor(7, 3, 4)),
        ("a quotient is rounded up", ceil(7, 3, 4)),
        ("an exact quotient is not rounded up", ceil(8, 3, 4)),
        ("nothing is divided by zero", floor(1, 1, 0)),
        ("nothing is divided by zero and rounded up", ceil(0, 0, 0)),
        ("the largest product of 128 bits", floor(WIDE, 1, 1)),
        ("the least product of 129 bits", floor(1 << 64, 1 << 64, 2)),
        ("a quotient of 129 bits", floor(1 << 64, 1 << 64, 1)),
        ("the largest product of all", floor(WIDE, WIDE, WIDE)),
        ("a wide quotient is rounded down", floor(WIDE, 3, 4)),
        ("a wide quotient is rounded up", ceil(WIDE, 3, 4)),
        ("a wide quotient that is exact is not rounded up", ceil(WIDE, 3, 3)),
        // (2^64 - 1)(2^65 + 2) / 2 = 2^128 - 1, and (2^65 - 1)(2^65 + 1) / 4 = 2^128 - 1/4.
        ("the largest quotient", ceil((1 << 64) - 1, (1 << 65) + 2, 2)),
        ("a quotient below 2^128", floor((1 << 65) - 1, (1 << 65) + 1, 4)),
        ("a quotient below 2^128 is rounded up to 129 bits", ceil((1 << 65) - 1, (1 << 65) + 1, 4)),
        ("a share is rounded down", Call::ShareFloor { amount: Amount(999), bps: 50 }),
        ("a share is rounded up", Call::ShareCeil { amount: Amount(999), bps: 50 }),
        ("a day's largest turnover of the largest amount", Call::ShareFloor { amount: Amount(MAX_AMOUNT), bps: 240_000 }),
        ("a share of more than 128 bits", Call::ShareFloor { amount: Amount(WIDE), bps: 10_001 }),
        ("a share of 128 bits by way of a product of more", Call::ShareCeil { amount: Amount(WIDE), bps: 9_999 }),
    ]
}

fn rates() -> Cases {
    let value = |quote, base| Call::ValueFloor { quote, base: Amount(base) };
    let amount = |quote, value| Call::BaseFloor { quote, value: Amount(value) };
    let (most, least) = (Price::MAX.units(), 1);
    let depeg = quote(2_000 * USD, 98_000_000, 18, 6);
    vec![
        ("the rate of ether in dollars", Call::Rate { quote: eth() }),
        ("the quote token's price counts", Call::Rate { quote: depeg }),
        ("as many decimals on both sides of a rate", Call::Rate { quote: quote(2_000 * USD, USD, 0, 8) }),
        ("one more decimal of the quote token", Call::Rate { quote: quote(2_000 * USD, USD, 0, 9) }),
        ("the least rate", Call::Rate { quote: quote(1, USD, 24, 0) }),
        ("a base token worth less than 1e-8 quote tokens", Call::Rate { quote: quote(1, USD + 1, 18, 6) }),
        ("the largest price against the least", Call::Rate { quote: quote(most, least, 18, 6) }),
        ("the largest rate that has 128 bits", Call::Rate { quote: quote(most, 1 << 12, 0, 24) }),
        ("a rate of more than 128 bits", Call::Rate { quote: quote(most, least, 0, 24) }),
        ("a whole token is worth its price", value(eth(), ETH)),
        ("worth is rounded down", value(depeg, ETH)),
        ("worth is rounded up", Call::ValueCeil { quote: depeg, base: Amount(ETH) }),
        ("dust is worth nothing", value(eth(), 499_999_999)),
        ("the least amount that is worth something", value(eth(), 500_000_000)),
        ("dust is worth a unit when rounded up", Call::ValueCeil { quote: eth(), base: Amount(1) }),
        ("worth of more than 128 bits", value(quote(most, least, 0, 0), WIDE)),
        ("what a value buys is rounded down", amount(depeg, 1)),
        ("what a value buys is rounded up", Call::BaseCeil { quote: depeg, value: Amount(1) }),
        ("a value that buys nothing", amount(quote(2_000 * USD, USD, 0, 6), 1_999_999_999)),
        ("what a value buys has more than 128 bits", amount(quote(1, USD, 24, 0), WIDE)),
        ("without a rate nothing is worth anything", value(quote(1, USD + 1, 18, 6), ETH)),
    ]
}

fn fees() -> Cases {
    let shares = |supply, management_bps, seconds| Call::ManagementShares { supply: Amount(supply), management_bps, seconds };
    vec![
        ("a year's fee", shares(1_000_000, 200, 31_536_000)),
        ("an hour's fee is rounded down", shares(1_000_000, 200, 3_600)),
        ("an hour's fee of a few shares is nothing", shares(100, 200, 3_600)),
        ("no fee", shares(MAX_AMOUNT, 0, 31_536_000)),
        ("a fee by way of a product of more than 128 bits", shares(WIDE, 200, 31_536_000)),
        ("a fee of more than 128 bits", shares(WIDE, u16::MAX, u64::MAX)),
    ]
}

fn marks() -> Cases {
    let peak = ETH;
    let after = |last, peak, breaches, nav, supply, max_drawdown_bps| Call::Observe {
        peak: Amount(peak),
        breaches,
        last: Amount(last),
        nav: Amount(nav),
        supply: Amount(supply),
        max_drawdown_bps,
    };
    let observe = |peak, breaches, nav, supply, max_drawdown_bps| after(peak, peak, breaches, nav, supply, max_drawdown_bps);
    vec![
        ("the first value is no peak yet", observe(0, 0, 3, 2, 1_000)),
        ("a higher value than the last one lifts the peak to the last one", after(peak + 3, peak, 1, 1_001, 1_000, 1_000)),
        ("a lower value than the last one lifts the peak to itself", after(2 * peak, peak, 1, 1_001, 1_000, 1_000)),
        ("a fall to the limit is not a breach", observe(peak, 1, 900, 1_000, 1_000)),
        ("a fall below the limit is a breach", observe(peak, 0, 899, 1_000, 1_000)),
        ("a second breach in a row halts", observe(peak, 1, 899, 1_000, 1_000)),
        ("breaches are counted to 255", observe(peak, 255, 0, 1_000, 1_000)),
        ("a whole loss is no breach where nothing need be kept", observe(peak, 1, 0, 1_000, 10_000)),
        ("a limit of more than the whole is one of the whole", observe(peak, 1, 0, 1_000, u16::MAX)),
        ("without shares there is no breach", observe(peak, 1, 0, 0, 1_000)),
        ("the value of a share has more than 128 bits", observe(peak, 1, WIDE, 1, 1_000)),
        ("a high value where little need be kept", observe(peak, 1, WIDE / ETH, 1, 9_999)),
    ]
}

fn features() -> Cases {
    const WHOLE: (i32, i32) = (i32::MIN, i32::MAX);
    let rule = |scale, (lo, hi)| InputRule { scale, lo, hi };
    let call = |groups: &[Feature], rules: &[InputRule], window: &[u64]| Call::Features {
        groups: groups.to_vec(),
        rules: rules.to_vec(),
        window: window.iter().map(|units| Price::new(*units).unwrap()).collect(),
    };
    let difference = |lags: &[u32]| Feature::Difference { lags: lags.to_vec() };
    let relative = |lags: &[u32]| Feature::Return { lags: lags.to_vec() };
    // The newest price less the older ones is a half, a unit less and a unit more, above and below zero.
    let around = |half: u64| {
        let newest = 100 * USD;
        [newest - half - 1, newest - half, newest - half + 1, newest + half + 1, newest + half, newest + half - 1, newest]
    };
    let ties = |scale: i32| {
        let half = if scale >= 0 { (USD / 2) >> scale } else { (USD / 2) << -scale };
        call(&[difference(&[6, 5, 4, 3, 2, 1, 0])], &[rule(scale, WHOLE); 7], &around(half))
    };
    let (most, least) = (Price::MAX.units(), 1);
    let ends: Vec<InputRule> = [-62, -61, -2, -1, 0, 61, 62].map(|scale| rule(scale, WHOLE)).to_vec();
    let clamps = [(-2, 2), (3, 7), (-7, -3), (-3, 3), (0, 0), WHOLE].map(|range| rule(0, range));
    vec![
        ("halves round up at scale 0", ties(0)),
        ("halves round up at scale 7", ties(7)),
        ("halves round up at scale -1", ties(-1)),
        ("halves round up at scale -5", ties(-5)),
        ("halves of a return round up", call(&[relative(&[1, 2])], &[rule(-1, WHOLE); 2], &[2 * USD, USD, 2 * USD])),
        ("a half lost of a return rounds up", call(&[relative(&[1, 2])], &[rule(0, WHOLE), rule(3, WHOLE)], &[16 * USD, 2 * USD, USD])),
        ("a rise is clamped", call(&[difference(&[1; 6])], &clamps, &[1, 3 * USD + 1])),
        ("a fall is clamped", call(&[difference(&[1; 6])], &clamps, &[3 * USD + 1, 1])),
        ("the largest rise", call(&[difference(&[1; 7])], &ends, &[least, most])),
        ("the largest fall", call(&[difference(&[1; 7])], &ends, &[most, least])),
        ("the largest return", call(&[relative(&[1; 7])], &ends, &[least, most])),
        ("the least return", call(&[relative(&[1; 7])], &ends, &[most, least])),
        ("the returns of the largest prices", call(&[relative(&[1; 7])], &ends, &[most, most - 1])),
        ("the ends of 32 bits are not clamped", {
            // 2^31 - 1 and -2^31 of 1e-8 USD times 10^8.
            let whole = |units: u64| units * USD;
            call(&[difference(&[1, 2])], &[rule(0, WHOLE); 2], &[whole(1 << 31) + whole((1 << 31) - 1), 1, whole((1 << 31) - 1)])
        }),
        ("groups follow one another", {
            let groups = [difference(&[1]), relative(&[2, 1]), difference(&[0])];
            call(&groups, &[rule(4, WHOLE), rule(20, WHOLE), rule(10, WHOLE), rule(0, (1, 5))], &[3 * USD, 2 * USD, 5 * USD])
        }),
    ]
}

fn targets() -> Cases {
    let rows = vec![Target::Weight(0), Target::Hold, Target::Weight(10_000)];
    let class = |answer| Call::Target { edges: None, targets: rows.clone(), answer };
    let number = |answer| Call::Target { edges: Some(vec![-5, 7]), targets: rows.clone(), answer };
    vec![
        ("the first class", class(0)),
        ("a class that holds", class(1)),
        ("the last class", class(2)),
        ("a class without a row", class(3)),
        ("a negative class", class(-1)),
        ("the least class", class(i32::MIN)),
        ("below the first edge", number(-6)),
        ("at the first edge", number(-5)),
        ("below the last edge", number(6)),
        ("at the last edge", number(7)),
        ("the least number", number(i32::MIN)),
        ("the greatest number", number(i32::MAX)),
        ("a table of one row", Call::Target { edges: Some(vec![]), targets: vec![Target::Weight(1)], answer: 0 }),
    ]
}

/// A plan for 10,000 USDC, with whatever a case changes.
struct Planned {
    limits: Limits,
    position: Position,
    quote: Quote,
    target: Target,
    saturated: u32,
}

fn plans() -> Cases {
    let plan = |change: fn(&mut Planned)| {
        let position = holding(0, 10_000 * USDC);
        let mut planned = Planned { limits: limits(), position, quote: eth(), target: Target::Weight(10_000), saturated: 0 };
        change(&mut planned);
        let Planned { limits, position, quote, target, saturated } = planned;
        Call::Plan { limits, position, quote, hour: hour(NOON), target, saturated }
    };
    // Traded so many hours ago, and so much on that day.
    fn traded(hours: u64, turned_over: u128) -> impl Fn(&mut Planned) {
        move |planned| {
            let last = hour(NOON - hours);
            planned.position = Position { last_trade: Some(last), day: last.day(), turned_over, ..planned.position };
        }
    }
    vec![
        ("the largest trade is bought", plan(|_| {})),
        ("what is missing is bought", plan(|planned| planned.target = Target::Weight(1_234))),
        ("the largest weight is bought at most", plan(|planned| planned.limits.max_trade_bps = 10_000)),
        ("too many clamped features", plan(|planned| planned.saturated = 4)),
        ("as many clamped features as may be", plan(|planned| planned.saturated = 3)),
        ("the policy holds", plan(|planned| planned.target = Target::Hold)),
        ("clamped features come before the policy", plan(|planned| (planned.saturated, planned.target) = (4, Target::Hold))),
        ("nothing to change", plan(|planned| planned.target = Target::Weight(0))),
        ("the least trade", plan(|planned| planned.target = Target::Weight(100))),
        ("less than the least trade", plan(|planned| planned.target = Target::Weight(99))),
        ("a small trade comes before the cooldown", {
            plan(|planned| {
                traded(1, 0)(planned);
                planned.target = Target::Weight(99);
            })
        }),
        ("the last hour of the cooldown", plan(|planned| traded(3, 0)(planned))),
        ("the first hour after the cooldown", plan(|planned| traded(4, 0)(planned))),
        ("a cooldown of an hour is none", {
            plan(|planned| {
                traded(1, 0)(planned);
                planned.limits.cooldown_hours = 1;
            })
        }),
        ("two trades in an hour with a cooldown of an hour", {
            plan(|planned| {
                traded(0, 0)(planned);
                planned.limits.cooldown_hours = 1;
            })
        }),
        ("the cooldown comes before the turnover", plan(|planned| traded(3, 5_000 * USDC)(planned))),
        ("the day's turnover is used up", plan(|planned| traded(12, 5_000 * USDC)(planned))),
        ("more than the day's turnover is used up", plan(|planned| traded(12, WIDE)(planned))),
        ("the rest of the day's turnover", plan(|planned| traded(12, 4_000 * USDC)(planned))),
        ("a rest of the turnover that is the least trade", plan(|planned| traded(12, 4_900 * USDC)(planned))),
        ("a rest of the turnover below the least trade", plan(|planned| traded(12, 4_900 * USDC + 1)(planned))),
        ("yesterday's turnover does not count", plan(|planned| traded(13, 5_000 * USDC)(planned))),
        ("the least and the largest trade are the same share", {
            plan(|planned| {
                planned.limits.min_trade_bps = 2_000;
                planned.position = holding(0, 9_999_999_999);
            })
        }),
        ("the least and the largest sale are the same share", {
            plan(|planned| {
                planned.limits.min_trade_bps = 2_000;
                planned.position = holding(3 * ETH, 3_999_999_999);
                planned.target = Target::Weight(0);
            })
        }),
        ("the largest trade is sold", {
            plan(|planned| (planned.position, planned.target) = (holding(4 * ETH, 2_000 * USDC), Target::Weight(0)))
        }),
        ("a sale is rounded down to whole units, and so is its worth", {
            plan(|planned| {
                planned.quote = quote(2_000 * USD, 98_000_000, 18, 6);
                planned.position = holding(4 * ETH, 2_000 * USDC);
                planned.target = Target::Weight(0);
            })
        }),
        ("coarse tokens are sold for what they are worth", {
            plan(|planned| {
                planned.quote = quote(1_000 * USD, USD, 0, 6);
                planned.position = holding(10, 0);
                planned.limits.max_trade_bps = 1_999;
                planned.target = Target::Weight(0);
            })
        }),
        ("coarse tokens of which not one can be sold", {
            plan(|planned| {
                planned.quote = quote(1_000 * USD, USD, 0, 6);
                planned.position = holding(10, 0);
                planned.limits.max_trade_bps = 999;
                planned.target = Target::Weight(0);
            })
        }),
        ("all is sold, with what rounding would leave", {
            plan(|planned| {
                planned.position = holding(ETH + 499_999_999, 10_000 * USDC);
                planned.target = Target::Weight(0);
            })
        }),
        ("more than the largest weight is sold", {
            plan(|planned| (planned.position, planned.target) = (holding(5 * ETH, 0), Target::Weight(10_000)))
        }),
        ("dust is held", { plan(|planned| (planned.position, planned.target) = (holding(499_999_999, 0), Target::Weight(0))) }),
        ("nothing is held", plan(|planned| planned.position = holding(0, 0))),
        ("so little that its largest trade is nothing", plan(|planned| planned.position = holding(0, 4))),
        ("so little that its largest trade is a unit", plan(|planned| planned.position = holding(0, 5))),
        ("the worth of what is held has more than 128 bits", {
            plan(|planned| {
                planned.quote = quote(Price::MAX.units(), 1, 0, 0);
                planned.position = holding(WIDE, 0);
            })
        }),
        ("the net asset value has more than 128 bits", plan(|planned| planned.position = holding(ETH, WIDE))),
        ("the allowed turnover has more than 128 bits", {
            plan(|planned| {
                planned.limits.max_turnover_bps = 10_001;
                planned.position = holding(0, WIDE);
            })
        }),
        ("the largest amount of the base token", {
            plan(|planned| (planned.position, planned.target) = (holding(MAX_AMOUNT, MAX_AMOUNT), Target::Weight(0)))
        }),
        ("without a rate there is no plan", plan(|planned| planned.quote = quote(1, USD + 1, 18, 6))),
    ]
}

fn unwound() -> Cases {
    let call = |position| Call::Unwind { limits: limits(), position, quote: eth() };
    let busy = |position| Position { last_trade: Some(hour(NOON)), day: DAY, turned_over: WIDE, ..position };
    vec![
        ("a piece is unwound, whatever was traded", call(busy(holding(4 * ETH, 2_000 * USDC)))),
        ("the last piece is unwound with its dust", call(holding(ETH + 499_999_999, 8_000 * USDC))),
        ("a little more than the last piece", call(holding(ETH + 500_000_000, 8_000 * USDC))),
        ("nothing is left to unwind", call(holding(0, 8_000 * USDC))),
        ("dust is not unwound", call(holding(499_999_999, 8_000 * USDC))),
        ("a piece that is nothing", call(holding(2_000_000_000, 0))),
        ("the value has more than 128 bits", call(holding(ETH, WIDE))),
    ]
}

fn filled() -> Cases {
    let day = Position { base: ETH, quote: 100, last_trade: Some(hour(NOON - 1)), day: DAY, turned_over: 7 };
    let fill = |position, plan, received, at| Call::Filled { position, plan, received: Amount(received), hour: hour(at) };
    let buy = |quote| Plan::Buy { quote };
    let sell = |base, value| Plan::Sell { base, value };
    vec![
        ("holding changes nothing", fill(day, Plan::Hold(Reason::Cooldown), 5, NOON)),
        ("a purchase is booked", fill(day, buy(100), 5, NOON)),
        ("a sale is booked", fill(day, sell(ETH, 30), 29, NOON)),
        ("the last hour of the day", fill(day, buy(1), 5, 24 * DAY + 23)),
        ("the first hour of the next day", fill(day, buy(1), 5, 24 * DAY + 24)),
        ("more quote tokens than are held", fill(day, buy(101), 5, NOON)),
        ("more base tokens than are held", fill(day, sell(ETH + 1, 30), 29, NOON)),
        ("received more base tokens than 128 bits", fill(day, buy(1), WIDE, NOON)),
        ("received more quote tokens than 128 bits", fill(day, sell(1, 1), WIDE, NOON)),
        ("turned over more than 128 bits", fill(day, sell(1, WIDE - 6), 1, NOON)),
        ("turned over more than 128 bits in two days", fill(day, sell(1, WIDE - 6), 1, NOON + 24)),
    ]
}
