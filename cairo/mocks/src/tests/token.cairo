//! The token.
use maat_vault_interfaces::erc20::{IERC20DispatcherTrait, IERC20MetadataDispatcher, IERC20MetadataDispatcherTrait};
use starknet::testing::{pop_log, set_contract_address};
use crate::calls::Call;
use crate::tests::{ALICE, BOB, Token, token_of_alice};
use crate::token::mock_token::{Approval, Event, Transfer};
use crate::token::{Behaviour, IMockTokenDispatcherTrait};

const ZERO: starknet::ContractAddress = 0.try_into().unwrap();

/// What a transfer of 500 to Bob gives and leaves to Alice and Bob where the token behaves so.
fn moved(behaviour: Behaviour) -> (bool, u256, u256) {
    let token = token_of_alice();
    token.mock.set_behaviour(behaviour);
    let result = token.erc20.transfer(BOB, 500);
    let (alice, bob) = (token.erc20.balance_of(ALICE), token.erc20.balance_of(BOB));
    assert_eq!(token.erc20.total_supply(), alice + bob);
    (result, alice, bob)
}

fn assert_events(token: Token, expected: Array<Event>) {
    for event in expected {
        assert_eq!(pop_log(token.address), Some(event));
    }
    assert!(starknet::testing::pop_log_raw(token.address).is_none());
}

#[test]
fn it_says_what_it_is() {
    let token = IERC20MetadataDispatcher { contract_address: token_of_alice().address };
    assert_eq!((token.name(), token.symbol(), token.decimals()), ("A token", "TOK", 18));
}

#[test]
fn an_honest_transfer_moves_what_was_asked_for() {
    assert_eq!(moved(Behaviour::Honest), (true, 500, 500));
}

#[test]
fn a_silent_transfer_moves_nothing_and_says_so() {
    assert_eq!(moved(Behaviour::Silent), (false, 1_000, 0));
}

#[test]
fn a_lying_transfer_moves_nothing_and_denies_it() {
    assert_eq!(moved(Behaviour::Lies), (true, 1_000, 0));
}

#[test]
fn a_fee_is_kept_from_the_receiver() {
    assert_eq!(moved(Behaviour::TakesFee(1_000)), (true, 500, 450));
}

#[test]
fn a_fee_is_at_most_the_amount() {
    assert_eq!(moved(Behaviour::TakesFee(20_000)), (true, 500, 0));
}

#[test]
fn a_surcharge_is_taken_from_the_sender() {
    assert_eq!(moved(Behaviour::Surcharges(1_000)), (true, 450, 500));
}

#[test]
#[should_panic(expected: ('mock: paused', 'ENTRYPOINT_FAILED'))]
fn a_paused_token_makes_no_transfers() {
    moved(Behaviour::Paused);
}

#[test]
fn a_transfer_makes_the_call_that_was_set() {
    let token = token_of_alice();
    let mut calldata = array![];
    (BOB, 7_u256).serialize(ref calldata);
    token.mock.set_call(Call { to: token.address, selector: selector!("mint"), calldata: calldata.span() });
    token.mock.set_behaviour(Behaviour::Reenters);
    assert!(token.erc20.transfer(BOB, 500));
    assert_eq!((token.erc20.balance_of(ALICE), token.erc20.balance_of(BOB)), (500, 507));
}

#[test]
#[should_panic(expected: ('mock: allowance is too small', 'ENTRYPOINT_FAILED', 'ENTRYPOINT_FAILED'))]
fn a_transfer_fails_as_its_call_does() {
    let token = token_of_alice();
    let mut calldata = array![];
    (ALICE, BOB, 1_u256).serialize(ref calldata);
    token.mock.set_call(Call { to: token.address, selector: selector!("transfer_from"), calldata: calldata.span() });
    token.mock.set_behaviour(Behaviour::Reenters);
    token.erc20.transfer(BOB, 500);
}

#[test]
fn a_spender_moves_what_was_allowed_once() {
    let token = token_of_alice();
    assert!(token.erc20.approve(BOB, 300));
    set_contract_address(BOB);
    assert!(token.erc20.transfer_from(ALICE, BOB, 200));
    assert_eq!(token.erc20.allowance(ALICE, BOB), 100);
    assert_eq!((token.erc20.balance_of(ALICE), token.erc20.balance_of(BOB)), (800, 200));
    let events = array![
        Event::Transfer(Transfer { from: ZERO, to: ALICE, value: 1_000 }),
        Event::Approval(Approval { owner: ALICE, spender: BOB, value: 300 }),
        Event::Transfer(Transfer { from: ALICE, to: BOB, value: 200 }),
    ];
    assert_events(token, events);
}

#[test]
#[should_panic(expected: ('mock: allowance is too small', 'ENTRYPOINT_FAILED'))]
fn a_spender_moves_no_more() {
    let token = token_of_alice();
    token.erc20.approve(BOB, 300);
    set_contract_address(BOB);
    token.erc20.transfer_from(ALICE, BOB, 301);
}

#[test]
#[should_panic(expected: ('mock: balance is too small', 'ENTRYPOINT_FAILED'))]
fn nobody_moves_what_they_do_not_have() {
    token_of_alice().erc20.transfer(BOB, 1_001);
}

#[test]
#[should_panic(expected: ('mock: balance is too small', 'ENTRYPOINT_FAILED'))]
fn a_surcharge_needs_a_balance() {
    let token = token_of_alice();
    token.mock.set_behaviour(Behaviour::Surcharges(1));
    token.erc20.transfer(BOB, 1_000);
    token.erc20.transfer(BOB, 1);
}
