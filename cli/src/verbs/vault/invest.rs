//! `maat vault deposit`, `redeem`, `claim`, `reclaim`, `exit` and `withdraw`: what an investor does.

use anyhow::bail;
use maat_starknet::Account;
use maat_starknet::vault::{Requested, Token};
use maat_strategy::amount;
use maat_strategy::hour::{SECONDS, utc};
use maat_strategy::vault::requests::{RECLAIM_HOURS, unsettleable_from};
use maat_strategy::vault::{Kind, Side, State};
use starknet_types_core::felt::Felt;

use super::target::{Target, VaultChoice, address, amount_of, local};
use super::told::{Told, kind};
use crate::network::TransactionBounds;
use crate::progress::Progress;

/// Ask for shares: put quote tokens into the vault, which become shares at the price of an hour to come
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat vault deposit strategy.toml --assets 1000.5 --mint\n  \
    maat vault deposit 0x0123.. --assets 250 --network sepolia\n\n\
    The vault is allowed exactly this amount, and takes it, in one transaction. The shares are claimed with `maat vault claim` when the \
    request's hour is settled.")]
pub struct DepositArguments {
    #[command(flatten)]
    vault: VaultChoice,
    /// How much, in whole quote tokens
    #[arg(long, value_name = "AMOUNT")]
    assets: String,
    /// Make as many test tokens before; on the local chain only
    #[arg(long)]
    mint: bool,
    #[command(flatten)]
    bounds: TransactionBounds,
}

/// Give shares back: they become quote tokens at the price of an hour to come
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat vault redeem strategy.toml --shares 100\n  maat vault redeem strategy.toml --all\n\n\
    The tokens are claimed with `maat vault claim` when the request's hour is settled. `maat vault exit` leaves at once, with both tokens.")]
pub struct RedeemArguments {
    #[command(flatten)]
    vault: VaultChoice,
    #[command(flatten)]
    shares: SharesChoice,
    #[command(flatten)]
    bounds: TransactionBounds,
}

/// How many shares.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct SharesChoice {
    /// How many shares
    #[arg(long, value_name = "AMOUNT")]
    shares: Option<String>,
    /// All shares that the account has
    #[arg(long)]
    all: bool,
}

/// Fetch what was filled: shares of deposits, quote tokens of redemptions
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat vault claim strategy.toml\n  maat vault claim strategy.toml --to 0x0456..")]
pub struct ClaimArguments {
    #[command(flatten)]
    vault: VaultChoice,
    /// Who receives it; by default the account
    #[arg(long, value_name = "ADDRESS")]
    to: Option<String>,
    #[command(flatten)]
    bounds: TransactionBounds,
}

/// Take back what was not filled of a request
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat vault reclaim strategy.toml\n  maat vault reclaim strategy.toml --request 494123\n\n\
    A request that is not filled can be taken back 22 hours after its hour, from 1,801 s to 2,999 s after the start of any hour; a deposit \
    also while the vault is not active, and one that was refunded at any time.")]
pub struct ReclaimArguments {
    #[command(flatten)]
    vault: VaultChoice,
    /// The request's number; by default all that can be taken back
    #[arg(long, value_name = "N")]
    request: Option<u64>,
    #[command(flatten)]
    bounds: TransactionBounds,
}

/// Leave at once, in kind: burn shares for their part of both tokens
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat vault exit strategy.toml --all\n  maat vault exit strategy.toml --request 494123\n\n\
    This needs no price, no pool and no network, and nothing can switch it off. `maat vault withdraw` fetches the tokens, each on its own.")]
