//! Requests and flows per second, against bare handlers.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use super::{Field, Visitor, in_turns, request, visitors};
use crate::ground::{PORTAL, REDIRECT_URI, basic};
use crate::load::{Outcome, Span, closed};
use crate::report::{Line, Target};
use crate::walk::{Browser, Wish, parameter, redemption, refused};
use crate::wire::{self, Wire};

/// Connections in a closed loop. More only queue.
const CONNECTIONS: usize = 16;
const PEOPLE: u64 = 64;

/// Asks each of the requests in turn, from every connection, and expects 200.
fn again_and_again(
    requests: &Arc<Vec<Vec<u8>>>,
) -> Vec<impl FnMut(&mut Wire) -> io::Result<()> + Send + use<>> {
    let one = |which: usize| {
        let (requests, mut at) = (Arc::clone(requests), which * 7);
        move |wire: &mut Wire| {
            at += 1;
            let answer = wire.exchange(&requests[at % requests.len()])?;
            if answer.status == 200 { Ok(()) } else { Err(refused(answer.text())) }
        }
    };
    (0..CONNECTIONS).map(one).collect()
}

fn against_bare(
    field: &Field<'_>,
    scenario: &str,
    target: f64,
    requests: Vec<Vec<u8>>,
    bare_path: &str,
) -> Line {
    let bare: Vec<_> = requests.iter().map(|request| readdressed(request, bare_path)).collect();
    let (requests, bare) = (Arc::new(requests), Arc::new(bare));
    let provider = field.provider.address;
    in_turns(
        field,
        scenario,
        "req/s",
        Target::AtLeast(target),
        |span| closed(provider, again_and_again(&requests), span),
        |span| closed(field.baseline.address, again_and_again(&bare), span).rate(),
    )
}

/// The same request at another path.
fn readdressed(request: &[u8], path: &str) -> Vec<u8> {
    let text = String::from_utf8(request.to_vec()).expect("our requests are text");
    let mut parts = text.splitn(3, ' ');
    let (method, _, rest) = (parts.next(), parts.next(), parts.next());
    format!("{} {path} {}", method.expect("a method"), rest.expect("a rest")).into_bytes()
}

pub fn introspection_requests(field: &Field<'_>) -> Vec<Vec<u8>> {
    let people = visitors(field.ground, field.provider, PEOPLE);
    people.iter().map(|visitor| request::introspection(&visitor.access_token)).collect()
}

pub fn introspection(field: &Field<'_>) -> Line {
    against_bare(field, "introspection", 0.85, introspection_requests(field), "/introspect")
}

pub fn client_credentials(field: &Field<'_>) -> Line {
    let requests = vec![request::client_credentials()];
    against_bare(field, "client_credentials token", 0.75, requests, "/client_token")
}

fn refresh_requests(people: &[Visitor]) -> Vec<Vec<u8>> {
    people.iter().map(|visitor| request::refresh(&visitor.refresh_token)).collect()
}

pub fn refresh(field: &Field<'_>) -> Line {
    let people = visitors(field.ground, field.provider, PEOPLE);
    against_bare(field, "refresh", 0.7, refresh_requests(&people), "/refresh")
}

pub fn refresh_of(address: SocketAddr, people: &[Visitor], span: Span) -> Outcome {
    closed(address, again_and_again(&Arc::new(refresh_requests(people))), span)
}

/// `/authorize` with a session, then `/token`.
pub fn single_sign_on(field: &Field<'_>) -> Line {
    let people = visitors(field.ground, field.provider, PEOPLE);
    let browsers: Arc<Vec<Browser>> =
        Arc::new(people.into_iter().map(|visitor| visitor.browser).collect());
    in_turns(
        field,
        "single sign-on",
        "logins/s",
        Target::AtLeast(0.6),
        |span| sso(field.provider.address, &browsers, span),
        |span| sso(field.baseline.address, &browsers, span).rate(),
    )
}

/// The two-request flow, at the provider or at the baseline: both have the same addresses.
pub fn sso(address: SocketAddr, browsers: &Arc<Vec<Browser>>, span: Span) -> Outcome {
    let journey = |which: usize| {
        let (browsers, mut at) = (Arc::clone(browsers), which * 7);
        move |wire: &mut Wire| {
            at += 1;
            sso_once(wire, &browsers[at % browsers.len()])
        }
    };
    closed(address, (0..CONNECTIONS).map(journey).collect(), span)
}

pub fn sso_once(wire: &mut Wire, browser: &Browser) -> io::Result<()> {
    let path = Wish::login(PORTAL).address();
    let answer = wire.exchange(&wire::get(&path, &[("cookie", &browser.cookie())]))?;
    let location = answer.header("location").unwrap_or_default();
    let code = parameter(location, "code").filter(|_| location.starts_with(REDIRECT_URI));
    let code = code.ok_or_else(|| refused(answer.text()))?;
    let answer = wire.exchange(&redemption(&basic(PORTAL), &code))?;
    if answer.status == 200 { Ok(()) } else { Err(refused(answer.text())) }
}
