//! A vault on a local chain, by its client: deployed in steps, an hour after the other by hand, left in every way, and what it refuses.
#![allow(clippy::result_large_err, reason = "a failing test has time for a large error")]

use std::panic::AssertUnwindSafe;

use maat_cairo::limits;
use maat_package::PackageFolder;
use maat_prover::Visibility;
use maat_runtime::Executor;
use maat_starknet::deploy::DeployOptions;
use maat_starknet::devnet;
use maat_starknet::facts::Submission;
use maat_starknet::vault::contracts::Class;
use maat_starknet::vault::{
    Change, DeployedVault, History, Layout, MockFeed, MockPool, Recording, Refusal, Token, Vault, VaultEvent, VaultPlan,
};
use maat_starknet::{Account, ChainError, Client, Registry};
use maat_strategy::file::StrategyFile;
use maat_strategy::history::Observation;
use maat_strategy::hour::SECONDS;
use maat_strategy::policy::Target;
use maat_strategy::prices;
use maat_strategy::strategy::Strategy;
use maat_strategy::vault::{Kind, Outcome, Route, Side, State};
use maat_strategy::vault_table::VaultTable;
use maat_tests::root;
use maat_transpiler::BuildOptions;
use starknet_types_core::felt::Felt;
use starknet_types_core::hash::{Poseidon, StarkHash};

use crate::chain_proofs::{felts, key};
use crate::starknet::{Example, account, client, devnet, example_with};

const USDC: u128 = 1_000_000;

/// RockyBot's strategy with a package of its network.
struct RockyBot {
    example: Example,
    strategy: Strategy,
    table: VaultTable,
}

fn rockybot() -> RockyBot {
    rockybot_with(&BuildOptions::default())
}

fn rockybot_with(options: &BuildOptions) -> RockyBot {
    let example = example_with("rockybot", options);
    let text = std::fs::read_to_string(root().join("examples/rockybot/strategy.toml")).unwrap();
    let file = StrategyFile::parse(&text).unwrap();
    let strategy = file.resolve(&example.model, example.package.entries().unwrap().commitment()).unwrap();
    RockyBot { example, strategy, table: file.vault.expect("a table of a vault") }
}

impl RockyBot {
    fn plan(&self) -> VaultPlan<'_> {
        VaultPlan { strategy: &self.strategy, table: &self.table, package: self.package() }
    }

    fn package(&self) -> &PackageFolder {
        &self.example.package
    }

    fn deploy(&self, account: &Account) -> DeployedVault {
        self.plan().deploy(account, &DeployOptions::default(), &mut |_| {}).unwrap_or_else(|error| panic!("{error}"))
    }

    /// What the network answers at an hour of the past, and what follows.
    fn decision(&self, window: &[Observation]) -> (Vec<i32>, Vec<i32>, Target) {
        let inputs = self.strategy.features.evaluate(window).values;
        let outputs = Executor::new(&self.example.model).run(std::slice::from_ref(&inputs)).unwrap().concat();
        let target = self.strategy.policy.target(outputs[self.strategy.policy.output() as usize]).unwrap();
        (inputs, outputs, target)
    }

    /// Hours of the example's prices, at the end of which the network buys.
    fn hours(&self) -> Vec<Observation> {
        let text = std::fs::read_to_string(root().join("examples/rockybot/prices.csv")).unwrap();
        let prices = prices::parse(&text).unwrap();
        let window = self.strategy.features.window();
        let buys = |hours: &&[Observation]| {
            let in_a_row = hours[window - 1].hour.since(hours[0].hour) == window as u64 - 1;
            in_a_row && matches!(self.decision(hours).2, Target::Weight(weight) if weight >= 5_000)
        };
        prices.windows(window).find(buys).expect("an hour at which it buys").to_vec()
    }
}

