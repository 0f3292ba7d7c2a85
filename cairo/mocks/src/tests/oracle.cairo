//! The oracle.
use maat_vault_interfaces::pragma::{BaseEntry, DataType, IPragmaOracleDispatcher, IPragmaOracleDispatcherTrait, PossibleEntries, SpotEntry};
use starknet::SyscallResultTrait;
use crate::oracle::{IMockOracleDispatcher, IMockOracleDispatcherTrait, Said, mock_oracle};

fn new_oracle() -> (IMockOracleDispatcher, IPragmaOracleDispatcher) {
    let (contract_address, _) = starknet::syscalls::deploy_syscall(mock_oracle::TEST_CLASS_HASH, 0, [].span(), false).unwrap_syscall();
    (IMockOracleDispatcher { contract_address }, IPragmaOracleDispatcher { contract_address })
}

fn spot(source: felt252, price: u128, timestamp: u64) -> PossibleEntries {
    published(source, source, price, timestamp)
}

fn published(publisher: felt252, source: felt252, price: u128, timestamp: u64) -> PossibleEntries {
    let base = BaseEntry { timestamp, source, publisher };
    PossibleEntries::Spot(SpotEntry { base, price, pair_id: 'ETH/USD', volume: 0 })
}

#[test]
fn entries_of_the_sources_that_are_asked_for_are_given() {
    let (mock, oracle) = new_oracle();
    let said = [
        Said { source: 1, price: 10, timestamp: 100 }, Said { source: 2, price: 20, timestamp: 200 },
        Said { source: 3, price: 30, timestamp: 300 }, Said { source: 1, price: 11, timestamp: 101 },
    ];
    mock.set_entries('ETH/USD', said.span());
    let (entries, newest) = oracle.get_data_entries_for_sources(DataType::SpotEntry('ETH/USD'), [2, 1].span());
    assert_eq!(entries, [spot(1, 10, 100), spot(2, 20, 200), spot(1, 11, 101)].span());
    assert_eq!(newest, 200);
    let (entries, newest) = oracle.get_data_entries_for_sources(DataType::SpotEntry('BTC/USD'), [2, 1].span());
    assert_eq!((entries, newest), ([].span(), 0));
}

#[test]
fn entries_are_replaced() {
    let (mock, oracle) = new_oracle();
    mock.set_entries('ETH/USD', [Said { source: 1, price: 10, timestamp: 100 }, Said { source: 2, price: 20, timestamp: 200 }].span());
    mock.set_entries('ETH/USD', [Said { source: 1, price: 12, timestamp: 120 }].span());
    let (entries, _) = oracle.get_data_entries_for_sources(DataType::SpotEntry('ETH/USD'), [1, 2].span());
    assert_eq!(entries, [spot(1, 12, 120)].span());
}

#[test]
fn one_publisher_can_speak_for_all_sources() {
    let (mock, oracle) = new_oracle();
    mock.set_entries('ETH/USD', [Said { source: 1, price: 10, timestamp: 100 }, Said { source: 2, price: 20, timestamp: 200 }].span());
    for source in [1, 2].span() {
        mock.set_publisher(*source, 'one');
    }
    let (entries, _) = oracle.get_data_entries_for_sources(DataType::SpotEntry('ETH/USD'), [1, 2].span());
    assert_eq!(entries, [published('one', 1, 10, 100), published('one', 2, 20, 200)].span());
}

#[test]
fn decimals_are_those_of_the_pair() {
    let (mock, oracle) = new_oracle();
    mock.set_decimals('ETH/USD', 8);
    assert_eq!(oracle.get_decimals(DataType::SpotEntry('ETH/USD')), 8);
    assert_eq!(oracle.get_decimals(DataType::SpotEntry('USDC/USD')), 0);
}
