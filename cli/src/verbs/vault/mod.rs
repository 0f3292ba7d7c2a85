//! `maat vault`: vaults that trade on a registered network, from their deployment to the last withdrawal.

mod deploy;
mod govern;
mod history;
mod hour;
mod invest;
mod keep;
mod show;
pub mod target;
pub mod told;

use crate::response::Response;

/// Deploy and use vaults that trade on a network's decisions
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  maat vault deploy strategy.toml\n  maat vault deposit strategy.toml --assets 1000 --mint\n  \
    maat vault record strategy.toml --price 1805.25 --next-hour\n  maat vault settle strategy.toml\n  maat vault claim strategy.toml\n  \
    maat vault step strategy.toml\n  maat vault show strategy.toml\n\n\
    VAULT is a vault's address, or the file of the strategy from which it was deployed. Amounts are decimal numbers of whole tokens. On the \
    local chain tokens, prices and the pool are mocks: --mint makes tokens, --price sets prices, --next-hour moves the clock.\n\n\
    An hour: somebody records its price in its first 900 s; within 900 s of that, requests are settled, and the network decides once. \
    docs/vault.md describes the rules.")]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    Deploy(deploy::Arguments),
    Show(show::Arguments),
    History(history::Arguments),
    Deposit(invest::DepositArguments),
    Redeem(invest::RedeemArguments),
    Claim(invest::ClaimArguments),
    Reclaim(invest::ReclaimArguments),
    Exit(invest::ExitArguments),
    Withdraw(invest::WithdrawArguments),
    Record(hour::RecordArguments),
    Settle(hour::SettleArguments),
    Step(hour::StepArguments),
    Unwind(hour::UnwindArguments),
    Keep(keep::Arguments),
    Pause(govern::PauseArguments),
    Propose(govern::ProposeArguments),
    Apply(govern::ApplyArguments),
    Cancel(govern::CancelArguments),
    Transfer(govern::TransferArguments),
    Accept(govern::AcceptArguments),
}

pub fn run(arguments: Arguments) -> anyhow::Result<Box<dyn Response>> {
    match arguments.action {
        Action::Deploy(arguments) => Ok(Box::new(deploy::run(arguments)?)),
        Action::Show(arguments) => Ok(Box::new(show::run(&arguments)?)),
        Action::History(arguments) => Ok(Box::new(history::run(&arguments)?)),
        Action::Deposit(arguments) => Ok(Box::new(invest::deposit(&arguments)?)),
        Action::Redeem(arguments) => Ok(Box::new(invest::redeem(&arguments)?)),
        Action::Claim(arguments) => Ok(Box::new(invest::claim(&arguments)?)),
        Action::Reclaim(arguments) => Ok(Box::new(invest::reclaim(&arguments)?)),
        Action::Exit(arguments) => Ok(Box::new(invest::exit(&arguments)?)),
        Action::Withdraw(arguments) => Ok(Box::new(invest::withdraw(&arguments)?)),
        Action::Record(arguments) => Ok(Box::new(hour::record(&arguments)?)),
        Action::Settle(arguments) => Ok(Box::new(hour::settle(&arguments)?)),
        Action::Step(arguments) => Ok(Box::new(hour::step(&arguments)?)),
        Action::Unwind(arguments) => Ok(Box::new(hour::unwind(&arguments)?)),
        Action::Keep(arguments) => Ok(Box::new(keep::run(&arguments)?)),
        Action::Pause(arguments) => Ok(Box::new(govern::pause(&arguments)?)),
        Action::Propose(arguments) => Ok(Box::new(govern::propose(&arguments)?)),
        Action::Apply(arguments) => Ok(Box::new(govern::apply(&arguments)?)),
        Action::Cancel(arguments) => Ok(Box::new(govern::cancel(&arguments)?)),
        Action::Transfer(arguments) => Ok(Box::new(govern::transfer(&arguments)?)),
        Action::Accept(arguments) => Ok(Box::new(govern::accept(&arguments)?)),
    }
}
