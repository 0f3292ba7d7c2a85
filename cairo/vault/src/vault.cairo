//! The contract: a vault that trades on a registered network, and believes nobody.
//!
//! The crate `maat-strategy` has its twin in Rust, which computes the same in the same integers: the files beside this one have the names of
//! the twin's. There is no upgrade. Tokens, history, feed, registry, model and treasury are fixed for good; policy, limits, adapter and
//! guardian change a day after they are proposed.
//!
//! # An hour
//!
//! Anyone records its price in the history, within 900 s of its start. Within 900 s of that record, anyone settles until no epoch is due, and
//! then steps once. Investors ask at any time, and fetch what was filled; whoever does not want to wait leaves in kind.
//!
//! # Two classes
//!
//! What only computes and checks is `crate::library`, a class of its own that this one calls by a constant: one class could not hold both.
//!
//! # Foreign code
//!
//! Tokens, adapter, registry, model, history and feed are foreign code, called by ordinary calls. Every function that changes something
//! closes a lock first, so that none of them is called in the midst of another. What tokens and the adapter say does not count: the vault
//! compares its own balances. Views can be called at any time, and see what is half-done.
//!
//! # Standards
//!
//! ERC-20's functions and events are OpenZeppelin's. ERC-7540 overloads ERC-4626's four calls, which Cairo cannot: here they always carry the
//! controller. `preview_*` panic, as ERC-7540 says. Debts are withdrawn by token, with `withdraw_token`.

#[starknet::contract]
pub mod vault {
    use core::num::traits::Bounded;
    use maat_vault_interfaces::erc20::{IERC20, IERC20Metadata, IERC20MetadataDispatcher, IERC20MetadataDispatcherTrait};
    use maat_vault_interfaces::history::{IPriceHistoryDispatcher, IPriceHistoryDispatcherTrait};
    use starknet::storage::{
        Map, StorageAsPointer, StorageMapReadAccess, StorageMapWriteAccess, StoragePointerReadAccess, StoragePointerWriteAccess,
    };
    use starknet::storage_access::storage_address_from_base_and_offset;
    use starknet::syscalls::{storage_read_syscall, storage_write_syscall};
    use starknet::{ContractAddress, SyscallResultTrait, get_block_timestamp, get_caller_address, get_contract_address};
    use crate::access::{Change, OutputPolicy, Proposal, WAITING, access_component};
    use crate::books::{Books, BooksTrait, Side, answer, ask, assets_for, at, library, narrow, fixed, shares_for};
    use crate::claims::{ClaimsTrait, Measure, Taken};
    use crate::epochs::{Claim, Kind, claimable, claimable_input, pending};
    use crate::erc20::erc20_component;
    use crate::errors::Errors;
    use crate::exits::{Call, ExitsTrait};
    use crate::features::{Feature, InputRule};
    use crate::interface::{
        IERC4626, IERC7540, IOwnableTwoStep, ISRC5, IVault, IVaultViews, LastHours, Parts, Queues, Requested, Snapshot,
    };
    use crate::library::{Found, LIBRARY, Prepared, Wanted};
    use crate::limits::{Limits, Position};
    use crate::lock::lock_component;
    use crate::market::MarketTrait;
    use crate::math::HighWater;
    use crate::records::{Epoch, Run, rules_of, HighWaterPacking, HourlyPacking, LastHoursPacking, LimitsPacking, PositionPacking};
    use crate::requests::requests_component;
    use crate::settlement::{Hourly, SettlementTrait};
    use crate::states::{BETWEEN_PAUSES, MAX_PAUSE, State, StatesTrait, refusal};
    use crate::trading::{Outcome, Purpose, Route, TradingTrait};

    /// How many felts `Parts` has.
    const PARTS: u8 = 21;
    /// Decimals of a share beyond those of the quote token, because there are a thousand virtual shares for one virtual asset.
    const DECIMALS_OFFSET: u8 = 3;
    /// SRC-5 itself.
    const ISRC5_ID: felt252 = 0x3f918d17e5ee77373b56385708f855659a07f75997f365cf87748628532a055;

