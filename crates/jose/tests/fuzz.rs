//! Fuzz targets for everything that reads a stranger's bytes. Each run takes a moment under
//! `cargo test`; `BOLERO_RANDOM_TEST_TIME_MS=60000 cargo test -p jose --test fuzz` makes it longer.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test helper that fails fails the test"
)]

use std::sync::OnceLock;
use std::time::Duration;

use bolero::check;
use identity_core::key::KeyPurpose;
use identity_core::{ClientId, Entropy, Timestamp};
use jose::digest::base64url;
use jose::{
    AudienceRule, Expected, ExpectedAssertion, Expiry, ForeignAlgorithm, Jwks, KeyEncryptionKey,
    KeyRing, SigningAlgorithm, TokenKind, TokenType, generate_key, open, seal, sign,
    verify_client_assertion, verify_own,
};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

const ISSUER: &str = "https://id.test";
const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

struct Fixed;

impl Entropy for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(3);
    }
}

fn ring() -> &'static KeyRing {
    static RING: OnceLock<KeyRing> = OnceLock::new();
    RING.get_or_init(|| {
        let kek = KeyEncryptionKey::from_bytes(&[1; 32]).unwrap();
        let records = [KeyPurpose::SignEdDsa, KeyPurpose::Seal]
            .map(|purpose| generate_key(purpose, NOW, NOW, &kek, &Fixed).unwrap());
        KeyRing::open(records.to_vec(), &kek).unwrap()
    })
}

/// Overwrites bytes of an honest token: pairs of position and new byte, as the fuzzer likes.
fn altered(token: &str, edits: &[u8]) -> Option<String> {
    let mut bytes = token.as_bytes().to_vec();
    for edit in edits.chunks_exact(3) {
        let at = usize::from(u16::from_be_bytes([edit[0], edit[1]])) % (bytes.len() + 1);
        match (bytes.get_mut(at), edit[2] & 0x7f) {
            (None, byte) => bytes.push(byte),
            (Some(_), 0) => bytes.truncate(at),
            (Some(place), byte) => *place = byte,
        }
    }
    String::from_utf8(bytes).ok().filter(|altered| altered != token)
}

#[test]
fn nothing_opens_that_was_not_sealed() {
    let honest = seal(TokenKind::AccessToken, b"facts", ring(), NOW, &Fixed).unwrap();
    check!().for_each(|input: &[u8]| {
        let text = String::from_utf8_lossy(input);
        for kind in TokenKind::ALL {
            assert!(open(kind, &text, ring(), NOW).is_err());
            assert!(open(kind, &format!("{}{text}", kind.prefix()), ring(), NOW).is_err());
        }
        let raw = format!("{}{}", TokenKind::AccessToken.prefix(), base64url(input));
        assert!(open(TokenKind::AccessToken, &raw, ring(), NOW).is_err());
        if let Some(token) = altered(&honest, input) {
            assert!(open(TokenKind::AccessToken, &token, ring(), NOW).is_err());
        }
    });
}

#[test]
fn nothing_verifies_that_we_did_not_sign() {
    let key = ring().signer(SigningAlgorithm::EdDsa, NOW).unwrap();
    let exp = NOW.unix_seconds() + 60;
    let honest = json!({"iss": ISSUER, "aud": "portal", "sub": "s", "exp": exp});
    let honest = sign(&honest, TokenType::IdToken, key).unwrap();
    let expected = Expected {
        typ: TokenType::IdToken,
        issuer: ISSUER,
        audience: None,
        algorithms: &SigningAlgorithm::ALL,
        expiry: Expiry::MustBeFresh,
        now: NOW,
    };
    let judge = |token: &str| verify_own::<Value>(token, &expected, ring());
    assert!(judge(&honest).is_ok());
    check!().for_each(|input: &[u8]| {
        assert!(judge(&String::from_utf8_lossy(input)).is_err());
        assert!(judge(&format!("{}.{}.AA", base64url(input), base64url(input))).is_err());
        if let Some(token) = altered(&honest, input) {
            assert!(judge(&token).is_err());
        }
    });
}

/// A client that signs whatever the fuzzer writes, so that the claims are reached.
struct Client {
    pair: EcdsaKeyPair,
    jwks: Jwks,
}

fn client() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
        let point = pair.public_key().as_ref();
        let (x, y) = (base64url(&point[1..33]), base64url(&point[33..]));
        let jwks = json!({"keys": [{"kty": "EC", "crv": "P-256", "x": x, "y": y}]});
        Client { jwks: Jwks::parse(&jwks.to_string()).unwrap(), pair }
    })
}

fn client_signed(header: &[u8], payload: &[u8]) -> String {
    let input = format!("{}.{}", base64url(header), base64url(payload));
    let signature = client().pair.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
    format!("{input}.{}", base64url(signature.as_ref()))
}

#[test]
fn a_client_assertion_is_accepted_only_with_the_claims_it_needs() {
    let client_id = ClientId::parse("portal").unwrap();
    let expected = ExpectedAssertion {
        client_id: &client_id,
        audience: AudienceRule::IssuerOnly(ISSUER),
        algorithms: &ForeignAlgorithm::ALL,
        max_life: Duration::from_mins(10),
        now: NOW,
    };
    let judge = |token: &str| verify_client_assertion(token, &expected, &client().jwks);
    let exp = NOW.unix_seconds() + 60;
    let honest = json!({"iss": "portal", "sub": "portal", "aud": ISSUER, "jti": "j", "exp": exp})
        .to_string();
    assert!(judge(&client_signed(br#"{"alg":"ES256"}"#, honest.as_bytes())).is_ok());
    check!().for_each(|input: &[u8]| {
        assert!(judge(&String::from_utf8_lossy(input)).is_err());
        assert!(
            judge(&client_signed(input, honest.as_bytes())).is_err() || looks_like_header(input)
        );
        let _ = judge(&client_signed(br#"{"alg":"ES256"}"#, input));
        if let Some(claims) = altered(&honest, input) {
            let token = client_signed(br#"{"alg":"ES256"}"#, claims.as_bytes());
            if let Ok(accepted) = judge(&token) {
                assert!(accepted.expires_at <= NOW.plus(expected.max_life));
                assert!(!accepted.jti.is_empty());
                let claims: Value = serde_json::from_str(&claims).unwrap();
                assert_eq!((&claims["iss"], &claims["sub"]), (&json!("portal"), &json!("portal")));
                assert_eq!(claims["aud"], ISSUER);
            }
        }
    });
}

fn looks_like_header(input: &[u8]) -> bool {
    serde_json::from_slice::<Value>(input).is_ok_and(|header| header["alg"] == "ES256")
}

#[test]
fn a_jwk_set_that_parses_holds_nothing_secret() {
    let honest = serde_json::to_string(&client().jwks).unwrap();
    check!().for_each(|input: &[u8]| {
        let text = String::from_utf8_lossy(input);
        let key = format!("{{\"keys\":[{text}]}}");
        let altered = altered(&honest, input).unwrap_or_default();
        for json in [text.as_ref(), &key, &altered] {
            let Ok(set) = Jwks::parse(json) else { continue };
            let written = serde_json::to_value(&set).unwrap();
            for key in written["keys"].as_array().unwrap() {
                assert!(key.get("d").is_none() && key.get("k").is_none());
            }
            assert!(Jwks::parse(&written.to_string()).is_ok(), "what is written reads again");
        }
    });
}
