//! A portal's token, asked about by its case system and by others.

mod stand_ins;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use assurance::{Policies, PolicySet};
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use identity_core::account::LockReason;
use identity_core::evidence::{Intent, KeyProtection, PhishingResistance, Presentation};
use identity_core::id::TokenId;
use identity_core::key::{KeyPurpose, KeyRecord};
use identity_core::relying_party::{ClientAuthentication, RelyingPartyStatus};
use identity_core::secret::SecretDigest;
use identity_core::session::SessionEndReason;
use identity_core::subject::{Card, CardKind, LegalCapacity};
use identity_core::*;
use jose::{AccessTokenClaims, KeyEncryptionKey, KeyRing, SigningAlgorithm, TokenKind, TokenType};
use ledger::{RecordedEvent, Sequence};
use node::{Keys, Registry, SecurityView};
use protocol::{Environment, Issuer};
use serde_json::{Value, json};
use storage::memory::MemoryTransientStore;
use tower::ServiceExt as _;
use uuid::Uuid;

use stand_ins::{Counting, Parties, TestClock, TestLedger};

use crate::{IntrospectionState, router, standalone_router};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_795_000_000);
const ISSUER: &str = "https://eid.example.vn";

struct World {
    state: Arc<IntrospectionState>,
    clock: Arc<TestClock>,
    ledger: Arc<TestLedger>,
    entropy: Counting,
}

fn client(id: &str) -> ClientId {
    ClientId::parse(id).unwrap()
}

fn party(id: &str) -> RelyingParty {
    let secret = SecretDigest(jose::digest::sha256(format!("{id}-secret").as_bytes()));
    serde_json::from_value(json!({
        "client_id": id,
        "name": { "vi": id, "en": id },
        "legal_entity": "Văn phòng Chính phủ",
        "agreement": {
            "number": "01/2026", "purpose": { "vi": "thử", "en": "test" },
            "signed_on": "2026-01-01", "ends_on": null, "system_security_level": 3,
        },
        "status": { "state": "active" },
        "profile": "strict",
        "authentication": { "method": "client_secret_basic", "secrets": [secret] },
        "scopes": ["openid"], "grant_types": ["authorization_code"],
        "subject_type": { "type": "public" },
    }))
    .unwrap()
}

fn key(purpose: KeyPurpose, entropy: &Counting) -> KeyRecord {
    jose::generate_key(purpose, NOW, NOW, &kek(), entropy).unwrap()
}

fn kek() -> KeyEncryptionKey {
    KeyEncryptionKey::from_bytes(&[7; 32]).unwrap()
}

impl World {
    async fn with(parties: Vec<RelyingParty>) -> Self {
        let entropy = Counting(AtomicU64::new(1));
        let records =
            [KeyPurpose::Seal, KeyPurpose::SignEs256].map(|purpose| key(purpose, &entropy));
        let ring = KeyRing::open(records.to_vec(), &kek()).unwrap();
        let policy = include_str!("../../../deploy/policy/2026-09-28.toml");
        let ledger = Arc::new(TestLedger(Mutex::new(Some(Vec::new()))));
        let clock = Arc::new(TestClock(AtomicI64::new(NOW.unix_millis())));
        let state = IntrospectionState {
            issuer: Issuer::parse(ISSUER, Environment::Production).unwrap(),
            registry: Arc::new(Registry::load(&Parties(parties)).await.unwrap()),
            keys: Arc::new(Keys::new(ring)),
            security: Arc::new(SecurityView::starting(Arc::clone(&ledger) as _, NOW)),
            policies: Arc::new(Policies::new(PolicySet::parse([("policy", policy)]).unwrap())),
            transient: Arc::new(MemoryTransientStore::new(NOW)),
            clock: Arc::clone(&clock) as _,
            meter: node::measure::IntrospectionMeter::new("/introspect"),
        };
        Self { state: Arc::new(state), clock, ledger, entropy }
    }

    async fn usual() -> Self {
        let mut public = party("app");
        public.authentication = ClientAuthentication::None;
        Self::with(vec![party("portal"), party("case-system"), party("stranger"), public]).await
    }

    fn pass(&self, time: Duration) {
        let millis = i64::try_from(time.as_millis()).unwrap();
        self.clock.0.fetch_add(millis, Ordering::Relaxed);
    }

    fn record(&self, kind: EventKind, subject: Option<SubjectId>, of: Option<&str>) {
        let mut event = SecurityEvent::new(kind, self.clock.now(), &self.entropy);
        event.subject = subject;
        event.client = of.map(client);
        let mut rows = self.ledger.0.lock().unwrap();
        let rows = rows.as_mut().unwrap();
        let sequence = Sequence(u64::try_from(rows.len()).unwrap() + 1);
        rows.push(RecordedEvent::read(sequence, ledger::encode(&event).unwrap()).unwrap());
    }

