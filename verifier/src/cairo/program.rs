//! Cairo programs that can be proven, their builtins, and the hash that they are known by.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use winter_verifier::math::FieldElement;

use crate::felt252::{Felt252, ParseFeltError};
use crate::hex::hex;
use crate::pedersen;

/// Length of the header that every program begins with: `ap += builtins; call main; jmp rel 0`.
pub const HEADER_LENGTH: usize = 6;
/// Where the header's endless loop is: an execution ends when it gets there.
pub const HALT: usize = 4;
/// The longest bytecode of a proof, in felts.
pub const MAX_BYTECODE: usize = 1 << 20;

/// `ap += <immediate>`
const ADD_AP: u64 = 0x0407_8001_7fff_7fff;
/// `call rel <immediate>`
const CALL: u64 = 0x1104_8001_8001_8000;
/// `jmp rel <immediate>`
const JUMP: u64 = 0x0107_8001_7fff_7fff;

/// The version of the bootloader that program hashes are for.
const BOOTLOADER_VERSION: u64 = 0;

/// A builtin that a proof can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Builtin {
    /// Gives the program's output.
    Output,
    /// Holds values of at most 128 bits.
    RangeCheck,
}

impl Builtin {
    /// All builtins, in the order in which every program takes them.
    pub const ALL: [Self; 2] = [Self::Output, Self::RangeCheck];

    /// The name that the Cairo VM and program hashes have for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::RangeCheck => "range_check",
        }
    }

    /// The builtin with a name of the Cairo VM.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|builtin| builtin.name() == name)
    }
}

impl fmt::Display for Builtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Why bytecode is not a program that can be proven.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// The bytecode does not begin as an executable for a stand-alone run does.
    #[error("the bytecode does not begin with `ap += {builtins}; call rel <main>; jmp rel 0`, the header of a stand-alone executable")]
    Header {
        /// Number of the program's builtins.
        builtins: usize,
    },
    /// The bytecode is longer than [`MAX_BYTECODE`].
    #[error("the bytecode has {found} felts, more than {MAX_BYTECODE}")]
    TooLong {
        /// Its length.
        found: usize,
    },
    /// The builtins are not listed once each in the order of [`Builtin::ALL`].
    #[error("the builtins are not in the Cairo VM's order, each at most once")]
    Builtins,
}

/// A Cairo program: what is executed, and with which builtins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    bytecode: Vec<Felt252>,
    builtins: Vec<Builtin>,
    main: u32,
}

impl Program {
    /// A program that begins with the header of a stand-alone executable.
    ///
    /// # Errors
    /// It begins with something else, its `main` lies outside, or the builtins are not in order.
    pub fn new(bytecode: Vec<Felt252>, builtins: Vec<Builtin>) -> Result<Self, ProgramError> {
        if bytecode.len() > MAX_BYTECODE {
            return Err(ProgramError::TooLong { found: bytecode.len() });
        }
        if !builtins.is_sorted_by(|a, b| a < b) {
            return Err(ProgramError::Builtins);
        }
        let malformed = ProgramError::Header { builtins: builtins.len() };
        let header = bytecode.get(..HEADER_LENGTH).map(|header| header.iter().map(|felt| felt.to_u64()).collect::<Option<Vec<_>>>());
        let Some(Some(header)) = header else {
            return Err(malformed);
        };
        let [ADD_AP, arguments, CALL, offset, JUMP, 0] = header[..] else {
            return Err(malformed);
        };
        // The call's operand counts from the call, which comes after two felts.
        match offset.checked_add(2).and_then(|main| u32::try_from(main).ok()) {
            Some(main) if arguments == builtins.len() as u64 && (main as usize) < bytecode.len() => Ok(Self { bytecode, builtins, main }),
            _ => Err(malformed),
        }
    }

    /// The bytecode.
    pub fn bytecode(&self) -> &[Felt252] {
        &self.bytecode
    }

    /// The builtins, in order.
    pub fn builtins(&self) -> &[Builtin] {
        &self.builtins
    }

