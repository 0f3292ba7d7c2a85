//! System calls: what contracts ask of the chain.
//!
//! Request: selector, gas, arguments; response: gas that is left, whether it failed, and the result or the ends of the reason.

use cairo_lang_runner::casm_run::MemBuffer;
use cairo_vm::types::relocatable::{MaybeRelocatable, Relocatable};
use cairo_vm::vm::vm_core::VirtualMachine;
use maat_cairo::gas;
use starknet_rust_core::utils::get_contract_address;
use starknet_types_core::felt::Felt;

use super::machine::Returned;
use super::state::Event;
use super::{Chain, Frame, text};

/// What a system call gives: felts and pointers, or why it failed.
type Response = Result<Vec<MaybeRelocatable>, Vec<Felt>>;

/// What an error of the VM means here: compiled code does not make such requests.
const MALFORMED: &str = "a well-formed request";

/// Answers a system call.
///
/// # Errors
/// Why the transaction must be undone.
///
/// # Panics
/// The call is not known here, or malformed.
pub fn call(chain: &mut Chain, frame: Frame, vm: &mut VirtualMachine, request: Relocatable) -> Result<(), String> {
    let mut buffer = MemBuffer::new(vm, request);
    let mut felt = || buffer.next_felt252().expect(MALFORMED).into_owned();
    let (name, gas) = (felt(), felt());
    let bytes = name.to_bytes_be();
    let name = String::from_utf8_lossy(&bytes).trim_start_matches('\0').to_owned();
    let mut gas = u64::try_from(gas).expect("it was given 64 bits of gas");
    // The cost, the number of felts and of lists in the request.
    let (cost, felts, lists) = match name.as_str() {
        "StorageRead" => (gas::STORAGE_READ, 2, 0),
        "StorageWrite" => (gas::STORAGE_WRITE, 3, 0),
        "EmitEvent" => (gas::EMIT_EVENT, 0, 2),
        "GetExecutionInfo" => (gas::GET_EXECUTION_INFO, 0, 0),
        "GetClassHashAt" => (gas::GET_CLASS_HASH_AT, 1, 0),
        "ReplaceClass" => (gas::REPLACE_CLASS, 1, 0),
        "CallContract" => (gas::CALL_CONTRACT, 2, 1),
        "LibraryCall" => (gas::LIBRARY_CALL, 2, 1),
        "Deploy" => (gas::DEPLOY, 2, 1),
        _ => panic!("the system call {name} is not known here"),
    };
    let felts: Vec<Felt> = (0..felts).map(|_| felt()).collect();
    let lists: Vec<Vec<Felt>> = (0..lists).map(|_| buffer.next_arr().expect(MALFORMED)).collect();
    // The one call with something after a list.
    let from_zero = name == "Deploy" && *buffer.next_felt252().expect(MALFORMED) != Felt::ZERO;
    let cost = cost + if name == "Deploy" { gas::DEPLOY_FELT * lists[0].len() as u64 } else { 0 };

    let response: Response = match gas.checked_sub(cost - gas::SYSTEM_CALL_BASE) {
        None => Err(vec![text("Out of gas")]),
        Some(left) => {
            gas = left;
            match name.as_str() {
                "StorageRead" => Ok(vec![chain.state.read(frame.contract, felts[1]).into()]),
                "StorageWrite" => {
                    chain.state.write(frame.contract, felts[1], felts[2]);
                    Ok(vec![])
                }
                "EmitEvent" => {
                    let [keys, data] = lists.try_into().expect("two lists");
                    chain.state.emit(Event { from: frame.contract, keys, data });
                    Ok(vec![])
                }
                "GetExecutionInfo" => Ok(vec![execution_info(chain, frame, &mut buffer).into()]),
                "GetClassHashAt" => Ok(vec![chain.state.class_of(felts[0]).unwrap_or_default().into()]),
                "ReplaceClass" => {
                    if !chain.classes.contains_key(&felts[0]) {
                        return Err(format!("no class {:#x} is declared", felts[0]));
                    }
                    chain.state.set_class(frame.contract, felts[0]);
                    Ok(vec![])
                }
                "Deploy" => deploy(chain, frame, &felts, &lists[0], from_zero, &mut gas)?.map(|address| {
                    // Constructors return nothing.
                    let (start, end) = list(&mut buffer, &[]);
                    vec![address.into(), start.into(), end.into()]
                }),
                _ => {
                    let inner = Frame { function: felts[1], depth: frame.depth + 1, ..frame };
                    let returned = if name == "CallContract" {
                        chain.call_contract(Frame { contract: felts[0], caller: frame.contract, ..inner }, &lists[0], gas)?
                    } else {
                        chain.call_class(felts[0], inner, &lists[0], gas)?
                    };
                    taken(returned, &mut gas).map(|output| {
                        let (start, end) = list(&mut buffer, &output);
                        vec![start.into(), end.into()]
                    })
                }
            }
        }
    };
    buffer.write(Felt::from(gas)).expect(MALFORMED);
    buffer.write(Felt::from(response.is_err())).expect(MALFORMED);
    match response {
        Ok(values) => buffer.write_data(values.into_iter()).expect(MALFORMED),
        Err(reason) => buffer.write_arr(reason.into_iter()).expect(MALFORMED),
    }
    Ok(())
}

