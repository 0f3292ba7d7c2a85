//! The library: what the vault computes and checks without looking at anything but its arguments, as a class of its own, because one class
//! cannot hold both. In Rust: the files that each function is named after.
//!
//! The vault reaches it by library calls to `LIBRARY`, a constant of its source, so that its own class hash says which code that is, and
//! nobody can name another one. A library call runs on the storage and in the name of its caller. That is why this class has no storage, no
//! constructor and no events, makes no system calls, and has no other entry points than these; a test looks at the compiled class.
//!
//! The vault joins the felts of a call itself: its own first, and what contracts answered last, so that no answer can be read as one of its
//! own. Where there are two answers, they are the history's and that of the feed that it names.
use maat_interfaces::model::Port;
use maat_interfaces::registry::{ModelVersion, Proven};
use maat_vault_interfaces::feed::Quote;
use maat_vault_interfaces::history::Latest;
use starknet::{ClassHash, ContractAddress};
use crate::access::Change;
use crate::books::Side;
use crate::features::{Feature, InputRule};
use crate::interface::Deployment;
use crate::market::{Market, Recorded};
use crate::math::{HighWater, Rate};
use crate::records::Run;
use crate::trading::{Outcome, Shown};

/// The class that the vault calls. A test compares it with the class that the compiler makes of `strategy_library`.
#[cfg(not(test))]
pub const LIBRARY: ClassHash = 0x4f38bf7e130fc54463ac9bbce304bee0f6cd3226a85f57280dae966a6011325.try_into().unwrap();
/// In Cairo's test runner, classes have other hashes.
#[cfg(test)]
pub const LIBRARY: ClassHash = strategy_library::TEST_CLASS_HASH;

/// What a constructor asks others about, before it can prepare a vault.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Wanted {
    pub registry: ContractAddress,
    pub model: u64,
    pub version: u32,
    pub history: ContractAddress,
    pub base_token: ContractAddress,
    pub quote_token: ContractAddress,
    pub min_bits: u16,
}

/// What a constructor found of it, and itself.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Found {
    pub vault: ContractAddress,
    pub feed: ContractAddress,
    pub base_decimals: u8,
    pub quote_decimals: u8,
}

/// A vault's first storage. Lists are what `Serde` makes of the values that they are named after.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Prepared {
    pub owner: ContractAddress,
    pub guardian: ContractAddress,
    /// Two cells: see `LimitsPacking`.
    pub limits: (felt252, u128),
    /// `Parts` but for the library, a felt for each cell.
    pub parts: Span<felt252>,
    pub name: Span<felt252>,
    pub symbol: Span<felt252>,
    /// The policy, as a change to it.
    pub policy: Span<felt252>,
    /// The features: groups, and the runs of their rules.
    pub features: Span<felt252>,
    /// The network's outputs, as `Span<OutputRange>`.
    pub outputs: Span<felt252>,
}

/// An output of the network.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct OutputRange {
    /// How many values it has.
    pub values: u32,
    /// The least integer that it gives.
    pub lo: i32,
    /// The greatest.
    pub hi: i32,
}

/// What is fixed when an hour is opened.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Opening {
    pub mark: HighWater,
    /// Whether the drawdown halts the vault.
    pub halts: bool,
    /// The most by which entries and exits may differ.
    pub cap: u128,
    /// The NAV, or 2^112 - 1 if it is more.
    pub nav: u128,
}

/// What follows from the network's answer.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Verdict {
    /// The output value that the policy reads.
    pub answer: i32,
    pub output_hash: felt252,
    /// The share of the base token before, in basis points.
    pub weight_before: u16,
    /// What the policy asks for; nothing where it holds.
    pub weight_target: Option<u16>,
    pub outcome: Outcome,
    /// The NAV that the limits looked at.
    pub nav: u128,
    /// What will have been traded on this day, if the trade is made.
    pub turned_over: u128,
    /// The least that it must give.
    pub least: u128,
}

/// All that has a price: amounts and a rate. Positions and limits are packed as the vault stores them.
#[derive(Copy, Drop, Serde)]
pub struct Holding {
    pub managed: (felt252, felt252),
    pub rate: Rate,
    pub limits: (felt252, u128),
}

