//! One person's one request, as every page needs it: read once, the same for all.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use flows::session::{LiveSession, SessionHandle};
use flows::{Fault, PageRefusal};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, header};
use identity_core::secret::SecretDigest;
use identity_core::time::random_bytes;
use identity_core::{AuthenticatorKind, ClientId, Entropy, Timestamp};
use jose::digest::{base64url, base64url_decode, sha256};
use protocol::{Params, ParamsError, ProtocolError};

use crate::browser::device;
use crate::browser::notice;
use crate::cookies::Cookie;
use crate::csrf;
use crate::headers::{ContentPolicy, protect_page};
use crate::observe::RequestId;
use crate::pages::error::{ErrorKind, ErrorPage};
use crate::pages::shared::Notice;
use crate::pages::texts::Language;
use crate::pages::{Frame, Page, methods, paths};
use crate::state::ServerState;
use crate::stop::{Shown, Stop, chain};

/// Cheap to clone; what it holds is in [`Arrival`].
#[derive(Clone)]
pub struct Visit(Arc<Arrival>);

pub struct Arrival {
    pub state: Arc<ServerState>,
    /// The one `now` of this request.
    pub now: Timestamp,
    pub request_id: RequestId,
    pub browser: BrowserSecret,
    pub session: Option<SessionHandle>,
    pub language: Language,
    /// What the holder will recognise this browser by.
    pub device: String,
    pub from_own_page: bool,
    pub notice: Option<Notice>,
    /// How somebody at this browser last proved who they are.
    pub used_last: Option<AuthenticatorKind>,
    /// Path and query that show this page again, by GET.
    here: String,
    wished: Option<Language>,
    query: Result<Params, ParamsError>,
}

/// The random value that makes one browser this browser.
pub struct BrowserSecret {
    pub value: String,
    is_new: bool,
}

impl BrowserSecret {
    fn of(cookie: Option<&str>, entropy: &dyn Entropy) -> Self {
        let ours = |value: &&str| base64url_decode(value).is_ok_and(|bytes| bytes.len() == 32);
        match cookie.filter(ours) {
            Some(value) => Self { value: value.to_owned(), is_new: false },
            None => Self { value: base64url(&random_bytes::<32>(entropy)), is_new: true },
        }
    }

    /// What interactions are bound to.
    pub fn digest(&self) -> SecretDigest {
        SecretDigest(sha256(self.value.as_bytes()))
    }
}

impl Deref for Visit {
    type Target = Arrival;

    fn deref(&self) -> &Arrival {
        &self.0
    }
}

impl Visit {
    fn of(request: &Request, state: Arc<ServerState>) -> Self {
        let headers = request.headers();
        let cookies = state.cookies;
        let query = Params::parse(request.uri().query().unwrap_or_default().as_bytes());
        let wishes: Vec<String> = query
            .as_ref()
            .ok()
            .and_then(|query| query.get("ui_locales"))
            .map(|wishes| wishes.split(' ').take(16).map(str::to_owned).collect())
            .unwrap_or_default();
        let accepted = text(headers, &header::ACCEPT_LANGUAGE);
        let here = match *request.method() {
            Method::GET | Method::HEAD => request.uri().path_and_query().map(ToString::to_string),
            _ => None,
        };
        let id = request.extensions().get::<RequestId>().cloned();
        Self(Arc::new(Arrival {
            now: state.clock.now(),
            request_id: id.unwrap_or_default(),
            browser: BrowserSecret::of(
                cookies.read(Cookie::Browser, headers),
                state.provider.entropy.as_ref(),
            ),
            session: cookies.read(Cookie::Session, headers).and_then(SessionHandle::parse),
            language: Language::negotiate(
                &wishes,
                cookies.read(Cookie::Language, headers),
                accepted,
            ),
            device: device::name(text(headers, &header::USER_AGENT).unwrap_or_default()),
            from_own_page: csrf::from_own_page(headers, state.origin()),
            notice: cookies.read(Cookie::Notice, headers).and_then(notice::parse),
            used_last: cookies
                .read(Cookie::Method, headers)
                .and_then(methods::of_word)
                .map(|method| method.kind),
            here: here.unwrap_or_else(|| paths::ERROR.to_owned()),
            wished: wishes.iter().find_map(|tag| Language::from_tag(tag)),
            query,
            state,
        }))
    }

    pub fn query(&self) -> Result<&Params, Stop> {
        self.query.as_ref().map_err(|_| {
            let error = ProtocolError::invalid_request("the parameters are malformed");
            PageRefusal::BadRequest(error).into()
        })
    }

    /// The session of this browser and the person behind it, if there is one and it lives.
    pub async fn live(&self) -> Result<Option<LiveSession>, Fault> {
        LiveSession::load(&self.state.provider, self.session.as_ref(), None, self.now).await
    }

    /// The same, with what its person agreed to at `client`.
    pub async fn live_at(&self, client: &ClientId) -> Result<Option<LiveSession>, Fault> {
        let provider = &self.state.provider;
        LiveSession::load(provider, self.session.as_ref(), Some(client), self.now).await
    }

    pub fn csrf(&self) -> String {
        csrf::token(&self.browser.value)
    }

    /// Shows a page that GET on the present address would show again.
    pub fn show(&self, page: &impl Page, policy: &ContentPolicy) -> Result<Response, Stop> {
        self.show_at(&self.here, page, policy)
    }

    /// Shows a page whose language links lead to `here`.
    pub fn show_at(
        &self,
        here: &str,
        page: &impl Page,
        policy: &ContentPolicy,
    ) -> Result<Response, Stop> {
        let html = page.render(&Frame::new(&self.state.texts, self.language, here))?;
        let mut response = Html(html).into_response();
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy.header());
        Ok(response)
    }

    pub fn set_cookie(&self, response: &mut Response, cookie: Cookie, value: &str) {
        append(response, self.state.cookies.set(cookie, value));
    }

    pub fn clear_cookie(&self, response: &mut Response, cookie: Cookie) {
        append(response, self.state.cookies.clear(cookie));
    }

    fn error_page(&self, kind: ErrorKind, response: &mut Response) {
        let page = ErrorPage { kind, request_id: self.request_id.as_str().to_owned() };
        match self.show(&page, &ContentPolicy::default()) {
            Ok(shown) => {
                let (parts, body) = shown.into_parts();
                response.headers_mut().extend(parts.headers);
                *response.body_mut() = body;
            }
            Err(Stop::Page(error)) => tracing::error!(cause = %chain(&error), "no error page"),
            Err(_) => tracing::error!("no error page"),
        }
    }
}

/// The layer around all pages: reads the visit once, turns early ends into pages, and puts on every
/// answer what every answer needs.
pub async fn receive(
    State(state): State<Arc<ServerState>>,
    mut request: Request,
    next: Next,
) -> Response {
    let visit = Visit::of(&request, state);
    request.extensions_mut().insert(visit.clone());
    let mut response = next.run(request).await;
    if let Some(Shown(kind)) = response.extensions_mut().remove::<Shown>() {
        visit.error_page(kind, &mut response);
    }
    if visit.browser.is_new {
        visit.set_cookie(&mut response, Cookie::Browser, &visit.browser.value);
    }
    if let Some(language) = visit.wished {
        visit.set_cookie(&mut response, Cookie::Language, language.tag());
    }
    protect_page(response.headers_mut());
    response
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Stop> {
        let fault = || Fault::Key("a page stands outside its layer".to_owned());
        parts.extensions.get::<Self>().cloned().ok_or_else(|| fault().into())
    }
}

fn append(response: &mut Response, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
