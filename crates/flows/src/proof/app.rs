//! What the citizen's app approved, collected by the browser that showed the code (ATK-107).

use identity_core::authenticator::FactorCategory;
use identity_core::event::LoginRefusalReason;
use identity_core::evidence::{DeviceProof, KeyProtection};
use identity_core::secret::SecretDigest;
use identity_core::{AuthenticationEvidence, AuthenticatorKind, Timestamp};
use jose::digest::sha256;
use storage::record::DossierOf;
use storage::{AppDevice, Change, Credential};

use super::{Attempt, Checked, Refused, Stopped, evidence_of, take};
use crate::app::browser::load;
use crate::app::code::TransactionId;
use crate::app::request::HolderCheck;
use crate::app::transaction::{State, Transaction};
use crate::interaction::Interaction;
use crate::login::{LoginError, LoginRefusal};
use crate::provider::Provider;
use crate::session::{Consumed, SessionHandle};

/// What an approval is consumed under.
const PURPOSE: &str = "app approval";

/// Opens the session that was approved. Whoever comes first has it: of two requests with the same
/// approval, on whatever node, the plan of one commits.
pub async fn with_app(
    provider: &Provider,
    attempt: &Attempt<'_>,
    interaction: &Interaction,
    id: TransactionId,
) -> Result<SessionHandle, LoginError> {
    take(provider, attempt, check(provider, attempt, interaction, id)).await
}

async fn check(
    provider: &Provider,
    attempt: &Attempt<'_>,
    interaction: &Interaction,
    id: TransactionId,
) -> Result<Checked, Stopped> {
    let now = attempt.now;
    let nothing = || Stopped::Closed(LoginRefusal::WrongCode);
    let transaction = load(provider, id, now).await?.ok_or_else(nothing)?.transaction;
    if transaction.interaction != interaction.fingerprint()? {
        return Err(nothing());
    }
    let State::Approved { by, holder, at, presentation } = transaction.state else {
        return Err(nothing());
    };
    let of = DossierOf { subject: by.subject, session: None, client: None, grant: None };
    let dossier = provider.store.dossier(&of).await?.ok_or_else(nothing)?;
    let subject = dossier.subject.subject;
    let enrolment = dossier
        .enrolments
        .into_iter()
        .find(|known| known.authenticator.id == by.authenticator)
        .filter(|known| known.authenticator.usable(now));
    let unusable = || {
        let reason = LoginRefusalReason::AuthenticatorUnusable;
        Refused::new(Some(&subject), None, reason, LoginRefusal::WrongCode)
    };
    // Taken off, or replaced, between approval and collection.
    let enrolment = enrolment.ok_or_else(unusable)?;
    let Credential::AppDevice(device) = &enrolment.credential else {
        return Err(unusable().into());
    };
    // The page was for somebody, and they changed meanwhile.
    if transaction.person.is_some_and(|person| person != subject.id) {
        return Err(unusable().into());
    }
    let shown = evidence_of(provider, &enrolment, now);
    let proof = DeviceProof { bound_at: enrolment.authenticator.bound_at, attestation: None };
    Ok(Checked {
        evidence: AuthenticationEvidence {
            presentation,
            ..evidence(shown, device, proof, holder, at)
        },
        consumed: Some(Consumed::once(digest_of(id))),
        effects: vec![consumption(id, &transaction)],
        subject,
        enrolment,
    })
}

fn consumption(id: TransactionId, transaction: &Transaction) -> Change {
    let expires_at = transaction.kept_until();
    Change::ConsumeOnce { purpose: PURPOSE, digest: digest_of(id), expires_at }
}

fn digest_of(id: TransactionId) -> SecretDigest {
    SecretDigest(sha256(id.bytes()))
}

/// A key that a program keeps is never called more than that, whatever its statement says: no
/// platform's statements are verified yet. The PIN counts where the device needed it (L4).
fn evidence(
    shown: AuthenticationEvidence,
    device: &AppDevice,
    proof: DeviceProof,
    holder: HolderCheck,
    at: Timestamp,
) -> AuthenticationEvidence {
    AuthenticationEvidence {
        kind: AuthenticatorKind::App,
        at,
        verified_by_device: match holder {
            HolderCheck::Done => Some(FactorCategory::Knowledge),
            HolderCheck::NotDone => None,
        },
        key: KeyProtection::Software,
        device: Some(device.device),
        device_proof: Some(proof),
        ..shown
    }
}
