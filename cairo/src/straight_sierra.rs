//! What the compiler makes of straight functions (`straight`), written in place of their stand-ins.
//!
//! There is one block, and each statement follows from the text. A box is opened; what is not used of it is dropped, and what is used more than
//! once becomes a value at once. Then comes product after product, added to the sum so far. What is not at the end of the stack any more when it
//! is used is stored, and what is used again is doubled. Variables are numbered in the order in which they come up.

use std::collections::{HashMap, HashSet};

use cairo_lang_sierra::ids::{ConcreteLibfuncId, ConcreteTypeId, GenericLibfuncId, VarId};
use cairo_lang_sierra::program::{
    BranchInfo, BranchTarget, ConcreteLibfuncLongId, Function, GenericArg, Invocation, LibfuncDeclaration, Program, Statement,
    StatementIdx, TypeDeclaration,
};
use num_bigint::BigInt;

use crate::declarations::{arguments, called, in_order, used_types};
use crate::straight::{Element, Factor, Straight};

/// A straight function, and what the short form has in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandIn {
    /// The constant that all of its results are.
    pub value: BigInt,
    /// What it computes.
    pub straight: Straight,
}

/// The program with the bodies of straight functions; nothing if the stand-ins are not where the short form has them alone, or the program is not
/// in the compiler's order.
pub fn fill(program: &Program, stand_ins: &[StandIn]) -> Option<Program> {
    if called(&program.statements) != program.libfunc_declarations.iter().map(|declaration| declaration.id.id).collect::<Vec<_>>() {
        return None;
    }
    let mut filled = Filled::new(program)?;
    let places = places(program, stand_ins)?;
    let ends = program.funcs.iter().map(|function| function.entry_point.0).skip(1).chain([program.statements.len()]);
    let mut starts = Vec::new();
    // Where each old statement went, if it is still there.
    let mut moved = vec![None; program.statements.len()];
    for ((function, end), place) in program.funcs.iter().zip(ends).zip(&places) {
        let old = program.statements.get(function.entry_point.0..end)?;
        starts.push(filled.statements.len());
        match place {
            Some(stand_in) => filled.body(function, &stand_in.straight)?,
            None => {
                for (at, statement) in old.iter().enumerate() {
                    moved[function.entry_point.0 + at] = Some(filled.statements.len());
                    filled.statements.push(statement.clone());
                }
            }
        }
    }
    filled.finish(program, &starts, &moved)
}

/// What the compiler makes of a stand-in: nothing else is in a function that has one.
const OF_STAND_INS: [&str; 6] = ["const_as_immediate", "struct_construct", "store_temp", "dup", "drop", "rename"];

/// For each function, the stand-in that is in it.
fn places<'s>(program: &Program, stand_ins: &'s [StandIn]) -> Option<Vec<Option<&'s StandIn>>> {
    let by_value: HashMap<&BigInt, &StandIn> = stand_ins.iter().map(|stand_in| (&stand_in.value, stand_in)).collect();
    // Types that stand-ins are part of: constants, and arrays of these.
    let mut types: HashMap<u64, &StandIn> = HashMap::new();
    for _ in 0..2 {
        for declaration in &program.type_declarations {
            let found = declaration.long_id.generic_args.iter().find_map(|arg| match arg {
                GenericArg::Value(value) => by_value.get(value).copied(),
                GenericArg::Type(id) => types.get(&id.id).copied(),
                _ => None,
            });
            types.extend(found.map(|found| (declaration.id.id, found)));
        }
    }
    let of_libfunc = |declaration: &LibfuncDeclaration| {
        let found = arguments(&declaration.long_id.generic_args).find_map(|id| types.get(&id).copied());
        Some((declaration.id.id, found?))
    };
    let libfuncs: HashMap<u64, &StandIn> = program.libfunc_declarations.iter().filter_map(of_libfunc).collect();
    let is_of_stand_ins = |declaration: &&LibfuncDeclaration| OF_STAND_INS.contains(&declaration.long_id.generic_id.0.as_str());
    let plain: HashSet<u64> = program.libfunc_declarations.iter().filter(is_of_stand_ins).map(|declaration| declaration.id.id).collect();
    let mut is_plain = vec![true; program.funcs.len()];
    let mut places: Vec<Option<&StandIn>> = vec![None; program.funcs.len()];
    for (at, statement) in program.statements.iter().enumerate() {
        let Statement::Invocation(invocation) = statement else { continue };
        // Functions are in the order of their statements, or this is refused below.
        let function = program.funcs.partition_point(|function| function.entry_point.0 <= at).checked_sub(1)?;
        is_plain[function] &= plain.contains(&invocation.libfunc_id.id);
        let Some(found) = libfuncs.get(&invocation.libfunc_id.id).copied() else { continue };
        let other = places.iter().position(|place| place.is_some_and(|place| std::ptr::eq(place, found)));
        if other.is_some_and(|other| other != function) || places[function].is_some_and(|place| !std::ptr::eq(place, found)) {
            return None;
        }
        places[function] = Some(found);
    }
    let alone = places.iter().zip(is_plain).all(|(place, is_plain)| place.is_none() || is_plain);
    (alone && program.funcs.is_sorted_by_key(|function| function.entry_point.0)).then_some(places)
}

