//! What may be done when: the states of a vault and the table of operations. In Rust: `states.rs`.
use maat_interfaces::registry::Status;
use crate::access::access_component::InternalTrait as AccessInternalTrait;
use crate::books::{BooksTrait, answer, ask, fixed};
use crate::errors::Errors;
use crate::vault::vault::{AccessInternalImpl, ContractState};

/// The longest pause in seconds: seven days.
pub const MAX_PAUSE: u64 = 604_800;
/// The least time from the end of a pause to the next one, in seconds: seven days.
pub const BETWEEN_PAUSES: u64 = 604_800;

/// The state of a vault.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
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

/// What some states do not allow. Whatever is missing here is always allowed, and asks nobody for the state: requests and fills of
/// redemptions, claims, reclaims, exits in kind, withdrawals, transfers, the skim, observations, and the owner's acts. Only a vault that is
/// halted or paused already cannot be paused.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub enum Operation {
    /// Ask for shares.
    RequestDeposit,
    /// Fill deposits, when settling.
    FillDeposits,
    /// Decide and trade.
    Step,
    /// Sell base tokens for redemptions that are due.
    Raise,
    /// Sell the base token piece by piece.
    Unwind,
}

/// Whether an operation is allowed in a state.
pub fn allowed(state: State, operation: Operation) -> bool {
    match operation {
        Operation::RequestDeposit | Operation::FillDeposits => state == State::Active,
        // Elsewhere all is sold anyway, or nothing is traded.
        Operation::Step | Operation::Raise => state == State::Active || state == State::Deprecated,
        // Where the strategy still decides, selling against it would be an attack.
        Operation::Unwind => state == State::Revoked || state == State::Halted,
    }
}

#[generate_trait]
pub impl StatesImpl of StatesTrait {
    /// The state at a time, where the vault knows it by itself: it is halted, which it stays whatever else happens, or paused.
    fn own_state_at(self: @ContractState, now: u64) -> Option<State> {
        if self.is_halted() {
            Some(State::Halted)
        } else if self.access.is_paused(now) {
            Some(State::Paused)
        } else {
            None
        }
    }

    /// The state at a time; where the vault does not know it, what the registry says of the model.
    fn state_at(self: @ContractState, now: u64) -> State {
        if let Some(state) = self.own_state_at(now) {
            return state;
        }
        let calldata = array![fixed(self.parts.model).into(), fixed(self.parts.version).into()];
        // The status comes first.
        let status: Status = answer(ask(fixed(self.parts.registry), selector!("lifecycle"), calldata.span()));
        match status {
            Status::Active => State::Active,
            Status::Deprecated => State::Deprecated,
            Status::Revoked => State::Revoked,
        }
    }

    /// Checks that the state allows an operation.
    fn require(self: @ContractState, now: u64, operation: Operation) {
        let state = self.state_at(now);
        assert(allowed(state, operation), refusal(state));
    }
}

/// Why a state does not allow an operation.
pub fn refusal(state: State) -> felt252 {
    match state {
        State::Active => Errors::ACTIVE,
        State::Deprecated => Errors::DEPRECATED,
        State::Revoked => Errors::REVOKED,
        State::Paused => Errors::PAUSED,
        State::Halted => Errors::HALTED,
    }
}

#[cfg(test)]
mod tests {
    use super::{Operation, State, allowed};

    #[test]
    fn the_table_is_this() {
        let states = [State::Active, State::Deprecated, State::Revoked, State::Paused, State::Halted].span();
        for (operation, expected) in [
            (Operation::RequestDeposit, [true, false, false, false, false].span()),
            (Operation::FillDeposits, [true, false, false, false, false].span()),
            (Operation::Step, [true, true, false, false, false].span()),
            (Operation::Raise, [true, true, false, false, false].span()),
            (Operation::Unwind, [false, false, true, false, true].span()),
        ].span() {
            let mut found = array![];
            for state in states {
                found.append(allowed(*state, *operation));
            }
            assert_eq!(found.span(), *expected, "{operation:?}");
        }
    }
}