pub struct ExitArguments {
    #[command(flatten)]
    vault: VaultChoice,
    #[command(flatten)]
    what: ExitChoice,
    #[command(flatten)]
    bounds: TransactionBounds,
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct ExitChoice {
    /// How many shares
    #[arg(long, value_name = "AMOUNT")]
    shares: Option<String>,
    /// All shares that the account has
    #[arg(long)]
    all: bool,
    /// What is not filled of this redemption
    #[arg(long, value_name = "N")]
    request: Option<u64>,
}

/// Fetch what the vault owes: tokens of exits in kind, and rewards of keepers
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat vault withdraw strategy.toml\n  maat vault withdraw strategy.toml --token base\n  \
    maat vault withdraw strategy.toml --of 0x0456..\n\n\
    If one token refuses transfers, name the other one. What another account is owed goes to that account.")]
pub struct WithdrawArguments {
    #[command(flatten)]
    vault: VaultChoice,
    /// Only this token
    #[arg(long, value_enum, value_name = "TOKEN")]
    token: Option<OneToken>,
    /// Who receives it; by default the account
    #[arg(long, value_name = "ADDRESS", conflicts_with = "of")]
    to: Option<String>,
    /// Whose debt, if not the account's
    #[arg(long, value_name = "ADDRESS")]
    of: Option<String>,
    #[command(flatten)]
    bounds: TransactionBounds,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum OneToken {
    /// What is traded
    Base,
    /// What it is paid with
    Quote,
}

impl SharesChoice {
    fn units(&self, target: &Target, account: &Account) -> anyhow::Result<u128> {
        shares(self.shares.as_deref(), target, account)
    }
}

/// So many shares, or all that the account has.
fn shares(given: Option<&str>, target: &Target, account: &Account) -> anyhow::Result<u128> {
    let has = target.vault.shares().balance_of(account.address())?;
    let units = match given {
        Some(text) => amount_of("--shares", text, &target.units.share)?,
        None if has == 0 => bail!(
            "the account has no shares: those of a deposit are claimed first, with `maat vault claim`, and those that wait in a redemption \
             leave in kind with `maat vault exit --request N`"
        ),
        None => has,
    };
    if units > has {
        bail!("the account has {}, and not {}", target.units.share(has), target.units.share(units));
    }
    Ok(units)
}

fn receiver(to: Option<&str>, account: &Account) -> anyhow::Result<Felt> {
    to.map_or(Ok(account.address()), |text| address("--to", text))
}

pub fn deposit(arguments: &DepositArguments) -> anyhow::Result<Told> {
    let progress = Progress::start("connecting");
    let client = arguments.vault.connect()?;
    if arguments.mint {
        local(&client, "--mint")?;
    }
    let account = arguments.bounds.account(&client)?;
    let target = arguments.vault.target(&client)?;
    let assets = amount_of("--assets", &arguments.assets, &target.units.quote)?;
    let token = Token::at(&client, target.parts.quote_token);
    let has = token.balance_of(account.address())?;
    if !arguments.mint && has < assets {
        let (has, needs) = (target.units.quote(has), target.units.quote(assets));
        bail!(
            "the account {:#066x} has {has}, and the deposit needs {needs}; on the local chain --mint makes test tokens",
            account.address()
        );
    }
    progress.step("waiting for the transaction");
    let before = if arguments.mint { vec![token.mint(account.address(), assets)] } else { vec![] };
    let done = target.vault.request_deposit_after(&account, before, token.address(), assets, account.address())?;
    Ok(Told::new(target.units, done))
}

pub fn redeem(arguments: &RedeemArguments) -> anyhow::Result<Told> {
    let progress = Progress::start("connecting");
    let client = arguments.vault.connect()?;
    let account = arguments.bounds.account(&client)?;
    let target = arguments.vault.target(&client)?;
    let shares = arguments.shares.units(&target, &account)?;
    progress.step("waiting for the transaction");
    let done = target.vault.request_redeem(&account, shares, account.address())?;
    Ok(Told::new(target.units, done))
}

/// All requests of an account.
fn requests(target: &Target, account: Felt) -> anyhow::Result<Vec<(Kind, Requested)>> {
    let mut requests = Vec::new();
    for kind in [Kind::Deposit, Kind::Redeem] {
        requests.extend(target.vault.requests_of(kind, account)?.into_iter().map(|request| (kind, request)));
    }
    Ok(requests)
}

pub fn claim(arguments: &ClaimArguments) -> anyhow::Result<Told> {
    let progress = Progress::start("connecting");
    let client = arguments.vault.connect()?;
    let account = arguments.bounds.account(&client)?;
    let receiver = receiver(arguments.to.as_deref(), &account)?;
    let target = arguments.vault.target(&client)?;
    let requests = requests(&target, account.address())?;
    let filled: Vec<(Kind, u64)> =
        requests.iter().filter(|(_, request)| request.claim.proceeds > 0).map(|(kind, request)| (*kind, request.epoch)).collect();
    if filled.is_empty() {
        let waiting: Vec<String> = requests
            .iter()
            .filter(|(_, request)| request.pending > 0)
            .map(|(of, request)| {
                format!("{} {} waits for the price of {}", kind(*of), request.epoch, super::told::hour_text(request.epoch))
            })
            .collect();
        let waiting = if waiting.is_empty() { "it has no requests".to_owned() } else { waiting.join(", ") };
        bail!("nothing of the account {:#066x} is filled: {waiting}", account.address());
    }
    progress.step("waiting for the transaction");
    let done = target.vault.claim(&account, &filled, account.address(), receiver)?;
    Ok(Told::new(target.units, done))
}

/// From when on a request can be taken back: not before now, and within an hour's window for it where there is one.
fn reclaimable_from(kind: Kind, request: &Requested, state: State, now: u64) -> u64 {
    if kind == Kind::Deposit && (request.refunded || state == State::Halted) {
        return now;
    }
    let waits = kind == Kind::Redeem || state == State::Active;
    let from = if waits { request.epoch.saturating_add(RECLAIM_HOURS).saturating_mul(SECONDS) } else { now };
    unsettleable_from(from.max(now))
}

pub fn reclaim(arguments: &ReclaimArguments) -> anyhow::Result<Told> {
    let progress = Progress::start("connecting");
    let client = arguments.vault.connect()?;
    let account = arguments.bounds.account(&client)?;
    let target = arguments.vault.target(&client)?;
    let state = target.vault.snapshot()?.state;
    let (_, now) = client.last_block()?;
    let asked = |request: &Requested| request.pending > 0 && arguments.request.is_none_or(|number| number == request.epoch);
    let requests: Vec<(Kind, Requested)> =
        requests(&target, account.address())?.into_iter().filter(|(_, request)| asked(request)).collect();
    if requests.is_empty() {
        match arguments.request {
            Some(number) => bail!("nothing of request {number} of the account {:#066x} waits", account.address()),
            None => bail!("no request of the account {:#066x} waits", account.address()),
        }
    }
    // What is asked for by its number is tried in any case: the vault says why not.
    let due: Vec<&(Kind, Requested)> = requests
        .iter()
        .filter(|(kind, request)| arguments.request.is_some() || reclaimable_from(*kind, request, state, now) <= now)
        .collect();
    if due.is_empty() {
        let first = requests.iter().map(|(kind, request)| reclaimable_from(*kind, request, state, now)).min().unwrap_or_default();
        bail!("nothing can be taken back before {}", utc(first));
    }
    let mut told: Option<Told> = None;
    for (kind, request) in due {
        progress.step("waiting for the transaction");
        let done = target.vault.reclaim(&account, *kind, request.epoch, account.address(), account.address())?;
        match &mut told {
            Some(told) => {
                told.receipts.push(done.receipt);
                told.events.extend(done.events);
            }
            None => told = Some(Told::new(target.units.clone(), done)),
        }
    }
    told.ok_or_else(|| anyhow::anyhow!("nothing can be taken back"))
}

pub fn exit(arguments: &ExitArguments) -> anyhow::Result<Told> {
    let progress = Progress::start("connecting");
    let client = arguments.vault.connect()?;
    let account = arguments.bounds.account(&client)?;
    let target = arguments.vault.target(&client)?;
    let me = account.address();
    progress.step("waiting for the transaction");
    let done = match arguments.what.request {
        Some(number) => target.vault.exit_request_in_kind(&account, number, me, me)?,
        None => target.vault.exit_in_kind(&account, shares(arguments.what.shares.as_deref(), &target, &account)?, me)?,
    };
    let mut told = Told::new(target.units, done);
    told.after.push("`maat vault withdraw` fetches the tokens".to_owned());
    Ok(told)
}

pub fn withdraw(arguments: &WithdrawArguments) -> anyhow::Result<Told> {
    let progress = Progress::start("connecting");
    let client = arguments.vault.connect()?;
    let account = arguments.bounds.account(&client)?;
    let target = arguments.vault.target(&client)?;
    let owed_to = arguments.of.as_deref().map_or(Ok(account.address()), |text| address("--of", text))?;
    let receiver = if arguments.of.is_some() { owed_to } else { receiver(arguments.to.as_deref(), &account)? };
    let asked = match arguments.token {
        Some(OneToken::Base) => vec![Side::Base],
        Some(OneToken::Quote) => vec![Side::Quote],
        None => vec![Side::Base, Side::Quote],
    };
    let mut owed = Vec::new();
    for side in asked {
        let amount = target.vault.owed(side, owed_to)?;
        if amount > 0 {
            owed.push(side);
        }
    }
    if owed.is_empty() {
        bail!("nothing is owed to {owed_to:#066x}: exits in kind and rewards of keepers are");
    }
    progress.step("waiting for the transaction");
    let done = target.vault.withdraw(&account, &owed, owed_to, receiver)?;
    Ok(Told::new(target.units, done))
}

/// A request of an account, for a page.
pub fn request_text(of: Kind, request: &Requested, state: State, now: u64, target: &super::target::Units) -> String {
    let (put_in, gets) = match of {
        Kind::Deposit => (&target.quote, &target.share),
        Kind::Redeem => (&target.share, &target.quote),
    };
    let shown = |token: &maat_strategy::rate::Token, units| format!("{} {}", amount::show(units, token.decimals), token.symbol);
    let mut parts = Vec::new();
    if request.claim.proceeds > 0 {
        parts.push(format!("{} can be claimed", shown(gets, request.claim.proceeds)));
    }
    if request.pending > 0 {
        let waits = shown(put_in, request.pending);
        parts.push(match reclaimable_from(of, request, state, now) {
            from if from <= now => format!("{waits} can be taken back now"),
            from => format!(
                "{waits} waits for the price of {}; from {} on it can be taken back",
                super::told::hour_text(request.epoch),
                utc(from)
            ),
        });
    }
    let rest = if parts.is_empty() { "nothing is left".to_owned() } else { parts.join("; ") };
    format!("{} {}: {rest}", kind(of), request.epoch)
}
