//! A connection to a network's node: what can be asked without an account.

use std::sync::Arc;
use std::time::Duration;

use starknet_rust::core::types::{
    AddressFilter, BlockId, BlockTag, ContractClass, ContractErrorData, EmittedEvent, EventFilter, Felt, FunctionCall,
    MaybePreConfirmedBlockWithTxHashes, StarknetError, TransactionExecutionErrorData, TransactionReceiptWithBlockInfo,
};
use starknet_rust::core::utils::get_selector_from_name;
use starknet_rust::providers::jsonrpc::{JsonRpcClient, JsonRpcClientError};
use starknet_rust::providers::{Provider, ProviderError};
use tokio::runtime::Runtime;

use crate::config::NetworkConfig;
use crate::endpoint::Endpoint;
use crate::error::ChainError;
use crate::revert;
use crate::text::{short_string, shown};
use crate::transport::{Transport, TransportError};

/// All requests are about the last block that is accepted.
pub(crate) const BLOCK: BlockId = BlockId::Tag(BlockTag::Latest);
/// The token that fees are paid in, at the same address on all networks.
const STRK: Felt = Felt::from_hex_unchecked("0x4718f5a0fc34cc1af16a1cdee98ffb20c31f5cd61d6ab07201858f4287c938d");
/// How often a request without an answer is repeated, and how long to wait before the first time; each wait is twice the one before.
const RETRIES: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// Events in a page, the most that are read, and the most pages for them.
const EVENTS: u64 = 1_000;
const MOST_EVENTS: usize = 1_000_000;
const MOST_PAGES: u64 = 10_000;

pub(crate) type Node = JsonRpcClient<Transport>;

/// A connection to a network's node.
pub struct Client {
    pub(crate) runtime: Runtime,
    pub(crate) node: Arc<Node>,
    pub(crate) network: NetworkConfig,
    pub(crate) chain_id: Felt,
    endpoint: Endpoint,
}

/// A runtime that waits for requests on this thread.
pub(crate) fn runtime() -> Result<Runtime, ChainError> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|error| ChainError::Rejected { what: "starting to connect".to_owned(), reason: error.to_string() })
}

impl Client {
    /// Connects to a network's node, and finds out whether it is of the right chain.
    ///
    /// # Errors
    /// The address is malformed, or plain http to another machine; nothing answers there, or something other than a Starknet node, or one of
    /// another chain.
    pub fn connect(network: &NetworkConfig) -> Result<Self, ChainError> {
        let name = || network.name.clone();
        let endpoint = Endpoint::parse(&network.url).map_err(|reason| ChainError::Url { network: name(), reason })?;
        let unreachable = |reason: String| {
            let reason = shown(&endpoint.without_secrets(&reason));
            ChainError::Unreachable { network: name(), url: endpoint.to_string(), reason }
        };
        let transport = Transport::new(endpoint.clone()).map_err(|error| unreachable(causes(&error)))?;
        let node = Arc::new(JsonRpcClient::new(transport));
        let runtime = runtime()?;
        let chain_id = runtime.block_on(node.chain_id()).map_err(|error| unreachable(causes(&error)))?;
        let found = short_string(chain_id).unwrap_or_else(|| format!("{chain_id:#x}"));
        match &network.chain_id {
            Some(expected) if *expected != found => {
                Err(ChainError::WrongChain { network: name(), url: endpoint.to_string(), expected: expected.clone(), found })
            }
            _ => Ok(Self { runtime, node, network: network.clone(), chain_id, endpoint }),
        }
    }

    /// The network.
    pub fn network(&self) -> &NetworkConfig {
        &self.network
    }

    /// Asks the node; a request that got no answer is repeated.
    pub(crate) fn ask<T, F>(&self, request: impl Fn() -> F) -> Result<T, ProviderError>
    where
        F: Future<Output = Result<T, ProviderError>>,
    {
        self.runtime.block_on(async {
            let mut wait = FIRST_WAIT;
            for _ in 0..RETRIES {
                match request().await {
                    // An answer, be it a refusal, is not asked for again.
                    Err(error) if is_transient(&error) => tokio::time::sleep(wait).await,
                    answer => return answer,
                }
                wait *= 2;
            }
            request().await
        })
    }

