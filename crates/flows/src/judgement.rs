//! Between a request and the engine: which requirement applies, which evidence counts, what comes next.

use std::collections::BTreeSet;

use assurance::policy::UnansweredSignal;
use assurance::{
    AcrWish, Context, Decision, DecisionRequest, Demand, DenyCode, Evaluation, Fal, History,
    Policy, ReasonCode, Requirement, StepUpOption, VnAuthenticationLevel, decide, evaluate,
};
use identity_core::account::AccountState;
use identity_core::authenticator::AuthenticatorStatus;
use identity_core::{
    AuthenticationEvidence, Authenticator, AuthenticatorKind, GrantedTransaction, RecordedDecision,
    RelyingParty, SubjectState, Timestamp,
};
use protocol::AuthorizationRequest;
use protocol::authorize::Prompt;
use storage::Enrolment;

use crate::authorize::demanded_acr;
use crate::decisions;
use crate::interaction::{Errand, Interaction, Purpose};
use crate::lock::holder_may_lift;
use crate::messages::SimSignal;
use crate::proof::Admits;
use crate::proof::biometric::{device_at_hand, is_possible};
use crate::proof::ways::{self, Device, left_to_do, passable};
use crate::provider::Provider;
use crate::purpose::{details_of, purpose_of, scopes_of};
use crate::refusal::Fault;
use crate::session::LiveSession;
use crate::sim;

/// On the citizen's own pages the strongest login the person has set up is asked for.
const HOME_WISH: [&str; 1] = ["urn:vn:eid:auth:2"];
/// Requirement for changing how one logs in.
const MANAGEMENT: &str = "account-management";

pub enum Judgement {
    Permit(Permission),
    /// More must be proven, in one of these ways.
    Prove {
        /// Cheapest first, never empty; our pages can take every step of them.
        options: Vec<StepUpOption>,
        reasons: Vec<ReasonCode>,
    },
    /// This person cannot reach what was demanded.
    OutOfReach {
        reason: String,
        decision: Option<RecordedDecision>,
    },
    /// Nothing helps now: locked, deceased, too young without a guardian.
    NotUsable {
        reason: String,
        decision: Option<RecordedDecision>,
    },
}

impl Judgement {
    /// Whether a code by text message is offered, or counts already.
    fn turns_on_text_messages(&self) -> bool {
        let sms = AuthenticatorKind::SmsCode;
        match self {
            Self::Permit(permission) => permission.evidence.iter().any(|item| item.kind == sms),
            Self::Prove { options, .. } => {
                options.iter().flat_map(|option| &option.add).any(|step| step.kind == sms)
            }
            Self::OutOfReach { .. } | Self::NotUsable { .. } => false,
        }
    }
}

/// The level reached, and the evidence it was computed from.
pub struct Permission {
    pub evaluation: Evaluation,
    pub evidence: Vec<AuthenticationEvidence>,
    /// Absent on the citizen's own pages: nobody else asked.
    pub decision: Option<RecordedDecision>,
}

/// Judges the session against what this request needs; `party` is absent on the citizen's own pages.
pub async fn judge(
    provider: &Provider,
    interaction: &Interaction,
    party: Option<&RelyingParty>,
    live: &LiveSession,
    now: Timestamp,
) -> Result<Judgement, Fault> {
    let quiet = judge_knowing(provider, interaction, party, live, SimSignal::Quiet, now)?;
    // The operators are asked only where their answer could change something.
    if !quiet.turns_on_text_messages() {
        return Ok(quiet);
    }
    match sim::signal_of(provider, &live.subject.profile, now).await? {
        SimSignal::Quiet => Ok(quiet),
        signal @ (SimSignal::MovedAt(_) | SimSignal::Unanswered) => {
            judge_knowing(provider, interaction, party, live, signal, now)
        }
    }
}

