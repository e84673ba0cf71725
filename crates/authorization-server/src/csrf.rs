//! Whether a form came from our own page: two independent proofs (ATK-091).

use http::{HeaderMap, HeaderValue, header};
use jose::digest::{base64url, constant_time_eq, hmac_sha256};

/// The hidden field of every form: made from the browser's own cookie, which no other site can read.
pub fn token(browser: &str) -> String {
    base64url(&hmac_sha256(browser.as_bytes(), b"vneid form"))
}

pub fn token_matches(browser: &str, presented: &str) -> bool {
    constant_time_eq(token(browser).as_bytes(), presented.as_bytes())
}

/// What the browser itself says about where the form stood. Silence is allowed: older browsers send
/// neither header, and the token is asked for in any case.
pub fn from_own_page(headers: &HeaderMap, own_origin: &str) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    let own_site = matches!(site, None | Some(b"same-origin" | b"none"));
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let own = match origins.next().map(HeaderValue::as_bytes) {
        None => true,
        // Some browsers hide the origin after a redirect; then only the fetch metadata counts.
        Some(b"null") => site.is_some(),
        Some(origin) => origin == own_origin.as_bytes(),
    };
    own_site && own && origins.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn came(origin: Option<&'static str>, site: Option<&'static str>) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        }
        if let Some(site) = site {
            headers.insert("sec-fetch-site", HeaderValue::from_static(site));
        }
        from_own_page(&headers, "https://id.vn")
    }

    #[test]
    fn only_forms_of_our_own_origin_are_taken() {
        // ATK-091
        assert!(came(Some("https://id.vn"), Some("same-origin")));
        assert!(came(Some("https://id.vn"), None));
        assert!(came(None, Some("same-origin")));
        assert!(came(None, None));
        assert!(came(Some("null"), Some("same-origin")));
        for (origin, site) in [
            (Some("null"), None),
            (Some("null"), Some("cross-site")),
            (Some("https://evil.vn"), None),
            (Some("https://evil.vn"), Some("same-origin")),
            (Some("https://id.vn"), Some("cross-site")),
            (Some("https://id.vn"), Some("same-site")),
            (Some("http://id.vn"), None),
            (Some("https://id.vn:8443"), None),
            (None, Some("cross-site")),
            (None, Some("same-site")),
        ] {
            assert!(!came(origin, site), "{origin:?} {site:?}");
        }
    }

    #[test]
    fn two_origins_are_no_origin() {
        let own = HeaderValue::from_static("https://id.vn");
        let mut headers = HeaderMap::new();
        headers.append(header::ORIGIN, own.clone());
        headers.append(header::ORIGIN, own);
        assert!(!from_own_page(&headers, "https://id.vn"));
    }

    #[test]
    fn the_token_of_one_browser_is_worthless_in_another() {
        // ATK-091
        assert!(token_matches("browser-a", &token("browser-a")));
        assert!(!token_matches("browser-b", &token("browser-a")));
        assert!(!token_matches("browser-a", ""));
    }
}
