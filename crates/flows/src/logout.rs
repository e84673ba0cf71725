//! Logging out everywhere: by the person, or by a relying party that sends them here
//! (OpenID Connect RP-Initiated Logout, Back-Channel Logout).

use std::sync::Arc;
use std::time::Duration;

use identity_core::id::DeliveryId;
use identity_core::secret::SecretDigest;
use identity_core::session::SessionEndReason;
use identity_core::{RelyingParty, Session, SessionId, SubjectId, Timestamp};
use jose::{
    Expected, Expiry, IdTokenClaims, LogoutEvents, LogoutTokenClaims, SigningAlgorithm, TokenKind,
    TokenType, sign, verify_own,
};
use protocol::end_session::{EndSessionRequest, return_address};
use serde::{Deserialize, Serialize};
use storage::{Change, LogoutDelivery};

use crate::identifier::{session_identifier, subject_identifier};
use crate::issue::{key_fault, signing_algorithm};
use crate::provider::Provider;
use crate::refusal::{Fault, PageError, PageRefusal};
use crate::sealed::{self, SealedFact};
use crate::session::end_session;

/// Who a verified hint speaks about.
pub struct Hinted {
    pub subject: String,
    pub session: Option<String>,
}

/// An ID token of ours for this client: signature and issuer checked, expiry not (op-traps 4).
pub fn hinted(
    provider: &Provider,
    hint: &str,
    party: &RelyingParty,
    now: Timestamp,
) -> Option<Hinted> {
    let expected = Expected {
        typ: TokenType::IdToken,
        issuer: provider.settings.issuer.as_str(),
        audience: Some(party.client_id.as_str()),
        algorithms: &SigningAlgorithm::ALL,
        expiry: Expiry::MayHavePassed,
        now,
    };
    let ring = provider.keys.ring();
    let verified = verify_own::<IdTokenClaims>(hint, &expected, &ring).ok()?;
    Some(Hinted { subject: verified.claims.sub, session: verified.claims.sid })
}

/// What the logout endpoint does with a request.
pub enum LogoutStep {
    /// Show the question; nothing happened yet (LO-01).
    Ask { asked_by: Option<Arc<RelyingParty>> },
    /// The relying party proved that it means this very session: end it.
    LogOut,
}

/// A logout request whose parts were checked.
pub struct CheckedLogout {
    pub step: LogoutStep,
    pub way_back: Option<WayBack>,
}

/// Where the browser may go afterwards: only ever a registered address, and only with a valid hint.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WayBack {
    pub party: String,
    pub url: String,
}

/// Checks a request against the browser's session. A hint that does not hold is an error page, never
/// a redirect (op-traps 4, 23).
pub fn check(
    provider: &Provider,
    request: &EndSessionRequest,
    session: Option<&Session>,
    now: Timestamp,
) -> Result<CheckedLogout, PageError> {
    let bad = |description| {
        PageRefusal::BadRequest(protocol::ProtocolError::invalid_request(description))
    };
    let (party, hint) = match (&request.id_token_hint, &request.client_id) {
        (None, None) => {
            let step = match session {
                Some(_) => LogoutStep::Ask { asked_by: None },
                None => LogoutStep::LogOut,
            };
            return Ok(CheckedLogout { step, way_back: None });
        }
        (None, Some(client)) => {
            let party = provider.registry.find(client).ok_or(PageRefusal::UnknownClient)?;
            (party, None)
        }
        (Some(hint), client) => {
            let (party, hint) = hinted_client(provider, hint, client.as_deref(), now)
                .ok_or_else(|| bad("id_token_hint is not valid"))?;
            (party, Some(hint))
        }
    };
    let way_back = match (&request.post_logout_redirect_uri, &hint) {
        (Some(uri), Some(_)) => {
            if !party.post_logout_redirect_uris.contains(uri) {
                return Err(PageRefusal::RedirectUriNotRegistered.into());
            }
            Some(WayBack {
                party: party.client_id.to_string(),
                url: return_address(uri, request.state.as_deref()),
            })
        }
        // Without a hint nobody proved who asks: no way back (LO-02).
        (Some(_) | None, _) => None,
    };
    let means_this_session = match (&hint, session) {
        (Some(hint), Some(session)) => {
            let own = session_identifier(&provider.settings, &party, session.id);
            hint.session.as_deref() == Some(own.as_str())
        }
        // Nobody is logged in here: nothing to ask about.
        (_, None) => true,
        (None, Some(_)) => false,
    };
    let step = if means_this_session {
        LogoutStep::LogOut
    } else {
        LogoutStep::Ask { asked_by: Some(party) }
    };
    Ok(CheckedLogout { step, way_back })
}

/// A checked request that waits for the person's answer: sealed in the form, bound to the browser.
#[derive(Serialize, Deserialize)]
pub struct PendingLogout {
    pub browser: SecretDigest,
    pub way_back: Option<WayBack>,
    pub asked_at: Timestamp,
}

