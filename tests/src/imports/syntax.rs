//! What a module's tokens say of names: which it defines, which it imports, which paths it writes, and which modules are inside it.
//!
//! Whatever is compiled for tests only is left out.

use std::collections::{BTreeMap, BTreeSet};

use super::tokens::{Token, Tree};

/// A module's names.
#[derive(Debug, Default)]
pub(super) struct Body {
    /// Names of items.
    pub items: BTreeSet<String>,
    /// Imported names, those within functions included.
    pub uses: Vec<Use>,
    /// Paths of two names or more outside of imports.
    pub paths: Vec<Path>,
    /// Names outside of imports that begin a path or stand alone, with the line of the first.
    pub names: BTreeMap<String, usize>,
    /// Modules that are declared in it.
    pub children: Vec<Child>,
}

/// A name that is imported, or all names of a module.
#[derive(Debug)]
pub(super) struct Use {
    pub path: Path,
    /// The name that it has here; none for `*` .
    pub name: Option<String>,
    /// Whether other modules see it here.
    pub is_shown: bool,
}

/// Names with `::` between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    pub segments: Vec<String>,
    pub line: usize,
}

/// A declaration of a module.
#[derive(Debug)]
pub(super) enum Child {
    /// `mod name { .. }`
    Inline(String, Body),
    /// `mod name;`, and the attribute `path` if it has one.
    File(String, Option<String>),
}

/// Reads a file's tokens.
pub(super) fn read(tokens: &[Token]) -> Body {
    let mut body = Body::default();
    if !is_for_tests(tokens) {
        body.scan(tokens, true);
    }
    body
}

/// Whether a file or an inline module says of itself, with `#![cfg(test)]`, that it is for tests.
fn is_for_tests(tokens: &[Token]) -> bool {
    tokens.windows(3).any(|three| three[0].is_punct('#') && three[1].is_punct('!') && three[2].group('[').is_some_and(is_test_attribute))
}

/// Whether an attribute is `cfg(test)`, or demands that among other things.
fn is_test_attribute(attribute: &[Token]) -> bool {
    fn demands_test(condition: &[Token]) -> bool {
        let alone = condition.len() == 1 && condition[0].is_keyword("test");
        let all = condition.len() == 2 && condition[0].is_keyword("all");
        alone || (all && condition[1].group('(').is_some_and(|all| all.split(|token| token.is_punct(',')).any(demands_test)))
    }
    attribute.len() == 2 && attribute[0].is_keyword("cfg") && attribute[1].group('(').is_some_and(demands_test)
}

/// The text of an attribute `path = ".."`.
fn path_attribute(attribute: &[Token]) -> Option<String> {
    match attribute {
        [name, sign, Token { tree: Tree::Text(text), .. }] if name.is_keyword("path") && sign.is_punct('=') => Some(text.clone()),
        _ => None,
    }
}

/// Where an item, a field or an arm ends that begins at the first of these tokens.
fn end_of_item(tokens: &[Token]) -> usize {
    let is = |index: usize, keyword: &str| tokens.get(index).is_some_and(|token| token.is_keyword(keyword));
    let mut index = 0;
    while tokens.get(index).is_some_and(|token| token.is_punct('#')) {
        index += 2;
    }
    if is(index, "pub") {
        index += 1 + usize::from(tokens.get(index + 1).is_some_and(|token| token.group('(').is_some()));
    }
    let is_value = ["use", "static", "type", "let"].iter().any(|keyword| is(index, keyword))
        || (is(index, "const") && !["fn", "unsafe", "async", "extern"].iter().any(|keyword| is(index + 1, keyword)));
    let is_item = ["async", "const", "enum", "extern", "fn", "impl", "macro_rules", "mod", "struct", "trait", "union", "unsafe"]
        .iter()
        .any(|keyword| is(index, keyword));
    let ends = |token: &Token| {
        let by_block = !is_value && token.group('{').is_some();
        by_block || token.is_punct(';') || (!is_value && !is_item && token.is_punct(','))
    };
    tokens[index..].iter().position(ends).map_or(tokens.len(), |end| index + end + 1)
}