    /// The hash by which StarkWare's bootloader and Integrity know the program: a chain of Pedersen hashes over version, main function,
    /// builtins and bytecode (`cairo-lang`, `bootloaders/hash_program.py`).
    ///
    /// The bootloader calls `main` as the header does, so this is the program that runs here.
    pub fn hash(&self) -> ProgramHash {
        // Its bytes as a number, the first one on top.
        let name = |builtin: &Builtin| builtin.name().bytes().fold(Felt252::ZERO, |name, byte| name * Felt252::new(256) + byte.into());
        let head = [BOOTLOADER_VERSION, self.main.into(), self.builtins.len() as u64].map(Felt252::new);
        let (last, others) = self.bytecode.split_last().expect("a program has a header");
        let length = head.len() + self.builtins.len() + self.bytecode.len();
        // h(length, h(data[0], h(data[1], .. h(data[n - 2], data[n - 1]))))
        let before = std::iter::once(Felt252::new(length as u64)).chain(head).chain(self.builtins.iter().map(name));
        let data: Vec<Felt252> = before.chain(others.iter().copied()).collect();
        ProgramHash(pedersen::chain(*last, &data))
    }
}

/// What a program is known by: see [`Program::hash`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProgramHash(Felt252);

impl ProgramHash {
    /// The hash as a felt.
    pub fn felt(self) -> Felt252 {
        self.0
    }
}

/// All 64 digits, as other hashes and commitments are written.
impl fmt::Display for ProgramHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.0.to_le_bytes();
        bytes.reverse();
        f.write_str(&hex(&bytes))
    }
}

impl FromStr for ProgramHash {
    type Err = ParseFeltError;

