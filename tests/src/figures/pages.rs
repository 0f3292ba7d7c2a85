//! Pages with blocks between `<!-- figures: NAME -->` and `<!-- /figures -->`, each on a line of its own.

use std::ops::Range;
use std::path::Path;

use super::tables::{BLOCKS, Block};
use super::{FILE, Figures};
use crate::root;

const END: &str = "<!-- /figures -->";

fn opened(line: &str) -> Option<&str> {
    line.strip_prefix("<!-- figures: ")?.strip_suffix(" -->")
}

/// A block on a page.
struct Place {
    /// The lines between its marks, counted from 0.
    lines: Range<usize>,
    name: &'static str,
    block: Block,
}

/// The blocks of a page.
fn places(page: &str, text: &str) -> Result<Vec<Place>, String> {
    let mut places = Vec::new();
    let mut open: Option<(usize, &'static str, Block)> = None;
    for (number, line) in text.lines().enumerate() {
        let here = format!("{page}:{}", number + 1);
        match (opened(line), open) {
            (Some(name), None) => {
                let names = || BLOCKS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
                let known = BLOCKS.iter().find(|(known, _)| *known == name);
                let (name, block) = known.ok_or_else(|| format!("{here}: no block is called `{name}`, only {}", names()))?;
                open = Some((number + 1, name, *block));
            }
            (Some(_), Some((_, name, _))) => return Err(format!("{here}: the block `{name}` before has no `{END}`")),
            (None, None) if line == END => return Err(format!("{here}: no block begins before this mark")),
            (None, Some((start, name, block))) if line == END => {
                places.push(Place { lines: start..number, name, block });
                open = None;
            }
            _ => {}
        }
    }
    match open {
        Some((start, name, _)) => Err(format!("{page}:{start}: the block `{name}` has no `{END}`")),
        None => Ok(places),
    }
}

/// What is wrong with a page's blocks, and the names of those that it has.
fn stale(page: &str, text: &str, figures: &Figures) -> (Vec<String>, Vec<&'static str>) {
    let places = match places(page, text) {
        Ok(places) => places,
        Err(error) => return (vec![error], Vec::new()),
    };
    let lines: Vec<&str> = text.lines().collect();
    let mut wrong = Vec::new();
    for Place { lines: range, name, block } in &places {
        let expected = block(figures);
        let (found, expected): (_, Vec<&str>) = (&lines[range.clone()], expected.lines().collect());
        if found != expected {
            let at = found.iter().zip(&expected).take_while(|(found, expected)| found == expected).count();
            let of = |lines: &[&str]| lines.get(at).map_or("nothing".to_owned(), |line| format!("`{line}`"));
            let (line, expected, found) = (range.start + at + 1, of(&expected), of(found));
            wrong.push(format!("{page}:{line}: the block `{name}` has {found}, and {FILE} gives {expected}"));
        }
    }
    (wrong, places.iter().map(|place| place.name).collect())
}

/// A page with its blocks as the figures give them.
fn rewritten(page: &str, text: &str, figures: &Figures) -> Result<String, String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut written = String::new();
    let mut from = 0;
    for Place { lines: range, block, .. } in places(page, text)? {
        written.extend(lines[from..range.start].iter().copied());
        written += &block(figures);
        from = range.end;
    }
    written.extend(lines[from..].iter().copied());
    Ok(written)
}

/// The pages by their path from the project's root.
fn pages() -> Vec<(String, String)> {
    let folder = |folder: &str| std::fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let files = folder("").chain(folder("docs")).map(|entry| entry.expect("a folder can be read").path());
    let mut pages: Vec<(String, String)> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let page = path.strip_prefix(root()).unwrap_or(Path::new("?")).display().to_string();
            (page, text)
        })
        .collect();
    pages.sort();
    pages
}

/// Blocks that are not what the figures give, each with its file and line, and blocks that no page has.
pub fn stale_blocks(figures: &Figures) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut shown = Vec::new();
    for (page, text) in pages() {
        let (of_page, names) = stale(&page, &text, figures);
        wrong.extend(of_page);
        shown.extend(names);
    }
    let unseen = BLOCKS.iter().filter(|(name, _)| !shown.contains(name));
    wrong.extend(unseen.map(|(name, _)| format!("no page shows the block `{name}`")));
    wrong
}

/// Writes the blocks of all pages.
pub fn write_blocks(figures: &Figures) {
    for (page, text) in pages() {
        let written = rewritten(&page, &text, figures).unwrap_or_else(|error| panic!("{error}"));
        if written != text {
            std::fs::write(root().join(&page), written).unwrap_or_else(|error| panic!("{page}: {error}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ByHand;
    use super::*;

    fn figures() -> Figures {
        Figures { by_hand: ByHand { first_build_minutes: 20.0, local_chain_minutes: 3.5 }, examples: Default::default() }
    }

    const LINE: &str = "The first build takes 20 CPU minutes, about 10 on two cores. The local chain takes another 3.5 CPU minutes.";

    #[test]
    fn a_stale_block_is_named_with_its_line_and_rewritten() {
        let page = "# Page\n\n<!-- figures: build -->\nIt takes long.\n<!-- /figures -->\nMore.\n";
        let (wrong, shown) = stale("a.md", page, &figures());
        assert_eq!(shown, ["build"]);
        assert_eq!(wrong, [format!("a.md:4: the block `build` has `It takes long.`, and {FILE} gives `{LINE}`")]);
        let written = rewritten("a.md", page, &figures()).unwrap();
        assert_eq!(written, page.replace("It takes long.", LINE));
        assert!(stale("a.md", &written, &figures()).0.is_empty());
    }

    #[test]
    fn an_empty_block_is_stale_and_a_page_without_blocks_is_not() {
        let page = "<!-- figures: build -->\n<!-- /figures -->\n";
        assert_eq!(stale("a.md", page, &figures()).0, [format!("a.md:2: the block `build` has nothing, and {FILE} gives `{LINE}`")]);
        assert_eq!(rewritten("a.md", page, &figures()).unwrap(), page.replace("<!-- /", &format!("{LINE}\n<!-- /")));
        assert_eq!(rewritten("a.md", "No end of line", &figures()).unwrap(), "No end of line");
    }

    #[test]
    fn marks_that_do_not_pair_and_unknown_names_are_refused() {
        let error = |page: &str| places("a.md", page).err().unwrap();
        assert_eq!(error("\n<!-- figures: none -->"), "a.md:2: no block is called `none`, only build, classes, examples, models, starknet");
        assert_eq!(error("<!-- figures: build -->\nx"), format!("a.md:1: the block `build` has no `{END}`"));
        assert_eq!(error("<!-- figures: build -->\n<!-- figures: build -->"), format!("a.md:2: the block `build` before has no `{END}`"));
        assert_eq!(error("<!-- /figures -->"), "a.md:1: no block begins before this mark");
    }
}
