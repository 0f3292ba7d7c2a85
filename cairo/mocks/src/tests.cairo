//! The mocks misbehave exactly as they say. A call's caller is whoever the test acts as.

mod ekubo;
mod feed;
mod oracle;
mod pool;
mod token;
mod verifier;

use maat_vault_interfaces::erc20::IERC20Dispatcher;
use starknet::testing::set_contract_address;
use starknet::{ContractAddress, SyscallResultTrait};
use crate::token::{IMockTokenDispatcher, IMockTokenDispatcherTrait, mock_token};

pub const ALICE: ContractAddress = 'alice'.try_into().unwrap();
pub const BOB: ContractAddress = 'bob'.try_into().unwrap();

/// A token through its interfaces.
#[derive(Copy, Drop)]
pub struct Token {
    pub address: ContractAddress,
    pub erc20: IERC20Dispatcher,
    pub mock: IMockTokenDispatcher,
}

pub fn new_token(symbol: ByteArray, decimals: u8) -> Token {
    let name: ByteArray = "A token";
    let mut calldata = array![];
    (name, symbol, decimals).serialize(ref calldata);
    let (address, _) = starknet::syscalls::deploy_syscall(mock_token::TEST_CLASS_HASH, decimals.into(), calldata.span(), false)
        .unwrap_syscall();
    Token {
        address, erc20: IERC20Dispatcher { contract_address: address }, mock: IMockTokenDispatcher { contract_address: address },
    }
}

/// A token of which Alice has 1,000. From now on the test acts as Alice.
pub fn token_of_alice() -> Token {
    let token = new_token("TOK", 18);
    token.mock.mint(ALICE, 1_000);
    set_contract_address(ALICE);
    token
}
