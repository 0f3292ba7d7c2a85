//! The vault: its contract, in the Cairo VM, equals its twin in `maat-strategy` after each operation of random sequences, refusals, events
//! and balances included. Tokens, pool, feed and registry are mocks that misbehave as the twin's do; the price history is the real one.

mod aimed;
mod calls;
mod contracts;
mod felts;
mod foreign;
mod gas;
mod invariants;
mod library;
mod operations;
mod pool;
mod proofs;
mod refusals;
mod world;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use maat_strategy::hour::SECONDS;
use maat_strategy::policy::Policy;
use maat_strategy::strategy::Strategy;
use maat_strategy::vault::{Account, Deployment, Vault};
use maat_tests::networks::Random;
use rayon::prelude::*;
use starknet_types_core::felt::Felt;

use contracts::{BASE, CLASSES, Expected, QUOTE, contract, text, wide};
use felts::{account, constructor};
use invariants::everybody_leaves;
use operations::operate;
use world::{GUARDIAN, OWNER, START, TREASURY, USERS, World, deployment, world_without_vault};

/// Sequences that are compared.
const SEQUENCES: u64 = if cfg!(feature = "slow") { 20_000 } else { 300 };
/// Operations of a sequence.
const OPERATIONS: usize = 30;

/// What came of each function, and how often.
type Counts = BTreeMap<String, usize>;

/// Everything that changes a vault, but for allowances.
const FUNCTIONS: [&str; 28] = [
    "request_deposit",
    "request_redeem",
    "claim_shares",
    "claim_assets",
    "deposit",
    "mint",
    "withdraw",
    "redeem",
    "reclaim_deposit",
    "reclaim_redeem",
    "exit_in_kind",
    "exit_request_in_kind",
    "withdraw_token",
    "transfer",
    "skim",
    "observe",
    "settle",
    "step",
    "step_with_proof",
    "raise",
    "unwind",
    "propose",
    "cancel",
    "cancel_before",
    "apply",
    "pause",
    "unpause",
    "set_operator",
];

#[test]
fn contract_and_twin_are_equal_after_each_operation() {
    // The compiler uses the threads of the sequences, which would wait for it for ever.
    LazyLock::force(&CLASSES);
    let counts: Vec<(Counts, usize)> = (0..SEQUENCES)
        .into_par_iter()
        .map(|seed| {
            let mut random = Random::new(seed);
            let mut world = World::new(varied(&mut random));
            world.contracts.name = format!("sequence {seed}");
            // Most sequences begin with a vault that has something to lose.
            if !seed.is_multiple_of(4) {
                world.fund(&mut random);
            }
            for _ in 0..OPERATIONS {
                operate(&mut world, &mut random);
            }
            world.look_at_all();
            everybody_leaves(&mut world);
            world.look_at_all();
            (world.counts, world.contracts.calls)
        })
        .collect();
    let mut total = Counts::new();
    let calls: usize = counts.iter().map(|(_, calls)| calls).sum();
    counts.into_iter().flat_map(|(counts, _)| counts).for_each(|(what, count)| *total.entry(what).or_default() += count);
    println!("{calls} calls: {total:#?}");
    for function in FUNCTIONS {
        let done = total.get(&format!("{function}: done")).copied().unwrap_or_default();
        assert!(done > 0, "{function}: never done in {SEQUENCES} sequences");
    }
}

/// What differs from one vault to the next.
fn varied(random: &mut Random) -> Deployment {
    let mut deployment = deployment([(18, 6), (8, 6), (18, 18), (6, 8)][random.below(4)]);
    let limits = &mut deployment.strategy.limits;
    limits.max_weight_bps = [8_000, 10_000][random.below(2)];
    limits.max_trade_bps = [5_000, 10_000][random.below(2)];
    limits.max_drawdown_bps = [3_000, 1_200][random.below(2)];
    deployment.min_bits = [0, 96][random.below(2)];
    deployment
}

/// The first list in calldata that is this one, replaced by another.
fn replaced(felts: &[Felt], of: &[Felt], by: &[Felt]) -> Vec<Felt> {
    let at = felts.windows(of.len()).position(|window| window == of).expect("the list is there");
    [&felts[..at], by, &felts[at + of.len()..]].concat()
}

