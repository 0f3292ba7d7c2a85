//! The lock against re-entrancy: while the vault is called, and calls tokens, adapters or models, nobody calls it to change anything.

#[starknet::component]
pub mod lock_component {
    use starknet::storage::{StoragePointerReadAccess, StoragePointerWriteAccess};
    use crate::errors::Errors;

    #[storage]
    pub struct Storage {
        Lock_closed: bool,
    }

    #[event]
    #[derive(Drop, starknet::Event)]
    pub enum Event {}

    #[generate_trait]
    pub impl InternalImpl<TContractState, +HasComponent<TContractState>> of InternalTrait<TContractState> {
        /// Begins a call that changes something.
        ///
        /// Panics if there is one.
        fn close(ref self: ComponentState<TContractState>) {
            assert(!self.Lock_closed.read(), Errors::LOCKED);
            self.Lock_closed.write(true);
        }

        /// Ends it. A call that panics is undone, and its lock with it.
        #[inline(never)]
        fn open(ref self: ComponentState<TContractState>) {
            self.Lock_closed.write(false);
        }
    }
}
