//! The citizen's own pages.

use super::Scene;

#[tokio::test]
async fn the_overview_tells_who_i_am_and_the_time_i_was_here_before() {
    let mut scene = Scene::set().await;
    let page = scene.home("/home").await;
    assert!(page.body.contains("Nguyễn Thị Kiểm Thử"));
    let number = page.text_of("personal-number");
    assert!(!number.contains(&scene.citizen.number) && number.contains('•'), "{number}");
    assert!(page.body.contains("datetime=\"2035-01-01\""), "the card's day: {}", page.describe());
    assert!(!page.text_of("last-login").contains("time"), "{}", page.describe());

    let consent = scene.ask_and_be_asked(&[]).await;
    let code = scene.approve(&consent, &[]).await;
    scene.client.redeem(&scene.server, &code).await;
    scene.pass(3600 * 2);
    let page = scene.home("/home").await;
    let last = page.body.split("id=\"last-login\"").nth(1).unwrap();
    assert!(last.contains("<time") && last.contains("Cổng asking"), "{}", page.describe());
}

#[tokio::test]
async fn the_front_door_and_every_page_of_mine_ask_me_to_log_in_first() {
    let scene = Scene::set().await;
    for path in [
        "/",
        "/home",
        "/home/sessions",
        "/home/consents",
        "/home/history",
        "/home/not-me",
        "/home/not-me?use=1",
        "/home/security",
        "/home/security/authenticators",
        "/home/security/authenticator",
        "/home/security/lock",
        "/unlock",
        "/home/security/password",
        "/home/security/totp",
    ] {
        let page = scene.server.browser().visit(path).await;
        assert_eq!(page.path(), "/login", "{path}: {}", page.describe());
    }
}

#[tokio::test]
async fn history_shows_who_used_my_identity_and_what_for() {
    let mut scene = Scene::set().await;
    let page = scene.ask_and_be_asked(&[]).await;
    let code = scene.approve(&page, &[]).await;
    scene.client.redeem(&scene.server, &code).await;
    let page = scene.home("/home/history").await;
    assert!(page.body.contains("Cổng asking"), "{}", page.describe());
    assert!(page.body.contains("Giải quyết thủ tục hành chính"), "{}", page.describe());

    let stranger = scene.server.citizen().create().await;
    let mut elsewhere = scene.server.browser();
    let page = elsewhere.log_in(&scene.server, "/home/history", &stranger).await;
    assert!(!page.body.contains("Cổng asking"), "somebody else's history is theirs");
}

#[tokio::test]
async fn withdrawing_consent_kills_what_rests_on_it_and_brings_the_question_back() {
    // ATK-074, PDPL art. 9
    let mut scene = Scene::set().await;
    let asks = [("scope", "openid email offline_access"), ("prompt", "consent")];
    let page = scene.ask_and_be_asked(&asks).await;
    let code = scene.approve(&page, &[]).await;
    let tokens = scene.client.redeem(&scene.server, &code).await;
    assert!(scene.active(tokens.access_token()).await);
    let unredeemed = scene.ask_and_go_on(&[("scope", "openid email")]).await;

    let page = scene.home("/home/consents").await;
    assert!(page.body.contains("Cổng asking"), "{}", page.describe());
    let button = page.body.split("id=\"withdraw-").nth(1).unwrap().split('"').next().unwrap();
    let page = scene.browser.press(&page, &format!("withdraw-{button}"), &[]).await;
    assert_eq!(page.path(), "/home/consents", "{}", page.describe());
    assert!(!page.body.contains("id=\"withdraw-"), "{}", page.describe());

    assert!(!scene.active(tokens.access_token()).await);
    let userinfo = scene.server.userinfo_response(tokens.access_token()).await;
    assert_eq!(userinfo.status(), 401);
    let refreshed = scene.client.refresh(&scene.server, tokens.refresh_token()).await;
    assert_eq!(refreshed.error(), "invalid_grant");
    let late = scene.client.redeem(&scene.server, &unredeemed).await;
    assert_eq!(late.error(), "invalid_grant", "a code from before the withdrawal");
    scene.pass(1);
    let page = scene.ask_and_be_asked(&[("scope", "openid email")]).await;
    let code = scene.approve(&page, &[]).await;
    let tokens = scene.client.redeem(&scene.server, &code).await;
    assert!(scene.active(tokens.access_token()).await, "agreed anew, good anew");
}