impl SealedFact for PendingLogout {
    const KIND: TokenKind = TokenKind::LogoutRequest;
}

impl PendingLogout {
    const LIFE: Duration = Duration::from_mins(30);

    pub fn seal(&self, provider: &Provider, now: Timestamp) -> Result<String, Fault> {
        sealed::seal(provider, self, now)
    }

    /// Opens what this browser brought back.
    pub fn open(
        provider: &Provider,
        sealed_text: &str,
        browser: &SecretDigest,
        now: Timestamp,
    ) -> Result<Self, PageRefusal> {
        sealed::open::<Self>(provider, sealed_text, now)
            .filter(|pending| now < pending.asked_at.plus(Self::LIFE))
            .filter(|pending| pending.browser == *browser)
            .ok_or(PageRefusal::StaleInteraction)
    }
}

/// The relying parties that got something in this session.
pub async fn parties_of(
    provider: &Provider,
    session: SessionId,
) -> Result<Vec<Arc<RelyingParty>>, Fault> {
    let clients = provider.store.clients_of_session(session).await?;
    Ok(clients.iter().filter_map(|client| provider.registry.get(client)).collect())
}

/// Ends the session; its online tokens die and its relying parties are told.
pub async fn log_out(provider: &Provider, session: &Session, now: Timestamp) -> Result<(), Fault> {
    let plan = end_session(provider, session, SessionEndReason::LoggedOut, now).await?;
    provider.commit_uncontested(&plan, now).await
}

/// A relying party and the notice on its way to it.
pub struct Notice {
    pub party: Arc<RelyingParty>,
    pub delivery: LogoutDelivery,
}

/// One notice per relying party that got something in this session and can be told.
pub async fn notices_for(
    provider: &Provider,
    session: &Session,
    now: Timestamp,
) -> Result<Vec<Notice>, Fault> {
    notices_about(provider, session.subject, session.id, now).await
}

/// The same of a session that may be forgotten here while a relying party still keeps its own.
pub async fn notices_about(
    provider: &Provider,
    subject: SubjectId,
    session: SessionId,
    now: Timestamp,
) -> Result<Vec<Notice>, Fault> {
    let parties = parties_of(provider, session).await?;
    Ok(parties
        .into_iter()
        .filter_map(|party| {
            let delivery = LogoutDelivery {
                id: DeliveryId::generate(now, provider.entropy.as_ref()),
                client: party.client_id.clone(),
                uri: party.backchannel_logout_uri.clone()?,
                subject_identifier: subject_identifier(&provider.settings, &party, subject),
                session_identifier: session_identifier(&provider.settings, &party, session),
                queued_at: now,
                attempts: 0,
                due_at: now,
            };
            Some(Notice { party, delivery })
        })
        .collect())
}

/// The logout token for one delivery, made anew for each attempt (Back-Channel Logout §2.4).
pub fn logout_token(
    provider: &Provider,
    delivery: &LogoutDelivery,
    now: Timestamp,
) -> Result<String, Fault> {
    let algorithm = provider
        .registry
        .get(&delivery.client)
        .map_or(SigningAlgorithm::Es256, |party| signing_algorithm(party.id_token_algorithm));
    let claims = LogoutTokenClaims {
        iss: provider.settings.issuer.as_str().to_owned(),
        aud: delivery.client.to_string(),
        sub: delivery.subject_identifier.clone(),
        sid: delivery.session_identifier.clone(),
        iat: now.unix_seconds(),
        exp: now.plus(Duration::from_mins(2)).unix_seconds(),
        jti: format!("{}.{}", delivery.id, delivery.attempts),
        events: LogoutEvents::default(),
    };
    let ring = provider.keys.ring();
    let key = ring.signer(algorithm, now).map_err(key_fault)?;
    sign(&claims, TokenType::LogoutToken, key).map_err(key_fault)
}

/// What became of one attempt to deliver: done, given up after a day, or tried again later.
pub fn after_attempt(delivery: &LogoutDelivery, delivered: bool, now: Timestamp) -> Change {
    const GIVE_UP_AFTER: Duration = Duration::from_hours(24);
    if delivered || now.since(delivery.queued_at) >= GIVE_UP_AFTER {
        return Change::FinishLogout(delivery.id);
    }
    let delay = Duration::from_secs(5) * 2u32.pow(delivery.attempts.min(9));
    Change::RetryLogout { delivery: delivery.id, due_at: now.plus(delay) }
}

/// The client a hint was issued to: named beside it, or found among its audience.
fn hinted_client(
    provider: &Provider,
    hint: &str,
    client: Option<&str>,
    now: Timestamp,
) -> Option<(Arc<RelyingParty>, Hinted)> {
    let named = match client {
        Some(client) => client.to_owned(),
        None => jose::unverified_audience(hint)?,
    };
    let party = provider.registry.find(&named)?;
    let hinted = hinted(provider, hint, &party, now)?;
    Some((party, hinted))
}
