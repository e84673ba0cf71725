//! A passkey: alone it says who is there and, because the authenticator verified them, proves two
//! categories; beside another proof it counts for what it reports (law L4).
//!
//! No gate stands before it: a signature cannot be guessed (NIST SP 800-63B-4 §3.1.7 asks for no
//! throttle), and whoever could close a gate here would keep the holder out (ATK-100).

use identity_core::authenticator::FactorCategory;
use identity_core::event::LoginRefusalReason;
use identity_core::evidence::{KeyProtection, PhishingResistance};
use identity_core::time::random_bytes;
use identity_core::{AuthenticationEvidence, Subject, Timestamp};
use jose::digest::{base64url, base64url_decode};
use storage::{Change, Credential, Enrolment, PasskeyCredential, Replacement};

use super::{Attempt, Checked, Refused, Stopped, evidence_of, take};
use crate::challenge::{Asked, Challenge, Question};
use crate::interaction::Interaction;
use crate::login::{LoginError, LoginRefusal, PasskeyRefusal};
use crate::passkey::assertion::{self, Asserted, AssertionFault, UserVerified};
use crate::passkey::keys::{passkeys_of, usable};
use crate::passkey::{Assertion, PATIENCE, Site, Verification, options, subject_of};
use crate::provider::Provider;
use crate::refusal::Fault;
use crate::session::{Consumed, LiveSession, SessionHandle};

/// What a page needs to ask for a passkey.
pub struct Invitation {
    /// Goes into the form as it is.
    pub challenge: String,
    /// For the browser's script.
    pub options: String,
}

/// Asks anybody's passkey: which person it is, the answer says. The same for every visitor.
pub fn invite_anybody(
    provider: &Provider,
    interaction: &Interaction,
    now: Timestamp,
) -> Result<Invitation, Fault> {
    invite(provider, Asked::during(interaction, None)?, &[], Verification::Required, now)
}

/// Asks one of the passkeys of the person whose session this is.
pub fn invite_holder(
    provider: &Provider,
    interaction: &Interaction,
    live: &LiveSession,
    now: Timestamp,
) -> Result<Invitation, Fault> {
    let asked = Asked::during(interaction, Some(live.session.id))?;
    let allowed: Vec<_> = usable(live, now).map(|(_, passkey)| passkey).collect();
    invite(provider, asked, &allowed, Verification::Preferred, now)
}

fn invite(
    provider: &Provider,
    asked: Asked,
    allowed: &[&PasskeyCredential],
    verification: Verification,
    now: Timestamp,
) -> Result<Invitation, Fault> {
    let secret: [u8; 32] = random_bytes(provider.entropy.as_ref());
    let challenge = Challenge::new(provider, Question::PasskeyLogin, asked, PATIENCE, now)
        .with_state(base64url(&secret));
    let site = Site::of(&provider.settings.issuer)?;
    Ok(Invitation {
        challenge: challenge.seal(provider, now)?,
        options: options::of_login(&site, &secret, allowed, verification)?,
    })
}

/// What the page sent.
pub struct Answer<'a> {
    /// The sealed challenge, as it came with the page.
    pub challenge: &'a str,
    pub assertion: Assertion,
}

/// Checks the passkey of whoever is there; `attempt` stands alone.
pub async fn with_passkey(
    provider: &Provider,
    interaction: &Interaction,
    attempt: &Attempt<'_>,
    answer: &Answer<'_>,
) -> Result<SessionHandle, LoginError> {
    take(provider, attempt, check_anybody(provider, interaction, answer, attempt.now)).await
}

/// Checks the passkey of the person whose session this is; `attempt` stands beside it.
pub async fn with_own_passkey(
    provider: &Provider,
    interaction: &Interaction,
    live: &LiveSession,
    attempt: &Attempt<'_>,
    answer: &Answer<'_>,
) -> Result<SessionHandle, LoginError> {
    let check = async { check_holder(provider, interaction, live, answer, attempt.now) };
    take(provider, attempt, check).await
}

async fn check_anybody(
    provider: &Provider,
    interaction: &Interaction,
    answer: &Answer<'_>,
    now: Timestamp,
) -> Result<Checked, Stopped> {
    let challenge = open(provider, answer, &Asked::during(interaction, None)?, now)?;
    let named = answer.assertion.user_handle.as_deref().and_then(subject_of);
    let found = match named {
        Some(id) => provider.store.subject(id).await?,
        None => None,
    };
    let subject = found.map(|found| found.subject);
    let enrolments = match &subject {
        Some(subject) => provider.store.enrolments(subject.id).await?,
        None => Vec::new(),
    };
    let tried = Tried { subject: subject.as_ref(), enrolments: &enrolments };
    check(provider, &challenge, &tried, answer, Verification::Required, now)
}

fn check_holder(
    provider: &Provider,
    interaction: &Interaction,
    live: &LiveSession,
    answer: &Answer<'_>,
    now: Timestamp,
) -> Result<Checked, Stopped> {
    let asked = Asked::during(interaction, Some(live.session.id))?;
    let challenge = open(provider, answer, &asked, now)?;
    // WebAuthn §7.2 step 6: an authenticator that names somebody names the person who was asked.
    let named = answer.assertion.user_handle.as_deref();
    let enrolments: &[Enrolment] =
        if named.is_none_or(|handle| subject_of(handle) == Some(live.subject.id)) {
            &live.enrolments
        } else {
            &[]
        };
    let tried = Tried { subject: Some(&live.subject), enrolments };
    check(provider, &challenge, &tried, answer, Verification::Preferred, now)
}

