//! Why something could not be done on a network, for the whole crate. An error says what is wrong. Where the caller can choose otherwise, a
//! variant or a field says so: the words for it belong to whoever talks to the user.

use std::path::PathBuf;

use starknet_rust::core::types::Felt;

use crate::vault::Refusal;

/// Why something could not be done on a network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// The file of networks is malformed, or holds what it must not, such as a key.
    #[error("{path}: {reason}")]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The model's weights are to stay secret.
    #[error("the model {model} is private, and a contract holds all of its weights: transpile it without --private to put it on a chain")]
    Private {
        /// Its name.
        model: String,
    },
    /// No network has this name.
    #[error("there is no network `{name}`: {path} and the local chain have {}", .known.join(", "))]
    UnknownNetwork {
        /// The name.
        name: String,
        /// The file of networks.
        path: PathBuf,
        /// The names that there are.
        known: Vec<String>,
    },
    /// The network is the local chain, and that does not run: it has to be started first.
    #[error("there is no network `devnet`: the local chain does not run")]
    DevnetStopped,
    /// The network has no account, or the account's key cannot be had.
    #[error("network `{network}`: {reason}")]
    Key {
        /// The network.
        network: String,
        /// What is missing.
        reason: String,
    },
    /// Nothing answers at the network's address, or something that is not a Starknet node.
    #[error("network `{network}`: no Starknet node answers at {url}: {reason}")]
    Unreachable {
        /// The network.
        network: String,
        /// Its address, without what may be a key.
        url: String,
        /// What happened instead.
        reason: String,
    },
    /// The network's address is malformed, or plain http to another machine.
    #[error("network `{network}`: {reason}")]
    Url {
        /// The network.
        network: String,
        /// What is wrong with its address.
        reason: String,
    },
    /// The node belongs to another network than the file says.
    #[error("network `{network}`: the node at {url} is of chain {found}, but {expected} is configured")]
    WrongChain {
        /// The network.
        network: String,
        /// Its address, without what may be a key.
        url: String,
        /// The chain that is configured.
        expected: String,
        /// The chain that the node names.
        found: String,
    },
    /// The account is not deployed on this network.
    #[error("there is no account at {address:#066x} on network `{network}`: is it the right network, and is the account deployed there?")]
    NoAccount {
        /// The network.
        network: String,
        /// The account's address.
        address: Felt,
    },
    /// The account refused the signature.
    #[error("the account {address:#066x} refuses the signature: the key is not the account's ({reason})")]
    WrongKey {
        /// The account.
        address: Felt,
        /// What it said.
        reason: String,
    },
    /// The account cannot pay.
    #[error("the account {address:#066x} has {balance} fri (10^-18 STRK), but the transaction may cost up to {needed} fri: fund it first")]
    Unfunded {
        /// The account.
        address: Felt,
        /// What it has, in fri.
        balance: u128,
        /// What the transaction may cost, in fri.
        needed: u128,
    },
    /// A transaction may cost more than the file of networks allows.
    #[error(
        "{what} may cost up to {needed} STRK ({bounds}), but a transaction on network `{network}` may cost {ceiling} STRK at most: look at \
         the node's prices, then raise max_fee_strk in the file of networks"
    )]
    Dear {
        /// The transaction.
        what: String,
        /// The network.
        network: String,
        /// What it may cost, in STRK.
        needed: String,
        /// The resources and prices that make up the cost.
        bounds: String,
        /// What a transaction may cost there, in STRK.
        ceiling: String,
    },
    /// A contract panicked.
    #[error("{what} was refused: {message}")]
    Panicked {
        /// What was asked of it.
        what: String,
        /// What it said.
        message: String,
    },
    /// A vault, its price history or its feed refused.
    #[error("{what} was refused: {refusal}")]
    Refused {
        /// What was asked of it.
        what: String,
        /// Why not.
        refusal: Refusal,
    },
    /// The node did not accept a request, for reasons of its own.
    #[error("{what} failed: {reason}")]
    Rejected {
        /// The request.
        what: String,
        /// What the node said.
        reason: String,
    },
    /// A transaction was sent, but is in no block yet. It may still be accepted: to do the same again goes on from there.
    #[error("transaction {transaction:#066x} is in no block after {seconds} s, but may still be accepted")]
    NotIncluded {
        /// The transaction's hash.
        transaction: Felt,
        /// How long it was waited for.
        seconds: u64,
    },
    /// More than the network allows in one transaction or class.
    #[error("{what} does not fit on Starknet: {figures}")]
    OverLimit {
        /// What is too large.
        what: String,
        /// How large it is, beside the limits.
        figures: String,
        /// Whether [`crate::deploy::DeployOptions::force`] sends it all the same.
        forcible: bool,
    },
    /// A contract gave what its interface does not allow.
    #[error("{what} gave an answer that cannot be read: {reason}")]
    Malformed {
        /// The request.
        what: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// No registry is where it should be.
    #[error("there is no registry at {address:#066x} on network `{network}`{}", .place.hint())]
    NoRegistry {
        /// The network.
        network: String,
        /// Where the registry should be.
        address: Felt,
        /// Why it should be there.
        place: RegistryPlace,
    },
    /// The registry takes no such name for a model: another one has to be given.
    #[error("{name:?} is not a name for the registry: it must be 1 to 31 printable ASCII characters without spaces")]
    InvalidName {
        /// The name.
        name: String,
    },
    /// The model's name belongs to another account: another one has to be given.
    #[error("the name {name} is taken: it belongs to {owner:#066x}")]
    NameTaken {
        /// The name.
        name: String,
        /// Who owns the model of this name.
        owner: Felt,
    },
    /// No model has this name or number.
    #[error("the registry has no model {model:?}")]
    UnknownModel {
        /// The name or number.
        model: String,
    },
    /// The model has no version of this number.
    #[error("model {model} has versions 1 to {versions}, and no version {version}")]
    UnknownVersion {
        /// The model's name.
        model: String,
        /// How many versions it has.
        versions: u32,
        /// The number.
        version: u32,
    },
    /// A contract is not an instance that the registry deployed.
    #[error("the registry did not deploy the instance {instance:#066x}")]
    UnknownInstance {
        /// The contract's address.
        instance: Felt,
    },
    /// The registry accepted a registration, and does not have it.
    #[error("model {model} was registered, but the registry does not find it")]
    Lost {
        /// The model's name.
        model: String,
    },
    /// The registry has the version, but registered otherwise than it would be now. The model can be registered under another name.
    #[error("{model} has this class as version {version} already, but {}: {}", .differences.join("; "), immutable(.adoptable))]
    RegisteredOtherwise {
        /// The model's name.
        model: String,
        /// The version with this class.
        version: u32,
        /// What differs, a clause each.
        differences: Vec<String>,
        /// Whether [`crate::deploy::DeployOptions::adopt`] uses the version as it is. It does not where a hash differs.
        adoptable: bool,
    },
    /// The model of a strategy is not in the registry: a vault cannot be found without its number.
    #[error("the strategy's network is not registered as {model:?} on network `{network}`")]
    NotRegistered {
        /// The network.
        network: String,
        /// The model's name.
        model: String,
    },
    /// No vault is where the strategy's file leads.
    #[error("there is no vault at {address:#066x} on network `{network}`, where account {account:#066x} would have put it")]
    NoVault {
        /// The network.
        network: String,
        /// Where the vault should be.
        address: Felt,
        /// Who should have deployed it.
        account: Felt,
    },
    /// The strategy's file does not say what a vault is made from on this network.
    #[error(
        "the strategy's file has no table [vault.networks.{network}], which says what the vault is made from there: only the local chain \
         has mocks"
    )]
    NoVaultTable {
        /// The network.
        network: String,
    },
    /// What the file says of a vault does not fit the network.
    #[error("the strategy's table [vault]: {reason}")]
    VaultTable {
        /// What does not fit.
        reason: String,
    },
    /// The local chain runs, and has to be stopped first.
    #[error("the local chain runs, as process {pid}")]
    DevnetRuns {
        /// Its process.
        pid: u32,
    },
    /// The local chain could not be installed, started or ended.
    #[error("{0}")]
    Devnet(String),
    /// A file of ours, or the package's, cannot be read or written.
    #[error("{path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The package is not whole, or contradicts itself.
    #[error(transparent)]
    Package(#[from] maat_package::PackageError),
    /// One of our own contracts does not compile.
    #[error(transparent)]
    Compile(#[from] maat_cairo::CompileError),
}

/// Why a registry should be at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistryPlace {
    /// The file of networks says so.
    Configured,
    /// It is the local chain's, which the first deployment there makes.
    Devnet,
    /// It is the one that everybody shares, which somebody has to deploy once on each network.
    Shared,
}

impl RegistryPlace {
    fn hint(self) -> &'static str {
        match self {
            Self::Configured => ": is it the right network? The address is in the file of networks",
            Self::Devnet | Self::Shared => "",
        }
    }
}

/// Why a version that is registered otherwise stays so.
fn immutable(adoptable: &bool) -> &'static str {
    if *adoptable { "a registration never changes" } else { "proofs of this package would not be known by it" }
}
