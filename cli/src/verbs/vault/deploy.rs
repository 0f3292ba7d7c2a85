//! `maat vault deploy`: a strategy's vault onto a network, with all that it is made from.

use std::path::PathBuf;

use maat_starknet::deploy::DeployOptions;
use maat_starknet::vault::{DeployedVault, VaultPlan};
use serde_json::{Value, json};

use super::target::with_table;
use crate::inferences::{Caveated, Caveats};
use crate::network::{NetworkChoice, TransactionBounds};
use crate::progress::Progress;
use crate::response::{Response, fields};
use crate::verbs::deploy::{steps, steps_json};

/// Put a strategy's vault on Starknet: register its network, deploy what the vault needs, and the vault
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat devnet start\n  maat vault deploy strategy.toml\n  \
    maat vault deploy strategy.toml --network sepolia --timelock 604800\n\n\
    What is already on the chain stays as it is, so a second run changes nothing, and an interrupted one can be run again. The network is \
    registered as by `maat deploy`. The table [vault] of the file says what the vault is made with; on the local chain tokens, feed and \
    pool are mocks, on other networks [vault.networks.NAME] names what is there. docs/strategy.md describes it.")]
pub struct Arguments {
    /// The strategy's file
    strategy: PathBuf,
    /// Seconds from the announcement that the network's version is deprecated or revoked until it takes effect, if it is registered now, at
    /// most 2592000 (30 days). By default 0: its owner can end it at once, and investors have no notice
    #[arg(long, value_name = "SECONDS")]
    timelock: Option<u64>,
    /// Use a registered version of this class even if it belongs to somebody else or has another timelock
    #[arg(long)]
    adopt: bool,
    #[command(flatten)]
    network: NetworkChoice,
    #[command(flatten)]
    bounds: TransactionBounds,
}

pub struct Deployed {
    deployed: DeployedVault,
    timelock_given: bool,
}

pub fn run(arguments: Arguments) -> anyhow::Result<Caveated<Deployed>> {
    let (opened, table) = with_table(&arguments.strategy)?;
    let progress = Progress::start("connecting");
    let client = arguments.network.connect()?;
    let account = arguments.bounds.account(&client)?;
    let Arguments { timelock, adopt, .. } = arguments;
    let plan = VaultPlan { strategy: &opened.strategy, table: &table, package: &opened.package };
    let options = DeployOptions { timelock, adopt, ..DeployOptions::default() };
    let deployed = plan.deploy(&account, &options, &mut |step| progress.step(step))?;
    Ok(Caveats::of(&opened.package.manifest).on(Deployed { deployed, timelock_given: timelock.is_some() }))
}

impl Response for Deployed {
    fn text(&self) -> String {
        let DeployedVault { layout, model, timelock, steps: done, .. } = &self.deployed;
        let facts = [
            ("vault", format!("{:#066x}", layout.vault)),
            ("base token", format!("{:#066x}", layout.base_token)),
            ("quote token", format!("{:#066x}", layout.quote_token)),
            ("price history", format!("{:#066x}", layout.history)),
            ("adapter", format!("{:#066x}", layout.adapter)),
            ("registry", format!("{:#066x}", layout.registry)),
            ("model", format!("{model} (number {}), version {}", layout.model, layout.version)),
            ("timelock", format!("{timelock} s")),
        ];
        format!("{}\n\n{}", steps(done), fields(facts))
    }

    fn json(&self) -> Value {
        let DeployedVault { layout, model, model_owner, timelock, steps: done, .. } = &self.deployed;
        json!({
            "vault": format!("{:#066x}", layout.vault),
            "base_token": format!("{:#066x}", layout.base_token),
            "quote_token": format!("{:#066x}", layout.quote_token),
            "history": format!("{:#066x}", layout.history),
            "adapter": format!("{:#066x}", layout.adapter),
            "registry": format!("{:#066x}", layout.registry),
            "model": layout.model,
            "version": layout.version,
            "name": model,
            "model_owner": format!("{model_owner:#066x}"),
            "timelock": timelock,
            "mocks": layout.mock_feed.is_some(),
            "steps": steps_json(done),
        })
    }

    fn warnings(&self) -> Vec<String> {
        let DeployedVault { layout, model, model_owner, account, timelock, registered, .. } = &self.deployed;
        let mut warnings = Vec::new();
        if layout.mock_feed.is_some() {
            warnings.push("tokens, prices and the pool are mocks, which do as anybody tells them to".to_owned());
        }
        if *registered && !self.timelock_given && layout.mock_feed.is_none() {
            warnings.push(format!(
                "version {} of {model} was registered with a timelock of 0 s: its owner can end it at once. This cannot be changed; give \
                 --timelock SECONDS when you register another version or name",
                layout.version
            ));
        }
        if model_owner != account {
            warnings.push(format!(
                "{model} belongs to {model_owner:#066x}, who can end version {} {timelock} s after announcing it",
                layout.version
            ));
        }
        warnings
    }
}
