use identity_core::key::KeyPurpose;
use serde_json::json;

use super::*;
use crate::algorithm::SigningAlgorithm;
use crate::digest::{base64url, hmac_sha256};
use crate::keyring::KeyRing;
use crate::testing::{T0, ring, seconds};

const ISSUER: &str = "https://id.test";
const TOKEN_ENDPOINT: &str = "https://id.test/token";
const LENIENT: AudienceRule<'static> =
    AudienceRule::IssuerOrTokenEndpoint { issuer: ISSUER, token_endpoint: TOKEN_ENDPOINT };

/// A client with one key; its set is what it registered.
struct Client {
    id: ClientId,
    keys: KeyRing,
}

impl Client {
    fn new(id: &str) -> Self {
        Self { id: ClientId::parse(id).unwrap(), keys: ring(&[KeyPurpose::SignEs256]) }
    }

    fn jwks(&self) -> Jwks {
        let json = serde_json::to_string(&self.keys.jwks(T0)).unwrap();
        Jwks::parse(&json).unwrap()
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let key = self.keys.signer(SigningAlgorithm::Es256, T0).unwrap();
        let part = |value: &Value| base64url(value.to_string().as_bytes());
        let input = format!("{}.{}", part(header), part(claims));
        let signature = key.sign_bytes(input.as_bytes()).unwrap();
        format!("{input}.{}", base64url(&signature))
    }

    fn assertion(&self, change: impl FnOnce(&mut Value)) -> String {
        let now = T0.unix_seconds();
        let id = self.id.as_str();
        let mut claims =
            json!({"iss": id, "sub": id, "aud": ISSUER, "jti": "j-1", "iat": now, "exp": now + 60});
        change(&mut claims);
        self.sign(&json!({"alg": "ES256"}), &claims)
    }

    fn verify(
        &self,
        token: &str,
        audience: AudienceRule<'_>,
    ) -> Result<ClientAssertion, JwtRefusal> {
        let expected = ExpectedAssertion {
            client_id: &self.id,
            audience,
            algorithms: &[ForeignAlgorithm::Es256, ForeignAlgorithm::Ps256],
            max_life: Duration::from_mins(10),
            now: T0,
        };
        verify_client_assertion(token, &expected, &self.jwks())
    }

    fn strictly(&self, change: impl FnOnce(&mut Value)) -> Result<ClientAssertion, JwtRefusal> {
        self.verify(&self.assertion(change), AudienceRule::IssuerOnly(ISSUER))
    }
}

#[test]
fn an_assertion_as_it_should_be_is_accepted() {
    let client = Client::new("portal");
    let accepted = client.strictly(|_| {}).unwrap();
    let expected = ClientAssertion {
        jti: "j-1".into(),
        expires_at: T0.plus(seconds(60)),
        issued_at: Some(T0),
    };
    assert_eq!(accepted, expected);
}

#[test]
fn the_strict_rule_wants_the_issuer_alone_as_one_string() {
    // ATK-040, ATK-051, OC-15, op-traps 12
    let client = Client::new("portal");
    for audience in [
        json!(TOKEN_ENDPOINT),
        json!("https://id.test/par"),
        json!([ISSUER]),
        json!([ISSUER, "https://other.test"]),
        json!("https://id.test/"),
        json!("https://ID.TEST"),
        json!("https://other.test"),
        json!([]),
    ] {
        let refused = client.strictly(|claims| claims["aud"] = audience.clone());
        assert_eq!(refused, Err(JwtRefusal::WrongAudience), "{audience}");
    }
}

#[test]
fn the_open_id_connect_rule_also_takes_the_token_endpoint_and_a_list_of_one() {
    // op-traps 12
    let client = Client::new("portal");
    let verify = |audience: &Value| {
        client.verify(&client.assertion(|claims| claims["aud"] = audience.clone()), LENIENT)
    };
    for audience in [json!(ISSUER), json!(TOKEN_ENDPOINT), json!([TOKEN_ENDPOINT])] {
        assert!(verify(&audience).is_ok(), "{audience}");
    }
    for audience in [json!([ISSUER, TOKEN_ENDPOINT]), json!("https://id.test/par"), json!([])] {
        assert_eq!(verify(&audience), Err(JwtRefusal::WrongAudience), "{audience}");
    }
}

