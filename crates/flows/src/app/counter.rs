//! A code that an officer hands out at a counter, for somebody who has no second factor yet or lost all
//! of them: with their number it binds one device.
//!
//! It rests as an authenticator of its own kind, so that it is in the account's history, ends by itself,
//! and is taken away by the next one.

use std::time::Duration;

use identity_core::{AuthenticatorKind, LoginName, SubjectId, Timestamp};
use storage::{Change, Credential, Enrolment};

use super::{AppError, AppRefusal};
use crate::admin::AdminError;
use crate::binding;
use crate::proof::recovery_codes::{RecoveryCode, use_up};
use crate::provider::Provider;

/// From the counter to a telephone that has the app.
pub const CODE_LIFE: Duration = Duration::from_hours(24);
const KIND: AuthenticatorKind = AuthenticatorKind::TemporaryCode;

/// A fresh code in the place of an earlier one. It is nowhere else: it is shown now or never. Whether the
/// account is in use is asked when a device brings it.
pub async fn issue(
    provider: &Provider,
    subject: SubjectId,
    now: Timestamp,
) -> Result<RecoveryCode, AdminError> {
    let enrolments = provider.store.enrolments(subject).await?;
    let code = RecoveryCode::generate(provider.entropy.as_ref());
    let mut authenticator = binding::authenticator(provider, subject, KIND, now);
    authenticator.expires_at = Some(now.plus(CODE_LIFE));
    let credential = Credential::RecoveryCodes(vec![code.digest()]);
    let enrolment = Enrolment::new(authenticator, credential);
    let plan = binding::replace_among(provider, &enrolments, enrolment, now);
    provider.commit_uncontested(&plan, now).await?;
    Ok(code)
}

/// Whose code it is, and the changes that use it up. A number that nobody bears and a wrong code are told
/// the same (ATK-098); with 125 bits neither is worth guessing.
pub(super) async fn spend(
    provider: &Provider,
    number: &str,
    code: &str,
    now: Timestamp,
) -> Result<(SubjectId, Vec<Change>), AppError> {
    let nothing = || AppError::from(AppRefusal::BindingCode);
    let name = LoginName::parse(number).map_err(|_| nothing())?;
    let typed = RecoveryCode::parse(code).ok_or_else(nothing)?;
    let found = provider.store.subject_by_login(&name).await?;
    let subject = found.ok_or_else(nothing)?.subject.id;
    let enrolments = provider.store.enrolments(subject).await?;
    let mut codes = enrolments
        .iter()
        .filter(|known| known.authenticator.kind == KIND && known.authenticator.usable(now));
    let spent = codes.find_map(|known| use_up(provider, known, &typed, now));
    Ok((subject, spent.ok_or_else(nothing)?))
}
