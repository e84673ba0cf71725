//! The four keys of an installation that never enter its database.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jose::digest::sha256;
use zeroize::Zeroizing;

/// 32 secret bytes. Does not print.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

/// SHA-256 of every key in `keys.example/`: the whole world knows those.
const EXAMPLES: [&str; 4] = [
    "49d6429903b20b6a8c1afdd08dd72d1228edbb6270a5b5e8102ad2e465dd676e",
    "ef29f725933a5fe9923288bdda42ed7c7048b154245b1534abac2f99d6fba8b8",
    "bbe8f257a9bf6ba2bf340414506fc4837f568cb78d600ac93b24d4f57465bd41",
    "bfd1dea63d6f628bc40f6784a646246b44a41b42f4913d986a0b7819422c4712",
];

impl MasterKey {
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// 64 hexadecimal digits or 32 bytes in base64 of either alphabet; white space around is ignored.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bytes = Zeroizing::new(if text.len() == 64 {
            from_hex(text)?
        } else {
            let plain = text.trim_end_matches('=');
            URL_SAFE_NO_PAD.decode(plain).or_else(|_| STANDARD.decode(text)).ok()?
        });
        bytes.as_slice().try_into().ok().map(Self::new)
    }

    /// The name says it: whoever calls this takes the secret into its own hands.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    pub fn is_an_example(&self) -> bool {
        let digest = hex(&sha256(self.expose()));
        EXAMPLES.contains(&digest.as_str())
    }

    /// As it stands in a key file.
    pub fn to_hex(&self) -> Zeroizing<String> {
        hex(self.expose())
    }
}

fn hex(bytes: &[u8; 32]) -> Zeroizing<String> {
    use std::fmt::Write as _;

    let mut text = Zeroizing::new(String::with_capacity(64));
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

/// The key that wraps the ring, or where it is.
#[derive(Clone)]
pub enum KeyEncryption {
    Key(MasterKey),
    /// In the hardware security module, which never gives it out.
    InToken {
        label: String,
    },
}

/// What each key is for.
pub struct MasterKeys {
    pub key_encryption: KeyEncryption,
    /// The one before it, until everything is rewrapped.
    pub previous_key_encryption: Option<KeyEncryption>,
    pub personal_data: MasterKey,
    pub index: MasterKey,
    pub pairwise: MasterKey,
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE_FILES: [&str; 4] = [
        include_str!("../../../../keys.example/key-encryption.key"),
        include_str!("../../../../keys.example/personal-data.key"),
        include_str!("../../../../keys.example/index.key"),
        include_str!("../../../../keys.example/pairwise.key"),
    ];

    #[test]
    fn the_example_keys_are_known_for_what_they_are() {
        for file in EXAMPLE_FILES {
            assert!(MasterKey::parse(file).unwrap().is_an_example());
        }
        assert!(!MasterKey::new([1; 32]).is_an_example());
    }

    #[test]
    fn every_spelling_of_a_key_is_that_key_and_nothing_else_is_one() {
        let key = MasterKey::new([0xfb; 32]);
        for text in [
            key.to_hex().to_string(),
            STANDARD.encode([0xfb; 32]),
            URL_SAFE_NO_PAD.encode([0xfb; 32]),
        ] {
            let read = MasterKey::parse(&format!(" {text}\n")).unwrap();
            assert_eq!(read.expose(), key.expose(), "{text}");
        }
        for bad in ["", "abc", &"f".repeat(63), &"g".repeat(64), &STANDARD.encode([1; 31])] {
            assert!(MasterKey::parse(bad).is_none(), "{bad}");
        }
    }
}
