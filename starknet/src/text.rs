//! Text from nodes and contracts. Anybody can write anything there, so it is read up to a length, and what is shown of it cannot act on a
//! terminal.

use std::fmt::Write;

use starknet_rust::core::types::Felt;
use starknet_rust::core::utils::parse_cairo_short_string;

/// The most characters that are shown of a text.
const SHOWN: usize = 1_000;
/// Bytes in a whole word of Cairo's byte arrays.
const WORD: usize = 31;
/// The most words that are read of a byte array: four times what the registry takes as metadata.
const MOST_WORDS: u64 = 132;

/// A text on one line and without what a terminal acts on or does not show: control characters, with which escape sequences begin, marks
/// that turn the direction of writing, and the like are written as `\u{..}`. What is too long is cut.
pub(crate) fn shown(text: &str) -> String {
    let text = text.trim();
    let mut shown = String::new();
    for character in text.chars().take(SHOWN) {
        match character {
            '\n' | '\r' | '\t' => shown.push(' '),
            // The standard library would escape these for the sake of literals.
            '\'' | '"' | '\\' => shown.push(character),
            _ => shown.extend(character.escape_debug()),
        }
    }
    match text.chars().count() {
        count if count > SHOWN => format!("{shown}.. ({} characters more)", count - SHOWN),
        _ => shown,
    }
}

/// The same for bytes that ought to be text; those that are not UTF-8 are written as `\x..`.
pub(crate) fn shown_bytes(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            write!(text, "\\x{byte:02x}").expect("a string can be written");
        }
    }
    shown(&text)
}

/// The characters that a felt stands for, if there are some and all of them are printable ASCII.
pub(crate) fn short_string(felt: Felt) -> Option<String> {
    let printable = |text: &String| !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
    parse_cairo_short_string(&felt).ok().filter(printable)
}

/// Reads a byte array: the number of whole words, these, the word that is not whole, and its length. No memory is reserved for what the
/// first felt promises, and only what Cairo would write is taken for text.
pub(crate) fn byte_array<'a>(felts: &mut impl Iterator<Item = &'a Felt>) -> Option<Vec<u8>> {
    let words = u64::try_from(*felts.next()?).ok().filter(|words| *words <= MOST_WORDS)?;
    let mut bytes = Vec::new();
    for _ in 0..words {
        bytes.extend(last_bytes(felts.next()?, WORD)?);
    }
    let (word, length) = (felts.next()?, felts.next()?);
    let length = u64::try_from(*length).ok().and_then(|length| usize::try_from(length).ok()).filter(|length| *length < WORD)?;
    bytes.extend(last_bytes(word, length)?);
    Some(bytes)
}

/// The last bytes of a felt, if those before them are zero.
fn last_bytes(felt: &Felt, count: usize) -> Option<Vec<u8>> {
    let bytes = felt.to_bytes_be();
    let (before, last) = bytes.split_at(bytes.len() - count);
    before.iter().all(|byte| *byte == 0).then(|| last.to_vec())
}

#[cfg(test)]
mod tests {
    use starknet_rust::core::codec::Encode;
    use starknet_rust::core::types::ByteArray;

    use super::*;

    #[test]
    fn nothing_that_is_shown_acts_on_a_terminal() {
        assert_eq!(shown(" a\u{1b}[2J\nb\u{9b}31m\u{7f}\r\u{8}\0 "), "a\\u{1b}[2J b\\u{9b}31m\\u{7f} \\u{8}\\0");
        // Right-to-left override, a space that is not seen, a line separator, marks that pile up.
        assert_eq!(shown("\u{202e}x\u{200b}\u{2028}e\u{301}"), "\\u{202e}x\\u{200b}\\u{2028}e\\u{301}");
        assert_eq!(shown("näme \"x\" 'y' \\ 模型"), "näme \"x\" 'y' \\ 模型");
        assert_eq!(shown_bytes(b"of \xff\xfe\x1b tests"), "of \\xff\\xfe\\u{1b} tests");
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(shown(&"n".repeat(SHOWN)).len(), SHOWN);
        let cut = shown(&"n".repeat(SHOWN + 7));
        assert!(cut.ends_with("n.. (7 characters more)"), "{cut}");
    }

    #[test]
    fn short_strings_are_printable_or_none() {
        assert_eq!(short_string(Felt::from_bytes_be_slice(b"SN_MAIN x")), Some("SN_MAIN x".to_owned()));
        for bytes in [&b""[..], b"\x1b[2J", b"a\x9bb", &[1; 32]] {
            assert_eq!(short_string(Felt::from_bytes_be_slice(bytes)), None);
        }
    }

    #[test]
    fn byte_arrays_are_read_as_cairo_writes_them() {
        for length in [0, 1, 30, 31, 32, 62, 1_024] {
            let bytes = vec![b'x'; length];
            let mut felts = Vec::new();
            ByteArray::from(bytes.clone()).encode(&mut felts).unwrap();
            felts.push(Felt::from(9));
            let mut rest = felts.iter();
            assert_eq!(byte_array(&mut rest), Some(bytes), "{length}");
            assert_eq!(rest.as_slice(), [Felt::from(9)]);
        }
    }

    #[test]
    fn byte_arrays_that_cairo_would_not_write_are_none() {
        let none = |felts: &[Felt]| assert_eq!(byte_array(&mut felts.iter()), None, "{felts:?}");
        let (zero, one) = (Felt::ZERO, Felt::ONE);
        // More words than there are, or than there may be; memory for them would end the process.
        for words in [Felt::TWO, Felt::from(u64::MAX), Felt::from(1u64 << 58), Felt::MAX] {
            none(&[words, one, zero, zero]);
        }
        let long = vec![zero; 200];
        none(&[&[Felt::from(MOST_WORDS + 1)], &long[..]].concat());
        assert!(byte_array(&mut [&[Felt::from(MOST_WORDS)], &long[..]].concat().iter()).is_some());
        // A last word that is not shorter than a whole one, or is longer than it says.
        for length in [Felt::from(31), Felt::from(33), Felt::from(u64::MAX), Felt::MAX] {
            none(&[zero, zero, length]);
        }
        none(&[zero, one, zero]);
        none(&[one, Felt::from_bytes_be_slice(&[1; 32]), zero, zero]);
        none(&[]);
        none(&[zero, zero]);
    }
}