fn judge_knowing(
    provider: &Provider,
    interaction: &Interaction,
    party: Option<&RelyingParty>,
    live: &LiveSession,
    signal: SimSignal,
    now: Timestamp,
) -> Result<Judgement, Fault> {
    let request = interaction.request().map(|checked| &checked.request);
    let Some(wish) = wish_of(request) else {
        return Ok(Judgement::OutOfReach { reason: "ACR_UNKNOWN".to_owned(), decision: None });
    };
    let authenticators = live.authenticators();
    let evidence = backed(&live.session.evidence, &authenticators);
    let policy = provider.policy(now)?;
    let purpose = purpose_of(party, &scopes_of(request), details_of(request));
    let question = Question {
        policy: &policy,
        state: state_for(interaction, live, &policy),
        evidence: fresh_enough(&evidence, interaction, now),
        authenticators: reachable(provider, &policy, signal, live, now),
        requirement: match &interaction.purpose {
            Purpose::Home { errand: Errand::ChangeAuthenticators | Errand::Unlock, .. } => {
                policy.requirement(MANAGEMENT).cloned().ok_or(Fault::NoPolicy)?
            }
            Purpose::Home { errand: Errand::Look, .. } | Purpose::Authorize(_) => {
                policy.requirement_for(&purpose).map_err(|_| Fault::NoPolicy)?
            }
        },
        purpose,
        transaction: interaction.transaction()?.map(|asked| asked.id),
        fal: party.map_or(Fal::default(), fal_of),
        history: History {
            recovered_at: live.subject.account.recovered_at,
            sim_swapped_at: match signal {
                SimSignal::MovedAt(at) => Some(at),
                SimSignal::Quiet | SimSignal::Unanswered => None,
            },
        },
        now,
    };
    let window = policy.biometrics.device_window;
    let device = match device_at_hand(&question.evidence, window, now) {
        Some(_) => Device::AtHand,
        None => Device::NotAtHand,
    };
    let unlocking = interaction.admits() == Admits::LockedByHolder;
    if let (Decision::Deny { code: DenyCode::RequirementUnreachable, .. }, None, false) =
        (question.decide(&wish), request, unlocking)
    {
        // Who has no second factor yet must be able to set one up: a recent login is all there is.
        let recent = Requirement::default().within(question.requirement.max_age);
        let question = Question { requirement: recent, ..question };
        return Ok(judgement(question.decide(&AcrWish::None), question, device, None));
    }
    let (decision, wish) = match (question.decide(&wish), wish) {
        // A wish is never a reason to fail silently: without pages it is simply not fulfilled.
        (Decision::StepUp { .. }, AcrWish::Voluntary(_)) if is_silent(request) => {
            (question.decide(&AcrWish::None), AcrWish::None)
        }
        // Looking at one's own pages is not worth a code on paper: those are for bad days.
        (Decision::StepUp { options, .. }, AcrWish::Voluntary(_))
            if interaction.is_a_look() && options.iter().all(takes_paper) =>
        {
            (question.decide(&AcrWish::None), AcrWish::None)
        }
        (decision, wish) => (decision, wish),
    };
    let recorded = party.map(|_| question.recorded(&wish));
    Ok(judgement(decision, question, device, recorded))
}

/// The person's state as this errand may take it: who comes to lift the lock they asked for is judged
/// as if it were lifted.
fn state_for(interaction: &Interaction, live: &LiveSession, policy: &Policy) -> SubjectState {
    let state = live.subject.state();
    let account = &live.subject.account;
    match (interaction.admits(), &account.state) {
        (Admits::LockedByHolder, AccountState::Locked { lock, .. })
            if holder_may_lift(policy, lock) =>
        {
            match account.clone().unlock() {
                Ok(unlocked) => SubjectState { account: unlocked.state, ..state },
                Err(_) => state,
            }
        }
        (Admits::Usable | Admits::LockedByHolder, _) => state,
    }
}

/// A stored grant as it stands now.
pub struct Rejudged {
    /// The login as it was: `acr`, `amr` and `auth_time` never look newer by refreshing (edge 9).
    pub login: Evaluation,
    /// The assurance as it is, decayed to this instant.
    pub present: Evaluation,
}

