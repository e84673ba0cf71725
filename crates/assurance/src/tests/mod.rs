//! The model's laws and edge cases (assurance.md §2.5), against the policy that is delivered.

mod circumstances;
mod golden;
mod kept;
mod laws;
mod policies;
mod records;
mod reference;
mod transactions;
mod universe;
mod worked;

use std::sync::LazyLock;
use std::time::Duration;

use identity_core::account::{Account, AccountState, Lock, LockReason, LockedBy};
use identity_core::authenticator::{AuthenticatorStatus, FactorCategory};
use identity_core::evidence::{
    BiometricMatch, Check, KeyProtection, PhishingResistance, Proofing, ProofingPathway,
    ProofingPiece, ProofingPieceKind,
};
use identity_core::id::DeviceId;
use identity_core::subject::{Card, CardKind, GuardianLink, GuardianScope, LegalCapacity};
use identity_core::{
    AccountLevel, AuthenticationEvidence, Authenticator, AuthenticatorId, AuthenticatorKind,
    CalendarDate, EvidenceId, SubjectId, SubjectState, Timestamp,
};
use uuid::Uuid;

use crate::levels::{Aal, EidasLoa, Fal, Ial, IsoLoa, VnAccountLevel, VnAuthenticationLevel};
use crate::{
    AcrWish, Context, Decision, DecisionRequest, Evaluation, Levels, Policy, PolicySet, Requirement,
};

const POLICY_2024: &str = include_str!("../../../../deploy/policy/2024-07-01.toml");
const POLICY_2026: &str = include_str!("../../../../deploy/policy/2026-09-28.toml");

static POLICIES: LazyLock<PolicySet> = LazyLock::new(|| {
    PolicySet::parse([("2024-07-01.toml", POLICY_2024), ("2026-09-28.toml", POLICY_2026)]).unwrap()
});

/// Noon in Viet Nam, 2026-11-21.
const NOW: Timestamp = Timestamp::from_unix_seconds(1_795_237_200);
const SUBJECT: SubjectId = SubjectId::from_uuid(Uuid::from_u128(1));
const GUARDIAN: SubjectId = SubjectId::from_uuid(Uuid::from_u128(2));
const PHONE: DeviceId = DeviceId::from_uuid(Uuid::from_u128(3));

/// What a representative reached who could do everything.
const ALL: Levels = Levels {
    vn_authentication: VnAuthenticationLevel::L4,
    vn_account: VnAccountLevel::Two,
    aal: Aal::Aal3,
    ial: Ial::Ial3,
    eidas: EidasLoa::High,
    iso: IsoLoa::Loa4,
    fal: Fal::Fal3,
};

fn policy() -> &'static Policy {
    POLICIES.at(NOW).unwrap()
}

fn day(text: &str) -> CalendarDate {
    text.parse().unwrap()
}

fn minutes_ago(minutes: u64) -> Timestamp {
    NOW.minus(Duration::from_mins(minutes))
}

/// An adult with an account of level 2, proofed in person with a card valid until 2030.
fn citizen() -> SubjectState {
    let until = Some(day("2030-01-01"));
    SubjectState {
        subject: SUBJECT,
        account: AccountState::Activated { since: Timestamp::from_unix_seconds(1_700_000_000) },
        account_level: AccountLevel::Two,
        birth_date: day("1990-05-17"),
        card: Some(Card { kind: CardKind::IdentityCard, valid_until: until }),
        capacity: LegalCapacity::Full,
        guardians: vec![],
        proofings: vec![Proofing {
            id: EvidenceId::from_uuid(Uuid::from_u128(9)),
            at: Timestamp::from_unix_seconds(1_700_000_000),
            pathway: ProofingPathway::InPersonBiometric,
            pieces: vec![ProofingPiece {
                kind: ProofingPieceKind::IdentityCard,
                valid_until: until,
            }],
            performed_by: None,
        }],
    }
}

fn locked(state: SubjectState) -> SubjectState {
    let lock = Lock { reason: LockReason::HolderRequest, by: LockedBy::Holder, since: NOW };
    let account = Account { level: state.account_level, state: state.account, recovered_at: None };
    SubjectState { account: account.lock(lock).unwrap().state, ..state }
}

fn child(guardians: Vec<GuardianLink>) -> SubjectState {
    SubjectState { birth_date: day("2014-03-01"), guardians, ..citizen() }
}

fn guardian_link(scope: GuardianScope) -> GuardianLink {
    GuardianLink {
        guardian: GUARDIAN,
        scope,
        from: minutes_ago(100_000),
        until: Some(NOW.plus(Duration::from_hours(24))),
        document: "birth certificate".into(),
    }
}

