//! Text that somebody else wrote, made safe to show.
//!
//! Names of accounts, teams, hosts, editors and machines, and messages of servers and third parties, are an attacker's
//! text until proven otherwise. [`shown`] is the one place that makes it safe for a terminal, a log line, a page and a
//! message box alike: no terminal commands (CWE-150), no reordering and nothing invisible (CWE-451, CWE-1007, Unicode
//! TR36 and TR39), one line, a bounded length. What a surface reads as markup (HTML, Markdown) is the surface's own to
//! escape. [`web_link`] does the same for links.

use serde_json::Value;

mod escape;
mod letter;
mod link;
pub mod log;
mod parser;

pub use link::{MAX_LINK, web_link};
pub use parser::without_values;

/// How many characters of a text are shown, an ellipsis included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(usize);

impl Limit {
    /// A name: of a person, team, account, host, editor or machine. At most 400 bytes.
    pub const NAME: Self = Self(100);
    /// An e-mail address or the name of a host (RFC 5321 §4.5.3.1).
    pub const ADDRESS: Self = Self(255);
    /// A message of a server or third party.
    pub const MESSAGE: Self = Self(600);

    /// At most `characters`; at least one.
    pub const fn of(characters: usize) -> Self {
        Self(if characters == 0 { 1 } else { characters })
    }

    /// The number of characters.
    pub const fn characters(self) -> usize {
        self.0
    }
}

/// A base letter carries at most so many marks: UTS #39 §5.4 takes more for an attack on the lines above and below.
const MAX_MARKS: usize = 4;

/// `text` as one line that shows what it says and does nothing else; empty when nothing of it can be seen.
///
/// Kept are letters of every script with their marks, symbols and emoji. The joiners U+200C and U+200D stay between
/// letters of the scripts that are spelled with them (Arabic, Persian, the scripts of India) and within emoji (families,
/// professions); anywhere else they only make two equal-looking names different. Removed are terminal sequences, control,
/// bidirectional and other invisible characters, tags, private-use characters and marks without a base.
pub fn shown(text: &str, limit: Limit) -> String {
    let mut line = Line::new(limit);
    let mut letters = escape::without_sequences(text).peekable();
    while let Some(letter) = letters.next() {
        if !line.push(letter, letters.peek().copied()) {
            break;
        }
    }
    line.finish()
}

/// A name: as [`shown`], or `placeholder` when nothing of it can be seen.
pub fn name(text: &str, placeholder: &str) -> String {
    let name = shown(text, Limit::NAME);
    if name.is_empty() {
        placeholder.to_owned()
    } else {
        name
    }
}

/// Text of several lines, without what [`shown`] takes out; lines, spaces and length stay.
///
/// For a terminal's output and for a log, whose writers know where a line of theirs ends, and for messages of people.
pub fn safe_lines(text: &str) -> String {
    let text: String = escape::without_sequences(text).collect();
    let mut safe = String::with_capacity(text.len());
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            safe.push('\n');
        }
        for word in line.split(' ') {
            safe.push_str(&shown(word, Limit(usize::MAX)));
            safe.push(' ');
        }
        safe.pop();
    }
    safe
}

/// Makes every text in `value` safe to show, keys aside.
pub fn safe_json(value: &mut Value) {
    match value {
        Value::String(text) => *text = safe_lines(text),
        Value::Array(items) => items.iter_mut().for_each(safe_json),
        Value::Object(map) => map.values_mut().for_each(safe_json),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

struct Line {
    text: String,
    characters: usize,
    limit: usize,
    /// A space is due before the next visible character.
    space: bool,
    marks: usize,
    last: Option<char>,
}

impl Line {
    fn new(Limit(limit): Limit) -> Self {
        Self {
            text: String::new(),
            characters: 0,
            limit,
            space: false,
            marks: 0,
            last: None,
        }
    }

    /// Takes the next character; `false` once the line is full.
    fn push(&mut self, letter: char, next: Option<char>) -> bool {
        if letter::is_space(letter) {
            self.space = !self.text.is_empty();
            self.last = None;
            return true;
        }
        if letter::is_joiner(letter) || letter::is_variation(letter) {
            let kept = self.last.is_some_and(|last| letter::belongs(letter, last, next));
            return !kept || self.add(letter);
        }
        if letter::is_hidden(letter) {
            return true;
        }
        if letter::is_mark(letter) {
            // A mark without a base would change the character that a caller writes before this text.
            if self.last.is_none() || self.marks == MAX_MARKS {
                return true;
            }
            self.marks += 1;
        } else {
            self.marks = 0;
        }
        self.add(letter)
    }

    fn add(&mut self, letter: char) -> bool {
        let needed = usize::from(self.space) + 1;
        if self.characters.saturating_add(needed) > self.limit {
            self.shorten();
            return false;
        }
        if std::mem::take(&mut self.space) {
            self.text.push(' ');
        }
        self.text.push(letter);
        self.characters += needed;
        self.last = Some(letter);
        true
    }

    /// Makes room for the ellipsis.
    fn shorten(&mut self) {
        if self.characters == self.limit {
            self.text.pop();
        }
        self.trim();
        self.text.push('…');
    }

    fn trim(&mut self) {
        let end = |letter| letter == ' ' || letter::is_joiner(letter);
        self.text.truncate(self.text.trim_end_matches(end).len());
    }

    fn finish(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests;
