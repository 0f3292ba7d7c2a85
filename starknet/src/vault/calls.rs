//! A vault: its views and its transactions.

use maat_strategy::features::Features;
use maat_strategy::hour::Hour;
use maat_strategy::limits::Limits;
use maat_strategy::policy::Policy;
use maat_strategy::vault::{Kind, Side};
use starknet_rust::core::types::{Event, Felt};

use super::answers::{Change, Epoch, Parts, Proposal, Requested, Snapshot};
use super::calldata::{self, wide};
use super::events::{ContractEvent, Logged, VaultEvent, logged};
use super::felts::{self, Felts, FromFelts, Malformed, read};
use super::refusal::Refusal;
use super::token::Token;
use crate::account::{Account, Invocation};
use crate::client::Client;
use crate::error::ChainError;
use crate::facts::Submission;
use crate::report::Receipt;

/// A vault on a network.
#[derive(Clone, Copy)]
pub struct Vault<'c> {
    client: &'c Client,
    address: Felt,
}

/// What a transaction did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done<E> {
    /// What it used.
    pub receipt: Receipt,
    /// What the contract logged, in order.
    pub events: Vec<E>,
}

/// An amount of 256 bits.
struct Wide(u128);

impl FromFelts for Wide {
    fn from_felts(felts: &mut Felts) -> Result<Self, Malformed> {
        felts::wide(felts).map(Self)
    }
}

/// A refusal of one of our contracts as such, where it is one.
pub(super) fn refused(error: ChainError) -> ChainError {
    match error {
        ChainError::Panicked { what, message } => match Refusal::of(&message) {
            Some(refusal) => ChainError::Refused { what, refusal },
            None => ChainError::Panicked { what, message },
        },
        other => other,
    }
}

/// Asks a contract, and reads its answer.
pub(super) fn ask<T: FromFelts>(client: &Client, contract: Felt, what: &str, function: &str, calldata: Vec<Felt>) -> Result<T, ChainError> {
    read(what, &client.call(what, contract, function, calldata).map_err(refused)?)
}

/// Makes calls in one transaction.
pub(super) fn tell(account: &Account, what: &str, invocations: Vec<Invocation>) -> Result<(Receipt, Vec<Event>), ChainError> {
    account.invoke(what, invocations).map_err(refused)
}

/// The arguments of a claim, a reclaim, or an exit of a request.
fn request(epoch: u64, controller: Felt, receiver: Felt) -> Vec<Felt> {
    vec![epoch.into(), controller, receiver]
}

impl<'c> Vault<'c> {
    /// The vault at an address. Whether there is one shows when it is asked.
    pub fn at(client: &'c Client, address: Felt) -> Self {
        Self { client, address }
    }

    /// Its address.
    pub fn address(&self) -> Felt {
        self.address
    }

