//! The registry of models: what it tells, and what can be told to it. See `cairo/interfaces/src/registry.cairo`.

use maat_cairo::{Compiler, Contract, Package};
use starknet_rust::core::codec::{Decode, Encode, Error as CodecError, FeltWriter};
use starknet_rust::core::types::{ByteArray, Event, Felt};
use starknet_rust::core::utils::{
    UdcUniqueness, cairo_short_string_to_felt, get_contract_address, get_udc_deployed_address, parse_cairo_short_string,
};
use starknet_types_core::hash::{Poseidon, StarkHash};

use crate::account::{Account, Invocation};
use crate::client::{Client, selector};
use crate::config::DEVNET;
use crate::error::ChainError;
use crate::report::Receipt;

/// The universal deployer, at the same address on all networks.
const UNIVERSAL_DEPLOYER: Felt = Felt::from_hex_unchecked("0x2ceed65a4bd731034c01113685c831b01c15d7d432f71afb1cf1634b53a2125");
/// The salt of the registry that everybody shares who does not configure another.
const SALT: Felt = Felt::from_hex_unchecked("0x6d616174"); // 'maat'
/// Models that one question asks for, which is the most that the registry tells at once.
const PAGE: u64 = 100;

/// An input or output of a registered model.
#[derive(Debug, Clone, PartialEq, Eq, Decode)]
#[starknet(core = "starknet_rust::core")]
pub struct Port {
    /// Its axis lengths.
    pub shape: Vec<u32>,
    /// The exponents `s` of its scales, one for all elements or one for each position along the last axis: an integer `q` stands for
    /// `q * 2^-s`.
    pub scales: Vec<Signed>,
}

/// A model that is registered.
#[derive(Debug, Clone, PartialEq, Eq, Decode)]
#[starknet(core = "starknet_rust::core")]
pub struct Model {
    /// Its number, from 1 on.
    pub id: u64,
    /// Its name.
    pub name: ShortString,
    /// Who may add versions and retire them.
    pub owner: Felt,
    /// Who was offered the model, or 0.
    pub pending_owner: Felt,
    /// How many versions it has; they count from 1.
    pub versions: u32,
}

/// A version of a model: it never changes.
#[derive(Debug, Clone, PartialEq, Eq, Decode)]
#[starknet(core = "starknet_rust::core")]
pub struct Version {
    /// The model's name.
    pub name: ShortString,
    /// Its number, from 1 on.
    pub version: u32,
    /// The class that runs it.
    pub class_hash: Felt,
    /// The commitment by which proofs know it; 0 if its inferences cannot be proven.
    pub model_commitment: Felt,
    /// Hash of its Cairo program.
    pub program_hash: Felt,
    /// What it takes.
    pub inputs: Vec<Port>,
    /// What it gives.
    pub outputs: Vec<Port>,
    /// Free text.
    pub metadata: Text,
    /// The contract that runs it for the registry.
    pub instance: Felt,
    /// Seconds from the announcement of its end to its end.
    pub timelock: u64,
    /// When it was registered, in Unix seconds.
    pub registered_at: u64,
}

/// How far a version is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Decode)]
#[starknet(core = "starknet_rust::core")]
pub enum Status {
    /// It runs, and instances can be deployed.
    Active,
    /// It runs.
    Deprecated,
    /// It does not run any more.
    Revoked,
}

/// A version's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Decode)]
#[starknet(core = "starknet_rust::core")]
pub struct Lifecycle {
    /// What it is now.
    pub status: Status,
    /// When it is or was deprecated, if that was announced; in Unix seconds.
    pub deprecated_from: Option<u64>,
    /// When it is or was revoked, if that was announced; in Unix seconds.
    pub revoked_from: Option<u64>,
}

/// A signed number of 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed(pub i32);

/// Up to 31 characters in a felt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortString(pub String);

/// Text of any length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(pub String);

impl<'a> Decode<'a> for Signed {
    fn decode_iter<T: Iterator<Item = &'a Felt>>(iter: &mut T) -> Result<Self, CodecError> {
        let felt = iter.next().ok_or_else(CodecError::input_exhausted)?;
        maat_transpiler::signed(*felt).map(Self).ok_or_else(|| CodecError::custom("a number is not within 32 bits"))
    }
}

