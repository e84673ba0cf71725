//! Rows 7, 8 and 10: many at once, over several nodes; and again after all of them were restarted.

use std::sync::Arc;
use std::time::{Duration, Instant};

use identity_core::Timestamp;
use identity_core::secret::SecretBytes;
use testkit::{Browser, Page, all_at_once};

use super::portal::{self, Client, Judged, Portal};
use super::site::Site;
use super::{alone, each, size};

/// How long an honest client may ask again for an answer that got lost.
const RETRY_WINDOW: Duration = Duration::from_secs(10);
/// So many families at a time that their access tokens still live when they are replayed.
const BATCH: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_redemptions_of_one_code_at_several_nodes_one_succeeds() {
    // Scorecard 7, ATK-002
    let row = alone().await;
    let (clients, codes) = size((40, 15), (200, 1_000));
    let site = Site::of(3).await;
    let portal = site.portal(8).await;
    let mut spent = Vec::new();
    for index in 0..codes {
        let code = portal.code(index, index).await.expect("a code");
        let answers = {
            let (portal, code) = (portal.clone(), code.clone());
            all_at_once(clients, move |client| {
                let (portal, code) = (portal.clone(), code.clone());
                async move { portal.redeem(Client::Portal, client, &code).await }
            })
            .await
        };
        let (won, lost): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.status() == Some(200));
        assert_eq!(won.len(), 1, "code {index}");
        assert!(lost.iter().all(|answer| answer.status() == Some(400)), "{lost:?}");
        // Only the replays say that the code leaked: the family is gone.
        let token = won[0].text("access_token");
        assert_eq!(portal.judge(index, &token).await, Judged::Inactive);
        spent.push(code);
    }
    let recent = spent.split_off(spent.len().saturating_sub(20));
    restart_all(&site).await;
    for (index, code) in recent.iter().enumerate() {
        assert_eq!(portal.redeem(Client::Portal, index, code).await.status(), Some(400));
    }
    row.passed(
        "7",
        format!(
            "{clients} x {codes} codes over 3 nodes: {codes} single successes, 0 double; {} shown \
             again after a restart of every node, all refused",
            recent.len()
        ),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_refreshes_at_once_are_one_lineage_and_a_late_replay_ends_it() {
    // Scorecard 8, BCP-11
    let row = alone().await;
    let (callers, tokens) = size((40, 8), (200, 1_000));
    let site = Site::of(3).await;
    let portal = site.portal(1).await;
    let mut slowest = Duration::ZERO;
    for begin in (0..tokens).step_by(BATCH) {
        let mut families = Vec::new();
        for index in begin..tokens.min(begin + BATCH) {
            let code = portal.offline_code(Client::App, index).await;
            let first = portal.redeem(Client::App, index, &code).await.text("refresh_token");
            families.push(race(&portal, callers, first).await);
        }
        // Every family went on by one generation, however many asked.
        let generations = "SELECT count(DISTINCT generation) FROM grants WHERE client = 'app'";
        assert_eq!(site.postgres.psql(generations), "1", "one lineage each");
        tokio::time::sleep(RETRY_WINDOW + Duration::from_millis(500)).await;
        restart_all(&site).await;
        slowest = slowest.max(replayed(&portal, families).await);
    }
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    row.passed(
        "8",
        format!(
            "{callers} x {tokens} refreshes over 3 nodes: one lineage each; replayed outside the \
             window after a restart, every family gone at every node within {} ms",
            slowest.as_millis()
        ),
    );
}

/// Each family's first token comes back: how long until the slowest family was gone everywhere.
async fn replayed(portal: &Portal, families: Vec<(String, String)>) -> Duration {
    let (portal, families) = (portal.clone(), Arc::new(families));
    let replays = each(families.len(), 8, move |index| {
        let (portal, families) = (portal.clone(), Arc::clone(&families));
        async move {
            let (first, access) = &families[index];
            assert_eq!(portal.userinfo(index, access).await, Judged::Active);
            let begun = Instant::now();
            let answer = portal.refresh(Client::App, index, first).await;
            assert_eq!(answer.status(), Some(400), "{answer:?}");
            gone_everywhere(&portal, access).await;
            begun.elapsed()
        }
    });
    replays.await.into_iter().max().expect("a replay")
}

/// The same refresh token by everybody at once: the token, and an access token that came of it.
async fn race(portal: &Portal, callers: usize, first: String) -> (String, String) {
    let answers = all_at_once(callers, |caller| {
        let (portal, first) = (portal.clone(), first.clone());
        async move { portal.refresh(Client::App, caller, &first).await }
    })
    .await;
    assert!(answers.iter().all(|answer| answer.status() == Some(200)), "{answers:?}");
    (first, answers[0].text("access_token"))
}

async fn gone_everywhere(portal: &Portal, access: &str) {
    for node in 0..portal.nodes() {
        while portal.userinfo(node, access).await != Judged::Inactive {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

async fn restart_all(site: &Site) {
    for node in 0..site.nodes.len() {
        site.crash(node).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_assertion_and_an_authenticator_code_count_once_over_all_nodes() {
    // Scorecard 10, ATK-050; what else counts once has rows of its own
    let row = alone().await;
    let (clients, assertions, people) = size((20, 10, 3), (100, 200, 25));
    let site = Site::of(3).await;
    let portal = site.portal(1).await;
    let mut codes = Vec::new();
    for person in 0..people {
        codes.push(one_step_many_browsers(&site, person).await);
    }
    portal.until_asserted("before").await;
    let mut used = Vec::new();
    for index in 0..assertions {
        let assertion = portal.assertion(&format!("race-{index}"));
        let answers = all_at_once(clients, |client| {
            let (portal, assertion) = (portal.clone(), assertion.clone());
            async move { portal.assert(client, &assertion).await.status() }
        })
        .await;
        let won = answers.iter().filter(|status| **status == Some(200)).count();
        assert_eq!(won, 1, "{answers:?}");
        used.push(assertion);
    }
    restart_all(&site).await;
    let recent = used.split_off(used.len().saturating_sub(20));
    for assertion in &recent {
        assert!(portal.assert(0, assertion).await.is_refused(), "after a restart");
    }
    for (number, code) in codes.iter().rev().take(3) {
        let (mut browser, page) = second_factor(&site, number).await;
        let page = browser.submit(&page, &[("totp", code)]).await;
        assert!(page.redirected("code").is_none(), "a step served twice");
    }
    row.passed(
        "10",
        format!(
            "{clients} x {assertions} client assertions and {BROWSERS} x {people} authenticator \
             codes over 3 nodes: each counted once, and not again after a restart of every node"
        ),
    );
}

/// As many as may guess wrong without having to wait.
const BROWSERS: usize = 4;

/// The same code, sent by several browsers to several nodes at once: one gets in. Returns the number
/// and the code.
async fn one_step_many_browsers(site: &Site, person: usize) -> (String, String) {
    let number = format!("067190{:06}", 100 + person);
    site.program.write("citizen.toml", &portal::citizen(&number, true));
    let said = site.program.done(&["citizen", "create", "citizen.toml"]);
    let secret = said.split_once("shown this once: ").expect("a secret was made").1;
    let secret = SecretBytes::new(base32(secret.trim()));
    let mut waiting = Vec::new();
    for node in 0..BROWSERS {
        let (browser, mut page) = second_factor(site, &number).await;
        let port = site.nodes[node % site.nodes.len()].port;
        page.url.set_port(Some(port)).expect("a URL with a host");
        waiting.push((browser, page));
    }
    let now = Timestamp::from_unix_seconds(portal::now());
    let code = flows::totp::code_at(&secret, now).expect("a code");
    let waiting = Arc::new(waiting);
    let answers = all_at_once(BROWSERS, |index| {
        let (waiting, code) = (Arc::clone(&waiting), code.clone());
        async move {
            let (mut browser, page) = waiting[index].clone();
            browser.submit_once(&page, &[("totp", &code)]).await
        }
    })
    .await;
    let won = answers.iter().filter(|page| page.location().is_some()).count();
    assert_eq!(won, 1, "{:?}", answers.iter().map(Page::describe).collect::<Vec<_>>());
    (number, code)
}

async fn second_factor(site: &Site, number: &str) -> (Browser, Page) {
    let asks = [("acr_values", "urn:vn:eid:auth:2")];
    let (browser, page) = portal::with_password(&site.program, number, &asks).await;
    assert!(page.has_id("totp"), "{}", page.describe());
    (browser, page)
}

/// RFC 4648 §6, as authenticator apps take it.
fn base32(text: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut bytes, mut buffer, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes() {
        let Some(value) = alphabet.iter().position(|known| *known == letter) else { continue };
        buffer = (buffer << 5) | u32::try_from(value).expect("five bits");
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((buffer >> bits) & 0xff).expect("eight bits"));
        }
    }
    bytes
}