#[test]
fn a_vault_is_deployed_in_steps_and_found_again() {
    let devnet = devnet();
    let client = client(&devnet.network());
    let account = account(&devnet, &client, 0);
    let rockybot = rockybot();
    let attempt = |cut: &str| {
        let mut stop = |step: &str| assert!(step != cut, "cut off");
        let attempt = AssertUnwindSafe(|| rockybot.plan().deploy(&account, &DeployOptions::default(), &mut stop));
        std::panic::catch_unwind(attempt).is_err()
    };
    let missing = rockybot.plan().find(&client, None).unwrap_err();
    assert!(matches!(missing, ChainError::NoRegistry { .. }), "{missing}");
    // Each with how many transactions come before.
    let cuts = [
        ("declaring the mock token class", 5),
        ("deploying the mock USDC", 7),
        ("deploying the mock pool", 11),
        ("declaring the strategy library class", 14),
        ("deploying the vault", 16),
    ];
    for (cut, sent) in cuts {
        assert!(attempt(cut), "nothing is called {cut}");
        assert_eq!(account.nonce().unwrap(), Felt::from(sent), "{cut}");
        let missing = rockybot.plan().find(&client, None).unwrap_err();
        assert!(matches!(missing, ChainError::NoVault { .. }), "{missing}");
    }
    let done = rockybot.deploy(&account);
    let receipts = |deployed: &DeployedVault| {
        deployed.steps.iter().filter(|step| step.receipt.is_some()).map(|step| step.what.clone()).collect::<Vec<_>>()
    };
    assert_eq!(receipts(&done), ["vault"]);
    let again = rockybot.deploy(&account);
    assert_eq!((receipts(&again), &again.layout), (vec![], &done.layout));
    assert_eq!(account.nonce().unwrap(), Felt::from(17), "a second run sends nothing");
    assert_eq!(rockybot.plan().find(&client, None).unwrap(), done.layout);
    // It is where its deployer's address leads.
    let other = rockybot.plan().find(&client, Some(Felt::from(0x1234))).unwrap_err();
    assert!(matches!(other, ChainError::NoVault { .. }), "{other}");

    // It follows the strategy, and consists of our classes.
    let vault = Vault::at(&client, done.layout.vault);
    let parts = vault.parts().unwrap();
    assert_eq!(vault.features().unwrap(), rockybot.strategy.features);
    assert_eq!(vault.policy().unwrap(), rockybot.strategy.policy);
    assert_eq!(vault.limits().unwrap(), rockybot.strategy.limits);
    assert_eq!((parts.fees, parts.min_nav, parts.keeper_cap), (rockybot.strategy.fees.clone(), 100 * USDC, USDC / 2));
    assert_eq!((parts.hours as usize, parts.base_decimals, parts.quote_decimals), (rockybot.strategy.features.window(), 18, 6));
    let class = |address: Felt| client.class_hash_at(address).unwrap().and_then(Class::of);
    assert_eq!(class(vault.address()), Some(Class::Vault));
    assert_eq!(Class::of(parts.library), Some(Class::StrategyLibrary));
    assert_eq!(class(parts.history), Some(Class::PriceHistory));
    assert_eq!((class(parts.feed), class(parts.adapter)), (Some(Class::MockFeed), Some(Class::MockPool)));
    assert_eq!((class(parts.base_token), class(parts.quote_token)), (Some(Class::MockToken), Some(Class::MockToken)));
    let shares = vault.shares();
    let said = (shares.name().unwrap().to_string(), shares.symbol().unwrap().to_string(), shares.decimals().unwrap());
    assert_eq!(said, ("RockyBot vault".to_owned(), "vROCKY".to_owned(), 9));
    let snapshot = vault.snapshot().unwrap();
    assert_eq!((snapshot.state, snapshot.owner, snapshot.guardian), (State::Active, account.address(), account.address()));
}

/// Why something was refused.
fn refusal<T>(result: Result<T, ChainError>) -> Refusal {
    match result.err().expect("a refusal") {
        ChainError::Refused { refusal, .. } => refusal,
        other => panic!("{other}"),
    }
}

