//! Bodies: forms of bounded size, read strictly.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use flows::PageRefusal;
use http::{HeaderMap, header};
use protocol::params::MAX_BYTES;
use protocol::{Params, ParamsError, ProtocolError};

use crate::csrf;
use crate::pages::error::ErrorKind;
use crate::stop::Stop;
use crate::visit::Visit;

/// A body that takes longer is not sent by a browser or a client, but held open (ATK-125).
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BodyFault {
    NotAForm,
    TooLarge,
    TooSlow,
    Malformed(ParamsError),
}

impl From<BodyFault> for Stop {
    fn from(fault: BodyFault) -> Self {
        let bad = |sentence| {
            Self::Refused(PageRefusal::BadRequest(ProtocolError::invalid_request(sentence)))
        };
        match fault {
            BodyFault::NotAForm => bad("the body is not a form"),
            BodyFault::TooSlow => bad("the body took too long"),
            BodyFault::TooLarge | BodyFault::Malformed(ParamsError::TooLarge) => {
                Self::Http(ErrorKind::TooLarge)
            }
            BodyFault::Malformed(_) => bad("the parameters are malformed"),
        }
    }
}

/// Whether the body is said to be a form (RFC 6749 §4.1.3).
pub fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, BodyFault> {
    if !is_form(headers) {
        return Err(BodyFault::NotAForm);
    }
    let reading = tokio::time::timeout(PATIENCE, to_bytes(body, MAX_BYTES));
    // A body that breaks off has nobody left to be told; what remains is one that is too large.
    reading.await.map_err(|_| BodyFault::TooSlow)?.map_err(|_| BodyFault::TooLarge)
}

/// The parameters of a form sent by anybody.
pub async fn params(request: Request) -> Result<Params, BodyFault> {
    let (parts, body) = request.into_parts();
    params_of(&parts.headers, body).await
}

/// The same of a request that was taken apart.
pub async fn params_of(headers: &HeaderMap, body: Body) -> Result<Params, BodyFault> {
    Params::parse(&read(headers, body).await?).map_err(BodyFault::Malformed)
}

/// A form that stood on one of our own pages in this very browser. Taking it as an argument is what
/// makes a handler safe from forged requests: it cannot be had otherwise (ATK-091).
pub struct OwnForm {
    params: Params,
    /// Ticked boxes: the one field that may be sent more than once.
    pub claims: BTreeSet<String>,
}

impl OwnForm {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.params.get(name)
    }

    /// Whether the page that was sent had this field, filled in or not.
    pub fn has(&self, name: &str) -> bool {
        self.params.names().any(|sent| sent == name)
    }

    /// What follows `prefix` in the names of fields: boxes of one sort, where ticked.
    pub fn ticked<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.params.names().filter_map(move |name| name.strip_prefix(prefix))
    }

    pub fn verify(visit: &Visit, params: Params) -> Result<Self, Stop> {
        let token = params.get("csrf").unwrap_or_default();
        if visit.from_own_page && csrf::token_matches(&visit.browser.value, token) {
            Ok(Self { params, claims: BTreeSet::new() })
        } else {
            Err(PageRefusal::ForgedForm.into())
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for OwnForm {
    type Rejection = Stop;

    async fn from_request(request: Request, state: &S) -> Result<Self, Stop> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, state).await?;
        let body = read(&parts.headers, body).await?;
        let (claims, rest) = split_claims(&body);
        let params = Params::parse(&rest).map_err(BodyFault::Malformed)?;
        Ok(Self { claims, ..Self::verify(&visit, params)? })
    }
}

/// Takes `claim=…` out of a body: names of claims need no escaping, whatever has any is not ours.
fn split_claims(body: &[u8]) -> (BTreeSet<String>, Vec<u8>) {
    let mut claims = BTreeSet::new();
    let mut rest = Vec::with_capacity(body.len());
    for field in body.split(|byte| *byte == b'&') {
        if let Some(claim) = field.strip_prefix(b"claim=") {
            claims.extend(std::str::from_utf8(claim).ok().map(str::to_owned));
        } else {
            rest.extend_from_slice(field);
            rest.push(b'&');
        }
    }
    (claims, rest)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn request(content_type: &'static str, body: impl Into<Body>) -> Request {
        let mut request = Request::new(body.into());
        request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        request
    }

    #[tokio::test]
    async fn only_forms_are_read_and_only_small_ones() {
        // ATK-125
        let form = "application/x-www-form-urlencoded; charset=UTF-8";
        let read = params(request(form, "a=b")).await.unwrap();
        assert_eq!(read.get("a"), Some("b"));
        for other in ["application/json", "multipart/form-data", "text/plain", ""] {
            assert_eq!(params(request(other, "a=b")).await, Err(BodyFault::NotAForm), "{other}");
        }
        let large = vec![b'a'; MAX_BYTES + 1];
        assert_eq!(params(request(form, large)).await, Err(BodyFault::TooLarge));
        let twice = params(request(form, "a=b&a=c")).await;
        assert_eq!(twice, Err(BodyFault::Malformed(ParamsError::Repeated)));
    }

    #[test]
    fn only_the_ticked_boxes_may_repeat() {
        let (claims, rest) = split_claims(b"claim=email&csrf=x&claim=address&csrf=y");
        assert_eq!(claims, BTreeSet::from(["email".to_owned(), "address".to_owned()]));
        assert_eq!(Params::parse(&rest), Err(ParamsError::Repeated));
    }
}
