//! Languages, and the sentences of the pages in each.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// A language the pages speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// Vietnamese: the default, and what anybody gets who asks for something we do not speak.
    #[default]
    Vi,
    En,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::Vi, Self::En];

    /// The BCP 47 tag, also the value of the language cookie and of `ui_locales` in our links.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Vi => "vi",
            Self::En => "en",
        }
    }

    /// What the language calls itself.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::Vi => "Tiếng Việt",
            Self::En => "English",
        }
    }

    /// Reads a BCP 47 tag by its primary subtag: `en-GB` is English.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| primary.eq_ignore_ascii_case(language.tag()))
    }

    /// The request's own wish first (`ui_locales`, OpenID Connect Core §3.1.2.1), then what the
    /// citizen chose here before, then the browser's header. A wish we cannot meet is never an
    /// error (op-traps 6).
    pub fn negotiate(
        ui_locales: &[String],
        cookie: Option<&str>,
        accept_language: Option<&str>,
    ) -> Self {
        ui_locales
            .iter()
            .find_map(|tag| Self::from_tag(tag))
            .or_else(|| cookie.and_then(Self::from_tag))
            .or_else(|| accept_language.and_then(Self::from_header))
            .unwrap_or_default()
    }

    /// The best-weighted language of an `Accept-Language` header (RFC 9110 §12.5.4). Among equal
    /// weights the first wins; ranges beyond the sixteenth are not looked at.
    fn from_header(header: &str) -> Option<Self> {
        let mut best: Option<(Self, f32)> = None;
        for range in header.split(',').take(16) {
            let mut parts = range.split(';');
            let Some(language) = parts.next().and_then(Self::from_tag) else { continue };
            let weight = parts
                .find_map(|parameter| parameter.trim().strip_prefix("q="))
                .map_or(1.0, |weight| weight.trim().parse().unwrap_or(0.0));
            if weight > best.map_or(0.0, |(_, weight)| weight) {
                best = Some((language, weight));
            }
        }
        best.map(|(language, _)| language)
    }
}

/// The embedded files, language by language.
const FILES: [(Language, &[(&str, &str)]); 2] = [
    (
        Language::Vi,
        &[
            ("vi/common.ftl", include_str!("../../locales/vi/common.ftl")),
            ("vi/login.ftl", include_str!("../../locales/vi/login.ftl")),
            ("vi/passkey.ftl", include_str!("../../locales/vi/passkey.ftl")),
            ("vi/consent.ftl", include_str!("../../locales/vi/consent.ftl")),
            ("vi/error.ftl", include_str!("../../locales/vi/error.ftl")),
            ("vi/home.ftl", include_str!("../../locales/vi/home.ftl")),
            ("vi/centre.ftl", include_str!("../../locales/vi/centre.ftl")),
        ],
    ),
    (
        Language::En,
        &[
            ("en/common.ftl", include_str!("../../locales/en/common.ftl")),
            ("en/login.ftl", include_str!("../../locales/en/login.ftl")),
            ("en/passkey.ftl", include_str!("../../locales/en/passkey.ftl")),
            ("en/consent.ftl", include_str!("../../locales/en/consent.ftl")),
            ("en/error.ftl", include_str!("../../locales/en/error.ftl")),
            ("en/home.ftl", include_str!("../../locales/en/home.ftl")),
            ("en/centre.ftl", include_str!("../../locales/en/centre.ftl")),
        ],
    ),
];

/// An embedded text file that cannot be read. Only a faulty build has one.
#[derive(Debug, thiserror::Error)]
#[error("text file {file} is faulty: {fault}")]
pub struct TextError {
    file: &'static str,
    fault: String,
}

/// Every sentence in every language. Parsed once, when the server starts.
pub struct Texts {
    vi: FluentBundle<FluentResource>,
    en: FluentBundle<FluentResource>,
}

impl Texts {
    /// Parses the texts that are compiled into the program.
    pub fn embedded() -> Result<Self, TextError> {
        Ok(Self { vi: bundle(Language::Vi)?, en: bundle(Language::En)? })
    }

    /// The sentence `id` with `arguments` put in. A sentence that does not exist shows as `⟦id⟧`:
    /// a page with a hole serves a citizen better than no page, and the tests look for the brackets.
    pub(super) fn say(
        &self,
        language: Language,
        id: &str,
        arguments: Option<&FluentArgs<'_>>,
    ) -> String {
        let bundle = match language {
            Language::Vi => &self.vi,
            Language::En => &self.en,
        };
        let Some(pattern) = bundle.get_message(id).and_then(|message| message.value()) else {
            return format!("⟦{id}⟧");
        };
        let mut faults = Vec::new();
        let sentence = bundle.format_pattern(pattern, arguments, &mut faults);
        if faults.is_empty() { sentence.into_owned() } else { format!("⟦{id}⟧") }
    }
}

