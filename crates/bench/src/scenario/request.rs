//! Requests of the portal's back end, ready to be written.

use crate::ground::{PORTAL, basic};
use crate::wire::post;

fn of_portal(path: &str, form: &[(&str, &str)]) -> Vec<u8> {
    post(path, &[("authorization", &basic(PORTAL))], form)
}

pub fn introspection(token: &str) -> Vec<u8> {
    of_portal("/introspect", &[("token", token)])
}

pub fn client_credentials() -> Vec<u8> {
    of_portal("/token", &[("grant_type", "client_credentials")])
}

pub fn refresh(token: &str) -> Vec<u8> {
    of_portal("/token", &[("grant_type", "refresh_token"), ("refresh_token", token)])
}

pub fn revocation(token: &str) -> Vec<u8> {
    of_portal("/revoke", &[("token", token)])
}
