//! What proofing, card and age support now (L9). Nothing here depends on a login.

use identity_core::evidence::Proofing;
use identity_core::{AccountLevel, CalendarDate, SubjectState, Timestamp};

use crate::levels::{EidasLoa, Ial, IsoLoa, VnAccountLevel};
use crate::policy::{LifeStage, PieceStrength, Policy};
use crate::reason::ReasonCode;

pub(crate) struct Identity {
    pub vn_account: VnAccountLevel,
    pub ial: Ial,
    pub eidas: EidasLoa,
    pub iso: IsoLoa,
}

impl Identity {
    pub fn of(
        state: &SubjectState,
        policy: &Policy,
        now: Timestamp,
        reasons: &mut Vec<ReasonCode>,
    ) -> Self {
        let today = now.day_in_viet_nam();
        let (level, lowered) = account_level(state, policy, today);
        reasons.extend(lowered);
        let bottom =
            Self { vn_account: level, ial: Ial::Ial0, eidas: EidasLoa::None, iso: IsoLoa::None };
        let received_by = now.plus(policy.evidence_life.clock_tolerance);
        let proofings = state.proofings.iter().filter(|proofing| proofing.at <= received_by);
        proofings.fold(bottom, |best, proofing| best.or(proofing, policy, today))
    }

    /// Each ladder takes the best proofing for itself: a later weak one costs nothing (L1).
    fn or(self, proofing: &Proofing, policy: &Policy, today: CalendarDate) -> Self {
        let supported = evidence_level(proofing, policy, today);
        let Some(pathway) = policy.pathways.get(&proofing.pathway) else { return self };
        if supported == Ial::Ial0 {
            return self;
        }
        Self {
            vn_account: self.vn_account,
            ial: self.ial.max(supported.min(pathway.ial_at_most)),
            eidas: self.eidas.max(pathway.eidas_at_most),
            iso: self.iso.max(pathway.iso_at_most),
        }
    }
}

/// The account's own level, as long as age and card carry it (Decree 69/2024 arts 7 and 15).
fn account_level(
    state: &SubjectState,
    policy: &Policy,
    today: CalendarDate,
) -> (VnAccountLevel, Option<ReasonCode>) {
    let nominal = VnAccountLevel::from(state.account_level);
    let reason = match state.account_level {
        AccountLevel::One => None,
        AccountLevel::Two if policy.ages.stage(state.birth_date, today) == LifeStage::Infant => {
            Some(ReasonCode::AgeBelow(policy.ages.second_level_from))
        }
        AccountLevel::Two => match &state.card {
            None => Some(ReasonCode::CardMissing),
            Some(card) => {
                card.valid_until.filter(|until| *until <= today).map(ReasonCode::CardExpired)
            }
        },
    };
    match reason {
        None => (nominal, None),
        Some(_) => (nominal.min(policy.card.account_level_without), reason),
    }
}

/// NIST SP 800-63A-4 §4: which level the pieces still valid today support together. Levels 2 and 3 ask for
/// the same pieces; the pathway tells them apart.
fn evidence_level(proofing: &Proofing, policy: &Policy, today: CalendarDate) -> Ial {
    let valid = proofing.pieces.iter().filter(|p| p.valid_until.is_none_or(|end| today < end));
    let (mut fair, mut strong, mut superior) = (0_u8, 0_u8, 0_u8);
    for piece in valid {
        let count = match policy.pieces.get(&piece.kind).map(|rule| rule.strength) {
            None => continue,
            Some(PieceStrength::Fair) => &mut fair,
            Some(PieceStrength::Strong) => &mut strong,
            Some(PieceStrength::Superior) => &mut superior,
        };
        *count = count.saturating_add(1);
    }
    if superior > 0 || strong > 1 || (strong > 0 && fair > 0) {
        Ial::Ial3
    } else if strong > 0 || fair > 0 {
        Ial::Ial1
    } else {
        Ial::Ial0
    }
}
