//! The registry of models: its views and its transactions, as `cairo/interfaces/src/registry.cairo` declares them.
//!
//! A node can answer anything, and so can a registry that is not ours: no memory is reserved for what an answer promises, and lists have a
//! limit.

use std::fmt;
use std::ops::Range;

use maat_cairo::{CairoPackage, Compiler, Contract};
use starknet_rust::core::codec::{Decode, Encode, Error as CodecError, FeltWriter};
use starknet_rust::core::types::{ByteArray, Felt};
use starknet_rust::core::utils::{UdcUniqueness, cairo_short_string_to_felt, get_contract_address, get_udc_deployed_address};
use starknet_types_core::hash::{Poseidon, StarkHash};

use crate::account::{Account, Invocation};
use crate::client::Client;
use crate::config::DEVNET;
use crate::error::{ChainError, RegistryPlace};
use crate::facts::VERIFIER;
use crate::report::Receipt;
use crate::text;

/// The universal deployer, at the same address on all networks.
const UNIVERSAL_DEPLOYER: Felt = Felt::from_hex_unchecked("0x2ceed65a4bd731034c01113685c831b01c15d7d432f71afb1cf1634b53a2125");
/// The hash of the registry's class in this version of Maat, so that it is compiled only where it has to be declared. A test compares it with
/// what the compiler gives.
pub const CLASS_HASH: Felt = Felt::from_hex_unchecked("0x0510146001d8d086b8c171ce3c53b27b304120ae434581a0bf49c2f17320d213");
/// The salt of the registry that everybody shares by default.
const SALT: Felt = Felt::from_hex_unchecked("0x6d616174"); // 'maat'
/// Models in a page, which is the most that the registry gives at once; and versions in a page, of which each may take 46 million L2 gas to
/// read: it has up to 1,300 cells. Few have as many, and a page that is refused is halved.
const MODELS: u64 = 100;
const VERSIONS: u64 = 16;
/// The longest list that is asked for.
const LONGEST_LIST: u64 = 1_000_000;

/// An input or output of a registered model.
#[derive(Debug, Clone, PartialEq, Eq, Decode)]
#[starknet(core = "starknet_rust::core")]
pub struct RegisteredPort {
    /// Its axis lengths.
    pub shape: List<u32>,
    /// The exponents `s` of its scales, one for all elements or one for each position along the last axis: an integer `q` stands for
    /// `q * 2^-s`.
    pub scales: List<Signed>,
    /// The least integer of an element: the model refuses an input with a smaller one. For an output, it is the class's word that none is
    /// smaller, as Maat proves for the classes that it makes.
    pub lo: Signed,
    /// The greatest integer of an element, likewise. The registry has refused a smaller one than `lo`.
    pub hi: Signed,
}

/// A model that is registered.
#[derive(Debug, Clone, PartialEq, Eq, Decode)]
#[starknet(core = "starknet_rust::core")]
pub struct RegisteredModel {
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
pub struct RegisteredVersion {
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
    pub inputs: List<RegisteredPort>,
    /// What it gives.
    pub outputs: List<RegisteredPort>,
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

/// Up to 31 printable characters in a felt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortString(pub String);

/// Bytes that ought to be text. Displayed, they are what may be shown of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(pub Vec<u8>);

/// A list in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T>(pub Vec<T>);

/// Which version a contract is an instance of; zeros if it is not an instance.
#[derive(Decode)]
#[starknet(core = "starknet_rust::core")]
struct InstanceOf {
    model: u64,
    version: u32,
}

impl Text {
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::shown_bytes(&self.0))
    }
}

impl<T> std::ops::Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'a, T: Decode<'a>> Decode<'a> for List<T> {
    fn decode_iter<I: Iterator<Item = &'a Felt>>(iter: &mut I) -> Result<Self, CodecError> {
        let length = iter.next().ok_or_else(CodecError::input_exhausted)?;
        let length = u64::try_from(*length).map_err(|_| CodecError::custom("a list has a length that no list has"))?;
        // Collected as far as there are felts: the library's own lists reserve memory for whatever length is sent.
        (0..length).map(|_| T::decode_iter(iter)).collect::<Result<_, _>>().map(Self)
    }
}

impl<'a> Decode<'a> for Signed {
    fn decode_iter<T: Iterator<Item = &'a Felt>>(iter: &mut T) -> Result<Self, CodecError> {
        let felt = iter.next().ok_or_else(CodecError::input_exhausted)?;
        maat_package::signed(*felt).map(Self).ok_or_else(|| CodecError::custom("a number is not within 32 bits"))
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
        text::short_string(*felt).map(Self).ok_or_else(|| CodecError::custom("a name is not of printable characters"))
    }
}

