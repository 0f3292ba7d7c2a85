//! Transactions: declare and invoke, with bounds that are known before anything is signed.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use maat_cairo::{Contract, limits};
use starknet_rust::accounts::{Account as _, AccountError, ConnectedAccount, ExecutionEncoder, ExecutionEncoding, SingleOwnerAccount};
use starknet_rust::core::types::contract::SierraClass;
use starknet_rust::core::types::{Call, Event, ExecutionResult, FeeEstimate, Felt, StarknetError, TransactionReceiptWithBlockInfo};
use starknet_rust::providers::ProviderError;
use starknet_rust::signers::LocalWallet;

use crate::client::{BLOCK, Client, Node, selector};
use crate::error::ChainError;
use crate::fee::strk;
use crate::key::Credentials;
use crate::report::Receipt;

/// Room above an estimate, because state and prices change until the transaction is executed: a quarter of the gas, half of the prices.
const GAS_ROOM: (u64, u64) = (5, 4);
const PRICE_ROOM: (u128, u128) = (3, 2);
/// How long to wait for a transaction, and how long between two looks.
const INCLUSION: Duration = Duration::from_secs(300);
const LOOK: Duration = Duration::from_millis(500);
/// The first look is soon: a local chain executes at once.
const FIRST_LOOK: Duration = Duration::from_millis(20);

/// A call of a contract's function.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The contract.
    pub contract: Felt,
    /// The function's name.
    pub function: &'static str,
    /// Its arguments.
    pub calldata: Vec<Felt>,
}

/// The most that a transaction may use and pay: it is signed with these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceBounds {
    /// L1 gas.
    pub l1_gas: u64,
    /// The price of L1 gas, in fri.
    pub l1_gas_price: u128,
    /// L2 gas.
    pub l2_gas: u64,
    /// The price of L2 gas, in fri.
    pub l2_gas_price: u128,
    /// L1 data gas.
    pub l1_data_gas: u64,
    /// The price of L1 data gas, in fri.
    pub l1_data_gas_price: u128,
}

impl ResourceBounds {
    /// What the estimate says, with room up to a limit. `l2_gas` replaces the estimate's.
    fn new(estimate: &FeeEstimate, l2_gas: Option<u64>, l2_gas_limit: u64) -> Self {
        let gas = |consumed: u64| consumed.saturating_mul(GAS_ROOM.0) / GAS_ROOM.1;
        let price = |price: u128| price.saturating_mul(PRICE_ROOM.0) / PRICE_ROOM.1;
        Self {
            l1_gas: gas(estimate.l1_gas_consumed),
            l1_gas_price: price(estimate.l1_gas_price),
            // With its room, it must still be within what a transaction may have.
            l2_gas: l2_gas.unwrap_or_else(|| gas(estimate.l2_gas_consumed).min(l2_gas_limit)),
            l2_gas_price: price(estimate.l2_gas_price),
            l1_data_gas: gas(estimate.l1_data_gas_consumed),
            l1_data_gas_price: price(estimate.l1_data_gas_price),
        }
    }

    /// The most that it can cost, in fri.
    pub fn fee(&self) -> u128 {
        let parts = [(self.l1_gas, self.l1_gas_price), (self.l2_gas, self.l2_gas_price), (self.l1_data_gas, self.l1_data_gas_price)];
        parts.into_iter().map(|(gas, price)| u128::from(gas).saturating_mul(price)).fold(0, u128::saturating_add)
    }
}

impl fmt::Display for ResourceBounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { l1_gas, l1_gas_price, l2_gas, l2_gas_price, l1_data_gas, l1_data_gas_price } = self;
        write!(f, "{l2_gas} L2 gas at {l2_gas_price} fri, {l1_gas} L1 gas at {l1_gas_price} fri, ")?;
        write!(f, "{l1_data_gas} L1 data gas at {l1_data_gas_price} fri")
    }
}

/// A transaction that is ready to be signed. Executions and declarations have the same methods, but no trait for them.
macro_rules! prepared {
    ($transaction:expr, $nonce:expr, $bounds:expr) => {
        $transaction
            .nonce($nonce)
            .l1_gas($bounds.l1_gas)
            .l1_gas_price($bounds.l1_gas_price)
            .l2_gas($bounds.l2_gas)
            .l2_gas_price($bounds.l2_gas_price)
            .l1_data_gas($bounds.l1_data_gas)
            .l1_data_gas_price($bounds.l1_data_gas_price)
            .tip(0)
            .prepared()
            .expect("all fields are given")
    };
}

/// An account that signs and pays.
pub struct Account<'c> {
    client: &'c Client,
    account: SingleOwnerAccount<Arc<Node>, LocalWallet>,
    /// L2 gas that each transaction may use, instead of what is estimated.
    l2_gas: Option<u64>,
}

