//! A page as a person without scripts sees it: text, links, forms and their buttons.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use scraper::{ElementRef, Html, Selector};
use url::Url;

/// A page that was loaded.
#[derive(Debug, Clone)]
pub struct Page {
    /// Where it is, with its fragment.
    pub url: Url,
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its HTML.
    pub html: String,
}

/// A form.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) action: Url,
    pub(crate) post: bool,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) buttons: Vec<Button>,
}

/// A submit button.
#[derive(Debug, Clone)]
pub(crate) struct Button {
    pub(crate) name: Option<String>,
    pub(crate) value: String,
    pub(crate) text: String,
}

impl Button {
    /// Whether a person would call it that: its words, or else its value.
    pub(crate) fn is(&self, choice: &str) -> bool {
        self.value == choice || self.text.to_lowercase().contains(&choice.to_lowercase())
    }
}

fn selector(css: &str) -> Selector {
    Selector::parse(css).expect("a selector of ours")
}

fn words(element: ElementRef<'_>) -> String {
    let text: String = element.text().collect::<Vec<_>>().join(" ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Page {
    fn parsed(&self) -> Html {
        Html::parse_document(&self.html)
    }

    /// The words of a CSS selector's first match; empty when there is none.
    pub fn text_of(&self, css: &str) -> String {
        self.parsed()
            .select(&selector(css))
            .next()
            .map(words)
            .unwrap_or_default()
    }

    /// The words of the page.
    pub fn text(&self) -> String {
        self.text_of("body")
    }

    /// Its title.
    pub fn title(&self) -> String {
        self.text_of("title")
    }

    /// A header as text, empty when absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("")
    }

    /// A query parameter of its URL.
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.url
            .query_pairs()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// The values of an attribute, over the matches of a CSS selector.
    pub fn attributes(&self, css: &str, name: &str) -> Vec<String> {
        let html = self.parsed();
        let css = selector(css);
        html.select(&css)
            .filter_map(|element| element.attr(name))
            .map(str::to_owned)
            .collect()
    }

    /// Whether it has a button that a person would call that.
    pub fn has_button(&self, choice: &str) -> bool {
        self.forms()
            .iter()
            .flat_map(|form| &form.buttons)
            .any(|button| button.is(choice))
    }

    /// The words of every button, in order.
    pub fn buttons(&self) -> Vec<String> {
        self.forms()
            .into_iter()
            .flat_map(|form| form.buttons)
            .map(|button| button.text)
            .collect()
    }

    pub(crate) fn forms(&self) -> Vec<Form> {
        let html = self.parsed();
        let css = selector("form");
        html.select(&css).filter_map(|form| self.form(form)).collect()
    }

    fn form(&self, form: ElementRef<'_>) -> Option<Form> {
        let action = self.url.join(form.attr("action").unwrap_or("")).ok()?;
        let mut fields = Vec::new();
        let mut buttons = Vec::new();
        for element in form.select(&selector("input, button, select, textarea")) {
            let name = element.attr("name").map(str::to_owned);
            let value = element.attr("value").unwrap_or("").to_owned();
            let kind = element.attr("type").unwrap_or("");
            match (element.value().name(), kind) {
                ("button", "" | "submit") => buttons.push(Button {
                    name,
                    value,
                    text: words(element),
                }),
                ("input", "submit") => buttons.push(Button {
                    name,
                    text: value.clone(),
                    value,
                }),
                ("input", "radio" | "checkbox") if element.attr("checked").is_none() => {}
                ("button", _) => {}
                _ => fields.extend(name.map(|name| (name, value))),
            }
        }
        let post = form
            .attr("method")
            .is_some_and(|method| method.eq_ignore_ascii_case("post"));
        Some(Form {
            action,
            post,
            fields,
            buttons,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_have_their_fields_and_buttons() {
        let page = Page {
            url: Url::parse("http://h/a/b?x=1").expect("a URL"),
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            html: r#"<title>T</title><body><p>Hello  <b>there</b></p><form method=post action="c">
                <input type=hidden name=k value="v &amp; w"><input type=checkbox name=no value=1>
                <button name=decision value=approve>Approve <i>it</i></button>
                <button type=button>Not me</button></form>"#
                .to_owned(),
        };
        let forms = page.forms();
        assert_eq!(forms.len(), 1);
        assert_eq!(forms[0].action.as_str(), "http://h/a/c");
        assert!(forms[0].post);
        assert_eq!(forms[0].fields, [("k".to_owned(), "v & w".to_owned())]);
        assert_eq!(page.buttons(), ["Approve it"]);
        assert!(page.has_button("approve") && !page.has_button("Not me"));
        assert_eq!(
            (page.title().as_str(), page.text_of("p").as_str()),
            ("T", "Hello there")
        );
    }
}
