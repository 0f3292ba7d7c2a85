//! Each entry point of a vault, called of the twin and of the contract.

use maat_starknet::vault::calldata;
use maat_strategy::hour::Hour;
use maat_strategy::vault::settlement::Hourly;
use maat_strategy::vault::{Account, Adapter, Call, Chain, Change, Kind, NetworkFailure, Outcome, Proven, Refusal, Side, Vault};
use starknet_types_core::felt::Felt;

use super::contracts::{REGISTRY, wide};
use super::felts::{account, change, outcome, proven, side};
use super::pool::Conduct;
use super::world::{KEEPER, World, answers};

fn amount(amount: &u128) -> Vec<Felt> {
    wide(*amount).to_vec()
}

fn both(amounts: &(u128, u128)) -> Vec<Felt> {
    [wide(amounts.0), wide(amounts.1)].concat()
}

fn nothing((): &()) -> Vec<Felt> {
    vec![]
}

fn done((): &()) -> Vec<Felt> {
    vec![Felt::ONE]
}

fn with(amount: u128, accounts: &[Account]) -> Vec<Felt> {
    wide(amount).into_iter().chain(accounts.iter().map(|who| account(*who))).collect()
}

impl World {
    pub fn request_deposit(&mut self, caller: Account, assets: u128, controller: Account, owner: Account) -> Result<u64, Refusal> {
        let twin = |vault: &mut Vault, chain: &mut Chain, call| vault.request_deposit(chain, call, assets, controller, owner);
        self.call(caller, "request_deposit", with(assets, &[controller, owner]), twin, |epoch| vec![(*epoch).into(), Felt::ZERO])
    }

    pub fn request_redeem(&mut self, caller: Account, shares: u128, controller: Account, owner: Account) -> Result<u64, Refusal> {
        let twin = |vault: &mut Vault, chain: &mut Chain, call| vault.request_redeem(chain, call, shares, controller, owner);
        self.call(caller, "request_redeem", with(shares, &[controller, owner]), twin, |epoch| vec![(*epoch).into(), Felt::ZERO])
    }

    /// `claim_shares` or `claim_assets`.
    pub fn claim(&mut self, caller: Account, of: Kind, epoch: u64, controller: Account, receiver: Account) -> Result<u128, Refusal> {
        let calldata = vec![epoch.into(), account(controller), account(receiver)];
        let function = if of == Kind::Deposit { "claim_shares" } else { "claim_assets" };
        let twin = |vault: &mut Vault, chain: &mut Chain, call| match of {
            Kind::Deposit => vault.claim_shares(chain, call, epoch, controller, receiver),
            Kind::Redeem => vault.claim_assets(chain, call, epoch, controller, receiver),
        };
        self.call(caller, function, calldata, twin, amount)
    }

    /// `deposit`, `mint`, `redeem` or `withdraw`: of what was put in, or of what it became.
    pub fn claim_oldest(
        &mut self,
        caller: Account,
        of: Kind,
        by_input: bool,
        asked: u128,
        receiver: Account,
        controller: Account,
    ) -> Result<u128, Refusal> {
        let function = match (of, by_input) {
            (Kind::Deposit, true) => "deposit",
            (Kind::Deposit, false) => "mint",
            (Kind::Redeem, true) => "redeem",
            (Kind::Redeem, false) => "withdraw",
        };
        let twin = |vault: &mut Vault, chain: &mut Chain, call| match (of, by_input) {
            (Kind::Deposit, true) => vault.deposit(chain, call, asked, receiver, controller),
            (Kind::Deposit, false) => vault.mint(chain, call, asked, receiver, controller),
            (Kind::Redeem, true) => vault.redeem(chain, call, asked, receiver, controller),
            (Kind::Redeem, false) => vault.withdraw(chain, call, asked, receiver, controller),
        };
        self.call(caller, function, with(asked, &[receiver, controller]), twin, amount)
    }

    /// `reclaim_deposit` or `reclaim_redeem`.
    pub fn reclaim(&mut self, caller: Account, of: Kind, epoch: u64, controller: Account, receiver: Account) -> Result<u128, Refusal> {
        let calldata = vec![epoch.into(), account(controller), account(receiver)];
        let function = if of == Kind::Deposit { "reclaim_deposit" } else { "reclaim_redeem" };
        let twin = |vault: &mut Vault, chain: &mut Chain, call| match of {
            Kind::Deposit => vault.reclaim_deposit(chain, call, epoch, controller, receiver),
            Kind::Redeem => vault.reclaim_redeem(chain, call, epoch, controller, receiver),
        };
        self.call(caller, function, calldata, twin, amount)
    }

    pub fn exit_in_kind(&mut self, caller: Account, shares: u128, receiver: Account, owner: Account) -> Result<(u128, u128), Refusal> {
        let twin = |vault: &mut Vault, chain: &mut Chain, call| vault.exit_in_kind(chain, call, shares, receiver, owner);
        self.call(caller, "exit_in_kind", with(shares, &[receiver, owner]), twin, both)
    }

    pub fn exit_request(&mut self, caller: Account, epoch: u64, controller: Account, receiver: Account) -> Result<(u128, u128), Refusal> {
        let calldata = vec![epoch.into(), account(controller), account(receiver)];
        let twin = |vault: &mut Vault, chain: &mut Chain, call| vault.exit_request_in_kind(chain, call, epoch, controller, receiver);
        self.call(caller, "exit_request_in_kind", calldata, twin, both)
    }

