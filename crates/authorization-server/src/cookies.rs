//! The cookies we set, and how we read them back.

use http::{HeaderMap, HeaderValue, header};
use protocol::Issuer;

/// How cookies are protected: by the transport the issuer names, never by what a request claims.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CookiePolicy {
    /// `__Host-` names and `Secure`: neither a sibling host nor plain http can plant one (ATK-090).
    HostBound,
    /// Plain names, for http on the developer's own machine.
    Development,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cookie {
    /// Random, binds forms and interactions to one browser.
    Browser,
    /// The session's handle.
    Session,
    Language,
    /// The good news that the page after a redirect tells.
    Notice,
    /// How somebody at this browser last proved who they are; not who.
    Method,
}

impl CookiePolicy {
    pub fn for_issuer(issuer: &Issuer) -> Self {
        if issuer.as_str().starts_with("https://") { Self::HostBound } else { Self::Development }
    }

    pub const fn name(self, cookie: Cookie) -> &'static str {
        match (self, cookie) {
            (Self::HostBound, Cookie::Browser) => "__Host-vneid-browser",
            (Self::HostBound, Cookie::Session) => "__Host-vneid-session",
            (Self::HostBound, Cookie::Language) => "__Host-vneid-language",
            (Self::HostBound, Cookie::Notice) => "__Host-vneid-notice",
            (Self::HostBound, Cookie::Method) => "__Host-vneid-method",
            (Self::Development, Cookie::Browser) => "vneid-browser",
            (Self::Development, Cookie::Session) => "vneid-session",
            (Self::Development, Cookie::Language) => "vneid-language",
            (Self::Development, Cookie::Notice) => "vneid-notice",
            (Self::Development, Cookie::Method) => "vneid-method",
        }
    }

    /// The cookie's value; `None` also when two of that name came, because one of them was planted.
    pub fn read(self, cookie: Cookie, headers: &HeaderMap) -> Option<&str> {
        let mut values = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == self.name(cookie))
            .map(|(_, value)| value);
        let value = values.next()?;
        values.next().is_none().then_some(value).filter(|value| !value.is_empty())
    }

    /// Lives until the browser closes, if it should not outlast that; how long it means anything, the
    /// server decides.
    pub fn set(self, cookie: Cookie, value: &str) -> Option<HeaderValue> {
        let lasts = match cookie {
            // Half a year.
            Cookie::Method => "; Max-Age=15552000",
            Cookie::Browser | Cookie::Session | Cookie::Language | Cookie::Notice => "",
        };
        self.write(cookie, value, lasts)
    }

    pub fn clear(self, cookie: Cookie) -> Option<HeaderValue> {
        self.write(cookie, "", "; Max-Age=0")
    }

    fn write(self, cookie: Cookie, value: &str, more: &str) -> Option<HeaderValue> {
        let secure = match self {
            Self::HostBound => "; Secure",
            Self::Development => "",
        };
        let name = self.name(cookie);
        let line = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{more}");
        HeaderValue::try_from(line).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(line: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(line))])
    }

    #[test]
    fn a_cookie_is_bound_to_its_host_over_https() {
        let line = CookiePolicy::HostBound.set(Cookie::Session, "abc").unwrap();
        let expected = "__Host-vneid-session=abc; Path=/; HttpOnly; SameSite=Lax; Secure";
        assert_eq!(line, expected);
        assert!(!line.to_str().unwrap().contains("Domain"));
    }

    #[test]
    fn a_cookie_that_came_twice_is_not_believed() {
        // ATK-090
        let read = |line| CookiePolicy::Development.read(Cookie::Session, &sent(line)).is_some();
        assert!(read("a=b; vneid-session=one; c=d"));
        assert!(!read("vneid-session=one; vneid-session=two"));
        assert!(!read("vneid-session="));
        assert!(!read("xvneid-session=one"));
    }

    #[test]
    fn the_plain_name_is_not_read_over_https() {
        let headers = sent("vneid-session=planted");
        assert_eq!(CookiePolicy::HostBound.read(Cookie::Session, &headers), None);
    }
}
