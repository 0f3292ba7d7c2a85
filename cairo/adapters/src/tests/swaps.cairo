//! Swaps at Ekubo: what they move, what they refuse, and what others cannot do with them.
use maat_mocks::calls::Call;
use maat_mocks::ekubo::{IMockEkuboRouterDispatcherTrait, RouterConduct};
use maat_mocks::token::{Behaviour, IMockTokenDispatcherTrait};
use maat_vault_interfaces::adapter::IAdapterDispatcherTrait;
use maat_vault_interfaces::erc20::IERC20DispatcherTrait;
use starknet::testing::set_contract_address;
use crate::tests::{ALICE, BOB, WorldTrait, new_token, world};

#[test]
fn token_0_is_sold_at_the_pools_price_less_its_fee() {
    let world = world();
    world.sell(128, 254);
    assert_eq!(world.has(ALICE), (1_152, 1_534));
    world.assert_nothing_is_kept();
}

#[test]
fn token_1_is_sold_at_the_pools_price_less_its_fee() {
    let world = world();
    world.adapter.swap(world.token1.address, world.token0.address, 256, 127);
    assert_eq!(world.has(ALICE), (1_407, 1_024));
    world.assert_nothing_is_kept();
}

#[test]
#[should_panic(expected: ('adapter: less than the least', 'ENTRYPOINT_FAILED'))]
fn less_than_the_least_is_refused() {
    world().sell(128, 255);
}

#[test]
fn what_the_pool_does_not_take_comes_back() {
    let world = world();
    world.mock.set_depth(128);
    world.sell(1_000, 254);
    assert_eq!(world.has(ALICE), (1_152, 1_534));
    world.assert_nothing_is_kept();
}

#[test]
fn no_more_than_the_amount_is_taken() {
    let world = world();
    world.sell(1, 0);
    // The fee of one unit is the unit.
    assert_eq!(world.has(ALICE), (1_279, 1_280));
    assert_eq!(world.token0.erc20.allowance(ALICE, world.adapter.contract_address), 1_279);
}

#[test]
fn nothing_can_be_swapped() {
    let world = world();
    world.sell(0, 0);
    assert_eq!(world.has(ALICE), (1_280, 1_280));
}

#[test]
#[should_panic(expected: ('adapter: amount is too large', 'ENTRYPOINT_FAILED'))]
fn amounts_have_128_bits() {
    let world = world();
    let amount = 0x100000000000000000000000000000000;
    world.token0.mock.mint(ALICE, amount);
    world.token0.erc20.approve(world.adapter.contract_address, amount);
    world.sell(amount, 0);
}

#[test]
#[should_panic(expected: ('adapter: not its pair', 'ENTRYPOINT_FAILED'))]
fn another_token_is_not_sold() {
    let world = world();
    world.adapter.swap(new_token(3).address, world.token1.address, 0, 0);
}

#[test]
#[should_panic(expected: ('adapter: not its pair', 'ENTRYPOINT_FAILED'))]
fn another_token_is_not_bought() {
    let world = world();
    world.adapter.swap(world.token0.address, new_token(3).address, 0, 0);
}

#[test]
#[should_panic(expected: ('adapter: not its pair', 'ENTRYPOINT_FAILED'))]
fn another_token_is_not_bought_for_token_1() {
    let world = world();
    world.adapter.swap(world.token1.address, new_token(3).address, 0, 0);
}

#[test]
#[should_panic(expected: ('adapter: not its pair', 'ENTRYPOINT_FAILED'))]
fn a_token_is_not_sold_for_itself() {
    let world = world();
    world.adapter.swap(world.token0.address, world.token0.address, 128, 0);
}

#[test]
#[should_panic(expected: ('mock: allowance is too small', 'ENTRYPOINT_FAILED', 'ENTRYPOINT_FAILED'))]
fn a_stranger_cannot_swap_what_somebody_else_has_allowed() {
    let world = world();
    world.token0.mock.mint(BOB, 128);
    set_contract_address(BOB);
    world.sell(128, 0);
}

#[test]
fn what_was_bought_is_for_the_caller() {
    let world = world();
    world.token0.mock.mint(BOB, 128);
    set_contract_address(BOB);
    world.token0.erc20.approve(world.adapter.contract_address, 128);
    world.sell(128, 254);
    assert_eq!(world.has(BOB), (0, 254));
    assert_eq!(world.has(ALICE), (1_280, 1_280));
}

#[test]
fn what_lies_about_goes_to_the_caller() {
    let world = world();
    world.token0.mock.mint(world.adapter.contract_address, 1);
    world.token1.mock.mint(world.adapter.contract_address, 2);
    world.token0.mock.mint(world.router.contract_address, 3);
    world.token1.mock.mint(world.router.contract_address, 4);
    world.sell(128, 254);
    assert_eq!(world.has(ALICE), (1_156, 1_540));
    world.assert_nothing_is_kept();
}

