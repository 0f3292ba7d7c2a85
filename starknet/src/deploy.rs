//! Deployment of a model package: what has to be on the chain is looked up, and what is missing is done. A second run changes nothing, and a
//! run after one that was cut off continues where that one ended.

use maat_cairo::{Contract, limits};
use maat_package::{Cost, PackageFolder};
use serde::Serialize;
use starknet_rust::core::types::Felt;

use crate::account::Account;
use crate::config::DEVNET;
use crate::error::ChainError;
use crate::execute::calldata_felts;
use crate::facts;
use crate::registry::{self, InstanceSalt, RegisteredModel, RegisteredVersion, Registration, Registry, shared_address};
use crate::report::Receipt;

/// How to deploy a package.
#[derive(Debug, Clone, Default)]
pub struct DeployOptions {
    /// The model's name in the registry; by default the package's.
    pub name: Option<String>,
    /// Seconds from the announcement of a version's end to its end: 0 if none are given, and the version is not there yet.
    pub timelock: Option<u64>,
    /// Free text to register with the version: none if none is given, and the version is not there yet.
    pub metadata: Option<String>,
    /// Distinguishes instances of the same version by the same account.
    pub salt: Felt,
    /// Use a version that is there although it belongs to somebody else, or has another timelock or text.
    pub adopt: bool,
    /// Send what the network is known to refuse.
    pub force: bool,
}

/// What is on the chain after a deployment.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// The registry's address.
    pub registry: Felt,
    /// The model's name in it.
    pub name: String,
    /// The model's number in it.
    pub model: u64,
    /// The version's number.
    pub version: u32,
    /// Who owns the model, and so may end the version.
    pub owner: Felt,
    /// Who deployed.
    pub account: Felt,
    /// Seconds from the announcement of the version's end to its end.
    pub timelock: u64,
    /// Whether it was registered now.
    pub registered: bool,
    /// Hash of the model's class.
    pub class_hash: Felt,
    /// The instance of our own.
    pub instance: Felt,
    /// What was done, and what was there.
    pub steps: Vec<DeployStep>,
}

/// A step of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeployStep {
    /// What it makes.
    pub what: String,
    /// What it cost; nothing if what it makes was there.
    pub receipt: Option<Receipt>,
}

/// A model in the registry.
pub struct Registered<'c> {
    /// The registry.
    pub registry: Registry<'c>,
    /// The model.
    pub model: RegisteredModel,
    /// Its version with the package's class.
    pub version: RegisteredVersion,
    /// Whether it was registered now.
    pub is_new: bool,
}

/// Declares the classes of a package, and registers it as a version of a model.
///
/// # Errors
/// As for [`deploy`].
pub fn register<'c>(
    account: &Account<'c>,
    package: &PackageFolder,
    options: &DeployOptions,
    steps: &mut Vec<DeployStep>,
    progress: &mut dyn FnMut(&str),
) -> Result<Registered<'c>, ChainError> {
    let manifest = &package.manifest;
    if package.is_private() {
        return Err(ChainError::Private { model: manifest.name.clone() });
    }
    let name = options.name.as_deref().unwrap_or(&manifest.name);
    registry::name_felt(name)?;
    // A package without Cairo is refused below, where its classes are read.
    let over = package.report()?.cost.as_ref().map_or_else(Vec::new, over_limits);
    if !(over.is_empty() || options.force) {
        return Err(ChainError::OverLimit { what: format!("model {}", manifest.name), figures: over.join("; "), forcible: true });
    }
    progress("reading the classes");
    let (contract, layers) = (package.contract()?, package.layer_classes()?);
    // A package that contradicts itself can be neither run nor proven, and the registry would hold what its contract says for good.
    package.check_contract(&contract)?;
    let class_hash = contract.class_hash();
    let program_hash = Felt::from_bytes_le(&package.program_hash()?.felt().to_le_bytes());

    let registry = registry(account, steps, progress)?;
    let wanted = Wanted {
        account: account.address(),
        class_hash,
        program_hash,
        timelock: options.timelock,
        metadata: options.metadata.as_deref(),
        adopt: options.adopt,
    };
    // Before anything is paid for a name that is somebody else's.
    let found = wanted.find(&registry, name)?;
    for (index, layer) in layers.iter().enumerate() {
        steps.push(declared(account, &format!("layer class {} of {}", index + 1, layers.len()), layer, progress)?);
    }
    steps.push(declared(account, "model class", &contract, progress)?);

    progress("registering the model");
    let what = "registration".to_owned();
    let is_new = found.is_none();
    let (model, version) = match found {
        Some(found) => {
            steps.push(DeployStep { what, receipt: None });
            found
        }
        None => {
            let (timelock, metadata) = (options.timelock.unwrap_or_default(), options.metadata.as_deref().unwrap_or_default());
            let receipt = registry.register(account, &Registration { name, class_hash, program_hash, timelock, metadata })?;
            steps.push(DeployStep { what, receipt: Some(receipt) });
            let ours = Wanted { timelock: Some(timelock), metadata: Some(metadata), adopt: false, ..wanted };
            ours.find(&registry, name)?.ok_or_else(|| ChainError::Lost { model: name.to_owned() })?
        }
    };
    Ok(Registered { registry, model, version, is_new })
}

