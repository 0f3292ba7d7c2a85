//! What a vault is made with and what is proposed to it, as felts: `Deployment` and `Change` of `cairo/vault/src`, as Cairo's `Serde` writes
//! them.

use maat_strategy::features::{Feature, Features};
use maat_strategy::fees::Fees;
use maat_strategy::limits::Limits;
use maat_strategy::policy::{Policy, Rule, Target};
use maat_strategy::strategy::Strategy;
use maat_strategy::vault::{Kind, Side};
use starknet_rust::core::codec::Encode;
use starknet_rust::core::types::{ByteArray, Felt};

use super::answers::Change;

/// What a vault is made with, besides its strategy: `Deployment` of `cairo/vault/src/interface.cairo`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constructor<'a> {
    /// The name of the shares.
    pub name: &'a str,
    /// The symbol of the shares.
    pub symbol: &'a str,
    /// The first owner.
    pub owner: Felt,
    /// The first guardian.
    pub guardian: Felt,
    /// The first adapter.
    pub adapter: Felt,
    /// Who receives what the books do not know.
    pub treasury: Felt,
    /// The registry of models.
    pub registry: Felt,
    /// The model's number there.
    pub model: u64,
    /// The model's version.
    pub version: u32,
    /// The class of that version.
    pub class_hash: Felt,
    /// The price history of the pair.
    pub history: Felt,
    /// What the network decides about.
    pub base_token: Felt,
    /// What it is paid with.
    pub quote_token: Felt,
    /// The least NAV that a deposit may lead to, in the quote token's smallest unit.
    pub min_nav: u128,
    /// The largest reward of a keeper for an hour, in the quote token's smallest unit.
    pub keeper_cap: u128,
    /// The least conjectured security, in bits, of a proof that decides; 0 if none may.
    pub min_bits: u16,
}

impl Constructor<'_> {
    /// The calldata of the constructor, for a vault that follows a strategy: the felts of `Deployment`, with their number in front.
    pub fn calldata(&self, strategy: &Strategy) -> Vec<Felt> {
        list(&self.deployment(strategy))
    }

    fn deployment(&self, strategy: &Strategy) -> Vec<Felt> {
        let Self { name, symbol, owner, guardian, adapter, treasury, registry, model, version, .. } = *self;
        let mut felts = [text(name), text(symbol)].concat();
        felts.extend([owner, guardian, adapter, treasury, registry, model.into(), version.into()]);
        felts.extend([self.class_hash, self.history, self.base_token, self.quote_token]);
        felts.extend(features(&strategy.features));
        felts.extend(policy(&strategy.policy));
        felts.extend(limits(&strategy.limits));
        felts.extend(fees(&strategy.fees));
        felts.extend([Felt::from(self.min_nav), self.keeper_cap.into(), self.min_bits.into()]);
        felts
    }
}

/// A text as a byte array.
pub fn text(text: &str) -> Vec<Felt> {
    let mut felts = Vec::new();
    ByteArray::from(text).encode(&mut felts).expect("a text can be encoded");
    felts
}

/// An amount of 256 bits.
pub fn wide(amount: u128) -> [Felt; 2] {
    [amount.into(), Felt::ZERO]
}

/// A list, with its length in front.
pub fn list<T: Copy + Into<Felt>>(values: &[T]) -> Vec<Felt> {
    std::iter::once(values.len().into()).chain(values.iter().map(|value| (*value).into())).collect()
}

/// The groups of features and the rules of inputs, one list after the other.
pub fn features(features: &Features) -> Vec<Felt> {
    let mut felts = vec![features.groups().len().into()];
    for group in features.groups() {
        felts.push(match group {
            Feature::Difference { .. } => Felt::ZERO,
            Feature::Return { .. } => Felt::ONE,
        });
        felts.extend(list(group.lags()));
    }
    felts.push(features.rules().len().into());
    felts.extend(features.rules().iter().flat_map(|rule| [rule.scale, rule.lo, rule.hi].map(Felt::from)));
    felts
}

/// `OutputPolicy`: which value of the output, the rule, and the table.
pub fn policy(policy: &Policy) -> Vec<Felt> {
    let mut felts = vec![policy.output().into()];
    match policy.rule() {
        Rule::Class => felts.push(Felt::ZERO),
        Rule::Edges(edges) => {
            felts.push(Felt::ONE);
            felts.extend(list(edges));
        }
    }
    felts.push(policy.targets().len().into());
    for target in policy.targets() {
        match target {
            Target::Weight(weight) => felts.extend([Felt::ZERO, (*weight).into()]),
            Target::Hold => felts.push(Felt::ONE),
        }
    }
    felts
}

/// `Limits`, in the order of its fields.
pub fn limits(limits: &Limits) -> Vec<Felt> {
    let Limits {
        max_weight_bps,
        max_trade_bps,
        max_turnover_bps,
        cooldown_hours,
        min_trade_bps,
        min_slip_bps,
        max_slip_bps,
        max_drift_bps,
        max_drawdown_bps,
        max_saturated,
        deposit_cap,
    } = limits.clone();
    vec![
        max_weight_bps.into(),
        max_trade_bps.into(),
        max_turnover_bps.into(),
        cooldown_hours.into(),
        min_trade_bps.into(),
        min_slip_bps.into(),
        max_slip_bps.into(),
        max_drift_bps.into(),
        max_drawdown_bps.into(),
        max_saturated.into(),
        deposit_cap.into(),
    ]
}

/// `Fees`.
pub fn fees(fees: &Fees) -> [Felt; 2] {
    [fees.management_bps.into(), fees.settle_bps.into()]
}

/// Which token.
pub fn side(side: Side) -> Felt {
    match side {
        Side::Base => Felt::ZERO,
        Side::Quote => Felt::ONE,
    }
}

/// Which kind of request.
pub fn kind(kind: Kind) -> Felt {
    match kind {
        Kind::Deposit => Felt::ZERO,
        Kind::Redeem => Felt::ONE,
    }
}

/// A change, as it is proposed.
pub fn change(change: &Change) -> Vec<Felt> {
    match change {
        Change::Policy(to) => [vec![Felt::ZERO], policy(to)].concat(),
        Change::Limits(to) => [vec![Felt::ONE], limits(to)].concat(),
        Change::Adapter(to) => vec![Felt::TWO, *to],
        Change::Guardian(to) => vec![Felt::THREE, *to],
        Change::MinBits(to) => vec![Felt::from(4), (*to).into()],
    }
}
