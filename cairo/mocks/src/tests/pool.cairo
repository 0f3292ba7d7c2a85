//! The pool. Alice has 1,000 base tokens of 2 quote tokens each.
use maat_vault_interfaces::adapter::{IAdapterDispatcher, IAdapterDispatcherTrait};
use maat_vault_interfaces::erc20::IERC20DispatcherTrait;
use starknet::SyscallResultTrait;
use starknet::testing::set_contract_address;
use crate::calls::Call;
use crate::pool::{Conduct, IMockPoolDispatcher, IMockPoolDispatcherTrait, mock_pool};
use crate::tests::{ALICE, Token, new_token};
use crate::token::IMockTokenDispatcherTrait;

#[derive(Copy, Drop)]
struct World {
    base: Token,
    quote: Token,
    pool: IMockPoolDispatcher,
    adapter: IAdapterDispatcher,
}

/// A pool that behaves so. The test acts as Alice, who has allowed it so many base tokens.
fn world(conduct: Conduct, allowed: u256) -> World {
    let (base, quote) = (new_token("ETH", 18), new_token("USDC", 6));
    let calldata = [base.address.into(), quote.address.into()].span();
    let (contract_address, _) = starknet::syscalls::deploy_syscall(mock_pool::TEST_CLASS_HASH, 0, calldata, false).unwrap_syscall();
    let pool = IMockPoolDispatcher { contract_address };
    pool.set_rate(2, 1);
    pool.set_conduct(conduct);
    base.mock.mint(ALICE, 1_000);
    set_contract_address(ALICE);
    base.erc20.approve(contract_address, allowed);
    World { base, quote, pool, adapter: IAdapterDispatcher { contract_address } }
}

/// What Alice has left and got after a swap of 500 base tokens, of which she wants 990 quote tokens at least.
fn swapped(conduct: Conduct) -> (u256, u256) {
    let world = world(conduct, 500);
    world.adapter.swap(world.base.address, world.quote.address, 500, 990);
    (world.base.erc20.balance_of(ALICE), world.quote.erc20.balance_of(ALICE))
}

#[test]
fn an_honest_pool_swaps_at_its_rate() {
    assert_eq!(swapped(Conduct::Honest), (500, 1_000));
}

#[test]
fn it_swaps_the_other_way_and_rounds_down() {
    let world = world(Conduct::Honest, 0);
    world.pool.set_rate(3, 1);
    world.quote.mock.mint(ALICE, 100);
    world.quote.erc20.approve(world.pool.contract_address, 100);
    world.adapter.swap(world.quote.address, world.base.address, 100, 0);
    assert_eq!((world.base.erc20.balance_of(ALICE), world.quote.erc20.balance_of(ALICE)), (1_033, 0));
}

#[test]
fn a_cost_is_kept_and_the_rest_rounded_down() {
    // 999.9 of 1,000.
    assert_eq!(swapped(Conduct::Costs(1)), (500, 999));
}

#[test]
#[should_panic(expected: ('mock: the pool is empty', 'ENTRYPOINT_FAILED'))]
fn an_empty_pool_fails() {
    swapped(Conduct::Fails);
}

#[test]
fn a_thief_gives_nothing() {
    assert_eq!(swapped(Conduct::Steals), (500, 0));
}

#[test]
fn one_unit_can_be_missing() {
    assert_eq!(swapped(Conduct::ShortByOne), (500, 989));
}

#[test]
fn a_grabbing_pool_is_honest_where_it_must_be() {
    assert_eq!(swapped(Conduct::Grabs), (500, 1_000));
}

#[test]
#[should_panic(expected: ('mock: allowed too much', 'ENTRYPOINT_FAILED'))]
fn a_grabbing_pool_tells_of_a_large_allowance() {
    let world = world(Conduct::Grabs, 501);
    world.adapter.swap(world.base.address, world.quote.address, 500, 0);
}

#[test]
#[should_panic(expected: ('mock: allowed the other token', 'ENTRYPOINT_FAILED'))]
fn a_grabbing_pool_tells_of_an_allowance_of_the_other_token() {
    let world = world(Conduct::Grabs, 500);
    world.quote.mock.mint(ALICE, 1);
    world.quote.erc20.approve(world.pool.contract_address, 1);
    world.adapter.swap(world.base.address, world.quote.address, 500, 0);
}

#[test]
fn an_overtaking_pool_takes_one_more() {
    let world = world(Conduct::Overtakes, 501);
    world.adapter.swap(world.base.address, world.quote.address, 500, 0);
    assert_eq!((world.base.erc20.balance_of(ALICE), world.quote.erc20.balance_of(ALICE)), (499, 1_000));
}

#[test]
#[should_panic(expected: ('mock: allowance is too small', 'ENTRYPOINT_FAILED', 'ENTRYPOINT_FAILED'))]
fn an_overtaking_pool_fails_where_it_cannot() {
    swapped(Conduct::Overtakes);
}

#[test]
fn a_generous_pool_takes_half() {
    assert_eq!(swapped(Conduct::Generous), (750, 1_000));
}

#[test]
fn an_idle_pool_does_nothing() {
    assert_eq!(swapped(Conduct::Idle), (1_000, 0));
}

#[test]
fn a_swap_makes_the_call_that_was_set() {
    let world = world(Conduct::Reenters, 500);
    let mut calldata = array![];
    (ALICE, 7_u256).serialize(ref calldata);
    world.pool.set_call(Call { to: world.quote.address, selector: selector!("mint"), calldata: calldata.span() });
    world.adapter.swap(world.base.address, world.quote.address, 500, 0);
    assert_eq!(world.quote.erc20.balance_of(ALICE), 1_007);
}

#[test]
#[should_panic(expected: ('mock: not a token of the pool', 'ENTRYPOINT_FAILED'))]
fn other_tokens_are_not_swapped() {
    let world = world(Conduct::Honest, 500);
    world.adapter.swap(world.base.address, world.base.address, 500, 0);
}
