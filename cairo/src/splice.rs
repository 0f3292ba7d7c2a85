//! Puts the values of long arrays into what was compiled from a package in short form (`short`): into Sierra as types of constants, and into
//! CASM as the constants that follow the code.
//!
//! In Sierra, an array is a type, `Const<[felt252; 3], Const<felt252, 5>, Const<felt252, 6>, Const<felt252, 7>>`, and so is each of its elements.
//! The short form has one element for each array. With the others come declarations, and the order of all declarations follows from how types
//! are found. So the order is computed here by the compiler's rule. That the rule is still the compiler's is seen from the short form itself.

use std::collections::{HashMap, HashSet};

use cairo_lang_sierra::ids::ConcreteTypeId;
use cairo_lang_sierra::program::{GenericArg, Program, TypeDeclaration};
use cairo_lang_sierra_to_casm::compiler::ConstsInfo;
use num_bigint::BigInt;

use crate::declarations::{in_order, used_types};
use crate::short::LongArray;

/// Where a program in short form has stand-ins.
struct Places<'a> {
    /// The constants that stand for elements.
    stand_ins: HashSet<u64>,
    /// The arrays of them, with what they stand for.
    arrays: HashMap<u64, &'a LongArray>,
}

/// The program with the arrays' values; nothing if the stand-ins are not where the short form has them alone.
pub fn splice(program: &Program, arrays: &[LongArray]) -> Option<Program> {
    let places = Places::find(program, arrays)?;
    let used = used_types(program)?;
    let declared: HashMap<u64, &TypeDeclaration> =
        program.type_declarations.iter().map(|declaration| (declaration.id.id, declaration)).collect();
    let as_compiled = in_order(&used, |id| declared.get(&id).copied())?;
    if !as_compiled.iter().eq(program.type_declarations.iter().map(|declaration| &declaration.id.id)) {
        return None;
    }
    let types = places.types(&program.type_declarations);
    let by_id: HashMap<u64, &TypeDeclaration> = types.iter().map(|declaration| (declaration.id.id, declaration)).collect();
    let order = in_order(&used, |id| by_id.get(&id).copied())?;
    let type_declarations = order.iter().map(|id| by_id.get(id).map(|declaration| (*declaration).clone())).collect::<Option<_>>()?;
    Some(Program {
        type_declarations,
        libfunc_declarations: program.libfunc_declarations.clone(),
        statements: program.statements.clone(),
        funcs: program.funcs.clone(),
    })
}

/// Puts the arrays' values into the constants behind the code of a program that was compiled from `program`; nothing if the stand-ins are not
/// where the short form has them alone.
pub fn splice_constants(program: &Program, arrays: &[LongArray], constants: &mut ConstsInfo) -> Option<()> {
    Places::find(program, arrays)?;
    let by_stand_in: HashMap<&BigInt, &LongArray> = arrays.iter().map(|array| (&array.stand_in, array)).collect();
    for (_, segment) in constants.segments.iter_mut() {
        let mut at = 0;
        while let Some(value) = segment.values.get(at) {
            let Some(array) = by_stand_in.get(value) else {
                at += 1;
                continue;
            };
            let place = segment.values.get_mut(at..at + array.values.len())?;
            if place.iter().any(|value| *value != array.stand_in) {
                return None;
            }
            place.clone_from_slice(&array.values);
            at += array.values.len();
        }
    }
    Some(())
}

impl<'a> Places<'a> {
    /// Finds the stand-ins; nothing if there are any elsewhere than in arrays of the right length.
    fn find(program: &Program, arrays: &'a [LongArray]) -> Option<Self> {
        let by_stand_in: HashMap<&BigInt, &LongArray> = arrays.iter().map(|array| (&array.stand_in, array)).collect();
        let array = |value: &BigInt| by_stand_in.get(value).copied();
        let mut elements: HashMap<u64, &LongArray> = HashMap::new();
        for declaration in &program.type_declarations {
            if let [GenericArg::Type(_), GenericArg::Value(value)] = declaration.long_id.generic_args.as_slice() {
                elements.extend(array(value).map(|array| (declaration.id.id, array)));
            }
        }
        let stands = |arg: &GenericArg| match arg {
            GenericArg::Type(id) => elements.get(&id.id).copied(),
            _ => None,
        };
        let mut places = Self { stand_ins: elements.keys().copied().collect(), arrays: HashMap::new() };
        for declaration in &program.type_declarations {
            let args = &declaration.long_id.generic_args;
            let Some(array) = args.iter().find_map(stands) else { continue };
            let (_, list) = args.split_first()?;
            let whole =
                list.len() == array.values.len() && list.iter().all(|arg| stands(arg).is_some_and(|other| std::ptr::eq(other, array)));
            if !whole || stands(&args[0]).is_some() || declaration.long_id.generic_id.0 != "Const" {
                return None;
            }
            places.arrays.insert(declaration.id.id, array);
        }
        let elsewhere = program.libfunc_declarations.iter().flat_map(|declaration| &declaration.long_id.generic_args);
        let mut elsewhere =
            elsewhere.filter(|arg| stands(arg).is_some() || matches!(arg, GenericArg::Value(value) if array(value).is_some()));
        elsewhere.next().is_none().then_some(places)
    }

    /// The declarations with the arrays' elements instead of the stand-ins, in no particular order.
    fn types(&self, declarations: &[TypeDeclaration]) -> Vec<TypeDeclaration> {
        let mut types: Vec<TypeDeclaration> =
            declarations.iter().filter(|declaration| !self.stand_ins.contains(&declaration.id.id)).cloned().collect();
        let by_id: HashMap<u64, &TypeDeclaration> = declarations.iter().map(|declaration| (declaration.id.id, declaration)).collect();
        // Constants that are there already, by type and value.
        let mut known: HashMap<(u64, BigInt), u64> = HashMap::new();
        for declaration in &types {
            if let ("Const", [GenericArg::Type(of), GenericArg::Value(value)]) =
                (declaration.long_id.generic_id.0.as_str(), declaration.long_id.generic_args.as_slice())
            {
                known.insert((of.id, value.clone()), declaration.id.id);
            }
        }
        let mut next = declarations.iter().map(|declaration| declaration.id.id + 1).max().unwrap_or(0);
        let mut elements = Vec::new();
        for declaration in &mut types {
            let Some(array) = self.arrays.get(&declaration.id.id) else { continue };
            let args = &mut declaration.long_id.generic_args;
            let Some(GenericArg::Type(stand_in)) = args.get(1) else { continue };
            let stand_in = by_id[&stand_in.id];
            let of = &stand_in.long_id.generic_args[0];
            let GenericArg::Type(of_id) = of else { continue };
            for (arg, value) in args[1..].iter_mut().zip(&array.values) {
                let id = *known.entry((of_id.id, value.clone())).or_insert_with(|| {
                    let mut element = stand_in.clone();
                    element.id = ConcreteTypeId::new(next);
                    element.long_id.generic_args[1] = GenericArg::Value(value.clone());
                    elements.push(element);
                    next += 1;
                    next - 1
                });
                *arg = GenericArg::Type(ConcreteTypeId::new(id));
            }
        }
        types.extend(elements);
        types
    }
}