impl<'a> Decode<'a> for Text {
    fn decode_iter<T: Iterator<Item = &'a Felt>>(iter: &mut T) -> Result<Self, CodecError> {
        text::byte_array(iter).map(Self).ok_or_else(|| CodecError::custom("a text is malformed or too long"))
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

/// What tells instances of one account apart. The registry derives an address from the class, and a class may be a version of several
/// models; so model and version are in the salt that it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstanceSalt {
    /// The model's number.
    pub model: u64,
    /// Its version.
    pub version: u32,
    /// The user's part.
    pub salt: Felt,
}

impl InstanceSalt {
    fn felt(&self) -> Felt {
        Poseidon::hash_array(&[self.model.into(), self.version.into(), self.salt])
    }
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
    Ok(Compiler::default().contract(&CairoPackage::registry())?)
}

/// The address of the shared registry, by its class. It is made with [`VERIFIER`].
pub fn shared_address(class_hash: Felt) -> Felt {
    universal_address(class_hash, SALT, &[VERIFIER])
}

/// The deployment of the shared registry.
pub(crate) fn deployment(class_hash: Felt) -> Invocation {
    universal_deployment(class_hash, SALT, &[VERIFIER])
}

/// The deployment of a contract at [`universal_address`], whoever makes it.
pub(crate) fn universal_deployment(class_hash: Felt, salt: Felt, calldata: &[Felt]) -> Invocation {
    let calldata = [&[class_hash, salt, Felt::ZERO, calldata.len().into()], calldata].concat();
    Invocation { contract: UNIVERSAL_DEPLOYER, function: "deployContract", calldata }
}

/// Where [`universal_deployment`] puts a contract.
pub(crate) fn universal_address(class_hash: Felt, salt: Felt, calldata: &[Felt]) -> Felt {
    get_udc_deployed_address(salt, class_hash, &UdcUniqueness::NotUnique, calldata)
}

/// A name as the registry takes it.
///
/// # Errors
/// It is not 1 to 31 printable ASCII characters without spaces.
pub fn name_felt(name: &str) -> Result<Felt, ChainError> {
    let printable = !name.is_empty() && name.chars().all(|c| c.is_ascii_graphic());
    let felt = printable.then(|| cairo_short_string_to_felt(name).ok()).flatten();
    felt.ok_or_else(|| ChainError::InvalidName { name: name.to_owned() })
}