    component!(path: erc20_component, storage: erc20, event: ERC20Event);
    component!(path: access_component, storage: access, event: AccessEvent);
    component!(path: requests_component, storage: requests, event: RequestsEvent);
    component!(path: lock_component, storage: lock, event: LockEvent);

    pub impl ERC20InternalImpl = erc20_component::InternalImpl<ContractState>;
    pub impl AccessInternalImpl = access_component::InternalImpl<ContractState>;
    pub impl RequestsInternalImpl = requests_component::InternalImpl<ContractState>;
    pub impl LockInternalImpl = lock_component::InternalImpl<ContractState>;

    #[storage]
    pub struct Storage {
        #[substorage(v0)]
        pub erc20: erc20_component::Storage,
        #[substorage(v0)]
        pub access: access_component::Storage,
        #[substorage(v0)]
        pub requests: requests_component::Storage,
        #[substorage(v0)]
        pub lock: lock_component::Storage,
        /// What was fixed when the vault was made, but for the adapter.
        pub parts: Parts,
        /// See `LimitsPacking`.
        pub limits: (felt252, u128),
        /// The least conjectured security of a proof that decides; 0 if none may.
        pub min_bits: u16,
        pub halted: bool,
        /// What belongs to the shares, with what the limits remember.
        pub managed: Position,
        /// Quote tokens of deposits that are not filled.
        pub pending: u128,
        /// Quote tokens of redemptions that are filled and not claimed.
        pub reserved: u128,
        /// Each stored as one more than it is, so that the cell is never emptied: to fill an empty one is dear.
        pub owed_totals: Map<Side, u128>,
        pub owed: Map<(Side, ContractAddress), u128>,
        pub accrued_at: u64,
        pub high_water: HighWater,
        pub opened: Option<Hourly>,
        pub last_hours: LastHours,
    }

    #[event]
    #[derive(Drop, starknet::Event)]
    pub enum Event {
        DepositRequest: DepositRequest,
        RedeemRequest: RedeemRequest,
        Deposit: Deposit,
        Withdraw: Withdraw,
        Claimed: Claimed,
        Reclaimed: Reclaimed,
        Settled: Settled,
        Refunded: Refunded,
        ExitedInKind: ExitedInKind,
        Withdrawn: Withdrawn,
        Skimmed: Skimmed,
        Decided: Decided,
        Traded: Traded,
        Rewarded: Rewarded,
        Halted: Halted,
        #[flat]
        ERC20Event: erc20_component::Event,
        #[flat]
        AccessEvent: access_component::Event,
        #[flat]
        RequestsEvent: requests_component::Event,
        #[flat]
        LockEvent: lock_component::Event,
    }

