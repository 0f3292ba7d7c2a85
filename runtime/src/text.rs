//! Text that anybody may have written, made safe to show.

/// Whether a character does more than show itself: it controls a terminal, ends a line, or turns the direction of writing.
pub fn is_active(character: char) -> bool {
    let turns = matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    character.is_control() || turns || matches!(character, '\u{2028}' | '\u{2029}')
}

/// The same text on one line, in which no character does more than show itself: others are escaped as in Rust, `\n` or `\u{1b}`.
pub fn inert(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_active(character) { shown.extend(character.escape_debug()) } else { shown.push(character) }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_is_escaped_and_the_rest_stays() {
        assert_eq!(inert("a\u{1b}[2J\nb\u{9b}31m\u{7}\u{7f}\t\0"), "a\\u{1b}[2J\\nb\\u{9b}31m\\u{7}\\u{7f}\\t\\0");
        for turning in ['\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}', '\u{200f}', '\u{61c}', '\u{2028}'] {
            assert_eq!(inert(&turning.to_string()), format!("\\u{{{:x}}}", u32::from(turning)));
        }
        // Accents of their own, as the names of files on a Mac have them, and scripts that are written with joiners.
        let text = "nä me \"x\" 'y' \\ 模型 e\u{301} क्\u{200d}ष";
        assert_eq!(inert(text), text);
    }
}
