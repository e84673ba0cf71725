//! The operator's verbs, used by the command line: register, create, lock, rotate.

use identity_core::account::{AccountState, Lock};
use identity_core::authenticator::{AuthenticatorKind, AuthenticatorStatus};
use identity_core::contact::{Contact, PhoneNumber, Verification};
use identity_core::evidence::ProofingPathway;
use identity_core::grant::RevocationReason;
use identity_core::relying_party::RelyingPartyStatus;
use identity_core::secret::SecretBytes;
use identity_core::session::{SessionEnd, SessionEndReason};
use identity_core::subject::Profile;
use identity_core::{
    Account, Authenticator, AuthenticatorId, EventKind, RelyingParty, SecurityEvent, Subject,
    SubjectId, Timestamp,
};
use storage::{Change, Commit, Contest, Credential, Enrolment, GrantScope, SessionScope};

use crate::binding::replace_among;
use crate::logout::notices_for;
use crate::matcher::{Modality, TemplateReference};
use crate::password::Password;
use crate::proof::message_codes::unbound;
use crate::provider::Provider;
use crate::refusal::Fault;

#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    #[error("no such account")]
    NotFound,
    #[error("number or phone already belongs to another account")]
    NameTaken,
    #[error("the account was changed by somebody else at the same time; try again")]
    Moved,
    #[error("the account's state does not allow it: {0}")]
    State(#[from] identity_core::account::AccountError),
    #[error("the registration is not acceptable: {0}")]
    Registration(String),
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<storage::StoreError> for AdminError {
    fn from(error: storage::StoreError) -> Self {
        Self::Fault(error.into())
    }
}

/// What a new account can log in with.
pub struct NewCredentials {
    pub password: Option<Password>,
    pub totp: Option<SecretBytes>,
}

/// Creates an account with its authenticators, in one transaction.
pub async fn create_citizen(
    provider: &Provider,
    subject: Subject,
    credentials: NewCredentials,
    now: Timestamp,
) -> Result<(), AdminError> {
    let entropy = provider.entropy.as_ref();
    let id = subject.id;
    let mut plan = vec![Change::CreateSubject(Box::new(subject))];
    let mut bind = |kind, credential, password_length| {
        let authenticator = Authenticator {
            id: AuthenticatorId::generate(now, entropy),
            subject: id,
            kind,
            status: AuthenticatorStatus::Active,
            bound_at: now,
            expires_at: None,
            password_length,
        };
        let enrolment = Enrolment::new(authenticator, credential);
        plan.push(Change::BindAuthenticator(Box::new(enrolment)));
    };
    if let Some(password) = credentials.password {
        let length = password.characters();
        let phc = provider.passwords.hash(password, entropy).await?;
        bind(AuthenticatorKind::Password, Credential::Password(phc), Some(length));
    }
    if let Some(secret) = credentials.totp {
        bind(AuthenticatorKind::Totp, Credential::Totp(secret), None);
    }
    let event = SecurityEvent::new(EventKind::AccountCreated, now, entropy).about(id);
    plan.push(Change::Append(Box::new(event)));
    finish(provider.commit(&plan, now).await?)
}

/// Locks the account: sessions end, tokens die, relying parties are told (design §6).
pub async fn lock_citizen(
    provider: &Provider,
    subject: SubjectId,
    lock: Lock,
    now: Timestamp,
) -> Result<(), AdminError> {
    let reason = lock.reason;
    let kind = EventKind::AccountLocked { reason };
    change_account(provider, subject, kind, now, |account| account.lock(lock)).await
}

pub async fn unlock_citizen(
    provider: &Provider,
    subject: SubjectId,
    now: Timestamp,
) -> Result<(), AdminError> {
    let kind = EventKind::AccountUnlocked;
    change_account(provider, subject, kind, now, Account::unlock).await
}

pub async fn activate_citizen(
    provider: &Provider,
    subject: SubjectId,
    now: Timestamp,
) -> Result<(), AdminError> {
    let kind = EventKind::AccountActivated;
    change_account(provider, subject, kind, now, |account| account.activate(now)).await
}

pub async fn record_death(
    provider: &Provider,
    subject: SubjectId,
    source: String,
    now: Timestamp,
) -> Result<(), AdminError> {
    let kind = EventKind::DeathRecorded;
    change_account(provider, subject, kind, now, |account| Ok(account.record_death(source, now)))
        .await
}

/// Where a person is to be reached from now on.
pub enum NewContact {
    Phone(PhoneNumber),
    Email(String),
}

/// Changes it, as an officer saw it proven. A new number is bound like a new authenticator (NIST SP
/// 800-63B-4 §3.1.3.3): codes went to the old one, so they are set up again, or not.
pub async fn change_contact(
    provider: &Provider,
    subject: SubjectId,
    contact: NewContact,
    now: Timestamp,
) -> Result<(), AdminError> {
    let found = provider.store.subject(subject).await?.ok_or(AdminError::NotFound)?;
    let enrolments = provider.store.enrolments(subject).await?;
    let verification = Verification::Verified;
    let mut profile = Profile { updated_at: now, ..found.subject.profile.clone() };
    let kind = match contact {
        NewContact::Phone(value) => {
            profile.phone = Some(Contact { value, verification });
            AuthenticatorKind::SmsCode
        }
        NewContact::Email(value) => {
            profile.email = Some(Contact { value, verification });
            AuthenticatorKind::EmailCode
        }
    };
    let mut plan = vec![Change::ReplaceSubject {
        subject: Box::new(Subject { profile, ..found.subject }),
        version: found.version,
    }];
    plan.extend(unbound(provider, &enrolments, kind, now));
    let event = EventKind::ContactChanged { kind };
    let event = SecurityEvent::new(event, now, provider.entropy.as_ref()).about(subject);
    plan.push(Change::Append(Box::new(event)));
    finish(provider.commit(&plan, now).await?)
}

/// Registers the template that a matcher made when the person was proven: in the app a face, before an
/// officer fingers, too (Decree 69/2024 arts 10 to 12). It takes the place of an earlier one.
pub async fn register_template(
    provider: &Provider,
    subject: SubjectId,
    modality: Modality,
    reference: &TemplateReference,
    now: Timestamp,
) -> Result<(), AdminError> {
    let found = provider.store.subject(subject).await?.ok_or(AdminError::NotFound)?;
    let seen = |pathway| match pathway {
        ProofingPathway::InPersonBiometric => true,
        ProofingPathway::RemoteFaceCapture => modality == Modality::Face,
        ProofingPathway::ThroughRepresentative => false,
    };
    if !found.subject.proofings.iter().any(|proofing| seen(proofing.pathway)) {
        return Err(AdminError::Registration(
            "nobody compared it when they were proven".to_owned(),
        ));
    }
    if provider.settings.matchers.in_force(reference, modality, now).is_none() {
        return Err(AdminError::Registration("no registered matcher may compare it".to_owned()));
    }
    let authenticator = Authenticator {
        id: AuthenticatorId::generate(now, provider.entropy.as_ref()),
        subject,
        kind: modality.kind(),
        status: AuthenticatorStatus::Active,
        bound_at: now,
        expires_at: None,
        password_length: None,
    };
    let credential = Credential::Biometric { reference: reference.to_string() };
    let enrolments = provider.store.enrolments(subject).await?;
    // Of two at once the second meets a subject that moved.
    let mut plan =
        vec![Change::ReplaceSubject { subject: Box::new(found.subject), version: found.version }];
    plan.extend(replace_among(
        provider,
        &enrolments,
        Enrolment::new(authenticator, credential),
        now,
    ));
    finish(provider.commit(&plan, now).await?)
}

/// One change of an account and what follows from it, in one transaction.
pub(crate) async fn change_account(
    provider: &Provider,
    subject: SubjectId,
    kind: EventKind,
    now: Timestamp,
    change: impl FnOnce(Account) -> Result<Account, identity_core::account::AccountError>,
) -> Result<(), AdminError> {
    let found = provider.store.subject(subject).await?.ok_or(AdminError::NotFound)?;
    let account = change(found.subject.account.clone())?;
    let closes =
        !matches!(account.state, AccountState::Activated { .. } | AccountState::Registered { .. });
    let mut plan = vec![Change::ReplaceSubject {
        subject: Box::new(Subject { account, ..found.subject }),
        version: found.version,
    }];
    if closes {
        plan.extend(everything_ended(provider, subject, now).await?);
    }
    let event = SecurityEvent::new(kind, now, provider.entropy.as_ref()).about(subject);
    plan.push(Change::Append(Box::new(event)));
    finish(provider.commit(&plan, now).await?)
}

async fn everything_ended(
    provider: &Provider,
    subject: SubjectId,
    now: Timestamp,
) -> Result<Vec<Change>, AdminError> {
    let mut plan = Vec::new();
    for session in provider.store.live_sessions(subject, now).await? {
        let notices = notices_for(provider, &session, now).await?;
        plan.extend(notices.into_iter().map(|notice| Change::QueueLogout(notice.delivery)));
    }
    let end = SessionEnd { at: now, reason: SessionEndReason::AccountLocked };
    plan.push(Change::EndSessions { scope: SessionScope::OfSubject(subject), end });
    plan.push(Change::RevokeGrants {
        scope: GrantScope::OfSubject(subject),
        reason: RevocationReason::AccountLocked,
        now,
    });
    Ok(plan)
}

/// Registers a relying party or replaces its registration.
pub async fn register_client(
    provider: &Provider,
    party: RelyingParty,
    now: Timestamp,
) -> Result<(), AdminError> {
    let party = crate::registration::check(party, provider.settings.environment)
        .map_err(AdminError::Registration)?;
    save_client(provider, party, EventKind::ClientRegistered, now).await
}

/// Suspends or reinstates a relying party; its tokens are inactive everywhere within a second.
pub async fn set_client_status(
    provider: &Provider,
    client: &identity_core::ClientId,
    status: RelyingPartyStatus,
    now: Timestamp,
) -> Result<(), AdminError> {
    let party = provider.registry.get(client).ok_or(AdminError::NotFound)?;
    let kind = match status {
        RelyingPartyStatus::Active => EventKind::ClientReinstated,
        RelyingPartyStatus::Suspended { .. } => EventKind::ClientSuspended,
    };
    save_client(provider, RelyingParty { status, ..party.as_ref().clone() }, kind, now).await
}

async fn save_client(
    provider: &Provider,
    party: RelyingParty,
    kind: EventKind,
    now: Timestamp,
) -> Result<(), AdminError> {
    let event =
        SecurityEvent::new(kind, now, provider.entropy.as_ref()).at_client(&party.client_id);
    let plan = [Change::SaveRelyingParty(Box::new(party)), Change::Append(Box::new(event))];
    finish(provider.commit(&plan, now).await?)?;
    provider.registry.reload(provider.store.as_ref()).await?;
    Ok(())
}

fn finish(commit: Commit) -> Result<(), AdminError> {
    match commit {
        Commit::Done => Ok(()),
        Commit::Lost(Contest::NameTaken) => Err(AdminError::NameTaken),
        Commit::Lost(_) => Err(AdminError::Moved),
    }
}