    /// Quote tokens were put into an epoch. ERC-7540's.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct DepositRequest {
        #[key]
        pub controller: ContractAddress,
        #[key]
        pub owner: ContractAddress,
        #[key]
        pub request_id: u256,
        pub sender: ContractAddress,
        pub assets: u256,
    }

    /// Shares were put into an epoch. ERC-7540's.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct RedeemRequest {
        #[key]
        pub controller: ContractAddress,
        #[key]
        pub owner: ContractAddress,
        #[key]
        pub request_id: u256,
        pub sender: ContractAddress,
        pub shares: u256,
    }

    /// Shares of deposits were fetched. ERC-4626's; as ERC-7540 has it, the sender is the controller and the owner the receiver.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct Deposit {
        #[key]
        pub sender: ContractAddress,
        #[key]
        pub owner: ContractAddress,
        pub assets: u256,
        pub shares: u256,
    }

    /// Assets of redemptions were fetched. ERC-4626's; the owner is the controller.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct Withdraw {
        #[key]
        pub sender: ContractAddress,
        #[key]
        pub receiver: ContractAddress,
        #[key]
        pub owner: ContractAddress,
        pub assets: u256,
        pub shares: u256,
    }

    /// Proceeds of one epoch were fetched: shares of a deposit, assets of a redemption. Whoever leaves an epoch gets those that were not
    /// claimed, which are assets owed where it was a redemption.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct Claimed {
        #[key]
        pub kind: Kind,
        #[key]
        pub controller: ContractAddress,
        #[key]
        pub epoch: u64,
        pub receiver: ContractAddress,
        pub amount: u256,
    }

    /// What was not filled was taken back: assets of a deposit, shares of a redemption. What had been filled and not claimed is a `Claimed`
    /// before. Whoever leaves a redemption in kind takes the shares back and burns them: an `ExitedInKind` follows.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct Reclaimed {
        #[key]
        pub kind: Kind,
        #[key]
        pub controller: ContractAddress,
        #[key]
        pub epoch: u64,
        pub receiver: ContractAddress,
        pub returned: u256,
        pub unclaimed: u256,
    }

    /// An epoch was filled at the price of an hour, or a part of it: assets became shares, or shares assets.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct Settled {
        #[key]
        pub kind: Kind,
        #[key]
        pub hour: u64,
        #[key]
        pub epoch: u64,
        pub filled: u128,
        pub proceeds: u128,
    }

    /// The deposits of an epoch can be taken back at once, of which so much was not filled.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct Refunded {
        #[key]
        pub epoch: u64,
        pub assets: u128,
    }

    /// Someone left with both tokens, which the receiver is owed.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct ExitedInKind {
        #[key]
        pub owner: ContractAddress,
        #[key]
        pub receiver: ContractAddress,
        pub shares: u256,
        pub base: u256,
        pub quote: u256,
    }

    /// Owed tokens were fetched.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct Withdrawn {
        #[key]
        pub account: ContractAddress,
        #[key]
        pub receiver: ContractAddress,
        #[key]
        pub side: Side,
        pub amount: u256,
    }

    /// The treasury got what the books do not know.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct Skimmed {
        #[key]
        pub side: Side,
        pub amount: u256,
    }

    /// The network decided. The hashes are those of the registry's `Executed`, whichever way its answer came.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct Decided {
        #[key]
        pub hour: u64,
        /// The output value that the policy reads.
        pub class: i32,
        /// The model's commitment.
        pub model: felt252,
        /// The registry's version of it.
        pub version: u32,
        pub input_hash: felt252,
        pub output_hash: felt252,
        /// The price chain.
        pub chain: felt252,
        /// The share of the base token before, in basis points.
        pub weight_before: u16,
        /// What the policy asks for; nothing where it holds.
        pub weight_target: Option<u16>,
        pub outcome: Outcome,
        pub route: Route,
    }

    /// A swap was made: so much of one token left, and so much of the other one arrived.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct Traded {
        #[key]
        pub hour: u64,
        pub purpose: Purpose,
        pub sold: Side,
        pub spent: u128,
        pub received: u128,
    }

    /// A keeper is owed quote tokens.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct Rewarded {
        #[key]
        pub keeper: ContractAddress,
        pub amount: u128,
    }

    /// The vault is halted for good, at the price of this hour.
    #[derive(Drop, PartialEq, Debug, starknet::Event)]
    pub struct Halted {
        #[key]
        pub hour: u64,
    }

    /// Makes a vault of what a `Deployment` is as felts.
    ///
    /// Panics if the features, the policy, the limits or the fees are out of bounds, an account cannot hold its role, the model's version has
    /// another class or other inputs, gives classes without a target, or is deprecated or revoked, or the tokens cannot be traded: they have
    /// fewer than 6 or more than 18 decimals, or a recorded price below 0.0001.
    #[constructor]
    fn constructor(ref self: ContractState, deployment: Span<felt252>) {
        let mut calldata = array![];
        calldata.append_span(deployment);
        let wanted: Wanted = answer(library(selector!("wanted"), calldata));
        let decimals_of = |contract_address| IERC20MetadataDispatcher { contract_address }.decimals();
        let found = Found {
            vault: get_contract_address(),
            feed: IPriceHistoryDispatcher { contract_address: wanted.history }.feed(),
            base_decimals: decimals_of(wanted.base_token),
            quote_decimals: decimals_of(wanted.quote_token),
        };
        let mut calldata = array![];
        found.serialize(ref calldata);
        calldata.append_span(deployment);
        // Foreign felts last, so that they can be nothing else.
        let version = array![wanted.model.into(), wanted.version.into()];
        calldata.append_span(ask(wanted.registry, selector!("version"), version.span()));
        let prepared: Prepared = answer(library(selector!("prepare"), calldata));

        let (parts, mut position) = (self.parts.as_ptr().__storage_pointer_address__, 0);
        for felt in prepared.parts {
            storage_write_syscall(0, storage_address_from_base_and_offset(parts, position), *felt).unwrap_syscall();
            position += 1;
        }
        self.parts.library.write(LIBRARY);
        self.limits.write(prepared.limits);
        self.min_bits.write(wanted.min_bits);
        self.access.put('name', prepared.name);
        self.access.put('symbol', prepared.symbol);
        self.access.put('features', prepared.features);
        self.access.put('outputs', prepared.outputs);
        self.access.keep(prepared.policy);
        self.access.initialise(prepared.owner, prepared.guardian);
        let now = get_block_timestamp();
        self.accrued_at.write(now);
        self.set_hours(LastHours { step: None, raise: None, unwind: None, reward: None });
        self.owed_totals.write(Side::Base, 1);
        self.owed_totals.write(Side::Quote, 1);

        // These read what was just written.
        let state = self.state_at(now);
        assert(state == State::Active, refusal(state));
        let mut calldata = array![];
        self.append_latest(ref calldata);
        library(selector!("check_price"), calldata);
    }

    #[generate_trait]
    impl InternalImpl of InternalTrait {
        /// Begins a call that changes something, and says whose it is, and when.
        #[inline(never)]
        fn begin(ref self: ContractState) -> Call {
            self.lock.close();
            Call { caller: get_caller_address(), now: get_block_timestamp() }
        }

        /// Ends it.
        fn end<T, +Drop<T>>(ref self: ContractState, result: T) -> T {
            self.lock.open();
            result
        }

        /// Checks that a vault could be made with a change.
        #[inline(never)]
        fn check_change(self: @ContractState, change: Span<felt252>) {
            let mut calldata = array![get_contract_address().into(), fixed(self.parts.min_nav).into()];
            calldata.append_span(self.access.list('outputs'));
            calldata.append_span(change);
            library(selector!("check"), calldata);
        }

        #[inline(never)]
        fn request_views(self: @ContractState, kind: Kind, request_id: u256, controller: ContractAddress) -> (u256, u256) {
            let epoch: Option<u64> = request_id.try_into();
            match epoch {
                Some(epoch) => {
                    let (entry, request) = (self.requests.epoch(kind, epoch), self.requests.request(kind, epoch, controller));
                    // What is refunded can be taken back, and will never be claimable.
                    let pending = if entry.refunded {
                        0
                    } else {
                        pending(entry, request)
                    };
                    (pending.into(), claimable_input(entry, request).into())
                },
                None => (0, 0),
            }
        }

        /// What a controller can claim in all: what was put in, and what it became.
        #[inline(never)]
        fn claimable_in_all(self: @ContractState, kind: Kind, controller: ContractAddress) -> (u256, u256) {
            let (mut input, mut proceeds) = (0_u128, 0_u128);
            for claim in self.requests.claims(kind, controller) {
                input += *claim.input;
                proceeds += *claim.proceeds;
            }
            (input.into(), proceeds.into())
        }

        /// A claim by ERC-4626's names.
        #[inline(never)]
        fn take(
            ref self: ContractState, kind: Kind, measure: Measure, asked: u256, receiver: ContractAddress, controller: ContractAddress,
        ) -> Taken {
            let call = self.begin();
            let taken = self.claim_oldest(call, kind, measure, narrow(asked), receiver, controller);
            self.end(taken)
        }

        // Parts of the snapshot: together, they would make the class too large.

        #[inline(never)]
        fn books(self: @ContractState) -> Books {
            Books {
                managed: self.position(),
                pending: self.stored_pending(),
                reserved: self.stored_reserved(),
                supply: self.erc20.supply(),
                owed_base: self.owed_total(Side::Base),
                owed_quote: self.owed_total(Side::Quote),
            }
        }

        #[inline(never)]
        fn queues(self: @ContractState) -> Queues {
            Queues {
                oldest_deposit: self.requests.due(Kind::Deposit, Bounded::MAX),
                oldest_redemption: self.requests.due(Kind::Redeem, Bounded::MAX),
                unfilled_deposits: self.requests.unfilled_of(Kind::Deposit),
                unfilled_redemptions: self.requests.unfilled_of(Kind::Redeem),
            }
        }
    }

    #[abi(embed_v0)]
    impl ERC20Impl of IERC20<ContractState> {
        fn total_supply(self: @ContractState) -> u256 {
            self.erc20.supply().into()
        }

        fn balance_of(self: @ContractState, account: ContractAddress) -> u256 {
            self.erc20.shares_of(account).into()
        }

        fn allowance(self: @ContractState, owner: ContractAddress, spender: ContractAddress) -> u256 {
            self.erc20.ERC20_allowances.read((owner, spender))
        }

        fn transfer(ref self: ContractState, recipient: ContractAddress, amount: u256) -> bool {
            let call = self.begin();
            self.require_other(call.caller);
            self.require_other(recipient);
            self.erc20.move_shares(call.caller, recipient, narrow(amount));
            self.end(true)
        }

        fn transfer_from(ref self: ContractState, sender: ContractAddress, recipient: ContractAddress, amount: u256) -> bool {
            let call = self.begin();
            self.require_other(sender);
            self.require_other(recipient);
            self.erc20.spend_allowance(sender, call.caller, amount);
            self.erc20.move_shares(sender, recipient, narrow(amount));
            self.end(true)
        }

        fn approve(ref self: ContractState, spender: ContractAddress, amount: u256) -> bool {
            let call = self.begin();
            self.erc20.approve_for(call.caller, spender, amount);
            self.end(true)
        }
    }

    #[abi(embed_v0)]
    impl ERC20MetadataImpl of IERC20Metadata<ContractState> {
        fn name(self: @ContractState) -> ByteArray {
            answer(self.access.list('name'))
        }

        fn symbol(self: @ContractState) -> ByteArray {
            answer(self.access.list('symbol'))
        }

        fn decimals(self: @ContractState) -> u8 {
            fixed(self.parts.quote_decimals) + DECIMALS_OFFSET
        }
    }

    #[abi(embed_v0)]
    impl OwnableImpl of IOwnableTwoStep<ContractState> {
        fn owner(self: @ContractState) -> ContractAddress {
            at(self.access.Access_owner.as_ptr())
        }

        fn pending_owner(self: @ContractState) -> ContractAddress {
            at(self.access.Access_pending_owner.as_ptr())
        }

        fn transfer_ownership(ref self: ContractState, new_owner: ContractAddress) {
            let call = self.begin();
            self.access.offer(call.caller, new_owner);
            self.end(())
        }

        fn accept_ownership(ref self: ContractState) {
            let call = self.begin();
            // For the owner before; an acceptance that is refused undoes it.
            self.accrue(call.now);
            self.access.accept(call.caller);
            self.end(())
        }
    }

    #[abi(embed_v0)]
    impl ERC7540Impl of IERC7540<ContractState> {
        fn request_deposit(ref self: ContractState, assets: u256, controller: ContractAddress, owner: ContractAddress) -> u256 {
            let call = self.begin();
            let epoch = self.ask_deposit(call, narrow(assets), controller, owner);
            self.end(epoch.into())
        }

        fn pending_deposit_request(self: @ContractState, request_id: u256, controller: ContractAddress) -> u256 {
            let (pending, _) = self.request_views(Kind::Deposit, request_id, controller);
            pending
        }

        fn claimable_deposit_request(self: @ContractState, request_id: u256, controller: ContractAddress) -> u256 {
            let (_, claimable) = self.request_views(Kind::Deposit, request_id, controller);
            claimable
        }

        fn request_redeem(ref self: ContractState, shares: u256, controller: ContractAddress, owner: ContractAddress) -> u256 {
            let call = self.begin();
            let epoch = self.ask_redeem(call, narrow(shares), controller, owner);
            self.end(epoch.into())
        }

        fn pending_redeem_request(self: @ContractState, request_id: u256, controller: ContractAddress) -> u256 {
            let (pending, _) = self.request_views(Kind::Redeem, request_id, controller);
            pending
        }

        fn claimable_redeem_request(self: @ContractState, request_id: u256, controller: ContractAddress) -> u256 {
            let (_, claimable) = self.request_views(Kind::Redeem, request_id, controller);
            claimable
        }

        fn is_operator(self: @ContractState, controller: ContractAddress, operator: ContractAddress) -> bool {
            self.access.Access_operators.read((controller, operator))
        }

        fn set_operator(ref self: ContractState, operator: ContractAddress, approved: bool) -> bool {
            let call = self.begin();
            self.access.set_operator_of(call.caller, operator, approved);
            self.end(true)
        }

        fn share(self: @ContractState) -> ContractAddress {
            get_contract_address()
        }
    }

    #[abi(embed_v0)]
    impl ERC4626Impl of IERC4626<ContractState> {
        fn asset(self: @ContractState) -> ContractAddress {
            fixed(self.parts.quote_token)
        }

        fn total_assets(self: @ContractState) -> u256 {
            self.last_nav().into()
        }

        fn convert_to_shares(self: @ContractState, assets: u256) -> u256 {
            shares_for(narrow(assets), self.erc20.supply(), self.last_nav()).expect(Errors::OVERFLOW).into()
        }

        fn convert_to_assets(self: @ContractState, shares: u256) -> u256 {
            assets_for(narrow(shares), self.erc20.supply(), self.last_nav()).expect(Errors::OVERFLOW).into()
        }

        fn max_deposit(self: @ContractState, controller: ContractAddress) -> u256 {
            let (assets, _) = self.claimable_in_all(Kind::Deposit, controller);
            assets
        }

        fn preview_deposit(self: @ContractState, assets: u256) -> u256 {
            core::panic_with_felt252(Errors::PREVIEW)
        }

        fn deposit(ref self: ContractState, assets: u256, receiver: ContractAddress, controller: ContractAddress) -> u256 {
            self.take(Kind::Deposit, Measure::Input, assets, receiver, controller).proceeds.into()
        }

        fn max_mint(self: @ContractState, controller: ContractAddress) -> u256 {
            let (_, shares) = self.claimable_in_all(Kind::Deposit, controller);
            shares
        }

        fn preview_mint(self: @ContractState, shares: u256) -> u256 {
            core::panic_with_felt252(Errors::PREVIEW)
        }

        fn mint(ref self: ContractState, shares: u256, receiver: ContractAddress, controller: ContractAddress) -> u256 {
            self.take(Kind::Deposit, Measure::Proceeds, shares, receiver, controller).input.into()
        }

        fn max_withdraw(self: @ContractState, controller: ContractAddress) -> u256 {
            let (_, assets) = self.claimable_in_all(Kind::Redeem, controller);
            assets
        }

        fn preview_withdraw(self: @ContractState, assets: u256) -> u256 {
            core::panic_with_felt252(Errors::PREVIEW)
        }

        fn withdraw(ref self: ContractState, assets: u256, receiver: ContractAddress, controller: ContractAddress) -> u256 {
            self.take(Kind::Redeem, Measure::Proceeds, assets, receiver, controller).input.into()
        }

        fn max_redeem(self: @ContractState, controller: ContractAddress) -> u256 {
            let (shares, _) = self.claimable_in_all(Kind::Redeem, controller);
            shares
        }

        fn preview_redeem(self: @ContractState, shares: u256) -> u256 {
            core::panic_with_felt252(Errors::PREVIEW)
        }

        fn redeem(ref self: ContractState, shares: u256, receiver: ContractAddress, controller: ContractAddress) -> u256 {
            self.take(Kind::Redeem, Measure::Input, shares, receiver, controller).proceeds.into()
        }
    }

    #[abi(embed_v0)]
    impl SRC5Impl of ISRC5<ContractState> {
        fn supports_interface(self: @ContractState, interface_id: felt252) -> bool {
            interface_id == ISRC5_ID
        }
    }

    #[abi(embed_v0)]
    impl VaultImpl of IVault<ContractState> {
        fn claim_shares(ref self: ContractState, epoch: u64, controller: ContractAddress, receiver: ContractAddress) -> u256 {
            let call = self.begin();
            let shares = self.claim_epoch(call, Kind::Deposit, epoch, controller, receiver);
            self.end(shares.into())
        }

        fn claim_assets(ref self: ContractState, epoch: u64, controller: ContractAddress, receiver: ContractAddress) -> u256 {
            let call = self.begin();
            let assets = self.claim_epoch(call, Kind::Redeem, epoch, controller, receiver);
            self.end(assets.into())
        }

        fn reclaim_deposit(ref self: ContractState, epoch: u64, controller: ContractAddress, receiver: ContractAddress) -> u256 {
            let call = self.begin();
            let assets = self.take_back_deposit(call, epoch, controller, receiver);
            self.end(assets.into())
        }

        fn reclaim_redeem(ref self: ContractState, epoch: u64, controller: ContractAddress, receiver: ContractAddress) -> u256 {
            let call = self.begin();
            let shares = self.take_back_redeem(call, epoch, controller, receiver);
            self.end(shares.into())
        }

        fn exit_in_kind(
            ref self: ContractState, shares: u256, receiver: ContractAddress, owner: ContractAddress,
        ) -> (u256, u256) {
            let call = self.begin();
            let (base, quote) = self.exit(call, narrow(shares), receiver, owner);
            self.end((base.into(), quote.into()))
        }

        fn exit_request_in_kind(
            ref self: ContractState, epoch: u64, controller: ContractAddress, receiver: ContractAddress,
        ) -> (u256, u256) {
            let call = self.begin();
            let (base, quote) = self.exit_request(call, epoch, controller, receiver);
            self.end((base.into(), quote.into()))
        }

        fn withdraw_token(ref self: ContractState, side: Side, account: ContractAddress, receiver: ContractAddress) -> u256 {
            let call = self.begin();
            let amount = self.withdraw_owed(call.caller, side, account, receiver);
            self.end(amount.into())
        }

        fn skim(ref self: ContractState, side: Side) -> u256 {
            self.begin();
            let amount = self.skim_side(side);
            self.end(amount.into())
        }

        fn observe(ref self: ContractState) -> Hourly {
            let call = self.begin();
            let recorded = self.recorded(call.now);
            let hourly = self.open_hour(@recorded, call.now);
            self.end(hourly)
        }

        fn settle(ref self: ContractState) -> bool {
            let call = self.begin();
            let market = self.market(call.now);
            let swept = self.settle_at(@market, call.now);
            self.end(swept)
        }

        fn step(ref self: ContractState, hour: u64) -> Outcome {
            let call = self.begin();
            let outcome = self.step_at(call.caller, call.now, hour, None);
            self.end(outcome)
        }

        fn step_with_proof(ref self: ContractState, hour: u64, call: Span<felt252>) -> Outcome {
            let Call { caller, now } = self.begin();
            let outcome = self.step_at(caller, now, hour, Some(call));
            self.end(outcome)
        }

        fn raise(ref self: ContractState) -> u256 {
            let call = self.begin();
            let base = self.raise_at(call.now);
            self.end(base.into())
        }

        fn unwind(ref self: ContractState) -> u256 {
            let call = self.begin();
            let base = self.unwind_at(call.caller, call.now);
            self.end(base.into())
        }

        fn propose(ref self: ContractState, change: Change) -> u64 {
            let call = self.begin();
            self.access.require_owner(call.caller);
            let mut felts = array![];
            change.serialize(ref felts);
            self.check_change(felts.span());
            let number = self.access.propose_change(felts.span(), call.now);
            self.end(number)
        }

        fn cancel(ref self: ContractState, number: u64) {
            let call = self.begin();
            self.access.cancel_change(call.caller, number);
            self.end(())
        }

        fn cancel_before(ref self: ContractState, number: u64) {
            let call = self.begin();
            self.access.cancel_changes(call.caller, number);
            self.end(())
        }

        fn apply(ref self: ContractState, number: u64) {
            let call = self.begin();
            self.access.require_owner(call.caller);
            let change = self.access.take(number, call.now);
            self.check_change(self.access.list(number.into()));
            match change {
                Change::Policy(_) => self.access.Access_policy.write(number),
                Change::Limits(limits) => self.limits.write(LimitsPacking::pack(limits)),
                Change::Adapter(adapter) => self.parts.adapter.write(adapter),
                Change::Guardian(guardian) => self.access.Access_guardian.write(guardian),
                Change::MinBits(bits) => self.min_bits.write(bits),
            }
            self.access.log(access_component::Event::ChangeApplied(access_component::ChangeApplied { number }));
            self.end(())
        }

        fn pause(ref self: ContractState) {
            let Call { caller, now } = self.begin();
            self.access.require_guardian(caller);
            // The registry is not asked, so that one that fails can be answered with a pause.
            if let Some(state) = self.own_state_at(now) {
                core::panic_with_felt252(refusal(state));
            }
            let last = self.access.Access_paused_until.read();
            assert(last == 0 || last + BETWEEN_PAUSES <= now, Errors::EARLY);
            let until = now + MAX_PAUSE;
            self.access.Access_paused_until.write(until);
            self.access.log(access_component::Event::Paused(access_component::Paused { until }));
            self.end(())
        }

        fn unpause(ref self: ContractState) {
            let Call { caller, now } = self.begin();
            self.access.require_guardian(caller);
            assert(self.access.is_paused(now), Errors::NOT_PAUSED);
            self.access.Access_paused_until.write(now);
            self.access.log(access_component::Event::Unpaused(access_component::Unpaused {}));
            self.end(())
        }
    }

    #[abi(embed_v0)]
    impl VaultViewsImpl of IVaultViews<ContractState> {
        fn parts(self: @ContractState) -> Parts {
            let mut felts = array![];
            let parts = self.parts.as_ptr().__storage_pointer_address__;
            for position in 0..PARTS {
                felts.append(storage_read_syscall(0, storage_address_from_base_and_offset(parts, position)).unwrap_syscall());
            }
            answer(felts.span())
        }

        fn snapshot(self: @ContractState) -> Snapshot {
            Snapshot {
                state: self.state_at(get_block_timestamp()),
                owner: at(self.access.Access_owner.as_ptr()),
                guardian: at(self.access.Access_guardian.as_ptr()),
                paused_until: at(self.access.Access_paused_until.as_ptr()),
                books: self.books(),
                accrued_at: at(self.accrued_at.as_ptr()),
                hour: self.stored_hour(),
                high_water: self.mark(),
                queues: self.queues(),
                proposals: at(self.access.Access_proposals.as_ptr()),
                last_hours: self.stored_hours(),
            }
        }

        fn features(self: @ContractState) -> (Span<Feature>, Span<InputRule>) {
            let (groups, runs): (Span<Feature>, Span<Run>) = answer(self.access.list('features'));
            (groups, rules_of(runs))
        }

        fn policy(self: @ContractState) -> OutputPolicy {
            self.access.policy()
        }

        fn limits(self: @ContractState) -> Limits {
            self.stored_limits()
        }

        fn min_bits(self: @ContractState) -> u16 {
            at(self.min_bits.as_ptr())
        }

        fn owed(self: @ContractState, side: Side, account: ContractAddress) -> u256 {
            self.owed.read((side, account)).into()
        }

        fn epoch(self: @ContractState, kind: Kind, epoch: u64) -> Epoch {
            self.requests.epoch(kind, epoch)
        }

        fn requests_of(self: @ContractState, kind: Kind, controller: ContractAddress) -> Span<Requested> {
            let mut requests = array![];
            for epoch in self.requests.epochs_of(kind, controller) {
                let (entry, request) = (self.requests.epoch(kind, *epoch), self.requests.request(kind, *epoch, controller));
                let claim = Claim {
                    epoch: *epoch, input: claimable_input(entry, request), proceeds: claimable(entry, request),
                };
                requests
                    .append(Requested { epoch: *epoch, pending: pending(entry, request), claim, refunded: entry.refunded });
            }
            requests.span()
        }

        fn proposals(self: @ContractState) -> Span<u64> {
            let mut numbers = array![];
            for number in self.access.list(WAITING) {
                numbers.append((*number).try_into().unwrap());
            }
            numbers.span()
        }

        fn proposal(self: @ContractState, number: u64) -> Option<Proposal> {
            self.access.kept(number)
        }
    }
}
