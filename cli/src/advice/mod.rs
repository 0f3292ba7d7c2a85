//! What the user can do about an error, in the words of the command line. Libraries know neither verbs nor flags: their errors say what is
//! wrong, and what could be chosen otherwise as a field.

#[cfg(feature = "transpile")]
mod transpiling;

use std::error::Error;

use maat_package::{Advice, Fidelity, PackageError, Verdict};
use maat_starknet::{ChainError, RegistryPlace};

/// The message of an error: all that caused it, and what the user can do about it.
pub fn message(error: &anyhow::Error) -> String {
    let causes: Vec<String> = error.chain().map(|cause| worded(cause).unwrap_or_else(|| cause.to_string())).collect();
    let causes = causes.join(": ");
    match error.chain().find_map(|cause| cause.downcast_ref().and_then(on_chain)) {
        Some(advice) => format!("{causes}; {advice}"),
        None => causes,
    }
}

/// An error in other words than its own, if these depend on verbs and flags.
fn worded(error: &(dyn Error + 'static)) -> Option<String> {
    let on_chain = error.downcast_ref().and_then(|error| match error {
        ChainError::Package(error) => of_package(error),
        _ => None,
    });
    let known = on_chain.or_else(|| error.downcast_ref().and_then(of_package));
    #[cfg(feature = "transpile")]
    let known = known.or_else(|| error.downcast_ref().and_then(transpiling::worded));
    known
}

fn of_package(error: &PackageError) -> Option<String> {
    Some(match error {
        PackageError::NotAPackage { path, reason } => format!("{} is not a package made by `maat transpile`: {reason}", path.display()),
        PackageError::WorkingDirectory { .. } => format!("{error}, such as `-o package`"),
        PackageError::NoCairo { .. } => format!("{error}. `maat transpile --cairo always` makes a package with both, if it can"),
        PackageError::Edited { .. } => format!("{error}. Move them away, or replace them with --force"),
        _ => return None,
    })
}

/// What whoever uses the model must know, unless it is faithful.
pub fn caution(verdict: &Verdict) -> Option<String> {
    match verdict.fidelity {
        Fidelity::Refused => {
            Some(format!("this model does not compute its network, and was made with --accept-loss: {}", verdict.reasons()))
        }
        _ => verdict.caution(),
    }
}

/// What may make the model more faithful, unless there is nothing.
pub fn to_try(verdict: &Verdict) -> Option<String> {
    let words = |advice: &Advice| match advice {
        Advice::MoreBits => format!("{advice} (--bits 16 --weight-bits 16)"),
        Advice::RangesMax => "--ranges max".to_owned(),
        Advice::MoreSamples => format!("{advice} (--calibration)"),
        Advice::ScaleInputs => advice.to_string(),
    };
    let advice: Vec<String> = verdict.advice.iter().map(words).collect();
    (!advice.is_empty()).then(|| advice.join(", or "))
}

/// What the user can do about an error on a network, if that is a matter of verbs and flags.
fn on_chain(error: &ChainError) -> Option<&'static str> {
    Some(match error {
        ChainError::DevnetStopped => "start it with `maat devnet start`",
        ChainError::DevnetRuns { .. } => "stop it first with `maat devnet stop`",
        ChainError::NotIncluded { .. } => "run the same command again to go on",
        ChainError::OverLimit { forcible: true, .. } => "--force tries it anyway",
        ChainError::NoRegistry { place: RegistryPlace::Devnet, .. } => "`maat deploy` deploys it",
        ChainError::NoRegistry { place: RegistryPlace::Shared, .. } => {
            "deploy it with `maat registry deploy`, or give the address of another one"
        }
        ChainError::InvalidName { .. } => "give one with --name",
        ChainError::NameTaken { .. } => "choose another with --name",
        ChainError::UnknownModel { .. } => "`maat registry list` lists them",
        ChainError::RegisteredOtherwise { adoptable: true, .. } => {
            "register another model with --name, or use this version as it is with --adopt"
        }
        ChainError::NotRegistered { .. } => "`maat vault deploy` registers it; `model` in the file's table [vault] is its name there",
        ChainError::NoVault { .. } => {
            "deploy it with `maat vault deploy`, or, if another account did, name that with --deployer, or the vault by its address"
        }
        ChainError::RegisteredOtherwise { adoptable: false, .. } => "register another model with --name",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use anyhow::Context;
    use maat_package::{Basis, Loss, LossKind};
    use starknet_types_core::felt::Felt;

    use super::*;

    fn said(error: ChainError) -> String {
        message(&error.into())
    }

    fn of(error: impl Error + Send + Sync + 'static) -> String {
        message(&anyhow::Error::new(error))
    }

    #[test]
    fn packages_that_are_in_the_way_lead_to_flags_and_verbs() {
        let path = || "p".into();
        let edited = "p holds a package with files that would be lost: a. Move them away, or replace them with --force";
        assert_eq!(of(PackageError::Edited { path: path(), files: "a".to_owned() }), edited);
        let absent = of(PackageError::NoCairo { reason: "too large".to_owned() });
        assert_eq!(
            absent,
            "the package has no Cairo program and no contract: too large. `maat transpile --cairo always` makes a package with both, if it can"
        );
        let other = || PackageError::NotAPackage { path: path(), reason: "it is not a folder".to_owned() };
        for said in [of(other()), said(other().into())] {
            assert_eq!(said, "p is not a package made by `maat transpile`: it is not a folder");
        }
        assert!(of(PackageError::WorkingDirectory { path: path() }).ends_with(" Name a folder inside it, such as `-o package`"));
    }

    #[test]
    fn a_verdict_leads_to_flags() {
        let verdict = |fidelity| Verdict {
            fidelity,
            measured: Some(Basis { samples: 8, held_out: true }),
            losses: vec![Loss { output: "y".to_owned(), refused: true, kind: LossKind::Labels { changed: 4, of: 8 } }],
            blamed: None,
            advice: vec![Advice::MoreBits, Advice::RangesMax, Advice::MoreSamples, Advice::ScaleInputs],
        };
        let tried = "more bits (--bits 16 --weight-bits 16), or --ranges max, or more samples of the kind that the model will see \
             (--calibration), or inputs of one size: some of their columns are a thousand times as large as others";
        assert_eq!(to_try(&verdict(Fidelity::Refused)).unwrap(), tried);
        assert!(caution(&verdict(Fidelity::Refused)).unwrap().contains("was made with --accept-loss: `y`"));
        assert_eq!(caution(&verdict(Fidelity::Degraded)), verdict(Fidelity::Degraded).caution());
        assert_eq!(caution(&verdict(Fidelity::Faithful)), None);
    }

    #[test]
    fn an_error_ends_with_what_the_user_can_do() {
        let stopped = "there is no network `devnet`: the local chain does not run; start it with `maat devnet start`";
        assert_eq!(said(ChainError::DevnetStopped), stopped);
        assert_eq!(said(ChainError::DevnetRuns { pid: 7 }), "the local chain runs, as process 7; stop it first with `maat devnet stop`");
        let taken = said(ChainError::NameTaken { name: "rocky".to_owned(), owner: Felt::ONE });
        assert!(
            taken.starts_with("the name rocky is taken: it belongs to 0x00") && taken.ends_with("1; choose another with --name"),
            "{taken}"
        );
        let unknown = said(ChainError::UnknownModel { model: "none".to_owned() });
        assert_eq!(unknown, "the registry has no model \"none\"; `maat registry list` lists them");
        let invalid = said(ChainError::InvalidName { name: "a b".to_owned() });
        assert!(
            invalid.starts_with("\"a b\" is not a name for the registry: ") && invalid.ends_with("; give one with --name"),
            "{invalid}"
        );
        let late = said(ChainError::NotIncluded { transaction: Felt::ONE, seconds: 300 });
        assert!(late.ends_with("300 s, but may still be accepted; run the same command again to go on"), "{late}");
    }

    #[test]
    fn only_what_can_be_forced_leads_to_force() {
        let over = |forcible| said(ChainError::OverLimit { what: "the model".to_owned(), figures: "2 of 1".to_owned(), forcible });
        assert_eq!(over(true), "the model does not fit on Starknet: 2 of 1; --force tries it anyway");
        assert_eq!(over(false), "the model does not fit on Starknet: 2 of 1");
    }

    #[test]
    fn only_what_can_be_adopted_leads_to_adopt() {
        let registered = |adoptable| {
            let differences = vec!["its timelock is 0 s, and not 60 s".to_owned()];
            said(ChainError::RegisteredOtherwise { model: "rocky".to_owned(), version: 2, differences, adoptable })
        };
        let begin = "rocky has this class as version 2 already, but its timelock is 0 s, and not 60 s: ";
        let adoptable = "a registration never changes; register another model with --name, or use this version as it is with --adopt";
        assert_eq!(registered(true), format!("{begin}{adoptable}"));
        let other = "proofs of this package would not be known by it; register another model with --name";
        assert_eq!(registered(false), format!("{begin}{other}"));
    }

    #[test]
    fn a_registry_that_is_missing_is_deployed_by_a_verb_or_looked_for_elsewhere() {
        let missing = |place| said(ChainError::NoRegistry { network: "n".to_owned(), address: Felt::ONE, place });
        assert!(missing(RegistryPlace::Devnet).ends_with("1 on network `n`; `maat deploy` deploys it"));
        let shared = "1 on network `n`; deploy it with `maat registry deploy`, or give the address of another one";
        assert!(missing(RegistryPlace::Shared).ends_with(shared));
        let configured = "1 on network `n`: is it the right network? The address is in the file of networks";
        assert!(missing(RegistryPlace::Configured).ends_with(configured));
    }

    #[test]
    fn what_was_done_when_it_failed_does_not_hide_the_advice() {
        let error = Err::<(), _>(ChainError::DevnetRuns { pid: 7 }).context("cannot clear the cache").unwrap_err();
        assert_eq!(message(&error), "cannot clear the cache: the local chain runs, as process 7; stop it first with `maat devnet stop`");
        assert_eq!(message(&anyhow::anyhow!("one").context("two")), "two: one");
    }
}