impl Body {
    /// Takes up what is in these tokens; only those of the module itself, and not of a block in it, define its items.
    fn scan(&mut self, tokens: &[Token], is_module: bool) {
        let mut index = 0;
        let mut is_shown = false;
        let mut file = None;
        while let Some(token) = tokens.get(index) {
            let next = tokens.get(index + 1);
            if token.is_punct('#')
                && let Some(attribute) = next.and_then(|next| next.group('['))
            {
                if is_test_attribute(attribute) {
                    index += 2;
                    index += end_of_item(&tokens[index..]);
                } else {
                    file = path_attribute(attribute).or(file);
                    self.scan(attribute, false);
                    index += 2;
                }
                continue;
            }
            if token.is_keyword("pub") {
                is_shown = true;
                let scope = next.and_then(|next| next.group('(')).and_then(|scope| scope.first());
                let is_scope = scope.is_some_and(|first| ["crate", "in", "self", "super"].iter().any(|word| first.is_keyword(word)));
                index += 1 + usize::from(is_scope);
                continue;
            }
            if token.is_keyword("use") && !next.is_some_and(|next| next.is_punct('<')) {
                let length = tokens[index..].iter().position(|token| token.is_punct(';')).unwrap_or(tokens.len() - index);
                self.read_use(&[], &tokens[index + 1..index + length], is_shown);
                index += length;
            } else if is_module
                && token.is_keyword("mod")
                && let Some(name) = next.and_then(Token::ident)
            {
                match tokens.get(index + 2).and_then(|token| token.group('{')) {
                    Some(inner) => self.children.push(Child::Inline(name.to_owned(), read(inner))),
                    None => self.children.push(Child::File(name.to_owned(), file.take())),
                }
                index += 3;
            } else {
                if is_module && let Some(name) = defined(&tokens[index..]) {
                    self.items.insert(name.to_owned());
                }
                index += self.read_path(tokens, index);
            }
            (is_shown, file) = (false, None);
        }
    }

    /// Takes up a path, a name or a group, and gives how many tokens it has.
    fn read_path(&mut self, tokens: &[Token], start: usize) -> usize {
        if let Tree::Group(_, inner) = &tokens[start].tree {
            self.scan(inner, false);
            return 1;
        }
        let Some(first) = tokens[start].ident() else { return 1 };
        let before = |count: usize, is: &dyn Fn(&Token) -> bool| start >= count && is(&tokens[start - count]);
        let is_point = |token: &Token| token.is_punct('.');
        let is_member = before(1, &is_point) && !before(2, &is_point);
        let is_variable = before(1, &|token| token.is_punct('$')) && first != "crate";
        if is_member || is_variable || before(1, &|token| token.tree == Tree::PathSeparator) {
            return 1;
        }
        let mut segments = vec![first.to_owned()];
        let mut length = 1;
        while tokens.get(start + length).is_some_and(|token| token.tree == Tree::PathSeparator)
            && let Some(name) = tokens.get(start + length + 1).and_then(Token::ident)
        {
            segments.push(name.to_owned());
            length += 2;
        }
        let line = tokens[start].line;
        self.names.entry(first.to_owned()).or_insert(line);
        if segments.len() > 1 {
            self.paths.push(Path { segments, line });
        }
        length
    }

    /// Takes up the tree of an import behind `prefix`.
    fn read_use(&mut self, prefix: &[String], tokens: &[Token], is_shown: bool) {
        // What begins with `::` is another crate.
        if tokens.first().is_none_or(|token| token.tree == Tree::PathSeparator) {
            return;
        }
        let mut segments = prefix.to_vec();
        let mut alias = None;
        let mut is_glob = false;
        let mut rest = tokens.iter();
        while let Some(token) = rest.next() {
            match &token.tree {
                Tree::Group('{', trees) => {
                    trees.split(|token| token.is_punct(',')).for_each(|tree| self.read_use(&segments, tree, is_shown));
                    return;
                }
                Tree::Punct('*') => is_glob = true,
                Tree::Ident { raw: false, name } if name == "as" => alias = rest.next().and_then(Token::ident).map(str::to_owned),
                Tree::Ident { name, .. } => segments.push(name.clone()),
                _ => {}
            }
        }
        if segments.len() > 1 && segments.last().is_some_and(|last| last == "self") {
            segments.pop();
        }
        let name = alias.or_else(|| segments.last().cloned()).filter(|_| !is_glob);
        let line = tokens.last().map_or(0, |token| token.line);
        self.uses.push(Use { path: Path { segments, line }, name, is_shown });
    }
}

