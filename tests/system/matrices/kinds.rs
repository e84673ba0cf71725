//! Every kind of token in every place that takes one: only its own place takes it (ATK-041).

use identity_core::relying_party::AccessTokenFormat;
use serde_json::json;
use testkit::{App, Browser, Citizen, Client, Server, Tokens};

use super::{next_code, offline_tokens};
use crate::login::screen::Screen;

/// Where a token can be put. Each place is the right one for the kinds it names.
const PLACES: [(&str, &[&str]); 11] = [
    ("code", &["code"]),
    ("refresh_token", &["refresh token"]),
    ("bearer", &["access token", "JWT access token"]),
    ("introspection", &["access token", "JWT access token"]),
    ("interaction", &["interaction"]),
    ("logout request", &["logout request"]),
    ("enrolment", &["enrolment"]),
    ("scanned code", &["QR code"]),
    ("id_token_hint at authorize", &["ID token"]),
    ("id_token_hint at logout", &["ID token"]),
    ("client_assertion", &[]),
];

struct World {
    server: Server,
    client: Client,
    citizen: Citizen,
    browser: Browser,
    app: App,
}

#[tokio::test]
async fn no_kind_of_token_passes_for_another() {
    // ATK-041, security.md §7 no. 3
    let mut world = World::new().await;
    let tokens = world.one_of_each().await;
    let mut wrong = Vec::new();
    for (place, right) in PLACES {
        for (kind, token) in &tokens {
            let accepted = world.accepts(place, token).await;
            if accepted != right.contains(kind) {
                wrong.push(format!("{kind} as {place}: accepted = {accepted}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

impl World {
    async fn new() -> Self {
        let server = Server::start().await;
        let citizen = server.citizen().create().await;
        let client = server.client("portal").create().await;
        let browser = server.browser();
        let app = App::of(&server, &citizen).await;
        // The code that paired the telephone is used up.
        server.next_totp_step();
        Self { server, client, citizen, browser, app }
    }

    async fn one_of_each(&mut self) -> Vec<(&'static str, String)> {
        let (server, client, citizen) = (&self.server, &self.client, &self.citizen);
        let browser = &mut self.browser;
        let tokens: Tokens = offline_tokens(server, browser, client, citizen).await;
        let offline = server.client("offline-verifier").with(|party| {
            party.access_token_format = AccessTokenFormat::Jwt;
            party.audiences = [client.party.client_id.clone()].into();
        });
        let offline = offline.create().await;
        let code = next_code(browser, &offline, &[]).await;
        let jwt = offline.redeem(server, &code).await.access_token().to_owned();
        let hint = ("id_token_hint", tokens.id_token());
        let client_id = ("client_id", client.id.as_str());
        browser.log_in(server, "/home/security/totp", citizen).await;
        let enrolment = browser.visit("/home/security/totp").await;
        let logout = browser.visit(&format!("/logout?{}", encoded(&[client_id]))).await;
        server.clock.advance(std::time::Duration::from_secs(1));
        let interaction = browser.visit(&client.authorize(&[("prompt", "login"), hint])).await;
        let field = |page: &testkit::Page, name: &str| {
            let fields = page.forms().into_iter().flat_map(|form| form.fields);
            let found = fields.into_iter().find(|(known, _)| known == name);
            found.unwrap_or_else(|| panic!("no {name} on {}", page.describe())).1
        };
        vec![
            ("QR code", Screen::open(server, client).await.code),
            ("code", next_code(browser, client, &[]).await),
            ("refresh token", tokens.refresh_token().to_owned()),
            ("access token", tokens.access_token().to_owned()),
            ("JWT access token", jwt),
            ("ID token", tokens.id_token().to_owned()),
            ("interaction", field(&interaction, "interaction")),
            ("logout request", field(&logout, "request")),
            ("enrolment", field(&enrolment, "enrolment")),
        ]
    }

    async fn accepts(&mut self, place: &str, token: &str) -> bool {
        let (server, client) = (&self.server, &self.client);
        match place {
            "code" => client.redeem(server, token).await.status == 200,
            "refresh_token" => client.refresh(server, token).await.status == 200,
            "bearer" => server.userinfo_response(token).await.status() == 200,
            "introspection" => client.introspect(server, token).await["active"] == true,
            "client_assertion" => {
                let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
                let form = [
                    ("grant_type", "client_credentials"),
                    ("client_assertion_type", kind),
                    ("client_assertion", token),
                ];
                let request = server.http.post(server.url("/token"));
                let request = request
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(encoded(&form));
                request.send().await.unwrap().status() == 200
            }
            page => self.page_accepts(page, token).await,
        }
    }

    /// In a browser of its own that shares the cookies: a logout here must not end the session.
    async fn page_accepts(&mut self, place: &str, token: &str) -> bool {
        let mut browser = self.browser.clone();
        match place {
            "interaction" => {
                browser.get(&format!("/login?interaction={token}")).await.status == 200
            }
            "logout request" => {
                // With the session gone there is nothing to end but the way back.
                browser.cookies.retain(|name, _| name != "vneid-session");
                let page = self.browser.visit("/logout").await;
                let sent = [("request", token), ("decision", "yes")];
                browser.submit_once(&page, &sent).await.status == 303
            }
            "scanned code" => {
                let said = self.app.ask(&self.server, "resolve", json!({ "code": token })).await;
                said.status == 200
            }
            "enrolment" => {
                let page = self.browser.visit("/home/security/totp").await;
                let sent = [("enrolment", token), ("totp", "000000")];
                // An invitation that opens is shown again with the complaint about the code.
                let answer = browser.submit_once(&page, &sent).await;
                answer.body.contains(token)
                    || answer.forms().iter().any(|form| {
                        form.fields.contains(&("enrolment".to_owned(), token.to_owned()))
                    })
            }
            "id_token_hint at authorize" => {
                let asks = [("id_token_hint", token), ("prompt", "none")];
                let page = browser.visit(&self.client.authorize(&asks)).await;
                page.redirected("code").is_some()
            }
            "id_token_hint at logout" => {
                browser.cookies.clear();
                let query = encoded(&[("id_token_hint", token)]);
                browser.get(&format!("/logout?{query}")).await.status != 400
            }
            other => unreachable!("{other}"),
        }
    }
}

fn encoded(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
