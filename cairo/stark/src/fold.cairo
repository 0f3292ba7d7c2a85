//! The fold of the low-degree test.
//!
//! Written by `verifier/tests/emit`: do not edit.

use corelib_imports::bounded_int::{self, AddHelper, BoundedInt, DivRemHelper, MulHelper, SubHelper, UnitInt, upcast};
use crate::goldilocks::{G, MODULUS, P, Word};

pub type S1 = BoundedInt<-0x2, 0x2>;
pub type S13 = BoundedInt<-0x2000, 0x2000>;
pub type S25 = BoundedInt<-0x2000000, 0x2000000>;
pub type S37 = BoundedInt<-0x2000000000, 0x2000000000>;
pub type S40 = BoundedInt<-0x10000000000, 0x10000000000>;
pub type S49 = BoundedInt<-0x2000000000000, 0x2000000000000>;
pub type S52 = BoundedInt<-0x10000000000000, 0x10000000000000>;
pub type S60 = BoundedInt<-0x1000000000000000, 0x1000000000000000>;
pub type S61 = BoundedInt<-0x2000000000000000, 0x2000000000000000>;
pub type S64 = BoundedInt<-0x10000000000000000, 0x10000000000000000>;
pub type S65 = BoundedInt<-0x20000000000000000, 0x20000000000000000>;
pub type S124 = BoundedInt<-0x10000000000000000000000000000000, 0x10000000000000000000000000000000>;
pub type S125 = BoundedInt<-0x20000000000000000000000000000000, 0x20000000000000000000000000000000>;
pub type S126 = BoundedInt<-0x40000000000000000000000000000000, 0x40000000000000000000000000000000>;
pub type S128 = BoundedInt<-0x100000000000000000000000000000000, 0x100000000000000000000000000000000>;
pub type S129 = BoundedInt<-0x200000000000000000000000000000000, 0x200000000000000000000000000000000>;
pub type S130 = BoundedInt<-0x400000000000000000000000000000000, 0x400000000000000000000000000000000>;
pub type S131 = BoundedInt<-0x800000000000000000000000000000000, 0x800000000000000000000000000000000>;
pub type S132 = BoundedInt<-0x1000000000000000000000000000000000, 0x1000000000000000000000000000000000>;
pub type S144 = BoundedInt<-0x1000000000000000000000000000000000000, 0x1000000000000000000000000000000000000>;
pub type S145 = BoundedInt<-0x2000000000000000000000000000000000000, 0x2000000000000000000000000000000000000>;
pub type S146 = BoundedInt<-0x4000000000000000000000000000000000000, 0x4000000000000000000000000000000000000>;
pub type S155 = BoundedInt<-0x800000000000000000000000000000000000000, 0x800000000000000000000000000000000000000>;
pub type S156 = BoundedInt<-0x1000000000000000000000000000000000000000, 0x1000000000000000000000000000000000000000>;
pub type S157 = BoundedInt<-0x2000000000000000000000000000000000000000, 0x2000000000000000000000000000000000000000>;
pub type S168 = BoundedInt<-0x1000000000000000000000000000000000000000000, 0x1000000000000000000000000000000000000000000>;
pub type S169 = BoundedInt<-0x2000000000000000000000000000000000000000000, 0x2000000000000000000000000000000000000000000>;
pub type S170 = BoundedInt<-0x4000000000000000000000000000000000000000000, 0x4000000000000000000000000000000000000000000>;
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
pub type S186 = BoundedInt<-0x40000000000000000000000000000000000000000000000, 0x40000000000000000000000000000000000000000000000>;
impl AddHelper64_64 of AddHelper<S64, S64> {
    type Result = S65;
}
impl AddHelper125_125 of AddHelper<S125, S125> {
    type Result = S126;
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
impl AddHelper144_144 of AddHelper<S144, S144> {
    type Result = S145;
}
impl AddHelper145_145 of AddHelper<S145, S145> {
    type Result = S146;
}
impl AddHelper155_155 of AddHelper<S155, S155> {
    type Result = S156;
}
impl AddHelper156_156 of AddHelper<S156, S156> {
    type Result = S157;
}
impl AddHelper168_168 of AddHelper<S168, S168> {
    type Result = S169;
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
impl AddHelper185_185 of AddHelper<S185, S185> {
    type Result = S186;
}
impl MulHelper64_60 of MulHelper<S64, S60> {
    type Result = S124;
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
impl MulHelper130_25 of MulHelper<S130, S25> {
    type Result = S155;
}
impl MulHelper130_40 of MulHelper<S130, S40> {
    type Result = S170;
}
impl MulHelper130_49 of MulHelper<S130, S49> {
    type Result = S179;
}
impl MulHelper131_13 of MulHelper<S131, S13> {
    type Result = S144;
}
impl MulHelper131_25 of MulHelper<S131, S25> {
    type Result = S156;
}
impl MulHelper131_37 of MulHelper<S131, S37> {
    type Result = S168;
}
impl MulHelper131_40 of MulHelper<S131, S40> {
    type Result = S171;
}
impl MulHelper131_49 of MulHelper<S131, S49> {
    type Result = S180;
}
impl MulHelper131_52 of MulHelper<S131, S52> {
    type Result = S183;
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
impl SubHelper145_145 of SubHelper<S145, S145> {
    type Result = S146;
}
impl SubHelper156_156 of SubHelper<S156, S156> {
    type Result = S157;
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
impl SubHelper184_184 of SubHelper<S184, S184> {
    type Result = S185;
}
impl SubHelper185_185 of SubHelper<S185, S185> {
    type Result = S186;
}
const LIFT124: UnitInt<0x10000000000000000000000010000000> = 0x10000000000000000000000010000000;
impl Lift124 of AddHelper<S124, UnitInt<0x10000000000000000000000010000000>> {
    type Result = BoundedInt<0x10000000, 0x20000000000000000000000010000000>;
}
impl Reduce124 of DivRemHelper<BoundedInt<0x10000000, 0x20000000000000000000000010000000>, P> {
    type DivT = BoundedInt<0x0, 0x200000001fffffff>;
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
const LIFT131: UnitInt<0x800000000000000000000000800000000> = 0x800000000000000000000000800000000;
impl Lift131 of AddHelper<S131, UnitInt<0x800000000000000000000000800000000>> {
    type Result = BoundedInt<0x800000000, 0x1000000000000000000000000800000000>;
}
impl Reduce131 of DivRemHelper<BoundedInt<0x800000000, 0x1000000000000000000000000800000000>, P> {
    type DivT = BoundedInt<0x0, 0x100000000fffffffff>;
    type RemT = G;
}
const LIFT146: UnitInt<0x4000000000000000000000004000000000000> = 0x4000000000000000000000004000000000000;
impl Lift146 of AddHelper<S146, UnitInt<0x4000000000000000000000004000000000000>> {
    type Result = BoundedInt<0x4000000000000, 0x8000000000000000000000004000000000000>;
}
impl Reduce146 of DivRemHelper<BoundedInt<0x4000000000000, 0x8000000000000000000000004000000000000>, P> {
    type DivT = BoundedInt<0x0, 0x800000007ffffffffffff>;
    type RemT = G;
}
const LIFT157: UnitInt<0x2000000000000000000000002000000000000000> = 0x2000000000000000000000002000000000000000;
impl Lift157 of AddHelper<S157, UnitInt<0x2000000000000000000000002000000000000000>> {
    type Result = BoundedInt<0x2000000000000000, 0x4000000000000000000000002000000000000000>;
}
impl Reduce157 of DivRemHelper<BoundedInt<0x2000000000000000, 0x4000000000000000000000002000000000000000>, P> {
    type DivT = BoundedInt<0x0, 0x400000003fffffffffffffff>;
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
const LIFT186: UnitInt<0x400000000000000000000000000000003fffffffc000000> = 0x400000000000000000000000000000003fffffffc000000;
impl Lift186 of AddHelper<S186, UnitInt<0x400000000000000000000000000000003fffffffc000000>> {
    type Result = BoundedInt<0x3fffffffc000000, 0x800000000000000000000000000000003fffffffc000000>;
}
impl Reduce186 of DivRemHelper<BoundedInt<0x3fffffffc000000, 0x800000000000000000000000000000003fffffffc000000>, P> {
    type DivT = BoundedInt<0x0, 0x800000007fffffffffffffff7ffffff>;
    type RemT = G;
}
const K0: S1 = 0;
const KM1099511627520: S40 = -1099511627520;
const KM1152921504338411520: S60 = -1152921504338411520;
const KM1152921504606846976: S61 = -1152921504606846976;
const KM16777216: S25 = -16777216;
const KM281474976710656: S49 = -281474976710656;
const KM4096: S13 = -4096;
const KM4503599626321920: S52 = -4503599626321920;
const KM68719476736: S37 = -68719476736;

/// The value at a challenge of the polynomial through a row of 16 values at `x w^i`. `u` is the challenge over `x`.
pub fn fold(mut row: Span<Word>, mut u: Span<Word>) -> (G, G) {
    let [row0, row1, row2, row3, row4, row5, row6, row7, row8, row9, row10, row11, row12, row13, row14, row15, row16, row17, row18, row19, row20, row21, row22, row23, row24, row25, row26, row27, row28, row29, row30, row31] = (*row.multi_pop_front::<32>().unwrap()).unbox();
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
    let row16: S64 = upcast(row16);
    let row17: S64 = upcast(row17);
    let row18: S64 = upcast(row18);
    let row19: S64 = upcast(row19);
    let row20: S64 = upcast(row20);
    let row21: S64 = upcast(row21);
    let row22: S64 = upcast(row22);
    let row23: S64 = upcast(row23);
    let row24: S64 = upcast(row24);
    let row25: S64 = upcast(row25);
    let row26: S64 = upcast(row26);
    let row27: S64 = upcast(row27);
    let row28: S64 = upcast(row28);
    let row29: S64 = upcast(row29);
    let row30: S64 = upcast(row30);
    let row31: S64 = upcast(row31);
    let [u0, u1] = (*u.multi_pop_front::<2>().unwrap()).unbox();
    let u0: S64 = upcast(u0);
    let u1: S64 = upcast(u1);
    let v1 = bounded_int::add(row0, row16);
    let v2 = bounded_int::add(row1, row17);
    let v3 = bounded_int::sub(row0, row16);
    let v4 = bounded_int::sub(row1, row17);
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
    let v19 = bounded_int::add(row2, row18);
    let v20 = bounded_int::add(row3, row19);
    let v21 = bounded_int::sub(row2, row18);
    let v22 = bounded_int::sub(row3, row19);
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
    let v33 = bounded_int::mul(v27, KM4503599626321920);
    let v34 = bounded_int::mul(v32, KM4503599626321920);
    let v35: S183 = upcast(v19);
    let v36 = bounded_int::add(v35, v33);
    let v37: S183 = upcast(v20);
    let v38 = bounded_int::add(v37, v34);
    let v39 = bounded_int::add(row4, row20);
    let v40 = bounded_int::add(row5, row21);
    let v41 = bounded_int::sub(row4, row20);
    let v42 = bounded_int::sub(row5, row21);
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
    let v53 = bounded_int::mul(v47, KM1099511627520);
    let v54 = bounded_int::mul(v52, KM1099511627520);
    let v55: S171 = upcast(v39);
    let v56 = bounded_int::add(v55, v53);
    let v57: S171 = upcast(v40);
    let v58 = bounded_int::add(v57, v54);
    let v59 = bounded_int::add(row6, row22);
    let v60 = bounded_int::add(row7, row23);
    let v61 = bounded_int::sub(row6, row22);
    let v62 = bounded_int::sub(row7, row23);
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
    let (_, v73) = bounded_int::div_rem(bounded_int::add(v67, LIFT131), MODULUS); let v74: S64 = upcast(v73);
    let (_, v75) = bounded_int::div_rem(bounded_int::add(v72, LIFT131), MODULUS); let v76: S64 = upcast(v75);
    let v77 = bounded_int::mul(v74, KM1152921504606846976);
    let v78 = bounded_int::mul(v76, KM1152921504606846976);
    let v79: S125 = upcast(v59);
    let v80 = bounded_int::add(v79, v77);
    let v81: S125 = upcast(v60);
    let v82 = bounded_int::add(v81, v78);
    let v83 = bounded_int::add(row8, row24);
    let v84 = bounded_int::add(row9, row25);
    let v85 = bounded_int::sub(row8, row24);
    let v86 = bounded_int::sub(row9, row25);
    let v87 = bounded_int::mul(u1, v86);
    let v88 = bounded_int::mul(u0, v85);
    let v89 = bounded_int::add(v87, v87);
    let v90: S130 = upcast(v88);
    let v91 = bounded_int::sub(v90, v89);
    let v92 = bounded_int::mul(u0, v86);
    let v93 = bounded_int::mul(u1, v85);
    let v94 = bounded_int::add(v92, v93);
    let v95: S130 = upcast(v87);
    let v96 = bounded_int::add(v94, v95);
    let v97 = bounded_int::mul(v91, KM281474976710656);
    let v98 = bounded_int::mul(v96, KM281474976710656);
    let v99: S180 = upcast(v83);
    let v100 = bounded_int::add(v99, v97);
    let v101: S180 = upcast(v84);
    let v102 = bounded_int::add(v101, v98);
    let v103 = bounded_int::add(row10, row26);
    let v104 = bounded_int::add(row11, row27);
    let v105 = bounded_int::sub(row10, row26);
    let v106 = bounded_int::sub(row11, row27);
    let v107 = bounded_int::mul(u1, v106);
    let v108 = bounded_int::mul(u0, v105);
    let v109 = bounded_int::add(v107, v107);
    let v110: S130 = upcast(v108);
    let v111 = bounded_int::sub(v110, v109);
    let v112 = bounded_int::mul(u0, v106);
    let v113 = bounded_int::mul(u1, v105);
    let v114 = bounded_int::add(v112, v113);
    let v115: S130 = upcast(v107);
    let v116 = bounded_int::add(v114, v115);
    let v117 = bounded_int::mul(v111, KM68719476736);
    let v118 = bounded_int::mul(v116, KM68719476736);
    let v119: S168 = upcast(v103);
    let v120 = bounded_int::add(v119, v117);
    let v121: S168 = upcast(v104);
    let v122 = bounded_int::add(v121, v118);
    let v123 = bounded_int::add(row12, row28);
    let v124 = bounded_int::add(row13, row29);
    let v125 = bounded_int::sub(row12, row28);
    let v126 = bounded_int::sub(row13, row29);
    let v127 = bounded_int::mul(u1, v126);
    let v128 = bounded_int::mul(u0, v125);
    let v129 = bounded_int::add(v127, v127);
    let v130: S130 = upcast(v128);
    let v131 = bounded_int::sub(v130, v129);
    let v132 = bounded_int::mul(u0, v126);
    let v133 = bounded_int::mul(u1, v125);
    let v134 = bounded_int::add(v132, v133);
    let v135: S130 = upcast(v127);
    let v136 = bounded_int::add(v134, v135);
    let v137 = bounded_int::mul(v131, KM16777216);
    let v138 = bounded_int::mul(v136, KM16777216);
    let v139: S156 = upcast(v123);
    let v140 = bounded_int::add(v139, v137);
    let v141: S156 = upcast(v124);
    let v142 = bounded_int::add(v141, v138);
    let v143 = bounded_int::add(row14, row30);
    let v144 = bounded_int::add(row15, row31);
    let v145 = bounded_int::sub(row14, row30);
    let v146 = bounded_int::sub(row15, row31);
    let v147 = bounded_int::mul(u1, v146);
    let v148 = bounded_int::mul(u0, v145);
    let v149 = bounded_int::add(v147, v147);
    let v150: S130 = upcast(v148);
    let v151 = bounded_int::sub(v150, v149);
    let v152 = bounded_int::mul(u0, v146);
    let v153 = bounded_int::mul(u1, v145);
    let v154 = bounded_int::add(v152, v153);
    let v155: S130 = upcast(v147);
    let v156 = bounded_int::add(v154, v155);
    let v157 = bounded_int::mul(v151, KM4096);
    let v158 = bounded_int::mul(v156, KM4096);
    let v159: S144 = upcast(v143);
    let v160 = bounded_int::add(v159, v157);
    let v161: S144 = upcast(v144);
    let v162 = bounded_int::add(v161, v158);
    let v163 = bounded_int::mul(u1, u1);
    let v164 = bounded_int::mul(u0, u0);
    let v165 = bounded_int::add(v163, v163);
    let v166: S129 = upcast(v164);
    let v167 = bounded_int::sub(v166, v165);
    let v168 = bounded_int::mul(u0, u1);
    let v169 = bounded_int::mul(u1, u0);
    let v170 = bounded_int::add(v168, v169);
    let v171: S129 = upcast(v163);
    let v172 = bounded_int::add(v170, v171);
    let v173: S181 = upcast(v16);
    let v174 = bounded_int::add(v173, v100);
    let v175: S181 = upcast(v18);
    let v176 = bounded_int::add(v175, v102);
    let v177: S181 = upcast(v16);
    let v178 = bounded_int::sub(v177, v100);
    let v179: S181 = upcast(v18);
    let v180 = bounded_int::sub(v179, v102);
    let (_, v181) = bounded_int::div_rem(bounded_int::add(v178, LIFT182), MODULUS); let v182: S64 = upcast(v181);
    let (_, v183) = bounded_int::div_rem(bounded_int::add(v180, LIFT182), MODULUS); let v184: S64 = upcast(v183);
    let (_, v185) = bounded_int::div_rem(bounded_int::add(v167, LIFT130), MODULUS); let v186: S64 = upcast(v185);
    let (_, v187) = bounded_int::div_rem(bounded_int::add(v172, LIFT130), MODULUS); let v188: S64 = upcast(v187);
    let v189 = bounded_int::mul(v188, v184);
    let v190 = bounded_int::mul(v186, v182);
    let v191 = bounded_int::add(v189, v189);
    let v192: S129 = upcast(v190);
    let v193 = bounded_int::sub(v192, v191);
    let v194 = bounded_int::mul(v186, v184);
    let v195 = bounded_int::mul(v188, v182);
    let v196 = bounded_int::add(v194, v195);
    let v197: S129 = upcast(v189);
    let v198 = bounded_int::add(v196, v197);
    let v199: S182 = upcast(v193);
    let v200 = bounded_int::add(v174, v199);
    let v201: S182 = upcast(v198);
    let v202 = bounded_int::add(v176, v201);
    let v203: S184 = upcast(v120);
    let v204 = bounded_int::add(v36, v203);
    let v205: S184 = upcast(v122);
    let v206 = bounded_int::add(v38, v205);
    let v207: S184 = upcast(v120);
    let v208 = bounded_int::sub(v36, v207);
    let v209: S184 = upcast(v122);
    let v210 = bounded_int::sub(v38, v209);
    let (_, v211) = bounded_int::div_rem(bounded_int::add(v208, LIFT185), MODULUS); let v212: S64 = upcast(v211);
    let (_, v213) = bounded_int::div_rem(bounded_int::add(v210, LIFT185), MODULUS); let v214: S64 = upcast(v213);
    let v215 = bounded_int::mul(v188, v214);
    let v216 = bounded_int::mul(v186, v212);
    let v217 = bounded_int::add(v215, v215);
    let v218: S129 = upcast(v216);
    let v219 = bounded_int::sub(v218, v217);
    let v220 = bounded_int::mul(v186, v214);
    let v221 = bounded_int::mul(v188, v212);
    let v222 = bounded_int::add(v220, v221);
    let v223: S129 = upcast(v215);
    let v224 = bounded_int::add(v222, v223);
    let v225 = bounded_int::mul(v219, KM1099511627520);
    let v226 = bounded_int::mul(v224, KM1099511627520);
    let v227: S185 = upcast(v225);
    let v228 = bounded_int::add(v204, v227);
    let v229: S185 = upcast(v226);
    let v230 = bounded_int::add(v206, v229);
    let v231: S172 = upcast(v140);
    let v232 = bounded_int::add(v56, v231);
    let v233: S172 = upcast(v142);
    let v234 = bounded_int::add(v58, v233);
    let v235: S172 = upcast(v140);
    let v236 = bounded_int::sub(v56, v235);
    let v237: S172 = upcast(v142);
    let v238 = bounded_int::sub(v58, v237);
    let (_, v239) = bounded_int::div_rem(bounded_int::add(v236, LIFT173), MODULUS); let v240: S64 = upcast(v239);
    let (_, v241) = bounded_int::div_rem(bounded_int::add(v238, LIFT173), MODULUS); let v242: S64 = upcast(v241);
    let v243 = bounded_int::mul(v188, v242);
    let v244 = bounded_int::mul(v186, v240);
    let v245 = bounded_int::add(v243, v243);
    let v246: S129 = upcast(v244);
    let v247 = bounded_int::sub(v246, v245);
    let v248 = bounded_int::mul(v186, v242);
    let v249 = bounded_int::mul(v188, v240);
    let v250 = bounded_int::add(v248, v249);
    let v251: S129 = upcast(v243);
    let v252 = bounded_int::add(v250, v251);
    let v253 = bounded_int::mul(v247, KM281474976710656);
    let v254 = bounded_int::mul(v252, KM281474976710656);
    let v255: S179 = upcast(v232);
    let v256 = bounded_int::add(v255, v253);
    let v257: S179 = upcast(v234);
    let v258 = bounded_int::add(v257, v254);
    let v259: S145 = upcast(v80);
    let v260 = bounded_int::add(v259, v160);
    let v261: S145 = upcast(v82);
    let v262 = bounded_int::add(v261, v162);
    let v263: S145 = upcast(v80);
    let v264 = bounded_int::sub(v263, v160);
    let v265: S145 = upcast(v82);
    let v266 = bounded_int::sub(v265, v162);
    let (_, v267) = bounded_int::div_rem(bounded_int::add(v264, LIFT146), MODULUS); let v268: S64 = upcast(v267);
    let (_, v269) = bounded_int::div_rem(bounded_int::add(v266, LIFT146), MODULUS); let v270: S64 = upcast(v269);
    let v271 = bounded_int::mul(v188, v270);
    let v272 = bounded_int::mul(v186, v268);
    let v273 = bounded_int::add(v271, v271);
    let v274: S129 = upcast(v272);
    let v275 = bounded_int::sub(v274, v273);
    let v276 = bounded_int::mul(v186, v270);
    let v277 = bounded_int::mul(v188, v268);
    let v278 = bounded_int::add(v276, v277);
    let v279: S129 = upcast(v271);
    let v280 = bounded_int::add(v278, v279);
    let v281 = bounded_int::mul(v275, KM16777216);
    let v282 = bounded_int::mul(v280, KM16777216);
    let v283: S155 = upcast(v260);
    let v284 = bounded_int::add(v283, v281);
    let v285: S155 = upcast(v262);
    let v286 = bounded_int::add(v285, v282);
    let v287 = bounded_int::mul(v188, v188);
    let v288 = bounded_int::mul(v186, v186);
    let v289 = bounded_int::add(v287, v287);
    let v290: S129 = upcast(v288);
    let v291 = bounded_int::sub(v290, v289);
    let v292 = bounded_int::mul(v186, v188);
    let v293 = bounded_int::mul(v188, v186);
    let v294 = bounded_int::add(v292, v293);
    let v295: S129 = upcast(v287);
    let v296 = bounded_int::add(v294, v295);
    let v297: S183 = upcast(v256);
    let v298 = bounded_int::add(v200, v297);
    let v299: S183 = upcast(v258);
    let v300 = bounded_int::add(v202, v299);
    let v301: S183 = upcast(v256);
    let v302 = bounded_int::sub(v200, v301);
    let v303: S183 = upcast(v258);
    let v304 = bounded_int::sub(v202, v303);
    let (_, v305) = bounded_int::div_rem(bounded_int::add(v302, LIFT184), MODULUS); let v306: S64 = upcast(v305);
    let (_, v307) = bounded_int::div_rem(bounded_int::add(v304, LIFT184), MODULUS); let v308: S64 = upcast(v307);
    let (_, v309) = bounded_int::div_rem(bounded_int::add(v291, LIFT130), MODULUS); let v310: S64 = upcast(v309);
    let (_, v311) = bounded_int::div_rem(bounded_int::add(v296, LIFT130), MODULUS); let v312: S64 = upcast(v311);
    let v313 = bounded_int::mul(v312, v308);
    let v314 = bounded_int::mul(v310, v306);
    let v315 = bounded_int::add(v313, v313);
    let v316: S129 = upcast(v314);
    let v317 = bounded_int::sub(v316, v315);
    let v318 = bounded_int::mul(v310, v308);
    let v319 = bounded_int::mul(v312, v306);
    let v320 = bounded_int::add(v318, v319);
    let v321: S129 = upcast(v313);
    let v322 = bounded_int::add(v320, v321);
    let v323: S184 = upcast(v317);
    let v324 = bounded_int::add(v298, v323);
    let v325: S184 = upcast(v322);
    let v326 = bounded_int::add(v300, v325);
    let (_, v327) = bounded_int::div_rem(bounded_int::add(v228, LIFT186), MODULUS); let v328: S64 = upcast(v327);
    let (_, v329) = bounded_int::div_rem(bounded_int::add(v230, LIFT186), MODULUS); let v330: S64 = upcast(v329);
    let v331: S156 = upcast(v328);
    let v332 = bounded_int::add(v331, v284);
    let v333: S156 = upcast(v330);
    let v334 = bounded_int::add(v333, v286);
    let v335: S156 = upcast(v328);
    let v336 = bounded_int::sub(v335, v284);
    let v337: S156 = upcast(v330);
    let v338 = bounded_int::sub(v337, v286);
    let (_, v339) = bounded_int::div_rem(bounded_int::add(v336, LIFT157), MODULUS); let v340: S64 = upcast(v339);
    let (_, v341) = bounded_int::div_rem(bounded_int::add(v338, LIFT157), MODULUS); let v342: S64 = upcast(v341);
    let v343 = bounded_int::mul(v312, v342);
    let v344 = bounded_int::mul(v310, v340);
    let v345 = bounded_int::add(v343, v343);
    let v346: S129 = upcast(v344);
    let v347 = bounded_int::sub(v346, v345);
    let v348 = bounded_int::mul(v310, v342);
    let v349 = bounded_int::mul(v312, v340);
    let v350 = bounded_int::add(v348, v349);
    let v351: S129 = upcast(v343);
    let v352 = bounded_int::add(v350, v351);
    let v353 = bounded_int::mul(v347, KM281474976710656);
    let v354 = bounded_int::mul(v352, KM281474976710656);
    let v355: S179 = upcast(v332);
    let v356 = bounded_int::add(v355, v353);
    let v357: S179 = upcast(v334);
    let v358 = bounded_int::add(v357, v354);
    let v359 = bounded_int::mul(v312, v312);
    let v360 = bounded_int::mul(v310, v310);
    let v361 = bounded_int::add(v359, v359);
    let v362: S129 = upcast(v360);
    let v363 = bounded_int::sub(v362, v361);
    let v364 = bounded_int::mul(v310, v312);
    let v365 = bounded_int::mul(v312, v310);
    let v366 = bounded_int::add(v364, v365);
    let v367: S129 = upcast(v359);
    let v368 = bounded_int::add(v366, v367);
    let v369: S185 = upcast(v356);
    let v370 = bounded_int::add(v324, v369);
    let v371: S185 = upcast(v358);
    let v372 = bounded_int::add(v326, v371);
    let v373: S185 = upcast(v356);
    let v374 = bounded_int::sub(v324, v373);
    let v375: S185 = upcast(v358);
    let v376 = bounded_int::sub(v326, v375);
    let (_, v377) = bounded_int::div_rem(bounded_int::add(v374, LIFT186), MODULUS); let v378: S64 = upcast(v377);
    let (_, v379) = bounded_int::div_rem(bounded_int::add(v376, LIFT186), MODULUS); let v380: S64 = upcast(v379);
    let (_, v381) = bounded_int::div_rem(bounded_int::add(v363, LIFT130), MODULUS); let v382: S64 = upcast(v381);
    let (_, v383) = bounded_int::div_rem(bounded_int::add(v368, LIFT130), MODULUS); let v384: S64 = upcast(v383);
    let v385 = bounded_int::mul(v384, v380);
    let v386 = bounded_int::mul(v382, v378);
    let v387 = bounded_int::add(v385, v385);
    let v388: S129 = upcast(v386);
    let v389 = bounded_int::sub(v388, v387);
    let v390 = bounded_int::mul(v382, v380);
    let v391 = bounded_int::mul(v384, v378);
    let v392 = bounded_int::add(v390, v391);
    let v393: S129 = upcast(v385);
    let v394 = bounded_int::add(v392, v393);
    let (_, v395) = bounded_int::div_rem(bounded_int::add(v370, LIFT186), MODULUS); let v396: S64 = upcast(v395);
    let (_, v397) = bounded_int::div_rem(bounded_int::add(v372, LIFT186), MODULUS); let v398: S64 = upcast(v397);
    let v399: S130 = upcast(v396);
    let v400 = bounded_int::add(v399, v389);
    let v401: S130 = upcast(v398);
    let v402 = bounded_int::add(v401, v394);
    let (_, v403) = bounded_int::div_rem(bounded_int::add(v400, LIFT131), MODULUS); let v404: S64 = upcast(v403);
    let (_, v405) = bounded_int::div_rem(bounded_int::add(v402, LIFT131), MODULUS); let v406: S64 = upcast(v405);
    let v407 = bounded_int::mul(v404, KM1152921504338411520);
    let v408 = bounded_int::mul(v406, KM1152921504338411520);
    let (_, v409) = bounded_int::div_rem(bounded_int::add(v407, LIFT124), MODULUS);
    let (_, v410) = bounded_int::div_rem(bounded_int::add(v408, LIFT124), MODULUS);
    (v409, v410)
}
