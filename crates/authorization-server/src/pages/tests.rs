//! What holds for every page, in every language, with every face it has.

use super::samples;
use super::texts::{Language, Texts};
use super::{Frame, Page, assets};

const HERE: &str = "/login?interaction=abc";

/// Runs `check` on the HTML of every face in both languages.
fn every_page(check: impl Fn(&str, &str, Language)) {
    let texts = Texts::embedded().unwrap();
    for (name, page) in samples::all() {
        for language in Language::ALL {
            let html = page.render(&Frame::new(&texts, language, HERE)).unwrap();
            check(name, &html, language);
        }
    }
}

/// The tags called `name`, from `<` to `>`.
fn tags<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let open = format!("<{name}");
    html.match_indices(&open)
        .map(|(at, _)| &html[at..])
        .filter(|rest| rest[open.len()..].starts_with([' ', '>']))
        .map(|rest| &rest[..=rest.find('>').unwrap()])
        .collect()
}

/// The value of an attribute of a tag.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()
}

fn page_called(name: &str) -> Box<dyn Page> {
    samples::all().into_iter().find(|(found, _)| *found == name).unwrap().1
}

fn html_of(name: &str) -> String {
    let texts = Texts::embedded().unwrap();
    page_called(name).render(&Frame::new(&texts, Language::Vi, HERE)).unwrap()
}

/// What is looked at for accessibility in a browser (`tests/e2e/axe.test.mjs`) is what stands in
/// `samples::all`.
#[test]
fn no_page_is_missing_among_the_samples() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pages");
    let mut pages = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            pages += source.lines().filter(|line| line.starts_with("page!(")).count();
        }
    }
    let looked_at = include_str!("samples.rs").matches(">(&mut all);").count();
    assert_eq!(pages, looked_at, "a page is missing in samples::all");
}

#[test]
fn every_page_names_its_language_has_one_heading_and_no_missing_text() {
    every_page(|name, html, language| {
        assert!(html.contains(&format!("<html lang=\"{}\">", language.tag())), "{name}");
        assert_eq!(tags(html, "h1").len(), 1, "{name}");
        assert!(!html.contains('⟦'), "{name} lacks a text: {html}");
        assert!(html.contains("href=\"#main\"") && html.contains("id=\"main\""), "{name}");
    });
}

#[test]
fn every_visible_input_has_a_label_and_every_image_an_alternative() {
    every_page(|name, html, _| {
        for input in tags(html, "input") {
            let hidden = attribute(input, "type") == Some("hidden");
            let id = attribute(input, "id").unwrap_or_default();
            assert!(hidden || html.contains(&format!("<label for=\"{id}\"")), "{name}: {input}");
        }
        for image in tags(html, "img") {
            assert!(attribute(image, "alt").is_some(), "{name}: {image}");
        }
    });
}

#[test]
fn every_id_is_unique_and_every_reference_to_an_id_has_its_target() {
    every_page(|name, html, _| {
        let ids: Vec<&str> =
            html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        for id in &ids {
            assert_eq!(ids.iter().filter(|other| *other == id).count(), 1, "{name}: {id}");
        }
        for kind in [" href=\"#", " aria-describedby=\"", " aria-labelledby=\""] {
            for list in html.split(kind).skip(1).filter_map(|rest| rest.split('"').next()) {
                for target in list.split(' ') {
                    assert!(ids.contains(&target), "{name}: {kind}{target} leads nowhere");
                }
            }
        }
    });
}

// ATK-122: the content security policy has no 'unsafe-inline' to lean on.
#[test]
fn no_page_carries_inline_style_or_script() {
    every_page(|name, html, _| {
        assert!(!html.contains("<style") && !html.contains(" style="), "{name}");
        assert!(!html.contains("javascript:"), "{name}");
        for script in tags(html, "script") {
            assert!(attribute(script, "src").unwrap().starts_with("/assets/"), "{name}: {script}");
        }
        let words = html.split([' ', '\n']).filter(|word| word.contains("=\""));
        for word in words {
            assert!(!word.starts_with("on"), "{name} has a handler: {word}");
        }
    });
}

