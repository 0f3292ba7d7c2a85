//! `maat strategy verify`: whether a record holds, and what follows from it.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::bail;
use maat_package::PackageFolder;
use maat_strategy::backtest::Decision;
use maat_strategy::policy::Target;
use maat_strategy::record::{
    Counts, Expectations, FeatureVisibility, FormatError, MAX_RECORD_BYTES, Named, Verified, VerifyError, is_record, verify,
};
use maat_verifier::{ModelCommitment, hex, parse_hex};
use serde_json::{Value, json};

use super::against::{Against, against};
use super::hidden;
use super::opened::{Opened, observations};
use super::outcomes::{outcomes_json, outcomes_table};
use crate::files::{called, read};
use crate::network::NetworkChoice;
use crate::progress::Progress;
use crate::response::{Response, fields, grouped};
use crate::security::{model_security, model_security_json, weakness};
use crate::verbs::prove::ms;
use crate::verbs::vault::target::address;
use crate::verbs::verify::Least;

/// Verify a record: every decision, every proof, and the results that follow
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat strategy verify record.bin --prices prices.csv \\\n      --strategy strategy.toml\n  \
    maat strategy verify record.bin --prices prices.csv --digest 0x..\n  \
    maat strategy verify record.bin --prices prices.csv --model package\n  \
    maat strategy verify record.bin --prices prices.csv --features public\n  \
    maat strategy verify record.bin --network devnet --vault 0x123..\n\n\
    Exits with 0 only if the record holds. The first thing that is wrong is named with its field, hour or batch.\n\n\
    Take the prices from somebody else than the record's owner. The digest of the strategy, which `maat strategy check` prints, binds the \
    network and all rules: the owner should have published it before the hours that it is judged by. With the network's package, a wrong \
    answer is named with its hour, and the scales of inputs are compared with the network's.\n\n\
    A record can hide the features. Its proofs are then of some inputs of the network, and that these are the strategy's features of the \
    prices is the maker's word: `--features public` refuses such a record.\n\n\
    With --network and --vault, the record is held against what a vault did: the classes of its contracts, the price chain, every decision \
    with its hashes, every swap, and changes of its rules.\n\n\
    docs/strategy.md says what a record proves, what it does not, and how an owner could still deceive.")]
pub struct Arguments {
    /// The record, as `maat strategy prove` writes it; `-` for the standard input
    record: PathBuf,
    /// The prices to compare the record's with, hour by hour
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    /// The strategy that the record must be of, every field of it; its package must be there
    #[arg(long, value_name = "FILE", conflicts_with_all = ["commitment", "digest"])]
    strategy: Option<PathBuf>,
    /// The commitment of the network that the record must be of
    #[arg(long, value_name = "0x..")]
    commitment: Option<ModelCommitment>,
    /// The digest of the strategy that the record must be of
    #[arg(long, value_name = "0x..", value_parser = parse_digest)]
    digest: Option<Digest>,
    /// What the record's features must be: `public` refuses a record that hides them
    #[arg(long, value_name = "public|hidden")]
    features: Option<FeatureVisibility>,
    /// The package of the network that the record must be of
    #[arg(long, value_name = "DIR", conflicts_with = "strategy")]
    model: Option<PathBuf>,
    /// The network of the vault that the record must be of: a name from maat.toml, or devnet
    #[arg(long, value_name = "NAME", requires = "vault")]
    network: Option<String>,
    /// The vault's address
    #[arg(long, value_name = "ADDRESS", requires = "network")]
    vault: Option<String>,
    /// The file of networks; by default maat.toml in the working directory
    #[arg(long, env = "MAAT_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    least: Least,
}

type Digest = [u8; 32];

fn parse_digest(text: &str) -> Result<Digest, String> {
    parse_hex(text).ok_or_else(|| "a digest is 0x and 64 hexadecimal digits".to_owned())
}

/// What became of a record.
pub struct Checked {
    result: Result<Verified, Rejection>,
    compared: Compared,
    /// The vault, if there is one to compare with and the record holds.
    against: Option<Against>,
    ms: f64,
}

enum Rejection {
    Record(Box<VerifyError>),
    /// It holds, with fewer bits of security than asked for.
    Weak(String),
}

