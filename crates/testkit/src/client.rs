//! Relying parties, made in one line, and what they do.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flows::admin::register_client;
use identity_core::relying_party::{
    AccessTokenFormat, Agreement, ClientAuthentication, ClientProfile, ConsentRule, GrantType,
    IdTokenAlgorithm, LocalizedText, RelyingPartyStatus, SubjectType,
};
use identity_core::secret::SecretDigest;
use identity_core::{ClientId, RelyingParty};
use reqwest::header::AUTHORIZATION;
use serde_json::Value;
use url::Url;

use crate::browser::{Browser, Page};
use crate::citizen::Citizen;
use crate::jwt::claims_of;
use crate::server::Server;

pub const REDIRECT_URI: &str = "https://portal.example/callback";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const SECRET: &str = "a-secret-of-this-test-with-enough-entropy";

/// A registered relying party.
#[derive(Clone)]
pub struct Client {
    pub id: String,
    pub party: RelyingParty,
    pub secret: Option<String>,
}

/// A token response, or the refusal.
#[derive(Clone, Debug)]
pub struct Tokens {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Tokens {
    pub fn access_token(&self) -> &str {
        self.body["access_token"].as_str().unwrap_or_else(|| panic!("no access token: {self:?}"))
    }

    pub fn refresh_token(&self) -> &str {
        self.body["refresh_token"].as_str().unwrap_or_else(|| panic!("no refresh token: {self:?}"))
    }

    pub fn id_token(&self) -> &str {
        self.body["id_token"].as_str().unwrap_or_else(|| panic!("no ID token: {self:?}"))
    }

    pub fn error(&self) -> &str {
        self.body["error"].as_str().unwrap_or_else(|| panic!("no error: {self:?}"))
    }

    /// The claims of the ID token; its signature is judged by tests of their own.
    pub fn id_claims(&self) -> Value {
        claims_of(self.id_token())
    }
}

/// A relying party before it is registered: strict, confidential, pairwise, with every scope.
pub struct NewClient<'a> {
    server: &'a Server,
    party: RelyingParty,
    secret: Option<String>,
}

impl<'a> NewClient<'a> {
    pub(crate) fn new(server: &'a Server, id: &str) -> Self {
        let text = |text: &str| LocalizedText { vi: text.to_owned(), en: text.to_owned() };
        let scopes = "openid profile email phone address offline_access vn_identity \
                      vn_legacy_identity cases.write";
        let party = RelyingParty {
            client_id: ClientId::parse(id).expect("a client id"),
            name: text(&format!("Cổng {id}")),
            legal_entity: "Văn phòng Thử nghiệm".to_owned(),
            agreement: Agreement {
                number: "01/2026/TT".to_owned(),
                purpose: text("Giải quyết thủ tục hành chính"),
                signed_on: "2026-01-01".parse().expect("a date"),
                ends_on: None,
                system_security_level: 3,
            },
            status: RelyingPartyStatus::Active,
            profile: ClientProfile::Strict,
            authentication: ClientAuthentication::ClientSecretBasic {
                secrets: vec![digest(SECRET)],
            },
            redirect_uris: vec![REDIRECT_URI.to_owned()],
            post_logout_redirect_uris: vec!["https://portal.example/".to_owned()],
            backchannel_logout_uri: None,
            scopes: scopes.split_whitespace().map(str::to_owned).collect(),
            grant_types: BTreeSet::from([
                GrantType::AuthorizationCode,
                GrantType::RefreshToken,
                GrantType::ClientCredentials,
            ]),
            subject_type: SubjectType::Pairwise { sector: "portal.example".to_owned() },
            id_token_algorithm: IdTokenAlgorithm::Es256,
            access_token_format: AccessTokenFormat::Sealed,
            audiences: BTreeSet::new(),
            requirement: None,
            consent: ConsentRule::OrderedByLaw,
            authorization_details_types: BTreeSet::new(),
        };
        Self { server, party, secret: Some(SECRET.to_owned()) }
    }

    /// Any further wish.
    pub fn with(mut self, change: impl FnOnce(&mut RelyingParty)) -> Self {
        change(&mut self.party);
        self
    }

    pub fn asks_consent(self) -> Self {
        self.with(|party| party.consent = ConsentRule::AskCitizen)
    }

    pub fn public(mut self) -> Self {
        self.secret = None;
        self.with(|party| {
            party.authentication = ClientAuthentication::None;
            party.grant_types.remove(&GrantType::ClientCredentials);
        })
    }

