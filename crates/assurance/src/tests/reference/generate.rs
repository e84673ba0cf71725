//! Cases without end from one number each, so that a failure names itself.

use identity_core::evidence::{
    AttestationVerdict, ChipRead, Comparison, DeviceAttestation, DeviceProof, EvidenceBinding,
    Intent, MatchPlace, Presentation,
};
use identity_core::secret::SecretDigest;

use super::super::*;
use super::model::Case;
use crate::policy::{BarcodeReading, ResidenceExpiry};
use crate::requirement::CategoryAges;
use crate::{Acr, Demand, History, Mandate};

/// SplitMix64: small, and good enough to reach every corner.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// True once in `times`.
    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()].clone()
    }

    fn maybe<T>(&mut self, times: u64, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.once_in(times).then(|| make(self))
    }
}

const KINDS: [AuthenticatorKind; 13] = [
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
    AuthenticatorKind::TemporaryCode,
];
const TRANSACTIONS: [&str; 2] = ["transfer-1", "transfer-2"];
const PROCEDURES: [&str; 4] = ["passport", "new-seal", "criminal-record", "of-a-portal"];

/// The delivered policies, and one that decides every switch the other way.
pub static ALL_POLICIES: LazyLock<Vec<Policy>> = LazyLock::new(|| {
    let delivered: Vec<Policy> = POLICIES.policies().cloned().collect();
    let mut other = delivered[1].clone();
    other.barcode.decree_counts_as = BarcodeReading::Knowledge;
    other.residence.expired = ResidenceExpiry::LowersAccount;
    other.evidence_life.inherence = Duration::from_hours(1);
    other.evidence_life.knowledge = Duration::from_hours(6);
    [delivered, vec![other]].concat()
});

/// An instant before now: close by, hours ago, at the edge of the evidence's life, or a little ahead.
fn instant(dice: &mut Dice) -> Timestamp {
    match dice.below(8) {
        0 => NOW.plus(Duration::from_secs(dice.below(10))),
        1 => NOW.minus(Duration::from_hours(12)).plus(Duration::from_millis(dice.below(3))),
        2..5 => NOW.minus(Duration::from_secs(dice.below(40))),
        5 | 6 => NOW.minus(Duration::from_secs(dice.below(1_200))),
        _ => NOW.minus(Duration::from_mins(dice.below(900))),
    }
}

pub fn case(seed: u64) -> Case {
    let dice = &mut Dice::new(seed);
    let authenticators = authenticators(dice);
    let evidence = (0..dice.below(6)).map(|index| evidence(dice, &authenticators, index)).collect();
    Case {
        state: state(dice),
        evidence,
        requirement: requirement(dice),
        wish: wish(dice),
        fal: dice.pick(Fal::ALL),
        procedure: dice.maybe(3, |dice| dice.pick(&PROCEDURES)),
        approval: dice.maybe(2, approval),
        mandate: dice.maybe(9, mandate),
        transaction: dice.maybe(3, |dice| dice.pick(&TRANSACTIONS)),
        history: History {
            recovered_at: dice.maybe(9, |dice| NOW.minus(Duration::from_mins(dice.below(40)))),
            sim_swapped_at: dice.maybe(4, |dice| {
                let window = Duration::from_hours(24 * 7);
                let early = instant(dice);
                if dice.once_in(2) { early } else { early.minus(window) }
            }),
        },
        policy: {
            let policies: &'static [Policy] = &ALL_POLICIES;
            &policies[usize::try_from(dice.below(policies.len() as u64)).unwrap()]
        },
        now: NOW,
        authenticators,
    }
}

fn authenticators(dice: &mut Dice) -> Vec<Authenticator> {
    let mut held: Vec<Authenticator> =
        (0..dice.below(6)).map(|_| authenticator(dice.pick(&KINDS))).collect();
    for (index, one) in held.iter_mut().enumerate() {
        one.id = AuthenticatorId::from_uuid(Uuid::from_u128(1000 + index as u128));
        one.bound_at = NOW.minus(Duration::from_mins(dice.below(60)));
        one.expires_at = dice.maybe(6, |dice| NOW.plus(Duration::from_secs(dice.below(2))));
        if one.kind == AuthenticatorKind::Password {
            one.password_length = Some(dice.pick(&[7, 8, 14, 15]));
        }
        one.status = match dice.below(16) {
            0 => AuthenticatorStatus::Pending,
            1 => AuthenticatorStatus::Suspended { since: NOW },
            2 => AuthenticatorStatus::Disabled { since: NOW },
            3 => AuthenticatorStatus::Removed { since: NOW },
            _ => AuthenticatorStatus::Active,
        };
    }
    held
}