/// Arguments that stay text. Digits in them stay as they are: a personal number starts with zeros.
pub(super) fn text_arguments<'a>(pairs: &[(&'a str, &'a str)]) -> FluentArgs<'a> {
    pairs.iter().map(|&(name, value)| (name, FluentValue::from(value))).collect()
}

fn bundle(language: Language) -> Result<FluentBundle<FluentResource>, TextError> {
    let identifier: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![identifier]);
    // Isolation marks would be invisible characters inside names and numbers that people copy.
    bundle.set_use_isolating(false);
    for &(_, files) in FILES.iter().filter(|(of, _)| *of == language) {
        for &(file, text) in files {
            let resource = FluentResource::try_new(text.to_owned())
                .map_err(|(_, faults)| TextError { file, fault: format!("{faults:?}") })?;
            bundle
                .add_resource(resource)
                .map_err(|faults| TextError { file, fault: format!("{faults:?}") })?;
        }
    }
    Ok(bundle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    /// Message id -> the variables its pattern names.
    fn messages(language: Language) -> BTreeMap<&'static str, BTreeSet<&'static str>> {
        let mut messages = BTreeMap::new();
        let mut current = None;
        for (_, files) in FILES.iter().filter(|(of, _)| *of == language) {
            for line in files.iter().flat_map(|(_, text)| text.lines()) {
                if line.starts_with(|first: char| first.is_ascii_lowercase()) {
                    current = line.split(" =").next();
                }
                let Some(id) = current else { continue };
                let variables: &mut BTreeSet<_> = messages.entry(id).or_default();
                if !line.starts_with('#') {
                    variables.extend(line.split('$').skip(1).filter_map(|rest| {
                        rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next()
                    }));
                }
            }
        }
        messages
    }

    #[test]
    fn both_languages_say_the_same_things_about_the_same_variables() {
        assert_eq!(messages(Language::Vi), messages(Language::En));
    }

    #[test]
    fn every_text_is_used_and_every_used_text_exists() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut sources = String::new();
        let mut folders = vec![root.join("templates"), root.join("src/pages")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|it| it == "html" || it == "rs") {
                    sources.push_str(&std::fs::read_to_string(path).unwrap());
                }
            }
        }
        let known = messages(Language::Vi);
        for id in known.keys() {
            assert!(sources.contains(&format!("\"{id}\"")), "{id} is never used");
        }
        for call in ["frame.t(\"", "frame.t_with(\"", "frame.t_count(\""] {
            for id in sources.split(call).skip(1).filter_map(|rest| rest.split('"').next()) {
                assert!(known.contains_key(id), "{id} does not exist");
            }
        }
    }

    #[test]
    fn a_missing_text_shows_its_id_instead_of_failing() {
        let texts = Texts::embedded().unwrap();
        assert_eq!(texts.say(Language::Vi, "no-such-text", None), "⟦no-such-text⟧");
    }

    #[test]
    fn digits_in_text_arguments_keep_their_leading_zeros() {
        let texts = Texts::embedded().unwrap();
        let arguments = text_arguments(&[("party", "001099")]);
        assert!(texts.say(Language::En, "login-asks", Some(&arguments)).contains("001099"));
    }

    #[test]
    fn the_request_then_the_cookie_then_the_browser_choose_the_language() {
        let wish = |tags: &[&str]| tags.iter().map(ToString::to_string).collect::<Vec<_>>();
        let choose = Language::negotiate;
        assert_eq!(choose(&wish(&["fr", "en-GB"]), Some("vi"), Some("vi")), Language::En);
        assert_eq!(choose(&[], Some("en"), Some("vi")), Language::En);
        assert_eq!(choose(&[], None, Some("vi;q=0.3, en-US;q=0.8")), Language::En);
        assert_eq!(choose(&[], None, Some("en;q=0, *")), Language::Vi);
    }

    // op-traps 6: ui_locales=se is never an error.
    #[test]
    fn a_language_we_do_not_speak_becomes_vietnamese() {
        let wish = vec!["se".to_owned()];
        assert_eq!(Language::negotiate(&wish, Some("xx"), Some("fr,;q=")), Language::Vi);
    }
}
