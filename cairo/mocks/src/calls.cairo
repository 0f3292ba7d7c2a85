//! Calls that a mock makes where a contract would not expect one.
use starknet::ContractAddress;
use starknet::storage::{
    Map, Mutable, StorageMapReadAccess, StorageMapWriteAccess, StoragePath, StoragePointerReadAccess, StoragePointerWriteAccess,
};
use starknet::syscalls::call_contract_syscall;

/// A call.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Call {
    pub to: ContractAddress,
    pub selector: felt252,
    pub calldata: Span<felt252>,
}

/// A call in storage.
#[starknet::storage_node]
pub struct StoredCall {
    pub to: ContractAddress,
    pub selector: felt252,
    pub calldata: Map<u32, felt252>,
    pub calldata_length: u32,
}

#[generate_trait]
pub impl WritableCallImpl of WritableCall {
    fn store(self: StoragePath<Mutable<StoredCall>>, call: Call) {
        self.to.write(call.to);
        self.selector.write(call.selector);
        self.calldata_length.write(call.calldata.len());
        let mut position = 0;
        for felt in call.calldata {
            self.calldata.write(position, *felt);
            position += 1;
        }
    }

    /// Makes the call. Panics with what the callee panics with.
    fn make(self: StoragePath<Mutable<StoredCall>>) {
        let mut calldata = array![];
        for position in 0..self.calldata_length.read() {
            calldata.append(self.calldata.read(position));
        }
        if let Err(reason) = call_contract_syscall(self.to.read(), self.selector.read(), calldata.span()) {
            core::panics::panic(reason);
        }
    }
}
