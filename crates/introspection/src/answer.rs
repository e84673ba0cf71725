//! From a token that stands to the members of the answer.

use assurance::{AssuranceVector, Context, Fal, Policy, evaluate};
use identity_core::{ClientId, Timestamp};
use protocol::authorization_details::to_json;
use protocol::introspect::{ActiveToken, IntrospectionResponse};
use protocol::token::TokenType;
use protocol::{Issuer, Scope};

use crate::judgement::Standing;

/// The answer, with everything about the person computed at `now`.
pub fn active(
    standing: &Standing,
    issuer: &Issuer,
    policy: &Policy,
    now: Timestamp,
) -> IntrospectionResponse<AssuranceVector> {
    let token = &standing.token;
    let mut members = ActiveToken {
        iss: Some(issuer.as_str().to_owned()),
        aud: token.audience.iter().map(ClientId::to_string).collect(),
        client_id: Some(token.client.to_string()),
        scope: token.scopes.iter().filter_map(|scope| scope.parse::<Scope>().ok()).collect(),
        token_type: Some(TokenType::Bearer),
        jti: Some(token.token.to_string()),
        iat: Some(token.issued_at.unix_seconds()),
        exp: Some(token.expires_at.unix_seconds()),
        ..ActiveToken::default()
    };
    if let Some(person) = &token.person {
        let fal = Fal::of_profile(standing.client.profile);
        let context = Context { fal, ..Context::default() };
        let held = evaluate(&person.state, &person.evidence, &context, policy, now);
        members.sub = Some(person.subject_identifier.clone());
        members.acr = held.acr.map(|acr| acr.as_str().to_owned());
        members.amr = held.amr.iter().map(|method| method.as_str().to_owned()).collect();
        members.auth_time = held.auth_time.map(Timestamp::unix_seconds);
        members.assurance = Some(held.vector);
        members.authorization_details = person.transaction.as_ref().map(to_json);
    }
    IntrospectionResponse::Active(Box::new(members))
}