    pub fn withdraw_token(&mut self, caller: Account, of: Side, owed: Account, receiver: Account) -> Result<u128, Refusal> {
        let twin = |vault: &mut Vault, chain: &mut Chain, call| vault.withdraw_token(chain, call, of, owed, receiver);
        self.call(caller, "withdraw_token", vec![side(of), account(owed), account(receiver)], twin, amount)
    }

    pub fn transfer(&mut self, from: Account, to: Account, shares: u128) -> Result<(), Refusal> {
        let calldata = [vec![account(to)], wide(shares).to_vec()].concat();
        self.call(from, "transfer", calldata, |vault, chain, call| vault.transfer(chain, call, to, shares), done)
    }

    pub fn skim(&mut self, of: Side) -> Result<u128, Refusal> {
        self.call(KEEPER, "skim", vec![side(of)], |vault, chain, call| vault.skim(chain, call, of), amount)
    }

    pub fn observe(&mut self) -> Result<Hourly, Refusal> {
        let felts = |hourly: &Hourly| {
            let Hourly { hour, nav, cap, deposited, redeemed, swept } = *hourly;
            vec![hour.count().into(), nav.into(), cap.into(), deposited.into(), redeemed.into(), swept.into()]
        };
        self.call(KEEPER, "observe", vec![], |vault, chain, call| vault.observe(chain, call), felts)
    }

    pub fn settle(&mut self) -> Result<bool, Refusal> {
        self.call(KEEPER, "settle", vec![], |vault, chain, call| vault.settle(chain, call), |swept| vec![(*swept).into()])
    }

    pub fn step(&mut self, hour: Hour, answer: i32, conduct: Conduct) -> Result<Outcome, Refusal> {
        self.contracts.tell(account(KEEPER), REGISTRY, "set_answer", [answer.into()]);
        let twin = |vault: &mut Vault, chain: &mut Chain, call: Call, pool: &mut dyn Adapter| {
            vault.step(chain, call, hour, &mut answers(answer), pool)
        };
        self.swapping("step", vec![hour.count().into()], conduct, twin, outcome)
    }

    /// A step with a proof that the registry says this of.
    pub fn step_with_proof(&mut self, hour: Hour, proof: Result<Proven, NetworkFailure>, conduct: Conduct) -> Result<Outcome, Refusal> {
        let felts = proof.as_ref().map_or_else(|_| vec![], proven);
        let call = [&[Felt::ONE, Felt::ONE], &calldata::list(&felts)[..]].concat();
        let calldata = [&[hour.count().into()], &calldata::list(&call)[..]].concat();
        let twin = |vault: &mut Vault, chain: &mut Chain, call: Call, pool: &mut dyn Adapter| {
            vault.step_with_proof(chain, call, hour, &mut || proof.clone(), pool)
        };
        self.swapping("step_with_proof", calldata, conduct, twin, outcome)
    }

    pub fn raise(&mut self, conduct: Conduct) -> Result<u128, Refusal> {
        self.swapping("raise", vec![], conduct, |vault, chain, call, pool| vault.raise(chain, call, pool), amount)
    }

    pub fn unwind(&mut self, conduct: Conduct) -> Result<u128, Refusal> {
        self.swapping("unwind", vec![], conduct, |vault, chain, call, pool| vault.unwind(chain, call, pool), amount)
    }

    /// Gives the twin's number.
    pub fn propose(&mut self, caller: Account, proposed: Change) -> Result<u64, Refusal> {
        let calldata = change(&proposed);
        // The contract counts from 1, and keeps the first policy at 0.
        let felts = |number: &u64| vec![(number + 1).into()];
        self.call(caller, "propose", calldata, |vault, chain, call| vault.propose(chain, call, proposed), felts)
    }

    pub fn cancel(&mut self, caller: Account, number: u64) -> Result<(), Refusal> {
        self.call(caller, "cancel", vec![(number + 1).into()], |vault, chain, call| vault.cancel(chain, call, number), nothing)
    }

    /// Drops all that wait before the one of this number.
    pub fn cancel_before(&mut self, caller: Account, number: u64) -> Result<(), Refusal> {
        let twin = |vault: &mut Vault, chain: &mut Chain, call| vault.cancel_before(chain, call, number);
        self.call(caller, "cancel_before", vec![(number + 1).into()], twin, nothing)
    }

    pub fn apply(&mut self, caller: Account, number: u64) -> Result<(), Refusal> {
        self.call(caller, "apply", vec![(number + 1).into()], |vault, chain, call| vault.apply(chain, call, number), nothing)
    }

    pub fn pause(&mut self, caller: Account) -> Result<(), Refusal> {
        self.call(caller, "pause", vec![], |vault, chain, call| vault.pause(chain, call), nothing)
    }

    pub fn unpause(&mut self, caller: Account) -> Result<(), Refusal> {
        self.call(caller, "unpause", vec![], |vault, chain, call| vault.unpause(chain, call), nothing)
    }

    pub fn transfer_ownership(&mut self, caller: Account, to: Account) -> Result<(), Refusal> {
        let twin = |vault: &mut Vault, chain: &mut Chain, call| vault.transfer_ownership(chain, call, to);
        self.call(caller, "transfer_ownership", vec![account(to)], twin, nothing)
    }

    pub fn accept_ownership(&mut self, caller: Account) -> Result<(), Refusal> {
        self.call(caller, "accept_ownership", vec![], |vault, chain, call| vault.accept_ownership(chain, call), nothing)
    }

    pub fn set_operator(&mut self, caller: Account, operator: Account, approved: bool) -> Result<(), Refusal> {
        let twin = |vault: &mut Vault, chain: &mut Chain, call| vault.set_operator(chain, call, operator, approved);
        self.call(caller, "set_operator", vec![account(operator), approved.into()], twin, done)
    }
}
