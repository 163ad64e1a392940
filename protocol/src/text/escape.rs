//! Terminal sequences (ECMA-48): taken out whole, so that no `[2J` is left to be wondered at.

const ESC: char = '\u{1B}';
const BEL: char = '\u{7}';

/// The characters of `text` that belong to no sequence. Control characters that begin none are left in.
pub(super) fn without_sequences(text: &str) -> impl Iterator<Item = char> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let letter = rest.chars().next()?;
            let after = &rest[letter.len_utf8()..];
            if let Some(end) = end_of_sequence(letter, after) {
                rest = end;
            } else {
                rest = after;
                return Some(letter);
            }
        }
    })
}

/// What follows the sequence that `letter` begins; `None` when it begins none.
fn end_of_sequence(letter: char, after: &str) -> Option<&str> {
    match letter {
        ESC => Some(match after.chars().next() {
            Some('[') => control(&after[1..]),
            Some(']' | 'P' | 'X' | '^' | '_') => string(&after[1..]),
            // `ESC`, intermediate bytes, a final byte.
            Some(' '..='/') => final_byte(after.trim_start_matches(|c| matches!(c, ' '..='/'))),
            _ => final_byte(after),
        }),
        '\u{9B}' => Some(control(after)),
        '\u{90}' | '\u{98}' | '\u{9D}'..='\u{9F}' => Some(string(after)),
        _ => None,
    }
}

/// CSI: parameters, intermediate bytes, a final byte.
fn control(after: &str) -> &str {
    let rest = after.trim_start_matches(|c| matches!(c, '0'..='?'));
    let rest = rest.trim_start_matches(|c| matches!(c, ' '..='/'));
    match rest.chars().next() {
        Some('@'..='~') => &rest[1..],
        _ => rest,
    }
}

/// OSC, DCS and the like end with ST or BEL. One without an end takes nothing with it: a terminal would wait for more,
/// but a name must not vanish.
fn string(after: &str) -> &str {
    let end = after.char_indices().find_map(|(at, letter)| match letter {
        BEL | '\u{9C}' => Some(at + letter.len_utf8()),
        ESC if after[at + 1..].starts_with('\\') => Some(at + 2),
        _ => None,
    });
    end.map_or(after, |end| &after[end..])
}

fn final_byte(after: &str) -> &str {
    match after.chars().next() {
        Some('0'..='~') => &after[1..],
        _ => after,
    }
}
