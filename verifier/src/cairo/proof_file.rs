//! The file of a Cairo proof: a claim, packed, and the STARK.

use winter_verifier::ByteReader;

use super::claim::{Claim, MAX_OUTPUT};
use super::packed::{pack, unpack};
use super::program::{Builtin, MAX_BYTECODE, Program};
use crate::kind::Kind;
use crate::preset::Preset;
use crate::proof_file::{FileError, open_kind, preamble, read_preset, within};

/// A proof of an execution, with all that a verifier needs.
///
/// | bytes | content |
/// |---|---|
/// | 8 + 2 + 1 | `MAATPROF`, the version, and 1 for a Cairo proof |
/// | 1 | preset |
/// | 1 | binary logarithm of the rows |
/// | 4 + 4 + 4 | steps, `pc` before the last one, `ap` after it |
/// | 2 + 2 | the least and the greatest offset |
/// | 1 | builtins: bit 0 for `output`, bit 1 for `range_check` |
/// | 4 | range checks |
/// | 4 | address of the output |
/// | 8 + n | the output, packed |
/// | 8 + n | the bytecode, packed |
/// | to the end | the STARK as winterfell writes it |
///
/// Numbers have their least significant byte first. Felts are packed as a length and as many bytes each, least significant first; the
/// length's highest bit says that the felt is the negative of the number. The numbers of felts and of bytes precede the packed bytes, which
/// are compressed by Deflate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CairoProof {
    /// The claim.
    pub claim: Claim,
    /// The STARK.
    pub stark: Vec<u8>,
}

impl CairoProof {
    /// The file's bytes, for a claim that passes [`Claim::check`].
    pub fn to_bytes(&self) -> Vec<u8> {
        let Claim { program, preset, rows, steps, last_pc, final_ap, offsets, output_start, output, range_checks } = &self.claim;
        let mut bytes = preamble(Kind::Cairo);
        // At most 22.
        bytes.extend([preset.code(), rows.ilog2() as u8]);
        bytes.extend([steps, last_pc, final_ap].iter().flat_map(|number| number.to_le_bytes()));
        bytes.extend(offsets.iter().flat_map(|offset| offset.to_le_bytes()));
        bytes.push(program.builtins().iter().map(|builtin| 1 << *builtin as u8).sum());
        bytes.extend([range_checks, output_start].iter().flat_map(|number| number.to_le_bytes()));
        bytes.extend(pack(output));
        bytes.extend(pack(program.bytecode()));
        bytes.extend(&self.stark);
        bytes
    }

