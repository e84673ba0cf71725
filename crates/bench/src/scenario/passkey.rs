//! Logins by passkey.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _,
    UnparsedPublicKey,
};

use super::{Field, in_turns};
use crate::ground::OFFICE;
use crate::load::closed;
use crate::passkey::Passkey;
use crate::report::{Line, Target};
use crate::walk::{Browser, Wish, redeem};
use crate::wire::Wire;

/// Enough for every core; each is one person with one key.
const PEOPLE: u64 = 16;

/// Authorize, page, passkey, code, tokens, each time in a fresh browser; against the verification of
/// as many signatures and nothing else.
pub fn login(field: &Field<'_>) -> Line {
    let mut wire = Wire::to(field.provider.address);
    let step = (field.ground.subjects / PEOPLE).max(1);
    let people: Vec<_> = (0..PEOPLE.min(field.ground.subjects))
        .map(|index| {
            // Others than those who log in elsewhere: one more way is in the record of each login.
            let person = index * step + step / 2;
            let key = Browser::of(person).enrol_passkey(&mut wire).expect("a passkey");
            (person, Arc::new(key))
        })
        .collect();
    in_turns(
        field,
        "passkey login, against ES256 verification alone",
        "logins/s",
        Target::None,
        |span| closed(field.provider.address, people.iter().map(journey).collect(), span),
        |span| verifications_per_second(span.measured),
    )
}

fn journey(
    (person, key): &(u64, Arc<Passkey>),
) -> impl FnMut(&mut Wire) -> io::Result<()> + Send + use<> {
    let (person, key) = (*person, Arc::clone(key));
    move |wire| {
        let mut browser = Browser::with_passkey(person, Arc::clone(&key));
        let code = browser.authorize(wire, Wish::login(OFFICE))?;
        redeem(wire, OFFICE, &code).map(drop)
    }
}

/// On every core.
fn verifications_per_second(measured: Duration) -> f64 {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).expect("the key");
    let message = [7; 69];
    let signature = pair.sign(&random, &message).expect("a signature");
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, pair.public_key().as_ref());
    super::on_every_core(measured, || {
        key.verify(&message, signature.as_ref()).expect("it is good");
    })
}
