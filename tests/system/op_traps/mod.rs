//! What examiners of OpenID Providers look for. Numbers in the tests are those of the list of traps
//! this provider was built against.
//!
//! ```text
//!  prompts      1 · 2 · 3 · 26    hints       4                 wishes    5 · 6
//!  requests     7 · 9 · 10 · 11   exchange    8 · 12 · 16       answers   18 · 19
//!  documents    13 · 17 · 22 · 25
//! ```

mod answers;
mod documents;
mod exchange;
mod hints;
mod prompts;
mod requests;
mod wishes;

use std::collections::BTreeSet;
use std::time::Duration;

use identity_core::RelyingParty;
use testkit::{Browser, Citizen, Client, Page, Server, Tokens};

/// One examiner with one browser, one client and one person.
struct Examination {
    server: Server,
    citizen: Citizen,
    client: Client,
    browser: Browser,
}

impl Examination {
    async fn begin() -> Self {
        Self::of(|_| ()).await
    }

    /// With a registration that differs from the usual one.
    async fn of(registration: impl FnOnce(&mut RelyingParty)) -> Self {
        let server = Server::start().await;
        let citizen = server.citizen().create().await;
        let client = server.client("examined").with(registration).create().await;
        let browser = server.browser();
        Self { server, citizen, client, browser }
    }

    /// Asks, and stops at whatever the provider shows.
    async fn ask(&mut self, asks: &[(&str, &str)]) -> Page {
        self.browser.visit(&self.client.authorize(asks)).await
    }

    /// Asks, and proves whatever the provider wants proven.
    async fn finish(&mut self, asks: &[(&str, &str)]) -> Page {
        self.browser.log_in(&self.server, &self.client.authorize(asks), &self.citizen).await
    }

    async fn code(&mut self, asks: &[(&str, &str)]) -> String {
        let (server, citizen) = (&self.server, &self.citizen);
        self.browser.authorize(server, &self.client, citizen, asks).await
    }

    async fn tokens(&mut self, asks: &[(&str, &str)]) -> Tokens {
        let code = self.code(asks).await;
        let tokens = self.client.redeem(&self.server, &code).await;
        assert_eq!(tokens.status, 200, "{tokens:?}");
        tokens
    }

    async fn tokens_offline(&mut self) -> Tokens {
        self.tokens(&[("scope", "openid offline_access"), ("prompt", "consent")]).await
    }

    async fn active(&self, token: &str) -> bool {
        self.client.introspect(&self.server, token).await["active"] == true
    }

    fn pass(&self, seconds: u64) {
        self.server.clock.advance(Duration::from_secs(seconds));
    }
}

/// An error at the redirect URI: only defined parameters, of this issuer, with the state that was
/// sent (traps 3, 10 and 11).
fn assert_error(exam: &Examination, page: &Page, error: &str, state: &str) {
    assert_eq!(page.status, 303, "{}", page.describe());
    let location = page.location().expect("a redirect");
    assert!(location.as_str().starts_with(&exam.client.party.redirect_uris[0]), "{location}");
    let names: BTreeSet<String> = location.query_pairs().map(|(name, _)| name.into()).collect();
    let defined = ["error", "error_description", "iss", "state"].map(str::to_owned);
    assert_eq!(names, BTreeSet::from(defined), "{location}");
    assert_eq!(page.redirected("error").as_deref(), Some(error), "{location}");
    assert_eq!(page.redirected("state").as_deref(), Some(state));
    assert_eq!(page.redirected("iss").as_deref(), Some(exam.server.issuer.as_str()));
    let description = page.redirected("error_description").expect("a description");
    // RFC 6749 §5.2
    let plain = |c: char| matches!(c, ' '..='~') && c != '"' && c != '\\';
    assert!(description.chars().all(plain), "{description}");
}

/// A page that tells the person, and nothing that leads away.
fn assert_error_page(page: &Page) {
    assert_eq!(page.status, 400, "{}", page.describe());
    assert!(page.location().is_none(), "{}", page.describe());
    assert!(page.has_id("error-title") && page.has_id("request-id"), "{}", page.describe());
}
