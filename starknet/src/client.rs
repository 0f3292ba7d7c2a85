//! A connection to a network's node: what can be asked without an account.

use std::sync::Arc;
use std::time::Duration;

use starknet_rust::core::types::{
    BlockId, BlockTag, ContractClass, ContractErrorData, Felt, FunctionCall, StarknetError, TransactionExecutionErrorData,
    TransactionReceiptWithBlockInfo,
};
use starknet_rust::core::utils::{get_selector_from_name, parse_cairo_short_string};
use starknet_rust::providers::jsonrpc::{HttpTransport, JsonRpcClient};
use starknet_rust::providers::{Provider, ProviderError, Url};
use tokio::runtime::Runtime;

use crate::config::Network;
use crate::error::ChainError;
use crate::revert;

/// What is asked of, and told to, is the last block that is accepted.
pub(crate) const BLOCK: BlockId = BlockId::Tag(BlockTag::Latest);
/// The token that fees are paid in, at the same address on all networks.
const STRK: Felt = Felt::from_hex_unchecked("0x4718f5a0fc34cc1af16a1cdee98ffb20c31f5cd61d6ab07201858f4287c938d");
/// How long a node may take to answer: a class of the greatest size takes it some seconds.
const TIMEOUT: Duration = Duration::from_secs(120);
/// How long it may take to be reached.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How often a request is repeated that got no answer, and how long to wait before the first time; each wait is twice the one before.
const RETRIES: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_millis(250);

pub(crate) type Node = JsonRpcClient<HttpTransport>;

/// A connection to a network's node.
pub struct Client {
    pub(crate) runtime: Runtime,
    pub(crate) node: Arc<Node>,
    pub(crate) network: Network,
    pub(crate) chain_id: Felt,
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
    /// Nothing answers, or something that is no Starknet node, or one of another chain.
    pub fn connect(network: &Network) -> Result<Self, ChainError> {
        let unreachable = |reason: String| ChainError::Unreachable { network: network.name.clone(), url: network.url.clone(), reason };
        let url = Url::parse(&network.url).map_err(|error| unreachable(error.to_string()))?;
        let http = reqwest::Client::builder().timeout(TIMEOUT).connect_timeout(CONNECT_TIMEOUT).build();
        let http = http.map_err(|error| unreachable(causes(&error)))?;
        let node = Arc::new(JsonRpcClient::new(HttpTransport::new_with_client(url, http)));
        let runtime = runtime()?;
        let chain_id = runtime.block_on(node.chain_id()).map_err(|error| unreachable(causes(&error)))?;
        let found = parse_cairo_short_string(&chain_id).unwrap_or_else(|_| format!("{chain_id:#x}"));
        match &network.chain_id {
            Some(expected) if *expected != found => {
                Err(ChainError::WrongChain { network: network.name.clone(), url: network.url.clone(), expected: expected.clone(), found })
            }
            _ => Ok(Self { runtime, node, network: network.clone(), chain_id }),
        }
    }

    /// The network.
    pub fn network(&self) -> &Network {
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
    /// The contract is not there, has no such function or refused: the error has its message.
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

    /// A transaction's receipt, if it is in a block.
    pub(crate) fn receipt(&self, transaction: Felt) -> Result<Option<TransactionReceiptWithBlockInfo>, ChainError> {
        match self.ask(|| self.node.get_transaction_receipt(transaction)) {
            Ok(receipt) if receipt.block.is_block() => Ok(Some(receipt)),
            Ok(_) | Err(ProviderError::StarknetError(StarknetError::TransactionHashNotFound)) => Ok(None),
            Err(error) => Err(self.refused("looking up a receipt", error)),
        }
    }

    /// What a node's refusal means.
    pub(crate) fn refused(&self, what: &str, error: ProviderError) -> ChainError {
        let what = what.to_owned();
        let ProviderError::StarknetError(refusal) = &error else {
            return ChainError::Unreachable { network: self.network.name.clone(), url: self.network.url.clone(), reason: causes(&error) };
        };
        match refusal {
            StarknetError::ContractError(ContractErrorData { revert_error })
            | StarknetError::TransactionExecutionError(TransactionExecutionErrorData { execution_error: revert_error, .. }) => {
                ChainError::Panicked { what, message: revert::message(revert_error) }
            }
            StarknetError::ContractNotFound => {
                let reason = format!("there is no such contract on network `{}`: is it the right network?", self.network.name);
                ChainError::Rejected { what, reason }
            }
            other => ChainError::Rejected { what, reason: other.to_string() },
        }
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
            use starknet_rust::providers::jsonrpc::{HttpTransportError, JsonRpcClientError};
            let error = error.as_any().downcast_ref::<JsonRpcClientError<HttpTransportError>>();
            matches!(error, Some(JsonRpcClientError::TransportError(HttpTransportError::Reqwest(_))))
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