/// Pure functions. Whatever they refuse, they refuse with the vault's reasons.
#[starknet::interface]
pub trait IStrategyLibrary<TContractState> {
    /// What a constructor has to ask others about.
    fn wanted(self: @TContractState, deployment: Deployment) -> Wanted;
    /// Checks all that a vault is made with, and gives its first storage.
    fn prepare(self: @TContractState, found: Found, deployment: Deployment, version: ModelVersion) -> Prepared;
    /// Checks that a vault could be made with a change.
    fn check(self: @TContractState, vault: ContractAddress, min_nav: u128, outputs: Span<OutputRange>, change: Change);
    /// Checks that the pair's price is not so low that 1e-8 is coarse, if one is recorded.
    fn check_price(self: @TContractState, latest: Option<Latest>);
    /// How many values of the features were clamped, and the values, of a window that the history gave.
    fn evaluate(self: @TContractState, groups: Span<Feature>, runs: Span<Run>, window: Option<Span<u64>>) -> (u32, Span<i32>);
    /// The price that was recorded last, if it is recent and on the peg.
    fn recorded(self: @TContractState, now: u64, base_decimals: u8, quote_decimals: u8, latest: Option<Latest>) -> Recorded;
    /// The same with its confirmation by a fresh quote.
    fn market(
        self: @TContractState,
        now: u64,
        base_decimals: u8,
        quote_decimals: u8,
        limits: (felt252, u128),
        latest: Option<Latest>,
        quote: Quote,
    ) -> Market;
    /// The NAV that prices shares at the price that was recorded last, however long ago: what is not in the base token, if there is none.
    fn nav(
        self: @TContractState,
        base_decimals: u8,
        quote_decimals: u8,
        managed: (felt252, felt252),
        latest: Option<Latest>,
    ) -> u128;
    /// What an hour is opened with.
    fn open(self: @TContractState, holding: Holding, supply: u128, min_nav: u128, mark: HighWater) -> Opening;
    /// What a proof of the network's answer shows, and the answer: so many values, for what the network was to see.
    fn proven(self: @TContractState, seen: Span<i32>, outputs: u32, min_bits: u16, proven: Proven) -> (Shown, Span<i32>);
    /// What follows from the network's answer, so many seconds after the record. `policy` is a change to the policy in force, `owed` whether
    /// redemptions wait.
    fn decide(
        self: @TContractState,
        holding: Holding,
        fresh: Rate,
        elapsed: u64,
        hour: u64,
        owed: bool,
        saturated: u32,
        policy: Change,
        outputs: Span<i32>,
    ) -> Verdict;
    /// The base tokens to sell for redemptions of so many shares, where so much may still leave in an hour.
    fn shortfall(self: @TContractState, holding: Holding, supply: u128, settle_bps: u16, shares: u128, room: u128) -> u128;
    /// The NAV, and the base tokens that an unwinding vault sells.
    fn unwind(self: @TContractState, holding: Holding) -> (u128, u128);
    /// The least that a swap of so much at a fresh rate must give, so many seconds after the record, where it may lose `most_bps`.
    fn floor(
        self: @TContractState, limits: (felt252, u128), fresh: Rate, elapsed: u64, most_bps: u16, sold: Side, asked: u128,
    ) -> u128;
}

/// Checks that each rule is the one by which the network takes its value.
fn check_inputs(inputs: Span<Port>, rules: Span<InputRule>) {
    assert(values_in(inputs) == rules.len(), crate::errors::Errors::OTHER_INPUTS);
    let mut rules = rules;
    for port in inputs {
        let scales = *port.scales;
        for position in 0..elements(port) {
            let rule = *rules.pop_front().unwrap();
            // One scale for all elements, or one for each position along the last axis.
            let scale = *scales[position % scales.len()];
            assert(rule.scale.into() == scale && rule.lo == *port.lo && rule.hi == *port.hi, crate::errors::Errors::OTHER_INPUTS);
        }
    }
}

fn ranges(ports: Span<Port>) -> Span<OutputRange> {
    let mut ranges = array![];
    for port in ports {
        ranges.append(OutputRange { values: elements(port), lo: *port.lo, hi: *port.hi });
    }
    ranges.span()
}

fn values_in(ports: Span<Port>) -> u32 {
    let mut values = 0;
    for port in ports {
        values += elements(port);
    }
    values
}

fn elements(port: @Port) -> u32 {
    let mut elements = 1;
    for length in *port.shape {
        elements *= *length;
    }
    elements
}

/// The felts of a value, as in calldata.
fn felts_of<T, +Serde<T>, +Drop<T>>(value: T) -> Span<felt252> {
    let mut felts = array![];
    value.serialize(ref felts);
    felts.span()
}