/// What the record was compared with.
#[derive(Clone, Copy)]
struct Compared {
    prices: bool,
    /// Network and rules, by the strategy or its digest.
    rules: bool,
    /// The network, by its commitment or package.
    network: bool,
    /// The network's own rules of inputs.
    model: bool,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<Box<dyn Response>> {
    let progress = Progress::start("reading the record");
    let Arguments { record, prices, strategy, commitment, digest, features, model, network, vault, config, least } = arguments;
    let bytes = match read(record, MAX_RECORD_BYTES)? {
        Ok(bytes) => bytes,
        Err(found) => bail!("{}: {}", called(record).display(), FormatError::TooLong { found }),
    };
    // What is not a record at all says nothing that could be checked. One that does may be damaged.
    if !is_record(&bytes) {
        bail!("{}: {}", called(record).display(), FormatError::Magic);
    }
    let opened = strategy.as_deref().map(Opened::read).transpose()?;
    let package = model.as_deref().map(PackageFolder::open).transpose()?;
    let package_commitment = package.as_ref().map(|package| package.entries().map(|entries| entries.commitment())).transpose()?;
    if let (Some(asked), Some(found)) = (commitment, package_commitment)
        && *asked != found
    {
        bail!("--commitment is {asked}, and the package of --model has {found}");
    }
    let package_model = package.as_ref().map(PackageFolder::model).transpose()?;
    let observations = prices.as_deref().map(observations).transpose()?;

    let name = |path: &Option<PathBuf>| path.as_deref().map(|path| called(path).display().to_string()).unwrap_or_default();
    let (strategy_name, prices_name) = (name(strategy), name(prices));
    let expectations = Expectations {
        strategy: opened.as_ref().map(|opened| Named { value: &opened.strategy, name: &strategy_name }),
        features: *features,
        commitment: commitment.or(package_commitment),
        digest: *digest,
        observations: observations.as_deref().map(|value| Named { value, name: &prices_name }),
        model: package_model.as_ref().or(opened.as_ref().map(|opened| &opened.model)),
    };
    let compared = Compared {
        prices: expectations.observations.is_some(),
        rules: expectations.strategy.is_some() || expectations.digest.is_some(),
        network: expectations.strategy.is_some() || expectations.digest.is_some() || expectations.commitment.is_some(),
        model: expectations.model.is_some(),
    };
    progress.step("verifying");
    let started = Instant::now();
    let result = verify(&bytes, &expectations).map_err(|error| Rejection::Record(Box::new(error)));
    let result = result.and_then(|verified| match least.missed(&verified.security) {
        Some(reason) => Err(Rejection::Weak(reason)),
        None => Ok(verified),
    });
    let ms = ms(started.elapsed());
    let against = match (&result, network, vault) {
        (Ok(verified), Some(_), Some(_)) if verified.features().is_hidden() => {
            bail!("the record holds, but it hides its features, and those of a vault are public: it cannot be held against one")
        }
        (Ok(verified), Some(network), Some(vault)) => {
            progress.step("reading the chain");
            let client = NetworkChoice::named(network.clone(), config.clone()).connect()?;
            Some(against(verified, &client, address("--vault", vault)?)?)
        }
        _ => None,
    };
    Ok(Box::new(Checked { result, compared, against, ms }))
}

impl Compared {
    fn warnings(self, verified: &Verified) -> Vec<String> {
        let Verified { strategy, security, .. } = verified;
        let features = verified.features().is_hidden().then(|| hidden::NOT_PROVEN.to_owned());
        let (digest, commitment) = (hex(&strategy.digest()), strategy.commitment);
        let prices = (!self.prices)
            .then(|| "the record's own prices were used: --prices compares them with prices that the owner did not choose".to_owned());
        let rules = match (self.rules, self.network) {
            (true, _) => None,
            (false, true) => Some(format!("nobody compared the rules with what the owner published: the strategy's digest is {digest}")),
            (false, false) => Some(format!(
                "nobody compared the network or the rules with what the owner published: the network's commitment is {commitment}, and the \
                 strategy's digest is {digest}"
            )),
        };
        let inputs = (!self.model).then(|| {
            "the scales and ranges of inputs are the owner's word: --strategy or --model compares them with the network's".to_owned()
        });
        features.into_iter().chain(prices).chain(rules).chain(inputs).chain(weakness(security)).collect()
    }
}

fn text(verified: &Verified, ms: f64) -> String {
    let Verified { strategy, preset, batch, history, results, chain, security, counts, .. } = verified;
    let Counts { hours, refused, gaps, decisions, clamped, proofs } = counts;
    let accepted = history.accepted();
    let ends = accepted.first().zip(accepted.last()).map(|(first, last)| format!(", {} to {}", first.hour, last.hour)).unwrap_or_default();
    let number = |count: &usize| grouped(*count as u64);
    let features = verified.features();
    let clamped = match features {
        FeatureVisibility::Public => format!("at {} of them features were clamped", number(clamped)),
        FeatureVisibility::Hidden => format!("{} of them hold for clamped features, by the owner's word", number(clamped)),
    };
    let facts = [
        ("strategy", strategy.name.clone()),
        ("digest", hex(&strategy.digest())),
        ("network", strategy.commitment.to_string()),
        ("features", features.to_string()),
        ("hours", format!("{}{ends}; left out for their move: {}; gaps: {}", number(hours), number(refused), number(gaps))),
        ("price chain", format!("{chain:#066x}")),
        ("decisions", format!("{}; {clamped}", number(decisions))),
        ("proofs", format!("{}, for {} decisions each, preset {preset}", number(proofs), grouped(*batch))),
        ("security", model_security(security, *preset, features.mode(), false)),
        ("trained until", format!("{}, by the owner's word", strategy.backtest.train_until)),
        ("strategies tried", format!("{}, by the owner's word", grouped(strategy.backtest.trials))),
    ];
    let proven = match features {
        FeatureVisibility::Public => {
            "Proven: the network with this commitment answers so at every hour of these prices that the rules decide at, none is left out, and \
             the results follow from these answers by the strategy's rules."
        }
        FeatureVisibility::Hidden => {
            "Proven: the network with this commitment has inputs on which it answers so, for every hour of these prices that the rules decide \
             at, none is left out, and the results follow from these answers by the strategy's rules."
        }
    };
    let unproven = "NOT proven: that the prices were the market's, that trades would have been filled at these costs, that the network was \
                    made before the prices were known, or that it is not the best of many that were tried. See docs/strategy.md.";
    let holds = match features {
        FeatureVisibility::Public => "the record holds: every decision is proven, and the results follow from them".to_owned(),
        FeatureVisibility::Hidden => format!("the record holds, but {}", hidden::NOT_PROVEN),
    };
    let time = format!("verified in {:.2} s", ms / 1000.0);
    [holds, fields(facts), outcomes_table(strategy, results), format!("{proven}\n\n{unproven}"), time].join("\n\n")
}

fn object(verified: &Verified, compared: Compared, ms: f64) -> Value {
    let Verified { strategy, preset, batch, history, decisions, outputs: _, results, chain, security, counts } = verified;
    let accepted = history.accepted();
    let hour = |at: usize| accepted[at].hour.to_string();
    let target = |target: Target| match target {
        Target::Weight(weight) => weight.into(),
        Target::Hold => Value::from("hold"),
    };
    let decision = |Decision { at, saturated, target: asked }: &Decision| {
        json!({
            "hour": hour(*at),
            "target": target(*asked),
            // Of hidden features nobody knows how many were clamped.
            "clamped_features": (!verified.features().is_hidden()).then_some(saturated),
            "too_many_clamped": *saturated > strategy.limits.max_saturated,
        })
    };
    let features = verified.features();
    let mut object = json!({
        "valid": true,
        "features": features.name(),
        "strategy": strategy,
        "digest": hex(&strategy.digest()),
        "commitment": strategy.commitment.to_string(),
        "compared": compared.json(),
        "preset": preset.name(),
        "batch": batch,
        "hours": counts.hours,
        "first_hour": accepted.first().map(|seen| seen.hour.to_string()),
        "last_hour": accepted.last().map(|seen| seen.hour.to_string()),
        "refused": history.refused().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "gaps": counts.gaps,
        "price_chain": format!("{chain:#066x}"),
        "proofs": counts.proofs,
        "clamped_decisions": counts.clamped,
        "decisions": decisions.iter().map(decision).collect::<Vec<_>>(),
        "results": outcomes_json(strategy, results),
        "security": model_security_json(security, *preset, features.mode(), false),
        "verify_ms": ms,
    });
    hidden::tell(&mut object, features);
    object
}

impl Compared {
    fn json(self) -> Value {
        let Self { prices, rules, network, model } = self;
        json!({ "prices": prices, "rules": rules, "network": network, "input_rules": model })
    }
}

impl Rejection {
    fn text(&self) -> String {
        match self {
            Self::Record(error) => format!("the record does NOT hold: {error}"),
            Self::Weak(reason) => format!("the record holds, but it is NOT as secure as asked for: {reason}"),
        }
    }

