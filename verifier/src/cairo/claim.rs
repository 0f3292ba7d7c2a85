//! The claim of a Cairo proof: what the prover says of an execution, what no proof can be made for, and the public inputs that follow.

use thiserror::Error;

use super::columns::{MAX_ROWS, MIN_ROWS, cell_capacity, check_capacity, first_checked};
use super::program::{Builtin, HALT, Program};
use super::public_inputs::PublicInputs;
use crate::felt252::Felt252;
use crate::preset::Preset;

/// The longest output of a proof, in felts. What a verifier reserves for a claim is bounded by this and by the longest bytecode.
pub const MAX_OUTPUT: usize = 1 << 18;

/// The address of the program's first felt.
const PROGRAM: u64 = 1;
/// Cells of the stack below the frame that the header runs in.
const BELOW_FRAME: u64 = 2;
/// Separates the transcripts of Cairo proofs from all others.
const TRANSCRIPT: &[u8] = b"maat cairo 1";

/// What a Cairo proof claims: that a program, in some memory, takes these steps to its end and gives this output.
///
/// Addresses are those of the proof's memory: the bytecode from 1, then the stack, and everything else where the prover put it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The program.
    pub program: Program,
    /// The parameters of the proof.
    pub preset: Preset,
    /// Rows of the trace, a power of two.
    pub rows: u32,
    /// Steps from the header's first instruction until its endless loop.
    pub steps: u32,
    /// The program counter before the last step.
    pub last_pc: u32,
    /// The allocation pointer after it.
    pub final_ap: u32,
    /// The least and the greatest offset in the table of offsets, each with 2^15 added.
    pub offsets: [u16; 2],
    /// The address of the output.
    pub output_start: u32,
    /// The output.
    pub output: Vec<Felt252>,
    /// Number of range-checked values that the program took.
    pub range_checks: u32,
}

/// Why no proof can be made for a claim.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// No trace has this length.
    #[error("a trace has a power of two of rows, from {MIN_ROWS} to {MAX_ROWS}, not {found}")]
    Rows {
        /// Its length.
        found: u32,
    },
    /// The execution does not fit into the trace.
    #[error("{found} steps in a trace of {rows} rows; there are at least 2, and at most {limit}", limit = rows - 1)]
    Steps {
        /// Rows of the trace.
        rows: u32,
        /// Steps.
        found: u32,
    },
    /// The execution is said to go on after it came to its end.
    #[error("the execution is at its end before its last step")]
    Halted,
    /// The table of offsets ends before it begins.
    #[error("there are no offsets from {least} to {greatest}")]
    Offsets {
        /// The least one.
        least: u16,
        /// The greatest one.
        greatest: u16,
    },
    /// The output is longer than [`MAX_OUTPUT`].
    #[error("the output has {found} felts, more than {MAX_OUTPUT}")]
    TooLong {
        /// Its length.
        found: usize,
    },
    /// A part of the public memory lies where a trace has no cells.
    #[error("{part} ends before {end}; a trace of {rows} rows has cells up to {limit}", limit = cell_capacity(*rows as usize))]
    Memory {
        /// What lies there.
        part: &'static str,
        /// The address after its last cell.
        end: u64,
        /// Rows of the trace.
        rows: u32,
    },
    /// The stack ends before it holds what the builtins give back.
    #[error("the stack ends at {found}, below {limit}, where the program begins to run")]
    Stack {
        /// The first free address when the program begins.
        limit: u64,
        /// Where it ends.
        found: u32,
    },
    /// The program is said to have used more range checks than the trace has.
    #[error("{found} range checks in a trace with room for {limit}")]
    RangeChecks {
        /// How many there is room for.
        limit: usize,
        /// How many there are said to be.
        found: u32,
    },
    /// There is something of a builtin that the program does not have.
    #[error("the program has no builtin `{builtin}`, but used it")]
    Builtin {
        /// The builtin.
        builtin: Builtin,
    },
}

