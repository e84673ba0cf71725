//! Whole flows, as a browser and a portal's back end make them together.

use std::collections::BTreeMap;
use std::io;

use serde_json::Value;
use url::Url;
use vneid::crowd;

use crate::ground::{ORIGIN, REDIRECT_URI, basic};
use crate::wire::{self, Answer, Wire};

/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const MOST_STEPS: usize = 12;

/// What a portal asks for.
#[derive(Clone, Copy)]
pub struct Wish {
    pub client: &'static str,
    pub scope: &'static str,
    pub prompt: Option<&'static str>,
}

impl Wish {
    pub const fn login(client: &'static str) -> Self {
        Self { client, scope: "openid profile", prompt: None }
    }

    /// A grant with a refresh token: the person is asked each time (OpenID Connect Core §11).
    pub const fn offline(client: &'static str) -> Self {
        Self { client, scope: "openid profile offline_access", prompt: Some("consent") }
    }

    pub fn address(self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::from("/authorize?"));
        query.extend_pairs([
            ("client_id", self.client),
            ("response_type", "code"),
            ("redirect_uri", REDIRECT_URI),
            ("scope", self.scope),
            ("state", "state-0123456789abcdef"),
            ("nonce", "nonce-0123456789abcdef"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        query.extend_pairs(self.prompt.map(|prompt| ("prompt", prompt)));
        query.finish()
    }
}

/// One person's browser. Dropping it forgets the cookies.
#[derive(Clone, Default)]
pub struct Browser {
    cookies: BTreeMap<String, String>,
    person: u64,
}

impl Browser {
    pub fn of(person: u64) -> Self {
        Self { cookies: BTreeMap::new(), person }
    }

    pub fn cookie(&self) -> String {
        let pairs: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    /// Follows where it is led, fills in what it is asked, and ends with the code.
    pub fn authorize(&mut self, wire: &mut Wire, wish: Wish) -> io::Result<String> {
        let mut request = self.get(&wish.address());
        for _ in 0..MOST_STEPS {
            let answer = wire.exchange(&request)?;
            self.keep_cookies(&answer);
            request = match answer.header("location") {
                Some(location) if location.starts_with(REDIRECT_URI) => {
                    return parameter(location, "code").ok_or_else(|| refused(location));
                }
                Some(location) => self.get(location),
                None => self.fill_in(&answer)?,
            };
        }
        Err(refused("no end of pages"))
    }

    fn fill_in(&self, page: &Answer<'_>) -> io::Result<Vec<u8>> {
        let html = page.text();
        let hidden = |name| field(html, name).ok_or_else(|| refused(html));
        let (csrf, interaction) = (hidden("csrf")?, hidden("interaction")?);
        let mut form = vec![("csrf", csrf.as_str()), ("interaction", interaction.as_str())];
        let number = crowd::number(self.person);
        let path = if html.contains("id=\"password\"") {
            form.extend([("username", number.as_str()), ("password", crowd::PASSWORD)]);
            "/login"
        } else if html.contains("id=\"approve\"") {
            form.push(("decision", "approve"));
            "/consent"
        } else {
            return Err(refused(html));
        };
        let cookie = self.cookie();
        let headers = [("cookie", cookie.as_str()), ("origin", ORIGIN)];
        Ok(wire::post(path, &headers, &form))
    }

    fn get(&self, location: &str) -> Vec<u8> {
        let path = location.strip_prefix(ORIGIN).unwrap_or(location);
        wire::get(path, &[("cookie", &self.cookie())])
    }

    fn keep_cookies(&mut self, answer: &Answer<'_>) {
        for line in answer.headers("set-cookie") {
            let pair = line.split(';').next().and_then(|pair| pair.split_once('='));
            if let Some((name, value)) = pair {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// What the portal's back end gets for a code.
pub fn redeem(wire: &mut Wire, client: &str, code: &str) -> io::Result<Value> {
    tokens(wire, &redemption(&basic(client), code))
}

/// The token request of a code.
pub fn redemption(authorization: &str, code: &str) -> Vec<u8> {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ];
    wire::post("/token", &[("authorization", authorization)], &form)
}

/// Any request that is answered with tokens.
pub fn tokens(wire: &mut Wire, request: &[u8]) -> io::Result<Value> {
    let answer = wire.exchange(request)?;
    match answer.status {
        200 => serde_json::from_slice(answer.body).map_err(|_| refused(answer.text())),
        _ => Err(refused(answer.text())),
    }
}

/// The value of a parameter of a redirect, decoded.
pub fn parameter(location: &str, name: &str) -> Option<String> {
    let url = Url::parse(location).ok()?;
    let (_, value) = url.query_pairs().find(|(found, _)| found == name)?;
    Some(value.into_owned())
}

/// The value of a hidden field. Ours need no unescaping: they are base64url.
fn field(html: &str, name: &str) -> Option<String> {
    let (_, after) = html.split_once(&format!("name=\"{name}\" value=\""))?;
    Some(after.split_once('"')?.0.to_owned())
}

pub fn refused(said: &str) -> io::Error {
    io::Error::other(said.chars().take(600).collect::<String>())
}