/// The name of the item that begins at the first of these tokens.
fn defined(tokens: &[Token]) -> Option<&str> {
    const NAMING: [&str; 8] = ["const", "enum", "fn", "static", "struct", "trait", "type", "union"];
    let name = |index: usize| tokens.get(index).filter(|token| !NAMING.iter().any(|keyword| token.is_keyword(keyword)));
    let Tree::Ident { name: keyword, raw: false } = &tokens[0].tree else { return None };
    let name = match keyword.as_str() {
        "macro_rules" if tokens.get(1).is_some_and(|token| token.is_punct('!')) => name(2),
        "static" if tokens.get(1).is_some_and(|token| token.is_keyword("mut")) => name(2),
        "const" if tokens.get(1).is_some_and(|token| ["async", "extern", "unsafe"].iter().any(|word| token.is_keyword(word))) => None,
        keyword if NAMING.contains(&keyword) => name(1),
        _ => None,
    };
    name.and_then(Token::ident)
}

#[cfg(test)]
mod tests {
    use super::super::tokens;
    use super::*;

    fn body(source: &str) -> Body {
        read(&tokens::read(source).unwrap())
    }

    fn uses(source: &str) -> Vec<String> {
        let text = |found: &Use| {
            let name = found.name.as_deref().unwrap_or("*");
            format!("{}{} as {name}", if found.is_shown { "pub " } else { "" }, found.path.segments.join("::"))
        };
        body(source).uses.iter().map(text).collect()
    }

    fn paths(source: &str) -> Vec<String> {
        body(source).paths.iter().map(|path| path.segments.join("::")).collect()
    }

    #[test]
    fn trees_of_imports_are_taken_apart() {
        assert_eq!(
            uses("pub(in crate::a) use crate::{b::{self, C as D, e::*}, r#move}; use super::super::F as _; use ::g::H;"),
            ["pub crate::b as b", "pub crate::b::C as D", "pub crate::b::e as *", "pub crate::move as move", "super::super::F as _"]
        );
        assert_eq!(uses("fn f() -> impl Fn() + use<'a> { use crate::{\na::B,\n}; }"), ["crate::a::B as B"]);
        assert_eq!(body("use crate::{\na::B,\nc::D,\n};").uses.iter().map(|found| found.path.line).collect::<Vec<_>>(), [2, 3]);
    }

    #[test]
    fn paths_are_found_wherever_they_stand() {
        assert_eq!(
            paths(
                "#[derive(crate::A)] struct B { c: Vec<crate::c::D> } m!(super::e(self::f)); macro_rules! g { ($h:ty) => { $crate::i::<$h>::j } }"
            ),
            ["crate::A", "crate::c::D", "super::e", "self::f", "crate::i"]
        );
        assert_eq!(paths("fn f() { a.b::<c::D>(..e::F, <G as h::I>::j, ::k::l) }"), ["c::D", "e::F", "h::I"]);
        assert!(paths("pub(in crate::a) fn f() {} pub(super) struct B(pub(in super::c) u8);").is_empty());
    }

    #[test]
    fn items_of_the_module_are_its_names() {
        let body = body(
            "pub const fn a() { struct Not; } pub(crate) static mut B: u8 = 0; const C: u8 = 0; unsafe fn d() {} type E<F> = F; \
             macro_rules! g { () => { fn not() {} } } enum H { Not } trait I { fn not(); } impl J { fn not() {} } mod k { fn not() {} } mod l;",
        );
        assert_eq!(body.items.iter().map(String::as_str).collect::<Vec<_>>(), ["B", "C", "E", "H", "I", "a", "d", "g"]);
        assert!(matches!(&body.children[..], [Child::Inline(k, _), Child::File(l, None)] if k == "k" && l == "l"));
    }

    #[test]
    fn what_is_for_tests_only_is_left_out() {
        let source = "#[cfg(test)] use crate::{a::B}; #[cfg(test)] mod tests { use crate::c::D; } #[cfg(all(test, unix))] mod e; \
                      #[cfg(test)] #[path = \"f.rs\"] mod f; #[cfg(test)] const fn g() { crate::h() } #[cfg(test)] const I: [u8; 1] = { crate::J }; \
                      struct K { #[cfg(test)] l: crate::M, n: crate::O } #[cfg(not(test))] use crate::p::Q;";
        let body = body(source);
        assert!(body.children.is_empty());
        assert_eq!(paths(source), ["crate::O"]);
        assert_eq!(uses(source), ["crate::p::Q as Q"]);
        assert!(uses("#![cfg(test)] use crate::a::B;").is_empty());
    }
}
