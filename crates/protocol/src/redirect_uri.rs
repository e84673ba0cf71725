//! Redirect URIs: strict when registered, compared byte for byte ever after (BCP-01).
//!
//! All cleverness sits at registration. A URI that two parsers could read differently is not
//! registered, so the comparison never has to normalise anything.

use std::fmt;

use thiserror::Error;
use url::{Host, Url};

use crate::{Environment, Params};

#[cfg(test)]
mod tests;

const MAX_LENGTH: usize = 2048;

/// Names our own answer uses: a registered query holding one could overrule it (ATK-010).
const RESPONSE_PARAMETERS: [&str; 12] = [
    "access_token",
    "code",
    "error",
    "error_description",
    "error_uri",
    "expires_in",
    "id_token",
    "iss",
    "response",
    "session_state",
    "state",
    "token_type",
];

/// Loopback addresses whose port the operating system hands out (RFC 8252 §7.3). `localhost` is a
/// name and may resolve elsewhere (§8.3), so it is not among them.
const LOOPBACK_PREFIXES: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

/// What kind of application is registered (OpenID Connect Registration §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplicationType {
    Web,
    Native,
}

/// Why a redirect URI cannot be registered; told to the operator who registers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RedirectUriError {
    #[error("the redirect URI is empty or longer than {MAX_LENGTH} characters")]
    Length,
    #[error("the redirect URI holds a character that is not allowed there unescaped")]
    Character,
    #[error("the redirect URI has a fragment")]
    Fragment,
    #[error("the redirect URI carries user information")]
    UserInformation,
    #[error("the redirect URI is not absolute or not in its normal form")]
    NotNormal,
    #[error("the redirect URI's path can be read in two ways")]
    AmbiguousPath,
    #[error("the redirect URI's query is malformed or uses a response parameter's name")]
    Query,
    #[error("the scheme or host is not allowed for this kind of application here")]
    NotAllowed,
}

/// A redirect URI a relying party registered, safe to answer to.
#[derive(Clone, PartialEq, Eq)]
pub struct RegisteredRedirectUri {
    uri: String,
    application: ApplicationType,
}

impl RegisteredRedirectUri {
    pub fn parse(
        uri: &str,
        application: ApplicationType,
        environment: Environment,
    ) -> Result<Self, RedirectUriError> {
        check_characters(uri)?;
        check_query(uri)?;
        match uri.split_once(':') {
            Some(("https" | "http", _)) => check_web(uri, application, environment)?,
            Some((scheme, rest)) => check_private_use(scheme, rest, application)?,
            None => return Err(RedirectUriError::NotNormal),
        }
        Ok(Self { uri: uri.to_owned(), application })
    }

    pub fn as_str(&self) -> &str {
        &self.uri
    }

    /// Whether a request presented this URI: the same bytes, or for a native application's
    /// loopback address the same bytes around another port (RFC 8252 §7.3).
    pub fn matches(&self, presented: &str) -> bool {
        if self.uri == presented {
            return true;
        }
        let without_port = |uri| {
            LOOPBACK_PREFIXES.iter().find_map(|prefix| {
                let rest = str::strip_prefix(uri, prefix)?;
                Some((*prefix, skip_port(rest)?))
            })
        };
        match self.application {
            ApplicationType::Web => false,
            ApplicationType::Native => {
                without_port(&self.uri).is_some_and(|own| without_port(presented) == Some(own))
            }
        }
    }
}

impl fmt::Display for RegisteredRedirectUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.uri)
    }
}

impl fmt::Debug for RegisteredRedirectUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RegisteredRedirectUri({})", self.uri)
    }
}

/// What follows `:port`, or everything when there is none. `None` when the port is not one.
fn skip_port(rest: &str) -> Option<&str> {
    let Some(after_colon) = rest.strip_prefix(':') else { return Some(rest) };
    let digits = after_colon.bytes().take_while(u8::is_ascii_digit).count();
    let (port, path) = after_colon.split_at_checked(digits)?;
    let canonical = !port.starts_with('0');
    port.parse::<u16>().ok().filter(|_| canonical).map(|_| path)
}