    pub fn basic_op(self) -> Self {
        self.with(|party| party.profile = ClientProfile::OidcBasic)
    }

    pub async fn create(self) -> Client {
        let (provider, now) = (&self.server.provider, self.server.now());
        register_client(provider, self.party.clone(), now).await.expect("the client is registered");
        Client { id: self.party.client_id.to_string(), party: self.party, secret: self.secret }
    }
}

impl Client {
    /// An authorization URL with PKCE; further parameters replace these.
    pub fn authorize(&self, further: &[(&str, &str)]) -> String {
        let mut query: Vec<(&str, &str)> = vec![
            ("client_id", &self.id),
            ("response_type", "code"),
            ("redirect_uri", REDIRECT_URI),
            ("scope", "openid"),
            ("state", "s-1"),
            ("nonce", "n-1"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
        ];
        query.retain(|(name, _)| further.iter().all(|(other, _)| other != name));
        query.extend(further.iter().filter(|(_, value)| !value.is_empty()));
        let mut serializer = url::form_urlencoded::Serializer::new(String::new());
        format!("/authorize?{}", serializer.extend_pairs(query).finish())
    }

    /// Redeems a code as this client would.
    pub async fn redeem(&self, server: &Server, code: &str) -> Tokens {
        self.redeem_with(server, code, &[]).await
    }

    pub async fn redeem_with(
        &self,
        server: &Server,
        code: &str,
        further: &[(&str, &str)],
    ) -> Tokens {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ];
        form.retain(|(name, _)| further.iter().all(|(other, _)| other != name));
        form.extend(further.iter().filter(|(_, value)| !value.is_empty()));
        self.post(server, "/token", &form).await
    }

    pub async fn refresh(&self, server: &Server, refresh_token: &str) -> Tokens {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        self.post(server, "/token", &form).await
    }

    pub async fn introspect(&self, server: &Server, token: &str) -> Value {
        self.post(server, "/introspect", &[("token", token)]).await.body
    }

    /// A form sent with this client's authentication.
    pub async fn post(&self, server: &Server, path: &str, form: &[(&str, &str)]) -> Tokens {
        let mut form: Vec<(&str, &str)> = form.to_vec();
        let mut request = server.http.post(server.url(path));
        match (&self.party.authentication, &self.secret) {
            (ClientAuthentication::ClientSecretBasic { .. }, Some(secret)) => {
                let basic = STANDARD.encode(format!("{}:{secret}", self.id));
                request = request.header(AUTHORIZATION, format!("Basic {basic}"));
            }
            (ClientAuthentication::ClientSecretPost { .. }, Some(secret)) => {
                form.extend([("client_id", self.id.as_str()), ("client_secret", secret.as_str())]);
            }
            _ => form.push(("client_id", &self.id)),
        }
        form.dedup_by_key(|(name, _)| *name);
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request =
            request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let response = request.send().await.expect("the server answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.text().await.expect("a body");
        Tokens { status, headers, body: serde_json::from_str(&body).unwrap_or(Value::String(body)) }
    }
}

impl Browser {
    /// Logs in wherever the provider asks, with whatever it asks for, and ends where it stops asking.
    pub async fn log_in(&mut self, server: &Server, url: &str, citizen: &Citizen) -> Page {
        let mut page = self.visit(url).await;
        for _ in 0..4 {
            page = match page.path() {
                _ if page.location().is_some() => return page,
                "/login" if page.has_id("password") => {
                    let filled = [
                        ("username", citizen.number.as_str()),
                        ("password", citizen.password.as_str()),
                    ];
                    self.submit(&page, &filled).await
                }
                "/login/totp" if page.has_id("totp") => {
                    server.next_totp_step();
                    let code = citizen.code_at(server.now());
                    self.submit(&page, &[("totp", &code)]).await
                }
                _ => return page,
            };
        }
        panic!("the login does not end: {}", page.describe());
    }

    /// Logs in and comes back with a code.
    pub async fn authorize(
        &mut self,
        server: &Server,
        client: &Client,
        citizen: &Citizen,
        further: &[(&str, &str)],
    ) -> String {
        let page = self.log_in(server, &client.authorize(further), citizen).await;
        page.redirected("code").unwrap_or_else(|| panic!("no code: {}", page.describe()))
    }
}

pub fn digest(secret: &str) -> SecretDigest {
    SecretDigest(jose::digest::sha256(secret.as_bytes()))
}

/// What a redirect brought back, by name.
pub fn query_of(url: &Url) -> Vec<(String, String)> {
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}
