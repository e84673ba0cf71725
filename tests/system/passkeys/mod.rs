//! Passkeys: what one proves, what a lying one does not, and who may change them.
//!
//! ```text
//!  login   alone and beside a password; what is asked for and what is learned from it
//!  lies    each thing that an answer is bound to, changed one at a time
//!  keys    enrolling, naming and removing; of officials more is asked
//! ```

mod keys;
mod lies;
mod login;

use identity_core::EventKind;
use identity_core::event::LoginRefusalReason;
use testkit::{Browser, Citizen, Client, Page, Server, SoftKey};

const LEVEL_2: [(&str, &str); 1] = [("acr_values", "urn:vn:eid:auth:2")];
const SESSION: &str = "vneid-session";

/// A citizen with a passkey of their own.
struct Scene {
    server: Server,
    portal: Client,
    citizen: Citizen,
    key: SoftKey,
}

impl Scene {
    async fn set() -> Self {
        Self::set_with(|key| key).await
    }

    async fn set_with(made: impl FnOnce(SoftKey) -> SoftKey) -> Self {
        let server = Server::start().await;
        let portal = server.client("portal").create().await;
        let citizen = server.citizen().create().await;
        let mut key = made(SoftKey::new(&server.issuer));
        Browser::enrol_passkey(&server, &citizen, &mut key).await;
        Self { server, portal, citizen, key }
    }

    /// A fresh browser before the login page.
    async fn arrive(&self, asks: &[(&str, &str)]) -> (Browser, Page) {
        let mut browser = self.server.browser();
        let page = browser.visit(&self.portal.authorize(asks)).await;
        assert_eq!(page.path(), "/login", "{}", page.describe());
        (browser, page)
    }

    /// A browser that proved the password and is asked for the passkey.
    async fn arrive_beside(&self) -> (Browser, Page) {
        let (mut browser, page) = self.arrive(&LEVEL_2).await;
        let filled = [("username", &*self.citizen.number), ("password", &*self.citizen.password)];
        let page = browser.submit(&page, &filled).await;
        assert_eq!(page.path(), "/login/passkey", "{}", page.describe());
        (browser, page)
    }

    /// Claims of the ID token of whoever came back with a code.
    async fn claims(&self, page: &Page) -> serde_json::Value {
        let code = page.redirected("code").unwrap_or_else(|| panic!("{}", page.describe()));
        self.portal.redeem(&self.server, &code).await.id_claims()
    }

    /// Why the citizen's logins were refused, newest first.
    async fn refusals(&self) -> Vec<LoginRefusalReason> {
        let store = &self.server.provider.store;
        let events = store.history_of(self.citizen.id, None, 100).await.expect("the history");
        let reason = |kind: &EventKind| match kind {
            EventKind::LoginRefused { reason, .. } => Some(*reason),
            _ => None,
        };
        events.iter().filter_map(|recorded| reason(&recorded.event().kind)).collect()
    }
}

/// Refused, and nobody is logged in.
fn assert_refused(browser: &Browser, page: &Page) {
    assert_eq!(page.status, 422, "{}", page.describe());
    assert!(page.has_id("problem"), "{}", page.describe());
    assert!(!browser.cookies.contains_key(SESSION), "nobody is logged in");
}