impl Claim {
    /// Checks everything that does not need the proof.
    ///
    /// # Errors
    /// No proof can be made for the claim.
    pub fn check(&self) -> Result<(), ClaimError> {
        let Self { program, rows, steps, last_pc, final_ap, offsets: [least, greatest], range_checks, .. } = self;
        if !rows.is_power_of_two() || !(MIN_ROWS..=MAX_ROWS).contains(&(*rows as usize)) {
            return Err(ClaimError::Rows { found: *rows });
        }
        if !(2..*rows).contains(steps) {
            return Err(ClaimError::Steps { rows: *rows, found: *steps });
        }
        if u64::from(*last_pc) == self.halt() {
            return Err(ClaimError::Halted);
        }
        if least > greatest {
            return Err(ClaimError::Offsets { least: *least, greatest: *greatest });
        }
        if self.output.len() > MAX_OUTPUT {
            return Err(ClaimError::TooLong { found: self.output.len() });
        }
        let lowest = self.frame() + 2 * program.builtins().len() as u64;
        if u64::from(*final_ap) < lowest {
            return Err(ClaimError::Stack { limit: lowest, found: *final_ap });
        }
        // The builtins that are there have their cells within the trace, and those that are not have none.
        for (part, end) in [("the stack", u64::from(*final_ap)), ("the output", self.output_end())] {
            if end > cell_capacity(*rows as usize) as u64 + 1 {
                return Err(ClaimError::Memory { part, end, rows: *rows });
            }
        }
        let limit = check_capacity(*rows as usize);
        if *range_checks as usize > limit {
            return Err(ClaimError::RangeChecks { limit, found: *range_checks });
        }
        let unused = [(Builtin::Output, self.output.is_empty() && self.output_start == 0), (Builtin::RangeCheck, *range_checks == 0)];
        match unused.into_iter().find(|(builtin, unused)| !unused && !program.builtins().contains(builtin)) {
            Some((builtin, _)) => Err(ClaimError::Builtin { builtin }),
            None => Ok(()),
        }
    }

    /// The frame that the header runs in: where `fp` and `ap` point before the first step.
    fn frame(&self) -> u64 {
        PROGRAM + self.program.bytecode().len() as u64 + BELOW_FRAME
    }

    /// The address of the endless loop.
    fn halt(&self) -> u64 {
        PROGRAM + HALT as u64
    }

    fn output_end(&self) -> u64 {
        u64::from(self.output_start) + self.output.len() as u64
    }

    /// The first address that a builtin gives to the program, and the one that it gives back: after the last cell in use.
    fn segment(&self, builtin: Builtin) -> [u64; 2] {
        match builtin {
            Builtin::Output => [self.output_start.into(), self.output_end()],
            Builtin::RangeCheck => {
                let first = first_checked(self.rows as usize);
                [first, first + u64::from(self.range_checks)]
            }
        }
    }

    /// The public inputs of a proof of this claim.
    pub fn public_inputs(&self) -> PublicInputs {
        let (frame, final_ap) = (self.frame(), u64::from(self.final_ap));
        let builtins = self.program.builtins();
        let numbered = |start: u64, values: &[Felt252]| (start..).zip(values.to_vec()).collect::<Vec<_>>();
        let segments: Vec<[u64; 2]> = builtins.iter().map(|builtin| self.segment(*builtin)).collect();
        let addresses = |end: usize| segments.iter().map(|segment| Felt252::new(segment[end])).collect::<Vec<_>>();
        let memory = [
            numbered(PROGRAM, self.program.bytecode()),
            // The header's frame, which a return from it would restore, and the builtins' first addresses as its arguments.
            numbered(frame - BELOW_FRAME, &[Felt252::new(frame), Felt252::new(0)]),
            numbered(frame, &addresses(0)),
            numbered(final_ap - builtins.len() as u64, &addresses(1)),
            numbered(self.output_start.into(), &self.output),
        ];
        PublicInputs {
            seed: self.seed(),
            steps: self.steps as usize,
            initial: [PROGRAM, frame, frame],
            last_pc: self.last_pc.into(),
            last: [self.halt(), final_ap, frame],
            offsets: self.offsets,
            memory: memory.concat(),
        }
    }

