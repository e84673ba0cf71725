use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A bearer value: it does not print, is wiped when dropped, and compares in constant time.
#[derive(Clone)]
pub struct SecretString(Zeroizing<String>);

impl SecretString {
    pub fn new(value: impl Into<String>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// The bare value. The name is loud because whoever calls this owns what happens next.
    pub fn expose_secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretString {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretString(redacted)")
    }
}

impl PartialEq for SecretString {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for SecretString {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_hides_the_value() {
        let secret = SecretString::new("correct horse");
        assert!(!format!("{secret:?}").contains("horse"));
        assert_eq!(secret.expose_secret(), "correct horse");
        assert_ne!(secret, SecretString::new("correct hors"));
    }
}
