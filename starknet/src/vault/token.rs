//! Fungible tokens: those that a vault holds, and its shares.

use starknet_rust::core::types::Felt;

use super::calldata::wide;
use super::calls::ask;
use super::felts::{Felts, FromFelts, Malformed};
use crate::account::Invocation;
use crate::client::Client;
use crate::error::ChainError;
use crate::registry::Text;

/// A token on a network.
#[derive(Clone, Copy)]
pub struct Token<'c> {
    client: &'c Client,
    address: Felt,
}

/// An amount of 256 bits, which is 2^128 - 1 if it is more.
struct Saturated(u128);

impl FromFelts for Saturated {
    fn from_felts(felts: &mut Felts) -> Result<Self, Malformed> {
        let (low, high) = (u128::from_felts(felts)?, u128::from_felts(felts)?);
        Ok(Self(if high == 0 { low } else { u128::MAX }))
    }
}

impl<'c> Token<'c> {
    /// The token at an address.
    pub fn at(client: &'c Client, address: Felt) -> Self {
        Self { client, address }
    }

    /// Its address.
    pub fn address(&self) -> Felt {
        self.address
    }

    fn ask<T: FromFelts>(&self, what: &str, function: &str, calldata: Vec<Felt>) -> Result<T, ChainError> {
        ask(self.client, self.address, what, function, calldata)
    }

    /// What it is called: bytes that anybody chose.
    ///
    /// # Errors
    /// The node or the contract does not say, as for all questions. Old tokens have names of another type.
    pub fn name(&self) -> Result<Text, ChainError> {
        self.ask("looking up a token's name", "name", vec![])
    }

    /// Its symbol, likewise.
    ///
    /// # Errors
    /// As for [`Self::name`].
    pub fn symbol(&self) -> Result<Text, ChainError> {
        self.ask("looking up a token's symbol", "symbol", vec![])
    }

    /// Decimal digits after the point of one whole token.
    ///
    /// # Errors
    /// As for [`Self::name`].
    pub fn decimals(&self) -> Result<u8, ChainError> {
        self.ask("looking up a token's decimals", "decimals", vec![])
    }

    /// How much there is in all, up to 2^128 - 1.
    ///
    /// # Errors
    /// As for [`Self::name`].
    pub fn total_supply(&self) -> Result<u128, ChainError> {
        let Saturated(supply) = self.ask("looking up a token's supply", "total_supply", vec![])?;
        Ok(supply)
    }

    /// What an account has, up to 2^128 - 1.
    ///
    /// # Errors
    /// As for [`Self::name`].
    pub fn balance_of(&self, account: Felt) -> Result<u128, ChainError> {
        let Saturated(balance) = self.ask("looking up a balance", "balance_of", vec![account])?;
        Ok(balance)
    }

    /// The call that lets a spender move so much of the caller's tokens.
    pub fn approval(&self, spender: Felt, amount: u128) -> Invocation {
        Invocation { contract: self.address, function: "approve", calldata: [&[spender], &wide(amount)[..]].concat() }
    }

    /// The call that moves so much of the caller's tokens.
    pub fn transfer(&self, to: Felt, amount: u128) -> Invocation {
        Invocation { contract: self.address, function: "transfer", calldata: [&[to], &wide(amount)[..]].concat() }
    }

    /// The call that gives an account new tokens, which the tokens of the local chain take from anybody.
    pub fn mint(&self, to: Felt, amount: u128) -> Invocation {
        Invocation { contract: self.address, function: "mint", calldata: [&[to], &wide(amount)[..]].concat() }
    }
}
