//! A relying party as an operator writes it down: the registration itself, with a kinder way to give
//! secrets and defaults for what is nearly always the same.
//!
//! ```toml
//! client_id = "cong-dich-vu-cong"
//! legal_entity = "Văn phòng Chính phủ"
//! redirect_uris = ["https://dichvucong.example.vn/callback"]
//! scopes = ["openid", "profile"]
//! grant_types = ["authorization_code"]
//! name = { vi = "Cổng Dịch vụ công", en = "Public Service Portal" }
//!
//! [authentication]
//! method = "client_secret_basic"
//! client_secret_file = "portal.secret"   # or client_secret, or secrets (SHA-256), or none: one is made
//!
//! [agreement]
//! number = "12/2026/TT"
//! signed_on = "2026-03-01"
//! system_security_level = 3
//! purpose = { vi = "Nộp hồ sơ trực tuyến", en = "File procedures online" }
//! ```

use std::path::Path;

use identity_core::secret::SecretDigest;
use identity_core::time::random_bytes;
use identity_core::{Entropy, RelyingParty};
use jose::digest::{base64url, sha256};
use protocol::SecretString;
use serde::Deserialize as _;
use toml::{Table, Value};

/// A generated secret begins with this, so that a leaked one is recognised.
const SECRET_PREFIX: &str = "vcs_";

/// A registration, not yet checked against what registrations must be.
#[derive(Debug)]
pub struct NewClient {
    pub party: RelyingParty,
    /// Made here because the file gave none; shown once and stored nowhere.
    pub generated: Option<SecretString>,
}

#[derive(Debug, thiserror::Error)]
pub enum ClientFileError {
    #[error("the file is not TOML: {0}")]
    Syntax(String),
    #[error("{0}")]
    Registration(String),
    #[error("authentication gives more than one of secrets, client_secret and client_secret_file")]
    SeveralSecrets,
    #[error("authentication.client_secret_file cannot be read")]
    SecretFile(#[source] std::io::Error),
    #[error("authentication.client_secret must have at least 32 characters")]
    ShortSecret,
}

/// `base`: what `client_secret_file` is relative to.
pub fn read(text: &str, base: &Path, entropy: &dyn Entropy) -> Result<NewClient, ClientFileError> {
    let mut table: Table = text
        .parse()
        .map_err(|error: toml::de::Error| ClientFileError::Syntax(error.message().to_owned()))?;
    let generated = match table.get_mut("authentication") {
        Some(Value::Table(authentication)) => digest_secrets(authentication, base, entropy)?,
        Some(_) | None => None,
    };
    fill_in(&mut table);
    let party = RelyingParty::deserialize(table)
        .map_err(|error| ClientFileError::Registration(error.message().to_owned()))?;
    Ok(NewClient { party, generated })
}

/// A fresh client secret of 256 bits.
pub fn fresh_secret(entropy: &dyn Entropy) -> SecretString {
    SecretString::new(format!("{SECRET_PREFIX}{}", base64url(&random_bytes::<32>(entropy))))
}

pub fn digest(secret: &SecretString) -> SecretDigest {
    SecretDigest(sha256(secret.expose_secret().as_bytes()))
}

/// Replaces secrets by their digests; makes one where the method needs one and none is given.
fn digest_secrets(
    authentication: &mut Table,
    base: &Path,
    entropy: &dyn Entropy,
) -> Result<Option<SecretString>, ClientFileError> {
    let method = authentication.get("method").and_then(Value::as_str);
    if !matches!(method, Some("client_secret_basic" | "client_secret_post")) {
        return Ok(None);
    }
    let by_value = authentication.remove("client_secret");
    let by_file = authentication.remove("client_secret_file");
    let digests = authentication.contains_key("secrets");
    let (secret, generated) = match (by_value, by_file, digests) {
        (None, None, true) => return Ok(None),
        (Some(Value::String(secret)), None, false) => (SecretString::new(secret), None),
        (None, Some(Value::String(path)), false) => (read_secret(&base.join(path))?, None),
        (None, None, false) => {
            let secret = fresh_secret(entropy);
            (secret.clone(), Some(secret))
        }
        _ => return Err(ClientFileError::SeveralSecrets),
    };
    if secret.expose_secret().chars().count() < 32 {
        return Err(ClientFileError::ShortSecret);
    }
    let digest = Value::try_from(digest(&secret))
        .map_err(|error| ClientFileError::Registration(error.to_string()))?;
    authentication.insert("secrets".to_owned(), Value::Array(vec![digest]));
    Ok(generated)
}

fn read_secret(path: &Path) -> Result<SecretString, ClientFileError> {
    let text = std::fs::read_to_string(path).map_err(ClientFileError::SecretFile)?;
    Ok(SecretString::new(text.trim()))
}

/// Active, strict, and pairwise by the host of its first redirect URI.
fn fill_in(table: &mut Table) {
    let host = table
        .get("redirect_uris")
        .and_then(Value::as_array)
        .and_then(|uris| uris.first()?.as_str())
        .and_then(|uri| url::Url::parse(uri).ok()?.host_str().map(str::to_owned));
    if let Some(host) = host {
        let pairwise = [("type", "pairwise".to_owned()), ("sector", host)];
        table.entry("subject_type").or_insert_with(|| map(pairwise));
    }
    table.entry("status").or_insert_with(|| map([("state", "active".to_owned())]));
    table.entry("profile").or_insert_with(|| Value::from("strict"));
}

fn map<const N: usize>(pairs: [(&str, String); N]) -> Value {
    Value::Table(pairs.into_iter().map(|(key, text)| (key.to_owned(), text.into())).collect())
}

#[cfg(test)]
mod tests {
    use identity_core::relying_party::{
        ClientAuthentication, ClientProfile, RelyingPartyStatus, SubjectType,
    };