impl<'c> Registry<'c> {
    /// The registry of a network: the configured one, or else the shared one.
    ///
    /// # Errors
    /// None is there.
    pub fn find(client: &'c Client) -> Result<Self, ChainError> {
        let network = client.network();
        let (address, place) = match network.registry {
            Some(address) => (address, RegistryPlace::Configured),
            None if network.name == DEVNET => (shared_address(CLASS_HASH), RegistryPlace::Devnet),
            None => (shared_address(CLASS_HASH), RegistryPlace::Shared),
        };
        match client.class_hash_at(address)? {
            Some(_) => Ok(Self::at(client, address)),
            None => Err(ChainError::NoRegistry { network: network.name.clone(), address, place }),
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

    pub(crate) fn ask<T: for<'a> Decode<'a>>(&self, what: &str, function: &str, calldata: Vec<Felt>) -> Result<T, ChainError> {
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
    pub fn models(&self, owner: Option<Felt>) -> Result<Vec<RegisteredModel>, ChainError> {
        const WHAT: &str = "listing models";
        match owner {
            Some(owner) => self.list(WHAT, "models_of", &[owner], 0..self.ask(WHAT, "model_count_of", vec![owner])?, MODELS),
            None => self.list(WHAT, "models", &[], 0..self.model_count()?, MODELS),
        }
    }

    /// All versions of a model.
    ///
    /// # Errors
    /// As for [`Self::model_count`].
    pub fn versions(&self, model: &RegisteredModel) -> Result<Vec<RegisteredVersion>, ChainError> {
        self.list("listing versions", "versions", &[model.id.into()], 0..model.versions.into(), VERSIONS)
    }

    /// A range of a list of a known length, in pages. Entries differ in size, and nodes in how much gas they give a call: a page that is refused is
    /// asked for again with half as many entries.
    pub(crate) fn list<T: for<'a> Decode<'a>>(
        &self,
        what: &str,
        function: &str,
        of: &[Felt],
        entries: Range<u64>,
        mut page: u64,
    ) -> Result<Vec<T>, ChainError> {
        let malformed = |reason: String| ChainError::Malformed { what: what.to_owned(), reason };
        if entries.end > LONGEST_LIST {
            return Err(malformed(format!("{} entries, of at most {LONGEST_LIST}", entries.end)));
        }
        let mut list = Vec::new();
        loop {
            let start = entries.start.saturating_add(list.len() as u64);
            if start >= entries.end {
                break;
            }
            let asked = page.min(entries.end - start);
            let range = [Felt::from(start), Felt::from(asked)];
            match self.ask::<List<T>>(what, function, [of, &range].concat()) {
                Err(ChainError::Panicked { .. } | ChainError::Rejected { .. }) if page > 1 => page /= 2,
                Err(error) => return Err(error),
                // There were more before.
                Ok(List(entries)) if entries.is_empty() => break,
                Ok(List(entries)) if entries.len() as u64 > asked => {
                    return Err(malformed(format!("{} entries, where {asked} were asked for", entries.len())));
                }
                Ok(List(entries)) => list.extend(entries),
            }
        }
        Ok(list)
    }

    /// A model by its name, or by its number if no model has that name.
    ///
    /// # Errors
    /// There is none.
    pub fn model(&self, model: &str) -> Result<RegisteredModel, ChainError> {
        if let Some(model) = self.model_by_name(model)? {
            return Ok(model);
        }
        let id = model.parse().ok().filter(|id| *id > 0);
        let known = id.map(|id: u64| Ok::<_, ChainError>((id <= self.model_count()?).then_some(id))).transpose()?.flatten();
        self.model_by_id(known.ok_or_else(|| ChainError::UnknownModel { model: model.to_owned() })?)
    }

    /// A model by its number.
    ///
    /// # Errors
    /// There is none.
    pub fn model_by_id(&self, id: u64) -> Result<RegisteredModel, ChainError> {
        self.ask("looking up a model", "model", vec![id.into()])
    }

    /// A model by its name, if there is one.
    ///
    /// # Errors
    /// As for [`Self::model_count`].
    pub fn model_by_name(&self, name: &str) -> Result<Option<RegisteredModel>, ChainError> {
        let Ok(felt) = name_felt(name) else { return Ok(None) };
        let id: u64 = self.ask("looking up a name", "model_by_name", vec![felt])?;
        if id == 0 { Ok(None) } else { self.model_by_id(id).map(Some) }
    }

    /// A version of a model.
    ///
    /// # Errors
    /// There is none.
    pub fn version(&self, model: &RegisteredModel, version: u32) -> Result<RegisteredVersion, ChainError> {
        if !(1..=model.versions).contains(&version) {
            return Err(ChainError::UnknownVersion { model: model.name.0.clone(), versions: model.versions, version });
        }
        self.ask("looking up a version", "version", vec![model.id.into(), version.into()])
    }

    /// The version of a model that has a class, if there is one.
    ///
    /// # Errors
    /// As for [`Self::model_count`].
    pub fn version_by_class(&self, model: &RegisteredModel, class_hash: Felt) -> Result<Option<u32>, ChainError> {
        let version: u32 = self.ask("looking up a class", "version_by_class", vec![model.id.into(), class_hash])?;
        Ok((version != 0).then_some(version))
    }

    /// How far a version is in its life.
    ///
    /// # Errors
    /// As for [`Self::model_count`].
    pub fn lifecycle(&self, model: &RegisteredModel, version: u32) -> Result<Lifecycle, ChainError> {
        self.ask("looking up a version", "lifecycle", vec![model.id.into(), version.into()])
    }

    /// Where [`Self::deploy`] puts an instance of a version.
    pub fn instance_address(&self, deployer: Felt, version: &InstanceSalt, class_hash: Felt) -> Felt {
        get_contract_address(Poseidon::hash_array(&[deployer, version.felt()]), class_hash, &[], self.address)
    }

    /// The model and version of which a contract is an instance, if the registry deployed it.
    ///
    /// # Errors
    /// As for [`Self::model_count`].
    pub fn instance(&self, instance: Felt) -> Result<Option<(u64, u32)>, ChainError> {
        let InstanceOf { model, version } = self.ask("looking up an instance", "instance", vec![instance])?;
        Ok((model != 0).then_some((model, version)))
    }

    /// Whether a contract is an instance of this model and version, and not of another with the same class.
    ///
    /// # Errors
    /// It is not, or the registry does not say.
    pub(crate) fn check_instance(&self, instance: Felt, of: &InstanceSalt) -> Result<(), ChainError> {
        if self.instance(instance)? == Some((of.model, of.version)) {
            return Ok(());
        }
        let reason = format!("the contract at {instance:#066x} is not an instance of model {}, version {}", of.model, of.version);
        Err(ChainError::Malformed { what: "deploying an instance".to_owned(), reason })
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
    pub fn deploy(&self, account: &Account, of: &InstanceSalt) -> Result<Receipt, ChainError> {
        self.tell(account, "deploying an instance", "deploy", vec![of.model.into(), of.version.into(), of.felt()])
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_node::{Answer, FakeNode};

    #[test]
    fn the_class_hash_is_the_compilers() {
        assert_eq!(CLASS_HASH, class().unwrap().class_hash());
    }

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
        let port = [2, 1, 36, 1, -4, -128, 127].map(Felt::from);
        let expected = RegisteredPort { shape: List(vec![1, 36]), scales: List(vec![Signed(-4)]), lo: Signed(-128), hi: Signed(127) };
        assert_eq!(read::<RegisteredPort>("x", &port).unwrap(), expected);
        assert!(read::<RegisteredPort>("x", &port[..5]).is_err());
        let beyond = [&port[..6], &[Felt::from(1u64 << 31)]].concat();
        assert!(read::<RegisteredPort>("x", &beyond).is_err());
        assert!(read::<u64>("x", &felts).unwrap_err().to_string().contains("3 felts too many"));
        assert!(read::<List<u64>>("x", &felts[3..]).is_err());
        assert!(read::<Signed>("x", &[Felt::from(1u64 << 31)]).is_err());
    }

    #[test]
    fn an_answer_that_promises_more_than_it_holds_is_refused() {
        for length in [Felt::from(2), Felt::from(1u64 << 60), Felt::from(u64::MAX), Felt::MAX] {
            assert!(read::<List<u64>>("x", &[length, Felt::ONE]).is_err());
            assert!(read::<List<List<Signed>>>("x", &[Felt::ONE, length, Felt::ONE]).is_err());
            assert!(read::<Text>("x", &[length, Felt::ONE, Felt::ZERO, Felt::ZERO]).is_err());
        }
    }

    fn text(bytes: &[u8]) -> Vec<Felt> {
        let mut felts = Vec::new();
        ByteArray::from(bytes.to_vec()).encode(&mut felts).unwrap();
        felts
    }

    #[test]
    fn metadata_that_are_not_text_are_shown_all_the_same() {
        let metadata: Text = read("x", &text(b"of \xff tests\x1b[2J")).unwrap();
        assert_eq!((metadata.to_string().as_str(), metadata.text()), ("of \\xff tests\\u{1b}[2J", None));
        let metadata: Text = read("x", &text("näme".as_bytes())).unwrap();
        assert_eq!((metadata.to_string().as_str(), metadata.text()), ("näme", Some("näme")));
        assert!(read::<ShortString>("x", &[Felt::from_bytes_be_slice(b"a\x1b[2J")]).is_err());
        assert_eq!(read::<ShortString>("x", &[Felt::from_bytes_be_slice(b"rocky")]).unwrap().0, "rocky");
    }

    #[test]
    fn instances_of_one_class_are_told_apart_by_model_version_and_salt() {
        let node = FakeNode::start(|_, _| Answer::felts([]));
        let client = Client::connect(&node.network()).unwrap();
        let registry = Registry::at(&client, Felt::from(0x99));
        let addresses: std::collections::BTreeSet<Felt> = [(1, 1, 0u64), (2, 1, 0), (1, 2, 0), (1, 1, 1)]
            .map(|(model, version, salt)| {
                registry.instance_address(Felt::ONE, &InstanceSalt { model, version, salt: salt.into() }, Felt::TWO)
            })
            .into();
        assert_eq!(addresses.len(), 4);
    }

    #[test]
    fn an_instance_of_another_model_is_not_taken_for_ours() {
        let node = FakeNode::of_contract(|_, _| Answer::felts([Felt::from(3), Felt::from(2)]), &["instance"]);
        let client = Client::connect(&node.network()).unwrap();
        let registry = Registry::at(&client, Felt::from(0x99));
        let of = |model, version| registry.check_instance(Felt::ONE, &InstanceSalt { model, version, salt: Felt::ZERO });
        of(3, 2).unwrap();
        for (model, version) in [(1, 2), (3, 1), (0, 0)] {
            let error = of(model, version).unwrap_err().to_string();
            assert!(error.contains(&format!("is not an instance of model {model}, version {version}")), "{error}");
        }
    }

    /// A registry with as many models, and as many versions of each, that is refused more than `most` of them at once. `count` is what it says
    /// that it has.
    fn registry_of(entries: u64, count: u64, most: u64) -> FakeNode {
        const FUNCTIONS: &[&str] = &["model_count", "models", "model_count_of", "models_of", "versions"];
        let answer = move |function: &str, calldata: &[Felt]| {
            if function.starts_with("model_count") {
                return Answer::felts([Felt::from(count)]);
            }
            let [.., start, limit] = calldata else { panic!("a page") };
            let [start, limit] = [start, limit].map(|felt| u64::try_from(*felt).unwrap());
            if limit > most {
                return Answer::panic("Execution failed. Failure reason: (0x4f7574206f6620676173 ('Out of gas')).");
            }
            let page = start..(start + limit).min(entries).max(start);
            let mut felts = vec![Felt::from(page.clone().count() as u64)];
            for entry in page {
                let name = Felt::from_bytes_be_slice(b"rocky");
                if function == "versions" {
                    felts.extend([name, (entry + 1).into(), Felt::ONE, Felt::ONE, Felt::ONE]);
                    // An input of one element, whose range tells the versions apart, and no output.
                    felts.extend([1, 1, 1, 1, 8, -(entry as i64), entry as i64, 0].map(Felt::from));
                    felts.extend(text(b"\xff"));
                    felts.extend([Felt::ONE, Felt::ZERO, Felt::ZERO]);
                } else {
                    felts.extend([(entry + 1).into(), name, Felt::ONE, Felt::ZERO, entries.into()]);
                }
            }
            Answer::felts(felts)
        };
        FakeNode::of_contract(answer, FUNCTIONS)
    }

    #[test]
    fn lists_are_read_whole_however_small_the_pages_that_a_node_gives() {
        for most in [1, 7, 30, 100] {
            let node = registry_of(205, 205, most);
            let client = Client::connect(&node.network()).unwrap();
            let registry = Registry::at(&client, Felt::from(0x99));
            for owner in [None, Some(Felt::ONE)] {
                let models = registry.models(owner).unwrap();
                assert!(models.iter().map(|model| model.id).eq(1..=205), "pages of {most}");
            }
            let model = RegisteredModel {
                id: 1,
                name: ShortString("rocky".to_owned()),
                owner: Felt::ONE,
                pending_owner: Felt::ZERO,
                versions: 205,
            };
            let versions = registry.versions(&model).unwrap();
            assert!(versions.iter().map(|version| version.version).eq(1..=205), "pages of {most}");
            let ranges = versions.iter().map(|version| (version.inputs[0].lo.0, version.inputs[0].hi.0));
            assert!(ranges.eq((0..205).map(|entry| (-entry, entry))), "pages of {most}");
        }
        // If the node does not even give one, its refusal is the error.
        let node = registry_of(3, 3, 0);
        let client = Client::connect(&node.network()).unwrap();
        let error = Registry::at(&client, Felt::from(0x99)).models(None).unwrap_err();
        assert_eq!(error.to_string(), "listing models was refused: Out of gas");
    }

    #[test]
    fn a_list_ends_whatever_the_registry_says_of_its_length() {
        let node = registry_of(3, 5, 100);
        let client = Client::connect(&node.network()).unwrap();
        assert_eq!(Registry::at(&client, Felt::from(0x99)).models(None).unwrap().len(), 3);
        let node = registry_of(3, u64::MAX, 100);
        let client = Client::connect(&node.network()).unwrap();
        let error = Registry::at(&client, Felt::from(0x99)).models(None).unwrap_err().to_string();
        assert!(error.contains("18446744073709551615 entries, of at most 1000000"), "{error}");
        // One that gives more than it was asked for.
        let answer = |function: &str, _: &[Felt]| match function {
            "model_count" => Answer::felts([Felt::from(200)]),
            _ => {
                let model = [Felt::ONE, Felt::from_bytes_be_slice(b"rocky"), Felt::ONE, Felt::ZERO, Felt::ONE];
                Answer::felts([&[Felt::from(101)], &model.repeat(101)[..]].concat())
            }
        };
        let node = FakeNode::of_contract(answer, &["model_count", "models"]);
        let client = Client::connect(&node.network()).unwrap();
        let error = Registry::at(&client, Felt::from(0x99)).models(None).unwrap_err().to_string();
        assert!(error.contains("101 entries, where 100 were asked for"), "{error}");
    }
}
