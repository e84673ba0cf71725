//! Faces and fingers, compared by the simulated matcher over real HTTP.
//!
//! ```text
//!  matches   what a match is worth, and with what beside it      lies     statements about something else
//!  failures  what failed comparisons cost, and what counts as none       process  the simulator by itself
//! ```

mod failures;
mod lies;
mod matches;
mod process;

use std::sync::Arc;

use flows::admin::register_template;
use flows::matcher::{Modality, TemplateReference};
use identity_core::event::LoginRefusalReason;
use identity_core::{AuthenticatorKind, Clock as _, EventKind};
use storage::Enrolment;
use tempfile::TempDir;
use testkit::{App, Browser, Citizen, Client, Page, Server};
use tokio::net::TcpListener;
use vneid::demo::matcher::{MatcherConfig, registration, serve};

use crate::login::screen::Screen;

/// A provider, its matcher, and a person with a telephone whose face and finger the matcher knows.
struct World {
    server: Server,
    portal: Client,
    lan: Citizen,
    app: App,
    matcher: String,
    _registrations: TempDir,
}

/// What a browser brings back from the matcher.
struct Statement {
    address: String,
    state: String,
    signed: String,
}

impl World {
    async fn new() -> Self {
        Self::registered(|text| text).await
    }

    /// With the matcher's registration changed.
    async fn registered(change: impl Fn(String) -> String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let matcher = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let registrations = tempfile::tempdir().unwrap();
        let file = registrations.path().join("matchers.toml");
        std::fs::write(&file, change(registration(&matcher))).unwrap();
        let setting = format!("biometrics.matchers_file = {:?}", file.display().to_string());
        let server = Server::start_with(&setting).await;
        let clock = Arc::clone(&server.clock);
        let now = Arc::new(move || clock.now().unix_seconds());
        let config = MatcherConfig { issuer: server.issuer.clone(), now };
        tokio::spawn(serve(config, listener, std::future::pending()));
        let portal = server.client("portal").create().await;
        let lan = server.citizen().create().await;
        let app = App::of(&server, &lan).await;
        for modality in [Modality::Face, Modality::Fingerprint] {
            let reference = TemplateReference::parse("simulator/lan").unwrap();
            let (provider, now) = (&server.provider, server.now());
            register_template(provider, lan.id, modality, &reference, now).await.unwrap();
        }
        Self { server, portal, lan, app, matcher, _registrations: registrations }
    }

    /// A browser whose person wants level 3 and has just used their app, and where that led.
    async fn after_the_app(&self) -> (Browser, Page) {
        self.app_in(self.server.browser()).await
    }

    async fn app_in(&self, browser: Browser) -> (Browser, Page) {
        let wish = self.portal.authorize(&[("acr_values", "urn:vn:eid:auth:3")]);
        let mut screen = Screen::of(browser, &wish).await;
        screen.approved_by(&self.server, &self.app).await;
        let page = screen.collect().await;
        (screen.browser, page)
    }

    /// The same, where the face is asked for next.
    async fn at_face(&self) -> (Browser, Page) {
        let (browser, page) = self.after_the_app().await;
        assert_eq!(page.path(), "/login/face", "{}", page.describe());
        (browser, page)
    }

    /// Off to the matcher, whose dials are turned. The answer is not brought back yet.
    async fn capture(
        &self,
        browser: &mut Browser,
        page: &Page,
        dials: &[(&str, &str)],
    ) -> Statement {
        let leaving = browser.press(page, "begin-capture", &[]).await;
        let camera = leaving.location().unwrap_or_else(|| panic!("{}", leaving.describe()));
        assert!(camera.as_str().starts_with(&self.matcher), "{camera}");
        let mut elsewhere = Browser::new(self.server.http.clone(), &self.matcher);
        let camera = elsewhere.visit(camera.as_str()).await;
        assert_eq!(camera.status, 200, "{}", camera.describe());
        let mut turned = vec![
            ("score", "950000"),
            ("threshold", "800000"),
            ("false_match_per_billion", "10000"),
            ("sample", "live"),
            ("about", "as_asked"),
            ("signature", "good"),
        ];
        turned.retain(|(name, _)| dials.iter().all(|(dial, _)| dial != name));
        turned.extend(dials);
        let form = elsewhere.submit_once(&camera, &turned).await.form();
        let field = |name| form.fields.iter().find(|(known, _)| known == name).unwrap().1.clone();
        Statement {
            address: form.action.to_string(),
            state: field("state"),
            signed: field("statement"),
        }
    }

    /// What the browser does with the matcher's form, and with the page that sends itself.
    async fn bring(&self, browser: &mut Browser, came: &Statement) -> Page {
        let page = self.come_back(browser, came).await;
        browser.submit(&page, &[]).await
    }

    async fn come_back(&self, browser: &mut Browser, came: &Statement) -> Page {
        let fields = [("state", came.state.as_str()), ("statement", came.signed.as_str())];
        let back = browser.post_from_elsewhere(&came.address, &fields).await;
        assert_eq!(back.status, 303, "{}", back.describe());
        assert!(!back.headers.contains_key("set-cookie"), "a new cookie would end the attempt");
        let page = browser.follow(back).await;
        assert!(page.has_id("form-post"), "{}", page.describe());
        page
    }

    /// All of it.
    async fn compare(&self, browser: &mut Browser, page: &Page, dials: &[(&str, &str)]) -> Page {
        let came = self.capture(browser, page, dials).await;
        self.bring(browser, &came).await
    }

    async fn claims(&self, page: &Page) -> serde_json::Value {
        let code = page.redirected("code").unwrap_or_else(|| panic!("{}", page.describe()));
        self.portal.redeem(&self.server, &code).await.id_claims()
    }

    async fn enrolment(&self, kind: AuthenticatorKind) -> Enrolment {
        let enrolments = self.server.provider.store.enrolments(self.lan.id).await.unwrap();
        enrolments.into_iter().find(|known| known.authenticator.kind == kind).expect("enrolled")
    }

    async fn failures(&self) -> u32 {
        self.enrolment(AuthenticatorKind::Face).await.failures.consecutive
    }

    /// Why the last attempt of this person was refused.
    async fn last_refusal(&self) -> LoginRefusalReason {
        let history = self.server.provider.store.history_of(self.lan.id, None, 1).await.unwrap();
        match &history.first().expect("an event").event().kind {
            EventKind::LoginRefused { reason, .. } => *reason,
            other => panic!("{other:?}"),
        }
    }
}
