//! From evidence to what may be asserted now.

use identity_core::{AuthenticationEvidence, AuthenticatorKind, SubjectState, Timestamp};

use serde::{Deserialize, Serialize};

use crate::acr::Acr;
use crate::amr::{self, Amr};
use crate::events::{self, Event, Question};
use crate::gate::{self, GuardianApproval, Mandate, Representative};
use crate::identity::Identity;
use crate::levels::{Aal, EidasLoa, Fal, IsoLoa, VnAuthenticationLevel};
use crate::policy::Policy;
use crate::reason::ReasonCode;
use crate::strength::{self, Strength};
use crate::vector::{AssuranceVector, Factor, Facts, Levels};

/// What is known besides the subject and the evidence.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// From the relying party's registration: [`Fal::of_profile`].
    pub fal: Fal,
    /// The procedure the use is for, where guardianship may be limited to some.
    pub procedure: Option<&'a str>,
    pub approval: Option<&'a GuardianApproval>,
    /// Present when the person acts for an organisation (edge case 26).
    pub mandate: Option<&'a Mandate>,
    /// Id of the one transaction this is about (L12).
    pub transaction: Option<&'a str>,
    pub history: History,
}

/// What happened to the person's authenticators lately, as far as decisions look at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct History {
    /// The last time the account was recovered rather than logged in to (edge case 21).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovered_at: Option<Timestamp>,
    /// The last sign that the telephone number moved to another SIM (edge case 22).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sim_swapped_at: Option<Timestamp>,
}

impl History {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Who somebody is and through whom they act: all of a vector that no login changes.
pub(crate) struct Standing {
    pub identity: Identity,
    pub fal: Fal,
    pub representative: Option<Representative>,
}

impl Standing {
    pub fn of(
        question: &Question<'_>,
        state: &SubjectState,
        reasons: &mut Vec<ReasonCode>,
    ) -> Self {
        Self {
            identity: Identity::of(state, question.policy, question.now, reasons),
            fal: question.context.fal,
            representative: Representative::of(state, question),
        }
    }
}

/// What may be asserted at one instant, and why not more.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Evaluation {
    pub vector: AssuranceVector,
    /// `None`: leave the claim out.
    pub acr: Option<Acr>,
    pub amr: Vec<Amr>,
    /// The oldest event the vector rests on (edge case 8); `None` when it rests on none.
    pub auth_time: Option<Timestamp>,
    pub reasons: Vec<ReasonCode>,
}

/// Computes the vector from evidence, subject, policy and instant alone (L14): never from what was asked.
///
/// A password shorter than the policy's minimum for standing alone is still one factor of the decree, so it
/// gives Vietnamese level 1; it gives no AAL. The policy's base requirement asks for AAL1, which is why such
/// a password never completes a login without a second factor.
pub fn evaluate(
    state: &SubjectState,
    evidence: &[AuthenticationEvidence],
    context: &Context<'_>,
    policy: &Policy,
    now: Timestamp,
) -> Evaluation {
    if let Some(closed) = gate::closed(state, context, policy, now) {
        return Evaluation { reasons: vec![closed.reason], ..Evaluation::default() };
    }
    let question = Question { subject: state.subject, context, authenticators: &[], policy, now };
    let counted = events::count(evidence, &question);
    let mut reasons = counted.reasons;
    let standing = Standing::of(&question, state, &mut reasons);
    let events = standing.admit(counted.events, &mut reasons);
    judge(&events, &standing, policy, reasons)
}

impl Standing {
    /// A ward's own authenticators are frozen (edge case 17): the representative alone acts.
    pub fn admit(&self, mut events: Vec<Event>, reasons: &mut Vec<ReasonCode>) -> Vec<Event> {
        if self.acts_instead().is_some() && !events.is_empty() {
            events.clear();
            reasons.push(ReasonCode::WardRepresented);
        }
        events
    }

    pub fn acts_instead(&self) -> Option<&Representative> {
        self.representative.as_ref().filter(|representative| representative.acts_alone)
    }

    /// Joins authentication and identity. eIDAS (2015/1502 annex 2.2–2.3) and ISO/IEC 29115 grade means of
    /// authentication much as NIST does: one factor, two categories, hardware that resists duplication.
    /// Their single level is the lower of means and proofing.
    pub fn levels(&self, own: Strength) -> Levels {
        let strength = match self.acts_instead() {
            Some(acting) => Strength {
                vn: acting.levels.vn_authentication,
                aal: acting.levels.aal,
                phishing_resistant: false,
            },
            None => own,
        };
        let (eidas, iso) = match (strength.aal, strength.vn) {
            (Aal::None, VnAuthenticationLevel::None) => (EidasLoa::None, IsoLoa::None),
            (Aal::None, _) => (EidasLoa::None, IsoLoa::Loa1),
            (Aal::Aal1, _) => (EidasLoa::Low, IsoLoa::Loa2),
            (Aal::Aal2, _) => (EidasLoa::Substantial, IsoLoa::Loa3),
            (Aal::Aal3, _) => (EidasLoa::High, IsoLoa::Loa4),
        };
        let levels = Levels {
            vn_authentication: strength.vn,
            vn_account: self.identity.vn_account,
            aal: strength.aal,
            ial: self.identity.ial,
            eidas: eidas.min(self.identity.eidas),
            iso: iso.min(self.identity.iso),
            fal: self.fal,
        };
        match &self.representative {
            // L11: never more than the representative reached.
            Some(acting) => levels.meet(Levels { fal: self.fal, ..acting.levels }),
            None => levels,
        }
    }
}

/// The vector of events that already count, sorted newest first.
pub(crate) fn judge(
    events: &[Event],
    standing: &Standing,
    policy: &Policy,
    mut reasons: Vec<ReasonCode>,
) -> Evaluation {
    let (strength, relied_on) = strength::relied_on(events, &policy.password);
    let by_password = events.iter().any(|event| event.kind == AuthenticatorKind::Password);
    if by_password && strength.aal == Aal::None {
        reasons.push(ReasonCode::PasswordTooShortAlone);
    }
    let vector = AssuranceVector { levels: standing.levels(strength), facts: facts(relied_on) };
    let own = relied_on.last().map(|event| event.at);
    Evaluation {
        acr: vector.acr(),
        amr: amr::of(relied_on),
        auth_time: standing.acts_instead().map_or(own, |acting| Some(acting.at)),
        vector,
        reasons,
    }
}

fn facts(relied_on: &[Event]) -> Facts {
    let mut factors: Vec<Factor> = Vec::with_capacity(relied_on.len());
    // Newest first: the first of a kind and category is its freshest.
    for event in relied_on {
        for category in event.categories.iter() {
            let known = factors.iter().any(|f| (f.kind, f.category) == (event.kind, category));
            if !known {
                factors.push(Factor { kind: event.kind, category, at: event.at });
            }
        }
    }
    factors.sort_unstable_by_key(|factor| (factor.category, factor.kind));
    Facts {
        factors,
        phishing_resistant: relied_on.iter().any(Event::resists_phishing),
        intent: relied_on.iter().any(Event::shows_intent),
        restricted: relied_on.iter().any(|event| event.kind.is_restricted()),
    }
}