impl<'c> Account<'c> {
    /// The account on the network of the client.
    ///
    /// # Errors
    /// There is no contract at its address, or the network's entry does not say of which chain it is.
    pub fn new(client: &'c Client, credentials: Credentials, l2_gas: Option<u64>) -> Result<Self, ChainError> {
        let Credentials { address, key } = credentials;
        // A signature holds for one chain, and the node alone must not say for which.
        if client.network.chain_id.is_none() {
            let reason = "nothing is signed without a chain_id in its entry".to_owned();
            return Err(ChainError::Key { network: client.network.name.clone(), reason });
        }
        if client.class_hash_at(address)?.is_none() {
            return Err(ChainError::NoAccount { network: client.network.name.clone(), address });
        }
        let wallet = LocalWallet::from(key);
        let mut account = SingleOwnerAccount::new(client.node.clone(), wallet, address, client.chain_id, ExecutionEncoding::New);
        account.set_block_id(BLOCK);
        Ok(Self { client, account, l2_gas })
    }

    /// Its address.
    pub fn address(&self) -> Felt {
        self.account.address()
    }

    /// The connection that it uses.
    pub fn client(&self) -> &'c Client {
        self.client
    }

    /// Calls contracts in one transaction and waits until it is in a block. `what` names it in errors. Gives what it cost, and its events.
    ///
    /// # Errors
    /// The transaction was refused before or after it was sent, or is in no block in time.
    pub fn invoke(&self, what: &str, invocations: Vec<Invocation>) -> Result<(Receipt, Vec<Event>), ChainError> {
        let calls = invocations.into_iter().map(|Invocation { contract, function, calldata }| Call {
            to: contract,
            selector: selector(function),
            calldata,
        });
        let calls: Vec<Call> = calls.collect();
        let execution = || self.account.execute_v3(calls.clone());
        let nonce = self.nonce()?;
        let estimate = self.client.runtime.block_on(execution().nonce(nonce).estimate_fee());
        let bounds = self.bounds(what, estimate, limits::TRANSACTION_L2_GAS)?;
        let prepared = prepared!(execution(), nonce, bounds);
        let hash = prepared.transaction_hash(false);
        self.sent(what, hash, || async { prepared.send().await.map(|_| ()) })?;
        let receipt = self.wait(what, hash)?;
        let calldata = self.account.encode_calls(&calls).len() as u64;
        Ok((Receipt::new(&receipt, calldata), receipt.receipt.events().to_vec()))
    }

    /// What such a transaction would take in L2 gas, by the node's estimate. Nothing is sent.
    ///
    /// # Errors
    /// A contract refuses, or the node does not say.
    pub fn estimate(&self, what: &str, invocations: Vec<Invocation>) -> Result<u64, ChainError> {
        let calls = invocations.into_iter().map(|Invocation { contract, function, calldata }| Call {
            to: contract,
            selector: selector(function),
            calldata,
        });
        let execution = self.account.execute_v3(calls.collect()).nonce(self.nonce()?);
        let estimate = self.client.runtime.block_on(execution.estimate_fee()).map_err(|error| self.failed(what, error))?;
        Ok(estimate.l2_gas_consumed)
    }

    /// Declares a class and waits until that is in a block. Gives what it cost; nothing if the class turns out to be declared.
    ///
    /// # Errors
    /// As for [`Self::invoke`].
    pub fn declare(&self, what: &str, contract: &Contract) -> Result<Option<Receipt>, ChainError> {
        let rejected = |reason: String| ChainError::Rejected { what: what.to_owned(), reason };
        let class: SierraClass = serde_json::from_slice(&contract.sierra_json()).map_err(|error| rejected(error.to_string()))?;
        let class = Arc::new(class.flatten().map_err(|error| rejected(error.to_string()))?);
        let declaration = || self.account.declare_v3(class.clone(), contract.compiled_class_hash());
        let nonce = self.nonce()?;
        let estimate = self.client.runtime.block_on(declaration().nonce(nonce).estimate_fee());
        // If somebody else declares the class meanwhile, nodes say so in several ways.
        if estimate.is_err() && self.client.is_declared(contract.class_hash())? {
            return Ok(None);
        }
        // What a declaration costs grows with the class, whose size has limits of its own.
        let bounds = self.bounds(what, estimate, u64::MAX)?;
        let prepared = prepared!(declaration(), nonce, bounds);
        let hash = prepared.transaction_hash(false);
        self.sent(what, hash, || async { prepared.send().await.map(|_| ()) })?;
        self.wait(what, hash).map(|receipt| Some(Receipt::new(&receipt, 0)))
    }

    /// How many transactions the account has sent.
    ///
    /// # Errors
    /// The node does not say.
    pub fn nonce(&self) -> Result<Felt, ChainError> {
        self.client.ask(|| self.account.get_nonce()).map_err(|error| self.client.refused("looking up the nonce", error))
    }

    /// The bounds of a transaction, from its estimate; refuses what the network would not execute, the file of networks does not allow or the
    /// account cannot pay.
    fn bounds<S: std::error::Error>(
        &self,
        what: &str,
        estimate: Result<FeeEstimate, AccountError<S>>,
        l2_gas_limit: u64,
    ) -> Result<ResourceBounds, ChainError> {
        let estimate = estimate.map_err(|error| self.failed(what, error))?;
        if estimate.l2_gas_consumed > l2_gas_limit && self.l2_gas.is_none() {
            let figures = format!("{} of at most {l2_gas_limit} L2 gas", estimate.l2_gas_consumed);
            return Err(ChainError::OverLimit { what: what.to_owned(), figures, forcible: false });
        }
        let bounds = ResourceBounds::new(&estimate, self.l2_gas, l2_gas_limit);
        let needed = bounds.fee();
        if let Some(ceiling) = self.client.network.max_fee.filter(|ceiling| needed > *ceiling) {
            let (what, network) = (what.to_owned(), self.client.network.name.clone());
            return Err(ChainError::Dear { what, network, needed: strk(needed), bounds: bounds.to_string(), ceiling: strk(ceiling) });
        }
        let (address, balance) = (self.address(), self.client.balance(self.address())?);
        if balance < needed { Err(ChainError::Unfunded { address, balance, needed }) } else { Ok(bounds) }
    }

    /// Sends a transaction. A request without an answer is repeated: the node knows the transaction by its hash, and refuses a second one.
    fn sent<S, F>(&self, what: &str, hash: Felt, send: impl Fn() -> F) -> Result<(), ChainError>
    where
        S: std::error::Error,
        F: Future<Output = Result<(), AccountError<S>>>,
    {
        let attempt = || async {
            match send().await {
                Err(AccountError::Provider(error)) if crate::client::is_transient(&error) => Err(error),
                answer => Ok(answer),
            }
        };
        match self.client.ask(attempt).map_err(|error| self.client.refused(what, error))? {
            Ok(()) | Err(AccountError::Provider(ProviderError::StarknetError(StarknetError::DuplicateTx))) => Ok(()),
            // The nonce is used up: by this transaction, if an attempt before arrived after all.
            Err(error @ AccountError::Provider(ProviderError::StarknetError(StarknetError::InvalidTransactionNonce(_)))) => {
                if self.client.receipt(hash)?.is_some() { Ok(()) } else { Err(self.failed(what, error)) }
            }
            Err(error) => Err(self.failed(what, error)),
        }
    }

    fn failed<S: std::error::Error>(&self, what: &str, error: AccountError<S>) -> ChainError {
        let rejected = |reason: String| ChainError::Rejected { what: what.to_owned(), reason };
        let address = self.address();
        match error {
            AccountError::Provider(ProviderError::StarknetError(StarknetError::ValidationFailure(text))) => {
                let reason = self.client.panic_message(&text);
                ChainError::WrongKey { address, reason }
            }
            AccountError::Provider(ProviderError::StarknetError(StarknetError::InsufficientAccountBalance)) => {
                match self.client.balance(address) {
                    Ok(balance) => ChainError::Unfunded { address, balance, needed: balance.saturating_add(1) },
                    Err(error) => error,
                }
            }
            AccountError::Provider(error) => match self.client.refused(what, error) {
                // What the account itself says when it does not know the key.
                ChainError::Panicked { message, .. } if message.to_lowercase().contains("invalid signature") => {
                    ChainError::WrongKey { address, reason: message }
                }
                other => other,
            },
            other => rejected(other.to_string()),
        }
    }

    fn wait(&self, what: &str, transaction: Felt) -> Result<TransactionReceiptWithBlockInfo, ChainError> {
        let started = Instant::now();
        let mut pause = FIRST_LOOK;
        loop {
            if let Some(receipt) = self.client.receipt(transaction)? {
                return match receipt.receipt.execution_result() {
                    ExecutionResult::Succeeded => Ok(receipt),
                    ExecutionResult::Reverted { reason } => {
                        Err(ChainError::Panicked { what: what.to_owned(), message: self.client.panic_message(reason) })
                    }
                };
            }
            if started.elapsed() > INCLUSION {
                return Err(ChainError::NotIncluded { transaction, seconds: INCLUSION.as_secs() });
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(LOOK);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::NetworkConfig;
    use crate::fake_node::{Answer, FakeNode};

    fn estimate(l2_gas: u64) -> FeeEstimate {
        FeeEstimate {
            l1_gas_consumed: 0,
            l1_gas_price: 10,
            l2_gas_consumed: l2_gas,
            l2_gas_price: 4,
            l1_data_gas_consumed: 100,
            l1_data_gas_price: 2,
            overall_fee: 0,
        }
    }

    #[test]
    fn bounds_leave_room_but_never_above_the_limit() {
        let bounds = ResourceBounds::new(&estimate(1_000), None, limits::TRANSACTION_L2_GAS);
        assert_eq!((bounds.l1_gas, bounds.l2_gas, bounds.l1_data_gas), (0, 1_250, 125));
        assert_eq!((bounds.l1_gas_price, bounds.l2_gas_price, bounds.l1_data_gas_price), (15, 6, 3));
        assert_eq!(bounds.fee(), 1_250 * 6 + 125 * 3);
        assert_eq!(
            ResourceBounds::new(&estimate(limits::TRANSACTION_L2_GAS - 1), None, limits::TRANSACTION_L2_GAS).l2_gas,
            limits::TRANSACTION_L2_GAS
        );
        assert_eq!(ResourceBounds::new(&estimate(1_000), Some(7), limits::TRANSACTION_L2_GAS).l2_gas, 7);
        let dear = ResourceBounds { l2_gas: u64::MAX, l2_gas_price: u128::MAX, ..bounds };
        assert_eq!(dear.fee(), u128::MAX);
    }

    /// An account on a fake node that wants these prices, with its client and what it was asked.
    fn refusal(max_fee: Option<u128>, l2_gas: Option<u64>, l2_gas_price: u64) -> (ChainError, Vec<String>) {
        let node = FakeNode::start(move |method, _| match method {
            "starknet_getClassHashAt" => Answer::Result("0x1".into()),
            "starknet_getNonce" => Answer::Result("0x0".into()),
            "starknet_estimateFee" => Answer::Result(json!([{
                "l1_gas_consumed": "0x0", "l1_gas_price": "0x1", "l1_data_gas_consumed": "0x0", "l1_data_gas_price": "0x1",
                "l2_gas_consumed": "0xf4240", "l2_gas_price": format!("{l2_gas_price:#x}"), "overall_fee": "0x0", "unit": "FRI",
            }])),
            // The balance is more than anything costs.
            "starknet_call" => Answer::felts([Felt::ZERO, Felt::ONE]),
            _ => Answer::Error(json!({ "code": 63, "message": "An unexpected error occurred", "data": "sent" })),
        });
        let client = Client::connect(&NetworkConfig { max_fee, ..node.network() }).unwrap();
        let account = Account::new(&client, Credentials::new(Felt::ONE, Felt::TWO), l2_gas).unwrap();
        let invocation = Invocation { contract: Felt::ONE, function: "predict", calldata: vec![] };
        (account.invoke("the execution", vec![invocation]).unwrap_err(), node.methods())
    }

    #[test]
    fn a_transaction_that_may_cost_more_than_the_file_allows_is_not_signed() {
        const SENT: &str = "starknet_addInvokeTransaction";
        // 1,250,000 L2 gas at 15 * 10^12 fri: 18.75 STRK.
        let price = 10_000_000_000_000;
        let ceiling = 18_750_000_000_000_000_000;
        let (error, asked) = refusal(Some(ceiling - 1), None, price);
        let text = error.to_string();
        assert!(text.starts_with("the execution may cost up to 18.75 STRK (1250000 L2 gas at 15000000000000 fri, 0 L1 gas"), "{text}");
        assert!(text.contains("network `fake` may cost 18.749999999999999999 STRK at most") && text.contains("max_fee_strk"), "{text}");
        assert!(!asked.iter().any(|method| method == SENT), "{asked:?}");
        // Gas that the user gives counts, too.
        let (error, asked) = refusal(Some(ceiling), Some(1_250_001), price);
        assert!(matches!(error, ChainError::Dear { .. }) && !asked.iter().any(|method| method == SENT), "{error}");
        for limit in [Some(ceiling), None] {
            let (error, asked) = refusal(limit, None, price);
            assert!(error.to_string().contains("sent") && asked.iter().any(|method| method == SENT), "{error}, {asked:?}");
        }
    }

    #[test]
    fn nothing_is_signed_for_a_chain_that_only_the_node_names() {
        let node = FakeNode::start(|_, _| Answer::Result("0x1".into()));
        let client = Client::connect(&NetworkConfig { chain_id: None, ..node.network() }).unwrap();
        let error = Account::new(&client, Credentials::new(Felt::ONE, Felt::TWO), None).err().unwrap().to_string();
        assert!(error.contains("nothing is signed without a chain_id"), "{error}");
    }
}
