//! What the demo stands on: a directory with keys that only its owner can read, and a configuration
//! file that the other commands can be pointed at.

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use identity_core::Entropy;
use identity_core::time::random_bytes;

use super::{Ports, citizens};
use crate::cli::CliError;
use crate::config::MasterKey;

const KEYS: [&str; 4] = ["key_encryption_key", "personal_data_key", "index_key", "pairwise_key"];

/// The configuration text. With `data`, keys and a copy of the text are kept there.
pub fn configuration(
    data: Option<&Path>,
    ports: Ports,
    entropy: &dyn Entropy,
) -> Result<String, CliError> {
    let Some(data) = data else {
        return Ok(text(ports, "ephemeral = true", &keys_by_value(entropy)));
    };
    let failed = |error| CliError::File(data.display().to_string(), error);
    std::fs::create_dir_all(data).map_err(failed)?;
    let mut keys = String::new();
    for key in KEYS {
        let file = format!("{}.key", key.trim_end_matches("_key").replace('_', "-"));
        keep_key(&data.join(&file), entropy).map_err(failed)?;
        let _ = writeln!(keys, "{key}_file = \"{file}\"");
    }
    let text = text(ports, "sqlite = \"vneid.db\"", &keys);
    std::fs::write(data.join("vneid.toml"), &text).map_err(failed)?;
    Ok(text)
}

fn text(ports: Ports, storage: &str, keys: &str) -> String {
    format!(
        "# Written by `vneid demo` at each start.\n\
         issuer = \"{issuer}\"\n\
         environment = \"development\"\n\
         listen = \"127.0.0.1:{provider}\"\n\
         log_format = \"text\"\n\
         reference_app = true\n\n\
         [storage]\n{storage}\n\n\
         [keys]\n{keys}\n\
         [test_authentication]\naccounts = [\"{examiner}\"]\n\n\
         # The portal's back-channel logout.\n\
         [outbound]\nallow = [\"localhost:{portal}\"]\n\n\
         # Shown at /dev/outbox.\n\
         [messages]\noutbox = true\n\n\
         # Probes, metrics and indicators, on any free port.\n\
         [operations]\nlisten = \"127.0.0.1:0\"\n",
        issuer = ports.issuer(),
        provider = ports.provider,
        examiner = citizens::EXAMINER,
        portal = ports.portal,
    )
}

fn keys_by_value(entropy: &dyn Entropy) -> String {
    let fresh = |key| format!("{key} = \"{}\"\n", *MasterKey::new(random_bytes(entropy)).to_hex());
    KEYS.map(fresh).concat()
}

/// A fresh key at the first start; the same one ever after.
fn keep_key(path: &Path, entropy: &dyn Entropy) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    let mut file = match options.write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(error),
    };
    writeln!(file, "{}", *MasterKey::new(random_bytes(entropy)).to_hex())?;
    file.sync_all()
}
