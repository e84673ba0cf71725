//! The relying party proper: authorization code flow with PKCE over a stock client library.

use std::sync::Arc;
use std::time::Duration;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType,
    CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::url::Url;
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AuthenticationContextClass, AuthorizationCode,
    ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenClaims, IdTokenFields, IssuerUrl,
    JsonWebKeySet, LogoutRequest, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge,
    PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl, RequestTokenError, Scope,
    SignatureVerificationError, StandardErrorResponse, StandardTokenResponse, TokenResponse as _,
    UserInfoClaims,
};
use serde::{Deserialize, Serialize};
use tokio::sync::RwLock;

use super::requirements::{Assurance, AuthenticationLevel};
use super::sessions::{Citizen, PendingLogin, Purpose};

/// Only signatures that the provider alone can make. Stated here rather than taken from metadata, so
/// that no document can talk us into a symmetric algorithm (RFC 8725 §3.1).
pub const SIGNING_ALGORITHMS: [CoreJwsSigningAlgorithm; 4] = [
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EdDsa,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
];
const SCOPES: [&str; 3] = ["profile", "phone", "vn_identity"];
const DISCOVERY_ATTEMPTS: u32 = 4;
const DISCOVERY_PAUSE: Duration = Duration::from_millis(250);
/// An unknown key id makes us fetch the keys again, but not more often than this: anybody can send us
/// an unknown key id.
const KEYS_FRESH_SECONDS: i64 = 30;

/// Claims of the ID token beyond the standard ones.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PortalClaims {
    #[serde(default)]
    assurance: Option<Assurance>,
    #[serde(default)]
    sid: Option<String>,
}
impl AdditionalClaims for PortalClaims {}

/// Claims of the userinfo answer beyond the standard ones.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct IdentityClaims {
    #[serde(default)]
    vn_personal_number: Option<String>,
}
impl AdditionalClaims for IdentityClaims {}

pub type IdToken = openidconnect::IdToken<
    PortalClaims,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type TokenResponse = StandardTokenResponse<
    IdTokenFields<
        PortalClaims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;
type Client = openidconnect::Client<
    PortalClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    TokenResponse,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    #[error("provider not reachable: {0}")]
    Unavailable(String),
    #[error("token endpoint refused: {0}")]
    Refused(String),
    #[error("answer not acceptable: {0}")]
    Unacceptable(String),
}

/// What was agreed with the provider beforehand.
pub struct Registration {
    pub issuer: String,
    pub public_url: String,
    pub client_id: String,
    pub client_secret: String,
}

pub struct RelyingParty {
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: ClientSecret,
    redirect_uri: RedirectUrl,
    after_logout: PostLogoutRedirectUrl,
    http: reqwest::Client,
    provider: RwLock<Option<Arc<Provider>>>,
}

/// The provider as its metadata describe it.
pub struct Provider {
    client: Client,
    metadata: ProviderMetadataWithLogout,
    fetched_at: i64,
}

impl RelyingParty {
    pub fn new(
        registration: Registration,
        http: reqwest::Client,
    ) -> Result<Self, openidconnect::url::ParseError> {
        let home = registration.public_url;
        Ok(Self {
            issuer: IssuerUrl::new(registration.issuer)?,
            client_id: ClientId::new(registration.client_id),
            client_secret: ClientSecret::new(registration.client_secret),
            redirect_uri: RedirectUrl::new(format!("{home}/callback"))?,
            after_logout: PostLogoutRedirectUrl::new(format!("{home}/"))?,
            http,
            provider: RwLock::new(None),
        })
    }

    pub fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    /// Scheme, host and port of the issuer, for the content security policy.
    pub fn issuer_origin(&self) -> String {
        self.issuer.url().origin().ascii_serialization()
    }

    pub fn client_id(&self) -> &str {
        self.client_id.as_str()
    }