    fn seal(&self, facts: &AccessToken) -> String {
        let payload = serde_json::to_vec(facts).unwrap();
        let ring = self.state.keys.ring();
        jose::seal(TokenKind::AccessToken, &payload, &ring, NOW, &self.entropy).unwrap()
    }

    async fn send(&self, caller: Option<(&str, &str)>, body: String) -> (StatusCode, Value) {
        let mut request = Request::post("/introspect")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some((id, secret)) = caller {
            let pair = STANDARD.encode(format!("{id}:{secret}"));
            request = request.header(header::AUTHORIZATION, format!("Basic {pair}"));
        }
        let request = request.body(Body::from(body)).unwrap();
        let response = router(Arc::clone(&self.state)).oneshot(request).await.unwrap();
        let status = response.status();
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(
            response.headers().contains_key(header::WWW_AUTHENTICATE),
            status == StatusCode::UNAUTHORIZED
        );
        assert_eq!(
            response.headers().contains_key(header::RETRY_AFTER),
            status == StatusCode::SERVICE_UNAVAILABLE
        );
        let body = to_bytes(response.into_body(), 64 * 1024).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    async fn ask(&self, caller: &str, token: &str) -> Value {
        let secret = format!("{caller}-secret");
        let (status, answer) = self.send(Some((caller, &secret)), format!("token={token}")).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }
}

fn lan() -> SubjectId {
    SubjectId::from_uuid(Uuid::from_u128(7))
}

fn evidence(kind: AuthenticatorKind, number: u128) -> AuthenticationEvidence {
    AuthenticationEvidence {
        id: EvidenceId::from_uuid(Uuid::from_u128(number)),
        subject: lan(),
        authenticator: AuthenticatorId::from_uuid(Uuid::from_u128(number)),
        kind,
        at: NOW,
        verified_by_device: None,
        intent: Intent::Shown,
        phishing: PhishingResistance::None,
        key: KeyProtection::NoKey,
        password_length: (kind == AuthenticatorKind::Password).then_some(20),
        device: None,
        transaction: None,
        biometric: None,
        presentation: Presentation::Direct,
        device_proof: None,
        chip: None,
        binding: None,
    }
}

fn person() -> TokenPerson {
    TokenPerson {
        grant: GrantId::from_uuid(Uuid::from_u128(1)),
        session: SessionId::from_uuid(Uuid::from_u128(2)),
        subject_identifier: "pairwise".to_owned(),
        state: SubjectState {
            subject: lan(),
            account: AccountState::Activated { since: NOW },
            account_level: AccountLevel::Two,
            birth_date: "2001-06-15".parse().unwrap(),
            card: Some(Card { kind: CardKind::IdentityCard, valid_until: None }),
            capacity: LegalCapacity::Full,
            guardians: Vec::new(),
            proofings: Vec::new(),
        },
        evidence: vec![
            evidence(AuthenticatorKind::Password, 3),
            evidence(AuthenticatorKind::Totp, 4),
        ],
        userinfo_claims: BTreeSet::new(),
        verified: None,
        transaction: None,
    }
}

fn facts(person: Option<TokenPerson>) -> AccessToken {
    AccessToken {
        token: TokenId::from_uuid(Uuid::from_u128(9)),
        client: client("portal"),
        audience: BTreeSet::from([client("portal"), client("case-system")]),
        scopes: BTreeSet::from(["openid".to_owned(), "vn_identity".to_owned()]),
        issued_at: NOW,
        expires_at: NOW.plus(Duration::from_mins(15)),
        person,
    }
}

fn inactive() -> Value {
    json!({ "active": false })
}

#[tokio::test]
async fn the_audience_learns_who_and_how_sure_and_everybody_else_nothing() {
    let world = World::usual().await;
    let token = world.seal(&facts(Some(person())));
    let answer = world.ask("case-system", &token).await;
    assert_eq!(answer["active"], true);
    assert_eq!(answer["iss"], ISSUER);
    assert_eq!(answer["sub"], "pairwise");
    assert_eq!(answer["aud"], json!(["case-system", "portal"]));
    assert_eq!(answer["client_id"], "portal");
    assert_eq!(answer["scope"], "openid vn_identity");
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["iat"], NOW.unix_seconds());
    assert_eq!(answer["exp"], NOW.unix_seconds() + 900);
    assert_eq!(answer["auth_time"], NOW.unix_seconds());
    assert_eq!(answer["acr"], "urn:vn:eid:auth:2");
    assert_eq!(answer["amr"], json!(["pwd", "otp", "mfa"]));
    assert_eq!(answer["assurance"]["vn_account_level"], 2);
    assert_eq!(answer["assurance"]["fal"], 2);
    assert_eq!(world.ask("portal", &token).await["active"], true);
    // ATK-076: a token that is not for the caller looks like no token at all.
    assert_eq!(world.ask("stranger", &token).await, inactive());
}

