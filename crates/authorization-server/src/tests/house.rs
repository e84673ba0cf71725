//! A provider in memory with one citizen and one portal, and a browser that keeps cookies.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use assurance::{Policies, PolicySet};
use axum::Router;
use axum::body::{Body, to_bytes};
use flows::admin::{NewCredentials, create_citizen, register_client};
use flows::matcher::Matchers;
use flows::messages::{Exit, Messaging, Outbox};
use flows::passkey::AttestationRules;
use flows::password::{Password, PasswordPool};
use flows::provider::TestAuthentication;
use flows::refused_request::RefusalBudget;
use flows::{Provider, Settings};
use http::{HeaderMap, Method, Request, StatusCode, header};
use identity_core::key::KeyPurpose;
use identity_core::secret::{SecretBytes, SecretDigest};
use identity_core::{Clock, Entropy, RelyingParty, Subject, Timestamp};
use jose::digest::sha256;
use jose::{KeyEncryptionKey, KeyRing, generate_key};
use node::{Keys, Registry, SecurityView};
use protocol::{Environment, Issuer, MetadataOptions};
use storage::memory::{LocalBell, MemoryTransientStore};
use storage::privacy::PersonalDataKeys;
use storage::{Change, KeyChange, Store};
use storage_sqlite::{SqliteLocation, SqliteStore};

use crate::state::ReferenceApp;
use crate::{ServerState, router};

pub const ISSUER: &str = "http://localhost:8080";
pub const NUMBER: &str = "067301001234";
pub const PASSWORD: &str = "bốn con cò bay lả bay la";
pub const TOTP: &[u8] = b"12345678901234567890";

/// Stands still until it is moved.
pub struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.0.load(Ordering::Relaxed))
    }
}

struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let block = sha256(&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

pub struct House {
    pub router: Router,
    pub provider: Arc<Provider>,
    pub clock: Arc<Hands>,
}

impl House {
    pub async fn open() -> Self {
        Self::open_telling(None).await
    }

    /// The portal wants to hear of logouts at `backchannel`.
    pub async fn open_telling(backchannel: Option<&str>) -> Self {
        let clock = Arc::new(Hands(AtomicI64::new(1_795_300_000_000)));
        let now = clock.now();
        let entropy: Arc<dyn Entropy> = Arc::new(Counting(AtomicU64::new(1)));
        let keys = PersonalDataKeys::new([1; 32], [2; 32]);
        let store = SqliteStore::open(SqliteLocation::Memory, keys, entropy.clone()).await.unwrap();
        store.migrate().await.unwrap();
        let store: Arc<SqliteStore> = Arc::new(store);
        let ring = key_ring(store.as_ref(), now, entropy.as_ref()).await;
        let policies = PolicySet::parse([
            ("1", include_str!("../../../../deploy/policy/2024-07-01.toml")),
            ("2", include_str!("../../../../deploy/policy/2026-09-28.toml")),
        ]);
        let provider = Arc::new(Provider {
            settings: Settings {
                issuer: Issuer::parse(ISSUER, Environment::Development).unwrap(),
                environment: Environment::Development,
                pairwise_key: SecretBytes::new(vec![3; 32]),
                test_authentication: TestAuthentication::Off,
                attestation: AttestationRules::default(),
                matchers: Matchers::default(),
                relying_party_labels: true,
            },
            transient: Arc::new(MemoryTransientStore::new(now)),
            bell: Arc::new(LocalBell::default()),
            keys: Arc::new(Keys::new(ring)),
            registry: Arc::new(Registry::load(store.as_ref()).await.unwrap()),
            policies: Arc::new(Policies::new(policies.unwrap())),
            security: Arc::new(SecurityView::starting(store.clone(), now)),
            passwords: PasswordPool::new(2, || (), entropy.as_ref()).unwrap(),
            messaging: Messaging::new(Exit::Outbox(Outbox::default())),
            notices: Arc::default(),
            refusals: RefusalBudget::default(),
            store,
            entropy,
        });
        register_client(&provider, portal(backchannel), now).await.unwrap();
        let credentials = NewCredentials {
            password: Some(Password::parse(PASSWORD).unwrap()),
            totp: Some(SecretBytes::new(TOTP.to_vec())),
        };
        create_citizen(&provider, citizen(now), credentials, now).await.unwrap();
        let options = MetadataOptions::default();
        let state = ServerState::new(provider.clone(), options, clock.clone()).unwrap();
        let state = state.with_reference_app(ReferenceApp::Served);
        Self { router: router(Arc::new(state)), provider, clock }
    }

    pub fn later(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds * 1000, Ordering::Relaxed);
    }
}

