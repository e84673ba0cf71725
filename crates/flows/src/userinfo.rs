//! The claims of a person, to whoever holds their access token (OpenID Connect Core §5.3).

use assurance::{Context, evaluate};
use identity_core::{AccessToken, Timestamp};
use jose::{TokenKind, open};
use ledger::{TokenFacts, Verdict};
use protocol::ErrorCode;
use serde_json::{Map, Value, json};

use crate::claims::of_person;
use crate::judgement::fal_of;
use crate::provider::Provider;
use crate::refusal::EndpointError;

/// Answers with `sub`, `assurance` and what was agreed to. An access token alone never proves who
/// calls (OA-22): this releases data to a bearer, it does not log anybody in.
pub async fn userinfo(
    provider: &Provider,
    access_token: &str,
    now: Timestamp,
) -> Result<Map<String, Value>, EndpointError> {
    let refused =
        || EndpointError::refused(ErrorCode::InvalidToken, "the access token is not valid");
    let Some((token, kid)) = opened(provider, access_token, now) else { return Err(refused()) };
    let person = token.person.as_ref().ok_or_else(refused)?;
    let verdict = provider.security.judge(&facts(&token, &kid), now).await?;
    if now >= token.expires_at || verdict != Verdict::Stands {
        return Err(refused());
    }
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
    let evaluation = evaluate(&state, &person.evidence, &context, policy, now);
    let mut answer = of_person(&found.subject, &evaluation, &person.userinfo_claims);
    answer.insert("sub".to_owned(), json!(person.subject_identifier));
    answer.insert("assurance".to_owned(), json!(evaluation.vector));
    Ok(answer)
}

/// Opens an access token of ours and says which key sealed it.
pub(crate) fn opened(
    provider: &Provider,
    access_token: &str,
    now: Timestamp,
) -> Option<(AccessToken, String)> {
    let ring = provider.keys.ring();
    let opened = open(TokenKind::AccessToken, access_token, &ring, now).ok()?;
    Some((serde_json::from_slice(&opened.payload).ok()?, opened.kid))
}

/// What the ledger can hold against a token. `offline_access` outlives the session.
pub(crate) fn facts<'a>(token: &'a AccessToken, kid: &'a str) -> TokenFacts<'a> {
    let person = token.person.as_ref();
    let online = !token.scopes.contains("offline_access");
    TokenFacts {
        token: token.token,
        subject: person.map(|person| person.state.subject),
        client: &token.client,
        session: person.filter(|_| online).map(|person| person.session),
        grant: person.map(|person| person.grant),
        kid,
        issued_at: token.issued_at,
    }
}
