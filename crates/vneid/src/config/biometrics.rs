//! Whose comparisons of faces and fingers count.

use std::collections::BTreeSet;

use flows::matcher::{Matcher, Matchers, Modality, TemplateReference};
use identity_core::CalendarDate;
use jose::Jwks;
use protocol::Environment;
use serde::Deserialize;
use url::Url;

use super::reading::Reading;
use crate::demo::matcher::is_simulators;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registrations {
    #[serde(default)]
    matcher: Vec<Registration>,
}

/// One matcher, as an operator writes it down.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registration {
    id: String,
    capture: String,
    modalities: BTreeSet<Modality>,
    /// Days as counted in Viet Nam; the last one is the first that no longer counts.
    valid_from: CalendarDate,
    valid_until: CalendarDate,
    /// A JWK set.
    keys: String,
}

impl Registration {
    fn matcher(self, environment: Environment) -> Result<Matcher, String> {
        let of_it = |why: &str| format!("{}: {why}", self.id);
        if TemplateReference::parse(&format!("{}/1", self.id)).is_none() {
            return Err("id: expected letters, digits and -._~".to_owned());
        }
        let secure = |url: &Url| match url.scheme() {
            "https" => true,
            "http" => environment == Environment::Development,
            _ => false,
        };
        if !Url::parse(&self.capture).is_ok_and(|url| url.has_host() && secure(&url)) {
            return Err(of_it("capture: expected an https URL"));
        }
        let keys = Jwks::parse(&self.keys).map_err(|error| of_it(&error.to_string()))?;
        if keys.is_empty() {
            return Err(of_it("keys: none of a type that is used here"));
        }
        if environment == Environment::Production && is_simulators(&keys) {
            return Err(of_it("is the simulator, which signs what anybody likes"));
        }
        if self.modalities.is_empty() || self.valid_until <= self.valid_from {
            return Err(of_it("compares nothing, or never"));
        }
        Ok(Matcher {
            keys,
            capture: self.capture,
            modalities: self.modalities,
            valid_from: self.valid_from.start_in_viet_nam(),
            valid_until: self.valid_until.start_in_viet_nam(),
            id: self.id,
        })
    }
}

fn read(text: &str, environment: Environment) -> Result<Matchers, String> {
    let read: Registrations = toml::from_str(text).map_err(|error| error.to_string())?;
    let matchers = read.matcher.into_iter().map(|one| one.matcher(environment));
    let matchers = matchers.collect::<Result<Vec<_>, _>>()?;
    Matchers::new(matchers).ok_or_else(|| "two matchers have one id".to_owned())
}

impl Reading<'_> {
    /// Without the file nobody's: then no face and no finger is asked for.
    pub(super) fn matchers(&mut self, environment: Environment) -> Matchers {
        let Some((path, place)) = self.path_and_place("biometrics.matchers_file") else {
            return Matchers::default();
        };
        let matchers = std::fs::read_to_string(&path)
            .map_err(|error| error.to_string())
            .and_then(|text| read(&text, environment));
        matchers.unwrap_or_else(|error| {
            self.fault(&place, format!("{}: {error}", path.display()));
            Matchers::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::matcher::registration;

    const KEY: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k1",
        "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

    fn registered(capture: &str) -> String {
        format!(
            "[[matcher]]\nid = \"m1\"\ncapture = \"{capture}\"\nmodalities = [\"face\"]\n\
             valid_from = \"2026-01-01\"\nvalid_until = \"2027-01-01\"\nkeys = '''{KEY}'''\n"
        )
    }

    #[test]
    fn the_simulator_is_refused_in_production() {
        // Its key is published with this program.
        let text = registration("https://matcher.example");
        assert!(read(&text, Environment::Development).is_ok());
        let refused = read(&text, Environment::Production).unwrap_err();
        assert!(refused.contains("simulator"), "{refused}");
    }

    #[test]
    fn what_cannot_be_right_is_refused_by_name() {
        let good = registered("https://matcher.vn/capture");
        let matchers = read(&good, Environment::Production).unwrap();
        let reference = TemplateReference::parse("m1/1").unwrap();
        let at = |date: &str| date.parse::<CalendarDate>().unwrap().start_in_viet_nam();
        assert!(matchers.in_force(&reference, Modality::Face, at("2026-12-31")).is_some());
        assert!(matchers.in_force(&reference, Modality::Face, at("2027-01-01")).is_none());
        assert!(read(&registered("http://matcher.vn/capture"), Environment::Production).is_err());
        for (from, to) in [
            ("\"face\"", "\"voice\""),
            ("\"face\"", ""),
            ("2027-01-01", "2026-01-01"),
            ("\"m1\"", "\"m/1\""),
            ("Ed25519", "X25519"),
            ("capture =", "capture_at ="),
        ] {
            assert!(read(&good.replace(from, to), Environment::Production).is_err(), "{from} {to}");
        }
        let twice = format!("{good}{good}");
        assert_eq!(read(&twice, Environment::Production).unwrap_err(), "two matchers have one id");
    }
}
