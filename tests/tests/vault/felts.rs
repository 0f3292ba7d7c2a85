//! What the twin has, as the contract serialises it.

use maat_starknet::vault::Change as Proposed;
use maat_starknet::vault::calldata::{self, Constructor};
pub use maat_starknet::vault::calldata::{kind, limits, policy, side};
use maat_strategy::limits::Reason;
use maat_strategy::rate::Token;
use maat_strategy::vault::feed::Thin;
use maat_strategy::vault::ledger::TransferError;
use maat_strategy::vault::{
    Account, AdapterFailure, Change, Deployment, Event, Kind, NetworkFailure, Outcome, Proven, Purpose, Refusal, Route, Shown, State, Unfit,
};
use starknet_types_core::felt::Felt;
use starknet_types_core::hash::{Poseidon, StarkHash};

use super::contracts::{self, BASE, HISTORY, Logged, POOLS, QUOTE, REGISTRY, contract, selector, text, wide};
use super::world::COMMITMENT;

/// The address of an account.
pub fn account(account: Account) -> Felt {
    match account.0 {
        0 => contract(contracts::VAULT),
        3 => contract(POOLS[0]),
        at @ 100..=102 => contract(POOLS[at as usize - 99]),
        at => Felt::from(1_000 + at),
    }
}

/// The felts of `Deployment`, with the class of the model. They are what the client sends after their number, so that each test of the contract
/// tests the client's encoding too.
pub fn constructor(deployment: &Deployment, class_hash: Felt) -> Vec<Felt> {
    let Deployment { strategy, owner, guardian, adapter, treasury, min_nav, keeper_cap, min_bits, .. } = deployment;
    let [owner, guardian, adapter, treasury] = [owner, guardian, adapter, treasury].map(|who| account(*who));
    let constructor = Constructor {
        name: "Maat vault",
        symbol: "MV",
        owner,
        guardian,
        adapter,
        treasury,
        registry: contract(REGISTRY),
        model: 1,
        version: 1,
        class_hash,
        history: contract(HISTORY),
        base_token: contract(BASE),
        quote_token: contract(QUOTE),
        min_nav: *min_nav,
        keeper_cap: *keeper_cap,
        min_bits: *min_bits,
    };
    constructor.calldata(strategy)[1..].to_vec()
}

pub fn change(change: &Change) -> Vec<Felt> {
    calldata::change(&match change.clone() {
        Change::Policy(to) => Proposed::Policy(to),
        Change::Limits(to) => Proposed::Limits(to),
        Change::Adapter(to) => Proposed::Adapter(account(to)),
        Change::Guardian(to) => Proposed::Guardian(account(to)),
        Change::MinBits(to) => Proposed::MinBits(to),
    })
}

pub fn option(value: Option<Vec<Felt>>) -> Vec<Felt> {
    match value {
        Some(felts) => [vec![Felt::ZERO], felts].concat(),
        None => vec![Felt::ONE],
    }
}

pub fn outcome(outcome: &Outcome) -> Vec<Felt> {
    match outcome {
        Outcome::Held(reason) => {
            let at = Reason::ALL.iter().position(|other| other == reason).expect("one of them all");
            vec![Felt::ZERO, at.into()]
        }
        Outcome::Owed => vec![Felt::ONE],
        Outcome::Bought { quote } => vec![Felt::TWO, (*quote).into()],
        Outcome::Sold { base } => vec![Felt::THREE, (*base).into()],
        Outcome::Halted => vec![Felt::from(4)],
    }
}

pub fn route(route: &Route) -> Vec<Felt> {
    match route {
        Route::Executed => vec![Felt::ZERO],
        Route::Proven { fact, security_bits } => vec![Felt::ONE, *fact, (*security_bits).into()],
    }
}

/// What a registry answers that has verified a proof.
pub fn proven(proven: &Proven) -> Vec<Felt> {
    let Proven { version: _, fact, batch, security_bits, inputs, outputs } = proven;
    let mut felts = vec![*fact, (*batch).into(), (*security_bits).into()];
    felts.extend(match inputs {
        Shown::Public(values) => [Felt::ZERO, Poseidon::hash_array(values)],
        Shown::Hidden => [Felt::ONE, Felt::ZERO],
        Shown::Committed(hash) => [Felt::TWO, *hash],
    });
    felts.extend(match outputs {
        Shown::Public(values) => [vec![Felt::ZERO], calldata::list(values)].concat(),
        Shown::Hidden => vec![Felt::ONE],
        Shown::Committed(hash) => vec![Felt::TWO, *hash],
    });
    felts
}

