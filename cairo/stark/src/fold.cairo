//! The fold of the low-degree test.
//!
//! Written by `verifier/tests/emit`: do not edit.

use corelib_imports::bounded_int::{self, AddHelper, BoundedInt, DivRemHelper, MulHelper, SubHelper, UnitInt, upcast};
use crate::goldilocks::{G, MODULUS, P, Word};

pub type S1 = BoundedInt<-0x2, 0x2>;
pub type S25 = BoundedInt<-0x2000000, 0x2000000>;
pub type S40 = BoundedInt<-0x10000000000, 0x10000000000>;
pub type S49 = BoundedInt<-0x2000000000000, 0x2000000000000>;
pub type S61 = BoundedInt<-0x2000000000000000, 0x2000000000000000>;
pub type S64 = BoundedInt<-0x10000000000000000, 0x10000000000000000>;
pub type S65 = BoundedInt<-0x20000000000000000, 0x20000000000000000>;
pub type S125 = BoundedInt<-0x20000000000000000000000000000000, 0x20000000000000000000000000000000>;
pub type S128 = BoundedInt<-0x100000000000000000000000000000000, 0x100000000000000000000000000000000>;
pub type S129 = BoundedInt<-0x200000000000000000000000000000000, 0x200000000000000000000000000000000>;
pub type S130 = BoundedInt<-0x400000000000000000000000000000000, 0x400000000000000000000000000000000>;
pub type S131 = BoundedInt<-0x800000000000000000000000000000000, 0x800000000000000000000000000000000>;
pub type S132 = BoundedInt<-0x1000000000000000000000000000000000, 0x1000000000000000000000000000000000>;
pub type S156 = BoundedInt<-0x1000000000000000000000000000000000000000, 0x1000000000000000000000000000000000000000>;
pub type S157 = BoundedInt<-0x2000000000000000000000000000000000000000, 0x2000000000000000000000000000000000000000>;
pub type S171 = BoundedInt<-0x8000000000000000000000000000000000000000000, 0x8000000000000000000000000000000000000000000>;
pub type S172 = BoundedInt<-0x10000000000000000000000000000000000000000000, 0x10000000000000000000000000000000000000000000>;
pub type S173 = BoundedInt<-0x20000000000000000000000000000000000000000000, 0x20000000000000000000000000000000000000000000>;
pub type S179 = BoundedInt<-0x800000000000000000000000000000000000000000000, 0x800000000000000000000000000000000000000000000>;
pub type S180 = BoundedInt<-0x1000000000000000000000000000000000000000000000, 0x1000000000000000000000000000000000000000000000>;
pub type S181 = BoundedInt<-0x2000000000000000000000000000000000000000000000, 0x2000000000000000000000000000000000000000000000>;
pub type S182 = BoundedInt<-0x4000000000000000000000000000000000000000000000, 0x4000000000000000000000000000000000000000000000>;
pub type S183 = BoundedInt<-0x8000000000000000000000000000000000000000000000, 0x8000000000000000000000000000000000000000000000>;
pub type S184 = BoundedInt<-0x10000000000000000000000000000000000000000000000, 0x10000000000000000000000000000000000000000000000>;
pub type S185 = BoundedInt<-0x20000000000000000000000000000000000000000000000, 0x20000000000000000000000000000000000000000000000>;
impl AddHelper64_64 of AddHelper<S64, S64> {
    type Result = S65;
}
impl AddHelper128_128 of AddHelper<S128, S128> {
    type Result = S129;
}
impl AddHelper129_129 of AddHelper<S129, S129> {
    type Result = S130;
}
impl AddHelper130_130 of AddHelper<S130, S130> {
    type Result = S131;
}
impl AddHelper131_131 of AddHelper<S131, S131> {
    type Result = S132;
}
impl AddHelper156_156 of AddHelper<S156, S156> {
    type Result = S157;
}
impl AddHelper171_171 of AddHelper<S171, S171> {
    type Result = S172;
}
impl AddHelper172_172 of AddHelper<S172, S172> {
    type Result = S173;
}
impl AddHelper179_179 of AddHelper<S179, S179> {
    type Result = S180;
}
impl AddHelper180_180 of AddHelper<S180, S180> {
    type Result = S181;
}
impl AddHelper181_181 of AddHelper<S181, S181> {
    type Result = S182;
}
impl AddHelper182_182 of AddHelper<S182, S182> {
    type Result = S183;
}
impl AddHelper183_183 of AddHelper<S183, S183> {
    type Result = S184;
}
impl AddHelper184_184 of AddHelper<S184, S184> {
    type Result = S185;
}
impl MulHelper64_61 of MulHelper<S64, S61> {
    type Result = S125;
}
impl MulHelper64_64 of MulHelper<S64, S64> {
    type Result = S128;
}
impl MulHelper64_65 of MulHelper<S64, S65> {
    type Result = S129;
}
impl MulHelper130_49 of MulHelper<S130, S49> {
    type Result = S179;
}
impl MulHelper131_25 of MulHelper<S131, S25> {
    type Result = S156;
}
impl MulHelper131_40 of MulHelper<S131, S40> {
    type Result = S171;
}
impl MulHelper131_49 of MulHelper<S131, S49> {
    type Result = S180;
}
impl SubHelper64_64 of SubHelper<S64, S64> {
    type Result = S65;
}
impl SubHelper129_129 of SubHelper<S129, S129> {
    type Result = S130;
}
impl SubHelper130_130 of SubHelper<S130, S130> {
    type Result = S131;
}
impl SubHelper172_172 of SubHelper<S172, S172> {
    type Result = S173;
}
impl SubHelper181_181 of SubHelper<S181, S181> {
    type Result = S182;
}
impl SubHelper183_183 of SubHelper<S183, S183> {
    type Result = S184;
}
const LIFT125: UnitInt<0x20000000000000000000000020000000> = 0x20000000000000000000000020000000;
impl Lift125 of AddHelper<S125, UnitInt<0x20000000000000000000000020000000>> {
    type Result = BoundedInt<0x20000000, 0x40000000000000000000000020000000>;
}
impl Reduce125 of DivRemHelper<BoundedInt<0x20000000, 0x40000000000000000000000020000000>, P> {
    type DivT = BoundedInt<0x0, 0x400000003fffffff>;
    type RemT = G;
}
const LIFT130: UnitInt<0x400000000000000000000000400000000> = 0x400000000000000000000000400000000;
impl Lift130 of AddHelper<S130, UnitInt<0x400000000000000000000000400000000>> {
    type Result = BoundedInt<0x400000000, 0x800000000000000000000000400000000>;
}
impl Reduce130 of DivRemHelper<BoundedInt<0x400000000, 0x800000000000000000000000400000000>, P> {
    type DivT = BoundedInt<0x0, 0x800000007ffffffff>;
    type RemT = G;
}
const LIFT173: UnitInt<0x200000000000000000000000000000001fffffffe000> = 0x200000000000000000000000000000001fffffffe000;
impl Lift173 of AddHelper<S173, UnitInt<0x200000000000000000000000000000001fffffffe000>> {
    type Result = BoundedInt<0x1fffffffe000, 0x400000000000000000000000000000001fffffffe000>;
}
impl Reduce173 of DivRemHelper<BoundedInt<0x1fffffffe000, 0x400000000000000000000000000000001fffffffe000>, P> {
    type DivT = BoundedInt<0x0, 0x400000003fffffffffffffffbfff>;
    type RemT = G;
}
const LIFT182: UnitInt<0x400000000000000000000000000000003fffffffc00000> = 0x400000000000000000000000000000003fffffffc00000;
impl Lift182 of AddHelper<S182, UnitInt<0x400000000000000000000000000000003fffffffc00000>> {
    type Result = BoundedInt<0x3fffffffc00000, 0x800000000000000000000000000000003fffffffc00000>;
}
impl Reduce182 of DivRemHelper<BoundedInt<0x3fffffffc00000, 0x800000000000000000000000000000003fffffffc00000>, P> {
    type DivT = BoundedInt<0x0, 0x800000007fffffffffffffff7fffff>;
    type RemT = G;
}
const LIFT184: UnitInt<0x100000000000000000000000000000000ffffffff000000> = 0x100000000000000000000000000000000ffffffff000000;
impl Lift184 of AddHelper<S184, UnitInt<0x100000000000000000000000000000000ffffffff000000>> {
    type Result = BoundedInt<0xffffffff000000, 0x200000000000000000000000000000000ffffffff000000>;
}
impl Reduce184 of DivRemHelper<BoundedInt<0xffffffff000000, 0x200000000000000000000000000000000ffffffff000000>, P> {
    type DivT = BoundedInt<0x0, 0x200000001fffffffffffffffdffffff>;
    type RemT = G;
}
const LIFT185: UnitInt<0x200000000000000000000000000000001fffffffe000000> = 0x200000000000000000000000000000001fffffffe000000;
impl Lift185 of AddHelper<S185, UnitInt<0x200000000000000000000000000000001fffffffe000000>> {
    type Result = BoundedInt<0x1fffffffe000000, 0x400000000000000000000000000000001fffffffe000000>;
}
impl Reduce185 of DivRemHelper<BoundedInt<0x1fffffffe000000, 0x400000000000000000000000000000001fffffffe000000>, P> {
    type DivT = BoundedInt<0x0, 0x400000003fffffffffffffffbffffff>;
    type RemT = G;
}
const K0: S1 = 0;
const KM1099511627520: S40 = -1099511627520;
const KM16777216: S25 = -16777216;
const KM2305843008676823040: S61 = -2305843008676823040;
const KM281474976710656: S49 = -281474976710656;