impl Encode for Signed {
    fn encode<W: FeltWriter>(&self, writer: &mut W) -> Result<(), CodecError> {
        writer.write(Felt::from(self.0));
        Ok(())
    }
}

impl<'a> Decode<'a> for ShortString {
    fn decode_iter<T: Iterator<Item = &'a Felt>>(iter: &mut T) -> Result<Self, CodecError> {
        let felt = iter.next().ok_or_else(CodecError::input_exhausted)?;
        parse_cairo_short_string(felt).map(Self).map_err(|_| CodecError::custom("a short string has bytes that are no characters"))
    }
}

impl<'a> Decode<'a> for Text {
    fn decode_iter<T: Iterator<Item = &'a Felt>>(iter: &mut T) -> Result<Self, CodecError> {
        String::try_from(ByteArray::decode_iter(iter)?).map(Self).map_err(|_| CodecError::custom("a text is no UTF-8"))
    }
}

/// What is registered.
#[derive(Debug, Clone)]
pub struct Registration<'a> {
    /// The model's name.
    pub name: &'a str,
    /// The class that runs it.
    pub class_hash: Felt,
    /// Hash of its Cairo program.
    pub program_hash: Felt,
    /// Seconds from the announcement of its end to its end.
    pub timelock: u64,
    /// Free text.
    pub metadata: &'a str,
}

/// A registry on a network.
pub struct Registry<'c> {
    client: &'c Client,
    address: Felt,
}

/// The registry's class, as this version of Maat has it.
///
/// # Errors
/// None, unless the compiler is broken.
pub fn class() -> Result<Contract, ChainError> {
    Ok(Compiler::default().contract(&Package::registry())?)
}

/// Where a registry of a class is that everybody shares. Nobody verifies proofs for it: the verifier is nobody.
pub fn shared_address(class_hash: Felt) -> Felt {
    get_udc_deployed_address(SALT, class_hash, &UdcUniqueness::NotUnique, &[Felt::ZERO])
}

/// The deployment of the shared registry.
pub(crate) fn deployment(class_hash: Felt) -> Invocation {
    let calldata = vec![class_hash, SALT, Felt::ZERO, Felt::ONE, Felt::ZERO];
    Invocation { contract: UNIVERSAL_DEPLOYER, function: "deployContract", calldata }
}

/// A name as the registry takes it.
///
/// # Errors
/// It has no characters, more than 31, or spaces, or such as are no printable ASCII.
pub fn name_felt(name: &str) -> Result<Felt, ChainError> {
    let printable = !name.is_empty() && name.chars().all(|c| c.is_ascii_graphic());
    let felt = printable.then(|| cairo_short_string_to_felt(name).ok()).flatten();
    felt.ok_or_else(|| {
        ChainError::Input(format!(
            "{name:?} is no name for the registry: 1 to 31 printable ASCII characters without spaces; give one with --name"
        ))
    })
}

impl<'c> Registry<'c> {
    /// The registry of a network: the configured one, or else the shared one.
    ///
    /// # Errors
    /// None is there.
    pub fn find(client: &'c Client) -> Result<Self, ChainError> {
        let network = client.network();
        let (address, advice) = match network.registry {
            Some(address) => (address, "is it the right network? The address stands in the file of networks"),
            None if network.name == DEVNET => (shared_address(class()?.class_hash()), "`maat deploy` deploys it"),
            None => (shared_address(class()?.class_hash()), "deploy it with `maat registry deploy`, or give the address of another one"),
        };
        match client.class_hash_at(address)? {
            Some(_) => Ok(Self::at(client, address)),
            None => Err(ChainError::NoRegistry { network: network.name.clone(), address, advice }),
        }
    }

