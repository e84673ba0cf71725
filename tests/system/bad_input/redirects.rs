//! Addresses that are nearly the registered one (ATK-007, op-traps 9).

use testkit::Server;

/// The corpus of the parser's own tests, here over the wire.
const HOSTILE: &str = include_str!("../../../crates/protocol/src/redirect_uri/hostile.txt");
const REGISTERED: &str = "https://portal.example.vn/callback";

#[tokio::test]
async fn nobody_is_ever_sent_to_an_address_that_is_not_registered() {
    // ATK-007, BCP-01
    let server = Server::start().await;
    let portal = server.client("portal").with(|party| {
        party.redirect_uris = vec![REGISTERED.to_owned()];
    });
    let portal = portal.create().await;
    let mut browser = server.browser();
    let control = browser.get(&portal.authorize(&[("redirect_uri", REGISTERED)])).await;
    assert_eq!(control.status, 303, "{}", control.describe());
    assert!(HOSTILE.lines().count() > 80);
    let long = format!("{REGISTERED}/{}", "a".repeat(6000));
    for uri in HOSTILE.lines().chain([long.as_str()]) {
        // Also where an error would be reported to it.
        for asks in [&[("redirect_uri", uri)][..], &[("redirect_uri", uri), ("prompt", "none")]] {
            let page = browser.get(&portal.authorize(asks)).await;
            assert!(matches!(page.status.as_u16(), 400 | 413), "{uri}: {}", page.status);
            assert!(page.location().is_none(), "{uri}");
            assert!(!page.headers.contains_key("refresh"), "{uri}");
        }
    }
}
