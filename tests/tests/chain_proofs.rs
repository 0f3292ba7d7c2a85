//! Proofs of models that the registry on a local chain verifies, by the class that the shared registry has.

use maat_prover::{ProvingKey, Visibility};
use maat_runtime::Model;
use maat_starknet::deploy::Deployment;
use maat_starknet::facts::{self, Submission};
use maat_starknet::{ChainError, Registry, proof_gas};
use maat_tests::networks::Random;
use maat_transpiler::BuildOptions;
use maat_verifier::{Entries, Mode, Preset, ProofFile, chain_format};
use starknet_types_core::felt::Felt;

use crate::proof_verifier::felt;
use crate::starknet::{account, client, devnet, example_with};

/// Changed proofs that the chain is asked about.
const MUTANTS: usize = 24;

/// What makes plain proofs for contracts.
pub fn key<'m>(model: &'m Model, entries: &Entries, batch: u32) -> ProvingKey<'m> {
    ProvingKey::new(model, entries.clone(), (Preset::Starknet, Mode::Plain), batch).unwrap()
}

/// A proof as calldata has it.
pub fn felts(file: &ProofFile) -> Vec<Felt> {
    chain_format::encode(&file.to_bytes()).unwrap().into_iter().map(felt).collect()
}

#[test]
fn the_registry_on_a_chain_verifies_proofs_and_keeps_facts() {
    let devnet = devnet();
    let client = client(&devnet.network());
    let [owner, prover] = [0, 1].map(|index| account(&devnet, &client, index));
    let example = example_with("rockybot", &BuildOptions { contract_proofs: true, ..BuildOptions::default() });
    let deployment = example.deploy(&owner);
    let registry = Registry::at(&client, deployment.registry);
    assert_eq!(registry.verifier().unwrap(), facts::VERIFIER);
    let model = registry.model_by_name(&deployment.name).unwrap().unwrap();

    let entries = example.package.entries().unwrap();
    let (inputs, _) = example.cases(1);
    let public = (Visibility::Public, Visibility::Public);
    let file = key(&example.model, entries, 1).prove(&example.samples[..1], public, &|_| ()).unwrap().file;
    let proof = felts(&file);
    fn submission<'p>(of: &Deployment, proof: &'p [Felt], entries: Option<&'p [u8]>) -> Submission<'p> {
        Submission { model: of.model, version: of.version, proof, entries }
    }

    // The entries come with the first proof.
    let unknown = registry.try_proof(&submission(&deployment, &proof, None)).unwrap_err();
    assert!(unknown.to_string().contains("registry: no such entry"), "{unknown}");
    let done = registry.submit(&prover, &submission(&deployment, &proof, Some(&entries.to_bytes()))).unwrap();
    let recorded = done.recorded.expect("a new fact");
    assert_eq!((recorded.told.security_bits, recorded.told.hiding, recorded.told.one_time), (99, false, None));
    let found = registry.facts(&model, 0, 10, registry.fact_count(&model).unwrap()).unwrap();
    assert_eq!(found.iter().map(|fact| (fact.fact, fact.security_bits)).collect::<Vec<_>>(), [(recorded.fact, 99)]);
    // Again: no new fact, and less to pay.
    let again = registry.submit(&prover, &submission(&deployment, &proof, None)).unwrap();
    assert_eq!(again.recorded, None);
    assert!(again.receipt.l2_gas < done.receipt.l2_gas);
    let computed = proof_gas::of_proof(2_048, inputs[0].len() as u64 + 12);
    println!("a proof: {} L2 gas charged with entries, {} without; {computed} computed", done.receipt.l2_gas, again.receipt.l2_gas);

    // What the verifier refuses, the chain refuses.
    let mut random = Random::new(61);
    for number in 0..MUTANTS {
        let mut changed = proof.clone();
        let place = 1 + random.below(changed.len() - 1);
        match number % 4 {
            0 => changed[place] += Felt::ONE,
            1 => changed[place] = Felt::from(random.bits()),
            2 => {
                changed.pop();
                changed[0] -= Felt::ONE;
            }
            _ => {
                changed.insert(place, Felt::ZERO);
                changed[0] += Felt::ONE;
            }
        }
        let refused = registry.try_proof(&submission(&deployment, &changed, None));
        assert!(matches!(refused, Err(ChainError::Panicked { .. } | ChainError::Refused { .. })), "{number}, felt {place}: {refused:?}");
    }
}
