//! The `claims` parameter (OpenID Connect Core §5.5).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ProtocolError;
use crate::json::{JsonError, parse_bounded};
use crate::verified_claims::{VERIFIED_CLAIMS, VerifiedClaimsRequest};

const MAX_BYTES: usize = 8 * 1024;
const MAX_DEPTH: usize = 12;
/// Over both destinations together.
const MAX_CLAIMS: usize = 64;
const MAX_NAME: usize = 128;

/// Claims asked for one by one, by the name as sent (which may carry a language, `name#vi`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClaimsRequest {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub userinfo: BTreeMap<String, ClaimRequest>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub id_token: BTreeMap<String, ClaimRequest>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verified_userinfo: Vec<VerifiedClaimsRequest>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verified_id_token: Vec<VerifiedClaimsRequest>,
}

/// How much one claim is wanted, and with which values. `null` means voluntarily, any value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClaimRequest {
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub essential: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
}

impl ClaimsRequest {
    pub fn parse(text: &str) -> Result<Self, ProtocolError> {
        let document = parse_bounded(text.as_bytes(), MAX_BYTES, MAX_DEPTH).map_err(|fault| {
            ProtocolError::invalid_request(match fault {
                JsonError::TooLarge => "claims is too large",
                JsonError::TooDeep => "claims is nested too deeply",
                JsonError::Malformed => "claims is not valid JSON",
            })
        })?;
        let Value::Object(mut members) = document else { return Err(not_as_specified()) };
        let (userinfo, verified_userinfo) = destination(members.remove("userinfo"))?;
        let (id_token, verified_id_token) = destination(members.remove("id_token"))?;
        let request = Self { userinfo, id_token, verified_userinfo, verified_id_token };
        if request.asked() > MAX_CLAIMS {
            return Err(ProtocolError::invalid_request("claims asks for too many claims"));
        }
        Ok(request)
    }

    pub fn is_empty(&self) -> bool {
        self.asked() == 0
    }

    fn asked(&self) -> usize {
        let verified = self.verified_userinfo.iter().chain(&self.verified_id_token);
        let verified: usize = verified.map(|request| request.claims.len()).sum();
        self.userinfo.len() + self.id_token.len() + verified
    }

    /// The `acr` values of which one must be reached, or the login counts as failed
    /// (OpenID Connect Core §5.5.1.1). `None`: no demand was made.
    pub fn demanded_acr(&self) -> Option<Vec<&str>> {
        let acr = self.id_token.get("acr").filter(|acr| acr.essential)?;
        let wanted: Vec<&str> = acr.accepted_values().filter_map(Value::as_str).collect();
        (!wanted.is_empty()).then_some(wanted)
    }

    /// The one `sub` the answer must be about (OpenID Connect Core §5.5.1, OC-03).
    pub fn demanded_subject(&self) -> Option<&str> {
        let asked = self.id_token.get("sub").or_else(|| self.userinfo.get("sub"))?;
        asked.value.as_ref()?.as_str()
    }
}

impl ClaimRequest {
    /// `value` and `values` together, in the order of preference.
    pub fn accepted_values(&self) -> impl Iterator<Item = &Value> {
        self.value.iter().chain(&self.values)
    }
}

/// `name#vi` asks for `name` in Vietnamese (OpenID Connect Core §5.2).
pub fn without_language(claim: &str) -> &str {
    claim.split_once('#').map_or(claim, |(name, _)| name)
}

type Destination = (BTreeMap<String, ClaimRequest>, Vec<VerifiedClaimsRequest>);

/// Claims by themselves, and those asked for with their verification.
fn destination(mut member: Option<Value>) -> Result<Destination, ProtocolError> {
    let verified = match &mut member {
        Some(Value::Object(members)) => members.remove(VERIFIED_CLAIMS),
        _ => None,
    };
    let verified = VerifiedClaimsRequest::of_member(verified)?;
    Ok((claims_of_member(member)?, verified))
}

pub(crate) fn claims_of_member(
    member: Option<Value>,
) -> Result<BTreeMap<String, ClaimRequest>, ProtocolError> {
    match member {
        None | Some(Value::Null) => Ok(BTreeMap::new()),
        Some(Value::Object(claims)) => claims
            .into_iter()
            .filter(|(name, _)| (1..=MAX_NAME).contains(&name.len()))
            .map(|(name, wish)| Ok((name, claim(wish)?)))
            .collect(),
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
            Err(not_as_specified())
        }
    }
}