#[test]
fn a_vault_is_made_with_what_the_twin_is_made_with_and_nothing_else() {
    type Spoil = fn(&mut Deployment);
    let refused: [(&str, Spoil); 24] = [
        ("vault: bad max_weight_bps", |it| it.strategy.limits.max_weight_bps = 0),
        ("vault: bad max_weight_bps", |it| it.strategy.limits.max_weight_bps = 10_001),
        ("vault: bad max_trade_bps", |it| it.strategy.limits.max_trade_bps = 0),
        ("vault: bad max_trade_bps", |it| it.strategy.limits.max_trade_bps = 10_001),
        ("vault: bad min_trade_bps", |it| it.strategy.limits.min_trade_bps = 0),
        ("vault: bad min_trade_bps", |it| it.strategy.limits.min_trade_bps = 5_001),
        ("vault: bad max_turnover_bps", |it| it.strategy.limits.max_turnover_bps = 4_999),
        ("vault: bad max_turnover_bps", |it| it.strategy.limits.max_turnover_bps = 240_001),
        ("vault: bad cooldown_hours", |it| it.strategy.limits.cooldown_hours = 8_761),
        ("vault: bad max_slip_bps", |it| (it.strategy.limits.min_slip_bps, it.strategy.limits.max_slip_bps) = (0, 0)),
        ("vault: bad max_slip_bps", |it| it.strategy.limits.max_slip_bps = 101),
        ("vault: bad min_slip_bps", |it| it.strategy.limits.min_slip_bps = 101),
        ("vault: bad max_drift_bps", |it| it.strategy.limits.max_drift_bps = 0),
        ("vault: bad max_drift_bps", |it| it.strategy.limits.max_drift_bps = 1_001),
        ("vault: bad max_drawdown_bps", |it| it.strategy.limits.max_drawdown_bps = 0),
        ("vault: bad max_drawdown_bps", |it| it.strategy.limits.max_drawdown_bps = 10_001),
        ("vault: bad deposit_cap", |it| it.strategy.limits.deposit_cap = 0),
        ("vault: bad deposit_cap", |it| it.strategy.limits.deposit_cap = 1 << 112),
        ("vault: bad management_bps", |it| it.strategy.fees.management_bps = 201),
        ("vault: bad settle_bps", |it| it.strategy.fees.settle_bps = 51),
        ("vault: bad min_nav", |it| it.min_nav = 0),
        ("vault: bad min_nav", |it| it.min_nav = 9_999),
        ("vault: bad min_nav", |it| it.min_nav = it.strategy.limits.deposit_cap / 10 + 1),
        ("vault: no such output value", |it| {
            let Strategy { policy, .. } = &it.strategy;
            it.strategy.policy = Policy::new(1, policy.rule().clone(), policy.targets().to_vec()).unwrap();
        }),
    ];
    let good = deployment((18, 6));
    let mut world = world_without_vault(&good, START * SECONDS);
    let mut deploy = |calldata: &[Felt], expected: Expected| world.deploy_vault(calldata, &expected);
    for (reason, spoil) in refused {
        let mut spoilt = good.clone();
        spoil(&mut spoilt);
        assert!(Vault::deploy(spoilt.clone(), START * SECONDS).is_err(), "{reason}: the twin takes it");
        deploy(&constructor(&spoilt, CLASSES.registry.hash()), Expected::Refuses(text(reason)));
    }
    // What the twin's types do not let through.
    let felts = |integers: &[i64]| integers.iter().map(|integer| Felt::from(*integer)).collect::<Vec<_>>();
    let calldata = constructor(&good, CLASSES.registry.hash());
    let groups = felts(&[1, 0, 2, 0, 1]);
    let rules = felts(&[2, 0, -1_000_000, 1_000_000, 0, -1_000_000, 1_000_000]);
    let table = felts(&[0, 0, 3, 0, 0, 1, 0, 10_000]);
    for (reason, of, by) in [
        ("vault: bad lags", &groups, felts(&[2, 0, 2, 0, 1, 0, 0])),
        ("vault: bad lags", &groups, felts(&[1, 0, 2, 0, 8_760])),
        ("vault: not the model's inputs", &groups, felts(&[1, 0, 1, 0])),
        ("vault: not the model's inputs", &rules, felts(&[2, 1, -1_000_000, 1_000_000, 0, -1_000_000, 1_000_000])),
        ("vault: not the model's inputs", &rules, felts(&[2, 0, -1_000_001, 1_000_000, 0, -1_000_000, 1_000_000])),
        ("vault: not the model's inputs", &rules, felts(&[2, 0, -1_000_000, 1_000_000, 0, -1_000_000, 999_999])),
        ("vault: bad input rule", &rules, felts(&[2, 63, -1_000_000, 1_000_000, 0, -1_000_000, 1_000_000])),
        ("vault: bad input rule", &rules, felts(&[2, -63, -1_000_000, 1_000_000, 0, -1_000_000, 1_000_000])),
        ("vault: bad input rule", &rules, felts(&[2, 0, 1, 0, 0, -1_000_000, 1_000_000])),
        ("vault: bad number of targets", &table, felts(&[0, 0, 0])),
        ("vault: a weight is over 10000", &table, felts(&[0, 0, 3, 0, 0, 1, 0, 10_001])),
        ("vault: bad edges", &table, felts(&[0, 1, 1, 5, 3, 0, 0, 1, 0, 10_000])),
        ("vault: bad edges", &table, felts(&[0, 1, 2, 5, 5, 3, 0, 0, 1, 0, 10_000])),
        ("vault: not the pinned class", &vec![CLASSES.registry.hash()], felts(&[5])),
        ("vault: base and quote are one", &vec![contract(BASE), contract(QUOTE)], vec![contract(BASE), contract(BASE)]),
    ] {
        deploy(&replaced(&calldata, of, &by), Expected::Refuses(text(reason)));
    }
    for role in [OWNER, GUARDIAN, TREASURY] {
        let zero = replaced(&calldata, &[account(role)], &[Felt::ZERO]);
        deploy(&zero, Expected::Refuses(text("vault: cannot hold this role")));
    }
    deploy(&calldata, Expected::Gives(vec![]));
}