/// What the contract panics with, for each refusal.
pub fn reason(refusal: &Refusal) -> Felt {
    let transfer = |error: &TransferError| match error {
        TransferError::Paused => "mock: paused",
        TransferError::Balance { .. } => "mock: balance is too small",
        TransferError::Allowance { .. } => "mock: allowance is too small",
        TransferError::Overflow => "mock: balance is too large",
    };
    text(match refusal {
        Refusal::State { state: State::Active, .. } => "vault: not while active",
        Refusal::State { state: State::Deprecated, .. } => "vault: not while deprecated",
        Refusal::State { state: State::Revoked, .. } => "vault: not while revoked",
        Refusal::State { state: State::Paused, .. } => "vault: not while paused",
        Refusal::State { state: State::Halted, .. } => "vault: not while halted",
        Refusal::NotOwner { .. } => "vault: not the owner",
        Refusal::NotGuardian { .. } => "vault: not the guardian",
        Refusal::NotOffered { .. } => "vault: not the offered owner",
        Refusal::NotOperator { .. } => "vault: not an operator",
        Refusal::OwnOperator => "vault: own operator",
        Refusal::OwnReplacement => "vault: guardian's replacement",
        Refusal::Itself => "vault: its own account",
        Refusal::NoProposal { .. } => "vault: no such proposal",
        Refusal::Proposals => "vault: 8 proposals wait",
        Refusal::Early { .. } => "vault: too early",
        Refusal::Expired { .. } => "vault: proposal has expired",
        Refusal::NotPaused => "vault: not paused",
        Refusal::Unfit(unfit) => unfit_reason(unfit),
        Refusal::Zero => "vault: amount is 0",
        Refusal::Overflow => "vault: amount is 2^112 or more",
        Refusal::Shares { .. } => "vault: too few shares",
        Refusal::Token { reason, .. } => transfer(reason),
        Refusal::Moved { .. } => "vault: token moved another sum",
        Refusal::NothingClaimable { .. } => "vault: nothing is claimable",
        Refusal::Claim { .. } => "vault: less is claimable",
        Refusal::NothingPending => "vault: nothing is pending",
        Refusal::Settling { .. } => "vault: an hour may be settling",
        Refusal::NothingOwed { .. } => "vault: nothing is owed",
        Refusal::NothingToSkim { .. } => "vault: nothing to skim",
        Refusal::NoPrice => "vault: no hour is recorded",
        Refusal::OtherHour { .. } => "vault: not the recorded hour",
        Refusal::Used { .. } => "vault: the hour is used",
        Refusal::Late { .. } => "vault: the record is too old",
        Refusal::Clock { .. } => "vault: recorded in the future",
        Refusal::Peg { .. } => "vault: quote token is off peg",
        Refusal::NoRate => "vault: the pair has no rate",
        Refusal::Feed(Thin { .. }) => "thin",
        Refusal::Drift { .. } => "vault: the quote drifted",
        Refusal::NotOlder { .. } => "vault: request is not older",
        Refusal::Due { .. } => "vault: settle first",
        Refusal::Gap { .. } => "vault: the window has a gap",
        Refusal::Network(NetworkFailure(_)) => "network",
        Refusal::NoProofs => "vault: no proofs are taken",
        Refusal::Weak { .. } => "vault: too weak a proof",
        Refusal::Batch { .. } => "vault: not a single decision",
        Refusal::ProvenInputs => "vault: not this hour's inputs",
        Refusal::ProvenOutputs => "vault: no public outputs",
        Refusal::Class(_) => "vault: unknown class",
        Refusal::Adapter(AdapterFailure(failure)) => {
            let mocks = ["mock: paused", "mock: balance is too small", "mock: allowance is too small", "mock: the pool is empty"];
            mocks.into_iter().find(|mock| mock == failure).unwrap_or_else(|| panic!("{failure}"))
        }
        Refusal::Overspent { .. } => "vault: adapter overspent",
        Refusal::Floor { .. } => "vault: below the floor",
        Refusal::NothingToRaise => "vault: nothing to raise",
        Refusal::NothingToSell => "vault: nothing to sell",
    })
}

fn unfit_reason(unfit: &Unfit) -> &'static str {
    match unfit {
        Unfit::Limits(error) => match error.field {
            "max_weight_bps" => "vault: bad max_weight_bps",
            "max_trade_bps" => "vault: bad max_trade_bps",
            "min_trade_bps" => "vault: bad min_trade_bps",
            "max_turnover_bps" => "vault: bad max_turnover_bps",
            "cooldown_hours" => "vault: bad cooldown_hours",
            "max_slip_bps" => "vault: bad max_slip_bps",
            "min_slip_bps" => "vault: bad min_slip_bps",
            "max_drift_bps" => "vault: bad max_drift_bps",
            "max_drawdown_bps" => "vault: bad max_drawdown_bps",
            "deposit_cap" => "vault: bad deposit_cap",
            field => panic!("{field}"),
        },
        Unfit::Output { .. } => "vault: no such output value",
        Unfit::MinNav { .. } => "vault: bad min_nav",
        Unfit::MinBits { .. } => "vault: bad min_bits",
        Unfit::Itself => "vault: cannot hold this role",
    }
}

