//! What a single character does to the text around it.

use unicode_properties::{GeneralCategory, UnicodeEmoji as _, UnicodeGeneralCategory as _};

const NON_JOINER: char = '\u{200C}';
const JOINER: char = '\u{200D}';

/// Anything that separates words or lines, and the blank Braille cell, which looks like it.
pub(super) fn is_space(letter: char) -> bool {
    letter.is_whitespace() || letter == '\u{2800}'
}

pub(super) fn is_joiner(letter: char) -> bool {
    matches!(letter, NON_JOINER | JOINER)
}

/// Selects a glyph of the character before it.
pub(super) fn is_variation(letter: char) -> bool {
    matches!(letter, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

pub(super) fn is_mark(letter: char) -> bool {
    matches!(
        letter.general_category(),
        GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark
    )
}

/// Whether nothing of it can be seen, or what can be seen is up to a font of somebody's own.
pub(super) fn is_hidden(letter: char) -> bool {
    match letter.general_category() {
        GeneralCategory::Control | GeneralCategory::PrivateUse | GeneralCategory::Surrogate => true,
        GeneralCategory::Format => !is_visible_format(letter),
        // Default_Ignorable_Code_Point without a category that says so, and noncharacters.
        _ => {
            matches!(
                letter,
                '\u{034F}'
                    | '\u{115F}'
                    | '\u{1160}'
                    | '\u{17B4}'
                    | '\u{17B5}'
                    | '\u{180B}'..='\u{180F}'
                    | '\u{2065}'
                    | '\u{3164}'
                    | '\u{FDD0}'..='\u{FDEF}'
                    | '\u{FFA0}'
                    | '\u{FFF0}'..='\u{FFF8}'
                    | '\u{1D159}'
                    | '\u{E0000}'..='\u{E0FFF}'
            ) || u32::from(letter) & 0xFFFE == 0xFFFE
        }
    }
}

/// Format characters with a glyph: the signs of Arabic, Syriac and Kaithi that enclose or precede a number.
fn is_visible_format(letter: char) -> bool {
    matches!(
        letter,
        '\u{0600}'
            ..='\u{0605}'
                | '\u{06DD}'
                | '\u{070F}'
                | '\u{0890}'
                | '\u{0891}'
                | '\u{08E2}'
                | '\u{110BD}'
                | '\u{110CD}'
    )
}

/// Whether a joiner or a variation selector has a use between its neighbors.
pub(super) fn belongs(letter: char, last: char, next: Option<char>) -> bool {
    match letter {
        JOINER => next.is_some_and(|next| {
            (is_of_emoji(last) && is_emoji(next)) || (is_joined(last) && is_joined(next))
        }),
        NON_JOINER => is_joined(last) && next.is_some_and(is_joined),
        // Text or emoji style, e.g. of a heart or a key cap.
        '\u{FE0E}' | '\u{FE0F}' => is_emoji(last) || matches!(last, '0'..='9' | '#' | '*'),
        // Ideographic variation sequences: the spelling of Japanese family names.
        '\u{E0100}'..='\u{E01EF}' => {
            matches!(last, '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
        }
        _ => false,
    }
}

fn is_emoji(letter: char) -> bool {
    !letter.is_ascii() && letter.is_emoji_char()
}

/// An emoji (a skin tone is one too), or the style at its end.
fn is_of_emoji(letter: char) -> bool {
    is_emoji(letter) || letter == '\u{FE0F}'
}

/// Letters and marks of the scripts that are spelled with joiners: Arabic, Syriac, N'Ko, Mandaic, Mongolian, those of
/// India and its neighbors.
fn is_joined(letter: char) -> bool {
    matches!(
        letter,
        '\u{0620}'..='\u{07FF}' | '\u{0840}'..='\u{0DFF}' | '\u{0F00}'..='\u{109F}' | '\u{1780}'..='\u{18AF}'
            | '\u{1B00}'..='\u{1BFF}' | '\u{A800}'..='\u{A8FF}' | '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}'
            | '\u{11000}'..='\u{11FFF}'
    ) && letter != '\u{061C}'
}