#[test]
fn what_the_twin_does_not_have_is_refused_and_given() {
    let mut world = World::new(deployment((18, 6)));
    world.fund(&mut Random::new(1));
    let [alice, bob] = [USERS[0], USERS[1]];
    let epoch = world.vault.deposits().claims(alice)[0].epoch;
    let claimed = [epoch.into(), account(alice), account(alice)].to_vec();
    let shares = world
        .call(
            alice,
            "claim_shares",
            claimed,
            |vault, chain, call| vault.claim_shares(chain, call, epoch, alice, alice),
            |shares| wide(*shares).to_vec(),
        )
        .unwrap();
    let mut ask = |who: Account, function: &str, calldata: Vec<Felt>, expected: Expected| {
        world.contracts.ask(account(who), contracts::VAULT, function, &calldata, &expected, function);
    };
    let with = |accounts: &[Felt], amount: u128| [accounts.to_vec(), wide(amount).to_vec()].concat();
    let refuses = |reason: &str| Expected::Refuses(text(reason));
    let done = || Expected::Gives(vec![Felt::ONE]);
    let [a, b, zero, itself] = [account(alice), account(bob), Felt::ZERO, contract(contracts::VAULT)];

    // Allowances, as OpenZeppelin has them.
    ask(bob, "transfer_from", with(&[a, b], 1), refuses("vault: too small an allowance"));
    ask(alice, "approve", with(&[b], 5), done());
    ask(alice, "approve", with(&[zero], 5), refuses("vault: the zero account"));
    ask(bob, "transfer_from", with(&[a, b], 3), done());
    ask(bob, "allowance", vec![a, b], Expected::Gives(wide(2).to_vec()));
    ask(bob, "transfer_from", with(&[a, b], 3), refuses("vault: too small an allowance"));
    let all = [a, b].into_iter().chain([Felt::from(u128::MAX); 2]).collect::<Vec<_>>();
    ask(alice, "approve", all[1..].to_vec(), done());
    ask(bob, "transfer_from", with(&[a, b], 3), done());
    ask(bob, "allowance", vec![a, b], Expected::Gives(all[2..].to_vec()));
    ask(bob, "transfer_from", with(&[a, itself], 1), refuses("vault: its own account"));
    ask(bob, "transfer_from", with(&[a, zero], 1), refuses("vault: the zero account"));
    ask(bob, "balance_of", vec![a], Expected::Gives(wide(shares - 6).to_vec()));
    ask(alice, "transfer", all[1..].to_vec(), refuses("vault: amount is 2^112 or more"));
    // Standards.
    for preview in ["preview_deposit", "preview_mint", "preview_withdraw", "preview_redeem"] {
        ask(alice, preview, wide(1).to_vec(), refuses("vault: no previews, ERC-7540"));
    }
    let src5 = Felt::from_hex_unchecked("0x3f918d17e5ee77373b56385708f855659a07f75997f365cf87748628532a055");
    ask(alice, "supports_interface", vec![src5], done());
    ask(alice, "supports_interface", vec![Felt::ONE], Expected::Gives(vec![Felt::ZERO]));
    ask(alice, "decimals", vec![], Expected::Gives(vec![Felt::from(9)]));
}
