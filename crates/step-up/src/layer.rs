//! The layer itself: one question to the provider for one request.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::{AUTHORIZATION, CACHE_CONTROL, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use tower::{Layer, Service};

use crate::challenge::Challenge;
use crate::login::Login;
use crate::requirement::Requirement;

/// The longest token worth asking about.
const MAX_TOKEN: usize = 16 * 1024;

/// Asks the provider about a token.
pub trait Introspect: Send + Sync + 'static {
    /// `Ok(None)`: the token is not active. Anything but a clear answer is an error.
    fn introspect(
        &self,
        token: &str,
    ) -> impl Future<Output = Result<Option<Login>, Unavailable>> + Send;
}

/// The provider gave no clear answer: the request fails closed.
#[derive(Debug, thiserror::Error)]
#[error("introspection gave no answer: {0}")]
pub struct Unavailable(pub String);

/// Puts [`StepUp`] before a service.
pub struct StepUpLayer<I> {
    shared: Arc<Shared<I>>,
}

struct Shared<I> {
    introspect: I,
    requirement: Requirement,
    /// Seconds since 1970.
    now: Box<dyn Fn() -> i64 + Send + Sync>,
}

impl<I> Clone for StepUpLayer<I> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<I: Introspect> StepUpLayer<I> {
    /// `now` reads the clock: seconds since 1970.
    pub fn new(
        introspect: I,
        requirement: Requirement,
        now: impl Fn() -> i64 + Send + Sync + 'static,
    ) -> Self {
        Self { shared: Arc::new(Shared { introspect, requirement, now: Box::new(now) }) }
    }
}

impl<I, S> Layer<S> for StepUpLayer<I> {
    type Service = StepUp<I, S>;

    fn layer(&self, inner: S) -> Self::Service {
        StepUp { shared: Arc::clone(&self.shared), inner }
    }
}

/// A service that only sees requests whose login suffices, each with its [`Login`] as an extension.
pub struct StepUp<I, S> {
    shared: Arc<Shared<I>>,
    inner: S,
}

impl<I, S: Clone> Clone for StepUp<I, S> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), inner: self.inner.clone() }
    }
}

impl<I, S, B, R> Service<Request<B>> for StepUp<I, S>
where
    I: Introspect,
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: Default,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let shared = Arc::clone(&self.shared);
        // The one that is ready goes with the request; its copy stays.
        let fresh = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, fresh);
        Box::pin(async move {
            match shared.admit(request.headers()).await {
                Ok(login) => {
                    request.extensions_mut().insert(login);
                    inner.call(request).await
                }
                Err(refusal) => Ok(refusal.into_response()),
            }
        })
    }
}

impl<I: Introspect> Shared<I> {
    async fn admit(&self, headers: &HeaderMap) -> Result<Login, Refusal> {
        let token = bearer(headers)?;
        let login = self.introspect.introspect(token).await.map_err(|error| {
            tracing::warn!(%error, "a token could not be judged");
            Refusal::Unavailable
        })?;
        let login = login.ok_or(Refusal::InvalidToken)?;
        if !self.requirement.has_scope(&login) {
            let scope = self.requirement.scope.clone().unwrap_or_default();
            return Err(Refusal::InsufficientScope(scope));
        }
        match self.requirement.unmet(&login, (self.now)()) {
            Some(challenge) => Err(Refusal::StepUp(challenge)),
            None => Ok(login),
        }
    }
}

/// RFC 6750 §2.1; the scheme's name is case-insensitive. Two headers are none.
fn bearer(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(Refusal::NoToken) };
    let value = value.to_str().map_err(|_| Refusal::InvalidToken)?;
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            let sound = (1..=MAX_TOKEN).contains(&token.len());
            if sound { Ok(token) } else { Err(Refusal::InvalidToken) }
        }
        _ => Err(Refusal::NoToken),
    }
}

/// Why a request is not served, in the words of RFC 6750 §3.1 and RFC 9470 §3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    NoToken,
    InvalidToken,
    InsufficientScope(String),
    StepUp(Challenge),
    Unavailable,
}