/// The statements so far, and what they name.
struct Filled {
    statements: Vec<Statement>,
    types: Vec<TypeDeclaration>,
    libfuncs: Vec<LibfuncDeclaration>,
    known: HashMap<ConcreteLibfuncLongId, ConcreteLibfuncId>,
    constants: HashMap<BigInt, ConcreteTypeId>,
    /// Any constant of a felt.
    constant: TypeDeclaration,
    felt: ConcreteTypeId,
    next: u64,
}

impl Filled {
    fn new(program: &Program) -> Option<Self> {
        let is_felt = |declaration: &&TypeDeclaration| declaration.long_id.generic_id.0 == "felt252";
        let felt = program.type_declarations.iter().find(is_felt)?.id.clone();
        let value = |declaration: &TypeDeclaration| match declaration.long_id.generic_args.as_slice() {
            [GenericArg::Type(of), GenericArg::Value(value)] if *of == felt && declaration.long_id.generic_id.0 == "Const" => {
                Some((value.clone(), declaration.id.clone()))
            }
            _ => None,
        };
        let constants: HashMap<BigInt, ConcreteTypeId> = program.type_declarations.iter().filter_map(value).collect();
        let any = constants.values().next()?;
        let constant = program.type_declarations.iter().find(|declaration| declaration.id == *any)?.clone();
        let ids = program.type_declarations.iter().map(|declaration| declaration.id.id);
        let ids = ids.chain(program.libfunc_declarations.iter().map(|declaration| declaration.id.id));
        let libfuncs = program.libfunc_declarations.clone();
        let known = libfuncs.iter().map(|declaration| (declaration.long_id.clone(), declaration.id.clone())).collect();
        let next = ids.max()?.checked_add(1)?;
        Some(Self { statements: Vec::new(), types: program.type_declarations.clone(), libfuncs, known, constants, constant, felt, next })
    }