/// A short string of Cairo, to read.
pub fn readable(reason: Felt) -> String {
    let bytes: Vec<u8> = reason.to_bytes_be().into_iter().filter(|byte| *byte != 0).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// An event as the contract has it.
pub fn logged(event: &Event) -> Logged {
    let (name, keys, data) = match event {
        Event::Settled { kind: of, hour, epoch, filled, proceeds } => {
            ("Settled", vec![kind(*of), hour.count().into(), (*epoch).into()], vec![(*filled).into(), (*proceeds).into()])
        }
        Event::Refunded { epoch, assets } => ("Refunded", vec![(*epoch).into()], vec![(*assets).into()]),
        Event::Claimed { kind: of, controller, receiver, epoch, amount } => {
            ("Claimed", vec![kind(*of), account(*controller), (*epoch).into()], [vec![account(*receiver)], wide(*amount).to_vec()].concat())
        }
        Event::Reclaimed { kind: of, controller, receiver, epoch, returned, unclaimed } => (
            "Reclaimed",
            vec![kind(*of), account(*controller), (*epoch).into()],
            [vec![account(*receiver)], wide(*returned).to_vec(), wide(*unclaimed).to_vec()].concat(),
        ),
        Event::ExitedInKind { owner, receiver, shares, base, quote } => {
            ("ExitedInKind", vec![account(*owner), account(*receiver)], [wide(*shares), wide(*base), wide(*quote)].concat())
        }
        Event::Decided {
            hour,
            class,
            version,
            input_hash,
            output_hash,
            chain,
            weight_before,
            weight_target,
            outcome: came,
            route: by,
            ..
        } => (
            "Decided",
            vec![hour.count().into()],
            [
                vec![(*class).into(), text(COMMITMENT), (*version).into(), *input_hash, *output_hash, *chain, (*weight_before).into()],
                option(weight_target.map(|weight| vec![weight.into()])),
                outcome(came),
                route(by),
            ]
            .concat(),
        ),
        Event::Traded { hour, purpose, sold, spent, received } => {
            let purpose = match purpose {
                Purpose::Decision => Felt::ZERO,
                Purpose::Shortfall => Felt::ONE,
                Purpose::Unwind => Felt::TWO,
            };
            ("Traded", vec![hour.count().into()], vec![purpose, side(*sold), (*spent).into(), (*received).into()])
        }
        Event::Rewarded { keeper, amount } => ("Rewarded", vec![account(*keeper)], vec![(*amount).into()]),
        Event::Halted { hour } => ("Halted", vec![hour.count().into()], vec![]),
        Event::Withdrawn { account: who, receiver, side: of, amount } => {
            ("Withdrawn", vec![account(*who), account(*receiver), side(*of)], wide(*amount).to_vec())
        }
        Event::Skimmed { side: of, amount } => ("Skimmed", vec![side(*of)], wide(*amount).to_vec()),
        Event::Paused { until } => ("Paused", vec![], vec![(*until).into()]),
        Event::Unpaused => ("Unpaused", vec![], vec![]),
        Event::OperatorSet { controller, operator, approved } => {
            ("OperatorSet", vec![account(*controller), account(*operator)], vec![(*approved).into()])
        }
        Event::Requested { kind: of, controller, owner, epoch, sender, amount } => {
            let name = if *of == Kind::Deposit { "DepositRequest" } else { "RedeemRequest" };
            let keys = vec![account(*controller), account(*owner), (*epoch).into(), Felt::ZERO];
            (name, keys, [vec![account(*sender)], wide(*amount).to_vec()].concat())
        }
        Event::Transfer { from, to, shares } => {
            let party = |who: &Option<Account>| who.map_or(Felt::ZERO, account);
            ("Transfer", vec![party(from), party(to)], wide(*shares).to_vec())
        }
        Event::OwnershipTransferStarted { from, to } => ("OwnershipTransferStarted", vec![account(*from), account(*to)], vec![]),
        Event::OwnershipTransferred { from, to } => ("OwnershipTransferred", vec![account(*from), account(*to)], vec![]),
        // The contract counts from 1, and keeps the first policy at 0.
        Event::ChangeProposed { number, from, .. } => ("ChangeProposed", vec![(number + 1).into()], vec![(*from).into()]),
        Event::ChangeCancelled { number } => ("ChangeCancelled", vec![(number + 1).into()], vec![]),
        Event::ChangeApplied { number, .. } => ("ChangeApplied", vec![(number + 1).into()], vec![]),
    };
    ([vec![selector(name)], keys].concat(), data)
}

/// What a token is made with.
pub fn token(token: &Token) -> Vec<Felt> {
    let short = [Felt::ZERO, text(&token.symbol), token.symbol.len().into()];
    [short.to_vec(), short.to_vec(), vec![token.decimals.into()]].concat()
}