#[starknet::contract]
pub mod strategy_library {
    use core::cmp::{max, min};
    use core::num::traits::{Bounded, SaturatingSub, Zero};
    use core::poseidon::poseidon_hash_span;
    use maat_interfaces::registry::{ModelVersion, Proven, SideHash, SideKind};
    use maat_interfaces::verifier::Side as ProvenSide;
    use maat_vault_interfaces::feed::Quote;
    use maat_vault_interfaces::history::{Latest, Observation};
    use starknet::ContractAddress;
    use crate::access::{Change, OutputPolicy};
    use crate::books::{Side, VIRTUAL_ASSETS, VIRTUAL_SHARES, nav_floor, redemption_assets};
    use crate::errors::Errors;
    use crate::features::{Feature, evaluate};
    use crate::interface::{Deployment, Parts};
    use crate::limits::{Limits, Plan, filled, plan, unwind};
    use crate::market::{Market, Recorded, WINDOW, price, require_fresh, require_peg};
    use crate::math::{
        BASIS_POINTS, HighWater, MAX_AMOUNT, Rate, SHARE_ONE, base_ceil, base_floor, mul_div_ceil, mul_div_floor, observe, rate, share_ceil, share_floor,
        value_ceil, value_floor,
    };
    use crate::policy::{MAX_ROWS, Rule, Target, target};
    use crate::proven::{pack, unpack};
    use crate::records::{LimitsPacking, PositionPacking, Run, rules_of, runs_of};
    use crate::settlement::NET_CAP_BPS;
    use crate::trading::{ANY_SLIP, Outcome, SMALLEST_SALE, Shown};
    use crate::{features, limits, policy};
    use super::{
        Found, Holding, IStrategyLibrary, Opening, OutputRange, Prepared, Verdict, Wanted, check_inputs, felts_of, ranges, values_in,
    };

    /// The fewest decimals that a token may have: with fewer, a unit of it is dear, and so is `SMALLEST_SALE`.
    const MIN_DECIMALS: u8 = 6;
    /// The most: shares have three more, and with 21 there can be a million million whole ones.
    const MAX_DECIMALS: u8 = 18;
    /// The least that `min_nav` may be: with less, dust that came first would keep everybody out, because an hour lets in so much then.
    const MIN_MIN_NAV: u128 = 10_000;
    /// How many times `min_nav` the cap of deposits must have room for: in a vault that is worth less, the drawdown is not looked at.
    const MIN_DEPOSITS: u128 = 10;
    /// The least price of the pair, in 1e-8 quote tokens, when a vault is made: a unit of it is a basis point then.
    const MIN_PRICE: u128 = 10_000;
    /// The most bits of security that can be asked of proofs: no more makes sense, and none could ever have them.
    const MAX_MIN_BITS: u16 = 128;

    #[storage]
    struct Storage {}

    #[abi(embed_v0)]
    impl StrategyLibraryImpl of IStrategyLibrary<ContractState> {
        fn wanted(self: @ContractState, deployment: Deployment) -> Wanted {
            let Deployment { registry, model, version, history, base_token, quote_token, min_bits, .. } = deployment;
            Wanted { registry, model, version, history, base_token, quote_token, min_bits }
        }

        fn prepare(self: @ContractState, found: Found, deployment: Deployment, version: ModelVersion) -> Prepared {
            let Found { vault, feed, base_decimals, quote_decimals } = found;
            let Deployment { features: groups, rules, fees, min_nav, owner, guardian, .. } = deployment.clone();
            let hours = features::check(groups, rules);
            assert(version.class_hash == deployment.class_hash, Errors::OTHER_CLASS);
            check_inputs(version.inputs, rules);
            assert(deployment.base_token != deployment.quote_token, Errors::SAME_TOKEN);
            for decimals in [base_decimals, quote_decimals].span() {
                assert(MIN_DECIMALS <= *decimals && *decimals <= MAX_DECIMALS, Errors::BAD_DECIMALS);
            }
            let outputs = ranges(version.outputs);
            check_change(vault, min_nav, outputs, Change::Policy(deployment.policy));
            check_change(vault, min_nav, outputs, Change::Limits(deployment.limits));
            check_change(vault, min_nav, outputs, Change::MinBits(deployment.min_bits));
            assert(fees.management_bps <= 200, Errors::BAD_MANAGEMENT_FEE);
            assert(fees.settle_bps <= 50, Errors::BAD_SETTLE_FEE);
            for account in [owner, guardian, deployment.adapter, deployment.treasury].span() {
                check_role(vault, *account);
            }
            let parts = Parts {
                registry: deployment.registry,
                model: deployment.model,
                version: deployment.version,
                class_hash: deployment.class_hash,
                instance: version.instance,
                model_commitment: version.model_commitment,
                outputs: values_in(version.outputs),
                hours,
                history: deployment.history,
                feed,
                base_token: deployment.base_token,
                quote_token: deployment.quote_token,
                base_decimals,
                quote_decimals,
                adapter: deployment.adapter,
                treasury: deployment.treasury,
                fees,
                min_nav,
                keeper_cap: deployment.keeper_cap,
                // The vault's to fill in: this class does not know its own hash.
                library: Zero::zero(),
            };
            let mut parts = felts_of(parts);
            let _ = parts.pop_back();
            Prepared {
                owner,
                guardian,
                limits: LimitsPacking::pack(deployment.limits),
                parts,
                name: felts_of(deployment.name),
                symbol: felts_of(deployment.symbol),
                policy: felts_of(Change::Policy(deployment.policy)),
                features: felts_of((groups, runs_of(rules))),
                outputs: felts_of(outputs),
            }
        }

