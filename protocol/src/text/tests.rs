use serde::Deserialize;

use url::Url;

use super::*;

#[derive(Deserialize)]
struct Row {
    what: String,
    text: String,
    #[serde(default)]
    repeat: Option<usize>,
    shown: String,
}

#[derive(Deserialize)]
struct Corpus {
    names: Vec<Row>,
    links: Links,
}

#[derive(Deserialize)]
struct Links {
    refused: Vec<String>,
    kept: Vec<String>,
}

fn corpus() -> Corpus {
    serde_json::from_str(include_str!("../../golden/hostile_names.json")).expect("golden JSON")
}

/// CWE-150, CWE-451, CWE-1007.
#[test]
fn hostile_names_are_shown_as_what_they_say_and_names_of_people_survive() {
    for row in corpus().names {
        let text = row.text.repeat(row.repeat.unwrap_or(1));
        let once = shown(&text, Limit::NAME);
        assert_eq!(once, row.shown, "{}", row.what);
        assert_eq!(shown(&once, Limit::NAME), once, "{}: twice", row.what);
    }
}

#[test]
fn a_name_that_nobody_can_see_has_a_placeholder() {
    assert_eq!(name("\u{200B}\u{202E} \u{3164}\u{2800}", "a person"), "a person");
    assert_eq!(name(" eve ", "a person"), "eve");
}

#[test]
fn a_long_text_ends_with_an_ellipsis_within_its_limit() {
    assert_eq!(shown("abcdef", Limit::of(6)), "abcdef");
    assert_eq!(shown("abcdefg", Limit::of(6)), "abcde…");
    assert_eq!(shown("abcd efg", Limit::of(6)), "abcd…");
    assert_eq!(shown("abcdef   ", Limit::of(6)), "abcdef");
    assert_eq!(shown("ab", Limit::of(0)), "…");
    assert!(name(&"\u{1F600}".repeat(900_000), "x").len() <= 400);
}

#[test]
fn lines_and_columns_stay() {
    assert_eq!(
        safe_lines("agent         1\r\n  \u{1b}[31mserver\u{1b}[0m  ok\u{202E}\n"),
        "agent         1\n  server  ok\n"
    );
    assert_eq!(safe_lines(""), "");
}

#[test]
fn links_are_for_a_browser_and_hide_no_site() {
    let Links { refused, kept } = corpus().links;
    for link in refused {
        assert_eq!(web_link(&link), None, "{link}");
    }
    for link in kept {
        assert_eq!(web_link(&link).as_ref().map(Url::as_str), Some(link.as_str()));
    }
    assert_eq!(
        web_link(&format!("https://a.test/{}", "x".repeat(MAX_LINK))),
        None
    );
}

proptest::proptest! {
    #[test]
    fn what_is_shown_is_one_bounded_line_and_stays_as_it_is(
        text in "[\\x00-\\x20a\u{1B}\\[\\]\\\\\u{9B}\u{301}\u{200B}-\u{200F}\u{202A}-\u{202E}\u{FE0F}\u{E0061}\u{1F468}\u{915}\u{94D}\\PC]{0,40}",
        limit in 1..30_usize,
    ) {
        let once = shown(&text, Limit::of(limit));
        proptest::prop_assert!(once.chars().count() <= limit);
        let unsafe_one = once.chars().find(|c| c.is_control() || matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'));
        proptest::prop_assert_eq!(unsafe_one, None);
        proptest::prop_assert_eq!(once.trim(), once.as_str());
        proptest::prop_assert_eq!(shown(&once, Limit::of(limit)), once);
    }
}
