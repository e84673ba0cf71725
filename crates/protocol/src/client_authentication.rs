//! How a client says who it is (RFC 6749 §2.3, RFC 7523 §2.2). Whether it is true is decided by
//! whoever knows the client.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::authorize::{is_client_id, is_compact_jws};
use crate::params::decode_component;
use crate::{ErrorCode, Params, ProtocolError, SecretString};

const MAX_AUTHORIZATION_HEADER: usize = 4096;
const MAX_SECRET: usize = 1024;
const MAX_ASSERTION: usize = 8192;

/// The only assertion type we know (RFC 7523 §2.2).
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The one method a request used. Unverified, all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PresentedClient {
    SecretBasic { client_id: String, secret: SecretString },
    SecretPost { client_id: String, secret: SecretString },
    PrivateKeyJwt { client_id: Option<String>, assertion: SecretString },
    None { client_id: String },
}

impl PresentedClient {
    /// `authorization_header` is the raw value of the only `Authorization` header.
    pub fn from(
        authorization_header: Option<&[u8]>,
        params: &Params,
    ) -> Result<Self, ProtocolError> {
        let client_id = params.get("client_id");
        if client_id.is_some_and(|id| !is_client_id(id)) {
            return Err(ProtocolError::invalid_request("client_id is malformed"));
        }
        let secret = params.get("client_secret");
        let assertion = assertion(params)?;
        match (authorization_header, secret, assertion) {
            (Some(header), None, None) => basic(header, client_id),
            (None, Some(secret), None) => post(client_id, secret),
            (None, None, Some(assertion)) => {
                Ok(Self::PrivateKeyJwt { client_id: client_id.map(str::to_owned), assertion })
            }
            (None, None, None) => match client_id {
                Some(id) => Ok(Self::None { client_id: id.to_owned() }),
                None => Err(invalid_client("client authentication is missing")),
            },
            // OA-01
            (Some(_), _, _) | (None, Some(_), Some(_)) => Err(ProtocolError::invalid_request(
                "more than one client authentication method was used",
            )),
        }
    }

    /// Who the client says it is; an assertion may be the only place that says so.
    pub fn client_id(&self) -> Option<&str> {
        match self {
            Self::SecretBasic { client_id, .. }
            | Self::SecretPost { client_id, .. }
            | Self::None { client_id } => Some(client_id),
            Self::PrivateKeyJwt { client_id, .. } => client_id.as_deref(),
        }
    }
}

fn invalid_client(sentence: &'static str) -> ProtocolError {
    ProtocolError::new(ErrorCode::InvalidClient, sentence)
}

fn assertion(params: &Params) -> Result<Option<SecretString>, ProtocolError> {
    match (params.get("client_assertion"), params.get("client_assertion_type")) {
        (None, None) => Ok(None),
        (Some(assertion), Some(JWT_BEARER)) => {
            if assertion.len() > MAX_ASSERTION || !is_compact_jws(assertion) {
                return Err(invalid_client("client_assertion is not a compact JWS"));
            }
            Ok(Some(SecretString::new(assertion)))
        }
        (Some(_), Some(_)) => Err(invalid_client("client_assertion_type is not supported")),
        (Some(_), None) => Err(ProtocolError::invalid_request("client_assertion_type is missing")),
        (None, Some(_)) => Err(ProtocolError::invalid_request("client_assertion is missing")),
    }
}

fn post(client_id: Option<&str>, secret: &str) -> Result<PresentedClient, ProtocolError> {
    let client_id = client_id
        .ok_or(ProtocolError::invalid_request("client_secret was sent without client_id"))?;
    if secret.len() > MAX_SECRET {
        return Err(invalid_client("the client secret is too long"));
    }
    Ok(PresentedClient::SecretPost {
        client_id: client_id.to_owned(),
        secret: SecretString::new(secret),
    })
}

/// `Basic base64(form(client_id):form(secret))` (RFC 6749 §2.3.1). A `client_id` in the body beside
/// it is no second method, but must be the same.
fn basic(header: &[u8], body_id: Option<&str>) -> Result<PresentedClient, ProtocolError> {
    let (client_id, secret) =
        basic_credentials(header).ok_or(invalid_client("the Authorization header is malformed"))?;
    if body_id.is_some_and(|id| id != *client_id) {
        return Err(ProtocolError::invalid_request(
            "client_id differs from the authenticated client",
        ));
    }
    Ok(PresentedClient::SecretBasic {
        client_id: client_id.to_string(),
        secret: SecretString::new(secret.as_str()),
    })
}