    fn fresh(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    /// The type of a constant.
    fn constant(&mut self, value: &BigInt) -> ConcreteTypeId {
        if let Some(known) = self.constants.get(value) {
            return known.clone();
        }
        let id = ConcreteTypeId::new(self.fresh());
        let mut declaration = self.constant.clone();
        declaration.id = id.clone();
        declaration.long_id.generic_args[1] = GenericArg::Value(value.clone());
        self.types.push(declaration);
        self.constants.insert(value.clone(), id.clone());
        id
    }

    /// Calls a library function, of a type if it is of one.
    fn call(&mut self, name: &str, of: Option<&ConcreteTypeId>, args: Vec<VarId>, results: Vec<VarId>) {
        let long_id = ConcreteLibfuncLongId {
            generic_id: GenericLibfuncId::from_string(name),
            generic_args: of.into_iter().cloned().map(GenericArg::Type).collect(),
        };
        let libfunc_id = match self.known.get(&long_id) {
            Some(known) => known.clone(),
            None => {
                let id = ConcreteLibfuncId::new(self.fresh());
                self.libfuncs.push(LibfuncDeclaration { id: id.clone(), long_id: long_id.clone() });
                self.known.insert(long_id, id.clone());
                id
            }
        };
        let branches = vec![BranchInfo { target: BranchTarget::Fallthrough, results }];
        self.statements.push(Statement::Invocation(Invocation { libfunc_id, args, branches }));
    }

    /// Writes the body of a function with that signature; nothing if it has another one.
    fn body(&mut self, function: &Function, straight: &Straight) -> Option<()> {
        let accumulators = straight.sums.iter().filter(|sum| sum.start.is_none()).count();
        let given = &function.signature.param_types;
        if given.len() != straight.boxes.len() + accumulators || given[straight.boxes.len()..].iter().any(|ty| *ty != self.felt) {
            return None;
        }
        let mut body = Body::new(self, straight, given.len());
        for (of, length) in straight.boxes.iter().enumerate() {
            body.open(of, *length, &given[of])?;
        }
        let mut results = Vec::new();
        for (place, sum) in straight.sums.iter().enumerate() {
            let (mut total, mut stored) = match &sum.start {
                Some(value) => (body.constant(value), false),
                // A parameter is stored already.
                None => (VarId::new((straight.boxes.len() + place) as u64), true),
            };
            for (a, b) in &sum.products {
                let product = body.product(*a, b);
                if !stored {
                    body.store(&total);
                }
                body.store(&product);
                let sum = body.variable();
                body.filled.call("felt252_add", None, vec![total, product], vec![sum.clone()]);
                (total, stored) = (sum, false);
            }
            results.push(total);
        }
        match (function.signature.ret_types.as_slice(), accumulators) {
            ([result], 0) => {
                let array = body.variable();
                body.filled.call("struct_construct", Some(result), results, vec![array.clone()]);
                body.filled.call("store_temp", Some(result), vec![array.clone()], vec![array.clone()]);
                results = vec![array];
            }
            (types, _) if types.len() == results.len() && accumulators == results.len() => {
                results.iter().for_each(|result| body.store(result));
            }
            _ => return None,
        }
        self.statements.push(Statement::Return(results));
        Some(())
    }

    /// The program, with what it names declared in the compiler's order. Functions start at `starts`, and statements are where they `moved`.
    fn finish(self, program: &Program, starts: &[usize], moved: &[Option<usize>]) -> Option<Program> {
        let mut statements = self.statements;
        for statement in &mut statements {
            let Statement::Invocation(invocation) = statement else { continue };
            for branch in &mut invocation.branches {
                if let BranchTarget::Statement(StatementIdx(at)) = &mut branch.target {
                    *at = (*moved.get(*at)?)?;
                }
            }
        }
        let funcs =
            program.funcs.iter().zip(starts).map(|(function, start)| Function { entry_point: StatementIdx(*start), ..function.clone() });
        let mut libfuncs: HashMap<u64, LibfuncDeclaration> =
            self.libfuncs.into_iter().map(|declaration| (declaration.id.id, declaration)).collect();
        let libfunc_declarations = called(&statements).into_iter().map(|id| libfuncs.remove(&id)).collect::<Option<_>>()?;
        let mut filled = Program { type_declarations: self.types, libfunc_declarations, statements, funcs: funcs.collect() };
        let used = used_types(&filled)?;
        let mut types: HashMap<u64, TypeDeclaration> =
            std::mem::take(&mut filled.type_declarations).into_iter().map(|declaration| (declaration.id.id, declaration)).collect();
        let order = in_order(&used, |id| types.get(&id))?;
        filled.type_declarations = order.into_iter().map(|id| types.remove(&id)).collect::<Option<_>>()?;
        Some(filled)
    }
}

/// A function whose statements are written.
struct Body<'f> {
    filled: &'f mut Filled,
    /// The next variable.
    next: u64,
    /// How often each element is still used.
    uses: HashMap<Element, usize>,
    /// The elements in the order of their first uses.
    order: Vec<Element>,
    /// The variable that holds each element, and whether it is a value already and stored.
    elements: HashMap<Element, Held>,
}

/// An element in a variable.
#[derive(Clone)]
struct Held {
    variable: VarId,
    is_value: bool,
    is_stored: bool,
}

impl<'f> Body<'f> {
    fn new(filled: &'f mut Filled, straight: &Straight, parameters: usize) -> Self {
        let mut uses: HashMap<Element, usize> = HashMap::new();
        let mut order = Vec::new();
        for (a, b) in straight.sums.iter().flat_map(|sum| &sum.products) {
            let b = if let Factor::Element(b) = b { Some(b) } else { None };
            for element in std::iter::once(a).chain(b) {
                let count = uses.entry(*element).or_default();
                if *count == 0 {
                    order.push(*element);
                }
                *count += 1;
            }
        }
        Self { filled, next: parameters as u64, uses, order, elements: HashMap::new() }
    }

    fn variable(&mut self) -> VarId {
        self.next += 1;
        VarId::new(self.next - 1)
    }

    fn of_felt(&mut self, name: &str, args: Vec<VarId>, results: Vec<VarId>) {
        let felt = self.filled.felt.clone();
        self.filled.call(name, Some(&felt), args, results);
    }

    fn store(&mut self, variable: &VarId) {
        self.of_felt("store_temp", vec![variable.clone()], vec![variable.clone()]);
    }

