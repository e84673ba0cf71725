//! What a route needs of the login behind a token.

use crate::challenge::Challenge;
use crate::login::Login;

/// The default needs nothing but a token that is active.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirement {
    /// Without it the token is for something else: 403, since no login helps (RFC 6750 §3.1).
    pub scope: Option<String>,
    pub levels: Vec<LevelNeeded>,
    /// Greatest age of the login in seconds.
    pub max_age: Option<u32>,
}

/// A rung of one ladder of the `assurance` claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelNeeded {
    ladder: &'static str,
    number: u64,
    /// What to ask the provider for: this rung and those above, since classes are compared by equality
    /// (OpenID Connect Core §5.5.1.1).
    acr_values: Vec<String>,
}

impl Requirement {
    #[must_use]
    pub fn scope(mut self, scope: &str) -> Self {
        self.scope = Some(scope.to_owned());
        self
    }

    /// Mức độ xác thực, Decree 69/2024 art. 20: 1 to 4.
    #[must_use]
    pub fn authentication_level(self, number: u8) -> Self {
        self.level("vn_authentication_level", number, 4, "urn:vn:eid:auth:")
    }

    /// Mức độ tài khoản, Decree 69/2024 art. 7: 1 or 2. A login cannot raise it; the challenge says so by its
    /// class.
    #[must_use]
    pub fn account_level(self, number: u8) -> Self {
        self.level("vn_account_level", number, 2, "urn:vn:eid:account:")
    }

    #[must_use]
    pub fn max_age(mut self, seconds: u32) -> Self {
        self.max_age = Some(seconds);
        self
    }

    fn level(mut self, ladder: &'static str, number: u8, highest: u8, urn: &str) -> Self {
        if number > 0 {
            let acr_values = (number..=highest.max(number)).map(|rung| format!("{urn}{rung}"));
            let acr_values = acr_values.collect();
            self.levels.push(LevelNeeded { ladder, number: number.into(), acr_values });
        }
        self
    }

    pub fn has_scope(&self, login: &Login) -> bool {
        self.scope.as_ref().is_none_or(|scope| login.has_scope(scope))
    }

    /// What the person must do, if `login` does not suffice at `now` (seconds since 1970). Levels that were
    /// named first are asked for first; the age is named whenever a login is needed, so that one suffices.
    pub fn unmet(&self, login: &Login, now: i64) -> Option<Challenge> {
        let missing = self.levels.iter().find(|level| login.level(level.ladder) < level.number);
        let too_old = self.max_age.is_some_and(|seconds| {
            login.auth_time.is_none_or(|at| now.saturating_sub(at) > i64::from(seconds))
        });
        let description = match (missing, too_old) {
            (None, false) => return None,
            (Some(_), _) => "A higher level of authentication is required",
            (None, true) => "A more recent authentication is required",
        };
        Some(Challenge {
            description: description.to_owned(),
            acr_values: missing.map(|level| level.acr_values.clone()).unwrap_or_default(),
            max_age: self.max_age,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn login(account: u8, authentication: u8, age: i64) -> Login {
        let answer = json!({
            "active": true, "auth_time": NOW - age,
            "assurance": {
                "vn_account_level": account, "vn_authentication_level": authentication,
            },
        });
        Login::of_introspection(answer).unwrap().unwrap()
    }

    #[test]
    fn a_login_suffices_exactly_when_every_level_and_the_age_do() {
        let needs = Requirement::default().account_level(2).authentication_level(3).max_age(60);
        assert_eq!(needs.unmet(&login(2, 3, 60), NOW), None);
        assert_eq!(needs.unmet(&login(2, 4, 0), NOW), None);
        let acr_values = |login| needs.unmet(&login, NOW).unwrap().acr_values;
        assert_eq!(acr_values(login(2, 2, 0)), ["urn:vn:eid:auth:3", "urn:vn:eid:auth:4"]);
        assert_eq!(
            acr_values(login(1, 2, 0)),
            ["urn:vn:eid:account:2"],
            "what no login mends first"
        );
        let old = needs.unmet(&login(2, 3, 61), NOW).unwrap();
        assert_eq!((old.acr_values.len(), old.max_age), (0, Some(60)));
    }

    #[test]
    fn an_unknown_age_is_too_old_and_no_demand_is_always_met() {
        // L13
        let mut unknown = login(2, 4, 0);
        unknown.auth_time = None;
        assert!(Requirement::default().max_age(u32::MAX).unmet(&unknown, NOW).is_some());
        assert_eq!(Requirement::default().authentication_level(0).unmet(&unknown, NOW), None);
    }
}