/// A question of this browser, this attempt and this session, not too old.
fn open(
    provider: &Provider,
    answer: &Answer<'_>,
    asked: &Asked,
    now: Timestamp,
) -> Result<Challenge, Stopped> {
    Challenge::open(provider, answer.challenge, Question::PasskeyLogin, asked, now)
        .ok_or(Stopped::Closed(LoginRefusal::Passkey(PasskeyRefusal::Stale)))
}

/// Whose passkeys the answer may have been made with.
struct Tried<'a> {
    subject: Option<&'a Subject>,
    enrolments: &'a [Enrolment],
}

fn check(
    provider: &Provider,
    challenge: &Challenge,
    tried: &Tried<'_>,
    Answer { assertion, .. }: &Answer<'_>,
    verification: Verification,
    now: Timestamp,
) -> Result<Checked, Stopped> {
    let site = Site::of(&provider.settings.issuer)?;
    let secret = base64url_decode(challenge.state())
        .map_err(|_| Stopped::Closed(LoginRefusal::Passkey(PasskeyRefusal::Stale)))?;
    let check = |passkey: &PasskeyCredential| {
        assertion::check(&site, &secret, assertion, passkey, verification, now)
    };
    let known = passkeys_of(tried.enrolments, now)
        .find(|(_, passkey)| passkey.credential_id == assertion.credential_id);
    let (Some(subject), Some((enrolment, passkey))) = (tried.subject, known) else {
        // As much work as for a key that is known, so that the time tells nothing (ATK-098).
        let _ = check(&decoy(&assertion.credential_id));
        let reason = match tried.subject {
            Some(_) => LoginRefusalReason::AuthenticatorUnusable,
            None => LoginRefusalReason::UnknownPerson,
        };
        let answer = LoginRefusal::Passkey(PasskeyRefusal::Wrong);
        return Err(Refused::new(tried.subject, None, reason, answer).into());
    };
    let asserted = check(passkey).map_err(|fault| refused(fault, subject, enrolment))?;
    let mut effects = vec![challenge.consume()];
    effects.extend(asserted.changed.clone().map(|passkey| Change::ReplaceCredential {
        authenticator: enrolment.authenticator.id,
        version: enrolment.version,
        next: Replacement {
            credential: Credential::Passkey(Box::new(passkey)),
            label: enrolment.label.clone(),
            password_length: None,
        },
    }));
    Ok(Checked {
        subject: subject.clone(),
        evidence: evidence(provider, enrolment, passkey, &asserted, now),
        consumed: Some(Consumed {
            origin: Some(site.origin().to_owned()),
            digest: challenge.digest(),
        }),
        enrolment: enrolment.clone(),
        effects,
    })
}

fn refused(fault: AssertionFault, subject: &Subject, enrolment: &Enrolment) -> Stopped {
    let (reason, answer) = match fault {
        AssertionFault::Ours(fault) => return fault.into(),
        AssertionFault::Wrong(why) => {
            tracing::debug!(why, "passkey refused");
            (LoginRefusalReason::WrongAssertion, PasskeyRefusal::Wrong)
        }
        AssertionFault::NotVerified => {
            (LoginRefusalReason::WrongAssertion, PasskeyRefusal::NotVerified)
        }
        AssertionFault::CounterWentBack => {
            (LoginRefusalReason::CounterWentBack, PasskeyRefusal::PerhapsCopied)
        }
        AssertionFault::BackupChanged => {
            (LoginRefusalReason::BackupChanged, PasskeyRefusal::PerhapsCopied)
        }
    };
    Refused::new(Some(subject), Some(enrolment), reason, LoginRefusal::Passkey(answer)).into()
}

fn evidence(
    provider: &Provider,
    enrolment: &Enrolment,
    passkey: &PasskeyCredential,
    asserted: &Asserted,
    now: Timestamp,
) -> AuthenticationEvidence {
    AuthenticationEvidence {
        // By PIN or by biometric: WebAuthn does not tell which. A biometric that only the device
        // matched is none by law (Decree 69/2024 art. 20, law L5), so the lesser is recorded.
        verified_by_device: match asserted.user {
            UserVerified::Verified => Some(FactorCategory::Knowledge),
            UserVerified::PresentOnly => None,
        },
        phishing: PhishingResistance::Resistant,
        // L6: what can be copied is never hardware, whoever vouches for it.
        key: match (passkey.backup_eligible, passkey.attested) {
            (true, _) => KeyProtection::Synced,
            (false, true) => KeyProtection::Hardware,
            (false, false) => KeyProtection::Software,
        },
        ..evidence_of(provider, enrolment, now)
    }
}

/// A key that nobody has bound. Its point is the generator of P-256, in base64url.
fn decoy(credential_id: &[u8]) -> PasskeyCredential {
    const KEY: &str = r#"{"key":{"type_":"ES256","key":{"EC_EC2":{"curve":"SECP256R1",
        "x":"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",
        "y":"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"}}},"counter":0}"#;
    PasskeyCredential {
        credential_id: credential_id.to_vec(),
        public: KEY.to_owned(),
        aaguid: [0; 16],
        backup_eligible: false,
        backed_up: false,
        user_handle: None,
        attested: false,
    }
}