    fn constant(&mut self, value: &BigInt) -> VarId {
        let ty = self.filled.constant(value);
        let variable = self.variable();
        self.filled.call("const_as_immediate", Some(&ty), Vec::new(), vec![variable.clone()]);
        variable
    }

    /// Opens a box, which is the parameter at that place, of a type `Box` of an array.
    fn open(&mut self, of: usize, length: usize, ty: &ConcreteTypeId) -> Option<()> {
        let declaration = self.filled.types.iter().find(|declaration| declaration.id == *ty)?;
        let array = match declaration.long_id.generic_args.as_slice() {
            [GenericArg::Type(array)] if declaration.long_id.generic_id.0 == "Box" => array.clone(),
            _ => return None,
        };
        // The name of the type, and its members.
        let members = self.filled.types.iter().find(|declaration| declaration.id == array)?.long_id.generic_args.len();
        if members != length + 1 {
            return None;
        }
        let (content, opened) = (self.variable(), self.variable());
        self.filled.call("box_forward_snapshot", Some(&array), vec![VarId::new(of as u64)], vec![content.clone()]);
        self.filled.call("unbox", Some(&array), vec![content], vec![opened.clone()]);
        let variables: Vec<VarId> = (0..length).map(|_| self.variable()).collect();
        self.filled.call("struct_deconstruct", Some(&array), vec![opened], variables.clone());
        for (at, variable) in variables.into_iter().enumerate() {
            if !self.uses.contains_key(&Element { of, at }) {
                self.of_felt("drop", vec![variable.clone()], Vec::new());
            }
            self.elements.insert(Element { of, at }, Held { variable, is_value: false, is_stored: false });
        }
        for element in self.order.clone().into_iter().filter(|element| element.of == of) {
            if self.uses[&element] > 1 {
                self.make_value(element);
            }
        }
        Some(())
    }

    /// Makes a value of what is a snapshot.
    fn make_value(&mut self, element: Element) {
        let held = self.elements[&element].clone();
        if !held.is_value {
            let variable = self.variable();
            self.of_felt("rename", vec![held.variable], vec![variable.clone()]);
            self.elements.insert(element, Held { variable, is_value: true, is_stored: false });
        }
    }

    /// Stores an element, and doubles it if it is used again; gives the variable to use.
    fn take(&mut self, element: Element) -> VarId {
        let Held { variable, is_stored, .. } = self.elements[&element].clone();
        if !is_stored {
            self.store(&variable);
            self.elements.insert(element, Held { variable: variable.clone(), is_value: true, is_stored: true });
        }
        let left = self.uses.get_mut(&element).map_or(0, |uses| {
            *uses -= 1;
            *uses
        });
        if left == 0 {
            return variable;
        }
        let copy = self.variable();
        self.of_felt("dup", vec![variable.clone()], vec![variable, copy.clone()]);
        copy
    }

    fn product(&mut self, a: Element, b: &Factor) -> VarId {
        self.make_value(a);
        let (a, b) = match b {
            Factor::Constant(value) => {
                let constant = self.constant(value);
                (self.take(a), constant)
            }
            Factor::Element(b) => {
                self.make_value(*b);
                (self.take(a), self.take(*b))
            }
        };
        let product = self.variable();
        self.filled.call("felt252_mul", None, vec![a, b], vec![product.clone()]);
        product
    }
}

#[cfg(test)]
mod tests {
    use crate::compiler::{CairoPackage, Compiler, Crate, Form};
    use crate::sources::Sources;
    use cairo_lang_filesystem::db::Edition;

    /// `fn {name}`, which adds products with constants to constants. Of `length` elements, sum `s` has those for which `has(s, at)`.
    fn unrolled(name: &str, length: usize, sums: usize, has: impl Fn(usize, usize) -> bool) -> String {
        let used = |at: usize| (0..sums).any(|sum| has(sum, at));
        let names: Vec<String> = (0..length).map(|at| if used(at) { format!("x{at}") } else { "_".to_owned() }).collect();
        let mut text = format!(
            "fn {name}(w0: @Box<[felt252; {length}]>) -> [felt252; {sums}] {{\n    let [{}] = w0.as_snapshot().unbox();\n",
            names.join(", ")
        );
        for sum in 0..sums {
            text += &format!("    let a{sum} = {}", 1_000_000 + sum);
            for at in (0..length).filter(|at| has(sum, *at)) {
                let factor = 2 + (sum * length + at) as i64;
                text += &format!("\n        + *x{at} * {}", if at % 3 == 0 { -factor } else { factor });
            }
            text += ";\n";
        }
        let results: Vec<String> = (0..sums).map(|sum| format!("a{sum}")).collect();
        text + &format!("    [{}]\n}}\n", results.join(", "))
    }

