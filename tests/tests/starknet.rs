//! Models on a local chain from end to end: declare, register, deploy, execute, retire; and what goes wrong on it.
#![allow(clippy::result_large_err, reason = "a failing test has time for a large error")]

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;

use maat_cairo::{Compiler, gas, limits};
use maat_package::{Cairo, Options, PackageFolder, quantise_sample, run_contract};
use maat_prover::Cache;
use maat_runtime::{Executor, Model, Tensor};
use maat_starknet::deploy::{DeployOptions, Deployment, deploy};
use maat_starknet::devnet::Devnet;
use maat_starknet::key::Credentials;
use maat_starknet::registry::{InstanceSalt, Registration, Status};
use maat_starknet::{Account, ChainError, Client, ExecutionTarget, Invocation, NetworkConfig, Registry, RegistryPlace, registry};
use maat_tests::figures::assert_committed;
use maat_tests::models::MODELS;
use maat_transpiler::{BuildOptions, Package};
use starknet_types_core::felt::Felt;

use crate::figures;

const STRK: Felt = Felt::from_hex_unchecked("0x4718f5a0fc34cc1af16a1cdee98ffb20c31f5cd61d6ab07201858f4287c938d");

/// Where the local chain is kept: as for the command line.
fn chain_folder() -> PathBuf {
    Cache::of_user().expect("a home folder").folder().join("devnet")
}

pub fn devnet() -> Devnet {
    Devnet::start(&chain_folder(), 7, &mut |step| println!("{step}")).unwrap_or_else(|error| panic!("{error}"))
}

pub fn client(network: &NetworkConfig) -> Client {
    Client::connect(network).unwrap_or_else(|error| panic!("{error}"))
}

/// One of the accounts that the chain comes with.
pub fn account<'c>(devnet: &Devnet, client: &'c Client, index: usize) -> Account<'c> {
    let (address, key) = devnet.accounts().unwrap()[index];
    Account::new(client, Credentials::new(address, key), None).unwrap()
}

/// An example's package on disk, with its model and its held-out samples as integers, all inputs of a sample one after the other.
pub struct Example {
    pub package: PackageFolder,
    pub model: Model,
    pub samples: Vec<Vec<Vec<i32>>>,
    _folder: tempfile::TempDir,
}

pub fn example(name: &str, parts: Option<usize>) -> Example {
    example_with(name, &BuildOptions { parts, ..BuildOptions::default() })
}

pub fn example_with(name: &str, options: &BuildOptions) -> Example {
    let row = MODELS.iter().find(|row| row.name == name).unwrap();
    let network = row.network();
    let quantised = row.quantise(&network, &Options::default()).unwrap();
    let package = Package::build_with(quantised, options, &Compiler::default(), &mut |_| {}).unwrap();
    let samples = row.test_samples(&network).iter().map(|sample| quantise_sample(&package.model, sample).unwrap()).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("package");
    package.write(&path).unwrap();
    Example { package: PackageFolder::open(&path).unwrap(), model: package.model, samples, _folder: folder }
}

