//! Pragma's own oracle, as its SDK ships it compiled, on the local chain: our feed reads a quote from it, and a history records that.

use std::io::{Cursor, Read};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use cairo_lang_starknet_classes::casm_contract_class::CasmContractClass;
use cairo_lang_starknet_classes::contract_class::ContractClass;
use maat_cairo::{CairoPackage, Compiler, Contract};
use maat_starknet::{Account, Invocation};
use maat_tests::wheel::Wheel;
use starknet_types_core::felt::Felt;

use crate::starknet::{account, client, devnet};

const WHEEL: Wheel = Wheel {
    package: "pragma-sdk",
    version: "2.18.2",
    file: "pragma_sdk-2.18.2-py3-none-any.whl",
    sha256: "88bddf7221a41ea1a85fd9b3db1f14ea163507dd52ccb6c1f628f7e39a39b10d",
    variable: "MAAT_PRAGMA_WHEEL",
    platform: &[],
};
/// The contract through which everybody deploys.
const UNIVERSAL_DEPLOYER: Felt = Felt::from_hex_unchecked("0x2ceed65a4bd731034c01113685c831b01c15d7d432f71afb1cf1634b53a2125");
/// Seconds in an hour.
const HOUR: u64 = 3_600;
/// Sources of which the feed pins the first five. Each publisher may publish for each of them.
const SOURCES: [&str; 6] = ["BINANCE", "BITSTAMP", "COINBASE", "KRAKEN", "OKX", "NOT_PINNED"];
const PUBLISHERS: [&str; 3] = ["ALPHA", "BETA", "GAMMA"];

fn text(text: &str) -> Felt {
    Felt::from_bytes_be_slice(text.as_bytes())
}

/// A class of the wheel. The SDK ships its Sierra alone.
fn class(wheel: &[u8], name: &str) -> Contract {
    let mut archive = zip::ZipArchive::new(Cursor::new(wheel)).unwrap();
    let mut sierra = Vec::new();
    archive.by_name(&format!("pragma_sdk/onchain/abis/pragma_{name}.sierra.json")).unwrap().read_to_end(&mut sierra).unwrap();
    let class: ContractClass = serde_json::from_slice(&sierra).unwrap();
    let program = class.extract_sierra_program(false).unwrap();
    let casm = CasmContractClass::from_contract_class(class, program, false, usize::MAX).unwrap();
    Contract::from_json(&sierra, &serde_json::to_vec(&casm).unwrap()).unwrap()
}

/// What a publisher says.
#[derive(Clone, Copy)]
struct Said {
    publisher: usize,
    source: usize,
    price: u64,
    timestamp: u64,
}

impl Said {
    /// As `PossibleEntries::Spot` is serialised.
    fn calldata(self, pair: &str) -> Vec<Felt> {
        let Self { publisher, source, price, timestamp } = self;
        vec![Felt::ZERO, timestamp.into(), text(SOURCES[source]), text(PUBLISHERS[publisher]), price.into(), text(pair), Felt::ZERO]
    }
}

/// Declares a class and deploys it, or gives why the node refuses.
fn deploy(account: &Account, what: &str, contract: &Contract, calldata: Vec<Felt>) -> Result<Felt, String> {
    account.declare(what, contract).map_err(|error| error.to_string())?;
    let calldata = [vec![contract.class_hash(), Felt::ZERO, Felt::ZERO, calldata.len().into()], calldata].concat();
    let invocation = Invocation { contract: UNIVERSAL_DEPLOYER, function: "deployContract", calldata };
    let (_, events) = account.invoke(what, vec![invocation]).map_err(|error| error.to_string())?;
    let event = events.iter().find(|event| event.from_address == UNIVERSAL_DEPLOYER).expect("the deployer says where it is");
    Ok(event.data[0])
}

fn deployed(account: &Account, what: &str, contract: &Contract, calldata: Vec<Felt>) -> Felt {
    deploy(account, what, contract, calldata).unwrap_or_else(|error| panic!("{what}: {error}"))
}