    /// `fn {name}`, which adds the products of `length` elements with as many others for each accumulator.
    fn tile(name: &str, length: usize, sums: usize) -> String {
        let list = |prefix: &str, count: usize| (0..count).map(|k| format!("{prefix}{k}")).collect::<Vec<_>>().join(", ");
        let parameters: String = (0..sums).map(|sum| format!(", ref a{sum}: felt252")).collect();
        let mut text = format!(
            "fn {name}(x: @Box<[felt252; {length}]>, w: @Box<[felt252; {}]>{parameters}) {{\n    let [{}] = x.as_snapshot().unbox();\n    \
             let [{}] = w.as_snapshot().unbox();\n",
            length * sums,
            list("x", length),
            list("w", length * sums)
        );
        for sum in 0..sums {
            let products: String = (0..length).map(|at| format!(" + *x{at} * *w{}", sum * length + at)).collect();
            text += &format!("    a{sum} = a{sum}{products};\n");
        }
        text + "}\n"
    }

    /// Checks that a crate has as many straight functions, and compiles to the same program and class in both forms.
    fn check(functions: usize, code: &str) {
        assert_eq!(crate::straight::definitions(code).len(), functions);
        let package = |head: &str, code: &str| {
            let mut sources = Sources::default();
            sources.insert("lib.cairo", format!("{head}{code}"));
            let main = Crate { name: "sample".to_owned(), edition: Edition::V2025_12, sources, scarb_manifest: String::new() };
            CairoPackage { main, dependencies: Vec::new() }
        };
        let program = package("#[executable]\nfn main(x: Span<felt252>) -> felt252 {\n    run(x)\n}\n", code);
        let class = package(
            "#[starknet::contract]\nmod sample {\n    #[storage]\n    struct Storage {}\n    #[external(v0)]\n    fn get(self: @ContractState, x: \
             Span<felt252>) -> felt252 {\n        super::run(x)\n    }\n}\n",
            code,
        );
        let [short, full] = [Form::Short, Form::Full].map(|form| Compiler::default().in_form(form));
        let programs = [&short, &full].map(|compiler| compiler.executable(&program).unwrap().to_json());
        assert!(programs[0] == programs[1], "the programs differ");
        let classes = [&short, &full].map(|compiler| compiler.contract(&class).unwrap());
        assert!(classes[0].sierra_json() == classes[1].sierra_json(), "Sierra differs");
        assert!(classes[0].casm_json() == classes[1].casm_json(), "CASM differs");
    }

    #[test]
    fn sums_of_constants_come_out_as_they_are_written() {
        // All elements are used, some are used by one sum alone, some by none, and some not by the first sum.
        let all = unrolled("all", 64, 4, |_, _| true);
        let some = unrolled("some", 130, 5, |sum, at| at % 7 != 6 && (at + sum) % 3 != 0 && (at < 110 || at % 5 == sum));
        let one = unrolled("one", 256, 1, |_, _| true);
        let run = "fn run(x: Span<felt252>) -> felt252 {
    let w: @Box<[felt252; 64]> = x.slice(0, 64).try_into().unwrap();
    let [a, b, c, d] = all(w);
    let w: @Box<[felt252; 130]> = x.slice(3, 130).try_into().unwrap();
    let [e, f, g, h, i] = some(w);
    let w: @Box<[felt252; 256]> = x.slice(9, 256).try_into().unwrap();
    let [j] = one(w);
    a * b * c * d + e * f * g * h * i + j
}
";
        check(3, &format!("{run}{all}{some}{one}"));
    }

    #[test]
    fn sums_of_elements_come_out_as_they_are_written() {
        let run = "fn run(x: Span<felt252>) -> felt252 {
    let (mut a, mut b, mut c) = (1, *x[0], 3);
    let mut rest = x;
    while let Some(x) = rest.multi_pop_front::<100>() {
        let w: @Box<[felt252; 300]> = rest.slice(0, 300).try_into().unwrap();
        tile(x, w, ref a, ref b, ref c);
    }
    let x: @Box<[felt252; 256]> = rest.slice(0, 256).try_into().unwrap();
    row(x, x, ref b);
    a * b * c
}
";
        check(2, &format!("{run}{}{}", tile("tile", 100, 3), tile("row", 256, 1)));
    }
}