/// Judges a stored grant again, at redemption and refresh, under the policy in force now (edge 29):
/// the login against what was asked of it, the person and their card against today (L9, L10).
/// An error inside: it no longer suffices, by this decision if one was taken.
///
/// A transaction is judged as it was granted, on the proofs that were given for it then: a refresh repeats
/// what was agreed to (RFC 6749 §6, RFC 9396 §7), and a fresh proof cannot be asked for where nobody is
/// there to give one. Who must be sure anew asks for a new authorization.
pub fn rejudge(
    provider: &Provider,
    party: &RelyingParty,
    person: &Person<'_>,
    demanded: &[String],
    now: Timestamp,
) -> Result<Result<Rejudged, Option<RecordedDecision>>, Fault> {
    let policy = &*provider.policy(now)?;
    let details = person.transaction.map(|granted| &granted.details);
    let purpose = purpose_of(Some(party), person.scopes, details);
    let requirement = match policy.requirement_for(&purpose) {
        Ok(requirement) => requirement,
        // A later policy may know such transactions no more: then nobody may do them.
        Err(_) if details.is_some() => return Ok(Err(None)),
        Err(_) => return Err(Fault::NoPolicy),
    };
    let Ok(wish) = AcrWish::essential(demanded.iter().map(String::as_str)) else {
        return Ok(Err(None));
    };
    let question = Question {
        policy,
        state: person.state.clone(),
        evidence: backed(person.evidence, person.authenticators),
        authenticators: person.authenticators.to_vec(),
        requirement,
        purpose,
        transaction: person.transaction.map(|granted| granted.id.clone()),
        fal: fal_of(party),
        // What was recovered lost its grants; a wait that began since is for new logins.
        history: History::default(),
        now,
    };
    if let Decision::Deny { code, .. } = question.decide(&wish) {
        match code {
            DenyCode::AccountUnusable
            | DenyCode::GuardianApprovalNeeded
            | DenyCode::NotMandated
            | DenyCode::CoolingDown => return Ok(Err(Some(question.recorded(&wish)))),
            // The evidence may have aged; what it was worth at login is judged below.
            DenyCode::RequirementUnreachable => {}
        }
    }
    let context = Context { fal: question.fal, ..Context::default() };
    let present = evaluate(person.state, &question.evidence, &context, policy, now);
    let minimum = question.requirement.minimum;
    let levels = present.vector.levels;
    if levels.vn_account < minimum.vn_account || levels.ial < minimum.ial {
        return Ok(Err(Some(question.recorded(&wish))));
    }
    let at_login = Question { now: person.authorized_at, ..question };
    Ok(match at_login.decide(&wish) {
        Decision::Permit { evaluation } => Ok(Rejudged { login: evaluation, present }),
        Decision::StepUp { .. } | Decision::Deny { .. } => Err(Some(at_login.recorded(&wish))),
    })
}

/// What a stored grant is judged on.
pub struct Person<'a> {
    pub state: &'a SubjectState,
    pub evidence: &'a [AuthenticationEvidence],
    pub authenticators: &'a [Authenticator],
    pub scopes: &'a BTreeSet<String>,
    pub transaction: Option<&'a GrantedTransaction>,
    pub authorized_at: Timestamp,
}

pub fn fal_of(party: &RelyingParty) -> Fal {
    Fal::of_profile(party.profile)
}

struct Question<'a> {
    policy: &'a Policy,
    state: SubjectState,
    evidence: Vec<AuthenticationEvidence>,
    authenticators: Vec<Authenticator>,
    requirement: Requirement,
    /// What the requirement was made of, except on the citizen's own pages.
    purpose: assurance::Purpose,
    /// What proofs given for the one transaction are bound to.
    transaction: Option<String>,
    fal: Fal,
    history: History,
    now: Timestamp,
}

