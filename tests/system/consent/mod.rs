//! What a person agrees to, and the pages where they keep watch over it.
//!
//! ```text
//!  asking      when the question comes, and what the answer covers
//!  home        level, sessions, consents with withdrawal, history
//!  security    changing the password, enrolling and replacing the authenticator application
//!  centre      "that was not me", ways to log in lost and taken away, lock and unlock
//! ```

mod asking;
mod centre;
mod home;
mod security;
mod verified;

use std::time::Duration;

use testkit::{Browser, Citizen, Client, Page, Server};

/// A citizen, and a relying party that asks them.
struct Scene {
    server: Server,
    citizen: Citizen,
    client: Client,
    browser: Browser,
}

impl Scene {
    async fn set() -> Self {
        let server = Server::start().await;
        let citizen = server.citizen().create().await;
        let client = server.client("asking").asks_consent().create().await;
        let browser = server.browser();
        Self { server, citizen, client, browser }
    }

    /// Logs in as far as needed; ends at the consent page or at the relying party.
    async fn ask(&mut self, asks: &[(&str, &str)]) -> Page {
        self.browser.log_in(&self.server, &self.client.authorize(asks), &self.citizen).await
    }

    async fn ask_and_be_asked(&mut self, asks: &[(&str, &str)]) -> Page {
        let page = self.ask(asks).await;
        assert_eq!(page.path(), "/consent", "{}", page.describe());
        page
    }

    async fn ask_and_go_on(&mut self, asks: &[(&str, &str)]) -> String {
        let page = self.ask(asks).await;
        page.redirected("code").unwrap_or_else(|| panic!("asked: {}", page.describe()))
    }

    async fn approve(&mut self, page: &Page, ticked: &[&str]) -> String {
        let filled: Vec<_> = ticked.iter().map(|claim| ("claim", *claim)).collect();
        let page = self.browser.press(page, "approve", &filled).await;
        page.redirected("code").unwrap_or_else(|| panic!("no code: {}", page.describe()))
    }

    /// One of the citizen's own pages, logged in for it.
    async fn home(&mut self, path: &str) -> Page {
        let page = self.browser.log_in(&self.server, path, &self.citizen).await;
        assert_eq!(page.path(), path, "{}", page.describe());
        page
    }

    async fn active(&self, token: &str) -> bool {
        self.client.introspect(&self.server, token).await["active"] == true
    }

    fn pass(&self, seconds: u64) {
        self.server.clock.advance(Duration::from_secs(seconds));
    }
}