#[test]
fn an_assertion_speaks_for_its_signer_only() {
    // ATK-052, ATK-033
    let (ours, other) = (Client::new("portal"), Client::new("other"));
    assert_eq!(ours.strictly(|c| c["iss"] = "other".into()), Err(JwtRefusal::WrongIssuer));
    assert_eq!(ours.strictly(|c| c["sub"] = "other".into()), Err(JwtRefusal::WrongSubject));
    let rule = AudienceRule::IssuerOnly(ISSUER);
    let foreign = other.assertion(|claims| {
        claims["iss"] = "portal".into();
        claims["sub"] = "portal".into();
    });
    assert_eq!(ours.verify(&foreign, rule), Err(JwtRefusal::BadSignature));
    let kid = other.jwks().kids().next().unwrap().to_owned();
    let named = other.sign(&json!({"alg": "ES256", "kid": kid}), &json!({}));
    assert_eq!(ours.verify(&named, rule), Err(JwtRefusal::UnknownKey));
}

#[test]
fn every_claim_is_required_and_of_its_type() {
    // ATK-039
    let client = Client::new("portal");
    for name in ["iss", "sub", "aud", "jti", "exp"] {
        let without = client.strictly(|claims| drop(claims.as_object_mut().unwrap().remove(name)));
        assert!(without.is_err(), "{name}");
        for odd in [json!(null), json!({}), json!(true), json!(1.5), json!("")] {
            let odd = client.strictly(|claims| claims[name] = odd.clone());
            assert!(odd.is_err(), "{name}");
        }
    }
    for jti in ["j".repeat(MAX_JTI_BYTES + 1), String::new()] {
        assert_eq!(
            client.strictly(|c| c["jti"] = jti.clone().into()),
            Err(JwtRefusal::Claim("jti"))
        );
    }
}

#[test]
fn dates_are_held_to_the_second() {
    let client = Client::new("portal");
    let now = T0.unix_seconds();
    let set = |name: &str, value: i64| client.strictly(|claims| claims[name] = value.into()).err();
    assert_eq!(set("exp", now), Some(JwtRefusal::Expired));
    assert_eq!(set("exp", now + 1), None);
    assert_eq!(set("exp", now + 600), None);
    assert_eq!(set("exp", now + 601), Some(JwtRefusal::LivesTooLong));
    for name in ["iat", "nbf"] {
        assert_eq!(set(name, now + 10), None);
        assert_eq!(set(name, now + 11), Some(JwtRefusal::NotYetValid));
        for odd in [json!("1800000000"), json!(null), json!(1e30)] {
            let odd = client.strictly(|claims| claims[name] = odd.clone());
            assert_eq!(odd, Err(JwtRefusal::Claim(name)));
        }
    }
}

#[test]
fn only_registered_asymmetric_algorithms_count() {
    // ATK-030, ATK-031, ATK-032
    let client = Client::new("portal");
    let rule = AudienceRule::IssuerOnly(ISSUER);
    let assertion = client.assertion(|_| {});
    let (_, rest) = assertion.split_once('.').unwrap();
    let (payload, _) = rest.split_once('.').unwrap();
    let public = serde_json::to_vec(&client.jwks()).unwrap();
    for alg in ["none", "HS256", "RS256", "EdDSA", "ES384", "ES256K", "es256"] {
        let header = base64url(json!({ "alg": alg }).to_string().as_bytes());
        let input = format!("{header}.{payload}");
        for signature in [vec![], hmac_sha256(&public, input.as_bytes()).to_vec()] {
            let token = format!("{input}.{}", base64url(&signature));
            assert_eq!(client.verify(&token, rule), Err(JwtRefusal::AlgorithmNotAllowed), "{alg}");
        }
    }
    let header = base64url(json!({"alg": "PS256"}).to_string().as_bytes());
    let mismatch = format!("{header}.{rest}");
    assert_eq!(client.verify(&mismatch, rule), Err(JwtRefusal::UnknownKey));
}

#[test]
fn tokens_of_other_types_are_no_assertions() {
    // ATK-041
    let client = Client::new("portal");
    let claims = client.assertion(|_| {});
    let payload = claims.split('.').nth(1).unwrap();
    let claims: Value =
        serde_json::from_slice(&crate::digest::base64url_decode(payload).unwrap()).unwrap();
    let verify = |typ: &str| {
        let token = client.sign(&json!({"alg": "ES256", "typ": typ}), &claims);
        client.verify(&token, AudienceRule::IssuerOnly(ISSUER))
    };
    for typ in ["JWT", "jwt", "client-authentication+jwt"] {
        assert!(verify(typ).is_ok(), "{typ}");
    }
    for typ in ["at+jwt", "logout+jwt", "dpop+jwt", "oauth-authz-req+jwt", ""] {
        assert_eq!(verify(typ), Err(JwtRefusal::WrongType), "{typ}");
    }
}