// ATK-122
#[test]
fn names_and_values_of_others_are_shown_as_text() {
    assert!(html_of("consents").contains("&#60;Đắk Nông&#62;"));
    assert!(!html_of("form-post").contains("<script>"));
}

// ATK-091
#[test]
fn every_form_that_changes_something_carries_the_csrf_value() {
    every_page(|name, html, _| {
        for form in html.split("<form").skip(1).filter(|_| name != "form-post") {
            let form = form.split("</form>").next().unwrap();
            assert!(form.contains("name=\"csrf\" value=\"sample-csrf\""), "{name}: {form}");
            assert!(form.contains("method=\"post\""), "{name}: {form}");
        }
    });
}

// op-traps 26: examiners and browsers find their way by these.
#[test]
fn the_stable_ids_are_where_people_and_machines_expect_them() {
    for (page, ids) in [
        ("login", vec!["username", "password", "sign-in", "use-passkey"]),
        ("totp", vec!["totp", "verify"]),
        ("consent", vec!["approve", "deny"]),
        ("select-account", vec!["account-a1", "use-another-account"]),
        ("logout", vec!["logout-yes", "logout-no"]),
        ("error-internal", vec!["request-id"]),
        ("form-post", vec!["form-post", "continue"]),
        ("sessions", vec!["end-session-s1", "end-session-s2", "end-other-sessions"]),
        ("consents", vec!["withdraw-c1"]),
        ("password", vec!["current-password", "new-password", "new-password-again"]),
        ("enrol-totp", vec!["qr", "secret", "totp", "confirm-totp"]),
        ("passkey", vec!["passkey", "use-passkey", "passkey-fault", "other-ways"]),
        ("passkeys", vec!["passkey", "add-passkey", "name", "rename-k1", "remove-k1"]),
    ] {
        let html = html_of(page);
        for id in ids {
            assert!(html.contains(&format!(" id=\"{id}\"")), "{page} lacks {id}");
        }
    }
}

#[test]
fn a_faulty_field_is_marked_and_the_summary_leads_to_it() {
    let html = html_of("totp-wrong");
    assert!(html.contains("<title>Lỗi: "));
    assert!(html.contains("<a href=\"#totp\">"));
    let field = tags(&html, "input").pop().unwrap();
    assert_eq!(attribute(field, "aria-invalid"), Some("true"));
    assert_eq!(attribute(field, "aria-describedby"), Some("totp-hint totp-fault"));
}

// Law 91/2025: silence is not consent.
#[test]
fn nothing_is_ticked_before_the_citizen_ticks_it() {
    let html = html_of("consent-everything");
    assert!(html.contains("type=\"checkbox\""));
    assert!(!html.contains("checked"));
}

// ATK-098
#[test]
fn a_wrong_login_keeps_the_name_and_never_the_password() {
    let html = html_of("login-wrong");
    let inputs = tags(&html, "input");
    let called = |id| *inputs.iter().find(|tag| attribute(tag, "id") == Some(id)).unwrap();
    assert_eq!(attribute(called("username"), "value"), Some("001085000123"));
    assert_eq!(attribute(called("password"), "value"), None);
}

#[test]
fn every_page_but_the_unrepeatable_one_offers_the_other_language() {
    every_page(|name, html, language| {
        let other = if language == Language::Vi { "en" } else { "vi" };
        let link = format!("href=\"/login?interaction=abc&#38;ui_locales={other}\"");
        assert_eq!(html.contains(&link), name != "form-post", "{name}");
    });
}

#[test]
fn busy_and_unavailable_pages_say_when_to_come_back() {
    assert!(html_of("error-too-busy").contains("20 giây"));
    assert!(html_of("error-unavailable").contains("5 phút"));
}

#[test]
fn pages_look_as_they_did() {
    for name in ["login-wrong", "consent", "form-post", "error-internal"] {
        // A page stays the same page when only the look of its files changes.
        let html = [&assets::STYLESHEET, &assets::EMBLEM, &assets::FORM_POST, &assets::PASSKEY]
            .iter()
            .fold(html_of(name), |html, asset| html.replace(&asset.url(), asset.path));
        insta::assert_snapshot!(name, html);
    }
}
