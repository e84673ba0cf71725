//! What a holder learns about their own account, and only after proving who they are.

use std::time::Duration;

use flows::admin::record_death;
use testkit::Server;

use super::attempt;

#[tokio::test]
async fn what_is_wrong_with_an_account_is_told_after_the_right_password() {
    // ATK-098; that strangers learn nothing is proven in `oracle`
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let locked = server.citizen().locked().create().await;
    let fresh = server.citizen().never_activated().create().await;
    let child = server.citizen().born("2013-05-17").create().await;
    let dead = server.citizen().create().await;
    record_death(&server.provider, dead.id, "registry".to_owned(), server.now()).await.unwrap();

    let mut said = Vec::new();
    for (case, who) in
        [("locked", locked), ("never activated", fresh), ("thirteen", child), ("dead", dead)]
    {
        let page = attempt(&server, &portal, &who.number, &who.password).await;
        assert_eq!(page.status, 403, "{case}: {}", page.describe());
        assert!(page.location().is_none(), "{case}");
        let (_, after) = page.body.split_once("id=\"problem\"").expect("it says what is wrong");
        let (sentence, _) = after.split_once("</div>").expect("the box ends");
        assert!(!said.contains(&sentence.to_owned()), "{case}: not told apart");
        said.push(sentence.to_owned());
    }
}

#[tokio::test]
async fn a_fourteenth_birthday_opens_the_account_at_midnight_in_ha_noi() {
    // edge case 15; the day begins at 17:00 UTC
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let child = server.citizen().born("2012-11-23").create().await;
    server.clock.advance(Duration::from_hours(15) - Duration::from_millis(1));
    assert_eq!(attempt(&server, &portal, &child.number, &child.password).await.status, 403);
    server.clock.advance(Duration::from_millis(1));
    let page = attempt(&server, &portal, &child.number, &child.password).await;
    assert!(page.redirected("code").is_some(), "{}", page.describe());
}

#[tokio::test]
async fn a_card_that_expires_takes_its_level_along_at_midnight_in_ha_noi() {
    // edge case 10
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().card_until("2026-11-23").create().await;
    server.clock.advance(Duration::from_hours(15) - Duration::from_mins(5));
    let mut browser = server.browser();
    let code = browser.authorize(&server, &portal, &citizen, &[]).await;
    let tokens = portal.redeem(&server, &code).await;
    assert_eq!(tokens.id_claims()["assurance"]["vn_account_level"], 2);

    server.clock.advance(Duration::from_mins(5) - Duration::from_millis(1));
    let before = portal.introspect(&server, tokens.access_token()).await;
    assert_eq!(before["assurance"]["vn_account_level"], 2, "{before}");
    server.clock.advance(Duration::from_millis(1));
    let after = portal.introspect(&server, tokens.access_token()).await;
    assert_ne!(after["assurance"]["vn_account_level"], 2, "{after}");
    let person = server.userinfo(tokens.access_token()).await;
    assert_eq!(person["assurance"]["vn_account_level"], after["assurance"]["vn_account_level"]);
}

#[tokio::test]
async fn a_short_password_alone_is_not_enough_but_with_a_code_it_is() {
    // NIST SP 800-63B-4 §3.1.1
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().password("bốn con cò").create().await;
    let page = attempt(&server, &portal, &citizen.number, &citizen.password).await;
    assert_eq!(page.path(), "/login/totp", "{}", page.describe());
    let mut browser = server.browser();
    let code = browser.authorize(&server, &portal, &citizen, &[]).await;
    let claims = portal.redeem(&server, &code).await.id_claims();
    assert_eq!(claims["amr"], serde_json::json!(["pwd", "otp", "mfa"]));

    let bare = server.citizen().password("bốn con cò").without_totp().create().await;
    let page = attempt(&server, &portal, &bare.number, &bare.password).await;
    assert!(page.redirected("code").is_none(), "{}", page.describe());
}
