/// Where the provider runs. Only [`Environment::Development`] lets plain http through, and then only
/// to this machine itself (RFC 9700 §2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    Production,
    Development,
}
