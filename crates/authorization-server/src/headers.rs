//! The headers that protect a page (ATK-093, ATK-122).

use http::{HeaderMap, HeaderName, HeaderValue, header};
use url::Url;

/// What a page may do beyond showing itself. Nothing inline is ever allowed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ContentPolicy {
    /// Addresses a form's answer may lead to beside our own: browsers apply `form-action` to the
    /// whole chain of redirects.
    pub leads_to: Vec<String>,
    pub scripts: Scripts,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Scripts {
    #[default]
    None,
    /// Our own files: only the page that answers by `form_post` needs one.
    Own,
    /// Our own files, which also ask us how something stands.
    OwnThatAsk,
}

impl ContentPolicy {
    pub fn leading_to(address: Option<&str>) -> Self {
        Self { leads_to: address.map(str::to_owned).into_iter().collect(), ..Self::default() }
    }

    pub fn header(&self) -> HeaderValue {
        let mut policy = String::from("default-src 'none'; style-src 'self'; img-src 'self' data:");
        policy.push_str(match self.scripts {
            Scripts::None => "",
            Scripts::Own => "; script-src 'self'",
            Scripts::OwnThatAsk => "; script-src 'self'; connect-src 'self'",
        });
        policy.push_str("; form-action 'self'");
        for source in self.leads_to.iter().filter_map(|address| source_of(address)) {
            policy.push(' ');
            policy.push_str(&source);
        }
        policy.push_str("; frame-ancestors 'none'; base-uri 'none'");
        HeaderValue::try_from(policy)
            .unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"))
    }
}

/// The origin of a registered address, or its scheme when an application claims the whole scheme.
fn source_of(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let source = match url.origin() {
        origin @ url::Origin::Tuple(..) => origin.ascii_serialization(),
        url::Origin::Opaque(_) => format!("{}:", url.scheme()),
    };
    // A source that could end its directive would not be a source.
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/[]+".contains(&b);
    source.bytes().all(plain).then_some(source)
}

/// Puts on every page what every page needs; the content policy only where none was chosen.
pub fn protect_page(headers: &mut HeaderMap) {
    const FIXED: [(HeaderName, HeaderValue); 4] = [
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        // `no-referrer` would make the Origin of our own forms null.
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            HeaderName::from_static("permissions-policy"),
            HeaderValue::from_static(
                "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
            ),
        ),
    ];
    headers.extend(FIXED);
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        let policy = ContentPolicy::default().header();
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(leads_to: &[&str], scripts: Scripts) -> String {
        let leads_to = leads_to.iter().map(ToString::to_string).collect();
        let header = ContentPolicy { leads_to, scripts }.header();
        header.to_str().unwrap().to_owned()
    }

    #[test]
    fn nothing_is_allowed_that_is_not_needed() {
        // ATK-122
        assert_eq!(
            policy(&[], Scripts::None),
            "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
             frame-ancestors 'none'; base-uri 'none'"
        );
        assert!(policy(&[], Scripts::Own).contains("; script-src 'self';"));
        assert!(!policy(&[], Scripts::Own).contains("connect-src"));
        assert!(policy(&[], Scripts::OwnThatAsk).contains("; connect-src 'self';"));
        assert!(!policy(&[], Scripts::Own).contains("unsafe"));
    }

    #[test]
    fn a_form_may_lead_to_the_origin_of_the_redirect_uri_and_nowhere_else() {
        let policy = policy(
            &["https://portal.vn:8443/cb?x=1", "vn.gov.app:/cb", "not a url", "http://[::1]:9/"],
            Scripts::None,
        );
        let sources = "form-action 'self' https://portal.vn:8443 vn.gov.app: http://[::1]:9;";
        assert!(policy.contains(sources), "{policy}");
    }

    #[test]
    fn every_page_refuses_to_be_framed_and_to_be_kept() {
        // ATK-093
        let mut headers = HeaderMap::new();
        protect_page(&mut headers);
        assert_eq!(headers[header::X_FRAME_OPTIONS], "DENY");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(headers[header::REFERRER_POLICY], "same-origin");
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'"));
    }
}
