//! The constraints of the Cairo CPU: flags, operands, and the step to the next row ("Cairo, a Turing-complete STARK-friendly CPU
//! architecture", ePrint 2021/1063, sections 4.4 and 4.5).
//!
//! That an instruction is the one at `pc`, that its offsets have 16 bits, and that operands are what memory holds is [`super::bus`]'s.

use winter_air::EvaluationFrame;
use winter_verifier::math::FieldElement;

use super::columns::*;
use crate::felt252::Felt252;

/// The degrees of the constraints, in order.
pub const DEGREES: [usize; FLAGS + GROUPS + 11] =
    [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 2, 3, 3, 2, 2, 2, 2, 2];

/// Groups of flags of which at most one is set.
const GROUPS: usize = 5;

/// A row, by the names of the whitepaper.
pub struct Step<E> {
    /// [`flag::DST_FP`]
    pub dst_fp: E,
    /// [`flag::OP0_FP`]
    pub op0_fp: E,
    /// [`flag::OP1_IMM`]
    pub op1_imm: E,
    /// [`flag::OP1_FP`]
    pub op1_fp: E,
    /// [`flag::OP1_AP`]
    pub op1_ap: E,
    /// [`flag::RES_ADD`]
    pub res_add: E,
    /// [`flag::RES_MUL`]
    pub res_mul: E,
    /// [`flag::PC_ABS`]
    pub pc_abs: E,
    /// [`flag::PC_REL`]
    pub pc_rel: E,
    /// [`flag::PC_JNZ`]
    pub pc_jnz: E,
    /// [`flag::AP_ADD`]
    pub ap_add: E,
    /// [`flag::AP_ADD1`]
    pub ap_add1: E,
    /// [`flag::CALL`]
    pub call: E,
    /// [`flag::RET`]
    pub ret: E,
    /// [`flag::ASSERT_EQ`]
    pub assert_eq: E,
    /// The registers.
    pub pc: E,
    /// See [`Self::pc`].
    pub ap: E,
    /// See [`Self::pc`].
    pub fp: E,
    /// The operands.
    pub dst: E,
    /// See [`Self::dst`].
    pub op0: E,
    /// See [`Self::dst`].
    pub op1: E,
}

impl<E: FieldElement<BaseField = Felt252>> Step<E> {
    /// Names the cells of a row.
    pub fn new(row: &[E]) -> Self {
        let at = |bit| row[FLAG.at(bit)];
        Self {
            dst_fp: at(flag::DST_FP),
            op0_fp: at(flag::OP0_FP),
            op1_imm: at(flag::OP1_IMM),
            op1_fp: at(flag::OP1_FP),
            op1_ap: at(flag::OP1_AP),
            res_add: at(flag::RES_ADD),
            res_mul: at(flag::RES_MUL),
            pc_abs: at(flag::PC_ABS),
            pc_rel: at(flag::PC_REL),
            pc_jnz: at(flag::PC_JNZ),
            ap_add: at(flag::AP_ADD),
            ap_add1: at(flag::AP_ADD1),
            call: at(flag::CALL),
            ret: at(flag::RET),
            assert_eq: at(flag::ASSERT_EQ),
            pc: row[PC.start],
            ap: row[AP.start],
            fp: row[FP.start],
            dst: row[DST.start],
            op0: row[OP0.start],
            op1: row[OP1.start],
        }
    }

    /// The instruction's word: 16 bits for each offset, then the flags.
    pub fn instruction(row: &[E]) -> E {
        let fold =
            |high: E, columns: &[E], base: u64| columns.iter().rev().fold(high, |sum, cell| sum.mul_base(Felt252::new(base)) + *cell);
        let flags = row[FLAG.indices()].iter().rev().fold(E::ZERO, |sum, flag| sum.double() + *flag);
        fold(flags, &row[OFFSET.indices()], 1 << 16)
    }

    /// The addresses of `dst`, `op0` and `op1`.
    pub fn operand_addresses(&self, row: &[E]) -> [E; 3] {
        let half = E::from(Felt252::new(1 << 15));
        let register = |by_fp: E| self.ap + by_fp * (self.fp - self.ap);
        // Of pc, fp, ap and op0, the one whose flag is set.
        let base = self.op0 + self.op1_imm * (self.pc - self.op0) + self.op1_fp * (self.fp - self.op0) + self.op1_ap * (self.ap - self.op0);
        let bases = [register(self.dst_fp), register(self.op0_fp), base];
        std::array::from_fn(|operand| bases[operand] + row[OFFSET.at(operand)] - half)
    }
}

/// Enforces that the step to the next row is one of the Cairo CPU.
pub(super) fn enforce<E: FieldElement<BaseField = Felt252>>(frame: &EvaluationFrame<E>, result: &mut [E]) {
    let (row, next) = (frame.current(), frame.next());
    let Step { op1_imm, op1_fp, op1_ap, res_add, res_mul, pc_abs, pc_rel, pc_jnz, .. } = Step::new(row);
    let Step { ap_add, ap_add1, call, ret, assert_eq, pc, ap, fp, dst, op0, op1, .. } = Step::new(row);
    let (res, dst_res, one) = (row[RES.start], row[DST_RES.start], E::ONE);
    let [pc_next, ap_next, fp_next] = [PC, AP, FP].map(|register| next[register.start]);

    // f (f - 1) = 0 for each flag, and for the sum of each group: none of its flags is set, or one. A conditional jump has no result, and a
    // call moves ap by itself.
    let jumps = pc_abs + pc_rel + pc_jnz;
    let groups = [op1_imm + op1_fp + op1_ap, res_add + res_mul + pc_jnz, jumps, ap_add + ap_add1 + call, call + ret + assert_eq];
    let (bits, result) = result.split_at_mut(FLAGS + GROUPS);
    for (result, bit) in bits.iter_mut().zip(row[FLAG.indices()].iter().chain(&groups)) {
        *result = *bit * (*bit - one);
    }

    // Where there is no result, none can be added or asserted: both flags are bits, so that the sum is 0 only if both are.
    result[0] = pc_jnz * (ap_add + assert_eq);
    // res = op0 + op1, op0 op1 or op1
    let of_op0 = res_add * op0 + res_mul * op0 * op1;
    result[1] = (one - pc_jnz) * res - of_op0 - (one - res_mul - pc_jnz) * op1;

    // Without a conditional jump pc' is the next instruction, res, or pc + res.
    let behind = pc + one + op1_imm;
    result[2] = dst_res - dst * res;
    result[3] = (one - pc_jnz) * pc_next - (one - jumps) * behind - pc_abs * res - pc_rel * (pc + res);
    // With one: if dst is 0, so is dst_res, and pc' is the next instruction. If not, pc' = pc + op1, and res can be its inverse.
    result[4] = pc_jnz * (dst_res - one) * (pc_next - behind);
    result[5] = pc_jnz * dst * (pc_next - pc - op1);

    result[6] = ap_next - ap - ap_add * res - ap_add1 - call.double();
    result[7] = fp_next - fp - ret * (dst - fp) - call * (ap + E::from(2u8) - fp);

    // A call saves fp and where it returns to; an assertion holds.
    result[8] = call * (dst - fp);
    result[9] = call * (op0 - behind);
    result[10] = assert_eq * (dst - res);
}
