use std::path::PathBuf;

use starknet_rust::core::types::Felt;

/// Why something could not be done on a network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// The file of networks cannot be read, or says what it may not say.
    #[error("{path}: {reason}")]
    Config { path: PathBuf, reason: String },
    /// No network has this name.
    #[error("there is no network `{name}`: {known}")]
    UnknownNetwork { name: String, known: String },
    /// The network has no account, or the account no key that can be had.
    #[error("network `{network}`: {reason}")]
    Key { network: String, reason: String },
    /// Nothing answers at the network's address, or something that is not a Starknet node.
    #[error("network `{network}`: no Starknet node answers at {url}: {reason}")]
    Unreachable { network: String, url: String, reason: String },
    /// The network's address is malformed, or plain http to another machine.
    #[error("network `{network}`: {reason}")]
    Url { network: String, reason: String },
    /// The node belongs to another network than the file says.
    #[error("network `{network}`: the node at {url} is of chain {found}, but {expected} is configured")]
    WrongChain { network: String, url: String, expected: String, found: String },
    /// The account is not deployed on this network.
    #[error("there is no account at {address:#066x} on network `{network}`: is it the right network, and is the account deployed there?")]
    NoAccount { network: String, address: Felt },
    /// The account refused the signature.
    #[error("the account {address:#066x} refuses the signature: the key is not the account's ({reason})")]
    WrongKey { address: Felt, reason: String },
    /// The account cannot pay.
    #[error("the account {address:#066x} has {balance} fri (10^-18 STRK), but the transaction may cost up to {needed} fri: fund it first")]
    Unfunded { address: Felt, balance: u128, needed: u128 },
    /// A transaction may cost more than the file of networks allows.
    #[error(
        "{what} may cost up to {needed} STRK ({bounds}), but a transaction on network `{network}` may cost {ceiling} STRK at most: look at \
         the node's prices, then raise max_fee_strk in the file of networks"
    )]
    Dear { what: String, network: String, needed: String, bounds: String, ceiling: String },
    /// A contract panicked.
    #[error("{what} was refused: {message}")]
    Panicked { what: String, message: String },
    /// The node did not accept a request, for reasons of its own.
    #[error("{what} failed: {reason}")]
    Rejected { what: String, reason: String },
    /// A transaction was sent, but is in no block yet. It may still be accepted.
    #[error(
        "transaction {transaction:#066x} is in no block after {seconds} s; it may still be accepted, run the same command again to go on"
    )]
    NotIncluded { transaction: Felt, seconds: u64 },
    /// More than the network allows in one transaction or class.
    #[error("{what} does not fit on Starknet: {figures}")]
    OverLimit { what: String, figures: String },
    /// A contract gave what its interface does not allow.
    #[error("{what} gave an answer that cannot be read: {reason}")]
    Malformed { what: String, reason: String },
    /// No registry is where it should be.
    #[error("there is no registry at {address:#066x} on network `{network}`: {advice}")]
    NoRegistry { network: String, address: Felt, advice: &'static str },
    /// The registry does not know a model, or not this version of it.
    #[error("{reason}")]
    NotRegistered { reason: String },
    /// The registry has the version, but registered otherwise than it would be now.
    #[error("{model} has this class as version {version} already, but {}: {advice}", .differences.join("; "))]
    RegisteredOtherwise { model: String, version: u32, differences: Vec<String>, advice: &'static str },
    /// Inputs that the model does not take.
    #[error("{0}")]
    Input(String),
    /// The local chain could not be installed, started or ended.
    #[error("{0}")]
    Devnet(String),
    /// A file of ours, or the package's, cannot be read or written.
    #[error("{path}")]
    File { path: PathBuf, source: std::io::Error },
    /// The package is not whole.
    #[error(transparent)]
    Package(#[from] maat_transpiler::TranspileError),
    /// One of our own contracts does not compile.
    #[error(transparent)]
    Compile(#[from] maat_cairo::CompileError),
}
