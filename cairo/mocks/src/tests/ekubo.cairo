//! Ekubo's router. It has 1,000 of token 0, which is worth 2 of token 1 each.
use maat_vault_interfaces::ekubo::{Delta, IEkuboRouterDispatcher, IEkuboRouterDispatcherTrait, PoolKey, RouteNode, TokenAmount, i129};
use maat_vault_interfaces::erc20::IERC20DispatcherTrait;
use starknet::SyscallResultTrait;
use starknet::testing::set_contract_address;
use crate::calls::Call;
use crate::ekubo::{IMockEkuboRouterDispatcher, IMockEkuboRouterDispatcherTrait, RouterConduct, mock_ekubo_router};
use crate::tests::{ALICE, Token, new_token};
use crate::token::IMockTokenDispatcherTrait;

const MIN: u256 = 18446748437148339061;
const MAX: u256 = 6277100250585753475930931601400621808602321654880405518632;
/// 2^125, an eighth.
const EIGHTH: u128 = 0x20000000000000000000000000000000;

#[derive(Copy, Drop)]
struct World {
    token0: Token,
    token1: Token,
    key: PoolKey,
    mock: IMockEkuboRouterDispatcher,
    router: IEkuboRouterDispatcher,
}

/// The test acts as Alice. The router does not look at the order of the tokens.
fn world(fee: u128) -> World {
    let (token0, token1) = (new_token("ETH", 18), new_token("USDC", 6));
    let key = PoolKey { token0: token0.address, token1: token1.address, fee, tick_spacing: 1_000, extension: 0.try_into().unwrap() };
    let mut calldata = array![];
    key.serialize(ref calldata);
    let (contract_address, _) = starknet::syscalls::deploy_syscall(mock_ekubo_router::TEST_CLASS_HASH, 0, calldata.span(), false)
        .unwrap_syscall();
    let mock = IMockEkuboRouterDispatcher { contract_address };
    mock.set_price(2, 1);
    token0.mock.mint(contract_address, 1_000);
    set_contract_address(ALICE);
    World { token0, token1, key, mock, router: IEkuboRouterDispatcher { contract_address } }
}

fn swap(world: World, token: Token, mag: u128, sqrt_ratio_limit: u256) -> Delta {
    let amount = TokenAmount { token: token.address, amount: i129 { mag, sign: false } };
    world.router.swap(RouteNode { pool_key: world.key, sqrt_ratio_limit, skip_ahead: 0 }, amount)
}

fn delta(amount0: i129, amount1: i129) -> Delta {
    Delta { amount0, amount1 }
}

fn got(mag: u128) -> i129 {
    i129 { mag, sign: false }
}

fn gave(mag: u128) -> i129 {
    i129 { mag, sign: true }
}

/// What Alice gets of both tokens.
fn cleared(world: World) -> (u256, u256) {
    let (token0, token1) = (world.router.clear(world.token0.address), world.router.clear(world.token1.address));
    assert_eq!((world.token0.erc20.balance_of(ALICE), world.token1.erc20.balance_of(ALICE)), (token0, token1));
    (token0, token1)
}

#[test]
fn it_swaps_at_the_price_less_the_fee() {
    let world = world(EIGHTH);
    // 12.5 are kept of 100, which are 13.
    assert_eq!(swap(world, world.token0, 100, MIN), delta(got(100), gave(174)));
    assert_eq!(cleared(world), (900, 174));
}

#[test]
fn it_swaps_the_other_way_and_rounds_down() {
    let world = world(0);
    world.token1.mock.mint(world.router.contract_address, 101);
    assert_eq!(swap(world, world.token1, 101, MAX), delta(gave(50), got(101)));
    assert_eq!(cleared(world), (1_050, 0));
}

#[test]
fn what_the_pool_does_not_take_stays() {
    let world = world(0);
    world.mock.set_depth(40);
    assert_eq!(swap(world, world.token0, 100, MIN), delta(got(40), gave(80)));
    assert_eq!(cleared(world), (960, 80));
}

#[test]
fn a_thief_gives_nothing() {
    let world = world(0);
    world.mock.set_router_conduct(RouterConduct::Steals);
    assert_eq!(swap(world, world.token0, 100, MIN), delta(got(100), got(0)));
    assert_eq!(cleared(world), (900, 0));
}

#[test]
fn a_router_can_keep_what_it_has() {
    let world = world(0);
    world.mock.set_router_conduct(RouterConduct::Keeps);
    swap(world, world.token0, 100, MIN);
    assert_eq!(cleared(world), (0, 0));
}

#[test]
#[should_panic(expected: ('mock: the pool is empty', 'ENTRYPOINT_FAILED'))]
fn an_empty_pool_fails() {
    let world = world(0);
    world.mock.set_router_conduct(RouterConduct::Fails);
    swap(world, world.token0, 100, MIN);
}

#[test]
fn a_swap_makes_the_call_that_was_set_once() {
    let world = world(0);
    let mut calldata = array![];
    (ALICE, 7_u256).serialize(ref calldata);
    world.mock.set_call(Call { to: world.token1.address, selector: selector!("mint"), calldata: calldata.span() });
    world.mock.set_router_conduct(RouterConduct::Reenters);
    swap(world, world.token0, 100, MIN);
    swap(world, world.token0, 100, MIN);
    assert_eq!(world.token1.erc20.balance_of(ALICE), 7);
}

#[test]
#[should_panic(expected: ('NOT_INITIALIZED', 'ENTRYPOINT_FAILED'))]
fn there_is_one_pool() {
    let mut world = world(0);
    world.key.tick_spacing = 1;
    swap(world, world.token0, 100, MIN);
}

#[test]
#[should_panic(expected: ('mock: only the widest limits', 'ENTRYPOINT_FAILED'))]
fn a_limit_above_the_price_is_refused_where_it_falls() {
    let world = world(0);
    swap(world, world.token0, 100, MAX);
}

#[test]
#[should_panic(expected: ('mock: only the widest limits', 'ENTRYPOINT_FAILED'))]
fn a_limit_below_the_price_is_refused_where_it_rises() {
    let world = world(0);
    world.token1.mock.mint(world.router.contract_address, 100);
    swap(world, world.token1, 100, MIN);
}

#[test]
#[should_panic(expected: ('mock: balance is too small', 'ENTRYPOINT_FAILED', 'ENTRYPOINT_FAILED'))]
fn it_sells_only_what_it_has() {
    let world = world(0);
    swap(world, world.token0, 1_001, MIN);
}
