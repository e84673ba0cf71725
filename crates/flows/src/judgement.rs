//! Between a request and the engine: which requirement applies, which evidence counts, what comes next.

use std::collections::BTreeSet;

use assurance::{
    AcrWish, Context, Decision, DecisionRequest, DenyCode, Evaluation, Fal, History, Policy,
    ReasonCode, Requirement, StepUpOption, VnAuthenticationLevel, decide, evaluate,
};
use identity_core::account::AccountState;
use identity_core::authenticator::AuthenticatorStatus;
use identity_core::{
    AuthenticationEvidence, Authenticator, AuthenticatorKind, RecordedDecision, RelyingParty,
    SubjectState, Timestamp,
};
use protocol::AuthorizationRequest;
use protocol::authorize::Prompt;

use crate::authorize::demanded_acr;
use crate::decisions;
use crate::interaction::{Errand, Interaction, Purpose};
use crate::lock::holder_may_lift;
use crate::proof::Admits;
use crate::proof::ways::{self, passable};
use crate::provider::Provider;
use crate::refusal::Fault;
use crate::session::LiveSession;

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

/// The level reached, and the evidence it was computed from.
pub struct Permission {
    pub evaluation: Evaluation,
    pub evidence: Vec<AuthenticationEvidence>,
    /// Absent on the citizen's own pages: nobody else asked.
    pub decision: Option<RecordedDecision>,
}

/// Judges the session against what this request needs; `party` is absent on the citizen's own pages.
pub fn judge(
    provider: &Provider,
    interaction: &Interaction,
    party: Option<&RelyingParty>,
    live: &LiveSession,
    now: Timestamp,
) -> Result<Judgement, Fault> {
    let request = interaction.request().map(|checked| &checked.request);
    let Some(wish) = wish_of(request) else {
        return Ok(Judgement::OutOfReach { reason: "ACR_UNKNOWN".to_owned(), decision: None });
    };
    let authenticators = live.authenticators();
    let evidence = backed(&live.session.evidence, &authenticators);
    let policy = provider.policy(now)?;
    let purpose = purpose_of(party, &scopes_of(request));
    let question = Question {
        policy: &policy,
        state: state_for(interaction, live, &policy),
        evidence: fresh_enough(&evidence, interaction, now),
        authenticators: reachable(provider, authenticators),
        requirement: match &interaction.purpose {
            Purpose::Home { errand: Errand::ChangeAuthenticators | Errand::Unlock, .. } => {
                policy.requirement(MANAGEMENT).cloned().ok_or(Fault::NoPolicy)?
            }
            Purpose::Home { errand: Errand::Look, .. } | Purpose::Authorize(_) => {
                policy.requirement_for(&purpose).map_err(|_| Fault::NoPolicy)?
            }
        },
        purpose,
        fal: party.map_or(Fal::default(), fal_of),
        history: History { recovered_at: live.subject.account.recovered_at, ..History::default() },
        now,
    };
    let unlocking = interaction.admits() == Admits::LockedByHolder;
    if let (Decision::Deny { code: DenyCode::RequirementUnreachable, .. }, None, false) =
        (question.decide(&wish), request, unlocking)
    {
        // Who has no second factor yet must be able to set one up: a recent login is all there is.
        let recent = Requirement::default().within(question.requirement.max_age);
        let question = Question { requirement: recent, ..question };
        return Ok(judgement(question.decide(&AcrWish::None), question.evidence, None));
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
    Ok(judgement(decision, question.evidence, recorded))
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
pub fn rejudge(
    provider: &Provider,
    party: &RelyingParty,
    person: &Person<'_>,
    demanded: &[String],
    now: Timestamp,
) -> Result<Result<Rejudged, Option<RecordedDecision>>, Fault> {
    let policy = &*provider.policy(now)?;
    let Ok(wish) = AcrWish::essential(demanded.iter().map(String::as_str)) else {
        return Ok(Err(None));
    };
    let purpose = purpose_of(Some(party), person.scopes);
    let question = Question {
        policy,
        state: person.state.clone(),
        evidence: backed(person.evidence, person.authenticators),
        authenticators: person.authenticators.to_vec(),
        requirement: policy.requirement_for(&purpose).map_err(|_| Fault::NoPolicy)?,
        purpose,
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
            context: Context { fal: self.fal, history: self.history, ..Context::default() },
        }
    }
}

fn judgement(
    decision: Decision,
    evidence: Vec<AuthenticationEvidence>,
    recorded: Option<RecordedDecision>,
) -> Judgement {
    let out_of_reach = |reasons: &[ReasonCode], decision| Judgement::OutOfReach {
        reason: first(reasons),
        decision,
    };
    match decision {
        Decision::Permit { evaluation } => {
            Judgement::Permit(Permission { evaluation, evidence, decision: recorded })
        }
        Decision::StepUp { options, reasons } => {
            let options = passable(options, ways::Person::proven_by(&evidence));
            if options.is_empty() {
                out_of_reach(&reasons, recorded)
            } else {
                Judgement::Prove { options, reasons }
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

fn scopes_of(request: Option<&AuthorizationRequest>) -> BTreeSet<String> {
    let scopes = request.into_iter().flat_map(|request| request.scope.iter());
    scopes.map(|scope| scope.as_str().to_owned()).collect()
}

/// What the relying party is registered with and its scopes need; the policy's base stands under all.
fn purpose_of(party: Option<&RelyingParty>, scopes: &BTreeSet<String>) -> assurance::Purpose {
    let registered = |party: &RelyingParty| assurance::Purpose {
        requirement: party.requirement.clone(),
        scopes: scopes & &party.scopes,
        ..assurance::Purpose::default()
    };
    party.map(registered).unwrap_or_default()
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
    let purpose = purpose_of(party.as_deref(), &scopes_of(request));
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

/// A code that nobody can send is no way to anything.
fn reachable(provider: &Provider, authenticators: Vec<Authenticator>) -> Vec<Authenticator> {
    let by_message =
        |kind| matches!(kind, AuthenticatorKind::SmsCode | AuthenticatorKind::EmailCode);
    let possible = provider.messaging.is_possible();
    authenticators.into_iter().filter(|known| possible || !by_message(known.kind)).collect()
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
