//! ATK-041: every kind of token, offered everywhere. The setting favours the attacker: one ring of
//! keys, and a client that registered our own keys as its own, so that all signatures verify.

#![expect(clippy::unwrap_used, reason = "a test helper that fails fails the test")]

use std::time::Duration;

use identity_core::key::KeyPurpose;
use identity_core::{ClientId, Entropy, Timestamp};
use jose::{
    AccessTokenClaims, AudienceRule, Expected, ExpectedAssertion, Expiry, ExtraClaims,
    ForeignAlgorithm, IdTokenClaims, KeyEncryptionKey, KeyRing, LogoutEvents, LogoutTokenClaims,
    SigningAlgorithm, TokenKind, TokenType, generate_key, open, seal, sign,
    verify_client_assertion, verify_own,
};
use serde_json::{Value, json};

const ISSUER: &str = "https://id.test";
const CLIENT: &str = "portal";
const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    Sealed(TokenKind),
    Signed(TokenType),
    ClientAssertion,
}

fn kinds() -> Vec<Kind> {
    let sealed = TokenKind::ALL.map(Kind::Sealed);
    let signed = TokenType::ALL.map(Kind::Signed);
    [sealed.as_slice(), &signed, &[Kind::ClientAssertion]].concat()
}

struct Fixed;

impl Entropy for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(3);
    }
}

fn ring() -> KeyRing {
    let kek = KeyEncryptionKey::from_bytes(&[1; 32]).unwrap();
    let records = [KeyPurpose::SignEs256, KeyPurpose::Seal]
        .map(|purpose| generate_key(purpose, NOW, NOW, &kek, &Fixed).unwrap());
    KeyRing::open(records.to_vec(), &kek).unwrap()
}

/// Claims as the kind really has them.
fn claims(kind: TokenType) -> Value {
    let (iat, exp) = (NOW.unix_seconds(), NOW.unix_seconds() + 60);
    let claims = match kind {
        TokenType::IdToken => serde_json::to_value(IdTokenClaims {
            iss: ISSUER.into(),
            sub: "s".into(),
            aud: CLIENT.into(),
            exp,
            iat,
            auth_time: iat,
            nonce: Some("n".into()),
            acr: None,
            amr: vec!["pwd".into()],
            at_hash: None,
            azp: None,
            sid: Some("sid".into()),
            assurance: None,
            authorization_details: None,
            extra: ExtraClaims::default(),
        }),
        TokenType::AccessToken => serde_json::to_value(AccessTokenClaims {
            iss: ISSUER.into(),
            exp,
            aud: vec![CLIENT.into(), ISSUER.into()],
            sub: CLIENT.into(),
            client_id: CLIENT.into(),
            iat,
            jti: "j".into(),
            scope: "openid".into(),
            auth_time: None,
            acr: None,
            amr: vec![],
            authorization_details: None,
            facts: "vat1_".into(),
        }),
        TokenType::LogoutToken => serde_json::to_value(LogoutTokenClaims {
            iss: ISSUER.into(),
            aud: CLIENT.into(),
            sub: "s".into(),
            sid: "sid".into(),
            iat,
            exp,
            jti: "j".into(),
            events: LogoutEvents::default(),
        }),
        TokenType::IntrospectionResponse => Ok(json!({"iss": ISSUER, "aud": CLIENT, "iat": iat,
            "exp": exp, "token_introspection": {"active": true}})),
        TokenType::LedgerCheckpoint => Ok(json!({"iss": ISSUER, "aud": CLIENT, "iat": iat,
            "exp": exp, "size": 1, "root": "AA"})),
        TokenType::MatchRequest => Ok(json!({"iss": ISSUER, "aud": CLIENT, "iat": iat,
            "exp": exp, "challenge": "c", "modality": "face"})),
    };
    claims.unwrap()
}

fn make(kind: Kind, ring: &KeyRing) -> String {
    let key = ring.signer(SigningAlgorithm::Es256, NOW).unwrap();
    match kind {
        Kind::Sealed(kind) => seal(kind, b"facts", ring, NOW, &Fixed).unwrap(),
        Kind::Signed(typ) => sign(&claims(typ), typ, key).unwrap(),
        Kind::ClientAssertion => {
            let exp = NOW.unix_seconds() + 60;
            let claims =
                json!({"iss": CLIENT, "sub": CLIENT, "aud": ISSUER, "jti": "j", "exp": exp});
            sign(&claims, TokenType::IdToken, key).unwrap()
        }
    }
}

fn accepts(kind: Kind, token: &str, ring: &KeyRing) -> bool {
    match kind {
        Kind::Sealed(kind) => open(kind, token, ring, NOW).is_ok(),
        Kind::Signed(typ) => {
            let expected = Expected {
                typ,
                issuer: ISSUER,
                audience: Some(CLIENT),
                algorithms: &SigningAlgorithm::ALL,
                expiry: Expiry::MustBeFresh,
                now: NOW,
            };
            verify_own::<Value>(token, &expected, ring).is_ok()
        }
        Kind::ClientAssertion => {
            let expected = ExpectedAssertion {
                client_id: &ClientId::parse(CLIENT).unwrap(),
                audience: AudienceRule::IssuerOrTokenEndpoint {
                    issuer: ISSUER,
                    token_endpoint: "https://id.test/token",
                },
                algorithms: &ForeignAlgorithm::ALL,
                max_life: Duration::from_mins(10),
                now: NOW,
            };
            verify_client_assertion(token, &expected, &ring.jwks(NOW)).is_ok()
        }
    }
}

#[test]
fn every_token_is_accepted_where_it_belongs_and_nowhere_else() {
    let ring = ring();
    for made in kinds() {
        let token = make(made, &ring);
        for asked in kinds() {
            assert_eq!(accepts(asked, &token, &ring), made == asked, "{made:?} as {asked:?}");
        }
    }
}

#[test]
fn the_type_alone_keeps_our_signed_tokens_apart() {
    // The same claims under every type: nothing but `typ` differs.
    let ring = ring();
    let key = ring.signer(SigningAlgorithm::Es256, NOW).unwrap();
    for made in TokenType::ALL {
        let token = sign(&claims(TokenType::AccessToken), made, key).unwrap();
        for asked in TokenType::ALL {
            assert_eq!(accepts(Kind::Signed(asked), &token, &ring), made == asked);
        }
    }
}