impl Refusal {
    pub fn into_response<R: Default>(self) -> Response<R> {
        let (status, challenge) = match self {
            Self::NoToken => (StatusCode::UNAUTHORIZED, Some("Bearer".to_owned())),
            Self::InvalidToken => {
                (StatusCode::UNAUTHORIZED, Some(r#"Bearer error="invalid_token""#.to_owned()))
            }
            Self::InsufficientScope(scope) => (
                StatusCode::FORBIDDEN,
                Some(format!(r#"Bearer error="insufficient_scope", scope="{scope}""#)),
            ),
            Self::StepUp(challenge) => (StatusCode::UNAUTHORIZED, Some(challenge.to_string())),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, None),
        };
        let mut response = Response::new(R::default());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(value) = challenge.and_then(|text| HeaderValue::try_from(text).ok()) {
            headers.insert(WWW_AUTHENTICATE, value);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use serde_json::json;
    use tower::{ServiceExt as _, service_fn};

    use super::*;

    const NOW: i64 = 1_800_000_000;

    /// Tokens that say their own level; one that nobody knows, and one that breaks the provider.
    struct Provider;

    impl Introspect for Provider {
        async fn introspect(&self, token: &str) -> Result<Option<Login>, Unavailable> {
            let answer = match token {
                "broken" => return Err(Unavailable("timed out".to_owned())),
                "narrow" => json!({ "active": true, "scope": "openid", "sub": "a" }),
                "low" | "high" => json!({
                    "active": true, "scope": "openid cases", "sub": "a", "auth_time": NOW - 10,
                    "assurance": { "vn_authentication_level": if token == "low" { 1 } else { 3 } },
                }),
                _ => json!({ "active": false }),
            };
            Login::of_introspection(answer).map_err(|error| Unavailable(error.to_string()))
        }
    }

    async fn answer(authorization: &[&str]) -> Response<String> {
        let needs = Requirement::default().scope("cases").authentication_level(2).max_age(60);
        let inner = service_fn(|request: Request<()>| async move {
            let subject = request.extensions().get::<Login>().and_then(|login| login.sub.clone());
            Ok::<_, Infallible>(Response::new(subject.unwrap_or_default()))
        });
        let service = StepUpLayer::new(Provider, needs, || NOW).layer(inner);
        let mut request = Request::new(());
        for value in authorization {
            request.headers_mut().append(AUTHORIZATION, value.parse().unwrap());
        }
        service.oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn only_a_login_that_suffices_reaches_the_handler_and_the_handler_knows_whose() {
        let served = answer(&["bearer high"]).await;
        assert_eq!((served.status(), served.body().as_str()), (StatusCode::OK, "a"));
        let refused = answer(&["Bearer low"]).await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        let challenge = refused.headers()[WWW_AUTHENTICATE].to_str().unwrap();
        let read = Challenge::parse(challenge).unwrap();
        assert_eq!(read.acr_values.first().map(String::as_str), Some("urn:vn:eid:auth:2"));
        assert_eq!(read.max_age, Some(60));
    }

    #[tokio::test]
    async fn every_other_token_is_refused_by_its_own_challenge() {
        // RFC 6750 §3.1, BT-03
        for (authorization, status, challenge) in [
            (&[][..], 401, Some("Bearer")),
            (&["Basic YTpi"], 401, Some("Bearer")),
            (&["Bearer high", "Bearer high"], 401, Some("Bearer")),
            (&["Bearer "], 401, Some(r#"Bearer error="invalid_token""#)),
            (&["Bearer made-up"], 401, Some(r#"Bearer error="invalid_token""#)),
            (&["Bearer narrow"], 403, Some(r#"Bearer error="insufficient_scope", scope="cases""#)),
            (&["Bearer broken"], 503, None),
        ] {
            let refused = answer(authorization).await;
            assert_eq!(refused.status(), status, "{authorization:?}");
            let said = refused.headers().get(WWW_AUTHENTICATE).map(|v| v.to_str().unwrap());
            assert_eq!(said, challenge, "{authorization:?}");
            assert_eq!(refused.headers()[CACHE_CONTROL], "no-store");
        }
    }
}