/// Pays for a call, and gives its result or its reason.
fn taken(returned: Returned, gas: &mut u64) -> Result<Vec<Felt>, Vec<Felt>> {
    let Returned { panicked, mut output, used } = returned;
    *gas -= used;
    if panicked {
        output.push(text("ENTRYPOINT_FAILED"));
        return Err(output);
    }
    Ok(output)
}

/// Deploys a contract, and gives its address. That a constructor fails, nobody can catch.
fn deploy(
    chain: &mut Chain,
    frame: Frame,
    felts: &[Felt],
    calldata: &[Felt],
    from_zero: bool,
    gas: &mut u64,
) -> Result<Result<Felt, Vec<Felt>>, String> {
    let (class_hash, salt) = (felts[0], felts[1]);
    let deployer = if from_zero { Felt::ZERO } else { frame.contract };
    let address = get_contract_address(salt, class_hash, calldata, deployer);
    let inner =
        Frame { contract: address, caller: frame.contract, function: super::selector("constructor"), depth: frame.depth + 1, ..frame };
    match taken(chain.construct(inner, class_hash, calldata, *gas)?, gas) {
        Ok(_) => Ok(Ok(address)),
        Err(reason) => Err(format!("a deployment failed: {reason:x?}")),
    }
}

/// A new segment with this data: its ends.
fn list(buffer: &mut MemBuffer<'_>, data: &[Felt]) -> (Relocatable, Relocatable) {
    let mut segment = MemBuffer::new_segment(buffer);
    let start = segment.ptr;
    segment.write_data(data.iter().copied()).expect("it is empty");
    (start, segment.ptr)
}

/// The block, the transaction and the frame, as `ExecutionInfo` of the core library has them. What tests do not need is zero or empty.
fn execution_info(chain: &Chain, frame: Frame, buffer: &mut MemBuffer<'_>) -> Relocatable {
    let mut segment = MemBuffer::new_segment(buffer);
    let block = segment.ptr;
    segment.write_data([Felt::ONE, Felt::from(chain.now), Felt::ZERO].into_iter()).expect("it is empty");
    let transaction = segment.ptr;
    let zero = MaybeRelocatable::from(Felt::ZERO);
    let empty = [MaybeRelocatable::from(block), MaybeRelocatable::from(block)];
    // Version, account and largest fee; signature; hash, chain, nonce; bounds of resources; tip; data for a paymaster; modes of availability;
    // data of the account's deployment; facts of a proof.
    let info = [
        &[Felt::THREE.into(), frame.account.into(), zero.clone()][..],
        &empty,
        &[zero.clone(), text("tests").into(), zero.clone()],
        &empty,
        std::slice::from_ref(&zero),
        &empty,
        &[zero.clone(), zero.clone()],
        &empty,
        &empty,
    ];
    segment.write_data(info.concat().into_iter()).expect("it is empty");
    let pointer = segment.ptr;
    segment.write(block).expect("it is empty");
    segment.write(transaction).expect("it is empty");
    segment.write_data([frame.caller, frame.contract, frame.function].into_iter()).expect("it is empty");
    pointer
}
