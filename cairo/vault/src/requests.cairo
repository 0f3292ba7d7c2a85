//! The epochs of both kinds as the vault stores them: what each controller put in, which epochs are open, and in which ones a controller
//! still has something. In Rust: `epochs.rs`.
//!
//! Time only goes forward, so an epoch is always put behind those that are in a list already, and lists stay in order.

#[starknet::component]
pub mod requests_component {
    use core::cmp::max;
    use core::num::traits::Zero;
    use starknet::ContractAddress;
    use starknet::storage::{Map, StorageMapReadAccess, StorageMapWriteAccess};
    use crate::epochs::{Claim, Kind, Left, Request, claimable, claimable_input, entitled, is_spent, pending, unfilled};
    use crate::records::{Epoch, EpochPacking, Links, LinksPacking};

    #[storage]
    pub struct Storage {
        pub Requests_epochs: Map<(Kind, u64), Epoch>,
        pub Requests_requests: Map<(Kind, u64, ContractAddress), Request>,
        /// What is not filled in all open epochs: a running total, since a call cannot visit any number of them.
        pub Requests_unfilled: Map<Kind, u128>,
        /// Lists of epochs: for each controller those that may still have something for it, and for the zero account those that may still be
        /// filled. At 0 are a list's last and first epoch.
        pub Requests_lists: Map<(Kind, ContractAddress, u64), Links>,
    }

    #[event]
    #[derive(Drop, starknet::Event)]
    pub enum Event {}

    #[generate_trait]
    pub impl InternalImpl<TContractState, +HasComponent<TContractState>> of InternalTrait<TContractState> {
        #[inline(never)]
        fn epoch(self: @ComponentState<TContractState>, kind: Kind, epoch: u64) -> Epoch {
            self.Requests_epochs.read((kind, epoch))
        }

        /// What is not filled in all open epochs.
        #[inline(never)]
        fn unfilled_of(self: @ComponentState<TContractState>, kind: Kind) -> u128 {
            self.Requests_unfilled.read(kind)
        }

        #[inline(never)]
        fn set_epoch(ref self: ComponentState<TContractState>, kind: Kind, epoch: u64, entry: Epoch) {
            self.Requests_epochs.write((kind, epoch), entry);
        }

        #[inline(never)]
        fn request(self: @ComponentState<TContractState>, kind: Kind, epoch: u64, controller: ContractAddress) -> Request {
            self.Requests_requests.read((kind, epoch, controller))
        }

        #[inline(never)]
        fn set_request(
            ref self: ComponentState<TContractState>, kind: Kind, epoch: u64, controller: ContractAddress, request: Request,
        ) {
            self.Requests_requests.write((kind, epoch, controller), request);
        }

        #[inline(never)]
        fn links(self: @ComponentState<TContractState>, kind: Kind, list: ContractAddress, epoch: u64) -> Links {
            self.Requests_lists.read((kind, list, epoch))
        }

        #[inline(never)]
        fn set_links(ref self: ComponentState<TContractState>, kind: Kind, list: ContractAddress, epoch: u64, links: Links) {
            self.Requests_lists.write((kind, list, epoch), links);
        }

        /// Adds to what a controller put into an epoch. The caller keeps the total below 2^112.
        fn add(
            ref self: ComponentState<TContractState>, kind: Kind, epoch: u64, controller: ContractAddress, amount: u128, now: u64,
        ) {
            let entry = self.epoch(kind, epoch);
            let entry = Epoch { total: entry.total + amount, newest: max(entry.newest, now), ..entry };
            self.set_epoch(kind, epoch, entry);
            let request = self.request(kind, epoch, controller);
            self.set_request(kind, epoch, controller, Request { own: request.own + amount, ..request });
            self.Requests_unfilled.write(kind, self.unfilled_of(kind) + amount);
            self.append(kind, Zero::zero(), epoch);
            self.append(kind, controller, epoch);
        }

        /// The oldest epoch up to an hour that is not filled.
        fn due(self: @ComponentState<TContractState>, kind: Kind, hour: u64) -> Option<u64> {
            let first = self.links(kind, Zero::zero(), 0).next;
            if first == 0 || first > hour {
                None
            } else {
                Some(first)
            }
        }

        /// What is not filled in all epochs up to an hour: the total without younger epochs, of which there are at most two at the hour of
        /// now.
        fn unfilled_until(self: @ComponentState<TContractState>, kind: Kind, hour: u64) -> u128 {
            let mut sum = self.unfilled_of(kind);
            let mut last = self.links(kind, Zero::zero(), 0).previous;
            while last > hour {
                sum -= unfilled(self.epoch(kind, last));
                last = self.links(kind, Zero::zero(), last).previous;
            }
            sum
        }

        /// The epochs that may still have something for a controller, oldest first.
        fn epochs_of(self: @ComponentState<TContractState>, kind: Kind, controller: ContractAddress) -> Span<u64> {
            let mut epochs = array![];
            let mut epoch = self.links(kind, controller, 0).next;
            while epoch != 0 {
                epochs.append(epoch);
                epoch = self.links(kind, controller, epoch).next;
            }
            epochs.span()
        }

