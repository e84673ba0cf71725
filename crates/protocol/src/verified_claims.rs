//! Claims together with how they were verified (OpenID Connect for Identity Assurance 1.0): what is asked,
//! and what of the known is given in answer. Never more than was asked, and nothing where a condition fails.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::claims_request::{ClaimRequest, claims_of_member, not_as_specified, without_language};
use crate::error::ProtocolError;

/// The claim's name, in requests and answers.
pub const VERIFIED_CLAIMS: &str = "verified_claims";
/// What evidence can be: names registered beside the specification.
pub const DOCUMENTS: [&str; 4] = ["idcard", "residence_permit", "passport", "birth_certificate"];
/// How it was checked: data against a register, a document in person, a body remotely or in person.
pub const CHECK_METHODS: [&str; 4] = ["data", "vpip", "bvr", "bvp"];
/// Requests in one destination.
const MAX_REQUESTS: usize = 4;
/// Members that set a condition instead of naming a part.
const CONDITIONS: [&str; 4] = ["value", "values", "max_age", "essential"];

/// One element of `verified_claims`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerifiedClaimsRequest {
    /// Which parts, and under which conditions.
    pub verification: Map<String, Value>,
    pub claims: BTreeMap<String, ClaimRequest>,
}

/// What is known of one verification, and how long ago it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    pub known: Value,
    pub age_seconds: u64,
}

impl VerifiedClaimsRequest {
    /// One request, or a list of alternatives.
    pub(crate) fn of_member(member: Option<Value>) -> Result<Vec<Self>, ProtocolError> {
        let members = match member {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(members)) => members,
            Some(single) => vec![single],
        };
        if members.is_empty() || members.len() > MAX_REQUESTS {
            return Err(not_as_specified());
        }
        members.into_iter().map(Self::of_value).collect()
    }

    fn of_value(value: Value) -> Result<Self, ProtocolError> {
        let Value::Object(mut members) = value else { return Err(not_as_specified()) };
        let Some(Value::Object(verification)) = members.remove("verification") else {
            return Err(not_as_specified());
        };
        let claims = claims_of_member(members.remove("claims"))?;
        if claims.is_empty() {
            return Err(ProtocolError::invalid_request("verified_claims asks for no claims"));
        }
        Ok(Self { verification, claims })
    }

    /// Names of the claims, without languages.
    pub fn names(&self) -> BTreeSet<String> {
        self.claims.keys().map(|name| without_language(name).to_owned()).collect()
    }

    /// Narrowed to what may be given; `None` when nothing of it may.
    #[must_use]
    pub fn only(mut self, allowed: impl Fn(&str) -> bool) -> Option<Self> {
        self.claims.retain(|name, _| allowed(without_language(name)));
        (!self.claims.is_empty()).then_some(self)
    }

    /// The element to answer with. `person` has the values of the claims that are known; those that are not
    /// what was asked for are left out, and the whole with the last of them.
    pub fn answer(
        &self,
        verification: &Verification,
        person: &Map<String, Value>,
    ) -> Option<Value> {
        let asked = Value::Object(self.verification.clone());
        let Value::Object(mut parts) =
            selected(&asked, &verification.known, verification.age_seconds)?
        else {
            return None;
        };
        // Every answer says under which rules it holds, asked or not.
        let framework = verification.known.get("trust_framework")?;
        parts.entry("trust_framework").or_insert_with(|| framework.clone());
        let claims: Map<String, Value> = self
            .claims
            .iter()
            .filter_map(|(name, wish)| {
                let name = without_language(name);
                let value = person.get(name)?;
                let mut wanted = wish.accepted_values().peekable();
                let fits = wanted.peek().is_none() || wanted.any(|wanted| wanted == value);
                fits.then(|| (name.to_owned(), value.clone()))
            })
            .collect();
        let answer = serde_json::json!({ "verification": parts, "claims": claims });
        (!claims.is_empty()).then_some(answer)
    }
}

/// The parts of `known` that `asked` names; `None` as soon as a condition does not hold.
fn selected(asked: &Value, known: &Value, age_seconds: u64) -> Option<Value> {
    match (asked, known) {
        (Value::Null, known) => Some(known.clone()),
        (Value::Object(asked), Value::Object(known)) => {
            let mut parts = Map::new();
            for (name, asked) in asked {
                match known.get(name) {
                    Some(known) => {
                        parts.insert(name.clone(), selected(asked, known, age_seconds)?);
                    }
                    None if has_condition(asked) => return None,
                    None => {}
                }
            }
            Some(Value::Object(parts))
        }
        // Each wish must find something: evidence is asked for piece by piece.
        (Value::Array(wishes), Value::Array(known)) => {
            let mut parts = Vec::new();
            for wish in wishes {
                let found = known.iter().filter_map(|known| selected(wish, known, age_seconds));
                let before = parts.len();
                parts.extend(found);
                if parts.len() == before {
                    return None;
                }
            }
            Some(Value::Array(parts))
        }
        (Value::Object(condition), known) => {
            meets(condition, known, age_seconds).then(|| known.clone())
        }
        _ => None,
    }
}

