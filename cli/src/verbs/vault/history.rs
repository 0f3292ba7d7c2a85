//! `maat vault history`: what a vault has logged.

use maat_starknet::vault::{Logged, VaultEvent};
use serde_json::{Value, json};

use super::target::{Units, VaultChoice};
use super::told::{event_json, event_text};
use crate::progress::Progress;
use crate::response::Response;

/// List what happened in a vault
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat vault history strategy.toml\n  maat vault history strategy.toml --decisions\n  \
    maat vault history 0x0123.. --network sepolia --from-block 812345")]
pub struct Arguments {
    #[command(flatten)]
    vault: VaultChoice,
    /// The first block
    #[arg(long, value_name = "N", default_value_t = 0)]
    from_block: u64,
    /// The last block; by default the chain's last one
    #[arg(long, value_name = "N")]
    to_block: Option<u64>,
    /// Only decisions and trades
    #[arg(long)]
    decisions: bool,
}

pub struct Listed {
    units: Units,
    events: Vec<Logged<VaultEvent>>,
    to: u64,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<Listed> {
    let progress = Progress::start("connecting");
    let client = arguments.vault.connect()?;
    let target = arguments.vault.target(&client)?;
    let to = match arguments.to_block {
        Some(to) => to,
        None => client.last_block()?.0,
    };
    progress.step("reading the events");
    let names: &[&str] = if arguments.decisions { &["Decided", "Traded"] } else { &[] };
    let events = target.vault.events_of(names, arguments.from_block, Some(to))?;
    Ok(Listed { units: target.units, events, to })
}

impl Response for Listed {
    fn text(&self) -> String {
        if self.events.is_empty() {
            return format!("nothing happened until block {}", self.to);
        }
        let width = self.to.to_string().len();
        let line = |logged: &Logged<VaultEvent>| format!("{:>width$}  {}", logged.block, event_text(&logged.event, &self.units));
        self.events.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn json(&self) -> Value {
        let event = |logged: &Logged<VaultEvent>| {
            let mut object = event_json(&logged.event, &self.units);
            object["block"] = logged.block.into();
            object["transaction"] = format!("{:#066x}", logged.transaction).into();
            object
        };
        json!({ "to_block": self.to, "events": self.events.iter().map(event).collect::<Vec<_>>() })
    }
}