    /// Calls a contract without a transaction; `what` names the call in errors.
    ///
    /// # Errors
    /// The contract does not exist, does not have the function or refused: the error has its message.
    pub fn call(&self, what: &str, contract: Felt, function: &str, calldata: Vec<Felt>) -> Result<Vec<Felt>, ChainError> {
        let call = FunctionCall { contract_address: contract, entry_point_selector: selector(function), calldata };
        self.ask(|| self.node.call(&call, BLOCK)).map_err(|error| self.refused(what, error))
    }

    /// The class of a contract, if there is one at the address.
    ///
    /// # Errors
    /// The node does not say.
    pub fn class_hash_at(&self, contract: Felt) -> Result<Option<Felt>, ChainError> {
        match self.ask(|| self.node.get_class_hash_at(BLOCK, contract)) {
            Ok(class_hash) => Ok(Some(class_hash)),
            Err(ProviderError::StarknetError(StarknetError::ContractNotFound)) => Ok(None),
            Err(error) => Err(self.refused("looking up a contract", error)),
        }
    }

    /// Whether a class has been declared.
    ///
    /// # Errors
    /// The node does not say.
    pub fn is_declared(&self, class_hash: Felt) -> Result<bool, ChainError> {
        match self.ask(|| self.node.get_class(BLOCK, class_hash)) {
            Ok(ContractClass::Sierra(_) | ContractClass::Legacy(_)) => Ok(true),
            Err(ProviderError::StarknetError(StarknetError::ClassHashNotFound)) => Ok(false),
            Err(error) => Err(self.refused("looking up a class", error)),
        }
    }

    /// What an account can pay with, in fri (10^-18 STRK), up to 2^128 - 1.
    ///
    /// # Errors
    /// The node does not say.
    pub fn balance(&self, account: Felt) -> Result<u128, ChainError> {
        let what = "looking up the balance";
        let answer = self.call(what, STRK, "balance_of", vec![account])?;
        match answer[..] {
            [low, high] if high == Felt::ZERO => u128::try_from(low).ok(),
            [_, _] => Some(u128::MAX),
            _ => None,
        }
        .ok_or_else(|| ChainError::Malformed { what: what.to_owned(), reason: format!("{} felts", answer.len()) })
    }

    /// The number of the last block, and its time in seconds after 1970.
    ///
    /// # Errors
    /// The node does not say.
    pub fn last_block(&self) -> Result<(u64, u64), ChainError> {
        self.block("looking up the last block", BLOCK)
    }

    /// The time of a block, in seconds after 1970.
    ///
    /// # Errors
    /// The node does not say, or has no such block.
    pub fn block_time(&self, number: u64) -> Result<u64, ChainError> {
        self.block("looking up a block", BlockId::Number(number)).map(|(_, time)| time)
    }

    fn block(&self, what: &str, block: BlockId) -> Result<(u64, u64), ChainError> {
        match self.ask(|| self.node.get_block_with_tx_hashes(block)).map_err(|error| self.refused(what, error))? {
            MaybePreConfirmedBlockWithTxHashes::Block(block) => Ok((block.block_number, block.timestamp)),
            MaybePreConfirmedBlockWithTxHashes::PreConfirmedBlock(_) => {
                Err(ChainError::Malformed { what: what.to_owned(), reason: "it is not confirmed".to_owned() })
            }
        }
    }

    /// The events of a contract in a range of blocks, oldest first: those with these names, or all. Without an end it is the last block.
    ///
    /// # Errors
    /// The node does not say, says what was not asked for, or has more than [`MOST_EVENTS`].
    pub(crate) fn events(
        &self,
        what: &str,
        contract: Felt,
        names: &[Felt],
        from: u64,
        to: Option<u64>,
    ) -> Result<Vec<EmittedEvent>, ChainError> {
        let malformed = |reason: String| ChainError::Malformed { what: what.to_owned(), reason };
        let filter = EventFilter {
            from_block: Some(BlockId::Number(from)),
            to_block: Some(to.map_or(BLOCK, BlockId::Number)),
            address: Some(AddressFilter::Single(contract)),
            keys: (!names.is_empty()).then(|| vec![names.to_vec()]),
        };
        let (mut events, mut token) = (Vec::<EmittedEvent>::new(), None::<String>);
        // Nodes that look through many blocks for few events give empty pages.
        for _ in 0..MOST_PAGES {
            let page = self.ask(|| self.node.get_events(filter.clone(), token.clone(), EVENTS));
            let page = page.map_err(|error| self.refused(what, error))?;
            for event in page.events {
                let block = event.block_number.unwrap_or(u64::MAX);
                let asked = event.from_address == contract
                    && (names.is_empty() || event.keys.first().is_some_and(|name| names.contains(name)))
                    && (from..=to.unwrap_or(u64::MAX)).contains(&block);
                if !asked {
                    return Err(malformed(format!(
                        "it has an event of {:#066x} in block {block}, which was not asked for",
                        event.from_address
                    )));
                }
                let place = |event: &EmittedEvent| (event.block_number, event.transaction_index, event.event_index);
                if events.last().is_some_and(|last| place(last) >= place(&event)) {
                    return Err(malformed("the events are out of order".to_owned()));
                }
                events.push(event);
            }
            if events.len() > MOST_EVENTS {
                return Err(malformed(format!("there are more than {MOST_EVENTS} events: ask for fewer blocks")));
            }
            match page.continuation_token {
                None => return Ok(events),
                Some(next) => token = Some(next),
            }
        }
        Err(malformed(format!("the events do not end after {MOST_PAGES} pages: ask for fewer blocks")))
    }