/// The value at a challenge of the polynomial through a row of 8 values at `x w^i`. `u` is the challenge over `x`.
pub fn fold(mut row: Span<Word>, mut u: Span<Word>) -> (G, G) {
    let [row0, row1, row2, row3, row4, row5, row6, row7, row8, row9, row10, row11, row12, row13, row14, row15] = (*row.multi_pop_front::<16>().unwrap()).unbox();
    let row0: S64 = upcast(row0);
    let row1: S64 = upcast(row1);
    let row2: S64 = upcast(row2);
    let row3: S64 = upcast(row3);
    let row4: S64 = upcast(row4);
    let row5: S64 = upcast(row5);
    let row6: S64 = upcast(row6);
    let row7: S64 = upcast(row7);
    let row8: S64 = upcast(row8);
    let row9: S64 = upcast(row9);
    let row10: S64 = upcast(row10);
    let row11: S64 = upcast(row11);
    let row12: S64 = upcast(row12);
    let row13: S64 = upcast(row13);
    let row14: S64 = upcast(row14);
    let row15: S64 = upcast(row15);
    let [u0, u1] = (*u.multi_pop_front::<2>().unwrap()).unbox();
    let u0: S64 = upcast(u0);
    let u1: S64 = upcast(u1);
    let v1 = bounded_int::add(row0, row8);
    let v2 = bounded_int::add(row1, row9);
    let v3 = bounded_int::sub(row0, row8);
    let v4 = bounded_int::sub(row1, row9);
    let v5 = bounded_int::mul(u1, v4);
    let v6 = bounded_int::mul(u0, v3);
    let v7 = bounded_int::add(v5, v5);
    let v8: S130 = upcast(v6);
    let v9 = bounded_int::sub(v8, v7);
    let v10 = bounded_int::mul(u0, v4);
    let v11 = bounded_int::mul(u1, v3);
    let v12 = bounded_int::add(v10, v11);
    let v13: S130 = upcast(v5);
    let v14 = bounded_int::add(v12, v13);
    let v15: S131 = upcast(v1);
    let v16 = bounded_int::add(v15, v9);
    let v17: S131 = upcast(v2);
    let v18 = bounded_int::add(v17, v14);
    let v19 = bounded_int::add(row2, row10);
    let v20 = bounded_int::add(row3, row11);
    let v21 = bounded_int::sub(row2, row10);
    let v22 = bounded_int::sub(row3, row11);
    let v23 = bounded_int::mul(u1, v22);
    let v24 = bounded_int::mul(u0, v21);
    let v25 = bounded_int::add(v23, v23);
    let v26: S130 = upcast(v24);
    let v27 = bounded_int::sub(v26, v25);
    let v28 = bounded_int::mul(u0, v22);
    let v29 = bounded_int::mul(u1, v21);
    let v30 = bounded_int::add(v28, v29);
    let v31: S130 = upcast(v23);
    let v32 = bounded_int::add(v30, v31);
    let v33 = bounded_int::mul(v27, KM1099511627520);
    let v34 = bounded_int::mul(v32, KM1099511627520);
    let v35: S171 = upcast(v19);
    let v36 = bounded_int::add(v35, v33);
    let v37: S171 = upcast(v20);
    let v38 = bounded_int::add(v37, v34);
    let v39 = bounded_int::add(row4, row12);
    let v40 = bounded_int::add(row5, row13);
    let v41 = bounded_int::sub(row4, row12);
    let v42 = bounded_int::sub(row5, row13);
    let v43 = bounded_int::mul(u1, v42);
    let v44 = bounded_int::mul(u0, v41);
    let v45 = bounded_int::add(v43, v43);
    let v46: S130 = upcast(v44);
    let v47 = bounded_int::sub(v46, v45);
    let v48 = bounded_int::mul(u0, v42);
    let v49 = bounded_int::mul(u1, v41);
    let v50 = bounded_int::add(v48, v49);
    let v51: S130 = upcast(v43);
    let v52 = bounded_int::add(v50, v51);
    let v53 = bounded_int::mul(v47, KM281474976710656);
    let v54 = bounded_int::mul(v52, KM281474976710656);
    let v55: S180 = upcast(v39);
    let v56 = bounded_int::add(v55, v53);
    let v57: S180 = upcast(v40);
    let v58 = bounded_int::add(v57, v54);
    let v59 = bounded_int::add(row6, row14);
    let v60 = bounded_int::add(row7, row15);
    let v61 = bounded_int::sub(row6, row14);
    let v62 = bounded_int::sub(row7, row15);
    let v63 = bounded_int::mul(u1, v62);
    let v64 = bounded_int::mul(u0, v61);
    let v65 = bounded_int::add(v63, v63);
    let v66: S130 = upcast(v64);
    let v67 = bounded_int::sub(v66, v65);
    let v68 = bounded_int::mul(u0, v62);
    let v69 = bounded_int::mul(u1, v61);
    let v70 = bounded_int::add(v68, v69);
    let v71: S130 = upcast(v63);
    let v72 = bounded_int::add(v70, v71);
    let v73 = bounded_int::mul(v67, KM16777216);
    let v74 = bounded_int::mul(v72, KM16777216);
    let v75: S156 = upcast(v59);
    let v76 = bounded_int::add(v75, v73);
    let v77: S156 = upcast(v60);
    let v78 = bounded_int::add(v77, v74);
    let v79 = bounded_int::mul(u1, u1);
    let v80 = bounded_int::mul(u0, u0);
    let v81 = bounded_int::add(v79, v79);
    let v82: S129 = upcast(v80);
    let v83 = bounded_int::sub(v82, v81);
    let v84 = bounded_int::mul(u0, u1);
    let v85 = bounded_int::mul(u1, u0);
    let v86 = bounded_int::add(v84, v85);
    let v87: S129 = upcast(v79);
    let v88 = bounded_int::add(v86, v87);
    let v89: S181 = upcast(v16);
    let v90 = bounded_int::add(v89, v56);
    let v91: S181 = upcast(v18);
    let v92 = bounded_int::add(v91, v58);
    let v93: S181 = upcast(v16);
    let v94 = bounded_int::sub(v93, v56);
    let v95: S181 = upcast(v18);
    let v96 = bounded_int::sub(v95, v58);
    let (_, v97) = bounded_int::div_rem(bounded_int::add(v94, LIFT182), MODULUS); let v98: S64 = upcast(v97);
    let (_, v99) = bounded_int::div_rem(bounded_int::add(v96, LIFT182), MODULUS); let v100: S64 = upcast(v99);
    let (_, v101) = bounded_int::div_rem(bounded_int::add(v83, LIFT130), MODULUS); let v102: S64 = upcast(v101);
    let (_, v103) = bounded_int::div_rem(bounded_int::add(v88, LIFT130), MODULUS); let v104: S64 = upcast(v103);
    let v105 = bounded_int::mul(v104, v100);
    let v106 = bounded_int::mul(v102, v98);
    let v107 = bounded_int::add(v105, v105);
    let v108: S129 = upcast(v106);
    let v109 = bounded_int::sub(v108, v107);
    let v110 = bounded_int::mul(v102, v100);
    let v111 = bounded_int::mul(v104, v98);
    let v112 = bounded_int::add(v110, v111);
    let v113: S129 = upcast(v105);
    let v114 = bounded_int::add(v112, v113);
    let v115: S182 = upcast(v109);
    let v116 = bounded_int::add(v90, v115);
    let v117: S182 = upcast(v114);
    let v118 = bounded_int::add(v92, v117);
    let v119: S172 = upcast(v76);
    let v120 = bounded_int::add(v36, v119);
    let v121: S172 = upcast(v78);
    let v122 = bounded_int::add(v38, v121);
    let v123: S172 = upcast(v76);
    let v124 = bounded_int::sub(v36, v123);
    let v125: S172 = upcast(v78);
    let v126 = bounded_int::sub(v38, v125);
    let (_, v127) = bounded_int::div_rem(bounded_int::add(v124, LIFT173), MODULUS); let v128: S64 = upcast(v127);
    let (_, v129) = bounded_int::div_rem(bounded_int::add(v126, LIFT173), MODULUS); let v130: S64 = upcast(v129);
    let v131 = bounded_int::mul(v104, v130);
    let v132 = bounded_int::mul(v102, v128);
    let v133 = bounded_int::add(v131, v131);
    let v134: S129 = upcast(v132);
    let v135 = bounded_int::sub(v134, v133);
    let v136 = bounded_int::mul(v102, v130);
    let v137 = bounded_int::mul(v104, v128);
    let v138 = bounded_int::add(v136, v137);
    let v139: S129 = upcast(v131);
    let v140 = bounded_int::add(v138, v139);
    let v141 = bounded_int::mul(v135, KM281474976710656);
    let v142 = bounded_int::mul(v140, KM281474976710656);
    let v143: S179 = upcast(v120);
    let v144 = bounded_int::add(v143, v141);
    let v145: S179 = upcast(v122);
    let v146 = bounded_int::add(v145, v142);
    let v147 = bounded_int::mul(v104, v104);
    let v148 = bounded_int::mul(v102, v102);
    let v149 = bounded_int::add(v147, v147);
    let v150: S129 = upcast(v148);
    let v151 = bounded_int::sub(v150, v149);
    let v152 = bounded_int::mul(v102, v104);
    let v153 = bounded_int::mul(v104, v102);
    let v154 = bounded_int::add(v152, v153);
    let v155: S129 = upcast(v147);
    let v156 = bounded_int::add(v154, v155);
    let v157: S183 = upcast(v144);
    let v158 = bounded_int::add(v116, v157);
    let v159: S183 = upcast(v146);
    let v160 = bounded_int::add(v118, v159);
    let v161: S183 = upcast(v144);
    let v162 = bounded_int::sub(v116, v161);
    let v163: S183 = upcast(v146);
    let v164 = bounded_int::sub(v118, v163);
    let (_, v165) = bounded_int::div_rem(bounded_int::add(v162, LIFT184), MODULUS); let v166: S64 = upcast(v165);
    let (_, v167) = bounded_int::div_rem(bounded_int::add(v164, LIFT184), MODULUS); let v168: S64 = upcast(v167);
    let (_, v169) = bounded_int::div_rem(bounded_int::add(v151, LIFT130), MODULUS); let v170: S64 = upcast(v169);
    let (_, v171) = bounded_int::div_rem(bounded_int::add(v156, LIFT130), MODULUS); let v172: S64 = upcast(v171);
    let v173 = bounded_int::mul(v172, v168);
    let v174 = bounded_int::mul(v170, v166);
    let v175 = bounded_int::add(v173, v173);
    let v176: S129 = upcast(v174);
    let v177 = bounded_int::sub(v176, v175);
    let v178 = bounded_int::mul(v170, v168);
    let v179 = bounded_int::mul(v172, v166);
    let v180 = bounded_int::add(v178, v179);
    let v181: S129 = upcast(v173);
    let v182 = bounded_int::add(v180, v181);
    let v183: S184 = upcast(v177);
    let v184 = bounded_int::add(v158, v183);
    let v185: S184 = upcast(v182);
    let v186 = bounded_int::add(v160, v185);
    let (_, v187) = bounded_int::div_rem(bounded_int::add(v184, LIFT185), MODULUS); let v188: S64 = upcast(v187);
    let (_, v189) = bounded_int::div_rem(bounded_int::add(v186, LIFT185), MODULUS); let v190: S64 = upcast(v189);
    let v191 = bounded_int::mul(v188, KM2305843008676823040);
    let v192 = bounded_int::mul(v190, KM2305843008676823040);
    let (_, v193) = bounded_int::div_rem(bounded_int::add(v191, LIFT125), MODULUS);
    let (_, v194) = bounded_int::div_rem(bounded_int::add(v192, LIFT125), MODULUS);
    (v193, v194)
}