#[test]
#[should_panic(expected: ('adapter: less than the least', 'ENTRYPOINT_FAILED'))]
fn a_router_that_steals_is_refused() {
    let world = world();
    world.mock.set_router_conduct(RouterConduct::Steals);
    world.sell(128, 1);
}

#[test]
#[should_panic(expected: ('adapter: less than the least', 'ENTRYPOINT_FAILED'))]
fn a_router_that_keeps_what_was_bought_is_refused() {
    let world = world();
    world.mock.set_router_conduct(RouterConduct::Keeps);
    world.sell(128, 1);
}

#[test]
#[should_panic(expected: ('mock: the pool is empty', 'ENTRYPOINT_FAILED', 'ENTRYPOINT_FAILED'))]
fn a_pool_that_fails_is_told() {
    let world = world();
    world.mock.set_router_conduct(RouterConduct::Fails);
    world.sell(128, 0);
}

#[test]
#[should_panic(expected: ('adapter: token was not moved', 'ENTRYPOINT_FAILED'))]
fn a_sold_token_that_says_it_did_not_move_is_believed() {
    let world = world();
    // So that the router could go on.
    world.token0.mock.mint(world.router.contract_address, 128);
    world.token0.mock.set_behaviour(Behaviour::Silent);
    world.sell(0, 0);
}

#[test]
#[should_panic(expected: ('adapter: token was not moved', 'ENTRYPOINT_FAILED'))]
fn a_bought_token_that_says_it_did_not_move_is_believed() {
    let world = world();
    world.token1.mock.mint(world.adapter.contract_address, 1);
    world.token1.mock.set_behaviour(Behaviour::Silent);
    world.sell(128, 0);
}

#[test]
#[should_panic(expected: ('mock: the core was not paid', 'ENTRYPOINT_FAILED', 'ENTRYPOINT_FAILED'))]
fn a_token_that_takes_a_fee_is_not_swapped() {
    let world = world();
    world.token0.mock.set_behaviour(Behaviour::TakesFee(100));
    world.token0.mock.mint(world.router.contract_address, 128);
    world.sell(128, 0);
}

/// The router, in the midst of a swap of Alice's, asks for another one.
#[test]
#[should_panic(
    expected: (
        'mock: allowance is too small', 'ENTRYPOINT_FAILED', 'ENTRYPOINT_FAILED', 'ENTRYPOINT_FAILED', 'ENTRYPOINT_FAILED',
    ),
)]
fn a_router_cannot_swap_what_somebody_else_has_allowed() {
    let world = world();
    let mut calldata = array![];
    (world.token0.address, world.token1.address, 128_u256, 0_u256).serialize(ref calldata);
    world.mock.set_call(Call { to: world.adapter.contract_address, selector: selector!("swap"), calldata: calldata.span() });
    world.mock.set_router_conduct(RouterConduct::Reenters);
    world.sell(128, 0);
}

/// The router, in the midst of a swap of Alice's, asks for an allowance that Alice gave the adapter or the adapter gave the router.
fn grab(from_alice: bool) {
    let world = world();
    let mut calldata = array![];
    let from = if from_alice {
        ALICE
    } else {
        world.adapter.contract_address
    };
    (from, world.router.contract_address, 1_u256).serialize(ref calldata);
    world.token0.mock.mint(world.adapter.contract_address, 1);
    world.mock.set_call(Call { to: world.token0.address, selector: selector!("transfer_from"), calldata: calldata.span() });
    world.mock.set_router_conduct(RouterConduct::Reenters);
    world.sell(128, 0);
}

#[test]
#[should_panic(expected: ('mock: allowance is too small', 'ENTRYPOINT_FAILED', 'ENTRYPOINT_FAILED', 'ENTRYPOINT_FAILED'))]
fn a_router_is_allowed_nothing_of_the_callers() {
    grab(true);
}

#[test]
#[should_panic(expected: ('mock: allowance is too small', 'ENTRYPOINT_FAILED', 'ENTRYPOINT_FAILED', 'ENTRYPOINT_FAILED'))]
fn a_router_is_allowed_nothing_of_the_adapters() {
    grab(false);
}

/// Whoever is called in the midst of a swap can fetch what is in the router, and the swap is undone with that.
#[test]
#[should_panic(expected: ('mock: balance is too small', 'ENTRYPOINT_FAILED', 'ENTRYPOINT_FAILED', 'ENTRYPOINT_FAILED'))]
fn what_is_fetched_from_the_router_in_the_midst_of_a_swap_is_missed() {
    let world = world();
    let call = Call { to: world.router.contract_address, selector: selector!("clear"), calldata: [world.token0.address.into()].span() };
    // The router fetches them itself, for the token.
    world.token1.mock.set_call(call);
    world.mock.set_call(Call { to: world.token1.address, selector: selector!("transfer"), calldata: [BOB.into(), 0, 0].span() });
    world.token1.mock.set_behaviour(Behaviour::Reenters);
    world.mock.set_router_conduct(RouterConduct::Reenters);
    world.sell(128, 254);
}
