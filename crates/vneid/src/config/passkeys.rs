//! Whose hardware officials' passkeys may be.

use flows::passkey::AttestationRules;
use flows::passkey::attestation::Maker;
use serde::Deserialize;

use super::reading::Reading;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Makers {
    #[serde(default)]
    maker: Vec<Maker>,
}

impl Reading<'_> {
    /// Without the file nobody's: then no official can enrol a passkey.
    pub(super) fn attestation(&mut self) -> AttestationRules {
        let Some((path, place)) = self.path_and_place("passkeys.makers_file") else {
            return AttestationRules::default();
        };
        let rules = std::fs::read_to_string(&path)
            .map_err(|error| error.to_string())
            .and_then(|text| toml::from_str::<Makers>(&text).map_err(|error| error.to_string()))
            .and_then(|makers| {
                AttestationRules::new(&makers.maker).map_err(|error| error.to_string())
            });
        rules.unwrap_or_else(|error| {
            self.fault(&place, format!("{}: {error}", path.display()));
            AttestationRules::default()
        })
    }
}
