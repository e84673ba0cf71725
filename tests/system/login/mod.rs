//! Proving who you are: throttling, replay, and what nobody learns from the answers.
//!
//! ```text
//!  oracle    what the answers tell strangers: nothing         throttle   how often one may guess
//!  code      one-time codes count once                        flow       tabs, back buttons, old pages
//!  account   what a proven holder is told                     examiner   the test account
//!  recovery  codes on paper                                   ways       which way, and the others
//!  challenge questions asked of one browser               messages   codes by SMS and e-mail
//!  forgotten a password set anew                     shortcuts  ways around that; what is lost
//!  strangers the same of the doors beside the login      wandering  every page in every order
//!  sim       a number that moved to another SIM
//!  app · app_binding · app_requests   the citizen's telephone: QR, one device, signatures     screen
//! ```

mod account;
mod app;
mod app_binding;
mod app_requests;
mod challenge;
mod code;
mod examiner;
mod flow;
mod forgotten;
mod messages;
mod oracle;
mod recovery;
pub mod screen;
mod shortcuts;
mod sim;
mod strangers;
mod throttle;
mod wandering;
mod ways;

use testkit::{Citizen, Client, Page, Server};

/// The page of a fresh browser after one attempt.
async fn attempt(server: &Server, portal: &Client, name: &str, password: &str) -> Page {
    let mut browser = server.browser();
    let page = browser.visit(&portal.authorize(&[])).await;
    assert_eq!(page.path(), "/login", "{}", page.describe());
    browser.submit(&page, &[("username", name), ("password", password)]).await
}

/// A browser that proved the password and is asked for a code.
async fn asked_for_code(
    server: &Server,
    portal: &Client,
    citizen: &Citizen,
) -> (testkit::Browser, Page) {
    let mut browser = server.browser();
    let asks = [("acr_values", "urn:vn:eid:auth:2")];
    let page = browser.visit(&portal.authorize(&asks)).await;
    let filled = [("username", &*citizen.number), ("password", &*citizen.password)];
    let page = browser.submit(&page, &filled).await;
    assert_eq!(page.path(), "/login/totp", "{}", page.describe());
    (browser, page)
}

/// Takes another way than the one whose page is shown.
pub async fn other_way(browser: &mut testkit::Browser, page: &Page, method: &str) -> Page {
    let link = page.body.split("id=\"other-ways\" href=\"").nth(1);
    let link = link.unwrap_or_else(|| panic!("no other way on {}", page.describe()));
    let choose = browser.visit(link.split('"').next().unwrap()).await;
    assert_eq!(choose.path(), "/login/choose", "{}", choose.describe());
    browser.press(&choose, &format!("method-{method}"), &[]).await
}