    /// A transaction's receipt, if it is in a block.
    pub(crate) fn receipt(&self, transaction: Felt) -> Result<Option<TransactionReceiptWithBlockInfo>, ChainError> {
        match self.ask(|| self.node.get_transaction_receipt(transaction)) {
            Ok(receipt) if *receipt.receipt.transaction_hash() != transaction => {
                let reason = format!("it is of transaction {:#066x}", receipt.receipt.transaction_hash());
                Err(ChainError::Malformed { what: format!("the receipt of transaction {transaction:#066x}"), reason })
            }
            Ok(receipt) if receipt.block.is_block() => Ok(Some(receipt)),
            Ok(_) | Err(ProviderError::StarknetError(StarknetError::TransactionHashNotFound)) => Ok(None),
            Err(error) => Err(self.refused("looking up a receipt", error)),
        }
    }

    /// What a node's refusal means.
    pub(crate) fn refused(&self, what: &str, error: ProviderError) -> ChainError {
        let what = what.to_owned();
        let ProviderError::StarknetError(refusal) = &error else {
            let reason = self.shown(&causes(&error));
            return ChainError::Unreachable { network: self.network.name.clone(), url: self.endpoint.to_string(), reason };
        };
        match refusal {
            StarknetError::ContractError(ContractErrorData { revert_error })
            | StarknetError::TransactionExecutionError(TransactionExecutionErrorData { execution_error: revert_error, .. }) => {
                ChainError::Panicked { what, message: self.panic_message(revert::innermost(revert_error)) }
            }
            StarknetError::ContractNotFound => {
                let reason = format!("there is no such contract on network `{}`: is it the right network?", self.network.name);
                ChainError::Rejected { what, reason }
            }
            other => ChainError::Rejected { what, reason: self.shown(&other.to_string()) },
        }
    }

    /// The message in what a failed execution said, as it may be shown.
    pub(crate) fn panic_message(&self, text: &str) -> String {
        revert::message(&self.endpoint.without_secrets(text))
    }

    /// A text of the node as it may be shown.
    fn shown(&self, text: &str) -> String {
        shown(&self.endpoint.without_secrets(text))
    }
}

/// A function's selector.
pub(crate) fn selector(function: &str) -> Felt {
    get_selector_from_name(function).expect("our functions have ASCII names")
}

/// Whether a request may succeed when it is repeated, because no node answered it.
pub(crate) fn is_transient(error: &ProviderError) -> bool {
    match error {
        ProviderError::RateLimited => true,
        ProviderError::Other(error) => {
            let error = error.as_any().downcast_ref::<JsonRpcClientError<TransportError>>();
            matches!(error, Some(JsonRpcClientError::TransportError(TransportError::Http(_))))
        }
        _ => false,
    }
}