/// Deploys a package: declares its classes, registers it as a version of a model, and deploys an instance.
///
/// # Errors
/// The package is not whole, or does not fit on Starknet and is not forced to; a transaction is refused; the name is somebody else's, or the version was
/// registered otherwise than it would be now.
pub fn deploy(
    account: &Account,
    package: &PackageFolder,
    options: &DeployOptions,
    progress: &mut dyn FnMut(&str),
) -> Result<Deployment, ChainError> {
    let mut steps = Vec::new();
    let Registered { registry, model, version, is_new } = register(account, package, options, &mut steps, progress)?;

    progress("deploying an instance");
    let what = "instance".to_owned();
    let of = InstanceSalt { model: model.id, version: version.version, salt: options.salt };
    let instance = registry.instance_address(account.address(), &of, version.class_hash);
    let receipt = match account.client().class_hash_at(instance)? {
        Some(_) => None,
        None => Some(registry.deploy(account, &of)?),
    };
    steps.push(DeployStep { what, receipt });
    registry.check_instance(instance, &of)?;
    Ok(Deployment {
        registry: registry.address(),
        name: model.name.0,
        model: model.id,
        version: version.version,
        owner: model.owner,
        account: account.address(),
        timelock: version.timelock,
        registered: is_new,
        class_hash: version.class_hash,
        instance,
        steps,
    })
}

/// What a version should have been registered with; what is not asked for may be anything.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    account: Felt,
    class_hash: Felt,
    program_hash: Felt,
    timelock: Option<u64>,
    metadata: Option<&'a str>,
    /// Owner, timelock and text may be others.
    adopt: bool,
}

impl Wanted<'_> {
    /// The version with this class of the model with this name, if it is registered.
    fn find(&self, registry: &Registry, name: &str) -> Result<Option<(RegisteredModel, RegisteredVersion)>, ChainError> {
        let Some(model) = registry.model_by_name(name)? else { return Ok(None) };
        let Some(version) = registry.version_by_class(&model, self.class_hash)? else {
            if model.owner != self.account {
                return Err(ChainError::NameTaken { name: name.to_owned(), owner: model.owner });
            }
            return Ok(None);
        };
        let version = registry.version(&model, version)?;
        self.check(name, model.owner, &version)?;
        Ok(Some((model, version)))
    }

    /// Refuses a version that was registered otherwise: what is in the registry is what others see, and it never changes.
    fn check(&self, model: &str, owner: Felt, version: &RegisteredVersion) -> Result<(), ChainError> {
        let hash = |what: &str, found: Felt, wanted: Felt| {
            (found != wanted).then(|| format!("its {what} is {found:#066x}, and the package's {wanted:#066x}"))
        };
        let wrong =
            [hash("class hash", version.class_hash, self.class_hash), hash("program hash", version.program_hash, self.program_hash)];
        let other = [
            (owner != self.account).then(|| format!("it belongs to {owner:#066x}, who may end it, and not to {:#066x}", self.account)),
            self.timelock
                .filter(|wanted| *wanted != version.timelock)
                .map(|wanted| format!("its timelock is {} s, and not {wanted} s", version.timelock)),
            self.metadata
                .filter(|wanted| wanted.as_bytes() != version.metadata.0)
                .map(|wanted| format!("its metadata are `{}`, and not `{wanted}`", version.metadata)),
        ];
        let is_wrong = wrong.iter().any(Option::is_some);
        if !is_wrong && (self.adopt || other.iter().all(Option::is_none)) {
            return Ok(());
        }
        let differences = wrong.into_iter().chain(other).flatten().collect();
        Err(ChainError::RegisteredOtherwise { model: model.to_owned(), version: version.version, differences, adoptable: !is_wrong })
    }
}

/// What of a model is more than the network allows, with the numbers.
pub fn over_limits(cost: &Cost) -> Vec<String> {
    let of_class = |class: Option<&str>| class.map_or_else(String::new, |class| format!(" of class `{class}`"));
    let excesses = cost.excesses();
    let mut over: Vec<String> = excesses.iter().map(|(class, figure)| format!("{figure}{}", of_class(*class))).collect();
    // An account and the registry around `predict` add to its calldata.
    let felts = calldata_felts([cost.contract.calldata_felts as usize - 1]);
    if felts > limits::CALLDATA_FELTS && cost.contract.calldata_felts <= limits::CALLDATA_FELTS {
        over.push(format!("{felts} calldata felts through the registry, at most {}", limits::CALLDATA_FELTS));
    }
    over
}

/// The registry of the account's network; on the local chain it is deployed if it is not there.
fn registry<'c>(account: &Account<'c>, steps: &mut Vec<DeployStep>, progress: &mut dyn FnMut(&str)) -> Result<Registry<'c>, ChainError> {
    let network = account.client().network();
    if network.name == DEVNET && network.registry.is_none() {
        deploy_registry(account, steps, progress)
    } else {
        progress("looking for the registry");
        Registry::find(account.client())
    }
}