/// Mostly by an authenticator held, and mostly sound.
fn evidence(dice: &mut Dice, held: &[Authenticator], index: u64) -> AuthenticationEvidence {
    let by = if held.is_empty() || dice.once_in(8) {
        authenticator(dice.pick(&KINDS))
    } else {
        dice.pick(held)
    };
    let id = EvidenceId::from_uuid(Uuid::from_u128(u128::from(100 + index)));
    let device = Some(DeviceId::from_uuid(Uuid::from_u128(u128::from(3 + dice.below(2)))));
    let mut item = AuthenticationEvidence {
        transaction: dice.maybe(4, |dice| dice.pick(&TRANSACTIONS).to_owned()),
        binding: dice.maybe(5, |dice| EvidenceBinding {
            session: identity_core::SessionId::from_uuid(Uuid::from_u128(5)),
            origin: None,
            replay_key: SecretDigest([u8::try_from(dice.below(3)).unwrap(); 32]),
        }),
        ..AuthenticationEvidence::of(&by, id, instant(dice))
    };
    if dice.once_in(12) {
        item.subject = GUARDIAN;
    }
    match by.kind {
        AuthenticatorKind::Passkey
        | AuthenticatorKind::App
        | AuthenticatorKind::IdentityCardChip => {
            use KeyProtection::{Hardware, NoKey, Software, Synced};
            let category = [FactorCategory::Knowledge, FactorCategory::Inherence];
            item.key = dice.pick(&[NoKey, Software, Synced, Hardware, Hardware]);
            item.verified_by_device = dice.maybe(2, |dice| dice.pick(&category));
            item.device = device;
            item.device_proof = dice.maybe(2, device_proof);
            item.intent = dice.pick(&[Intent::Shown, Intent::Shown, Intent::NotShown]);
            item.presentation = dice.pick(&[Presentation::Direct, Presentation::Barcode]);
            if dice.once_in(2) {
                item.phishing = PhishingResistance::Resistant;
            }
            item.chip = dice.maybe(2, chip);
        }
        AuthenticatorKind::Face
        | AuthenticatorKind::Fingerprint
        | AuthenticatorKind::Iris
        | AuthenticatorKind::Voice => {
            item.device = device;
            item.transaction = None;
            item.biometric = (!dice.once_in(9)).then(|| biometric(dice, by.kind));
        }
        _ => {}
    }
    item
}

fn device_proof(dice: &mut Dice) -> DeviceProof {
    use AttestationVerdict::{Compromised, Genuine, Undecided};
    DeviceProof {
        bound_at: NOW.minus(Duration::from_mins(dice.below(60))),
        attestation: dice.maybe(2, |dice| DeviceAttestation {
            verdict: dice.pick(&[Genuine, Genuine, Genuine, Undecided, Compromised]),
            at: NOW.minus(Duration::from_secs(dice.below(60))),
            expires_at: NOW.plus(Duration::from_secs(dice.below(3))),
        }),
    }
}

fn chip(dice: &mut Dice) -> ChipRead {
    let check = [Check::Passed, Check::Passed, Check::Passed, Check::NotDone];
    ChipRead {
        document: ProofingPieceKind::IdentityCard,
        signed_by_issuer: dice.pick(&check),
        not_a_copy: dice.pick(&check),
        valid_until: dice.maybe(3, expiry),
    }
}

fn biometric(dice: &mut Dice, kind: AuthenticatorKind) -> BiometricMatch {
    let check = [Check::Passed, Check::Passed, Check::Passed, Check::Passed, Check::NotDone];
    BiometricMatch {
        false_match_per_billion: dice.pick(&[1, 100_000, 100_000, 100_001]),
        presentation_attack: dice.pick(&check),
        injection: dice.pick(&check),
        comparison: dice.maybe(3, |dice| Comparison {
            score: 899_999 + u32::try_from(dice.below(4)).unwrap(),
            threshold: 900_000,
            place: MatchPlace::Central,
            modality: if dice.once_in(6) { AuthenticatorKind::Iris } else { kind },
            reference_captured_at: None,
        }),
        ..face(NOW).biometric.unwrap()
    }
}

/// Yesterday, today, tomorrow or much later.
fn expiry(dice: &mut Dice) -> CalendarDate {
    day(dice.pick(&["2026-11-20", "2026-11-21", "2026-11-22", "2030-01-01"]))
}

fn state(dice: &mut Dice) -> SubjectState {
    let young = ["2012-11-21", "2012-11-22", "2020-11-21", "2020-11-22"];
    let mut state = citizen();
    if dice.once_in(4) {
        state.birth_date = day(dice.pick(&young));
    }
    state.account_level = dice.pick(&[AccountLevel::One, AccountLevel::Two, AccountLevel::Two]);
    state.card = (!dice.once_in(8)).then(|| Card {
        kind: if dice.once_in(6) { CardKind::ResidenceCard } else { CardKind::IdentityCard },
        valid_until: dice.maybe(2, expiry),
    });
    if dice.once_in(12) {
        state.capacity = LegalCapacity::Represented;
    }
    state.guardians = (0..dice.below(3)).map(|_| guardian(dice)).collect();
    state.proofings = (0..dice.below(3)).map(|_| proofing(dice)).collect();
    match dice.below(60) {
        0 => locked(state),
        1 => SubjectState { account: AccountState::Registered { since: NOW }, ..state },
        2 => {
            let account =
                AccountState::Deceased { recorded_at: NOW, source: "civil status".to_owned() };
            SubjectState { account, ..state }
        }
        _ => state,
    }
}