/// What records hours on the local chain.
struct Hours<'c> {
    client: &'c Client,
    history: History<'c>,
    feed: MockFeed,
    pool: MockPool,
    pair: maat_strategy::rate::Pair,
}

impl Hours<'_> {
    /// Moves the clock to the next hour, and records it at a price.
    fn record(&self, keeper: &Account, price: &Observation) -> Observation {
        let (_, now) = self.client.last_block().unwrap();
        devnet::set_time(&self.client.network().url, (now / SECONDS + 1) * SECONDS).unwrap();
        let rate = self.pair.rate(price).unwrap();
        let before = vec![self.feed.set(price.base, price.quote), self.pool.set(&rate)];
        let (_, recording) = self.history.record_after(keeper, before).unwrap();
        let Recording::Recorded(observation) = recording else { panic!("{recording:?}") };
        assert_eq!((observation.base, observation.quote), (price.base, price.quote));
        observation
    }
}

#[test]
fn hours_by_hand_from_a_deposit_to_the_last_withdrawal() {
    let devnet = devnet();
    let client = client(&devnet.network());
    let [owner, investor, keeper] = [0, 1, 2].map(|index| account(&devnet, &client, index));
    let rockybot = rockybot();
    let layout = rockybot.deploy(&owner).layout;
    let vault = Vault::at(&client, layout.vault);
    let parts = vault.parts().unwrap();
    let (base, quote) = (Token::at(&client, parts.base_token), Token::at(&client, parts.quote_token));
    let history = History::at(&client, parts.history);
    let feed = MockFeed(layout.mock_feed.expect("a mock"));
    let hours = Hours { client: &client, history, feed, pool: MockPool(parts.adapter), pair: rockybot.strategy.pair.clone() };
    let me = investor.address();

    // A deposit waits for the price of an hour to come.
    let assets = 10_000 * USDC;
    let minted = vec![quote.mint(me, assets)];
    let done = vault.request_deposit_after(&investor, minted, quote.address(), assets, me).unwrap();
    let Some(VaultEvent::DepositRequest { request_id, assets: asked, .. }) = done.events.first() else { panic!("{:?}", done.events) };
    assert_eq!(*asked, assets);
    let epoch = u64::try_from(*request_id).unwrap();
    assert_eq!(refusal(vault.claim(&investor, &[(Kind::Deposit, epoch)], me, me)), Refusal::NothingClaimable);
    assert_eq!(refusal(vault.reclaim(&investor, Kind::Deposit, epoch, me, me)), Refusal::Early);
    // A feed that was told nothing has no price.
    let error = vault.settle(&keeper).unwrap_err();
    assert!(matches!(&error, ChainError::Panicked { message, .. } if message == "mock: no price"), "{error}");

    let prices = rockybot.hours();
    let mut recorded = Vec::new();
    for price in &prices {
        recorded.push(hours.record(&keeper, price));
        if recorded.len() == 1 {
            // The request was made within the hour before, or just before its cut-off.
            assert!(epoch >= recorded[0].hour.count());
        }
        if recorded.last().unwrap().hour.count() == epoch {
            assert_eq!(refusal(vault.step(&keeper, recorded.last().unwrap().hour)), Refusal::Due);
            let settled = vault.settle(&keeper).unwrap();
            assert!(settled.events.iter().any(|event| matches!(event, VaultEvent::Settled { filled, .. } if *filled == assets)));
            assert!(vault.snapshot().unwrap().hour.unwrap().swept);
            assert_eq!(refusal(vault.step(&keeper, recorded.last().unwrap().hour)), Refusal::Gap);
        }
    }
    assert_eq!(history.latest().unwrap().unwrap().consecutive as usize, prices.len());
    assert_eq!(history.hour(recorded[0].hour).unwrap(), Some(recorded[0]));
    let window = history.window(parts.hours).unwrap().unwrap();
    assert!(window.iter().eq(recorded.iter().map(|observation| &observation.base)));
    assert_eq!(refusal(history.record(&keeper)), Refusal::NotLater);
    let chain = recorded.iter().fold(Felt::ZERO, |chain, observation| maat_strategy::history::link(chain, *observation));
    assert_eq!(history.chain().unwrap(), chain);

    let requests = vault.requests_of(Kind::Deposit, me).unwrap();
    assert_eq!((requests.len(), requests[0].epoch, requests[0].pending), (1, epoch, 0));
    vault.claim(&investor, &[(Kind::Deposit, epoch)], me, me).unwrap();
    let shares = vault.shares().balance_of(me).unwrap();
    assert_eq!(shares, requests[0].claim.proceeds);

    // The network decides as the runtime does, and buys.
    let last = *recorded.last().unwrap();
    let done = vault.step(&keeper, last.hour).unwrap();
    let decided = done.events.iter().find(|event| matches!(event, VaultEvent::Decided { .. })).unwrap();
    let (inputs, outputs, target) = rockybot.decision(&recorded);
    let hash = |values: &[i32]| {
        let felts: Vec<Felt> = std::iter::once(values.len().into()).chain(values.iter().map(|value| Felt::from(*value))).collect();
        Poseidon::hash_array(&felts)
    };
    let VaultEvent::Decided { hour, class, model, input_hash, output_hash, chain: bound, weight_before, weight_target, outcome, .. } =
        decided
    else {
        unreachable!()
    };
    assert_eq!((*hour, *class), (last.hour, outputs[rockybot.strategy.policy.output() as usize]));
    assert_eq!((*input_hash, *output_hash, *bound), (hash(&inputs), hash(&outputs), chain));
    assert_eq!(format!("{model:#066x}"), rockybot.strategy.commitment.to_string());
    assert_eq!((*weight_before, weight_target.map(Target::Weight)), (0, Some(target)));
    let Outcome::Bought { quote: spent } = *outcome else { panic!("{outcome:?}") };
    let traded = done.events.iter().find_map(|event| match event {
        VaultEvent::Traded { sold: Side::Quote, spent, received, .. } => Some((*spent, *received)),
        _ => None,
    });
    let (paid, received) = traded.expect("a trade");
    assert_eq!(paid, spent);
    println!("a step: {} L2 gas, {:.3} % of the limit", done.receipt.l2_gas, done.receipt.l2_gas_share() * 100.0);
    // The first step of a vault writes cells that were never written, and an account's call adds to it.
    assert!(done.receipt.l2_gas * 1_000 <= limits::TRANSACTION_L2_GAS * 15, "{} L2 gas", done.receipt.l2_gas);
    assert_eq!(refusal(vault.step(&keeper, last.hour)), Refusal::Used);
    let books = vault.snapshot().unwrap().books;
    assert_eq!(books.managed.base, received);

    // Half of it is redeemed, for more quote tokens than there are, so that base tokens are sold.
    let done = vault.request_redeem(&investor, shares / 2, me).unwrap();
    let Some(VaultEvent::RedeemRequest { request_id, .. }) =
        done.events.iter().find(|event| matches!(event, VaultEvent::RedeemRequest { .. }))
    else {
        panic!("{:?}", done.events)
    };
    let redemption = u64::try_from(*request_id).unwrap();
    let mut paid_out = 0;
    for _ in 0..40 {
        let observation = hours.record(&keeper, &prices[prices.len() - 1]);
        if observation.hour.count() < redemption {
            continue;
        }
        vault.settle(&keeper).unwrap();
        let request = vault.requests_of(Kind::Redeem, me).unwrap().into_iter().find(|request| request.epoch == redemption);
        let Some(request) = request else { break };
        if request.claim.proceeds > 0 {
            vault.claim(&investor, &[(Kind::Redeem, redemption)], me, me).unwrap();
            paid_out += request.claim.proceeds;
        }
        if request.pending == 0 {
            break;
        }
    }
    assert_eq!(quote.balance_of(me).unwrap(), paid_out);
    assert!(paid_out > assets * 48 / 100, "{paid_out}");

    // The rest leaves in kind, which needs nobody.
    let rest = vault.shares().balance_of(me).unwrap();
    vault.exit_in_kind(&investor, rest, me).unwrap();
    let owed = [Side::Base, Side::Quote].map(|side| vault.owed(side, me).unwrap());
    assert!(owed[0] > 0 && owed[1] > 0, "{owed:?}");
    vault.withdraw(&keeper, &[Side::Base], me, me).unwrap();
    assert_eq!(refusal(vault.withdraw(&keeper, &[Side::Quote], me, keeper.address())), Refusal::NotOperator);
    vault.withdraw(&investor, &[Side::Quote], me, me).unwrap();
    assert_eq!((base.balance_of(me).unwrap(), quote.balance_of(me).unwrap()), (owed[0], paid_out + owed[1]));
    assert_eq!(refusal(vault.withdraw(&investor, &[Side::Quote], me, me)), Refusal::NothingOwed);

    // Nobody but owner and guardian governs.
    assert_eq!(refusal(vault.pause(&investor)), Refusal::NotGuardian);
    assert_eq!(refusal(vault.propose(&investor, &Change::Adapter(me))), Refusal::NotOwner);
    let done = vault.propose(&owner, &Change::Guardian(keeper.address())).unwrap();
    let Some(VaultEvent::ChangeProposed { number, from }) = done.events.first() else { panic!("{:?}", done.events) };
    let proposal = vault.proposal(*number).unwrap().unwrap();
    assert_eq!((proposal.change, proposal.from), (Change::Guardian(keeper.address()), *from));
    assert_eq!(refusal(vault.apply(&owner, *number)), Refusal::Early);
    devnet::set_time(&client.network().url, *from).unwrap();
    vault.apply(&owner, *number).unwrap();
    let applied = vault.proposal(*number).unwrap().unwrap();
    assert_eq!((applied.change, applied.from), (Change::Guardian(keeper.address()), 0));
    assert_eq!(vault.proposal(*number + 1).unwrap(), None);
    vault.pause(&keeper).unwrap();
    assert_eq!(vault.snapshot().unwrap().state, State::Paused);
    let minted = vec![quote.mint(me, USDC)];
    assert_eq!(refusal(vault.request_deposit_after(&investor, minted, quote.address(), USDC, me)), Refusal::Paused);
    vault.unpause(&keeper).unwrap();

    // All of it can be read again, in order.
    let events = vault.events(0, None).unwrap();
    let count = |name: &str| events.iter().filter(|logged| logged.event.name() == name).count();
    let counts = ["DepositRequest", "RedeemRequest", "Decided", "Traded", "ExitedInKind", "ChangeApplied", "Paused", "Unpaused"].map(count);
    assert_eq!(counts, [1, 1, 1, 1, 1, 1, 1, 1]);
    assert_eq!(count("Withdrawn"), 2);
    assert!(events.windows(2).all(|pair| (pair[0].block, pair[0].place) < (pair[1].block, pair[1].place)));
    let decisions = vault.events_of(&["Decided"], 0, None).unwrap();
    assert_eq!(decisions.iter().map(|logged| &logged.event).collect::<Vec<_>>(), [decided]);
    assert_eq!(vault.events_of(&["Decided"], decisions[0].block + 1, None).unwrap(), []);
    let recordings = history.events(0, None).unwrap();
    assert!(recordings.len() >= prices.len());
}

