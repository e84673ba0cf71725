//! `/metrics`.

use std::collections::BTreeSet;
use std::time::Duration;

use node::measure::{self, Kind};
use testkit::Server;

use super::{OPERATIONS, eventful_login, looks_like_an_identifier};

async fn metrics(server: &Server) -> String {
    let answer = server.operations("/metrics").await;
    assert_eq!(answer.status(), 200);
    answer.text().await.unwrap()
}

/// The value of the one series that begins like this.
fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find(|line| line.starts_with(series));
    let line = line.unwrap_or_else(|| panic!("{series} is not shown:\n{text}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn metrics_show_the_whole_table_and_nobody() {
    // ATK-124, ATK-138
    let server = Server::start_with(OPERATIONS).await;
    let told = eventful_login(&server).await;
    let text = metrics(&server).await;
    let mut shown = BTreeSet::new();
    for line in text.lines().filter(|line| line.starts_with("# TYPE ")) {
        let mut words = line.split(' ').skip(2);
        shown.insert((words.next().unwrap(), words.next().unwrap()));
    }
    let table = measure::ALL.iter().map(|measure| (measure.name, kind(measure.kind)));
    let table: BTreeSet<_> = table.collect();
    assert_eq!(shown, table);
    for measure in measure::ALL {
        assert!(text.contains(&format!("# HELP {} {}", measure.name, measure.help)), "{text}");
    }
    for (what, secret) in &told.secrets {
        let part: String = secret.chars().take(40).collect();
        assert!(!text.contains(&part), "{what} is shown");
    }
    assert!(!looks_like_an_identifier(&text), "{text}");
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    }
}

#[tokio::test]
async fn every_step_of_a_login_is_counted_with_its_outcome() {
    // One recorder serves all servers of this process, so only what this portal did is certain.
    let server = Server::start_with(OPERATIONS).await;
    let citizen = server.citizen().create().await;
    let portal = server.client("dem-tung-buoc").asks_consent().create().await;
    let mut browser = server.browser();
    let asks = [("acr_values", "urn:vn:eid:auth:2"), ("prompt", "consent")];
    let page = browser.visit(&portal.authorize(&asks)).await;
    browser.submit(&page, &[("username", &citizen.number), ("password", "sai")]).await;
    let page = browser.log_in(&server, &portal.authorize(&asks), &citizen).await;
    let page = browser.press(&page, "approve", &[]).await;
    let code = page.redirected("code").unwrap();
    portal.redeem(&server, &code).await;
    portal.redeem(&server, &code).await;
    server.clock.advance(Duration::from_mins(1));
    browser.visit(&portal.authorize(&[("prompt", "none"), ("max_age", "1")])).await;
    let text = metrics(&server).await;
    let counted = |step: &str, outcome: &str| {
        let labels =
            format!("{{relying_party=\"dem-tung-buoc\",step=\"{step}\",outcome=\"{outcome}\"}}");
        value(&text, &format!("vneid_relying_party_logins_total{labels}"))
    };
    for (step, outcome) in [
        ("first_factor", "done"),
        ("first_factor", "refused"),
        ("second_factor", "done"),
        ("consent", "done"),
        ("code", "done"),
        ("code", "refused"),
        ("token", "done"),
        ("token", "refused"),
    ] {
        assert!((counted(step, outcome) - 1.0).abs() < f64::EPSILON, "{step} {outcome}:\n{text}");
    }
    assert!((counted("authorize", "done") - 3.0).abs() < f64::EPSILON);
    assert!(value(&text, "vneid_process_resident_bytes") > 1e6);
    assert!(value(&text, "vneid_key_age_seconds{purpose=\"sign_es256\"}") >= 0.0);
}

#[tokio::test]
async fn relying_parties_are_left_out_where_the_operator_says_so() {
    let further = format!("{OPERATIONS}\nmetrics.relying_party_labels = false");
    let server = Server::start_with(&further).await;
    let portal = server.client("khong-dem").create().await;
    server.browser().visit(&portal.authorize(&[])).await;
    let text = metrics(&server).await;
    assert!(!text.contains("khong-dem"), "{text}");
    assert!(value(&text, "vneid_logins_total{step=\"authorize\",outcome=\"done\"}") > 0.0);
}