#[test]
#[cfg_attr(not(feature = "slow"), ignore = "fetches a wheel and starts a local chain")]
fn a_feed_reads_pragmas_own_oracle_and_a_history_records_it() {
    let wheel = WHEEL.locate(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap_or_else(|reason| panic!("{reason}"));
    let devnet = devnet();
    let client = client(&devnet.network());
    let admin = account(&devnet, &client, 0);
    let publishers: Vec<Account> = (1..=PUBLISHERS.len()).map(|index| account(&devnet, &client, index)).collect();

    // The oracle: ETH with 18 decimals and USDC with 6, both in USD with 8. A pair has the lesser decimals of its two currencies.
    let registry = deployed(&admin, "publisher registry", &class(&wheel, "PublisherRegistry"), vec![admin.address()]);
    let currencies = [("USD", 8, true), ("ETH", 18, false), ("USDC", 6, false)];
    let currency =
        |(id, decimals, is_abstract): (&str, u64, bool)| vec![text(id), decimals.into(), Felt::from(is_abstract), Felt::ZERO, Felt::ZERO];
    let pair = |base: &str| vec![text(&format!("{base}/USD")), text("USD"), text(base)];
    let mut calldata = vec![admin.address(), registry, currencies.len().into()];
    calldata.extend(currencies.into_iter().flat_map(currency));
    calldata.extend([vec![Felt::TWO], pair("ETH"), pair("USDC")].concat());
    let oracle = deployed(&admin, "oracle", &class(&wheel, "Oracle"), calldata);
    let mut invocations = Vec::new();
    for (name, publisher) in PUBLISHERS.iter().zip(&publishers) {
        let calldata = vec![text(name), publisher.address()];
        invocations.push(Invocation { contract: registry, function: "add_publisher", calldata });
        let calldata = [vec![text(name), SOURCES.len().into()], SOURCES.map(text).to_vec()].concat();
        invocations.push(Invocation { contract: registry, function: "add_sources_for_publisher", calldata });
    }
    admin.invoke("publishers", invocations).unwrap_or_else(|error| panic!("{error}"));

    // Pragma's oracle gives nothing at all where one of the sources has never been published for a pair, and no feed is made of it.
    let compiler = Compiler::default();
    let feed_class = compiler.contract(&CairoPackage::pragma_feed()).unwrap();
    let pinned: Vec<Felt> = SOURCES[..5].iter().map(|source| text(source)).collect();
    let of_feed = [vec![oracle, text("ETH/USD"), text("USDC/USD"), pinned.len().into()], pinned.clone()].concat();
    let no_feed = || {
        let refusal = deploy(&admin, "feed", &feed_class, of_feed.clone()).unwrap_err();
        assert!(refusal.contains("No publisher for source"), "{refusal}");
    };
    no_feed();

    // Half a minute into an hour.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let start = (now / HOUR + 1) * HOUR;
    devnet.increase_time(start + 30 - now).unwrap();
    let publish = |pair: &str, entries: &[Said]| {
        for (index, publisher) in publishers.iter().enumerate() {
            let of_publisher = entries.iter().filter(|said| said.publisher == index);
            let invocations =
                of_publisher.map(|said| Invocation { contract: oracle, function: "publish_data", calldata: said.calldata(pair) });
            let invocations: Vec<_> = invocations.collect();
            if !invocations.is_empty() {
                publisher.invoke("publish_data", invocations).unwrap_or_else(|error| panic!("{error}"));
            }
        }
    };
    let said = |publisher, source, price, timestamp| Said { publisher, source, price, timestamp };
    publish(
        "ETH/USD",
        &[
            // The lower one of two is 2,000 USD, the middle one of three 2,004 and of one 2,010: of these the middle one.
            said(0, 0, 200_000_000_000, start + 10),
            said(2, 0, 200_200_000_000, start + 11),
            said(0, 1, 200_400_000_000, start + 12),
            said(1, 1, 200_300_000_000, start + 13),
            said(2, 1, 200_500_000_000, start - 14),
            said(1, 2, 201_000_000_000, start + 15),
            // Too old.
            said(0, 3, 1, start - 700),
            said(1, 4, 2, start - 700),
            // A source that the feed did not pin.
            said(0, 5, 1, start - 20),
        ],
    );
    publish(
        "USDC/USD",
        &[
            said(0, 0, 999_000, start + 16),
            said(1, 3, 1_000_000, start + 17),
            said(2, 4, 1_001_000, start - 18),
            // Too old.
            said(0, 1, 1, start - 700),
        ],
    );
    no_feed();
    publish("USDC/USD", &[said(1, 2, 2, start - 700)]);

    // Ours.
    let feed = deployed(&admin, "feed", &feed_class, of_feed);
    let history = deployed(&admin, "history", &compiler.contract(&CairoPackage::price_history()).unwrap(), vec![feed]);
    let felts = |integers: &[u64]| integers.iter().map(|integer| Felt::from(*integer)).collect::<Vec<_>>();
    assert_eq!(client.call("decimals", feed, "decimals", vec![]).unwrap(), felts(&[8, 6]));
    let refusal = || client.call("quote", feed, "quote", vec![]).unwrap_err().to_string();
    let refused = |reason: &str| assert!(refusal().contains(reason), "{} instead of {reason}", refusal());
    let quote = felts(&[200_400_000_000, start - 14, start + 15, 100_000_000, start - 18, start + 17]);
    assert_eq!(client.call("quote", feed, "quote", vec![]).unwrap(), quote);

    // The history takes it.
    let record = Invocation { contract: history, function: "record", calldata: vec![] };
    let (receipt, _) = admin.invoke("record", vec![record]).unwrap_or_else(|error| panic!("{error}"));
    println!("record: {} L2 gas over Pragma's oracle", receipt.l2_gas);
    let latest = client.call("latest", history, "latest", vec![]).unwrap();
    assert_eq!(latest[..5], felts(&[0, start / HOUR, 200_400_000_000, 100_000_000, 1]));
    assert_eq!(latest[6], Felt::from(start - 18), "the oldest entry of both tokens");

    // The oracle takes an entry that is ahead of the block's time, and the feed does not count it.
    publish("ETH/USD", &[said(0, 0, 210_000_000_000, start + 330), said(2, 0, 210_000_000_000, start + 330)]);
    refused("feed: too few base sources");
    // Ten minutes later it counts, and all other entries are too old: for the feed, but not for the oracle.
    devnet.increase_time(650).unwrap();
    refused("feed: too few base sources");
    let calldata = [vec![Felt::ZERO, text("ETH/USD"), pinned.len().into()], pinned].concat();
    let median = client.call("median", oracle, "get_data_median_for_sources", calldata).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(median[3], Felt::from(5), "the oracle's own median is of all sources");
}
