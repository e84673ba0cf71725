//! How long one decision takes for a person with twelve authenticators: at most 50 µs (issue 4).
//!
//! `cargo bench --package assurance`

use std::hint::black_box;
use std::time::Duration;

use assurance::{AcrWish, Context, DecisionRequest, Levels, PolicySet, Requirement, decide};
use criterion::{Criterion, criterion_group, criterion_main};
use identity_core::authenticator::AuthenticatorStatus;
use identity_core::evidence::{Proofing, ProofingPathway, ProofingPiece, ProofingPieceKind};
use identity_core::subject::{Card, CardKind, LegalCapacity};
use identity_core::{
    AccountLevel, AccountState, AuthenticationEvidence, Authenticator, AuthenticatorId,
    AuthenticatorKind, EvidenceId, SubjectId, SubjectState, Timestamp,
};
use uuid::Uuid;

const POLICY: &str = include_str!("../../../deploy/policy/2026-09-28.toml");
const NOW: Timestamp = Timestamp::from_unix_seconds(1_795_237_200);
const SUBJECT: SubjectId = SubjectId::from_uuid(Uuid::from_u128(1));

/// Every kind but the code that an officer hands out.
const KINDS: [AuthenticatorKind; 12] = [
    AuthenticatorKind::Password,
    AuthenticatorKind::Totp,
    AuthenticatorKind::RecoveryCode,
    AuthenticatorKind::SmsCode,
    AuthenticatorKind::EmailCode,
    AuthenticatorKind::Passkey,
    AuthenticatorKind::App,
    AuthenticatorKind::IdentityCardChip,
    AuthenticatorKind::Face,
    AuthenticatorKind::Fingerprint,
    AuthenticatorKind::Iris,
    AuthenticatorKind::Voice,
];

fn authenticator(kind: AuthenticatorKind) -> Authenticator {
    Authenticator {
        id: AuthenticatorId::from_uuid(Uuid::from_u128(1000 + kind as u128)),
        subject: SUBJECT,
        kind,
        status: AuthenticatorStatus::Active,
        bound_at: NOW.minus(Duration::from_hours(9_000)),
        expires_at: None,
        password_length: (kind == AuthenticatorKind::Password).then_some(16),
    }
}

fn citizen() -> SubjectState {
    let since = Timestamp::from_unix_seconds(1_700_000_000);
    let valid_until = "2030-01-01".parse().ok();
    SubjectState {
        subject: SUBJECT,
        account: AccountState::Activated { since },
        account_level: AccountLevel::Two,
        birth_date: "1990-05-17".parse().unwrap_or_else(|_| NOW.day_in_viet_nam()),
        card: Some(Card { kind: CardKind::IdentityCard, valid_until }),
        capacity: LegalCapacity::Full,
        guardians: Vec::new(),
        proofings: vec![Proofing {
            id: EvidenceId::from_uuid(Uuid::from_u128(9)),
            at: since,
            pathway: ProofingPathway::InPersonBiometric,
            pieces: vec![ProofingPiece { kind: ProofingPieceKind::IdentityCard, valid_until }],
            performed_by: None,
        }],
    }
}

fn bench(criterion: &mut Criterion) {
    let Ok(policies) = PolicySet::parse([("policy", POLICY)]) else { return };
    let Some(policy) = policies.at(NOW) else { return };
    let state = citizen();
    let authenticators = KINDS.map(authenticator);
    let evidence = authenticators.each_ref().map(|held| {
        let id = EvidenceId::from_uuid(Uuid::from_u128(100 + held.kind as u128));
        AuthenticationEvidence::of(held, id, NOW)
    });
    let vn =
        |vn_authentication| Requirement::at_least(Levels { vn_authentication, ..Levels::BOTTOM });
    let four = vn(assurance::VnAuthenticationLevel::L4);
    let two = vn(assurance::VnAuthenticationLevel::L2);
    let aal3 = Requirement::at_least(Levels { aal: assurance::Aal::Aal3, ..Levels::BOTTOM });
    let mut group = criterion.benchmark_group("decide, twelve authenticators");
    for (name, evidence, requirement) in [
        ("permit with twelve proofs", &evidence[..], &two),
        ("step up to level 2", &[][..], &two),
        ("step up to level 4", &[][..], &four),
        ("step up to level 4 from one proof", &evidence[..1], &four),
        ("deny, out of reach", &[][..], &aal3),
    ] {
        let request = DecisionRequest {
            state: &state,
            evidence,
            authenticators: &authenticators,
            requirement,
            wish: &AcrWish::None,
            context: Context::default(),
        };
        group.bench_function(name, |timer| {
            timer.iter(|| decide(black_box(&request), policy, NOW));
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
