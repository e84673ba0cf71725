//! Every refusal is one event: what was refused, to which proven client, and nothing the sender wrote.

use identity_core::EventKind;
use ledger::Sequence;
use testkit::{Client, Server};

struct Refusal {
    code: String,
    client: Option<String>,
}

/// The refusals recorded since the ledger's position `after`.
async fn refusals_since(server: &Server, after: Sequence) -> Vec<Refusal> {
    let events = server.provider.store.events_after(after, 1000).await.expect("the ledger answers");
    events
        .iter()
        .filter_map(|recorded| match &recorded.event().kind {
            EventKind::RequestRefused { code, .. } => Some(Refusal {
                code: code.clone(),
                client: recorded.event().client.as_ref().map(ToString::to_string),
            }),
            _ => None,
        })
        .collect()
}

async fn head(server: &Server) -> Sequence {
    server.provider.store.head().await.expect("the ledger answers")
}

#[tokio::test]
async fn a_refused_authorization_is_one_event() {
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let cases = [
        (portal.authorize(&[("client_id", "nobody")]), "page_refused", None),
        (portal.authorize(&[("redirect_uri", "https://evil.example/")]), "page_refused", None),
        (format!("{}&scope=openid", portal.authorize(&[])), "invalid_request", None),
        (portal.authorize(&[("prompt", "none")]), "login_required", Some("portal")),
        (
            portal.authorize(&[("response_type", "token")]),
            "unsupported_response_type",
            Some("portal"),
        ),
        ("/login?interaction=vin1_forged".to_owned(), "page_refused", None),
    ];
    for (url, code, client) in cases {
        let before = head(&server).await;
        server.browser().get(&url).await;
        assert_one(&refusals_since(&server, before).await, code, client, &url);
    }
}

#[tokio::test]
async fn a_refused_token_request_is_one_event_that_names_only_a_proven_client() {
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let impostor = Client { secret: Some("guessed".to_owned()), ..portal.clone() };

    let before = head(&server).await;
    portal.redeem(&server, "vac1_forged").await;
    assert_one(&refusals_since(&server, before).await, "invalid_grant", Some("portal"), "code");

    let before = head(&server).await;
    impostor.redeem(&server, "vac1_forged").await;
    assert_one(&refusals_since(&server, before).await, "invalid_client", None, "secret");

    let before = head(&server).await;
    server.userinfo_response("vat1_forged").await;
    assert_one(&refusals_since(&server, before).await, "invalid_token", None, "token");
}

#[tokio::test]
async fn a_flood_of_garbage_fills_no_disk() {
    // ATK-142
    let server = Server::start().await;
    for _ in 0..300 {
        server.userinfo_response("garbage").await;
    }
    let recorded = refusals_since(&server, Sequence::BEFORE_FIRST).await;
    assert_eq!(recorded.len(), 200, "the clock stands still");
}

fn assert_one(recorded: &[Refusal], code: &str, client: Option<&str>, what: &str) {
    let [only] = recorded else { panic!("{what}: {} events", recorded.len()) };
    assert_eq!((only.code.as_str(), only.client.as_deref()), (code, client), "{what}");
}