fn claim(wish: Value) -> Result<ClaimRequest, ProtocolError> {
    match wish {
        Value::Null => Ok(ClaimRequest::default()),
        Value::Object(members) => claim_members(members),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(not_as_specified())
        }
    }
}

/// Members we do not know must be ignored (OpenID Connect Core §5.5.1).
fn claim_members(mut members: Map<String, Value>) -> Result<ClaimRequest, ProtocolError> {
    let essential = match members.remove("essential") {
        None => false,
        Some(Value::Bool(essential)) => essential,
        Some(_) => return Err(not_as_specified()),
    };
    let values = match members.remove("values") {
        None => Vec::new(),
        Some(Value::Array(values)) => values,
        Some(_) => return Err(not_as_specified()),
    };
    // Null is no value; kept, it would not survive being sealed and opened.
    let value = members.remove("value").filter(|value| !value.is_null());
    Ok(ClaimRequest { essential, value, values })
}

pub(crate) fn not_as_specified() -> ProtocolError {
    ProtocolError::invalid_request("claims does not have the form of OpenID Connect Core 5.5")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification_is_understood() {
        let request = ClaimsRequest::parse(
            r#"{"userinfo":{"given_name":{"essential":true},"nickname":null,
                "name#vi":null,"http://example.info/claims/groups":null},
                "id_token":{"auth_time":{"essential":true},
                "acr":{"essential":true,"values":["urn:a","urn:b"],"novelty":1}},"novelty":[]}"#,
        )
        .unwrap();
        assert!(request.userinfo["given_name"].essential);
        assert!(!request.userinfo["nickname"].essential);
        assert_eq!(request.demanded_acr(), Some(vec!["urn:a", "urn:b"]));
        assert!(request.userinfo.keys().any(|name| without_language(name) == "name"));
    }

    #[test]
    fn verified_claims_are_told_apart_from_plain_ones() {
        let text = r#"{"userinfo":{"name":null,"verified_claims":[{"verification":{"trust_framework":
            {"value":"x"},"evidence":[{"document_details":{"type":{"value":"idcard"}}}]},
            "claims":{"birthdate":{"essential":true}}}]}}"#;
        let request = ClaimsRequest::parse(text).unwrap();
        assert_eq!(request.userinfo.len(), 1);
        let [verified] = request.verified_userinfo.as_slice() else { panic!("{request:?}") };
        assert!(verified.claims["birthdate"].essential);
        let sealed = serde_json::to_string(&request).unwrap();
        assert_eq!(serde_json::from_str::<ClaimsRequest>(&sealed).unwrap(), request);
    }

    #[test]
    fn a_voluntary_acr_is_no_demand() {
        // OC-12
        let request = ClaimsRequest::parse(r#"{"id_token":{"acr":{"values":["urn:a"]}}}"#).unwrap();
        assert_eq!(request.demanded_acr(), None);
    }

    #[test]
    fn a_demanded_subject_is_found_in_either_place() {
        // OC-03
        for place in ["id_token", "userinfo"] {
            let text = format!(r#"{{"{place}":{{"sub":{{"value":"248289"}}}}}}"#);
            assert_eq!(ClaimsRequest::parse(&text).unwrap().demanded_subject(), Some("248289"));
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        // ATK-042
        let deep =
            format!(r#"{{"userinfo":{{"a":{{"value":{}1{}}}}}}}"#, "[".repeat(11), "]".repeat(11));
        let many =
            (0..=MAX_CLAIMS).map(|i| format!(r#""c{i}":null"#)).collect::<Vec<_>>().join(",");
        let cases = [
            "",
            "[]",
            "null",
            "{",
            r#"{"userinfo":[]}"#,
            r#"{"userinfo":{"a":true}}"#,
            r#"{"userinfo":{"a":{"essential":"yes"}}}"#,
            r#"{"id_token":{"a":{"values":"x"}}}"#,
            r#"{"userinfo":{"a":null,"a":null}}"#,
            r#"{"userinfo":{},"userinfo":{}}"#,
            &deep,
            &format!(r#"{{"userinfo":{{{many}}}}}"#),
            &" ".repeat(MAX_BYTES + 1),
        ];
        for text in cases {
            assert!(ClaimsRequest::parse(text).is_err(), "{text}");
        }
    }
}