        fn check(self: @ContractState, vault: ContractAddress, min_nav: u128, outputs: Span<OutputRange>, change: Change) {
            check_change(vault, min_nav, outputs, change);
        }

        fn check_price(self: @ContractState, latest: Option<Latest>) {
            if let Some(latest) = latest {
                let observation = latest.observation;
                assert(price(observation.base, observation.quote) >= MIN_PRICE, Errors::BAD_PRICE);
            }
        }

        fn evaluate(self: @ContractState, groups: Span<Feature>, runs: Span<Run>, window: Option<Span<u64>>) -> (u32, Span<i32>) {
            let seen = evaluate(groups, rules_of(runs), window.expect(Errors::GAP));
            (seen.saturated, seen.values)
        }

        fn recorded(self: @ContractState, now: u64, base_decimals: u8, quote_decimals: u8, latest: Option<Latest>) -> Recorded {
            let (recorded, _) = observed(now, base_decimals, quote_decimals, latest);
            recorded
        }

        fn market(
            self: @ContractState,
            now: u64,
            base_decimals: u8,
            quote_decimals: u8,
            limits: (felt252, u128),
            latest: Option<Latest>,
            quote: Quote,
        ) -> Market {
            let (recorded, observation) = observed(now, base_decimals, quote_decimals, latest);
            require_fresh(now, quote.base);
            require_fresh(now, quote.quote);
            let (base, quote) = (quote.base.price, quote.quote.price);
            require_peg(quote);
            let (then, fresh) = (price(observation.base, observation.quote), price(base, quote));
            let drift = max(then, fresh) - min(then, fresh);
            // Prices of the pair are less than 2^87.
            assert(drift * BASIS_POINTS <= then * LimitsPacking::unpack(limits).max_drift_bps.into(), Errors::DRIFT);
            Market { recorded, fresh: rate(base, quote, base_decimals, quote_decimals).expect(Errors::NO_RATE) }
        }

        fn nav(
            self: @ContractState,
            base_decimals: u8,
            quote_decimals: u8,
            managed: (felt252, felt252),
            latest: Option<Latest>,
        ) -> u128 {
            let managed = PositionPacking::unpack(managed);
            let found = match latest {
                Some(latest) => rate(latest.observation.base, latest.observation.quote, base_decimals, quote_decimals),
                None => None,
            };
            match found {
                Some(rate) => nav_floor(managed, rate).unwrap_or(managed.quote),
                None => managed.quote,
            }
        }

        fn open(self: @ContractState, holding: Holding, supply: u128, min_nav: u128, mark: HighWater) -> Opening {
            let nav = nav_floor(PositionPacking::unpack(holding.managed), holding.rate);
            // In a vault of dust, rounding alone looks like a fall. Its highest value counts too, because a fall makes no dust of a vault.
            let worth = mul_div_floor(mark.peak, supply + VIRTUAL_SHARES, SHARE_ONE).unwrap_or(Bounded::MAX);
            let is_dust = supply == 0 || match nav {
                Some(nav) => max(nav, worth) < min_nav,
                None => false,
            };
            let (mark, halts) = if is_dust {
                (HighWater { peak: 0, breaches: 0, last: 0 }, false)
            } else {
                match nav {
                    // A price of a share beyond 128 bits is no breach.
                    Some(nav) => observe(
                        mark, nav + VIRTUAL_ASSETS, supply + VIRTUAL_SHARES, LimitsPacking::unpack(holding.limits).max_drawdown_bps,
                    )
                        .unwrap_or((mark, false)),
                    None => (mark, false),
                }
            };
            let cap = if supply == 0 {
                Bounded::MAX
            } else {
                match nav {
                    None => 0,
                    // Less than 2^112 before it is divided.
                    Some(nav) => max(share_floor(nav, NET_CAP_BPS).unwrap_or(0), min_nav),
                }
            };
            Opening { mark, halts, cap, nav: nav.unwrap_or(MAX_AMOUNT) }
        }

