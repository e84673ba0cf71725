//! Why an account cannot be used, in the words of the login page.

use assurance::{ReasonCode, Redress};
use identity_core::AccountState;
use identity_core::account::LockReason;

use crate::pages::login::AccountProblem;

pub fn problem_of_state(state: &AccountState) -> Option<AccountProblem> {
    match state {
        AccountState::Activated { .. } => None,
        AccountState::Registered { .. } => Some(AccountProblem::NotActivated),
        AccountState::Locked { lock, .. } => Some(problem_of_lock(lock.reason)),
        AccountState::Deceased { .. } => Some(AccountProblem::Closed),
    }
}

/// The reason as `assurance` writes it; `None` for reasons that no page has words for.
pub fn problem_of_reason(reason: &str) -> Option<AccountProblem> {
    let reason: ReasonCode = reason.parse().ok()?;
    match (reason, reason.redress()) {
        (ReasonCode::AccountLocked(lock), _) => Some(problem_of_lock(lock)),
        (ReasonCode::RecoveredRecently { age_seconds, limit_seconds }, _) => {
            let seconds = limit_seconds.saturating_sub(age_seconds);
            let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
            Some(AccountProblem::RecoveredLately { seconds })
        }
        (_, Redress::UnlockAccount) => Some(AccountProblem::LockedByAuthority),
        (_, Redress::ActivateAccount) => Some(AccountProblem::NotActivated),
        (_, Redress::AskGuardian) => Some(AccountProblem::GuardianNeeded),
        (_, Redress::RenewCard | Redress::RenewResidence) => Some(AccountProblem::CardExpired),
        (_, Redress::CorrectRecord) => Some(AccountProblem::Closed),
        (_, Redress::AddFactor | Redress::LongerPassword) => Some(AccountProblem::TooWeak),
        (
            _,
            Redress::VisitPolice
            | Redress::ProveAgain
            | Redress::OtherMethod
            | Redress::ContactPortal
            | Redress::Wait
            | Redress::AskOrganisation,
        ) => None,
    }
}

fn problem_of_lock(reason: LockReason) -> AccountProblem {
    match reason {
        LockReason::HolderRequest => AccountProblem::LockedByHolder,
        LockReason::TravelDocumentExpired | LockReason::ResidenceExpired => {
            AccountProblem::CardExpired
        }
        LockReason::BreachOfTerms
        | LockReason::CardRevokedOrHeld
        | LockReason::AuthorityRequest
        | LockReason::SuspectedMisuse => AccountProblem::LockedByAuthority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_that_closes_an_account_has_words() {
        for (reason, problem) in [
            (ReasonCode::GuardianApprovalNeeded, AccountProblem::GuardianNeeded),
            (ReasonCode::AccountLocked(LockReason::HolderRequest), AccountProblem::LockedByHolder),
            (ReasonCode::AccountNotActivated, AccountProblem::NotActivated),
            (ReasonCode::SubjectDeceased, AccountProblem::Closed),
            (
                ReasonCode::RecoveredRecently { age_seconds: 60, limit_seconds: 90 },
                AccountProblem::RecoveredLately { seconds: 30 },
            ),
        ] {
            assert_eq!(problem_of_reason(&reason.to_string()), Some(problem), "{reason}");
        }
        assert_eq!(problem_of_reason("NO_SUCH_REASON"), None);
    }
}
