//! Generated, not typed: every bound value, every disabled thing, every endpoint.
//!
//! ```text
//!  bound      every value a code, token or page is bound to, changed one at a time
//!  disabled   every thing that can be switched off × everything it was good for
//!  kinds      every kind of token in every place that takes one
//!  doors      every endpoint without credentials, with garbage, by the wrong method
//! ```

mod bound;
mod disabled;
mod doors;
mod kinds;

use testkit::{Browser, Citizen, Client, Server, Tokens};

const OFFLINE: [(&str, &str); 2] = [("scope", "openid offline_access"), ("prompt", "consent")];

/// Another code in a session that is there already.
async fn next_code(browser: &mut Browser, client: &Client, further: &[(&str, &str)]) -> String {
    let mut asks = vec![("prompt", "none")];
    asks.extend(further);
    let page = browser.visit(&client.authorize(&asks)).await;
    page.redirected("code").unwrap_or_else(|| panic!("no code: {}", page.describe()))
}

/// Access, refresh and ID token.
async fn offline_tokens(
    server: &Server,
    browser: &mut Browser,
    client: &Client,
    citizen: &Citizen,
) -> Tokens {
    let code = browser.authorize(server, client, citizen, &OFFLINE).await;
    let tokens = client.redeem(server, &code).await;
    assert_eq!(tokens.status, 200, "{tokens:?}");
    tokens
}

/// The same token with one character changed, at several places.
fn flipped(token: &str) -> Vec<String> {
    let end = token.len() - 1;
    [0, 4, 5, 12, 20, end / 2, end - 20, end - 1]
        .into_iter()
        .map(|at| {
            let other = if &token[at..=at] == "A" { "B" } else { "A" };
            format!("{}{other}{}", &token[..at], &token[at + 1..])
        })
        .chain([token[..end].to_owned(), format!("{token}A"), token.to_ascii_uppercase()])
        .collect()
}

#[track_caller]
fn refused_grant(what: &str, answer: &Tokens) {
    assert_eq!(answer.status, 400, "{what}: {answer:?}");
    assert_eq!(answer.error(), "invalid_grant", "{what}");
    assert_eq!(answer.headers["cache-control"], "no-store", "{what}");
    for issued in ["access_token", "refresh_token", "id_token"] {
        assert!(answer.body.get(issued).is_none(), "{what}: something was issued");
    }
}