        fn proven(self: @ContractState, seen: Span<i32>, outputs: u32, min_bits: u16, proven: Proven) -> (Shown, Span<i32>) {
            assert(proven.security_bits >= min_bits, Errors::WEAK);
            assert(proven.batch == 1, Errors::BATCH);
            let expected = SideHash { kind: SideKind::Public, hash: poseidon_hash_span(pack(seen)) };
            assert(proven.inputs == expected, Errors::PROVEN_INPUTS);
            let values = match proven.outputs {
                ProvenSide::Public(values) => unpack(values, outputs),
                _ => None,
            };
            (Shown { fact: proven.fact, security_bits: proven.security_bits }, values.expect(Errors::PROVEN_OUTPUTS))
        }

        fn decide(
            self: @ContractState,
            holding: Holding,
            fresh: Rate,
            elapsed: u64,
            hour: u64,
            owed: bool,
            saturated: u32,
            policy: Change,
            outputs: Span<i32>,
        ) -> Verdict {
            let OutputPolicy { output, policy } = match policy {
                Change::Policy(policy) => policy,
                _ => core::panic_with_felt252(Errors::BAD_ROWS),
            };
            let answer = *outputs.get(output).expect(Errors::BAD_OUTPUT).unbox();
            let asked = target(policy, answer).expect(Errors::CLASS);
            let (managed, rate) = (PositionPacking::unpack(holding.managed), holding.rate);
            let nav = nav_floor(managed, rate).expect(Errors::OVERFLOW);
            let value = value_floor(rate, managed.base).expect(Errors::OVERFLOW);
            // At most 10,000, because the value is at most the NAV.
            let weight_before = mul_div_floor(value, BASIS_POINTS, nav).unwrap_or(0).try_into().unwrap_or(0);
            let limits = LimitsPacking::unpack(holding.limits);
            let plan = plan(limits, managed, rate, hour, asked, saturated).expect(Errors::OVERFLOW);
            let outcome = match plan {
                Plan::Hold(reason) => Outcome::Held(reason),
                Plan::Buy(quote) => if owed {
                    Outcome::Owed
                } else {
                    Outcome::Bought(quote)
                },
                Plan::Sell(sale) => Outcome::Sold(sale.base),
            };
            let weight_target = match asked {
                Target::Weight(weight) => Some(weight),
                Target::Hold => None,
            };
            let least = match outcome {
                Outcome::Bought(quote) => least(limits, fresh, elapsed, ANY_SLIP, Side::Quote, quote),
                Outcome::Sold(base) => least(limits, fresh, elapsed, ANY_SLIP, Side::Base, base),
                _ => 0,
            };
            // What arrives is the vault's to book, and changes nothing about this.
            let turned_over = filled(managed, plan, 0, hour).expect(Errors::OVERFLOW).turned_over;
            Verdict {
                answer, output_hash: poseidon_hash_span(felts_of(outputs)), weight_before, weight_target, outcome, nav, turned_over, least,
            }
        }

        fn shortfall(self: @ContractState, holding: Holding, supply: u128, settle_bps: u16, shares: u128, room: u128) -> u128 {
            let (managed, rate) = (PositionPacking::unpack(holding.managed), holding.rate);
            let nav = nav_floor(managed, rate).expect(Errors::OVERFLOW);
            let shortfall = min(redemption_assets(shares, supply, nav, settle_bps), room).saturating_sub(managed.quote);
            let held = value_floor(rate, managed.base).expect(Errors::OVERFLOW);
            let max_trade_bps = LimitsPacking::unpack(holding.limits).max_trade_bps.into();
            let most = min(share_floor(nav, max_trade_bps).expect(Errors::OVERFLOW), held);
            assert(shortfall > 0 && most >= SMALLEST_SALE, Errors::NOTHING_TO_RAISE);
            // So much that it suffices at the floor.
            let needed = mul_div_ceil(shortfall, BASIS_POINTS, BASIS_POINTS - settle_bps.into()).expect(Errors::OVERFLOW);
            let value = min(max(needed, SMALLEST_SALE), most);
            // A unit of the base token can be worth more than what is needed.
            let part = max(base_floor(rate, value).expect(Errors::OVERFLOW), 1);
            if value == held {
                managed.base
            } else {
                part
            }
        }

