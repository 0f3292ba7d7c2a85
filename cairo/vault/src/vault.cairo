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
    use core::num::traits::{Bounded, Zero};
    use maat_vault_interfaces::erc20::{IERC20, IERC20Metadata, IERC20MetadataDispatcher, IERC20MetadataDispatcherTrait};
    use maat_vault_interfaces::history::{IPriceHistoryDispatcher, IPriceHistoryDispatcherTrait};
    use maat_interfaces::model::Port;
    use maat_interfaces::registry::{IModelRegistryViewsDispatcher, IModelRegistryViewsDispatcherTrait};
    use starknet::storage::{
        Map, StorageAsPointer, StorageMapReadAccess, StorageMapWriteAccess, StoragePointerReadAccess, StoragePointerWriteAccess,
    };
    use starknet::{ClassHash, ContractAddress, get_block_timestamp, get_caller_address, get_contract_address};
    use crate::access::{Change, OutputPolicy, Proposal, access_component};
    use crate::books::{at, Books, BooksTrait, Side, assets_for, narrow, nav_floor, shares_for};
    use crate::claims::{ClaimsTrait, Measure, Taken};
    use crate::epochs::{Claim, Kind, claimable, claimable_input, pending};
    use crate::erc20::erc20_component;
    use crate::errors::Errors;
    use crate::exits::{Call, ExitsTrait};
    use crate::features::{Feature, InputRule};
    use crate::interface::{
        Deployment, Fees, IERC4626, IERC7540, IOwnableTwoStep, ISRC5, IVault, IVaultViews, LastHours, Parts, Queues, Requested, Snapshot,
    };
    use crate::limits::{Limits, Position};
    use crate::lock::lock_component;
    use crate::market::MarketTrait;
    use crate::math::HighWater;
    use crate::records::{
        Epoch, HighWaterPacking, HourlyPacking, LimitsPacking, PositionPacking, Value, ValuePacking, values_of,
    };
    use crate::requests::requests_component;
    use crate::settlement::{Hourly, Raised, SettlementTrait};
    use crate::states::{BETWEEN_PAUSES, MAX_PAUSE, Operation, StatesTrait};
    use crate::trading::{Outcome, Purpose, TradingTrait};
    use crate::{features, limits, policy};

    /// The most decimals that a token may have.
    const MAX_DECIMALS: u8 = 24;
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
        pub registry: ContractAddress,
        pub model: u64,
        pub version: u32,
        pub class_hash: ClassHash,
        /// The version's sealed instance, which the registry executes.
        pub instance: ContractAddress,
        pub model_commitment: felt252,
        /// How many values the network gives.
        pub outputs: u32,
        /// How many hours in a row the features look at.
        pub hours: u32,
        pub history: ContractAddress,
        pub feed: ContractAddress,
        pub base_token: ContractAddress,
        pub quote_token: ContractAddress,
        pub base_decimals: u8,
        pub quote_decimals: u8,
        pub adapter: ContractAddress,
        pub treasury: ContractAddress,
        pub management_bps: u16,
        pub settle_bps: u16,
        pub min_nav: u128,
        pub keeper_cap: u128,
        pub limits: Limits,
        pub value_count: u32,
        /// The features, by position.
        pub values: Map<u32, Value>,
        pub halted: bool,
        /// What belongs to the shares, with what the limits remember.
        pub managed: Position,
        /// Quote tokens of deposits that are not filled.
        pub pending: u128,
        /// Quote tokens of redemptions that are filled and not claimed.
        pub reserved: u128,
        pub owed_totals: Map<Side, u128>,
        pub owed: Map<(Side, ContractAddress), u128>,
        pub accrued_at: u64,
        pub high_water: HighWater,
        pub opened: Option<Hourly>,
        pub raised: Raised,
        /// The hours that were used last, each stored as one more than it is; 0 if there was none.
        pub last_step: u64,
        pub last_raise: u64,
        pub last_unwind: u64,
        pub last_reward: u64,
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

    /// Proceeds of one epoch were fetched: shares of a deposit, assets of a redemption.
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

    /// What was not filled was taken back: assets of a deposit, shares of a redemption. What had been filled and not claimed is paid out too.
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

    /// The network decided. The hashes are those of the registry's `Executed`.
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

    /// Panics if the features, the policy, the limits or the fees are out of bounds, an account cannot hold its role, the model's version has
    /// another class or other inputs, or the tokens cannot be traded.
    #[constructor]
    fn constructor(ref self: ContractState, deployment: Deployment) {
        let Deployment {
            name,
            symbol,
            owner,
            guardian,
            adapter,
            treasury,
            registry,
            model,
            version,
            class_hash,
            history,
            base_token,
            quote_token,
            features,
            rules,
            policy,
            limits,
            fees,
            min_nav,
            keeper_cap,
        } = deployment;
        let hours = features::check(features, rules);
        let registered = IModelRegistryViewsDispatcher { contract_address: registry }.version(model, version);
        assert(registered.class_hash == class_hash, Errors::OTHER_CLASS);
        check_inputs(registered.inputs, rules);
        let values = values_of(features, rules);
        self.value_count.write(values.len());
        let mut position = 0;
        for value in values {
            self.values.write(position, *value);
            position += 1;
        }

        assert(base_token != quote_token, Errors::SAME_TOKEN);
        let decimals_of = |contract_address| IERC20MetadataDispatcher { contract_address }.decimals();
        let (base_decimals, quote_decimals) = (decimals_of(base_token), decimals_of(quote_token));
        assert(base_decimals <= MAX_DECIMALS && quote_decimals <= MAX_DECIMALS, Errors::BAD_DECIMALS);
        let feed = IPriceHistoryDispatcher { contract_address: history }.feed();
        self.registry.write(registry);
        self.model.write(model);
        self.version.write(version);
        self.class_hash.write(class_hash);
        self.instance.write(registered.instance);
        self.model_commitment.write(registered.model_commitment);
        self.outputs.write(values_in(registered.outputs));
        self.hours.write(hours);
        self.history.write(history);
        self.feed.write(feed);
        self.base_token.write(base_token);
        self.quote_token.write(quote_token);
        self.base_decimals.write(base_decimals);
        self.quote_decimals.write(quote_decimals);
        self.adapter.write(adapter);
        self.treasury.write(treasury);
        self.keeper_cap.write(keeper_cap);
        self.management_bps.write(fees.management_bps);
        self.settle_bps.write(fees.settle_bps);
        // Before the limits, which are checked against it.
        self.min_nav.write(min_nav);
        self.check_change(Change::Policy(policy));
        self.access.keep(Change::Policy(policy));
        self.check_change(Change::Limits(limits));
        self.limits.write(limits);
        assert(fees.management_bps <= 200, Errors::BAD_MANAGEMENT_FEE);
        assert(fees.settle_bps <= 50, Errors::BAD_SETTLE_FEE);
        for account in [owner, guardian, adapter, treasury].span() {
            self.check_role(*account);
        }
        self.access.initialise(owner, guardian);

        self.erc20.ERC20_name.write(name);
        self.erc20.ERC20_symbol.write(symbol);
        self.accrued_at.write(get_block_timestamp());
    }

    /// Checks that each rule is the one by which the network takes its value.
    fn check_inputs(inputs: Span<Port>, rules: Span<InputRule>) {
        assert(values_in(inputs) == rules.len(), Errors::OTHER_INPUTS);
        let mut rules = rules;
        for port in inputs {
            let scales = *port.scales;
            for position in 0..elements(port) {
                let rule = *rules.pop_front().unwrap();
                // One scale for all elements, or one for each position along the last axis.
                let scale = *scales[position % scales.len()];
                assert(rule.scale.into() == scale && rule.lo == *port.lo && rule.hi == *port.hi, Errors::OTHER_INPUTS);
            }
        }
    }

    fn values_in(ports: Span<Port>) -> u32 {
        let mut values = 0;
        for port in ports {
            values += elements(port);
        }
        values
    }

    fn elements(port: @Port) -> u32 {
        let mut elements = 1;
        for length in *port.shape {
            elements *= *length;
        }
        elements
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
        fn check_change(self: @ContractState, change: Change) {
            match change {
                Change::Policy(OutputPolicy { output, policy }) => {
                    policy::check(policy);
                    assert(output < at(self.outputs.as_ptr()), Errors::BAD_OUTPUT);
                },
                Change::Limits(limits) => {
                    limits::check(limits);
                    let min_nav = at(self.min_nav.as_ptr());
                    assert(1 <= min_nav && min_nav <= limits.deposit_cap, Errors::BAD_MIN_NAV);
                },
                Change::Adapter(account) | Change::Guardian(account) => self.check_role(account),
            }
        }

        /// Checks that an account can be owner, guardian, adapter or treasury.
        #[inline(never)]
        fn check_role(self: @ContractState, account: ContractAddress) {
            assert(account != get_contract_address() && account.is_non_zero(), Errors::UNFIT_ACCOUNT);
        }

        #[inline(never)]
        fn request_views(self: @ContractState, kind: Kind, request_id: u256, controller: ContractAddress) -> (u256, u256) {
            let epoch: Option<u64> = request_id.try_into();
            match epoch {
                Some(epoch) => {
                    let (entry, request) = (self.requests.epoch(kind, epoch), self.requests.request(kind, epoch, controller));
                    (pending(entry, request).into(), claimable_input(entry, request).into())
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

        #[inline(never)]
        fn last_hours(self: @ContractState) -> LastHours {
            LastHours {
                step: unpack_hour(at(self.last_step.as_ptr())),
                raise: unpack_hour(at(self.last_raise.as_ptr())),
                unwind: unpack_hour(at(self.last_unwind.as_ptr())),
                reward: unpack_hour(at(self.last_reward.as_ptr())),
            }
        }

        /// The NAV at the price that was recorded last, however long ago: what is not in the base token, if there is none.
        #[inline(never)]
        fn nav(self: @ContractState) -> u128 {
            let managed = self.position();
            let rate = match self.prices().latest() {
                Some(record) => self.rate_at(record.observation.base, record.observation.quote),
                None => None,
            };
            match rate {
                Some(rate) => nav_floor(managed, rate).unwrap_or(managed.quote),
                None => managed.quote,
            }
        }
    }

    #[inline(never)]
    fn unpack_hour(after: u64) -> Option<u64> {
        if after == 0 {
            None
        } else {
            Some(after - 1)
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
            self.erc20.ERC20_name.read()
        }

        fn symbol(self: @ContractState) -> ByteArray {
            self.erc20.ERC20_symbol.read()
        }

        fn decimals(self: @ContractState) -> u8 {
            at(self.quote_decimals.as_ptr()) + DECIMALS_OFFSET
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
            at(self.quote_token.as_ptr())
        }

        fn total_assets(self: @ContractState) -> u256 {
            self.nav().into()
        }

        fn convert_to_shares(self: @ContractState, assets: u256) -> u256 {
            shares_for(narrow(assets), self.erc20.supply(), self.nav()).expect(Errors::OVERFLOW).into()
        }

        fn convert_to_assets(self: @ContractState, shares: u256) -> u256 {
            assets_for(narrow(shares), self.erc20.supply(), self.nav()).expect(Errors::OVERFLOW).into()
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
            ref self: ContractState, epoch: u64, receiver: ContractAddress, controller: ContractAddress,
        ) -> (u256, u256) {
            let call = self.begin();
            let (base, quote) = self.exit_request(call, epoch, receiver, controller);
            self.end((base.into(), quote.into()))
        }

        fn withdraw_token(ref self: ContractState, side: Side, receiver: ContractAddress) -> u256 {
            let call = self.begin();
            let amount = self.withdraw_owed(call.caller, side, receiver);
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
            let outcome = self.step_at(call.caller, call.now, hour);
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
            self.check_change(change);
            let number = self.access.propose_change(change, call.now);
            self.end(number)
        }

        fn cancel(ref self: ContractState, number: u64) {
            let call = self.begin();
            self.access.cancel_change(call.caller, number);
            self.end(())
        }

        fn apply(ref self: ContractState, number: u64) {
            let call = self.begin();
            self.access.require_owner(call.caller);
            let change = self.access.take(number, call.now);
            self.check_change(change);
            match change {
                Change::Policy(_) => self.access.Access_policy.write(number),
                Change::Limits(limits) => self.limits.write(limits),
                Change::Adapter(adapter) => self.adapter.write(adapter),
                Change::Guardian(guardian) => self.access.Access_guardian.write(guardian),
            }
            self.access.log(access_component::Event::ChangeApplied(access_component::ChangeApplied { number }));
            self.end(())
        }

        fn pause(ref self: ContractState) {
            let Call { caller, now } = self.begin();
            self.access.require_guardian(caller);
            self.require(now, Operation::Pause);
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
            Parts {
                registry: at(self.registry.as_ptr()),
                model: at(self.model.as_ptr()),
                version: at(self.version.as_ptr()),
                class_hash: at(self.class_hash.as_ptr()),
                instance: at(self.instance.as_ptr()),
                model_commitment: at(self.model_commitment.as_ptr()),
                outputs: at(self.outputs.as_ptr()),
                hours: at(self.hours.as_ptr()),
                history: at(self.history.as_ptr()),
                feed: at(self.feed.as_ptr()),
                base_token: at(self.base_token.as_ptr()),
                quote_token: at(self.quote_token.as_ptr()),
                base_decimals: at(self.base_decimals.as_ptr()),
                quote_decimals: at(self.quote_decimals.as_ptr()),
                adapter: at(self.adapter.as_ptr()),
                treasury: at(self.treasury.as_ptr()),
                fees: Fees { management_bps: at(self.management_bps.as_ptr()), settle_bps: at(self.settle_bps.as_ptr()) },
                min_nav: at(self.min_nav.as_ptr()),
                keeper_cap: at(self.keeper_cap.as_ptr()),
            }
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
                raised: self.stored_raised(),
                high_water: self.mark(),
                queues: self.queues(),
                proposals: at(self.access.Access_proposals.as_ptr()),
                last_hours: self.last_hours(),
            }
        }

        fn features(self: @ContractState) -> (Span<Feature>, Span<InputRule>) {
            self.stored_features()
        }

        fn policy(self: @ContractState) -> OutputPolicy {
            self.access.policy()
        }

        fn limits(self: @ContractState) -> Limits {
            self.stored_limits()
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

        fn proposal(self: @ContractState, number: u64) -> Option<Proposal> {
            self.access.waiting(number)
        }
    }
}
