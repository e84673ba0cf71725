//! What surrounds every page: its language, its texts, and where it stands.

use super::assets;
use super::texts::{Language, Texts, text_arguments};
use fluent_bundle::FluentArgs;

/// The setting of one rendering. Templates reach it as `frame`.
pub struct Frame<'a> {
    texts: &'a Texts,
    language: Language,
    here: &'a str,
}

impl<'a> Frame<'a> {
    /// `here` is the path and query that would show this page again by GET; the language links
    /// are made from it. Anything that is not a path of this server becomes `/`.
    pub fn new(texts: &'a Texts, language: Language, here: &'a str) -> Self {
        Self { texts, language, here: if is_local(here) { here } else { "/" } }
    }

    /// A text by its id.
    pub fn t(&self, id: &str) -> String {
        self.texts.say(self.language, id, None)
    }

    /// A text with named strings in it. The template escapes the result, so they may hold anything.
    pub fn t_with(&self, id: &str, arguments: &[(&str, &str)]) -> String {
        self.texts.say(self.language, id, Some(&text_arguments(arguments)))
    }

    /// A text with a number in it, called `$count`, which chooses the plural.
    pub fn t_count(&self, id: &str, count: u32) -> String {
        let mut arguments = FluentArgs::new();
        arguments.set("count", count);
        self.texts.say(self.language, id, Some(&arguments))
    }

    pub fn language(&self) -> Language {
        self.language
    }

    /// A waiting time in words: seconds up to two minutes, minutes up to two hours, rounded up.
    pub fn wait(&self, seconds: u32) -> String {
        if seconds < 120 {
            self.t_count("wait-seconds", seconds.max(1))
        } else if seconds < 7200 {
            self.t_count("wait-minutes", seconds.div_ceil(60))
        } else {
            self.t_count("wait-hours", seconds.div_ceil(3600))
        }
    }

    /// The links that show this page in each language.
    pub fn languages(&self) -> Vec<LanguageLink> {
        Language::ALL
            .into_iter()
            .map(|language| LanguageLink {
                language,
                href: with_language(self.here, language),
                is_current: language == self.language,
            })
            .collect()
    }

    pub fn stylesheet(&self) -> String {
        assets::STYLESHEET.url()
    }

    pub fn emblem(&self) -> String {
        assets::EMBLEM.url()
    }

    pub fn app_login_script(&self) -> String {
        assets::APP_LOGIN.url()
    }

    pub fn form_post_script(&self) -> String {
        assets::FORM_POST.url()
    }

    pub fn passkey_script(&self) -> String {
        assets::PASSKEY.url()
    }
}

/// One entry of the language switch.
pub struct LanguageLink {
    pub language: Language,
    pub href: String,
    pub is_current: bool,
}

/// A link made from `here` must not leave this server: browsers read `//host` and `/\host` as
/// another host and drop control characters before they look (ATK-011).
fn is_local(here: &str) -> bool {
    here.starts_with('/')
        && !here.starts_with("//")
        && !here.contains('\\')
        && !here.chars().any(char::is_control)
}

/// `here` with `ui_locales` replaced, never repeated: a repeated parameter is an error at
/// `/authorize` (RFC 6749 §3.1).
fn with_language(here: &str, language: Language) -> String {
    let here = here.split('#').next().unwrap_or_default();
    let (path, query) = here.split_once('?').unwrap_or((here, ""));
    let mut kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && pair.split('=').next() != Some("ui_locales"))
        .collect();
    let wish = format!("ui_locales={}", language.tag());
    kept.push(&wish);
    format!("{path}?{}", kept.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_link_keeps_the_query_and_replaces_only_the_language() {
        let link = with_language("/login?a=1&ui_locales=vi%20en&b=ui_locales", Language::En);
        assert_eq!(link, "/login?a=1&b=ui_locales&ui_locales=en");
        assert_eq!(with_language("/login", Language::Vi), "/login?ui_locales=vi");
    }

    // ATK-011
    #[test]
    fn the_language_link_never_leaves_this_server() {
        let texts = Texts::embedded().unwrap();
        for here in ["//evil.example", "/\\evil.example", "/\t/evil", "https://evil.example", ""] {
            for link in Frame::new(&texts, Language::Vi, here).languages() {
                assert!(link.href.starts_with("/?"), "{here} became {}", link.href);
            }
        }
    }

    #[test]
    fn waiting_times_round_up_and_are_short_to_read() {
        let texts = Texts::embedded().unwrap();
        let frame = Frame::new(&texts, Language::En, "/");
        assert_eq!(frame.wait(1), "1 second");
        assert_eq!(frame.wait(119), "119 seconds");
        assert_eq!(frame.wait(121), "3 minutes");
        assert_eq!(frame.wait(7199), "120 minutes");
        assert_eq!(frame.wait(86_399), "24 hours");
    }
}