fn basic_credentials(header: &[u8]) -> Option<(Zeroizing<String>, Zeroizing<String>)> {
    if header.len() > MAX_AUTHORIZATION_HEADER {
        return None;
    }
    let (scheme, encoded) = header.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let pair = Zeroizing::new(STANDARD.decode(encoded).ok()?);
    let colon = pair.iter().position(|byte| *byte == b':')?;
    let (id, secret) = pair.split_at_checked(colon)?;
    let id = decode_component(id).ok()?;
    let secret = decode_component(secret.strip_prefix(b":")?).ok()?;
    let honest = (1..=MAX_SECRET).contains(&secret.len()) && !secret.chars().any(char::is_control);
    (is_client_id(&id) && honest).then_some((id, secret))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::form_urlencoded::byte_serialize;

    use super::*;

    fn present(header: Option<&str>, body: &str) -> Result<PresentedClient, ProtocolError> {
        let params = Params::parse(body.as_bytes()).unwrap();
        PresentedClient::from(header.map(str::as_bytes), &params)
    }

    fn header(pair: &str) -> String {
        format!("Basic {}", STANDARD.encode(pair))
    }

    fn refusal(header: Option<&str>, body: &str) -> ErrorCode {
        present(header, body).expect_err(body).code()
    }

    #[test]
    fn each_method_is_recognised() {
        let basic = present(Some(&header("portal:s%3Acret+x")), "client_id=portal").unwrap();
        let secret = SecretString::new("s:cret x");
        assert_eq!(basic, PresentedClient::SecretBasic { client_id: "portal".into(), secret });
        let post = present(None, "client_id=portal&client_secret=s").unwrap();
        assert!(matches!(post, PresentedClient::SecretPost { .. }));
        let jwt = format!("client_assertion=e30.e30.c2ln&client_assertion_type={JWT_BEARER}");
        assert_eq!(present(None, &jwt).unwrap().client_id(), None);
        let none = present(None, "client_id=app").unwrap();
        assert_eq!(none, PresentedClient::None { client_id: "app".into() });
    }

    #[test]
    fn two_methods_at_once_are_refused() {
        // OA-01: every pair
        let basic = header("portal:s");
        let jwt = format!("client_assertion=e30.e30.c2ln&client_assertion_type={JWT_BEARER}");
        let post = "client_id=portal&client_secret=s";
        assert_eq!(refusal(Some(&basic), post), ErrorCode::InvalidRequest);
        assert_eq!(refusal(Some(&basic), &jwt), ErrorCode::InvalidRequest);
        assert_eq!(refusal(None, &format!("{post}&{jwt}")), ErrorCode::InvalidRequest);
        assert_eq!(refusal(Some(&basic), "client_id=other"), ErrorCode::InvalidRequest);
    }

    #[test]
    fn a_malformed_header_is_a_failed_authentication() {
        let long = format!("Basic {}", "A".repeat(5000));
        let nocolon = header("portal");
        let cases = [
            "",
            "Basic",
            "Basic ",
            "Basic  cDpz",
            "Basic cDpz=",
            "Basic cDp",
            "Bearer x",
            "Basic !!!!",
            &long,
            &nocolon,
            &header(":s"),
            &header("portal:"),
            &header("p:%zz"),
            &header("p:a\nb"),
        ];
        for value in cases {
            assert_eq!(refusal(Some(value), ""), ErrorCode::InvalidClient, "{value}");
        }
        assert!(PresentedClient::from(Some(b"Basic \xff\xfe"), &Params::default()).is_err());
        assert!(present(Some(&header("p:s").replace("Basic", "bAsIC")), "").is_ok());
    }

    #[test]
    fn halves_of_a_method_are_refused() {
        let bearer = format!("client_assertion_type={JWT_BEARER}");
        assert_eq!(refusal(None, ""), ErrorCode::InvalidClient);
        assert_eq!(refusal(None, "client_secret=s"), ErrorCode::InvalidRequest);
        assert_eq!(refusal(None, "client_assertion=a.b.c"), ErrorCode::InvalidRequest);
        assert_eq!(refusal(None, &bearer), ErrorCode::InvalidRequest);
        assert_eq!(
            refusal(None, "client_assertion=a.b.c&client_assertion_type=saml"),
            ErrorCode::InvalidClient
        );
        assert_eq!(
            refusal(None, &format!("{bearer}&client_assertion=abc")),
            ErrorCode::InvalidClient
        );
    }

    #[test]
    fn debug_output_shows_no_secret() {
        let client = present(None, "client_id=portal&client_secret=hunter2").unwrap();
        assert!(!format!("{client:?}").contains("hunter2"));
    }

    proptest! {
        #[test]
        fn any_secret_survives_basic(id in "[!-~]{1,30}", secret in "[^\\p{C}]{1,60}") {
            let form = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
            let client = present(Some(&header(&format!("{}:{}", form(&id), form(&secret)))), "").unwrap();
            let secret = SecretString::new(secret);
            prop_assert_eq!(client, PresentedClient::SecretBasic { client_id: id, secret });
        }
    }
}