    /// Reads the claim and gives the bytes of the STARK.
    ///
    /// # Errors
    /// The bytes are not a file of a Cairo proof, or no proof can be made for its claim.
    pub fn split(bytes: &[u8]) -> Result<(Claim, &[u8]), FileError> {
        let mut reader = open_kind(bytes, Kind::Cairo)?;
        let preset = read_preset(&mut reader, &Preset::OF_CAIRO)?;
        let log_rows = reader.read_u8().map_err(within("number of rows"))?;
        let rows = 1_u32.checked_shl(log_rows.into()).unwrap_or(0);
        let mut number = |part| reader.read_u32().map_err(within(part));
        let (steps, last_pc, final_ap) = (number("steps")?, number("last pc")?, number("final ap")?);
        let mut offset = || reader.read_u16().map_err(within("offsets"));
        let offsets = [offset()?, offset()?];
        let bits = reader.read_u8().map_err(within("builtins"))?;
        let builtins: Vec<_> = Builtin::ALL.into_iter().filter(|builtin| bits >> *builtin as u8 & 1 == 1).collect();
        if bits >> Builtin::ALL.len() != 0 {
            return Err(FileError::Packed { part: "builtins", reason: "there are bits for builtins that no proof speaks of" });
        }
        let mut number = |part| reader.read_u32().map_err(within(part));
        let (range_checks, output_start) = (number("range checks")?, number("address of the output")?);
        let output = unpack(&mut reader, "output", MAX_OUTPUT)?;
        let program = Program::new(unpack(&mut reader, "bytecode", MAX_BYTECODE)?, builtins)?;
        let claim = Claim { program, preset, rows, steps, last_pc, final_ap, offsets, output_start, output, range_checks };
        claim.check()?;
        Ok((claim, reader.rest()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cairo::claim::tests::{claim, program};
    use crate::cairo::{ClaimError, ProgramError};
    use crate::felt252::Felt252;
    use crate::proof_file::{FILE_VERSION, MAX_FILE_BYTES, ProofFile};

    const STARK: [u8; 3] = [1, 2, 3];
    /// Length of what comes before the output.
    const FIXED_PART: usize = 38;

    fn file(claim: Claim) -> Vec<u8> {
        claim.check().unwrap();
        CairoProof { claim, stark: STARK.to_vec() }.to_bytes()
    }

    /// Claims with and without builtins, output and range checks.
    fn claims() -> Vec<Claim> {
        let unused =
            |builtins: &[Builtin]| Claim { program: program(builtins), output_start: 0, output: vec![], range_checks: 0, ..claim() };
        let longest = Claim { rows: 1 << 22, output: (0..3_000).map(Felt252::new).collect(), offsets: [0, u16::MAX], ..claim() };
        vec![
            claim(),
            unused(&[]),
            unused(&Builtin::ALL),
            Claim { range_checks: 63, ..unused(&[Builtin::RangeCheck]) },
            Claim { output_start: 1, output: vec![-Felt252::new(1)], ..unused(&[Builtin::Output]) },
            longest,
        ]
    }

    #[test]
    fn a_file_is_read_as_it_was_written() {
        for (claim, preset) in claims().into_iter().flat_map(|claim| Preset::OF_CAIRO.map(|preset| (claim.clone(), preset))) {
            let claim = Claim { preset, ..claim };
            let bytes = file(claim.clone());
            assert_eq!(CairoProof::split(&bytes), Ok((claim, &STARK[..])));
            assert_eq!(Kind::of(&bytes), Ok(Kind::Cairo));
        }
    }

    #[test]
    fn a_file_that_ends_within_its_header_is_refused_with_the_part_that_is_cut_off() {
        for claim in claims() {
            let bytes = file(claim.clone());
            let header = bytes.len() - STARK.len();
            let bytecode = header - pack(claim.program.bytecode()).len();
            let part = |length: usize| match length {
                8..10 => "version",
                10 => "kind",
                11 => "preset",
                12 => "number of rows",
                13..17 => "steps",
                17..21 => "last pc",
                21..25 => "final ap",
                25..29 => "offsets",
                29 => "builtins",
                30..34 => "range checks",
                34..FIXED_PART => "address of the output",
                _ if length < bytecode => "output",
                _ => "bytecode",
            };
            for length in 0..header {
                let expected = if length < 8 { FileError::Magic } else { FileError::Truncated { part: part(length) } };
                assert_eq!(CairoProof::split(&bytes[..length]), Err(expected), "{length}");
            }
            assert_eq!(CairoProof::split(&bytes[..header]), Ok((claim, &[][..])));
        }
    }

    #[test]
    fn each_part_of_the_header_is_checked() {
        let bytes = file(claim());
        let error = |position: usize, byte: u8| {
            let mut bytes = bytes.clone();
            assert_ne!(bytes[position], byte);
            bytes[position] = byte;
            CairoProof::split(&bytes).unwrap_err()
        };
        assert_eq!(error(7, b'f'), FileError::Magic);
        assert_eq!(error(8, 1), FileError::Version { found: 1 });
        assert_eq!(error(9, 1), FileError::Version { found: 256 + FILE_VERSION });
        assert_eq!(error(10, 0), FileError::Kind { expected: Kind::Cairo, found: Kind::Model });
        assert_eq!(error(10, 2), FileError::UnknownKind { found: 2 });
        assert_eq!(error(11, 3), FileError::Preset { found: 3 });
        assert_eq!(error(12, 8), FileError::Claim(ClaimError::Rows { found: 256 }));
        assert_eq!(error(12, 31), FileError::Claim(ClaimError::Rows { found: 1 << 31 }));
        assert_eq!(error(12, 32), FileError::Claim(ClaimError::Rows { found: 0 }));
        assert_eq!(error(13, 1), FileError::Claim(ClaimError::Steps { rows: 512, found: 1 }));
        assert_eq!(error(17, 5), FileError::Claim(ClaimError::Halted));
        assert_eq!(error(21, 13), FileError::Claim(ClaimError::Stack { limit: 14, found: 13 }));
        assert_eq!(error(25, 201), FileError::Claim(ClaimError::Offsets { least: 201, greatest: 200 }));
        assert_eq!(error(29, 1), FileError::Program(ProgramError::Header { builtins: 1 }));
        for bit in 2..8 {
            let reason = "there are bits for builtins that no proof speaks of";
            assert_eq!(error(29, 3 | 1 << bit), FileError::Packed { part: "builtins", reason });
        }
        assert_eq!(error(30, 64), FileError::Claim(ClaimError::RangeChecks { limit: 63, found: 64 }));
        assert_eq!(error(35, 4), FileError::Claim(ClaimError::Memory { part: "the output", end: 40 + 1024 + 2, rows: 512 }));
        let reason = "there are more felts than a proof may speak of";
        assert_eq!(error(FIXED_PART + 3, 1), FileError::Packed { part: "output", reason });
        // What is left of the output's bytes when one felt is said to be less.
        assert_eq!(error(FIXED_PART, 1), FileError::Packed { part: "output", reason: "bytes follow the last felt" });
        let long = vec![0; MAX_FILE_BYTES + 1];
        assert_eq!(CairoProof::split(&long), Err(FileError::TooLong { found: MAX_FILE_BYTES + 1 }));
    }

    #[test]
    fn a_bytecode_that_is_no_program_is_refused() {
        let Claim { program, .. } = claim();
        let bytes = file(claim());
        let start = &bytes[..bytes.len() - STARK.len() - pack(program.bytecode()).len()];
        for position in 0..7 {
            let mut bytecode = program.bytecode().to_vec();
            bytecode[position] = -Felt252::new(1);
            let bytes = [start, &pack(&bytecode), &STARK].concat();
            match (position, CairoProof::split(&bytes)) {
                (6, Ok((found, _))) => assert_eq!(found.program.bytecode(), bytecode),
                (_, found) => assert_eq!(found, Err(FileError::Program(ProgramError::Header { builtins: 2 })), "{position}"),
            }
        }
    }

    #[test]
    fn each_kind_of_file_is_refused_as_the_other() {
        let bytes = file(claim());
        let expected = FileError::Kind { expected: Kind::Model, found: Kind::Cairo };
        assert_eq!(ProofFile::split(&bytes), Err(expected));
    }
}