#[tokio::test]
async fn a_client_acting_for_itself_has_no_subject_and_no_assurance() {
    let world = World::usual().await;
    let answer = world.ask("portal", &world.seal(&facts(None))).await;
    assert_eq!(answer["active"], true);
    for absent in ["sub", "acr", "amr", "auth_time", "assurance"] {
        assert!(answer.get(absent).is_none(), "{absent}");
    }
}

#[tokio::test]
async fn a_token_ends_in_the_millisecond_it_expires() {
    // L13: closed-open
    let world = World::usual().await;
    let token = world.seal(&facts(Some(person())));
    world.pass(Duration::from_mins(15) - Duration::from_millis(1));
    assert_eq!(world.ask("portal", &token).await["active"], true);
    world.pass(Duration::from_millis(1));
    assert_eq!(world.ask("portal", &token).await, inactive());
}

#[tokio::test]
async fn levels_are_those_of_now_and_not_of_issue() {
    let world = World::usual().await;
    let mut child = person();
    child.state.birth_date = "2013-06-15".parse().unwrap();
    let answer = world.ask("portal", &world.seal(&facts(Some(child)))).await;
    assert_eq!((&answer["active"], &answer["sub"]), (&json!(true), &json!("pairwise")));
    assert!(answer.get("acr").is_none());
    assert_eq!(answer["assurance"]["vn_authentication_level"], 0);

    let mut expired = person();
    let today = NOW.day_in_viet_nam();
    expired.state.card = Some(Card { kind: CardKind::IdentityCard, valid_until: Some(today) });
    let answer = world.ask("portal", &world.seal(&facts(Some(expired)))).await;
    assert_eq!(answer["acr"], "urn:vn:eid:auth:2");
    assert_eq!(answer["assurance"]["vn_account_level"], 1);
}

#[tokio::test]
async fn whatever_takes_a_token_back_makes_it_inactive() {
    let reason = LockReason::HolderRequest;
    let cases = [
        (EventKind::AccountLocked { reason }, Some(lan()), None),
        (EventKind::DeathRecorded, Some(lan()), None),
        (EventKind::ClientSuspended, None, Some("portal")),
        (EventKind::ConsentWithdrawn, Some(lan()), Some("portal")),
        (
            EventKind::SessionEnded {
                session: person().session,
                reason: SessionEndReason::LoggedOut,
            },
            Some(lan()),
            None,
        ),
        (
            EventKind::AccessTokenRevoked {
                token: facts(None).token,
                expires_at: facts(None).expires_at,
            },
            None,
            Some("portal"),
        ),
    ];
    for (kind, subject, of) in cases {
        let world = World::usual().await;
        let token = world.seal(&facts(Some(person())));
        assert_eq!(world.ask("portal", &token).await["active"], true);
        world.record(kind.clone(), subject, of);
        world.pass(Duration::from_secs(2));
        assert_eq!(world.ask("portal", &token).await, inactive(), "{kind:?}");
    }
}

#[tokio::test]
async fn an_offline_token_outlives_its_session_but_not_its_grant() {
    let (world, mut offline) = (World::usual().await, facts(Some(person())));
    offline.scopes.insert("offline_access".to_owned());
    let token = world.seal(&offline);
    let ended =
        EventKind::SessionEnded { session: person().session, reason: SessionEndReason::LoggedOut };
    world.record(ended, Some(lan()), None);
    assert_eq!(world.ask("portal", &token).await["active"], true);
    let reason = identity_core::grant::RevocationReason::ByClient;
    let revoked = EventKind::GrantRevoked { grant: person().grant, reason };
    world.record(revoked, Some(lan()), Some("portal"));
    world.pass(Duration::from_secs(2));
    assert_eq!(world.ask("portal", &token).await, inactive());
}

