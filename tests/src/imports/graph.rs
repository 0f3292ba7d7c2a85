//! Files and their imports as a graph: its circles, and its layers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use super::modules::{Import, ImportKind, SourceCrate};

/// The files of a crate, with what each works with. What a file only hands on, and modules as such, are left out.
pub struct Graph {
    imports: BTreeMap<String, BTreeMap<String, Import>>,
}

/// Files that import one another, one after the other; the last one the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circle(pub Vec<Import>);

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(Import::to_string).collect();
        write!(f, "a circle:\n  {}", lines.join("\n  "))
    }
}

fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

impl Graph {
    /// The graph of a crate.
    pub fn new(of: &SourceCrate) -> Self {
        let mut imports: BTreeMap<_, BTreeMap<_, _>> = of.files().into_iter().map(|file| (file.to_owned(), BTreeMap::new())).collect();
        for import in of.imports().into_iter().filter(|import| import.kind == ImportKind::Name) {
            imports.entry(import.from.clone()).or_default().entry(import.to.clone()).or_insert(import);
        }
        Self { imports }
    }

    fn imported(&self, file: &str) -> impl Iterator<Item = &Import> {
        self.imports.get(file).into_iter().flat_map(BTreeMap::values)
    }

    /// The shortest way from one file to another, if there is one.
    fn way(&self, from: &str, to: &str) -> Option<Vec<Import>> {
        let mut reached: BTreeMap<&str, Option<&Import>> = BTreeMap::from([(from, None)]);
        let mut queue = VecDeque::from([from]);
        while let Some(file) = queue.pop_front() {
            if file == to {
                let mut way = Vec::new();
                let mut file = file;
                while let Some(import) = reached[file] {
                    way.insert(0, import.clone());
                    file = &import.from;
                }
                return Some(way);
            }
            for import in self.imported(file) {
                if !reached.contains_key(import.to.as_str()) {
                    reached.insert(&import.to, Some(import));
                    queue.push_back(&import.to);
                }
            }
        }
        None
    }

    /// Circles with files of different folders: the shortest one through each import that leads into another folder, short ones first.
    pub fn circles(&self) -> Vec<Circle> {
        let mut circles = Vec::new();
        let mut seen = BTreeSet::new();
        for import in self.imports.values().flat_map(BTreeMap::values).filter(|import| folder(&import.from) != folder(&import.to)) {
            let Some(back) = self.way(&import.to, &import.from) else { continue };
            let circle: Vec<Import> = [vec![import.clone()], back].concat();
            let files: BTreeSet<String> = circle.iter().map(|import| import.from.clone()).collect();
            if seen.insert(files) {
                circles.push(Circle(circle));
            }
        }
        circles.sort_by_key(|circle| circle.0.len());
        circles
    }

    /// The files by depth: those that import no other first, then those that import only these, and so on. Files of a circle are together.
    pub fn layers(&self) -> Vec<Vec<&str>> {
        let reached: BTreeMap<&str, BTreeSet<&str>> = self.imports.keys().map(|file| (file.as_str(), self.reached(file))).collect();
        let mut depths: BTreeMap<&str, usize> = BTreeMap::new();
        // A file of a lower layer reaches fewer files, or as many if it is in a circle, which reaches itself.
        let mut files: Vec<&str> = reached.keys().copied().collect();
        files.sort_by_key(|file| (reached[file].len(), !reached[file].contains(file)));
        for file in files {
            let below = reached[file].iter().filter(|below| !reached[**below].contains(file));
            depths.insert(file, below.filter_map(|below| depths.get(below)).max().map_or(0, |depth| depth + 1));
        }
        let mut layers = vec![Vec::new(); depths.values().max().map_or(0, |depth| depth + 1)];
        depths.iter().for_each(|(file, depth)| layers[*depth].push(*file));
        layers
    }

    /// All files that a file imports, and they import, and so on.
    fn reached(&self, file: &str) -> BTreeSet<&str> {
        let mut reached = BTreeSet::new();
        let mut queue: Vec<&str> = self.imported(file).map(|import| import.to.as_str()).collect();
        while let Some(file) = queue.pop() {
            if reached.insert(file) {
                queue.extend(self.imported(file).map(|import| import.to.as_str()));
            }
        }
        reached
    }
}

#[cfg(test)]
mod tests {
    use super::super::modules::Sources;
    use super::*;

    fn read(files: &[(&str, &str)]) -> SourceCrate {
        let sources: Sources = files.iter().map(|(file, source)| ((*file).to_owned(), (*source).to_owned())).collect();
        SourceCrate::read(&sources, "src/lib.rs").unwrap()
    }

    fn circles(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let circles = Graph::new(&read(files)).circles();
        circles.into_iter().map(|circle| circle.0.iter().map(Import::to_string).collect()).collect()
    }

