//! Tokens of Rust, as far as imports need them: identifiers, `::`, and groups in brackets. Comments are gone, and strings are opaque.

/// A token, or the tokens between two brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tree {
    /// A name, a keyword or a lifetime's name; `raw` ones are never keywords.
    Ident { name: String, raw: bool },
    /// `::`
    PathSeparator,
    /// Another sign.
    Punct(char),
    /// The text of a string without its quotes. Escapes are left as they are.
    Text(String),
    /// A number, a character or a lifetime: nothing that names a thing.
    Other,
    /// A group with its opening bracket.
    Group(char, Vec<Token>),
}

/// A token with the line that it begins on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub tree: Tree,
    pub line: usize,
}

impl Token {
    /// Whether it is this keyword.
    pub fn is_keyword(&self, keyword: &str) -> bool {
        matches!(&self.tree, Tree::Ident { name, raw: false } if name == keyword)
    }

    /// The name, if it is one.
    pub fn ident(&self) -> Option<&str> {
        match &self.tree {
            Tree::Ident { name, .. } => Some(name),
            _ => None,
        }
    }

    /// Whether it is this sign.
    pub fn is_punct(&self, sign: char) -> bool {
        self.tree == Tree::Punct(sign)
    }

    /// The tokens of a group with this opening bracket.
    pub fn group(&self, bracket: char) -> Option<&[Token]> {
        match &self.tree {
            Tree::Group(opening, tokens) if *opening == bracket => Some(tokens),
            _ => None,
        }
    }
}

/// The token trees of a source file.
///
/// # Errors
/// A bracket, a string or a comment is not closed, with its line.
pub(super) fn read(source: &str) -> Result<Vec<Token>, String> {
    let mut lexer = Lexer { characters: source.chars().collect(), position: 0, line: 1 };
    if source.starts_with("#!") && !source[2..].trim_start().starts_with('[') {
        lexer.skip_line();
    }
    let mut open: Vec<(char, usize, Vec<Token>)> = Vec::new();
    let mut tokens = Vec::new();
    loop {
        lexer.skip_blanks()?;
        let Some(character) = lexer.peek(0) else { break };
        let line = lexer.line;
        let tree = match character {
            '(' | '[' | '{' => {
                lexer.advance();
                open.push((character, line, std::mem::take(&mut tokens)));
                continue;
            }
            ')' | ']' | '}' => {
                lexer.advance();
                let (bracket, line, before) = open.pop().ok_or(format!("line {line}: `{character}` closes nothing"))?;
                let inner = std::mem::replace(&mut tokens, before);
                tokens.push(Token { tree: Tree::Group(bracket, inner), line });
                continue;
            }
            _ => lexer.tree(character)?,
        };
        tokens.push(Token { tree, line });
    }
    match open.pop() {
        Some((bracket, line, _)) => Err(format!("line {line}: `{bracket}` is not closed")),
        None => Ok(tokens),
    }
}