#[tokio::test]
async fn a_node_that_cannot_confirm_the_ledger_answers_503_and_never_active() {
    let world = World::usual().await;
    let token = world.seal(&facts(Some(person())));
    assert_eq!(world.ask("portal", &token).await["active"], true);
    *world.ledger.0.lock().unwrap() = None;
    world.pass(Duration::from_secs(2));
    let caller = Some(("portal", "portal-secret"));
    let (status, answer) = world.send(caller, format!("token={token}")).await;
    assert_eq!((status, answer.get("active")), (StatusCode::SERVICE_UNAVAILABLE, None));
    let health = Request::get("/healthz").body(Body::empty()).unwrap();
    let health = standalone_router(Arc::clone(&world.state)).oneshot(health).await.unwrap();
    assert_eq!(health.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_suspended_client_has_no_active_tokens() {
    let mut suspended = party("portal");
    suspended.status = RelyingPartyStatus::Suspended { since: NOW, reason: "audit".to_owned() };
    let world = World::with(vec![suspended, party("case-system")]).await;
    let token = world.seal(&facts(Some(person())));
    assert_eq!(world.ask("case-system", &token).await, inactive());
}

#[tokio::test]
async fn only_confidential_clients_that_prove_it_may_ask() {
    // ATK-076, RFC 7662 §2.1
    let world = World::usual().await;
    let token = world.seal(&facts(Some(person())));
    let callers = [
        (None, format!("token={token}")),
        (None, format!("token={token}&client_id=app")),
        (None, format!("token={token}&client_id=portal")),
        (Some(("portal", "wrong")), format!("token={token}")),
        (Some(("nobody", "nobody-secret")), format!("token={token}")),
    ];
    for (caller, body) in callers {
        let (status, answer) = world.send(caller, body).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer["error"], "invalid_client");
    }
}

#[tokio::test]
async fn what_is_no_access_token_is_inactive_and_what_is_no_request_is_refused() {
    // ATK-041: no other kind opens as an access token.
    let world = World::usual().await;
    let payload = serde_json::to_vec(&facts(Some(person()))).unwrap();
    let ring = world.state.keys.ring();
    for kind in TokenKind::ALL.into_iter().filter(|kind| *kind != TokenKind::AccessToken) {
        let foreign = jose::seal(kind, &payload, &ring, NOW, &world.entropy).unwrap();
        assert_eq!(world.ask("portal", &foreign).await, inactive(), "{kind:?}");
        let body = foreign.strip_prefix(kind.prefix()).unwrap();
        let dressed = format!("{}{body}", TokenKind::AccessToken.prefix());
        assert_eq!(world.ask("portal", &dressed).await, inactive(), "{kind:?}");
    }
    assert_eq!(world.ask("portal", "vat1_AAAA").await, inactive());
    for body in ["", "token=", "token=a&token=b", "token=%ff"] {
        let (status, answer) = world.send(Some(("portal", "portal-secret")), body.to_owned()).await;
        assert_eq!(
            (status, &answer["error"]),
            (StatusCode::BAD_REQUEST, &json!("invalid_request"))
        );
    }
}

#[tokio::test]
async fn a_jwt_of_ours_is_answered_like_the_sealed_token_inside_it() {
    let world = World::usual().await;
    let sealed = world.seal(&facts(Some(person())));
    let claims = AccessTokenClaims {
        iss: ISSUER.to_owned(),
        exp: NOW.unix_seconds() + 300,
        aud: vec!["portal".to_owned()],
        sub: "pairwise".to_owned(),
        client_id: "portal".to_owned(),
        iat: NOW.unix_seconds(),
        jti: facts(None).token.to_string(),
        scope: "openid".to_owned(),
        auth_time: None,
        acr: None,
        amr: Vec::new(),
        authorization_details: None,
        facts: sealed.clone(),
    };
    let ring = world.state.keys.ring();
    let signer = ring.signer(SigningAlgorithm::Es256, NOW).unwrap();
    let token = jose::sign(&claims, TokenType::AccessToken, signer).unwrap();
    assert_eq!(world.ask("portal", &token).await, world.ask("portal", &sealed).await);
    assert_eq!(world.ask("stranger", &token).await, inactive());
    // ATK-041: an ID token is not an access token, whatever it says.
    let id_token = jose::sign(&claims, TokenType::IdToken, signer).unwrap();
    assert_eq!(world.ask("portal", &id_token).await, inactive());
    world.pass(Duration::from_mins(5));
    assert_eq!(world.ask("portal", &token).await, inactive());
}

#[tokio::test]
async fn the_endpoint_table_is_the_router() {
    let world = World::usual().await;
    let endpoints = crate::ENDPOINTS.iter().map(|endpoint| (endpoint.method, endpoint.path));
    for (method, path) in endpoints.chain([("GET", "/introspect"), ("POST", "/other")]) {
        let listed = crate::ENDPOINTS.iter().any(|e| (e.method, e.path) == (method, path));
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let response = router(Arc::clone(&world.state)).oneshot(request).await.unwrap();
        let answered =
            !matches!(response.status(), StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answered, listed, "{method} {path}");
    }
}