    #[test]
    fn a_circle_between_folders_is_found() {
        let found = circles(&[
            ("src/lib.rs", "mod a; mod b;"),
            ("src/a/mod.rs", "mod deep;"),
            ("src/a/deep.rs", "\nuse crate::b::B; pub struct A;"),
            ("src/b.rs", "pub struct B(crate::a::deep::A);"),
        ]);
        let [circle] = &found[..] else { panic!("{found:?}") };
        assert_eq!(
            circle[..],
            ["src/a/deep.rs:2 imports `crate::b::B` of src/b.rs", "src/b.rs:1 imports `crate::a::deep::A` of src/a/deep.rs"]
        );
    }

    #[test]
    fn a_circle_within_a_folder_is_none() {
        let files =
            [("src/lib.rs", "mod a; mod b;"), ("src/a.rs", "use crate::b::B; pub struct A;"), ("src/b.rs", "pub struct B(super::a::A);")];
        assert!(circles(&files).is_empty());
    }

    #[test]
    fn a_circle_through_reexports_is_found() {
        // `A` comes to b.rs by a chain of names, a `*` among them, and `B` comes to a/deep.rs by the crate's root.
        let found = circles(&[
            ("src/lib.rs", "mod a; mod b; mod facade; pub use facade::*; pub use b::B as Renamed;"),
            ("src/facade.rs", "pub(crate) use crate::a::Shown;"),
            ("src/a/mod.rs", "mod deep; pub use deep::A as Shown;"),
            ("src/a/deep.rs", "use crate::Renamed; pub struct A;"),
            ("src/b.rs", "use crate::Shown; pub struct B;"),
        ]);
        let [circle] = &found[..] else { panic!("{found:?}") };
        assert_eq!(
            circle[..],
            ["src/a/deep.rs:1 imports `crate::Renamed` of src/b.rs", "src/b.rs:1 imports `crate::Shown` of src/a/deep.rs"]
        );
    }

    #[test]
    fn what_a_file_only_hands_on_makes_no_circle() {
        let files = |root| [("src/lib.rs", root), ("src/a/mod.rs", "use crate::C; pub struct A;")];
        assert!(circles(&files("mod a; pub use a::A; pub struct C;")).is_empty());
        assert_eq!(circles(&files("mod a; pub use a::A; pub struct C(A);")).len(), 1);
    }

    #[test]
    fn names_behind_modules_and_stars_lead_to_their_files() {
        let of = read(&[
            ("src/lib.rs", "mod a; mod b; mod c; mod d;"),
            ("src/a/mod.rs", "mod deep; pub use deep::*; pub use outside::Foreign;"),
            ("src/a/deep.rs", "pub fn f() {} pub struct A;"),
            ("src/b.rs", "use crate::a::{self, Foreign}; fn g() { a::f() }"),
            ("src/c.rs", "use super::a::*; fn h(a: A) {}"),
            ("src/d.rs", "made!(); use crate::{a::Made, d::Other as Own};"),
        ]);
        let found: Vec<_> = of.imports().into_iter().map(|import| (import.from, import.to, import.kind)).collect();
        let import = |from: &str, to: &str, kind| (from.to_owned(), to.to_owned(), kind);
        assert_eq!(
            found,
            [
                import("src/a/mod.rs", "src/a/deep.rs", ImportKind::Reexport),
                import("src/b.rs", "src/a/deep.rs", ImportKind::Name),
                import("src/b.rs", "src/a/mod.rs", ImportKind::Module),
                import("src/b.rs", "src/a/mod.rs", ImportKind::Module),
                import("src/c.rs", "src/a/deep.rs", ImportKind::Name),
                import("src/c.rs", "src/a/mod.rs", ImportKind::Module),
                import("src/d.rs", "src/a/mod.rs", ImportKind::Name),
            ]
        );
    }

    #[test]
    fn reexports_that_lead_to_each_other_end() {
        let files =
            [("src/lib.rs", "mod a; mod b; fn f(x: a::X) {}"), ("src/a.rs", "pub use crate::b::*;"), ("src/b.rs", "pub use crate::a::*;")];
        read(&files).imports();
        let files =
            [("src/lib.rs", "mod a; mod b; fn f(x: a::X) {}"), ("src/a.rs", "pub use crate::b::X;"), ("src/b.rs", "pub use crate::a::X;")];
        read(&files).imports();
    }

    #[test]
    fn layers_go_from_what_imports_nothing_upwards() {
        let of = read(&[
            ("src/lib.rs", "mod a; mod b; mod c; mod d; pub use d::D;"),
            ("src/a.rs", "pub struct A;"),
            ("src/b.rs", "use crate::c::C; pub struct B(crate::a::A);"),
            ("src/c.rs", "use crate::b::B; pub struct C;"),
            ("src/d.rs", "use crate::b::B; pub struct D;"),
        ]);
        assert_eq!(Graph::new(&of).layers(), [vec!["src/a.rs", "src/lib.rs"], vec!["src/b.rs", "src/c.rs"], vec!["src/d.rs"]]);
    }

    #[test]
    fn a_module_without_a_file_is_named() {
        let sources = Sources::from([("src/lib.rs".to_owned(), "mod a;".to_owned())]);
        let error = SourceCrate::read(&sources, "src/lib.rs").err().unwrap();
        assert_eq!(error, "src/lib.rs declares the module `a`, but neither src/a/mod.rs nor src/a.rs exists");
    }
}
