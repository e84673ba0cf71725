//! The claims of a person, to whoever holds their access token (OpenID Connect Core §5.3).

use assurance::{Context, evaluate};
use identity_core::Timestamp;
use ledger::Verdict;
use node::open_access_token;
use protocol::ErrorCode;
use protocol::verified_claims::VERIFIED_CLAIMS;
use serde_json::{Map, Value, json};

use crate::claims::of_person;
use crate::judgement::fal_of;
use crate::provider::Provider;
use crate::refusal::EndpointError;
use crate::verified;

/// Answers with `sub`, `assurance` and what was agreed to. An access token alone never proves who
/// calls (OA-22): this releases data to a bearer, it does not log anybody in.
pub async fn userinfo(
    provider: &Provider,
    access_token: &str,
    now: Timestamp,
) -> Result<Map<String, Value>, EndpointError> {
    let refused =
        || EndpointError::refused(ErrorCode::InvalidToken, "the access token is not valid");
    let ring = provider.keys.ring();
    let opened = open_access_token(access_token, &ring, &provider.settings.issuer, now);
    let opened = opened.ok_or_else(refused)?;
    let verdict = provider.security.judge_token(&opened, now).await?;
    if verdict != Verdict::Stands {
        return Err(refused());
    }
    let token = &opened.facts;
    let person = token.person.as_ref().ok_or_else(refused)?;
    if !token.scopes.contains("openid") {
        let description = "the scope openid is required";
        return Err(EndpointError::refused(ErrorCode::InsufficientScope, description));
    }
    let party = provider.registry.get(&token.client).filter(|party| party.in_force(now));
    let party = party.ok_or_else(refused)?;
    let found = provider.store.subject(person.state.subject).await?.ok_or_else(refused)?;
    let policy = provider.policy(now)?;
    let state = found.subject.state();
    let context = Context { fal: fal_of(&party), ..Context::default() };
    let evaluation = evaluate(&state, &person.evidence, &context, &policy, now);
    let mut answer = of_person(&found.subject, &evaluation, &person.userinfo_claims);
    let verified = person.verified.as_deref();
    let verified =
        verified.and_then(|wishes| verified::answer(wishes, &found.subject, &evaluation, now));
    if let Some(verified) = verified {
        answer.insert(VERIFIED_CLAIMS.to_owned(), verified);
    }
    answer.insert("sub".to_owned(), json!(person.subject_identifier));
    answer.insert("assurance".to_owned(), json!(evaluation.vector));
    Ok(answer)
}
