//! Records of a small network with batches of four, honest ones and others.

mod attacks;
mod hiding;
mod honest;
mod hostile;
mod resume;

use std::num::NonZeroUsize;
use std::sync::{LazyLock, Mutex};

use maat_prover::{LayoutChoice, ProvingKey, Visibility, entries_for};
use maat_runtime::primitives::{Affine, ArgMax};
use maat_runtime::{Interval, Model, ModelBuilder, Primitive, Requantise, Shape};
use maat_verifier::{Entries, Mode, Preset};
use sha2::{Digest, Sha256};

use super::FeatureVisibility::Public;
use super::*;
use crate::features::{Feature, Features};
use crate::fees::Fees;
use crate::file::input_rules;
use crate::hour::Hour;
use crate::limits::Limits;
use crate::policy::{Policy, Rule, Target};
use crate::price::{Price, USD};
use crate::rate::{Pair, Token};
use crate::strategy::BacktestRules;

const BATCH: u32 = 4;
const CHOICE: (Preset, u32) = (Preset::Fast, BATCH);
/// The first hour: 2021-06-01T00:00:00Z.
const FIRST: u64 = 450_696;

/// A network of three classes over three changes of the price.
fn model(weights: [i16; 9]) -> Model {
    let mut builder = ModelBuilder::new("three classes");
    let x = builder.input("x", Shape::new(&[1, 3]).unwrap(), 0, Interval::of_bits(8)).unwrap();
    let requantise = Requantise { shift: vec![0], lo: -2000, hi: 2000 };
    let affine = Affine { groups: 1, inputs: 3, weights: weights.to_vec(), bias: vec![0, 5, 0], requantise };
    let scores = builder.node("scores", Primitive::Affine(affine), &[x], 0).unwrap();
    let class = builder.node("class", Primitive::ArgMax(ArgMax { axis: 1, keep_axis: false }), &[scores], 0).unwrap();
    builder.finish(&[("class", class)]).unwrap()
}

fn entries_of(model: &Model) -> Entries {
    // Hiding proofs with `fast` take the entry of `balanced`.
    entries_for(model, &[1, BATCH], &[Preset::Fast, Preset::Balanced], LayoutChoice::default()).unwrap()
}

static MODEL: LazyLock<Model> = LazyLock::new(|| model([-2, -1, 0, 0, 0, 0, 2, 1, 0]));
static OTHER: LazyLock<Model> = LazyLock::new(|| model([2, 1, 0, 0, 0, 0, -2, -1, 0]));
static ENTRIES: LazyLock<Entries> = LazyLock::new(|| entries_of(&MODEL));
static KEYS: LazyLock<[ProvingKey<'static>; 2]> =
    LazyLock::new(|| Mode::ALL.map(|mode| ProvingKey::new(&MODEL, ENTRIES.clone(), (Preset::Fast, mode), BATCH).unwrap()));
static STRATEGY: LazyLock<Strategy> = LazyLock::new(|| strategy(&MODEL, &ENTRIES));
static OBSERVATIONS: LazyLock<Vec<Observation>> = LazyLock::new(observations);
static RECORD: LazyLock<Record> = LazyLock::new(|| job(Public).make(None, NonZeroUsize::new(2).unwrap(), prove, |_| ()).unwrap().record);

fn strategy(model: &Model, entries: &Entries) -> Strategy {
    let token = |symbol: &str, decimals| Token { symbol: symbol.to_owned(), decimals };
    let targets = vec![Target::Weight(0), Target::Hold, Target::Weight(10_000)];
    let strategy = Strategy {
        name: "three classes".to_owned(),
        commitment: entries.commitment(),
        outputs: 1,
        pair: Pair { base: token("WETH", 18), quote: token("USDC", 6) },
        features: Features::new(vec![Feature::Difference { lags: vec![1, 2, 3] }], input_rules(model)).unwrap(),
        policy: Policy::new(0, Rule::Class, targets).unwrap(),
        limits: Limits {
            max_weight_bps: 10_000,
            max_trade_bps: 5_000,
            max_turnover_bps: 40_000,
            cooldown_hours: 1,
            min_trade_bps: 100,
            min_slip_bps: 10,
            max_slip_bps: 50,
            max_drift_bps: 100,
            max_drawdown_bps: 3_000,
            max_saturated: 1,
            deposit_cap: 1_000_000_000_000,
        },
        fees: Fees { management_bps: 100, settle_bps: 30 },
        backtest: BacktestRules { deposit: 10_000_000_000, costs_bps: vec![0, 10], train_until: Hour::new(FIRST + 18).unwrap(), trials: 3 },
    };
    strategy.check().unwrap();
    strategy
}

/// 33 hours with a gap of one hour, an hour that moves too far, and one that moves so far that features are clamped.
fn observations() -> Vec<Observation> {
    let mut usd = 2_000;
    let mut observations = Vec::new();
    for count in (0..34u64).filter(|count| *count != 12) {
        // Knuth's multiplicative hash, for moves of up to 30 USD.
        usd = usd + (count.wrapping_mul(2_654_435_761) >> 7) % 61 - 30;
        let base = match count {
            20 => 3_500,
            27 => usd + 200,
            _ => usd,
        };
        observations.push(observation(FIRST + count, base * USD));
    }
    observations
}

fn observation(hour: u64, base: u64) -> Observation {
    Observation { hour: Hour::new(hour).unwrap(), base: Price::new(base).unwrap(), quote: Price::ONE_USD }
}

fn job(features: FeatureVisibility) -> Job<'static> {
    Job::new(&STRATEGY, &ENTRIES, CHOICE, features, &OBSERVATIONS).unwrap()
}