/// One use of the one authenticator of that kind.
fn proof(kind: AuthenticatorKind, at: Timestamp) -> AuthenticationEvidence {
    let id = EvidenceId::from_uuid(Uuid::from_u128(100 + kind as u128));
    AuthenticationEvidence {
        password_length: (kind == AuthenticatorKind::Password).then_some(16),
        ..AuthenticationEvidence::of(&authenticator(kind), id, at)
    }
}

fn password(length: u16, at: Timestamp) -> AuthenticationEvidence {
    AuthenticationEvidence {
        password_length: Some(length),
        ..proof(AuthenticatorKind::Password, at)
    }
}

fn totp(at: Timestamp) -> AuthenticationEvidence {
    proof(AuthenticatorKind::Totp, at)
}

fn passkey(
    key: KeyProtection,
    verified: Option<FactorCategory>,
    at: Timestamp,
) -> AuthenticationEvidence {
    AuthenticationEvidence {
        key,
        verified_by_device: verified,
        phishing: PhishingResistance::Resistant,
        device: Some(PHONE),
        ..proof(AuthenticatorKind::Passkey, at)
    }
}

/// A good comparison of a face, taken on the phone.
fn face(at: Timestamp) -> AuthenticationEvidence {
    let biometric = BiometricMatch {
        matcher: "reference".into(),
        matcher_version: "1".into(),
        false_match_per_billion: 10_000,
        presentation_attack: Check::Passed,
        injection: Check::Passed,
        reference: "card portrait".into(),
        comparison: None,
        stated_at: None,
    };
    AuthenticationEvidence {
        biometric: Some(biometric),
        device: Some(PHONE),
        ..proof(AuthenticatorKind::Face, at)
    }
}

fn authenticator_id(kind: AuthenticatorKind) -> AuthenticatorId {
    AuthenticatorId::from_uuid(Uuid::from_u128(1000 + kind as u128))
}

fn authenticator(kind: AuthenticatorKind) -> Authenticator {
    Authenticator {
        id: authenticator_id(kind),
        subject: SUBJECT,
        kind,
        status: AuthenticatorStatus::Active,
        bound_at: minutes_ago(100_000),
        expires_at: None,
        password_length: (kind == AuthenticatorKind::Password).then_some(16),
    }
}

fn evaluate(
    state: &SubjectState,
    evidence: &[AuthenticationEvidence],
    now: Timestamp,
) -> Evaluation {
    crate::evaluate(state, evidence, &Context::default(), policy(), now)
}

/// A decision about a citizen with password and TOTP, for one requirement and nothing wished.
fn decide(
    state: &SubjectState,
    evidence: &[AuthenticationEvidence],
    requirement: &Requirement,
) -> Decision {
    let held = [AuthenticatorKind::Password, AuthenticatorKind::Totp].map(authenticator);
    decide_holding(state, evidence, &held, requirement, &AcrWish::None)
}

fn decide_holding(
    state: &SubjectState,
    evidence: &[AuthenticationEvidence],
    authenticators: &[Authenticator],
    requirement: &Requirement,
    wish: &AcrWish,
) -> Decision {
    let context = Context::default();
    let request = DecisionRequest { state, evidence, authenticators, requirement, wish, context };
    crate::decide(&request, policy(), NOW)
}

fn permitted(decision: Decision) -> Evaluation {
    match decision {
        Decision::Permit { evaluation } => evaluation,
        other => panic!("not permitted: {other:?}"),
    }
}

/// The kinds each option asks for.
fn asked(decision: &Decision) -> Vec<Vec<AuthenticatorKind>> {
    match decision {
        Decision::StepUp { options, .. } => {
            options.iter().map(|option| option.add.iter().map(|step| step.kind).collect()).collect()
        }
        other => panic!("no step-up: {other:?}"),
    }
}

fn texts(reasons: &[crate::ReasonCode]) -> Vec<String> {
    reasons.iter().map(ToString::to_string).collect()
}

/// A question whose every part can be changed.
struct Ask<'a> {
    state: SubjectState,
    evidence: &'a [AuthenticationEvidence],
    held: &'a [Authenticator],
    requirement: Requirement,
    context: Context<'a>,
}

impl Ask<'_> {
    fn at(&self, now: Timestamp) -> Decision {
        let request = DecisionRequest {
            state: &self.state,
            evidence: self.evidence,
            authenticators: self.held,
            requirement: &self.requirement,
            wish: &AcrWish::None,
            context: self.context,
        };
        crate::decide(&request, policy(), now)
    }

    fn now(&self) -> Decision {
        self.at(NOW)
    }
}

fn bound(kind: AuthenticatorKind, at: Timestamp) -> Authenticator {
    Authenticator { bound_at: at, ..authenticator(kind) }
}

fn app(at: Timestamp) -> AuthenticationEvidence {
    AuthenticationEvidence {
        key: KeyProtection::Software,
        device: Some(PHONE),
        ..proof(AuthenticatorKind::App, at)
    }
}
