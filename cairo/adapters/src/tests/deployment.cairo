//! What an adapter is made with.
use maat_vault_interfaces::adapter::{IEkuboAdapterDispatcher, IEkuboAdapterDispatcherTrait};
use maat_vault_interfaces::ekubo::PoolKey;
use starknet::{ContractAddress, SyscallResultTrait};
use crate::tests::deploy;

const ROUTER: ContractAddress = 'router'.try_into().unwrap();
const LOW: ContractAddress = 1.try_into().unwrap();
/// More than 2^128, so that both halves of an address count.
const HIGH: ContractAddress = 0x100000000000000000000000000000000.try_into().unwrap();
const ZERO: ContractAddress = 0.try_into().unwrap();

fn assert_sorted(token: ContractAddress, other: ContractAddress) {
    let (contract_address, _) = deploy(ROUTER, token, other, 7, 1_000).unwrap_syscall();
    let views = IEkuboAdapterDispatcher { contract_address };
    assert_eq!(views.router(), ROUTER);
    assert_eq!(views.pool_key(), PoolKey { token0: LOW, token1: HIGH, fee: 7, tick_spacing: 1_000, extension: ZERO });
}

#[test]
fn tokens_in_order_stay_so() {
    assert_sorted(LOW, HIGH);
}

#[test]
fn tokens_out_of_order_are_swapped() {
    assert_sorted(HIGH, LOW);
}

#[test]
#[should_panic(expected: ('adapter: router is zero', 'CONSTRUCTOR_FAILED'))]
fn an_adapter_has_a_router() {
    deploy(ZERO, LOW, HIGH, 7, 1_000).unwrap_syscall();
}

#[test]
#[should_panic(expected: ('adapter: token is zero', 'CONSTRUCTOR_FAILED'))]
fn the_first_token_is_not_zero() {
    deploy(ROUTER, ZERO, HIGH, 7, 1_000).unwrap_syscall();
}

#[test]
#[should_panic(expected: ('adapter: token is zero', 'CONSTRUCTOR_FAILED'))]
fn the_second_token_is_not_zero() {
    deploy(ROUTER, LOW, ZERO, 7, 1_000).unwrap_syscall();
}

#[test]
#[should_panic(expected: ('adapter: the tokens are one', 'CONSTRUCTOR_FAILED'))]
fn a_pair_has_two_tokens() {
    deploy(ROUTER, LOW, LOW, 7, 1_000).unwrap_syscall();
}

#[test]
#[should_panic(expected: ('adapter: tick spacing is zero', 'CONSTRUCTOR_FAILED'))]
fn a_pool_has_a_tick_spacing() {
    deploy(ROUTER, LOW, HIGH, 7, 0).unwrap_syscall();
}