    fn error(&self) -> String {
        match self {
            Self::Record(error) => error.to_string(),
            Self::Weak(reason) => format!("the record is not as secure as asked for: {reason}"),
        }
    }
}

impl Response for Checked {
    fn text(&self) -> String {
        match &self.result {
            Ok(verified) => {
                let record = text(verified, self.ms);
                match &self.against {
                    // What does not hold comes first.
                    Some(against) if !against.holds() => format!("{}\n\n{record}", against.text()),
                    Some(against) => format!("{record}\n\n{}", against.text()),
                    None => record,
                }
            }
            Err(rejection) => rejection.text(),
        }
    }

    fn json(&self) -> Value {
        match &self.result {
            Ok(verified) => {
                let mut object = object(verified, self.compared, self.ms);
                if let Some(against) = &self.against {
                    object["on_chain"] = against.json();
                    object["valid"] = against.holds().into();
                }
                object
            }
            Err(rejection) => {
                json!({ "valid": false, "compared": self.compared.json(), "verify_ms": self.ms, "error": rejection.error() })
            }
        }
    }

    fn succeeded(&self) -> bool {
        self.result.is_ok() && self.against.as_ref().is_none_or(Against::holds)
    }

    fn warnings(&self) -> Vec<String> {
        let record = self.result.as_ref().map(|verified| self.compared.warnings(verified)).unwrap_or_default();
        record.into_iter().chain(self.against.iter().flat_map(Against::warnings)).collect()
    }
}