impl Question<'_> {
    fn decide(&self, wish: &AcrWish) -> Decision {
        decide(&self.with(wish), self.policy, self.now)
    }

    fn recorded(&self, wish: &AcrWish) -> RecordedDecision {
        decisions::recorded(&self.with(wish), self.purpose.clone(), self.policy, self.now)
    }

    fn with<'q>(&'q self, wish: &'q AcrWish) -> DecisionRequest<'q> {
        DecisionRequest {
            state: &self.state,
            evidence: &self.evidence,
            authenticators: &self.authenticators,
            requirement: &self.requirement,
            wish,
            context: Context {
                fal: self.fal,
                procedure: self.purpose.procedure.as_deref(),
                transaction: self.transaction.as_deref(),
                history: self.history,
                ..Context::default()
            },
        }
    }

    /// Whether what counts says who is there: for a transaction with proofs of its own, only those do.
    fn person(&self) -> ways::Person {
        if self.requirement.demands.contains(&Demand::TransactionBound) {
            let bound = |item: &&AuthenticationEvidence| item.transaction == self.transaction;
            let bound: Vec<_> = self.evidence.iter().filter(bound).cloned().collect();
            return ways::Person::proven_by(&bound);
        }
        ways::Person::proven_by(&self.evidence)
    }
}

fn judgement(
    decision: Decision,
    question: Question<'_>,
    device: Device,
    recorded: Option<RecordedDecision>,
) -> Judgement {
    let out_of_reach = |reasons: &[ReasonCode], decision| Judgement::OutOfReach {
        reason: first(reasons),
        decision,
    };
    match decision {
        Decision::Permit { evaluation } => {
            let evidence = question.evidence;
            Judgement::Permit(Permission { evaluation, evidence, decision: recorded })
        }
        Decision::StepUp { options, reasons } => {
            let options = passable(options, question.person());
            if options.is_empty() {
                out_of_reach(&reasons, recorded)
            } else {
                Judgement::Prove { options: left_to_do(options, device), reasons }
            }
        }
        Decision::Deny { code, reasons } => match code {
            DenyCode::RequirementUnreachable => out_of_reach(&reasons, recorded),
            DenyCode::AccountUnusable
            | DenyCode::GuardianApprovalNeeded
            | DenyCode::NotMandated => {
                Judgement::NotUsable { reason: first(&reasons), decision: recorded }
            }
            // What is waited for, and not what else the account is.
            DenyCode::CoolingDown => {
                let wait =
                    |reason: &&ReasonCode| matches!(reason, ReasonCode::RecoveredRecently { .. });
                let reason = reasons.iter().find(wait).map(ToString::to_string);
                Judgement::NotUsable { reason: reason.unwrap_or_default(), decision: recorded }
            }
        },
    }
}

/// The Vietnamese authentication level that this request needs, for a person to read: the party's
/// requirement or what the request itself asks for, whichever is higher.
pub(crate) fn level_asked(
    provider: &Provider,
    interaction: &Interaction,
    now: Timestamp,
) -> Result<Option<VnAuthenticationLevel>, Fault> {
    let checked = interaction.request();
    let party = checked.and_then(|checked| provider.registry.get(&checked.client));
    let request = checked.map(|checked| &checked.request);
    let policy = provider.policy(now)?;
    let purpose = purpose_of(party.as_deref(), &scopes_of(request), details_of(request));
    let required = policy.requirement_for(&purpose).map_err(|_| Fault::NoPolicy)?.minimum;
    let wished = match wish_of(request) {
        Some(AcrWish::Voluntary(acrs) | AcrWish::Essential(acrs)) => acrs,
        Some(AcrWish::None) | None => Vec::new(),
    };
    let wished = wished.first().map(|acr| acr.asks().vn_authentication).unwrap_or_default();
    let level = required.vn_authentication.max(wished);
    Ok((level != VnAuthenticationLevel::None).then_some(level))
}

/// The level that everything proven in this session reaches, whichever of it a request would count.
pub fn level_of(
    provider: &Provider,
    live: &LiveSession,
    now: Timestamp,
) -> Result<VnAuthenticationLevel, Fault> {
    let (policy, context) = (provider.policy(now)?, Context::default());
    let present = evaluate(&live.subject.state(), &live.session.evidence, &context, &policy, now);
    Ok(present.vector.levels.vn_authentication)
}