    use super::*;
    use crate::system::SystemEntropy;

    fn file(authentication: &str) -> String {
        format!(
            "client_id = \"portal\"\nlegal_entity = \"x\"\nscopes = [\"openid\"]\n\
             redirect_uris = [\"https://portal.example.vn/callback\"]\n\
             grant_types = [\"authorization_code\"]\nname = {{ vi = \"x\", en = \"x\" }}\n\
             [authentication]\n{authentication}\n[agreement]\nnumber = \"1\"\n\
             signed_on = \"2026-03-01\"\nsystem_security_level = 3\n\
             purpose = {{ vi = \"x\", en = \"x\" }}\n"
        )
    }

    fn parsed(authentication: &str) -> Result<NewClient, ClientFileError> {
        read(&file(authentication), Path::new(""), &SystemEntropy::new())
    }

    fn secrets(party: &RelyingParty) -> &[SecretDigest] {
        match &party.authentication {
            ClientAuthentication::ClientSecretBasic { secrets } => secrets,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_secret_is_stored_as_its_digest_and_made_when_absent() {
        let secret = "s".repeat(32);
        let basic = "method = \"client_secret_basic\"";
        let given = parsed(&format!("{basic}\nclient_secret = \"{secret}\"")).unwrap();
        assert_eq!(secrets(&given.party), [digest(&SecretString::new(secret))]);
        assert!(given.generated.is_none());

        let made = parsed(basic).unwrap();
        let generated = made.generated.unwrap();
        assert!(generated.expose_secret().starts_with(SECRET_PREFIX));
        assert_eq!(secrets(&made.party), [digest(&generated)]);
    }

    #[test]
    fn what_is_nearly_always_the_same_need_not_be_written() {
        let party = parsed("method = \"none\"").unwrap().party;
        assert_eq!(party.status, RelyingPartyStatus::Active);
        assert_eq!(party.profile, ClientProfile::Strict);
        let sector = "portal.example.vn".to_owned();
        assert_eq!(party.subject_type, SubjectType::Pairwise { sector });
    }

    #[test]
    fn unknown_keys_weak_and_contradicting_secrets_are_refused() {
        let basic = "method = \"client_secret_basic\"";
        let short = parsed(&format!("{basic}\nclient_secret = \"short\""));
        assert!(matches!(short, Err(ClientFileError::ShortSecret)));
        let two = parsed(&format!("{basic}\nclient_secret = \"a\"\nclient_secret_file = \"b\""));
        assert!(matches!(two, Err(ClientFileError::SeveralSecrets)));
        let unknown = file("method = \"none\"").replace("legal_entity", "colour = 1\nlegal_entity");
        let unknown = read(&unknown, Path::new(""), &SystemEntropy::new());
        assert!(matches!(unknown, Err(ClientFileError::Registration(_))));
    }
}