/// Only what RFC 3986 allows in a URI, less what parsers are known to disagree about.
fn check_characters(uri: &str) -> Result<(), RedirectUriError> {
    if uri.is_empty() || uri.len() > MAX_LENGTH {
        return Err(RedirectUriError::Length);
    }
    let refused = |b: u8| !b.is_ascii_graphic() || b"\"<>\\^`{|}*".contains(&b);
    if uri.bytes().any(refused) {
        return Err(RedirectUriError::Character);
    }
    if uri.contains('#') {
        return Err(RedirectUriError::Fragment);
    }
    Ok(())
}

fn check_query(uri: &str) -> Result<(), RedirectUriError> {
    let Some((_, query)) = uri.split_once('?') else { return Ok(()) };
    let params = Params::parse(query.as_bytes()).map_err(|_| RedirectUriError::Query)?;
    if params.names().any(|name| RESPONSE_PARAMETERS.contains(&name)) {
        return Err(RedirectUriError::Query);
    }
    Ok(())
}

fn check_web(
    uri: &str,
    application: ApplicationType,
    environment: Environment,
) -> Result<(), RedirectUriError> {
    let url = Url::parse(uri).map_err(|_| RedirectUriError::NotNormal)?;
    let authority = uri.split('/').nth(2).unwrap_or_default();
    if authority.contains('@') {
        return Err(RedirectUriError::UserInformation);
    }
    // A URI that the WHATWG parser of browsers would rewrite is not the one that was typed.
    // Only the slash after a bare host may be missing.
    let bare_host = url.path() == "/" && url.query().is_none();
    if url.as_str() != uri && !(bare_host && url.as_str().strip_suffix('/') == Some(uri)) {
        return Err(RedirectUriError::NotNormal);
    }
    check_path(url.path())?;
    let host = url.host().ok_or(RedirectUriError::NotNormal)?;
    if !is_dns_host(&host) {
        return Err(RedirectUriError::NotNormal);
    }
    match (url.scheme(), loopback(&host), application, environment) {
        ("https", ..)
        | ("http", Some(_), _, Environment::Development)
        | ("http", Some(Loopback::Address), ApplicationType::Native, Environment::Production) => {
            Ok(())
        }
        _ => Err(RedirectUriError::NotAllowed),
    }
}

/// Addresses, and names made of letters, digits and hyphens. Browsers' parsers also let `;`, `&` and
/// `,` into a host, where other parsers see its end.
pub(crate) fn is_dns_host(host: &Host<&str>) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    match host {
        Host::Domain(name) => {
            name.split('.').all(|label| !label.is_empty() && label.bytes().all(plain))
        }
        Host::Ipv4(_) | Host::Ipv6(_) => true,
    }
}

enum Loopback {
    Address,
    Name,
}

fn loopback(host: &Host<&str>) -> Option<Loopback> {
    match host {
        Host::Ipv4(address) => (address.octets() == [127, 0, 0, 1]).then_some(Loopback::Address),
        Host::Ipv6(address) => address.is_loopback().then_some(Loopback::Address),
        Host::Domain(name) => (*name == "localhost").then_some(Loopback::Name),
    }
}

/// No dot segments, path parameters, or escapes of characters that steer a path (ATK-007).
fn check_path(path: &str) -> Result<(), RedirectUriError> {
    let lower = path.to_ascii_lowercase();
    let steering = ["%00", "%09", "%0a", "%0d", "%23", "%25", "%2e", "%2f", "%3b", "%3f", "%5c"];
    let dots = path.split('/').any(|segment| matches!(segment, "." | ".."));
    if dots || path.contains(';') || steering.iter().any(|escape| lower.contains(escape)) {
        return Err(RedirectUriError::AmbiguousPath);
    }
    Ok(())
}

/// A native application's own scheme: a reversed domain name, so that its owner can be told
/// (RFC 8252 §7.1). The dot keeps out `javascript`, `data`, `file` and their kin.
fn check_private_use(
    scheme: &str,
    rest: &str,
    application: ApplicationType,
) -> Result<(), RedirectUriError> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b);
    let named = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.contains('.')
        && !scheme.contains("..")
        && !scheme.ends_with('.')
        && scheme.bytes().all(plain);
    if !named || application == ApplicationType::Web {
        return Err(RedirectUriError::NotAllowed);
    }
    if rest.contains('@') {
        return Err(RedirectUriError::UserInformation);
    }
    if !rest.starts_with('/') {
        return Err(RedirectUriError::NotNormal);
    }
    check_path(rest.split('?').next().unwrap_or_default())
}
