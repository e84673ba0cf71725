//! Who we are to authenticators.

use std::time::Duration;

use protocol::Issuer;
use serde::Deserialize;
use serde::de::IgnoredAny;
use url::Url;
use webauthn_rs_core::WebauthnCore;

use crate::refusal::Fault;

/// Shown by browsers and authenticators.
pub(super) const NAME: &str = "vneid";

/// The relying party of WebAuthn: one origin, and its host as RP id. Both come from the issuer, never
/// from a request (ATK-025, ATK-106).
pub struct Site {
    pub(super) core: WebauthnCore,
    pub(super) rp_id: String,
    origin: String,
}

/// The parts of the client data that the library leaves to us (WebAuthn §7.2 steps 11 to 14).
#[derive(Deserialize)]
struct ClientData {
    origin: String,
    #[serde(default, rename = "crossOrigin")]
    cross_origin: bool,
    #[serde(default, rename = "topOrigin")]
    top_origin: Option<IgnoredAny>,
}

impl Site {
    pub fn of(issuer: &Issuer) -> Result<Self, Fault> {
        let unusable = || Fault::Key("the issuer is no origin for passkeys".to_owned());
        let url = Url::parse(issuer.as_str()).map_err(|_| unusable())?;
        let rp_id = url.host_str().ok_or_else(unusable)?.to_owned();
        let origin = url.origin().ascii_serialization();
        let allowed = vec![Url::parse(&origin).map_err(|_| unusable())?];
        let (subdomains, any_port) = (Some(false), Some(false));
        let core = WebauthnCore::new_unsafe_experts_only(
            NAME,
            &rp_id,
            allowed,
            Duration::ZERO,
            subdomains,
            any_port,
        );
        Ok(Self { core, rp_id, origin })
    }

    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether a page of ours asked, at the top of its window: our pages are never framed, so an
    /// assertion made inside another site's page is not of our asking. The origin is compared byte by
    /// byte; the library compares it once more, parsed.
    pub(super) fn asked_here(&self, client_data: &[u8]) -> bool {
        serde_json::from_slice::<ClientData>(client_data).is_ok_and(|data| {
            data.origin == self.origin && !data.cross_origin && data.top_origin.is_none()
        })
    }
}

#[cfg(test)]
mod tests {
    use protocol::Environment;

    use super::*;

    fn asked(origin: &str, further: &str) -> bool {
        let issuer = Issuer::parse("https://id.gov.vn/op", Environment::Production).unwrap();
        let data = format!(r#"{{"type":"webauthn.get","origin":"{origin}"{further}}}"#);
        Site::of(&issuer).unwrap().asked_here(data.as_bytes())
    }

    #[test]
    fn only_our_own_origin_asks_and_never_from_inside_another_page() {
        // ATK-106
        assert!(asked("https://id.gov.vn", ""));
        assert!(asked("https://id.gov.vn", r#","crossOrigin":false"#));
        for (origin, further) in [
            ("https://badid.gov.vn", ""),
            ("https://a.id.gov.vn", ""),
            ("https://gov.vn", ""),
            ("https://id.gov.vn:8443", ""),
            ("https://id.gov.vn.", ""),
            ("https://id.gov.vn/op", ""),
            ("http://id.gov.vn", ""),
            ("https://ID.gov.vn", ""),
            ("null", ""),
            ("https://id.gov.vn", r#","crossOrigin":true"#),
            ("https://id.gov.vn", r#","topOrigin":"https://evil.example""#),
            ("https://id.gov.vn", r#","origin":"https://evil.example""#),
        ] {
            assert!(!asked(origin, further), "{origin} {further}");
        }
    }
}