        fn unwind(self: @ContractState, holding: Holding) -> (u128, u128) {
            let managed = PositionPacking::unpack(holding.managed);
            let nav = nav_floor(managed, holding.rate).expect(Errors::OVERFLOW);
            match unwind(LimitsPacking::unpack(holding.limits), managed, holding.rate).expect(Errors::OVERFLOW) {
                Plan::Sell(sale) => (nav, sale.base),
                _ => core::panic_with_felt252(Errors::NOTHING_TO_SELL),
            }
        }

        fn floor(
            self: @ContractState, limits: (felt252, u128), fresh: Rate, elapsed: u64, most_bps: u16, sold: Side, asked: u128,
        ) -> u128 {
            least(LimitsPacking::unpack(limits), fresh, elapsed, most_bps, sold, asked)
        }
    }

    /// The least that a swap of so much must give: see `trading`.
    fn least(limits: Limits, fresh: Rate, elapsed: u64, most_bps: u16, sold: Side, asked: u128) -> u128 {
        let (least, most): (u64, u64) = (limits.min_slip_bps.into(), limits.max_slip_bps.into());
        // At most 100 basis points, and `min_slip_bps` is at most `max_slip_bps`.
        let slip: u32 = min(least + (most - least) * elapsed / WINDOW, most_bps.into()).try_into().expect(Errors::OVERFLOW);
        let worth = match sold {
            Side::Base => value_ceil(fresh, asked),
            Side::Quote => base_ceil(fresh, asked),
        };
        share_ceil(worth.expect(Errors::OVERFLOW), 10_000 - slip).expect(Errors::OVERFLOW)
    }

    /// Checks that a vault could be made with a change.
    fn check_change(vault: ContractAddress, min_nav: u128, outputs: Span<OutputRange>, change: Change) {
        match change {
            Change::Policy(OutputPolicy { output, policy }) => {
                policy::check(policy);
                let (lo, hi) = range_of(outputs, output).expect(Errors::BAD_OUTPUT);
                if let Rule::Class = policy.rule {
                    // A class without a target would stop every step that answers it.
                    let most: Option<u32> = hi.try_into();
                    assert(lo >= 0 && most.unwrap_or(MAX_ROWS) < policy.targets.len(), Errors::BAD_CLASS);
                }
            },
            Change::Limits(limits) => {
                limits::check(limits);
                assert(MIN_MIN_NAV <= min_nav && min_nav <= limits.deposit_cap / MIN_DEPOSITS, Errors::BAD_MIN_NAV);
            },
            Change::Adapter(account) | Change::Guardian(account) => check_role(vault, account),
            Change::MinBits(bits) => assert(bits <= MAX_MIN_BITS, Errors::BAD_MIN_BITS),
        }
    }

    /// The least and the greatest integer that an output value can have.
    fn range_of(outputs: Span<OutputRange>, output: u32) -> Option<(i32, i32)> {
        let mut position = output;
        for range in outputs {
            if position < *range.values {
                return Some((*range.lo, *range.hi));
            }
            position -= *range.values;
        }
        None
    }

    /// Checks that an account can be owner, guardian, adapter or treasury.
    fn check_role(vault: ContractAddress, account: ContractAddress) {
        assert(account != vault && account.is_non_zero(), Errors::UNFIT_ACCOUNT);
    }

    /// The price that was recorded last, with what was observed.
    fn observed(now: u64, base_decimals: u8, quote_decimals: u8, latest: Option<Latest>) -> (Recorded, Observation) {
        let Latest { observation, recorded_at, oldest, chain, .. } = latest.expect(Errors::NO_PRICE);
        assert(recorded_at <= now, Errors::CLOCK);
        let elapsed = now - recorded_at;
        assert(elapsed <= WINDOW, Errors::LATE);
        require_peg(observation.quote);
        let rate = rate(observation.base, observation.quote, base_decimals, quote_decimals).expect(Errors::NO_RATE);
        (Recorded { hour: observation.hour, rate, elapsed, oldest, chain }, observation)
    }
}
