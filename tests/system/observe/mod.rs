//! What an operator sees, and what nobody may see there.
//!
//! ```text
//!  numbers   /metrics against the table; nobody's data       probes      ready, draining, closed doors
//!  traces    a span reaches a collector                      indicators  counts that single nobody out
//!  rules     dashboards and alerts name what exists
//! ```

mod indicators;
mod numbers;
mod probes;
mod rules;
mod traces;

use testkit::{Citizen, Client, Server};

const OPERATIONS: &str = "operations.listen = \"127.0.0.1:0\"";

/// Everything that one citizen and one portal leave behind.
struct Told {
    citizen: Citizen,
    portal: Client,
    secrets: Vec<(&'static str, String)>,
}

/// A login with everything that can go wrong in it.
async fn eventful_login(server: &Server) -> Told {
    let citizen = server.citizen().create().await;
    let portal = server.client("quan-sat").asks_consent().create().await;
    let mut browser = server.browser();
    let scope = "openid profile email phone address offline_access vn_identity";
    let asks = [("scope", scope), ("prompt", "consent"), ("acr_values", "urn:vn:eid:auth:2")];
    let page = browser.visit(&portal.authorize(&asks)).await;
    let wrong = [("username", &*citizen.number), ("password", "mật khẩu sai hoàn toàn")];
    browser.submit(&page, &wrong).await;
    let page = browser.log_in(server, &portal.authorize(&asks), &citizen).await;
    let page = browser.press(&page, "approve", &[]).await;
    let code = page.redirected("code").unwrap_or_else(|| panic!("{}", page.describe()));
    let tokens = portal.redeem(server, &code).await;
    portal.introspect(server, tokens.access_token()).await;
    portal.introspect(server, "vat1_unknown").await;
    portal.refresh(server, tokens.refresh_token()).await;
    portal.redeem(server, &code).await;
    browser.get("/authorize?client_id=khong-ai-biet").await;
    browser.get("/khong/co/trang/nay").await;
    server.userinfo(tokens.access_token()).await;
    let secrets = vec![
        ("password", citizen.password.clone()),
        ("personal number", citizen.number.clone()),
        ("name", "Kiểm Thử".to_owned()),
        ("e-mail", "kiem.thu.1@".to_owned()),
        ("phone", "900000001".to_owned()),
        ("subject", citizen.id.to_string()),
        ("code", code),
        ("access token", tokens.access_token().to_owned()),
        ("refresh token", tokens.refresh_token().to_owned()),
        ("client secret", portal.secret.clone().expect("confidential")),
        ("unknown client", "khong-ai-biet".to_owned()),
        ("unknown address", "khong/co".to_owned()),
    ];
    Told { citizen, portal, secrets }
}

/// Identifiers of ours are UUIDs: nothing that looks like one may be shown.
fn looks_like_an_identifier(text: &str) -> bool {
    text.split(|letter: char| !letter.is_ascii_hexdigit() && letter != '-').any(|word| {
        let groups: Vec<usize> = word.split('-').map(str::len).collect();
        groups == [8, 4, 4, 4, 12]
    })
}
