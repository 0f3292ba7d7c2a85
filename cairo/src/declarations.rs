//! The order in which the compiler declares the library functions and types of a Sierra program.

use std::collections::HashSet;

use cairo_lang_sierra::extensions::ConcreteLibfunc;
use cairo_lang_sierra::extensions::core::{CoreLibfunc, CoreType};
use cairo_lang_sierra::program::{GenericArg, Program, Statement, TypeDeclaration};
use cairo_lang_sierra::program_registry::ProgramRegistry;

/// Types whose declarations come after those of their arguments, because their sizes follow from these.
const SIZED_BY_ARGUMENTS: [&str; 5] = ["Struct", "Enum", "Snapshot", "Uninitialized", "NonZero"];

/// The library functions that statements call, in the order of their first calls.
pub fn called(statements: &[Statement]) -> Vec<u64> {
    let mut known = HashSet::new();
    let libfunc = |statement: &Statement| match statement {
        Statement::Invocation(invocation) => Some(invocation.libfunc_id.id),
        Statement::Return(_) => None,
    };
    statements.iter().filter_map(libfunc).filter(|id| known.insert(*id)).collect()
}

/// The types that library functions and functions of the program name, in the order in which the compiler finds them; some more than once.
pub fn used_types(program: &Program) -> Option<Vec<u64>> {
    let registry = ProgramRegistry::<CoreType, CoreLibfunc>::new(program).ok()?;
    let mut used = Vec::new();
    for declaration in &program.libfunc_declarations {
        let libfunc = registry.get_libfunc(&declaration.id).ok()?;
        used.extend(libfunc.param_signatures().iter().map(|param| param.ty.id));
        used.extend(libfunc.branch_signatures().iter().flat_map(|branch| &branch.vars).map(|var| var.ty.id));
        used.extend(arguments(&declaration.long_id.generic_args));
    }
    for function in &program.funcs {
        used.extend(function.signature.param_types.iter().chain(&function.signature.ret_types).map(|ty| ty.id));
    }
    Some(used)
}

/// The types among arguments.
pub fn arguments(args: &[GenericArg]) -> impl Iterator<Item = u64> {
    args.iter().filter_map(|arg| match arg {
        GenericArg::Type(id) => Some(id.id),
        _ => None,
    })
}

/// The order in which the compiler declares types: of those that remain the first, and in its place comes the last. What a type needs for its
/// size is declared right before it, and what it names otherwise remains for later. Nothing if a type is not declared.
pub fn in_order<'a>(used: &[u64], declaration: impl Fn(u64) -> Option<&'a TypeDeclaration>) -> Option<Vec<u64>> {
    let mut remaining = Remaining::default();
    remaining.extend(used.iter().copied());
    let (mut order, mut declared) = (Vec::new(), HashSet::new());
    while let Some(first) = remaining.pop() {
        declare(first, &declaration, &mut order, &mut remaining, &mut declared)?;
    }
    Some(order)
}

fn declare<'a>(
    id: u64,
    declaration: &impl Fn(u64) -> Option<&'a TypeDeclaration>,
    order: &mut Vec<u64>,
    remaining: &mut Remaining,
    declared: &mut HashSet<u64>,
) -> Option<()> {
    if !declared.insert(id) {
        return Some(());
    }
    let long_id = &declaration(id)?.long_id;
    if SIZED_BY_ARGUMENTS.contains(&long_id.generic_id.0.as_str()) {
        for argument in arguments(&long_id.generic_args) {
            declare(argument, declaration, order, remaining, declared)?;
        }
    } else {
        remaining.extend(arguments(&long_id.generic_args));
    }
    order.push(id);
    Some(())
}

/// Types that remain to be declared, each once.
#[derive(Default)]
struct Remaining {
    list: Vec<u64>,
    listed: HashSet<u64>,
}

impl Remaining {
    fn extend(&mut self, ids: impl Iterator<Item = u64>) {
        for id in ids {
            if self.listed.insert(id) {
                self.list.push(id);
            }
        }
    }

    /// Takes the first, and puts the last in its place.
    fn pop(&mut self) -> Option<u64> {
        if self.list.is_empty() {
            return None;
        }
        let first = self.list.swap_remove(0);
        self.listed.remove(&first);
        Some(first)
    }
}