fn meets(condition: &Map<String, Value>, known: &Value, age_seconds: u64) -> bool {
    let same = condition.get("value").is_none_or(|value| value == known);
    let among = match condition.get("values") {
        None => true,
        Some(Value::Array(values)) => values.contains(known),
        Some(_) => false,
    };
    let young = match condition.get("max_age") {
        None => true,
        Some(limit) => limit.as_u64().is_some_and(|limit| age_seconds <= limit),
    };
    same && among && young
}

/// Whether leaving the part out would pass over a condition.
fn has_condition(asked: &Value) -> bool {
    match asked {
        Value::Object(members) => members.iter().any(|(name, value)| {
            CONDITIONS.contains(&name.as_str()) && *value != Value::Bool(false)
                || has_condition(value)
        }),
        Value::Array(items) => items.iter().any(has_condition),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(member: Value) -> VerifiedClaimsRequest {
        VerifiedClaimsRequest::of_member(Some(member)).unwrap().remove(0)
    }

    #[expect(clippy::needless_pass_by_value, reason = "they are written where they are passed")]
    fn answered(verification: Value, claims: Value) -> Option<Value> {
        let known = json!({
            "trust_framework": "vn", "assurance_level": "2", "time": "2026-01-01T00:00:00Z",
            "evidence": [
                { "type": "document", "document_details": { "type": "idcard", "issuer": "VNM" } },
                { "type": "document", "document_details": { "type": "passport", "issuer": "VNM" } },
            ],
        });
        let person = json!({ "name": "Lan", "birthdate": "2001-06-15", "gender": "female" });
        let verification_known = Verification { known, age_seconds: 1000 };
        request(json!({ "verification": verification, "claims": claims }))
            .answer(&verification_known, person.as_object().unwrap())
    }

    #[test]
    fn nothing_is_told_that_was_not_asked() {
        let answer = answered(json!({ "trust_framework": null }), json!({ "name": null }));
        let expected =
            json!({ "verification": { "trust_framework": "vn" }, "claims": { "name": "Lan" } });
        assert_eq!(answer, Some(expected.clone()));
        assert_eq!(answered(json!({}), json!({ "name": null, "email": null })), Some(expected));
        let evidence = json!([{ "document_details": { "type": { "value": "idcard" } } }]);
        let answer = answered(json!({ "evidence": evidence }), json!({ "name": null })).unwrap();
        let expected = json!([{ "document_details": { "type": "idcard" } }]);
        assert_eq!(answer["verification"]["evidence"], expected);
    }

    #[test]
    fn a_condition_that_does_not_hold_leaves_the_whole_out() {
        let name = || json!({ "name": null });
        for verification in [
            json!({ "trust_framework": { "value": "de_aml" } }),
            json!({ "trust_framework": { "values": ["de_aml", "eidas"] } }),
            json!({ "trust_framework": { "values": "vn" } }),
            json!({ "time": { "max_age": 999 } }),
            json!({ "time": { "max_age": "long" } }),
            json!({ "assurance_level": { "value": "3" } }),
            json!({ "assurance_process": { "policy": { "value": "x" } } }),
            json!({ "verification_process": { "essential": true } }),
            json!({ "evidence": [{ "type": { "value": "vouch" } }] }),
            json!({ "evidence": [{ "type": null }, { "type": { "value": "vouch" } }] }),
        ] {
            assert_eq!(answered(verification.clone(), name()), None, "{verification}");
        }
        for verification in [
            json!({ "trust_framework": { "values": ["de_aml", "vn"] } }),
            json!({ "time": { "max_age": 1000 } }),
            json!({ "assurance_process": null, "verification_process": { "essential": false } }),
        ] {
            assert!(answered(verification.clone(), name()).is_some(), "{verification}");
        }
    }

    #[test]
    fn a_claim_of_another_value_is_left_out_and_the_last_takes_all_with_it() {
        let any = || json!({ "trust_framework": null });
        let wishes = json!({ "name": { "value": "Minh" }, "gender": { "values": ["female"] } });
        let answer = answered(any(), wishes).unwrap();
        assert_eq!(answer["claims"], json!({ "gender": "female" }));
        assert_eq!(answered(any(), json!({ "name": { "value": "Minh" } })), None);
        assert_eq!(answered(any(), json!({ "email": null })), None);
    }

    #[test]
    fn other_shapes_are_refused() {
        // ATK-042
        let verification = json!({ "trust_framework": null });
        for member in [
            json!([]),
            json!("x"),
            json!({ "claims": { "name": null } }),
            json!({ "verification": null, "claims": { "name": null } }),
            json!({ "verification": verification }),
            json!({ "verification": verification, "claims": {} }),
            json!({ "verification": verification, "claims": { "name": true } }),
            json!(vec![json!({ "verification": {}, "claims": { "name": null } }); 5]),
        ] {
            assert!(VerifiedClaimsRequest::of_member(Some(member.clone())).is_err(), "{member}");
        }
    }
}
