//! What a transaction used, beside what the network allows.

use maat_cairo::limits;
use serde::Serialize;
use starknet_rust::core::types::{
    DeclareTransactionReceipt, DeployAccountTransactionReceipt, DeployTransactionReceipt, ExecutionResources, FeePayment, Felt,
    InvokeTransactionReceipt, L1HandlerTransactionReceipt, TransactionReceipt, TransactionReceiptWithBlockInfo,
};

/// What a transaction used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// The transaction's hash.
    pub transaction: Felt,
    /// The number of its block.
    pub block: u64,
    /// What was paid, in fri (10^-18 STRK).
    pub fee: u128,
    /// L1 gas.
    pub l1_gas: u64,
    /// L1 data gas.
    pub l1_data_gas: u64,
    /// L2 gas in total: the account's validation, the calls, calldata, events, storage and the payment.
    pub l2_gas: u64,
    /// Felts of its calldata.
    pub calldata_felts: u64,
}

impl Receipt {
    pub(crate) fn new(receipt: &TransactionReceiptWithBlockInfo, calldata_felts: u64) -> Self {
        let (resources, fee): (&ExecutionResources, &FeePayment) = match &receipt.receipt {
            TransactionReceipt::Invoke(InvokeTransactionReceipt { execution_resources, actual_fee, .. })
            | TransactionReceipt::Declare(DeclareTransactionReceipt { execution_resources, actual_fee, .. })
            | TransactionReceipt::Deploy(DeployTransactionReceipt { execution_resources, actual_fee, .. })
            | TransactionReceipt::DeployAccount(DeployAccountTransactionReceipt { execution_resources, actual_fee, .. })
            | TransactionReceipt::L1Handler(L1HandlerTransactionReceipt { execution_resources, actual_fee, .. }) => {
                (execution_resources, actual_fee)
            }
        };
        Self {
            transaction: *receipt.receipt.transaction_hash(),
            block: receipt.block.block_number(),
            fee: u128::try_from(fee.amount).unwrap_or(u128::MAX),
            l1_gas: resources.l1_gas,
            l1_data_gas: resources.l1_data_gas,
            l2_gas: resources.l2_gas,
            calldata_felts,
        }
    }

    /// Share of the L2 gas that a transaction may use.
    pub fn l2_gas_share(&self) -> f64 {
        self.l2_gas as f64 / limits::TRANSACTION_L2_GAS as f64
    }

    /// Share of the calldata that a transaction may have.
    pub fn calldata_share(&self) -> f64 {
        self.calldata_felts as f64 / limits::CALLDATA_FELTS as f64
    }
}