    pub(crate) fn client(&self) -> &'c Client {
        self.client
    }

    /// The registry at an address.
    pub fn at(client: &'c Client, address: Felt) -> Self {
        Self { client, address }
    }

    /// Its address.
    pub fn address(&self) -> Felt {
        self.address
    }

    fn ask<T: for<'a> Decode<'a>>(&self, what: &str, function: &str, calldata: Vec<Felt>) -> Result<T, ChainError> {
        let answer = self.client.call(what, self.address, function, calldata)?;
        read(what, &answer)
    }

    /// How many models there are.
    ///
    /// # Errors
    /// The node or the registry does not say, as for all questions.
    pub fn model_count(&self) -> Result<u64, ChainError> {
        self.ask("counting models", "model_count", vec![])
    }

    /// All models, or those of an owner.
    ///
    /// # Errors
    /// As for [`Self::model_count`].
    pub fn models(&self, owner: Option<Felt>) -> Result<Vec<Model>, ChainError> {
        let mut models = Vec::new();
        loop {
            let page = [Felt::from(models.len() as u64), Felt::from(PAGE)];
            let page: Vec<Model> = match owner {
                Some(owner) => self.ask("listing models", "models_of", [&[owner], &page[..]].concat())?,
                None => self.ask("listing models", "models", page.to_vec())?,
            };
            if page.is_empty() {
                return Ok(models);
            }
            models.extend(page);
        }
    }

    /// A model by its name, or by its number if no model has that for a name.
    ///
    /// # Errors
    /// There is none.
    pub fn model(&self, model: &str) -> Result<Model, ChainError> {
        if let Some(model) = self.model_by_name(model)? {
            return Ok(model);
        }
        let id = model.parse().ok().filter(|id| *id > 0);
        let known = id.map(|id: u64| Ok::<_, ChainError>((id <= self.model_count()?).then_some(id))).transpose()?.flatten();
        let unknown =
            || ChainError::NotRegistered { reason: format!("the registry has no model {model:?}; `maat registry list` lists them") };
        self.model_by_id(known.ok_or_else(unknown)?)
    }

    /// A model by its number.
    ///
    /// # Errors
    /// There is none.
    pub fn model_by_id(&self, id: u64) -> Result<Model, ChainError> {
        self.ask("looking up a model", "model", vec![id.into()])
    }

    /// A model by its name, if there is one.
    ///
    /// # Errors
    /// As for [`Self::model_count`].
    pub fn model_by_name(&self, name: &str) -> Result<Option<Model>, ChainError> {
        let Ok(felt) = name_felt(name) else { return Ok(None) };
        let id: u64 = self.ask("looking up a name", "model_by_name", vec![felt])?;
        if id == 0 { Ok(None) } else { self.model_by_id(id).map(Some) }
    }

    /// A version of a model.
    ///
    /// # Errors
    /// There is none.
    pub fn version(&self, model: &Model, version: u32) -> Result<Version, ChainError> {
        if !(1..=model.versions).contains(&version) {
            let reason = format!("model {} has versions 1 to {}, and no version {version}", model.name.0, model.versions);
            return Err(ChainError::NotRegistered { reason });
        }
        self.ask("looking up a version", "version", vec![model.id.into(), version.into()])
    }

    /// The version of a model that has a class, if there is one.
    ///
    /// # Errors
    /// As for [`Self::model_count`].
    pub fn version_by_class(&self, model: &Model, class_hash: Felt) -> Result<Option<u32>, ChainError> {
        let version: u32 = self.ask("looking up a class", "version_by_class", vec![model.id.into(), class_hash])?;
        Ok((version != 0).then_some(version))
    }

    /// How far a version is in its life.
    ///
    /// # Errors
    /// As for [`Self::model_count`].
    pub fn lifecycle(&self, model: &Model, version: u32) -> Result<Lifecycle, ChainError> {
        self.ask("looking up a version", "lifecycle", vec![model.id.into(), version.into()])
    }

    /// Where [`Self::deploy`] puts an instance.
    pub fn instance_address(&self, deployer: Felt, class_hash: Felt, salt: Felt) -> Felt {
        get_contract_address(Poseidon::hash_array(&[deployer, salt]), class_hash, &[], self.address)
    }

    /// Registers a version.
    ///
    /// # Errors
    /// The registry refuses: the error has its message.
    pub fn register(&self, account: &Account, registration: &Registration) -> Result<Receipt, ChainError> {
        let mut calldata =
            vec![name_felt(registration.name)?, registration.class_hash, registration.program_hash, registration.timelock.into()];
        ByteArray::from(registration.metadata).encode(&mut calldata).expect("a text can be encoded");
        self.tell(account, "registering the model", "register", calldata)
    }

    /// Deploys an instance of a version at [`Self::instance_address`].
    ///
    /// # Errors
    /// As for [`Self::register`].
    pub fn deploy(&self, account: &Account, model: u64, version: u32, salt: Felt) -> Result<Receipt, ChainError> {
        self.tell(account, "deploying an instance", "deploy", vec![model.into(), version.into(), salt])
    }

    /// Announces that a version will be deprecated.
    ///
    /// # Errors
    /// As for [`Self::register`].
    pub fn deprecate(&self, account: &Account, model: u64, version: u32) -> Result<Receipt, ChainError> {
        self.tell(account, "deprecating the version", "deprecate", vec![model.into(), version.into()])
    }

    /// Announces that a version will be revoked.
    ///
    /// # Errors
    /// As for [`Self::register`].
    pub fn revoke(&self, account: &Account, model: u64, version: u32) -> Result<Receipt, ChainError> {
        self.tell(account, "revoking the version", "revoke", vec![model.into(), version.into()])
    }

    /// Takes back what was announced and has not taken effect.
    ///
    /// # Errors
    /// As for [`Self::register`].
    pub fn cancel(&self, account: &Account, model: u64, version: u32) -> Result<Receipt, ChainError> {
        self.tell(account, "cancelling what was announced", "cancel", vec![model.into(), version.into()])
    }

    /// Offers a model to a new owner; to 0, takes an offer back.
    ///
    /// # Errors
    /// As for [`Self::register`].
    pub fn transfer_ownership(&self, account: &Account, model: u64, to: Felt) -> Result<Receipt, ChainError> {
        self.tell(account, "offering the model", "transfer_ownership", vec![model.into(), to])
    }

    /// Accepts a model that was offered.
    ///
    /// # Errors
    /// As for [`Self::register`].
    pub fn accept_ownership(&self, account: &Account, model: u64) -> Result<Receipt, ChainError> {
        self.tell(account, "accepting the model", "accept_ownership", vec![model.into()])
    }

    fn tell(&self, account: &Account, what: &str, function: &'static str, calldata: Vec<Felt>) -> Result<Receipt, ChainError> {
        let (receipt, _) = account.invoke(what, vec![Invocation { contract: self.address, function, calldata }])?;
        Ok(receipt)
    }
}