/// All identifiers of a source file with their lines, keywords included; none from comments and strings.
///
/// # Errors
/// A bracket, a string or a comment is not closed.
pub fn identifiers(source: &str) -> Result<Vec<(String, usize)>, String> {
    fn collect(tokens: &[Token], found: &mut Vec<(String, usize)>) {
        for token in tokens {
            match &token.tree {
                Tree::Ident { name, .. } => found.push((name.clone(), token.line)),
                Tree::Group(_, inner) => collect(inner, found),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    collect(&read(source)?, &mut found);
    Ok(found)
}

struct Lexer {
    characters: Vec<char>,
    position: usize,
    line: usize,
}

fn begins_ident(character: char) -> bool {
    character == '_' || character.is_alphabetic()
}

fn continues_ident(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.characters.get(self.position + ahead).copied()
    }

    fn advance(&mut self) {
        if self.peek(0) == Some('\n') {
            self.line += 1;
        }
        self.position += 1;
    }

    fn skip_line(&mut self) {
        while self.peek(0).is_some_and(|character| character != '\n') {
            self.advance();
        }
    }

    /// Skips blanks and comments; those in `/* */` nest.
    fn skip_blanks(&mut self) -> Result<(), String> {
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some(blank), _) if blank.is_whitespace() => self.advance(),
                (Some('/'), Some('/')) => self.skip_line(),
                (Some('/'), Some('*')) => {
                    let (line, mut depth) = (self.line, 0);
                    loop {
                        let change: i32 = match (self.peek(0), self.peek(1)) {
                            (Some('/'), Some('*')) => 1,
                            (Some('*'), Some('/')) => -1,
                            (Some(_), _) => 0,
                            (None, _) => return Err(format!("line {line}: the comment is not closed")),
                        };
                        depth += change;
                        (0..=change.abs()).for_each(|_| self.advance());
                        if depth == 0 {
                            break;
                        }
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    fn tree(&mut self, character: char) -> Result<Tree, String> {
        if let Some(text) = self.text()? {
            return Ok(text);
        }
        if character == '\'' || (character == 'b' && self.peek(1) == Some('\'')) {
            self.position += usize::from(character == 'b');
            return Ok(self.character_or_lifetime());
        }
        if begins_ident(character) {
            let raw = character == 'r' && self.peek(1) == Some('#') && self.peek(2).is_some_and(begins_ident);
            if raw {
                self.position += 2;
            }
            return Ok(Tree::Ident { name: self.word(), raw });
        }
        if character.is_ascii_digit() {
            self.word();
            // `1.5`, but neither `0..n` nor `pair.0.name`, whose point stands before a number of its own.
            if self.peek(0) == Some('.') && self.peek(1).is_some_and(|next| next.is_ascii_digit()) {
                self.advance();
                self.word();
            }
            return Ok(Tree::Other);
        }
        self.advance();
        if character == ':' && self.peek(0) == Some(':') {
            self.advance();
            return Ok(Tree::PathSeparator);
        }
        Ok(Tree::Punct(character))
    }

    fn word(&mut self) -> String {
        let start = self.position;
        while self.peek(0).is_some_and(continues_ident) {
            self.advance();
        }
        self.characters[start..self.position].iter().collect()
    }

    /// A string of any kind: `"`, `b"`, `c"`, `r"`, `br#"` and so on.
    fn text(&mut self) -> Result<Option<Tree>, String> {
        let mut ahead = 0;
        while ahead < 2 && matches!(self.peek(ahead), Some('b' | 'c' | 'r')) {
            ahead += 1;
        }
        let is_raw = ahead > 0 && self.peek(ahead - 1) == Some('r');
        let mut hashes = 0;
        while is_raw && self.peek(ahead + hashes) == Some('#') {
            hashes += 1;
        }
        if self.peek(ahead + hashes) != Some('"') {
            return Ok(None);
        }
        let line = self.line;
        self.position += ahead + hashes + 1;
        let start = self.position;
        loop {
            match self.peek(0) {
                None => return Err(format!("line {line}: the string is not closed")),
                Some('"') if (1..=hashes).all(|hash| self.peek(hash) == Some('#')) => break,
                Some('\\') if !is_raw => {
                    self.advance();
                    self.advance();
                }
                Some(_) => self.advance(),
            }
        }
        let text = self.characters[start..self.position].iter().collect();
        self.position += 1 + hashes;
        Ok(Some(Tree::Text(text)))
    }

    /// `'a'` and `'\n'` are characters, `'a` is a lifetime.
    fn character_or_lifetime(&mut self) -> Tree {
        self.advance();
        if self.peek(0) == Some('\\') || self.peek(1) == Some('\'') {
            if self.peek(0) == Some('\\') {
                self.advance();
            }
            self.advance();
            while self.peek(0).is_some_and(|character| character != '\'') {
                self.advance();
            }
            self.advance();
        } else {
            self.word();
        }
        Tree::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(source: &str) -> Vec<String> {
        identifiers(source).unwrap().into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn comments_and_strings_name_nothing() {
        let source = r####"
            #![doc = "crate::a"] // crate::b
            /* crate::c /* nested */ crate::d */
            fn f<'life>(x: &'life str) -> char { g("crate::e \" crate::e", r#"crate::"f"#, b"h", br##"i"# "##, 'j', '\'', b'k', '\u{41}'); x.0.l; 1.5e3; 'm' }
        "####;
        assert_eq!(names(source), ["doc", "fn", "f", "x", "str", "char", "g", "x", "l"]);
    }

    #[test]
    fn raw_identifiers_are_not_keywords() {
        let tokens = read("r#use use r#move").unwrap();
        assert!(!tokens[0].is_keyword("use") && tokens[1].is_keyword("use"));
        assert_eq!(tokens[2].ident(), Some("move"));
    }

    #[test]
    fn lines_are_counted_in_strings_and_comments_too() {
        assert_eq!(identifiers("/*\n*/ a \"\n\\\n\" b\n\nc").unwrap().iter().map(|(_, line)| *line).collect::<Vec<_>>(), [2, 4, 6]);
    }

    #[test]
    fn what_is_not_closed_is_refused_with_its_line() {
        assert_eq!(read("a\n(").unwrap_err(), "line 2: `(` is not closed");
        assert_eq!(read("}").unwrap_err(), "line 1: `}` closes nothing");
        assert_eq!(read("/*").unwrap_err(), "line 1: the comment is not closed");
        assert_eq!(read("\"").unwrap_err(), "line 1: the string is not closed");
    }
}