#[tokio::test]
async fn ending_one_session_ends_that_one_alone() {
    let mut scene = Scene::set().await;
    let page = scene.ask_and_be_asked(&[]).await;
    let code = scene.approve(&page, &[]).await;
    let here = scene.client.redeem(&scene.server, &code).await;
    let mut elsewhere = scene.server.browser();
    let (server, client, citizen) = (&scene.server, &scene.client, &scene.citizen);
    let code = elsewhere.authorize(server, client, citizen, &[]).await;
    let there = client.redeem(server, &code).await;

    let page = scene.home("/home/sessions").await;
    let buttons: Vec<&str> = page.body.split("id=\"end-session-").skip(1).collect();
    assert_eq!(buttons.len(), 2, "{}", page.describe());
    let other = format!("end-session-{}", buttons[1].split('"').next().unwrap());
    let page = scene.browser.press(&page, &other, &[]).await;
    assert_eq!(page.path(), "/home/sessions", "{}", page.describe());
    assert!(scene.active(here.access_token()).await);
    assert!(!scene.active(there.access_token()).await);
    assert_eq!(elsewhere.visit("/home").await.path(), "/login");
    assert!(!page.has_id("end-other-sessions"), "no other is left");
}

#[tokio::test]
async fn ending_all_other_sessions_keeps_this_one_and_ending_this_one_logs_out() {
    let mut scene = Scene::set().await;
    scene.home("/home").await;
    let mut others = [scene.server.browser(), scene.server.browser()];
    for other in &mut others {
        other.log_in(&scene.server, "/home", &scene.citizen).await;
    }
    let page = scene.home("/home/sessions").await;
    let page = scene.browser.press(&page, "end-other-sessions", &[]).await;
    assert_eq!(page.path(), "/home/sessions", "{}", page.describe());
    for other in &mut others {
        assert_eq!(other.visit("/home").await.path(), "/login");
    }
    let own = page.body.split("id=\"end-session-").nth(1).unwrap().split('"').next().unwrap();
    let page = scene.browser.press(&page, &format!("end-session-{own}"), &[]).await;
    assert_eq!(page.path(), "/logged-out", "{}", page.describe());
    assert_eq!(scene.browser.visit("/home").await.path(), "/login");
}

#[tokio::test]
async fn a_stranger_can_end_no_session_of_mine_and_withdraw_no_consent() {
    // ATK-132: somebody else's object is as if it did not exist
    let mut scene = Scene::set().await;
    let consent = scene.ask_and_be_asked(&[]).await;
    scene.approve(&consent, &[]).await;
    let mine = scene.home("/home/sessions").await;
    let id = mine.body.split("id=\"end-session-").nth(1).unwrap().split('"').next().unwrap();
    let consents = scene.home("/home/consents").await;
    let handle = consents.body.split("id=\"withdraw-").nth(1).unwrap().split('"').next().unwrap();

    let stranger = scene.server.citizen().create().await;
    let mut elsewhere = scene.server.browser();
    let page = elsewhere.log_in(&scene.server, "/home/sessions", &stranger).await;
    elsewhere.submit(&page, &[("session", id)]).await;
    let url = url::Url::parse(&scene.server.url("/home/consents/withdraw")).unwrap();
    let csrf = page.form().fields[0].clone();
    let answer = elsewhere.post(url, &[csrf, ("consent".to_owned(), handle.to_owned())]).await;
    assert_eq!(answer.status, 404, "{}", answer.describe());
    scene.home("/home/sessions").await;
    scene.ask_and_go_on(&[]).await;
}
