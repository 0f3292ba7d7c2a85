//! The feed.
use maat_vault_interfaces::feed::{IPriceFeedDispatcher, IPriceFeedDispatcherTrait, Quote, TokenPrice};
use starknet::SyscallResultTrait;
use starknet::testing::set_block_timestamp;
use crate::calls::Call;
use crate::feed::{Answer, IMockFeedDispatcher, IMockFeedDispatcherTrait, mock_feed};

fn new_feed() -> (IMockFeedDispatcher, IPriceFeedDispatcher) {
    let (contract_address, _) = starknet::syscalls::deploy_syscall(mock_feed::TEST_CLASS_HASH, 0, [].span(), false).unwrap_syscall();
    (IMockFeedDispatcher { contract_address }, IPriceFeedDispatcher { contract_address })
}

fn quote(base: u64, time: u64) -> Quote {
    let token = |price| TokenPrice { price, oldest: time, newest: time };
    Quote { base: token(base), quote: token(100_000_000) }
}

#[test]
#[should_panic(expected: ('mock: no price', 'ENTRYPOINT_FAILED'))]
fn a_new_feed_has_no_price() {
    let (_, feed) = new_feed();
    feed.quote();
}

#[test]
#[should_panic(expected: ('a reason', 'ENTRYPOINT_FAILED'))]
fn a_failing_feed_gives_its_reason() {
    let (mock, feed) = new_feed();
    mock.set_answer(Answer::Fails('a reason'));
    feed.quote();
}

#[test]
fn prices_have_the_times_that_were_set() {
    let (mock, feed) = new_feed();
    set_block_timestamp(1_000);
    mock.set_answer(Answer::Gives(quote(7, 900)));
    assert_eq!(feed.quote(), quote(7, 900));
}

#[test]
fn prices_of_now_go_with_the_block() {
    let (mock, feed) = new_feed();
    mock.set_answer(Answer::GivesNow((7, 100_000_000)));
    set_block_timestamp(1_000);
    assert_eq!(feed.quote(), quote(7, 1_000));
    set_block_timestamp(2_000);
    assert_eq!(feed.quote(), quote(7, 2_000));
}

#[test]
fn a_call_is_made_once() {
    let (mock, feed) = new_feed();
    // Within the call, the feed gives the prices already.
    let call = Call { to: feed.contract_address, selector: selector!("quote"), calldata: [].span() };
    mock.set_answer(Answer::CallsOnce((call, quote(7, 900))));
    assert_eq!(feed.quote(), quote(7, 900));
}

#[test]
#[should_panic(expected: ('ENTRYPOINT_NOT_FOUND', 'ENTRYPOINT_FAILED', 'ENTRYPOINT_FAILED'))]
fn a_failing_call_is_told() {
    let (mock, feed) = new_feed();
    let call = Call { to: feed.contract_address, selector: selector!("nothing"), calldata: [].span() };
    mock.set_answer(Answer::CallsOnce((call, quote(7, 900))));
    feed.quote();
}
