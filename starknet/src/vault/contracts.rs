//! The classes of vaults and of what they call, and the hashes that they have in this version of Maat.
//!
//! A class is compiled when it has to be declared. To tell one of ours from another, the list of hashes is enough; a test compares it with
//! what the compiler gives.

use maat_cairo::{CairoPackage, Compiler, Contract};
use starknet_rust::core::types::Felt;

use crate::error::ChainError;

/// A class of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// The vault.
    Vault,
    /// The library of pure functions that the vault calls.
    StrategyLibrary,
    /// The price history of a pair.
    PriceHistory,
    /// The feed over Pragma's oracle.
    PragmaFeed,
    /// The adapter to a pool of Ekubo.
    EkuboAdapter,
    /// A feed that gives what anybody tells it to, for the local chain.
    MockFeed,
    /// A pool that swaps as anybody tells it to, for the local chain.
    MockPool,
    /// A token that anybody can mint, for the local chain.
    MockToken,
}

/// The hash of each class in this version of Maat.
const KNOWN: &[(Class, Felt)] = &[
    (Class::Vault, Felt::from_hex_unchecked("0x032b9af11b92dcb80f7bd4fe30727581b0ad8383c25640c223f8e2d8ccf20e55")),
    (Class::StrategyLibrary, Felt::from_hex_unchecked("0x04f38bf7e130fc54463ac9bbce304bee0f6cd3226a85f57280dae966a6011325")),
    (Class::PriceHistory, Felt::from_hex_unchecked("0x064882cc2e65a03c6f045fafcba35a6480900c533dfab1827ec51637159e4474")),
    (Class::PragmaFeed, Felt::from_hex_unchecked("0x05eec68021cb5e937812b9a06752dd96488eb390c441be59890871f3bf25a9f2")),
    (Class::EkuboAdapter, Felt::from_hex_unchecked("0x077cbf2d60d918a63c2d9b3461e403696bd6e0f20f7eac00b34738c4644b8cb1")),
    (Class::MockFeed, Felt::from_hex_unchecked("0x04fceec0c72484b0376bf133a5bcb4f1c7f6be0fe81429b379f6dd4e1f700adb")),
    (Class::MockPool, Felt::from_hex_unchecked("0x0437884d4fbd6a041ad81967afde04aad6a492b1dd41b4fd099390335214d862")),
    (Class::MockToken, Felt::from_hex_unchecked("0x075cc35589166e95a604a827026b26a283d26d766e082c8d72c638a85f557624")),
];

impl Class {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Vault,
        Self::StrategyLibrary,
        Self::PriceHistory,
        Self::PragmaFeed,
        Self::EkuboAdapter,
        Self::MockFeed,
        Self::MockPool,
        Self::MockToken,
    ];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vault => "vault",
            Self::StrategyLibrary => "strategy library",
            Self::PriceHistory => "price history",
            Self::PragmaFeed => "feed over Pragma's oracle",
            Self::EkuboAdapter => "adapter to Ekubo",
            Self::MockFeed => "mock feed",
            Self::MockPool => "mock pool",
            Self::MockToken => "mock token",
        }
    }

    /// Whether it does as anybody tells it to, so that nothing that rests on it is worth anything.
    pub fn is_mock(self) -> bool {
        matches!(self, Self::MockFeed | Self::MockPool | Self::MockToken)
    }

    /// The package that it is in, and the path of its module.
    fn source(self) -> (CairoPackage, &'static str) {
        match self {
            Self::Vault => (CairoPackage::vault(), "maat_vault::vault::vault"),
            Self::StrategyLibrary => (CairoPackage::vault(), CairoPackage::STRATEGY_LIBRARY),
            Self::PriceHistory => (CairoPackage::price_history(), "maat_history::price_history::price_history"),
            Self::PragmaFeed => (CairoPackage::pragma_feed(), "maat_feeds::pragma::pragma_feed"),
            Self::EkuboAdapter => (CairoPackage::ekubo_adapter(), "maat_adapters::ekubo::ekubo_adapter"),
            Self::MockFeed => (CairoPackage::mocks(), "maat_mocks::feed::mock_feed"),
            Self::MockPool => (CairoPackage::mocks(), "maat_mocks::pool::mock_pool"),
            Self::MockToken => (CairoPackage::mocks(), "maat_mocks::token::mock_token"),
        }
    }

    /// Compiles it, which takes some seconds.
    ///
    /// # Errors
    /// None, unless the compiler is broken.
    pub fn compile(self) -> Result<Contract, ChainError> {
        let (package, path) = self.source();
        Ok(Compiler::default().contracts(&package, &[path.to_owned()])?.remove(0))
    }

    /// The hash that it has in this version of Maat.
    pub fn hash(self) -> Felt {
        let known = KNOWN.iter().find(|(class, _)| *class == self);
        known.unwrap_or_else(|| unreachable!("every class is in the list")).1
    }

    /// The class of ours that has a hash, if one has it.
    pub fn of(hash: Felt) -> Option<Self> {
        KNOWN.iter().find(|(_, known)| *known == hash).map(|(class, _)| *class)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All classes with their hashes, compiled: those of one package together.
    fn compiled() -> Vec<(Class, Felt)> {
        let mut compiled = Vec::new();
        for together in Class::ALL.chunk_by(|one, other| one.source().0.main.name == other.source().0.main.name) {
            let paths: Vec<&str> = together.iter().map(|class| class.source().1).collect();
            let contracts = Compiler::default().contracts(&together[0].source().0, &paths).unwrap();
            compiled.extend(together.iter().zip(contracts).map(|(class, contract)| (*class, contract.class_hash())));
        }
        compiled
    }

    #[test]
    fn the_hashes_are_those_that_the_compiler_gives() {
        let compiled = compiled();
        let lines: String =
            compiled.iter().map(|(class, hash)| format!("    (Class::{class:?}, Felt::from_hex_unchecked(\"{hash:#066x}\")),\n")).collect();
        assert_eq!(KNOWN, compiled, "the list should be\n{lines}");
        for class in Class::ALL {
            assert_eq!(Class::of(class.hash()), Some(class));
        }
    }
}