/// An error with all that caused it.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fake_node::{Answer, FakeNode};

    /// Connects to a node at an address with keys in all its parts, and gives the error of a call.
    fn error_of(answer: impl Fn() -> Answer + Send + 'static) -> String {
        let node = FakeNode::start(move |_, _| answer());
        let url = node.url.replace("http://", "http://somebody:password-of-mine@");
        let network = NetworkConfig { url: format!("{url}/v3/0123456789abcdef?apikey=fedcba9876543210"), ..node.network() };
        let client = Client::connect(&network).unwrap();
        let error = client.call("the call", Felt::ONE, "model_count", vec![]).unwrap_err().to_string();
        for secret in ["password-of-mine", "0123456789abcdef", "fedcba9876543210"] {
            assert!(!error.contains(secret), "{secret} is in {error}");
        }
        error
    }

    fn http(status: &str, body: &str) -> Answer {
        Answer::Http(format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()))
    }

    #[test]
    fn what_a_node_says_is_shown_without_keys_and_control_characters() {
        let repeats = "no such path /v3/0123456789abcdef?apikey=fedcba9876543210 \u{1b}]0;owned\u{7}\u{9b}2J";
        let shown = "no such path /v3/..?.. \\u{1b}]0;owned\\u{7}\\u{9b}2J";
        let refusals = [
            json!({ "code": -32601, "message": repeats }),
            json!({ "code": 40, "message": "Contract error", "data": { "revert_error": repeats } }),
            json!({ "code": 63, "message": "An unexpected error occurred", "data": repeats }),
        ];
        for refusal in refusals {
            let error = error_of(move || Answer::Error(refusal.clone()));
            assert!(error.contains(shown), "{error}");
        }
        let error = error_of(|| http("200 OK", "\"\u{1b}[2J\""));
        assert!(error.contains("no Starknet node answers at http://127.0.0.1:") && !error.contains('\u{1b}'), "{error}");
    }

    #[test]
    fn nothing_of_an_address_is_in_the_errors_of_a_connection() {
        // A port that nobody listens at.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("http://somebody:password-of-mine@127.0.0.1:{port}/v3/0123456789abcdef?apikey=fedcba9876543210");
        let node = FakeNode::start(|_, _| Answer::Result(Value::Null));
        let error = Client::connect(&NetworkConfig { url, ..node.network() }).err().unwrap();
        assert!(error.to_string().contains(&format!("no Starknet node answers at http://127.0.0.1:{port}/..: ")), "{error}");
        for secret in ["somebody", "password", "0123456789abcdef", "apikey", "fedcba9876543210"] {
            assert!(!error.to_string().contains(secret) && !format!("{error:?}").contains(secret), "{secret} is in {error:?}");
        }
        // Nor of one that none can be made to.
        for url in ["http://node.example/0123456789abcdef", "https://[0123456789abcdef"] {
            let error = Client::connect(&NetworkConfig { url: url.to_owned(), ..node.network() }).err().unwrap();
            assert!(matches!(error, ChainError::Url { .. }) && !format!("{error:?}").contains("0123456789abcdef"), "{error:?}");
        }
    }

    #[test]
    fn a_chain_of_another_name_is_shown_without_control_characters() {
        for (chain, shown) in [(&b"SN_MAIN"[..], "SN_MAIN"), (b"SN\x1b[2J", "0x534e1b5b324a")] {
            let node = FakeNode::of_chain(chain, |_, _| Answer::Result(Value::Null));
            let error = Client::connect(&node.network()).err().unwrap();
            assert!(matches!(&error, ChainError::WrongChain { found, .. } if found == shown), "{error}");
        }
    }

    #[test]
    fn an_answer_is_read_to_a_limit_only() {
        let error = error_of(|| http("200 OK", &" ".repeat((32 << 20) + 1)));
        assert!(error.contains("its answer is longer than 33554432 bytes"), "{error}");
    }

    #[test]
    fn a_node_that_sends_us_elsewhere_is_not_followed() {
        let other = FakeNode::start(|_, _| Answer::Result(json!([])));
        let url = other.url.clone();
        let moved =
            move || Answer::Http(format!("HTTP/1.1 307 Moved\r\nLocation: {url}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
        let error = error_of(moved);
        assert!(error.contains("HTTP status 307") && other.methods().is_empty(), "{error}");
    }

    #[test]
    fn the_receipt_of_another_transaction_is_refused() {
        let receipt = json!({
            "type": "INVOKE", "transaction_hash": "0x5", "actual_fee": { "amount": "0x1", "unit": "FRI" }, "finality_status": "ACCEPTED_ON_L2",
            "messages_sent": [], "events": [], "execution_status": "SUCCEEDED", "block_hash": "0x1", "block_number": 1,
            "execution_resources": { "l1_gas": 0, "l1_data_gas": 0, "l2_gas": 1 },
        });
        let node = FakeNode::start(move |_, _| Answer::Result(receipt.clone()));
        let client = Client::connect(&node.network()).unwrap();
        assert!(client.receipt(Felt::from(5)).unwrap().is_some());
        let error = client.receipt(Felt::from(6)).unwrap_err().to_string();
        assert!(error.contains("it is of transaction 0x00"), "{error}");
    }
}