async fn key_ring(store: &dyn Store, now: Timestamp, entropy: &dyn Entropy) -> KeyRing {
    let kek = KeyEncryptionKey::from_bytes(&[4; 32]).unwrap();
    let purposes =
        [KeyPurpose::SignEs256, KeyPurpose::SignRs256, KeyPurpose::SignEdDsa, KeyPurpose::Seal];
    let records: Vec<_> = purposes
        .map(|purpose| generate_key(purpose, now, now, &kek, entropy).unwrap())
        .into_iter()
        .collect();
    let plan: Vec<_> =
        records.iter().cloned().map(|key| Change::Key(KeyChange::Create(Box::new(key)))).collect();
    assert_eq!(store.commit(&plan).await.unwrap(), storage::Commit::Done);
    KeyRing::open(records, &kek).unwrap()
}

fn portal(backchannel: Option<&str>) -> RelyingParty {
    let secret = serde_json::to_value(SecretDigest(sha256(b"portal-secret"))).unwrap();
    let text = |text: &str| serde_json::json!({"vi": text, "en": text});
    serde_json::from_value(serde_json::json!({
        "client_id": "portal",
        "name": text("Cổng mẫu"),
        "legal_entity": "Văn phòng",
        "agreement": {"number": "1", "purpose": text("Nộp hồ sơ"), "signed_on": "2025-01-01",
            "ends_on": null, "system_security_level": 3},
        "status": {"state": "active"},
        "profile": "strict",
        "authentication": {"method": "client_secret_basic", "secrets": [secret]},
        "redirect_uris": ["http://localhost:8081/callback"],
        "post_logout_redirect_uris": ["http://localhost:8081/"],
        "backchannel_logout_uri": backchannel,
        "scopes": ["openid", "profile", "phone", "email"],
        "grant_types": ["authorization_code"],
        "subject_type": {"type": "pairwise", "sector": "localhost"},
    }))
    .unwrap()
}

fn citizen(now: Timestamp) -> Subject {
    serde_json::from_value(serde_json::json!({
        "id": "00000000-0000-4000-8000-000000000001",
        "profile": {
            "name": "Nguyễn Thị Lan", "birth_date": "2001-06-15", "sex": "female",
            "number": {"type": "citizen", "number": NUMBER}, "legacy_number": null,
            "nationality": "VN", "email": null, "address": null, "updated_at": now,
            "phone": {"value": "+84912345678", "verification": "verified"},
        },
        "account": {"level": "two", "state": {"state": "activated", "since": now}},
        "card": {"kind": "identity_card", "valid_until": "2041-06-15"},
        "capacity": "full", "guardians": [], "proofings": [],
    }))
    .unwrap()
}

/// One answer, read to its end.
pub struct Seen {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Seen {
    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).expect("a redirect").to_str().unwrap()
    }

    /// The value of a hidden field.
    pub fn field(&self, name: &str) -> &str {
        let at = format!("name=\"{name}\" value=\"");
        let rest = self.body.split(&at).nth(1).unwrap_or_else(|| panic!("{name}: {}", self.body));
        rest.split('"').next().unwrap()
    }
}

pub async fn call(router: &Router, request: Request<Body>) -> Seen {
    use tower::ServiceExt as _;
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    Seen { status: parts.status, headers: parts.headers, body }
}

/// Keeps cookies, follows nothing.
pub struct Browser<'a> {
    pub house: &'a House,
    pub cookies: BTreeMap<String, String>,
}

impl<'a> Browser<'a> {
    pub fn new(house: &'a House) -> Self {
        Self { house, cookies: BTreeMap::new() }
    }

    pub async fn get(&mut self, url: &str) -> Seen {
        let request = Request::builder().method(Method::GET).uri(url);
        self.send(request, Body::empty()).await
    }

    /// A form of our own page.
    pub async fn post(&mut self, url: &str, fields: &[(&str, &str)]) -> Seen {
        let body =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::builder()
            .method(Method::POST)
            .uri(url)
            .header(header::ORIGIN, ISSUER)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, Body::from(body)).await
    }

    async fn send(&mut self, request: http::request::Builder, body: Body) -> Seen {
        let cookies: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header(header::COOKIE, cookies.join("; ")).body(body).unwrap();
        let seen = call(&self.house.router, request).await;
        for line in seen.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, rest) = line.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            self.cookies.remove(name);
            if !line.contains("Max-Age=0") {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        seen
    }
}