/// Steps by proofs in a row: a day of them with the feature `slow`.
const PROVEN_HOURS: usize = if cfg!(feature = "slow") { 24 } else { 2 };

/// No step of this vault executes its network: each comes with a proof of the hour's decision, which the registry's verifier verifies.
#[test]
fn a_vault_trades_on_proofs_alone() {
    let devnet = devnet();
    let client = client(&devnet.network());
    let [owner, investor, keeper] = [0, 1, 2].map(|index| account(&devnet, &client, index));
    let mut rockybot = rockybot_with(&BuildOptions { contract_proofs: true, ..BuildOptions::default() });
    rockybot.table.min_bits = 96;
    let layout = rockybot.deploy(&owner).layout;
    let (vault, registry) = (Vault::at(&client, layout.vault), Registry::at(&client, layout.registry));
    let parts = vault.parts().unwrap();
    let quote = Token::at(&client, parts.quote_token);
    let hours = Hours {
        client: &client,
        history: History::at(&client, parts.history),
        feed: MockFeed(layout.mock_feed.expect("a mock")),
        pool: MockPool(parts.adapter),
        pair: rockybot.strategy.pair.clone(),
    };
    let (me, assets) = (investor.address(), 10_000 * USDC);
    vault.request_deposit_after(&investor, vec![quote.mint(me, assets)], quote.address(), assets, me).unwrap();

    let entries = rockybot.package().entries().unwrap();
    let key = key(&rockybot.example.model, entries, 1);
    let prove =
        |inputs: &[i32]| felts(&key.prove(&[vec![inputs.to_vec()]], (Visibility::Public, Visibility::Public), &|_| ()).unwrap().file);
    let window = rockybot.strategy.features.window();
    let mut recorded: Vec<Observation> = Vec::new();
    let mut stale: Option<Vec<Felt>> = None;
    fn submission<'p>(layout: &Layout, proof: &'p [Felt]) -> Submission<'p> {
        Submission { model: layout.model, version: layout.version, proof, entries: None }
    }
    let prices = rockybot.hours();
    for price in prices.iter().chain(prices.iter().rev()).cycle().take(window - 1 + PROVEN_HOURS) {
        recorded.push(hours.record(&keeper, price));
        if recorded.len() < window {
            continue;
        }
        if recorded.len() == window {
            vault.settle(&keeper).unwrap();
        }
        let seen = &recorded[recorded.len() - window..];
        let (hour, (inputs, outputs, target)) = (seen[window - 1].hour, rockybot.decision(seen));
        let proof = prove(&inputs);
        let told = entries.to_bytes();
        let first = (recorded.len() == window).then_some(told.as_slice());
        if recorded.len() == window + 1 {
            // Somebody comes first with the proof. The step takes it all the same.
            registry.submit(&investor, &submission(&layout, &proof)).unwrap();
        }
        if let Some(stale) = stale.replace(proof.clone()) {
            assert_eq!(refusal(vault.step_with_proof(&keeper, hour, layout.registry, &submission(&layout, &stale))), Refusal::ProvenInputs);
        }
        let done =
            vault.step_with_proof(&keeper, hour, layout.registry, &Submission { entries: first, ..submission(&layout, &proof) }).unwrap();
        let decided = done.events.iter().find_map(|event| match event {
            VaultEvent::Decided { hour, class, weight_target, route, .. } => Some((*hour, *class, *weight_target, *route)),
            _ => None,
        });
        let (at, class, weight, route) = decided.expect("a decision");
        assert_eq!((at, class), (hour, outputs[rockybot.strategy.policy.output() as usize]));
        assert_eq!(weight.map(Target::Weight), Some(target));
        let Route::Proven { fact, security_bits } = route else { panic!("{route:?}") };
        assert_eq!(security_bits, 99);
        assert_eq!(registry.fact(fact).unwrap().expect("the fact").security_bits, 99);
        println!("a step by a proof: {} L2 gas, {:.3} % of the limit", done.receipt.l2_gas, done.receipt.l2_gas_share() * 100.0);
        assert_eq!(refusal(vault.step_with_proof(&keeper, hour, layout.registry, &submission(&layout, &proof))), Refusal::Used);
    }
    let decisions = vault.events_of(&["Decided"], 0, None).unwrap();
    assert_eq!(decisions.len(), PROVEN_HOURS);
}