fn prove_with(key: &ProvingKey<'_>, features: FeatureVisibility, batch: &[Vec<i32>]) -> Result<Proof, String> {
    let batch: Vec<Vec<Vec<i32>>> = batch.iter().map(|inputs| vec![inputs.clone()]).collect();
    let inputs = if features.is_hidden() { Visibility::Hidden } else { Visibility::Public };
    let proved = key.prove(&batch, (inputs, Visibility::Public), &|_| ()).map_err(|error| error.to_string())?;
    Ok(Proof { outputs: proved.outputs.concat().concat(), stark: proved.file.stark })
}

/// A proof of the network's. Each batch is proven once in all tests.
fn prove(batch: &[Vec<i32>]) -> Result<Proof, String> {
    prove_as(Public, batch)
}

/// The same for a record whose features are public or hidden.
fn prove_as(features: FeatureVisibility, batch: &[Vec<i32>]) -> Result<Proof, String> {
    type Known = Vec<(FeatureVisibility, Vec<Vec<i32>>, Proof)>;
    static PROOFS: Mutex<Known> = Mutex::new(Vec::new());
    let mut proofs = PROOFS.lock().unwrap();
    if let Some((.., proof)) = proofs.iter().find(|(of, inputs, _)| (*of, &inputs[..]) == (features, batch)) {
        return Ok(proof.clone());
    }
    let proof = prove_with(&KEYS[usize::from(features.is_hidden())], features, batch)?;
    proofs.push((features, batch.to_vec(), proof.clone()));
    Ok(proof)
}

/// The prices and the strategy that an investor has, and the network.
fn expected() -> Expectations<'static> {
    Expectations {
        strategy: Some(Named { value: &*STRATEGY, name: "strategy.toml" }),
        observations: Some(Named { value: &OBSERVATIONS[..], name: "prices.csv" }),
        model: Some(&*MODEL),
        ..Default::default()
    }
}

/// The record after a change, with a checksum made anew.
fn changed(change: impl FnOnce(&mut Record)) -> Vec<u8> {
    changed_from(&RECORD, change)
}

/// The same for another record.
fn changed_from(record: &Record, change: impl FnOnce(&mut Record)) -> Vec<u8> {
    let mut record = record.clone();
    change(&mut record);
    record.to_bytes().unwrap()
}

/// The checksum of the bytes before it, made anew.
fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.len() - 32;
    let checksum = Sha256::digest(&bytes[..end]);
    bytes[end..].copy_from_slice(&checksum);
    bytes
}

/// Why a record is refused.
fn refused(bytes: &[u8], expected: &Expectations<'_>) -> String {
    verify(bytes, expected).expect_err("the record holds").to_string()
}