    fn from_str(text: &str) -> Result<Self, ParseFeltError> {
        text.parse().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use starknet_types_core::felt::Felt;
    use starknet_types_core::hash::{Pedersen, StarkHash};

    use super::*;

    /// `ret`
    const RETURN: u64 = 0x208b_7fff_7fff_7ffe;

    /// The header of a program with this many builtins, whose `main` is so far from the call.
    fn header(builtins: u64, main: u64) -> Vec<Felt252> {
        [ADD_AP, builtins, CALL, main, JUMP, 0].map(Felt252::new).to_vec()
    }

    fn smallest() -> Vec<Felt252> {
        [header(0, 4), vec![Felt252::new(RETURN)]].concat()
    }

    /// A program with both builtins, a negative immediate and a large one.
    fn larger() -> Program {
        let large = Felt252::from(1_u128 << 100) * Felt252::from(1_u128 << 100) + Felt252::new(3);
        let body = vec![-Felt252::new(7), Felt252::new(0x4806_8001_7fff_8000), large, Felt252::new(RETURN)];
        Program::new([header(2, 5), body].concat(), Builtin::ALL.to_vec()).unwrap()
    }

    #[test]
    fn names_of_builtins_lead_back() {
        for builtin in Builtin::ALL {
            assert_eq!(Builtin::from_name(builtin.name()), Some(builtin));
        }
        assert_eq!(Builtin::from_name("pedersen"), None);
        assert_eq!(Builtin::from_name("Output"), None);
    }

    #[test]
    fn a_program_begins_with_the_header() {
        assert!(Program::new(smallest(), vec![]).is_ok());
        let malformed = ProgramError::Header { builtins: 0 };
        // Each felt of it, by one and by the least bit above 64.
        let above = Felt252::from(1_u128 << 64);
        for (position, change) in
            [Felt252::new(1), -Felt252::new(1), above].into_iter().flat_map(|change| (0..6).map(move |at| (at, change)))
        {
            let mut bytecode = smallest();
            bytecode[position] += change;
            // The operand of the call may be one less: main is then the last felt of the header.
            let expected = if position == 3 && change == -Felt252::new(1) { Ok(5) } else { Err(malformed.clone()) };
            assert_eq!(Program::new(bytecode, vec![]).map(|program| program.main), expected, "{position}");
        }
        for length in 0..HEADER_LENGTH {
            assert_eq!(Program::new(smallest()[..length].to_vec(), vec![]), Err(malformed.clone()), "{length}");
        }
    }

    #[test]
    fn main_lies_within_the_program() {
        let main = |offset: Felt252| {
            let mut bytecode = smallest();
            bytecode[3] = offset;
            Program::new(bytecode, vec![]).map(|program| program.main)
        };
        assert_eq!((0..5).map(|offset| main(Felt252::new(offset))).collect::<Vec<_>>(), (2..7).map(Ok).collect::<Vec<_>>());
        let outside = [5, u64::from(u32::MAX) - 1, u64::from(u32::MAX), u64::MAX - 1, u64::MAX].map(Felt252::new);
        for offset in outside.into_iter().chain([-Felt252::new(1), -Felt252::new(3)]) {
            assert_eq!(main(offset), Err(ProgramError::Header { builtins: 0 }), "{offset}");
        }
        // The header alone calls nothing after it.
        assert_eq!(Program::new(header(0, 4), vec![]), Err(ProgramError::Header { builtins: 0 }));
    }

    #[test]
    fn builtins_are_those_of_the_header_in_their_order() {
        use Builtin::{Output, RangeCheck};
        let program = |arguments: u64, builtins: &[Builtin]| {
            let bytecode = [header(arguments, 4), vec![Felt252::new(RETURN)]].concat();
            Program::new(bytecode, builtins.to_vec()).map(|program| program.builtins)
        };
        for builtins in [&[][..], &[Output], &[RangeCheck], &[Output, RangeCheck]] {
            for arguments in 0..4 {
                let expected = match arguments == builtins.len() as u64 {
                    true => Ok(builtins.to_vec()),
                    false => Err(ProgramError::Header { builtins: builtins.len() }),
                };
                assert_eq!(program(arguments, builtins), expected, "{arguments} {builtins:?}");
            }
        }
        for builtins in [&[RangeCheck, Output][..], &[Output, Output], &[Output, RangeCheck, RangeCheck]] {
            assert_eq!(program(builtins.len() as u64, builtins), Err(ProgramError::Builtins), "{builtins:?}");
        }
    }

    #[test]
    fn a_program_has_a_greatest_length() {
        let of_length = |length: usize| {
            let mut bytecode = smallest();
            bytecode.resize(length, Felt252::new(0));
            Program::new(bytecode, vec![])
        };
        assert!(of_length(MAX_BYTECODE).is_ok());
        assert_eq!(of_length(MAX_BYTECODE + 1), Err(ProgramError::TooLong { found: MAX_BYTECODE + 1 }));
    }

    /// Computed by a program of a page that adds points of the curve, and that agrees with the test vector in the documentation of StarkEx.
    #[test]
    fn the_hash_is_the_known_one() {
        let hash = |text: &str| Ok(text.parse::<ProgramHash>().unwrap());
        let program = Program::new(smallest(), vec![]);
        assert_eq!(program.map(|program| program.hash()), hash("0x5410c1297ae2658fefa8be3f5f7db3bbc3d62bf988cccde1e56df07f83a04ef"));
        assert_eq!(Ok(larger().hash()), hash("0x25843e0c6dcd594decdd6f42e6b314064a0f95f6c0e9f9a1246679ecba93ae5"));
    }

    /// `h(d_0, h(d_1, ...))`, as a recursion over hexadecimal numbers.
    fn chain(data: &[String]) -> Felt {
        let [first, rest @ ..] = data else { unreachable!() };
        let first = Felt::from_hex_unchecked(first);
        if rest.is_empty() { first } else { Pedersen::hash(&first, &chain(rest)) }
    }

    #[test]
    fn the_hash_chains_all_of_the_program() {
        let program = larger();
        let mut data = vec!["0x0".to_owned(), "0x7".to_owned(), "0x2".to_owned()];
        data.extend(["output", "range_check"].map(|name| hex(name.as_bytes())));
        data.extend(program.bytecode.iter().map(|felt| hex(&felt.to_le_bytes().into_iter().rev().collect::<Vec<_>>())));
        data.insert(0, format!("{:#x}", data.len()));
        assert_eq!(program.hash().felt().to_le_bytes(), chain(&data).to_bytes_le());
    }

    #[test]
    fn programs_that_differ_anywhere_have_other_hashes() {
        let program = larger();
        // The call's operand, each felt of the body, and one felt more.
        let changed = [3, 6, 7, 8, 9].map(|position| {
            let mut bytecode = program.bytecode.clone();
            bytecode[position] += Felt252::new(1);
            bytecode
        });
        let longer = [program.bytecode.clone(), vec![Felt252::new(0)]].concat();
        for bytecode in changed.into_iter().chain([longer]) {
            let other = Program::new(bytecode, Builtin::ALL.to_vec()).unwrap();
            assert_ne!(program.hash(), other.hash());
        }
        let [output, range_check] = Builtin::ALL.map(|builtin| {
            let bytecode = [header(1, 4), vec![Felt252::new(RETURN)]].concat();
            Program::new(bytecode, vec![builtin]).unwrap()
        });
        assert_ne!(output.hash(), range_check.hash());
    }
}