    /// Prepares a login: where to send the browser, and what to keep until it returns.
    ///
    /// A level for signing in is a wish (`acr_values`, OpenID Connect Core §3.1.2.1). A level for filing is a demand
    /// (essential `acr`, §5.5.1.1), so that the provider says so when it cannot be met.
    pub async fn begin(
        &self,
        purpose: Purpose,
        wish: Option<AuthenticationLevel>,
        now: i64,
    ) -> Result<(Url, PendingLogin), LoginError> {
        let provider = self.provider(now).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = provider
            .client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(SCOPES.map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(challenge);
        match purpose {
            Purpose::Home | Purpose::Procedure(_) => {
                if let Some(level) = wish {
                    request = request
                        .add_auth_context_value(AuthenticationContextClass::new(level.urn()));
                }
            }
            Purpose::StepUp(_, demand) => {
                if let Some(level) = demand.level {
                    request = request
                        .add_auth_context_value(AuthenticationContextClass::new(level.urn()))
                        .add_extra_param("claims", essential_acr(level));
                }
                if let Some(seconds) = demand.max_age {
                    request = request.set_max_age(Duration::from_secs(seconds.into()));
                }
            }
        }
        let (url, state, nonce) = request.url();
        Ok((url, PendingLogin { state, nonce, verifier, purpose }))
    }

    /// Redeems the code and checks everything that comes back.
    pub async fn complete(
        &self,
        pending: PendingLogin,
        code: String,
        form_token: String,
        now: i64,
    ) -> Result<Citizen, LoginError> {
        let provider = self.provider(now).await?;
        let tokens = provider
            .client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(unacceptable)?
            .set_pkce_verifier(pending.verifier)
            .request_async(&self.http)
            .await
            .map_err(token_error)?;
        let id_token =
            tokens.id_token().ok_or_else(|| LoginError::Unacceptable("no id_token".into()))?;
        let (provider, claims) = self.verify(provider, id_token, &pending.nonce, now).await?;
        provider.check_access_token_hash(id_token, &claims, tokens.access_token())?;
        let person: UserInfoClaims<IdentityClaims, CoreGenderClaim> = provider
            .client
            .user_info(tokens.access_token().clone(), Some(claims.subject().clone()))
            .map_err(unacceptable)?
            .request_async(&self.http)
            .await
            .map_err(unacceptable)?;
        Ok(citizen(id_token.clone(), &claims, tokens.access_token().clone(), &person, form_token))
    }

    /// Where the browser goes so that the provider ends its session too (OpenID Connect RP-Initiated
    /// Logout §2); `None` if the provider has no such endpoint.
    pub async fn logout_url(&self, id_token: &IdToken, now: i64) -> Option<Url> {
        let provider = self.provider(now).await.ok()?;
        let endpoint = provider.metadata.additional_metadata().end_session_endpoint.clone()?;
        let request = LogoutRequest::from(endpoint)
            .set_id_token_hint(id_token)
            .set_client_id(self.client_id.clone())
            .set_post_logout_redirect_uri(self.after_logout.clone())
            .set_state(CsrfToken::new_random());
        Some(request.http_get_url())
    }

    /// The provider's keys; fetched again if `known_stale` and old enough.
    pub async fn keys(
        &self,
        known_stale: bool,
        now: i64,
    ) -> Result<JsonWebKeySet<CoreJsonWebKey>, LoginError> {
        let mut provider = self.provider(now).await?;
        if known_stale {
            provider = self.rediscover(&provider, now).await?;
        }
        Ok(provider.metadata.jwks().clone())
    }

    async fn verify(
        &self,
        provider: Arc<Provider>,
        id_token: &IdToken,
        nonce: &Nonce,
        now: i64,
    ) -> Result<(Arc<Provider>, IdTokenClaims<PortalClaims, CoreGenderClaim>), LoginError> {
        match provider.claims(id_token, nonce) {
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) => {
                // The provider may have rotated its keys since we looked (OpenID Connect Core §10.1.1).
                let provider = self.rediscover(&provider, now).await?;
                let claims = provider.claims(id_token, nonce).map_err(unacceptable)?;
                Ok((provider, claims))
            }
            verified => Ok((provider, verified.map_err(unacceptable)?)),
        }
    }

    async fn provider(&self, now: i64) -> Result<Arc<Provider>, LoginError> {
        if let Some(provider) = self.provider.read().await.as_ref() {
            return Ok(Arc::clone(provider));
        }
        let mut slot = self.provider.write().await;
        if let Some(provider) = slot.as_ref() {
            return Ok(Arc::clone(provider));
        }
        let mut attempt = 1;
        let found = loop {
            match self.discover(now).await {
                Ok(provider) => break provider,
                Err(error) if attempt == DISCOVERY_ATTEMPTS => return Err(error),
                Err(_) => tokio::time::sleep(DISCOVERY_PAUSE * attempt).await,
            }
            attempt += 1;
        };
        Ok(Arc::clone(slot.insert(Arc::new(found))))
    }

    async fn rediscover(&self, known: &Provider, now: i64) -> Result<Arc<Provider>, LoginError> {
        let mut slot = self.provider.write().await;
        if let Some(current) = slot.as_ref()
            && (current.fetched_at > known.fetched_at
                || now < current.fetched_at + KEYS_FRESH_SECONDS)
        {
            return Ok(Arc::clone(current));
        }
        let found = Arc::new(self.discover(now).await?);
        Ok(Arc::clone(slot.insert(found)))
    }