    /// The connection that it uses.
    pub fn client(&self) -> &'c Client {
        self.client
    }

    /// Its shares, which are a token.
    pub fn shares(&self) -> Token<'c> {
        Token::at(self.client, self.address)
    }

    fn ask<T: FromFelts>(&self, what: &str, function: &str, calldata: Vec<Felt>) -> Result<T, ChainError> {
        ask(self.client, self.address, what, function, calldata)
    }

    /// What was fixed when it was made, and its adapter.
    ///
    /// # Errors
    /// The node or the contract does not say, as for all questions.
    pub fn parts(&self) -> Result<Parts, ChainError> {
        self.ask("looking up the vault's parts", "parts", vec![])
    }

    /// How it stands at the last block.
    ///
    /// # Errors
    /// As for [`Self::parts`].
    pub fn snapshot(&self) -> Result<Snapshot, ChainError> {
        self.ask("looking up how the vault stands", "snapshot", vec![])
    }

    /// What the network sees, and how it takes it.
    ///
    /// # Errors
    /// As for [`Self::parts`].
    pub fn features(&self) -> Result<Features, ChainError> {
        self.ask("looking up the vault's features", "features", vec![])
    }

    /// What follows from the network's answer.
    ///
    /// # Errors
    /// As for [`Self::parts`].
    pub fn policy(&self) -> Result<Policy, ChainError> {
        self.ask("looking up the vault's policy", "policy", vec![])
    }

    /// How much of that is traded.
    ///
    /// # Errors
    /// As for [`Self::parts`].
    pub fn limits(&self) -> Result<Limits, ChainError> {
        self.ask("looking up the vault's limits", "limits", vec![])
    }

    /// The least conjectured security, in bits, of a proof that decides; 0 if none may.
    ///
    /// # Errors
    /// As for [`Self::parts`].
    pub fn min_bits(&self) -> Result<u16, ChainError> {
        self.ask("looking up the vault's min_bits", "min_bits", vec![])
    }

    /// What is owed to an account in one token.
    ///
    /// # Errors
    /// As for [`Self::parts`].
    pub fn owed(&self, side: Side, account: Felt) -> Result<u128, ChainError> {
        let Wide(owed) = self.ask("looking up what is owed", "owed", vec![calldata::side(side), account])?;
        Ok(owed)
    }

    /// All requests of one kind in an epoch.
    ///
    /// # Errors
    /// As for [`Self::parts`].
    pub fn epoch(&self, kind: Kind, epoch: u64) -> Result<Epoch, ChainError> {
        self.ask("looking up an epoch", "epoch", vec![calldata::kind(kind), epoch.into()])
    }

    /// The requests of a controller in which it may still have something, oldest first.
    ///
    /// # Errors
    /// As for [`Self::parts`].
    pub fn requests_of(&self, kind: Kind, controller: Felt) -> Result<Vec<Requested>, ChainError> {
        self.ask("looking up requests", "requests_of", vec![calldata::kind(kind), controller])
    }

    /// The numbers of the proposals that wait, expired ones too.
    ///
    /// # Errors
    /// As for [`Self::parts`].
    pub fn proposals(&self) -> Result<Vec<u64>, ChainError> {
        self.ask("looking up the proposals", "proposals", vec![])
    }

    /// A change that was proposed, whether it waits or not; nothing if there is none of this number. Number 0 is the policy that the vault was
    /// made with.
    ///
    /// # Errors
    /// As for [`Self::parts`].
    pub fn proposal(&self, number: u64) -> Result<Option<Proposal>, ChainError> {
        self.ask("looking up a proposal", "proposal", vec![number.into()])
    }

    /// To whom the ownership is offered; 0 if to nobody.
    ///
    /// # Errors
    /// As for [`Self::parts`].
    pub fn pending_owner(&self) -> Result<Felt, ChainError> {
        self.ask("looking up the offered owner", "pending_owner", vec![])
    }

    /// Whether an operator acts for a controller.
    ///
    /// # Errors
    /// As for [`Self::parts`].
    pub fn is_operator(&self, controller: Felt, operator: Felt) -> Result<bool, ChainError> {
        self.ask("looking up an operator", "is_operator", vec![controller, operator])
    }

    /// What the vault manages, in the quote token's smallest unit, at the price that was recorded last.
    ///
    /// # Errors
    /// As for [`Self::parts`].
    pub fn total_assets(&self) -> Result<u128, ChainError> {
        let Wide(assets) = self.ask("looking up the net asset value", "total_assets", vec![])?;
        Ok(assets)
    }

    /// What so many shares are worth at the price that was recorded last, without fees.
    ///
    /// # Errors
    /// As for [`Self::parts`].
    pub fn convert_to_assets(&self, shares: u128) -> Result<u128, ChainError> {
        let Wide(assets) = self.ask("converting shares", "convert_to_assets", wide(shares).to_vec())?;
        Ok(assets)
    }

    /// All that it logged in a range of blocks, oldest first. Without an end it is the last block.
    ///
    /// # Errors
    /// The node does not say, or one of the events is malformed.
    pub fn events(&self, from: u64, to: Option<u64>) -> Result<Vec<Logged<VaultEvent>>, ChainError> {
        self.events_of(&[], from, to)
    }

    /// As [`Self::events`], those with these names only, such as `Decided`.
    ///
    /// # Errors
    /// As for [`Self::events`].
    pub fn events_of(&self, names: &[&str], from: u64, to: Option<u64>) -> Result<Vec<Logged<VaultEvent>>, ChainError> {
        logged(self.client, "reading the vault's events", self.address, names, from, to)
    }

    fn invocation(&self, function: &'static str, calldata: Vec<Felt>) -> Invocation {
        Invocation { contract: self.address, function, calldata }
    }

    /// Makes one call of the vault in a transaction.
    fn tell(&self, account: &Account, what: &str, function: &'static str, calldata: Vec<Felt>) -> Result<Done<VaultEvent>, ChainError> {
        self.tell_all(account, what, vec![self.invocation(function, calldata)])
    }

    fn tell_all(&self, account: &Account, what: &str, invocations: Vec<Invocation>) -> Result<Done<VaultEvent>, ChainError> {
        let (receipt, events) = tell(account, what, invocations)?;
        Ok(Done { receipt, events: VaultEvent::among(&events, self.address)? })
    }

    /// Allows the vault exactly these assets of the account, and puts them into an epoch, in one transaction. `asset` is the quote token.
    ///
    /// # Errors
    /// A contract refuses, as for all transactions: [`ChainError::Refused`] has the vault's reason.
    pub fn request_deposit(&self, account: &Account, asset: Felt, assets: u128, controller: Felt) -> Result<Done<VaultEvent>, ChainError> {
        self.request_deposit_after(account, vec![], asset, assets, controller)
    }

    /// The same, after other calls in the same transaction.
    ///
    /// # Errors
    /// As for [`Self::request_deposit`].
    pub fn request_deposit_after(
        &self,
        account: &Account,
        mut before: Vec<Invocation>,
        asset: Felt,
        assets: u128,
        controller: Felt,
    ) -> Result<Done<VaultEvent>, ChainError> {
        before.extend([
            Token::at(self.client, asset).approval(self.address, assets),
            self.invocation("request_deposit", [&wide(assets)[..], &[controller, account.address()]].concat()),
        ]);
        self.tell_all(account, "the deposit", before)
    }

    /// Puts shares of the account into an epoch.
    ///
    /// # Errors
    /// As for [`Self::request_deposit`].
    pub fn request_redeem(&self, account: &Account, shares: u128, controller: Felt) -> Result<Done<VaultEvent>, ChainError> {
        let calldata = [&wide(shares)[..], &[controller, account.address()]].concat();
        self.tell(account, "the redemption", "request_redeem", calldata)
    }

    /// Fetches what was filled of requests, in one transaction: shares of deposits, assets of redemptions.
    ///
    /// # Errors
    /// As for [`Self::request_deposit`].
    pub fn claim(
        &self,
        account: &Account,
        requests: &[(Kind, u64)],
        controller: Felt,
        receiver: Felt,
    ) -> Result<Done<VaultEvent>, ChainError> {
        let invocation = |(kind, epoch): &(Kind, u64)| {
            let function = match kind {
                Kind::Deposit => "claim_shares",
                Kind::Redeem => "claim_assets",
            };
            self.invocation(function, request(*epoch, controller, receiver))
        };
        self.tell_all(account, "the claim", requests.iter().map(invocation).collect())
    }

    /// Takes back what was not filled of a request.
    ///
    /// # Errors
    /// As for [`Self::request_deposit`].
    pub fn reclaim(
        &self,
        account: &Account,
        kind: Kind,
        epoch: u64,
        controller: Felt,
        receiver: Felt,
    ) -> Result<Done<VaultEvent>, ChainError> {
        let function = match kind {
            Kind::Deposit => "reclaim_deposit",
            Kind::Redeem => "reclaim_redeem",
        };
        self.tell(account, "taking back the request", function, request(epoch, controller, receiver))
    }

    /// Burns shares of the account for their part of both tokens, which the receiver is owed.
    ///
    /// # Errors
    /// As for [`Self::request_deposit`].
    pub fn exit_in_kind(&self, account: &Account, shares: u128, receiver: Felt) -> Result<Done<VaultEvent>, ChainError> {
        let calldata = [&wide(shares)[..], &[receiver, account.address()]].concat();
        self.tell(account, "the exit in kind", "exit_in_kind", calldata)
    }

    /// Burns the shares of a redemption that are not filled for their part of both tokens, which the receiver is owed.
    ///
    /// # Errors
    /// As for [`Self::request_deposit`].
    pub fn exit_request_in_kind(
        &self,
        account: &Account,
        epoch: u64,
        controller: Felt,
        receiver: Felt,
    ) -> Result<Done<VaultEvent>, ChainError> {
        self.tell(account, "the exit in kind", "exit_request_in_kind", request(epoch, controller, receiver))
    }

    /// Sends what an account is owed to a receiver: the account itself, unless it or its operator calls. Several tokens go in one
    /// transaction.
    ///
    /// # Errors
    /// As for [`Self::request_deposit`].
    pub fn withdraw(&self, account: &Account, sides: &[Side], owed_to: Felt, receiver: Felt) -> Result<Done<VaultEvent>, ChainError> {
        let invocation = |side: &Side| self.invocation("withdraw_token", vec![calldata::side(*side), owed_to, receiver]);
        self.tell_all(account, "the withdrawal", sides.iter().map(invocation).collect())
    }

    /// Sends what a balance has beyond the books to the treasury.
    ///
    /// # Errors
    /// As for [`Self::request_deposit`].
    pub fn skim(&self, account: &Account, side: Side) -> Result<Done<VaultEvent>, ChainError> {
        self.tell(account, "the skim", "skim", vec![calldata::side(side)])
    }

    /// Opens the hour that was recorded last.
    ///
    /// # Errors
    /// As for [`Self::request_deposit`].
    pub fn observe(&self, account: &Account) -> Result<Done<VaultEvent>, ChainError> {
        self.tell(account, "observing the hour", "observe", vec![])
    }

    /// Fills due epochs at the worse of the price that was recorded last and the fresh one. Whether all were shows [`Self::snapshot`]: its hour
    /// is swept.
    ///
    /// # Errors
    /// As for [`Self::request_deposit`].
    pub fn settle(&self, account: &Account) -> Result<Done<VaultEvent>, ChainError> {
        self.tell(account, "the settlement", "settle", vec![])
    }

    /// Decides and trades for the hour that was recorded last.
    ///
    /// # Errors
    /// As for [`Self::request_deposit`].
    pub fn step(&self, account: &Account, hour: Hour) -> Result<Done<VaultEvent>, ChainError> {
        self.tell(account, "the step", "step", vec![hour.count().into()])
    }

    /// Decides and trades for the hour that was recorded last, by a proof of what the network answers, for the vault's own model and version. The
    /// vault's registry is told the entries in the same transaction, if the submission has them.
    ///
    /// # Errors
    /// As for [`Self::request_deposit`].
    pub fn step_with_proof(
        &self,
        account: &Account,
        hour: Hour,
        registry: Felt,
        proof: &Submission,
    ) -> Result<Done<VaultEvent>, ChainError> {
        proof.check()?;
        let calldata = [&[hour.count().into()], &calldata::list(&proof.calldata())[..]].concat();
        let step = self.invocation("step_with_proof", calldata);
        self.tell_all(account, "the step", proof.telling_entries(registry).into_iter().chain([step]).collect())
    }

    /// Sells base tokens for what due redemptions need.
    ///
    /// # Errors
    /// As for [`Self::request_deposit`].
    pub fn raise(&self, account: &Account) -> Result<Done<VaultEvent>, ChainError> {
        self.tell(account, "the sale for redemptions", "raise", vec![])
    }

    /// Sells one piece of the base tokens of a vault that ends.
    ///
    /// # Errors
    /// As for [`Self::request_deposit`].
    pub fn unwind(&self, account: &Account) -> Result<Done<VaultEvent>, ChainError> {
        self.tell(account, "the unwinding", "unwind", vec![])
    }

    /// Proposes a change. [`VaultEvent::ChangeProposed`] has its number.
    ///
    /// # Errors
    /// As for [`Self::request_deposit`].
    pub fn propose(&self, account: &Account, change: &Change) -> Result<Done<VaultEvent>, ChainError> {
        self.tell(account, "the proposal", "propose", calldata::change(change))
    }

    /// Makes a change that was proposed.
    ///
    /// # Errors
    /// As for [`Self::request_deposit`].
    pub fn apply(&self, account: &Account, number: u64) -> Result<Done<VaultEvent>, ChainError> {
        self.tell(account, "applying the proposal", "apply", vec![number.into()])
    }

    /// Drops a proposal.
    ///
    /// # Errors
    /// As for [`Self::request_deposit`].
    pub fn cancel(&self, account: &Account, number: u64) -> Result<Done<VaultEvent>, ChainError> {
        self.tell(account, "cancelling the proposal", "cancel", vec![number.into()])
    }

    /// Drops all waiting proposals with a smaller number.
    ///
    /// # Errors
    /// As for [`Self::request_deposit`].
    pub fn cancel_before(&self, account: &Account, number: u64) -> Result<Done<VaultEvent>, ChainError> {
        self.tell(account, "cancelling the proposals", "cancel_before", vec![number.into()])
    }

    /// Stops entries and trades for seven days at most.
    ///
    /// # Errors
    /// As for [`Self::request_deposit`].
    pub fn pause(&self, account: &Account) -> Result<Done<VaultEvent>, ChainError> {
        self.tell(account, "the pause", "pause", vec![])
    }

    /// Ends a pause early.
    ///
    /// # Errors
    /// As for [`Self::request_deposit`].
    pub fn unpause(&self, account: &Account) -> Result<Done<VaultEvent>, ChainError> {
        self.tell(account, "ending the pause", "unpause", vec![])
    }

    /// Lets an operator act for the account, or no longer.
    ///
    /// # Errors
    /// As for [`Self::request_deposit`].
    pub fn set_operator(&self, account: &Account, operator: Felt, approved: bool) -> Result<Done<VaultEvent>, ChainError> {
        self.tell(account, "setting the operator", "set_operator", vec![operator, approved.into()])
    }

    /// Offers the ownership to an account, which has to accept it; to 0, takes an offer back.
    ///
    /// # Errors
    /// As for [`Self::request_deposit`].
    pub fn transfer_ownership(&self, account: &Account, to: Felt) -> Result<Done<VaultEvent>, ChainError> {
        self.tell(account, "offering the vault", "transfer_ownership", vec![to])
    }

    /// Accepts the ownership that was offered.
    ///
    /// # Errors
    /// As for [`Self::request_deposit`].
    pub fn accept_ownership(&self, account: &Account) -> Result<Done<VaultEvent>, ChainError> {
        self.tell(account, "accepting the vault", "accept_ownership", vec![])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_node::{Answer, FakeNode};

    fn text(text: &str) -> String {
        text.bytes().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn a_refusal_of_ours_is_told_from_another_panic() {
        let node = FakeNode::of_contract(
            |function, _| {
                let reason = if function == "limits" { "vault: settle first" } else { "mock: paused" };
                Answer::panic(&format!("Execution failed. Failure reason: (0x{} ('..')).", text(reason)))
            },
            &["limits", "parts"],
        );
        let client = Client::connect(&node.network()).unwrap();
        let vault = Vault::at(&client, Felt::ONE);
        let error = vault.limits().unwrap_err();
        assert!(matches!(error, ChainError::Refused { refusal: Refusal::Due, .. }), "{error}");
        assert!(error.to_string().starts_with("looking up the vault's limits was refused: vault: settle first ("), "{error}");
        let error = vault.parts().unwrap_err();
        assert!(matches!(&error, ChainError::Panicked { message, .. } if message == "mock: paused"), "{error}");
    }

    #[test]
    fn a_contract_that_is_no_vault_is_refused() {
        let node = FakeNode::of_contract(|_, _| Answer::felts([Felt::ONE, Felt::TWO]), &["snapshot", "owed"]);
        let client = Client::connect(&node.network()).unwrap();
        let vault = Vault::at(&client, Felt::ONE);
        let error = vault.snapshot().unwrap_err().to_string();
        assert!(error.starts_with("looking up how the vault stands gave an answer that cannot be read: "), "{error}");
        let error = vault.owed(Side::Base, Felt::ONE).unwrap_err().to_string();
        assert!(error.contains("more than 128 bits"), "{error}");
    }
}
