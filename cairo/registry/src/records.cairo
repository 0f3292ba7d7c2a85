//! How versions and instances are laid out in storage.

use maat_interfaces::model::Port;
use starknet::storage::{
    Map, Mutable, StorageMapReadAccess, StorageMapWriteAccess, StoragePath, StoragePointerReadAccess, StoragePointerWriteAccess,
};
use starknet::storage_access::StorePacking;
use starknet::{ClassHash, ContractAddress};

/// What is stored of a version; its name and number are where it is looked up.
#[starknet::storage_node]
pub struct VersionRecord {
    /// Zero if there is no such version.
    pub class_hash: ClassHash,
    pub model_commitment: felt252,
    pub program_hash: felt252,
    /// The inputs and then the outputs, serialised.
    pub ports: Map<u32, felt252>,
    pub ports_length: u32,
    pub metadata: ByteArray,
    pub instance: ContractAddress,
    pub timelock: u64,
    pub registered_at: u64,
}

/// Inputs and outputs in a version's storage.
#[generate_trait]
pub impl StoredPortsImpl of StoredPorts {
    /// Writes them cell by cell. A storage `Vec` would read and write its length with each of them.
    fn write_ports(self: StoragePath<Mutable<VersionRecord>>, inputs: Span<Port>, outputs: Span<Port>) {
        let mut serialised = array![];
        (inputs, outputs).serialize(ref serialised);
        let mut position = 0;
        for value in serialised {
            self.ports.write(position, value);
            position += 1;
        }
        self.ports_length.write(position);
    }

    /// Reads the inputs and the outputs.
    fn read_ports(self: StoragePath<VersionRecord>) -> (Span<Port>, Span<Port>) {
        let mut serialised = array![];
        for position in 0..self.ports_length.read() {
            serialised.append(self.ports.read(position));
        }
        let mut serialised = serialised.span();
        Serde::deserialize(ref serialised).expect('written by write_ports')
    }
}

/// Which version a contract is an instance of. All zero for other contracts.
#[derive(Copy, Drop)]
pub struct InstanceOf {
    pub model: u64,
    pub version: u32,
}

/// One cell: `version + model * 2^32`.
impl InstanceOfPacking of StorePacking<InstanceOf, u128> {
    fn pack(value: InstanceOf) -> u128 {
        value.version.into() + value.model.into() * 0x100000000
    }

    fn unpack(value: u128) -> InstanceOf {
        let (model, version) = DivRem::div_rem(value, 0x100000000);
        InstanceOf { model: model.try_into().unwrap(), version: version.try_into().unwrap() }
    }
}