/// Reads an answer, all of it.
pub(crate) fn read<T: for<'a> Decode<'a>>(what: &str, answer: &[Felt]) -> Result<T, ChainError> {
    let malformed = |reason: String| ChainError::Malformed { what: what.to_owned(), reason };
    let mut felts = answer.iter();
    let value = T::decode_iter(&mut felts).map_err(|error| malformed(error.to_string()))?;
    match felts.len() {
        0 => Ok(value),
        more => Err(malformed(format!("{more} felts too many"))),
    }
}

/// What the first event of a name from a contract says: its keys behind the name, and then its data.
pub(crate) fn event(events: &[Event], contract: Felt, name: &str) -> Option<Vec<Felt>> {
    let event = events.iter().find(|event| event.from_address == contract && event.keys.first() == Some(&selector(name)))?;
    Some(event.keys[1..].iter().chain(&event.data).copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_fits_into_a_felt_and_can_be_read() {
        assert_eq!(name_felt("rocky").unwrap(), Felt::from_hex("0x726f636b79").unwrap());
        assert!(name_felt(&"n".repeat(31)).is_ok());
        for name in ["", "näme", "a\nb", "a b", &"n".repeat(32)] {
            assert!(name_felt(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn answers_are_read_whole() {
        let felts: Vec<Felt> = [1, 2, 3, 4].map(Felt::from).to_vec();
        assert_eq!(
            read::<Port>("x", &[Felt::from(2), Felt::from(1), Felt::from(36), Felt::from(1), Felt::from(-4)]).unwrap().scales,
            [Signed(-4)]
        );
        assert!(read::<u64>("x", &felts).unwrap_err().to_string().contains("3 felts too many"));
        assert!(read::<Vec<u64>>("x", &felts[3..]).is_err());
        assert!(read::<Signed>("x", &[Felt::from(1u64 << 31)]).is_err());
    }
}
