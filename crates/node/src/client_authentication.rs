//! Which client is calling, by the one method it is registered for.

use std::sync::Arc;
use std::time::Duration;

use identity_core::relying_party::{ClientAuthentication, ClientProfile};
use identity_core::secret::SecretDigest;
use identity_core::{ClientId, RelyingParty, Timestamp};
use jose::{
    AudienceRule, ClientAssertion, ExpectedAssertion, ForeignAlgorithm, verify_client_assertion,
};
use protocol::{Issuer, PresentedClient, SecretString, endpoints};
use storage::ports::EPOCH_MARGIN;
use storage::{Claim, StoreError, TransientStore};

use crate::registry::Registry;

/// Longest life of a client assertion we accept (RFC 7523 §3).
const LONGEST_ASSERTION_LIFE: Duration = Duration::from_mins(10);

/// `iat` counts whole seconds: one issued in the second of the epoch may carry an earlier number.
const GRANULARITY: Duration = Duration::from_secs(1);

/// A memory's epoch must lie behind whatever was accepted before it began.
const _: () =
    assert!(EPOCH_MARGIN.as_millis() > jose::CLOCK_SKEW.as_millis() + GRANULARITY.as_millis());

/// Every refusal looks alike from outside: `invalid_client` and one sentence.
#[derive(Debug, thiserror::Error)]
pub enum ClientRefusal {
    #[error("client authentication failed")]
    NotAuthenticated,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What client authentication needs: both server roles have these.
pub struct ClientGate<'a> {
    pub registry: &'a Registry,
    pub transient: &'a dyn TransientStore,
    pub issuer: &'a Issuer,
}

impl ClientGate<'_> {
    /// Every failure is one `invalid_client`: no oracle for ids, methods or secrets.
    pub async fn authenticate(
        &self,
        presented: &PresentedClient,
        now: Timestamp,
    ) -> Result<Arc<RelyingParty>, ClientRefusal> {
        let party = self.named_by(presented).ok_or(ClientRefusal::NotAuthenticated)?;
        let proven = match &party.authentication {
            ClientAuthentication::ClientSecretBasic { secrets } => match presented {
                PresentedClient::SecretBasic { secret, .. } => secret_matches(secrets, secret),
                PresentedClient::SecretPost { .. }
                | PresentedClient::PrivateKeyJwt { .. }
                | PresentedClient::None { .. } => false,
            },
            ClientAuthentication::ClientSecretPost { secrets } => match presented {
                PresentedClient::SecretPost { secret, .. } => secret_matches(secrets, secret),
                PresentedClient::SecretBasic { .. }
                | PresentedClient::PrivateKeyJwt { .. }
                | PresentedClient::None { .. } => false,
            },
            ClientAuthentication::PrivateKeyJwt { .. } => match presented {
                PresentedClient::PrivateKeyJwt { assertion, .. } => {
                    self.assertion_holds(&party, assertion, now).await?
                }
                PresentedClient::SecretBasic { .. }
                | PresentedClient::SecretPost { .. }
                | PresentedClient::None { .. } => false,
            },
            ClientAuthentication::None => matches!(presented, PresentedClient::None { .. }),
        };
        if proven && party.in_force(now) { Ok(party) } else { Err(ClientRefusal::NotAuthenticated) }
    }

    fn named_by(&self, presented: &PresentedClient) -> Option<Arc<RelyingParty>> {
        match presented {
            // Without client_id outside, the assertion names its client; it is verified below
            // against that client's keys only.
            PresentedClient::PrivateKeyJwt { client_id: None, assertion } => {
                self.registry.find(&jose::unverified_issuer(assertion.expose_secret())?)
            }
            other => self.registry.find(other.client_id()?),
        }
    }

    async fn assertion_holds(
        &self,
        party: &RelyingParty,
        assertion: &SecretString,
        now: Timestamp,
    ) -> Result<bool, ClientRefusal> {
        let Some(jwks) = self.registry.keys_of(&party.client_id) else { return Ok(false) };
        let token_endpoint = self.issuer.endpoint(endpoints::TOKEN);
        let audience = match party.profile {
            // ATK-051, op-traps 12: which audience is right hangs on the client's profile.
            ClientProfile::Strict => AudienceRule::IssuerOnly(self.issuer.as_str()),
            ClientProfile::OidcBasic => AudienceRule::IssuerOrTokenEndpoint {
                issuer: self.issuer.as_str(),
                token_endpoint: &token_endpoint,
            },
        };
        let expected = ExpectedAssertion {
            client_id: &party.client_id,
            audience,
            algorithms: &ForeignAlgorithm::ALL,
            max_life: LONGEST_ASSERTION_LIFE,
            now,
        };
        let verified = match verify_client_assertion(assertion.expose_secret(), &expected, &jwks) {
            Ok(verified) => verified,
            Err(refusal) => {
                tracing::info!(client = %party.client_id, %refusal, "client assertion refused");
                return Ok(false);
            }
        };
        self.first_use(&party.client_id, &verified, now).await
    }

    /// ATK-050: an assertion counts once, also after the memory of claims was lost: what was issued
    /// before the present epoch might have been claimed then, and is refused (design §4).
    async fn first_use(
        &self,
        client: &ClientId,
        assertion: &ClientAssertion,
        now: Timestamp,
    ) -> Result<bool, ClientRefusal> {
        let issued_at =
            assertion.issued_at.unwrap_or(assertion.expires_at.minus(LONGEST_ASSERTION_LIFE));
        let claim = Claim {
            purpose: "client_assertion",
            id: &format!("{client}\0{}", assertion.jti),
            issued_at: issued_at.plus(GRANULARITY),
            expires_at: assertion.expires_at,
        };
        Ok(self.transient.claim_once(claim, now).await?)
    }
}

fn secret_matches(registered: &[SecretDigest], presented: &SecretString) -> bool {
    let digest = SecretDigest(jose::digest::sha256(presented.expose_secret().as_bytes()));
    registered.contains(&digest)
}
