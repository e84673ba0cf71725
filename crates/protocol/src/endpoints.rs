//! Every path the provider answers, relative to the issuer. Routes, metadata and links use these.

pub const AUTHORIZE: &str = "/authorize";
pub const TOKEN: &str = "/token";
pub const USERINFO: &str = "/userinfo";
pub const INTROSPECT: &str = "/introspect";
pub const REVOKE: &str = "/revoke";
pub const JWKS: &str = "/jwks";
pub const LOGOUT: &str = "/logout";

pub const LOGIN: &str = "/login";
pub const LOGIN_TOTP: &str = "/login/totp";
pub const CONSENT: &str = "/consent";
pub const SELECT_ACCOUNT: &str = "/select-account";
pub const LOGGED_OUT: &str = "/logged-out";
pub const ERROR: &str = "/error";

/// Appended to the issuer (OpenID Connect Discovery §4).
pub const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
/// Inserted between the issuer's host and path (RFC 8414 §3): see
/// [`Issuer::oauth_metadata_url`](crate::Issuer::oauth_metadata_url).
pub const OAUTH_AUTHORIZATION_SERVER: &str = "/.well-known/oauth-authorization-server";

/// Where the citizen's app sends its signed requests (`docs/api/app.yaml`).
pub const APP_ENROL: &str = "/app/v1/enrol";
pub const APP_PENDING: &str = "/app/v1/pending";
pub const APP_RESOLVE: &str = "/app/v1/resolve";
pub const APP_APPROVE: &str = "/app/v1/approve";
pub const APP_DENY: &str = "/app/v1/deny";
pub const APP_REMOVE: &str = "/app/v1/remove";