        /// What a controller can claim, oldest first. It costs as much as there are epochs that may still have something for the
        /// controller, to which others can add: a claim of one epoch does not depend on them.
        fn claims(self: @ComponentState<TContractState>, kind: Kind, controller: ContractAddress) -> Span<Claim> {
            let mut claims = array![];
            for epoch in self.epochs_of(kind, controller) {
                let (entry, request) = (self.epoch(kind, *epoch), self.request(kind, *epoch, controller));
                let proceeds = claimable(entry, request);
                if proceeds > 0 {
                    claims.append(Claim { epoch: *epoch, input: claimable_input(entry, request), proceeds });
                }
            }
            claims.span()
        }

        /// Fills so much of an epoch, for so much.
        fn fill(ref self: ComponentState<TContractState>, kind: Kind, epoch: u64, amount: u128, proceeds: u128) {
            let entry = self.epoch(kind, epoch);
            let entry = Epoch { filled: entry.filled + amount, proceeds: entry.proceeds + proceeds, ..entry };
            self.set_epoch(kind, epoch, entry);
            self.lower(kind, amount);
            if unfilled(entry) == 0 {
                self.remove(kind, Zero::zero(), epoch);
            }
        }

        /// Gives up on the rest of an epoch that is open.
        fn refund(ref self: ComponentState<TContractState>, kind: Kind, epoch: u64) {
            let entry = self.epoch(kind, epoch);
            self.set_epoch(kind, epoch, Epoch { refunded: true, ..entry });
            self.lower(kind, unfilled(entry));
            self.remove(kind, Zero::zero(), epoch);
        }

        /// Marks so much of what a controller can claim as claimed. The caller sees to it that it is not more.
        fn claim(ref self: ComponentState<TContractState>, kind: Kind, epoch: u64, controller: ContractAddress, amount: u128) {
            let (entry, request) = (self.epoch(kind, epoch), self.request(kind, epoch, controller));
            let request = Request { claimed: request.claimed + amount, ..request };
            self.set_request(kind, epoch, controller, request);
            if is_spent(entry, request) {
                self.remove(kind, controller, epoch);
            }
        }

        /// Takes the epochs out of a controller's list that have nothing for it, such as dust that became nothing.
        fn sweep(ref self: ComponentState<TContractState>, kind: Kind, controller: ContractAddress) {
            for epoch in self.epochs_of(kind, controller) {
                if is_spent(self.epoch(kind, *epoch), self.request(kind, *epoch, controller)) {
                    self.remove(kind, controller, *epoch);
                }
            }
        }

        /// Takes a controller out of an epoch: nothing if all of theirs is filled.
        fn leave(ref self: ComponentState<TContractState>, kind: Kind, epoch: u64, controller: ContractAddress) -> Option<Left> {
            let (entry, request) = (self.epoch(kind, epoch), self.request(kind, epoch, controller));
            let returned = pending(entry, request);
            if returned == 0 {
                return None;
            }
            let part = entitled(entry, request);
            let rest = Epoch {
                total: entry.total - request.own,
                filled: entry.filled - (request.own - returned),
                proceeds: entry.proceeds - part,
                ..entry,
            };
            self.set_epoch(kind, epoch, rest);
            self.set_request(kind, epoch, controller, Request { own: 0, claimed: 0 });
            // What is not filled of a refunded epoch was taken off already.
            if !entry.refunded {
                self.lower(kind, returned);
                if unfilled(rest) == 0 {
                    self.remove(kind, Zero::zero(), epoch);
                }
            }
            self.remove(kind, controller, epoch);
            Some(Left { returned, unclaimed: part - request.claimed })
        }

        fn lower(ref self: ComponentState<TContractState>, kind: Kind, amount: u128) {
            self.Requests_unfilled.write(kind, self.unfilled_of(kind) - amount);
        }

        /// Puts an epoch at the end of a list, if it is not there yet.
        fn append(ref self: ComponentState<TContractState>, kind: Kind, list: ContractAddress, epoch: u64) {
            let ends = self.links(kind, list, 0);
            let last = ends.previous;
            if last == epoch {
                return;
            }
            self.set_links(kind, list, epoch, Links { previous: last, next: 0 });
            self.set_links(kind, list, 0, Links { previous: epoch, ..ends });
            // Where the list was empty, this is its first one.
            let before = self.links(kind, list, last);
            self.set_links(kind, list, last, Links { next: epoch, ..before });
        }

        /// Takes an epoch that is in a list out of it.
        #[inline(never)]
        fn remove(ref self: ComponentState<TContractState>, kind: Kind, list: ContractAddress, epoch: u64) {
            let Links { previous, next } = self.links(kind, list, epoch);
            let before = self.links(kind, list, previous);
            self.set_links(kind, list, previous, Links { next, ..before });
            let after = self.links(kind, list, next);
            self.set_links(kind, list, next, Links { previous, ..after });
            self.set_links(kind, list, epoch, Links { previous: 0, next: 0 });
        }
    }
}