fn proofing(dice: &mut Dice) -> Proofing {
    use ProofingPathway::{InPersonBiometric, RemoteFaceCapture, ThroughRepresentative};
    use ProofingPieceKind::{BirthCertificate, IdentityCard, Passport, ResidenceCard};
    Proofing {
        at: if dice.once_in(9) {
            NOW.plus(Duration::from_secs(dice.below(9)))
        } else {
            minutes_ago(9)
        },
        pathway: dice.pick(&[InPersonBiometric, RemoteFaceCapture, ThroughRepresentative]),
        pieces: (0..dice.below(3))
            .map(|_| ProofingPiece {
                kind: dice.pick(&[IdentityCard, Passport, ResidenceCard, BirthCertificate]),
                valid_until: dice.maybe(2, expiry),
            })
            .collect(),
        ..citizen().proofings.remove(0)
    }
}

fn scope(dice: &mut Dice) -> GuardianScope {
    let codes = [GuardianScope::Everything, GuardianScope::Procedures(vec!["passport".to_owned()])];
    dice.pick(&codes)
}

fn guardian(dice: &mut Dice) -> GuardianLink {
    GuardianLink {
        guardian: dice.pick(&[GUARDIAN, GUARDIAN, SUBJECT]),
        scope: scope(dice),
        from: NOW.minus(Duration::from_secs(dice.below(3))),
        until: dice.maybe(3, |dice| NOW.plus(Duration::from_secs(dice.below(2)))),
        document: String::new(),
    }
}

fn approval(dice: &mut Dice) -> crate::GuardianApproval {
    let levels = crate::Levels {
        vn_authentication: dice.pick(VnAuthenticationLevel::ALL),
        aal: dice.pick(Aal::ALL),
        ..ALL
    };
    let at = if dice.once_in(4) { instant(dice) } else { minutes_ago(dice.below(16)) };
    crate::GuardianApproval { guardian: GUARDIAN, at, scope: scope(dice), levels }
}

fn mandate(dice: &mut Dice) -> Mandate {
    Mandate {
        organisation: "0100".to_owned(),
        representative: dice.pick(&[SUBJECT, SUBJECT, SUBJECT, GUARDIAN]),
        scope: scope(dice),
        from: NOW.minus(Duration::from_secs(dice.below(3))),
        until: dice.maybe(3, |dice| NOW.plus(Duration::from_secs(dice.below(2)))),
    }
}

fn requirement(dice: &mut Dice) -> Requirement {
    use Demand::{
        AttestedDevice, DeviceBound, Intent, Mandate, PhishingResistant, TransactionBound,
        Unrestricted,
    };
    let age = |dice: &mut Dice| Duration::from_secs(dice.pick(&[0, 1, 30, 600, 30_000]));
    let all = [
        PhishingResistant,
        DeviceBound,
        AttestedDevice,
        Intent,
        Unrestricted,
        TransactionBound,
        Mandate,
    ];
    let bottom = crate::Levels::BOTTOM;
    let minimum = crate::Levels {
        vn_authentication: dice.pick(VnAuthenticationLevel::ALL),
        aal: dice.maybe(3, |dice| dice.pick(Aal::ALL)).unwrap_or_default(),
        vn_account: dice.maybe(8, |dice| dice.pick(VnAccountLevel::ALL)).unwrap_or_default(),
        ial: dice.maybe(12, |dice| dice.pick(Ial::ALL)).unwrap_or_default(),
        eidas: dice.maybe(12, |dice| dice.pick(EidasLoa::ALL)).unwrap_or_default(),
        fal: dice.maybe(20, |dice| dice.pick(Fal::ALL)).unwrap_or_default(),
        ..bottom
    };
    let biometric = [AuthenticatorKind::Face, AuthenticatorKind::Iris];
    Requirement {
        minimum: if dice.once_in(3) { bottom } else { minimum },
        max_age: dice.maybe(6, age),
        max_age_by_category: CategoryAges {
            knowledge: dice.maybe(12, age),
            possession: dice.maybe(12, age),
            inherence: dice.maybe(12, age),
        },
        biometric_kinds: dice.maybe(6, |dice| [dice.pick(&biometric)].into()),
        demands: (0..dice.below(7) / 4).map(|_| dice.pick(&all)).collect(),
        cool_down: dice.maybe(8, |dice| Duration::from_mins(dice.below(40))),
    }
}

fn wish(dice: &mut Dice) -> AcrWish {
    static CLASSES: LazyLock<Vec<Acr>> = LazyLock::new(Acr::all);
    let classes = (0..=dice.below(2)).map(|_| dice.pick(&CLASSES)).collect();
    match dice.below(6) {
        0 => AcrWish::Voluntary(classes),
        1 => AcrWish::Essential(classes),
        _ => AcrWish::None,
    }
}