    async fn discover(&self, now: i64) -> Result<Provider, LoginError> {
        let metadata = ProviderMetadataWithLogout::discover_async(self.issuer.clone(), &self.http)
            .await
            .map_err(|error| LoginError::Unavailable(error.to_string()))?;
        let client = Client::from_provider_metadata(
            metadata.clone(),
            self.client_id.clone(),
            Some(self.client_secret.clone()),
        )
        .set_redirect_uri(self.redirect_uri.clone());
        Ok(Provider { client, metadata, fetched_at: now })
    }
}

impl Provider {
    fn claims(
        &self,
        id_token: &IdToken,
        nonce: &Nonce,
    ) -> Result<IdTokenClaims<PortalClaims, CoreGenderClaim>, ClaimsVerificationError> {
        let verifier = self.client.id_token_verifier().set_allowed_algs(SIGNING_ALGORITHMS);
        id_token.claims(&verifier, nonce).cloned()
    }

    /// OpenID Connect Core §3.1.3.8: the access token belongs to this ID token.
    fn check_access_token_hash(
        &self,
        id_token: &IdToken,
        claims: &IdTokenClaims<PortalClaims, CoreGenderClaim>,
        access_token: &openidconnect::AccessToken,
    ) -> Result<(), LoginError> {
        let Some(expected) = claims.access_token_hash() else { return Ok(()) };
        let verifier = self.client.id_token_verifier();
        let key = id_token.signing_key(&verifier).map_err(unacceptable)?;
        let alg = id_token.signing_alg().map_err(unacceptable)?;
        let actual = AccessTokenHash::from_token(access_token, alg, key).map_err(unacceptable)?;
        if actual == *expected {
            Ok(())
        } else {
            Err(LoginError::Unacceptable("at_hash does not match the access token".into()))
        }
    }
}

/// The `claims` parameter that makes one of the sufficient levels a condition.
fn essential_acr(level: AuthenticationLevel) -> String {
    serde_json::json!({
        "id_token": { "acr": { "essential": true, "values": level.urns_that_suffice() } }
    })
    .to_string()
}

fn citizen(
    id_token: IdToken,
    claims: &IdTokenClaims<PortalClaims, CoreGenderClaim>,
    access_token: openidconnect::AccessToken,
    person: &UserInfoClaims<IdentityClaims, CoreGenderClaim>,
    form_token: String,
) -> Citizen {
    let name = person.name().and_then(|name| name.get(None));
    let methods = claims.auth_method_refs().into_iter().flatten();
    Citizen {
        subject: claims.subject().to_string(),
        provider_session: claims.additional_claims().sid.clone(),
        id_token,
        access_token,
        form_token,
        name: name.map_or_else(|| "Công dân".to_owned(), |name| name.to_string()),
        birthdate: person.birthdate().map(|date| date.to_string()),
        personal_number: person.additional_claims().vn_personal_number.clone(),
        phone_number: person.phone_number().map(|number| number.to_string()),
        assurance: claims.additional_claims().assurance.unwrap_or_default(),
        methods: methods.map(|method| method.to_string()).collect(),
        authenticated_at: claims.auth_time().map(|at| at.timestamp()),
    }
}

fn unacceptable(error: impl std::fmt::Display) -> LoginError {
    LoginError::Unacceptable(error.to_string())
}

fn token_error<RE: std::error::Error>(
    error: RequestTokenError<RE, StandardErrorResponse<CoreErrorResponseType>>,
) -> LoginError {
    match error {
        RequestTokenError::ServerResponse(answer) => {
            LoginError::Refused(answer.error().as_ref().to_owned())
        }
        RequestTokenError::Request(cause) => LoginError::Unavailable(cause.to_string()),
        // Neither body nor cause: a half-parsed token answer contains tokens.
        RequestTokenError::Parse(..) => LoginError::Unacceptable("malformed token answer".into()),
        RequestTokenError::Other(what) => LoginError::Unacceptable(what),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filing_demands_every_sufficient_level_as_an_essential_acr() {
        let claims: serde_json::Value =
            serde_json::from_str(&essential_acr(AuthenticationLevel(3))).unwrap();
        let acr = &claims["id_token"]["acr"];
        assert_eq!(acr["essential"], true);
        assert_eq!(acr["values"], serde_json::json!(["urn:vn:eid:auth:3", "urn:vn:eid:auth:4"]));
    }
}
