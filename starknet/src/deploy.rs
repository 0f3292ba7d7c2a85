//! Deployment of a model package: what has to be on the chain is looked up, and what is missing is done. So a second run changes nothing, and
//! one after a run that was cut off goes on where that one ended.

use maat_cairo::{Contract, limits};
use maat_transpiler::{Cost, PackageFolder};
use serde::Serialize;
use starknet_rust::core::types::Felt;

use crate::account::Account;
use crate::config::DEVNET;
use crate::error::ChainError;
use crate::execute::calldata_felts;
use crate::registry::{self, Registration, Registry, shared_address};
use crate::report::Receipt;

/// How to deploy a package.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The model's name in the registry; by default the package's.
    pub name: Option<String>,
    /// Seconds from the announcement of a version's end to its end.
    pub timelock: u64,
    /// Free text to register with the version.
    pub metadata: String,
    /// Distinguishes instances of the same version by the same account.
    pub salt: Felt,
    /// Send what the network is known to refuse.
    pub force: bool,
}

/// What is on the chain after a deployment.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// The registry's address.
    pub registry: Felt,
    /// The model's name, number and version in it.
    pub name: String,
    pub model: u64,
    pub version: u32,
    /// The class.
    pub class_hash: Felt,
    /// The instance of our own.
    pub instance: Felt,
    /// What was done, and what was there.
    pub steps: Vec<Step>,
}

/// A step of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What it makes.
    pub what: String,
    /// What it cost; nothing if what it makes was there.
    pub receipt: Option<Receipt>,
}

/// Deploys a package: declares its classes, registers it as a version of a model, and deploys an instance.
///
/// # Errors
/// The package does not fit on Starknet and is not forced to; a transaction is refused; the name is somebody else's.
pub fn deploy(
    account: &Account,
    package: &PackageFolder,
    options: &Options,
    progress: &mut dyn FnMut(&str),
) -> Result<Deployment, ChainError> {
    let manifest = &package.manifest;
    let name = options.name.as_deref().unwrap_or(&manifest.name);
    registry::name_felt(name)?;
    let over = over_limits(&package.report()?.cost);
    if !(over.is_empty() || options.force) {
        let figures = format!("{} (--force tries it all the same)", over.join("; "));
        return Err(ChainError::OverLimit { what: format!("model {}", manifest.name), figures });
    }
    progress("reading the classes");
    let (contract, layers) = (package.contract()?, package.layer_classes()?);
    let class_hash = contract.class_hash();
    let program_hash = Felt::from_bytes_le(&package.program_hash()?.felt().to_le_bytes());

    let mut steps = Vec::new();
    let registry = registry(account, &mut steps, progress)?;
    for (index, layer) in layers.iter().enumerate() {
        steps.push(declared(account, &format!("layer class {} of {}", index + 1, layers.len()), layer, progress)?);
    }
    steps.push(declared(account, "model class", &contract, progress)?);

    progress("registering the model");
    let what = "registration".to_owned();
    let find = || -> Result<_, ChainError> {
        let Some(model) = registry.model_by_name(name)? else { return Ok(None) };
        let version = registry.version_by_class(&model, class_hash)?;
        if version.is_none() && model.owner != account.address() {
            let reason = format!("the name {name} is taken: it belongs to {:#066x}; choose another with --name", model.owner);
            return Err(ChainError::NotRegistered { reason });
        }
        Ok(version.map(|version| (model.id, version)))
    };
    let (model, version) = match find()? {
        Some(found) => {
            steps.push(Step { what, receipt: None });
            found
        }
        None => {
            let Options { timelock, metadata, .. } = options;
            let registration = Registration { name, class_hash, program_hash, timelock: *timelock, metadata };
            let receipt = registry.register(account, &registration)?;
            steps.push(Step { what, receipt: Some(receipt) });
            let lost = || ChainError::NotRegistered { reason: format!("model {name} was registered, but the registry does not find it") };
            find()?.ok_or_else(lost)?
        }
    };

    progress("deploying an instance");
    let what = "instance".to_owned();
    let instance = registry.instance_address(account.address(), class_hash, options.salt);
    let receipt = match account.client().class_hash_at(instance)? {
        Some(_) => None,
        None => Some(registry.deploy(account, model, version, options.salt)?),
    };
    steps.push(Step { what, receipt });
    Ok(Deployment { registry: registry.address(), name: name.to_owned(), model, version, class_hash, instance, steps })
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
fn registry<'c>(account: &Account<'c>, steps: &mut Vec<Step>, progress: &mut dyn FnMut(&str)) -> Result<Registry<'c>, ChainError> {
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
    steps: &mut Vec<Step>,
    progress: &mut dyn FnMut(&str),
) -> Result<Registry<'c>, ChainError> {
    progress("compiling the registry");
    let class = registry::class()?;
    let class_hash = class.class_hash();
    let address = shared_address(class_hash);
    let what = "registry".to_owned();
    let receipt = if account.client().class_hash_at(address)?.is_some() {
        None
    } else {
        steps.push(declared(account, "registry class", &class, progress)?);
        progress("deploying the registry");
        let invocation = registry::deployment(class_hash);
        Some(account.invoke("deploying the registry", vec![invocation])?.0)
    };
    steps.push(Step { what, receipt });
    Ok(Registry::at(account.client(), address))
}

fn declared(account: &Account, what: &str, contract: &Contract, progress: &mut dyn FnMut(&str)) -> Result<Step, ChainError> {
    progress(&format!("declaring the {what}"));
    let receipt = match account.client().is_declared(contract.class_hash())? {
        true => None,
        false => account.declare(&format!("declaring the {what}"), contract)?,
    };
    Ok(Step { what: what.to_owned(), receipt })
}