impl Example {
    pub fn deploy(&self, account: &Account) -> Deployment {
        deploy(account, &self.package, &DeployOptions::default(), &mut |_| {}).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The first samples as the contract takes them, and what the runtime makes of them.
    pub fn cases(&self, count: usize) -> (Vec<Vec<i32>>, Vec<Vec<i32>>) {
        let samples = &self.samples[..count];
        let expected = Executor::run_batch(&self.model, samples).unwrap();
        (samples.iter().map(|inputs| inputs.concat()).collect(), expected.iter().map(|outputs| outputs.concat()).collect())
    }
}

pub fn version(deployment: &Deployment) -> ExecutionTarget {
    ExecutionTarget::Version { model: deployment.model, version: deployment.version }
}

#[test]
fn deployed_models_give_the_runtimes_integers() {
    let devnet = devnet();
    let client = client(&devnet.network());
    let account = account(&devnet, &client, 0);
    // The model, how many inputs, and the most Cairo steps and L2 gas of one of them.
    let cases = [("rockybot", 20, 20_000, 11_000_000), ("digits", 20, 100_000, 30_000_000), ("lenet", 1, 2_000_000, 250_000_000)];
    for (name, count, most_steps, most_gas) in cases {
        let example = example(name, None);
        let deployment = example.deploy(&account);
        // The declaration costs what the report says, and what the account adds.
        let cost = example.package.report().unwrap().cost.unwrap();
        let declared = deployment.steps.iter().find(|step| step.what == "model class").unwrap().receipt.unwrap();
        let around = declared.l2_gas.checked_sub(cost.classes[0].declaration_l2_gas).unwrap();
        assert!((100_000..5_000_000).contains(&around), "{name}: {around} gas around the declaration");
        let registry = Registry::at(&client, deployment.registry);
        // The registry holds what the package says.
        let model = registry.model_by_name(&deployment.name).unwrap().unwrap();
        let registered = registry.version(&model, deployment.version).unwrap();
        let hexadecimal = |felt: Felt| format!("{felt:#066x}");
        let Cairo::Compiled { program_hash, class, .. } = &example.package.manifest.cairo else { panic!("{name} has Cairo") };
        assert_eq!(hexadecimal(registered.class_hash), class.sierra_class_hash);
        assert_eq!(hexadecimal(registered.program_hash), *program_hash);
        assert_eq!(hexadecimal(registered.model_commitment), example.package.manifest.proving.commitment().unwrap().to_string());
        let outputs: Vec<&Tensor> = example.model.outputs().iter().map(|output| example.model.tensor(output.tensor)).collect();
        for (ports, tensors) in [(&registered.inputs, example.model.inputs().iter().collect()), (&registered.outputs, outputs)] {
            assert_eq!(ports.len(), tensors.len(), "{name}");
            for (port, tensor) in ports.iter().zip(tensors) {
                assert!(port.shape.iter().map(|length| *length as usize).eq(tensor.shape.dims().iter().copied()), "{name}: {port:?}");
                assert!(port.scales.iter().map(|scale| scale.0).eq(tensor.scales().iter().copied()), "{name}: {port:?}");
                assert_eq!((i64::from(port.lo.0), i64::from(port.hi.0)), (tensor.range.lo, tensor.range.hi), "{name}");
            }
        }
        assert_eq!(registry.models(None).unwrap(), registry.models(Some(account.address())).unwrap());

        let (inputs, expected) = example.cases(count);
        let (contract, layers) = (example.package.contract().unwrap(), example.package.layer_classes().unwrap());
        let (_, alone) = run_contract(&example.model, &contract, &layers, &example.samples[0]).unwrap();
        assert!(alone.steps < most_steps, "{name}: {} steps", alone.steps);

        assert_eq!(registry.call(version(&deployment), &inputs, Some(alone.steps)).unwrap(), expected, "{name}");
        // A transaction for one input alone, all of them in as few as can be, and our own instance.
        let one = registry.invoke(&account, version(&deployment), &inputs[..1], None).unwrap();
        assert_eq!(one.outputs, expected[..1]);
        let [receipt] = one.receipts[..] else { panic!("one transaction") };
        println!("{name}: {} steps, {} gas computed; {receipt:?}", alone.steps, alone.gas);
        assert!(receipt.l2_gas < most_gas, "{name}: {} L2 gas", receipt.l2_gas);
        assert_committed(name, "the report", &figures::of_report(&cost), |example| example.cost.clone());
        assert_committed(name, "steps of the contract, and L2 gas that the chain charges", &(alone.steps, receipt.l2_gas), |example| {
            (example.contract_steps, example.charged_l2_gas)
        });
        assert_eq!(receipt.calldata_felts, maat_starknet::calldata_felts([inputs[0].len()]));
        // The local chain's accounts are of an older class, which decides how all that they call is charged. Account, registry, events,
        // calldata and payment come on top of the model.
        let around = receipt.l2_gas.checked_sub(gas::of_dearest_resource(alone.steps, &alone.builtins)).unwrap();
        assert!((500_000..3_000_000 + 10_000 * receipt.calldata_felts).contains(&around), "{name}: {around} gas around the model");
        if count > 1 {
            let all = registry.invoke(&account, version(&deployment), &inputs, Some(alone.steps)).unwrap();
            assert_eq!(all.outputs, expected, "{name}");
            assert!(all.receipts.len() == 1 && all.receipts[0].l2_gas < limits::TRANSACTION_L2_GAS);
        }
        let instance = ExecutionTarget::Instance(deployment.instance);
        assert_eq!(registry.invoke(&account, instance, &inputs[..1], None).unwrap().outputs, expected[..1]);
    }
}

#[test]
fn a_second_deployment_changes_nothing() {
    let devnet = devnet();
    let client = client(&devnet.network());
    let account = account(&devnet, &client, 0);
    let example = example("digits mlp", None);
    let first = example.deploy(&account);
    assert!(first.steps.iter().all(|step| step.receipt.is_some()), "{:?}", first.steps);
    let nonce = account.nonce().unwrap();
    let second = example.deploy(&account);
    assert!(second.steps.iter().all(|step| step.receipt.is_none()), "{:?}", second.steps);
    assert_eq!(account.nonce().unwrap(), nonce);
    assert_eq!((second.model, second.version, second.instance), (first.model, first.version, first.instance));
    // Another salt is another instance of the same version.
    let other = deploy(&account, &example.package, &DeployOptions { salt: Felt::ONE, ..DeployOptions::default() }, &mut |_| {}).unwrap();
    assert_eq!((other.model, other.version), (first.model, first.version));
    assert_ne!(other.instance, first.instance);
    // Another name is another model, with an instance of its own, although class, account and salt are the same.
    let named = DeployOptions { name: Some("another".to_owned()), ..DeployOptions::default() };
    let another = deploy(&account, &example.package, &named, &mut |_| {}).unwrap();
    assert_ne!((another.model, another.instance), (first.model, first.instance));
    let registry = Registry::at(&client, first.registry);
    for deployment in [&first, &other, &another] {
        assert_eq!(registry.instance(deployment.instance).unwrap(), Some((deployment.model, deployment.version)));
    }
    assert_eq!(registry.instance(account.address()).unwrap(), None);
}

#[test]
fn a_version_that_somebody_registered_otherwise_is_not_taken_unasked() {
    let devnet = devnet();
    let client = client(&devnet.network());
    let (owner, other) = (account(&devnet, &client, 0), account(&devnet, &client, 1));
    let example = example("digits mlp", None);
    let first =
        deploy(&owner, &example.package, &DeployOptions { metadata: Some("mine".to_owned()), ..DeployOptions::default() }, &mut |_| {})
            .unwrap();
    let attempt = |account: &Account, timelock: Option<u64>, metadata: Option<&str>, adopt: bool| {
        let options = DeployOptions { timelock, metadata: metadata.map(str::to_owned), adopt, ..DeployOptions::default() };
        deploy(account, &example.package, &options, &mut |_| {})
    };
    let nonces = || (owner.nonce().unwrap(), other.nonce().unwrap());
    let before = nonces();
    for (account, timelock, metadata, difference) in [
        (&other, None, None, "it belongs to"),
        (&owner, Some(60), None, "its timelock is 0 s, and not 60 s"),
        (&owner, Some(0), Some("yours"), "its metadata are `mine`, and not `yours`"),
    ] {
        let error = attempt(account, timelock, metadata, false).unwrap_err();
        assert!(matches!(error, ChainError::RegisteredOtherwise { adoptable: true, .. }), "{error}");
        assert!(error.to_string().contains(difference), "{error}");
    }
    assert_eq!(nonces(), before, "nothing was sent");
    assert_eq!(attempt(&owner, Some(0), Some("mine"), false).unwrap().instance, first.instance);
    // Whoever asks for it gets an instance of somebody else's version.
    let adopted = attempt(&other, Some(60), None, true).unwrap();
    assert_eq!((adopted.model, adopted.owner, adopted.account, adopted.registered), (first.model, owner.address(), other.address(), false));
    assert_ne!(adopted.instance, first.instance);

    // Nobody takes a registration of the class with a wrong program hash.
    let registry = Registry::at(&client, first.registry);
    let wrong = Registration { name: "wrong", class_hash: first.class_hash, program_hash: Felt::ONE, timelock: 0, metadata: "" };
    registry.register(&owner, &wrong).unwrap();
    let options = DeployOptions { name: Some("wrong".to_owned()), adopt: true, ..DeployOptions::default() };
    let error = deploy(&owner, &example.package, &options, &mut |_| {}).unwrap_err();
    assert!(matches!(error, ChainError::RegisteredOtherwise { adoptable: false, .. }), "{error}");
    assert!(error.to_string().contains("its program hash is"), "{error}");
}

#[test]
fn a_deployment_that_was_cut_off_is_gone_on_with() {
    let devnet = devnet();
    let client = client(&devnet.network());
    let account = account(&devnet, &client, 0);
    // In two parts, so that there are layer classes too.
    let example = example("digits mlp", Some(2));
    let attempt = |cut: &str| {
        let mut stop = |step: &str| assert!(!step.contains(cut), "cut off");
        let attempt = AssertUnwindSafe(|| deploy(&account, &example.package, &DeployOptions::default(), &mut stop));
        std::panic::catch_unwind(attempt).is_err()
    };
    let cuts = [
        "declaring the registry class",
        "declaring the verifier class",
        "deploying the registry",
        "declaring the layer class 1",
        "declaring the layer class 2",
        "declaring the model class",
        "registering",
        "deploying an instance",
    ];
    let mut sent = Vec::new();
    for cut in cuts {
        assert!(attempt(cut), "nothing is called {cut}");
        sent.push(account.nonce().unwrap());
    }
    // Each attempt did one step more than the one before, and none again.
    let expected: Vec<Felt> = (0..cuts.len()).map(Felt::from).collect();
    assert_eq!(sent, expected);
    let last = example.deploy(&account);
    assert_eq!(account.nonce().unwrap(), Felt::from(cuts.len()));
    assert_eq!(last.steps.iter().filter(|step| step.receipt.is_some()).map(|step| step.what.as_str()).collect::<Vec<_>>(), ["instance"]);
    let (inputs, expected) = example.cases(3);
    let registry = Registry::at(&client, last.registry);
    assert_eq!(registry.call(version(&last), &inputs, None).unwrap(), expected);
    assert_eq!(registry.invoke(&account, version(&last), &inputs, None).unwrap().outputs, expected);
}

#[test]
fn a_version_ends_when_its_owner_says_so_and_its_timelock_has_passed() {
    let devnet = devnet();
    let client = client(&devnet.network());
    let (owner, other) = (account(&devnet, &client, 0), account(&devnet, &client, 1));
    let example = example("digits mlp", None);
    let metadata = "näme; \u{1b}[2J";
    let options = DeployOptions { timelock: Some(1_000), metadata: Some(metadata.to_owned()), ..DeployOptions::default() };
    let deployment = deploy(&owner, &example.package, &options, &mut |_| {}).unwrap();
    let registry = Registry::at(&client, deployment.registry);
    let model = registry.model("digits_mlp").or_else(|_| registry.model(&deployment.name)).unwrap();
    assert_eq!(registry.version(&model, 1).unwrap().metadata.text(), Some(metadata));
    let (inputs, expected) = example.cases(1);
    let run = || registry.call(version(&deployment), &inputs, None);
    let status = || registry.lifecycle(&model, 1).unwrap().status;
    let refused = |result: Result<maat_starknet::Receipt, ChainError>, text: &str| {
        let error = result.unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    };

    refused(registry.revoke(&other, model.id, 1), "registry: not the owner");
    refused(registry.revoke(&owner, model.id, 2), "registry: unknown version");
    refused(registry.cancel(&owner, model.id, 1), "registry: nothing to cancel");
    registry.deprecate(&owner, model.id, 1).unwrap();
    assert_eq!(status(), Status::Active);
    devnet.increase_time(1_001).unwrap();
    assert_eq!(status(), Status::Deprecated);
    refused(registry.deploy(&other, &InstanceSalt { model: model.id, version: 1, salt: Felt::ONE }), "registry: version is deprecated");
    assert_eq!(run().unwrap(), expected);

    registry.revoke(&owner, model.id, 1).unwrap();
    registry.cancel(&owner, model.id, 1).unwrap();
    registry.revoke(&owner, model.id, 1).unwrap();
    assert_eq!(run().unwrap(), expected);
    devnet.increase_time(1_001).unwrap();
    assert_eq!(status(), Status::Revoked);
    for target in [version(&deployment), ExecutionTarget::Instance(deployment.instance)] {
        let error = registry.call(target, &inputs, None).unwrap_err();
        assert!(matches!(&error, ChainError::Panicked { message, .. } if message == "registry: version is revoked"), "{error}");
        let error = registry.invoke(&other, target, &inputs, None).err().unwrap();
        assert!(error.to_string().contains("registry: version is revoked"), "{error}");
    }
    refused(registry.cancel(&owner, model.id, 1), "registry: nothing to cancel");
}

#[test]
fn only_the_owner_of_a_name_adds_to_it_and_hands_it_over() {
    let devnet = devnet();
    let client = client(&devnet.network());
    let (owner, other) = (account(&devnet, &client, 0), account(&devnet, &client, 1));
    let one = example("digits mlp", None);
    let two = example("digits mlp", Some(1));
    let named = |name: &str| DeployOptions { name: Some(name.to_owned()), ..DeployOptions::default() };
    let first = deploy(&owner, &one.package, &named("mlp"), &mut |_| {}).unwrap();
    let registry = Registry::at(&client, first.registry);

    // The same class under another name is another model; under this name it is the owner's.
    let error = deploy(&other, &two.package, &named("mlp"), &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("the name mlp is taken"), "{error}");
    assert_eq!(other.nonce().unwrap(), Felt::ZERO, "nothing is declared for a name that is taken");
    let theirs = deploy(&other, &one.package, &named("theirs"), &mut |_| {}).unwrap();
    assert_eq!((theirs.model, theirs.version), (2, 1));
    let second = deploy(&owner, &two.package, &named("mlp"), &mut |_| {}).unwrap();
    assert_eq!((second.model, second.version), (1, 2));

    // Nothing replaces a class: the version before is what it was, and the same class is not a version again.
    let model = registry.model("mlp").unwrap();
    let before = registry.version(&model, 1).unwrap();
    assert_eq!(registry.versions(&model).unwrap(), [before.clone(), registry.version(&model, 2).unwrap()]);
    let again = Registration { name: "mlp", class_hash: before.class_hash, program_hash: Felt::ONE, timelock: 0, metadata: "" };
    let error = registry.register(&owner, &again).unwrap_err().to_string();
    assert!(error.contains("registry: class is registered"), "{error}");
    let undeclared = Registration { class_hash: Felt::from(0x1234), ..again };
    assert!(registry.register(&owner, &undeclared).is_err());
    assert_eq!(registry.version(&model, 1).unwrap(), before);
    assert_eq!(registry.version_by_class(&model, before.class_hash).unwrap(), Some(1));

    registry.transfer_ownership(&owner, model.id, other.address()).unwrap();
    assert_eq!(registry.model("mlp").unwrap().owner, owner.address());
    assert!(registry.accept_ownership(&owner, model.id).unwrap_err().to_string().contains("registry: not the offered owner"));
    registry.accept_ownership(&other, model.id).unwrap();
    assert_eq!(registry.models(Some(owner.address())).unwrap(), []);
    assert_eq!(registry.models(Some(other.address())).unwrap().len(), 2);
    assert!(registry.revoke(&owner, model.id, 1).unwrap_err().to_string().contains("registry: not the owner"));
    registry.revoke(&other, model.id, 1).unwrap();
    assert_eq!(registry.lifecycle(&model, 1).unwrap().status, Status::Revoked);
    // The other version lives.
    let (inputs, expected) = two.cases(1);
    assert_eq!(registry.call(version(&second), &inputs, None).unwrap(), expected);
}

#[test]
fn inputs_that_a_model_does_not_take_are_refused_with_the_reason() {
    let devnet = devnet();
    let client = client(&devnet.network());
    let account = account(&devnet, &client, 0);
    let example = example("digits mlp", None);
    let deployment = example.deploy(&account);
    let registry = Registry::at(&client, deployment.registry);
    let (inputs, _) = example.cases(1);
    let [good] = &inputs[..] else { panic!("one input") };
    let with_first = |value: i32| [&[value], &good[1..]].concat();
    let cases = [
        (good[1..].to_vec(), "input has the wrong length"),
        ([&good[..], &[0]].concat(), "input has the wrong length"),
        (with_first(32_768), "input value out of range"),
        (with_first(-32_769), "input value out of range"),
        (with_first(i32::MIN), "input value out of range"),
        (vec![], "input has the wrong length"),
    ];
    for (input, reason) in cases {
        let nonce = account.nonce().unwrap();
        for error in [
            registry.call(version(&deployment), std::slice::from_ref(&input), None).unwrap_err(),
            registry.call(version(&deployment), &[good.clone(), input.clone()], None).unwrap_err(),
            registry.invoke(&account, version(&deployment), std::slice::from_ref(&input), None).err().unwrap(),
        ] {
            assert!(matches!(&error, ChainError::Panicked { message, .. } if message == reason), "{error}, not {reason}");
        }
        assert_eq!(account.nonce().unwrap(), nonce, "nothing is sent, and nothing paid, for what would fail");
    }
    let error = registry.call(version(&deployment), &[vec![0; 4_994]], None).unwrap_err().to_string();
    assert!(error.contains("the input does not fit on Starknet: calldata of 5001 felts, of at most 5000"), "{error}");
    let unknown = ExecutionTarget::Version { model: 9, version: 1 };
    assert!(registry.call(unknown, &inputs, None).unwrap_err().to_string().contains("registry: unknown version"));
    let unknown = ExecutionTarget::Instance(account.address());
    assert!(registry.call(unknown, &inputs, None).unwrap_err().to_string().contains("registry: unknown instance"));
}

#[test]
fn accounts_that_cannot_act_are_told_why() {
    let devnet = devnet();
    let network = devnet.network();
    let client = client(&network);
    let accounts = devnet.accounts().unwrap();
    let transfer =
        |to: Felt, amount: u128| Invocation { contract: STRK, function: "transfer", calldata: vec![to, Felt::from(amount), Felt::ZERO] };

    let stranger = Account::new(&client, Credentials::new(accounts[0].0, accounts[1].1), None).unwrap();
    let error = stranger.invoke("the transfer", vec![transfer(Felt::TWO, 1)]).unwrap_err();
    assert!(matches!(error, ChainError::WrongKey { .. }), "{error}");
    assert!(error.to_string().contains("the key is not the account's"), "{error}");
    assert!(!error.to_string().contains(&format!("{:x}", accounts[1].1)));

    let poor = account(&devnet, &client, 2);
    let balance = client.balance(poor.address()).unwrap();
    poor.invoke("the transfer", vec![transfer(accounts[0].0, balance - 10_000_000_000_000_000)]).unwrap();
    let error = poor.invoke("the transfer", vec![transfer(accounts[0].0, 1)]);
    // The rest pays for one or two more transactions, and is then used up.
    let error = error.and_then(|_| poor.invoke("the transfer", vec![transfer(accounts[0].0, client.balance(poor.address())? / 2)]));
    let error = match error {
        Ok(_) => deploy(&poor, &example("digits mlp", None).package, &DeployOptions::default(), &mut |_| {}).unwrap_err(),
        Err(error) => error,
    };
    assert!(matches!(error, ChainError::Unfunded { .. }), "{error}");
    assert!(error.to_string().contains("fund it first"), "{error}");

    let error = Account::new(&client, Credentials::new(Felt::from(0x1234), Felt::ONE), None).err().unwrap();
    assert!(matches!(error, ChainError::NoAccount { .. }), "{error}");
    let little = Account::new(&client, Credentials::new(accounts[0].0, accounts[0].1), Some(1)).unwrap();
    assert!(little.invoke("the transfer", vec![transfer(Felt::TWO, 1)]).is_err());
}

#[test]
fn networks_that_are_not_what_they_should_be_are_told_apart() {
    let devnet = devnet();
    let network = devnet.network();
    let wrong = NetworkConfig { chain_id: Some("SN_MAIN".to_owned()), ..network.clone() };
    let error = Client::connect(&wrong).err().unwrap();
    assert!(matches!(&error, ChainError::WrongChain { found, .. } if found == "SN_SEPOLIA"), "{error}");
    Client::connect(&NetworkConfig { chain_id: Some("SN_SEPOLIA".to_owned()), ..network.clone() }).unwrap();

    let client = client(&network);
    let error = Registry::find(&client).err().unwrap();
    assert!(matches!(error, ChainError::NoRegistry { place: RegistryPlace::Devnet, .. }), "{error}");
    assert!(error.to_string().contains("there is no registry at"), "{error}");
    let elsewhere = NetworkConfig { name: "other".to_owned(), registry: Some(Felt::from(0x99)), ..network.clone() };
    let error = Registry::find(&self::client(&elsewhere)).err().unwrap().to_string();
    assert!(error.contains("is it the right network?"), "{error}");

    let url = network.url.clone();
    drop((client, devnet));
    let error = Client::connect(&NetworkConfig { url, ..network.clone() }).err().unwrap();
    assert!(matches!(error, ChainError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("no Starknet node answers at http://127.0.0.1"), "{error}");
    let error = Client::connect(&NetworkConfig { url: "http://[".to_owned(), ..network }).err().unwrap();
    assert!(matches!(error, ChainError::Url { .. }), "{error}");
}

#[test]
fn what_does_not_fit_is_refused_with_the_numbers_before_anything_is_sent() {
    let devnet = devnet();
    let client = client(&devnet.network());
    let account = account(&devnet, &client, 0);
    // In one class, for which the LSTM is too large.
    let example = example("lstm", Some(0));
    let refused = deploy(&account, &example.package, &DeployOptions::default(), &mut |_| {}).unwrap_err();
    assert!(matches!(refused, ChainError::OverLimit { forcible: true, .. }), "{refused}");
    for part in ["Sierra felts, at most 81920", "CASM felts, at most 81920", "class bytes, at most 4089446"] {
        assert!(refused.to_string().contains(part), "`{part}` is not in {refused}");
    }
    assert_eq!(account.nonce().unwrap(), Felt::ZERO);
    // Forced, it is the network that refuses.
    let forced = DeployOptions { force: true, ..DeployOptions::default() };
    let error = deploy(&account, &example.package, &forced, &mut |_| {}).unwrap_err();
    assert!(!matches!(error, ChainError::OverLimit { .. }), "{error}");
    assert!(error.to_string().contains("declaring the model class failed"), "{error}");
}

#[test]
fn the_class_hashes_of_this_compiler_are_the_networks() {
    // The network compiles Sierra itself, with another version, and refuses what does not have the hash that was declared.
    let devnet = devnet();
    let client = client(&devnet.network());
    let account = account(&devnet, &client, 0);
    let class = registry::class().unwrap();
    assert!(account.declare("declaring the registry class", &class).unwrap().is_some());
    assert!(client.is_declared(class.class_hash()).unwrap());
    assert!(account.declare("declaring the registry class", &class).unwrap().is_none(), "a second declaration is not an error");
    assert!(!client.is_declared(Felt::from(0x1234)).unwrap());
}
