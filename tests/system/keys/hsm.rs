//! SoftHSM2 in the place of a hardware security module.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, jwk::JwkSet};
use serde_json::Value;
use testkit::jwt::header_of;
use testkit::{Program, SoftHsm};

use super::{code, create_citizen, is_active, keys, post, redeem, refresh, register_client, text};

const OLD_KEY: &str = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1";
const NEW_KEY: &str = "e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5";

/// A provider whose processes see `token`.
fn program(token: &SoftHsm) -> Program {
    let mut program = Program::new();
    program.environment.push(token.environment());
    program
}

/// With `wrapping` instead of the line that gives the key-encryption key.
fn configuration(program: &Program, wrapping: &str, hsm: &str) -> String {
    let usual = format!("key_encryption_key = \"{OLD_KEY}\"");
    let text = program.configuration(program.port);
    assert!(text.contains(&usual), "{text}");
    format!(
        "{}\n[hsm]\nmodule = \"{}\"\ntoken_label = \"{}\"\n{hsm}\n",
        text.replace(&usual, wrapping),
        SoftHsm::MODULE,
        SoftHsm::LABEL
    )
}

fn usual() -> String {
    format!("key_encryption_key = \"{OLD_KEY}\"")
}

fn pin() -> String {
    format!("pin = \"{}\"", SoftHsm::PIN)
}

async fn jwks(program: &Program) -> JwkSet {
    let request = program.http.get(format!("{}/jwks", program.issuer()));
    request.send().await.unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_is_signed_by_a_key_that_never_leaves_the_token() {
    let token = SoftHsm::new();
    let program = program(&token);
    let hsm = format!("{}\nsigning = true", pin());
    program.write("vneid.toml", &configuration(&program, &usual(), &hsm));
    create_citizen(&program);
    register_client(&program, "portal", "sealed");
    for key in keys(&program) {
        let home = if key[1] == "seal" { "database" } else { "hsm" };
        assert_eq!(key.last().map(String::as_str), Some(home), "{key:?}");
    }
    let node = program.serve().await;
    let mut browser = program.browser();
    let code_1 = code(&mut browser, "portal").await;
    let (status, _, tokens) = redeem(&program, program.port, "portal", &code_1).await;
    assert_eq!(status, 200, "{tokens}");

    let id_token = text(&tokens, "id_token");
    let kid = header_of(id_token)["kid"].as_str().unwrap().to_owned();
    let key = jwks(&program).await.find(&kid).cloned().expect("it is published");
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&["portal"]);
    let decoding = DecodingKey::from_jwk(&key).unwrap();
    decode::<Value>(id_token, &decoding, &validation).expect("it verifies");

    // Unplugged: nothing is signed, and everything else goes on.
    let code_2 = code(&mut browser, "portal").await;
    token.unplug();
    for _ in 0..3 {
        let (status, wait, body) = redeem(&program, program.port, "portal", &code_2).await;
        assert_eq!((status, wait), (503, true), "{body}");
        assert_eq!(text(&body, "error"), "temporarily_unavailable");
        let held = text(&tokens, "refresh_token");
        let (status, ..) = refresh(&program, program.port, "portal", held).await;
        assert_eq!(status, 503);
    }
    assert!(is_active(&program, program.port, "portal", text(&tokens, "access_token")).await);
    let form = [("grant_type", "client_credentials"), ("scope", "cases.write")];
    assert_eq!(post(&program, program.port, "/token", "portal", &form).await.0, 200);
    assert_eq!(keys(&program).len(), 4, "commands that sign nothing work");

    // Plugged in again: the code was not used up, the refresh token not lost.
    token.plug_in();
    testkit::until("it signs again", || async {
        redeem(&program, program.port, "portal", &code_2).await.0 == 200
    })
    .await;
    let held = text(&tokens, "refresh_token");
    assert_eq!(refresh(&program, program.port, "portal", held).await.0, 200);
    let log = node.log();
    assert!(!log.contains("panicked"), "{log}");
    let said = "keys in the hardware security module cannot be used";
    assert_eq!(log.matches(said).count(), 1, "{log}");
    assert!(node.interrupt().await);
}

#[test]
fn the_key_that_wraps_the_ring_moves_into_the_token_and_out_again() {
    let token = SoftHsm::new();
    let program = program(&token);
    let (seen, of_token) = (keys(&program).len(), "key_encryption_key_label = \"kek\"");
    let write = |wrapping: &str, hsm: &str| {
        let hsm = format!("{}\n{hsm}", pin());
        program.write("vneid.toml", &configuration(&program, wrapping, &hsm));
    };
    // The key must be there before anything is wrapped by it.
    write("", of_token);
    assert!(program.refused(&["keys", "list"]).contains("no usable key kek"));
    program.done(&["keys", "create-encryption-key", "kek"]);
    assert!(program.refused(&["keys", "create-encryption-key", "kek"]).contains("already"));
    assert!(program.refused(&["keys", "list"]).contains("wrong key-encryption key"));

    write(&format!("previous_{}", usual()), of_token);
    let said = program.done(&["keys", "rewrap"]);
    assert!(said.contains(&format!("{seen} keys rewrapped")), "{said}");
    assert!(program.done(&["keys", "rewrap"]).contains("already"));
    write("", of_token);
    assert_eq!(keys(&program).len(), seen);
    write(&usual(), "");
    assert!(program.refused(&["keys", "list"]).contains("wrong key-encryption key"));

    let new = format!("key_encryption_key = \"{NEW_KEY}\"");
    write(&new, "previous_key_encryption_key_label = \"kek\"");
    assert!(program.done(&["keys", "rewrap"]).contains("rewrapped"));
    program.write("vneid.toml", &program.configuration(program.port).replace(&usual(), &new));
    assert_eq!(keys(&program).len(), seen);
}

#[test]
fn a_token_that_cannot_be_used_stops_the_first_start_with_one_sentence() {
    let token = SoftHsm::new();
    let program = program(&token);
    let with = |hsm: &str| {
        let text = configuration(&program, &usual(), &format!("{hsm}\nsigning = true"));
        program.write("vneid.toml", &text);
    };
    with("pin = \"0000\"");
    assert!(program.refused(&["keys", "list"]).contains("refuses the PIN"));
    token.unplug();
    with(&pin());
    assert!(program.refused(&["keys", "list"]).contains("no token is called vneid"));
    let text = configuration(&program, &usual(), &format!("{}\nsigning = true", pin()));
    program.write("vneid.toml", &text.replace(SoftHsm::MODULE, "/nowhere/hsm.so"));
    let refused = program.refused(&["keys", "list"]);
    assert!(refused.contains("does not answer") && !refused.contains("panicked"), "{refused}");
}
