//! ATK-094: somebody with one factor of two tries every page in every order, with every field they ever saw
//! in every place. Nothing opens. (Keycloak CVE-2026-18963, authentik CVE-2026-49443: a step was left out.)

use authorization_server::endpoints::{Caller, ENDPOINTS, Surface};
use http::Method;
use testkit::{Browser, Citizen, Client, Page, Server};

use super::messages::house;

/// Steps of one walk; five walks take some seconds.
const STEPS: usize = 400;

/// xorshift64*: the same walk for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let thrown = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(thrown).unwrap() % sides
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        (!from.is_empty()).then(|| &from[self.roll(from.len())])
    }
}

/// Who knows the password and has neither the app nor the telephone.
struct Wanderer<'a> {
    browser: Browser,
    portal: &'a Client,
    citizen: &'a Citizen,
    dice: Dice,
    pages: Vec<Page>,
    /// Every hidden field that was ever seen.
    fields: Vec<(String, String)>,
}

/// Buttons with a meaning of their own.
const BUTTONS: [(&str, &str); 8] = [
    ("send", "yes"),
    ("stop", "yes"),
    ("remove", "yes"),
    ("others", "yes"),
    ("decision", "approve"),
    ("method", "totp"),
    ("method", "sms-code"),
    ("method", "recovery-code"),
];

fn paths_of(method: &Method) -> Vec<&'static str> {
    let pages = ENDPOINTS.iter().filter(|endpoint| {
        endpoint.method == *method
            && endpoint.surface() == Surface::Page
            && endpoint.caller != Caller::RelyingPartysBrowser
            // Everybody reads the outbox in development, and with it the codes.
            && !endpoint.path.starts_with("/dev/")
    });
    pages.map(|endpoint| endpoint.path).collect()
}

impl Wanderer<'_> {
    async fn step(&mut self) -> Page {
        match self.dice.roll(8) {
            0 => {
                let address = self.portal.authorize(&[("acr_values", "urn:vn:eid:auth:2")]);
                self.browser.visit(&address).await
            }
            1 | 2 => {
                let mut address = (*self.dice.pick(&paths_of(&Method::GET)).unwrap()).to_owned();
                if let Some(interaction) = self.seen("interaction") {
                    address = format!("{address}?interaction={interaction}");
                }
                self.browser.visit(&address).await
            }
            3 => {
                let path = *self.dice.pick(&paths_of(&Method::POST)).unwrap();
                self.send(path).await
            }
            _ => match self.dice.pick(&self.pages).cloned() {
                Some(page) => self.answer(&page).await,
                None => self.browser.visit("/home").await,
            },
        }
    }

    /// A form as it stands, with one value perhaps exchanged for another that was seen somewhere.
    async fn answer(&mut self, page: &Page) -> Page {
        let forms = page.forms();
        let Some(form) = self.dice.pick(&forms).cloned() else {
            return self.browser.visit("/login").await;
        };
        let mut fields = form.fields;
        if self.dice.roll(4) == 0
            && let Some((_, value)) = self.dice.pick(&self.fields).cloned()
            && !fields.is_empty()
        {
            let at = self.dice.roll(fields.len());
            fields[at].1 = value;
        }
        fields.extend(self.typed());
        let answer = self.browser.post(form.action, &fields).await;
        self.browser.follow(answer).await
    }

    /// Some endpoint, with whatever was seen.
    async fn send(&mut self, path: &str) -> Page {
        let mut fields: Vec<(String, String)> = Vec::new();
        for _ in 0..self.dice.roll(6) {
            let seen = self.dice.pick(&self.fields).cloned();
            fields.extend(seen.filter(|(name, _)| fields.iter().all(|(known, _)| known != name)));
        }
        let csrf = self.seen("csrf").filter(|_| fields.iter().all(|(name, _)| name != "csrf"));
        fields.extend(csrf.map(|csrf| ("csrf".to_owned(), csrf)));
        fields.extend(self.typed());
        let url = url::Url::parse(self.portal_issuer()).unwrap().join(path).unwrap();
        let answer = self.browser.post(url, &fields).await;
        self.browser.follow(answer).await
    }

    fn portal_issuer(&self) -> &str {
        self.pages.first().map_or("", |page| page.url.as_str())
    }

    /// What a person types: all they know, and guesses at what they do not.
    fn typed(&mut self) -> Vec<(String, String)> {
        let mut typed = vec![
            ("username", self.citizen.number.clone()),
            ("password", self.citizen.password.clone()),
            ("current-password", self.citizen.password.clone()),
            ("new-password", "mật khẩu của kẻ trộm".to_owned()),
            ("new-password-again", "mật khẩu của kẻ trộm".to_owned()),
            ("totp", "000000".to_owned()),
            ("message-code", "000000".to_owned()),
            ("recovery-code", "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE".to_owned()),
        ];
        let leave_out = self.dice.roll(16);
        if leave_out < typed.len() {
            typed.remove(leave_out);
        }
        let (name, value) = BUTTONS[self.dice.roll(BUTTONS.len())];
        if self.dice.roll(2) == 0 {
            typed.push((name, value.to_owned()));
        }
        typed.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn seen(&mut self, name: &str) -> Option<String> {
        let values: Vec<_> = self.fields.iter().filter(|(known, _)| known == name).collect();
        self.dice.pick(&values).map(|(_, value)| value.clone())
    }

    fn remember(&mut self, page: Page) {
        self.fields.extend(page.forms().into_iter().flat_map(|form| form.fields));
        // What is old is as good as what is new, but not for ever.
        if self.fields.len() > 400 {
            self.fields.drain(..200);
        }
        if !page.forms().is_empty() {
            self.pages.push(page);
        }
        if self.pages.len() > 40 {
            self.pages.remove(1);
        }
    }
}

/// The pages of who has proven both factors.
fn is_inside(page: &Page) -> bool {
    page.status == 200 && (page.path().starts_with("/home") || page.path() == "/unlock")
}

#[tokio::test]
async fn one_factor_opens_nothing_in_whatever_order_the_pages_are_taken() {
    let server: Server = house().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().with_verified_email().create().await;
    let before = server.provider.store.enrolments(citizen.id).await.unwrap();
    let mut reached = std::collections::BTreeSet::new();
    for seed in 1..=5 {
        let browser = server.browser();
        let (pages, fields) = (Vec::new(), Vec::new());
        let dice = Dice(seed);
        let mut walk =
            Wanderer { browser, portal: &portal, citizen: &citizen, dice, pages, fields };
        let first = walk.browser.visit("/login").await;
        walk.remember(first);
        for step in 0..STEPS {
            let page = walk.step().await;
            let here = format!("walk {seed}, step {step}: {}", page.describe());
            assert!(page.status.as_u16() < 500, "{here}");
            assert!(page.redirected("code").is_none(), "{here}");
            assert!(!is_inside(&page), "{here}");
            reached.insert(page.path().to_owned());
            walk.remember(page);
        }
    }
    for path in ["/login", "/login/totp", "/recover", "/recover/codes", "/logout"] {
        assert!(reached.contains(path), "the walks come far: {reached:?}");
    }
    let after = server.provider.store.enrolments(citizen.id).await.unwrap();
    let kinds = |of: &[storage::Enrolment]| {
        of.iter().map(|held| (held.authenticator.id, held.authenticator.kind)).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&after), kinds(&before), "nothing came and nothing went");
}
