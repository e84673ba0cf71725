//! A browser's session: the handle in its cookie, and the person behind it.

use identity_core::consent::Consent;
use identity_core::evidence::EvidenceBinding;
use identity_core::secret::SecretDigest;
use identity_core::session::SessionEnd;
use identity_core::time::{Entropy, random_bytes};
use identity_core::{
    AuthenticationEvidence, Authenticator, AuthenticatorKind, ClientId, EventKind, Province,
    SecurityEvent, Session, SessionId, Subject, Timestamp,
};
use jose::digest::{base64url, base64url_decode, sha256};
use storage::record::Dossier;
use storage::{Change, Enrolment, GrantScope, SessionScope};

use crate::logout::notices_for;
use crate::provider::Provider;
use crate::refusal::Fault;

/// The secret in the session cookie: 256 random bits. Only its digest is stored.
#[derive(Clone)]
pub struct SessionHandle([u8; 32]);

impl SessionHandle {
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(random_bytes(entropy))
    }

    pub fn parse(cookie: &str) -> Option<Self> {
        base64url_decode(cookie).ok()?.try_into().ok().map(Self)
    }

    /// The cookie's value. Named so that it is not printed by accident.
    pub fn expose(&self) -> String {
        base64url(&self.0)
    }

    pub fn digest(&self) -> SecretDigest {
        SecretDigest(sha256(&self.0))
    }
}

/// A live session with the person's present state and authenticators.
pub struct LiveSession {
    pub session: Session,
    pub subject: Subject,
    pub enrolments: Vec<Enrolment>,
    /// What they agreed to before this request, where the client was known when it was read.
    pub remembered: Option<Remembered>,
}

/// The person's consent to one client, or that there is none.
pub struct Remembered {
    pub client: ClientId,
    pub consent: Option<Consent>,
}

impl LiveSession {
    /// With `client`, what was agreed to there comes with it, in the same read.
    pub async fn load(
        provider: &Provider,
        handle: Option<&SessionHandle>,
        client: Option<&ClientId>,
        now: Timestamp,
    ) -> Result<Option<Self>, Fault> {
        let Some(handle) = handle else { return Ok(None) };
        let dossier = provider.store.dossier_by_handle(&handle.digest(), client).await?;
        Ok(dossier.and_then(|dossier| {
            let Dossier { subject, enrolments, session, consent, .. } = dossier;
            Some(Self {
                session: session.filter(|session| session.alive(now))?,
                subject: subject.subject,
                enrolments,
                remembered: client.map(|client| Remembered { client: client.clone(), consent }),
            })
        }))
    }

    /// The person's authenticator of this kind that can be used now. The newest, where two requests at
    /// once bound one each: it is the one that was shown last.
    pub fn usable(&self, kind: AuthenticatorKind, now: Timestamp) -> Option<&Enrolment> {
        self.enrolments.iter().rev().find(|enrolment| {
            enrolment.authenticator.kind == kind && enrolment.authenticator.usable(now)
        })
    }

    pub fn authenticators(&self) -> Vec<Authenticator> {
        self.enrolments.iter().map(|enrolment| enrolment.authenticator.clone()).collect()
    }
}

/// What a proof consumed, and where: the session it ends in remembers it beside the proof (L12).
#[derive(Clone)]
pub struct Consumed {
    /// What the authenticator itself signed of where it was asked, where it does.
    pub origin: Option<String>,
    /// Of the challenge or code: the same one twice is the same proof twice.
    pub digest: SecretDigest,
}

impl Consumed {
    /// Of what was typed or sent, and nothing signed.
    pub const fn once(digest: SecretDigest) -> Self {
        Self { origin: None, digest }
    }
}

/// Somebody just proved who they are.
pub struct Proof<'a> {
    pub evidence: AuthenticationEvidence,
    /// Nothing: a password proves as often as it is typed.
    pub consumed: Option<Consumed>,
    pub province: Option<Province>,
    /// The relying party they do it for; nobody on their own pages.
    pub client: Option<&'a ClientId>,
    /// What the citizen will recognise the browser by.
    pub browser: &'a str,
}

/// What a proof leads to: the changes that record it, and the handle the browser gets.
pub struct Opening {
    pub plan: Vec<Change>,
    pub handle: SessionHandle,
    pub session: SessionId,
}

/// Puts new evidence into the browser's session, or opens one. A new privilege always gets a new
/// handle (ATK-090); a session of somebody else in the same browser ends.
pub async fn record_evidence(
    provider: &Provider,
    present: Option<&Session>,
    proof: Proof<'_>,
    now: Timestamp,
) -> Result<Opening, Fault> {
    let Proof { evidence, consumed, province, client, browser } = proof;
    let entropy = provider.entropy.as_ref();
    let handle = SessionHandle::generate(entropy);
    let bound_to = |session: SessionId| AuthenticationEvidence {
        binding: consumed.map(|Consumed { origin, digest }| EvidenceBinding {
            session,
            origin,
            replay_key: digest,
        }),
        ..evidence.clone()
    };
    let mut plan = Vec::new();
    let session = match present {
        Some(session) if session.subject == evidence.subject => {
            plan.push(Change::ExtendSession {
                session: session.id,
                handle: handle.digest(),
                evidence: vec![bound_to(session.id)],
                now,
            });
            session.id
        }
        other => {
            if let Some(other) = other {
                plan.extend(
                    end_session(
                        provider,
                        other,
                        identity_core::session::SessionEndReason::ReplacedByLogin,
                        now,
                    )
                    .await?,
                );
            }
            let id = SessionId::generate(now, entropy);
            let session = new_session(id, &handle, bound_to(id), browser, now);
            plan.push(Change::OpenSession(Box::new(session)));
            id
        }
    };
    let kind = EventKind::LoginSucceeded { session, factors: vec![evidence.kind], province };
    let mut event = SecurityEvent::new(kind, now, entropy).about(evidence.subject);
    event.client = client.cloned();
    plan.push(Change::Append(Box::new(event)));
    Ok(Opening { plan, handle, session })
}

fn new_session(
    id: SessionId,
    handle: &SessionHandle,
    evidence: AuthenticationEvidence,
    browser: &str,
    now: Timestamp,
) -> Session {
    Session {
        id,
        subject: evidence.subject,
        handle: handle.digest(),
        evidence: vec![evidence],
        created_at: now,
        last_used_at: now,
        expires_at: now.plus(Session::LIFE),
        ended: None,
        browser: browser.chars().take(120).collect(),
    }
}

/// Everything that ending a session means: its tokens die, its relying parties are told.
pub async fn end_session(
    provider: &Provider,
    session: &Session,
    reason: identity_core::session::SessionEndReason,
    now: Timestamp,
) -> Result<Vec<Change>, Fault> {
    let event = SecurityEvent::new(
        EventKind::SessionEnded { session: session.id, reason },
        now,
        provider.entropy.as_ref(),
    );
    let mut plan = vec![
        Change::EndSessions {
            scope: SessionScope::One(session.id),
            end: SessionEnd { at: now, reason },
        },
        Change::RevokeGrants {
            scope: GrantScope::OnlineOfSession(session.id),
            reason: identity_core::grant::RevocationReason::SessionEnded,
            now,
        },
        Change::Append(Box::new(event.about(session.subject))),
    ];
    let notices = notices_for(provider, session, now).await?;
    plan.extend(notices.into_iter().map(|notice| Change::QueueLogout(notice.delivery)));
    Ok(plan)
}
