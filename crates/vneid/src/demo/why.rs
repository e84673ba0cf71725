//! How a demo citizen would be judged: what stands behind the portal's page "why this level".
//!
//! Only the fictional people of `citizens.toml` can be asked about.

use std::sync::Arc;

use assurance::{
    AcrWish, Audience, Context, Decision, DecisionRequest, Fal, Language, Levels, Policy, Purpose,
    ReasonCode, decide, evaluate,
};
use flows::{Fault, Provider};
use identity_core::{
    AuthenticationEvidence, Authenticator, AuthenticatorKind, Clock, EvidenceId, LoginName,
};

use super::citizens;
use super::portal::why::{Answer, Explain, Proven, Question, Reason};
use crate::cli::text::word;

/// Answers for the portal, which knows nothing of this crate.
pub fn explain(provider: &Arc<Provider>, clock: &Arc<dyn Clock>) -> Explain {
    let (provider, clock) = (Arc::clone(provider), Arc::clone(clock));
    Arc::new(move |question| {
        let (provider, clock) = (Arc::clone(&provider), Arc::clone(&clock));
        Box::pin(async move {
            answer(&provider, clock.as_ref(), &question).await.unwrap_or_else(|fault| {
                tracing::error!(%fault, "a demo citizen could not be judged");
                None
            })
        })
    })
}

async fn answer(
    provider: &Provider,
    clock: &dyn Clock,
    question: &Question,
) -> Result<Option<Answer>, Fault> {
    let now = clock.now();
    let Some(name) = login_name(&question.citizen) else { return Ok(None) };
    let Some(found) = provider.store.subject_by_login(&name).await? else { return Ok(None) };
    let policy = provider.policies.at(now).ok_or(Fault::NoPolicy)?;
    let purpose = Purpose { procedure: Some(question.procedure.clone()), ..Purpose::default() };
    let Ok(requirement) = policy.requirement_for(&purpose) else { return Ok(None) };
    let state = found.subject.state();
    let enrolments = provider.store.enrolments(state.subject).await?;
    let authenticators: Vec<Authenticator> =
        enrolments.into_iter().map(|enrolment| enrolment.authenticator).collect();
    let evidence: Vec<_> = authenticators
        .iter()
        .filter(|held| kinds(question.proven).contains(&held.kind))
        .map(|held| {
            let id = EvidenceId::generate(now, provider.entropy.as_ref());
            AuthenticationEvidence::of(held, id, now)
        })
        .collect();
    let context =
        Context { fal: Fal::Fal2, procedure: Some(&question.procedure), ..Context::default() };
    let request = DecisionRequest {
        state: &state,
        evidence: &evidence,
        authenticators: &authenticators,
        requirement: &requirement,
        wish: &AcrWish::None,
        context,
    };
    let decision = decide(&request, &policy, now);
    let reached = evaluate(&state, &evidence, &context, &policy, now).vector.levels;
    Ok(Some(told(&policy, requirement.minimum, reached, &decision)))
}

fn login_name(key: &str) -> Option<LoginName> {
    let people = citizens::all().ok()?;
    people.iter().find(|citizen| citizen.key == key)?.login_name().ok()
}

const fn kinds(proven: Proven) -> &'static [AuthenticatorKind] {
    match proven {
        Proven::Nothing => &[],
        Proven::Password => &[AuthenticatorKind::Password],
        Proven::PasswordAndCode => &[AuthenticatorKind::Password, AuthenticatorKind::Totp],
    }
}

fn told(policy: &Policy, needed: Levels, reached: Levels, decision: &Decision) -> Answer {
    let mut answer = Answer {
        policy: policy.version.clone(),
        requirement: rungs(needed),
        vector: rungs(reached),
        reasons: decision.reasons().iter().map(|code| reason(*code)).collect(),
        ..Answer::default()
    };
    answer.outcome = match decision {
        Decision::Permit { evaluation } => {
            format!("permit ({})", evaluation.acr.map_or("-", assurance::Acr::as_str))
        }
        Decision::StepUp { options, .. } => {
            answer.options = options
                .iter()
                .map(|option| {
                    let steps: Vec<_> = option.add.iter().map(|step| word(&step.kind)).collect();
                    steps.join(" + ")
                })
                .collect();
            "step_up".to_owned()
        }
        Decision::Deny { code, .. } => format!("deny ({})", word(code)),
    };
    answer
}

/// The ladders that say anything, as the `assurance` claim names them.
fn rungs(levels: Levels) -> Vec<(String, String)> {
    let Ok(serde_json::Value::Object(members)) = serde_json::to_value(levels) else {
        return Vec::new();
    };
    let says_something = |value: &serde_json::Value| value.as_u64() != Some(0);
    let members = members.into_iter().filter(|(_, value)| says_something(value));
    members.map(|(ladder, value)| (ladder, word(&value))).collect()
}

fn reason(code: ReasonCode) -> Reason {
    let sentence = |language| code.sentence(Audience::RelyingParty, language);
    Reason {
        code: code.to_string(),
        vi: sentence(Language::Vietnamese),
        en: sentence(Language::English),
    }
}
