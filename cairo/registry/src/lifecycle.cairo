//! Deprecation and revocation of versions, announced ahead so that whoever relies on a version can leave it.
//!
//! Only the two times of effect are stored; the status follows from them and the block's time, so no transaction has to come and set it.

use starknet::storage_access::StorePacking;

/// From when on a version is deprecated and from when on it is revoked, as far as announced.
#[derive(Copy, Drop, PartialEq, Debug)]
pub struct Announcements {
    pub deprecated_from: Option<u64>,
    pub revoked_from: Option<u64>,
}

/// One cell, because every execution reads it: the deprecation in the low 128 bits, the revocation above. A time is stored as one more than
/// it is, so that 0, which is what an untouched cell holds, is none.
pub impl AnnouncementsPacking of StorePacking<Announcements, felt252> {
    fn pack(value: Announcements) -> felt252 {
        pack_time(value.deprecated_from) + pack_time(value.revoked_from) * 0x100000000000000000000000000000000
    }

    fn unpack(value: felt252) -> Announcements {
        let u256 { low, high } = value.into();
        Announcements { deprecated_from: unpack_time(low), revoked_from: unpack_time(high) }
    }
}

fn pack_time(time: Option<u64>) -> felt252 {
    match time {
        Some(time) => time.into() + 1,
        None => 0,
    }
}

fn unpack_time(packed: u128) -> Option<u64> {
    match packed {
        0 => None,
        _ => Some((packed - 1).try_into().unwrap()),
    }
}

#[starknet::component]
pub mod lifecycle_component {
    use maat_interfaces::registry::{Lifecycle, Status};
    use starknet::get_block_timestamp;
    use starknet::storage::{Map, StorageMapReadAccess, StorageMapWriteAccess};
    use crate::errors::Errors;
    use super::{Announcements, AnnouncementsPacking};

    #[storage]
    pub struct Storage {
        /// By model and version.
        Lifecycle_announcements: Map<(u64, u32), Announcements>,
    }

    #[event]
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub enum Event {
        DeprecationAnnounced: DeprecationAnnounced,
        RevocationAnnounced: RevocationAnnounced,
        AnnouncementCancelled: AnnouncementCancelled,
    }

    /// A version will be deprecated.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct DeprecationAnnounced {
        #[key]
        pub model: u64,
        #[key]
        pub version: u32,
        /// The first block time at which it is.
        pub deprecated_from: u64,
    }

    /// A version will be revoked.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct RevocationAnnounced {
        #[key]
        pub model: u64,
        #[key]
        pub version: u32,
        /// The first block time at which it is.
        pub revoked_from: u64,
    }

    /// Whatever was announced and not in effect will not be.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct AnnouncementCancelled {
        #[key]
        pub model: u64,
        #[key]
        pub version: u32,
    }

    /// What a contract does for a version that exists, on behalf of its owner. The contract checks both.
    #[generate_trait]
    pub impl InternalImpl<TContractState, +HasComponent<TContractState>> of InternalTrait<TContractState> {
        /// Where the version stands at the block's time.
        fn lifecycle(self: @ComponentState<TContractState>, model: u64, version: u32) -> Lifecycle {
            let Announcements { deprecated_from, revoked_from } = self.Lifecycle_announcements.read((model, version));
            let status = if in_effect(revoked_from) {
                Status::Revoked
            } else if in_effect(deprecated_from) {
                Status::Deprecated
            } else {
                Status::Active
            };
            Lifecycle { status, deprecated_from, revoked_from }
        }

        /// Checks that new instances of the version may be deployed.
        fn assert_deployable(self: @ComponentState<TContractState>, model: u64, version: u32) {
            match self.lifecycle(model, version).status {
                Status::Active => {},
                Status::Deprecated => core::panic_with_felt252(Errors::DEPRECATED),
                Status::Revoked => core::panic_with_felt252(Errors::REVOKED),
            }
        }

        /// Checks that the version may be executed.
        fn assert_executable(self: @ComponentState<TContractState>, model: u64, version: u32) {
            assert(self.lifecycle(model, version).status != Status::Revoked, Errors::REVOKED);
        }

        /// Announces the version's deprecation.
        fn announce_deprecation(ref self: ComponentState<TContractState>, model: u64, version: u32, timelock: u64) {
            let announced = self.Lifecycle_announcements.read((model, version));
            // A repeated announcement would put off the effect, and with it the warning would be worth nothing.
            assert(announced.deprecated_from.is_none(), Errors::DEPRECATION_ANNOUNCED);
            assert(announced.revoked_from.is_none(), Errors::REVOCATION_ANNOUNCED);
            let deprecated_from = get_block_timestamp() + timelock;
            self.Lifecycle_announcements.write((model, version), Announcements { deprecated_from: Some(deprecated_from), ..announced });
            self.emit(DeprecationAnnounced { model, version, deprecated_from });
        }

        /// Announces the version's revocation.
        fn announce_revocation(ref self: ComponentState<TContractState>, model: u64, version: u32, timelock: u64) {
            let announced = self.Lifecycle_announcements.read((model, version));
            assert(announced.revoked_from.is_none(), Errors::REVOCATION_ANNOUNCED);
            let revoked_from = get_block_timestamp() + timelock;
            self.Lifecycle_announcements.write((model, version), Announcements { revoked_from: Some(revoked_from), ..announced });
            self.emit(RevocationAnnounced { model, version, revoked_from });
        }

        /// Takes back what is announced and not in effect.
        fn cancel_announcements(ref self: ComponentState<TContractState>, model: u64, version: u32) {
            let announced = self.Lifecycle_announcements.read((model, version));
            let Announcements { deprecated_from, revoked_from } = announced;
            let kept = Announcements { deprecated_from: effective(deprecated_from), revoked_from: effective(revoked_from) };
            assert(kept != announced, Errors::NOTHING_TO_CANCEL);
            self.Lifecycle_announcements.write((model, version), kept);
            self.emit(AnnouncementCancelled { model, version });
        }
    }

    /// Whether the block's time has reached this time.
    fn in_effect(from: Option<u64>) -> bool {
        effective(from).is_some()
    }

    /// The time if the block's time has reached it.
    fn effective(from: Option<u64>) -> Option<u64> {
        if from? <= get_block_timestamp() {
            from
        } else {
            None
        }
    }
}