/// Deploys the registry that everybody shares, if it is not there.
///
/// # Errors
/// A transaction is refused.
pub fn deploy_registry<'c>(
    account: &Account<'c>,
    steps: &mut Vec<DeployStep>,
    progress: &mut dyn FnMut(&str),
) -> Result<Registry<'c>, ChainError> {
    let address = shared_address(registry::CLASS_HASH);
    let what = "registry".to_owned();
    let receipt = if account.client().class_hash_at(address)?.is_some() {
        None
    } else {
        progress("compiling the registry");
        steps.push(declared(account, "registry class", &registry::class()?, progress)?);
        // The registry is made with its hash, and calls it from then on.
        progress("compiling the verifier of proofs");
        steps.push(declared(account, "verifier class", &facts::verifier_class()?, progress)?);
        progress("deploying the registry");
        let invocation = registry::deployment(registry::CLASS_HASH);
        Some(account.invoke("deploying the registry", vec![invocation])?.0)
    };
    steps.push(DeployStep { what, receipt });
    Ok(Registry::at(account.client(), address))
}

/// Declares a class, if it is not declared.
pub(crate) fn declared(
    account: &Account,
    what: &str,
    contract: &Contract,
    progress: &mut dyn FnMut(&str),
) -> Result<DeployStep, ChainError> {
    progress(&format!("declaring the {what}"));
    let receipt = match account.client().is_declared(contract.class_hash())? {
        true => None,
        false => account.declare(&format!("declaring the {what}"), contract)?,
    };
    Ok(DeployStep { what: what.to_owned(), receipt })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{List, ShortString, Text};

    fn version() -> RegisteredVersion {
        RegisteredVersion {
            name: ShortString("rocky".to_owned()),
            version: 2,
            class_hash: Felt::from(0xc1),
            model_commitment: Felt::ONE,
            program_hash: Felt::from(0x9a),
            inputs: List(vec![]),
            outputs: List(vec![]),
            metadata: Text(b"of the tests".to_vec()),
            instance: Felt::ONE,
            timelock: 60,
            registered_at: 0,
        }
    }

    const WANTED: Wanted<'static> = Wanted {
        account: Felt::ONE,
        class_hash: Felt::from_hex_unchecked("0xc1"),
        program_hash: Felt::from_hex_unchecked("0x9a"),
        timelock: Some(60),
        metadata: Some("of the tests"),
        adopt: false,
    };

    /// The refusal as text, and whether the version could be adopted.
    fn refused(wanted: Wanted, owner: Felt, version: &RegisteredVersion) -> (String, bool) {
        let error = wanted.check("rocky", owner, version).unwrap_err();
        let ChainError::RegisteredOtherwise { adoptable, .. } = error else { panic!("{error}") };
        (error.to_string(), adoptable)
    }

    #[test]
    fn a_version_that_was_registered_so_is_taken() {
        WANTED.check("rocky", Felt::ONE, &version()).unwrap();
        // What nobody asked for may be anything, as long as the model is ours.
        let any = Wanted { timelock: None, metadata: None, ..WANTED };
        any.check("rocky", Felt::ONE, &RegisteredVersion { timelock: 7, metadata: Text(vec![0xff]), ..version() }).unwrap();
    }

    #[test]
    fn a_version_that_was_registered_otherwise_is_refused_with_what_differs() {
        let (strange, adoptable) = refused(WANTED, Felt::TWO, &version());
        assert!(adoptable && strange.starts_with("rocky has this class as version 2 already, but it belongs to 0x00"), "{strange}");
        let other = RegisteredVersion { timelock: 0, metadata: Text(b"\x1b[2J".to_vec()), ..version() };
        let (text, adoptable) = refused(WANTED, Felt::ONE, &other);
        assert!(
            adoptable && text.contains("its timelock is 0 s, and not 60 s; its metadata are `\\u{1b}[2J`, and not `of the tests`: "),
            "{text}"
        );
        let adopting = Wanted { adopt: true, ..WANTED };
        adopting.check("rocky", Felt::TWO, &other).unwrap();
        // A stranger's is refused whatever it says.
        let any = Wanted { timelock: None, metadata: None, ..WANTED };
        assert!(any.check("rocky", Felt::TWO, &version()).is_err());
    }

    #[test]
    fn a_version_with_other_hashes_is_refused_whoever_registered_it() {
        for wrong in [RegisteredVersion { program_hash: Felt::ONE, ..version() }, RegisteredVersion { class_hash: Felt::ONE, ..version() }]
        {
            for owner in [Felt::ONE, Felt::TWO] {
                let (text, adoptable) = refused(Wanted { adopt: true, ..WANTED }, owner, &wrong);
                assert!(!adoptable && text.contains(" hash is 0x00"), "{text}");
            }
        }
    }
}
