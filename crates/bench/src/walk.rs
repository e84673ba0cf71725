//! Whole flows, as a browser and a portal's back end make them together.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use serde_json::Value;
use url::Url;
use vneid::crowd;

use crate::ground::{ORIGIN, REDIRECT_URI, basic};
use crate::passkey::Passkey;
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
    /// Used instead of the password.
    passkey: Option<Arc<Passkey>>,
}

impl Browser {
    pub fn of(person: u64) -> Self {
        Self { person, ..Self::default() }
    }

    pub fn with_passkey(person: u64, key: Arc<Passkey>) -> Self {
        Self { passkey: Some(key), ..Self::of(person) }
    }

    /// Adds a passkey to the person's account.
    pub fn enrol_passkey(&mut self, wire: &mut Wire) -> io::Result<Passkey> {
        const KEYS: &str = "/home/security/passkeys";
        let mut request = self.get(KEYS);
        let mut made = None;
        for _ in 0..MOST_STEPS {
            let answer = wire.exchange(&request)?;
            self.keep_cookies(&answer);
            request = match (answer.header("location"), made.take()) {
                (Some(_), Some(key)) => return Ok(key),
                (Some(location), None) => self.get(location),
                (None, _) if answer.text().contains("id=\"add-passkey\"") => {
                    let html = answer.text();
                    let created = options(html).and_then(Passkey::create);
                    let (key, fields) = created.ok_or_else(|| refused(html))?;
                    made = Some(key);
                    self.answer(html, KEYS, &["csrf", "challenge"], &fields)?
                }
                (None, _) => self.fill_in(&answer)?,
            };
        }
        Err(refused("no end of pages"))
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
        if let (Some(key), Some(options)) = (&self.passkey, options(html)) {
            let signed = key.sign(options).ok_or_else(|| refused(html))?;
            let kept = ["csrf", "interaction", "challenge"];
            return self.answer(html, "/login/passkey", &kept, &signed);
        }
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

    /// A form with some of the page's hidden fields and further ones.
    fn answer(
        &self,
        html: &str,
        path: &str,
        kept: &[&str],
        further: &[(&str, String)],
    ) -> io::Result<Vec<u8>> {
        let mut form = Vec::new();
        for name in kept {
            form.push((*name, field(html, name).ok_or_else(|| refused(html))?));
        }
        form.extend_from_slice(further);
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
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

/// What a page that asks for a passkey hands to the browser, escaped as it stands there.
fn options(html: &str) -> Option<&str> {
    let (_, after) = html.split_once("data-options=\"")?;
    Some(after.split_once('"')?.0)
}

pub fn refused(said: &str) -> io::Error {
    io::Error::other(said.chars().take(600).collect::<String>())
}