/// `None`: an essential `acr` of which no value is known (edge case 30).
fn wish_of(request: Option<&AuthorizationRequest>) -> Option<AcrWish> {
    let Some(request) = request else { return Some(AcrWish::voluntary(HOME_WISH)) };
    let demanded = demanded_acr(request);
    if demanded.is_empty() {
        return Some(AcrWish::voluntary(request.acr_values.iter().map(String::as_str)));
    }
    AcrWish::essential(demanded.iter().map(String::as_str)).ok()
}

/// What was proven with an authenticator that was removed or reported lost since proves nothing any
/// more (ATK-139, edge case 12). One that wrong guesses disabled was good when it was used: strangers
/// must not log people out by guessing.
fn backed(
    evidence: &[AuthenticationEvidence],
    authenticators: &[Authenticator],
) -> Vec<AuthenticationEvidence> {
    let stands = |evidence: &&AuthenticationEvidence| {
        let used = authenticators.iter().find(|known| known.id == evidence.authenticator);
        used.is_some_and(|used| match used.status {
            AuthenticatorStatus::Active
            | AuthenticatorStatus::Pending
            | AuthenticatorStatus::Disabled { .. } => true,
            AuthenticatorStatus::Suspended { .. } | AuthenticatorStatus::Removed { .. } => false,
        })
    };
    evidence.iter().filter(stands).cloned().collect()
}

/// A code that nobody can send is no way to anything, nor is a template that nobody can compare with. Nor
/// is a code to a number of which nobody can say whether it moved, unless the policy has it otherwise.
fn reachable(
    provider: &Provider,
    policy: &Policy,
    signal: SimSignal,
    live: &LiveSession,
    now: Timestamp,
) -> Vec<Authenticator> {
    let withheld = match (signal, policy.sim_swap.unanswered) {
        (SimSignal::Unanswered, UnansweredSignal::Withhold) => true,
        (SimSignal::Unanswered, UnansweredSignal::Ignore)
        // What moved, the engine judges by when.
        | (SimSignal::Quiet | SimSignal::MovedAt(_), _) => false,
    };
    let possible = provider.messaging.is_possible();
    let reached = |known: &&Enrolment| match known.authenticator.kind {
        AuthenticatorKind::SmsCode => possible && !withheld,
        AuthenticatorKind::EmailCode => possible,
        AuthenticatorKind::Face | AuthenticatorKind::Fingerprint => {
            is_possible(provider, known, now)
        }
        AuthenticatorKind::Password
        | AuthenticatorKind::Totp
        | AuthenticatorKind::RecoveryCode
        | AuthenticatorKind::Passkey
        | AuthenticatorKind::App
        | AuthenticatorKind::IdentityCardChip
        | AuthenticatorKind::Iris
        | AuthenticatorKind::Voice
        | AuthenticatorKind::TemporaryCode => true,
    };
    live.enrolments.iter().filter(reached).map(|known| known.authenticator.clone()).collect()
}

/// `prompt=login` and `max_age` (OC-02): older evidence does not count, but what was proven since
/// this request began always does, so that a slow typist is not asked for ever.
fn fresh_enough(
    evidence: &[AuthenticationEvidence],
    interaction: &Interaction,
    now: Timestamp,
) -> Vec<AuthenticationEvidence> {
    let request = interaction.request().map(|checked| &checked.request);
    let anew = request.is_some_and(|request| request.prompt.contains(Prompt::Login));
    let max_age = request.and_then(|request| request.max_age);
    let counts = |at: Timestamp| {
        let here = at >= interaction.started_at;
        let young = max_age.is_none_or(|seconds| {
            now.unix_seconds().saturating_sub(at.unix_seconds()) <= i64::from(seconds)
        });
        here || (young && !anew)
    };
    evidence.iter().filter(|evidence| counts(evidence.at)).cloned().collect()
}

fn takes_paper(option: &StepUpOption) -> bool {
    option.add.iter().any(|step| step.kind == AuthenticatorKind::RecoveryCode)
}

fn is_silent(request: Option<&AuthorizationRequest>) -> bool {
    request.is_some_and(|request| request.prompt.contains(Prompt::None))
}

fn first(reasons: &[ReasonCode]) -> String {
    reasons.first().map(ToString::to_string).unwrap_or_default()
}