    /// All of the claim as field elements; no two claims have the same.
    fn seed(&self) -> Vec<Felt252> {
        let Self { program, preset, rows, steps, last_pc, final_ap, offsets, output_start, output, range_checks } = self;
        let tag = TRANSCRIPT.iter().rev().fold(0u128, |number, byte| (number << 8) | u128::from(*byte));
        let has = |builtin| u32::from(program.builtins().contains(&builtin));
        let [least, greatest] = offsets.map(u32::from);
        let numbers = [preset.code().into(), *rows, *steps, *last_pc, *final_ap, least, greatest, *output_start, *range_checks];
        let lengths = [output.len() as u32, program.bytecode().len() as u32];
        let builtins = Builtin::ALL.map(has);
        let numbers = numbers.into_iter().chain(builtins).chain(lengths).map(Felt252::from);
        [Felt252::from(tag)].into_iter().chain(numbers).chain(output.iter().copied()).chain(program.bytecode().iter().copied()).collect()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A program of seven felts with these builtins: the header, and one felt that this module does not look at.
    pub(in crate::cairo) fn program(builtins: &[Builtin]) -> Program {
        let header = [0x0407_8001_7fff_7fff, builtins.len() as u64, 0x1104_8001_8001_8000, 4, 0x0107_8001_7fff_7fff, 0, 77];
        Program::new(header.map(Felt252::new).to_vec(), builtins.to_vec()).unwrap()
    }

    /// A claim in the shortest trace. The bytecode ends at 7 and the frame begins at 10; there are cells up to 1022, and 63 range checks.
    pub(in crate::cairo) fn claim() -> Claim {
        Claim {
            program: program(&Builtin::ALL),
            preset: Preset::Fast,
            rows: 512,
            steps: 20,
            last_pc: 7,
            final_ap: 30,
            offsets: [100, 200],
            output_start: 40,
            output: [-Felt252::new(5), Felt252::new(6)].to_vec(),
            range_checks: 3,
        }
    }

    fn error(change: impl FnOnce(&mut Claim)) -> ClaimError {
        let mut claim = claim();
        change(&mut claim);
        claim.check().unwrap_err()
    }

    #[test]
    fn a_claim_at_every_limit_can_be_proven() {
        assert_eq!(claim().check(), Ok(()));
        let changes: [fn(&mut Claim); 9] = [
            |claim| claim.steps = 2,
            |claim| claim.steps = 511,
            |claim| (claim.last_pc, claim.offsets) = (4, [200, 200]),
            |claim| claim.offsets = [0, u16::MAX],
            |claim| claim.final_ap = 14,
            |claim| claim.final_ap = 1022,
            |claim| claim.output_start = 1020,
            |claim| claim.range_checks = 63,
            |claim| (claim.output_start, claim.output) = (0, vec![]),
        ];
        for (index, change) in changes.into_iter().enumerate() {
            let mut claim = claim();
            change(&mut claim);
            assert_eq!(claim.check(), Ok(()), "{index}");
        }
        let none = Claim { program: program(&[]), output_start: 0, output: vec![], range_checks: 0, ..claim() };
        assert_eq!(none.check(), Ok(()));
    }

    #[test]
    fn a_trace_has_a_length_that_traces_have() {
        for found in [0, 1, 256, 511, 513, 768, 1 << 23, 1 << 31, u32::MAX] {
            assert_eq!(error(|claim| claim.rows = found), ClaimError::Rows { found });
        }
    }

    #[test]
    fn an_execution_has_steps_and_fits_into_the_trace() {
        for found in [0, 1, 512, 513, u32::MAX] {
            assert_eq!(error(|claim| claim.steps = found), ClaimError::Steps { rows: 512, found });
        }
        let mut longer = claim();
        (longer.rows, longer.steps) = (1024, 1023);
        assert_eq!(longer.check(), Ok(()));
    }

    #[test]
    fn an_execution_does_not_go_on_behind_its_end() {
        // The program begins at 1, and its loop is four felts later.
        assert_eq!(error(|claim| claim.last_pc = 5), ClaimError::Halted);
    }

    #[test]
    fn offsets_are_a_range() {
        assert_eq!(error(|claim| claim.offsets = [201, 200]), ClaimError::Offsets { least: 201, greatest: 200 });
    }

    #[test]
    fn the_stack_holds_what_the_builtins_give_back() {
        for found in [0, 10, 13] {
            assert_eq!(error(|claim| claim.final_ap = found), ClaimError::Stack { limit: 14, found });
        }
        let without = Claim { program: program(&[]), output_start: 0, output: vec![], range_checks: 0, final_ap: 10, ..claim() };
        assert_eq!(without.check(), Ok(()));
    }

    #[test]
    fn every_part_lies_where_the_trace_has_cells() {
        let outside = |part, end| ClaimError::Memory { part, end, rows: 512 };
        assert_eq!(error(|claim| claim.final_ap = 1024), outside("the stack", 1024));
        assert_eq!(error(|claim| claim.final_ap = u32::MAX), outside("the stack", u32::MAX.into()));
        assert_eq!(error(|claim| claim.output_start = 1022), outside("the output", 1024));
        // Among the range-checked values, and beyond all addresses of 32 bits.
        assert_eq!(error(|claim| claim.output_start = 1025), outside("the output", 1027));
        assert_eq!(error(|claim| claim.output_start = u32::MAX), outside("the output", u64::from(u32::MAX) + 2));
        assert_eq!(error(|claim| claim.output = vec![Felt252::new(0); 984]), outside("the output", 1024));
        // The last cell may be the stack's, or the output's.
        for end in [Claim { final_ap: 1023, ..claim() }, Claim { output_start: 1021, ..claim() }] {
            assert_eq!(end.check(), Ok(()));
        }
        // A bytecode that no trace of this length has room for leaves none for the stack.
        let bytecode = [program(&[]).bytecode(), &[Felt252::new(0); 1014]].concat();
        let long = Claim { program: Program::new(bytecode, vec![]).unwrap(), output_start: 0, output: vec![], range_checks: 0, ..claim() };
        assert_eq!(long.check(), Err(ClaimError::Stack { limit: 1024, found: 30 }));
        assert_eq!(Claim { final_ap: 1024, ..long }.check(), Err(outside("the stack", 1024)));
    }

    #[test]
    fn an_output_has_a_greatest_length() {
        let mut longest = claim();
        (longest.rows, longest.output) = (1 << 22, vec![Felt252::new(1); MAX_OUTPUT]);
        assert_eq!(longest.check(), Ok(()));
        longest.output.push(Felt252::new(1));
        assert_eq!(longest.check(), Err(ClaimError::TooLong { found: MAX_OUTPUT + 1 }));
    }

    #[test]
    fn there_is_room_for_the_range_checks() {
        for found in [64, u32::MAX] {
            assert_eq!(error(|claim| claim.range_checks = found), ClaimError::RangeChecks { limit: 63, found });
        }
    }

    #[test]
    fn a_builtin_that_the_program_does_not_have_is_not_used() {
        let of = |builtins: &[Builtin], output_start: u32, output: &[Felt252], range_checks: u32| {
            let claim = Claim { program: program(builtins), output_start, output: output.to_vec(), range_checks, ..claim() };
            claim.check()
        };
        let unused = |builtin| Err(ClaimError::Builtin { builtin });
        assert_eq!(of(&[Builtin::RangeCheck], 0, &[], 3), Ok(()));
        assert_eq!(of(&[Builtin::RangeCheck], 0, &[Felt252::new(1)], 3), unused(Builtin::Output));
        assert_eq!(of(&[Builtin::RangeCheck], 1, &[], 3), unused(Builtin::Output));
        assert_eq!(of(&[Builtin::Output], 40, &[Felt252::new(1)], 0), Ok(()));
        assert_eq!(of(&[Builtin::Output], 40, &[Felt252::new(1)], 1), unused(Builtin::RangeCheck));
        assert_eq!(of(&[], 40, &[Felt252::new(1)], 1), unused(Builtin::Output));
    }

    /// Both reads of one address give one value, so that parts that overlap are still true.
    #[test]
    fn parts_may_overlap() {
        for output_start in [1, 7, 9, 28, 29] {
            let claim = Claim { output_start, ..claim() };
            assert_eq!(claim.check(), Ok(()), "{output_start}");
        }
    }

    #[test]
    fn the_public_inputs_are_what_the_claim_says() {
        let claim = claim();
        let inputs = claim.public_inputs();
        assert_eq!((inputs.steps, inputs.initial, inputs.last_pc, inputs.last), (20, [1, 10, 10], 7, [5, 30, 10]));
        assert_eq!(inputs.offsets, [100, 200]);
        let program = (1..).zip(claim.program.bytecode().iter().copied());
        // The frame and no return address; where the builtins' cells begin, and where they end; the output.
        let rest = [(8, 10), (9, 0), (10, 40), (11, 1025), (28, 42), (29, 1028)].map(|(address, value)| (address, Felt252::new(value)));
        let output = [(40, -Felt252::new(5)), (41, Felt252::new(6))];
        assert_eq!(inputs.memory, program.chain(rest).chain(output).collect::<Vec<_>>());
    }

    #[test]
    fn no_two_claims_have_the_same_seed() {
        let changes: [fn(&mut Claim); 18] = [
            |_| {},
            |claim| claim.preset = Preset::Onchain,
            |claim| claim.rows = 1024,
            |claim| claim.steps += 1,
            |claim| claim.last_pc += 1,
            |claim| claim.final_ap += 1,
            |claim| claim.offsets[0] += 1,
            |claim| claim.offsets[1] += 1,
            |claim| claim.output_start += 1,
            |claim| claim.range_checks += 1,
            |claim| claim.output[1] += Felt252::new(1),
            |claim| claim.output.swap(0, 1),
            |claim| claim.output.truncate(1),
            // The output's last felt goes to the front of the bytecode, or the other way round.
            |claim| claim.output.push(claim.program.bytecode()[0]),
            |claim| claim.program = program(&[Builtin::Output]),
            |claim| claim.program = program(&[Builtin::RangeCheck]),
            |claim| claim.program = Program::new([claim.program.bytecode(), &[Felt252::new(0)]].concat(), Builtin::ALL.to_vec()).unwrap(),
            |claim| {
                let mut bytecode = claim.program.bytecode().to_vec();
                bytecode[3] = Felt252::new(3);
                claim.program = Program::new(bytecode, Builtin::ALL.to_vec()).unwrap();
            },
        ];
        let seeds = changes.map(|change| {
            let mut claim = claim();
            change(&mut claim);
            claim.public_inputs().seed
        });
        for (index, seed) in seeds.iter().enumerate() {
            assert!(!seeds[..index].contains(seed), "{index}");
        }
    }
}
