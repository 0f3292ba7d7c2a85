//! What may be done when: the states of a vault and the table of operations.
//!
//! A halted vault stays halted, whatever else happens. A pause comes next, then what the registry says of the model. A pause lasts
//! [`MAX_PAUSE`] at most, and [`BETWEEN_PAUSES`] must pass until the next one. What gives investors their tokens is never switched off;
//! claims of quote tokens, in-kind exits and withdrawals need no price either.

use std::fmt;

/// The longest pause in seconds: seven days.
pub const MAX_PAUSE: u64 = 7 * 86_400;
/// The least time from the end of a pause to the next one, in seconds: seven days.
pub const BETWEEN_PAUSES: u64 = 7 * 86_400;

/// What the registry says of the vault's model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ModelStatus {
    /// It is in use.
    #[default]
    Listed,
    /// Its owner advises against it.
    Deprecated,
    /// It must not be used.
    Revoked,
}

/// The state of a vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// All is as intended.
    Active,
    /// The model is deprecated: nobody enters.
    Deprecated,
    /// The model is revoked: nobody enters, and the base token is sold piece by piece.
    Revoked,
    /// The guardian paused the vault.
    Paused,
    /// The drawdown was too large: nobody enters, and the base token is sold piece by piece.
    Halted,
}

/// What can be done with a vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Ask for shares.
    RequestDeposit,
    /// Fill deposits, when settling.
    FillDeposits,
    /// Ask for assets.
    RequestRedeem,
    /// Fill redemptions, when settling.
    FillRedemptions,
    /// Fetch what was filled.
    Claim,
    /// Take back what was not filled.
    Reclaim,
    /// Leave with both tokens.
    ExitInKind,
    /// Fetch what is owed in one token.
    WithdrawToken,
    /// Move shares.
    Transfer,
    /// Send what the books do not know to the treasury.
    Skim,
    /// Look at the drawdown at an hour's recorded price.
    Observe,
    /// Decide and trade.
    Step,
    /// Sell base tokens for redemptions that are due.
    Raise,
    /// Sell the base token piece by piece.
    Unwind,
    /// Stop entries and trades for a while.
    Pause,
    /// Propose, cancel or apply a change, or hand over the ownership.
    Govern,
}

impl State {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 5] = [Self::Active, Self::Deprecated, Self::Revoked, Self::Paused, Self::Halted];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Deprecated => "model deprecated",
            Self::Revoked => "model revoked",
            Self::Paused => "paused",
            Self::Halted => "halted",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Operation {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 16] = [
        Self::RequestDeposit,
        Self::FillDeposits,
        Self::RequestRedeem,
        Self::FillRedemptions,
        Self::Claim,
        Self::Reclaim,
        Self::ExitInKind,
        Self::WithdrawToken,
        Self::Transfer,
        Self::Skim,
        Self::Observe,
        Self::Step,
        Self::Raise,
        Self::Unwind,
        Self::Pause,
        Self::Govern,
    ];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::RequestDeposit => "request a deposit",
            Self::FillDeposits => "fill deposits",
            Self::RequestRedeem => "request a redemption",
            Self::FillRedemptions => "fill redemptions",
            Self::Claim => "claim",
            Self::Reclaim => "reclaim",
            Self::ExitInKind => "exit in kind",
            Self::WithdrawToken => "withdraw a token",
            Self::Transfer => "transfer shares",
            Self::Skim => "skim",
            Self::Observe => "observe",
            Self::Step => "step",
            Self::Raise => "raise",
            Self::Unwind => "unwind",
            Self::Pause => "pause",
            Self::Govern => "govern",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Whether an operation is allowed in a state.
pub fn allowed(state: State, operation: Operation) -> bool {
    match operation {
        Operation::RequestRedeem
        | Operation::FillRedemptions
        | Operation::Claim
        | Operation::Reclaim
        | Operation::ExitInKind
        | Operation::WithdrawToken
        | Operation::Transfer
        | Operation::Skim
        | Operation::Observe
        | Operation::Govern => true,
        Operation::RequestDeposit | Operation::FillDeposits => state == State::Active,
        // Elsewhere all is sold anyway, or nothing is traded.
        Operation::Step | Operation::Raise => matches!(state, State::Active | State::Deprecated),
        // Where the strategy still decides, selling against it would be an attack.
        Operation::Unwind => matches!(state, State::Revoked | State::Halted),
        Operation::Pause => !matches!(state, State::Paused | State::Halted),
    }
}

/// The table of what is allowed, for a page: a row for each operation, a column for each state.
pub fn table() -> String {
    let row = |first: &str, cells: Vec<&str>| format!("| {first} | {} |\n", cells.join(" | "));
    let mut lines = row("", State::ALL.map(State::name).to_vec()) + &row("---", vec!["---"; State::ALL.len()]);
    for operation in Operation::ALL {
        lines += &row(operation.name(), State::ALL.map(|state| if allowed(state, operation) { "yes" } else { "" }).to_vec());
    }
    lines
}

/// The pauses of a vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pause {
    /// When the last pause ends or ended, in seconds after 1970; 0 if there was none.
    pub until: u64,
}

impl Pause {
    /// Whether a time is within the pause.
    pub fn holds(self, now: u64) -> bool {
        now < self.until
    }

    /// The earliest time at which the next pause can begin.
    pub fn next(self) -> u64 {
        if self.until == 0 { 0 } else { self.until.saturating_add(BETWEEN_PAUSES) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_this() {
        let expected = "\
|  | active | model deprecated | model revoked | paused | halted |
| --- | --- | --- | --- | --- | --- |
| request a deposit | yes |  |  |  |  |
| fill deposits | yes |  |  |  |  |
| request a redemption | yes | yes | yes | yes | yes |
| fill redemptions | yes | yes | yes | yes | yes |
| claim | yes | yes | yes | yes | yes |
| reclaim | yes | yes | yes | yes | yes |
| exit in kind | yes | yes | yes | yes | yes |
| withdraw a token | yes | yes | yes | yes | yes |
| transfer shares | yes | yes | yes | yes | yes |
| skim | yes | yes | yes | yes | yes |
| observe | yes | yes | yes | yes | yes |
| step | yes | yes |  |  |  |
| raise | yes | yes |  |  |  |
| unwind |  |  | yes |  | yes |
| pause | yes | yes | yes |  |  |
| govern | yes | yes | yes | yes | yes |
";
        assert_eq!(table(), expected);
    }

    #[test]
    fn the_page_has_the_table() {
        let rows = table();
        let rows = rows.split_once('\n').map(|(_, rows)| rows).unwrap();
        assert!(include_str!("../../../docs/vault.md").contains(rows), "docs/vault.md has another table");
    }
}
